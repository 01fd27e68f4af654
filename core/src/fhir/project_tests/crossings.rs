//! What is to go across by other ways than Matrix, in a record. All data is synthetic.

use super::*;
use crate::case::fold::tests::world::{acts, document, opening_alone, play_from};
use crate::case::life::RungPosted;
use crate::crossing::{CrossingCarried, Way};
use proptest::prelude::*;

fn key(n: usize) -> EventKey {
    event_key("jane", n)
}

fn carried(events: &[EventKey], reached: bool) -> EventData {
    let outcome = "Left it with the front desk".to_owned();
    CrossingCarried { events: events.to_vec(), how: Way::Fax, with: None, reached, outcome }.into()
}

/// The Tasks after these, in the record of the side that is there.
fn tasks(acts: &[(&str, EventData)]) -> Vec<serde_json::Value> {
    let mut fold = Fold::new();
    for (n, (who, data)) in acts.iter().enumerate() {
        fold.insert(next(n, who, fold.state(), data.clone()));
    }
    let writes = project(fold.state(), &own(), &inline);
    let tasks = of(&writes, "Task");
    for write in &tasks {
        check("Task", &write.json).unwrap();
        assert_eq!(crate::fhir::check(&write.json).unwrap(), [], "{}", write.json);
    }
    tasks.iter().map(|write| serde_json::from_str(&write.json).unwrap()).collect()
}

