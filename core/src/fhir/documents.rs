//! What a case is written as where a server takes no CarePlan or no CareTeam: documents, as far as it takes those.
//!
//! A care plan goes as the document that was sent, byte for byte; a case as a summary that a person can read. Both follow the
//! state as the resources in whose place they stand do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::bundle::Import;
use super::project::{Own, write};
use super::write::{
    Object, concept, contact_ref, event_value, heads_extension, identifier, literal, organization_ref, period,
};
use super::{care_plan, codes};
use crate::care_plan::{Document, PlanState, PlanStatus};
use crate::case::event::Head;
use crate::case::life::Opening;
use crate::case::state::{CaseState, Resource};
use crate::id::Sha256;
use crate::label::Labels;
use crate::ports::{Capabilities, RecordWrite};

/// The documents that stand in the place of what a record does not take. Nothing where it takes no DocumentReference either.
///
/// `text` gives the text of a document; a plan whose text is not there yet is left out until it is.
pub fn documents(
    state: &CaseState,
    own: &Own,
    text: &dyn Fn(&Document) -> Option<String>,
    takes: &Capabilities,
) -> Vec<RecordWrite> {
    let Some(opening) =
        state.opening().filter(|opening| opening.member.is_some() && takes.keeps("DocumentReference"))
    else {
        return Vec::new();
    };
    let mut writes = Vec::new();
    if !takes.keeps("CarePlan") {
        let whole = |plan: &&PlanState| !state.holds_stubs_for(&Resource::Plan(plan.sent.id));
        for plan in state.plans.all().iter().filter(whole) {
            let text = text(&plan.document).filter(|text| Sha256::of(text) == plan.document.sha256);
            let text = text.filter(|text| !is_of_another(text, opening));
            writes.extend(text.map(|text| plan_document(state, opening, own, plan, &text)));
        }
    }
    if !takes.keeps("CareTeam") && !state.holds_stubs_for(&Resource::CareTeam) {
        writes.push(summary_document(state, opening, own));
    }
    writes
}

/// Whether a document's plan is another member's: it has no place among this member's documents.
fn is_of_another(text: &str, opening: &Opening) -> bool {
    Import::parse(text).is_ok_and(|import| {
        let member = opening.member.as_ref();
        member.is_some_and(|member| {
            import.care_plans().any(|plan| care_plan::is_of_another(&import, plan, member))
        })
    })
}

struct Form<'f> {
    heads: &'f [Head],
    identifiers: &'f [String],
    status: &'f str,
    labels: &'f Labels,
    kind: String,
    date: String,
    author: Vec<String>,
    media: &'f str,
    title: &'f str,
    text: &'f str,
    /// From when to when what it tells of was.
    period: String,
}

fn document(own: &Own, form: &Form<'_>) -> String {
    let attachment = Object::new()
        .text("contentType", form.media)
        .text("data", &STANDARD.encode(form.text))
        .raw("size", &form.text.len().to_string())
        .text("title", form.title)
        .done();
    let context = match form.period.as_str() {
        "" => String::new(),
        period => Object::new().raw("period", period).done(),
    };
    let note = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category";
    Object::resource("DocumentReference")
        .labelled(form.labels)
        .list("extension", &[heads_extension(form.heads)])
        .list("identifier", form.identifiers)
        .text("status", form.status)
        .raw("type", &form.kind)
        .list("category", &[concept(note, "clinical-note", "Clinical Note")])
        .raw("subject", &literal(&own.patient))
        .text("date", &form.date)
        .list("author", &form.author)
        .list("content", &[Object::new().raw("attachment", &attachment).done()])
        .raw("context", &context)
        .done()
}

