#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::{SignedDuration, Timestamp};

mod telling;

use super::*;
use crate::agreement::{Agreement, RuleSet};
use crate::case::roster::Roster;
use crate::case::step::{Owed, Rules, Step};
use crate::contact::{Contact, Role, Seat};
use crate::id::{EventId, UserId};
use crate::outreach::Outreach;
use crate::policy::Reason;

// Synthetic throughout.
const NOW: &str = "2019-03-08T15:00:00Z";

fn user(who: &str) -> UserId {
    format!("@{who}:example.org").parse().unwrap()
}

fn seat(who: &str) -> Seat {
    let (organization, role, name) = match who {
        "jane" => ("cp", Role::CpCareCoordinator, "Jane Miller"),
        "bot" => ("cp", Role::Keeper, "Bay Community Care"),
        "acobot" => ("aco", Role::Keeper, "Harbor ACO"),
        "lee" => ("aco", Role::Supervisor, "Lee Chen"),
        "marty" => ("cp", Role::Member, "Marty Example"),
        "ann" => ("cp", Role::MemberRepresentative, "Ann Example"),
        _ => ("aco", Role::AcoCareManager, "Joe Alvarez"),
    };
    Seat {
        contact: Contact {
            id: format!("urn:example:staff|{who}").parse().unwrap(),
            name: name.to_owned(),
            role,
            organization: format!("urn:example:org|{organization}").parse().unwrap(),
            user: Some(user(who)),
            phone: None,
            topics: Vec::new(),
        },
        lead: who == "jane" || who == "joe",
    }
}

fn whom(who: &str) -> Whom {
    let contact = seat(who).contact;
    Whom { contact: contact.id, organization: contact.organization }
}

fn roster() -> Roster {
    let seats: Vec<Seat> = ["jane", "joe", "lee", "bot", "acobot", "marty", "ann"].map(seat).into();
    Roster::of(&seats, &EventKey { sender: user("jane"), id: EventId::new() }).unwrap()
}

fn take_at(
    alerts: &Alerts,
    who: &str,
    id: EventId,
    at: &str,
    event: AlertEvent<'_>,
) -> Result<Alerts, Reason> {
    let at: Timestamp = at.parse().unwrap();
    step(
        alerts,
        event,
        &Step {
            key: &EventKey { sender: user(who), id },
            seat: &seat(who),
            at,
            server_at: at,
            roster: &roster(),
            plan_side: &"urn:example:org|aco".parse().unwrap(),
            community_side: &"urn:example:org|cp".parse().unwrap(),
            story_clock: false,
        },
    )
}

fn take(alerts: &Alerts, who: &str, event: AlertEvent<'_>) -> Result<Alerts, Reason> {
    take_at(alerts, who, EventId::new(), NOW, event)
}

fn told(what: Happening, at: &str, class: StayClass) -> AlertRaised {
    AlertRaised {
        stay: StayKey::Named { facility: "GENERAL".into(), visit: "V-1".into() },
        what,
        cancels: None,
        at: at.parse().unwrap(),
        class,
        facility_name: Some("Synthetic General".into()),
        source: "feed".into(),
        message: None,
        matched: Matched::ByMemberId,
        priority: Priority::Urgent,
    }
}

fn admitted() -> AlertRaised {
    told(Happening::Admitted, "2019-03-04T08:00:00Z", StayClass::Inpatient)
}

fn discharged() -> AlertRaised {
    told(Happening::Discharged, "2019-03-06T20:00:00Z", StayClass::Inpatient)
}

fn all(events: &[AlertRaised]) -> Alerts {
    events
        .iter()
        .fold(Alerts::default(), |alerts, one| take(&alerts, "bot", AlertEvent::Raised(one)).unwrap())
}

fn code(result: Result<Alerts, Reason>) -> String {
    let reason = result.unwrap_err();
    assert_eq!(reason.source, "alert");
    assert!(!reason.text.contains("General") && !reason.text.is_empty());
    reason.code.into_owned()
}

