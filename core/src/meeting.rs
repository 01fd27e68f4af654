//! Mutual member meetings: the agenda of a pair for a date, over the cases that they share, in an order that puts what matters
//! first, sized to the time. It maps to FHIR Appointment, iCalendar, Markdown and a page.
//!
//! [`look`] says of one case why it is talked about; [`agenda`] puts the cases in order and gives each its minutes. Both are pure.
//!
//! In the pair's own room a meeting has a life: set, answered, prepared, moved, held or called off ([`step`], [`owed`], [`tell`]). What
//! travels there names cases by their opaque ids, and says in codes why; each side reads the words in its own cases.

use std::fmt;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::contact::Contact;
use crate::id::{CaseId, EventId, OrganizationId};
use crate::panel::{NamedPair, Pair, TurnRound};

mod calendar;
mod event;
mod life;
mod look;
mod order;
mod owing;
mod pages;
#[cfg(test)]
pub(crate) mod room_tests;
mod state;
mod talk;
#[cfg(test)]
mod talk_tests;
mod telling;
#[cfg(test)]
pub(crate) mod tests;
mod words;

pub use calendar::calendar;
pub use event::{
    AgendaEntry, DecisionKind, MeetingAnswer, MeetingAnswered, MeetingBrought, MeetingCancelled,
    MeetingDecided, MeetingDropped, MeetingEvent, MeetingHeld, MeetingMoved, MeetingPrepared, MeetingSet,
    MeetingUndone,
};
#[cfg(feature = "store")]
pub(crate) use life::settled_already;
pub use life::{MOST_CASES, MOST_MEETINGS, MOST_OPEN, MOST_PEOPLE, MOST_POINTS, MOST_STEPS, step};
pub use look::look;
pub use order::{agenda, as_set, decided};
pub use owing::{AGENDA_CLOCK, ANSWER_CLOCK, CARRY_CLOCK, RECORD_CLOCK, owed};
pub(crate) use pages::html;
pub use pages::{markdown, page};
pub use state::{
    DecisionTaken, Invited, MeetingState, MeetingStatus, Meetings, PointBrought, Settled, Undone,
};
#[cfg(feature = "store")]
pub(crate) use talk::brought_id;
pub use talk::{AgendaConcern, Point, concerns};
pub use telling::tell;
pub(crate) use words::length;

/// The longest meeting, in minutes.
pub const MOST_MINUTES: u32 = 8 * 60;

/// Which meeting: of a pair, on a day. A value that an event of the pair's own can carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// Its id: alike for whoever names the same pair and day.
    pub id: EventId,
    /// Whose meeting.
    pub pair: Pair,
    /// On which day, by the agreement's zone.
    pub date: Date,
}

impl Meeting {
    /// The meeting of a pair on a day.
    #[must_use]
    pub fn of(pair: Pair, date: Date) -> Self {
        let parts = ["meeting", pair.plan_side.as_str(), pair.community_side.as_str(), &date.to_string()];
        Self { id: EventId::derived(&parts), pair, date }
    }
}

/// An agenda to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaOrder {
    /// Of which meeting.
    pub meeting: Meeting,
    /// When it begins, by the agreement's zone.
    pub time: Time,
    /// How long it takes.
    pub minutes: u32,
    /// The day of the last meeting: what happened from then on is looked at. A month before this one where left out.
    pub since: Option<Date>,
}

impl AgendaOrder {
    /// An agenda for a meeting at ten, for so many minutes.
    #[must_use]
    pub fn new(meeting: Meeting, minutes: u32) -> Self {
        Self { meeting, time: Time::constant(10, 0, 0, 0), minutes, since: None }
    }
}

