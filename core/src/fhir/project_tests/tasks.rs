//! Who does what, in a record. All data is synthetic.

use super::*;
use crate::care_team::Whom;
use crate::task::{
    Assignee, TaskAssigned, TaskCancelled, TaskClaimed, TaskCompleted, TaskDeclined, TaskHandedOver,
};

fn owner(who: &str) -> Assignee {
    let contact = seat(who).contact;
    Assignee::Owner(Whom { contact: contact.id, organization: contact.organization })
}

fn task(who: &str, n: usize) -> EventKey {
    EventKey { sender: user(who), id: id(n) }
}

fn assigned(title: &str, to: Assignee) -> TaskAssigned {
    TaskAssigned {
        title: title.into(),
        detail: None,
        to,
        due: "2026-01-09".parse().unwrap(),
        priority: Priority::Urgent,
    }
}

/// A form that Joe declines and Jane gives to Rao, who is done with it; a ride that Joe's team takes; a call that is called off.
fn ledger() -> Vec<Held> {
    let mut fold = Fold::new();
    let acts: Vec<(&str, EventData)> = vec![
        ("jane", opening().into()),
        ("jane", assigned("Housing form", owner("joe")).into()),
        ("joe", TaskDeclined { task: task("jane", 1), reason: "I am away".into() }.into()),
        ("jane", TaskHandedOver { task: task("jane", 1), to: owner("rao"), reason: None }.into()),
        ("rao", TaskCompleted { task: task("jane", 1), outcome: "Sent on Tuesday".into() }.into()),
        ("jane", assigned("Ride", Assignee::Pool(seat("joe").contact.organization)).into()),
        ("joe", TaskClaimed { task: task("jane", 5) }.into()),
        ("joe", assigned("Call", owner("jane")).into()),
        ("joe", TaskCancelled { task: task("joe", 7), reason: "He called himself".into() }.into()),
    ];
    let mut events = Vec::new();
    for (n, (who, data)) in acts.into_iter().enumerate() {
        let event = next(n, who, fold.state(), data);
        fold.insert(event.clone());
        events.push(event);
    }
    for entry in &fold.state().timeline {
        assert_eq!(entry.standing, Standing::Counted);
    }
    events
}

fn tasks(fold: &Fold) -> Vec<serde_json::Value> {
    let writes = project(fold.state(), &own(), &inline);
    let tasks = of(&writes, "Task");
    for write in &tasks {
        check("Task", &write.json).unwrap();
        assert_eq!(crate::fhir::check(&write.json).unwrap(), [], "{}", write.json);
    }
    tasks.iter().map(|write| serde_json::from_str(&write.json).unwrap()).collect()
}

#[test]
fn a_task_says_who_does_what_until_when() {
    let events = ledger();
    let of = |known: usize, which: usize| tasks(&folded(&events[..known]))[which].clone();
    let form = of(2, 0);
    assert_eq!(form["status"], "requested");
    assert_eq!((form["intent"].as_str(), form["priority"].as_str()), (Some("order"), Some("urgent")));
    assert_eq!(
        (form["code"]["text"].as_str(), form["for"]["reference"].as_str()),
        (Some("Housing form"), Some("Patient/marty"))
    );
    assert_eq!(form["requester"]["identifier"]["value"], "jane");
    assert_eq!(form["owner"]["identifier"]["value"], "joe");
    assert_eq!(form["restriction"]["period"]["end"], "2026-01-09");
    assert_eq!(form["authoredOn"], at(1).to_string());
    let declined = of(3, 0);
    assert_eq!(
        (declined["status"].as_str(), declined["statusReason"]["text"].as_str()),
        (Some("rejected"), Some("I am away"))
    );
    let handed = of(4, 0);
    assert_eq!(
        (handed["status"].as_str(), handed["statusReason"]["text"].as_str()),
        (Some("requested"), Some("Handed over"))
    );
    assert_eq!(handed["owner"]["identifier"]["value"], "rao");
    let done = of(5, 0);
    assert_eq!(
        (done["status"].as_str(), done["output"][0]["valueString"].as_str()),
        (Some("completed"), Some("Sent on Tuesday"))
    );
    assert_eq!(of(6, 1)["owner"]["type"], "Organization");
    let ride = of(7, 1);
    assert_eq!(
        (ride["status"].as_str(), ride["owner"]["identifier"]["value"].as_str()),
        (Some("accepted"), Some("joe"))
    );
    let call = of(9, 2);
    assert_eq!(
        (call["status"].as_str(), call["statusReason"]["text"].as_str()),
        (Some("cancelled"), Some("He called himself"))
    );
}

