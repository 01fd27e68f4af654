//! What a driver's answers show of a meeting.

use caseline::fhir;
use caseline::meeting::{Agenda, Item, calendar, markdown, page};
use serde_json::{Value, json};

use super::contact;

fn item(of: &Item) -> Value {
    let matters = of.matters.iter().map(|one| {
        json!({ "kind": one.kind.code(), "since": one.since, "headline": one.headline, "detail": one.detail })
    });
    let call = of
        .call
        .iter()
        .map(|one| json!({ "name": one.name, "organization": one.organization, "phone": one.phone }));
    json!({
        "case": of.case, "member": of.member, "birth_date": of.birth_date, "headline": of.headline(),
        "matters": matters.collect::<Vec<_>>(), "decide": of.decide, "call": call.collect::<Vec<_>>(),
        "minutes": of.minutes,
    })
}

/// An agenda, in every form.
pub fn agenda(of: &Agenda) -> Value {
    let items = |items: &[Item]| items.iter().map(item).collect::<Vec<_>>();
    json!({
        "meeting": of.meeting.id, "plan_name": of.of.plan_name, "community_name": of.of.community_name,
        "begins": of.begins, "ends": of.ends(), "minutes": of.minutes, "since": of.since, "at": of.at,
        "items": items(&of.items), "not_reached": items(&of.not_reached), "process": of.process,
        "process_minutes": of.process_minutes, "people": of.people.iter().map(contact).collect::<Vec<_>>(),
        "markdown": markdown(of), "page": page(of), "calendar": calendar(of), "appointment": fhir::meeting(of),
    })
}
