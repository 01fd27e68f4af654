//! The only doors between the domain and the world: a record, a transport and a clock.

mod capabilities;
#[cfg(any(test, feature = "testing"))]
pub mod contract;
mod record;
mod story_clock;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::id::{MatrixEventId, RoomId, UserId};

pub use capabilities::{Capabilities, Interaction, Offer};
pub use record::{CareRecord, Changes, Created, Dropped, Param, RecordWrite, Stored};
pub use story_clock::StoryClock;

/// What time it is.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Why a port could not do what was asked, named by what the queue does next. Holds no member data and no server text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// The server did not answer, or asked us to wait: try again. The outcome may be unknown: look first.
    #[error("unavailable ({code})")]
    Unavailable {
        /// A stable code: `timeout`, `connect`, `http-503`, `not-http` (it answers, but not as such a server).
        code: &'static str,
        /// How long the server asked us to wait.
        retry_after: Option<Duration>,
    },
    /// The session or token is no longer taken.
    #[error("signed out")]
    SignedOut,
    /// The server understood and refuses: trying again does not help.
    #[error("refused ({code})")]
    Refused {
        /// A stable code, for example `forbidden`.
        code: &'static str,
    },
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// Somebody else changed it meanwhile.
    #[error("conflict")]
    Conflict,
    /// What came back is not what the standard says.
    #[error("not understood ({code})")]
    NotUnderstood {
        /// A stable code that names the place.
        code: &'static str,
    },
    /// Our own device cannot do it yet.
    #[error("this device is not verified")]
    DeviceUntrusted,
    /// The disk or the SDK failed at a named place.
    #[error("internal ({code})")]
    Internal {
        /// A stable code that names the place.
        code: &'static str,
    },
}

/// What a room is made of; see [`CaseTransport::create_room`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomMake {
    /// The opaque local part of the room's alias, chosen and stored before the first attempt, by which a later attempt
    /// finds the room that an earlier one made.
    pub alias: String,
    /// Role accounts: they hold power 100 from creation.
    pub role_accounts: Vec<UserId>,
    /// Leads: they hold power 50 from creation.
    pub leads: Vec<UserId>,
}

/// A person's standing in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Invited and not yet joined.
    Invited,
    /// Joined.
    Joined,
}

/// A room as its homeserver describes it.
// Each is a fact of its own, of a state event of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    /// The room version (`m.room.create`).
    pub version: String,
    /// Who created it.
    pub creator: UserId,
    /// Whether it is encrypted with Megolm.
    pub encrypted: bool,
    /// Whether only invited people may join.
    pub invite_only: bool,
    /// Whether guests are kept out.
    pub guests_forbidden: bool,
    /// Whether members read from their invitation on (`history_visibility: invited`).
    pub history_from_invitation: bool,
    /// Whether any state that people can read (name, topic, avatar) is set.
    pub has_public_words: bool,
    /// Power by user, without those at the default.
    pub power: Vec<(UserId, i64)>,
    /// The power that inviting, removing and banning need: the lowest of the three.
    pub membership_power: i64,
    /// The power that any other state event needs at least.
    pub state_power: i64,
    /// Joined and invited users.
    pub members: Vec<(UserId, Membership)>,
}

impl RoomView {
    /// The power of one user.
    pub fn power_of(&self, user: &UserId) -> i64 {
        self.power.iter().find(|(who, _)| who == user).map_or(0, |(_, power)| *power)
    }

    /// The standing of one user.
    pub fn membership(&self, user: &UserId) -> Option<Membership> {
        self.members.iter().find(|(who, _)| who == user).map(|(_, standing)| *standing)
    }
}

/// The cryptographic identity of somebody we send to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Who.
    pub user: UserId,
    /// Their cross-signing master key (Matrix specification, "Cross-signing"), where they have one.
    pub identity: Option<String>,
    /// Their devices that they have cross-signed, and that can be encrypted for. With none, they cannot read what is sent now.
    pub devices: usize,
    /// Whether there is none because their homeserver does not answer: there may be one later.
    pub silent: bool,
}

/// Something that happened in a room, as its homeserver listed it.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The Matrix event id.
    pub matrix_id: MatrixEventId,
    /// The Matrix sender.
    pub sender: UserId,
    /// The homeserver's timestamp.
    pub server_at: Timestamp,
    /// What it is to us.
    pub what: ArrivedWhat,
}

