//! One person's client of the homeservers in memory.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::hints::Hints;
use super::homeserver::{Account, LoopbackHomeserver, World, room_facts};
use super::lock;
use super::room::{EntryWhat, FORBIDDEN, Room};
use crate::id::{MatrixEventId, RoomId, Sha256, UserId};
use crate::ports::{
    ArrivedWhat, CaseTransport, Hint, Invited, Known, Membership, Outgoing, Page, PortError, Recipient,
    RoomMake, RoomView,
};

/// The calls of [`CaseTransport`] that can fail and are counted, each by its method's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Endpoint {
    CreateRoom,
    Invite,
    Remove,
    Join,
    Leave,
    Invitations,
    Rooms,
    TellAccepted,
    ToldAccepted,
    View,
    Recipients,
    Send,
    Upload,
    Download,
    Page,
    Decrypt,
    RecoveryKey,
    ConfirmRecoveryKey,
    ReplaceRecoveryKey,
    Recover,
    Verified,
}

impl Endpoint {
    /// Whether the call needs the homeserver; the others are answered by the device alone.
    fn needs_homeserver(self) -> bool {
        !matches!(
            self,
            Self::Invitations
                | Self::Rooms
                | Self::Decrypt
                | Self::RecoveryKey
                | Self::ConfirmRecoveryKey
                | Self::Verified
        )
    }
}

/// One person's client of a [`LoopbackHomeserver`], on one device. Clones are the same client; faults and counters belong to
/// the account and outlive it.
#[derive(Clone)]
pub struct LoopbackTransport {
    homeserver: LoopbackHomeserver,
    user: UserId,
    device: usize,
    hints: Arc<Hints>,
}

impl fmt::Debug for LoopbackTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoopbackTransport({}, device {})", self.user, self.device)
    }
}

impl LoopbackTransport {
    pub(super) fn new(
        homeserver: LoopbackHomeserver,
        user: UserId,
        device: usize,
        account: &mut Account,
    ) -> Self {
        let hints = Arc::new(Hints::default());
        account.attach(&hints);
        Self { homeserver, user, device, hints }
    }

    /// The next call of this kind fails so, and nothing happens. Several wait in line.
    pub fn fail_next(&self, endpoint: Endpoint, error: PortError) {
        lock(&self.homeserver.0).account(&self.user).faults.fail_next(endpoint, error);
    }

    /// The next call of this kind does its work, and its answer is lost: the caller sees a time-out.
    pub fn lose_answer_next(&self, endpoint: Endpoint) {
        lock(&self.homeserver.0).account(&self.user).faults.lose_answer_next(endpoint);
    }

    /// How many calls of this kind this account has made, failed ones included.
    pub fn requests(&self, endpoint: Endpoint) -> u64 {
        lock(&self.homeserver.0).account(&self.user).faults.requests(endpoint)
    }

    /// Runs one call: counted, possible only while the session and the connection are, with the fault that waits for it.
    fn call<T>(
        &self,
        endpoint: Endpoint,
        work: impl FnOnce(&mut World) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        if self.hints.is_shut() {
            return Err(PortError::Internal { code: "shut-down" });
        }
        let mut world = lock(&self.homeserver.0);
        let account = world.account(&self.user);
        account.faults.count(endpoint);
        if endpoint.needs_homeserver() {
            if account.offline.is_some() {
                return Err(PortError::Unavailable { code: "connect", retry_after: None });
            }
            if account.signed_out {
                return Err(PortError::SignedOut);
            }
        }
        let answer = account.faults.take(endpoint)?;
        answer.to(work(&mut world))
    }

    /// How somebody looks to whoever writes to them, without a request.
    #[cfg(test)]
    pub(super) fn looks_at(&self, user: &UserId) -> Recipient {
        lock(&self.homeserver.0).account(user).recipient(user)
    }
}

/// The longest event that a homeserver takes, as it is between servers (Matrix specification, "Size limits").
const EVENT_LIMIT: usize = 65_536;

/// How long a content is once it is encrypted, in base64, with what servers add to it.
fn on_the_wire(content: usize) -> usize {
    (content + 300) * 4 / 3 + 2 * 1024
}

