//! Admissions, discharges, transfers and emergency visits, the joint visits that follow from them, and the follow-up that is owed
//! after them. A stay maps to FHIR Encounter, a joint visit to Appointment.
//!
//! A *stay* is what a hospital counts as one visit of its own: it has one number there, whoever tells of it and however often. A
//! *visit* is people of the care team going there together.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::care_plan::StepTaken;
use crate::care_team::Whom;
use crate::case::event::EventKey;
use crate::communication::Priority;
use crate::id::Sha256;
use crate::outreach::{Channel, ContactRecorded};

mod course;
mod life;
mod owing;
#[cfg(test)]
mod tests;

pub use course::{FollowUpClock, FollowedUp, Stay, StayStatus, followed_up};
pub use life::{step, tell};
pub use owing::{ANSWER_CLOCK, ED_CLOCK, INPATIENT_CLOCK, VISIT_CLOCK, owed};

/// Which stay it is: the hospital's own number for it. All of it is member data: `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StayKey {
    /// As the hospital says it.
    Named {
        /// The facility, as its feed names it (HL7 v2: MSH-4).
        facility: String,
        /// Its number for the stay (HL7 v2: PV1-19, else PID-18).
        visit: String,
    },
    /// What a handover tells of it where the policy withholds it: enough to know it again.
    Withheld {
        /// [`StayKey::id`].
        sha256: Sha256,
    },
}

impl StayKey {
    /// The stay's id in this case: the SHA-256 of facility and number, alike whoever tells of the stay.
    pub fn id(&self) -> Sha256 {
        match self {
            Self::Named { facility, visit } => {
                Sha256::of(serde_json::json!(["stay", facility, visit]).to_string())
            }
            Self::Withheld { sha256 } => *sha256,
        }
    }
}

impl fmt::Debug for StayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StayKey(…)")
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// A visit to an emergency department (HL7 v2: A04).
    EdVisit,
    /// The member was admitted (A01, A06).
    Admitted,
    /// To another ward or hospital (A02).
    Transferred,
    /// The member left (A03).
    Discharged,
    /// What was told before did not happen (A11, A12, A13).
    Cancelled,
}

impl Happening {
    /// The word under which it travels.
    pub fn code(self) -> &'static str {
        match self {
            Self::EdVisit => "ed-visit",
            Self::Admitted => "admitted",
            Self::Transferred => "transferred",
            Self::Discharged => "discharged",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Of what class a stay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StayClass {
    /// A bed in a hospital.
    Inpatient,
    /// An emergency department.
    Emergency,
}

impl StayClass {
    /// The word under which it travels.
    pub fn code(self) -> &'static str {
        match self {
            Self::Inpatient => "inpatient",
            Self::Emergency => "emergency",
        }
    }
}

/// How it was found whose stay it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matched {
    /// By the member's number, exactly.
    ByMemberId,
    /// By name and date of birth, and a person said that it is the member of this case.
    ConfirmedByPerson,
}

/// `alert.raised`: an admission, a discharge, a transfer, an emergency visit, or that one was cancelled.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRaised {
    /// Which stay.
    pub stay: StayKey,
    /// What happened.
    pub what: Happening,
    /// Of `cancelled`: what did not happen. Left out, the whole stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancels: Option<Happening>,
    /// When it happened, by whoever tells it: the date from which deadlines count, however late the event arrives.
    pub at: Timestamp,
    /// Of what class the stay is since then.
    pub class: StayClass,
    /// The facility's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility_name: Option<String>,
    /// Who says so: the name of a feed, or of a person who called.
    pub source: String,
    /// The message's own id in that feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How it was found whose it is.
    pub matched: Matched,
    /// How urgent it is to hear of it.
    #[serde(default)]
    pub priority: Priority,
}

impl fmt::Debug for AlertRaised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AlertRaised(…)")
    }
}

impl AlertRaised {
    /// The fields that `step` reads, and neither where nor from whom.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self {
            stay: StayKey::Withheld { sha256: self.stay.id() },
            facility_name: None,
            source: String::new(),
            message: None,
            ..self.clone()
        }
    }
}

/// `visit.proposed`: people go to the member together. `Debug` does not show where.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitProposed {
    /// Because of which stay: [`StayKey::id`].
    pub stay: Sha256,
    /// When.
    pub at: Timestamp,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Who is asked to come, besides who proposes it.
    pub with: Vec<Whom>,
}

impl fmt::Debug for VisitProposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitProposed(…)")
    }
}

impl VisitProposed {
    /// The fields that `step` reads, and not where.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { place: None, ..self.clone() }
    }
}

/// What somebody answers to a proposed visit. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// They come.
    Accept,
    /// They do not. Of whoever proposed it: it is called off.
    Decline {
        /// Why.
        reason: String,
    },
    /// Another time, which everybody else answers anew.
    Move {
        /// When instead.
        to: Timestamp,
    },
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "Accept",
            Self::Decline { .. } => "Decline",
            Self::Move { .. } => "Move",
        })
    }
}

/// `visit.answered`: somebody who is asked to come answers. `Debug` does not show when the visit is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitAnswered {
    /// The `visit.proposed`.
    pub visit: EventKey,
    /// The time that is answered: an answer to one never counts for another.
    pub time: Timestamp,
    /// The answer.
    pub answer: Answer,
}

