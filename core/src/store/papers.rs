//! What the host gave, and what was learnt at first sight: agreements, rule sets, identities.

use std::collections::HashMap;

use rusqlite::Transaction;

use super::Db;
use super::rows::{all, one, parsed, run};
use crate::error::Result;
use crate::id::{CaseId, Sha256, UserId};

/// A kind of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paper {
    Agreement,
    Rules,
    /// Of what was accepted in a pair's room: that this device's directory knew both accounts once. By the event that accepted it.
    Proven,
}

impl Paper {
    fn code(self) -> &'static str {
        match self {
            Self::Agreement => "agreement",
            Self::Rules => "rules",
            Self::Proven => "proven",
        }
    }
}

/// Keeps the identity of a user at first sight; returns the one that is pinned.
pub(crate) fn pin(t: &Transaction<'_>, user: &UserId, identity: &str) -> Result<String> {
    run(t, "pin", "INSERT OR IGNORE INTO pins (user, identity) VALUES (?1, ?2)", (user.as_str(), identity))?;
    let pinned = one(t, "pin", "SELECT identity FROM pins WHERE user = ?1", [user.as_str()], |row| {
        row.get::<_, String>(0)
    })?;
    Ok(pinned.unwrap_or_else(|| identity.to_owned()))
}

/// Keeps another identity of a user in the place of the one at first sight.
pub(crate) fn repin(t: &Transaction<'_>, user: &UserId, identity: &str) -> Result<()> {
    let sql = "INSERT INTO pins (user, identity) VALUES (?1, ?2)
        ON CONFLICT (user) DO UPDATE SET identity = excluded.identity";
    run(t, "repin", sql, (user.as_str(), identity)).map(drop)
}

/// Notes what the record is asked to hold for a resource; false where that was asked before.
pub(crate) fn project(t: &Transaction<'_>, case: CaseId, find: &str, sha256: &Sha256) -> Result<bool> {
    let changed = run(
        t,
        "project",
        "INSERT INTO projected (case_id, find, sha256) VALUES (?1, ?2, ?3) \
         ON CONFLICT (case_id, find) DO UPDATE SET sha256 = excluded.sha256 WHERE sha256 <> excluded.sha256",
        (case.to_string(), find, sha256.to_string()),
    )?;
    Ok(changed > 0)
}

impl Db {
    /// The identity of a user as it was at first sight: this one, where it is the first.
    pub(crate) fn pinned(&self, user: &UserId, identity: &str) -> Result<String> {
        match self.pin_of(user)? {
            Some(known) => Ok(known),
            None => self.write(|t| pin(t, user, identity)),
        }
    }

    /// The identity of a user as it was at first sight, if it was seen.
    pub(crate) fn pin_of(&self, user: &UserId) -> Result<Option<String>> {
        self.read(|t| {
            one(t, "pin", "SELECT identity FROM pins WHERE user = ?1", [user.as_str()], |row| row.get(0))
        })
    }

    /// What the record was last asked to hold of a case, by where it is found.
    pub(crate) fn projected(&self, case: CaseId) -> Result<HashMap<String, Sha256>> {
        let rows: Vec<(String, String)> = self.read(|t| {
            let sql = "SELECT find, sha256 FROM projected WHERE case_id = ?1";
            all(t, "projected-all", sql, [case.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        rows.into_iter().map(|(find, sha256)| Ok((find, parsed(&sha256)?))).collect()
    }

    /// Keeps a paper; a later version of the same id replaces it.
    pub(crate) fn put_paper(&self, paper: Paper, id: &str, version: &str, text: &str) -> Result<()> {
        self.write(|t| {
            run(
                t,
                "paper-put",
                "INSERT OR REPLACE INTO papers (kind, id, version, text) VALUES (?1, ?2, ?3, ?4)",
                (paper.code(), id, version, text),
            )
            .map(drop)
        })
    }

    /// The texts of all papers of a kind.
    pub(crate) fn papers(&self, paper: Paper) -> Result<Vec<String>> {
        self.read(|t| {
            let sql = "SELECT text FROM papers WHERE kind = ?1 ORDER BY id";
            all(t, "paper-all", sql, [paper.code()], |row| row.get(0))
        })
    }
}
