//! Who does what, between two sides.

use super::*;
use crate::case::event::EventKey;
use crate::task::{Assignee, TaskStatus};

async fn two() -> (World, Caseline, Caseline, Case, Case) {
    let world = World::new();
    let (jane, joe) = (world.start_with("jane", Record::Embedded).await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe", "rao"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    (world, jane, joe, case, joes)
}

fn contact(name: &str) -> ContactId {
    seat(name).contact.id
}

fn day(text: &str) -> jiff::civil::Date {
    text.parse().unwrap()
}

fn reason(error: &Error) -> String {
    match error {
        Error::NotAllowed { reasons } => reasons[0].code.to_string(),
        other => other.code().to_owned(),
    }
}

#[tokio::test]
async fn a_command_repeated_after_its_words_have_changed_is_the_same() {
    let (_world, jane, joe, case, joes) = two().await;
    let stay = {
        let alert = crate::alert::AlertRaised {
            stay: crate::alert::StayKey::Named { facility: "GENERAL".into(), visit: "V-1".into() },
            what: crate::alert::Happening::Admitted,
            cancels: None,
            at: "2019-03-01T08:00:00Z".parse().unwrap(),
            class: crate::alert::StayClass::Inpatient,
            facility_name: None,
            source: "feed".into(),
            message: None,
            matched: crate::alert::Matched::ByMemberId,
            priority: crate::communication::Priority::Routine,
        };
        case.raise_alert(None, alert).unwrap();
        case.state().unwrap();
        crate::alert::StayKey::Named { facility: "GENERAL".into(), visit: "V-1".into() }.id()
    };
    let id = EventId::new();
    let propose = || {
        let whom = |name: &str| crate::care_team::Whom {
            contact: contact(name),
            organization: seat(name).contact.organization,
        };
        let at = "2019-03-02T15:00:00Z".parse().unwrap();
        case.propose_visit(Some(id), stay, at, None, vec![whom("joe"), whom("rao")])
    };
    let first = propose().unwrap();
    settle(&[&jane, &joe]).await;
    joes.end_seat(None, contact("rao"), organization_id("aco")).unwrap();
    settle(&[&joe, &jane]).await;
    assert_eq!(propose().unwrap(), first, "Rao's name is not in its words any more");
    let other =
        case.assign(Some(id), Task::new("Another thing").owner(contact("joe")).due(day("2019-03-08")));
    assert_eq!(other.unwrap_err().code(), "id-taken");
}

#[tokio::test]
async fn a_task_goes_from_hand_to_hand_and_is_done() {
    let (_world, jane, joe, case, joes) = two().await;
    let id = EventId::new();
    let form = || Task::new("Housing form").detail("With Marty").owner(contact("joe")).due(day("2019-03-08"));
    let assigned = case.assign(Some(id), form()).unwrap();
    assert_eq!(
        case.assign(Some(id), form()).unwrap(),
        assigned,
        "a repeated command is answered as it was first"
    );
    settle(&[&jane, &joe]).await;
    let task = assigned.id;
    let owed = joe.due().unwrap();
    assert_eq!(
        (owed.len(), owed[0].owed.clock.as_str(), owed[0].owed.owner.clone()),
        (1, "task", contact("joe"))
    );
    assert_eq!(reason(&case.accept_task(None, task).unwrap_err()), "task-not-yours");
    joes.decline_task(None, task, "Away until Monday").unwrap();
    settle(&[&joe, &jane]).await;
    let owed = jane.due().unwrap();
    assert_eq!((owed[0].owed.clock.as_str(), owed[0].owed.owner.clone()), ("task-reassign", contact("jane")));
    case.hand_over_task(None, task, crate::TaskTo::Pool(organization_id("aco")), Some("Any of you")).unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(reason(&joes.accept_task(None, task).unwrap_err()), "task-in-pool");
    joes.claim_task(None, task).unwrap();
    joes.complete_task(None, task, "Sent").unwrap();
    settle(&[&joe, &jane]).await;
    assert!(jane.due().unwrap().is_empty() && joe.due().unwrap().is_empty());
    let tasks = case.tasks().unwrap();
    assert_eq!(tasks, joes.tasks().unwrap());
    let deeds: Vec<_> = tasks[0].steps.iter().map(|step| step.deed.code()).collect();
    assert_eq!(deeds, ["declined", "handed-over", "claimed", "completed"]);
    assert_eq!((tasks[0].status, tasks[0].title.as_str()), (TaskStatus::Completed, "Housing form"));
    let Assignee::Owner(owner) = &tasks[0].assignee else { panic!("a pool") };
    assert_eq!(owner.contact, contact("joe"));
    let told: Vec<String> = joes.state().unwrap().timeline.iter().map(|entry| entry.text.clone()).collect();
    assert!(
        told.contains(&"joe (ACO care manager) completed the task “Housing form”: Sent".to_owned()),
        "{told:?}"
    );
    assert_eq!(reason(&joes.cancel_task(None, task, "late").unwrap_err()), "task-over");
}

/// What a device was told takes no step of what its person did.
fn superseded(notices: &mut tokio::sync::broadcast::Receiver<Notice>) -> Vec<(EventId, String)> {
    let heard = std::iter::from_fn(|| notices.try_recv().ok());
    let told = heard.filter_map(|notice| match notice {
        Notice::Superseded { id, reasons, .. } => Some((id, reasons[0].code.to_string())),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn who_was_second_is_told_that_it_took_no_step() {
    let (world, jane, joe, case, joes) = two().await;
    let task = case.assign(None, Task::new("Form").owner(contact("joe")).due(day("2019-03-08"))).unwrap().id;
    settle(&[&jane, &joe]).await;
    let (mut of_jane, mut of_joe) = (jane.notices(), joe.notices());
    world.server.offline(&user("joe"), true);
    let done = joes.complete_task(None, task, "Sent").unwrap();
    case.cancel_task(None, task, "He has it already").unwrap();
    settle(&[&jane]).await;
    world.server.offline(&user("joe"), false);
    settle(&[&joe, &jane]).await;
    let (jane_told, joe_told) = (superseded(&mut of_jane), superseded(&mut of_joe));
    let state = joes.state().unwrap();
    assert_eq!(state.superseded(&done).map(|reason| &*reason.code), Some("task-over"));
    assert_eq!(
        (jane_told, joe_told),
        (vec![], vec![(done.id, "task-over".to_owned())]),
        "once, and him alone"
    );
}

#[tokio::test]
async fn whose_step_falls_to_what_comes_later_is_told_once() {
    let (world, jane, joe, case, _) = two().await;
    let task = case.assign(None, Task::new("Form").owner(contact("joe")).due(day("2019-03-08"))).unwrap();
    settle(&[&jane, &joe]).await;
    let mut of_jane = jane.notices();
    let clock = case.state().unwrap().links[&task].stated;
    case.send(None, Message::text("Something else")).unwrap();
    let cancelled = case.cancel_task(None, task.id, "He has it already").unwrap();
    settle(&[&jane]).await;
    assert_eq!(superseded(&mut of_jane), []);
    // Joe's device had seen neither.
    let done = serde_json::json!({ "msgtype": "m.text", "body": "done", "org.caseline.event": {
        "v": 1, "id": "01800000-0000-7000-8000-000000000001", "kind": "task.completed",
        "after": [[task.sender, task.id, clock]], "clock": clock + 1, "at": "2019-03-01T14:00:00Z",
        "data": { "task": task, "outcome": "Sent" } } });
    world.server.send_content(&room(&case), &user("joe"), &done).unwrap();
    settle(&[&jane]).await;
    assert_eq!(superseded(&mut of_jane), [(cancelled.id, "task-over".to_owned())]);
    // What comes after it says nothing of it again, and neither does a new start.
    world.server.send_foreign(&room(&case), &user("joe"), "Well").unwrap();
    settle(&[&jane]).await;
    assert_eq!(superseded(&mut of_jane), []);
}

#[tokio::test]
async fn a_task_that_lacks_something_is_refused_by_its_field() {
    let (_world, _jane, _joe, case, _joes) = two().await;
    let task = || Task::new("Ride").owner(contact("joe")).due(day("2019-03-08"));
    let code = |task: Task| {
        let Err(Error::InvalidInput(invalid)) = case.assign(None, task) else { panic!("accepted") };
        (invalid.code, invalid.field.unwrap())
    };
    assert_eq!(
        code(Task::new(" ").owner(contact("joe")).due(day("2019-03-08"))),
        ("invalid-title", "title".into())
    );
    assert_eq!(code(Task::new("x".repeat(600)).owner(contact("joe"))).0, "invalid-title");
    assert_eq!(code(task().detail("")), ("invalid-detail", "detail".into()));
    assert_eq!(code(Task::new("Ride").due(day("2019-03-08"))), ("task-without-owner", "owner".into()));
    assert_eq!(code(Task::new("Ride").owner(contact("joe"))), ("task-without-due", "due".into()));
    assert_eq!(reason(&case.assign(None, task().owner(contact("lee"))).unwrap_err()), "not-found");
    assert_eq!(
        reason(&case.assign(None, task().pool(organization_id("elsewhere"))).unwrap_err()),
        "task-pool-empty"
    );
    assert_eq!(reason(&case.decline_task(None, EventId::new(), "").unwrap_err()), "invalid-reason");
    assert_eq!(reason(&case.claim_task(None, EventId::new()).unwrap_err()), "task-unknown");
}

#[tokio::test]
async fn a_task_whose_owner_left_is_owed_by_their_lead() {
    let (_world, jane, joe, case, joes) = two().await;
    case.assign(None, Task::new("Sign").owner(contact("rao")).due(day("2019-03-08"))).unwrap();
    settle(&[&jane, &joe]).await;
    joes.end_seat(None, contact("rao"), None).unwrap();
    settle(&[&joe, &jane]).await;
    let owed = &jane.due().unwrap()[0].owed;
    assert_eq!(
        (owed.owner.clone(), owed.what.as_str()),
        (contact("joe"), "do or hand over a task that rao had, who is no longer in the case")
    );
    let again =
        case.assign(None, Task::new("Sign").owner(contact("rao")).due(day("2019-03-08"))).unwrap_err();
    assert_eq!(reason(&again), "task-owner-unseated");
}

#[tokio::test]
async fn who_is_out_of_office_is_covered_and_it_is_said() {
    // Synthetic: the directory of Bay River says that Joe is away from 23 March, and that Lee covers for him.
    let world = World::new();
    let bundle = include_str!("../../../../examples/data/cp.json");
    let agreement = include_str!("../../../../examples/data/agreement.yaml");
    let jane = world.start_with("jane", Record::Embedded).await;
    jane.import(bundle).await.unwrap();
    jane.add_agreement(agreement).unwrap();
    let case = jane.open(jane.propose("https://caseline.example/care-team|marty").await.unwrap()).unwrap();
    let joe: ContactId = "https://caseline.example/staff|joe".parse().unwrap();
    let due = day("2019-03-29");
    let task = || Task::new("Call him back").detail("About the ride.").owner(joe.clone()).due(due);
    let shown = |id: EventId| {
        let tasks = case.tasks().unwrap();
        let task = tasks.iter().find(|task| task.key.id == id).unwrap().clone();
        let Assignee::Owner(owner) = &task.assignee else { panic!("{task:?}") };
        (owner.contact.value().to_owned(), task.detail.unwrap())
    };
    world.clock.set("2019-03-20T15:00:00Z".parse().unwrap());
    let (there, away) = (EventId::new(), EventId::new());
    case.assign(Some(there), task()).unwrap();
    settle(&[&jane]).await;
    assert_eq!(shown(there), ("joe".to_owned(), "About the ride.".to_owned()));
    world.clock.set("2019-03-25T15:00:00Z".parse().unwrap());
    let first = case.assign(Some(away), task()).unwrap();
    settle(&[&jane]).await;
    let lee =
        ("lee".to_owned(), "For Joe Brennan, who is away until 1 April 2019. About the ride.".to_owned());
    assert_eq!(shown(away), lee);
    assert_eq!(
        case.assign(Some(there), task()).unwrap().id,
        there,
        "a repeated command is answered as it was first"
    );
    // Joe is back.
    world.clock.set("2019-04-02T15:00:00Z".parse().unwrap());
    assert_eq!(case.assign(Some(away), task()).unwrap(), first);
    assert_eq!(shown(away), lee);
    let other = Task::new("Something else").owner(joe.clone()).due(day("2019-04-05"));
    assert!(matches!(case.assign(Some(away), other), Err(Error::Conflict { .. })));
}

#[tokio::test]
async fn what_is_given_to_who_is_away_goes_to_the_cover_where_it_is_due_before_they_are_back() {
    // Synthetic: as above, Joe is away from 23 March until 1 April 2019, and Lee covers for him.
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    jane.import(include_str!("../../../../examples/data/cp.json")).await.unwrap();
    jane.add_agreement(include_str!("../../../../examples/data/agreement.yaml")).unwrap();
    let case = jane.open(jane.propose("https://caseline.example/care-team|marty").await.unwrap()).unwrap();
    let person = |name: &str| format!("https://caseline.example/staff|{name}").parse::<ContactId>().unwrap();
    let owner = |key: &EventKey| {
        let task = case.expected().unwrap().tasks.get(key).unwrap().clone();
        let Assignee::Owner(owner) = &task.assignee else { panic!("{task:?}") };
        let said = task.steps.last().and_then(|step| step.text.clone());
        (owner.contact.value().to_owned(), said.or(task.detail))
    };
    world.clock.set("2019-03-25T15:00:00Z".parse().unwrap());
    let assign = |who: &str, due: &str| {
        case.assign(None, Task::new("Call him back").owner(person(who)).due(day(due))).unwrap()
    };
    let later = assign("joe", "2019-04-05");
    assert_eq!(owner(&later), ("joe".to_owned(), None), "he is back by then");
    let (soon, late) = (assign("jane", "2019-03-29"), assign("jane", "2019-04-05"));
    let id = EventId::new();
    let hand = |task: &EventKey, id, why| case.hand_over_task(id, task.id, person("joe"), why).unwrap();
    let first = hand(&soon, Some(id), Some("He knows him."));
    let said = "For Joe Brennan, who is away until 1 April 2019.";
    assert_eq!(owner(&soon), ("lee".to_owned(), Some(format!("{said} He knows him."))));
    assert_eq!(hand(&soon, Some(id), Some("He knows him.")), first, "repeated, it is the same");
    hand(&late, None, None);
    assert_eq!(owner(&late), ("joe".to_owned(), None));
    // Taken from who covers, it is meant for him.
    hand(&soon, None, Some("It can wait."));
    assert_eq!(owner(&soon), ("joe".to_owned(), Some("It can wait.".to_owned())));
    let without = assign("jane", "2019-03-29");
    hand(&without, None, None);
    assert_eq!(owner(&without), ("lee".to_owned(), Some(said.to_owned())));
}

#[tokio::test]
async fn nobody_is_given_what_was_due_before() {
    let (world, _jane, _joe, case, _joes) = two().await;
    let now: jiff::Timestamp = "2019-03-05T15:00:00Z".parse().unwrap();
    world.clock.set(now);
    let id = EventId::new();
    let assign =
        |id, due: crate::task::TaskDue| case.assign(id, Task::new("Sign").owner(contact("joe")).due(due));
    for due in [crate::task::TaskDue::Day(day("2019-03-04")), crate::task::TaskDue::At(now)] {
        let error = assign(Some(id), due).unwrap_err();
        assert!(matches!(&error, Error::InvalidInput(input) if input.field.as_deref() == Some("due")));
        assert_eq!(reason(&error), "task-due-past");
    }
    assert!(case.expected().unwrap().tasks.all().is_empty(), "nothing was said");
    let today = crate::task::TaskDue::Day(day("2019-03-05"));
    let first = assign(Some(id), today).unwrap();
    world.clock.set("2019-03-07T15:00:00Z".parse().unwrap());
    assert_eq!(assign(Some(id), today).unwrap(), first, "a repeated command is answered as it was first");
}

#[tokio::test]
async fn what_somebody_has_who_goes_out_of_office_goes_to_the_cover_once() {
    // Synthetic: as above, Joe is away from 23 March until 1 April 2019, and Lee covers for him.
    let world = World::new();
    let bundle = include_str!("../../../../examples/data/cp.json");
    let agreement = include_str!("../../../../examples/data/agreement.yaml");
    let jane = world.start_with("jane", Record::Embedded).await;
    jane.import(bundle).await.unwrap();
    jane.add_agreement(agreement).unwrap();
    let case = jane.open(jane.propose("https://caseline.example/care-team|marty").await.unwrap()).unwrap();
    settle(&[&jane]).await;
    let joe = world.start_with("joe", Record::Embedded).await;
    joe.import(include_str!("../../../../examples/data/aco.json")).await.unwrap();
    joe.add_agreement(agreement).unwrap();
    let joes = accept(&joe).await;
    let contact: ContactId = "https://caseline.example/staff|joe".parse().unwrap();
    let assign = |due: &str| {
        case.assign(None, Task::new("Call him back").owner(contact.clone()).due(day(due))).unwrap()
    };
    world.clock.set("2019-03-20T15:00:00Z".parse().unwrap());
    let (soon, later) = (assign("2019-03-27"), assign("2019-04-20"));
    settle(&[&jane, &joe]).await;
    assert_eq!(joe.hand_over_for_absent().unwrap(), 0, "he is there");
    world.clock.set("2019-03-25T15:00:00Z".parse().unwrap());
    assert_eq!(jane.hand_over_for_absent().unwrap(), 0, "they are not hers");
    assert_eq!(joe.hand_over_for_absent().unwrap(), 1);
    assert_eq!(joe.hand_over_for_absent().unwrap(), 0, "once");
    settle(&[&joe, &jane]).await;
    let owner = |key: &EventKey| {
        let task = case.tasks().unwrap().into_iter().find(|task| task.key == *key).unwrap();
        let Assignee::Owner(owner) = &task.assignee else { panic!("{task:?}") };
        (owner.contact.value().to_owned(), task.steps.last().and_then(|step| step.text.clone()))
    };
    let why = "Joe Brennan is away until 1 April 2019; Lee Okafor covers.".to_owned();
    assert_eq!(owner(&soon), ("lee".to_owned(), Some(why)));
    assert_eq!(owner(&later), ("joe".to_owned(), None), "he is back by then");
    // What a person gives back to him while he is away stays with him.
    case.hand_over_task(None, soon.id, contact.clone(), Some("He knows him.")).unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(joe.hand_over_for_absent().unwrap(), 0);
    assert_eq!(joes.tasks().unwrap().len(), 2);
}
