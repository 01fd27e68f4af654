//! The messages of a case.

use std::time::SystemTime;

use caseline::care_plan::StepTaken;
use caseline::case::state::CaseState;
use caseline::communication::{self, Priority};

use crate::consent::codes;
use crate::models::{Contact, EventKey};

/// How urgent a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum MessagePriority {
    /// In the normal course.
    Routine,
    /// Sooner than routine.
    Urgent,
    /// As soon as possible.
    Asap,
    /// At once.
    Stat,
}

impl From<Priority> for MessagePriority {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Routine => Self::Routine,
            Priority::Urgent => Self::Urgent,
            Priority::Asap => Self::Asap,
            Priority::Stat => Self::Stat,
        }
    }
}

impl From<MessagePriority> for Priority {
    fn from(priority: MessagePriority) -> Self {
        match priority {
            MessagePriority::Routine => Self::Routine,
            MessagePriority::Urgent => Self::Urgent,
            MessagePriority::Asap => Self::Asap,
            MessagePriority::Stat => Self::Stat,
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum MessageStanding {
    /// It stands as it was said.
    Said,
    /// Its author has said it anew.
    Corrected {
        /// In this message.
        by: EventKey,
    },
    /// Its author has taken it back.
    Retracted {
        /// The event.
        by: EventKey,
    },
    /// Something that this release does not know.
    Other,
}

impl From<&communication::MessageStanding> for MessageStanding {
    fn from(standing: &communication::MessageStanding) -> Self {
        match standing {
            communication::MessageStanding::Said => Self::Said,
            communication::MessageStanding::Corrected { by } => Self::Corrected { by: EventKey::from(by) },
            communication::MessageStanding::Retracted { by } => Self::Retracted { by: EventKey::from(by) },
            _ => Self::Other,
        }
    }
}

/// Who saw a message, and when.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Seen {
    /// The contact, `system|value`.
    pub contact: String,
    /// Their organisation.
    pub organization: String,
    /// When, as far as their clock is believed.
    pub at: SystemTime,
}

impl From<&StepTaken> for Seen {
    fn from(seen: &StepTaken) -> Self {
        Self {
            contact: seen.contact.to_string(),
            organization: seen.organization.to_string(),
            at: seen.at.into(),
        }
    }
}

/// A message of a case.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Message {
    /// Its event.
    pub key: EventKey,
    /// Who wrote it.
    pub sender: Contact,
    /// The text; nothing where a handover withheld it.
    pub text: Option<String>,
    /// When, as far as its author's clock is believed.
    pub at: SystemTime,
    /// How urgent it is.
    pub priority: MessagePriority,
    /// The message that it answers.
    pub in_reply_to: Option<EventKey>,
    /// The message of the same author that it says anew.
    pub corrects: Option<EventKey>,
    /// What became of it.
    pub standing: MessageStanding,
    /// Who has said that they saw it, in order.
    pub seen: Vec<Seen>,
    /// Whether another Matrix client wrote it.
    pub foreign: bool,
    /// Whether something before it is missing.
    pub after_gap: bool,
    /// How sensitive it is: codes of v3-Confidentiality and v3-ActCode.
    pub labels: Vec<String>,
    /// What must be shown with it: of Part 2 records the statement, and what it was told under.
    pub notice: Option<String>,
}

impl Message {
    pub(crate) fn of(state: &CaseState, message: &communication::Message) -> Self {
        Self {
            key: EventKey::from(&message.key),
            sender: Contact::from(&message.from),
            text: message.text.clone(),
            at: message.at.into(),
            priority: message.priority.into(),
            in_reply_to: message.in_reply_to.as_ref().map(EventKey::from),
            corrects: message.corrects.as_ref().map(EventKey::from),
            standing: MessageStanding::from(&message.standing),
            seen: message.seen.iter().map(Seen::from).collect(),
            foreign: message.foreign,
            after_gap: message.after_gap,
            labels: state.labels_of(&message.key).map(codes).unwrap_or_default(),
            notice: message.notice.clone(),
        }
    }
}
