//! Notices: hints to the host that something happened. Who missed one asks; the state is the source.

use crate::case::event::EventKey;
use crate::directory::Gap;
use crate::id::{CaseId, EventId, RoomId, UserId};
use crate::policy::Reason;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// An event of a case came, from whomever, or is ours and on its way.
    Event {
        /// The case.
        case: CaseId,
        /// The event.
        key: EventKey,
        /// Its kind.
        kind: String,
    },
    /// A case's state changed in another way, for example by a handover.
    Changed {
        /// The case.
        case: CaseId,
    },
    /// An invitation came.
    Invitation {
        /// The room.
        room: RoomId,
        /// Who invites.
        by: UserId,
    },
    /// An event of ours waits: the policy holds it, and what follows in its case, until the cause is gone.
    Held {
        /// The case.
        case: CaseId,
        /// The event.
        id: EventId,
        /// Every cause.
        reasons: Vec<Reason>,
    },
    /// An event of ours was taken out: the policy denied it immediately before it would have been sent.
    Refused {
        /// The case.
        case: CaseId,
        /// The event.
        id: EventId,
        /// Every reason.
        reasons: Vec<Reason>,
    },
    /// An event of ours takes no step, or no more: what somebody else did came before it, as two did at once or while one was offline.
    /// Everybody sees it so in the timeline; whoever did it is to be told.
    Superseded {
        /// The case.
        case: CaseId,
        /// The event.
        id: EventId,
        /// Every reason.
        reasons: Vec<Reason>,
    },
    /// Somebody named for the case could not read what was sent: their account has no device that it has cross-signed.
    /// What they missed is handed over to them when they have one.
    NotReached {
        /// The case.
        case: CaseId,
        /// Who.
        user: UserId,
    },
    /// A room that was accepted is not what it should be, and was left.
    RoomLeft {
        /// The room.
        room: RoomId,
        /// Why.
        reason: Reason,
    },
    /// An event arrived that was not encrypted. It is no case event.
    NotEncrypted {
        /// The room.
        room: RoomId,
        /// Who sent it.
        sender: UserId,
    },
    /// A person has to confirm which Patient of one's own record the case is about.
    ConfirmPatient {
        /// The case.
        case: CaseId,
    },
    /// A resource of the record was not written: its stored version is ahead of what this device has folded, somebody
    /// changed it in a way that does not go together, or the record refuses it, or fails at it again and again while it
    /// answers otherwise. It is tried again, ever more rarely; what is for other resources does not wait for it.
    RecordConflict {
        /// The case.
        case: CaseId,
        /// The resource type.
        kind: String,
    },
    /// The record took a resource and did not keep all of it: a server can drop what it does not know, without a word.
    RecordDropped {
        /// The resource type.
        kind: String,
        /// The record's own id for it.
        id: String,
        /// The elements that are not there, as FHIR names them (`CareTeam.participant[1].onBehalfOf`).
        paths: Vec<String>,
    },
    /// What others change in the record does not reach the cases, in whole or in part: looking at the record failed several
    /// times in a row (said once, until it works again), or it names somebody at such length that no event can.
    RecordNotWatched {
        /// The resource type.
        kind: String,
        /// What failed, as [`Error::code`](crate::Error::code) says it.
        code: String,
    },
    /// The record no longer takes the access token, or there is none: sign in there again. Told once until it answers
    /// again; what is for it waits, and messages do not.
    RecordSignedOut,
    /// The record does not answer, fails, or does not let us see what is needed before anything is written. Told once until
    /// it answers again; what is for it waits, and messages do not.
    RecordUnavailable {
        /// Why: `connect`, `timeout`, `http-500`, `forbidden`, `no-capabilities`, ….
        code: &'static str,
    },
    /// A case was opened of which no organisation has a role account: who opened it keeps the highest power in its room, and
    /// can be removed by nobody.
    NoRoleAccount {
        /// The case.
        case: CaseId,
    },
    /// A case was opened between two sides of which one has no live person for some topic: whom to call then is for somebody to
    /// settle, before it is needed.
    NobodyToCall {
        /// The case.
        case: CaseId,
        /// At whom, about what, and what is missing.
        gaps: Vec<Gap>,
    },
    /// The homeserver no longer takes the session: sign in again.
    SignedOut,
}
