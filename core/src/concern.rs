//! The concern's life cycle: what an organisation brings to the programme office, in the room of the two. Raised, heard,
//! answered, closed, reopened; and answers that the office tells everybody. Maps to FHIR Communication, without a subject.
//!
//! No member data: see [`check`]. What is in a concern has no place in it where it looks like a member's number, a telephone number or a
//! date that could be a birth date, whoever sent it: such an event takes no step, and is not shown.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::agreement::proposal::AgreementDeclined;
use crate::care_plan::StepTaken;
use crate::case::event::{EventData, EventKey};
use crate::communication::Priority;
use crate::contact::Contact;
use crate::id::{EventId, OrganizationId};
use crate::meeting::{MeetingBrought, MeetingCancelled};

pub mod check;
mod life;
mod owing;
mod search;
#[cfg(feature = "store")]
mod shows;
mod telling;
#[cfg(test)]
pub(crate) mod tests;

pub use life::{MOST_ABOUT, MOST_CONCERNS, MOST_OPEN, MOST_PUBLISHED, MOST_STEPS, step};
pub use owing::{ANSWER_CLOCK, CLOSE_CLOCK, HEARD_CLOCK, owed};
pub use search::{AnsweredConcern, answered, matches};
#[cfg(feature = "store")]
pub(crate) use shows::says_member_data;
pub use telling::tell;
pub(crate) use telling::{shown, told};

/// What a concern is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ConcernTopic {
    /// Contracts, and what they ask.
    Contract,
    /// Payment.
    Payment,
    /// Assignment, enrolment and eligibility.
    Enrolment,
    /// Data and reports.
    Data,
    /// How two organisations work together.
    Coordination,
    /// Technical matters.
    Technical,
    /// Something else.
    #[default]
    Other,
}

impl ConcernTopic {
    /// All topics.
    pub const ALL: [Self; 7] = [
        Self::Contract,
        Self::Payment,
        Self::Enrolment,
        Self::Data,
        Self::Coordination,
        Self::Technical,
        Self::Other,
    ];

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Payment => "payment",
            Self::Enrolment => "enrolment",
            Self::Data => "data",
            Self::Coordination => "coordination",
            Self::Technical => "technical",
            Self::Other => "other",
        }
    }

    /// The topic of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.code() == code)
    }
}

/// `concern.raised`: an organisation brings something to the programme office. `Debug` does not show what.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcernRaised {
    /// What it is, in a few words.
    pub title: String,
    /// What it is.
    pub text: String,
    /// What it is about.
    #[serde(default)]
    pub topic: ConcernTopic,
    /// How urgent it is.
    #[serde(default, skip_serializing_if = "Priority::is_routine")]
    pub priority: Priority,
    /// The organisations that it is about, beside the one that raises it: ids, which are no member's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<OrganizationId>,
    /// In a handover's stub: what was withheld held member data, so that it takes no step anywhere.
    #[serde(default, skip_serializing_if = "is_false")]
    pub member_data: bool,
}

/// `concern.heard`: the office has heard it, and will answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcernHeard {
    /// The `concern.raised`.
    pub concern: EventId,
}

/// `concern.answered`: the office answers. `Debug` does not show what.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcernAnswered {
    /// The `concern.raised`.
    pub concern: EventId,
    /// The answer.
    pub text: String,
    /// The question as the office words it for everybody, where the answer is told to every organisation: it does not say who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_as: Option<String>,
    /// As in [`ConcernRaised`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub member_data: bool,
}

/// `concern.closed`: the organisation is done with it: it was answered, or needs no answer any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcernClosed {
    /// The `concern.raised`.
    pub concern: EventId,
}

/// `concern.reopened`: the organisation is not done with it after all. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcernReopened {
    /// The `concern.raised`.
    pub concern: EventId,
    /// Why.
    pub why: String,
    /// As in [`ConcernRaised`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub member_data: bool,
}

/// `answer.published`: the office tells an organisation what another one was answered, without saying who. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerPublished {
    /// The question, as the office words it.
    pub question: String,
    /// The answer.
    pub text: String,
    /// What it is about.
    #[serde(default)]
    pub topic: ConcernTopic,
    /// As in [`ConcernRaised`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub member_data: bool,
}

// By reference, as serde asks for it.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}

macro_rules! shows_only_its_concern {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.concern)
            }
        }
    )*};
}

