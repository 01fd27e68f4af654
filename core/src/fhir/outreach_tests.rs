#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use serde_json::Value;

use super::*;
use crate::case::event::EventData;
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{at, next, opening};
use crate::case::life::CaseReopened;
use crate::case::life::{CaseClosed, CloseReason};
use crate::case::state::Standing;
use crate::fhir::project::project;
use crate::fhir::{check::check, rules};
use crate::outreach::{ContactProhibited, ContactWithdrawn, StageReached};

fn own() -> Own {
    Own { patient: "Patient/marty".into() }
}

fn stage(stage: Stage, on: &str) -> EventData {
    let on = on.parse().unwrap();
    StageReached {
        stage,
        on,
        source: "list".into(),
        enrolled: None,
        left: None,
        to_aco: None,
        corrects: None,
    }
    .into()
}

fn contact(channel: Channel, reached: bool, face_to_face: bool, n: usize) -> EventData {
    let outcome = "Talked about housing".to_owned();
    ContactRecorded {
        when: at(n),
        by: None,
        channel,
        face_to_face,
        reached,
        outcome,
        about: None,
        not_made: None,
    }
    .into()
}

/// The resources of a kind that are written after these, each checked as at the time of writing.
fn written(acts: Vec<(&str, EventData)>, kind: &str) -> Vec<Value> {
    let mut fold = Fold::new();
    for (n, (who, data)) in acts.into_iter().enumerate() {
        let event = next(n, who, fold.state(), data);
        fold.insert(event);
    }
    let writes = project(fold.state(), &own(), &|_| None);
    for write in &writes {
        check(&write.kind, &write.json).unwrap();
        assert!(rules::check(&write.json).unwrap().is_empty(), "{}", write.json);
    }
    let of = writes.iter().filter(|write| write.kind == kind);
    of.map(|write| serde_json::from_str(&write.json).unwrap()).collect()
}

#[test]
fn where_the_member_stands_is_an_episode_with_its_clocks() {
    assert!(written(vec![("jane", opening().into())], "EpisodeOfCare").is_empty());
    let mut acts = vec![
        ("jane", opening().into()),
        ("joe", stage(Stage::Assigned, "2026-01-01")),
        ("jane", stage(Stage::Outreach, "2026-01-02")),
        ("jane", stage(Stage::Engaged, "2026-01-03")),
    ];
    let [episode] = &written(acts.clone(), "EpisodeOfCare")[..] else { panic!() };
    assert_eq!(episode["status"], "active");
    assert_eq!(episode["period"], serde_json::json!({ "start": "2026-01-01" }));
    assert_eq!(episode["statusHistory"][0]["status"], "planned");
    assert_eq!(episode["statusHistory"][0]["period"]["end"], "2026-01-03");
    let clock = &episode["extension"][2]["extension"];
    assert_eq!(
        (&clock[0]["valueCode"], &clock[2]["valueDate"]),
        (&"plan-completed".into(), &"2026-05-03".into())
    );
    acts.push(("jane", CaseClosed { reason: CloseReason::Graduated, continued_in: None }.into()));
    let [episode] = &written(acts, "EpisodeOfCare")[..] else { panic!() };
    assert_eq!((&episode["status"], &episode["period"]["end"]), (&"finished".into(), &"2026-01-05".into()));
}

#[test]
fn a_contact_is_an_encounter_or_a_communication() {
    let acts = || {
        vec![
            ("jane", opening().into()),
            ("jane", contact(Channel::Letter, false, false, 0)),
            ("jane", contact(Channel::Video, true, true, 1)),
            ("jane", contact(Channel::Phone, true, false, 2)),
            // The same again: it took no step, and may have been written while it did.
            ("jane", contact(Channel::Phone, true, false, 2)),
        ]
    };
    let [met] = &written(acts(), "Encounter")[..] else { panic!() };
    assert_eq!((&met["status"], &met["class"]["code"]), (&"finished".into(), &"VR".into()));
    assert_eq!(met["participant"][0]["individual"]["identifier"]["value"], "jane");
    let said: Vec<Value> =
        written(acts(), "Communication").into_iter().filter(|one| one.get("medium").is_some()).collect();
    let statuses: Vec<&str> = said.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["entered-in-error", "not-done", "completed"]);
    assert_eq!(said[1]["statusReason"]["coding"][0]["code"], "recipient-unavailable");
    assert_eq!(said[2]["note"][0]["text"], "Talked about housing");
    assert_eq!(said[2].get("statusReason"), None);
}

