//! Who can take back what was told of a stay, and what answers it.

use super::*;

#[test]
fn who_owes_a_follow_up_is_not_rid_of_it_by_telling_anew() {
    let by_aco = |alerts: &Alerts, event: &AlertRaised| take(alerts, "acobot", AlertEvent::Raised(event));
    let by_cp = |alerts: &Alerts, event: &AlertRaised| take(alerts, "jane", AlertEvent::Raised(event));
    let alerts = by_aco(&by_aco(&Alerts::default(), &admitted()).unwrap(), &discharged()).unwrap();
    let before = dues(&alerts);
    assert_eq!(before[0].0, INPATIENT_CLOCK);
    for event in [
        told(Happening::Discharged, "2019-03-08T12:00:00Z", StayClass::Inpatient),
        told(Happening::Discharged, "2019-03-05T12:00:00Z", StayClass::Inpatient),
        told(Happening::Discharged, "2019-03-05T12:00:00Z", StayClass::Emergency),
        told(Happening::Admitted, "2019-03-07T12:00:00Z", StayClass::Inpatient),
        told(Happening::EdVisit, "2019-03-07T12:00:00Z", StayClass::Emergency),
        told(Happening::Transferred, "2019-03-07T12:00:00Z", StayClass::Emergency),
    ] {
        assert_eq!(dues(&by_cp(&alerts, &event).unwrap()), before, "{:?}", event.what);
    }
    for cancels in [None, Some(Happening::Admitted), Some(Happening::Discharged)] {
        let event = AlertRaised {
            cancels,
            ..told(Happening::Cancelled, "2019-03-08T12:00:00Z", StayClass::Inpatient)
        };
        assert_eq!(code(by_cp(&alerts, &event)), "alert-of-another", "{cancels:?}");
        assert!(dues(&by_aco(&alerts, &event).unwrap()).is_empty(), "{cancels:?}");
    }
    // A cancellation that comes before what it cancels takes back nothing that others tell.
    let never = told(Happening::Cancelled, "2019-03-08T12:00:00Z", StayClass::Inpatient);
    let early = by_cp(&Alerts::default(), &never).unwrap();
    let early = by_aco(&by_aco(&early, &admitted()).unwrap(), &discharged()).unwrap();
    assert_eq!(dues(&early), before);
}

#[test]
fn what_was_cancelled_can_be_told_again() {
    let back = AlertRaised {
        cancels: Some(Happening::Discharged),
        ..told(Happening::Cancelled, "2019-03-07T08:00:00Z", StayClass::Inpatient)
    };
    let alerts = all(&[admitted(), discharged(), back.clone()]);
    assert_eq!(code(take(&alerts, "bot", AlertEvent::Raised(&back))), "alert-known");
    assert_eq!(alerts.stays()[0].status(), StayStatus::InProgress);
    let again = take(&alerts, "bot", AlertEvent::Raised(&discharged())).unwrap();
    assert_eq!(again.stays()[0].ended(), Some(discharged().at));
    assert_eq!(code(take(&again, "bot", AlertEvent::Raised(&discharged()))), "alert-known");
    let off = take(&again, "bot", AlertEvent::Raised(&back)).unwrap();
    assert_eq!(off.stays()[0].status(), StayStatus::InProgress);
    // The other side hears of it by itself.
    let theirs = take(&off, "acobot", AlertEvent::Raised(&discharged())).unwrap();
    assert_eq!(theirs.stays()[0].status(), StayStatus::Finished);
    // A whole stay that never was keeps when it was told to have been.
    let never = all(&[
        admitted(),
        discharged(),
        told(Happening::Cancelled, "2019-03-07T08:00:00Z", StayClass::Inpatient),
    ]);
    let stay = &never.stays()[0];
    assert_eq!(stay.status(), StayStatus::Cancelled);
    assert_eq!((stay.began(), stay.ended()), (Some(admitted().at), Some(discharged().at)));
}

#[test]
fn an_emergency_visit_that_was_none_leaves_the_admission() {
    let emergency = told(Happening::EdVisit, "2019-03-04T03:00:00Z", StayClass::Emergency);
    let none = AlertRaised {
        cancels: Some(Happening::EdVisit),
        ..told(Happening::Cancelled, "2019-03-04T09:00:00Z", StayClass::Emergency)
    };
    let alerts = all(&[emergency.clone(), admitted(), none.clone()]);
    let stay = &alerts.stays()[0];
    assert_eq!((stay.status(), stay.class()), (StayStatus::InProgress, StayClass::Inpatient));
    assert_eq!(stay.began(), Some(admitted().at));
    assert_eq!(all(&[emergency, none]).stays()[0].status(), StayStatus::Cancelled);
}

#[test]
fn a_visit_that_is_off_answers_no_admission() {
    let alerts = all(&[admitted()]);
    let stay = alerts.stays()[0].id;
    let rules = RuleSet::parse(RULES).unwrap();
    let agreement = agreement("clocks: { alert-answer: { days: 1 } }\n");
    let owed = |alerts: &Alerts| {
        let rules = Rules { agreement: &agreement, rules: &rules, roster: &roster() };
        super::owed(alerts, &Outreach::default(), &rules).into_iter().any(|owed| owed.clock == ANSWER_CLOCK)
    };
    assert!(owed(&alerts));
    let visit = VisitProposed {
        stay,
        at: "2019-03-10T15:00:00Z".parse().unwrap(),
        place: None,
        with: vec![whom("joe")],
    };
    let id = EventId::new();
    let asked = take_at(&alerts, "jane", id, NOW, AlertEvent::Proposed(&visit)).unwrap();
    assert!(!owed(&asked));
    for who in ["joe", "jane"] {
        let answer = Answer::Decline { reason: "Snow".into() };
        let proposed = EventKey { sender: user("jane"), id };
        let answered = VisitAnswered { visit: proposed, time: visit.at, answer };
        assert!(owed(&take(&asked, who, AlertEvent::Answered(&answered)).unwrap()), "{who}");
    }
}
