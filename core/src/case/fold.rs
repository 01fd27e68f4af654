//! The fold: from the events that a device holds to the state of their case, alike in whatever order they came.
//!
//! Of each key one content counts ([`choose`]); the events that count get their place ([`order`]); then each takes its
//! step in the module that its kind names ([`walk`]). Nothing is ever dropped: what takes no step is shown, with why.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::case::event::{EventData, EventKey, Held, Receipt};
use crate::case::fold::choose::Trust;
use crate::case::kind::RoomKind;
use crate::case::roster;
use crate::case::state::CaseState;
use crate::id::{CaseId, EventId, UserId};

mod choose;
mod order;
#[cfg(test)]
pub(crate) mod tests;
mod walk;

/// The events that a device holds of one case, and the state they fold into.
///
/// The state is a function of the set of events, of this device's user and of who invited them; never of the order in which
/// the events came, nor of how often.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    held: BTreeMap<EventKey, Vec<Held>>,
    /// This device's user, where somebody invited them.
    invited: Option<UserId>,
    state: CaseState,
    trust: Trust,
    /// The place of the last event in order.
    last: Option<Place>,
    /// The latest homeserver's timestamp of what is placed by it.
    loose: Option<Timestamp>,
    /// Whether a handover is held whose sender has no seat (yet).
    unheard: bool,
}

/// The place of an event in the order: its computed clock, then openings first, then its id, then its sender.
type Place = (u64, bool, EventId, UserId);

impl Fold {
    /// A fold without events.
    pub fn new() -> Self {
        Self::default()
    }

    /// A fold without events, for a user who was invited: they believe the handover of who did, in what came before they
    /// were named, the roster itself included, and in what crossed with their naming. What came after, and whatever anybody
    /// else hands over, counts where its author says it: first-hand, or in a handover of their own.
    pub fn invited(user: UserId, by: impl IntoIterator<Item = UserId>) -> Self {
        let inviters: BTreeSet<UserId> = by.into_iter().collect();
        let trust = Trust { vouchers: inviters.clone(), inviters, ..Trust::default() };
        Self { invited: Some(user), trust, ..Self::default() }
    }

    /// The same, of a room in which only the opening of these counts, or one that an inviter hands over; and, where it is
    /// known already, only that of this case. An opening brings its own roster: who could send another one would name
    /// themselves.
    #[must_use]
    pub fn opened_by(mut self, openers: impl IntoIterator<Item = UserId>, case: Option<CaseId>) -> Self {
        self.trust.openers = Some(openers.into_iter().collect());
        self.trust.case = case;
        self
    }

    /// The state.
    pub fn state(&self) -> &CaseState {
        &self.state
    }

    /// Takes an event. Returns whether it was new.
    pub fn insert(&mut self, held: Held) -> bool {
        let key = held.key();
        let alone = !self.held.contains_key(&key) && self.is_next(&held);
        if !self.keep(held) {
            return false;
        }
        if !(alone && self.step_alone(&key)) {
            self.rebuild();
        }
        true
    }

    /// Takes many events at once. Returns whether any was new.
    pub fn extend(&mut self, events: impl IntoIterator<Item = Held>) -> bool {
        let mut new = false;
        for held in events {
            new |= self.keep(held);
        }
        if new {
            self.rebuild();
        }
        new
    }

    /// Takes events of our own as they came back: each stood by our clock until the homeserver had it, and stands by its
    /// homeserver's timestamp from now on. Returns whether anything changed.
    pub fn settle(&mut self, events: impl IntoIterator<Item = Held>) -> bool {
        let (mut changed, mut moved) = (false, false);
        for held in events {
            let copies = self.held.get_mut(&held.key()).map_or(&mut [][..], Vec::as_mut_slice);
            let alone = copies.len() == 1;
            let same =
                |copy: &&mut Held| copy.receipt == held.receipt && choose::same(&copy.body, &held.body);
            let Some(copy) = copies.iter_mut().find(same) else {
                moved |= self.keep(held);
                continue;
            };
            let before = std::mem::replace(&mut copy.server_at, held.server_at);
            if before != held.server_at {
                changed = true;
                // Where nothing is placed by the homeserver's time, and the author's is believed by both, the event stays
                // where it is: this is how each of our own comes back.
                moved |= !(alone && self.loose.is_none() && self.state.settle(&held, before));
            }
        }
        if moved {
            self.rebuild();
        }
        changed || moved
    }

    /// The copies that are held of an event.
    pub fn copies(&self, key: &EventKey) -> &[Held] {
        self.held.get(key).map_or(&[], Vec::as_slice)
    }

    /// The event as it counts: of all copies the one that folds. Nothing where none does, or its author is not proven.
    pub fn counting(&self, key: &EventKey) -> Option<&Held> {
        let choice = choose::choose(self.held.get(key)?, &self.trust);
        choice.counting.filter(|counting| counting.proven).map(|counting| counting.held)
    }

    /// The key of every event held.
    pub fn keys(&self) -> impl Iterator<Item = &EventKey> {
        self.held.keys()
    }

