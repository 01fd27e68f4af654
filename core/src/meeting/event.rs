//! What travels of a meeting in the pair's room. It names cases by their opaque ids, and holds no member data.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::care_team::Whom;
use crate::case::event::{EventData, EventKey};
use crate::id::{CaseId, EventId};
use crate::meeting::MatterKind;

/// `meeting.set`: the two organisations meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingSet {
    /// When it begins. Its day is that of the agreement's zone.
    pub begins: Timestamp,
    /// How long it takes.
    pub minutes: u32,
    /// Who is asked to come, of both sides; the leads of both where nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Whom>,
    /// What is talked about, where it is known already: else a `meeting.prepared` says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agenda: Vec<AgendaEntry>,
}

/// One case on an agenda, as it travels: whose case it is, each side knows from its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgendaEntry {
    /// The case.
    pub case: CaseId,
    /// Why it is talked about: [`MatterKind::code`], what matters most first. What a release does not know is left out by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    /// The minutes that it is given.
    pub minutes: u32,
}

impl AgendaEntry {
    /// Why it is talked about, as far as this release knows the codes.
    pub fn matters(&self) -> Vec<MatterKind> {
        self.why.iter().filter_map(|code| MatterKind::from_code(code)).collect()
    }
}

/// `meeting.prepared`: what is talked about, in order. A later one stands in the place of an earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingPrepared {
    /// The `meeting.set`.
    pub meeting: EventId,
    /// The cases.
    pub agenda: Vec<AgendaEntry>,
}

/// `meeting.brought`: somebody brings a point to a meeting that is to come, for both sides to talk about. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingBrought {
    /// The `meeting.set`.
    pub meeting: EventId,
    /// What it is, in a few words, without member data.
    pub title: String,
    /// More about it, without member data.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// In a handover's stub: what was withheld held member data, so that it takes no step anywhere.
    #[serde(default, skip_serializing_if = "crate::concern::is_false")]
    pub member_data: bool,
}

impl fmt::Debug for MeetingBrought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MeetingBrought({})", self.meeting)
    }
}

/// `meeting.answered`: somebody who is asked to come answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingAnswered {
    /// The `meeting.set`.
    pub meeting: EventId,
    /// The time that is answered: an answer to an earlier one says nothing of the later.
    pub begins: Timestamp,
    /// The answer.
    pub answer: MeetingAnswer,
}

/// What somebody answers who is asked to a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MeetingAnswer {
    /// They come.
    Accept,
    /// They do not.
    Decline,
    /// They would come at this time.
    AnotherTime(Timestamp),
}

impl MeetingAnswer {
    /// A stable code: `accept`, `decline` or `another-time`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::AnotherTime(_) => "another-time",
        }
    }
}

/// `meeting.moved`: it is at another time. Everybody is asked anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingMoved {
    /// The `meeting.set`.
    pub meeting: EventId,
    /// When it begins.
    pub begins: Timestamp,
    /// How long it takes.
    pub minutes: u32,
}

/// `meeting.cancelled`: it is called off. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingCancelled {
    /// The `meeting.set`.
    pub meeting: EventId,
    /// Why, without member data.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// In a handover's stub: what was withheld held member data, so that it takes no step anywhere.
    #[serde(default, skip_serializing_if = "crate::concern::is_false")]
    pub member_data: bool,
}

impl fmt::Debug for MeetingCancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MeetingCancelled({})", self.meeting)
    }
}

/// `meeting.held`: it took place. Said again, it adds cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingHeld {
    /// The `meeting.set`.
    pub meeting: EventId,
    /// The cases that were talked about, and nothing was decided of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nothing: Vec<CaseId>,
    /// The cases that were not reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_reached: Vec<CaseId>,
}

/// `meeting.decided`: something was decided of a case. What it is stands in the case, and only there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingDecided {
    /// The `meeting.set`.
    pub meeting: EventId,
    /// The case.
    pub case: CaseId,
    /// What it is there.
    pub kind: DecisionKind,
    /// The event of the case that says it.
    pub event: EventKey,
    /// The decision that was not carried out and in whose place this one stands, by its event of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<EventKey>,
}

