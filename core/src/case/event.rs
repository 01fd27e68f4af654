//! Case events: what happens in a case, as it travels.
//!
//! An event is a Matrix `m.room.message` with a plain-text `body` that a person can read in any client, and the block
//! `org.caseline.event` = `{ v, id, kind, after, clock, at, audit, labels, unlabelled, under, btg, data }`. What a `(kind, v)` means never changes once
//! released; a kind or version that we do not know is kept, shown with its text, and carried on unchanged.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::agreement::proposal::{
    AgreementAccepted, AgreementDeclined, AgreementProposed, AgreementWithdrawn,
};
use crate::alert::{AlertRaised, FollowUpDone, VisitAnswered, VisitProposed};
use crate::care_plan::{
    PlanAcknowledged, PlanApproved, PlanApprovedInHouse, PlanChanged, PlanCopied, PlanReturned, PlanSent,
    PlanSigned,
};
use crate::care_team::{TeamDeclined, TeamProposed};
use crate::case::handover::Handover;
use crate::case::kind::{PairOpened, ProgrammeOpened};
use crate::case::life::{
    CaseAccepted, CaseClosed, CaseOpened, CaseReopened, RungPosted, SeatAdded, SeatEnded,
};
use crate::communication::{MessageCorrected, MessageRetracted, MessageSeen, MessageSent};
use crate::concern::{
    AnswerPublished, ConcernAnswered, ConcernClosed, ConcernHeard, ConcernRaised, ConcernReopened,
};
use crate::consent::{ConsentRecorded, ConsentRevoked, OverrideReviewed};
use crate::crossing::CrossingCarried;
use crate::error::Result;
use crate::id::{EventId, Sha256, UserId};
use crate::label::{Emergency, Labels, Marks, Under};
use crate::meeting::{
    MeetingAnswered, MeetingBrought, MeetingCancelled, MeetingDecided, MeetingDropped, MeetingHeld,
    MeetingMoved, MeetingPrepared, MeetingSet, MeetingUndone,
};
use crate::outreach::{
    ContactPermitted, ContactProhibited, ContactRecorded, ContactWithdrawn, OutreachAsked, OutreachGranted,
    OutreachRefused, StageReached,
};
use crate::referral::{
    ReferralAccepted, ReferralAsked, ReferralCancelled, ReferralCapacity, ReferralCapacityAsked,
    ReferralClosed, ReferralDeclined, ReferralOpened, ReferralOutcome, ReferralSent, ReferralSubReferred,
    ReferralTold, ReferralWithdrawn,
};
use crate::task::{
    TaskAccepted, TaskAssigned, TaskCancelled, TaskClaimed, TaskCompleted, TaskDeclined, TaskHandedOver,
};

mod canonical;
mod held;

pub(crate) use canonical::{deeper, write_canonical};
pub use held::{Block, Content, Held, HeldBody, Receipt};

/// The deepest that a content is nested, itself counted. Readers of JSON give up somewhat above a hundred, and a content is
/// itself nested in a handover: what is deeper takes no part in a case, and what is deep beside its text and its block is left out
/// of what is kept.
pub(crate) const MAX_DEPTH: usize = 64;

/// The name of our block in the content of an `m.room.message`.
pub const BLOCK: &str = "org.caseline.event";

/// The version of the block that this release writes.
pub const VERSION: u32 = 1;

/// The largest `clock`: what JSON numbers carry exactly everywhere, 2^53 − 1.
pub const MAX_CLOCK: u64 = (1 << 53) - 1;

/// The key of an event: who sent it, and the id they gave it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventKey {
    /// The Matrix sender of the decrypted event.
    pub sender: UserId,
    /// The id its author chose.
    pub id: EventId,
}

impl EventKey {
    /// The id of what is owed since this event. A sender chooses the ids of their events, so that one alone says nothing: what
    /// is derived from the key too is nobody else's.
    pub(crate) fn owed(&self) -> EventId {
        EventId::derived(&["owed", self.sender.as_str(), &self.id.to_string()])
    }
}

/// A reference to an earlier event: its key and its clock. On the wire `[sender, id, clock]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(UserId, EventId, u64)", into = "(UserId, EventId, u64)")]
pub struct Head {
    /// The event's key.
    pub key: EventKey,
    /// The event's clock, as its author stated it.
    pub clock: u64,
}

