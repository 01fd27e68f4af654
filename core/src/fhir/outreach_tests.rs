#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use serde_json::Value;

use super::*;
use crate::alert::{AlertRaised, Happening, Matched, StayClass, StayKey};
use crate::case::event::EventData;
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{at, id, next, opening, user};
use crate::case::life::CaseReopened;
use crate::case::life::{CaseClosed, CloseReason};
use crate::case::state::Standing;
use crate::communication::Priority;
use crate::fhir::project::project;
use crate::fhir::{check::check, rules};
use crate::outreach::{
    ContactPermitted, ContactProhibited, ContactWithdrawn, OutreachAsked, OutreachGranted, OutreachRefused,
    StageReached,
};

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

fn asks() -> EventData {
    OutreachAsked { channel: Channel::Visit, why: "He has no telephone".into() }.into()
}

fn tasks(acts: Vec<(&str, EventData)>) -> Vec<Value> {
    let ours = |one: &Value| one["identifier"][0]["system"] == codes::OUTREACH_ASK;
    written(acts, "Task").into_iter().filter(ours).collect()
}

#[test]
fn a_question_whether_one_may_reach_out_is_a_task_of_the_plan_side() {
    let asked = crate::case::event::EventKey { sender: user("jane"), id: id(1) };
    let mut acts = vec![("jane", opening().into()), ("jane", asks())];
    let [task] = &tasks(acts.clone())[..] else { panic!() };
    assert_eq!(
        (&task["status"], &task["code"]["coding"][0]["code"]),
        (&"requested".into(), &"approve".into())
    );
    assert_eq!(
        task["description"],
        "May one reach out to the member? By which way: visit. He has no telephone"
    );
    assert_eq!(task["owner"]["identifier"]["value"], "aco");
    assert_eq!(task["requester"]["identifier"]["value"], "jane");
    assert!(task["restriction"]["period"]["end"].is_string(), "{task}");
    let until: jiff::civil::Date = "2026-03-01".parse().unwrap();
    let granted = OutreachGranted { ask: asked.clone(), until: Some(until), reason: String::new() };
    let refused = OutreachRefused { ask: asked, reason: "Not in this week".into() };
    let mut both = acts.clone();
    acts.push(("joe", granted.into()));
    let [task] = &tasks(acts.clone())[..] else { panic!() };
    assert_eq!((&task["status"], &task["statusReason"]["text"]), (&"completed".into(), &"Granted".into()));
    assert_eq!(task["output"][0]["valueDate"], "2026-03-01");
    // The second answer changes nothing.
    acts.push(("joe", refused.clone().into()));
    assert_eq!(tasks(acts)[0]["status"], "completed");
    both.push(("joe", refused.into()));
    let [task] = &tasks(both)[..] else { panic!() };
    assert_eq!(
        (&task["status"], &task["statusReason"]["text"]),
        (&"rejected".into(), &"Not in this week".into())
    );
}

#[test]
fn a_question_that_was_asked_before_is_entered_in_error() {
    let statuses = |acts| -> Vec<Value> { tasks(acts).iter().map(|task| task["status"].clone()).collect() };
    assert_eq!(
        statuses(vec![("jane", opening().into()), ("jane", asks()), ("jane", asks())]),
        ["requested", "entered-in-error"]
    );
    // The plan side never asks: nobody's record ever had that.
    assert!(statuses(vec![("jane", opening().into()), ("joe", asks())]).is_empty());
}

