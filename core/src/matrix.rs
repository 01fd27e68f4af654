//! The transport over Matrix: rooms, end-to-end encryption and history through matrix-sdk.
//!
//! What is used of matrix-sdk: its HTTP client, its Olm machine with both stores, its sliding sync (for to-device messages,
//! keys and hints) and its recovery. Not used: its event cache, send queue and member lists; see `send.rs` and
//! `history.rs` for why.

mod backup;
mod error;
mod history;
mod joined;
mod keys;
mod media;
mod open;
mod proof;
mod recovery;
mod room;
mod send;
mod sign_in;
mod sync;
mod view;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_trait::async_trait;
use matrix_sdk::Client;
use matrix_sdk::ruma::OwnedUserId;
use matrix_sdk_base::BaseClient;
use matrix_sdk_base::crypto::OlmMachine;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::id::{MatrixEventId, RoomId, UserId};
use crate::ports::{
    ArrivedWhat, CaseTransport, Hint, Invited, Known, Outgoing, Page, PortError, Recipient, RoomMake,
    RoomView,
};
use crate::store::Db;

/// A result of the transport.
type Port<T> = std::result::Result<T, PortError>;

/// One signed-in Matrix device.
///
/// It must be dropped inside the Tokio runtime that made it, after [`CaseTransport::shutdown`]: the SDK's stores close
/// their connections on that runtime.
pub struct MatrixTransport {
    client: Client,
    // The same client's lower half. matrix-sdk keeps its Olm machine to itself, and its own sending shares keys with
    // everybody in the room: see `send.rs`.
    base: BaseClient,
    db: Arc<Db>,
    user: UserId,
    me: OwnedUserId,
    // One encryption at a time: sharing a room key and encrypting with it must not interleave.
    sending: tokio::sync::Mutex<()>,
    // Room keys (room and session) that the backup did not have: how often it was asked again, and when it next may be.
    asked_backup: Mutex<HashMap<(String, String), (u32, Instant)>>,
    // Senders whose keys their server did not give: how often, and when it is asked again.
    asked_keys: Mutex<HashMap<UserId, (u32, Instant)>>,
    /// Until when somebody is not asked for again of whose devices none is signed.
    asked_rest: Mutex<HashMap<OwnedUserId, Instant>>,
    // What another device of this account told.
    read_codes: Mutex<proof::Read>,
    sync: sync::Sync,
}

impl std::fmt::Debug for MatrixTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MatrixTransport({})", self.user)
    }
}

impl MatrixTransport {
    async fn machine(&self) -> Port<OlmMachine> {
        self.base.olm_machine().await.clone().ok_or(PortError::Internal { code: "no-olm-machine" })
    }

    /// Our device's id on the homeserver.
    pub fn device_id(&self) -> Option<String> {
        self.client.device_id().map(ToString::to_string)
    }
}

#[async_trait]
impl CaseTransport for MatrixTransport {
    fn user(&self) -> UserId {
        self.user.clone()
    }

    async fn create_room(&self, make: &RoomMake) -> Port<RoomId> {
        self.make_room(make).await
    }

    async fn invite(&self, room: &RoomId, user: &UserId) -> Port<()> {
        self.invite_member(room, user).await
    }

    async fn remove(&self, room: &RoomId, user: &UserId) -> Port<()> {
        self.remove_member(room, user).await
    }

    async fn join(&self, room: &RoomId) -> Port<()> {
        self.join_room(room).await
    }

    async fn leave(&self, room: &RoomId) -> Port<()> {
        self.leave_and_forget(room).await
    }

    async fn invitations(&self) -> Port<Vec<Invited>> {
        Ok(self.sync.invitations())
    }

    async fn rooms(&self) -> Port<Vec<RoomId>> {
        self.joined_rooms().await
    }

    async fn inviters(&self, room: &RoomId) -> Port<BTreeSet<UserId>> {
        self.who_invited(room).await
    }

    async fn tell_accepted(&self, room: &RoomId, inviters: &BTreeSet<UserId>) -> Port<()> {
        self.tell_inviters(room, inviters).await
    }

    async fn told_accepted(&self, room: &RoomId, inviters: &BTreeSet<UserId>) -> Port<BTreeSet<UserId>> {
        self.told_inviters(room, inviters).await
    }

    async fn view(&self, room: &RoomId) -> Port<RoomView> {
        self.view_room(room).await
    }

    async fn recipients(&self, users: &[UserId]) -> Port<Vec<Recipient>> {
        self.look_at_recipients(users).await
    }

    async fn believe(&self, user: &UserId, identity: &str) -> Port<()> {
        self.take_back_verification(user, identity).await
    }

    async fn send(&self, message: &Outgoing) -> Port<MatrixEventId> {
        self.encrypt_and_send(message).await
    }

    async fn upload(&self, bytes: &[u8]) -> Port<Map<String, Value>> {
        self.upload_encrypted(bytes).await
    }

    async fn download(&self, file: &Map<String, Value>, limit: u64) -> Port<Vec<u8>> {
        self.download_encrypted(file, limit).await
    }

    async fn page(&self, room: &RoomId, from: Option<&str>, limit: u32, known: &Known<'_>) -> Port<Page> {
        self.history_page(room, from, limit, known).await
    }

    async fn decrypt(&self, room: &RoomId, raw: &RawValue) -> Port<ArrivedWhat> {
        self.decrypt_again(room, raw).await
    }

    async fn next_hint(&self) -> Option<Hint> {
        self.sync.next_hint().await
    }

    async fn recovery_key(&self) -> Port<Option<String>> {
        self.offered_recovery_key().await
    }

    async fn replace_recovery_key(&self) -> Port<String> {
        MatrixTransport::replace_recovery_key(self).await
    }

    async fn confirm_recovery_key(&self) -> Port<()> {
        self.forget_recovery_key()
    }

    async fn recover(&self, key: &str) -> Port<()> {
        self.recover_with(key).await
    }

    async fn verified(&self) -> Port<bool> {
        self.is_verified().await
    }

    async fn suspend(&self) {
        self.sync.stop().await;
        self.put_away().await;
    }

    async fn resume(&self) {
        self.sync.start(&self.client, &self.base).await;
    }

    async fn shutdown(&self) {
        self.sync.close().await;
        self.put_away().await;
    }
}