impl fmt::Debug for VisitAnswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VisitAnswered({}, {:?})", self.visit.id, self.answer)
    }
}

impl VisitAnswered {
    /// The fields that `step` reads, and not why.
    #[must_use]
    pub fn withheld(&self) -> Self {
        let answer = match &self.answer {
            Answer::Decline { .. } => Answer::Decline { reason: String::new() },
            other => other.clone(),
        };
        Self { answer, ..self.clone() }
    }
}

/// `follow-up.done`: somebody followed up after a stay. `Debug` does not show what came of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUpDone {
    /// After which stay: [`StayKey::id`].
    pub stay: Sha256,
    /// When they were in contact with the member.
    pub at: Timestamp,
    /// Whether they met: what a discharge asks for.
    pub face_to_face: bool,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl fmt::Debug for FollowUpDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FollowUpDone(…)")
    }
}

impl FollowUpDone {
    /// The fields that `step` reads, and not what came of it.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { outcome: None, ..self.clone() }
    }

    /// The same as a contact with the member, which it is: how a record has it. By which channel was not said.
    pub(crate) fn as_contact(&self) -> ContactRecorded {
        ContactRecorded {
            when: self.at,
            by: None,
            channel: Channel::Other,
            face_to_face: self.face_to_face,
            reached: true,
            outcome: self.outcome.clone().unwrap_or_default(),
            about: None,
            not_made: None,
        }
    }
}

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AlertEvent<'a> {
    /// `alert.raised`.
    Raised(&'a AlertRaised),
    /// `visit.proposed`.
    Proposed(&'a VisitProposed),
    /// `visit.answered`.
    Answered(&'a VisitAnswered),
    /// `follow-up.done`.
    FollowedUp(&'a FollowUpDone),
}

/// The stays and joint visits of one case, in the order in which they were first told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alerts {
    /// Each shared, since a step changes one of them, and there can be many.
    stays: Vec<Arc<Stay>>,
    /// Likewise.
    visits: Vec<Arc<Visit>>,
}

impl Alerts {
    /// Every stay.
    pub fn stays(&self) -> &[Arc<Stay>] {
        &self.stays
    }

    /// The stay with this id.
    pub fn stay(&self, id: &Sha256) -> Option<&Stay> {
        self.stays.iter().map(AsRef::as_ref).find(|stay| stay.id == *id)
    }

    /// Every joint visit.
    pub fn visits(&self) -> &[Arc<Visit>] {
        &self.visits
    }

    /// The visit that this `visit.proposed` opened.
    pub fn visit(&self, proposed: &EventKey) -> Option<&Visit> {
        self.visits.iter().map(AsRef::as_ref).find(|visit| visit.proposed == *proposed)
    }
}

/// A joint visit. `Debug` shows none of it but its event.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Visit {
    /// Its `visit.proposed`.
    pub proposed: EventKey,
    /// Because of which stay.
    pub stay: Sha256,
    /// When, as it was last moved.
    pub at: Timestamp,
    /// Where. Nothing where a handover withheld it.
    pub place: Option<String>,
    /// Who proposed it, and when.
    pub by: StepTaken,
    /// The event that set its time: its proposal, or who moved it last.
    pub since: StepTaken,
    /// Everybody who is asked: who proposed it, then the others.
    pub asked: Vec<Asked>,
    /// Who called it off.
    pub called_off: Option<StepTaken>,
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Visit({})", self.proposed.id)
    }
}

impl Visit {
    /// Where it stands.
    pub fn status(&self) -> VisitStatus {
        let mut others = self.asked.iter().filter(|asked| !asked.is(&self.by));
        if self.called_off.is_some() {
            VisitStatus::CalledOff
        } else if self.asked.iter().any(|asked| asked.answer == Answered::Waiting) {
            VisitStatus::Waiting
        } else if others.all(|asked| matches!(asked.answer, Answered::Declined { .. })) {
            VisitStatus::Declined
        } else {
            VisitStatus::Settled
        }
    }
}

/// Where a joint visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VisitStatus {
    /// Somebody has not answered. Once the visit's time is past it is over so, and their answer is owed no more.
    Waiting,
    /// Everybody has answered, and somebody comes.
    Settled,
    /// Nobody else comes.
    Declined,
    /// It was called off.
    CalledOff,
}

impl VisitStatus {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Settled => "settled",
            Self::Declined => "declined",
            Self::CalledOff => "called-off",
        }
    }
}

/// Somebody who is asked to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub whom: Whom,
    /// What they answered.
    pub answer: Answered,
}

impl Asked {
    /// Whether it is who took this step.
    fn is(&self, step: &StepTaken) -> bool {
        self.whom.contact == step.contact && self.whom.organization == step.organization
    }
}

/// What somebody answered. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq)]
pub enum Answered {
    /// Nothing yet.
    Waiting,
    /// They come.
    Accepted(StepTaken),
    /// They do not.
    Declined {
        /// Who said so, and when.
        by: StepTaken,
        /// Why. Empty where a handover withheld it.
        reason: String,
    },
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Answered {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Accepted(_) => "accepted",
            Self::Declined { .. } => "declined",
        }
    }
}