impl From<(UserId, EventId, u64)> for Head {
    fn from((sender, id, clock): (UserId, EventId, u64)) -> Self {
        Self { key: EventKey { sender, id }, clock }
    }
}

impl From<Head> for (UserId, EventId, u64) {
    fn from(head: Head) -> Self {
        (head.key.sender, head.key.id, head.clock)
    }
}

/// How far the sending device's audit chain reached when it sent the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The chain's name: a random id of the device's store, not the Matrix device id.
    pub chain: uuid::Uuid,
    /// How many entries it had.
    pub length: u64,
    /// The authentication code of the last entry.
    pub head: Sha256,
}

/// The block: what a device folds.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The version of the block.
    pub v: u32,
    /// The id its author chose.
    pub id: EventId,
    /// The heads that its author had folded.
    pub after: Vec<Head>,
    /// One more than the highest clock in `after`.
    pub clock: u64,
    /// The author's clock.
    pub at: Timestamp,
    /// The author's audit chain.
    pub audit: Option<AuditHead>,
    /// How sensitive it is, and what permitted it.
    pub marks: Marks,
    /// What happened.
    pub data: EventData,
}

/// Declares the kinds: one line each, `Variant(Payload) = "wire.name"`.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident($payload:ty) = $kind:literal,)*) => {
        /// What happened, by kind. Much of it is member data: `Debug` shows the kind only.
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        #[allow(clippy::large_enum_variant)]
        pub enum EventData {
            $($(#[$doc])* $variant($payload),)*
            /// A kind, or a version of the block, that this release does not know: kept as it came.
            Unknown {
                /// The kind it names.
                kind: String,
                /// The whole `data`, unchanged.
                data: Value,
            },
        }

        impl std::fmt::Debug for EventData {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "EventData({})", self.kind())
            }
        }

        impl EventData {
            /// The kind's name on the wire.
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $kind,)*
                    Self::Unknown { kind, .. } => kind,
                }
            }

            /// The `data` of the block.
            pub(crate) fn to_value(&self) -> serde_json::Result<Value> {
                match self {
                    $(Self::$variant(payload) => serde_json::to_value(payload),)*
                    Self::Unknown { data, .. } => Ok(data.clone()),
                }
            }

            /// Reads the `data` of a block.
            pub(crate) fn read(v: u32, kind: &str, data: Value) -> serde_json::Result<Self> {
                if v != VERSION {
                    return Ok(Self::Unknown { kind: kind.to_owned(), data });
                }
                Ok(match kind {
                    $($kind => Self::$variant(serde_json::from_value(data)?),)*
                    _ => Self::Unknown { kind: kind.to_owned(), data },
                })
            }
        }

        $(impl From<$payload> for EventData {
            fn from(payload: $payload) -> Self {
                Self::$variant(payload)
            }
        })*
    };
}

