//! Predecessors that an event names and that are not there: looked for in the room's history, each once.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{NEXT_PAGE, is_known};
use crate::case::event::EventKey;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{MatrixEventId, RoomId};
use crate::ports::Page;

/// How many pages are read for a predecessor that is missing.
const GAP_PAGES: usize = 200;
/// How many missing predecessors of a room are remembered as looked for.
const REMEMBERED: usize = 1000;
/// How often in an hour a room's history is read in vain. Whoever has a seat can name any number of events that there never
/// were, each in an event of its own.
const LOOKS_AN_HOUR: usize = 6;

/// What was looked for in a room's history and not found. What its server withholds now, and gives later, is seen when it
/// comes.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Looked {
    missing: BTreeSet<EventKey>,
    /// When the history was read in vain.
    at: Vec<Timestamp>,
}

impl Looked {
    /// Whether something is missing that was not looked for.
    fn is_news(&self, missing: &BTreeSet<EventKey>) -> bool {
        !missing.is_subset(&self.missing)
    }

    /// Whether the history may be read once more.
    fn may_look(&self, now: Timestamp) -> bool {
        self.within_an_hour(now).count() < LOOKS_AN_HOUR
    }

    /// Notes a look after which this is still missing.
    fn note(&mut self, missing: BTreeSet<EventKey>, now: Timestamp) {
        self.at = self.within_an_hour(now).collect();
        if self.is_news(&missing) {
            self.at.push(now);
        }
        // What came meanwhile is forgotten; of too many, what was known to be missing stays.
        let (known, new): (BTreeSet<_>, BTreeSet<_>) =
            missing.into_iter().partition(|key| self.missing.contains(key));
        let room = REMEMBERED.saturating_sub(known.len());
        self.missing = known;
        self.missing.extend(new.into_iter().take(room));
    }

    fn within_an_hour(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let begin = now.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(now);
        self.at.iter().copied().filter(move |at| *at > begin && *at <= now)
    }
}

impl Engine {
    /// Reads on, below what was taken over, for predecessors that an event names and that are not there.
    pub(super) async fn fill_gaps(&self, room: &RoomId) -> Result<()> {
        let missing = self.with_fold(room, |fold| fold.state().gaps.clone())?;
        if missing.is_empty() {
            return Ok(());
        }
        let mark = format!("gaps/{}", room.as_str());
        let looked = self.db.meta(&mark)?.and_then(|text| serde_json::from_str::<Looked>(&text).ok());
        let mut looked = looked.unwrap_or_default();
        if !looked.is_news(&missing) || !looked.may_look(Timestamp::now()) {
            return Ok(());
        }
        let known = |id: &MatrixEventId| self.db.is_taken(room, id);
        let mut from = None;
        for _ in 0..GAP_PAGES {
            let Page { mut events, older } =
                self.transport.page(room, from.as_deref(), NEXT_PAGE, &known).await?;
            events.retain(|event| !is_known(event));
            events.reverse();
            self.take_over(room, &events)?;
            let open = self.with_fold(room, |fold| looked.is_news(&fold.state().gaps))?;
            match older {
                Some(older) if open => from = Some(older),
                _ => break,
            }
        }
        let missing = self.with_fold(room, |fold| fold.state().gaps.clone())?;
        looked.note(missing, Timestamp::now());
        let text = serde_json::to_string(&looked).map_err(|_| Error::internal("inbox-gaps"))?;
        self.db.set_meta(&mark, Some(&text))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::id::EventId;

    fn keys(count: usize) -> BTreeSet<EventKey> {
        let key = |_| EventKey { sender: "@joe:aco.example".parse().unwrap(), id: EventId::new() };
        (0..count).map(key).collect()
    }

    #[test]
    fn what_was_looked_for_is_not_looked_for_again() {
        let now = Timestamp::UNIX_EPOCH;
        let mut looked = Looked::default();
        let (one, other) = (keys(1), keys(2));
        assert!(looked.is_news(&one) && looked.may_look(now));
        looked.note(one.clone(), now);
        assert!(!looked.is_news(&one));
        let both: BTreeSet<_> = one.union(&other).cloned().collect();
        assert!(looked.is_news(&both));
        looked.note(both.clone(), now);
        assert!(!looked.is_news(&both));
        let kept: Looked = serde_json::from_str(&serde_json::to_string(&looked).unwrap()).unwrap();
        assert_eq!(kept, looked);
        // What came is forgotten.
        looked.note(other.clone(), now);
        assert_eq!(looked.missing, other);
    }

    #[test]
    fn looks_in_vain_are_few_in_an_hour_and_no_more_is_remembered_than_there_is_room_for() {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut looked = Looked::default();
        for _ in 0..LOOKS_AN_HOUR {
            assert!(looked.may_look(now));
            looked.note(keys(400), now);
            now += SignedDuration::from_mins(1);
        }
        assert!(!looked.may_look(now));
        assert!(looked.may_look(now + SignedDuration::from_mins(55)));
        looked.note(keys(3 * REMEMBERED), now);
        assert_eq!(looked.missing.len(), REMEMBERED);
        // One that found everything costs nothing.
        let mut found = Looked::default();
        for _ in 0..20 {
            found.note(BTreeSet::new(), now);
        }
        assert!(found.may_look(now));
    }
}
