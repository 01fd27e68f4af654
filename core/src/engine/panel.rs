//! The panel of this device: its summaries are brought up to date, then counted in one pass over the store.

use std::collections::HashMap;

use crate::case::fold::Fold;
use crate::case::state::CaseState;
use crate::engine::Engine;
use crate::error::Result;
use crate::id::RoomId;
use crate::panel::{CasePeople, NamedPair, Pair, Panel, PanelQuery, Summary, Tally};
use crate::store::panel::{each, mark_stale, pairs, put, put_people};

/// How many summaries are made in one transaction.
const AT_ONCE: usize = 256;

impl Engine {
    /// The panel, as of now.
    pub(crate) fn panel(&self, query: &PanelQuery) -> Result<Panel> {
        self.refresh_panel()?;
        self.db.read(|t| {
            let pairs = pairs(t)?;
            let places: HashMap<i64, usize> = pairs.iter().map(|pair| pair.number).zip(0..).collect();
            let numbers: Vec<i64> = pairs.iter().map(|pair| pair.number).collect();
            let mut tally = Tally::new(pairs.into_iter().map(|pair| pair.of).collect(), query, self.now());
            let wanted: Vec<i64> =
                (0..).zip(&numbers).filter(|(n, _)| tally.wants(*n)).map(|(_, n)| *n).collect();
            let mut take = |pair: i64, summary: &Summary<'_>| {
                if let Some(place) = places.get(&pair) {
                    tally.add(*place, summary);
                }
            };
            // What few are asked for is found by the pair; most of all is read as fast as all.
            if wanted.len() * 2 > numbers.len() {
                each(t, None, &mut take)?;
            } else {
                wanted.iter().try_for_each(|pair| each(t, Some(*pair), &mut take))?;
            }
            Ok(tally.panel())
        })
    }

    /// The summaries of a pair's cases, and what its organisations are called.
    pub(crate) fn summaries(&self, of: &Pair) -> Result<Option<(NamedPair, Vec<Summary<'static>>)>> {
        self.refresh_panel()?;
        self.db.read(|t| {
            let Some(pair) = pairs(t)?.into_iter().find(|pair| pair.of.pair == *of) else { return Ok(None) };
            let mut summaries = Vec::new();
            each(t, Some(pair.number), |_, summary| summaries.push(summary.kept()))?;
            Ok(Some((pair.of, summaries)))
        })
    }

    /// Whose cases all are, as they will be once what was accepted has gone out. What is kept beside the summaries is read in one pass;
    /// a case is folded only where something of ours waits in it, or nothing is kept of it: then that is made up for.
    pub(crate) fn people(&self) -> Result<Vec<CasePeople>> {
        // First: what leaves from now on is in the summaries, or is looked at beside them.
        let waiting = self.db.with_queued_events()?;
        self.refresh_panel()?;
        let mut kept = self.db.people()?;
        let mut people = Vec::new();
        let mut missed = Vec::new();
        for row in self.db.cases()? {
            let known = kept.remove(&row.case).filter(|_| !waiting.contains(&row.case));
            if let Some(known) = known {
                people.push(known);
                continue;
            }
            let one = self.with_expected(row.case, |fold| CasePeople::of(fold.state()))?;
            if !waiting.contains(&row.case) && row.room.is_some() {
                missed.push((row.case, one.clone()));
            }
            people.push(one);
        }
        if !missed.is_empty() {
            self.db.write(|t| missed.iter().try_for_each(|(case, one)| put_people(t, *case, one)))?;
        }
        Ok(people)
    }

    /// Makes the summaries anew whose cases have changed. They are of the events that the store keeps: what is folded in memory is
    /// used where it holds as many.
    fn refresh_panel(&self) -> Result<()> {
        self.db.renew_panel()?;
        loop {
            let mut folds = self.folds();
            let settled = folds.take_settled();
            if !settled.is_empty() {
                self.db.write(|t| settled.iter().try_for_each(|room| mark_stale(t, room)))?;
            }
            let stale = self.db.stale(AT_ONCE)?;
            if stale.is_empty() {
                return Ok(());
            }
            let me = self.user();
            let mut made = Vec::with_capacity(stale.len());
            for (room, n, case) in stale {
                let of =
                    |state: &CaseState, case| (Summary::of(state, &me), Some((case, CasePeople::of(state))));
                let (summary, people) = match case {
                    // We are no longer in it, or it is not known yet what it is.
                    None => (None, None),
                    Some(case) => match folds.in_step(self, &room)? {
                        Some(fold) => of(fold.state(), case),
                        None => of(self.fold_of_store(&room)?.state(), case),
                    },
                };
                made.push((room, n, summary, people));
            }
            self.db.write(|t| {
                made.iter().try_for_each(|(room, n, summary, people)| {
                    put(t, room, *n, summary.as_ref())?;
                    people.iter().try_for_each(|(case, people)| put_people(t, *case, people))
                })
            })?;
        }
    }

    /// A room's events as the store keeps them, folded.
    fn fold_of_store(&self, room: &RoomId) -> Result<Fold> {
        let mut fold = self.empty_fold(room)?;
        fold.extend(self.db.held(room)?);
        Ok(fold)
    }
}
