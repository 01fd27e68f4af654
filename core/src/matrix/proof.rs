//! What one device of an account tells its others, so that no homeserver could say it: which device made a room key, and whose
//! invitation to a room was accepted.
//!
//! A key backup is sealed to a public key, so that a homeserver can put keys of its own there and claim anybody's device as
//! their maker; and it can list an account as in any room. What is believed is what a device of the same account says that knew
//! better: an authentication code under a key that only those devices have, kept in the room's account data. See ADR 0010.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use matrix_sdk::Client;
use matrix_sdk::deserialized_responses::{AlgorithmInfo, EncryptionInfo};
use matrix_sdk::ruma::api::client::config::{get_room_account_data, set_room_account_data};
use matrix_sdk::ruma::events::RoomAccountDataEventType;
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::{self, DeviceKeyAlgorithm, OwnedUserId};
use matrix_sdk_base::BaseClient;
use matrix_sdk_base::crypto::OlmMachine;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::backup::ask_again_after;
use super::error::{http, internal};
use super::room::room_id;
use super::sync::Told;
use super::{MatrixTransport, Port};
use crate::id::{RoomId, UserId};
use crate::point::point;
use crate::ports::PortError;
use crate::store::Db;
use crate::store::room_keys::RoomKey;

/// The longest pause between two attempts to tell.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// How long stopping may take for the sake of the other devices.
const STOPPING: Duration = Duration::from_secs(3);
/// How often account data are read again after writing, until what was written stands there: another device may write too.
const ROUNDS: usize = 5;

/// What stands in a room's account data under one name.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Codes {
    codes: BTreeSet<String>,
}

/// What a backup's keys are authenticated with.
struct Secret {
    key: Zeroizing<[u8; 32]>,
    backup: String,
}

impl Secret {
    /// The secret that this account's devices share; nothing before there is a backup, or before this one can open it.
    async fn of(machine: &OlmMachine) -> Port<Option<Self>> {
        let keys = machine.backup_machine().get_backup_keys().await.map_err(internal("backup-keys"))?;
        let (Some(key), Some(backup)) = (keys.decryption_key, keys.backup_version) else { return Ok(None) };
        // Derived, so that it opens nothing.
        let key = code(key.as_bytes(), b"caseline told between devices 1")?;
        Ok(Some(Self { key: Zeroizing::new(key), backup }))
    }

    /// The authentication code of a room key's maker.
    fn maker(&self, key: &RoomKey) -> Port<String> {
        let (room, sender) = (key.room.as_str(), key.sender.as_str());
        let (device, signing) = (&key.identity_key, &key.signing_key);
        self.code(&["maker", room, &key.session, sender, &key.identity, device, signing])
    }

    /// The authentication code of an invitation that was accepted.
    fn inviter(&self, room: &RoomId, inviter: &UserId) -> Port<String> {
        self.code(&["inviter", room.as_str(), inviter.as_str()])
    }

    fn code(&self, said: &[&str]) -> Port<String> {
        let said = serde_json::to_vec(said).map_err(|_| PortError::Internal { code: "device-code" })?;
        Ok(URL_SAFE_NO_PAD.encode(code(&*self.key, &said)?))
    }
}

fn code(key: &[u8], said: &[u8]) -> Port<[u8; 32]> {
    let mut mac =
        Hmac::<sha2::Sha256>::new_from_slice(key).map_err(|_| PortError::Internal { code: "device-code" })?;
    mac.update(said);
    Ok(mac.finalize().into_bytes().into())
}

/// Under which name the inviters stand whose invitation was accepted.
const INVITERS: &str = "org.caseline.inviters";

/// Under which name a room key's code is kept: by its first character, so that what one new key costs stays small in a room of
/// many.
fn name_of(code: &str) -> String {
    let shelf = code.chars().next().map_or(0, |first| u32::from(first) % 16);
    format!("org.caseline.room_keys.{shelf:x}")
}

/// The room key that an event was decrypted with, and who it says has made it.
pub(super) fn room_key(
    room: &ruma::RoomId,
    sender: &UserId,
    info: &EncryptionInfo,
    identity: String,
) -> Option<RoomKey> {
    let AlgorithmInfo::MegolmV1AesSha2 { curve25519_key, sender_claimed_keys, session_id } =
        &info.algorithm_info
    else {
        return None;
    };
    Some(RoomKey {
        room: room.as_str().parse().ok()?,
        session: session_id.clone()?,
        sender: sender.clone(),
        identity,
        identity_key: curve25519_key.clone(),
        signing_key: sender_claimed_keys.get(&DeviceKeyAlgorithm::Ed25519)?.clone(),
    })
}

