//! When a side that had nobody on Matrix began to speak for itself.
//!
//! Until then the other side's lead names its people, attests what they signed and tells how their tasks went. An author states
//! what an event of theirs comes after: so that nobody speaks for a side which has joined by stating a place from before, what is
//! concurrent with the joining is no such step, in whatever order it arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{event, note};
use crate::case::event::{EventData, EventKey};
use crate::case::fold::order::{Event, Order};
use crate::case::kind::RoomKind;
use crate::case::state::{CaseState, Joining, Resource, Standing};
use crate::id::{OrganizationId, UserId};

/// How many acceptances of one sender are looked at: each costs a fold of what came before it.
const MOST_TRIED: usize = 4;

/// The joining of the side that had nobody on Matrix: the acceptance of one of its people which the homeserver received first, of
/// those that count by what their authors had folded. What somebody sends now with an older place does not come into it.
pub(super) fn joining(order: &Order<'_>) -> Option<Joining> {
    let waits = |event: &Event<'_>| {
        event.data.opens().is_some_and(|opened| {
            let sides = [&opened.plan_side.id, &opened.community_side.id];
            sides.into_iter().any(|side| {
                let mut theirs = opened.roster.iter().filter(|seat| seat.contact.organization == *side);
                theirs.all(|seat| seat.contact.user.is_none())
            })
        })
    };
    if !order.events.iter().any(waits) {
        return None;
    }
    let accepts = |event: &&Event<'_>| event.proven && matches!(&*event.data, EventData::CaseAccepted(_));
    let mut said: Vec<&Event<'_>> = order.events.iter().filter(accepts).collect();
    said.sort_by_cached_key(|event| (event.held.server_at, event.place()));
    let links: BTreeMap<&EventKey, &[EventKey]> =
        order.events.iter().map(|event| (&event.key, event.link.after.as_slice())).collect();
    let mut tried: BTreeMap<&UserId, usize> = BTreeMap::new();
    said.into_iter().find_map(|one| {
        let times = tried.entry(&one.key.sender).or_default();
        *times += 1;
        (*times <= MOST_TRIED).then(|| joined_by(order, one, before(&links, one))).flatten()
    })
}

/// What an event's author had folded.
fn before(links: &BTreeMap<&EventKey, &[EventKey]>, one: &Event<'_>) -> BTreeSet<EventKey> {
    let mut past = BTreeSet::new();
    let mut next: Vec<&EventKey> = one.link.after.iter().collect();
    while let Some(key) = next.pop() {
        if past.insert(key.clone()) {
            next.extend(links.get(key).into_iter().copied().flatten());
        }
    }
    past
}

/// Whether this acceptance counts by what its author had folded, and is of somebody of a side that had nobody.
fn joined_by(order: &Order<'_>, one: &Event<'_>, past: BTreeSet<EventKey>) -> Option<Joining> {
    let mut state = CaseState::default();
    for before in order.events.iter().filter(|event| past.contains(&event.key)) {
        event(&mut state, before);
    }
    let seat = state.life.roster.seat_of(&one.key.sender).filter(|seat| !seat.is_keeper())?;
    let side = seat.contact.organization.clone();
    let opening = state.life.opening.clone().filter(|opening| opening.kind == RoomKind::Case)?;
    let is_side = [&opening.plan_side.id, &opening.community_side.id].contains(&&side);
    if !is_side || !state.life.roster.began_away(&side, &opening.event) {
        return None;
    }
    event(&mut state, one);
    let counts = state.timeline.last().is_some_and(|entry| entry.standing == Standing::Counted);
    counts.then(|| Joining { side, by: one.key.clone(), past: Arc::new(past) })
}

/// The side that speaks for itself though nobody of it has a seat in the room at this event's place: it joined, and the event's
/// author had not heard of that, nor had whoever joined heard of the event.
pub(super) fn speaks_for_itself(state: &CaseState, event: &Event<'_>) -> Option<OrganizationId> {
    let joining = state.joining.as_ref()?;
    if !state.life.roster.is_away(&joining.side) || joining.past.contains(&event.key) {
        return None;
    }
    let after = &event.link.after;
    let heard = after.contains(&joining.by) || state.all_before(after.iter()).contains(&joining.by);
    (!heard).then(|| joining.side.clone())
}

/// Notes that the joining shaped what this event would have changed: a device that had not heard of it may have written that.
pub(super) fn overtaken(state: &mut CaseState, data: &EventData) {
    let Some(by) = state.joining.as_ref().map(|joining| joining.by.clone()) else { return };
    let resource = match data {
        EventData::SeatAdded(_) | EventData::SeatEnded(_) => Resource::CareTeam,
        EventData::PlanSigned(e) => Resource::Plan(e.plan),
        EventData::TaskAccepted(e) => Resource::Task(e.task.clone()),
        EventData::TaskDeclined(e) => Resource::Task(e.task.clone()),
        EventData::TaskHandedOver(e) => Resource::Task(e.task.clone()),
        EventData::TaskCompleted(e) => Resource::Task(e.task.clone()),
        _ => return,
    };
    if state.shaping.contains_key(&resource) {
        note(state, resource, &by, true);
    }
}