#[test]
fn a_question_waits_for_no_answer_in_a_case_that_is_closed() {
    let said = |acts: &[(&'static str, EventData)]| {
        let [task] = &tasks(acts.to_vec())[..] else { panic!() };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        [text(&task["status"]), text(&task["statusReason"]["text"]), text(&task["lastModified"])]
    };
    let close = || -> EventData { CaseClosed { reason: CloseReason::Moved, continued_in: None }.into() };
    let mut acts = vec![("jane", opening().into()), ("jane", asks())];
    let before = said(&acts);
    acts.push(("jane", close()));
    let closed = said(&acts);
    assert_eq!(closed[..2], ["cancelled", "The case was closed"]);
    assert!(closed[2] > before[2], "{closed:?}");
    let back = CaseReopened {
        reason: "re-enrolled".into(),
        on: "2026-01-05".parse().unwrap(),
        source: "list".into(),
        enrolled: None,
        left: None,
    };
    acts.push(("joe", back.into()));
    assert_eq!(said(&acts), before);
    // What was answered stays so.
    let asked = crate::case::event::EventKey { sender: user("jane"), id: id(1) };
    let granted = OutreachGranted { ask: asked, until: None, reason: String::new() };
    let acts = [("jane", opening().into()), ("jane", asks()), ("joe", granted.into()), ("jane", close())];
    assert_eq!(said(&acts)[0], "completed");
}

#[test]
fn that_a_member_must_not_be_contacted_is_a_flag_until_it_is_lifted() {
    let on = "2026-01-04".parse().unwrap();
    let said = |reason: &str| -> EventData {
        ContactProhibited { on, representative: false, reason: reason.into() }.into()
    };
    let lifts = |n| -> EventData {
        let prohibition = crate::case::event::EventKey { sender: user("joe"), id: id(n) };
        ContactPermitted { prohibition, reason: "He rang himself".into() }.into()
    };
    assert!(written(vec![("jane", opening().into())], "Flag").is_empty());
    let mut acts = vec![("jane", opening().into()), ("joe", said("Ring his sister"))];
    let flag = |acts: &Vec<(&'static str, EventData)>| -> Value {
        let [flag] = &written(acts.clone(), "Flag")[..] else { panic!() };
        flag.clone()
    };
    let first = flag(&acts);
    assert_eq!(
        (&first["status"], &first["category"][0]["coding"][0]["code"]),
        (&"active".into(), &"contact".into())
    );
    assert_eq!(first["code"]["text"], "The member must not be contacted: Ring his sister");
    assert_eq!(first["period"], serde_json::json!({ "start": "2026-01-04" }));
    assert_eq!(first["author"]["identifier"]["value"], "joe");
    acts.push(("jane", lifts(1)));
    let lifted = flag(&acts);
    assert_eq!((&lifted["status"], &lifted["period"]["end"]), (&"inactive".into(), &"2026-01-05".into()));
    // The same Flag again: one for each case.
    acts.push(("joe", said("Not on Sundays")));
    let again = flag(&acts);
    assert_eq!((&again["status"], &again["identifier"]), (&"active".into(), &first["identifier"]));
    assert_eq!(again["code"]["text"], "The member must not be contacted: Not on Sundays");
    assert_eq!(again["period"].get("end"), None);
    // Nobody's record ever had what could not be said.
    assert!(written(vec![("jane", opening().into()), ("jane", lifts(9))], "Flag").is_empty());
    // What was said after the end was said before it, perhaps, where the end was not known.
    let close = CaseClosed { reason: CloseReason::Graduated, continued_in: None };
    let after = vec![("jane", opening().into()), ("jane", close.into()), ("joe", said("Ring his sister"))];
    assert_eq!(flag(&after)["status"], "entered-in-error");
}

#[test]
fn a_follow_up_after_a_stay_is_in_the_record_as_every_contact_is() {
    let stay = StayKey::Named { facility: "General".into(), visit: "1".into() };
    let told = |what| -> EventData {
        AlertRaised {
            stay: stay.clone(),
            what,
            cancels: None,
            at: at(0),
            class: StayClass::Inpatient,
            facility_name: None,
            source: "feed".into(),
            message: None,
            matched: Matched::ByMemberId,
            priority: Priority::Routine,
        }
        .into()
    };
    let done = |face_to_face, n| -> EventData {
        let outcome = Some("He is well".to_owned());
        FollowUpDone { stay: stay.id(), at: at(n), face_to_face, outcome }.into()
    };
    let acts = || {
        vec![
            ("jane", opening().into()),
            ("jane", told(Happening::Admitted)),
            ("jane", told(Happening::Discharged)),
            ("joe", done(false, 3)),
            ("jane", done(true, 4)),
        ]
    };
    let ours = |one: &Value| one["identifier"][0]["system"] == codes::EVENT;
    let met: Vec<Value> = written(acts(), "Encounter").into_iter().filter(ours).collect();
    let [met] = &met[..] else { panic!("{met:?}") };
    assert_eq!((&met["status"], &met["period"]["start"]), (&"finished".into(), &at(4).to_string().into()));
    assert_eq!(met["participant"][0]["individual"]["identifier"]["value"], "jane");
    let rang: Vec<Value> = written(acts(), "Communication")
        .into_iter()
        .filter(|one| one["category"][0]["text"] == "Contact with the member")
        .collect();
    let [rang] = &rang[..] else { panic!("{rang:?}") };
    assert_eq!((&rang["status"], &rang["note"][0]["text"]), (&"completed".into(), &"He is well".into()));
    // Of a stay that nobody told of it took no step.
    let met = written(vec![("jane", opening().into()), ("jane", done(true, 1))], "Encounter");
    assert_eq!(met[0]["status"], "entered-in-error");
}