/// What was read of account data, and when it may be read again.
#[derive(Default)]
pub(super) struct Read(HashMap<(RoomId, String), (Codes, u32, Instant)>);

impl MatrixTransport {
    /// Notes that a room key came from its maker's own device, which is proven; the account's other devices are told.
    pub(super) fn note_maker(&self, key: &RoomKey) -> Port<()> {
        if !self.db.is_proven(key).map_err(internal("room-key"))?
            && self.db.prove(key, None).map_err(internal("room-key"))?
        {
            point("room-key-proven");
            self.sync.told().tell_makers();
        }
        Ok(())
    }

    /// Whether a device of this account had a restored room key from the maker that it names.
    pub(super) async fn is_maker_told(&self, machine: &OlmMachine, key: &RoomKey) -> Port<bool> {
        if self.db.is_proven(key).map_err(internal("room-key"))? {
            return Ok(true);
        }
        let Some(secret) = Secret::of(machine).await? else { return Ok(false) };
        let code = secret.maker(key)?;
        let told = self.stands(&key.room, &name_of(&code), &code).await?;
        if told {
            self.db.prove(key, Some(&secret.backup)).map_err(internal("room-key"))?;
        }
        Ok(told)
    }

    /// What the account's other devices need of this one goes to the homeserver before it stops, if that takes no time to speak
    /// of: room keys into the backup, and who made them. Else it does at the next start.
    pub(super) async fn put_away(&self) {
        let put_away = async {
            if let Err(error) = tell_untold(&self.client, &self.base, &self.db).await {
                tracing::debug!(%error, "not told before stopping");
            }
            let _ = self.client.encryption().backups().wait_for_steady_state().await;
        };
        let _ = tokio::time::timeout(STOPPING, put_away).await;
    }

    pub(super) async fn tell_inviters(&self, room: &RoomId, inviters: &BTreeSet<UserId>) -> Port<()> {
        let secret = Secret::of(&self.machine().await?).await?.ok_or(PortError::DeviceUntrusted)?;
        let codes = inviters.iter().map(|inviter| secret.inviter(room, inviter)).collect::<Port<_>>()?;
        put(&self.client, &self.me, room, INVITERS, codes).await
    }

    pub(super) async fn told_inviters(
        &self,
        room: &RoomId,
        inviters: &BTreeSet<UserId>,
    ) -> Port<BTreeSet<UserId>> {
        let Some(secret) = Secret::of(&self.machine().await?).await? else { return Ok(BTreeSet::new()) };
        let mut told = BTreeSet::new();
        for inviter in inviters {
            if self.stands(room, INVITERS, &secret.inviter(room, inviter)?).await? {
                told.insert(inviter.clone());
            }
        }
        Ok(told)
    }

    /// Whether a code stands in a room's account data. What was read in vain is read again after a while, and hinted at.
    async fn stands(&self, room: &RoomId, name: &str, code: &str) -> Port<bool> {
        let place = (room.clone(), name.to_owned());
        let now = Instant::now();
        let times = {
            let read = self.read_codes.lock().unwrap_or_else(PoisonError::into_inner);
            match read.0.get(&place) {
                Some((codes, ..)) if codes.codes.contains(code) => return Ok(true),
                Some((_, _, again)) if *again > now => {
                    self.sync.told().hint_at_keys_in(*again - now);
                    return Ok(false);
                }
                Some((_, times, _)) => times + 1,
                None => 0,
            }
        };
        let read = stand(&self.client, &self.me, room, name).await;
        let mut known = self.read_codes.lock().unwrap_or_else(PoisonError::into_inner);
        let (codes, times) = match read {
            Ok(codes) => {
                let news = known.0.get(&place).is_none_or(|(before, ..)| *before != codes);
                (codes, if news { 0 } else { times })
            }
            // What was read before stands; what is not proven is judged again.
            Err(error @ (PortError::Unavailable { .. } | PortError::Refused { .. })) => {
                tracing::warn!(%error, "what this account's other devices told could not be read");
                (known.0.remove(&place).map(|(codes, ..)| codes).unwrap_or_default(), times)
            }
            Err(error) => return Err(error),
        };
        let found = codes.codes.contains(code);
        let wait = ask_again_after(times);
        known.0.insert(place, (codes, times, Instant::now() + wait));
        drop(known);
        if !found {
            self.sync.told().hint_at_keys_in(wait);
        }
        Ok(found)
    }
}

