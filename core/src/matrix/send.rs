//! Encrypting and sending.
//!
//! matrix-sdk's own `Room::send_raw` gives the room key to everybody whom the homeserver lists as in the room, and sends
//! plain text where the homeserver says that the room is not encrypted. Here the key goes to the readers we were given,
//! and nothing is ever sent that is not encrypted.

use std::collections::{BTreeMap, BTreeSet};

use matrix_sdk::ruma::api::client::message::send_message_event;
use matrix_sdk::ruma::api::client::to_device::send_event_to_device;
use matrix_sdk::ruma::events::ToDeviceEventType;
use matrix_sdk::ruma::events::room::history_visibility::HistoryVisibility;
use matrix_sdk::ruma::events::{AnyMessageLikeEventContent, MessageLikeEventType};
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::to_device::DeviceIdOrAllDevices;
use matrix_sdk::ruma::{self, OwnedDeviceId, OwnedTransactionId, OwnedUserId};
use matrix_sdk_base::crypto::types::requests::ToDeviceRequest;
use matrix_sdk_base::crypto::{
    CollectStrategy, Device, EncryptionSettings, OlmError, OlmMachine, SessionRecipientCollectionError,
};

use serde::Deserialize;

use super::error::{http, internal, not_understood};
use super::keys::{master_key, user_id};
use super::room::room_id;
use super::{MatrixTransport, Port};
use crate::id::MatrixEventId;
use crate::point::point;
use crate::ports::{Outgoing, PortError};

impl MatrixTransport {
    pub(super) async fn encrypt_and_send(&self, message: &Outgoing) -> Port<MatrixEventId> {
        let room = room_id(&message.room)?;
        let judged = message
            .readers
            .iter()
            .map(|reader| Ok((user_id(&reader.user)?, reader.identity.as_deref())))
            .collect::<Port<BTreeMap<_, _>>>()?;
        // Who could not read it when they were judged gets it handed over: a server that is silent is not asked again, with
        // everybody else's messages waiting behind this one.
        let could_read = message.readers.iter().filter(|reader| reader.devices > 0);
        let mut readers =
            could_read.map(|reader| user_id(&reader.user)).collect::<Port<BTreeSet<OwnedUserId>>>()?;
        // Our own other devices read along.
        readers.insert(self.me.clone());
        let _one_at_a_time = self.sending.lock().await;
        if !self.is_verified().await? {
            return Err(PortError::DeviceUntrusted);
        }
        let machine = self.machine().await?;
        // The others were just looked at: one silent server must not hold up everybody's messages here.
        self.refresh_keys(&machine, &BTreeSet::from([self.me.clone()])).await?;
        let unanswered = self.claim_sessions(&machine, &readers, BTreeSet::new()).await?;
        if !unanswered.is_empty() {
            return Err(PortError::Unavailable { code: "peer-unreachable", retry_after: None });
        }
        let devices = devices_of(&machine, &judged).await?;
        let shared = async {
            self.share_room_key(&machine, &room, &readers, &devices).await?;
            // The sync may have brought somebody's new identity meanwhile: nothing is encrypted with a key that it has.
            still_as_judged(&machine, &judged).await
        };
        if let Err(error) = shared.await {
            // Some have this key and some do not: the next attempt begins with another.
            machine.discard_room_key(&room).await.map_err(internal("discard-room-key"))?;
            return Err(error);
        }
        point("event-key-shared");
        let content = Raw::<AnyMessageLikeEventContent>::from_json(message.content.clone());
        let encrypted = machine
            .encrypt_room_event_raw(&room, "m.room.message", &content)
            .await
            .map_err(internal("encrypt"))?;
        point("event-encrypted");
        let request = send_message_event::v3::Request::new_raw(
            room,
            OwnedTransactionId::from(message.transaction.as_str()),
            MessageLikeEventType::RoomEncrypted,
            encrypted.content.cast_unchecked(),
        );
        let answer = self.client.send(request).await.map_err(|error| http(&error))?;
        answer.event_id.as_str().parse().map_err(not_understood("event-id"))
    }

