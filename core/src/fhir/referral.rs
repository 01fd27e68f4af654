//! Referrals after Gravity SDOH: what is asked as ServiceRequest, what becomes of it as Task.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::codes;
use super::directory::person_name;
use super::json::{self, Node};
use super::project::{Own, write};
use super::write::{
    Object, account_ref, coding, concept, contact_ref, event_value, heads_extension, identifier, literal,
    logical, organization_ref, period,
};
use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::case::kind::RoomKind;
use crate::case::life::Opening;
use crate::case::state::{CaseState, Resource};
use crate::communication::Priority;
use crate::crossing::Attempt;
use crate::error::Result;
use crate::id::OrganizationId;
use crate::label::Labels;
use crate::organization::Organization;
use crate::ports::RecordWrite;
use crate::referral::{CourseStatus, Field, ReferralStatus, Service, ServiceCode, Told};

/// The fields of a member's that a referral can tell, as a Patient of our own record has them.
///
/// # Errors
/// `InvalidInput` (`invalid-json`) where it cannot be read.
pub fn referral_fields(patient: &str) -> Result<BTreeMap<Field, String>> {
    let node = json::parse(patient)?;
    let phone = node
        .list("telecom")
        .iter()
        .find(|point| {
            point.str("system").as_deref() == Some("phone") && point.str("use").as_deref() != Some("old")
        })
        .and_then(|point| point.str("value").map(Cow::into_owned));
    let address =
        node.list("address").iter().find(|one| one.str("use").as_deref() != Some("old")).map(address);
    let spoken = node.list("communication").iter().filter_map(|one| one.get("language")).map(words);
    let language: Vec<String> = spoken.filter(|one| !one.is_empty()).collect();
    let all = [
        (Field::Name, Some(person_name(&node))),
        (Field::BirthDate, node.str("birthDate").map(Cow::into_owned)),
        (Field::Phone, phone),
        (Field::Address, address),
        (Field::Language, Some(language.join(", "))),
    ];
    let all = all.into_iter().filter_map(|(field, value)| Some((field, value?)));
    Ok(all.filter(|(_, value)| !value.trim().is_empty()).collect())
}

fn address(node: &Node<'_>) -> String {
    if let Some(text) = node.str("text") {
        return text.into_owned();
    }
    let lines = node.list("line").iter().filter_map(Node::text);
    let rest = ["city", "state", "postalCode"].into_iter().filter_map(|part| node.str(part));
    lines.chain(rest).collect::<Vec<_>>().join(", ")
}

fn words(language: &Node<'_>) -> String {
    let coding = language.list("coding");
    let coded = || coding.iter().find_map(|one| one.str("display").or_else(|| one.str("code")));
    language.str("text").or_else(coded).map(Cow::into_owned).unwrap_or_default()
}

/// Gravity's code system of `ServiceRequest.category`.
const CATEGORY: &str = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes";

/// A referral, whether it counts or not.
struct Written<'a> {
    state: &'a CaseState,
    key: &'a EventKey,
    service: &'a Service,
    need: &'a str,
    subject: String,
    referrer: String,
    agency: String,
    consent: Option<String>,
    labels: Labels,
    priority: Priority,
    due: Option<Date>,
    authored: Timestamp,
    /// What is known of the member beside the need, of whoever has no Patient of theirs.
    notes: Vec<String>,
    /// What was tried to take it to the agency, and did not arrive.
    tried: Vec<&'a Attempt>,
    steps: Vec<Step<'a>>,
    over: Over,
    /// What is said of it, where nothing was told yet.
    reason: &'a str,
}

/// What happened with it, told by whom, when, and in which words.
struct Step<'a> {
    told: Option<Told>,
    by: &'a StepTaken,
    text: &'a str,
}

#[derive(Clone, Copy, PartialEq)]
enum Over {
    Open,
    Closed,
    Withdrawn,
    InError,
}

