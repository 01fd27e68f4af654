//! What became of events that were accepted here.

use super::Db;
use super::outbox::{State, case_lane};
use super::rows::{all, from_json, one, parsed};
use crate::error::Result;
use crate::id::{CaseId, EventId};
use crate::policy::Reason;

impl Db {
    /// The events of a case that were taken out, in the order in which they were accepted, and why.
    pub(crate) fn outbox_denied(&self, case: CaseId) -> Result<Vec<(EventId, Vec<Reason>)>> {
        let found: Vec<(String, Option<String>)> = self.read(|t| {
            let sql =
                "SELECT key, note FROM outbox WHERE lane = ?1 AND state = 'denied' AND key IS NOT NULL ORDER BY seq";
            all(t, "outbox-denied", sql, [case_lane(case)], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        let read = |(key, note): (String, Option<String>)| {
            let reasons = note.map_or(Ok(Vec::new()), |note| from_json(&note))?;
            Ok((parsed(&key)?, reasons))
        };
        found.into_iter().map(read).collect()
    }

    /// Why an event of this id was taken out that was accepted here for this very case; nothing where it was not.
    pub(crate) fn outbox_denied_in(&self, case: CaseId, id: EventId) -> Result<Option<Vec<Reason>>> {
        let found: Option<Option<String>> = self.read(|t| {
            let sql =
                "SELECT note FROM outbox WHERE key = ?1 AND lane = ?2 AND what = 'event' AND state = 'denied'";
            one(t, "outbox-denied-in", sql, [id.to_string(), case_lane(case)], |row| row.get(0))
        })?;
        found.map(|note| note.map_or(Ok(Vec::new()), |note| from_json(&note))).transpose()
    }

    /// What became of an event with this id that was accepted here: its state, and the reasons where it was denied.
    pub(crate) fn outbox_fate(&self, id: EventId) -> Result<Option<(State, Vec<Reason>)>> {
        let found: Option<(String, Option<String>)> = self.read(|t| {
            one(t, "outbox-fate", "SELECT state, note FROM outbox WHERE key = ?1", [id.to_string()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        })?;
        found
            .map(|(state, note)| {
                let state = State::of(&state)?;
                let reasons = match (state, note) {
                    (State::Denied, Some(note)) => from_json(&note)?,
                    _ => Vec::new(),
                };
                Ok((state, reasons))
            })
            .transpose()
    }
}