    async fn share_room_key(
        &self,
        machine: &OlmMachine,
        room: &ruma::RoomId,
        readers: &BTreeSet<OwnedUserId>,
        devices: &Devices,
    ) -> Port<()> {
        let settings = EncryptionSettings {
            history_visibility: HistoryVisibility::Invited,
            sharing_strategy: CollectStrategy::IdentityBasedStrategy,
            ..EncryptionSettings::default()
        };
        // Until nothing is left to share: the machine makes a new key where a reader or a device has gone since the last
        // message, or where the key is used up, and encrypting with a key that is used up must not happen.
        for _ in 0..4 {
            let requests = machine
                .share_room_key(room, readers.iter().map(AsRef::as_ref), settings.clone())
                .await
                .map_err(|error| not_shared(&error))?;
            if requests.is_empty() {
                return Ok(());
            }
            for request in requests {
                if !self.goes_only_to(devices, &request) {
                    return Err(IDENTITY_MOVED);
                }
                let to_device = send_event_to_device::v3::Request::new_raw(
                    request.event_type.clone(),
                    request.txn_id.clone(),
                    request.messages.clone(),
                );
                let answer = self.client.send(to_device).await.map_err(|error| http(&error))?;
                machine
                    .mark_request_as_sent(&request.txn_id, &answer)
                    .await
                    .map_err(internal("room-key-sent"))?;
            }
        }
        Err(PortError::Internal { code: "share-room-key" })
    }

    /// Whether a key goes to these devices and our own alone. That a device gets none, and why, is no secret.
    fn goes_only_to(&self, devices: &Devices, request: &ToDeviceRequest) -> bool {
        request.event_type != ToDeviceEventType::RoomEncrypted
            || request.messages.iter().all(|(user, to)| {
                *user == self.me
                    || to.iter().all(|(device, content)| match device {
                        DeviceIdOrAllDevices::DeviceId(device) => {
                            let key = devices.get(user).and_then(|devices| devices.get(device));
                            key.is_some_and(|key| is_sealed_to(content.json().get(), key))
                        }
                        DeviceIdOrAllDevices::AllDevices => false,
                    })
            })
    }
}

/// The cross-signed devices of each reader, with the Curve25519 key of each: a device can be taken away and another come back
/// under its id.
type Devices = BTreeMap<OwnedUserId, BTreeMap<OwnedDeviceId, String>>;

/// Whether an Olm message is sealed to this key and to no other.
fn is_sealed_to(content: &str, key: &str) -> bool {
    #[derive(Deserialize)]
    struct Sealed {
        ciphertext: serde_json::Map<String, serde_json::Value>,
    }
    serde_json::from_str::<Sealed>(content)
        .is_ok_and(|sealed| sealed.ciphertext.len() == 1 && sealed.ciphertext.contains_key(key))
}

const IDENTITY_MOVED: PortError = PortError::Unavailable { code: "identity-moved", retry_after: None };

/// The devices of those who were judged. The key goes to these alone: a homeserver could change somebody's identity while it
/// is shared, and change it back before we look.
async fn devices_of(machine: &OlmMachine, judged: &BTreeMap<OwnedUserId, Option<&str>>) -> Port<Devices> {
    still_as_judged(machine, judged).await?;
    let mut all = Devices::new();
    for user in judged.keys() {
        let devices = machine.get_user_devices(user, None).await.map_err(internal("devices"))?;
        let counted = devices.devices().filter(Device::is_cross_signed_by_owner);
        let keys = counted
            .filter_map(|device| Some((device.device_id().to_owned(), device.curve25519_key()?.to_base64())));
        all.insert(user.clone(), keys.collect());
    }
    still_as_judged(machine, judged).await?;
    Ok(all)
}

/// Whether everybody has the identity that was judged.
async fn still_as_judged(machine: &OlmMachine, judged: &BTreeMap<OwnedUserId, Option<&str>>) -> Port<()> {
    for (user, expected) in judged {
        let identity = machine.get_identity(user, None).await.map_err(internal("identity"))?;
        if identity.as_ref().and_then(master_key).as_deref() != *expected {
            return Err(IDENTITY_MOVED);
        }
    }
    Ok(())
}

fn not_shared(error: &OlmError) -> PortError {
    match error {
        OlmError::SessionRecipientCollectionError(
            SessionRecipientCollectionError::CrossSigningNotSetup
            | SessionRecipientCollectionError::SendingFromUnverifiedDevice,
        ) => PortError::DeviceUntrusted,
        // Somebody verified by hand has another identity now: held, until they are verified anew.
        OlmError::SessionRecipientCollectionError(_) => IDENTITY_MOVED,
        _ => PortError::Internal { code: "share-room-key" },
    }
}
