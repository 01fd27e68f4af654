//! Reading a room's history: pages from the homeserver, each event decrypted and judged.
//!
//! The SDK's event cache and timelines are not used: reception is a queue of ours, which reconciles what it took over with
//! what the homeserver lists.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Instant;

use jiff::Timestamp;
use matrix_sdk::deserialized_responses::{
    DeviceLinkProblem, EncryptionInfo, VerificationLevel, VerificationState,
};
use matrix_sdk::ruma::api::client::message::get_message_events;
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::{self, UInt};
use matrix_sdk_base::crypto::olm::SenderData;
use matrix_sdk_base::crypto::store::CryptoStore;
use matrix_sdk_base::crypto::types::events::room::encrypted::EncryptedEvent;
use matrix_sdk_base::crypto::vodozemac::megolm::MegolmMessage;
use matrix_sdk_base::crypto::{
    DecryptionSettings, OlmMachine, RoomEventDecryptionResult, TrustRequirement, UserIdentity,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::backup::ask_again_after;
use super::error::{http, internal};
use super::joined::{FOLLOWS_A_JOIN, Seen, to_be_followed};
use super::keys::{master_key, user_id};
use super::proof::room_key;
use super::room::room_id;
use super::{MatrixTransport, Port};
use crate::id::{MatrixEventId, RoomId, UserId};
use crate::ports::{Arrived, ArrivedWhat, Known, Page, PortError};
use crate::store::room_keys::RoomKey;

/// How many pages of a room's memberships are read to find our invitations.
const MEMBERSHIP_PAGES: usize = 20;

/// Decrypting is one thing, believing another: see [`trust`].
const DECRYPT_ALL: DecryptionSettings =
    DecryptionSettings { sender_device_trust_requirement: TrustRequirement::Untrusted };

/// What is read of an event, whatever it is.
#[derive(Deserialize)]
struct Listed {
    event_id: MatrixEventId,
    sender: UserId,
    #[serde(default)]
    origin_server_ts: i64,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    state_key: Option<String>,
    #[serde(default)]
    content: Option<Box<RawValue>>,
    #[serde(default)]
    unsigned: Option<Box<RawValue>>,
}

/// What the homeserver adds to an event.
#[derive(Deserialize)]
struct Unsigned {
    // Of a membership: who made the one before, the invitation where somebody joins.
    #[serde(default)]
    prev_sender: Option<UserId>,
}

impl Listed {
    fn membership(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Membership {
            membership: String,
        }
        if self.kind != "m.room.member" {
            return None;
        }
        let content = self.content.as_ref()?;
        Some(serde_json::from_str::<Membership>(content.get()).ok()?.membership)
    }

    fn seen(&self) -> Seen<'_> {
        let joins = self.membership().is_some_and(|is| is == "join")
            && self.state_key.as_deref() == Some(self.sender.as_str());
        let unsigned = self.unsigned.as_ref().map_or("{}", |unsigned| unsigned.get());
        let before =
            serde_json::from_str::<Unsigned>(unsigned).ok().and_then(|unsigned| unsigned.prev_sender);
        // A change of one's own name is a join after a join.
        let renamed = before.as_ref() == Some(&self.sender);
        Seen {
            id: &self.event_id,
            sender: &self.sender,
            joins: joins && !renamed,
            follows: self.kind == FOLLOWS_A_JOIN,
            invited_by: before,
        }
    }
}

/// What is read of the content of an event that was not encrypted, or is redacted.
#[derive(Deserialize, Default)]
struct PlainContent {
    #[serde(default)]
    body: String,
    #[serde(default)]
    algorithm: Option<String>,
}

/// What is read of a decrypted event.
#[derive(Deserialize)]
struct Decrypted {
    #[serde(rename = "type")]
    kind: String,
    content: Box<RawValue>,
}

