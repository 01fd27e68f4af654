//! The steps, one after the other.

use crate::case::event::{EventData, EventKey, HeldBody};
use crate::case::fold::order::{Event, Loose, Order};
use crate::case::kind::RoomKind;
use crate::case::roster::Roster;
use crate::case::state::{CaseState, Entry, Resource, Standing};
use crate::case::step::Step;
use crate::case::tell::{tell, withheld};
use crate::communication::{self, Priority, Superseded};
use crate::concern::{self};
use crate::consent::{self};
use crate::contact::Seat;
use crate::crossing::{self};
use crate::id::{OrganizationId, Sha256};
use crate::label::{Labels, Marks, are_sensitive};
use crate::outreach::{self};
use crate::policy::Reason;
use crate::referral::{self};

mod bare;
mod hand;
mod joining;
mod shape;
mod superseded;

use hand::hand;
use joining::{joining, overtaken, speaks_for_itself};
use shape::{note, shape};
use superseded::{another_content, ended_by, superseded};

/// The state that everything in its place comes to.
pub(super) fn walk(order: &Order<'_>) -> CaseState {
    let mut state = CaseState { joining: joining(order), ..CaseState::default() };
    let mut loose = order.loose.iter().peekable();
    for (n, one) in order.events.iter().enumerate() {
        while let Some((next, _)) = loose.next_if(|(_, before)| *before <= n) {
            self::loose(&mut state, next);
        }
        event(&mut state, one);
    }
    for (next, _) in loose {
        self::loose(&mut state, next);
    }
    state
}

/// Takes one event into the state, after all that are in it.
pub(super) fn event(state: &mut CaseState, event: &Event<'_>) {
    let whole = matches!(event.held.body, HeldBody::Whole(_));
    let key = &event.key;
    // The roster as it was before, for the words.
    let before = state.life.roster.clone();
    let carried = carried(state, event);
    let roster = carried.as_ref().unwrap_or(&before);
    let seat = roster.seat_of(&key.sender);

    let speaking = speaks_for_itself(state, event).map(|side| roster.where_speaks(side));
    let remark = seat.and_then(|seat| outreach::remark(state, &event.data, seat));
    let standing = if !event.proven {
        Standing::Unproven
    } else if let EventData::Unknown { .. } = &*event.data {
        Standing::Unknown
    } else {
        match take(state, event, seat, speaking.as_ref().unwrap_or(roster)) {
            Ok(()) => Standing::Counted,
            Err(reason) => Standing::Superseded { reason },
        }
    };
    if event.proven {
        // Who has no seat any more said it all the same.
        let author = seat.or_else(|| roster.last_place_of(&key.sender).map(|place| &place.seat));
        if event.data.has_content() {
            mark(state, event.marks, author, key);
            if let Some(author) = author {
                overridden(state, event, author, roster);
            }
        } else if let EventData::OverrideReviewed(reviewed) = &*event.data {
            // What somebody found of an emergency is as sensitive as what was told in it.
            if let Some(labelled) = state.labels.get(&reviewed.event).cloned() {
                state.labels.insert(key.clone(), labelled);
            }
        }
        shape(state, event, standing == Standing::Counted, whole);
    }
    if let Standing::Superseded { reason } = &standing {
        superseded(state, event, reason);
        if speaking.is_some() {
            overtaken(state, &event.data);
        }
    }

    let text = match (seat, event.body) {
        (_, None) => withheld(event.data.kind()),
        (Some(seat), Some(body)) => {
            concern::told(state, &event.data, seat)
                .or_else(|| referral::told(state, &event.data, seat))
                .unwrap_or_else(|| tell(&event.data, body, seat, roster, state))
                + remark.as_deref().unwrap_or_default()
        }
        (None, Some(body)) => body.to_owned(),
    };
    let text = event.notice.map_or_else(|| text.clone(), |notice| format!("{text}\n\n{notice}"));
    let text = concern::shown(state, &standing, text);
    state.timeline.push(Entry {
        key: key.clone(),
        sha256: event.sha256,
        kind: event.data.kind().to_owned(),
        at: event.at,
        server_at: event.held.server_at,
        from: seat.map_or_else(|| key.sender.to_string(), |seat| seat.contact.name.clone()),
        text,
        standing,
        after_gap: event.link.after_gap,
        receipt: event.held.receipt.clone(),
        withheld: !whole,
    });
    state.gaps.extend(event.missing.iter().cloned());
    state.link(key, event.link.clone(), event.proven);
}

