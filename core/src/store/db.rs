//! Opening the database: one key, one process, one schema.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::{Error, InvalidInput, Result};

/// The 32 bytes that the store is encrypted with, from the host's key store. Wiped from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct StoreKey([u8; 32]);

impl StoreKey {
    /// A key that the host keeps.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreKey(…)")
    }
}

/// An open store. One process at a time holds it (an OS lock, taken before any database of the folder is opened).
pub struct Db {
    folder: PathBuf,
    connection: Mutex<Connection>,
    /// How many transactions were begun.
    #[cfg(test)]
    pub(crate) begun: std::sync::atomic::AtomicUsize,
    // Held for as long as the store is open; the system releases it even after `kill -9`.
    _lock: File,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db(…)")
    }
}

/// Writes down a value of the store's own, in the transaction of what it speaks of.
pub(crate) fn note(t: &Transaction<'_>, name: &str, value: &str) -> Result<()> {
    t.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)", [name, value])
        .map_err(|_| Error::internal("store-meta"))?;
    Ok(())
}

impl Db {
    /// Opens or makes the store in a folder.
    ///
    /// # Errors
    /// `Conflict` (`store-in-use`) where it is open already; `InvalidInput` (`wrong-store-key`) where the key does not open it,
    /// (`store-folder`) where its folder cannot be made; `Incompatible` (`store-is-newer`) where a later release wrote it; `Internal` where the disk fails.
    pub fn open(folder: &Path, key: &StoreKey) -> Result<Arc<Self>> {
        let detail = "the store's folder cannot be made: check the path and who may write there";
        let no_folder = |_| InvalidInput::new("store-folder", detail).field("store");
        std::fs::create_dir_all(folder).map_err(no_folder)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .map_err(|_| Error::internal("store-lock"))?;
        lock.try_lock().map_err(|_| Error::Conflict {
            code: "store-in-use",
            detail: "this store is open already, here or in another process: shut that down, or use another store",
        })?;
        let connection =
            Connection::open(folder.join("caseline.db")).map_err(|_| Error::internal("store-open"))?;
        super::schema::unlock(&connection, key)?;
        super::schema::migrate(&connection)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Arc::new(Self {
            folder: folder.to_owned(),
            connection: Mutex::new(connection),
            #[cfg(test)]
            begun: std::sync::atomic::AtomicUsize::default(),
            _lock: lock,
        }))
    }

    /// The folder that holds everything.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        #[cfg(test)]
        self.begun.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        // A panic while the lock is held leaves no half-written state: the transaction rolled back when it unwound.
        self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Runs one write transaction: all of it is on disk when this returns, or nothing is.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.connection();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|_| Error::internal("store-begin"))?;
        let result = work(&transaction)?;
        transaction.commit().map_err(|_| Error::internal("store-commit"))?;
        Ok(result)
    }

    /// Runs reads that see one state.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(|_| Error::internal("store-begin"))?;
        work(&transaction)
    }

    /// A setting of this store.
    pub fn meta(&self, name: &str) -> Result<Option<String>> {
        self.read(|t| {
            t.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
                .optional()
                .map_err(|_| Error::internal("store-meta"))
        })
    }

    /// Sets a setting of this store, or removes it.
    pub fn set_meta(&self, name: &str, value: Option<&str>) -> Result<()> {
        self.write(|t| {
            match value {
                Some(value) => {
                    t.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)", [name, value])
                }
                None => t.execute("DELETE FROM meta WHERE name = ?1", [name]),
            }
            .map_err(|_| Error::internal("store-meta"))?;
            Ok(())
        })
    }
}

/// How many statements stay prepared: all that the store has, so that none is parsed anew.
const STATEMENTS: usize = 256;

/// How long a reader waits for a writer.
pub(super) const BUSY: Duration = Duration::from_secs(10);