impl MatrixTransport {
    pub(super) async fn history_page(
        &self,
        room: &RoomId,
        from: Option<&str>,
        limit: u32,
        known: &Known<'_>,
    ) -> Port<Page> {
        let room = room_id(room)?;
        let mut request = get_message_events::v3::Request::backward(room.clone());
        request.from = from.map(str::to_owned);
        request.limit = UInt::from(limit);
        let answer = self.client.send(request).await.map_err(|error| http(&error))?;
        let listed: Vec<(Listed, &RawValue)> = answer
            .chunk
            .iter()
            .filter_map(|raw| {
                let listed = serde_json::from_str(raw.json().get());
                if listed.is_err() {
                    // Such an id cannot be on a roster; the event cannot be one of a case.
                    tracing::warn!("an event of a room's history has an id that is not one");
                }
                Some((listed.ok()?, raw.json()))
            })
            .collect();
        let seen: Vec<_> = match from {
            None => listed.iter().map(|(event, _)| event.seen()).collect(),
            Some(_) => Vec::new(),
        };
        self.follow_joins(&room, to_be_followed(&self.user, &seen)).await;
        let machine = self.machine().await?;
        let mut refreshed = BTreeSet::new();
        let mut events = Vec::with_capacity(listed.len());
        for (event, raw) in listed {
            let what = if known(&event.event_id) {
                ArrivedWhat::Known
            } else {
                self.judge(&machine, &room, &event, raw, &mut refreshed).await?
            };
            events.push(Arrived {
                matrix_id: event.event_id,
                sender: event.sender,
                server_at: Timestamp::from_millisecond(event.origin_server_ts).unwrap_or_default(),
                what,
            });
        }
        Ok(Page { events, older: answer.end })
    }

    /// Who invited us, as the room's history tells: its events of membership alone are asked for.
    pub(super) async fn who_invited(&self, room: &RoomId) -> Port<BTreeSet<UserId>> {
        let (mut from, mut inviters) = (None, BTreeSet::new());
        for _ in 0..MEMBERSHIP_PAGES {
            let mut request = get_message_events::v3::Request::backward(room_id(room)?);
            request.from = from;
            request.limit = UInt::from(100_u32);
            request.filter.types = Some(vec!["m.room.member".to_owned()]);
            let answer = self.client.send(request).await.map_err(|error| http(&error))?;
            for raw in &answer.chunk {
                let Ok(listed) = serde_json::from_str::<Listed>(raw.json().get()) else { continue };
                let invited = listed.state_key.as_deref() == Some(self.me.as_str())
                    && listed.membership().is_some_and(|is| is == "invite");
                if invited {
                    inviters.insert(listed.sender);
                }
            }
            from = answer.end;
            if from.is_none() {
                break;
            }
        }
        Ok(inviters)
    }

    pub(super) async fn decrypt_again(&self, room: &RoomId, raw: &RawValue) -> Port<ArrivedWhat> {
        let room = room_id(room)?;
        let event: Listed = serde_json::from_str(raw.get())
            .map_err(|_| PortError::NotUnderstood { code: "undecryptable-event" })?;
        let machine = self.machine().await?;
        self.judge(&machine, &room, &event, raw, &mut BTreeSet::new()).await
    }

    async fn judge(
        &self,
        machine: &OlmMachine,
        room: &ruma::RoomId,
        event: &Listed,
        raw: &RawValue,
        refreshed: &mut BTreeSet<UserId>,
    ) -> Port<ArrivedWhat> {
        if event.state_key.is_some() {
            return Ok(ArrivedWhat::Other);
        }
        let plain = || {
            let content = event.content.as_ref().map_or("{}", |content| content.get());
            serde_json::from_str::<PlainContent>(content).unwrap_or_default()
        };
        match event.kind.as_str() {
            "m.room.message" => Ok(ArrivedWhat::Plain { body: plain().body }),
            // Without an algorithm it was redacted: there is nothing left to decrypt.
            "m.room.encrypted" if plain().algorithm.is_some() => {
                self.open(machine, room, &event.sender, raw, refreshed).await
            }
            _ => Ok(ArrivedWhat::Other),
        }
    }