shows_only_its_concern!(ConcernAnswered, ConcernReopened);

macro_rules! shows_only_its_topic {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.topic)
            }
        }
    )*};
}

shows_only_its_topic!(ConcernRaised, AnswerPublished);

/// The free texts of an event that has its place in a room without member data, by the name of their field; and whether it says of itself that it held member data.
pub(crate) fn texts(data: &EventData) -> Option<(Vec<(&'static str, &str)>, bool)> {
    Some(match data {
        EventData::ConcernRaised(e) => (vec![("title", &e.title), ("text", &e.text)], e.member_data),
        EventData::ConcernAnswered(e) => {
            let shared = e.shared_as.as_deref().map(|text| ("shared_as", text));
            (std::iter::once(("text", e.text.as_str())).chain(shared).collect(), e.member_data)
        }
        EventData::ConcernReopened(e) => (vec![("why", &e.why)], e.member_data),
        EventData::AnswerPublished(e) => (vec![("question", &e.question), ("text", &e.text)], e.member_data),
        EventData::MeetingCancelled(e) => (vec![("reason", &e.reason)], e.member_data),
        EventData::AgreementDeclined(e) => (vec![("reason", &e.reason)], e.member_data),
        EventData::MeetingBrought(e) => {
            let text = (!e.text.is_empty()).then_some(("text", e.text.as_str()));
            (std::iter::once(("title", e.title.as_str())).chain(text).collect(), e.member_data)
        }
        _ => return None,
    })
}

/// The first day of the programme.
const PROGRAMME: jiff::civil::Date = jiff::civil::date(2017, 7, 1);

/// Whether an event of this life cycle holds member data, as far as its form tells, on the day that its author states. Alike on every
/// device, of the whole event and of its stub.
pub(crate) fn holds_member_data(data: &EventData, at: Timestamp) -> bool {
    texts(data)
        .is_some_and(|(texts, held)| held || texts.iter().any(|(_, text)| text_holds_member_data(text, at)))
}

/// Whether a text holds member data, as far as its form tells, on the day that its author states.
pub(crate) fn text_holds_member_data(text: &str, at: Timestamp) -> bool {
    // Whoever states a time before there was a programme would have every birth date lie ahead.
    let day = at.to_zoned(TimeZone::UTC).date().max(PROGRAMME);
    !check::formats(text, day).is_empty()
}

/// What a handover tells of an event of this life cycle whose text it withholds: what `step` reads.
pub(crate) fn withheld(data: &EventData, at: Timestamp) -> Option<EventData> {
    let member_data = holds_member_data(data, at);
    let none = String::new;
    Some(match data {
        EventData::ConcernRaised(e) => {
            ConcernRaised { title: none(), text: none(), member_data, ..e.clone() }.into()
        }
        EventData::ConcernAnswered(e) => {
            let shared_as = e.shared_as.as_ref().map(|_| none());
            ConcernAnswered { concern: e.concern, text: none(), shared_as, member_data }.into()
        }
        EventData::ConcernReopened(e) => {
            ConcernReopened { concern: e.concern, why: none(), member_data }.into()
        }
        EventData::AnswerPublished(e) => {
            AnswerPublished { question: none(), text: none(), topic: e.topic, member_data }.into()
        }
        EventData::MeetingCancelled(e) => {
            MeetingCancelled { meeting: e.meeting, reason: none(), member_data }.into()
        }
        EventData::AgreementDeclined(e) => {
            AgreementDeclined { proposal: e.proposal.clone(), reason: none(), member_data }.into()
        }
        EventData::MeetingBrought(e) => {
            MeetingBrought { meeting: e.meeting, title: none(), text: none(), member_data }.into()
        }
        _ => return None,
    })
}

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ConcernEvent<'a> {
    /// `concern.raised`.
    Raised(&'a ConcernRaised),
    /// `concern.heard`.
    Heard(&'a ConcernHeard),
    /// `concern.answered`.
    Answered(&'a ConcernAnswered),
    /// `concern.closed`.
    Closed(&'a ConcernClosed),
    /// `concern.reopened`.
    Reopened(&'a ConcernReopened),
    /// `answer.published`.
    Published(&'a AnswerPublished),
}

/// The concerns of one programme room, in the order in which they were raised, and what the office told everybody.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Concerns {
    /// Each shared, since a step changes one of them, and there can be many.
    concerns: Vec<Arc<ConcernState>>,
    published: Vec<Arc<PublishedAnswer>>,
}

impl Concerns {
    /// Every concern, in the order in which they were raised.
    pub fn all(&self) -> &[Arc<ConcernState>] {
        &self.concerns
    }

    /// The concerns that are not closed.
    pub fn open(&self) -> impl Iterator<Item = &ConcernState> {
        self.concerns.iter().map(AsRef::as_ref).filter(|concern| concern.status != ConcernStatus::Closed)
    }

    /// The concern that this `concern.raised` opened.
    pub fn get(&self, id: EventId) -> Option<&ConcernState> {
        self.concerns.iter().map(AsRef::as_ref).find(|concern| concern.key.id == id)
    }

    /// What the office told every organisation, in order.
    pub fn published(&self) -> &[Arc<PublishedAnswer>] {
        &self.published
    }
}

/// One concern. `Debug` does not show what it says.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ConcernState {
    /// Its `concern.raised`.
    pub key: EventKey,
    /// What it is, in a few words. Empty where a handover withheld it.
    pub title: String,
    /// What it is.
    pub text: String,
    /// What it is about.
    pub topic: ConcernTopic,
    /// How urgent it is.
    pub priority: Priority,
    /// The organisations that it is about, beside the one that raised it, in order of their ids.
    pub about: Vec<OrganizationId>,
    /// Who raised it, and when.
    pub raised_by: StepTaken,
    /// The event that raised it, or opened it again last: what the office owes runs from it.
    pub since: EventId,
    /// When that was.
    pub since_at: Timestamp,
    /// Where it stands.
    pub status: ConcernStatus,
    /// Every step after it was raised, in order.
    pub steps: Vec<ConcernStep>,
}

impl ConcernState {
    /// The answers, in order.
    pub fn answers(&self) -> impl DoubleEndedIterator<Item = &ConcernStep> {
        self.steps.iter().filter(|step| step.deed == ConcernDeed::Answered)
    }
}

impl fmt::Debug for ConcernState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcernState")
            .field("key", &self.key)
            .field("topic", &self.topic)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Where a concern stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConcernStatus {
    /// Raised, or opened again: the office has not heard it.
    Raised,
    /// The office has heard it, and owes an answer.
    Heard,
    /// The office has answered: who raised it says whether that is all.
    Answered,
    /// The organisation is done with it.
    Closed,
}

impl ConcernStatus {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Heard => "heard",
            Self::Answered => "answered",
            Self::Closed => "closed",
        }
    }
}

/// What somebody did about a concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConcernDeed {
    /// Heard it.
    Heard,
    /// Answered it.
    Answered,
    /// Closed it.
    Closed,
    /// Opened it again.
    Reopened,
}

impl ConcernDeed {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Answered => "answered",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
        }
    }
}

