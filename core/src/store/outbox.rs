//! The outbox's rows.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Db;
use super::rows::{all, from_json, one, parsed, run, text_or_null, to_json};
use super::turn::{Open, ready};
use crate::case::event::EventData;
use crate::consent::ConsentRevoked;
use crate::error::{Error, Result};
use crate::id::{CaseId, EventId, RoomId, Sha256, UserId};
use crate::label::{Marks, are_sensitive};

use crate::ports::{RecordWrite, RoomMake};

/// One thing that must go out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant)]
pub(crate) enum Item {
    /// Make the case's room, or find the one that an earlier attempt made.
    CreateRoom(Make),
    /// Join the room that was accepted.
    Join(RoomId),
    /// Tell this account's other devices whose invitation to a room was accepted.
    TellDevices(RoomId),
    /// Invite somebody.
    Invite(UserId),
    /// Hand over to somebody who was named what came before.
    HandOver(UserId),
    /// Remove somebody whose participation ended.
    Remove(UserId),
    /// Send an event.
    Event(OutEvent),
    /// Find the Patient of our own record that the case is about.
    Bind,
    /// Write a resource to the record.
    Record(RecordWrite),
}

impl Item {
    fn name(&self) -> &'static str {
        match self {
            Self::CreateRoom(_) => "create-room",
            Self::Join(_) => "join",
            Self::TellDevices(_) => "tell-devices",
            Self::Invite(_) => "invite",
            Self::HandOver(_) => "hand-over",
            Self::Remove(_) => "remove",
            Self::Event(_) => "event",
            Self::Bind => "bind",
            Self::Record(_) => "record",
        }
    }
}

/// [`RoomMake`], as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Make {
    pub(crate) alias: String,
    pub(crate) role_accounts: Vec<UserId>,
    pub(crate) leads: Vec<UserId>,
}

impl From<&Make> for RoomMake {
    fn from(make: &Make) -> Self {
        Self {
            alias: make.alias.clone(),
            role_accounts: make.role_accounts.clone(),
            leads: make.leads.clone(),
        }
    }
}

/// An event on its way.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct OutEvent {
    pub(crate) id: EventId,
    pub(crate) kind: String,
    pub(crate) data: serde_json::Value,
    pub(crate) body: String,
    pub(crate) notice: bool,
    /// How sensitive it is, and once the sending was permitted, on what grounds.
    #[serde(default, skip_serializing_if = "Marks::is_empty")]
    pub(crate) marks: Marks,
    pub(crate) at: Timestamp,
    /// The document to upload first, where it is too long to travel inside the event.
    pub(crate) upload: Option<Sha256>,
    /// The content, once the sending was permitted. It never changes after that.
    pub(crate) content: Option<Box<serde_json::value::RawValue>>,
    /// For whom it was permitted then, as its audit entry says: a later attempt sends it to nobody else.
    pub(crate) readers: Vec<UserId>,
}

impl std::fmt::Debug for OutEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OutEvent({}, {})", self.kind, self.id)
    }
}

impl OutEvent {
    /// Whether it may say something that needs a consent: then the room is looked at first.
    pub(crate) fn may_be_sensitive(&self) -> bool {
        are_sensitive(&self.marks.labels) || self.kind == "handover"
    }

    /// What the event says.
    pub(crate) fn data(&self) -> Result<EventData> {
        EventData::read(crate::case::event::VERSION, &self.kind, self.data.clone())
            .map_err(|_| Error::internal("outbox-event"))
    }
}

/// The lane of a case's Matrix items.
pub(crate) fn case_lane(case: CaseId) -> String {
    format!("case/{case}")
}

/// The lane of a case's record writes.
pub(crate) fn record_lane(case: CaseId) -> String {
    format!("record/{case}")
}

fn is_record_lane(lane: &str) -> bool {
    lane.starts_with("record/")
}

/// How many items are under way beside each other at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slots {
    /// For rooms.
    pub(crate) rooms: usize,
    /// For the record.
    pub(crate) record: usize,
}

impl Slots {
    /// Takes one, if there is one left.
    fn take(&mut self, for_record: bool) -> bool {
        let left = if for_record { &mut self.record } else { &mut self.rooms };
        let taken = *left > 0;
        *left = left.saturating_sub(1);
        taken
    }
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Queued,
    Marked,
    Sent,
    Denied,
}

