//! The inbox's rows: what was taken over from each room, and the events that cases are folded from.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::Db;
use super::rows::{all, from_json, one, parsed, run, text_or_null, to_json};
use crate::case::event::{Content, Held, HeldBody, Receipt};
use crate::case::handover::Stub;
use crate::error::{Error, Result};
use crate::id::{EventId, MatrixEventId, RoomId, Sha256, UserId};
use crate::ports::{Arrived, ArrivedWhat};

/// An encrypted event that is judged again: it could not be read yet, or nothing proves its author.
pub(crate) struct Waiting {
    pub(crate) matrix_id: MatrixEventId,
    pub(crate) sender: UserId,
    pub(crate) server_at: Timestamp,
    pub(crate) raw: String,
    /// Whether it can be read.
    pub(crate) readable: bool,
}

/// Notes that an event of the room was taken over, or what one that waited has turned out to be.
pub(crate) fn take(t: &Transaction<'_>, room: &RoomId, arrived: &Arrived) -> Result<()> {
    let (what, raw) = match &arrived.what {
        ArrivedWhat::Message { unproven: None, .. } => ("message", None),
        ArrivedWhat::Message { unproven: Some(raw), .. } => ("unproven", Some(raw.get())),
        ArrivedWhat::Undecryptable { raw } => ("waiting", Some(raw.get())),
        ArrivedWhat::Plain { .. } => ("plain", None),
        ArrivedWhat::Other | ArrivedWhat::Known => ("other", None),
    };
    run(
        t,
        "inbox-take",
        "INSERT INTO taken (room, matrix_id, sender, server_at, what, raw) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (room, matrix_id) DO UPDATE SET what = excluded.what, raw = excluded.raw WHERE raw IS NOT NULL",
        (
            room.as_str(),
            arrived.matrix_id.as_str(),
            arrived.sender.as_str(),
            arrived.server_at.to_string(),
            what,
            text_or_null(raw),
        ),
    )?;
    Ok(())
}

/// Keeps an event. What is here already is left as it is, but for the homeserver's timestamp of an event of our own.
/// Returns the timestamp by which it stands now.
pub(crate) fn keep(
    t: &Transaction<'_>,
    room: &RoomId,
    held: &Held,
    matrix_id: Option<&MatrixEventId>,
) -> Result<Timestamp> {
    let (sha256, stub, content) = match &held.body {
        HeldBody::Whole(content) => (content.sha256, String::new(), content.json.get().to_owned()),
        HeldBody::Stub(stub) => (stub.sha256, to_json(stub)?, String::new()),
    };
    let by = match &held.receipt {
        Receipt::FirstHand { .. } => "",
        Receipt::HandedOver { by } => by.as_str(),
    };
    let server_at: Option<String> = one(
        t,
        "inbox-keep",
        "INSERT INTO events (room, sender, id, sha256, server_at, receipt, receipt_by, stub, content, matrix_id) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
         ON CONFLICT (room, sender, id, sha256, receipt, stub) DO UPDATE SET \
           matrix_id = coalesce(excluded.matrix_id, matrix_id), \
           server_at = CASE WHEN receipt_by <> '' THEN min(server_at, excluded.server_at) \
             WHEN excluded.matrix_id IS NULL THEN server_at WHEN matrix_id IS NULL OR matrix_id = excluded.matrix_id THEN excluded.server_at \
             ELSE min(server_at, excluded.server_at) END \
         RETURNING server_at",
        (
            room.as_str(),
            held.sender.as_str(),
            held.id.to_string(),
            sha256.to_string(),
            // Of one width, since the earlier one is found by comparing texts.
            format!("{:.9}", held.server_at),
            to_json(&held.receipt)?,
            by,
            stub,
            content,
            text_or_null(matrix_id.map(MatrixEventId::as_str)),
        ),
        |row| row.get(0),
    )?;
    parsed(&server_at.unwrap_or_default())
}

/// Takes back an event of our own that was marked and never left.
pub(crate) fn take_back(t: &Transaction<'_>, room: &RoomId, sender: &UserId, id: EventId) -> Result<()> {
    run(
        t,
        "inbox-take-back",
        "DELETE FROM events WHERE room = ?1 AND sender = ?2 AND id = ?3 AND matrix_id IS NULL",
        (room.as_str(), sender.as_str(), id.to_string()),
    )?;
    Ok(())
}

impl Db {
    /// Whether a Matrix event was taken over before. Where the store cannot tell it is taken over again, which changes
    /// nothing.
    pub(crate) fn is_taken(&self, room: &RoomId, matrix_id: &MatrixEventId) -> bool {
        let found = self.read(|t| {
            let sql = "SELECT 1 FROM taken WHERE room = ?1 AND matrix_id = ?2";
            one(t, "inbox-taken", sql, (room.as_str(), matrix_id.as_str()), |_| Ok(()))
        });
        found.is_ok_and(|found| found.is_some())
    }

