//! An admission finds the member's cases; both sides tell of it, and it is one.

use super::*;
use crate::alert::{AlertRaised, Answer, Happening, Matched, StayClass, StayKey, StayStatus, VisitStatus};
use crate::care_team::Whom;
use crate::case::life::CloseReason;
use crate::communication::Priority;
use crate::panel::PanelQuery;
use crate::ports::Clock as _;
use crate::testing::PlainRecord;

fn told(what: Happening, at: &str) -> AlertInput {
    AlertInput {
        member: Some("urn:example:member|1".parse().unwrap()),
        name: None,
        birth_date: None,
        alert: AlertRaised {
            stay: StayKey::Named { facility: "GENERAL".into(), visit: "V-1".into() },
            what,
            cancels: None,
            at: at.parse().unwrap(),
            class: StayClass::Inpatient,
            facility_name: Some("Synthetic General".into()),
            source: "feed".into(),
            message: None,
            matched: Matched::ByMemberId,
            priority: Priority::Urgent,
        },
    }
}

fn by_name(name: &str) -> AlertInput {
    let input = told(Happening::Admitted, "2019-03-01T08:00:00Z");
    AlertInput {
        member: None,
        name: Some(name.into()),
        birth_date: Some("1961-04-05".parse().unwrap()),
        ..input
    }
}

#[tokio::test]
async fn an_alert_finds_a_case_that_is_still_on_its_way_and_none_that_is_about_to_be_closed() {
    let world = World::new();
    let jane = world.start("jane").await;
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    // Nothing has reached the homeserver yet: the admission is not lost for that.
    let admitted = told(Happening::Admitted, "2019-03-01T08:00:00Z");
    assert_eq!(jane.raise_alert(&admitted).unwrap().raised.len(), 1);
    let mut other = admitted.clone();
    other.alert.stay = StayKey::Named { facility: "GENERAL".into(), visit: "V-2".into() };
    case.close(None, CloseReason::Moved).unwrap();
    assert_eq!(jane.raise_alert(&other).unwrap(), AlertOutcome::default());
    settle(&[&jane]).await;
    assert_eq!(case.state().unwrap().alerts.stays().len(), 1);
}

#[tokio::test]
async fn the_number_of_another_cases_member_proposes_nobody_by_name() {
    let world = World::new();
    let jane = world.start("jane").await;
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    let mut twin = opening(&["jane", "joe"]);
    twin.member.id = "urn:example:member|2".parse().unwrap();
    let twins = jane.open(twin).unwrap();
    settle(&[&jane]).await;
    let named =
        |number: &str| AlertInput { member: Some(number.parse().unwrap()), ..by_name("Marty Example") };
    let found = jane.raise_alert(&named("urn:example:member|2")).unwrap();
    assert_eq!(found.raised.iter().map(|(case, _)| *case).collect::<Vec<_>>(), [twins.id()]);
    assert!(found.proposed.is_empty());
    // Closed, it still says whose number that is.
    twins.close(None, CloseReason::Moved).unwrap();
    assert_eq!(jane.raise_alert(&named("urn:example:member|2")).unwrap(), AlertOutcome::default());
    assert_eq!(jane.raise_alert(&named("urn:example:member|3")).unwrap().proposed, [case.id()]);
}