impl State {
    fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Marked => "marked",
            Self::Sent => "sent",
            Self::Denied => "denied",
        }
    }

    pub(super) fn of(code: &str) -> Result<Self> {
        [Self::Queued, Self::Marked, Self::Sent, Self::Denied]
            .into_iter()
            .find(|state| state.code() == code)
            .ok_or(Error::internal("outbox-state"))
    }
}

/// A row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) lane: String,
    pub(crate) item: Item,
    pub(crate) state: State,
    pub(crate) attempts: u32,
    /// Whether it stepped aside: see [`ASIDE`].
    pub(crate) aside: bool,
}

/// The note of a record write that the record refuses for good, or that conflicts with what somebody else wrote. It stays,
/// for the host to see, and is tried again; what is for other resources does not wait for it.
pub(crate) const ASIDE: &str = "record conflict";

impl Row {
    /// Whether it is for the record, and not for a room.
    pub(crate) fn is_for_record(&self) -> bool {
        is_record_lane(&self.lane)
    }

    /// The case of the row's lane.
    pub(crate) fn case(&self) -> Option<CaseId> {
        self.lane.split_once('/').and_then(|(_, case)| case.parse().ok())
    }
}

type Columns = (i64, String, String, String, u32, Option<String>);

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
}

fn row((seq, lane, item, state, attempts, note): Columns) -> Result<Row> {
    let aside = note.as_deref() == Some(ASIDE);
    Ok(Row { seq, lane, item: from_json(&item)?, state: State::of(&state)?, attempts, aside })
}

const COLUMNS: &str = "seq, lane, item, state, attempts, note";
/// Which rows are the events of a lane (`?1`) that wait to be marked. The first condition is that of the index.
const QUEUED_EVENTS: &str =
    "state IN ('queued', 'marked') AND lane = ?1 AND what = 'event' AND state = 'queued'";

/// Adds an item at the end of its lane.
pub(crate) fn push(
    t: &Transaction<'_>,
    lane: &str,
    item: &Item,
    not_before: Option<Timestamp>,
) -> Result<i64> {
    let at = not_before.map(|at| at.to_string());
    run(
        t,
        "outbox-push",
        "INSERT INTO outbox (lane, what, item, state, not_before) VALUES (?1, ?2, ?3, 'queued', ?4)",
        (lane, item.name(), to_json(item)?, text_or_null(at.as_deref())),
    )?;
    Ok(t.last_insert_rowid())
}

/// The events of a case that wait to be marked: how many there are, and the last of them. Nothing where there are none.
pub(crate) type Queued = Option<(i64, i64)>;

