//! What arises to go across, and its steps.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::care_plan::StepTaken;
use crate::care_team::Whom;
use crate::case::event::{EventData, EventKey};
use crate::case::life::RungPosted;
use crate::case::roster::{Roster, room_user};
use crate::case::step::{Owed, Rung, Step};
use crate::communication::Priority;
use crate::contact::{Role, Seat};
use crate::crossing::owing::{CALL_CLOCK, CLOCK};
use crate::crossing::{
    Attempt, Crossing, CrossingCarried, CrossingEvent, CrossingStanding, Crossings, MOST_ATTEMPTS,
    MOST_CARRIED, What,
};
use crate::id::OrganizationId;
use crate::policy::Reason;
use crate::referral::Hold;

/// What a counted event gives rise to: what a side says goes across where the other side has nobody on Matrix; of a reminder
/// to the last on a ladder, or to somebody without an account, a call. `owed` is what it was a reminder of.
pub(crate) fn arise(crossings: &mut Crossings, data: &EventData, owed: Option<&Owed>, step: &Step<'_>) {
    if let EventData::RungPosted(rung) = data {
        if let Some(owed) = owed {
            call(crossings, rung, owed, step);
        }
        return;
    }
    if let EventData::ReferralAsked(asked) = data {
        if matches!(asked.hold, Some(Hold::NoContact | Hold::NoAccount)) {
            // Nothing but what is shown depends on who the agency is, which a handover can withhold.
            let own = &step.seat.contact.organization;
            let to = asked.organization.as_ref().map_or(own, |agency| &agency.id);
            add(crossings, What::Referral, asked.priority, to, step);
        }
        return;
    }
    let Some((what, priority)) = goes_across(data) else { return };
    let own = &step.seat.contact.organization;
    let sides = [step.plan_side, step.community_side];
    let Some(to) = sides.into_iter().find(|side| *side != own && step.roster.is_away(side)) else { return };
    add(crossings, what, priority, to, step);
}

fn call(crossings: &mut Crossings, rung: &RungPosted, owed: &Owed, step: &Step<'_>) {
    // Who was to call is reminded, and called by nobody: no call of a call.
    if [CLOCK, CALL_CLOCK].contains(&&*rung.clock) {
        return;
    }
    let is = |on: &&Rung| on.contact == rung.contact && on.organization == rung.organization;
    let Some(on) = owed.ladder.iter().find(is) else { return };
    let last = owed.ladder.last().as_ref().is_some_and(is);
    // Who has left is not called, unless there is nobody else: then their telephone is all that is known.
    if rung.is_left(step.roster, step.seat) && !last {
        return;
    }
    let seat = step.roster.contact(&on.contact, &on.organization);
    let reads = seat.is_some_and(|seat| room_user(seat).is_some()) || (seat.is_none() && on.user.is_some());
    if reads && !last {
        return;
    }
    let contact = Whom { contact: on.contact.clone(), organization: on.organization.clone() };
    let what = What::Call { owed: rung.owed, clock: rung.clock.clone(), contact };
    add(crossings, what, Priority::Urgent, &on.organization, step);
}

fn add(crossings: &mut Crossings, what: What, priority: Priority, to: &OrganizationId, step: &Step<'_>) {
    crossings.push(Crossing {
        event: step.key.clone(),
        what,
        priority,
        to: to.clone(),
        by: StepTaken::of(step),
        attempts: Vec::new(),
        standing: CrossingStanding::Waiting,
    });
}

/// What the other side must hear of, and how soon.
fn goes_across(data: &EventData) -> Option<(What, Priority)> {
    let routine = |what| Some((what, Priority::Routine));
    match data {
        EventData::CaseOpened(_) => routine(What::Case),
        EventData::MessageSent(sent) => Some((What::Message, sent.priority)),
        EventData::MessageCorrected(_) => routine(What::Message),
        EventData::PlanSent(_) | EventData::PlanApproved(_) | EventData::PlanReturned(_) => {
            routine(What::Plan)
        }
        EventData::AlertRaised(_) => Some((What::Alert, Priority::Urgent)),
        EventData::VisitProposed(_) | EventData::VisitAnswered(_) => routine(What::Visit),
        EventData::TaskAssigned(task) => Some((What::Task, task.priority)),
        EventData::TaskHandedOver(_) => routine(What::Task),
        EventData::OutreachAsked(_) | EventData::OutreachGranted(_) | EventData::OutreachRefused(_) => {
            routine(What::Outreach)
        }
        _ => None,
    }
}

/// Whether an event may give rise to something that goes across.
pub(crate) fn may_arise(data: &EventData) -> bool {
    goes_across(data).is_some()
}

/// Somebody took the case up: what waited for their side is handed over to them on Matrix. What is `sensitive` may be withheld from
/// them there, and waits on.
pub(crate) fn joined(
    crossings: &mut Crossings,
    organization: &OrganizationId,
    sensitive: impl Fn(&EventKey) -> bool,
) {
    let waiting: Vec<_> = crossings
        .waiting()
        .filter(|one| one.to == *organization && !matches!(one.what, What::Call { .. } | What::Referral))
        .filter(|one| !sensitive(&one.event))
        .map(|one| one.event.clone())
        .collect();
    for event in waiting {
        if let Some(one) = crossings.get_mut(&event) {
            one.standing = CrossingStanding::Joined;
        }
    }
}

