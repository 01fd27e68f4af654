//! What of the embedded record has moved into another one.

use std::collections::HashMap;

use rusqlite::Transaction;

use super::Db;
use super::rows::{all, run};
use crate::error::Result;

/// A resource of the embedded record that another record does not have, or not in its present version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmoved {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) version: i64,
    /// Its id in the other record, which has an earlier version.
    pub(crate) there: Option<String>,
    /// Why the other record refused it.
    pub(crate) refused: Option<String>,
}

/// Notes that the audit says of a resource that this version is written to the other record. False where it said so before.
pub(crate) fn mark_audited(t: &Transaction<'_>, kind: &str, id: &str, version: i64) -> Result<bool> {
    let sql = "INSERT INTO record_moved (kind, id, version, audited) VALUES (?1, ?2, ?3, ?3)
        ON CONFLICT (kind, id) DO UPDATE SET audited = ?3 WHERE audited IS NOT ?3";
    run(t, "moved-audited", sql, (kind, id, version)).map(|changed| changed > 0)
}

/// Notes that the other record has a resource in this version, under this id.
pub(crate) fn put_moved(t: &Transaction<'_>, kind: &str, id: &str, version: i64, there: &str) -> Result<()> {
    let sql = "INSERT INTO record_moved (kind, id, version, there) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (kind, id) DO UPDATE SET version = ?3, there = ?4, refused = NULL";
    run(t, "moved-put", sql, (kind, id, version, there)).map(drop)
}

/// Notes that the other record does not take a resource in this version.
pub(crate) fn put_refused(t: &Transaction<'_>, kind: &str, id: &str, version: i64, code: &str) -> Result<()> {
    // What it took before stays taken: only that version counts as moved.
    let sql = "INSERT INTO record_moved (kind, id, version, refused) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (kind, id) DO UPDATE SET refused = ?4";
    run(t, "moved-refused", sql, (kind, id, version, code)).map(drop)
}

impl Db {
    /// What another record does not have yet, in the order in which it was first written.
    pub(crate) fn unmoved(&self) -> Result<Vec<Unmoved>> {
        self.read(|t| {
            let sql = "SELECT c.kind, c.id, c.version, m.there, m.refused FROM record_current c
                LEFT JOIN record_moved m ON m.kind = c.kind AND m.id = c.id
                WHERE m.there IS NULL OR m.version < c.version ORDER BY c.id";
            all(t, "unmoved", sql, [], |row| {
                Ok(Unmoved {
                    kind: row.get(0)?,
                    id: row.get(1)?,
                    version: row.get(2)?,
                    there: row.get(3)?,
                    refused: row.get(4)?,
                })
            })
        })
    }

    /// What has moved: by type and id, its id in the other record.
    pub(crate) fn moved(&self) -> Result<HashMap<(String, String), String>> {
        let rows: Vec<(String, String, String)> = self.read(|t| {
            let sql = "SELECT kind, id, there FROM record_moved WHERE there IS NOT NULL";
            all(t, "moved-all", sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })?;
        Ok(rows.into_iter().map(|(kind, id, there)| ((kind, id), there)).collect())
    }
}
