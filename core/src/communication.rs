//! Messages between people. Maps to FHIR Communication.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::case::event::EventKey;
use crate::case::step::Step;
use crate::contact::Contact;

/// How urgent a message is (FHIR request-priority).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// In the normal course.
    #[default]
    Routine,
    /// Sooner than routine.
    Urgent,
    /// As soon as possible.
    Asap,
    /// At once.
    Stat,
}

impl Priority {
    // By reference, as serde asks for it.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_routine(&self) -> bool {
        *self == Self::Routine
    }
}

/// `message.sent`: a message between people. Its text is the `body` of the Matrix event, so it is not repeated here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageSent {
    /// How urgent it is.
    #[serde(default, skip_serializing_if = "Priority::is_routine")]
    pub priority: Priority,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<EventKey>,
}

/// A message of a case. Its text is member data: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Its event.
    pub key: EventKey,
    /// Who wrote it.
    pub from: Contact,
    /// The text; nothing where a handover withheld it.
    pub text: Option<String>,
    /// When, as far as its author's clock is believed; for another client's message the homeserver's timestamp.
    pub at: Timestamp,
    /// The homeserver's timestamp.
    pub server_at: Timestamp,
    /// How urgent it is.
    pub priority: Priority,
    /// The message that it answers.
    pub in_reply_to: Option<EventKey>,
    /// Whether another Matrix client wrote it.
    pub foreign: bool,
    /// Whether something before it is missing.
    pub after_gap: bool,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The message that an event adds to those of its case. Whoever has a seat may write, so no state is asked; an event
/// without our block (`event` is nothing) is another client's message.
pub fn step(event: Option<&MessageSent>, text: Option<&str>, step: &Step<'_>) -> Message {
    Message {
        key: step.key.clone(),
        from: step.seat.contact.clone(),
        text: text.map(str::to_owned),
        at: if event.is_some() { step.when() } else { step.server_at },
        server_at: step.server_at,
        priority: event.map_or(Priority::Routine, |event| event.priority),
        in_reply_to: event.and_then(|event| event.in_reply_to.clone()),
        foreign: event.is_none(),
        after_gap: false,
    }
}

/// A message that took no step. It may have been written into a record while it counted, so what a record says of it is kept.
/// Its text is member data: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Superseded {
    /// Its event.
    pub(crate) key: EventKey,
    /// Who wrote it; nobody where its sender never had a seat.
    pub(crate) from: Option<Contact>,
    /// The text; nothing where a handover withheld it.
    pub(crate) text: Option<String>,
    /// The author's time; for another client's message the homeserver's.
    pub(crate) at: Timestamp,
    /// The homeserver's timestamp.
    pub(crate) server_at: Timestamp,
    /// How urgent it is.
    pub(crate) priority: Priority,
    /// The message that it answers.
    pub(crate) in_reply_to: Option<EventKey>,
}

impl fmt::Debug for Superseded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Superseded").field("key", &self.key).finish_non_exhaustive()
    }
}
