//! The projection of a case's state into the record of one's own organisation: a function of the folded events alone. No
//! device's time, no locale, no writer is in it.

use std::collections::{HashMap, HashSet};

use super::write::{
    Object, coding, concept, contact_ref, event_value, heads_extension, identifier, kind_of, literal,
    logical, organization_ref, period,
};
use super::{care_plan, codes};
use crate::care_plan::{Document, PlanState, PlanStatus, StepTaken};
use crate::case::event::{EventKey, Head};
use crate::case::life::Opening;
use crate::case::roster::Place;
use crate::case::state::{CaseState, Entry, Resource, Standing};
use crate::communication::{Message, Priority};
use crate::contact::Role;
use crate::error::Result;
use crate::id::Sha256;
use crate::ports::RecordWrite;

/// What is ours to a case: whose record it is written to.
#[derive(Clone, PartialEq, Eq)]
pub struct Own {
    /// The reference to the member's Patient in this record (`Patient/123`).
    pub patient: String,
}

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Own(…)")
    }
}

/// The resources that a case's state is written as: its CareTeam, the header of its thread, a Communication for each
/// message, a CarePlan for each plan that was sent, a Provenance for each approval. Nothing until the case is open.
///
/// `text` gives the text of a document; a plan whose text is not there yet is left out until it is. What this device
/// knows in part only (stubs of a handover) is left to those who know it whole.
///
/// # Errors
/// `InvalidInput` where a plan's document is not FHIR.
pub fn project(
    state: &CaseState,
    own: &Own,
    text: &dyn Fn(&Document) -> Option<String>,
) -> Result<Vec<RecordWrite>> {
    let Some(opening) = state.opening() else { return Ok(Vec::new()) };
    let view = View::new(state, opening, own);
    let mut writes = Vec::new();
    if !state.holds_stubs_for(&Resource::CareTeam) {
        writes.push(view.care_team());
        writes.push(view.thread());
    }
    for resource in state.shaping.keys().filter(|resource| !state.holds_stubs_for(resource)) {
        match resource {
            Resource::Plan(id) => match state.plans.get(*id) {
                Some(plan) => {
                    let Some(text) = text(&plan.document) else { continue };
                    if Sha256::of(&text) != plan.document.sha256 {
                        continue;
                    }
                    writes.push(view.plan(plan, &text)?);
                    if let PlanStatus::Approved(by) = &plan.status {
                        writes.push(view.approval(plan, by));
                    }
                }
                None => writes.extend(view.superseded_plan(resource, *id)),
            },
            Resource::Message(key) if !view.counted.contains(key) => {
                writes.extend(view.superseded_message(resource, key));
            }
            _ => {}
        }
    }
    writes
        .extend(state.messages.iter().filter(|message| message.text.is_some()).map(|one| view.message(one)));
    Ok(writes)
}

struct View<'a> {
    state: &'a CaseState,
    opening: &'a Opening,
    own: &'a Own,
    entries: HashMap<&'a EventKey, &'a Entry>,
    counted: HashSet<&'a EventKey>,
    /// For each seat the events that follow its naming and its ending, as far as their authors knew.
    reach: Vec<(HashSet<&'a EventKey>, HashSet<&'a EventKey>)>,
}

impl<'a> View<'a> {
    fn new(state: &'a CaseState, opening: &'a Opening, own: &'a Own) -> Self {
        let entries = state.timeline.iter().map(|entry| (&entry.key, entry)).collect();
        let counted = state.messages.iter().map(|message| &message.key).collect();
        let after = |key: &'a EventKey| state.and_after(key);
        let reach = state
            .roster()
            .all()
            .iter()
            .map(|place| (after(&place.since), place.ended.as_ref().map(after).unwrap_or_default()))
            .collect();
        Self { state, opening, own, entries, counted, reach }
    }

    fn write(kind: &str, find: (&str, String), json: String) -> RecordWrite {
        let sha256 = Sha256::of(&json);
        RecordWrite { kind: kind.to_owned(), find: (find.0.to_owned(), find.1), json, sha256 }
    }

    fn at(&self, key: &EventKey) -> Option<String> {
        self.entries.get(key).map(|entry| entry.at.to_string())
    }

