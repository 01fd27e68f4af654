#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use serde_json::Value;

use super::*;
use crate::case::event::EventData;
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{at, event, held, id, next, opening, user};
use crate::communication::MessageSent;
use crate::consent::tests::consent;
use crate::consent::{ConsentRevoked, OverrideReviewed};
use crate::fhir::check::check;
use crate::fhir::project::project;
use crate::fhir::rules;
use crate::label::{Emergency, Marks, Under};

fn fold(said: Vec<(&str, EventData, Marks, &str)>) -> Fold {
    let mut fold = Fold::new();
    fold.insert(next(0, "jane", fold.state(), opening()));
    for (n, (who, data, marks, body)) in said.into_iter().enumerate() {
        let mut event = event(n + 1, fold.state().heads(), data);
        event.marks = marks;
        fold.insert(held(who, body, &event, at(n + 1)));
    }
    fold
}

/// What is written, each checked as at the time of writing.
fn written(fold: &Fold, kind: &str) -> Vec<Value> {
    let writes = project(fold.state(), &Own { patient: "Patient/marty".into() }, &|_| None);
    for write in &writes {
        check(&write.kind, &write.json).unwrap();
        assert!(rules::check(&write.json).unwrap().is_empty(), "{}", write.json);
    }
    let of = writes.iter().filter(|write| write.kind == kind);
    of.map(|write| serde_json::from_str(&write.json).unwrap()).collect()
}

fn plain() -> Marks {
    Marks::default()
}

#[test]
fn a_consent_is_written_with_its_scope_and_ends_as_it_is_taken_back() {
    let mut acts = vec![("jane", EventData::from(consent()), plain(), "words")];
    let [active] = &written(&fold(acts.clone()), "Consent")[..] else { panic!() };
    assert_eq!(active["status"], "active");
    let provision = &active["provision"];
    assert_eq!(provision["securityLabel"][0]["code"], "42CFRPart2");
    assert_eq!(provision["purpose"][0]["code"], "TREAT");
    assert_eq!(provision["actor"][1]["reference"]["identifier"]["value"], "aco");
    assert_eq!(provision["period"]["end"], "2026-02-03");
    assert!(active["policy"][0]["uri"].as_str().unwrap().ends_with("part-2"));
    assert_eq!(active["sourceReference"]["display"], "Synthetic folder 7");

    let revoked = ConsentRevoked {
        consent: id(1),
        on: consent().from,
        reason: String::new(),
        source: "by telephone".into(),
    };
    acts.push(("joe", revoked.into(), plain(), "words"));
    let [inactive] = &written(&fold(acts), "Consent")[..] else { panic!() };
    assert_eq!(inactive["status"], "inactive");
    assert_eq!(inactive["provision"]["period"]["end"], "2026-01-05");
    assert_eq!(inactive["identifier"], active["identifier"]);
}

#[test]
fn a_consent_that_took_no_step_is_entered_in_error() {
    let acts = vec![("cp-bot", EventData::from(consent()), plain(), "words")];
    let [wrong] = &written(&fold(acts), "Consent")[..] else { panic!() };
    assert_eq!(wrong["status"], "entered-in-error");
}

#[test]
fn what_is_labelled_is_written_so_and_a_message_with_its_notice() {
    let marks = Marks {
        labels: Label::OF_PART_2.into(),
        under: Some(Under { consents: [id(1)].into(), notice: 4 }),
        ..plain()
    };
    let acts = vec![
        ("jane", EventData::from(consent()), plain(), "words"),
        ("jane", MessageSent::default().into(), marks, "Said\n\nThe statement, and the scope"),
    ];
    let fold = fold(acts);
    let messages = written(&fold, "Communication");
    let message = messages.iter().find(|one| one["payload"].is_array()).unwrap();
    assert_eq!(message["payload"][0]["contentString"], "Said");
    assert_eq!(message["payload"][1]["contentString"], "The statement, and the scope");
    let labels = crate::fhir::labels::labels_in(&message.to_string());
    assert_eq!(labels, Label::OF_PART_2.into());
    // And whoever reads the line of it reads both.
    let line = fold.state().timeline.last().unwrap();
    assert_eq!(line.text, "Said\n\nThe statement, and the scope");
    assert_eq!(fold.state().messages[0].text.as_deref(), Some("Said"));
}

#[test]
fn what_one_of_a_program_says_is_labelled_whether_they_say_so_or_not() {
    let mut fold = fold(vec![]);
    let kim = crate::case::fold::tests::world::seat("kim");
    let named = next(1, "jane", fold.state(), crate::case::life::SeatAdded { seat: kim });
    fold.insert(named);
    fold.insert(next(2, "kim", fold.state(), MessageSent::default()));
    let key = EventKey { sender: user("kim"), id: id(2) };
    assert_eq!(fold.state().labels_of(&key), Some(&Label::OF_PART_2.into()));
    let messages = written(&fold, "Communication");
    assert!(messages.iter().any(|one| one["meta"]["security"].as_array().is_some_and(|all| all.len() == 4)));
}

#[test]
fn an_emergency_is_a_task_until_somebody_has_looked_at_it() {
    let marks = Marks { btg: Some(Emergency { reason: "Not breathing".into() }), ..plain() };
    let mut acts = vec![("joe", EventData::from(MessageSent::default()), marks, "Said")];
    let [task] = &written(&fold(acts.clone()), "Task")[..] else { panic!() };
    assert_eq!(task["status"], "requested");
    assert!(task["description"].as_str().unwrap().contains("Not breathing"));
    let event = EventKey { sender: user("joe"), id: id(1) };
    let reviewed = OverrideReviewed { event, justified: true, finding: "It was one".into() };
    acts.push(("lee", reviewed.into(), plain(), "words"));
    let [task] = &written(&fold(acts), "Task")[..] else { panic!() };
    assert_eq!(task["status"], "completed");
    assert_eq!(task["output"][0]["valueString"], "It was one");
}