/// The ServiceRequest and the Task of each referral of a case. What this device knows in part only (stubs of a handover) is left to
/// those who know it whole.
pub(super) fn writes(state: &CaseState, opening: &Opening, own: &Own) -> Vec<RecordWrite> {
    let whole = |key: &EventKey| !state.holds_stubs_for(&Resource::Referral(key.clone()));
    let organization = |id: &OrganizationId| {
        let known = opening.organizations().find(|one| one.id == *id);
        organization_ref(id, known.map_or("", |one| &one.name))
    };
    let agency = |agency: &Option<Organization>| {
        agency.as_ref().map_or_else(String::new, |one| organization_ref(&one.id, &one.name))
    };
    let mut writes = Vec::new();
    for one in state.superseded_referrals.iter().filter(|one| whole(&one.key)) {
        let referrer = match &one.from {
            Some(from) => organization(&from.organization),
            // Gravity has an organisation refer: one of the two sides did.
            None => organization(&opening.community_side.id),
        };
        writes.extend(written(&Written {
            state,
            key: &one.key,
            service: &one.asked.service,
            need: &one.asked.need,
            subject: literal(&own.patient),
            referrer,
            agency: agency(&one.asked.organization),
            consent: None,
            labels: state.labels(&Resource::Referral(one.key.clone())),
            priority: one.asked.priority,
            due: one.asked.due,
            authored: one.at,
            notes: Vec::new(),
            tried: Vec::new(),
            steps: Vec::new(),
            over: Over::InError,
            reason: "It never took effect in the case",
        }));
    }
    for one in state.referrals.all().iter().filter(|one| whole(&one.key)) {
        let steps = one.steps.iter().map(|step| Step { told: step.told, by: &step.by, text: &step.text });
        writes.extend(written(&Written {
            state,
            key: &one.key,
            service: &one.service,
            need: &one.need,
            subject: literal(&own.patient),
            referrer: organization(&one.asked_by.organization),
            agency: agency(&one.organization),
            consent: Some(one.consent.to_string()),
            labels: state.labels(&Resource::Referral(one.key.clone())),
            priority: one.priority,
            due: one.due,
            authored: one.asked_by.at,
            notes: Vec::new(),
            tried: tried(state, &one.key),
            steps: steps.collect(),
            over: match one.status {
                ReferralStatus::Closed => Over::Closed,
                ReferralStatus::Withdrawn => Over::Withdrawn,
                _ => Over::Open,
            },
            reason: match one.status {
                ReferralStatus::Held(hold) => hold.words(),
                ReferralStatus::Asked => "Asked, and not with the organization yet",
                _ => "With the organization",
            },
        }));
    }
    writes
}

/// The ServiceRequest and the Task of a referral's own room, for the agency's record: it has no Patient of its own in it, since what the
/// consent names need not tell who the member is. The referrer's record has both from the case. Nothing for a room of another kind.
pub fn referral(state: &CaseState) -> Vec<RecordWrite> {
    let (Some(opening), Some(course)) = (state.opening(), state.referrals.course()) else {
        return Vec::new();
    };
    let key = &opening.event;
    if opening.kind != RoomKind::Referral || state.holds_stubs_for(&Resource::Referral(key.clone())) {
        return Vec::new();
    }
    let name = course.fields.get(&Field::Name).map_or("", String::as_str);
    let mut notes: Vec<String> =
        course.fields.iter().map(|(field, value)| format!("{}: {value}", field.words())).collect();
    notes.push(format!("Told under the member's consent: {}", course.consent.explanation));
    notes.extend(course.consent.notice.clone());
    let steps =
        course.steps.iter().map(|step| Step { told: Some(step.told), by: &step.by, text: &step.text });
    let organization = |one: &Organization| organization_ref(&one.id, &one.name);
    written(&Written {
        state,
        key,
        service: &course.service,
        need: &course.need,
        subject: logical("Patient", codes::REFERRAL, &opening.case.to_string(), name),
        referrer: organization(&opening.plan_side),
        agency: organization(&opening.community_side),
        consent: None,
        labels: course.labels.clone(),
        priority: course.priority,
        due: course.due,
        authored: course.opened_by.at,
        notes,
        tried: Vec::new(),
        steps: steps.collect(),
        over: match course.status {
            CourseStatus::Closed => Over::Closed,
            CourseStatus::Cancelled(_) => Over::Withdrawn,
            _ => Over::Open,
        },
        reason: "With the organization",
    })
    .into()
}

