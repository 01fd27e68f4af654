//! What a driver's answers show of a pair's meetings.

use caseline::RoomAgenda;
use caseline::case::state::CaseState;
use caseline::id::OrganizationId;
use caseline::meeting::{Invited, MeetingAnswer, MeetingState, MeetingStatus};
use serde_json::{Value, json};

use super::agenda;

/// A pair's meetings, in the order in which they were set.
pub fn meetings(state: &CaseState) -> Value {
    let Some(opening) = state.opening() else { return json!({ "meetings": [] }) };
    let sides = [&opening.plan_side.id, &opening.community_side.id];
    let all: Vec<Value> = state.meetings.all().iter().map(|one| meeting(one, sides)).collect();
    json!({ "meetings": all })
}

fn meeting(of: &MeetingState, sides: [&OrganizationId; 2]) -> Value {
    let agenda = of.agenda.iter().map(|entry| {
        let why: Vec<&str> = entry.matters().iter().map(|kind| kind.code()).collect();
        json!({ "case": entry.case, "why": why, "minutes": entry.minutes })
    });
    let decisions = of.decisions.iter().map(|one| {
        let mut told = json!({
            "case": one.case, "kind": one.kind.code(), "sender": one.event.sender, "id": one.event.id,
            "by": one.by.contact,
        });
        if let (Some(fields), Some(fate)) = (told.as_object_mut(), one.fate()) {
            fields.insert("fate".into(), json!(fate));
            fields.extend(one.undone.as_ref().map(|undone| ("why".to_owned(), json!(undone.why))));
        }
        told
    });
    let points = of.points.iter().map(|one| {
        json!({
            "sender": one.key.sender, "id": one.key.id, "title": one.title, "text": one.text,
            "by": one.by.contact,
        })
    });
    let mut told = json!({
        "sender": of.key.sender, "meeting": of.key.id, "begins": of.begins, "ends": of.ends(),
        "minutes": of.minutes, "status": of.status(sides).code(), "set_by": of.set_by.contact,
        "people": of.people.iter().map(guest).collect::<Vec<_>>(), "agenda": agenda.collect::<Vec<_>>(),
        "prepared": of.prepared.is_some(), "nothing": of.nothing, "not_reached": of.not_reached,
        "points": points.collect::<Vec<_>>(), "decisions": decisions.collect::<Vec<_>>(),
    });
    if let Some(fields) = told.as_object_mut() {
        fields.extend(of.cancelled.as_ref().map(|(_, why)| ("cancelled".to_owned(), json!(why))));
        fields.extend(of.held.as_ref().map(|by| ("held_by".to_owned(), json!(by.contact))));
    }
    told
}

fn guest(of: &Invited) -> Value {
    let mut told = json!({ "contact": of.whom.contact, "organization": of.whom.organization });
    if let (Some(fields), Some((answer, _))) = (told.as_object_mut(), &of.answer) {
        fields.insert("answer".into(), json!(answer.code()));
        if let MeetingAnswer::AnotherTime(at) = answer {
            fields.insert("another_time".into(), json!(at));
        }
    }
    told
}

/// The agenda of a meeting in the pair's room, with the words of one's own cases.
pub fn room_agenda(of: &RoomAgenda) -> Value {
    let mut told = agenda(&of.agenda);
    if let Some(fields) = told.as_object_mut() {
        fields.insert("prepared".into(), json!(of.prepared));
        fields.insert("status".into(), json!(of.agenda.standing.map(MeetingStatus::code)));
        fields.insert("settled".into(), json!(of.settled));
        fields.insert("unknown".into(), json!(of.unknown));
    }
    told
}
