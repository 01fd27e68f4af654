//! The projection of a case's state into the record of one's own organisation: a function of the folded events alone. No
//! device's time, no locale, no writer is in it.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::write::{
    Object, account_ref, concept, contact_ref, event_value, heads_extension, identifier, kind_of, literal,
    logical, organization_ref, period,
};
use super::{care_plan, codes, consent, outreach};
use crate::care_plan::{Document, PlanStatus};
use crate::case::event::{EventKey, Head};
use crate::case::life::Opening;
use crate::case::roster::Place;
use crate::case::state::{CaseState, Entry, Resource};
use crate::communication::{Message, MessageStanding, Priority, Superseded};
use crate::contact::{Contact, Role};
use crate::due;
use crate::error::Result;
use crate::id::Sha256;
use crate::member::Member;
use crate::ports::RecordWrite;

mod copied;
mod crossing;
mod scanned;
mod signed;
mod task;

pub(super) use task::CASE_CLOSED;

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
/// message, a Consent for each consent, a ServiceRequest and a Task for each referral, a Task for each task, for each question whether one may reach out, for each emergency that somebody looks at and for what is to go across to each side without Matrix, an EpisodeOfCare and what was recorded of each contact with the member, a Flag where they must not be contacted, a CarePlan for each plan that was sent, an Encounter for each stay and an Appointment for each
/// joint visit, a Provenance for each approval and each attested signature, and one for each that was superseded. Nothing until the case is open. What was
/// superseded is written whole, as entered in error: it may have been written while it counted, and a record must not tell.
///
/// `text` gives the text of a document; a plan whose text is not there yet is left out until it is, and one whose text is no
/// plan, or another member's, for good. What this device knows in part only (stubs of a handover) is left to those who know it whole.
pub fn project(state: &CaseState, own: &Own, text: &dyn Fn(&Document) -> Option<String>) -> Vec<RecordWrite> {
    let Some(opening) = state.opening() else { return Vec::new() };
    // What is written so is about a member: a room of another kind has its own resources.
    let Some(member) = &opening.member else { return Vec::new() };
    let view = View::new(state, (opening, member), own);
    let mut writes = Vec::new();
    if !state.holds_stubs_for(&Resource::CareTeam) {
        writes.push(view.care_team());
        writes.push(view.thread());
    }
    writes.extend(outreach::writes(state, opening, own));
    writes.extend(consent::writes(state, opening, own));
    let text = |document: &Document| text(document).filter(|text| Sha256::of(text) == document.sha256);
    for (resource, id) in state.shaping.keys().filter_map(|resource| match resource {
        Resource::Plan(id) if !state.holds_stubs_for(resource) => Some((resource, id)),
        _ => None,
    }) {
        let superseded = || state.superseded_plans.iter().find(|(key, _)| key.id == *id);
        // A plan that the other side sent and that is none must not keep the rest of the case out of the record.
        if let Some(plan) = state.plans.get(*id) {
            let status = matches!(plan.status, PlanStatus::Replaced { .. }).then_some("revoked");
            let Some(text) = text(&plan.document) else { continue };
            let Ok(write) = view.plan(resource, &plan.sent, &text, status) else { continue };
            writes.push(write);
            if let PlanStatus::Approved(by) = &plan.status
                && plan.attested_approval().is_none()
            {
                writes.push(view.approval(plan, by));
            }
            writes.extend(plan.in_house.as_ref().map(|approval| view.in_house(plan, approval)));
            writes.extend(plan.signatures.iter().map(|signature| view.signature(plan, signature)));
            writes.extend(view.no_approvals(&plan.sent, &plan.document));
        } else if let Some((key, document)) = superseded()
            && let Some(text) = text(document)
            && let Ok(write) = view.plan(resource, key, &text, Some("entered-in-error"))
        {
            writes.push(write);
            writes.extend(view.no_approvals(key, document));
        }
    }
    writes.extend(view.copies());
    writes.extend(view.scans(&text));
    writes.extend(super::alert::alerts(state, opening, own));
    writes.extend(view.tasks());
    writes.extend(view.crossings());
    writes.extend(super::referral::writes(state, opening, own));
    let known = |key: &EventKey, text: Option<&String>| {
        text.is_some() && !state.holds_stubs_for(&Resource::Message(key.clone()))
    };
    let superseded = state.superseded_messages.iter().filter(|one| known(&one.key, one.text.as_ref()));
    writes.extend(superseded.map(|one| view.message(&Written::superseded(one, opening))));
    let messages = state.messages.iter().filter(|message| message.text.is_some());
    writes.extend(messages.map(|one| view.message(&Written::counted(one))));
    writes
}