fn agreement(more: &str) -> Agreement {
    Agreement::parse(&format!(
        r#"
id: a
version: "1"
title: Synthetic
plan_side: {{ id: urn:example:org|aco, name: Harbor ACO, keeper: true }}
community_side: {{ id: urn:example:org|cp, name: Bay Community Care, keeper: true }}
in_force: {{ from: 2019-01-01 }}
zone: America/New_York
share: {{ both: [message, care-plan, roster, reminder, handover, alert] }}
ladder:
  care-plan:
    - {{ contact: "urn:example:staff|joe", name: Joe, organization: "urn:example:org|aco", role: aco-care-manager }}
    - {{ contact: "urn:example:staff|lee", name: Lee, organization: "urn:example:org|aco", role: supervisor, phone: "555-0102", after: 2 d }}
{more}"#
    ))
    .unwrap()
}

const RULES: &str = r#"
id: r
version: "1"
title: Synthetic
clocks:
  - { clock: inpatient-follow-up, days: 3, business: true, until: 2023-04-01, mark: F }
  - { clock: inpatient-follow-up, days: 7, from: 2023-04-01, mark: F }
  - { clock: ed-follow-up, days: 7, counts_from: same-day, mark: F }
"#;

fn owes(alerts: &Alerts) -> Vec<Owed> {
    let (agreement, rules) = (agreement(""), RuleSet::parse(RULES).unwrap());
    let owed = super::owed(
        alerts,
        &Outreach::default(),
        &Rules { agreement: &agreement, rules: &rules, roster: &roster() },
    );
    for one in &owed {
        assert!(one.ladder.last().unwrap().phone.is_some());
        assert!(!one.what.contains("General"));
    }
    owed
}

fn dues(alerts: &Alerts) -> Vec<(String, String)> {
    owes(alerts).into_iter().map(|owed| (owed.clock, owed.due.to_string())).collect()
}

#[test]
fn what_is_told_of_one_stay_is_one_in_whatever_order() {
    let early = all(&[admitted(), discharged()]);
    let late = all(&[discharged(), admitted()]);
    for alerts in [&early, &late] {
        let [stay] = alerts.stays() else { panic!("one stay") };
        assert_eq!(stay.status(), StayStatus::Finished);
        assert_eq!(stay.began(), Some(admitted().at));
        assert_eq!(stay.ended(), Some(discharged().at));
    }
    assert_eq!(dues(&early), dues(&late));
    assert_eq!(owes(&early)[0].since, owes(&late)[0].since);
    // The other side tells the same of another feed.
    let again = AlertRaised { source: "host".into(), message: Some("7".into()), ..admitted() };
    let both = take(&early, "joe", AlertEvent::Raised(&again)).unwrap();
    assert_eq!((both.stays().len(), dues(&both)), (1, dues(&early)));
    assert_eq!(code(take(&both, "joe", AlertEvent::Raised(&again))), "alert-known");
    let other = StayKey::Named { facility: "GENERAL".into(), visit: "V-2".into() };
    let other = AlertRaised { stay: other, ..admitted() };
    assert_eq!(take(&early, "joe", AlertEvent::Raised(&other)).unwrap().stays().len(), 2);
}

#[test]
fn a_clock_counts_from_the_date_of_the_event_by_the_rule_of_that_date() {
    // Wednesday evening in New York, and three business days: Monday.
    assert_eq!(
        dues(&all(&[discharged()])),
        [("inpatient-follow-up".to_owned(), "2019-03-12T04:00:00Z".to_owned())]
    );
    let emergency = told(Happening::EdVisit, "2019-03-06T20:00:00Z", StayClass::Emergency);
    assert_eq!(dues(&all(&[emergency])), [("ed-follow-up".to_owned(), "2019-03-13T04:00:00Z".to_owned())]);
    let owed = &owes(&all(&[discharged()]))[0];
    assert_eq!(
        owed.owner,
        seat("jane").contact.id,
        "the community side's lead, whom the ladder does not name"
    );
    assert_eq!(owed.ladder[0].contact, owed.owner);
    assert!(dues(&all(&[admitted()])).is_empty(), "who is there still is not followed up");

    // Where no rule set knows the clock, it is due when the case is quiet.
    let rules = RuleSet::parse("id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: []\n").unwrap();
    let agreement = agreement("clocks: { alert-answer: { days: 1 } }\n");
    let rules = Rules { agreement: &agreement, rules: &rules, roster: &roster() };
    let due = super::owed(&all(&[discharged()]), &Outreach::default(), &rules)[0].due;
    assert_eq!(due, agreement.quiet.after(discharged().at, &agreement.zone));
    let answer = super::owed(&all(&[admitted()]), &Outreach::default(), &rules);
    assert_eq!((answer.len(), answer[0].clock.as_str()), (1, "alert-answer"));
}

