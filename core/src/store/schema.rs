//! The schema and its migrations.

use rusqlite::{Connection, ErrorCode};

use super::db::{BUSY, StoreKey};
use crate::error::{Error, InvalidInput, Result};

/// Each entry brings the store from the version of its index to the next. Never changed once released.
const MIGRATIONS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
];

/// Opens the encryption, and proves that the key is right by reading.
pub(super) fn unlock(connection: &Connection, key: &StoreKey) -> Result<()> {
    use std::fmt::Write as _;
    let mut pragma = String::with_capacity(96);
    pragma.push_str("PRAGMA key = \"x'");
    for byte in key.as_bytes() {
        let _ = write!(pragma, "{byte:02x}");
    }
    pragma.push_str("'\"");
    let keyed = connection.execute_batch(&pragma);
    zeroize::Zeroize::zeroize(&mut pragma);
    keyed.map_err(|_| Error::internal("store-key"))?;
    connection.busy_timeout(BUSY).map_err(|_| Error::internal("store-settings"))?;
    match connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0)) {
        Ok(_) => {}
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            return Err(InvalidInput::new("wrong-store-key", "this key does not open the store").into());
        }
        Err(_) => return Err(Error::internal("store-read")),
    }
    // FULL: a commit that returned is on disk, also after a power cut.
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;")
        .map_err(|_| Error::internal("store-settings"))
}

/// Brings the schema up to date.
pub(super) fn migrate(connection: &Connection) -> Result<()> {
    let wrong = |_| Error::internal("store-migrate");
    let version: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(wrong)?;
    if version > MIGRATIONS.len() {
        return Err(Error::Incompatible {
            code: "store-is-newer",
            detail: "a later release wrote this store: update",
        });
    }
    for (n, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {migration}; PRAGMA user_version = {}; COMMIT;", n + 1))
            .map_err(wrong)?;
    }
    Ok(())
}