/// `meeting.undone`: what was decided did not leave for its case, as its author's device found before it was sent. Sent by that device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingUndone {
    /// The `meeting.set`.
    pub meeting: EventId,
    /// The case.
    pub case: CaseId,
    /// The event of the case that never came there.
    pub event: EventKey,
    /// Why: the codes of the reasons, and no words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
}

/// `meeting.dropped`: what was decided and not carried out is not to be done any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingDropped {
    /// The `meeting.set`.
    pub meeting: EventId,
    /// The event of the case that never came there.
    pub event: EventKey,
}

/// What a decision is in its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DecisionKind {
    /// A task: somebody is to do something.
    Task,
    /// A message: everybody is told something.
    Message,
}

impl DecisionKind {
    /// A stable code: `task` or `message`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Message => "message",
        }
    }
}

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MeetingEvent<'a> {
    /// `meeting.set`.
    Set(&'a MeetingSet),
    /// `meeting.prepared`.
    Prepared(&'a MeetingPrepared),
    /// `meeting.brought`.
    Brought(&'a MeetingBrought),
    /// `meeting.answered`.
    Answered(&'a MeetingAnswered),
    /// `meeting.moved`.
    Moved(&'a MeetingMoved),
    /// `meeting.cancelled`.
    Cancelled(&'a MeetingCancelled),
    /// `meeting.held`.
    Held(&'a MeetingHeld),
    /// `meeting.decided`.
    Decided(&'a MeetingDecided),
    /// `meeting.undone`.
    Undone(&'a MeetingUndone),
    /// `meeting.dropped`.
    Dropped(&'a MeetingDropped),
}

impl<'a> MeetingEvent<'a> {
    /// The event, where it is one of this life cycle.
    pub fn of(data: &'a EventData) -> Option<Self> {
        Some(match data {
            EventData::MeetingSet(event) => Self::Set(event),
            EventData::MeetingPrepared(event) => Self::Prepared(event),
            EventData::MeetingBrought(event) => Self::Brought(event),
            EventData::MeetingAnswered(event) => Self::Answered(event),
            EventData::MeetingMoved(event) => Self::Moved(event),
            EventData::MeetingCancelled(event) => Self::Cancelled(event),
            EventData::MeetingHeld(event) => Self::Held(event),
            EventData::MeetingDecided(event) => Self::Decided(event),
            EventData::MeetingUndone(event) => Self::Undone(event),
            EventData::MeetingDropped(event) => Self::Dropped(event),
            _ => return None,
        })
    }
}

/// Whether a reason on an agenda is a code, and no words.
pub(crate) fn is_code(code: &str) -> bool {
    (1..=32).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// The same without what could be words: what is no code stays none, so that `step` refuses it all the same.
fn without_words(agenda: &[AgendaEntry]) -> Vec<AgendaEntry> {
    let code = |code: &String| match MatterKind::from_code(code) {
        Some(kind) => kind.code().to_owned(),
        None if is_code(code) => "later".to_owned(),
        None => "?".to_owned(),
    };
    let entry = |one: &AgendaEntry| AgendaEntry { why: one.why.iter().map(code).collect(), ..one.clone() };
    agenda.iter().map(entry).collect()
}

impl MeetingUndone {
    /// The same without what could be words: what is no code stays none, so that `step` refuses it all the same.
    pub(crate) fn withheld(&self) -> Self {
        let code = |code: &String| if is_code(code) { "later" } else { "?" }.to_owned();
        Self { why: self.why.iter().map(code).collect(), ..self.clone() }
    }
}

impl MeetingSet {
    /// The same without words: the fields that `step` reads.
    pub(crate) fn withheld(&self) -> Self {
        Self { agenda: without_words(&self.agenda), ..self.clone() }
    }
}

impl MeetingPrepared {
    /// The same without words: the fields that `step` reads.
    pub(crate) fn withheld(&self) -> Self {
        Self { agenda: without_words(&self.agenda), meeting: self.meeting }
    }
}