/// Whether a write that carries these heads was made with an event folded that the stored resource carries: a write that
/// waited while its resource went on must not bring back what was.
#[cfg(any(feature = "store", test))]
pub(crate) fn knows(state: &CaseState, write: &RecordWrite, heads: &[Head], event: &EventKey) -> bool {
    let (system, value) = write.find.1.split_once('|').unwrap_or_default();
    let of = |resource: &&Resource| match (resource, write.kind.as_str()) {
        (Resource::Override(key), "Task") if system == codes::REVIEW => event_value(key) == value,
        (Resource::Ask(key), "Task") if system == codes::OUTREACH_ASK => event_value(key) == value,
        (_, "Task") if [codes::REVIEW, codes::OUTREACH_ASK].contains(&system) => false,
        (
            Resource::Copy(key) | Resource::Message(key) | Resource::Concern(key) | Resource::Answer(key),
            "Communication",
        )
        | (Resource::Visit(key) | Resource::Meeting(key), "Appointment")
        | (Resource::Task(key), "Task")
        | (Resource::Referral(key), "ServiceRequest" | "Task")
        | (Resource::Consent(key), "Consent")
        | (Resource::Contact(key), "Communication" | "Encounter") => event_value(key) == value,
        (Resource::Crossing(to), "Task") => {
            state.opening().is_some_and(|opening| crossing::crossing_value(opening.case, to) == value)
        }
        (Resource::Episode, "EpisodeOfCare") | (Resource::NoContact, "Flag") => true,
        (Resource::Plan(id), "CarePlan") => value.starts_with(&id.to_string()),
        (Resource::Plan(id), "DocumentReference") if system == codes::PLAN_DOCUMENT => {
            value.starts_with(&id.to_string())
        }
        (Resource::Agreement(key), "DocumentReference") if system == codes::EVENT => {
            event_value(key) == value
        }
        (Resource::Scan(key), "DocumentReference") if system == codes::SCAN => event_value(key) == value,
        (Resource::Stay(stay), "Encounter") => {
            state.opening().is_some_and(|opening| super::alert::stay_value(opening, stay) == value)
        }
        _ => false,
    };
    let mut resources: Vec<&Resource> = state.shaping.keys().filter(of).collect();
    if system == codes::SUMMARY {
        resources = super::documents::summarized(state).collect();
    } else if resources.is_empty() {
        // The header of the thread opens and closes with the CareTeam.
        resources.push(&Resource::CareTeam);
    }
    state.folded(event) && !resources.iter().any(|resource| state.is_news_to(heads, resource, event))
}

pub(super) fn write(kind: &str, find: (&str, String), json: String) -> RecordWrite {
    let sha256 = Sha256::of(&json);
    RecordWrite { kind: kind.to_owned(), find: (find.0.to_owned(), find.1), json, sha256 }
}

/// A message, whether it counts or not.
struct Written<'a> {
    key: &'a EventKey,
    status: &'static str,
    from: Option<&'a Contact>,
    text: &'a str,
    at: Timestamp,
    received: Option<Timestamp>,
    priority: Priority,
    corrects: Option<&'a EventKey>,
    in_reply_to: Option<&'a EventKey>,
    notice: Option<&'a str>,
}

impl<'a> Written<'a> {
    fn counted(message: &'a Message) -> Self {
        Self {
            key: &message.key,
            status: if message.standing == MessageStanding::Said { "completed" } else { "entered-in-error" },
            from: Some(&message.from),
            text: message.text.as_deref().unwrap_or_default(),
            at: message.at,
            received: message.seen.first().map(|seen| seen.at),
            priority: message.priority,
            corrects: message.corrects.as_ref(),
            in_reply_to: message.in_reply_to.as_ref(),
            notice: message.notice.as_deref(),
        }
    }

    fn superseded(message: &'a Superseded, opening: &Opening) -> Self {
        Self {
            key: &message.key,
            status: "entered-in-error",
            from: message.from.as_ref(),
            text: message.text.as_deref().unwrap_or_default(),
            at: due::believed(message.at, message.server_at, opening.agreement.story_clock),
            received: None,
            priority: message.priority,
            corrects: message.corrects.as_ref(),
            in_reply_to: message.in_reply_to.as_ref(),
            notice: message.notice.as_deref(),
        }
    }
}