/// The roster that an opening event brings for itself.
fn carried(state: &CaseState, event: &Event<'_>) -> Option<Roster> {
    let opened = event.data.opens().filter(|_| state.life.opening.is_none())?;
    Roster::of(opened.roster, &event.key).ok()
}

/// Takes the step, and what comes of it.
fn take(
    state: &mut CaseState,
    event: &Event<'_>,
    seat: Option<&Seat>,
    roster: &Roster,
) -> Result<(), Reason> {
    let no_seat = || Reason::new("no-seat", "the sender has no seat in this case at this time", "roster");
    let opened = state.life.opening.clone();
    let opens = event.data.opens();
    let (plan_side, community_side, story_clock) = match (&opens, &opened) {
        (_, Some(opening)) => {
            // Another opening says of itself that the room was opened before.
            if opens.is_none() {
                opening.kind.takes(&event.data)?;
            }
            (&opening.plan_side.id, &opening.community_side.id, opening.agreement.story_clock)
        }
        (Some(opened), None) => (&opened.plan_side.id, &opened.community_side.id, false),
        (None, None) => return Err(Reason::new("case-not-open", "the case is not open", "case")),
    };
    if let Some(opened) = &opens {
        // Says why the roster that it carries cannot be, before it is asked for a seat.
        Roster::of(opened.roster, &event.key)?;
    }
    // What the member takes back is taken back, whoever hears of it first.
    let ever = match &*event.data {
        EventData::ConsentRevoked(_) => roster.last_place_of(&event.key.sender).map(|place| &place.seat),
        _ => None,
    };
    let seat = seat.or(ever).ok_or_else(no_seat)?;
    let step = Step {
        key: &event.key,
        seat,
        at: event.at,
        server_at: event.held.server_at,
        roster,
        plan_side,
        community_side,
        story_clock,
    };
    hand(state, event, &step)?;
    match &*event.data {
        // A reminder has been looked at with what it is a reminder of.
        EventData::RungPosted(_) => {}
        EventData::CaseAccepted(_) if !seat.is_keeper() => {
            let labels = &state.labels;
            let sensitive = |key: &EventKey| labels.get(key).is_some_and(|(labels, _)| are_sensitive(labels));
            crossing::joined(&mut state.crossings, &seat.contact.organization, sensitive);
        }
        // Nothing goes across in a room of another kind, and nothing is taken there by hand.
        data => {
            if opened.as_ref().is_none_or(|opening| opening.kind == RoomKind::Case) {
                crossing::arise(&mut state.crossings, data, None, &step);
            }
        }
    }
    Ok(())
}

/// Notes how sensitive something is, whether it counts or not: it was said.
///
/// Of whoever never had a seat it is what they say themselves, and it is nobody's own.
fn mark(state: &mut CaseState, marks: &Marks, seat: Option<&Seat>, key: &EventKey) {
    let Some(opening) = &state.life.opening else { return };
    let labels = seat.map_or_else(|| marks.labels.clone(), |seat| marks.labels_of(seat, &opening.agreement));
    let by = match seat {
        Some(seat) => Ok(seat.contact.organization.clone()),
        None => {
            OrganizationId::from_parts("urn:caseline:nobody", &Sha256::of(key.sender.as_str()).to_string())
        }
    };
    if let Ok(by) = by
        && !labels.is_empty()
    {
        let (known, _) = state.labels.entry(key.clone()).or_insert_with(|| (Labels::new(), by));
        known.extend(labels);
    }
}