#[test]
fn one_task_says_what_is_to_go_across_to_a_side() {
    let mut acts: Vec<(&str, EventData)> =
        vec![("jane", opening_alone().into()), ("jane", MessageSent::default().into())];
    let [task] = &tasks(&acts)[..] else { panic!("one Task") };
    assert_eq!((task["status"].as_str(), task["intent"].as_str()), (Some("requested"), Some("order")));
    assert_eq!(task["owner"]["identifier"]["value"], "jane");
    assert_eq!(task["for"]["reference"], "Patient/marty");
    assert_eq!(task["restriction"]["period"]["end"], "2026-01-06");
    let inputs = |task: &serde_json::Value| -> Vec<String> {
        let inputs = task["input"].as_array().unwrap().iter();
        inputs.map(|input| input["type"]["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(inputs(task), ["case", "message"]);

    acts.push(("jane", carried(&[key(0), key(1)], false)));
    let task = &tasks(&acts)[0];
    assert_eq!(task["status"], "in-progress");
    assert_eq!(task["note"].as_array().unwrap().len(), 1, "one record of two things is one note");
    assert_eq!(task["note"][0]["text"], "It did not arrive by fax: Left it with the front desk");
    assert_eq!(task["note"][0]["time"], at(2).to_string());
    assert_eq!(task["note"][0]["authorReference"]["identifier"]["value"], "jane");

    acts.push(("jane", carried(&[key(0), key(1)], true)));
    let task = &tasks(&acts)[0];
    assert_eq!((task["status"].as_str(), task["owner"].is_null()), (Some("on-hold"), true));
    assert_eq!(task["note"][1]["text"], "It arrived by fax: Left it with the front desk");

    acts.truncate(2);
    acts.push(("jane", CaseClosed { reason: CloseReason::Moved, continued_in: None }.into()));
    assert_eq!(tasks(&acts)[0]["status"], "cancelled");
    // Where everybody reads along there is none.
    assert!(tasks(&[("jane", opening().into()), ("jane", MessageSent::default().into())]).is_empty());
}

#[test]
fn what_was_said_before_they_joined_is_theirs_by_the_handover() {
    let acts: Vec<(&str, EventData)> = vec![
        ("jane", opening_alone().into()),
        ("jane", SeatAdded { seat: seat("joe") }.into()),
        ("joe", CaseAccepted { case: opening().case }.into()),
    ];
    let states: Vec<serde_json::Value> =
        (1..=3).map(|known| tasks(&acts[..known])[0]["status"].clone()).collect();
    assert_eq!(states, ["requested", "requested", "on-hold"]);
}

fn whom(who: &str) -> (crate::id::ContactId, crate::id::OrganizationId) {
    let contact = seat(who).contact;
    (contact.id, contact.organization)
}

/// The Tasks after these, each said at that time in days.
fn tasks_over_days(acts: &[(&str, EventData, i64)]) -> Vec<serde_json::Value> {
    let mut fold = Fold::new();
    for (n, (who, data, days)) in acts.iter().enumerate() {
        let when = at(n) + jiff::SignedDuration::from_hours(24 * days);
        let mut event = crate::case::fold::tests::world::event(n, fold.state().heads(), data.clone());
        event.at = when;
        fold.insert(crate::case::fold::tests::world::held(who, "words", &event, when));
        assert_eq!(fold.state().timeline.last().unwrap().standing.code(), "counted", "{n}");
    }
    let writes = project(fold.state(), &own(), &|_| None);
    let tasks = of(&writes, "Task");
    for write in &tasks {
        check("Task", &write.json).unwrap();
        assert_eq!(crate::fhir::check(&write.json).unwrap(), [], "{}", write.json);
    }
    tasks.iter().map(|write| serde_json::from_str(&write.json).unwrap()).collect()
}

fn rung(who: &str, n: u32, plan: &EventKey) -> EventData {
    let (contact, organization) = whom(who);
    RungPosted {
        owed: plan.owed(),
        clock: "plan-return".into(),
        rung: n,
        contact,
        organization,
        due: at(0) + jiff::SignedDuration::from_hours(24 * 15),
        left: false,
    }
    .into()
}

fn plan_sent() -> PlanSent {
    PlanSent { document: document("plan"), sign_by: None, member_approved: None, replaces: None, on: None }
}

#[test]
fn a_call_says_who_calls_whom_by_which_number_and_about_what() {
    let sha256 = plan_sent().document.sha256;
    let mut acts = vec![
        ("jane", EventData::from(opening()), 0),
        ("jane", plan_sent().into(), 0),
        ("aco-bot", rung("lee", 1, &key(1)), 20),
    ];
    let [task] = &tasks_over_days(&acts)[..] else { panic!("one Task") };
    assert_eq!(
        (task["status"].as_str(), task["code"]["text"].as_str()),
        (Some("requested"), Some("Call by telephone"))
    );
    assert_eq!(task["statusReason"]["text"], "Somebody is to be called");
    assert_eq!(task["owner"]["identifier"]["value"], "jane", "who waits for an answer calls");
    assert_eq!(
        task["requester"]["identifier"]["value"],
        opening().community_side.id.value(),
        "not the keeper of those to be called"
    );
    assert_eq!(task["input"][0]["type"]["text"], "call");
    assert_eq!(
        task["description"],
        "jane is to call lee (555-0102) about what is overdue, and record whether they were reached. \
         Overdue: return the care plan, approved or with changes to make. It was due by 2026-01-19."
    );
    assert!(task["restriction"]["period"]["end"].is_string());

    acts.push(("jane", carried(&[event_key("aco-bot", 2)], false), 20));
    let task = &tasks_over_days(&acts)[0];
    assert_eq!(
        (task["status"].as_str(), task["statusReason"]["text"].as_str()),
        (Some("in-progress"), Some("They were not reached yet"))
    );
    assert_eq!(task["owner"]["identifier"]["value"], "jane");

    // What was overdue is done: nobody is called about it, and the Task is shaped anew by that.
    let before = task["extension"].clone();
    acts.push(("rao", PlanApproved { plan: id(1), sha256 }.into(), 21));
    let task = &tasks_over_days(&acts)[0];
    assert_eq!((task["status"].as_str(), task["owner"].is_null()), (Some("on-hold"), true));
    assert_eq!(task["statusReason"]["text"], "Nobody is to be called for now");
    assert_ne!(task["extension"], before);
    assert_eq!(task["code"]["text"], "Call by telephone");
}

#[test]
fn a_task_of_things_and_a_call_says_both() {
    let acts = [
        ("jane", EventData::from(opening_alone()), 0),
        ("jane", plan_sent().into(), 0),
        ("cp-bot", rung("lee", 1, &key(1)), 20),
    ];
    let [task] = &tasks_over_days(&acts)[..] else { panic!("one Task") };
    assert_eq!(task["code"]["text"], "Take across by telephone, fax or folder, and call by telephone");
    let text = task["description"].as_str().unwrap();
    let begins = "What Harbor ACO must hear of and does not read on Matrix. jane is to call lee (555-0102) about what is overdue";
    assert!(text.starts_with(begins), "{text}");
    assert_eq!(task["requester"]["identifier"]["value"], "jane", "she said what is to go across");
    assert_eq!(task["owner"]["identifier"]["value"], "jane");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_is_written_alike_and_breaks_no_rule(acts in acts(true)) {
        let events = play_from(opening_alone(), &acts);
        let reversed: Vec<Held> = events.iter().rev().cloned().collect();
        let whole = project(folded(&events).state(), &own(), &inline);
        prop_assert_eq!(&whole, &project(folded(&reversed).state(), &own(), &inline));
        for write in whole.iter().filter(|write| write.kind == "Task") {
            prop_assert!(check(&write.kind, &write.json).is_ok(), "{}", write.json);
            prop_assert_eq!(crate::fhir::check(&write.json).unwrap(), [], "{}", write.json);
        }
        // What was written at any time is named by every later projection, so that nothing is left standing.
        let names = |writes: &[RecordWrite]| -> std::collections::BTreeSet<String> {
            writes.iter().filter(|write| write.kind == "Task").map(|write| write.find.1.clone()).collect()
        };
        let last = names(&whole);
        let mut fold = Fold::new();
        for event in &reversed {
            fold.insert(event.clone());
            let now = names(&project(fold.state(), &own(), &inline));
            prop_assert!(now.is_subset(&last), "a Task that nobody takes back");
        }
    }
}
