//! Messages between people. Maps to FHIR Communication.
//!
//! What was said is never changed: its author says it anew, or takes it back, and both stay to be read. That somebody has seen
//! a message is said by them, since a homeserver's receipts are neither encrypted nor signed.

use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::case::step::Step;
use crate::contact::{Contact, Seat};
use crate::id::EventId;
use crate::policy::Reason;

#[cfg(test)]
mod tests;

/// The most messages that one `message.seen` names.
pub const MOST_SEEN: usize = 64;

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
    /// Its code (FHIR request-priority).
    pub fn code(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Urgent => "urgent",
            Self::Asap => "asap",
            Self::Stat => "stat",
        }
    }

    // By reference, as serde asks for it.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(crate) fn is_routine(&self) -> bool {
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

/// `message.corrected`: its author says a message anew.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageCorrected {
    /// The id of the message, which has the same sender.
    pub message: EventId,
    /// What it should say.
    pub text: String,
}

impl MessageCorrected {
    /// The same without its text: the fields that `step` reads.
    pub(crate) fn withheld(&self) -> Self {
        Self { text: String::new(), ..*self }
    }
}

impl fmt::Debug for MessageCorrected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageCorrected").field("message", &self.message).finish_non_exhaustive()
    }
}

/// `message.retracted`: its author takes a message back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRetracted {
    /// The id of the message, which has the same sender.
    pub message: EventId,
}

/// `message.seen`: somebody has read these messages of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageSeen {
    /// Which, [`MOST_SEEN`] at most.
    pub messages: Vec<EventKey>,
}

/// An event that follows a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MessageEvent<'a> {
    /// `message.corrected`.
    Corrected(&'a MessageCorrected),
    /// `message.retracted`.
    Retracted(&'a MessageRetracted),
    /// `message.seen`.
    Seen(&'a MessageSeen),
}

/// What became of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageStanding {
    /// It stands as it was said.
    #[default]
    Said,
    /// Its author has said it anew.
    Corrected {
        /// In this message.
        by: EventKey,
    },
    /// Its author has taken it back.
    Retracted {
        /// The `message.retracted`.
        by: EventKey,
    },
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
    /// The message of the same author that it says anew.
    pub corrects: Option<EventKey>,
    /// What became of it.
    pub standing: MessageStanding,
    /// Who has said that they saw it, and when, in order.
    pub seen: Vec<StepTaken>,
    /// Whether another Matrix client wrote it.
    pub foreign: bool,
    /// Whether something before it is missing.
    pub after_gap: bool,
    /// What must be read with it: of Part 2 records the statement, and what it was told under.
    pub notice: Option<String>,
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
        corrects: None,
        standing: MessageStanding::Said,
        seen: Vec::new(),
        foreign: event.is_none(),
        after_gap: false,
        notice: None,
    }
}

/// Where in the messages of a case each of them is.
pub(crate) type Places = HashMap<EventKey, usize>;

/// Takes what follows a message into the messages of its case, and gives back the message that it adds to them. `whole` says
/// whether the event's text is here.
///
/// # Errors
/// The reason, with source `message`: `message-unknown` (its author sent no such message, or with another Matrix client),
/// `message-corrected` and `message-retracted` (it stands no longer), `message-seen-before` (there is no news in it),
/// `message-seen-by` (a keeper reads nothing), `message-seen-too-many`.
pub(crate) fn follow(
    messages: &mut [Message],
    places: &Places,
    event: MessageEvent<'_>,
    whole: bool,
    step: &Step<'_>,
) -> Result<Option<Message>, Reason> {
    match event {
        MessageEvent::Corrected(event) => {
            let old = standing(messages, places, event.message, step)?;
            old.standing = MessageStanding::Corrected { by: step.key.clone() };
            let (corrects, priority) = (old.key.clone(), old.priority);
            let sent = MessageSent { priority, in_reply_to: old.in_reply_to.clone() };
            let new = self::step(Some(&sent), whole.then_some(event.text.as_str()), step);
            return Ok(Some(Message { corrects: Some(corrects), ..new }));
        }
        MessageEvent::Retracted(event) => {
            let old = standing(messages, places, event.message, step)?;
            old.standing = MessageStanding::Retracted { by: step.key.clone() };
        }
        MessageEvent::Seen(event) => {
            if step.seat.is_keeper() {
                return Err(refused("message-seen-by", "that a message was seen is said by people"));
            }
            if event.messages.len() > MOST_SEEN {
                return Err(refused("message-seen-too-many", "64 messages at most are seen at once"));
            }
            let seen = StepTaken::of(step);
            let mut news = false;
            for key in &event.messages {
                let Some(message) = places.get(key).and_then(|place| messages.get_mut(*place)) else {
                    continue;
                };
                let own = seen.is_by(&message.from);
                let before = message.seen.iter().any(|known| known.is_by(&step.seat.contact));
                if !own && !before {
                    message.seen.push(seen.clone());
                    news = true;
                }
            }
            if !news {
                return Err(refused("message-seen-before", "there is no message that was not seen before"));
            }
        }
    }
    Ok(None)
}

/// A message of the event's own author that still stands.
fn standing<'m>(
    messages: &'m mut [Message],
    places: &Places,
    id: EventId,
    step: &Step<'_>,
) -> Result<&'m mut Message, Reason> {
    let place = places.get(&EventKey { sender: step.key.sender.clone(), id });
    let message = place.and_then(|place| messages.get_mut(*place)).filter(|message| !message.foreign);
    let message =
        message.ok_or_else(|| refused("message-unknown", "its author sent no such message in this case"))?;
    match message.standing {
        MessageStanding::Said => Ok(message),
        MessageStanding::Corrected { .. } => {
            Err(refused("message-corrected", "this message was said anew: correct that one"))
        }
        MessageStanding::Retracted { .. } => {
            Err(refused("message-retracted", "this message was taken back before"))
        }
    }
}

/// The event as a person reads it in any Matrix client.
pub fn tell(event: MessageEvent<'_>, by: &Seat) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    match event {
        MessageEvent::Corrected(event) => format!("{who} corrects an earlier message: {}", event.text),
        MessageEvent::Retracted(_) => format!("{who} takes back an earlier message."),
        MessageEvent::Seen(event) => match event.messages.len() {
            1 => format!("{who} has seen a message."),
            n => format!("{who} has seen {n} messages."),
        },
    }
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "message")
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
    /// The message that it was to say anew.
    pub(crate) corrects: Option<EventKey>,
    /// What must be read with it.
    pub(crate) notice: Option<String>,
}

impl fmt::Debug for Superseded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Superseded").field("key", &self.key).finish_non_exhaustive()
    }
}