/// An agenda. `Debug` shows no member data.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agenda {
    /// Of which meeting.
    pub meeting: Meeting,
    /// Whose, by name.
    pub of: NamedPair,
    /// When it begins.
    pub begins: Timestamp,
    /// How long it takes.
    pub minutes: u32,
    /// By which zone its days are.
    pub zone: TimeZone,
    /// From when on what happened is looked at.
    pub since: Date,
    /// When it was made: what came later is not in it.
    pub at: Timestamp,
    /// What is talked about, what matters first.
    pub items: Vec<Item>,
    /// What does not fit into the time, in the same order. Nothing is left out.
    pub not_reached: Vec<Item>,
    /// What there is to talk about in cases that are not on it, of an agenda that the pair's room has: it has come up since that was
    /// made, and no time is kept for it.
    pub come_up: Vec<Item>,
    /// The points that were brought to it, of a meeting in the pair's room: both sides have them.
    pub points: Vec<Point>,
    /// The points that do not fit into the time.
    pub points_not_reached: Vec<Point>,
    /// One's own organisation's concerns about the other side, what matters first: the other side has them not.
    pub concerns: Vec<AgendaConcern>,
    /// The concerns that do not fit into the time.
    pub concerns_not_reached: Vec<AgendaConcern>,
    /// Whose concerns those are: one's own organisation, where it is one of the two.
    pub own: Option<OrganizationId>,
    /// How signing and answering go between the two, in sentences.
    pub process: Vec<String>,
    /// The minutes that are kept for that.
    pub process_minutes: u32,
    /// Who is asked to come: the leads of these cases; of a meeting in the pair's room those whom it asks.
    pub people: Vec<Contact>,
    /// Where the meeting stands, of one in the pair's room.
    pub standing: Option<MeetingStatus>,
}

impl fmt::Debug for Agenda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agenda")
            .field("meeting", &self.meeting)
            .field("items", &self.items)
            .field("not_reached", &self.not_reached)
            .finish_non_exhaustive()
    }
}

/// A case on an agenda. `Debug` shows no member data.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item {
    /// The case.
    pub case: CaseId,
    /// The member's name.
    pub member: String,
    /// The member's date of birth.
    pub birth_date: Date,
    /// Why it is talked about, what matters most first. Never empty.
    pub matters: Vec<Matter>,
    /// What is to be decided.
    pub decide: Vec<String>,
    /// Whom to call about it, with their telephone numbers.
    pub call: Vec<Call>,
    /// Who decides for the two sides.
    pub leads: Vec<Contact>,
    /// The minutes that it is given; of one that is not reached, those that it would need.
    pub minutes: u32,
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("case", &self.case)
            .field("matters", &self.matters)
            .field("minutes", &self.minutes)
            .finish_non_exhaustive()
    }
}

impl Item {
    /// The first sentence of what matters most.
    pub fn headline(&self) -> &str {
        self.matters.first().map_or("", |matter| matter.headline.as_str())
    }
}

/// One reason to talk about a case. `Debug` does not show its words.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Matter {
    /// What it is.
    pub kind: MatterKind,
    /// Since when, or by when it was due.
    pub since: Timestamp,
    /// It in one sentence.
    pub headline: String,
    /// More about it: who owes what to whom.
    pub detail: Vec<String>,
}

impl fmt::Debug for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matter({}, {})", self.kind.code(), self.since)
    }
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Their name.
    pub name: String,
    /// Their organisation's name.
    pub organization: String,
    /// Their telephone number.
    pub phone: String,
}

/// Why a case is talked about, in the order in which it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MatterKind {
    /// The member is in a hospital.
    Admitted,
    /// The member left a hospital, and the follow-up is overdue.
    FollowUpOverdue,
    /// The care plan's return is overdue, or its new version, or a signature that it lacks.
    PlanOverdue,
    /// Something else is overdue.
    Overdue,
    /// The member left a hospital, and the follow-up is owed.
    FollowUpDue,
    /// The care plan waits for a signature, or was changed since it was signed.
    PlanUnsigned,
    /// The care plan came back with changes, and no new version was sent.
    PlanReturned,
    /// A task was declined: it has no owner.
    TaskDeclined,
    /// Nobody has taken a task that was given to a team.
    TaskUnclaimed,
    /// Nothing has happened for long.
    Quiet,
    /// The member was in a hospital since the last meeting, and was followed up.
    SinceLast,
    /// A task is open.
    TaskOpen,
}

