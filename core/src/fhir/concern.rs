//! A programme room's concerns as FHIR Communication (R4, 14.5), without a subject: nobody's care is spoken of.
//!
//! A concern is one Communication; each answer is one in response to it, or stands alone where the office tells it everybody. R4
//! lets what was `completed` be done no more, and a concern can be opened again: while it is open it is `in-progress`, once it is closed
//! `on-hold`, with why. What was taken as said and never counted is `entered-in-error`. Every element that can change is always
//! written, so that none of an earlier state is left over in a record.

use jiff::Timestamp;

use super::codes;
use super::project::write;
use super::write::{
    Object, account_ref, concept, contact_ref, event_value, heads_extension, identifier, logical,
    organization_ref,
};
use crate::care_plan::StepTaken;
use crate::case::event::{EventData, EventKey};
use crate::case::kind::RoomKind;
use crate::case::life::Opening;
use crate::case::state::{CaseState, Resource};
use crate::communication::Priority;
use crate::concern::{
    ConcernDeed, ConcernState, ConcernStatus, ConcernStep, ConcernTopic, MOST_ABOUT, PublishedAnswer,
    SupersededConcern,
};
use crate::id::OrganizationId;
use crate::ports::RecordWrite;

/// What was said, whether it counts or not.
struct Said<'a> {
    resource: Resource,
    key: &'a EventKey,
    kind: &'static str,
    status: &'static str,
    why: &'static str,
    answers: Option<EventKey>,
    priority: Priority,
    about: Option<(ConcernTopic, &'a str)>,
    organizations: &'a [OrganizationId],
    sent: Timestamp,
    received: Option<Timestamp>,
    sender: String,
    by_office: bool,
    text: &'a str,
    notes: Vec<String>,
}

/// The resources that a programme room's state is written as: a Communication for each concern and each answer. What this device
/// knows in part only (stubs of a handover) is left to those who know it whole. Nothing for a room of another kind.
pub fn concerns(state: &CaseState) -> Vec<RecordWrite> {
    let Some(opening) = state.opening().filter(|opening| opening.kind == RoomKind::Programme) else {
        return Vec::new();
    };
    let view = View { state, opening };
    let mut said: Vec<Said<'_>> =
        state.superseded_concerns.iter().filter_map(|one| view.superseded(one)).collect();
    for concern in state.concerns.all() {
        said.push(view.concern(concern));
        said.extend(concern.answers().map(|answer| view.answer(concern, answer)));
    }
    said.extend(state.concerns.published().iter().map(|one| view.published(one)));
    let whole = said.iter().filter(|one| !state.holds_stubs_for(&one.resource));
    whole.map(|one| view.communication(one)).collect()
}

struct View<'a> {
    state: &'a CaseState,
    opening: &'a Opening,
}

impl<'a> View<'a> {
    fn concern(&self, concern: &'a ConcernState) -> Said<'a> {
        let closed = concern.status == ConcernStatus::Closed;
        let heard =
            concern.steps.iter().find(|one| matches!(one.deed, ConcernDeed::Heard | ConcernDeed::Answered));
        let notes = concern.steps.iter().filter_map(|one| self.note(one));
        Said {
            resource: Resource::Concern(concern.key.clone()),
            key: &concern.key,
            kind: "concern",
            status: if closed { "on-hold" } else { "in-progress" },
            why: if closed { "Closed by the organization that raised it" } else { concern.status.why() },
            answers: None,
            priority: concern.priority,
            about: Some((concern.topic, &concern.title)),
            organizations: &concern.about,
            sent: concern.raised_by.at,
            received: heard.map(|one| one.by.at.max(concern.raised_by.at)),
            sender: self.who(&concern.raised_by),
            by_office: false,
            text: &concern.text,
            notes: notes.collect(),
        }
    }

    fn answer(&self, concern: &'a ConcernState, answer: &'a ConcernStep) -> Said<'a> {
        Said {
            resource: Resource::Answer(answer.by.event.clone()),
            key: &answer.by.event,
            kind: "concern-answer",
            status: "completed",
            why: "",
            answers: Some(concern.key.clone()),
            priority: concern.priority,
            about: Some((concern.topic, &concern.title)),
            organizations: &concern.about,
            sent: answer.by.at,
            received: None,
            sender: self.who(&answer.by),
            by_office: true,
            text: answer.text.as_deref().unwrap_or_default(),
            notes: Vec::new(),
        }
    }