#[test]
fn an_emergency_visit_that_becomes_an_admission_has_the_clock_of_the_discharge() {
    let emergency = told(Happening::EdVisit, "2019-03-04T03:00:00Z", StayClass::Emergency);
    let alerts = all(&[emergency.clone(), admitted()]);
    assert!(dues(&alerts).is_empty());
    assert_eq!(alerts.stays()[0].class(), StayClass::Inpatient);
    let alerts = take(&alerts, "bot", AlertEvent::Raised(&discharged())).unwrap();
    assert_eq!(dues(&alerts)[0].0, "inpatient-follow-up");
    // The admission was none.
    let cancelled = AlertRaised {
        cancels: Some(Happening::Admitted),
        ..told(Happening::Cancelled, "2019-03-07T03:00:00Z", StayClass::Inpatient)
    };
    let alerts = take(&alerts, "bot", AlertEvent::Raised(&cancelled)).unwrap();
    assert_eq!(
        (alerts.stays()[0].status(), dues(&alerts)[0].0.as_str()),
        (StayStatus::InProgress, "ed-follow-up")
    );
}

#[test]
fn what_was_cancelled_never_was_and_no_clock_runs() {
    let cancelled = told(Happening::Cancelled, "2019-03-07T08:00:00Z", StayClass::Inpatient);
    for events in
        [[discharged(), cancelled.clone(), admitted()], [cancelled.clone(), admitted(), discharged()]]
    {
        let alerts = all(&events);
        assert_eq!(alerts.stays()[0].status(), StayStatus::Cancelled);
        assert!(owes(&alerts).is_empty());
        let visit = VisitProposed {
            stay: alerts.stays()[0].id,
            at: "2019-03-09T15:00:00Z".parse().unwrap(),
            place: None,
            with: vec![whom("joe")],
        };
        assert_eq!(code(take(&alerts, "jane", AlertEvent::Proposed(&visit))), "visit-stay-cancelled");
    }
    // Only the discharge.
    let back = AlertRaised { cancels: Some(Happening::Discharged), ..cancelled };
    let alerts = all(&[admitted(), discharged(), back]);
    assert_eq!(alerts.stays()[0].status(), StayStatus::InProgress);
    assert!(owes(&alerts).is_empty());
}

