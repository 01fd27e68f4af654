//! Cases and rooms, as a device takes part in them.

use std::collections::BTreeSet;

use rusqlite::Transaction;

use super::Db;
use super::db::note;
use super::rows::{all, one, parsed, run, text_or_null};
use crate::case::kind::RoomKind;
use crate::error::{Error, Result};
use crate::id::{CaseId, RoomId, UserId};

/// How far a case is on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its room is being made.
    SettingUp,
    /// Open.
    Open,
    /// We are no longer in its room.
    Left,
}

impl Stage {
    fn code(self) -> &'static str {
        match self {
            Self::SettingUp => "setting-up",
            Self::Open => "open",
            Self::Left => "left",
        }
    }

    fn of(code: &str) -> Result<Self> {
        [Self::SettingUp, Self::Open, Self::Left]
            .into_iter()
            .find(|stage| stage.code() == code)
            .ok_or(Error::internal("case-stage"))
    }
}

/// A case's row.
#[derive(Debug, Clone)]
pub(crate) struct CaseRow {
    pub(crate) case: CaseId,
    pub(crate) room: Option<RoomId>,
    pub(crate) stage: Stage,
    /// The Patient of our own record that the case is bound to, as `Patient/id`.
    pub(crate) patient: Option<String>,
    /// The Patient that a person has to confirm.
    pub(crate) proposed_patient: Option<String>,
}

type Columns = (String, Option<String>, String, Option<String>, Option<String>);
const COLUMNS: &str = "case_id, room, stage, patient, proposed_patient";

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn row((case, room, stage, patient, proposed_patient): Columns) -> Result<CaseRow> {
    let room = room.as_deref().map(parsed).transpose()?;
    Ok(CaseRow { case: parsed(&case)?, room, stage: Stage::of(&stage)?, patient, proposed_patient })
}

/// Adds a case, or changes its stage and room.
pub(crate) fn put_case(t: &Transaction<'_>, case: CaseId, room: Option<&RoomId>, stage: Stage) -> Result<()> {
    run(
        t,
        "case-put",
        "INSERT INTO cases (case_id, room, stage) VALUES (?1, ?2, ?3) \
         ON CONFLICT (case_id) DO UPDATE SET room = coalesce(excluded.room, room), stage = excluded.stage",
        (case.to_string(), text_or_null(room.map(RoomId::as_str)), stage.code()),
    )?;
    Ok(())
}

/// Notes of what kind a room is: one of which nothing is noted is a case's.
pub(crate) fn put_kind(t: &Transaction<'_>, room: CaseId, kind: RoomKind) -> Result<()> {
    if kind == RoomKind::Case {
        return Ok(());
    }
    note(t, &kind_of(room), kind.code())
}

fn kind_of(room: CaseId) -> String {
    format!("kind/{room}")
}

/// Binds a case to a Patient of our own record, or proposes one.
pub(crate) fn bind(
    t: &Transaction<'_>,
    case: CaseId,
    patient: Option<&str>,
    proposed: Option<&str>,
) -> Result<()> {
    run(
        t,
        "case-bind",
        "UPDATE cases SET patient = ?2, proposed_patient = ?3 WHERE case_id = ?1",
        (case.to_string(), text_or_null(patient), text_or_null(proposed)),
    )?;
    Ok(())
}

/// How far an accepted room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoomStage {
    /// Another device of this account is in it, and nobody who invited to it is known here.
    Found,
    /// It is being joined.
    Joining,
    /// Joined; its opening event was not read yet.
    Reading,
    /// Its case is known.
    Known,
    /// It was not what it should be, and was left.
    Left,
}

impl RoomStage {
    fn code(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Joining => "joining",
            Self::Reading => "reading",
            Self::Known => "known",
            Self::Left => "left",
        }
    }

    fn of(code: &str) -> Result<Self> {
        [Self::Found, Self::Joining, Self::Reading, Self::Known, Self::Left]
            .into_iter()
            .find(|stage| stage.code() == code)
            .ok_or(Error::internal("room-stage"))
    }
}

/// A room that was accepted.
#[derive(Debug, Clone)]
pub(crate) struct RoomRow {
    /// Who invited us: several where we were removed and named again; nobody where another device of ours made it.
    pub(crate) inviters: BTreeSet<UserId>,
    pub(crate) stage: RoomStage,
    pub(crate) case: Option<CaseId>,
    /// Why it was left.
    pub(crate) reason: Option<String>,
}