#[async_trait]
impl CaseTransport for LoopbackTransport {
    fn user(&self) -> UserId {
        self.user.clone()
    }

    async fn create_room(&self, make: &RoomMake) -> Result<RoomId, PortError> {
        self.call(Endpoint::CreateRoom, |world| {
            let alias = format!("#{}:{}", make.alias, self.user.server());
            if let Some(id) = world.aliases.get(&alias).cloned() {
                return match &world.room(&id)?.facts.creator {
                    creator if *creator == self.user => Ok(id),
                    _ => Err(PortError::Refused { code: "alias-taken" }),
                };
            }
            let id: RoomId = format!("!loopback-{}:{}", world.next_serial(), self.user.server())
                .parse()
                .map_err(|_| PortError::Internal { code: "loopback-room-id" })?;
            world.rooms.insert(id.clone(), Room::new(room_facts(&self.user, make)));
            world.aliases.insert(alias, id.clone());
            // Its creation and its powers: a real history begins with state, too.
            world.append(&id, &self.user, EntryWhat::Other, None)?;
            world.append(&id, &self.user, EntryWhat::Other, None)?;
            Ok(id)
        })
    }

    async fn invite(&self, room: &RoomId, user: &UserId) -> Result<(), PortError> {
        self.call(Endpoint::Invite, |world| {
            let held = world.room(room)?;
            held.require_joined(&self.user)?;
            if held.facts.membership(user).is_some() {
                return Ok(());
            }
            if held.facts.power_of(&self.user) < held.facts.membership_power {
                return Err(FORBIDDEN);
            }
            held.set_membership(user, Some(Membership::Invited));
            held.inviters.push((user.clone(), self.user.clone()));
            held.all_inviters.push((user.clone(), self.user.clone()));
            world.append(room, &self.user, EntryWhat::Other, None)?;
            world.tell(user, &Hint::Invitations);
            Ok(())
        })
    }

    async fn remove(&self, room: &RoomId, user: &UserId) -> Result<(), PortError> {
        self.call(Endpoint::Remove, |world| {
            let held = world.room(room)?;
            held.require_joined(&self.user)?;
            let Some(standing) = held.facts.membership(user) else { return Ok(()) };
            let power = held.facts.power_of(&self.user);
            if power < held.facts.membership_power || power <= held.facts.power_of(user) {
                return Err(FORBIDDEN);
            }
            held.set_membership(user, None);
            if standing == Membership::Invited {
                world.tell(user, &Hint::Invitations);
            }
            world.append(room, &self.user, EntryWhat::Other, Some(user)).map(drop)
        })
    }

    async fn join(&self, room: &RoomId) -> Result<(), PortError> {
        self.call(Endpoint::Join, |world| {
            let held = world.room(room)?;
            match held.facts.membership(&self.user) {
                Some(Membership::Joined) => Ok(()),
                None => Err(FORBIDDEN),
                Some(Membership::Invited) => {
                    held.set_membership(&self.user, Some(Membership::Joined));
                    world.tell(&self.user, &Hint::Invitations);
                    world.append(room, &self.user, EntryWhat::Other, None).map(drop)
                }
            }
        })
    }

    async fn leave(&self, room: &RoomId) -> Result<(), PortError> {
        self.call(Endpoint::Leave, |world| {
            let Some(held) = world.rooms.get_mut(room) else { return Ok(()) };
            let standing = held.facts.membership(&self.user);
            held.set_membership(&self.user, None);
            held.forget(&self.user);
            if standing == Some(Membership::Invited) {
                world.tell(&self.user, &Hint::Invitations);
            }
            if standing.is_some() {
                world.append(room, &self.user, EntryWhat::Other, None)?;
            }
            Ok(())
        })
    }

    async fn invitations(&self) -> Result<Vec<Invited>, PortError> {
        self.call(Endpoint::Invitations, |world| {
            let now = world.invitations(&self.user);
            Ok(world.account(&self.user).offline.as_ref().map_or(now, |then| then.invitations.clone()))
        })
    }

    async fn rooms(&self) -> Result<Vec<RoomId>, PortError> {
        self.call(Endpoint::Rooms, |world| {
            let now = world.joined_rooms(&self.user);
            Ok(world.account(&self.user).offline.as_ref().map_or(now, |then| then.rooms.clone()))
        })
    }

