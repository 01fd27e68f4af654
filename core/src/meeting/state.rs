//! What the meetings of a pair's room have come to.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::care_plan::StepTaken;
use crate::care_team::Whom;
use crate::case::event::EventKey;
use crate::id::{CaseId, EventId, OrganizationId};
use crate::meeting::{AgendaEntry, DecisionKind, Meeting, MeetingAnswer};
use crate::panel::Pair;

/// The meetings of one pair's room, in the order in which they were set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meetings {
    /// Each shared, since a step changes one of them, and there can be many.
    pub(super) meetings: Vec<Arc<MeetingState>>,
}

impl Meetings {
    /// Every meeting, in the order in which they were set.
    pub fn all(&self) -> &[Arc<MeetingState>] {
        &self.meetings
    }

    /// The meetings of which something is owed: neither called off nor recorded.
    pub fn open(&self) -> impl Iterator<Item = &MeetingState> {
        self.meetings.iter().map(AsRef::as_ref).filter(|meeting| meeting.is_open())
    }

    /// The meeting that this `meeting.set` opened.
    pub fn get(&self, id: EventId) -> Option<&MeetingState> {
        self.meetings.iter().map(AsRef::as_ref).find(|meeting| meeting.key.id == id)
    }

    /// The last meeting that was held and began before this.
    pub fn last_held(&self, before: Timestamp) -> Option<&MeetingState> {
        let held = self.meetings.iter().map(AsRef::as_ref);
        held.filter(|meeting| meeting.held.is_some() && meeting.begins < before).max_by_key(|one| one.begins)
    }
}

/// One meeting. `Debug` does not show why it was called off.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct MeetingState {
    /// Its `meeting.set`.
    pub key: EventKey,
    /// When it begins.
    pub begins: Timestamp,
    /// How long it takes.
    pub minutes: u32,
    /// Who set it, and when.
    pub set_by: StepTaken,
    /// Who settled its time last, and when: what is owed of an answer runs from it.
    pub timed_by: StepTaken,
    /// Who is asked to come, with what they answered to this time.
    pub people: Vec<Invited>,
    /// What is talked about, in order.
    pub agenda: Vec<AgendaEntry>,
    /// Who said what is talked about last; nothing as long as nobody has.
    pub prepared: Option<StepTaken>,
    /// Who called it off, and why. The words are empty where a handover withheld them.
    pub cancelled: Option<(StepTaken, String)>,
    /// The points that were brought to it, in order.
    pub points: Vec<PointBrought>,
    /// Who said first that it took place.
    pub held: Option<StepTaken>,
    /// The cases that were talked about, and nothing was decided of.
    pub nothing: Vec<CaseId>,
    /// The cases that were not reached.
    pub not_reached: Vec<CaseId>,
    /// What was decided, in order.
    pub decisions: Vec<DecisionTaken>,
    /// How many steps were taken after it was set.
    pub steps: usize,
}

/// A point that somebody brought to a meeting. `Debug` does not show it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct PointBrought {
    /// Its `meeting.brought`.
    pub key: EventKey,
    /// What it is, in a few words. Empty where a handover withheld it.
    pub title: String,
    /// More about it.
    pub text: String,
    /// Who brought it, and when.
    pub by: StepTaken,
}

impl fmt::Debug for PointBrought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PointBrought({})", self.key.id)
    }
}

/// Somebody who is asked to a meeting.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Invited {
    /// Who.
    pub whom: Whom,
    /// What they answered to its time, and when.
    pub answer: Option<(MeetingAnswer, StepTaken)>,
}

/// What was decided of a case.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DecisionTaken {
    /// The case.
    pub case: CaseId,
    /// What it is there.
    pub kind: DecisionKind,
    /// The event of the case that says it.
    pub event: EventKey,
    /// Who recorded it, and when.
    pub by: StepTaken,
    /// That it did not come into its case, where it did not.
    pub undone: Option<Undone>,
}

/// That what was decided did not come into its case.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Undone {
    /// Whose device found it, and when.
    pub by: StepTaken,
    /// Why: the codes of the reasons.
    pub why: Vec<String>,
    /// Who settled it, and how: until then it is owed.
    pub settled: Option<(StepTaken, Settled)>,
}

/// What became of a decision that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It was decided anew: by this event of the case.
    Instead(EventKey),
    /// It is not to be done any more.
    Dropped,
}

impl DecisionTaken {
    /// Whether it waits for somebody to carry it out, or drop it.
    pub fn waits(&self) -> bool {
        self.undone.as_ref().is_some_and(|undone| undone.settled.is_none())
    }

    /// A stable code of what became of it: `not-carried-out`, `decided-anew` or `dropped`; nothing where it came into its case.
    pub fn fate(&self) -> Option<&'static str> {
        self.undone.as_ref().map(|undone| match &undone.settled {
            None => "not-carried-out",
            Some((_, Settled::Instead(_))) => "decided-anew",
            Some((_, Settled::Dropped)) => "dropped",
        })
    }
}