    async fn open(
        &self,
        machine: &OlmMachine,
        room: &ruma::RoomId,
        sender: &UserId,
        raw: &RawValue,
        refreshed: &mut BTreeSet<UserId>,
    ) -> Port<ArrivedWhat> {
        let event = Raw::<EncryptedEvent>::from_json(raw.to_owned());
        let mut result = self.try_open(machine, room, &event).await?;
        if let RoomEventDecryptionResult::UnableToDecrypt(info) = &result
            && self.restore_key(machine, room, info, raw).await
        {
            result = self.try_open(machine, room, &event).await?;
        }
        // Whether a device is proven depends on its owner's identity, which may be newer than what we have. Asked only
        // where it could change something, once a page: a server that is down must not hold up what others sent.
        let mut identity = self.believed_identity(machine, sender).await?;
        if (doubted(&result) || identity.is_none())
            && refreshed.insert(sender.clone())
            && self.ask_for_keys(machine, sender).await?
        {
            result = self.try_open(machine, room, &event).await?;
            identity = self.believed_identity(machine, sender).await?;
        }
        let undecryptable = |why: &str| {
            tracing::debug!(why, "an event cannot be opened yet");
            Ok(ArrivedWhat::Undecryptable { raw: raw.to_owned() })
        };
        let decrypted = match result {
            RoomEventDecryptionResult::Decrypted(decrypted) => decrypted,
            RoomEventDecryptionResult::UnableToDecrypt(_) => return undecryptable("no-key"),
        };
        let Some(identity) = identity else { return undecryptable("sender-without-identity") };
        let Some(key) = room_key(room, sender, &decrypted.encryption_info, identity) else {
            return undecryptable("key-of-another");
        };
        let proven = match trust(&decrypted.encryption_info) {
            // Devices are believed as far as the identity that had signed them when the key came: a homeserver could give out
            // another one for a while.
            Trust::Proven if !came_under(machine, room, &key).await? => {
                return undecryptable("other-identity-then");
            }
            Trust::Proven => {
                self.note_maker(&key)?;
                true
            }
            // Read all the same, and judged again.
            Trust::Restored => self.is_maker_told(machine, &key).await?,
            // Kept, and judged again when devices and identities change.
            Trust::Refused => return undecryptable("device-not-signed"),
        };
        let Some(message) = megolm_message(raw) else { return undecryptable("not-megolm") };
        let ratchet = format!("{}/{}", key.session, message.message_index());
        let Ok(inner) = serde_json::from_str::<Decrypted>(decrypted.event.json().get()) else {
            return Ok(ArrivedWhat::Other);
        };
        if inner.kind != "m.room.message" {
            return Ok(ArrivedWhat::Other);
        }
        let unproven = (!proven).then(|| raw.to_owned());
        Ok(ArrivedWhat::Message { content: inner.content, ratchet, unproven })
    }