    async fn inviters(&self, room: &RoomId) -> Result<BTreeSet<UserId>, PortError> {
        self.call(Endpoint::Rooms, |world| {
            let held = world.room(room)?;
            held.require_joined(&self.user)?;
            let ours = held.all_inviters.iter().filter(|(user, _)| *user == self.user);
            Ok(ours.map(|(_, by)| by.clone()).collect())
        })
    }

    async fn tell_accepted(&self, room: &RoomId, inviters: &BTreeSet<UserId>) -> Result<(), PortError> {
        self.call(Endpoint::TellAccepted, |world| {
            let account = world.account(&self.user);
            account.accepted.extend(inviters.iter().map(|inviter| (room.clone(), inviter.clone())));
            Ok(())
        })
    }

    async fn told_accepted(
        &self,
        room: &RoomId,
        inviters: &BTreeSet<UserId>,
    ) -> Result<BTreeSet<UserId>, PortError> {
        self.call(Endpoint::ToldAccepted, |world| {
            let account = world.account(&self.user);
            if !account.is_verified(self.device) {
                return Ok(BTreeSet::new());
            }
            let told = |inviter: &&UserId| account.accepted.contains(&(room.clone(), (*inviter).clone()));
            Ok(inviters.iter().filter(told).cloned().collect())
        })
    }

    async fn view(&self, room: &RoomId) -> Result<RoomView, PortError> {
        self.call(Endpoint::View, |world| {
            let held = world.room(room)?;
            held.require_joined(&self.user)?;
            Ok(held.facts.clone())
        })
    }

    async fn recipients(&self, users: &[UserId]) -> Result<Vec<Recipient>, PortError> {
        let silent = {
            let mut world = lock(&self.homeserver.0);
            users.iter().any(|user| world.account(user).silent)
        };
        if silent {
            return std::future::pending().await;
        }
        self.call(Endpoint::Recipients, |world| {
            Ok(users.iter().map(|user| world.account(user).recipient(user)).collect())
        })
    }

    async fn believe(&self, _user: &UserId, _identity: &str) -> Result<(), PortError> {
        // Nobody verifies anybody by hand here.
        Ok(())
    }

    async fn send(&self, message: &Outgoing) -> Result<MatrixEventId, PortError> {
        self.call(Endpoint::Send, |world| {
            if !world.account(&self.user).is_verified(self.device) {
                return Err(PortError::DeviceUntrusted);
            }
            let room = &message.room;
            world.room(room)?.require_joined(&self.user)?;
            for reader in &message.readers {
                let account = world.account(&reader.user);
                account.identity += u64::from(std::mem::take(&mut account.changes_at_send));
                if account.recipient(&reader.user).identity != reader.identity {
                    return Err(PortError::Unavailable { code: "identity-moved", retry_after: None });
                }
            }
            let transaction = (self.user.clone(), self.device, room.clone(), message.transaction.clone());
            if let Some(id) = world.transactions.get(&transaction) {
                return Ok(id.clone());
            }
            if on_the_wire(message.content.get().len()) > EVENT_LIMIT {
                return Err(PortError::Refused { code: "too-large" });
            }
            let readers: Vec<UserId> = message.readers.iter().map(|reader| reader.user.clone()).collect();
            let id = world.append_message(room, &self.user, message.content.clone(), &readers)?;
            world.transactions.insert(transaction, id.clone());
            Ok(id)
        })
    }

    async fn upload(&self, bytes: &[u8]) -> Result<Map<String, Value>, PortError> {
        self.call(Endpoint::Upload, |world| {
            let url = format!("mxc://{}/loopback{}", self.user.server(), world.next_serial());
            world.media.insert(url.clone(), bytes.to_vec());
            let hash = STANDARD_NO_PAD.encode(Sha256::of(bytes).as_bytes());
            let Value::Object(file) = json!({
                "v": "v2",
                "url": url,
                "key": { "kty": "oct", "alg": "A256CTR", "ext": true, "key_ops": ["encrypt", "decrypt"], "k": "none" },
                "iv": "none",
                "hashes": { "sha256": hash },
            }) else {
                return Err(PortError::Internal { code: "loopback-file" });
            };
            Ok(file)
        })
    }

