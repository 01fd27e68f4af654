//! Opening the SDK: one client on our stores, with our settings.

use std::path::PathBuf;
use std::time::Duration;

use hmac::{Hmac, Mac};
use matrix_sdk::config::RequestConfig;
use matrix_sdk::cross_process_lock::CrossProcessLockConfig;
use matrix_sdk::encryption::{BackupDownloadStrategy, EncryptionSettings};
use matrix_sdk::store::StoreConfig;
use matrix_sdk::{Client, SqliteCryptoStore, SqliteStateStore, SqliteStoreConfig, reqwest};
use matrix_sdk_base::crypto::{CollectStrategy, DecryptionSettings, TrustRequirement};
use matrix_sdk_base::{BaseClient, DmRoomDefinition, ThreadingSupport};
use url::Url;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::store::{Db, StoreKey};

/// How long one request may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// The folder of the SDK's stores.
pub(super) fn folder(db: &Db) -> PathBuf {
    db.folder().join("matrix")
}

/// An HTTP client of our own settings.
pub(super) fn http() -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .user_agent("caseline")
        .connect_timeout(Duration::from_secs(10))
        .min_tls_version(reqwest::tls::Version::TLS_1_2)
        .build()
        .map_err(|_| Error::internal("matrix-http"))
}

/// Opens the SDK's stores and makes a client that has no session yet.
pub(super) async fn client(db: &Db, key: &StoreKey, homeserver: &Url) -> Result<(Client, BaseClient)> {
    let lock = CrossProcessLockConfig::SingleProcess;
    let key = sdk_key(key)?;
    let config = SqliteStoreConfig::new(folder(db)).pool_max_size(4).key(Some(&key));
    let state = SqliteStateStore::open_with_config(&config)
        .await
        .map_err(|_| Error::internal("matrix-state-store"))?;
    let crypto = SqliteCryptoStore::open_with_config(&config)
        .await
        .map_err(|_| Error::internal("matrix-crypto-store"))?;
    // The event cache and the media cache stay in memory and empty: our own store keeps what was received.
    let stores = StoreConfig::new(lock.clone()).state_store(state).crypto_store(crypto);
    let mut base = BaseClient::new(stores, ThreadingSupport::Disabled, DmRoomDefinition::MatrixSpec);
    base.room_key_recipient_strategy = CollectStrategy::IdentityBasedStrategy;
    // For what the SDK decrypts itself, which we do not read: `history.rs` judges each event.
    base.decryption_settings =
        DecryptionSettings { sender_device_trust_requirement: TrustRequirement::CrossSignedOrLegacy };
    let client = Client::builder()
        .homeserver_url(homeserver.as_str())
        .base_client(base.clone())
        .http_client(http()?)
        // No request is repeated behind the queue's back.
        .request_config(RequestConfig::new().disable_retry().timeout(TIMEOUT))
        .respect_login_well_known(false)
        .with_encryption_settings(EncryptionSettings {
            auto_enable_cross_signing: false,
            auto_enable_backups: false,
            // `history.rs` asks the backup itself.
            backup_download_strategy: BackupDownloadStrategy::Manual,
        })
        .with_enable_share_history_on_invite(false)
        .cross_process_store_config(lock)
        .build()
        .await
        .map_err(|_| Error::internal("matrix-client"))?;
    client.send_queue().set_enabled(false).await;
    Ok((client, base))
}

/// The key of the SDK's stores, derived so that it opens nothing else.
fn sdk_key(key: &StoreKey) -> Result<Zeroizing<[u8; 32]>> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes())
        .map_err(|_| Error::internal("matrix-store-key"))?;
    mac.update(b"caseline matrix stores 1");
    Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
}