/// Tells the account's other devices whatever they have not been told, as long as there is news. May be stopped anywhere.
pub(super) async fn tell_makers(client: Client, base: BaseClient, db: Arc<Db>, told: Arc<Told>) {
    let mut failures: u32 = 0;
    loop {
        match tell_untold(&client, &base, &db).await {
            Ok(()) => {
                failures = 0;
                told.makers_to_tell().await;
            }
            Err(error) => {
                tracing::warn!(%error, "the makers of room keys could not be told to this account's other devices");
                failures = failures.saturating_add(1);
                let pause = Duration::from_secs(2).saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE);
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn tell_untold(client: &Client, base: &BaseClient, db: &Db) -> Port<()> {
    let machine = base.olm_machine().await.clone().ok_or(PortError::Internal { code: "no-olm-machine" })?;
    let Some(secret) = Secret::of(&machine).await? else { return Ok(()) };
    let me = machine.user_id().to_owned();
    let mut shelves: BTreeMap<(RoomId, String), Vec<(String, RoomKey)>> = BTreeMap::new();
    for key in db.untold(&secret.backup).map_err(internal("room-keys-untold"))? {
        let code = secret.maker(&key)?;
        shelves.entry((key.room.clone(), name_of(&code))).or_default().push((code, key));
    }
    let mut outcome = Ok(());
    for ((room, name), new) in shelves {
        let codes = new.iter().map(|(code, _)| code.clone()).collect();
        match put(client, &me, &room, &name, codes).await {
            Ok(()) => {
                point("room-key-told");
                let keys: Vec<RoomKey> = new.into_iter().map(|(_, key)| key).collect();
                db.told(&keys, &secret.backup).map_err(internal("room-key-told"))?;
            }
            // Tried again with the next news: a server that refuses may do so for now.
            Err(PortError::Refused { .. } | PortError::NotFound) => {}
            Err(error) => outcome = Err(error),
        }
    }
    outcome
}

/// Adds codes to what stands, until all of them stand there.
async fn put(
    client: &Client,
    me: &OwnedUserId,
    room: &RoomId,
    name: &str,
    new: BTreeSet<String>,
) -> Port<()> {
    for _ in 0..ROUNDS {
        let mut codes = stand(client, me, room, name).await?;
        if new.is_subset(&codes.codes) {
            return Ok(());
        }
        codes.codes.extend(new.iter().cloned());
        let kind = RoomAccountDataEventType::from(name);
        let data =
            Raw::new(&codes).map_err(|_| PortError::Internal { code: "room-key-codes" })?.cast_unchecked();
        let request = set_room_account_data::v3::Request::new_raw(me.clone(), room_id(room)?, kind, data);
        client.send(request).await.map_err(|error| http(&error))?;
    }
    Err(PortError::Unavailable { code: "account-data-moves", retry_after: None })
}

async fn stand(client: &Client, me: &OwnedUserId, room: &RoomId, name: &str) -> Port<Codes> {
    let kind = RoomAccountDataEventType::from(name);
    let request = get_room_account_data::v3::Request::new(me.clone(), room_id(room)?, kind);
    match client.send(request).await.map_err(|error| http(&error)) {
        // What has another form was not written by a device of ours.
        Ok(answer) => Ok(serde_json::from_str(answer.account_data.json().get()).unwrap_or_default()),
        Err(PortError::NotFound) => Ok(Codes::default()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_code_is_of_one_key_one_maker_one_room_and_one_secret() {
        let secret = |n: u8| Secret { key: Zeroizing::new([n; 32]), backup: "1".into() };
        let key = RoomKey {
            room: "!room:aco.example".parse().unwrap(),
            session: "session".into(),
            sender: "@jane:cp.example".parse().unwrap(),
            identity: "master".into(),
            identity_key: "curve".into(),
            signing_key: "ed".into(),
        };
        let others = [
            key.clone(),
            RoomKey { room: "!other:aco.example".parse().unwrap(), ..key.clone() },
            RoomKey { session: "sessionc".into(), identity_key: "urve".into(), ..key.clone() },
            RoomKey { sender: "@joe:cp.example".parse().unwrap(), ..key.clone() },
            RoomKey { identity: "other".into(), ..key.clone() },
            RoomKey { identity_key: "other".into(), ..key.clone() },
            RoomKey { signing_key: "other".into(), ..key.clone() },
        ];
        let mut codes: BTreeSet<_> = others.iter().map(|key| secret(1).maker(key).unwrap()).collect();
        codes.insert(secret(2).maker(&key).unwrap());
        codes.insert(secret(1).inviter(&key.room, &key.sender).unwrap());
        assert_eq!(codes.len(), others.len() + 2);
        assert_eq!(secret(1).maker(&key).unwrap(), secret(1).maker(&key).unwrap());
        assert!(codes.iter().all(|code| name_of(code).starts_with("org.caseline.room_keys.")));
    }
}