struct View<'a> {
    state: &'a CaseState,
    opening: &'a Opening,
    member: &'a Member,
    own: &'a Own,
    entries: HashMap<&'a EventKey, &'a Entry>,
    /// For each seat the events that follow its naming and its ending, as far as their authors knew.
    reach: Vec<(HashSet<&'a EventKey>, HashSet<&'a EventKey>)>,
}

impl<'a> View<'a> {
    fn new(state: &'a CaseState, (opening, member): (&'a Opening, &'a Member), own: &'a Own) -> Self {
        let entries = state.timeline.iter().map(|entry| (&entry.key, entry)).collect();
        let after = |key: &'a EventKey| state.and_after(key);
        let reach = state
            .roster()
            .all()
            .iter()
            .map(|place| (after(&place.since), place.ended.as_ref().map(after).unwrap_or_default()))
            .collect();
        Self { state, opening, member, own, entries, reach }
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
        write("CareTeam", ("identifier", format!("{}|{case}", codes::CASE)), json)
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
        let shaped = self.state.life.turned_by().unwrap_or(&self.opening.event);
        let clock = self.state.links.get(shaped).map_or(0, |link| link.stated);
        let case = self.opening.case.to_string();
        let json = Object::resource("Communication")
            .list("extension", &[heads_extension(&[Head { key: shaped.clone(), clock }])])
            .list("identifier", &[identifier(codes::THREAD, &case)])
            .text("status", if closed.is_some() { "completed" } else { "in-progress" })
            .raw("subject", &literal(&self.own.patient))
            .done();
        write("Communication", ("identifier", format!("{}|{case}", codes::THREAD)), json)
    }

    fn message(&self, message: &Written<'_>) -> RecordWrite {
        let value = event_value(message.key);
        let resource = Resource::Message(message.key.clone());
        let heads = self.state.shaped_by(&resource);
        let recipients: Vec<String> =
            self.recipients(message).map(|place| contact_ref(&place.seat.contact)).collect();
        let answers = message.corrects.into_iter().chain(message.in_reply_to);
        let answers = answers.map(|key| logical("Communication", codes::EVENT, &event_value(key), ""));
        // What must be read with it comes after it, in a payload of its own.
        let payload = [message.text, message.notice.unwrap_or_default()];
        let payload = payload.into_iter().filter(|text| !text.is_empty());
        let payload: Vec<String> =
            payload.map(|text| Object::new().text("contentString", text).done()).collect();
        let sender = message.from.map_or_else(|| account_ref(&message.key.sender), contact_ref);
        let json = Object::resource("Communication")
            .labelled(&self.state.labels(&resource))
            .list("extension", &[heads_extension(&heads)])
            .list("identifier", &[identifier(codes::EVENT, &value)])
            .list("partOf", &[logical("Communication", codes::THREAD, &self.opening.case.to_string(), "")])
            .list("inResponseTo", &answers.collect::<Vec<_>>())
            .text("status", message.status)
            .text("priority", message.priority.code())
            .raw("subject", &literal(&self.own.patient))
            .text("sent", &message.at.to_string())
            .text("received", &message.received.map(|at| at.to_string()).unwrap_or_default())
            .list("recipient", &recipients)
            .raw("sender", &sender)
            .list("payload", &payload)
            .done();
        write("Communication", ("identifier", format!("{}|{value}", codes::EVENT)), json)
    }

    /// Who had a seat in the room when the message was written, as far as its author knew: a later change of the roster
    /// does not change to whom it went. Nobody for another client's message, which does not say what it knew.
    fn recipients<'s>(&'s self, message: &'s Written<'_>) -> impl Iterator<Item = &'s Place> {
        let places = self.state.roster().all().iter().zip(&self.reach);
        places.filter_map(move |(place, (named, ended))| {
            let contact = &place.seat.contact;
            let there = named.contains(message.key) && !ended.contains(message.key);
            let other = message
                .from
                .is_none_or(|from| contact.id != from.id || contact.organization != from.organization);
            (there && other && contact.user.is_some()).then_some(place)
        })
    }

    fn plan(
        &self,
        resource: &Resource,
        sent: &EventKey,
        text: &str,
        status: Option<&str>,
    ) -> Result<RecordWrite> {
        let value = event_value(sent);
        let heads = heads_extension(&self.state.shaped_by(resource));
        let json = care_plan::projected(text, &value, (&self.own.patient, self.member), status, &heads)?;
        let json = care_plan::labelled(json, &self.state.labels(resource))?;
        Ok(write("CarePlan", ("identifier", format!("{}|{value}", codes::PLAN)), json))
    }
}

#[cfg(all(test, feature = "testing"))]
#[path = "project_tests.rs"]
mod tests;
