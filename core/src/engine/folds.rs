//! Each case's fold, as it is and as it will be once what was accepted has gone out.

use std::collections::{HashMap, HashSet};

use crate::case::fold::Fold;
use crate::case::state::CaseState;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{CaseId, RoomId, UserId};
use crate::store::Tx;
use crate::store::outbox::{Queued, queued};

/// What a device has folded.
#[derive(Default)]
pub(super) struct Folds {
    rooms: HashMap<RoomId, Folded>,
    /// Counts every change of a room's fold.
    changes: u64,
    /// The case that was last given a command: its next one finds everything before it folded.
    expected: Option<Expected>,
    /// Rooms whose fold has changed since the panel last asked: their summaries may be of before.
    settled: HashSet<RoomId>,
}

struct Folded {
    fold: Fold,
    changed: u64,
}

struct Expected {
    case: CaseId,
    /// What it was made from: the room's fold, and the events that wait.
    base: Option<u64>,
    queued: Queued,
    fold: Fold,
}

impl Folds {
    /// A room's fold, which is read from the store at its first use.
    fn room(&mut self, engine: &Engine, room: &RoomId) -> Result<&mut Folded> {
        if !self.rooms.contains_key(room) {
            let mut fold = engine.empty_fold(room)?;
            fold.extend(engine.db.held(room)?);
            self.changes += 1;
            self.rooms.insert(room.clone(), Folded { fold, changed: self.changes });
        }
        self.rooms.get_mut(room).ok_or(Error::internal("engine-fold"))
    }

    /// A room's fold, where it is in memory and holds as many events as the store.
    pub(super) fn in_step(&self, engine: &Engine, room: &RoomId) -> Result<Option<&Fold>> {
        let Some(Folded { fold, .. }) = self.rooms.get(room) else { return Ok(None) };
        let held: usize = fold.keys().map(|key| fold.copies(key).len()).sum();
        Ok((held == engine.db.kept_events(room)?).then_some(fold))
    }

    /// The rooms whose fold has changed since this was last asked.
    pub(super) fn take_settled(&mut self) -> HashSet<RoomId> {
        std::mem::take(&mut self.settled)
    }

    /// The fold of a case with everything that waits in it.
    fn expected(&mut self, engine: &Engine, case: CaseId) -> Result<Expected> {
        let waiting = engine.db.outbox_queued(case)?;
        let known = self.expected.take();
        let (base, folded) = match engine.db.case_row(case)?.and_then(|row| row.room) {
            Some(room) => {
                let folded = self.room(engine, &room)?;
                (Some(folded.changed), Some(&folded.fold))
            }
            None => (None, None),
        };
        if let Some(known) = known
            && (known.case, known.base, known.queued) == (case, base, waiting)
        {
            return Ok(known);
        }
        let mut fold = folded.cloned().unwrap_or_default();
        for event in engine.db.outbox_events(case)? {
            let held = engine.held_of(&event, fold.state(), None)?;
            fold.insert(held);
        }
        Ok(Expected { case, base, queued: waiting, fold })
    }
}

impl Engine {
    /// A room's fold before any event: it knows whom to believe.
    pub(super) fn empty_fold(&self, room: &RoomId) -> Result<Fold> {
        let (me, case) = (self.user(), self.db.case_of_room(room)?);
        Ok(match self.db.room_row(room)? {
            Some(row) => {
                let openers: Vec<UserId> = row.inviters.iter().cloned().chain([me.clone()]).collect();
                Fold::invited(me, row.inviters).opened_by(openers, case)
            }
            None => Fold::new().opened_by([me], case),
        })
    }

    /// Looks at a room's fold.
    pub(crate) fn with_fold<T>(&self, room: &RoomId, look: impl FnOnce(&Fold) -> T) -> Result<T> {
        let mut folds = self.folds();
        Ok(look(&folds.room(self, room)?.fold))
    }

    /// Changes a room's fold.
    pub(crate) fn change_fold<T>(&self, room: &RoomId, change: impl FnOnce(&mut Fold) -> T) -> Result<T> {
        let mut folds = self.folds();
        folds.changes += 1;
        let changed = folds.changes;
        folds.settled.insert(room.clone());
        let folded = folds.room(self, room)?;
        folded.changed = changed;
        Ok(change(&mut folded.fold))
    }

    /// Changes something in the store, and folds the room anew from there at its next use. Nobody sees one without the
    /// other.
    pub(crate) fn refold(&self, room: &RoomId, take_out: impl FnOnce() -> Result<()>) -> Result<()> {
        let mut folds = self.folds();
        take_out()?;
        folds.rooms.remove(room);
        Ok(())
    }

    /// The state of a case: what its room's events fold into.
    pub(crate) fn state(&self, case: CaseId) -> Result<CaseState> {
        match self.case_row(case)?.room {
            Some(room) => self.with_fold(&room, |fold| fold.state().clone()),
            None => Ok(CaseState::default()),
        }
    }

    /// The state of a case as far as it is known to be in the room: without what of ours was marked, and may never leave.
    /// What a record is a projection of.
    pub(crate) fn state_in_room(&self, case: CaseId) -> Result<CaseState> {
        let Some(room) = self.case_row(case)?.room else { return Ok(CaseState::default()) };
        let me = self.user();
        let mut folds = self.folds();
        // Under the lock: what is marked comes into the fold, and what is taken back goes out of it, under the same.
        let marked = self.db.not_in_room(&room, &me)?;
        let fold = &folds.room(self, &room)?.fold;
        if marked.is_empty() {
            return Ok(fold.state().clone());
        }
        let mut without = self.empty_fold(&room)?;
        let in_room = fold.keys().filter(|key| key.sender != me || !marked.contains(&key.id));
        without.extend(in_room.flat_map(|key| fold.copies(key)).cloned());
        Ok(without.state().clone())
    }

    /// Looks at the fold of a case as it will be once what was accepted has gone out.
    pub(crate) fn with_expected<T>(&self, case: CaseId, look: impl FnOnce(&Fold) -> T) -> Result<T> {
        #[cfg(test)]
        self.looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut folds = self.folds();
        // Where nothing waits it is the room's own, which need not be copied for this.
        if self.db.outbox_queued(case)?.is_none()
            && let Some(room) = self.db.case_row(case)?.and_then(|row| row.room)
        {
            return Ok(look(&folds.room(self, &room)?.fold));
        }
        let expected = folds.expected(self, case)?;
        let seen = look(&expected.fold);
        folds.expected = Some(expected);
        Ok(seen)
    }

    /// Judges a command against the fold of its case as it will be, and accepts it: `judge` puts the new event into the
    /// fold, `accept` writes it down. One command at a time.
    pub(crate) fn accept_into<J>(
        &self,
        case: CaseId,
        judge: impl FnOnce(&mut Fold) -> Result<J>,
        accept: impl FnOnce(&Tx<'_>, J) -> Result<()>,
    ) -> Result<()> {
        let mut folds = self.folds();
        let mut expected = folds.expected(self, case)?;
        // Where either fails, what was put in is forgotten with the rest.
        let judged = judge(&mut expected.fold)?;
        expected.queued = self.db.write(|t| {
            accept(t, judged)?;
            queued(t, case)
        })?;
        folds.expected = Some(expected);
        Ok(())
    }
}
