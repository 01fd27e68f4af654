//! The handover: what came before, for a newcomer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::care_plan::Document;
use crate::case::event::Head;
use crate::id::{EventId, Sha256, UserId};

/// `handover`: the case's events up to named heads, vouched for by its sender. The events themselves are a JSON array of
/// [`HandedEvent`] and travel as a document, since they can be long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// For whom: who was named anew.
    pub to: Vec<UserId>,
    /// Up to which events.
    pub heads: Vec<Head>,
    /// The events, as a document.
    pub events: Document,
}

/// One event of a handover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandedEvent {
    /// Who sent it.
    pub sender: UserId,
    /// The id its author chose.
    pub id: EventId,
    /// The homeserver's timestamp, as the one who hands over saw it.
    pub server_at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub body: HandedBody,
}

/// What a handover tells of one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandedBody {
    /// The whole content.
    Content(Value),
    /// Only what `step` reads, since the policy withholds the rest.
    Stub(Stub),
}

/// What a newcomer learns of an event that the policy withholds: enough to fold, nothing clinical.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stub {
    /// Its kind.
    pub kind: String,
    /// The version of its block.
    pub v: u32,
    /// The heads it names.
    pub after: Vec<Head>,
    /// Its clock.
    pub clock: u64,
    /// Its author's time.
    pub at: Timestamp,
    /// The SHA-256 of the content.
    pub sha256: Sha256,
    /// The few fields that `step` reads.
    pub data: Value,
}
