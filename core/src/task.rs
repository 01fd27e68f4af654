//! The task's life cycle: who does what, until when. Assigned to a person or to an organisation's pool; claimed, accepted,
//! declined, handed over, completed or cancelled. Maps to FHIR Task.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::care_plan::StepTaken;
use crate::care_team::Whom;
use crate::case::event::EventKey;
use crate::communication::Priority;
use crate::contact::Contact;
use crate::error::{Error, InvalidInput};
use crate::id::OrganizationId;

mod life;
mod owing;
mod telling;
#[cfg(test)]
mod tests;

pub(crate) use life::does_tasks;
pub use life::{MOST_OPEN, MOST_STEPS, MOST_TASKS, step};
pub use owing::{CLAIM_CLOCK, CLOCK, REASSIGN_CLOCK, owed};
pub use telling::tell;

/// Who is to do a task. On the wire `{"owner": {contact, organization}}` or `{"pool": organization}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assignee {
    /// This person.
    Owner(Whom),
    /// Whoever of this organisation claims it.
    Pool(OrganizationId),
}

impl Assignee {
    /// The organisation that has it.
    pub fn organization(&self) -> &OrganizationId {
        match self {
            Self::Owner(whom) => &whom.organization,
            Self::Pool(organization) => organization,
        }
    }
}

/// Until when a task is to be done: a day, whose end counts in the agreement's zone, or an instant. On the wire as text,
/// `2019-03-05` or `2019-03-05T15:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TaskDue {
    /// On this day.
    Day(Date),
    /// By this instant.
    At(Timestamp),
}

impl TaskDue {
    /// The instant from which it is overdue.
    pub fn instant(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::At(at) => at,
            // The calendar's last day has no next one: it never ends.
            Self::Day(day) => day
                .tomorrow()
                .and_then(|next| next.to_zoned(zone.clone()))
                .map_or(Timestamp::MAX, |start| start.timestamp()),
        }
    }

    /// As a person reads it: an instant in this time zone.
    pub(crate) fn words(self, zone: &TimeZone) -> String {
        match self {
            Self::At(at) => crate::due::minute(at, zone),
            Self::Day(day) => day.to_string(),
        }
    }
}

impl fmt::Display for TaskDue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::At(at) => at.fmt(f),
        }
    }
}

impl FromStr for TaskDue {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        // A date alone is the shorter text: `Date` would take the day of a longer one, too.
        let day = || text.parse().map(Self::Day).ok().filter(|_| text.len() == "2019-03-05".len());
        let due = day().or_else(|| text.parse().map(Self::At).ok());
        // FHIR's calendar begins with the year 1.
        let there = |due: &Self| due.instant(&TimeZone::UTC).to_zoned(TimeZone::UTC).year() >= 1;
        due.filter(there).ok_or_else(|| {
            let detail = "say until when: a day (2019-03-05) or an instant (2019-03-05T15:00:00Z)";
            InvalidInput::new("invalid-due", detail).field("due").into()
        })
    }
}

impl TryFrom<String> for TaskDue {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<TaskDue> for String {
    fn from(due: TaskDue) -> Self {
        due.to_string()
    }
}

impl From<Date> for TaskDue {
    fn from(day: Date) -> Self {
        Self::Day(day)
    }
}

impl From<Timestamp> for TaskDue {
    fn from(at: Timestamp) -> Self {
        Self::At(at)
    }
}

/// `task.assigned`: somebody is to do something. `Debug` does not show what.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskAssigned {
    /// What to do, in a few words.
    pub title: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Who is to do it.
    pub to: Assignee,
    /// Until when.
    pub due: TaskDue,
    /// How urgent it is.
    #[serde(default, skip_serializing_if = "Priority::is_routine")]
    pub priority: Priority,
}

/// `task.claimed`: somebody takes a task out of their organisation's pool, and will do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskClaimed {
    /// The `task.assigned`.
    pub task: EventKey,
}

/// `task.accepted`: its owner will do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskAccepted {
    /// The `task.assigned`.
    pub task: EventKey,
}

/// `task.declined`: its owner will not do it; it is back with whoever assigned it. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDeclined {
    /// The `task.assigned`.
    pub task: EventKey,
    /// Why not.
    pub reason: String,
}

/// `task.handed-over`: another is to do it. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskHandedOver {
    /// The `task.assigned`.
    pub task: EventKey,
    /// Who is to do it now.
    pub to: Assignee,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `task.completed`: it is done. `Debug` does not show what came of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCompleted {
    /// The `task.assigned`.
    pub task: EventKey,
    /// What came of it.
    pub outcome: String,
}

/// `task.cancelled`: it is not to be done any more. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCancelled {
    /// The `task.assigned`.
    pub task: EventKey,
    /// Why.
    pub reason: String,
}

macro_rules! shows_only_its_task {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.task.id)
            }
        }
    )*};
}

