//! An event as a device holds it: its content, and how it came.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{BLOCK, Event, EventKey, MAX_DEPTH, deeper, write_canonical};
use crate::error::{InvalidInput, Result};
use crate::id::{EventId, Sha256, UserId};

/// The content of a Matrix event as we keep it: the JSON text that was decrypted, its readable body, and its hash.
/// `Debug` shows the hash alone.
#[derive(Clone)]
pub struct Content {
    /// The whole content, as JSON text. What we store, hand over and rebuild from.
    pub json: Box<RawValue>,
    /// SHA-256 of the canonical form of `body` and our block; see [`Content::parse`].
    pub sha256: Sha256,
    /// The text that any client shows.
    pub body: String,
    /// The block, where there is one and it can be read.
    pub block: Block,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

/// What stands under `org.caseline.event` in a content.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)]
pub enum Block {
    /// A case event.
    Event(Event),
    /// Nothing: a message that another Matrix client wrote.
    Absent,
    /// Something that is not of the form of a case event, or is nested too deep; it takes no step and is shown.
    Malformed,
}

impl Content {
    /// Makes the content of an event that we send.
    pub fn new(body: String, event: &Event, notice: bool) -> Result<Self> {
        let wrong = |_| crate::Error::internal("event-serialize");
        let mut content = Map::new();
        content.insert("msgtype".into(), if notice { "m.notice" } else { "m.text" }.into());
        content.insert("body".into(), body.into());
        content.insert(BLOCK.into(), serde_json::to_value(event).map_err(wrong)?);
        let json = serde_json::value::to_raw_value(&content).map_err(wrong)?;
        Self::parse(&json)
    }

    /// Reads a decrypted content.
    ///
    /// The hash is over the canonical JSON (Matrix specification, appendix "Canonical JSON": keys sorted, no spaces) of an
    /// object with exactly `body` and, where present, our block, so that what a client or an SDK adds beside them does
    /// not change it.
    ///
    /// # Errors
    /// [`InvalidInput`] where it is not a JSON object.
    pub fn parse(json: &RawValue) -> Result<Self> {
        let content: Map<String, Value> = serde_json::from_str(json.get()).map_err(|_| {
            InvalidInput::new("invalid-content", "the content of an event must be a JSON object")
        })?;
        let body = content.get("body").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut hashed = Map::new();
        hashed.insert("body".into(), content.get("body").cloned().unwrap_or(Value::Null));
        let mut block = Block::Absent;
        if let Some(found) = content.get(BLOCK) {
            hashed.insert(BLOCK.into(), found.clone());
            block = Event::deserialize(found).map_or(Block::Malformed, Block::Event);
        }
        // By what the hash is over, and nothing else: of one hash there is one meaning.
        if hashed.values().any(|value| deeper(value, MAX_DEPTH - 1)) {
            block = Block::Malformed;
        }
        let mut canonical = String::new();
        write_canonical(&Value::Object(hashed), &mut canonical);
        Ok(Self { json: json.to_owned(), sha256: Sha256::of(canonical), body, block })
    }
}

/// How an event reached us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Receipt {
    /// From the room itself.
    FirstHand {
        /// Whether the sending device is proven: false for what decrypts only with a key restored from backup whose
        /// author no present device proves. Such an event takes no step until another participant vouches for its hash.
        proven: bool,
    },
    /// In a handover, vouched for by this participant.
    HandedOver {
        /// Who vouches.
        by: UserId,
    },
}

/// One event as a device holds it: what came, from whom, and how. What the fold takes.
#[derive(Debug, Clone)]
pub struct Held {
    /// The Matrix sender; for a handed-over event, the sender that the handover names.
    pub sender: UserId,
    /// The id: the block's, or [`EventId::foreign`] for a message without one.
    pub id: EventId,
    /// The homeserver's timestamp.
    pub server_at: Timestamp,
    /// How it came.
    pub receipt: Receipt,
    /// What it says.
    pub body: HeldBody,
}

/// What a device holds of an event.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)]
pub enum HeldBody {
    /// All of it.
    Whole(Content),
    /// What a handover tells of an event that its policy withholds.
    Stub(crate::case::handover::Stub),
}

impl Held {
    /// The event's key.
    pub fn key(&self) -> EventKey {
        EventKey { sender: self.sender.clone(), id: self.id }
    }
}