/// Adds a room that was accepted, or one that we were invited to again, or that was found. False where it is being joined or
/// read.
pub(crate) fn accept_room(t: &Transaction<'_>, room: &RoomId, inviters: &BTreeSet<UserId>) -> Result<bool> {
    let sql = "INSERT INTO rooms (room, stage) VALUES (?1, 'joining')
        ON CONFLICT (room) DO UPDATE SET stage = 'joining', reason = NULL WHERE stage IN ('found', 'known', 'left')";
    // What was found is believed as far as a person was shown it.
    let found =
        "DELETE FROM inviters WHERE room = ?1 AND room IN (SELECT room FROM rooms WHERE stage = 'found')";
    run(t, "room-inviters", found, [room.as_str()])?;
    let accepted = run(t, "room-accept", sql, [room.as_str()])? > 0;
    put_inviters(t, room, inviters)?;
    Ok(accepted)
}

/// Adds a room that another device of this account is in.
pub(crate) fn find_room(t: &Transaction<'_>, room: &RoomId, inviters: &BTreeSet<UserId>) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO rooms (room, stage) VALUES (?1, 'found')";
    // Accepted meanwhile: then it is known whose invitation that was.
    if run(t, "room-find", sql, [room.as_str()])? == 0 {
        return Ok(());
    }
    note(t, &was_found(room), "found")?;
    put_inviters(t, room, inviters)
}

/// Looks no more at a room that was found: what its homeserver listed is forgotten, so that it counts for nothing should an
/// invitation to it come.
pub(crate) fn hide_found(t: &Transaction<'_>, room: &RoomId) -> Result<()> {
    let sql = "UPDATE rooms SET stage = 'left' WHERE room = ?1 AND stage = 'found'";
    if run(t, "room-hide", sql, [room.as_str()])? > 0 {
        run(t, "room-inviters", "DELETE FROM inviters WHERE room = ?1", [room.as_str()])?;
        run(t, "room-found", "DELETE FROM meta WHERE name = ?1", [was_found(room)])?;
    }
    Ok(())
}

/// Reads a room that was found, as one that these have invited to.
pub(crate) fn read_found(t: &Transaction<'_>, room: &RoomId, believed: &BTreeSet<UserId>) -> Result<()> {
    let sql = "UPDATE rooms SET stage = 'reading' WHERE room = ?1 AND stage = 'found'";
    // Answered meanwhile by a person.
    if run(t, "room-read-found", sql, [room.as_str()])? == 0 {
        return Ok(());
    }
    run(t, "room-inviters", "DELETE FROM inviters WHERE room = ?1", [room.as_str()])?;
    put_inviters(t, room, believed)
}

fn put_inviters<'a>(
    t: &Transaction<'_>,
    room: &RoomId,
    inviters: impl IntoIterator<Item = &'a UserId>,
) -> Result<()> {
    for inviter in inviters {
        let sql = "INSERT OR IGNORE INTO inviters (room, user) VALUES (?1, ?2)";
        run(t, "room-inviter", sql, (room.as_str(), inviter.as_str()))?;
    }
    Ok(())
}

/// The mark of a room that another device of this account had joined or made.
pub(crate) fn was_found(room: &RoomId) -> String {
    format!("found/{room}")
}

/// Changes the stage of a room that was accepted.
pub(crate) fn put_room(
    t: &Transaction<'_>,
    room: &RoomId,
    stage: RoomStage,
    case: Option<CaseId>,
    reason: Option<&str>,
) -> Result<()> {
    let case = case.map(|case| case.to_string());
    run(
        t,
        "room-put",
        "UPDATE rooms SET stage = ?2, case_id = coalesce(?3, case_id), reason = ?4 WHERE room = ?1",
        (room.as_str(), stage.code(), text_or_null(case.as_deref()), text_or_null(reason)),
    )?;
    Ok(())
}

/// Notes who could not read what was sent to a case.
pub(crate) fn unreached(t: &Transaction<'_>, case: CaseId, user: &UserId) -> Result<bool> {
    let sql = "INSERT OR IGNORE INTO unreached (case_id, user) VALUES (?1, ?2)";
    Ok(run(t, "case-unreached", sql, (case.to_string(), user.as_str()))? > 0)
}

/// Somebody who could not read can now.
pub(crate) fn reached(t: &Transaction<'_>, case: CaseId, user: &UserId) -> Result<()> {
    let sql = "DELETE FROM unreached WHERE case_id = ?1 AND user = ?2";
    run(t, "case-reached", sql, (case.to_string(), user.as_str()))?;
    Ok(())
}