#[tokio::test]
async fn an_alert_finds_the_cases_of_its_member_and_is_told_once() {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    let (joe, bot) = (world.start("joe").await, world.start("cp-bot").await);
    jane.import(&patient("1961-04-05")).await.unwrap();
    let case = jane.open(opening(&["jane", "joe", "cp-bot"])).unwrap();
    settle(&[&jane]).await;
    let (joes, _) = (accept(&joe).await, accept(&bot).await);
    settle(&[&joe, &bot, &jane]).await;

    // By name and date of birth it is proposed only.
    assert_eq!(bot.raise_alert(&by_name("marty  EXAMPLE")).unwrap().proposed, [case.id()]);
    // Feeds write names in another order, too.
    assert_eq!(bot.raise_alert(&by_name("EXAMPLE, Marty")).unwrap().proposed, [case.id()]);
    assert_eq!(bot.raise_alert(&by_name("Somebody Else")).unwrap(), AlertOutcome::default());
    let nobody = AlertInput { name: None, ..by_name("") };
    assert_eq!(bot.raise_alert(&nobody).unwrap_err().code(), "alert-without-member");
    // A hospital has numbers of its own: what is beside one that nobody knows still proposes.
    let another =
        AlertInput { member: Some("urn:example:member|2".parse().unwrap()), ..by_name("Marty Q. Example") };
    let proposed = AlertOutcome { proposed: vec![case.id()], ..AlertOutcome::default() };
    assert_eq!(bot.raise_alert(&another).unwrap(), proposed);
    let born_elsewhen = AlertInput { birth_date: Some("1961-04-06".parse().unwrap()), ..another.clone() };
    assert_eq!(bot.raise_alert(&born_elsewhen).unwrap(), AlertOutcome::default());
    let number_alone = AlertInput { name: None, birth_date: None, ..another };
    assert_eq!(bot.raise_alert(&number_alone).unwrap(), AlertOutcome::default());

    let admitted = told(Happening::Admitted, "2019-03-01T08:00:00Z");
    let first = bot.raise_alert(&admitted).unwrap();
    assert_eq!(first.raised.len(), 1);
    assert_eq!(bot.raise_alert(&admitted).unwrap(), first, "a retry is safe");
    settle(&[&bot, &jane, &joe]).await;
    let mut again = admitted.clone();
    again.alert.source = "Joe's host".into();
    assert_eq!(joe.raise_alert(&again).unwrap().known, [case.id()]);

    let stay = joes.state().unwrap().alerts.stays()[0].id;
    let with = vec![Whom { contact: seat("jane").contact.id, organization: organization_id("cp") }];
    let visit = joes
        .propose_visit(None, stay, "2019-03-02T15:00:00Z".parse().unwrap(), Some("Ward 3".into()), with)
        .unwrap();
    settle(&[&joe, &jane, &bot]).await;
    assert_eq!(jane.due().unwrap()[0].owed.clock, "visit-answer");
    // Unanswered, it is over with its time, for everybody and everywhere.
    let now = world.clock.now();
    world.clock.set("2019-03-02T15:00:01Z".parse().unwrap());
    assert!(jane.due().unwrap().is_empty() && joe.due().unwrap().is_empty());
    assert_eq!(jane.panel(&PanelQuery::default()).unwrap().cases[0].next, None);
    world.clock.set("2019-03-02T14:59:59Z".parse().unwrap());
    assert!(jane.panel(&PanelQuery::default()).unwrap().cases[0].next.is_some());
    world.clock.set(now);
    let key = EventId::new();
    let to = Answer::Move { to: "2019-03-03T15:00:00Z".parse().unwrap() };
    let moved = case.answer_visit(Some(key), visit.id, to.clone()).unwrap();
    assert_eq!(case.answer_visit(Some(key), visit.id, to).unwrap(), moved, "a retry answers the same time");
    settle(&[&jane, &joe, &bot]).await;
    joes.answer_visit(None, visit.id, Answer::Accept).unwrap();
    settle(&[&joe, &jane, &bot]).await;
    assert_eq!(case.state().unwrap().alerts.visits()[0].status(), VisitStatus::Settled);

    // The discharge arrives a week late, and counts from its own date: nobody knows the clock here, so from the quiet of the case.
    world.clock.advance(SignedDuration::from_hours(24 * 10));
    bot.raise_alert(&told(Happening::Discharged, "2019-03-04T18:00:00Z")).unwrap();
    settle(&[&bot, &jane, &joe]).await;
    let state = case.state().unwrap();
    assert_eq!(state.alerts.stays()[0].status(), StayStatus::Finished);
    assert_eq!(state.digest(), joes.state().unwrap().digest());
    assert_eq!(jane.due().unwrap()[0].owed.clock, "inpatient-follow-up");
    case.follow_up_done(None, stay, "2019-03-05T10:00:00Z".parse().unwrap(), true, Some("Well.".into()))
        .unwrap();
    settle(&[&jane, &joe, &bot]).await;
    assert!(joe.due().unwrap().is_empty());

    let kinds: Vec<String> = record.all().into_iter().map(|(kind, _)| kind).collect();
    // The stay, and the meeting that followed it.
    for (kind, many) in [("Encounter", 2), ("Appointment", 1)] {
        assert_eq!(kinds.iter().filter(|one| *one == kind).count(), many, "{kinds:?}");
    }
    let is_stay = |kind: &str, json: &str| kind == "Encounter" && json.contains(crate::fhir::codes::STAY);
    let encounter = record.all().into_iter().find(|(kind, one)| is_stay(kind, &one.json)).unwrap().1.json;
    assert!(
        encounter.contains(r#""status":"finished""#) && encounter.contains("2019-03-04T18:00:00Z"),
        "{encounter}"
    );
}
