//! What a driver's answers show of concerns.

use caseline::case::state::CaseState;
use caseline::concern::check::Found;
use caseline::concern::{AnsweredConcern, ConcernState, ConcernStep, PublishedAnswer};
use serde_json::{Value, json};

/// A programme room's concerns, with every step, and what the office told everybody.
pub fn concerns(state: &CaseState) -> Value {
    let concerns: Vec<Value> = state.concerns.all().iter().map(|one| concern(one)).collect();
    let published: Vec<Value> = state.concerns.published().iter().map(|one| published(one)).collect();
    json!({ "concerns": concerns, "published": published })
}

fn concern(concern: &ConcernState) -> Value {
    json!({
        "sender": concern.key.sender, "concern": concern.key.id, "title": concern.title, "text": concern.text,
        "topic": concern.topic.code(), "priority": concern.priority.code(), "about": concern.about, "status": concern.status.code(),
        "raised_by": concern.raised_by.contact, "raised_at": concern.raised_by.at,
        "steps": concern.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &ConcernStep) -> Value {
    let mut shown = json!({
        "sender": step.by.event.sender, "id": step.by.event.id, "by": step.by.contact,
        "organization": step.by.organization, "at": step.by.at, "deed": step.deed.code(),
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(step.text.as_ref().map(|text| ("text".into(), json!(text))));
        fields.extend(step.shared_as.as_ref().map(|text| ("shared_as".into(), json!(text))));
    }
    shown
}

fn published(one: &PublishedAnswer) -> Value {
    json!({
        "sender": one.key.sender, "id": one.key.id, "question": one.question, "text": one.text,
        "topic": one.topic.code(), "by": one.by.contact, "at": one.by.at,
    })
}

/// What looks like member data in a text.
pub fn found(found: &[Found]) -> Value {
    let shown = |one: &Found| json!({ "kind": one.kind.code(), "start": one.start, "end": one.end, "advice": one.kind.advice() });
    json!({ "found": found.iter().map(shown).collect::<Vec<_>>() })
}

/// What was answered.
pub fn answers(answers: &[AnsweredConcern]) -> Value {
    json!({ "answers": answers.iter().map(answer).collect::<Vec<_>>() })
}

fn answer(one: &AnsweredConcern) -> Value {
    let mut shown = json!({
        "case": one.room, "sender": one.key.sender, "id": one.key.id, "question": one.question,
        "answer": one.answer, "topic": one.topic.code(), "at": one.at,
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(one.detail.as_ref().map(|detail| ("detail".into(), json!(detail))));
        fields.extend(one.concern.as_ref().map(|key| ("concern".into(), json!(key.id))));
    }
    shown
}
