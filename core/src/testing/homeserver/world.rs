//! What the servers hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::super::faults::Faults;
use super::super::hints::Hints;
use super::super::room::{EntryWhat, Room};
use super::super::transport::Endpoint;
use crate::id::{MatrixEventId, RoomId, UserId};
use crate::ports::{Clock, Hint, Invited, Membership, PortError, Recipient, RoomMake, RoomView};

/// The servers' state.
pub(in super::super) struct World {
    clock: Arc<dyn Clock>,
    serial: u64,
    pub(in super::super) rooms: BTreeMap<RoomId, Room>,
    /// By the whole alias, `#local:server`.
    pub(in super::super) aliases: BTreeMap<String, RoomId>,
    pub(in super::super) media: BTreeMap<String, Vec<u8>>,
    /// Who asks for an attachment is never answered.
    pub(in super::super) silent_media: bool,
    /// By user, device, room and transaction id.
    pub(in super::super) transactions: BTreeMap<(UserId, usize, RoomId, String), MatrixEventId>,
    accounts: BTreeMap<UserId, Account>,
}

/// One account.
// Each is a fault or a fact that a test sets by itself.
#[allow(clippy::struct_excessive_bools)]
#[derive(Default)]
pub(in super::super) struct Account {
    /// How often its identity was changed.
    pub(in super::super) identity: u64,
    /// Whether its identity changes as the next message to it is about to be sent.
    pub(in super::super) changes_at_send: bool,
    /// Its devices: whether each is cross-signed.
    pub(in super::super) devices: Vec<bool>,
    pub(in super::super) signed_out: bool,
    pub(in super::super) withholding: bool,
    /// Who looks at it as a recipient is never answered.
    pub(in super::super) silent: bool,
    /// Its homeserver answers no other.
    pub(in super::super) unreachable: bool,
    pub(in super::super) recovery_key_saved: bool,
    /// What its devices told each other: whose invitation to which room was accepted.
    pub(in super::super) accepted: BTreeSet<(RoomId, UserId)>,
    /// How often its recovery key was replaced.
    pub(in super::super) recovery_keys: u64,
    pub(in super::super) faults: Faults<Endpoint>,
    clients: Vec<Weak<Hints>>,
    /// While it is cut off: what its client knew when that began, and what it has missed.
    pub(in super::super) offline: Option<Offline>,
}

/// What an account that is cut off knows and misses.
pub(in super::super) struct Offline {
    pub(in super::super) invitations: Vec<Invited>,
    pub(in super::super) rooms: Vec<RoomId>,
    missed: Vec<Hint>,
}

impl Account {
    pub(in super::super) fn recovery_key(&self, user: &UserId) -> String {
        format!("recovery key {} of {user}", self.recovery_keys)
    }

    /// How it looks to whoever writes to it.
    pub(in super::super) fn recipient(&self, user: &UserId) -> Recipient {
        let devices = self.verified_devices();
        let identity = (devices > 0).then(|| format!("identity {} of {user}", self.identity));
        Recipient {
            user: user.clone(),
            identity,
            devices: if self.unreachable { 0 } else { devices },
            silent: self.unreachable,
        }
    }

    pub(in super::super) fn verified_devices(&self) -> usize {
        self.devices.iter().filter(|verified| **verified).count()
    }

    pub(in super::super) fn is_verified(&self, device: usize) -> bool {
        self.devices.get(device).copied().unwrap_or_default()
    }

    /// Tells a new client what happens from now on.
    pub(in super::super) fn attach(&mut self, hints: &Arc<Hints>) {
        hints.push(Hint::Online(self.offline.is_none()));
        self.clients.retain(|client| client.strong_count() > 0);
        self.clients.push(Arc::downgrade(hints));
    }

    fn push(&self, hint: &Hint) {
        for client in self.clients.iter().filter_map(Weak::upgrade) {
            client.push(hint.clone());
        }
    }

    fn tell(&mut self, hint: &Hint) {
        match &mut self.offline {
            None => self.push(hint),
            Some(offline) => offline.missed.push(hint.clone()),
        }
    }
}