    async fn download(&self, file: &Map<String, Value>, limit: u64) -> Result<Vec<u8>, PortError> {
        if lock(&self.homeserver.0).silent_media {
            return std::future::pending().await;
        }
        self.call(Endpoint::Download, |world| {
            let url = file.get("url").and_then(Value::as_str).unwrap_or_default();
            let bytes = world.media.get(url).ok_or(PortError::NotFound)?;
            if bytes.len() as u64 > limit {
                return Err(PortError::Refused { code: "too-long" });
            }
            let hash = file.get("hashes").and_then(|hashes| hashes.get("sha256")).and_then(Value::as_str);
            if hash != Some(STANDARD_NO_PAD.encode(Sha256::of(bytes).as_bytes()).as_str()) {
                return Err(PortError::NotUnderstood { code: "attachment-hash" });
            }
            Ok(bytes.clone())
        })
    }

    async fn page(
        &self,
        room: &RoomId,
        from: Option<&str>,
        limit: u32,
        known: &Known<'_>,
    ) -> Result<Page, PortError> {
        self.call(Endpoint::Page, |world| {
            let has_keys = world.account(&self.user).is_verified(self.device);
            let mut page = world.room(room)?.page(&self.user, has_keys, from, limit)?;
            for event in page.events.iter_mut().filter(|event| known(&event.matrix_id)) {
                event.what = ArrivedWhat::Known;
            }
            Ok(page)
        })
    }

    async fn decrypt(&self, room: &RoomId, raw: &RawValue) -> Result<ArrivedWhat, PortError> {
        self.call(Endpoint::Decrypt, |world| {
            let has_keys = world.account(&self.user).is_verified(self.device);
            let event: Value = serde_json::from_str(raw.get())
                .map_err(|_| PortError::NotUnderstood { code: "raw-event" })?;
            let id = event.get("event_id").and_then(Value::as_str).and_then(|id| id.parse().ok());
            let id: MatrixEventId = id.ok_or(PortError::NotUnderstood { code: "raw-event" })?;
            let entry = world.room(room)?.entry_mut(&id).ok_or(PortError::NotFound)?;
            Ok(entry.arrived(&self.user, has_keys)?.what)
        })
    }

    async fn next_hint(&self) -> Option<Hint> {
        self.hints.next().await
    }

    async fn recovery_key(&self) -> Result<Option<String>, PortError> {
        self.call(Endpoint::RecoveryKey, |world| {
            let account = world.account(&self.user);
            Ok((!account.recovery_key_saved).then(|| account.recovery_key(&self.user)))
        })
    }

    async fn replace_recovery_key(&self) -> Result<String, PortError> {
        self.call(Endpoint::ReplaceRecoveryKey, |world| {
            let account = world.account(&self.user);
            if !account.is_verified(self.device) {
                return Err(PortError::DeviceUntrusted);
            }
            account.recovery_keys += 1;
            account.recovery_key_saved = false;
            Ok(account.recovery_key(&self.user))
        })
    }

    async fn confirm_recovery_key(&self) -> Result<(), PortError> {
        self.call(Endpoint::ConfirmRecoveryKey, |world| {
            world.account(&self.user).recovery_key_saved = true;
            Ok(())
        })
    }

    async fn recover(&self, key: &str) -> Result<(), PortError> {
        self.call(Endpoint::Recover, |world| {
            if key != world.account(&self.user).recovery_key(&self.user) {
                return Err(PortError::Refused { code: "wrong-recovery-key" });
            }
            let account = world.account(&self.user);
            if let Some(verified) = account.devices.get_mut(self.device) {
                *verified = true;
            }
            world.tell_everybody(&Hint::Keys);
            Ok(())
        })
    }

    async fn verified(&self) -> Result<bool, PortError> {
        self.call(Endpoint::Verified, |world| Ok(world.account(&self.user).is_verified(self.device)))
    }

    async fn suspend(&self) {
        self.hints.suspend(true);
    }

    async fn resume(&self) {
        self.hints.suspend(false);
    }

    async fn shutdown(&self) {
        self.hints.shut();
    }
}