    fn published(&self, one: &'a PublishedAnswer) -> Said<'a> {
        Said {
            resource: Resource::Answer(one.key.clone()),
            key: &one.key,
            kind: "answer-published",
            status: "completed",
            why: "",
            answers: None,
            priority: Priority::Routine,
            about: Some((one.topic, &one.question)),
            organizations: &[],
            sent: one.by.at,
            received: None,
            sender: self.who(&one.by),
            by_office: true,
            text: &one.text,
            notes: Vec::new(),
        }
    }

    fn superseded(&self, one: &'a SupersededConcern) -> Option<Said<'a>> {
        let (kind, text, about, answers, priority) = match &one.data {
            EventData::ConcernRaised(e) => {
                ("concern", &e.text, Some((e.topic, e.title.as_str())), None, e.priority)
            }
            EventData::ConcernAnswered(e) => {
                let concern = self.state.concerns.get(e.concern);
                let about = concern.map(|concern| (concern.topic, concern.title.as_str()));
                let priority = concern.map_or(Priority::Routine, |concern| concern.priority);
                ("concern-answer", &e.text, about, concern.map(|concern| concern.key.clone()), priority)
            }
            EventData::AnswerPublished(e) => {
                let about = Some((e.topic, e.question.as_str()));
                ("answer-published", &e.text, about, None, Priority::Routine)
            }
            _ => return None,
        };
        let organizations: &[OrganizationId] = match &one.data {
            // Of what never counted it is not known that it keeps to any bound.
            EventData::ConcernRaised(e) => e.about.get(..MOST_ABOUT).unwrap_or(&e.about),
            _ => &[],
        };
        let key = one.key.clone();
        Some(Said {
            resource: if kind == "concern" { Resource::Concern(key) } else { Resource::Answer(key) },
            key: &one.key,
            kind,
            status: "entered-in-error",
            why: "It never took effect in the room",
            answers,
            priority,
            about,
            organizations,
            sent: one.at,
            received: None,
            sender: one.from.as_ref().map_or_else(|| account_ref(&one.key.sender), contact_ref),
            by_office: kind != "concern",
            text,
            notes: Vec::new(),
        })
    }

    fn communication(&self, said: &Said<'_>) -> RecordWrite {
        let value = event_value(said.key);
        let heads = self.state.shaped_by(&said.resource);
        let to = if said.by_office { &self.opening.community_side } else { &self.opening.plan_side };
        let words = |text: &str| {
            if text.is_empty() { String::new() } else { Object::new().text("text", text).done() }
        };
        let answers =
            said.answers.iter().map(|key| logical("Communication", codes::EVENT, &event_value(key), ""));
        let payload = Object::new().text("contentString", said.text).done();
        let payload = if payload == "{}" { Vec::new() } else { vec![payload] };
        let category = said.about.map(|(topic, _)| concept(codes::CONCERN_TOPIC, topic.code(), ""));
        let categories: Vec<String> =
            [concept(codes::KIND, said.kind, "")].into_iter().chain(category).collect();
        let json = Object::resource("Communication")
            .list("extension", &[heads_extension(&heads)])
            .list("identifier", &[identifier(codes::EVENT, &value)])
            .list("inResponseTo", &answers.collect::<Vec<_>>())
            .text("status", said.status)
            .raw("statusReason", &words(said.why))
            .list("category", &categories)
            .text("priority", said.priority.code())
            .raw("topic", &words(said.about.map_or("", |(_, title)| title)))
            .list("about", &said.organizations.iter().map(|id| organization_ref(id, "")).collect::<Vec<_>>())
            .text("sent", &said.sent.to_string())
            .text("received", &said.received.map(|at| at.to_string()).unwrap_or_default())
            .list("recipient", &[organization_ref(&to.id, &to.name)])
            .raw("sender", &said.sender)
            .list("payload", &payload)
            .list("note", &said.notes)
            .done();
        write("Communication", ("identifier", format!("{}|{value}", codes::EVENT)), json)
    }

    /// When it was closed, and why it was opened again.
    fn note(&self, step: &ConcernStep) -> Option<String> {
        let text = match step.deed {
            ConcernDeed::Closed => "Closed".to_owned(),
            ConcernDeed::Reopened => format!("Opened again: {}", step.text.as_deref().unwrap_or_default()),
            _ => return None,
        };
        let note =
            Object::new().raw("authorReference", &self.who(&step.by)).text("time", &step.by.at.to_string());
        Some(note.text("text", text.trim_end_matches([':', ' '])).done())
    }

    /// Somebody who took a step, by name as the roster has them.
    fn who(&self, by: &StepTaken) -> String {
        let mut places = self.state.roster().all().iter().rev().map(|place| &place.seat.contact);
        let found =
            places.find(|contact| contact.id == by.contact && contact.organization == by.organization);
        found.map_or_else(|| account_ref(&by.event.sender), contact_ref)
    }
}

impl ConcernStatus {
    /// Why its Communication is not over, in words.
    fn why(self) -> &'static str {
        match self {
            Self::Raised => "The programme office has not heard it",
            Self::Heard => "The programme office has heard it, and owes an answer",
            Self::Answered => "The programme office has answered",
            Self::Closed => "",
        }
    }
}

#[cfg(test)]
#[path = "concern_tests.rs"]
mod tests;