#[test]
fn what_must_not_be_said_is_a_communication_that_was_not_made() {
    let not_made = |n, channel, why| {
        let EventData::ContactRecorded(attempt) = contact(channel, false, false, n) else { panic!() };
        EventData::from(ContactRecorded { not_made: Some(why), ..attempt })
    };
    let reason = "He rings himself".to_owned();
    let on = "2026-01-05".parse().unwrap();
    let acts = vec![
        ("jane", opening().into()),
        ("joe", ContactProhibited { on, representative: false, reason }.into()),
        ("jane", not_made(3, Channel::Letter, NotMade::Member)),
        ("jane", not_made(4, Channel::Phone, NotMade::Agreement)),
    ];
    let said: Vec<Value> =
        written(acts, "Communication").into_iter().filter(|one| one.get("medium").is_some()).collect();
    let codes = |one: &Value| -> Vec<String> {
        let all = one["statusReason"]["coding"].as_array().unwrap();
        all.iter().map(|coding| coding["code"].as_str().unwrap().to_owned()).collect()
    };
    let [member, agreement] = &said[..] else { panic!("{said:?}") };
    assert_eq!((&member["status"], &agreement["status"]), (&"not-done".into(), &"not-done".into()));
    assert_eq!(codes(member), ["patient-objection", "contacting-subject-prohibited"]);
    assert_eq!(codes(agreement), ["contacting-subject-prohibited"]);
    assert_eq!(member["statusReason"]["text"], "the member must not be contacted");
}

#[test]
fn a_case_closed_as_unreachable_too_early_goes_on() {
    let mut fold = Fold::new();
    let close = || EventData::from(CaseClosed { reason: CloseReason::Unreachable, continued_in: None });
    let acts = [
        ("jane", opening().into()),
        ("jane", contact(Channel::Phone, false, false, 0)),
        ("jane", close()),
        ("jane", contact(Channel::Letter, false, false, 2)),
        ("jane", close()),
    ];
    for (n, (who, data)) in acts.into_iter().enumerate() {
        let event = next(n, who, fold.state(), data);
        fold.insert(event);
    }
    let state = fold.state();
    let codes: Vec<&str> = state.timeline.iter().map(|entry| entry.standing.code()).collect();
    assert_eq!(codes, ["counted", "counted", "superseded", "counted", "counted"]);
    assert!(state.timeline[1].text.contains("This was against the terms"), "{}", state.timeline[1].text);
    assert!(!state.timeline[3].text.contains("against the terms"));
    let Standing::Superseded { reason } = &state.timeline[2].standing else { panic!() };
    assert_eq!(reason.code, "unreachable-too-early");
}

#[test]
fn a_contact_recorded_in_error_is_entered_in_error() {
    let mut fold = Fold::new();
    let acts =
        [opening().into(), contact(Channel::Visit, true, true, 0), contact(Channel::Phone, false, false, 0)];
    let mut events = Vec::new();
    for (n, data) in acts.into_iter().enumerate() {
        let event = next(n, "jane", fold.state(), data);
        events.push(event.key());
        fold.insert(event);
    }
    for (n, contact) in events.iter().skip(1).enumerate() {
        let back = ContactWithdrawn { contact: contact.clone(), reason: "another member".into() };
        fold.insert(next(n + 3, "jane", fold.state(), back));
    }
    let writes = project(fold.state(), &own(), &|_| None);
    let of = |kind: &str| -> Vec<Value> {
        let of = writes.iter().filter(|write| write.kind == kind);
        of.map(|write| serde_json::from_str(&write.json).unwrap()).collect()
    };
    assert_eq!(of("Encounter")[0]["status"], "entered-in-error");
    let tried =
        of("Communication").into_iter().find(|one| one["category"][0]["text"] == "Contact with the member");
    assert_eq!(tried.unwrap()["status"], "entered-in-error");
    for write in &writes {
        check(&write.kind, &write.json).unwrap();
        assert!(rules::check(&write.json).unwrap().is_empty(), "{}", write.json);
    }
}

#[test]
fn a_case_that_was_opened_again_is_one_episode_with_its_course() {
    let back = CaseReopened {
        reason: "re-enrolled".into(),
        on: "2026-01-05".parse().unwrap(),
        source: "list".into(),
        enrolled: None,
        left: None,
    };
    let acts = || {
        vec![
            ("jane", opening().into()),
            ("joe", stage(Stage::Assigned, "2026-01-01")),
            ("jane", stage(Stage::Engaged, "2026-01-03")),
            ("jane", CaseClosed { reason: CloseReason::Moved, continued_in: None }.into()),
            ("joe", back.clone().into()),
        ]
    };
    let [episode] = &written(acts(), "EpisodeOfCare")[..] else { panic!() };
    assert_eq!((&episode["status"], &episode["period"]["end"]), (&"planned".into(), &Value::Null));
    let before: Vec<&str> = episode["statusHistory"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status"].as_str().unwrap())
        .collect();
    assert_eq!(before, ["planned", "active", "finished"]);
    let [team] = &written(acts(), "CareTeam")[..] else { panic!() };
    assert_eq!((&team["status"], &team["period"]["end"]), (&"active".into(), &Value::Null));
    let threads = written(acts(), "Communication");
    assert_eq!(threads[0]["status"], "in-progress");
}
