//! Messages between people. Maps to FHIR Communication.

use serde::{Deserialize, Serialize};

use crate::case::event::EventKey;

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