/// Where a meeting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MeetingStatus {
    /// A side has not answered.
    Waiting,
    /// A side does not come, or would at another time.
    Unsettled,
    /// Both sides come.
    Agreed,
    /// It took place, and of some cases nobody has recorded what was decided, or what was decided was not carried out.
    Held,
    /// It took place, and what was decided is recorded.
    Recorded,
    /// It was called off.
    Cancelled,
}

impl MeetingStatus {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Unsettled => "unsettled",
            Self::Agreed => "agreed",
            Self::Held => "held",
            Self::Recorded => "recorded",
            Self::Cancelled => "cancelled",
        }
    }
}

impl MeetingState {
    /// Where it stands, between these two organisations.
    pub fn status(&self, sides: [&OrganizationId; 2]) -> MeetingStatus {
        if self.cancelled.is_some() {
            return MeetingStatus::Cancelled;
        }
        if self.held.is_some() {
            return if self.unrecorded().next().is_some() || self.undone().next().is_some() {
                MeetingStatus::Held
            } else {
                MeetingStatus::Recorded
            };
        }
        let answers = sides.map(|side| self.answer_of(side).map(|(answer, _)| answer));
        if answers.iter().any(|one| one.is_some_and(|answer| answer != MeetingAnswer::Accept)) {
            MeetingStatus::Unsettled
        } else if answers.iter().all(Option::is_some) {
            MeetingStatus::Agreed
        } else {
            MeetingStatus::Waiting
        }
    }

    /// Whether something of it is owed.
    pub fn is_open(&self) -> bool {
        self.is_to_be_recorded() || self.undone().next().is_some()
    }

    /// Whether it is to come, or of a case of its agenda nobody has recorded what became of it.
    pub fn is_to_be_recorded(&self) -> bool {
        self.cancelled.is_none() && (self.held.is_none() || self.unrecorded().next().is_some())
    }

    /// What was decided, did not come into its case, and was neither decided anew nor dropped.
    pub fn undone(&self) -> impl Iterator<Item = &DecisionTaken> {
        self.decisions.iter().filter(|decision| decision.waits())
    }

    /// What a side answers to its time: that somebody of it comes, else another time, else that nobody does. Nothing as long as nobody
    /// of it has answered. Whoever settled the time comes themselves, unless they say otherwise afterwards.
    pub fn answer_of(&self, side: &OrganizationId) -> Option<(MeetingAnswer, &StepTaken)> {
        let timed = &self.timed_by;
        // With a place among those who are asked they have their answer there.
        let has_place = || {
            self.people
                .iter()
                .any(|one| one.whom.contact == timed.contact && one.whom.organization == timed.organization)
        };
        if timed.organization == *side && !has_place() {
            return Some((MeetingAnswer::Accept, timed));
        }
        let of_side = self.people.iter().filter(|one| one.whom.organization == *side);
        let answers = of_side.filter_map(|one| one.answer.as_ref());
        let rank = |answer: MeetingAnswer| match answer {
            MeetingAnswer::Accept => 0,
            MeetingAnswer::AnotherTime(_) => 1,
            MeetingAnswer::Decline => 2,
        };
        answers.min_by_key(|(answer, _)| rank(*answer)).map(|(answer, by)| (*answer, by))
    }

    /// The cases on its agenda of which nobody has recorded what became of them.
    pub fn unrecorded(&self) -> impl Iterator<Item = CaseId> {
        let cases = self.agenda.iter().map(|entry| entry.case);
        cases.filter(|case| {
            !self.nothing.contains(case)
                && !self.not_reached.contains(case)
                && !self.decisions.iter().any(|decision| decision.case == *case)
        })
    }

    /// When it ends.
    pub fn ends(&self) -> Timestamp {
        let long = SignedDuration::from_mins(i64::from(self.minutes));
        self.begins.saturating_add(long).unwrap_or(Timestamp::MAX)
    }

    /// Which meeting it is, as an agenda and a decision name it.
    pub fn meeting(&self, pair: Pair, zone: &TimeZone) -> Meeting {
        Meeting { id: self.id(), pair, date: self.begins.to_zoned(zone.clone()).date() }
    }

    /// Its id, as an agenda and a decision name it: nobody else's, whatever ids others choose.
    pub fn id(&self) -> EventId {
        EventId::derived(&["meeting", self.key.sender.as_str(), &self.key.id.to_string()])
    }
}

impl fmt::Debug for MeetingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeetingState")
            .field("key", &self.key)
            .field("begins", &self.begins)
            .field("agenda", &self.agenda)
            .field("held", &self.held.is_some())
            .field("cancelled", &self.cancelled.is_some())
            .finish_non_exhaustive()
    }
}