#[tokio::test]
async fn a_task_is_written_alike_by_who_wrote_each_step_and_by_who_came_late() {
    let (steps, late) = (PlainRecord::new(), PlainRecord::new());
    let mut fold = Fold::new();
    for event in ledger() {
        fold.insert(event);
        drain(&steps, &fold).await;
    }
    drain(&late, &fold).await;
    let written = |of: Vec<crate::ports::Stored>| of.into_iter().map(|one| one.json).collect::<Vec<_>>();
    let there = written(steps.search("Task", &[]).await.unwrap());
    assert_eq!(there.len(), 3);
    assert_eq!(there, written(late.search("Task", &[]).await.unwrap()));
}

/// Joe's seat ends while Jane, not knowing, gives him a task, and Rao is done with one that Jane called off before.
#[tokio::test]
async fn what_took_no_step_is_entered_in_error_or_as_it_was_before() {
    let mut fold = folded(&ledger()[..2]);
    let before = fold.clone();
    let joe = seat("joe").contact;
    let ended = SeatEnded { contact: joe.id, organization: joe.organization };
    let given = next(40, "jane", before.state(), assigned("Another form", owner("joe")));
    let done =
        next(41, "joe", before.state(), TaskCompleted { task: task("jane", 1), outcome: "Sent".into() });
    // What comes later in the fold's order has an id that is higher: both are of the same clock.
    let earlier = |data: EventData, than: &Held, who: &str| {
        let mut found = (50..400).map(|n| next(n, who, before.state(), data.clone()));
        found.find(|event| event.key().id < than.key().id && event.key().id < done.key().id).unwrap()
    };
    let ended = earlier(ended.into(), &given, "lee");
    let cancelled = TaskCancelled { task: task("jane", 1), reason: "He did it himself".into() };
    let cancelled = earlier(cancelled.into(), &given, "jane");
    let (early, never) = (PlainRecord::new(), PlainRecord::new());
    fold.extend([given.clone(), done]);
    drain(&early, &fold).await;
    assert_eq!(tasks(&fold).iter().filter(|task| task["status"] == "completed").count(), 1);
    let stale = fold.clone();
    fold.extend([ended, cancelled]);
    drain(&early, &fold).await;
    drain(&never, &fold).await;
    let mut all = Vec::new();
    for record in [&early, &never] {
        let mut written: Vec<String> =
            record.search("Task", &[]).await.unwrap().into_iter().map(|one| one.json).collect();
        written.sort();
        all.push(written);
    }
    assert_eq!(all[0], all[1]);
    let statuses: Vec<String> =
        tasks(&fold).iter().map(|task| task["status"].as_str().unwrap().into()).collect();
    assert_eq!(statuses, ["entered-in-error", "cancelled"]);
    assert!(!all[0].iter().any(|json| json.contains("\"output\"")), "what did not count left nothing");
    // Who has not heard of it does not write back what was.
    let done = drain(&early, &stale).await;
    assert!(done.iter().filter(|one| matches!(one, Applied::Behind(_))).count() >= 1, "{done:?}");
}

/// Of a case that is closed nobody does what was open; a device that has not heard of it does not write that back, and a case that goes
/// on again has it as it was.
#[tokio::test]
async fn what_is_open_when_a_case_is_closed_is_called_off_until_it_goes_on() {
    let (record, late) = (PlainRecord::new(), PlainRecord::new());
    let mut fold = folded(&ledger()[..7]);
    let said = |fold: &Fold| -> Vec<[String; 2]> {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let all = tasks(fold);
        all.iter().map(|task| [text(&task["status"]), text(&task["statusReason"]["text"])]).collect()
    };
    let open = said(&fold);
    drain(&record, &fold).await;
    let stale = fold.clone();
    let closed = CaseClosed { reason: CloseReason::Moved, continued_in: None };
    fold.insert(next(10, "jane", fold.state(), closed));
    drain(&record, &fold).await;
    assert_eq!(said(&fold), [open[0].clone(), ["cancelled".into(), "The case was closed".into()]]);
    let behind = drain(&record, &stale).await;
    assert!(behind.iter().any(|one| matches!(one, Applied::Behind(_))), "{behind:?}");
    let written = |of: Vec<crate::ports::Stored>| of.into_iter().map(|one| one.json).collect::<Vec<_>>();
    let there = written(record.search("Task", &[]).await.unwrap());
    assert_eq!(there.iter().filter(|json| json.contains("The case was closed")).count(), 1, "{there:?}");
    let closed = fold.clone();
    let back = crate::case::life::CaseReopened {
        reason: "re-enrolled".into(),
        on: "2026-01-05".parse().unwrap(),
        source: "list".into(),
        enrolled: None,
        left: None,
    };
    fold.insert(next(11, "joe", fold.state(), back));
    assert_eq!(said(&fold), open);
    drain(&record, &fold).await;
    let behind = drain(&record, &closed).await;
    assert!(behind.iter().any(|one| matches!(one, Applied::Behind(_))), "{behind:?}");
    drain(&late, &fold).await;
    let there = written(record.search("Task", &[]).await.unwrap());
    assert_eq!(there, written(late.search("Task", &[]).await.unwrap()));
}
