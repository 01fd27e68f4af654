//! What a driver's answers show of referrals.

use caseline::case::state::CaseState;
use caseline::referral::{Course, CourseStep, ReferralState, ToldStep};
use serde_json::{Value, json};

use crate::protocol::reasons;

/// A case's referrals, with every step; in a referral's room, the one that it is.
pub fn referrals(state: &CaseState) -> Value {
    let referrals: Vec<Value> = state.referrals.all().iter().map(|one| referral(one)).collect();
    let mut shown = json!({ "referrals": referrals });
    add(&mut shown, [("course", state.referrals.course().map(course))]);
    shown
}

fn referral(one: &ReferralState) -> Value {
    let mut shown = json!({
        "sender": one.key.sender, "referral": one.key.id, "service": one.service.code.code(),
        "called": one.service.display, "need": one.need, "consent": one.consent, "fields": one.fields,
        "priority": one.priority.code(), "status": one.status.code(), "asked_by": one.asked_by.contact,
        "asked_at": one.asked_by.at, "steps": one.steps.iter().map(told).collect::<Vec<_>>(),
    });
    let held = one.held().and_then(|held| reasons(&[held]).get(0).cloned());
    let more = [
        ("organization", one.organization.as_ref().map(|of| json!(of.id))),
        ("due", one.due.map(|due| json!(due))),
        ("held", held),
        ("room", one.room.map(|room| json!(room))),
    ];
    add(&mut shown, more);
    shown
}

fn told(step: &ToldStep) -> Value {
    let mut shown = json!({
        "sender": step.by.event.sender, "id": step.by.event.id, "by": step.by.contact, "at": step.at,
        "text": step.text,
    });
    let more = [
        ("told", step.told.map(|told| json!(told.code()))),
        ("by_hand", step.by_hand.map(|way| json!(way.code()))),
    ];
    add(&mut shown, more);
    shown
}

fn course(course: &Course) -> Value {
    let mut shown = json!({
        "service": course.service.code.code(), "called": course.service.display, "need": course.need,
        "fields": course.fields, "consent": course.consent.explanation, "priority": course.priority.code(),
        "status": course.status.code(), "steps": course.steps.iter().map(step).collect::<Vec<_>>(),
    });
    let more = [
        ("due", course.due.map(|due| json!(due))),
        ("consent_until", course.consent.until.map(|day| json!(day))),
        ("notice", course.consent.notice.as_ref().map(|notice| json!(notice))),
    ];
    add(&mut shown, more);
    shown
}

fn step(step: &CourseStep) -> Value {
    json!({
        "sender": step.by.event.sender, "id": step.by.event.id, "by": step.by.contact, "at": step.by.at,
        "told": step.told.code(), "text": step.text,
    })
}

/// Adds what is there of these.
fn add<const N: usize>(shown: &mut Value, more: [(&str, Option<Value>); N]) {
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
}