fn plan_document(
    state: &CaseState,
    opening: &Opening,
    own: &Own,
    plan: &PlanState,
    text: &str,
) -> RecordWrite {
    let value = event_value(&plan.sent);
    let status = if matches!(plan.status, PlanStatus::Replaced { .. }) { "superseded" } else { "current" };
    let by = state.roster().all().iter().map(|place| &place.seat.contact);
    let mut by = by.filter(|one| plan.sent_by.is_by(one));
    let organization = opening.organizations().find(|one| one.id == plan.sent_by.organization);
    let author = by.next().map(contact_ref);
    let author = author.or_else(|| organization.map(|one| organization_ref(&one.id, &one.name)));
    let json = document(
        own,
        &Form {
            labels: &state.labels(&Resource::Plan(plan.sent.id)),
            heads: &state.shaped_by(&Resource::Plan(plan.sent.id)),
            identifiers: &[
                identifier(codes::PLAN_DOCUMENT, &value),
                identifier(codes::SHA256, &plan.document.sha256.to_string()),
            ],
            status,
            kind: concept(codes::LOINC, "18776-5", "Plan of care note"),
            date: plan.sent_by.at.to_string(),
            author: author.into_iter().collect(),
            media: "application/fhir+json",
            title: "The care plan as it was sent for signature",
            text,
            // The plan says it itself.
            period: String::new(),
        },
    );
    write("DocumentReference", ("identifier", format!("{}|{value}", codes::PLAN_DOCUMENT)), json)
}

fn summary_document(state: &CaseState, opening: &Opening, own: &Own) -> RecordWrite {
    let case = opening.case.to_string();
    let mut heads: Vec<Head> = summarized(state).flat_map(|one| state.shaped_by(one)).collect();
    heads.sort();
    heads.dedup();
    let sides = [&opening.plan_side, &opening.community_side];
    let text = summary(state, opening);
    let json = document(
        own,
        &Form {
            labels: &summarized(state).flat_map(|one| state.labels(one)).collect(),
            heads: &heads,
            identifiers: &[identifier(codes::SUMMARY, &case)],
            status: "current",
            kind: concept(codes::LOINC, "34133-9", "Summary of episode note"),
            date: opening.at.to_string(),
            author: sides.iter().map(|side| organization_ref(&side.id, &side.name)).collect(),
            media: "text/plain; charset=utf-8",
            title: "The case in short",
            text: &text,
            period: period(
                Some(opening.at.to_string()),
                state.life.closed.as_ref().map(|closed| closed.at.to_string()),
            ),
        },
    );
    write("DocumentReference", ("identifier", format!("{}|{case}", codes::SUMMARY)), json)
}

/// What a summary tells of.
pub(super) fn summarized(state: &CaseState) -> impl Iterator<Item = &Resource> {
    let told = |resource: &&Resource| matches!(resource, Resource::CareTeam | Resource::Plan(_));
    state.shaping.keys().filter(told).filter(|resource| !state.holds_stubs_for(resource))
}

/// The case in short, as a person reads it: its sides, its people, its care plans, whether it goes on.
fn summary(state: &CaseState, opening: &Opening) -> String {
    let mut lines = vec![
        format!("Case {}", opening.case),
        format!("Plan side: {}", opening.plan_side.name),
        format!("Community side: {}", opening.community_side.name),
        format!("Opened: {}", opening.at),
        match &state.life.closed {
            Some(closed) => format!("Closed: {}", closed.at),
            None => "It goes on.".to_owned(),
        },
        String::new(),
        "Who takes part:".to_owned(),
    ];
    for place in state.roster().all() {
        let contact = &place.seat.contact;
        let of = opening.organizations().find(|one| one.id == contact.organization);
        let phone = contact.phone.as_ref().map_or(String::new(), |phone| format!(", {phone}"));
        let lead = if place.seat.lead { ", lead" } else { "" };
        let ended = if place.ended.is_some() { " (no longer)" } else { "" };
        let name = of.map_or("", |of| of.name.as_str());
        lines.push(format!("- {}, {}, {name}{lead}{phone}{ended}", contact.name, contact.role));
    }
    lines.extend([String::new(), "Care plans:".to_owned()]);
    for plan in state.plans.all() {
        let status = match &plan.status {
            PlanStatus::Sent => "sent for signature".to_owned(),
            PlanStatus::Acknowledged => "received".to_owned(),
            PlanStatus::Approved(by) => format!("approved {}", by.at),
            PlanStatus::Returned { by, .. } => format!("returned with changes {}", by.at),
            PlanStatus::Replaced { .. } => "replaced by a later version".to_owned(),
        };
        lines.push(format!("- sent {}: {status} (SHA-256 {})", plan.sent_by.at, plan.document.sha256));
    }
    if state.plans.all().is_empty() {
        lines.push("- none was sent".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(all(test, feature = "testing"))]
#[path = "documents_tests.rs"]
mod tests;
