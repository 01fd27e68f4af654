//! Agreements in the pair's room: proposed, accepted or declined by a lead of the other side, withdrawn. Maps to FHIR
//! DocumentReference, once it is accepted.
//!
//! What is accepted is what new cases of the two open with, from its first day on. A case that is open goes on under the agreement that
//! its own opening carries. The fold looks at the hash and not into the text: what this release cannot read counts all the same, and is
//! neither accepted nor used here.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::care_plan::StepTaken;
use crate::case::event::{EventData, EventKey};
use crate::case::life::Carried;
use crate::id::{AgreementId, Sha256};

mod life;
mod owing;
mod telling;
#[cfg(test)]
pub(crate) mod tests;

pub use life::{MOST_EVER, MOST_OPEN, MOST_PROPOSED, MOST_TEXT, step};
pub use owing::{ANSWER_CLOCK, owed};
pub use telling::tell;

/// `agreement.proposed`: a side proposes an agreement, or a new version of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgreementProposed {
    /// Its text, whole, with its id, version and hash.
    pub agreement: Carried<AgreementId>,
    /// The first day on which it is in force, as its text says.
    pub from: Date,
}

/// `agreement.accepted`: a lead of the other side accepts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementAccepted {
    /// The `agreement.proposed`.
    pub proposal: EventKey,
    /// The hash of the text that is accepted: of these words and no others.
    pub sha256: Sha256,
}

/// `agreement.declined`: a lead of the other side does not accept it. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementDeclined {
    /// The `agreement.proposed`.
    pub proposal: EventKey,
    /// Why, without member data.
    pub reason: String,
    /// In a handover's stub: what was withheld held member data, so that it takes no step anywhere.
    #[serde(default, skip_serializing_if = "crate::concern::is_false")]
    pub member_data: bool,
}

impl fmt::Debug for AgreementDeclined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgreementDeclined({})", self.proposal.id)
    }
}

/// `agreement.withdrawn`: the side that proposed it takes it back before it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementWithdrawn {
    /// The `agreement.proposed`.
    pub proposal: EventKey,
}

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AgreementEvent<'a> {
    /// `agreement.proposed`.
    Proposed(&'a AgreementProposed),
    /// `agreement.accepted`.
    Accepted(&'a AgreementAccepted),
    /// `agreement.declined`.
    Declined(&'a AgreementDeclined),
    /// `agreement.withdrawn`.
    Withdrawn(&'a AgreementWithdrawn),
}

impl<'a> AgreementEvent<'a> {
    /// The event, where it is one of this life cycle.
    pub fn of(data: &'a EventData) -> Option<Self> {
        Some(match data {
            EventData::AgreementProposed(event) => Self::Proposed(event),
            EventData::AgreementAccepted(event) => Self::Accepted(event),
            EventData::AgreementDeclined(event) => Self::Declined(event),
            EventData::AgreementWithdrawn(event) => Self::Withdrawn(event),
            _ => return None,
        })
    }
}

/// What was proposed in a pair's room, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposals {
    /// Each shared, since a step changes one of them.
    pub(super) proposals: Vec<Arc<Proposal>>,
}

impl Proposals {
    /// Everything that was proposed, in order.
    pub fn all(&self) -> &[Arc<Proposal>] {
        &self.proposals
    }

    /// What waits for its answer.
    pub fn open(&self) -> impl Iterator<Item = &Proposal> {
        self.proposals.iter().map(AsRef::as_ref).filter(|one| one.status == ProposalStatus::Proposed)
    }

    /// What was accepted, in the order in which it was proposed.
    pub fn accepted(&self) -> impl DoubleEndedIterator<Item = &Proposal> {
        self.proposals.iter().map(AsRef::as_ref).filter(|one| one.status == ProposalStatus::Accepted)
    }

    /// What was accepted in the place of this one, and in the place of that, in order.
    pub(crate) fn after(&self, one: &Proposal) -> impl Iterator<Item = &Proposal> {
        let next = |one: &Proposal| self.get(one.replaced_by.as_ref()?);
        std::iter::successors(next(one), move |one| next(one))
    }

    /// What this `agreement.proposed` proposed.
    pub fn get(&self, key: &EventKey) -> Option<&Proposal> {
        self.proposals.iter().map(AsRef::as_ref).find(|one| one.key == *key)
    }
}

/// An agreement that was proposed. `Debug` does not show why it was declined.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Proposal {
    /// Its `agreement.proposed`.
    pub key: EventKey,
    /// The text, with its id, version and hash.
    pub agreement: Carried<AgreementId>,
    /// The first day on which it is in force.
    pub from: Date,
    /// Who proposed it, and when.
    pub by: StepTaken,
    /// Where it stands.
    pub status: ProposalStatus,
    /// Who answered it or took it back, and when.
    pub settled: Option<StepTaken>,
    /// Why it was declined. Empty where a handover withheld it.
    pub reason: Option<String>,
    /// The `agreement.proposed` of a later version of the same agreement that was accepted since.
    pub replaced_by: Option<EventKey>,
}

impl Proposal {
    /// The agreement, where this release can read it and it is what is named beside it.
    pub fn read(&self) -> Option<Agreement> {
        self.agreement.read().ok()
    }
}

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proposal")
            .field("key", &self.key)
            .field("id", &self.agreement.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Where a proposed agreement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProposalStatus {
    /// It waits for the other side.
    Proposed,
    /// The other side has accepted it.
    Accepted,
    /// The other side has not.
    Declined,
    /// Its own side took it back.
    Withdrawn,
    /// The room says that the other side has accepted it, by an account that this device's own directory does not know as that side's:
    /// it counts nowhere here. Never in a room's own state.
    Unproven,
}

impl ProposalStatus {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Unproven => "unproven",
        }
    }
}
