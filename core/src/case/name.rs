//! How somebody names an event to us: mostly by its id alone.

use std::fmt;
use std::str::FromStr;

use crate::case::event::EventKey;
#[cfg(feature = "store")]
use crate::error::InvalidInput;
use crate::error::{Error, Result};
use crate::id::{EventId, UserId};

/// An event as somebody names it: by its id; by its sender too, where two have given the same id. As text `id`, or `sender id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventName {
    sender: Option<UserId>,
    id: EventId,
}

impl From<EventId> for EventName {
    fn from(id: EventId) -> Self {
        Self { sender: None, id }
    }
}

impl From<EventKey> for EventName {
    fn from(EventKey { sender, id }: EventKey) -> Self {
        Self { sender: Some(sender), id }
    }
}

impl From<&EventKey> for EventName {
    fn from(key: &EventKey) -> Self {
        key.clone().into()
    }
}

impl FromStr for EventName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once(' ') {
            Some((sender, id)) => Ok(Self { sender: Some(sender.parse()?), id: id.parse()? }),
            None => Ok(Self { sender: None, id: text.parse()? }),
        }
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sender {
            Some(sender) => write!(f, "{sender} {}", self.id),
            None => self.id.fmt(f),
        }
    }
}

impl EventName {
    /// Which of these it names. Where it names none, the key of nothing that is there, so that a step says so.
    #[cfg(feature = "store")]
    pub(crate) fn among<'a>(
        &self,
        keys: impl Iterator<Item = &'a EventKey>,
        field: &'static str,
        me: &UserId,
    ) -> Result<EventKey> {
        let named = |key: &&EventKey| {
            key.id == self.id && self.sender.as_ref().is_none_or(|sender| *sender == key.sender)
        };
        let mut found = keys.filter(named);
        let first = found.next().cloned();
        if found.next().is_some() {
            let detail = "two people have given this id: name the one that is meant as `sender id`";
            return Err(InvalidInput::new("event-of-two", detail).field(field).into());
        }
        let none = || EventKey { sender: self.sender.clone().unwrap_or_else(|| me.clone()), id: self.id };
        Ok(first.unwrap_or_else(none))
    }
}
