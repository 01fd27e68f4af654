//! Cases and rooms, as a device takes part in them.

use rusqlite::Transaction;

use super::Db;
use super::rows::{all, one, parsed, run, text_or_null};
use crate::error::{Error, Result};
use crate::id::{CaseId, RoomId};

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
            Self::Joining => "joining",
            Self::Reading => "reading",
            Self::Known => "known",
            Self::Left => "left",
        }
    }

    fn of(code: &str) -> Result<Self> {
        [Self::Joining, Self::Reading, Self::Known, Self::Left]
            .into_iter()
            .find(|stage| stage.code() == code)
            .ok_or(Error::internal("room-stage"))
    }
}

/// Adds a room, or changes its stage.
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
        "INSERT INTO rooms (room, stage, case_id, reason) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (room) DO UPDATE SET stage = excluded.stage, reason = excluded.reason, \
           case_id = coalesce(excluded.case_id, case_id)",
        (room.as_str(), stage.code(), text_or_null(case.as_deref()), text_or_null(reason)),
    )?;
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

    /// The stage of a room that was accepted, its case and the reason for which it was left.
    #[allow(clippy::type_complexity)]
    pub(crate) fn room_stage(
        &self,
        room: &RoomId,
    ) -> Result<Option<(RoomStage, Option<CaseId>, Option<String>)>> {
        let found: Option<(String, Option<String>, Option<String>)> = self.read(|t| {
            let sql = "SELECT stage, case_id, reason FROM rooms WHERE room = ?1";
            one(t, "room-stage", sql, [room.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })?;
        found
            .map(|(stage, case, reason)| {
                Ok((RoomStage::of(&stage)?, case.as_deref().map(parsed).transpose()?, reason))
            })
            .transpose()
    }

    /// Rooms that were accepted and whose case is not known yet.
    pub(crate) fn rooms_to_read(&self) -> Result<Vec<RoomId>> {
        let rows: Vec<String> = self.read(|t| {
            all(t, "room-reading", "SELECT room FROM rooms WHERE stage = 'reading'", [], |row| row.get(0))
        })?;
        rows.iter().map(|room| parsed(room)).collect()
    }
}