    fn care_team(&self) -> RecordWrite {
        let closed = self.state.life.closed.as_ref();
        let case = self.opening.case.to_string();
        let participants: Vec<String> =
            self.state.roster().all().iter().map(|place| self.participant(place)).collect();
        let sides = [&self.opening.plan_side, &self.opening.community_side];
        let sides: Vec<String> = sides.iter().map(|side| organization_ref(&side.id, &side.name)).collect();
        let json = Object::resource("CareTeam")
            .list("extension", &[heads_extension(&self.state.shaped_by(&Resource::CareTeam))])
            .list("identifier", &[identifier(codes::CASE, &case)])
            .text("status", if closed.is_some() { "inactive" } else { "active" })
            .list(
                "category",
                &[concept(codes::LOINC, "LA28865-6", "Longitudinal care-coordination focused care team")],
            )
            .raw("subject", &literal(&self.own.patient))
            .raw(
                "period",
                &period(Some(self.opening.at.to_string()), closed.map(|closed| closed.at.to_string())),
            )
            .list("participant", &participants)
            .list("managingOrganization", &sides)
            .done();
        Self::write("CareTeam", ("identifier", format!("{}|{case}", codes::CASE)), json)
    }

    fn participant(&self, place: &Place) -> String {
        let contact = &place.seat.contact;
        let mark = Object::new()
            .text("url", codes::SEAT)
            .text("valueCode", if place.seat.lead { "lead" } else { "named" })
            .done();
        let member = match contact.role {
            Role::Member => literal(&self.own.patient),
            _ => contact_ref(contact),
        };
        // Invariant ctm-1: only a Practitioner is there on behalf of somebody.
        let behalf = if matches!(contact.role, Role::Member) || kind_of(&contact.role) != "Practitioner" {
            String::new()
        } else {
            let name = self.opening.organizations().find(|one| one.id == contact.organization);
            organization_ref(&contact.organization, name.map_or("", |one| &one.name))
        };
        Object::new()
            .list("extension", &[mark])
            .list("role", &[concept(codes::ROLE, contact.role.code(), &contact.role.to_string())])
            .raw("member", &member)
            .raw("onBehalfOf", &behalf)
            .raw("period", &period(self.at(&place.since), place.ended.as_ref().and_then(|key| self.at(key))))
            .done()
    }

    /// The header of the thread: a Communication without payload, of which every message is part.
    fn thread(&self) -> RecordWrite {
        let closed = self.state.life.closed.as_ref();
        let shaped = closed.map_or(&self.opening.event, |closed| &closed.event);
        let clock = self.state.links.get(shaped).map_or(0, |link| link.stated);
        let case = self.opening.case.to_string();
        let json = Object::resource("Communication")
            .list("extension", &[heads_extension(&[Head { key: shaped.clone(), clock }])])
            .list("identifier", &[identifier(codes::THREAD, &case)])
            .text("status", if closed.is_some() { "completed" } else { "in-progress" })
            .raw("subject", &literal(&self.own.patient))
            .done();
        Self::write("Communication", ("identifier", format!("{}|{case}", codes::THREAD)), json)
    }

    fn communication(&self, key: &EventKey, status: &str, heads: &[Head]) -> Object {
        Object::resource("Communication")
            .list("extension", &[heads_extension(heads)])
            .list("identifier", &[identifier(codes::EVENT, &event_value(key))])
            .list("partOf", &[logical("Communication", codes::THREAD, &self.opening.case.to_string(), "")])
            .text("status", status)
    }

    fn message(&self, message: &Message) -> RecordWrite {
        let key = &message.key;
        let heads = self.state.shaped_by(&Resource::Message(key.clone()));
        let recipients: Vec<String> =
            self.recipients(message).map(|place| contact_ref(&place.seat.contact)).collect();
        let answers = message.in_reply_to.as_ref();
        let answers = answers.map(|key| logical("Communication", codes::EVENT, &event_value(key), ""));
        let payload = Object::new().text("contentString", message.text.as_deref().unwrap_or_default()).done();
        let payload = if payload == "{}" { Vec::new() } else { vec![payload] };
        let priority = match message.priority {
            Priority::Routine => "routine",
            Priority::Urgent => "urgent",
            Priority::Asap => "asap",
            Priority::Stat => "stat",
        };
        let json = self
            .communication(key, "completed", &heads)
            .list("inResponseTo", &answers.into_iter().collect::<Vec<_>>())
            .text("priority", priority)
            .raw("subject", &literal(&self.own.patient))
            .text("sent", &message.at.to_string())
            .list("recipient", &recipients)
            .raw("sender", &contact_ref(&message.from))
            .list("payload", &payload)
            .done();
        Self::write("Communication", ("identifier", format!("{}|{}", codes::EVENT, event_value(key))), json)
    }

