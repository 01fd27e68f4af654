//! The audit chain's rows.

use jiff::Timestamp;
use rusqlite::Transaction;
use uuid::Uuid;

use super::Db;
use super::rows::{all, from_json, one, run, to_json};
use crate::audit::{AuditEntry, AuditKey, Audited, Chain};
use crate::case::event::AuditHead;
use crate::error::{Error, Result};

/// Appends an entry to this store's chain, in the transaction of what it speaks of.
pub(crate) fn append(t: &Transaction<'_>, at: Timestamp, what: Audited) -> Result<AuditEntry> {
    let (key, id) = chain_key(t)?;
    let last: Option<String> =
        one(t, "audit-last", "SELECT entry FROM audit ORDER BY seq DESC LIMIT 1", [], |row| row.get(0))?;
    let mut chain = match last {
        Some(entry) => {
            let entry: AuditEntry = from_json(&entry)?;
            Chain::resume(AuditHead { chain: entry.chain, length: entry.seq, head: entry.mac })
        }
        None => Chain::new(id),
    };
    let entry = chain.append(&key, at, what)?;
    let seq = i64::try_from(entry.seq).map_err(|_| Error::internal("audit-seq"))?;
    run(t, "audit-append", "INSERT INTO audit (seq, entry) VALUES (?1, ?2)", (seq, to_json(&entry)?))?;
    Ok(entry)
}

/// The chain's key and id, made at its first use.
fn chain_key(t: &Transaction<'_>) -> Result<(AuditKey, Uuid)> {
    let known: Option<String> =
        one(t, "audit-key", "SELECT value FROM meta WHERE name = 'audit-chain'", [], |row| row.get(0))?;
    let (key, id): ([u8; 32], Uuid) = if let Some(known) = known {
        from_json(&known)?
    } else {
        let mut key = [0u8; 32];
        getrandom::fill(&mut key).map_err(|_| Error::internal("audit-random"))?;
        let made = (key, Uuid::new_v4());
        run(t, "audit-key", "INSERT INTO meta (name, value) VALUES ('audit-chain', ?1)", [to_json(&made)?])?;
        made
    };
    Ok((AuditKey::new(key), id))
}

impl Db {
    /// The chain's key, its id and every entry, in their order.
    pub(crate) fn audit(&self) -> Result<(AuditKey, Uuid, Vec<AuditEntry>)> {
        self.write(|t| {
            let (key, id) = chain_key(t)?;
            let rows: Vec<String> =
                all(t, "audit-all", "SELECT entry FROM audit ORDER BY seq", [], |row| row.get(0))?;
            let entries = rows.iter().map(|row| from_json(row)).collect::<Result<_>>()?;
            Ok((key, id, entries))
        })
    }
}