    /// Asks for the keys of a sender who is in doubt; false where their server does not answer, or did not a while ago: it is
    /// asked ever more rarely.
    async fn ask_for_keys(&self, machine: &OlmMachine, sender: &UserId) -> Port<bool> {
        let now = Instant::now();
        let times = {
            let asked = self.asked_keys.lock().unwrap_or_else(PoisonError::into_inner);
            match asked.get(sender) {
                Some((_, due)) if *due > now => {
                    self.sync.told().hint_at_keys_in(due.saturating_duration_since(now));
                    return Ok(false);
                }
                Some((times, _)) => times + 1,
                None => 0,
            }
        };
        let answered = match self.refresh_keys(machine, &BTreeSet::from([user_id(sender)?])).await {
            Ok(silent) => !silent.contains(sender.server()),
            Err(error) => {
                tracing::warn!(%error, "a sender's keys could not be refreshed");
                false
            }
        };
        let mut asked = self.asked_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            asked.remove(sender);
        } else {
            let wait = ask_again_after(times);
            asked.insert(sender.clone(), (times, Instant::now() + wait));
            self.sync.told().hint_at_keys_in(wait);
        }
        Ok(answered)
    }

    /// The identity under which somebody is believed: the one at first sight, or that a person has compared since; our own once
    /// this device knows it by the recovery key. Before that a homeserver could make up devices of ours.
    async fn believed_identity(&self, machine: &OlmMachine, user: &UserId) -> Port<Option<String>> {
        let known = machine.get_identity(&user_id(user)?, None).await.map_err(internal("identity"))?;
        if *user == self.user {
            return Ok(known.filter(UserIdentity::is_verified).as_ref().and_then(master_key));
        }
        let pinned = match known.as_ref().and_then(master_key) {
            Some(key) => Some(self.db.pinned(user, &key).map_err(internal("pin"))?),
            None => self.db.pin_of(user).map_err(internal("pin"))?,
        };
        Ok(pinned)
    }

    async fn try_open(
        &self,
        machine: &OlmMachine,
        room: &ruma::RoomId,
        event: &Raw<EncryptedEvent>,
    ) -> Port<RoomEventDecryptionResult> {
        machine.try_decrypt_room_event(event, room, &DECRYPT_ALL).await.map_err(internal("decrypt"))
    }
}

/// Whether knowing the sender better could make more of an event.
fn doubted(result: &RoomEventDecryptionResult) -> bool {
    match result {
        RoomEventDecryptionResult::Decrypted(decrypted) => {
            trust(&decrypted.encryption_info) == Trust::Refused
        }
        RoomEventDecryptionResult::UnableToDecrypt(_) => false,
    }
}

/// Whether a room key came from a device of its sender's that was signed with this identity. The SDK keeps that with the key, and
/// does not look at it again.
async fn came_under(machine: &OlmMachine, room: &ruma::RoomId, key: &RoomKey) -> Port<bool> {
    let session = CryptoStore::get_inbound_group_session(&**machine.store(), room, &key.session)
        .await
        .map_err(internal("room-key"))?;
    Ok(match session.map(|session| session.sender_data) {
        Some(SenderData::SenderUnverified(known) | SenderData::SenderVerified(known)) => {
            known.user_id.as_str() == key.sender.as_str() && known.master_key.to_base64() == key.identity
        }
        _ => false,
    })
}

/// The message that an encrypted event carries. Which of its key's messages it is cannot be changed without breaking its
/// signature.
pub(super) fn megolm_message(raw: &RawValue) -> Option<MegolmMessage> {
    #[derive(Deserialize)]
    struct Encrypted {
        content: Ciphertext,
    }
    #[derive(Deserialize)]
    struct Ciphertext {
        ciphertext: String,
    }
    let event: Encrypted = serde_json::from_str(raw.get()).ok()?;
    MegolmMessage::from_base64(&event.content.ciphertext).ok()
}

/// What the key of an event proves about its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// It came from a device that is signed with an identity of the sender's, be that verified by hand or not.
    Proven,
    /// It was restored from the backup: by itself it proves nothing.
    Restored,
    /// It came from a device that its owner has not signed, that is not known, or that is not the sender's.
    Refused,
}

/// Judged here, and not by the SDK's trust requirement: under `CrossSignedOrLegacy` a restored key that was tried once while
/// its sender's devices were not known is refused for good (matrix-sdk 0.18).
fn trust(info: &EncryptionInfo) -> Trust {
    match &info.verification_state {
        _ if info.forwarder.is_some() => Trust::Refused,
        VerificationState::Verified
        | VerificationState::Unverified(VerificationLevel::UnverifiedIdentity) => Trust::Proven,
        VerificationState::Unverified(VerificationLevel::None(DeviceLinkProblem::InsecureSource)) => {
            Trust::Restored
        }
        VerificationState::Unverified(_) => Trust::Refused,
    }
}