kinds! {
    /// The case was opened: it carries the roster, the agreement and the rule set.
    CaseOpened(CaseOpened) = "case.opened",
    /// Somebody named in the case has taken it up.
    CaseAccepted(CaseAccepted) = "case.accepted",
    /// The case is over.
    CaseClosed(CaseClosed) = "case.closed",
    /// The member is re-enrolled, and their case goes on.
    CaseReopened(CaseReopened) = "case.reopened",
    /// A programme room was opened: it carries the roster, the agreement and the rule set.
    ProgrammeOpened(ProgrammeOpened) = "programme.opened",
    /// A pair's own room was opened: it carries the roster, the agreement and the rule set.
    PairOpened(PairOpened) = "pair.opened",
    /// Somebody was named for the case.
    SeatAdded(SeatAdded) = "seat.added",
    /// Somebody's participation ended.
    SeatEnded(SeatEnded) = "seat.ended",
    /// A message between people.
    MessageSent(MessageSent) = "message.sent",
    /// Its author says a message anew.
    MessageCorrected(MessageCorrected) = "message.corrected",
    /// Its author takes a message back.
    MessageRetracted(MessageRetracted) = "message.retracted",
    /// Somebody has read messages of others.
    MessageSeen(MessageSeen) = "message.seen",
    /// Somebody was in contact with the member, or tried to be.
    ContactRecorded(ContactRecorded) = "contact.recorded",
    /// A contact that was recorded in error is taken back.
    ContactWithdrawn(ContactWithdrawn) = "contact.withdrawn",
    /// The member must not be contacted.
    ContactProhibited(ContactProhibited) = "contact.prohibited",
    /// The member may be contacted again.
    ContactPermitted(ContactPermitted) = "contact.permitted",
    /// Somebody took things across to a side without Matrix, or called who was reminded, or tried to.
    CrossingCarried(CrossingCarried) = "crossing.carried",
    /// The member consents to something.
    ConsentRecorded(ConsentRecorded) = "consent.recorded",
    /// The member takes a consent back.
    ConsentRevoked(ConsentRevoked) = "consent.revoked",
    /// Somebody looked at what was told without consent in an emergency.
    OverrideReviewed(OverrideReviewed) = "override.reviewed",
    /// The community side asks whether it may reach out to the member.
    OutreachAsked(OutreachAsked) = "outreach.asked",
    /// The plan side lets it.
    OutreachGranted(OutreachGranted) = "outreach.granted",
    /// The plan side does not let it.
    OutreachRefused(OutreachRefused) = "outreach.refused",
    /// The member stands elsewhere with the programme.
    StageReached(StageReached) = "outreach.stage",
    /// A care plan was sent for signature.
    PlanSent(PlanSent) = "plan.sent",
    /// The other side has the plan.
    PlanAcknowledged(PlanAcknowledged) = "plan.acknowledged",
    /// The plan was approved by the primary care provider or a designee.
    PlanApproved(PlanApproved) = "plan.approved",
    /// The plan came back with changes to make.
    PlanReturned(PlanReturned) = "plan.returned",
    /// The plan was changed in a record after it was sent.
    PlanChanged(PlanChanged) = "plan.changed",
    /// The plan was signed elsewhere, as its sender attests.
    PlanSigned(PlanSigned) = "plan.signed",
    /// A copy of the approved plan was given to somebody, as its sender attests.
    PlanCopied(PlanCopied) = "plan.copied",
    /// A clinician of the side that sent the plan approved it.
    PlanApprovedInHouse(PlanApprovedInHouse) = "plan.approved-in-house",
    /// An admission, a discharge, a transfer, an emergency visit, or that one was cancelled.
    AlertRaised(AlertRaised) = "alert.raised",
    /// People go to the member together.
    VisitProposed(VisitProposed) = "visit.proposed",
    /// Somebody who is asked to come answers.
    VisitAnswered(VisitAnswered) = "visit.answered",
    /// Somebody followed up after a stay.
    FollowUpDone(FollowUpDone) = "follow-up.done",
    /// Somebody is to do something.
    TaskAssigned(TaskAssigned) = "task.assigned",
    /// Somebody took a task out of their organisation's pool.
    TaskClaimed(TaskClaimed) = "task.claimed",
    /// A task's owner will do it.
    TaskAccepted(TaskAccepted) = "task.accepted",
    /// A task's owner will not do it.
    TaskDeclined(TaskDeclined) = "task.declined",
    /// Another is to do a task.
    TaskHandedOver(TaskHandedOver) = "task.handed-over",
    /// A task is done.
    TaskCompleted(TaskCompleted) = "task.completed",
    /// A task is not to be done any more.
    TaskCancelled(TaskCancelled) = "task.cancelled",
    /// An organisation brings something to the programme office.
    ConcernRaised(ConcernRaised) = "concern.raised",
    /// The office has heard a concern.
    ConcernHeard(ConcernHeard) = "concern.heard",
    /// The office answers a concern.
    ConcernAnswered(ConcernAnswered) = "concern.answered",
    /// The organisation is done with a concern.
    ConcernClosed(ConcernClosed) = "concern.closed",
    /// The organisation is not done with a concern after all.
    ConcernReopened(ConcernReopened) = "concern.reopened",
    /// The office tells an answer that others can use.
    AnswerPublished(AnswerPublished) = "answer.published",
    /// A side proposes an agreement.
    AgreementProposed(AgreementProposed) = "agreement.proposed",
    /// The other side accepts an agreement.
    AgreementAccepted(AgreementAccepted) = "agreement.accepted",
    /// The other side does not accept an agreement.
    AgreementDeclined(AgreementDeclined) = "agreement.declined",
    /// A side takes an agreement back that it proposed.
    AgreementWithdrawn(AgreementWithdrawn) = "agreement.withdrawn",
    /// The two organisations of a pair meet.
    MeetingSet(MeetingSet) = "meeting.set",
    /// What a meeting talks about.
    MeetingPrepared(MeetingPrepared) = "meeting.prepared",
    /// Somebody brings a point to a meeting.
    MeetingBrought(MeetingBrought) = "meeting.brought",
    /// Somebody who is asked to a meeting answers.
    MeetingAnswered(MeetingAnswered) = "meeting.answered",
    /// A meeting is at another time.
    MeetingMoved(MeetingMoved) = "meeting.moved",
    /// A meeting is called off.
    MeetingCancelled(MeetingCancelled) = "meeting.cancelled",
    /// A meeting took place.
    MeetingHeld(MeetingHeld) = "meeting.held",
    /// What a meeting decided of a case is recorded in the case.
    MeetingDecided(MeetingDecided) = "meeting.decided",
    /// What a meeting decided did not come into its case.
    MeetingUndone(MeetingUndone) = "meeting.undone",
    /// What a meeting decided is not to be done any more.
    MeetingDropped(MeetingDropped) = "meeting.dropped",
    /// A person of one side refers the member to a social-service organisation.
    ReferralAsked(ReferralAsked) = "referral.asked",
    /// A referral is with its organisation.
    ReferralSent(ReferralSent) = "referral.sent",
    /// What happened with a referral at its organisation.
    ReferralTold(ReferralTold) = "referral.told",
    /// A referral is not asked for any more.
    ReferralWithdrawn(ReferralWithdrawn) = "referral.withdrawn",
    /// A referral's own room was opened: it carries what the consent names, and nothing else of the member.
    ReferralOpened(ReferralOpened) = "referral.opened",
    /// The referrer asks whether there is a place.
    ReferralCapacityAsked(ReferralCapacityAsked) = "referral.capacity-asked",
    /// The agency says whether there is a place.
    ReferralCapacity(ReferralCapacity) = "referral.capacity",
    /// The agency will do it.
    ReferralAccepted(ReferralAccepted) = "referral.accepted",
    /// The agency will not do it.
    ReferralDeclined(ReferralDeclined) = "referral.declined",
    /// The agency has another one do it.
    ReferralSubReferred(ReferralSubReferred) = "referral.sub-referred",
    /// What came of a referral.
    ReferralOutcome(ReferralOutcome) = "referral.outcome",
    /// The referrer has the outcome: the loop is closed.
    ReferralClosed(ReferralClosed) = "referral.closed",
    /// The agency is to stop.
    ReferralCancelled(ReferralCancelled) = "referral.cancelled",
    /// A CareTeam was changed in a record: a proposal to the roster.
    TeamProposed(TeamProposed) = "team.proposed",
    /// A lead leaves the roster as it is.
    TeamDeclined(TeamDeclined) = "team.declined",
    /// Somebody on a ladder was reminded of what is owed.
    RungPosted(RungPosted) = "rung.posted",
    /// What came before, for a newcomer.
    Handover(Handover) = "handover",
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: u32,
    id: EventId,
    kind: String,
    after: Vec<Head>,
    clock: u64,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audit: Option<AuditHead>,
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    labels: Labels,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unlabelled: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    under: Option<Under>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    btg: Option<Emergency>,
    data: Value,
}

impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error as _;
        let Marks { labels, unlabelled, under, btg } = self.marks.clone();
        Wire {
            v: self.v,
            id: self.id,
            kind: self.data.kind().to_owned(),
            after: self.after.clone(),
            clock: self.clock,
            at: self.at,
            audit: self.audit.clone(),
            labels,
            unlabelled,
            under,
            btg,
            data: self.data.to_value().map_err(S::Error::custom)?,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        Ok(Self {
            v: wire.v,
            id: wire.id,
            after: wire.after,
            clock: wire.clock,
            at: wire.at,
            audit: wire.audit,
            marks: Marks {
                labels: wire.labels,
                unlabelled: wire.unlabelled,
                under: wire.under,
                btg: wire.btg,
            },
            data: EventData::read(wire.v, &wire.kind, wire.data)
                .map_err(|_| D::Error::custom("the data does not have the form of its kind"))?,
        })
    }
}