impl Db {
    /// All cases, the oldest first.
    pub(crate) fn cases(&self) -> Result<Vec<CaseRow>> {
        let rows = self.read(|t| {
            all(t, "case-all", &format!("SELECT {COLUMNS} FROM cases ORDER BY case_id"), [], columns)
        })?;
        rows.into_iter().map(row).collect()
    }

    /// Of what kind a room is.
    pub(crate) fn kind(&self, room: CaseId) -> Result<RoomKind> {
        let Some(code) = self.meta(&kind_of(room))? else { return Ok(RoomKind::Case) };
        RoomKind::from_code(&code).ok_or(Error::internal("room-kind"))
    }

    /// The rooms of one kind, the oldest first.
    pub(crate) fn of_kind(&self, kind: RoomKind) -> Result<Vec<CaseId>> {
        // Both from the few rooms of which a kind is noted, since a device has many cases ('0' comes after '/').
        let sql = match kind {
            RoomKind::Case => {
                "SELECT case_id FROM cases WHERE case_id NOT IN (SELECT substr(name, 6) FROM meta WHERE name > 'kind/' AND name < 'kind0' AND value <> ?1) ORDER BY case_id"
            }
            _ => {
                "SELECT case_id FROM meta CROSS JOIN cases ON case_id = substr(name, 6) WHERE name > 'kind/' AND name < 'kind0' AND value = ?1 ORDER BY case_id"
            }
        };
        let rows: Vec<String> = self.read(|t| all(t, "case-kind", sql, [kind.code()], |row| row.get(0)))?;
        rows.iter().map(|case| parsed(case)).collect()
    }

    /// One case.
    pub(crate) fn case_row(&self, case: CaseId) -> Result<Option<CaseRow>> {
        let found = self.read(|t| {
            let sql = format!("SELECT {COLUMNS} FROM cases WHERE case_id = ?1");
            one(t, "case-one", &sql, [case.to_string()], columns)
        })?;
        found.map(row).transpose()
    }

    /// The case of a room.
    pub(crate) fn case_of_room(&self, room: &RoomId) -> Result<Option<CaseId>> {
        let found: Option<String> = self.read(|t| {
            one(t, "case-of-room", "SELECT case_id FROM cases WHERE room = ?1", [room.as_str()], |row| {
                row.get(0)
            })
        })?;
        found.as_deref().map(parsed).transpose()
    }

    /// A room that was accepted.
    pub(crate) fn room_row(&self, room: &RoomId) -> Result<Option<RoomRow>> {
        type Columns = (String, Option<String>, Option<String>);
        let (found, inviters) = self.read(|t| {
            let sql = "SELECT stage, case_id, reason FROM rooms WHERE room = ?1";
            let found: Option<Columns> =
                one(t, "room-row", sql, [room.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let sql = "SELECT user FROM inviters WHERE room = ?1";
            let inviters: Vec<String> = all(t, "room-inviters", sql, [room.as_str()], |row| row.get(0))?;
            Ok((found, inviters))
        })?;
        let Some((stage, case, reason)) = found else { return Ok(None) };
        Ok(Some(RoomRow {
            inviters: inviters.iter().map(|user| parsed(user)).collect::<Result<_>>()?,
            stage: RoomStage::of(&stage)?,
            case: case.as_deref().map(parsed).transpose()?,
            reason,
        }))
    }

    /// Who could not read what was sent to a case.
    pub(crate) fn unreached(&self, case: CaseId) -> Result<Vec<UserId>> {
        let rows: Vec<String> = self.read(|t| {
            let sql = "SELECT user FROM unreached WHERE case_id = ?1 ORDER BY user";
            all(t, "case-unreached", sql, [case.to_string()], |row| row.get(0))
        })?;
        rows.iter().map(|user| parsed(user)).collect()
    }

    /// Rooms that were accepted and whose case is not known yet.
    pub(crate) fn rooms_to_read(&self) -> Result<Vec<RoomId>> {
        self.rooms_at(RoomStage::Reading)
    }

    /// The rooms of a stage.
    pub(crate) fn rooms_at(&self, stage: RoomStage) -> Result<Vec<RoomId>> {
        let rows: Vec<String> = self.read(|t| {
            let sql = "SELECT room FROM rooms WHERE stage = ?1";
            all(t, "rooms-at", sql, [stage.code()], |row| row.get(0))
        })?;
        rows.iter().map(|room| parsed(room)).collect()
    }
}
