//! Somebody who has an account and no device of its owner: as whoever has the homeserver's database can make themselves one.

use std::time::{Duration, Instant};

use super::person::PATIENCE;
use caseline::id::RoomId;
use caseline_tests::Account;
use matrix_sdk::Client;
use matrix_sdk::config::SyncSettings;
use matrix_sdk::room::MessagesOptions;
use matrix_sdk::ruma::api::client::uiaa::{AuthData, MatrixUserIdentifier, Password, UserIdentifier};

pub(super) struct Taken {
    client: Client,
}

/// Gives an account another identity, with one device that it has signed.
pub(super) async fn take_identity(url: &str, account: &Account) -> Taken {
    let client = Client::builder().homeserver_url(url).build().await.unwrap();
    client.matrix_auth().login_username(&account.user_id, &account.password).send().await.unwrap();
    client.sync_once(SyncSettings::default()).await.unwrap();
    let encryption = client.encryption();
    if let Err(error) = encryption.bootstrap_cross_signing(None).await {
        let user = UserIdentifier::Matrix(MatrixUserIdentifier::new(account.user_id.clone()));
        let mut password = Password::new(user, account.password.clone());
        password.session = error.as_uiaa_response().expect("asks for the password").session.clone();
        encryption.bootstrap_cross_signing(Some(AuthData::Password(password))).await.unwrap();
    }
    client.sync_once(SyncSettings::default()).await.unwrap();
    Taken { client }
}

/// Another client of this account verifies somebody by hand, as chat programs let one do.
pub(super) async fn verify_by_hand(url: &str, account: &Account, recovery_key: &str, whom: &str) {
    let client = Client::builder().homeserver_url(url).build().await.unwrap();
    client.matrix_auth().login_username(&account.user_id, &account.password).send().await.unwrap();
    client.sync_once(SyncSettings::default()).await.unwrap();
    client.encryption().recovery().recover(recovery_key).await.unwrap();
    let whom = matrix_sdk::ruma::UserId::parse(whom).unwrap();
    let identity = client.encryption().request_user_identity(&whom).await.unwrap().expect("an identity");
    identity.verify().await.unwrap();
}

impl Taken {
    /// Waits until it can read a message.
    pub(super) async fn until_reads(&self, room: &RoomId, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.can_read(room).await.contains(&format!("{text:?}")) {
            assert!(Instant::now() < deadline, "{text} does not come");
            self.client.sync_once(SyncSettings::default().timeout(Duration::from_millis(500))).await.unwrap();
        }
    }

    /// The messages of a room that it can read.
    pub(super) async fn can_read(&self, room: &RoomId) -> Vec<String> {
        self.client.sync_once(SyncSettings::default()).await.unwrap();
        let id = matrix_sdk::ruma::RoomId::parse(room.as_str()).unwrap();
        let room = self.client.get_room(&id).expect("joined");
        let mut options = MessagesOptions::backward();
        options.limit = 100_u32.into();
        let messages = room.messages(options).await.unwrap();
        let texts = messages.chunk.iter().filter_map(|event| {
            let event: serde_json::Value = serde_json::from_str(event.raw().json().get()).unwrap();
            (event["type"] == "m.room.message").then(|| event["content"]["body"].to_string())
        });
        texts.collect()
    }
}