#[test]
fn each_sides_telling_of_a_stay_stands_by_itself() {
    let of_joe = |what, at| AlertRaised { source: "host".into(), ..told(what, at, StayClass::Inpatient) };
    let again = AlertRaised { source: "host".into(), ..admitted() };
    let cancelled = told(Happening::Cancelled, "2019-03-05T08:00:00Z", StayClass::Inpatient);
    // Told by both, cancelled by one: the other's stands, in whatever order it came.
    let bot = [admitted(), cancelled.clone()];
    for place in 0..=2 {
        let mut all = Alerts::default();
        for n in 0..=2 {
            if n == place {
                all = take(&all, "joe", AlertEvent::Raised(&again)).unwrap();
            }
            if let Some(one) = bot.get(n) {
                all = take(&all, "bot", AlertEvent::Raised(one)).unwrap();
            }
        }
        assert_eq!(all.stays()[0].status(), StayStatus::InProgress, "{place}");
        // The stay never was once both say so.
        let back = of_joe(Happening::Cancelled, "2019-03-05T09:00:00Z");
        let none = take(&all, "joe", AlertEvent::Raised(&back)).unwrap();
        assert_eq!(none.stays()[0].status(), StayStatus::Cancelled, "{place}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let none = Alerts::default();
    let ahead = told(Happening::Admitted, "2019-03-09T15:00:01Z", StayClass::Inpatient);
    assert_eq!(code(take(&none, "bot", AlertEvent::Raised(&ahead))), "alert-date");
    let of_old = told(Happening::Admitted, "-000100-03-09T15:00:01Z", StayClass::Inpatient);
    assert_eq!(code(take(&none, "bot", AlertEvent::Raised(&of_old))), "alert-date");
    let within = told(Happening::Admitted, "2019-03-09T15:00:00Z", StayClass::Inpatient);
    assert!(take(&none, "bot", AlertEvent::Raised(&within)).is_ok());
    let confirmed = AlertRaised { matched: Matched::ConfirmedByPerson, ..admitted() };
    assert_eq!(code(take(&none, "bot", AlertEvent::Raised(&confirmed))), "alert-confirmed-by-keeper");
    assert!(take(&none, "jane", AlertEvent::Raised(&confirmed)).is_ok());
    let cancels = AlertRaised { cancels: Some(Happening::Admitted), ..discharged() };
    assert_eq!(code(take(&none, "bot", AlertEvent::Raised(&cancels))), "alert-cancels");
    // Who tells without end keeps nobody else from telling.
    let mut alerts = Alerts::default();
    for n in 0..100 {
        let at = admitted().at + SignedDuration::from_secs(n);
        alerts = take(&alerts, "acobot", AlertEvent::Raised(&AlertRaised { at, ..admitted() })).unwrap();
    }
    assert_eq!(code(take(&alerts, "joe", AlertEvent::Raised(&discharged()))), "alerts-too-many");
    assert!(take(&alerts, "jane", AlertEvent::Raised(&discharged())).is_ok());
}

#[test]
fn only_a_meeting_after_the_discharge_stops_its_clock() {
    let alerts = all(&[admitted(), discharged()]);
    let stay = alerts.stays()[0].id;
    let done = |at: &str, face_to_face| FollowUpDone {
        stay,
        at: at.parse().unwrap(),
        face_to_face,
        outcome: Some("He walks again.".into()),
    };
    for (at, face_to_face, stops) in [
        ("2019-03-07T10:00:00Z", false, false),
        ("2019-03-05T10:00:00Z", true, false),
        ("2019-03-07T10:00:00Z", true, true),
    ] {
        let after = take(&alerts, "jane", AlertEvent::FollowedUp(&done(at, face_to_face))).unwrap();
        assert_eq!(owes(&after).is_empty(), stops, "{at} {face_to_face}");
    }
    let done = done("2019-03-07T10:00:00Z", true);
    assert_eq!(code(take(&alerts, "bot", AlertEvent::FollowedUp(&done))), "follow-up-by-keeper");
    for at in ["2019-03-08T15:05:01Z", "1066-10-14T12:00:00Z"] {
        let wrong = FollowUpDone { at: at.parse().unwrap(), ..done.clone() };
        assert_eq!(code(take(&alerts, "jane", AlertEvent::FollowedUp(&wrong))), "follow-up-date");
    }
    assert_eq!(code(take(&Alerts::default(), "jane", AlertEvent::FollowedUp(&done))), "stay-unknown");
}

#[test]
fn a_stay_that_never_was_is_not_followed_up() {
    let done = FollowUpDone {
        stay: admitted().stay.id(),
        at: "2019-03-07T10:00:00Z".parse().unwrap(),
        face_to_face: true,
        outcome: None,
    };
    let cancelled = AlertRaised { what: Happening::Cancelled, ..admitted() };
    let raise =
        |alerts: &Alerts, who: &str, event: &AlertRaised| take(alerts, who, AlertEvent::Raised(event));
    let told = raise(&Alerts::default(), "joe", &admitted()).unwrap();
    let off = raise(&told, "joe", &cancelled).unwrap();
    assert_eq!(off.stays()[0].status(), StayStatus::Cancelled);
    assert_eq!(code(take(&off, "jane", AlertEvent::FollowedUp(&done))), "follow-up-stay-cancelled");
    // What the other side told of it, too, stands.
    let both = raise(&raise(&told, "jane", &admitted()).unwrap(), "joe", &cancelled).unwrap();
    assert!(take(&both, "jane", AlertEvent::FollowedUp(&done)).is_ok());
}

#[test]
fn a_visit_is_answered_by_each_and_again_once_it_is_moved() {
    let alerts = all(&[admitted()]);
    let stay = alerts.stays()[0].id;
    let time: Timestamp = "2019-03-10T15:00:00Z".parse().unwrap();
    let later: Timestamp = "2019-03-11T15:00:00Z".parse().unwrap();
    let proposal = |with: &[&str], at| VisitProposed {
        stay,
        at,
        place: Some("Ward 3".into()),
        with: with.iter().map(|who| whom(who)).collect(),
    };
    for (who, event, refusal) in [
        ("bot", proposal(&["joe"], time), "visit-by-keeper"),
        ("jane", proposal(&[], time), "visit-nobody"),
        ("jane", proposal(&["jane"], time), "visit-nobody"),
        ("jane", proposal(&["acobot"], time), "visit-nobody"),
        ("jane", proposal(&["mallory"], time), "visit-nobody"),
        ("jane", proposal(&["marty"], time), "visit-nobody"),
        ("jane", proposal(&["joe", "ann"], time), "visit-nobody"),
        ("jane", proposal(&["joe"], NOW.parse().unwrap()), "visit-time"),
    ] {
        assert_eq!(code(take(&alerts, who, AlertEvent::Proposed(&event))), refusal);
    }
    let id = EventId::new();
    let alerts =
        take_at(&alerts, "jane", id, NOW, AlertEvent::Proposed(&proposal(&["joe", "lee"], time))).unwrap();
    let clocks = |alerts: &Alerts| -> Vec<String> { owes(alerts).into_iter().map(|one| one.clock).collect() };
    assert_eq!(clocks(&alerts), ["visit-answer", "visit-answer-2"]);
    // Somebody else may give the same id: an answer names its author, too.
    let twin = take_at(&alerts, "joe", id, NOW, AlertEvent::Proposed(&proposal(&["jane"], time))).unwrap();
    assert_eq!(twin.visits().len(), 2);

    let key = EventKey { sender: user("jane"), id };
    let answer = |time, answer| VisitAnswered { visit: key.clone(), time, answer };
    let of_jane = take(&twin, "lee", AlertEvent::Answered(&answer(time, Answer::Accept))).unwrap();
    assert_eq!(of_jane.visits()[1].asked.len(), 2, "Joe's asks nobody but Jane");
    let says =
        |alerts: &Alerts, who: &str, event: &VisitAnswered| take(alerts, who, AlertEvent::Answered(event));
    let accepted = says(&alerts, "joe", &answer(time, Answer::Accept)).unwrap();
    let declined = answer(time, Answer::Decline { reason: "On leave".into() });
    let settled = says(&accepted, "lee", &declined).unwrap();
    assert_eq!((settled.visits()[0].status(), owes(&settled).len()), (VisitStatus::Settled, 0));

    let moved = says(&settled, "joe", &answer(time, Answer::Move { to: later })).unwrap();
    assert_eq!((moved.visits()[0].at, moved.visits()[0].status()), (later, VisitStatus::Waiting));
    assert_eq!(clocks(&moved), ["visit-answer-0", "visit-answer-2"], "who moves it comes");
    assert_ne!(owes(&moved)[1].since, id, "reminders of the old time do not count for the new one");
    assert_eq!(code(says(&moved, "lee", &answer(time, Answer::Accept))), "visit-moved");
    let nothing = EventKey { sender: user("jane"), id: EventId::new() };
    let unknown = VisitAnswered { visit: nothing, ..answer(later, Answer::Accept) };
    assert_eq!(code(says(&moved, "lee", &unknown)), "visit-unknown");
    assert_eq!(code(says(&moved, "mallory", &answer(later, Answer::Accept))), "visit-not-asked");
    let back = answer(later, Answer::Move { to: NOW.parse().unwrap() });
    assert_eq!(code(says(&moved, "lee", &back)), "visit-time");

    let off = says(&moved, "jane", &answer(later, Answer::Decline { reason: "Snow".into() })).unwrap();
    assert_eq!((off.visits()[0].status(), owes(&off).len()), (VisitStatus::CalledOff, 0));
    assert_eq!(code(says(&off, "lee", &answer(later, Answer::Accept))), "visit-called-off");
}

#[test]
fn a_stub_says_nothing_of_where_and_why_and_debug_neither() {
    let (raised, done) = (
        admitted(),
        FollowUpDone {
            stay: admitted().stay.id(),
            at: admitted().at,
            face_to_face: true,
            outcome: Some("Words".into()),
        },
    );
    let visit = VisitProposed { stay: done.stay, at: done.at, place: Some("Words".into()), with: vec![] };
    let answer = Answer::Decline { reason: "Words".into() };
    let proposed = EventKey { sender: user("jane"), id: EventId::new() };
    let answered = VisitAnswered { visit: proposed, time: done.at, answer };
    let stubs = [
        serde_json::to_string(&raised.withheld()).unwrap(),
        serde_json::to_string(&done.withheld()).unwrap(),
        serde_json::to_string(&visit.withheld()).unwrap(),
        serde_json::to_string(&answered.withheld()).unwrap(),
        format!("{raised:?} {done:?} {visit:?} {answered:?} {:?}", all(&[admitted()])),
    ];
    for stub in stubs {
        for word in ["General", "GENERAL", "V-1", "feed", "Words"] {
            assert!(!stub.contains(word), "{stub}");
        }
    }
    let stays = all(&[admitted(), discharged()]);
    let shown =
        format!("{raised:?} {done:?} {visit:?} {answered:?} {stays:?} {:?}", stays.stays()[0].clock());
    assert!(shown.contains("FollowUpClock") && !shown.contains("2019"), "{shown}");
    let stub: AlertRaised =
        serde_json::from_str(&serde_json::to_string(&raised.withheld()).unwrap()).unwrap();
    assert_eq!(stub.stay.id(), raised.stay.id());
}

#[test]
fn each_is_told_in_words() {
    let roster = roster();
    let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
    let told = tell(AlertEvent::Raised(&admitted()), &seat("bot"), &roster, &zone);
    assert_eq!(
        told,
        "Urgent. Bay Community Care (keeper): the member was admitted to Synthetic General (inpatient), 2019-03-04 03:00 EST. \
         Source: feed."
    );
    let visit = VisitProposed {
        stay: admitted().stay.id(),
        at: NOW.parse().unwrap(),
        place: Some("Ward 3".into()),
        with: vec![whom("joe")],
    };
    assert_eq!(
        tell(AlertEvent::Proposed(&visit), &seat("jane"), &roster, &zone),
        "Jane Miller (CP care coordinator) proposes to visit together: 2019-03-08 10:00 EST, Ward 3. Asked: Joe Alvarez."
    );
}

#[test]
fn a_contact_that_is_recorded_stops_the_clock_if_it_meets_the_rule() {
    use crate::case::fold::Fold;
    use crate::case::fold::tests::world::{at, next, opening};
    use crate::outreach::{Channel, ContactRecorded};
    // Synthetic. Discharged at the third minute; what was met before it, and what was said on the telephone, is no follow-up.
    let told = |what, at| AlertRaised {
        stay: StayKey::Named { facility: "Synthetic General".into(), visit: "7".into() },
        what,
        at,
        class: StayClass::Inpatient,
        ..told(what, "2026-01-05T09:00:00Z", StayClass::Inpatient)
    };
    let contact = |when, face_to_face, reached| ContactRecorded {
        when,
        by: None,
        channel: if face_to_face { Channel::Visit } else { Channel::Message },
        face_to_face,
        reached,
        outcome: "words".into(),
        about: None,
        not_made: None,
    };
    let owes = |contacts: &[ContactRecorded]| {
        let mut fold = Fold::new();
        let mut n = 0;
        let mut say = |data: crate::case::event::EventData| {
            fold.insert(next(n, "jane", fold.state(), data));
            n += 1;
        };
        say(opening().into());
        say(told(Happening::Admitted, at(1)).into());
        say(told(Happening::Discharged, at(3)).into());
        for contact in contacts {
            say(contact.clone().into());
        }
        let state = fold.state();
        let by = followed_up(&state.alerts.stays()[0], &state.outreach).map(|by| by.by.value().to_owned());
        (state.owed().iter().any(|owed| owed.clock == INPATIENT_CLOCK), by)
    };
    let jane = || Some("jane".to_owned());
    assert_eq!(owes(&[]), (true, None));
    assert_eq!(owes(&[contact(at(2), true, true)]), (true, None), "before the discharge");
    assert_eq!(owes(&[contact(at(4), false, true)]), (true, None), "not face to face");
    assert_eq!(owes(&[contact(at(4), true, false)]), (true, None), "nobody was there");
    assert_eq!(owes(&[contact(at(4), true, true)]), (false, jane()));
}
