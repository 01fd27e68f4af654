//! Whose keys we know: devices and identities of the people we write to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use matrix_sdk::ruma::api::client::keys::get_keys;
use matrix_sdk::ruma::{self, OwnedUserId};
use matrix_sdk_base::crypto::store::CryptoStore;
use matrix_sdk_base::crypto::{Device, OlmMachine, UserIdentity};

use super::error::{http, internal};
use super::{MatrixTransport, Port};
use crate::id::UserId;
use crate::ports::{PortError, Recipient};

/// How long is waited before each time that the keys of somebody half known are asked for.
const HALF_KNOWN: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1500)];
/// When somebody whose devices are not signed is asked for so again.
const HALF_KNOWN_AGAIN: Duration = Duration::from_mins(10);

/// The users as the SDK writes them.
pub(super) fn user_id(user: &UserId) -> Port<OwnedUserId> {
    ruma::UserId::parse(user.as_str()).map_err(|_| PortError::Refused { code: "user-id" })
}

impl MatrixTransport {
    /// Asks for the keys of those users of whom we do not know that what we have is current. Returns the servers that did
    /// not answer.
    pub(super) async fn refresh_keys(
        &self,
        machine: &OlmMachine,
        users: &BTreeSet<OwnedUserId>,
    ) -> Port<BTreeSet<String>> {
        machine
            .update_tracked_users(users.iter().map(AsRef::as_ref))
            .await
            .map_err(internal("track-users"))?;
        let current: BTreeMap<_, _> = machine
            .store()
            .load_tracked_users()
            .await
            .map_err(internal("tracked-users"))?
            .into_iter()
            .map(|tracked| (tracked.user_id, !tracked.dirty))
            .collect();
        let stale: Vec<_> =
            users.iter().filter(|user| !current.get(*user).is_some_and(|current| *current)).collect();
        if stale.is_empty() {
            return Ok(BTreeSet::new());
        }
        let answer = self.query_keys(machine, stale.into_iter().cloned()).await?;
        Ok(answer.failures.into_keys().collect())
    }

    /// Asks again for the keys of those of whose devices none is signed. A homeserver hears of another's devices one by one, and of
    /// who signs them after that: for a moment it tells of somebody's device and of no identity. Who really signs none is asked
    /// for so once in a while.
    async fn ask_for_the_rest(
        &self,
        machine: &OlmMachine,
        users: &BTreeSet<OwnedUserId>,
        silent: &mut BTreeSet<String>,
    ) -> Port<()> {
        let now = Instant::now();
        for pause in HALF_KNOWN {
            let mut half = Vec::new();
            for user in users.iter().filter(|user| !silent.contains(user.server_name().as_str())) {
                let lately = self.asked_rest().get(user).is_some_and(|due| *due > now);
                let known = machine.get_user_devices(user, None).await.map_err(internal("devices"))?;
                if !lately && known.keys().next().is_some() && signed_devices(machine, user).await? == 0 {
                    half.push(user.clone());
                }
            }
            if half.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
            let answer = self.query_keys(machine, half.iter().cloned()).await?;
            silent.extend(answer.failures.into_keys());
            if Some(&pause) == HALF_KNOWN.last() {
                let due = now + HALF_KNOWN_AGAIN;
                half.retain(|user| !silent.contains(user.server_name().as_str()));
                self.asked_rest().extend(half.into_iter().map(|user| (user, due)));
            }
        }
        Ok(())
    }

    fn asked_rest(&self) -> MutexGuard<'_, HashMap<OwnedUserId, Instant>> {
        self.asked_rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for the keys of these users, whatever we know.
    pub(super) async fn query_keys(
        &self,
        machine: &OlmMachine,
        users: impl Iterator<Item = OwnedUserId>,
    ) -> Port<get_keys::v3::Response> {
        let users: Vec<_> = users.collect();
        let (id, query) = machine.query_keys_for_users(users.iter().map(AsRef::as_ref));
        let mut request = get_keys::v3::Request::new();
        request.device_keys = query.device_keys;
        let answer = self.client.send(request).await.map_err(|error| http(&error))?;
        machine.mark_request_as_sent(&id, &answer).await.map_err(internal("keys-query"))?;
        Ok(answer)
    }

