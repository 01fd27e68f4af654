//! The panel's rows: a summary of each case, and which of them are to be made anew.

use std::collections::{HashMap, HashSet};

use rusqlite::Transaction;

use super::Db;
use super::db::note;
use super::rows::{all, failed, one, parsed, run};
use crate::error::{Error, Result};
use crate::id::{CaseId, RoomId};
use crate::panel::{CasePeople, NamedPair, Pair, Summary};

/// The form of a row, and what it says. Whoever changes either counts this up, and every row is made anew.
const VERSION: &str = "5";
const VERSION_NAME: &str = "panel-version";

/// A pair of the panel, and the number by which rows name it.
pub(crate) struct PairRow {
    pub(crate) number: i64,
    pub(crate) of: NamedPair,
}

/// Notes that a case's summary is to be made anew.
pub(crate) fn mark_stale(t: &Transaction<'_>, room: &RoomId) -> Result<()> {
    let sql = "INSERT INTO panel_stale (room) VALUES (?1) ON CONFLICT (room) DO UPDATE SET n = n + 1";
    run(t, "panel-mark", sql, [room.as_str()]).map(drop)
}

/// Keeps a case's summary, in the place of the one before; none where the case is no longer ours. It stays marked where its
/// events have changed since `n`.
pub(crate) fn put(
    t: &Transaction<'_>,
    room: &RoomId,
    n: i64,
    summary: Option<&(NamedPair, Summary<'_>)>,
) -> Result<()> {
    match summary {
        Some((named, summary)) => {
            let number = pair_number(t, named)?;
            let row = postcard::to_allocvec(summary).map_err(|_| Error::internal("panel-row"))?;
            let sql = "INSERT INTO panel (pair, row, room) VALUES (?1, ?2, ?3) \
                ON CONFLICT (room) DO UPDATE SET pair = excluded.pair, row = excluded.row";
            run(t, "panel-put", sql, (number, row, room.as_str()))?;
        }
        None => {
            run(t, "panel-drop", "DELETE FROM panel WHERE room = ?1", [room.as_str()])?;
        }
    }
    run(t, "panel-made", "DELETE FROM panel_stale WHERE room = ?1 AND n = ?2", (room.as_str(), n)).map(drop)
}

fn pair_number(t: &Transaction<'_>, named: &NamedPair) -> Result<i64> {
    let sql = "INSERT INTO panel_pair (plan_side, community_side, plan_name, community_name) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (plan_side, community_side) DO UPDATE \
        SET plan_name = excluded.plan_name, community_name = excluded.community_name RETURNING pair";
    let Pair { plan_side, community_side } = &named.pair;
    let values = (plan_side.as_str(), community_side.as_str(), &named.plan_name, &named.community_name);
    one(t, "panel-pair", sql, values, |row| row.get(0))?.ok_or(Error::internal("panel-pair"))
}

/// Every pair.
pub(crate) fn pairs(t: &Transaction<'_>) -> Result<Vec<PairRow>> {
    let sql =
        "SELECT pair, plan_side, community_side, plan_name, community_name FROM panel_pair ORDER BY pair";
    let rows: Vec<(i64, String, String, String, String)> = all(t, "panel-pairs", sql, [], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
    })?;
    rows.into_iter()
        .map(|(number, plan_side, community_side, plan_name, community_name)| {
            let pair = Pair { plan_side: parsed(&plan_side)?, community_side: parsed(&community_side)? };
            Ok(PairRow { number, of: NamedPair { pair, plan_name, community_name } })
        })
        .collect()
}