impl MatterKind {
    /// All kinds, in the order in which they matter.
    pub const ALL: [Self; 12] = [
        Self::Admitted,
        Self::FollowUpOverdue,
        Self::PlanOverdue,
        Self::Overdue,
        Self::FollowUpDue,
        Self::PlanUnsigned,
        Self::PlanReturned,
        Self::TaskDeclined,
        Self::TaskUnclaimed,
        Self::Quiet,
        Self::SinceLast,
        Self::TaskOpen,
    ];

    /// The kind of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::FollowUpOverdue => "follow-up-overdue",
            Self::PlanOverdue => "plan-overdue",
            Self::Overdue => "overdue",
            Self::FollowUpDue => "follow-up-due",
            Self::PlanUnsigned => "plan-unsigned",
            Self::PlanReturned => "plan-returned",
            Self::TaskDeclined => "task-declined",
            Self::TaskUnclaimed => "task-unclaimed",
            Self::Quiet => "quiet",
            Self::SinceLast => "since-last",
            Self::TaskOpen => "task-open",
        }
    }

    /// How long one talks about it.
    fn minutes(self) -> u32 {
        match self {
            Self::Admitted => 6,
            Self::FollowUpOverdue | Self::PlanOverdue => 5,
            Self::Overdue | Self::FollowUpDue | Self::PlanUnsigned | Self::PlanReturned => 4,
            Self::TaskDeclined | Self::TaskUnclaimed | Self::Quiet => 3,
            Self::SinceLast | Self::TaskOpen => 2,
        }
    }
}

/// What is asked of an agenda beside its cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What was ordered.
    pub order: AgendaOrder,
    /// Whose, by name.
    pub of: NamedPair,
    /// The agreement's zone.
    pub zone: TimeZone,
    /// As of when.
    pub at: Timestamp,
    /// How long things take between the two.
    pub turn_rounds: Vec<TurnRound>,
    /// The points that were brought to it.
    pub points: Vec<Point>,
    /// One's own organisation's concerns about the other side: see [`concerns`].
    pub concerns: Vec<AgendaConcern>,
    /// One's own organisation, where it is one of the two.
    pub own: Option<OrganizationId>,
}

impl Frame {
    /// From which day on what happened is looked at.
    pub fn since(&self) -> Date {
        use jiff::ToSpan as _;
        self.order.since.unwrap_or_else(|| self.order.meeting.date.saturating_sub(1.month()))
    }

    /// The instant from which on what happened is looked at.
    pub fn since_instant(&self) -> Timestamp {
        self.since().to_zoned(self.zone.clone()).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
    }

    /// When the meeting begins.
    pub fn begins(&self) -> Timestamp {
        let at = self.order.meeting.date.to_datetime(self.order.time);
        at.to_zoned(self.zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }
}

impl Agenda {
    /// How many cases it has, and what else, in sentences and without words.
    pub(crate) fn cases(&self) -> String {
        let cases = to_look_at(self.items.len() + self.not_reached.len());
        let points = brought(self.points.len() + self.points_not_reached.len());
        let own = match self.concerns.len() + self.concerns_not_reached.len() {
            0 => String::new(),
            n => format!(" {} of one's own.", counted(n, "concern")),
        };
        format!("{cases}{points}{own}")
    }

    /// When it ends.
    pub fn ends(&self) -> Timestamp {
        self.begins
            .saturating_add(SignedDuration::from_mins(i64::from(self.minutes)))
            .unwrap_or(Timestamp::MAX)
    }
}

/// How many cases there are, as a sentence.
pub(crate) fn to_look_at(cases: usize) -> String {
    format!("{} to look at.", counted(cases, "case"))
}

/// How many points were brought, as a sentence; nothing where there are none.
pub(crate) fn brought(points: usize) -> String {
    if points == 0 { String::new() } else { format!(" {} brought.", counted(points, "point")) }
}

pub(crate) fn counted(n: usize, what: &str) -> String {
    words::many(i64::try_from(n).unwrap_or(i64::MAX), what)
}
