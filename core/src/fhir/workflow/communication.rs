//! Communication: a message between people, in a thread (FHIR R4, 14.5). A thread is a header without payload and without
//! `partOf`; each message is part of it. What was said is never changed: a correction is the old message as
//! `entered-in-error`, and a new one in response to it. R4 has no status for "sent" or "read": `sent` and `received` are
//! times.

use super::edit::{of_kind, with};
use super::element::{Value, missing, resource, within, wrong_form};
use super::parts::{Attachment, Concept, Identifier, Label, Note, Reference, Time};
use super::status::{status, step};
use crate::communication::Priority;
use crate::error::{InvalidInput, Result};
use crate::fhir::json::{self, Node};
use crate::fhir::write::Object;

status! {
    /// How a message stands (R4 EventStatus).
    CommunicationStatus of "Communication" in "status" {
        /// Being written.
        Preparation = "preparation" => [InProgress, NotDone, Completed, EnteredInError],
        /// A thread that goes on.
        InProgress = "in-progress" => [OnHold, Stopped, Completed, EnteredInError],
        /// It was not sent, and why is its `statusReason`.
        NotDone = "not-done" => [EnteredInError],
        /// A thread that rests.
        OnHold = "on-hold" => [InProgress, Stopped, Completed, EnteredInError],
        /// Ended before it was done.
        Stopped = "stopped" => [EnteredInError],
        /// Sent; or a thread that is over.
        Completed = "completed" => [EnteredInError],
        /// It was wrong: another may correct it.
        EnteredInError = "entered-in-error" => [],
        /// One of these; nobody knows which.
        Unknown = "unknown" => [Preparation, InProgress, NotDone, OnHold, Stopped, Completed, EnteredInError],
    }
}

/// What a message carries.
#[derive(Clone, PartialEq, Eq)]
pub enum Payload {
    /// Words.
    Text(String),
    /// A file.
    Attachment(Attachment),
    /// Another resource.
    Reference(Reference),
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Payload(…)")
    }
}

impl Value for Payload {
    fn write(&self) -> String {
        let object = Object::new();
        let object = match self {
            Self::Text(text) => object.text("contentString", text),
            Self::Attachment(attachment) => object.raw("contentAttachment", &attachment.write()),
            Self::Reference(reference) => object.raw("contentReference", &reference.write()),
        };
        super::element::or_nothing(object.done())
    }

    fn read(node: Option<&Node<'_>>) -> Result<Self, InvalidInput> {
        let node = node.ok_or_else(missing)?;
        if !node.is_object() {
            return Err(wrong_form());
        }
        let at = |element: &'static str| move |error| within(error, element);
        if let Some(text) = node.get("contentString") {
            String::read(Some(text)).map(Self::Text).map_err(at("contentString"))
        } else if let Some(attachment) = node.get("contentAttachment") {
            Attachment::read(Some(attachment)).map(Self::Attachment).map_err(at("contentAttachment"))
        } else if let Some(reference) = node.get("contentReference") {
            Reference::read(Some(reference)).map(Self::Reference).map_err(at("contentReference"))
        } else {
            Err(within(missing(), "content"))
        }
    }
}

resource! {
    /// A message, or the header of a thread.
    ///
    /// ```
    /// use caseline::fhir::codes;
    /// use caseline::fhir::workflow::*;
    ///
    /// let name = Identifier::new(codes::THREAD, "synthetic");
    /// let header = Communication {
    ///     identifier: vec![name.clone()],
    ///     status: CommunicationStatus::InProgress,
    ///     ..Communication::default()
    /// };
    /// let message = |name: &str, words: &str, sent: &str| -> caseline::Result<Communication> {
    ///     Ok(Communication {
    ///         identifier: vec![Identifier::new(codes::EVENT, name)],
    ///         part_of: vec![Reference::identified("Communication", Identifier::new(codes::THREAD, "synthetic"))],
    ///         status: CommunicationStatus::Completed,
    ///         sent: Some(sent.parse()?),
    ///         payload: vec![Payload::Text(words.into())],
    ///         ..Communication::default()
    ///     })
    /// };
    /// let wrong = message("1", "Tuesday", "2019-03-01T10:00:00Z")?.to_fhir_json()?;
    /// let right = message("2", "Thursday", "2019-03-01T11:00:00Z")?;
    /// let (wrong, right) = Communication::correct(&wrong, right)?;
    ///
    /// let thread = Thread::read([header.to_fhir_json()?, right, wrong].iter().map(String::as_str))?;
    /// assert_eq!(thread.messages[0].corrected_by, Some(1));
    /// # Ok::<(), caseline::Error>(())
    /// ```
    Communication {
        /// Names of the message that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// What asked for it.
        based_on: Vec<Reference> = "basedOn",
        /// The header of its thread.
        part_of: Vec<Reference> = "partOf",
        /// The messages that it answers, or corrects.
        in_response_to: Vec<Reference> = "inResponseTo",
        /// How it stands.
        status: CommunicationStatus = "status",
        /// Why.
        status_reason: Option<Concept> = "statusReason",
        /// What kind of message it is.
        category: Vec<Concept> = "category",
        /// How urgent it is.
        priority: Option<Priority> = "priority",
        /// Whose case it is about.
        subject: Option<Reference> = "subject",
        /// What it is about.
        topic: Option<Concept> = "topic",
        /// Resources that it is about.
        about: Vec<Reference> = "about",
        /// The visit that it belongs to.
        encounter: Option<Reference> = "encounter",
        /// When it was sent.
        sent: Option<Time> = "sent",
        /// When it came.
        received: Option<Time> = "received",
        /// To whom.
        recipient: Vec<Reference> = "recipient",
        /// From whom.
        sender: Option<Reference> = "sender",
        /// What it carries.
        payload: Vec<Payload> = "payload",
        /// Words that somebody added.
        note: Vec<Note> = "note",
    }
}