    fn vouchers(&self) -> impl Iterator<Item = &UserId> {
        self.held.values().flatten().filter_map(|held| match &held.receipt {
            Receipt::HandedOver { by } => Some(by),
            Receipt::FirstHand { .. } => None,
        })
    }

    /// Keeps a copy, unless the same one is there. Of two that differ in nothing but the homeserver's timestamp the
    /// earlier stays.
    fn keep(&mut self, held: Held) -> bool {
        let copies = self.held.entry(held.key()).or_default();
        let same = |copy: &&mut Held| copy.receipt == held.receipt && choose::same(&copy.body, &held.body);
        match copies.iter_mut().find(same) {
            Some(copy) if copy.server_at <= held.server_at => false,
            Some(copy) => {
                copy.server_at = held.server_at;
                true
            }
            None => {
                copies.push(held);
                true
            }
        }
    }

    /// Whether nothing that is held can be moved by this event: it came first-hand, nobody waits for it, nothing is placed
    /// behind it by time.
    fn is_next(&self, held: &Held) -> bool {
        held.receipt == Receipt::FirstHand { proven: true }
            && !self.unheard
            && !self.state.gaps.contains(&held.key())
            && self.loose.is_none_or(|loose| loose < held.server_at)
    }

    /// Steps one new event, if it comes last; false where everything must be folded anew.
    fn step_alone(&mut self, key: &EventKey) -> bool {
        let Some([held]) = self.held.get(key).map(Vec::as_slice) else { return false };
        // What is held and does not count is a gap all the same.
        let counts = |key: &EventKey| {
            let copies = self.held.get(key);
            copies.is_some_and(|copies| choose::choose(copies, &self.trust).counting.is_some())
        };
        let Some(event) = order::alone(held, &self.state, counts) else { return false };
        let joins = matches!(&*event.data, EventData::CaseAccepted(_)) && self.state.began_with_a_side_away();
        if event.data.opens().is_some() || joins {
            return false;
        }
        let place = event.place();
        if self.last.as_ref().is_some_and(|last| *last >= place) {
            return false;
        }
        walk::event(&mut self.state, &event);
        self.last = Some(place);
        true
    }

    /// Folds everything. Handovers count by who has, or had, a seat; since a handover can itself seat somebody, until no
    /// more are found.
    fn rebuild(&mut self) {
        let mut trust = self.trust.clone();
        trust.vouchers.clone_from(&trust.inviters);
        loop {
            // What the inviter may tell depends on where this user was named, which the inviter tells: what comes after
            // the naming changes nothing before it.
            trust.addressed.clear();
            let mut order = order::order(&self.held, &trust);
            let mut state = walk::walk(&order);
            trust.addressed = self.addressed(&state);
            if !trust.addressed.is_empty() {
                order = order::order(&self.held, &trust);
                state = walk::walk(&order);
            }
            let roster = &state.life.roster;
            let (more, unheard): (BTreeSet<_>, BTreeSet<_>) = self
                .vouchers()
                .filter(|by| !trust.vouchers.contains(*by))
                .cloned()
                .partition(|by| roster.ever_contained(by));
            if more.is_empty() {
                let last = order.events.last().map(order::Event::place);
                let loose = order.loose.iter().map(|(loose, _)| loose.held.server_at).max();
                (self.state, self.last, self.loose) = (state, last, loose);
                (self.trust, self.unheard) = (trust, !unheard.is_empty());
                return;
            }
            trust.vouchers.extend(more);
        }
    }

    /// Of what came in handovers, the events that this user was to read first-hand: for whoever was named as the case was
    /// opened everything but the opening, for others what comes after their naming; up to the end of their participation,
    /// of which they must have read themselves.
    fn addressed(&self, state: &CaseState) -> BTreeSet<EventKey> {
        let Some(user) = &self.invited else { return BTreeSet::new() };
        let handed = |key: &&EventKey| {
            self.copies(key).iter().any(|copy| matches!(copy.receipt, Receipt::HandedOver { .. }))
        };
        let mut addressed = BTreeSet::new();
        let places = state.life.roster.all().iter();
        for place in places.filter(|place| roster::room_user(&place.seat) == Some(user)) {
            let opened =
                state.entry(&place.since).is_some_and(|entry| RoomKind::opened_by(&entry.kind).is_some());
            let mut after: BTreeSet<&EventKey> = if opened {
                self.held.keys().filter(handed).collect()
            } else {
                state.and_after(&place.since).into_iter().filter(handed).collect()
            };
            // Their naming itself is what they are told of.
            after.remove(&place.since);
            // An end that was only told of ends nothing here: it could be made up to tell more.
            let ended = place.ended.as_ref().filter(|ended| {
                let mut copies = self.copies(ended).iter();
                copies.any(|copy| copy.receipt == Receipt::FirstHand { proven: true })
            });
            if let Some(ended) = ended {
                let gone = state.and_after(ended);
                after.retain(|key| !gone.contains(key));
            }
            addressed.extend(after.into_iter().cloned());
            if ended.is_none() {
                break;
            }
        }
        addressed
    }
}