/// The events of a case that were accepted and are not marked yet.
pub(crate) fn queued(t: &Transaction<'_>, case: CaseId) -> Result<Queued> {
    let sql = format!("SELECT count(*), max(seq) FROM outbox WHERE {QUEUED_EVENTS}");
    let found: Option<(i64, Option<i64>)> =
        one(t, "outbox-queued", &sql, [case_lane(case)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.and_then(|(count, last)| Some((count, last?))))
}

/// What became of an event that a caller gave an id.
pub(crate) enum Keyed {
    /// It is new, and queued now.
    New,
    /// The same was accepted before.
    Same,
    /// Something else was accepted under this id.
    Other,
}

/// Adds an event at the end of its case's lane, once for its id. `text` is what its author wrote beside its data. What a person
/// reads of it else is not looked at: it follows from the data and from what the case has come to, which may be another by the
/// time that a command is repeated.
pub(crate) fn push_event(
    t: &Transaction<'_>,
    case: CaseId,
    event: &OutEvent,
    text: Option<&str>,
    (data, marks): (&Value, &Marks),
) -> Result<Keyed> {
    // What was asked, and not what it came to: that depends on the state of its time.
    let said = (case, &event.kind, data, text);
    let digest = if marks.is_empty() { to_json(&said)? } else { to_json(&(said, marks))? };
    let digest = Sha256::of(digest).to_string();
    let key = event.id.to_string();
    let known: Option<String> =
        one(t, "outbox-key", "SELECT sha256 FROM outbox WHERE key = ?1", [&key], |row| row.get(0))?;
    match known {
        Some(known) if known == digest => return Ok(Keyed::Same),
        Some(_) => return Ok(Keyed::Other),
        None => {}
    }
    run(
        t,
        "outbox-push",
        "INSERT INTO outbox (lane, what, key, sha256, item, state) VALUES (?1, 'event', ?2, ?3, ?4, 'queued')",
        (case_lane(case), key, digest, to_json(&Item::Event(event.clone()))?),
    )?;
    Ok(Keyed::New)
}

/// Replaces an item and its state.
pub(crate) fn put(t: &Transaction<'_>, seq: i64, item: &Item, state: State) -> Result<()> {
    run(
        t,
        "outbox-put",
        "UPDATE outbox SET item = ?2, state = ?3, note = NULL WHERE seq = ?1",
        (seq, to_json(item)?, state.code()),
    )?;
    Ok(())
}

/// Ends an item: it went out, or was refused for good. An event's row stays, since its id must stay known; its text goes.
pub(crate) fn end(t: &Transaction<'_>, seq: i64, state: State, note: Option<&str>) -> Result<()> {
    run(
        t,
        "outbox-end",
        "UPDATE outbox SET state = ?2, note = ?3, item = '\"ended\"' WHERE seq = ?1",
        (seq, state.code(), text_or_null(note)),
    )?;
    run(t, "outbox-end", "DELETE FROM outbox WHERE seq = ?1 AND key IS NULL", [seq])?;
    Ok(())
}

/// Notes a failed attempt, and when to try again.
pub(crate) fn postpone(t: &Transaction<'_>, seq: i64, not_before: Timestamp, note: &str) -> Result<()> {
    run(
        t,
        "outbox-postpone",
        "UPDATE outbox SET attempts = attempts + 1, not_before = ?2, note = ?3 WHERE seq = ?1",
        (seq, not_before.to_string(), note),
    )?;
    Ok(())
}

/// Lets every item of a lane be tried at once; of all lanes where none is named.
pub(crate) fn hurry(t: &Transaction<'_>, lane: Option<&str>) -> Result<()> {
    let sql =
        "UPDATE outbox SET not_before = NULL WHERE not_before IS NOT NULL AND (?1 IS NULL OR lane = ?1)";
    run(t, "outbox-hurry", sql, [text_or_null(lane)])?;
    Ok(())
}

/// Queues a record write. One that is queued for the same resource is replaced: the record holds a state, not a log.
pub(crate) fn push_record(t: &Transaction<'_>, case: CaseId, write: &RecordWrite) -> Result<()> {
    let (lane, item) = (record_lane(case), to_json(&Item::Record(write.clone()))?);
    let find = format!("{}?{}={}", write.kind, write.find.0, write.find.1);
    let replaced = run(
        t,
        "outbox-record",
        "UPDATE outbox SET item = ?3, not_before = NULL WHERE lane = ?1 AND sha256 = ?2 AND what = 'record' AND state = 'queued'",
        (&lane, &find, &item),
    )?;
    if replaced == 0 {
        run(
            t,
            "outbox-record",
            "INSERT INTO outbox (lane, what, sha256, item, state) VALUES (?1, 'record', ?2, ?3, 'queued')",
            (&lane, &find, &item),
        )?;
    }
    Ok(())
}

/// Notes that a record write is permitted.
///
/// # Errors
/// `Conflict` where another has taken its place meanwhile: that one must not be lost, and this one need not be written.
pub(crate) fn mark_record(t: &Transaction<'_>, seq: i64, write: &RecordWrite) -> Result<()> {
    let item = to_json(&Item::Record(write.clone()))?;
    let sql = "UPDATE outbox SET state = 'marked', note = NULL WHERE seq = ?1 AND item = ?2";
    if run(t, "outbox-record", sql, (seq, item))? == 0 {
        return Err(Error::Conflict { code: "record-replaced", detail: "another write took its place" });
    }
    Ok(())
}

/// Takes back every permission to write into a record: what is asked by now takes the place of what was permitted.
pub(crate) fn unmark_records(t: &Transaction<'_>) -> Result<()> {
    let sql = "UPDATE outbox SET state = 'queued' WHERE what = 'record' AND state = 'marked'";
    run(t, "outbox-record", sql, []).map(drop)
}

/// Ends a record write, unless another has taken its place meanwhile: that one is still to be done.
pub(crate) fn end_record(t: &Transaction<'_>, seq: i64, write: &RecordWrite) -> Result<()> {
    let item = to_json(&Item::Record(write.clone()))?;
    run(t, "outbox-record", "DELETE FROM outbox WHERE seq = ?1 AND item = ?2", (seq, item))?;
    run(t, "outbox-record", "UPDATE outbox SET state = 'queued' WHERE seq = ?1", [seq])?;
    Ok(())
}

/// What may go out now, and when the next may.
pub(crate) struct Ready {
    pub(crate) rows: Vec<Row>,
    pub(crate) next: Option<Timestamp>,
}

impl Db {
    /// The items that may go out now, as many as there are slots for beside those that are under way (of each, whether it is
    /// for the record): of each lane what [`ready`] says, as far as its time has come.
    pub(crate) fn outbox_ready(
        &self,
        now: Timestamp,
        under_way: &HashMap<i64, bool>,
        mut slots: Slots,
    ) -> Result<Ready> {
        self.read(|t| {
            let open = all(
                t,
                "outbox-open",
                "SELECT seq, lane, what = 'remove', CASE WHEN what = 'record' THEN sha256 END, note IS ?1, not_before \
                 FROM outbox WHERE state IN ('queued', 'marked') ORDER BY lane, seq",
                [ASIDE],
                |row| {
                    Ok(Open {
                        seq: row.get(0)?,
                        lane: row.get(1)?,
                        removal: row.get(2)?,
                        resource: row.get(3)?,
                        aside: row.get(4)?,
                        not_before: row.get(5)?,
                    })
                },
            )?;
            let (mut due, mut next) = (Vec::new(), None);
            for one in ready(&open).into_iter().filter(|one| !under_way.contains_key(&one.seq)) {
                match one.not_before.as_deref().map(parsed::<Timestamp>).transpose()? {
                    Some(at) if at > now => next = Some(next.map_or(at, |next: Timestamp| next.min(at))),
                    _ => due.push((one.seq, is_record_lane(&one.lane))),
                }
            }
            due.sort_unstable();
            for for_record in under_way.values() {
                slots.take(*for_record);
            }
            due.retain(|(_, for_record)| slots.take(*for_record));
            let mut rows = Vec::new();
            let sql = format!("SELECT {COLUMNS} FROM outbox WHERE seq = ?1");
            for (seq, _) in due {
                if let Some(columns) = one(t, "outbox-ready", &sql, [seq], columns)? {
                    rows.push(row(columns)?);
                }
            }
            Ok(Ready { rows, next })
        })
    }

    /// The events of a case that were accepted and are not marked yet, in their order.
    pub(crate) fn outbox_events(&self, case: CaseId) -> Result<Vec<OutEvent>> {
        let rows = self.read(|t| {
            let sql = format!("SELECT {COLUMNS} FROM outbox WHERE {QUEUED_EVENTS} ORDER BY seq");
            all(t, "outbox-events", &sql, [case_lane(case)], columns)
        })?;
        let mut events = Vec::new();
        for columns in rows {
            if let Item::Event(event) = row(columns)?.item {
                events.push(event);
            }
        }
        Ok(events)
    }

    /// The consents that a case's accepted, unmarked events take back.
    pub(crate) fn outbox_revocations(&self, case: CaseId) -> Result<Vec<(EventId, ConsentRevoked)>> {
        let rows = self.read(|t| {
            // Most lanes have none: the others' JSON need not be read for that.
            let sql = format!(
                "SELECT {COLUMNS} FROM outbox WHERE {QUEUED_EVENTS} AND instr(item, 'consent.revoked') > 0 ORDER BY seq"
            );
            all(t, "outbox-revocations", &sql, [case_lane(case)], columns)
        })?;
        let mut found = Vec::new();
        for columns in rows {
            if let Item::Event(event) = row(columns)?.item
                && let EventData::ConsentRevoked(revoked) = event.data()?
            {
                found.push((event.id, revoked));
            }
        }
        Ok(found)
    }

    /// How many events of a case wait to be marked, and which is the last.
    pub(crate) fn outbox_queued(&self, case: CaseId) -> Result<Queued> {
        self.read(|t| queued(t, case))
    }

    /// How many items wait, in all.
    pub(crate) fn outbox_waiting(&self) -> Result<u64> {
        let count: Option<i64> = self.read(|t| {
            let sql = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'marked')";
            one(t, "outbox-count", sql, [], |row| row.get(0))
        })?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }

    /// Why the items of a lane wait, as the last attempt noted it.
    pub(crate) fn outbox_notes(&self) -> Result<Vec<(String, String, String)>> {
        self.read(|t| {
            all(
                t,
                "outbox-notes",
                "SELECT lane, what, note FROM outbox WHERE state IN ('queued', 'marked') AND note IS NOT NULL ORDER BY seq",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
        })
    }
}
