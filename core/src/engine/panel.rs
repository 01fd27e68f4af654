//! The panel of this device: its summaries are brought up to date, then counted in one pass over the store.

use std::collections::HashMap;

use crate::case::fold::Fold;
use crate::engine::Engine;
use crate::error::Result;
use crate::id::RoomId;
use crate::panel::{NamedPair, Pair, Panel, PanelQuery, Summary, Tally};
use crate::store::panel::{each, mark_stale, pairs, put};

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
                let summary = match case {
                    // We are no longer in it, or it is not known yet what it is.
                    None => None,
                    Some(_) => match folds.in_step(self, &room)? {
                        Some(fold) => Summary::of(fold.state(), &me),
                        None => Summary::of(self.fold_of_store(&room)?.state(), &me),
                    },
                };
                made.push((room, n, summary));
            }
            self.db.write(|t| {
                made.iter().try_for_each(|(room, n, summary)| put(t, room, *n, summary.as_ref()))
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