/// What an event of a room is to us.
#[derive(Clone)]
pub enum ArrivedWhat {
    /// An `m.room.message` that arrived encrypted and was decrypted.
    Message {
        /// The decrypted content.
        content: Box<RawValue>,
        /// Which message of which room key it is. A homeserver can list one message under several event ids.
        ratchet: String,
        /// Where nothing proves which device sent it: the event as it came, to judge again.
        unproven: Option<Box<RawValue>>,
    },
    /// Encrypted, and not readable yet. `raw` is the whole event, to try again with.
    Undecryptable {
        /// The event as it came.
        raw: Box<RawValue>,
    },
    /// An `m.room.message` that was not encrypted: never a case event, shown as refused.
    Plain {
        /// Its text.
        body: String,
    },
    /// State, a reaction, a redaction and the like: moves no state of a case.
    Other,
    /// Known to who asked, and not opened again.
    Known,
}

impl std::fmt::Debug for ArrivedWhat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Message { unproven: None, .. } => "Message",
            Self::Message { .. } => "Message (unproven)",
            Self::Undecryptable { .. } => "Undecryptable",
            Self::Plain { .. } => "Plain",
            Self::Other => "Other",
            Self::Known => "Known",
        })
    }
}

/// A stretch of a room's history, newest first.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The events, newest first.
    pub events: Vec<Arrived>,
    /// Where the next older page begins; `None` at the beginning of what we may read.
    pub older: Option<String>,
}

/// Tells whether an event was taken over before.
pub type Known<'a> = dyn Fn(&MatrixEventId) -> bool + Send + Sync + 'a;

/// An invitation that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// The room.
    pub room: RoomId,
    /// Who invites.
    pub by: UserId,
}

/// A hint that something may be new. Hints are never the source: what they point at is read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Something happened in a room.
    Room {
        /// The room.
        room: RoomId,
        /// The events that were seen to come, as far as they are known. A late one can be listed anywhere in the history.
        events: Vec<MatrixEventId>,
    },
    /// An invitation came or went.
    Invitations,
    /// Keys, devices or identities changed: what could not be read may be readable now.
    Keys,
    /// What could not be read, or judged, may be asked for again.
    Again,
    /// The homeserver no longer takes the session.
    SignedOut,
    /// The connection to the homeserver is up (true) or down (false).
    Online(bool),
}

impl Hint {
    /// Takes up a later hint that points at the same; false where it points at something else.
    #[cfg(any(feature = "matrix", feature = "testing"))]
    pub(crate) fn take_up(&mut self, later: &Self) -> bool {
        // Whoever does not come to read must not make it grow without end.
        const MOST_NAMED: usize = 100;
        match (self, later) {
            (Self::Room { room, events }, Self::Room { room: same, events: more }) if room == same => {
                for id in more {
                    if events.len() < MOST_NAMED && !events.contains(id) {
                        events.push(id.clone());
                    }
                }
                true
            }
            (hint, later) => hint == later,
        }
    }
}

/// A message to encrypt and send.
#[derive(Clone)]
pub struct Outgoing {
    /// The room.
    pub room: RoomId,
    /// The Matrix transaction id: the same for every attempt.
    pub transaction: String,
    /// The content of the `m.room.message`.
    pub content: Box<RawValue>,
    /// Who may read it, as they were judged: its key goes to these users' cross-signed devices and to our own, and to nobody
    /// else, whoever the homeserver says is in the room. Where somebody's identity is another by now, nothing is sent:
    /// `Unavailable` (`identity-moved`), and it is judged again.
    pub readers: Vec<Recipient>,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outgoing({}, {})", self.room, self.transaction)
    }
}

