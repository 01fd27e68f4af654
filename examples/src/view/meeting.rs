//! What a driver's answers show of a meeting.

use caseline::fhir;
use caseline::meeting::{Agenda, AgendaConcern, Item, Point, calendar, markdown, page};
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

fn point(of: &Point) -> Value {
    json!({
        "sender": of.key.sender, "id": of.key.id, "title": of.title, "text": of.text, "by": of.by,
        "minutes": of.minutes,
    })
}

fn concern(of: &AgendaConcern) -> Value {
    let call = of.call.iter();
    let call =
        call.map(|one| json!({ "name": one.name, "organization": one.organization, "phone": one.phone }));
    json!({
        "case": of.room, "sender": of.key.sender, "concern": of.key.id, "title": of.title,
        "topic": of.topic.code(), "priority": of.priority.code(), "status": of.status.code(),
        "overdue": of.overdue, "since": of.since, "detail": of.detail, "decide": of.decide,
        "call": call.collect::<Vec<_>>(), "minutes": of.minutes,
    })
}

/// An agenda, in every form.
pub fn agenda(of: &Agenda) -> Value {
    let items = |items: &[Item]| items.iter().map(item).collect::<Vec<_>>();
    let points = |points: &[Point]| points.iter().map(point).collect::<Vec<_>>();
    let concerns = |concerns: &[AgendaConcern]| concerns.iter().map(concern).collect::<Vec<_>>();
    json!({
        "meeting": of.meeting.id, "plan_name": of.of.plan_name, "community_name": of.of.community_name,
        "begins": of.begins, "ends": of.ends(), "minutes": of.minutes, "since": of.since, "at": of.at,
        "items": items(&of.items), "not_reached": items(&of.not_reached),
        "come_up": items(&of.come_up),
        "points": points(&of.points), "points_not_reached": points(&of.points_not_reached),
        "concerns": concerns(&of.concerns), "concerns_not_reached": concerns(&of.concerns_not_reached),
        "process": of.process,
        "process_minutes": of.process_minutes, "people": of.people.iter().map(contact).collect::<Vec<_>>(),
        "markdown": markdown(of), "page": page(of), "calendar": calendar(of), "appointment": fhir::meeting(of),
    })
}