    /// Who had a seat in the room when the message was written, as far as its author knew: a later change of the roster
    /// does not change to whom it went. Nobody for another client's message, which does not say what it knew.
    fn recipients<'s>(&'s self, message: &'s Message) -> impl Iterator<Item = &'s Place> {
        let places = self.state.roster().all().iter().zip(&self.reach);
        places.filter_map(move |(place, (named, ended))| {
            let contact = &place.seat.contact;
            let there = named.contains(&message.key) && !ended.contains(&message.key);
            let other = contact.id != message.from.id || contact.organization != message.from.organization;
            (there && other && contact.user.is_some()).then_some(place)
        })
    }

    /// A message that does not count, or no longer: it may have been written when it did.
    fn superseded_message(&self, resource: &Resource, key: &EventKey) -> Option<RecordWrite> {
        let entry = self.entries.get(key)?;
        if !matches!(entry.standing, Standing::Superseded { .. }) {
            return None;
        }
        let json = self
            .communication(key, "entered-in-error", &self.state.shaped_by(resource))
            .raw("subject", &literal(&self.own.patient))
            .done();
        Some(Self::write(
            "Communication",
            ("identifier", format!("{}|{}", codes::EVENT, event_value(key))),
            json,
        ))
    }

    fn plan(&self, plan: &PlanState, text: &str) -> Result<RecordWrite> {
        let value = event_value(&plan.sent);
        let heads = self.state.shaped_by(&Resource::Plan(plan.sent.id));
        let status = match plan.status {
            PlanStatus::Replaced { .. } => Some("revoked"),
            _ => None,
        };
        let json = care_plan::projected(text, &value, &self.own.patient, status, &heads_extension(&heads))?;
        Ok(Self::write("CarePlan", ("identifier", format!("{}|{value}", codes::PLAN)), json))
    }

    fn superseded_plan(&self, resource: &Resource, id: crate::id::EventId) -> Option<RecordWrite> {
        let sent = self.state.timeline.iter().find(|entry| {
            entry.key.id == id
                && entry.kind == "plan.sent"
                && matches!(entry.standing, Standing::Superseded { .. })
        })?;
        let value = event_value(&sent.key);
        let json = Object::resource("CarePlan")
            .list("extension", &[heads_extension(&self.state.shaped_by(resource))])
            .list("identifier", &[identifier(codes::PLAN, &value)])
            .text("status", "entered-in-error")
            .text("intent", "plan")
            .list("category", &[care_plan::assess_plan()])
            .raw("subject", &literal(&self.own.patient))
            .done();
        Some(Self::write("CarePlan", ("identifier", format!("{}|{value}", codes::PLAN)), json))
    }

    /// Who approved a plan: R4's Provenance has no identifier, so it is found by its tag.
    fn approval(&self, plan: &PlanState, by: &StepTaken) -> RecordWrite {
        let tag = event_value(&by.event);
        let at = by.at.to_string();
        let contact = |place: &&Place| {
            let contact = &place.seat.contact;
            contact.id == by.contact && contact.organization == by.organization
        };
        let name =
            self.state.roster().all().iter().find(contact).map_or("", |place| &place.seat.contact.name);
        let organization = self.opening.organizations().find(|one| one.id == by.organization);
        let agent = Object::new()
            .raw(
                "type",
                &concept(
                    "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                    "attester",
                    "Attester",
                ),
            )
            .list("role", &[concept(codes::ROLE, by.role.code(), &by.role.to_string())])
            .raw("who", &logical(kind_of(&by.role), by.contact.system(), by.contact.value(), name))
            .raw("onBehalfOf", &organization_ref(&by.organization, organization.map_or("", |one| &one.name)))
            .done();
        let source = Object::new()
            .raw("identifier", &identifier(codes::SHA256, &plan.document.sha256.to_string()))
            .text("display", "The document that was approved, by its SHA-256")
            .done();
        let json = Object::resource("Provenance")
            .raw("meta", &Object::new().list("tag", &[coding(codes::EVENT, &tag, "")]).done())
            .list("target", &[logical("CarePlan", codes::PLAN, &event_value(&plan.sent), "")])
            .text("occurredDateTime", &at)
            .text("recorded", &at)
            .raw(
                "activity",
                &concept(
                    "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion",
                    "LA",
                    "legally authenticated",
                ),
            )
            .list("agent", &[agent])
            .list("entity", &[Object::new().text("role", "source").raw("what", &source).done()])
            .done();
        Self::write("Provenance", ("_tag", format!("{}|{tag}", codes::EVENT)), json)
    }
}

#[cfg(all(test, feature = "testing"))]
#[path = "project_tests.rs"]
mod tests;
