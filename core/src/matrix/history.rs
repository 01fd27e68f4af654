//! Reading a room's history: pages from the homeserver, each event decrypted and judged.
//!
//! The SDK's event cache and timelines are not used: reception is a queue of ours, which reconciles what it took over with
//! what the homeserver lists.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use matrix_sdk::deserialized_responses::{
    EncryptionInfo, UnableToDecryptInfo, UnableToDecryptReason, VerificationLevel, VerificationState,
};
use matrix_sdk::ruma::api::client::message::get_message_events;
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::{self, UInt};
use matrix_sdk_base::crypto::types::events::room::encrypted::EncryptedEvent;
use matrix_sdk_base::crypto::{OlmMachine, RoomEventDecryptionResult};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::{http, internal};
use super::room::room_id;
use super::{MatrixTransport, Port};
use crate::id::{MatrixEventId, RoomId, UserId};
use crate::ports::{Arrived, ArrivedWhat, Page, PortError};

/// How long the backup is not asked again for a key that it did not have.
const ASK_BACKUP_AGAIN: Duration = Duration::from_secs(120);

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
    pub(super) async fn history_page(&self, room: &RoomId, from: Option<&str>, limit: u32) -> Port<Page> {
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
        let machine = self.machine().await?;
        self.know_senders(&machine, listed.iter().map(|(event, _)| event)).await;
        let mut events = Vec::with_capacity(listed.len());
        for (event, raw) in listed {
            let what = self.judge(&machine, &room, &event, raw).await?;
            events.push(Arrived {
                matrix_id: event.event_id,
                sender: event.sender,
                server_at: Timestamp::from_millisecond(event.origin_server_ts).unwrap_or_default(),
                what,
            });
        }
        Ok(Page { events, older: answer.end })
    }

    pub(super) async fn decrypt_again(&self, room: &RoomId, raw: &RawValue) -> Port<ArrivedWhat> {
        let room = room_id(room)?;
        let event: Listed = serde_json::from_str(raw.get())
            .map_err(|_| PortError::NotUnderstood { code: "undecryptable-event" })?;
        let machine = self.machine().await?;
        self.know_senders(&machine, std::iter::once(&event)).await;
        self.judge(&machine, &room, &event, raw).await
    }

    /// Who sent encrypted events must be known before they are judged: whether a device is proven depends on its owner's
    /// identity. A server that does not answer does not stop the page; its events stay unread until it does.
    async fn know_senders<'a>(&self, machine: &OlmMachine, events: impl Iterator<Item = &'a Listed>) {
        let senders: BTreeSet<_> = events
            .filter(|event| event.kind == "m.room.encrypted")
            .filter_map(|event| ruma::UserId::parse(event.sender.as_str()).ok())
            .collect();
        if let Err(error) = self.refresh_keys(machine, &senders).await {
            tracing::warn!(%error, "the senders' keys could not be refreshed");
        }
    }

    async fn judge(
        &self,
        machine: &OlmMachine,
        room: &ruma::RoomId,
        event: &Listed,
        raw: &RawValue,
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
            "m.room.encrypted" if plain().algorithm.is_some() => self.open(machine, room, raw).await,
            _ => Ok(ArrivedWhat::Other),
        }
    }

    async fn open(&self, machine: &OlmMachine, room: &ruma::RoomId, raw: &RawValue) -> Port<ArrivedWhat> {
        let event = Raw::<EncryptedEvent>::from_json(raw.to_owned());
        let mut result = self.try_open(machine, room, &event).await?;
        if let RoomEventDecryptionResult::UnableToDecrypt(info) = &result
            && self.restore_key(room, info).await
        {
            result = self.try_open(machine, room, &event).await?;
        }
        let RoomEventDecryptionResult::Decrypted(decrypted) = result else {
            return Ok(ArrivedWhat::Undecryptable { raw: raw.to_owned() });
        };
        let Ok(inner) = serde_json::from_str::<Decrypted>(decrypted.event.json().get()) else {
            return Ok(ArrivedWhat::Other);
        };
        if inner.kind != "m.room.message" {
            return Ok(ArrivedWhat::Other);
        }
        Ok(ArrivedWhat::Message { content: inner.content, proven: proven(&decrypted.encryption_info) })
    }

    async fn try_open(
        &self,
        machine: &OlmMachine,
        room: &ruma::RoomId,
        event: &Raw<EncryptedEvent>,
    ) -> Port<RoomEventDecryptionResult> {
        machine
            .try_decrypt_room_event(event, room, &super::open::decryption())
            .await
            .map_err(internal("decrypt"))
    }

    /// Asks the backup for a missing key; true where it had it. A key that comes from its sender later replaces it, since
    /// that one proves more.
    async fn restore_key(&self, room: &ruma::RoomId, info: &UnableToDecryptInfo) -> bool {
        let missing = matches!(
            info.reason,
            UnableToDecryptReason::MissingMegolmSession { .. }
                | UnableToDecryptReason::UnknownMegolmMessageIndex
        );
        let Some(session) = info.session_id.as_deref().filter(|_| missing) else { return false };
        let backups = self.client.encryption().backups();
        if !backups.are_enabled().await {
            return false;
        }
        {
            let mut asked = self.asked_backup.lock().unwrap_or_else(PoisonError::into_inner);
            asked.retain(|_, at| at.elapsed() < ASK_BACKUP_AGAIN);
            let key = (room.to_string(), session.to_owned());
            if asked.contains_key(&key) {
                return false;
            }
            asked.insert(key, Instant::now());
        }
        backups.download_room_key(room, session).await.unwrap_or(false)
    }
}

/// Whether the sending device is proven to be its sender's: signed with an identity that is the sender's, be it verified by
/// hand or not. The key of a restored session proves nothing.
fn proven(info: &EncryptionInfo) -> bool {
    info.forwarder.is_none()
        && matches!(
            info.verification_state,
            VerificationState::Verified
                | VerificationState::Unverified(VerificationLevel::UnverifiedIdentity)
        )
}