impl World {
    pub(in super::super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            serial: 0,
            rooms: BTreeMap::new(),
            aliases: BTreeMap::new(),
            media: BTreeMap::new(),
            silent_media: false,
            transactions: BTreeMap::new(),
            accounts: BTreeMap::new(),
        }
    }

    pub(in super::super) fn account(&mut self, user: &UserId) -> &mut Account {
        self.accounts.entry(user.clone()).or_default()
    }

    pub(in super::super) fn now(&self) -> Timestamp {
        // Homeservers count whole milliseconds.
        let now = self.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    pub(in super::super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(in super::super) fn tell(&mut self, user: &UserId, hint: &Hint) {
        self.account(user).tell(hint);
    }

    pub(in super::super) fn tell_everybody(&mut self, hint: &Hint) {
        self.accounts.values_mut().for_each(|account| account.tell(hint));
    }

    /// Appends an event to a room's history and hints at it. `also` sees it without being a member any more.
    pub(in super::super) fn append(
        &mut self,
        room: &RoomId,
        sender: &UserId,
        what: EntryWhat,
        also: Option<&UserId>,
    ) -> Result<MatrixEventId, PortError> {
        let id: MatrixEventId = format!("$loopback-{}", self.next_serial())
            .parse()
            .map_err(|_| PortError::Internal { code: "loopback-event-id" })?;
        let at = self.now();
        let held = self.room(room)?;
        held.append(id.clone(), sender, at, what, also);
        let told: Vec<UserId> = held
            .facts
            .members
            .iter()
            .filter(|(_, standing)| *standing == Membership::Joined)
            .map(|(who, _)| who)
            .chain(also)
            .cloned()
            .collect();
        for user in told {
            self.tell(&user, &Hint::Room { room: room.clone(), events: vec![id.clone()] });
        }
        Ok(id)
    }

    /// Appends an encrypted message. Its key reaches those of `readers` who have a device now, and its sender.
    pub(in super::super) fn append_message(
        &mut self,
        room: &RoomId,
        sender: &UserId,
        content: Box<RawValue>,
        readers: &[UserId],
    ) -> Result<MatrixEventId, PortError> {
        let mut with_device = BTreeSet::from([sender.clone()]);
        let mut withheld = BTreeSet::new();
        for user in readers {
            let account = self.account(user);
            if account.verified_devices() > 0 && !account.unreachable {
                with_device.insert(user.clone());
                if account.withholding && user != sender {
                    withheld.insert(user.clone());
                }
            }
        }
        let what =
            EntryWhat::Message { content, readers: with_device, withheld, proven: true, ratchet: None };
        self.append(room, sender, what, None)
    }

    pub(in super::super) fn invitations(&self, user: &UserId) -> Vec<Invited> {
        let rooms = self.rooms.iter();
        rooms
            .filter_map(|(id, room)| {
                let (_, by) = room.inviters.iter().find(|(invited, _)| invited == user)?;
                Some(Invited { room: id.clone(), by: by.clone() })
            })
            .collect()
    }

    pub(in super::super) fn joined_rooms(&self, user: &UserId) -> Vec<RoomId> {
        let rooms = self.rooms.iter();
        rooms.filter(|(_, room)| room.is_joined(user)).map(|(id, _)| id.clone()).collect()
    }

    pub(in super::super) fn set_offline(&mut self, user: &UserId, offline: bool) {
        let (invitations, rooms) = (self.invitations(user), self.joined_rooms(user));
        let account = self.account(user);
        if offline && account.offline.is_none() {
            account.push(&Hint::Online(false));
            account.offline = Some(Offline { invitations, rooms, missed: Vec::new() });
        } else if !offline && let Some(was) = account.offline.take() {
            account.push(&Hint::Online(true));
            was.missed.iter().for_each(|hint| account.push(hint));
        }
    }
}

/// A room of the make that [`CaseTransport::create_room`](crate::ports::CaseTransport::create_room) promises.
pub(in super::super) fn room_facts(creator: &UserId, make: &RoomMake) -> RoomView {
    let mut power: Vec<(UserId, i64)> = Vec::new();
    let creator_power = if make.role_accounts.is_empty() { 100 } else { 50 };
    let held = make.role_accounts.iter().map(|user| (user, 100));
    let held = held.chain([(creator, creator_power)]).chain(make.leads.iter().map(|user| (user, 50)));
    for (user, level) in held {
        if !power.iter().any(|(who, _)| who == user) {
            power.push((user.clone(), level));
        }
    }
    RoomView {
        version: "11".to_owned(),
        creator: creator.clone(),
        encrypted: true,
        invite_only: true,
        guests_forbidden: true,
        history_from_invitation: true,
        has_public_words: false,
        power,
        membership_power: 50,
        state_power: 50,
        members: vec![(creator.clone(), Membership::Joined)],
    }
}