/// Reads the summaries of a pair, or of all, each where it lies.
pub(crate) fn each(
    t: &Transaction<'_>,
    pair: Option<i64>,
    mut take: impl FnMut(i64, &Summary<'_>),
) -> Result<()> {
    let wrong = failed("panel-read");
    let (sql, wanted) = match pair {
        Some(pair) => ("SELECT pair, row FROM panel WHERE pair = ?1", vec![pair]),
        None => ("SELECT pair, row FROM panel", Vec::new()),
    };
    let mut statement = t.prepare_cached(sql).map_err(&wrong)?;
    let mut rows = statement.query(rusqlite::params_from_iter(wanted)).map_err(&wrong)?;
    while let Some(row) = rows.next().map_err(&wrong)? {
        let bytes = row.get_ref(1).map_err(&wrong)?;
        let bytes = bytes.as_blob().map_err(|_| Error::internal("panel-row"))?;
        let summary: Summary<'_> = postcard::from_bytes(bytes).map_err(|_| Error::internal("panel-row"))?;
        take(row.get(0).map_err(&wrong)?, &summary);
    }
    Ok(())
}

impl Db {
    /// Marks every summary to be made anew where another release made them.
    pub(crate) fn renew_panel(&self) -> Result<()> {
        if self.meta(VERSION_NAME)?.as_deref() == Some(VERSION) {
            return Ok(());
        }
        self.write(|t| {
            let sql =
                "INSERT OR IGNORE INTO panel_stale (room) SELECT room FROM cases WHERE room IS NOT NULL";
            run(t, "panel-renew", sql, [])?;
            run(t, "panel-renew", "DELETE FROM panel", [])?;
            note(t, VERSION_NAME, VERSION)
        })
    }

    /// Rooms whose summary is to be made anew, so many at most, with how often they changed and the case that they are open for.
    pub(crate) fn stale(&self, most: usize) -> Result<Vec<(RoomId, i64, Option<CaseId>)>> {
        let rows: Vec<(String, i64, Option<String>)> = self.read(|t| {
            let sql = "SELECT s.room, s.n, (SELECT case_id FROM cases c WHERE c.room = s.room AND c.stage = 'open') \
                FROM panel_stale s ORDER BY s.room LIMIT ?1";
            all(t, "panel-stale", sql, [i64::try_from(most).unwrap_or(i64::MAX)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
        })?;
        rows.into_iter()
            .map(|(room, n, case)| Ok((parsed(&room)?, n, case.as_deref().map(parsed).transpose()?)))
            .collect()
    }

    /// How many events of a room are kept.
    pub(crate) fn kept_events(&self, room: &RoomId) -> Result<usize> {
        let sql = "SELECT count(*) FROM events WHERE room = ?1";
        let count: Option<i64> =
            self.read(|t| one(t, "panel-events", sql, [room.as_str()], |row| row.get(0)))?;
        Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(0))
    }
}

/// Where the store keeps whose case something is: whoever checks a text for names reads these, and folds nothing.
const PEOPLE: &str = "people/";

/// Keeps whose case it is, beside its summary.
pub(crate) fn put_people(t: &Transaction<'_>, case: CaseId, people: &CasePeople) -> Result<()> {
    let text = serde_json::to_string(people).map_err(|_| Error::internal("panel-people"))?;
    note(t, &format!("{PEOPLE}{case}"), &text)
}

impl Db {
    /// Whose cases these are, as far as that is kept; also of cases that were left.
    pub(crate) fn people(&self) -> Result<HashMap<CaseId, CasePeople>> {
        let rows: Vec<(String, String)> = self.read(|t| {
            let sql =
                "SELECT substr(name, length(?1) + 1), value FROM meta WHERE name >= ?1 AND name < ?1 || 'g'";
            all(t, "panel-people", sql, [PEOPLE], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        let people = |text: &str| serde_json::from_str(text).map_err(|_| Error::internal("panel-people"));
        rows.iter().map(|(case, text)| Ok((parsed(case)?, people(text)?))).collect()
    }

    /// The cases of which something of ours has not gone out yet: what is kept of them is of before.
    pub(crate) fn with_queued_events(&self) -> Result<HashSet<CaseId>> {
        let rows: Vec<String> = self.read(|t| {
            let sql =
                "SELECT DISTINCT lane FROM outbox WHERE what = 'event' AND state IN ('queued', 'marked')";
            all(t, "panel-queued", sql, [], |row| row.get(0))
        })?;
        rows.iter().filter_map(|lane| lane.strip_prefix("case/")).map(parsed).collect()
    }
}