/// What a counted step of a referral says of its way to its agency: it is there, it is in a room now, or it is not to go there any more.
pub(crate) fn referred(crossings: &mut Crossings, data: &EventData, step: &Step<'_>) {
    let waits = |one: &&mut Crossing| one.standing == CrossingStanding::Waiting;
    match data {
        EventData::ReferralSent(sent) => {
            let Some(one) = crossings.get_mut(&sent.referral).filter(waits) else { return };
            let Some(how) = sent.by_hand else {
                one.standing = CrossingStanding::Joined;
                return;
            };
            one.standing = CrossingStanding::Carried;
            let outcome = sent.note.as_str().into();
            one.attempts.push(Attempt { by: StepTaken::of(step), how, with: None, reached: true, outcome });
        }
        EventData::ReferralWithdrawn(withdrawn) => {
            if let Some(one) = crossings.get_mut(&withdrawn.referral).filter(waits) {
                one.standing = CrossingStanding::Off;
            }
        }
        _ => {}
    }
}

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `crossing`: `crossing-by-keeper`, `crossing-none` (no event is named), `crossing-too-many`,
/// `crossing-twice`, `crossing-unknown`, `crossing-over` (it arrived before), `crossing-not-yours`, `crossing-other-side` (whom they reached is not of the side that it goes to).
pub fn step(crossings: &Crossings, event: CrossingEvent<'_>, step: &Step<'_>) -> Result<Crossings, Reason> {
    let CrossingEvent::Carried(event) = event;
    if step.seat.is_keeper() || step.seat.contact.role == Role::Member {
        return Err(refused("crossing-by-keeper", "a person takes things across, never a keeper"));
    }
    if event.events.is_empty() {
        return Err(refused("crossing-none", "say what was taken across: name at least one event"));
    }
    if event.events.len() > MOST_CARRIED {
        return Err(refused("crossing-too-many", "name fewer events, and the others in another record"));
    }
    let mut named = BTreeSet::new();
    for key in &event.events {
        if !named.insert(key) {
            return Err(refused("crossing-twice", "name each event once"));
        }
        let unknown = || refused("crossing-unknown", "that event has nothing to take across");
        may_carry(crossings.get(key).ok_or_else(unknown)?, event, step)?;
    }
    let outcome: Arc<str> = event.outcome.as_str().into();
    let mut next = crossings.clone();
    for key in &event.events {
        if let Some(one) = next.get_mut(key) {
            carried(one, event, &outcome, step);
        }
    }
    Ok(next)
}

fn may_carry(one: &Crossing, event: &CrossingCarried, step: &Step<'_>) -> Result<(), Reason> {
    match one.standing {
        CrossingStanding::Waiting => {}
        CrossingStanding::Carried => {
            return Err(refused("crossing-over", "that was taken across before"));
        }
        CrossingStanding::Joined => {
            let text = "the other side is on Matrix now, and has it there";
            return Err(refused("crossing-over", text));
        }
        CrossingStanding::Off => {
            return Err(refused("crossing-over", "that is not to go across any more"));
        }
    }
    let own = &step.seat.contact.organization;
    let mut others = [step.plan_side, step.community_side].into_iter().filter(|side| **side != one.to);
    let theirs = match one.what {
        // Whoever waits calls, and colleagues call each other where nobody else is there.
        What::Call { .. } if *own == one.to => others.all(|side| step.roster.is_away(side)),
        What::Call { .. } => others.any(|side| side == own),
        _ => one.by.organization == *own,
    };
    if !theirs {
        let text = "who said it takes it across, or a colleague of theirs; who waits for an answer calls";
        return Err(refused("crossing-not-yours", text));
    }
    // Nobody of an agency is named for the case.
    if event.with.as_ref().is_some_and(|with| one.what == What::Referral || with.organization != one.to) {
        return Err(refused("crossing-other-side", "name somebody of the side that it goes to"));
    }
    Ok(())
}

fn carried(one: &mut Crossing, event: &CrossingCarried, outcome: &Arc<str>, step: &Step<'_>) {
    if one.attempts.len() < MOST_ATTEMPTS || event.reached {
        one.attempts.push(Attempt {
            by: StepTaken::of(step),
            how: event.how,
            with: event.with.clone(),
            reached: event.reached,
            outcome: Arc::clone(outcome),
        });
    }
    if event.reached {
        one.standing = CrossingStanding::Carried;
    }
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "crossing")
}

/// The event as a person reads it in any Matrix client.
pub fn tell(event: CrossingEvent<'_>, by: &Seat, roster: &Roster) -> String {
    let CrossingEvent::Carried(event) = event;
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    let named = event.with.as_ref().and_then(|with| roster.contact(&with.contact, &with.organization));
    let whom = named.map_or("the other side", |seat| &seat.contact.name);
    let how = event.how;
    let what = match event.events.as_slice() {
        [_] => "what was to go across".to_owned(),
        events => format!("{} things", events.len()),
    };
    let outcome = if event.outcome.is_empty() { String::from(".") } else { format!(": {}", event.outcome) };
    if event.reached {
        format!("{who} took {what} to {whom} {how}{outcome}")
    } else {
        format!("{who} tried to take {what} to {whom} {how}{outcome}")
    }
}