/// Notes what was told in an emergency, whether it counts or not: it was told.
fn overridden(state: &mut CaseState, event: &Event<'_>, seat: &Seat, roster: &Roster) {
    let (Some(emergency), Some(opening)) = (&event.marks.btg, state.life.opening.clone()) else { return };
    let step = Step {
        key: &event.key,
        seat,
        at: event.at,
        server_at: event.held.server_at,
        roster,
        plan_side: &opening.plan_side.id,
        community_side: &opening.community_side.id,
        story_clock: opening.agreement.story_clock,
    };
    consent::overridden(&mut state.consents, event.data.kind(), emergency, &step);
}

/// Takes what is placed by time: another client's message counts as one of its sender's, if they have a seat there.
fn loose(state: &mut CaseState, one: &Loose<'_>) {
    let roster = state.life.roster.clone();
    let seat = roster.seat_of(&one.key.sender);
    let standing = match (&one.refused, seat, state.life.opening.clone()) {
        (Some(reason), ..) => Standing::Refused { reason: reason.clone() },
        (None, Some(seat), Some(opening)) if one.proven => {
            let step = Step {
                key: &one.key,
                seat,
                at: one.held.server_at,
                server_at: one.held.server_at,
                roster: &roster,
                plan_side: &opening.plan_side.id,
                community_side: &opening.community_side.id,
                story_clock: opening.agreement.story_clock,
            };
            if let Err(reason) = state.life.going_on().and_then(|_| opening.kind.takes_messages()) {
                Standing::Superseded { reason }
            } else {
                state.say(communication::step(None, one.body, &step));
                Standing::Counted
            }
        }
        (None, Some(_), Some(_)) => Standing::Unproven,
        (None, ..) => {
            let text = "its sender has no seat in this case at this time";
            Standing::Refused { reason: Reason::new("no-seat", text, "roster") }
        }
    };
    if one.refused.as_ref().is_some_and(|reason| reason.code == "two-contents") {
        another_content(state, one);
    }
    let whole = matches!(one.held.body, HeldBody::Whole(_));
    let resource = Resource::Message(one.key.clone());
    let place = roster.last_place_of(&one.key.sender);
    if let Some(place) = place.filter(|_| one.proven && one.refused.is_none()) {
        mark(state, &Marks::default(), Some(&place.seat), &one.key);
    }
    if standing == Standing::Counted {
        note(state, resource, &one.key, whole);
    } else if one.refused.is_none()
        && one.proven
        && state.opening().is_none_or(|opening| opening.kind == RoomKind::Case)
        && let (Some(reason), Some(place)) = (standing.reason(), place)
    {
        // It may have been written while it counted: as one of ours.
        state.superseded_messages.push(Superseded {
            key: one.key.clone(),
            from: Some(place.seat.contact.clone()),
            text: one.body.map(str::to_owned),
            at: one.held.server_at,
            server_at: one.held.server_at,
            priority: Priority::Routine,
            in_reply_to: None,
            corrects: None,
            notice: None,
        });
        let by = ended_by(state, &reason.code, Some(place));
        note(state, resource.clone(), &one.key, whole);
        if let Some(by) = by {
            note(state, resource, &by, true);
        }
    }
    let text = one.body.map_or_else(|| withheld(&one.kind), str::to_owned);
    let text = concern::shown(state, &standing, text);
    state.timeline.push(Entry {
        key: one.key.clone(),
        sha256: one.sha256,
        kind: one.kind.clone(),
        at: one.held.server_at,
        server_at: one.held.server_at,
        from: seat.map_or_else(|| one.key.sender.to_string(), |seat| seat.contact.name.clone()),
        text,
        standing,
        after_gap: false,
        receipt: one.held.receipt.clone(),
        withheld: !whole,
    });
}
