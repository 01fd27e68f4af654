//! Which referral a referral's room is of, and when it is to be looked at again.

use jiff::Timestamp;
use rusqlite::{Row, Transaction};

use super::Db;
use super::rows::{all, one, parsed, run};
use crate::case::event::EventKey;
use crate::error::{Error, Result};
use crate::id::CaseId;

/// A referral's room, and what it is of.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) room: CaseId,
    pub(crate) case: CaseId,
    /// The `referral.asked`.
    pub(crate) referral: EventKey,
    /// Whether this device holds the room.
    pub(crate) here: bool,
    pub(crate) look: Look,
}

/// When a referral's room is to be looked at though nothing happens, to the second, and whether all is told of it; and since when this
/// device has had something to say there that has not happened yet by its clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) at: Option<Timestamp>,
    pub(crate) over: bool,
    pub(crate) seen: Option<Timestamp>,
}

type Columns = (String, String, String, String, bool, Option<i64>, bool, Option<i64>);
const SELECT: &str = "SELECT referrals.room, referrals.case_id, sender, id, cases.case_id IS NOT NULL, look_at, over, seen_at \
    FROM referrals LEFT JOIN cases ON cases.case_id = referrals.room";

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
        row.get(7)?,
    ))
}

fn link_of((room, case, sender, id, here, at, over, seen): Columns) -> Result<Link> {
    let instant = |seconds: Option<i64>| {
        seconds.map(Timestamp::from_second).transpose().map_err(|_| Error::internal("referral-look"))
    };
    Ok(Link {
        room: parsed(&room)?,
        case: parsed(&case)?,
        referral: EventKey { sender: parsed(&sender)?, id: parsed(&id)? },
        here,
        look: Look { at: instant(at)?, over, seen: instant(seen)? },
    })
}

/// Notes which referral a room is of, once.
pub(crate) fn link(t: &Transaction<'_>, room: CaseId, case: CaseId, referral: &EventKey) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO referrals (room, case_id, sender, id) VALUES (?1, ?2, ?3, ?4)";
    let values = (room.to_string(), case.to_string(), referral.sender.as_str(), referral.id.to_string());
    run(t, "referral-link", sql, values).map(drop)
}

/// Notes when a room is to be looked at again.
pub(crate) fn look_again(t: &Transaction<'_>, room: CaseId, look: Look) -> Result<()> {
    let sql = "UPDATE referrals SET look_at = ?2, over = ?3, seen_at = ?4 WHERE room = ?1";
    let seconds = |at: Option<Timestamp>| at.map(Timestamp::as_second);
    let values = (room.to_string(), seconds(look.at), look.over, seconds(look.seen));
    run(t, "referral-look", sql, values).map(drop)
}

impl Db {
    /// What a referral's room is of, where its case is known here.
    pub(crate) fn referral_of_room(&self, room: CaseId) -> Result<Option<Link>> {
        let found = self.read(|t| {
            let sql = format!("{SELECT} WHERE referrals.room = ?1");
            one(t, "referral-of-room", &sql, [room.to_string()], columns)
        })?;
        found.map(link_of).transpose()
    }

    /// The rooms of a case's referrals.
    pub(crate) fn referrals_of_case(&self, case: CaseId) -> Result<Vec<Link>> {
        let found = self.read(|t| {
            let sql = format!("{SELECT} WHERE referrals.case_id = ?1");
            all(t, "referrals-of-case", &sql, [case.to_string()], columns)
        })?;
        found.into_iter().map(link_of).collect()
    }

    /// The rooms that are to be looked at by now.
    pub(crate) fn referrals_to_look_at(&self, now: Timestamp) -> Result<Vec<Link>> {
        let found = self.read(|t| {
            let sql = format!("{SELECT} WHERE look_at <= ?1 ORDER BY look_at");
            all(t, "referrals-to-look-at", &sql, [now.as_second()], columns)
        })?;
        found.into_iter().map(link_of).collect()
    }
}