    pub(super) async fn look_at_recipients(&self, users: &[UserId]) -> Port<Vec<Recipient>> {
        let machine = self.machine().await?;
        let ids = users.iter().map(user_id).collect::<Port<BTreeSet<_>>>()?;
        let mut silent = self.refresh_keys(&machine, &ids).await?;
        // Nobody tells us of the first device of somebody who shared no room with us when it came: asked until there is one.
        let mut without = Vec::new();
        for id in ids.iter().filter(|id| !silent.contains(id.server_name().as_str())) {
            let devices = machine.get_user_devices(id, None).await.map_err(internal("devices"))?;
            if devices.keys().next().is_none() {
                without.push(id.clone());
            }
        }
        if !without.is_empty() {
            let answer = self.query_keys(&machine, without.into_iter()).await?;
            silent.extend(answer.failures.into_keys());
        }
        self.ask_for_the_rest(&machine, &ids, &mut silent).await?;
        let unanswered = self.claim_sessions(&machine, &ids, silent.clone()).await?;
        let mut recipients = Vec::with_capacity(users.len());
        for user in users {
            let id = user_id(user)?;
            let identity = machine.get_identity(&id, None).await.map_err(internal("identity"))?;
            let devices = reachable(&machine, &id).await?;
            // Not known yet and "never signed in" must not look alike: the one is waited for, the other is not.
            let unknown = identity.is_none() && silent.contains(user.server());
            recipients.push(Recipient {
                user: user.clone(),
                identity: identity.as_ref().and_then(master_key),
                devices,
                silent: devices == 0 && (unknown || unanswered.contains(&id)),
            });
        }
        Ok(recipients)
    }

    /// Makes the Olm sessions that are missing. Returns those none of whose devices we can encrypt for, since their server is
    /// silent: they would get a message and never its key. Somebody with one reachable device is none of them.
    pub(super) async fn claim_sessions(
        &self,
        machine: &OlmMachine,
        users: &BTreeSet<OwnedUserId>,
        mut silent: BTreeSet<String>,
    ) -> Port<BTreeSet<OwnedUserId>> {
        let missing = machine
            .get_missing_sessions(users.iter().map(AsRef::as_ref))
            .await
            .map_err(internal("missing-sessions"))?;
        let mut asked = BTreeSet::new();
        if let Some((id, request)) = missing {
            asked = request.one_time_keys.keys().cloned().collect();
            let answer = self.client.send(request).await.map_err(|error| http(&error))?;
            machine.mark_request_as_sent(&id, &answer).await.map_err(internal("keys-claim"))?;
            silent.extend(answer.failures.into_keys());
        }
        let mut unanswered = BTreeSet::new();
        for user in users {
            // The SDK does not ask a server again for a while that was silent before: not asked is silent too.
            let is_silent = silent.contains(user.server_name().as_str()) || !asked.contains(user);
            if is_silent && signed_devices(machine, user).await? > 0 && reachable(machine, user).await? == 0 {
                unanswered.insert(user.clone());
            }
        }
        Ok(unanswered)
    }

    pub(super) async fn take_back_verification(&self, user: &UserId, identity: &str) -> Port<()> {
        let machine = self.machine().await?;
        let known = machine.get_identity(&user_id(user)?, None).await.map_err(internal("identity"))?;
        match known {
            Some(known)
                if known.has_verification_violation() && master_key(&known).as_deref() == Some(identity) =>
            {
                known.withdraw_verification().await.map_err(internal("identity"))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn is_verified(&self) -> Port<bool> {
        let machine = self.machine().await?;
        let own =
            machine.get_device(&self.me, machine.device_id(), None).await.map_err(internal("device"))?;
        let identity = machine.get_identity(&self.me, None).await.map_err(internal("identity"))?;
        Ok(own.is_some_and(|device| device.is_cross_signed_by_owner())
            && identity.is_some_and(|identity| identity.is_verified()))
    }
}

/// How many devices a user has cross-signed.
async fn signed_devices(machine: &OlmMachine, user: &ruma::UserId) -> Port<usize> {
    let devices = machine.get_user_devices(user, None).await.map_err(internal("devices"))?;
    Ok(devices.devices().filter(Device::is_cross_signed_by_owner).count())
}

/// How many of them we have an Olm session with; this device is one.
async fn reachable(machine: &OlmMachine, user: &ruma::UserId) -> Port<usize> {
    let devices = machine.get_user_devices(user, None).await.map_err(internal("devices"))?;
    let mut reachable = 0;
    for device in devices.devices().filter(Device::is_cross_signed_by_owner) {
        let this = device.device_id() == machine.device_id() && user == machine.user_id();
        let sessions = match device.curve25519_key() {
            Some(key) => CryptoStore::get_sessions(&**machine.store(), &key.to_base64())
                .await
                .map_err(internal("sessions"))?,
            None => None,
        };
        reachable += usize::from(this || sessions.is_some_and(|sessions| !sessions.is_empty()));
    }
    Ok(reachable)
}

pub(super) fn master_key(identity: &UserIdentity) -> Option<String> {
    let key = match identity {
        UserIdentity::Own(own) => own.master_key().get_first_key(),
        UserIdentity::Other(other) => other.master_key().get_first_key(),
    };
    key.map(|key| key.to_base64())
}