    /// The encrypted events of a room that are judged again, oldest first.
    pub(crate) fn waiting(&self, room: &RoomId) -> Result<Vec<Waiting>> {
        let rows = self.read(|t| {
            all(
                t,
                "inbox-waiting",
                "SELECT matrix_id, sender, server_at, raw, what = 'unproven' FROM taken \
                 WHERE room = ?1 AND raw IS NOT NULL ORDER BY place",
                [room.as_str()],
                |row| {
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get::<_, String>(1)?,
                        row.get::<_, String>(2)?,
                        row.get(3)?,
                        row.get(4)?,
                    ))
                },
            )
        })?;
        rows.into_iter()
            .map(|(id, sender, at, raw, readable)| {
                Ok(Waiting {
                    readable,
                    matrix_id: parsed(&id)?,
                    sender: parsed(&sender)?,
                    server_at: parsed(&at)?,
                    raw,
                })
            })
            .collect()
    }

    /// Every event of a room that is kept, in the order in which it came.
    pub(crate) fn held(&self, room: &RoomId) -> Result<Vec<Held>> {
        let rows = self.read(|t| {
            all(
                t,
                "inbox-held",
                "SELECT sender, id, server_at, receipt, stub, content FROM events WHERE room = ?1 ORDER BY place",
                [room.as_str()],
                |row| {
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get::<_, String>(1)?,
                        row.get::<_, String>(2)?,
                        row.get::<_, String>(3)?,
                        row.get::<_, String>(4)?,
                        row.get::<_, String>(5)?,
                    ))
                },
            )
        })?;
        rows.into_iter()
            .map(|(sender, id, server_at, receipt, stub, content)| {
                let body = if stub.is_empty() {
                    let json = serde_json::value::RawValue::from_string(content)
                        .map_err(|_| Error::internal("inbox-content"))?;
                    HeldBody::Whole(Content::parse(&json)?)
                } else {
                    HeldBody::Stub(from_json::<Stub>(&stub)?)
                };
                Ok(Held {
                    sender: parsed(&sender)?,
                    id: parsed(&id)?,
                    server_at: parsed(&server_at)?,
                    receipt: from_json(&receipt)?,
                    body,
                })
            })
            .collect()
    }

    /// Whether an event of ours is known to be in the room: it came back from there.
    pub(crate) fn is_in_room(&self, room: &RoomId, sender: &UserId, id: EventId) -> Result<bool> {
        let found = self.read(|t| {
            let sql =
                "SELECT 1 FROM events WHERE room = ?1 AND sender = ?2 AND id = ?3 AND matrix_id IS NOT NULL";
            one(t, "inbox-is-in-room", sql, (room.as_str(), sender.as_str(), id.to_string()), |_| Ok(()))
        })?;
        Ok(found.is_some())
    }

    /// The events of ours that were marked and are not known to be in the room (yet).
    pub(crate) fn not_in_room(&self, room: &RoomId, sender: &UserId) -> Result<Vec<EventId>> {
        let rows: Vec<String> = self.read(|t| {
            let sql = "SELECT id FROM events WHERE room = ?1 AND sender = ?2 AND matrix_id IS NULL AND receipt_by = ''";
            all(t, "inbox-not-in-room", sql, (room.as_str(), sender.as_str()), |row| row.get(0))
        })?;
        rows.iter().map(|id| parsed(id)).collect()
    }

    /// Whether a text that travels as a document is here.
    pub(crate) fn has_document(&self, sha256: &Sha256) -> Result<bool> {
        let found = self.read(|t| {
            let sql = "SELECT 1 FROM documents WHERE sha256 = ?1";
            one(t, "inbox-document", sql, [sha256.to_string()], |_| Ok(()))
        })?;
        Ok(found.is_some())
    }

    /// A text that travels as a document.
    pub(crate) fn document(&self, sha256: &Sha256) -> Result<Option<String>> {
        self.read(|t| {
            let sql = "SELECT text FROM documents WHERE sha256 = ?1";
            one(t, "inbox-document", sql, [sha256.to_string()], |row| row.get(0))
        })
    }
}

/// Keeps a text that travels as a document.
pub(crate) fn keep_document(t: &Transaction<'_>, sha256: &Sha256, text: &str) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO documents (sha256, text) VALUES (?1, ?2)";
    run(t, "inbox-document", sql, (sha256.to_string(), text))?;
    Ok(())
}

/// Notes under which Matrix id an event of ours went out.
pub(crate) fn sent(
    t: &Transaction<'_>,
    room: &RoomId,
    sender: &UserId,
    id: EventId,
    matrix_id: &MatrixEventId,
) -> Result<()> {
    run(
        t,
        "inbox-sent",
        "UPDATE events SET matrix_id = ?4 WHERE room = ?1 AND sender = ?2 AND id = ?3 AND matrix_id IS NULL",
        (room.as_str(), sender.as_str(), id.to_string(), matrix_id.as_str()),
    )?;
    Ok(())
}
