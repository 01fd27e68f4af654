//! The case's own life cycle: opened, accepted, its people named and released, closed.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::contact::Seat;
use crate::id::{AgreementId, CaseId, ContactId, EventId, OrganizationId, RuleSetId, Sha256};
use crate::member::Member;
use crate::organization::Organization;

mod steps;
#[cfg(test)]
mod tests;

pub(crate) use steps::tell_rung;
pub use steps::{Closed, Life, LifeEvent, Opening, PostedRung, Reopened, RungKey, step, tell};

/// A text that the case carries whole, so that nobody computes from their own disk: an agreement or a rule set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried<Id> {
    /// The text's own id.
    pub id: Id,
    /// Its version.
    pub version: String,
    /// The SHA-256 of the text.
    pub sha256: Sha256,
    /// The text (YAML).
    pub text: String,
}

/// `case.opened`: the first event of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseOpened {
    /// The case.
    pub case: CaseId,
    /// Whose care it is about.
    pub member: Member,
    /// The plan side.
    pub plan_side: Organization,
    /// The community side.
    pub community_side: Organization,
    /// Others that take part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Organization>,
    /// Everybody named for the case.
    pub roster: Vec<Seat>,
    /// What the two sides settled.
    pub agreement: Carried<AgreementId>,
    /// The dated clocks.
    pub rules: Carried<RuleSetId>,
}

impl CaseOpened {
    /// The id that the opening event of a case has: of one sender there is one, so that nobody opens a case twice, with
    /// another roster, and is believed both times.
    #[must_use]
    pub fn event_id(case: CaseId) -> EventId {
        EventId::derived(&["opened", &case.to_string()])
    }
}

/// `case.accepted`: its sender has taken the case up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseAccepted {
    /// The case that was accepted, so that an acceptance never counts for another.
    pub case: CaseId,
}

/// `case.closed`: the case is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseClosed {
    /// Why.
    pub reason: CloseReason,
    /// The case that goes on in its place, where both sides had opened one for the same member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continued_in: Option<CaseId>,
}

/// `case.reopened`: the member is re-enrolled, and their case goes on. `Debug` shows neither why nor since when.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseReopened {
    /// Why. Empty where a handover withheld it.
    pub reason: String,
    /// Since when the member is back, by the programme's own date: clocks count from it.
    pub on: Date,
    /// Where that date is from. Empty where a handover withheld it.
    pub source: String,
    /// The day of the enrolment, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled: Option<Date>,
    /// The day on which they had left, where that is not the day on which the case was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Date>,
}

impl CaseReopened {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { reason: String::new(), source: String::new(), ..self.clone() }
    }
}

impl std::fmt::Debug for CaseReopened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CaseReopened(…)")
    }
}

/// Why a case was closed: the programme's reasons for leaving, and our own for a doubled case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CloseReason {
    /// The member declined.
    Declined,
    /// The member could not be reached.
    Unreachable,
    /// The member moved away.
    Moved,
    /// The member no longer needs it.
    Graduated,
    /// The member changed the enrolment.
    EnrolleeChange,
    /// The member changed to another ACO or MCO.
    PlanChange,
    /// A medical exception.
    MedicalException,
    /// Eligibility was lost.
    EligibilityLoss,
    /// The member disengaged.
    Disengaged,
    /// The member died.
    Deceased,
    /// Both sides had opened the same case; the other one goes on.
    Duplicate,
}

/// `seat.added`: somebody was named for the case, by a lead of their own organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeatAdded {
    /// Who, and as what.
    pub seat: Seat,
}

/// `seat.ended`: somebody's participation ended, by a lead of their own organisation or by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatEnded {
    /// Whose.
    pub contact: ContactId,
    /// Their organisation.
    pub organization: OrganizationId,
}

/// `rung.posted`: a keeper reminded somebody on the ladder of what is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RungPosted {
    /// What is owed: [`crate::case::step::Owed::since`].
    pub owed: EventId,
    /// The clock's name, for example `plan-return`.
    pub clock: String,
    /// Which rung of the ladder it was then, counted from 0. A ladder changes with the roster: who was reminded is what counts.
    pub rung: u32,
    /// Who was reminded.
    pub contact: ContactId,
    /// Of which organisation.
    pub organization: OrganizationId,
    /// When the rung was due.
    pub due: Timestamp,
    /// Whether they have left: nobody is reminded, and the next one's turn is now. Believed of the poster's own organisation, or where
    /// the roster says that their time here ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
}