impl Communication {
    /// The same, labelled.
    #[must_use]
    pub fn labelled(mut self, labels: &[Label]) -> Self {
        self.meta.security.extend(labels.iter().map(|label| label.coding()));
        self
    }

    /// Corrects a message: the old one entered in error, and `new` in response to it. A record holds both or neither: write
    /// them in one transaction. Made again, it is the same.
    ///
    /// # Errors
    /// `InvalidInput`: `correction-of-nothing` where it has neither an identifier nor an id; the rule that one of them breaks.
    pub fn correct(text: &str, mut new: Self) -> Result<(String, String)> {
        let old = Self::read(text)?;
        let named = old.identifier.into_iter().find(|one| one.value.is_some());
        let reference = match (named, old.id) {
            (Some(identifier), _) => Reference::identified(Self::KIND, identifier),
            (None, Some(id)) => Reference::to(format!("{}/{id}", Self::KIND)),
            (None, None) => {
                let detail = "a message that is corrected has an identifier or an id";
                return Err(InvalidInput::new("correction-of-nothing", detail)
                    .field("Communication.identifier")
                    .into());
            }
        };
        if !new.in_response_to.iter().any(|one| one.is_same(&reference)) {
            new.in_response_to.push(reference);
        }
        if new.part_of.is_empty() {
            new.part_of = old.part_of;
        }
        Ok((Self::step(text, CommunicationStatus::EnteredInError)?, new.to_fhir_json()?))
    }

    /// Sets when it came, if that is not said yet.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn receive(text: &str, at: &Time) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        if node.get("received").is_some() {
            Ok(text.to_owned())
        } else {
            with(text, Self::KIND, "received", at)
        }
    }

    /// Takes a step to another status.
    ///
    /// # Errors
    /// `InvalidInput` (`illegal-status-step`) with the statuses that it could take.
    pub fn step(text: &str, to: CommunicationStatus) -> Result<String> {
        step(text, to, &[])
    }
}

/// A thread as one reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thread {
    /// Its header, if it is here.
    pub header: Option<Communication>,
    /// Its messages, by when they were sent; those that do not say come last.
    pub messages: Vec<Said>,
}

/// A message of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The message.
    pub message: Communication,
    /// The message of the thread that corrects it, by its place: one of the same
    /// sender that answers it, where it was entered in error.
    pub corrected_by: Option<usize>,
}

impl Thread {
    /// Reads the Communications of one thread: the header is the one without payload that is part of nothing.
    ///
    /// # Errors
    /// As for [`Communication::read`]; `two-threads` where there are two headers.
    pub fn read<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self> {
        let mut thread = Self::default();
        let mut messages = Vec::new();
        for text in texts {
            let one = Communication::read(text)?;
            if !one.part_of.is_empty() || !one.payload.is_empty() {
                messages.push(one);
            } else if thread.header.replace(one).is_some() {
                let detail = "these are the Communications of more than one thread";
                return Err(InvalidInput::new("two-threads", detail).into());
            }
        }
        let key = |one: &Communication| {
            let sent = one.sent.as_ref().map_or("", Time::as_str);
            let at = sent.parse::<jiff::Timestamp>().ok();
            let name = one.identifier.first().and_then(|one| one.value.clone());
            (at.is_none(), at, sent.to_owned(), name)
        };
        messages.sort_by_cached_key(key);
        let corrects = |old: &Communication, new: &Communication| {
            let points =
                |to: &Reference| to.points_at(Communication::KIND, old.id.as_deref(), &old.identifier);
            // A correction comes from who was wrong; others merely answer.
            new.sender == old.sender && new.in_response_to.iter().any(points)
        };
        let corrected: Vec<Option<usize>> = messages
            .iter()
            .map(|old| {
                let wrong = old.status == CommunicationStatus::EnteredInError;
                wrong.then(|| messages.iter().position(|new| corrects(old, new))).flatten()
            })
            .collect();
        let said = messages.into_iter().zip(corrected);
        thread.messages = said.map(|(message, corrected_by)| Said { message, corrected_by }).collect();
        Ok(thread)
    }
}
