//! The world's homeservers in memory, and the ways in which a test makes them fail.

mod world;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

pub(super) use self::world::{Account, World, room_facts};
use super::lock;
use super::room::{EntryWhat, FORBIDDEN, Room};
use super::transport::LoopbackTransport;
use crate::id::{MatrixEventId, RoomId, UserId};
use crate::ports::{Clock, Hint, Membership, PortError, RoomView};

/// All homeservers of the world in memory, federating without delay. Clones are the same world.
///
/// An account exists as soon as somebody names it; until [`LoopbackHomeserver::transport`] signs it in it has no device and no
/// identity, so that nothing sent to it can be read later.
#[derive(Clone)]
pub struct LoopbackHomeserver(pub(super) Arc<Mutex<World>>);

impl fmt::Debug for LoopbackHomeserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoopbackHomeserver(…)")
    }
}

impl LoopbackHomeserver {
    /// An empty world, whose servers take their timestamps from this clock.
    pub fn new(clock: impl Clock) -> Self {
        Self(Arc::new(Mutex::new(World::new(Arc::new(clock)))))
    }

    /// A client on the account's first device, which is cross-signed. Signs in at the first call; later calls restore the
    /// session, as a restarted process does.
    pub fn transport(&self, user: &UserId) -> LoopbackTransport {
        let mut world = lock(&self.0);
        let account = world.account(user);
        if account.devices.is_empty() {
            account.devices.push(true);
        }
        LoopbackTransport::new(self.clone(), user.clone(), 0, account)
    }

    /// A client on a new device of the account, which is not verified until `recover` is called with the recovery key.
    pub fn new_device(&self, user: &UserId) -> LoopbackTransport {
        let mut world = lock(&self.0);
        let account = world.account(user);
        account.devices.push(false);
        LoopbackTransport::new(self.clone(), user.clone(), account.devices.len() - 1, account)
    }

    /// Cuts somebody off from their homeserver, or connects them again. What happened meanwhile is hinted at then.
    pub fn offline(&self, user: &UserId, offline: bool) {
        lock(&self.0).set_offline(user, offline);
    }

    /// The homeserver no longer takes this account's sessions.
    pub fn end_session(&self, user: &UserId) {
        let mut world = lock(&self.0);
        world.account(user).signed_out = true;
        world.tell(user, &Hint::SignedOut);
    }

    /// Puts somebody into a room by the server's own means: joined, without an invitation.
    pub fn put_in_room(&self, room: &RoomId, user: &UserId) -> Result<(), PortError> {
        let mut world = lock(&self.0);
        world.room(room)?.set_membership(user, Some(Membership::Joined));
        world.append(room, user, EntryWhat::Other, None)?;
        Ok(())
    }

    /// Gives an account another cryptographic identity, as a reset by its owner or by its server does.
    pub fn change_identity(&self, user: &UserId) {
        let mut world = lock(&self.0);
        world.account(user).identity += 1;
        world.tell_everybody(&Hint::Keys);
    }

    /// Gives an account another identity just as the next message to it is sent: after its sender looked.
    pub fn change_identity_at_next_send(&self, user: &UserId) {
        lock(&self.0).account(user).changes_at_send = true;
    }

    /// Never answers whoever looks at this account as a recipient, as a homeserver does that takes a connection and says
    /// nothing.
    pub fn never_answer_for(&self, user: &UserId) {
        lock(&self.0).account(user).silent = true;
    }

    /// This account's homeserver answers no other any more, or does again.
    pub fn unreachable(&self, user: &UserId, unreachable: bool) {
        let mut world = lock(&self.0);
        world.account(user).unreachable = unreachable;
        if !unreachable {
            world.tell_everybody(&Hint::Keys);
        }
    }

    /// Never answers whoever asks for an attachment.
    pub fn never_give_attachments(&self) {
        lock(&self.0).silent_media = true;
    }

    /// Changes what a room is made of, for forged and damaged rooms. Not for members: their changes are events.
    pub fn alter_room(&self, room: &RoomId, alter: impl FnOnce(&mut RoomView)) -> Result<(), PortError> {
        let mut world = lock(&self.0);
        let facts = &mut world.room(room)?.facts;
        let members = facts.members.clone();
        alter(facts);
        facts.members = members;
        let creator = facts.creator.clone();
        world.append(room, &creator, EntryWhat::Other, None)?;
        Ok(())
    }

    /// From now on the servers do not serve this event to anybody.
    pub fn drop_history_event(&self, room: &RoomId, event: &MatrixEventId) -> Result<(), PortError> {
        self.with_entry(room, event, |entry| entry.dropped = true)
    }

    /// The servers serve a dropped event again, where it stood: as one that comes late from another homeserver. Who is in the
    /// room is told.
    pub fn restore_history_event(&self, room: &RoomId, event: &MatrixEventId) -> Result<(), PortError> {
        self.with_entry(room, event, |entry| entry.dropped = false)?;
        let mut world = lock(&self.0);
        let members = world.room(room)?.facts.members.clone();
        let hint = Hint::Room { room: room.clone(), events: vec![event.clone()] };
        for (user, standing) in members {
            if standing == Membership::Joined {
                world.tell(&user, &hint);
            }
        }
        Ok(())
    }

    /// Makes an event one whose sending device is not proven, as what decrypts only with a key restored from backup.
    pub fn set_unproven(&self, event: &MatrixEventId) -> Result<(), PortError> {
        self.set_proof(event, false)
    }

    /// Another device of each reader's account says who sent the event.
    pub fn set_proven(&self, event: &MatrixEventId) -> Result<(), PortError> {
        self.set_proof(event, true)?;
        lock(&self.0).tell_everybody(&Hint::Keys);
        Ok(())
    }