/// Carries rooms and encrypted events. Implemented over Matrix.
///
/// Every call is safe to repeat: it looks at what is there before it changes anything.
#[async_trait]
pub trait CaseTransport: Send + Sync + 'static {
    /// Our Matrix id.
    fn user(&self) -> UserId;

    /// Makes a room (version 11, encrypted from the first event, invite-only, no guests, `history_visibility: invited`), or
    /// finds the one that an earlier attempt made under the same alias, and gives the powers that `make` names; last, where
    /// there is a role account, our own power is lowered to 50.
    async fn create_room(&self, make: &RoomMake) -> Result<RoomId, PortError>;

    /// Invites somebody; done already where they are invited or joined.
    async fn invite(&self, room: &RoomId, user: &UserId) -> Result<(), PortError>;

    /// Removes somebody; done already where they are neither invited nor joined. `Refused` where our power is too low.
    async fn remove(&self, room: &RoomId, user: &UserId) -> Result<(), PortError>;

    /// Joins a room that we are invited to; done already where we are joined.
    async fn join(&self, room: &RoomId) -> Result<(), PortError>;

    /// Leaves a room, or declines its invitation, and forgets it.
    async fn leave(&self, room: &RoomId) -> Result<(), PortError>;

    /// Invitations that wait, from what the last sync said.
    async fn invitations(&self) -> Result<Vec<Invited>, PortError>;

    /// The rooms that we are in.
    async fn rooms(&self) -> Result<Vec<RoomId>, PortError>;

    /// Who invited us to a room that we are in; nobody where its history tells of no invitation: we made it.
    async fn inviters(&self, room: &RoomId) -> Result<BTreeSet<UserId>, PortError>;

    /// Tells this account's other devices whose invitation to a room was accepted, so that no homeserver could say so. Nothing
    /// is told before this device shares a secret with them.
    async fn tell_accepted(&self, room: &RoomId, inviters: &BTreeSet<UserId>) -> Result<(), PortError>;

    /// Which of these inviters to a room another device of this account has told of.
    async fn told_accepted(
        &self,
        room: &RoomId,
        inviters: &BTreeSet<UserId>,
    ) -> Result<BTreeSet<UserId>, PortError>;

    /// The room as its homeserver describes it, now.
    async fn view(&self, room: &RoomId) -> Result<RoomView, PortError>;

    /// The identities and devices of these users, fetched anew where they are not known or marked as changed.
    async fn recipients(&self, users: &[UserId]) -> Result<Vec<Recipient>, PortError>;

    /// Takes back that another client of this account has verified an earlier identity of somebody, where theirs is this one now:
    /// a person has compared it anew.
    async fn believe(&self, user: &UserId, identity: &str) -> Result<(), PortError>;

    /// Encrypts and sends one message, once: no retry of its own, a time-out of 30 seconds.
    async fn send(&self, message: &Outgoing) -> Result<MatrixEventId, PortError>;

    /// Encrypts an attachment and uploads it. Returns a Matrix `EncryptedFile`.
    async fn upload(&self, bytes: &[u8]) -> Result<Map<String, Value>, PortError>;

    /// Downloads and decrypts an attachment, refusing one that is longer than `limit` bytes or does not have its hash.
    async fn download(&self, file: &Map<String, Value>, limit: u64) -> Result<Vec<u8>, PortError>;

    /// One page of a room's history, newest first, from its end or from where an earlier page ended. What is `known` is
    /// listed and not opened: decrypting is what a page costs.
    async fn page(
        &self,
        room: &RoomId,
        from: Option<&str>,
        limit: u32,
        known: &Known<'_>,
    ) -> Result<Page, PortError>;

    /// Tries again to decrypt an event that was not readable.
    async fn decrypt(&self, room: &RoomId, raw: &RawValue) -> Result<ArrivedWhat, PortError>;

    /// The next hint. Waits until there is one; `None` after `shutdown`.
    async fn next_hint(&self) -> Option<Hint>;

    /// The key that opens this account's backup and cross-signing keys on another device, until the host has confirmed
    /// that it is saved.
    async fn recovery_key(&self) -> Result<Option<String>, PortError>;

    /// Makes another recovery key in the place of the one that was saved, which opens nothing any more.
    async fn replace_recovery_key(&self) -> Result<String, PortError>;

    /// The host has saved the recovery key: it is not offered again, and our copy is removed.
    async fn confirm_recovery_key(&self) -> Result<(), PortError>;

    /// Verifies this device with the recovery key and restores the backup.
    async fn recover(&self, key: &str) -> Result<(), PortError>;

    /// Whether this device is cross-signed by its own account.
    async fn verified(&self) -> Result<bool, PortError>;

    /// Stops syncing; `resume` goes on.
    async fn suspend(&self);

    /// Syncs again.
    async fn resume(&self);

    /// Stops for good: no call after it, no background task left.
    async fn shutdown(&self);
}