shows_only_its_task!(TaskDeclined, TaskHandedOver, TaskCompleted, TaskCancelled);

impl fmt::Debug for TaskAssigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskAssigned").field("to", &self.to).field("due", &self.due).finish_non_exhaustive()
    }
}

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TaskEvent<'a> {
    /// `task.assigned`.
    Assigned(&'a TaskAssigned),
    /// `task.claimed`.
    Claimed(&'a TaskClaimed),
    /// `task.accepted`.
    Accepted(&'a TaskAccepted),
    /// `task.declined`.
    Declined(&'a TaskDeclined),
    /// `task.handed-over`.
    HandedOver(&'a TaskHandedOver),
    /// `task.completed`.
    Completed(&'a TaskCompleted),
    /// `task.cancelled`.
    Cancelled(&'a TaskCancelled),
}

/// The tasks of one case, in the order in which they were assigned: its ledger of who does what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tasks {
    /// Each shared, since a step changes one of them, and there can be many.
    tasks: Vec<Arc<TaskState>>,
}

impl Tasks {
    /// Every task, in the order in which they were assigned.
    pub fn all(&self) -> &[Arc<TaskState>] {
        &self.tasks
    }

    /// The tasks that are still to be done, or to be given to somebody else.
    pub fn open(&self) -> impl Iterator<Item = &TaskState> {
        self.tasks.iter().map(AsRef::as_ref).filter(|task| task.status.is_open())
    }

    /// The task that this `task.assigned` opened.
    pub fn get(&self, assigned: &EventKey) -> Option<&TaskState> {
        self.tasks.iter().map(AsRef::as_ref).find(|task| task.key == *assigned)
    }
}

/// One task. `Debug` does not show what is to be done.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct TaskState {
    /// Its `task.assigned`.
    pub key: EventKey,
    /// What to do. Empty where a handover withheld it.
    pub title: String,
    /// More about it.
    pub detail: Option<String>,
    /// Until when.
    pub due: TaskDue,
    /// How urgent it is.
    pub priority: Priority,
    /// Who has it: who is to do it, or who had it last.
    pub assignee: Assignee,
    /// Who assigned it, and when.
    pub assigned_by: StepTaken,
    /// The event that gave it to who has it, or that declined it: what is owed runs from it.
    pub since: EventKey,
    /// When that was.
    pub since_at: Timestamp,
    /// Where it stands.
    pub status: TaskStatus,
    /// The ledger: every step after its assignment, in order.
    pub steps: Vec<TaskStep>,
}

impl fmt::Debug for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskState")
            .field("key", &self.key)
            .field("assignee", &self.assignee)
            .field("due", &self.due)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// An assignment that took no step: what a record says of it, if it was written while it counted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SupersededTask {
    /// Its `task.assigned`.
    pub(crate) key: EventKey,
    /// What it says.
    pub(crate) assigned: TaskAssigned,
    /// Who sent it, if they ever had a seat.
    pub(crate) from: Option<Contact>,
    /// When.
    pub(crate) at: Timestamp,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskStatus {
    /// Somebody, or a pool, is asked to do it.
    Requested,
    /// Its owner will do it.
    Accepted,
    /// It was declined: whoever assigned it owes a new owner.
    Declined,
    /// It is done.
    Completed,
    /// It is not to be done any more.
    Cancelled,
}

impl TaskStatus {
    /// Whether somebody still owes something for it.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Completed | Self::Cancelled)
    }

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One line of a task's ledger. `Debug` does not show its words.
#[derive(Clone, PartialEq, Eq)]
pub struct TaskStep {
    /// Who took the step, and when.
    pub by: StepTaken,
    /// What they did.
    pub deed: TaskDeed,
    /// Who it was given to, where they handed it over.
    pub to: Option<Assignee>,
    /// Their reason, or what came of it. Nothing where there is none, or a handover withheld it.
    pub text: Option<String>,
}

impl fmt::Debug for TaskStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskStep({}, {})", self.deed.code(), self.by.event.id)
    }
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskDeed {
    /// Took it out of the pool.
    Claimed,
    /// Will do it.
    Accepted,
    /// Will not do it.
    Declined,
    /// Gave it to another.
    HandedOver,
    /// Did it.
    Completed,
    /// Called it off.
    Cancelled,
}

impl TaskDeed {
    /// A stable code: the end of the event's kind.
    pub fn code(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::HandedOver => "handed-over",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl TaskAssigned {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { title: String::new(), detail: None, ..self.clone() }
    }
}

impl TaskDeclined {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { task: self.task.clone(), reason: String::new() }
    }
}

impl TaskHandedOver {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { reason: None, ..self.clone() }
    }
}

impl TaskCompleted {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { task: self.task.clone(), outcome: String::new() }
    }
}

impl TaskCancelled {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { task: self.task.clone(), reason: String::new() }
    }
}