    fn set_proof(&self, event: &MatrixEventId, proof: bool) -> Result<(), PortError> {
        let mut world = lock(&self.0);
        let entry = world.rooms.values_mut().find_map(|room| room.entry_mut(event));
        match entry.map(|entry| &mut entry.what) {
            Some(EntryWhat::Message { proven, .. }) => {
                *proven = proof;
                Ok(())
            }
            _ => Err(PortError::NotFound),
        }
    }

    /// Lists an encrypted event once more, under another id, as a homeserver can.
    pub fn replay(&self, room: &RoomId, event: &MatrixEventId) -> Result<MatrixEventId, PortError> {
        let mut world = lock(&self.0);
        let entry = world.room(room)?.entry_mut(event).ok_or(PortError::NotFound)?;
        let sender = entry.sender.clone();
        let EntryWhat::Message { content, readers, withheld, proven, .. } = &entry.what else {
            return Err(PortError::NotFound);
        };
        let again = EntryWhat::Message {
            content: content.clone(),
            readers: readers.clone(),
            withheld: withheld.clone(),
            proven: *proven,
            ratchet: Some(event.clone()),
        };
        world.append(room, &sender, again, None)
    }

    /// From now on the keys of what others send reach this account only with [`LoopbackHomeserver::release_keys`].
    pub fn withhold_keys(&self, user: &UserId) {
        lock(&self.0).account(user).withholding = true;
    }

    /// All keys that were withheld from this account arrive, and later ones come at once.
    pub fn release_keys(&self, user: &UserId) {
        let mut world = lock(&self.0);
        world.account(user).withholding = false;
        for entry in world.rooms.values_mut().flat_map(|room| room.history.iter_mut()) {
            if let EntryWhat::Message { withheld, .. } = &mut entry.what {
                withheld.remove(user);
            }
        }
        world.tell(user, &Hint::Keys);
    }

    /// The servers forget all transaction ids, as they do after a day.
    pub fn forget_transactions(&self) {
        lock(&self.0).transactions.clear();
    }

    /// Damages an attachment in the media store.
    pub fn corrupt_attachment(&self, file: &Map<String, Value>) -> Result<(), PortError> {
        let mut world = lock(&self.0);
        let url = file.get("url").and_then(Value::as_str).unwrap_or_default();
        let bytes = world.media.get_mut(url).ok_or(PortError::NotFound)?;
        bytes.push(0);
        Ok(())
    }

    /// Sends a message that is not encrypted.
    pub fn send_plain(&self, room: &RoomId, user: &UserId, text: &str) -> Result<MatrixEventId, PortError> {
        let mut world = lock(&self.0);
        world.room(room)?.require_joined(user)?;
        world.append(room, user, EntryWhat::Plain(text.to_owned()), None)
    }

    /// Sends an event that is no message: a reaction, a redaction or state.
    pub fn send_other(&self, room: &RoomId, user: &UserId) -> Result<MatrixEventId, PortError> {
        let mut world = lock(&self.0);
        world.room(room)?.require_joined(user)?;
        world.append(room, user, EntryWhat::Other, None)
    }

    /// Sends an encrypted message from another Matrix client: without our block, readable for everybody in the room.
    pub fn send_foreign(&self, room: &RoomId, user: &UserId, text: &str) -> Result<MatrixEventId, PortError> {
        self.send_content(room, user, &json!({ "msgtype": "m.text", "body": text }))
    }

    /// Sends an encrypted message of any content, for what a hostile or newer client writes. Readable for everybody in the
    /// room.
    pub fn send_content(
        &self,
        room: &RoomId,
        user: &UserId,
        content: &Value,
    ) -> Result<MatrixEventId, PortError> {
        let content = to_raw_value(content).map_err(|_| PortError::Internal { code: "loopback-content" })?;
        let mut world = lock(&self.0);
        let held = world.room(room)?;
        held.require_joined(user)?;
        let readers: Vec<UserId> = held.facts.members.iter().map(|(who, _)| who.clone()).collect();
        world.append_message(room, user, content, &readers)
    }

    /// Every encrypted message of a room with its sender and content, oldest first: what a reader with all keys sees.
    pub fn messages(&self, room: &RoomId) -> Result<Vec<(MatrixEventId, UserId, Box<RawValue>)>, PortError> {
        let mut world = lock(&self.0);
        let history = world.room(room)?.history.iter();
        Ok(history
            .filter_map(|entry| match &entry.what {
                EntryWhat::Message { content, .. } => {
                    Some((entry.id.clone(), entry.sender.clone(), content.clone()))
                }
                EntryWhat::Plain(_) | EntryWhat::Other => None,
            })
            .collect())
    }

    /// To whom the key of an encrypted message was sent.
    pub fn readers(&self, room: &RoomId, event: &MatrixEventId) -> Result<BTreeSet<UserId>, PortError> {
        let mut world = lock(&self.0);
        match world.room(room)?.entry_mut(event).map(|entry| &entry.what) {
            Some(EntryWhat::Message { readers, .. }) => Ok(readers.clone()),
            _ => Err(PortError::NotFound),
        }
    }

    fn with_entry(
        &self,
        room: &RoomId,
        event: &MatrixEventId,
        work: impl FnOnce(&mut super::room::Entry),
    ) -> Result<(), PortError> {
        let mut world = lock(&self.0);
        world.room(room)?.entry_mut(event).map(work).ok_or(PortError::NotFound)
    }
}

impl World {
    pub(super) fn room(&mut self, room: &RoomId) -> Result<&mut Room, PortError> {
        // A server does not tell a stranger whether a room exists.
        self.rooms.get_mut(room).ok_or(FORBIDDEN)
    }
}
