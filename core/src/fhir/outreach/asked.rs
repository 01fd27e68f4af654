//! Whether the community side may reach out to the member, as the plan side is asked: a Task (FHIR R4, 12.5) that asks for an approval.

use jiff::Timestamp;

use super::super::codes;
use super::super::project::{CASE_CLOSED, write};
use super::super::write::{
    Object, account_ref, concept, contact_ref, event_value, heads_extension, identifier, literal,
    organization_ref,
};
use super::View;
use crate::case::event::EventKey;
use crate::case::state::Resource;
use crate::due;
use crate::outreach::{self, AskState, OutreachAsked};
use crate::ports::RecordWrite;

/// A question, whether it counts or not.
struct Written<'a> {
    key: &'a EventKey,
    ask: &'a OutreachAsked,
    requester: String,
    at: Timestamp,
    status: &'static str,
    reason: &'a str,
    /// When the case was closed without an answer.
    closed: Option<Timestamp>,
    /// What was answered: when, and until when one may.
    answer: Option<(Timestamp, Option<String>)>,
}

/// Every question that this device knows whole.
pub(super) fn writes(view: &View<'_>) -> Vec<RecordWrite> {
    let state = view.state;
    let whole = |key: &EventKey| !state.holds_stubs_for(&Resource::Ask(key.clone()));
    let counted = state.outreach.asks().iter().filter(|one| whole(&one.asked));
    let mut writes: Vec<RecordWrite> = counted.map(|one| task(view, &counts(view, one))).collect();
    let superseded = state.superseded_asks.iter().filter(|(key, _)| whole(key));
    // Another content of a key that counts is written over by that.
    let superseded =
        superseded.filter(|(key, _)| !state.outreach.asks().iter().any(|one| one.asked == **key));
    writes.extend(superseded.map(|(key, one)| {
        let written = Written {
            key,
            ask: &one.ask,
            requester: one.from.as_ref().map_or_else(|| account_ref(&key.sender), contact_ref),
            at: one.at,
            status: "entered-in-error",
            reason: "It never took effect in the case",
            closed: None,
            answer: None,
        };
        task(view, &written)
    }));
    writes
}

fn counts<'a>(view: &View<'_>, one: &'a AskState) -> Written<'a> {
    let answer = one.answer.as_ref();
    // Nobody answers it any more, unless the case goes on again.
    let closed = view.state.life.closed.as_ref().filter(|_| answer.is_none());
    let (status, word) = match answer {
        None if closed.is_some() => ("cancelled", CASE_CLOSED),
        None => ("requested", "Asked"),
        Some(answer) if answer.granted => ("completed", "Granted"),
        Some(_) => ("rejected", "Refused"),
    };
    let said = answer.map(|answer| answer.reason.trim()).filter(|reason| !reason.is_empty());
    Written {
        key: &one.asked,
        ask: &one.ask,
        requester: view.who(&one.by).map_or_else(|| account_ref(&one.by.event.sender), contact_ref),
        at: one.by.at,
        status,
        reason: said.unwrap_or(word),
        closed: closed.map(|closed| closed.at),
        answer: answer.map(|answer| {
            let until = answer.until.filter(|_| answer.granted).map(|until| until.to_string());
            (answer.by.at, until)
        }),
    }
}

fn task(view: &View<'_>, one: &Written<'_>) -> RecordWrite {
    let (opening, value) = (view.opening, event_value(one.key));
    let resource = Resource::Ask(one.key.clone());
    let words = |text: &str| Object::new().text("text", text).done();
    let due = outreach::answer_due(one.at, &opening.agreement, &opening.rules);
    let end = due::last_day(due, &opening.agreement.zone).to_string();
    let period = Object::new().text("end", &end).done();
    let by = format!("May one reach out to the member? By which way: {}", one.ask.channel.code());
    let why = one.ask.why.trim();
    let description = if why.is_empty() { by } else { format!("{by}. {why}") };
    let modified = one.answer.as_ref().map(|(at, _)| *at).or(one.closed).unwrap_or(one.at).max(one.at);
    let until = one.answer.as_ref().and_then(|(_, until)| until.as_ref()).map(|until| {
        // A coding of our own, so that it goes where that answer counts no more.
        let kind = concept(codes::TASK_OUTPUT, "until", "The first day on which one no longer may");
        Object::new().raw("type", &kind).text("valueDate", until).done()
    });
    let json = Object::resource("Task")
        .labelled(&view.state.labels(&resource))
        .list("extension", &[heads_extension(&view.state.shaped_by(&resource))])
        .list("identifier", &[identifier(codes::OUTREACH_ASK, &value)])
        .text("status", one.status)
        .raw("statusReason", &words(one.reason))
        .text("intent", "order")
        .text("priority", "routine")
        .raw("code", &concept(codes::TASK_CODE, "approve", "Activate/approve the focal resource"))
        .text("description", &description)
        .raw("for", &literal(&view.own.patient))
        .text("authoredOn", &one.at.to_string())
        .text("lastModified", &modified.to_string())
        .raw("requester", &one.requester)
        .raw("owner", &organization_ref(&opening.plan_side.id, &opening.plan_side.name))
        .raw("restriction", &Object::new().raw("period", &period).done())
        .list("output", &until.into_iter().collect::<Vec<_>>())
        .done();
    write("Task", ("identifier", format!("{}|{value}", codes::OUTREACH_ASK)), json)
}