/// One step of a concern. `Debug` does not show what it says.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ConcernStep {
    /// Who took it, and when.
    pub by: StepTaken,
    /// What they did.
    pub deed: ConcernDeed,
    /// The answer, or why it was opened again.
    pub text: Option<String>,
    /// The question as the office words it for everybody, of an answer that it tells every organisation.
    pub shared_as: Option<String>,
}

impl fmt::Debug for ConcernStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcernStep").field("by", &self.by).field("deed", &self.deed).finish_non_exhaustive()
    }
}

/// What the office told every organisation. `Debug` does not show it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct PublishedAnswer {
    /// Its `answer.published`.
    pub key: EventKey,
    /// The question, as the office words it. Empty where a handover withheld it.
    pub question: String,
    /// The answer.
    pub text: String,
    /// What it is about.
    pub topic: ConcernTopic,
    /// Who told it, and when.
    pub by: StepTaken,
}

impl fmt::Debug for PublishedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublishedAnswer({}, {:?})", self.key.id, self.topic)
    }
}

/// What was said and took no step: what a record says of it, if it was written while it counted. Never member data.
#[derive(Clone, PartialEq)]
pub(crate) struct SupersededConcern {
    /// The event.
    pub(crate) key: EventKey,
    /// What it said: a `concern.raised`, a `concern.answered` or an `answer.published`.
    pub(crate) data: EventData,
    /// Who sent it, if they ever had a seat.
    pub(crate) from: Option<Contact>,
    /// When.
    pub(crate) at: Timestamp,
}

impl fmt::Debug for SupersededConcern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SupersededConcern({})", self.key.id)
    }
}