/// What was tried to take a referral to its agency by hand, before it arrived there.
fn tried<'a>(state: &'a CaseState, referral: &EventKey) -> Vec<&'a Attempt> {
    let attempts = state.crossings.get(referral).map_or([].as_slice(), |one| one.attempts.as_slice());
    attempts.iter().filter(|attempt| !attempt.reached).collect()
}

/// Every element that can change is always written, so that none of an earlier state is left over in a record.
fn written(one: &Written<'_>) -> [RecordWrite; 2] {
    let value = event_value(one.key);
    let resource = Resource::Referral(one.key.clone());
    let heads = heads_extension(&one.state.shaped_by(&resource));
    let labels = &one.labels;
    let words = |text: &str| Object::new().text("text", text).done();
    let (request, task) = statuses(one);
    let last = one.steps.last();
    let reason = match last {
        Some(step) if !step.text.is_empty() => step.text,
        Some(Step { told: Some(told), .. }) => told.words(),
        Some(_) if one.over == Over::Withdrawn => "Not asked for any more",
        _ => one.reason,
    };
    let notes: Vec<String> = one.notes.iter().map(|text| words(text)).collect();
    let due = one.due.map(|due| due.to_string());
    let consent = one.consent.as_ref().map(|id| logical("Consent", codes::CONSENT, id, ""));
    let find = ("identifier", format!("{}|{value}", codes::EVENT));
    let service = one.service;
    let code = Object::new()
        .list("coding", &[coding(codes::SERVICE, service.code.code(), service.code.words())])
        .text("text", service.words())
        .done();
    let need = if one.need.is_empty() { Vec::new() } else { vec![words(one.need)] };
    let asked = Object::resource("ServiceRequest")
        .labelled(labels)
        .list("extension", std::slice::from_ref(&heads))
        .list("identifier", &[identifier(codes::EVENT, &value)])
        .text("status", request)
        .text("intent", "order")
        .list("category", &[concept(CATEGORY, category(service.code), "")])
        .text("priority", one.priority.code())
        .raw("code", &code)
        .raw("subject", &one.subject)
        .raw("occurrencePeriod", &period(None, due.clone()))
        .text("authoredOn", &one.authored.to_string())
        .raw("requester", &one.referrer)
        .list("performer", &some(&one.agency))
        .list("reasonCode", &need)
        .list("supportingInfo", &consent.into_iter().collect::<Vec<_>>())
        .list("note", &notes)
        .done();
    // inv-1: clocks of two houses differ by a little.
    let last_try = one.tried.iter().map(|attempt| attempt.by.at).max();
    let modified = last.map_or(one.authored, |step| step.by.at).max(one.authored);
    let modified = last_try.map_or(modified, |tried| tried.max(modified));
    let outcome = one
        .steps
        .iter()
        .rev()
        .find(|step| matches!(step.told, Some(Told::Provided | Told::Partly | Told::NotProvided)));
    let outcome = outcome.map(|step| {
        let kind = concept(codes::TASK_OUTPUT, "outcome", "What came of it");
        let text = if step.text.is_empty() { step.told.map_or("", Told::words) } else { step.text };
        Object::new().raw("type", &kind).text("valueString", text).done()
    });
    let tried = one.tried.iter().map(|attempt| {
        let text = [format!("Tried {}", attempt.how), attempt.outcome.to_string()];
        let text: Vec<String> = text.into_iter().filter(|text| !text.is_empty()).collect();
        note_by(one.state, &attempt.by, &text.join(": "))
    });
    let told = one.steps.iter().filter_map(|step| note(one.state, step));
    let told: Vec<String> = tried.chain(told).collect();
    let business = last.and_then(|step| step.told).map_or("asked", Told::code);
    let restriction =
        due.map(|due| Object::new().raw("period", &Object::new().text("end", &due).done()).done());
    let done = Object::resource("Task")
        .labelled(labels)
        .list("extension", &[heads])
        .list("identifier", &[identifier(codes::EVENT, &value)])
        .text("status", task)
        .raw("statusReason", &words(reason))
        .raw("businessStatus", &concept(codes::REFERRAL_STATUS, business, ""))
        .text("intent", "order")
        .text("priority", one.priority.code())
        .raw("code", &concept(codes::TASK_CODE, "fulfill", ""))
        .text("description", one.need)
        .raw("focus", &logical("ServiceRequest", codes::EVENT, &value, ""))
        .raw("for", &one.subject)
        .text("authoredOn", &one.authored.to_string())
        .text("lastModified", &modified.to_string())
        .raw("requester", &one.referrer)
        .raw("owner", &one.agency)
        .list("note", &told)
        .raw("restriction", &restriction.unwrap_or_default())
        .list("output", &outcome.into_iter().collect::<Vec<_>>())
        .done();
    [write("ServiceRequest", find.clone(), asked), write("Task", find, done)]
}

