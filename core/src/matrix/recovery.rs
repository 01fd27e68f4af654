//! The recovery key: what opens an account's cross-signing keys and its key backup on another device.

use std::sync::PoisonError;

use matrix_sdk::encryption::recovery::RecoveryError;
use matrix_sdk::encryption::secret_storage::SecretStorageError;

use super::error::{internal, sdk};
use super::{MatrixTransport, Port};
use crate::point::point;
use crate::ports::{Hint, PortError};

const RECOVERY_KEY: &str = "matrix.recovery-key";
/// That a replacement was begun, whose outcome is not known.
const REPLACING: &str = "matrix.recovery-key-replacing";

impl MatrixTransport {
    /// The key, until the host has confirmed that it is saved. Where a replacement was begun and not finished, the old one may
    /// open nothing any more: another is made.
    pub(super) async fn offered_recovery_key(&self) -> Port<Option<String>> {
        if self.db.meta(REPLACING).map_err(internal("store-meta"))?.is_some() {
            return self.replace_recovery_key().await.map(Some);
        }
        self.offered()
    }

    pub(super) fn offered(&self) -> Port<Option<String>> {
        self.db.meta(RECOVERY_KEY).map_err(internal("store-meta"))
    }

    /// Makes a key that opens what the account keeps, and keeps it until the host has.
    pub(super) async fn make_recovery_key(&self) -> Port<String> {
        let made = self.client.encryption().recovery().reset_key().await;
        let key = made.map_err(|error| not_recovered(&error, "recovery-key"))?;
        point("sign-in-recovery-made");
        self.db.set_meta(RECOVERY_KEY, Some(&key)).map_err(internal("store-meta"))?;
        self.db.set_meta(REPLACING, None).map_err(internal("store-meta"))?;
        point("sign-in-recovery-kept");
        Ok(key)
    }

    /// Makes another key in the place of the one that was saved.
    pub(super) async fn replace_recovery_key(&self) -> Port<String> {
        if !self.is_verified().await? {
            return Err(PortError::DeviceUntrusted);
        }
        self.db.set_meta(REPLACING, Some("yes")).map_err(internal("store-meta"))?;
        self.make_recovery_key().await
    }

    pub(super) fn forget_recovery_key(&self) -> Port<()> {
        self.db.set_meta(RECOVERY_KEY, None).map_err(internal("store-meta"))
    }

    pub(super) async fn recover_with(&self, key: &str) -> Port<()> {
        self.publish_device().await?;
        let outcome = self.client.encryption().recovery().recover(key).await;
        if let Err(error) = outcome {
            // The identity is imported before the backup: a backup that does not fit leaves a verified device.
            let meaning = not_recovered(&error, "recover");
            if meaning != BACKUP_DIFFERS || !self.is_verified().await? {
                return Err(meaning);
            }
        }
        if !self.is_verified().await? {
            return Err(PortError::Refused { code: "wrong-recovery-key" });
        }
        // What was asked for before the backup was open is asked for again.
        self.asked_backup.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.read_codes.lock().unwrap_or_else(PoisonError::into_inner) = super::proof::Read::default();
        self.sync.told().tell_makers();
        self.sync.told().hint(Hint::Keys);
        Ok(())
    }
}

const BACKUP_DIFFERS: PortError = PortError::Refused { code: "backup-differs" };

fn not_recovered(error: &RecoveryError, place: &'static str) -> PortError {
    match error {
        RecoveryError::Sdk(error) => sdk(error, place),
        RecoveryError::BackupExistsOnServer => PortError::Refused { code: "backup-exists" },
        RecoveryError::SecretStorage(error) => match error {
            SecretStorageError::Sdk(error) => sdk(error, place),
            SecretStorageError::SecretStorageKey(_) | SecretStorageError::Decryption(_) => {
                PortError::Refused { code: "wrong-recovery-key" }
            }
            SecretStorageError::MissingKeyInfo { .. } => PortError::Refused { code: "no-recovery" },
            SecretStorageError::InconsistentBackupDecryptionKey
            | SecretStorageError::MissingOrInvalidBackupDecryptionKey => BACKUP_DIFFERS,
            SecretStorageError::ImportError { .. } => PortError::Refused { code: "recovery-differs" },
            _ => PortError::Internal { code: place },
        },
    }
}
