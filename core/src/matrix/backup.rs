//! Room keys from the account's backup.
//!
//! matrix-sdk imports whatever a backup holds under a session's name. A backup is sealed to a public key, so that a homeserver can put
//! anything there: a key under another's name, or one with the right name that opens nothing and would keep the real one out
//! for good. What is imported here opens the event that was asked for.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use matrix_sdk::deserialized_responses::{UnableToDecryptInfo, UnableToDecryptReason};
use matrix_sdk::ruma;
use matrix_sdk::ruma::api::client::backup::get_backup_keys_for_session;
use matrix_sdk_base::crypto::OlmMachine;
use matrix_sdk_base::crypto::olm::ExportedRoomKey;
use matrix_sdk_base::crypto::vodozemac::megolm::{InboundGroupSession, MegolmMessage, SessionConfig};
use serde_json::value::RawValue;

use super::error::{http, internal};
use super::history::megolm_message;
use super::{MatrixTransport, Port};

/// When something is asked for again that was not there: first soon, since another device of ours may be about to upload it, then
/// ever more rarely.
pub(super) fn ask_again_after(times: u32) -> Duration {
    Duration::from_secs(10).saturating_mul(1 << times.min(10)).min(Duration::from_hours(1))
}

impl MatrixTransport {
    /// Asks the backup for the key that an event needs; true where it had it.
    pub(super) async fn restore_key(
        &self,
        machine: &OlmMachine,
        room: &ruma::RoomId,
        info: &UnableToDecryptInfo,
        raw: &RawValue,
    ) -> bool {
        let missing = matches!(
            info.reason,
            UnableToDecryptReason::MissingMegolmSession { .. }
                | UnableToDecryptReason::UnknownMegolmMessageIndex
        );
        let Some(session) = info.session_id.as_deref().filter(|_| missing) else { return false };
        let Some(message) = megolm_message(raw) else { return false };
        if !self.client.encryption().backups().are_enabled().await {
            return false;
        }
        let key = (room.to_string(), session.to_owned());
        let wait = {
            let mut asked = self.asked_backup.lock().unwrap_or_else(PoisonError::into_inner);
            let times = match asked.get(&key) {
                Some((times, due)) if *due <= Instant::now() => times + 1,
                Some((_, due)) => {
                    self.sync.told().hint_at_keys_in(due.saturating_duration_since(Instant::now()));
                    return false;
                }
                None => 0,
            };
            let wait = ask_again_after(times);
            asked.insert(key.clone(), (times, Instant::now() + wait));
            wait
        };
        let restored = self.import(machine, room, session, &message).await.unwrap_or(false);
        if restored {
            self.asked_backup.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        } else {
            self.sync.told().hint_at_keys_in(wait);
        }
        restored
    }

    async fn import(
        &self,
        machine: &OlmMachine,
        room: &ruma::RoomId,
        session: &str,
        message: &MegolmMessage,
    ) -> Port<bool> {
        let keys = machine.backup_machine().get_backup_keys().await.map_err(internal("backup-keys"))?;
        let (Some(secret), Some(version)) = (keys.decryption_key, keys.backup_version) else {
            return Ok(false);
        };
        let request = get_backup_keys_for_session::v3::Request::new(
            version.clone(),
            room.to_owned(),
            session.to_owned(),
        );
        let answer = self.client.send(request).await.map_err(|error| http(&error))?;
        let Ok(sealed) = answer.key_data.deserialize() else { return Ok(false) };
        let Ok(key) = secret.decrypt_session_data(sealed.session_data) else { return Ok(false) };
        let mut opened = InboundGroupSession::import(&key.session_key, SessionConfig::version_1());
        if opened.session_id() != session || opened.decrypt(message).is_err() {
            tracing::warn!("the key backup holds a room key that does not open what it is kept for");
            return Ok(false);
        }
        let key = ExportedRoomKey::from_backed_up_room_key(room.to_owned(), session.to_owned(), key);
        machine
            .store()
            .import_room_keys(vec![key], Some(&version), |_, _| {})
            .await
            .map_err(internal("import-room-key"))?;
        Ok(true)
    }
}