/// The status of the request, and of the task. Gravity knows no `received` and no `ready`.
fn statuses(one: &Written<'_>) -> (&'static str, &'static str) {
    if one.over == Over::InError {
        return ("entered-in-error", "entered-in-error");
    }
    let mut task = "requested";
    for told in one.steps.iter().filter_map(|step| step.told) {
        task = match told {
            Told::Accepted => "accepted",
            Told::SubReferred => "in-progress",
            Told::Declined => "rejected",
            Told::Provided | Told::Partly => "completed",
            Told::NotProvided => "failed",
            Told::CapacityAsked
            | Told::Places
            | Told::Waitlist
            | Told::NoPlaces
            | Told::Closed
            | Told::Cancelled => task,
        };
    }
    let done = ["completed", "failed", "rejected"].contains(&task);
    match one.over {
        Over::Open => ("active", task),
        Over::Closed if task == "completed" => ("completed", task),
        _ if done => ("revoked", task),
        _ => ("revoked", "cancelled"),
    }
}

fn category(service: ServiceCode) -> &'static str {
    match service {
        ServiceCode::Nutrition => "food-insecurity",
        ServiceCode::Housing => "housing-instability",
        ServiceCode::Transport => "transportation-insecurity",
        ServiceCode::Utilities => "utility-insecurity",
        ServiceCode::Employment => "employment-status",
        ServiceCode::Other => "sdoh-category-unspecified",
    }
}

/// What happened, as a note on the task.
fn note(state: &CaseState, step: &Step<'_>) -> Option<String> {
    let words = step.told.map_or("", Told::words);
    let text = [words, step.text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
    if text.is_empty() { None } else { Some(note_by(state, step.by, &text)) }
}

fn note_by(state: &CaseState, by: &StepTaken, text: &str) -> String {
    let mut places = state.roster().all().iter().rev().map(|place| &place.seat.contact);
    let who = places.find(|one| one.id == by.contact && one.organization == by.organization);
    let who = who.map_or_else(|| account_ref(&by.event.sender), contact_ref);
    let note = Object::new().raw("authorReference", &who).text("time", &by.at.to_string());
    note.text("text", text).done()
}

fn some(reference: &str) -> Vec<String> {
    if reference.is_empty() { Vec::new() } else { vec![reference.to_owned()] }
}

#[cfg(test)]
#[path = "referral_tests.rs"]
mod tests;
