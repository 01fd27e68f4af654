//! The steps, one after the other.

use crate::agreement::proposal::AgreementEvent;
use crate::alert::{self, AlertEvent};
use crate::care_plan::{self, PlanEvent};
use crate::care_team::{self, TeamEvent};
use crate::case::event::{EventData, EventKey, HeldBody};
use crate::case::fold::order::{Event, Loose, Order};
use crate::case::kind::RoomKind;
use crate::case::life::{self, Life, LifeEvent, RungPosted};
use crate::case::roster::Roster;
use crate::case::state::{CaseState, Entry, Resource, Standing};
use crate::case::step::{Owed, Rung, Step};
use crate::case::tell::{tell, withheld};
use crate::communication::{self, Message, MessageEvent, Priority, Superseded};
use crate::concern::{self, ConcernEvent};
use crate::consent::{self, ConsentEvent};
use crate::contact::Seat;
use crate::crossing::{self, CrossingEvent};
use crate::id::{OrganizationId, Sha256};
use crate::label::{Labels, Marks, are_sensitive};
use crate::meeting::MeetingEvent;
use crate::outreach::{self, OutreachEvent};
use crate::policy::Reason;
use crate::referral::{self, ReferralEvent};
use crate::task::{self, TaskEvent};

mod bare;
mod joining;
mod shape;
mod superseded;

use bare::{agree, meet, without_members};
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
                .unwrap_or_else(|| tell(&event.data, body, seat, roster, &state.told_tasks(&event.data)))
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

/// Hands the event, by whoever has a seat, to the module that its kind names.
fn hand(state: &mut CaseState, event: &Event<'_>, step: &Step<'_>) -> Result<(), Reason> {
    let life = |event: LifeEvent<'_>| life::step(&state.life, event, step);
    let plan = match &*event.data {
        EventData::CaseOpened(e) => return life(LifeEvent::Opened(e.into())).map(|next| state.life = next),
        EventData::ProgrammeOpened(e) => {
            return life(LifeEvent::Opened(e.into())).map(|next| state.life = next);
        }
        EventData::ReferralOpened(e) => {
            let next = life(LifeEvent::Opened(e.into()))?;
            let before = std::mem::replace(&mut state.life, next);
            // Without its referral there is no such room.
            return refer(state, &event.data, step).inspect_err(|_| state.life = before);
        }
        EventData::PairOpened(e) => return life(LifeEvent::Opened(e.into())).map(|next| state.life = next),
        EventData::CaseAccepted(e) => return life(LifeEvent::Accepted(e)).map(|next| state.life = next),
        EventData::CaseClosed(e) => {
            let next = life(LifeEvent::Closed(e))?;
            let opening = state.life.going_on()?;
            if opening.kind == RoomKind::Case {
                outreach::closing(&state.outreach, e.reason, &opening.agreement)?;
            }
            state.life = next;
            return Ok(());
        }
        EventData::CaseReopened(e) => {
            let next = life(LifeEvent::Reopened(e))?;
            if let (Some(opening), Some(again)) = (&next.opening, next.reopened.last()) {
                let agreement = &opening.agreement;
                state.outreach = outreach::reopened(&state.outreach, e, &again.closed, agreement, step)?;
            }
            state.life = next;
            return Ok(());
        }
        EventData::SeatAdded(e) => {
            return life(LifeEvent::Added(e)).map(|next| seated(state, next));
        }
        EventData::SeatEnded(e) => {
            return life(LifeEvent::Ended(e)).map(|next| seated(state, next));
        }
        EventData::RungPosted(e) => {
            let next = life(LifeEvent::Rung(e))?;
            let owed = in_its_turn(state, e, step)?;
            state.life = next;
            // Nothing goes across in a room of another kind, and nothing is taken there by hand.
            if state.life.going_on().is_ok_and(|opening| opening.kind == RoomKind::Case) {
                crossing::arise(&mut state.crossings, &event.data, Some(&owed), step);
            }
            return Ok(());
        }
        EventData::MessageSent(e) => {
            state.life.going_on()?;
            without_members(state, event, event.body)?;
            let mut message = communication::step(Some(e), event.body, step);
            message.after_gap = event.link.after_gap;
            message.notice = event.notice.map(str::to_owned);
            state.say(message);
            return Ok(());
        }
        EventData::MessageCorrected(e) => {
            without_members(state, event, Some(&e.text))?;
            return follow(state, MessageEvent::Corrected(e), event, step);
        }
        EventData::MessageRetracted(e) => return follow(state, MessageEvent::Retracted(e), event, step),
        EventData::MessageSeen(e) => return follow(state, MessageEvent::Seen(e), event, step),
        // Its events are taken over one by one; here it is only told. It may come after the end.
        EventData::Handover(_) | EventData::Unknown { .. } => return Ok(()),
        EventData::ConcernRaised(e) => return concern(state, ConcernEvent::Raised(e), step),
        EventData::ConcernHeard(e) => return concern(state, ConcernEvent::Heard(e), step),
        EventData::ConcernAnswered(e) => return concern(state, ConcernEvent::Answered(e), step),
        EventData::ConcernClosed(e) => return concern(state, ConcernEvent::Closed(e), step),
        EventData::ConcernReopened(e) => return concern(state, ConcernEvent::Reopened(e), step),
        EventData::AnswerPublished(e) => return concern(state, ConcernEvent::Published(e), step),
        EventData::AgreementProposed(e) => return agree(state, AgreementEvent::Proposed(e), step),
        EventData::AgreementAccepted(e) => return agree(state, AgreementEvent::Accepted(e), step),
        EventData::AgreementDeclined(e) => return agree(state, AgreementEvent::Declined(e), step),
        EventData::AgreementWithdrawn(e) => return agree(state, AgreementEvent::Withdrawn(e), step),
        EventData::MeetingSet(e) => return meet(state, MeetingEvent::Set(e), step),
        EventData::MeetingPrepared(e) => return meet(state, MeetingEvent::Prepared(e), step),
        EventData::MeetingBrought(e) => return meet(state, MeetingEvent::Brought(e), step),
        EventData::MeetingAnswered(e) => return meet(state, MeetingEvent::Answered(e), step),
        EventData::MeetingMoved(e) => return meet(state, MeetingEvent::Moved(e), step),
        EventData::MeetingCancelled(e) => return meet(state, MeetingEvent::Cancelled(e), step),
        EventData::MeetingHeld(e) => return meet(state, MeetingEvent::Held(e), step),
        EventData::MeetingDecided(e) => return meet(state, MeetingEvent::Decided(e), step),
        EventData::MeetingUndone(e) => return meet(state, MeetingEvent::Undone(e), step),
        EventData::MeetingDropped(e) => return meet(state, MeetingEvent::Dropped(e), step),
        EventData::ReferralAsked(_)
        | EventData::ReferralSent(_)
        | EventData::ReferralTold(_)
        | EventData::ReferralWithdrawn(_)
        | EventData::ReferralCapacityAsked(_)
        | EventData::ReferralCapacity(_)
        | EventData::ReferralAccepted(_)
        | EventData::ReferralDeclined(_)
        | EventData::ReferralSubReferred(_)
        | EventData::ReferralOutcome(_)
        | EventData::ReferralClosed(_)
        | EventData::ReferralCancelled(_) => return refer(state, &event.data, step),
        // The member takes something back, and somebody looks at an emergency, after the end of the case too.
        EventData::ConsentRecorded(e) => {
            state.life.going_on()?;
            return consented(state, ConsentEvent::Recorded(e), step);
        }
        EventData::ConsentRevoked(e) => return consented(state, ConsentEvent::Revoked(e), step),
        EventData::OverrideReviewed(e) => return consented(state, ConsentEvent::Reviewed(e), step),
        EventData::TeamProposed(e) => return team(state, TeamEvent::Proposed(e), step),
        EventData::TeamDeclined(e) => return team(state, TeamEvent::Declined(e), step),
        EventData::AlertRaised(e) => return alert(state, AlertEvent::Raised(e), step),
        EventData::VisitProposed(e) => return alert(state, AlertEvent::Proposed(e), step),
        EventData::VisitAnswered(e) => return alert(state, AlertEvent::Answered(e), step),
        EventData::FollowUpDone(e) => return alert(state, AlertEvent::FollowedUp(e), step),
        EventData::TaskAssigned(e) => return work(state, TaskEvent::Assigned(e), step),
        EventData::TaskClaimed(e) => return work(state, TaskEvent::Claimed(e), step),
        EventData::TaskAccepted(e) => return work(state, TaskEvent::Accepted(e), step),
        EventData::TaskDeclined(e) => return work(state, TaskEvent::Declined(e), step),
        EventData::TaskHandedOver(e) => return work(state, TaskEvent::HandedOver(e), step),
        EventData::TaskCompleted(e) => return work(state, TaskEvent::Completed(e), step),
        EventData::TaskCancelled(e) => return work(state, TaskEvent::Cancelled(e), step),
        EventData::ContactRecorded(e) => return reach_out(state, OutreachEvent::Contact(e), step),
        EventData::ContactWithdrawn(e) => return reach_out(state, OutreachEvent::Withdrawn(e), step),
        EventData::ContactProhibited(e) => return reach_out(state, OutreachEvent::Prohibited(e), step),
        EventData::ContactPermitted(e) => return reach_out(state, OutreachEvent::Permitted(e), step),
        EventData::CrossingCarried(e) => {
            state.life.going_on()?;
            state.crossings = crossing::step(&state.crossings, CrossingEvent::Carried(e), step)?;
            if e.reached {
                referral::carried(&mut state.referrals, e, step);
            }
            return Ok(());
        }
        EventData::OutreachAsked(e) => return reach_out(state, OutreachEvent::Asked(e), step),
        EventData::OutreachGranted(e) => return reach_out(state, OutreachEvent::Granted(e), step),
        EventData::OutreachRefused(e) => return reach_out(state, OutreachEvent::Refused(e), step),
        EventData::StageReached(e) => return reach_out(state, OutreachEvent::Stage(e), step),
        EventData::PlanSent(e) => PlanEvent::Sent(e),
        EventData::PlanAcknowledged(e) => PlanEvent::Acknowledged(e),
        EventData::PlanApproved(e) => PlanEvent::Approved(e),
        EventData::PlanReturned(e) => PlanEvent::Returned(e),
        EventData::PlanChanged(e) => PlanEvent::Changed(e),
        EventData::PlanSigned(e) => PlanEvent::Signed(e),
        EventData::PlanCopied(e) => PlanEvent::Copied(e),
        EventData::PlanApprovedInHouse(e) => PlanEvent::ApprovedInHouse(e),
    };
    state.life.going_on()?;
    state.plans = care_plan::step(&state.plans, plan, step)?;
    Ok(())
}

/// The roster is another: what was proposed to it may have come true.
fn seated(state: &mut CaseState, life: Life) {
    state.life = life;
    state.team_proposals.settle(&state.life.roster);
}

fn follow(
    state: &mut CaseState,
    follows: MessageEvent<'_>,
    event: &Event<'_>,
    step: &Step<'_>,
) -> Result<(), Reason> {
    state.life.going_on()?;
    let (messages, places) = (&mut state.messages, &state.message_places);
    let new = communication::follow(messages, places, follows, event.body.is_some(), step)?;
    if let Some(new) = new {
        let notice = event.notice.map(str::to_owned);
        state.say(Message { after_gap: event.link.after_gap, notice, ..new });
    }
    Ok(())
}

fn consented(state: &mut CaseState, event: ConsentEvent<'_>, step: &Step<'_>) -> Result<(), Reason> {
    let opening = state.life.opening.clone();
    let opening = opening.ok_or_else(|| Reason::new("case-not-open", "the case is not open", "case"))?;
    state.consents = consent::step(&state.consents, event, &opening, step)?;
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

fn alert(state: &mut CaseState, event: AlertEvent<'_>, step: &Step<'_>) -> Result<(), Reason> {
    state.life.going_on()?;
    state.alerts = alert::step(&state.alerts, event, step)?;
    Ok(())
}

fn concern(state: &mut CaseState, event: ConcernEvent<'_>, step: &Step<'_>) -> Result<(), Reason> {
    state.life.going_on()?;
    state.concerns = concern::step(&state.concerns, event, step)?;
    Ok(())
}

fn refer(state: &mut CaseState, data: &EventData, step: &Step<'_>) -> Result<(), Reason> {
    let opening = state.life.going_on()?;
    // The event that opens the room says itself whether the times are a story's.
    let step = &Step { story_clock: opening.agreement.story_clock, ..*step };
    let today = step.when().to_zoned(opening.agreement.zone.clone()).date();
    let Some(event) = ReferralEvent::of(data) else { return Ok(()) };
    state.referrals = referral::step(&state.referrals, event, &state.consents, today, step)?;
    crossing::referred(&mut state.crossings, data, step);
    Ok(())
}

fn team(state: &mut CaseState, event: TeamEvent<'_>, step: &Step<'_>) -> Result<(), Reason> {
    state.life.going_on()?;
    state.team_proposals = care_team::step(&state.team_proposals, event, step)?;
    Ok(())
}

fn work(state: &mut CaseState, event: TaskEvent<'_>, step: &Step<'_>) -> Result<(), Reason> {
    state.life.going_on()?;
    state.tasks = task::step(&state.tasks, event, step)?;
    Ok(())
}

fn reach_out(state: &mut CaseState, event: OutreachEvent<'_>, step: &Step<'_>) -> Result<(), Reason> {
    let agreement = &state.life.going_on()?.agreement;
    state.outreach = outreach::step(&state.outreach, event, agreement, step)?;
    Ok(())
}

/// A reminder counts only where that person is on the ladder, and their time has come: posted early, it would keep the
/// other side's from being posted.
fn in_its_turn(state: &CaseState, event: &RungPosted, step: &Step<'_>) -> Result<Owed, Reason> {
    let not_owed =
        || Reason::new("rung-not-owed", "nothing is owed of which that person is to be reminded", "ladder");
    let mut owed = state.owed().into_iter();
    let owed =
        owed.find(|owed| owed.since == event.owed && owed.clock == event.clock).ok_or_else(not_owed)?;
    let is = |rung: &&Rung| rung.contact == event.contact && rung.organization == event.organization;
    match owed.ladder.iter().find(is) {
        Some(rung) if rung.at > step.when() => {
            Err(Reason::new("rung-early", "the time of that rung has not come", "ladder"))
        }
        Some(_) => Ok(owed),
        None => Err(not_owed()),
    }
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
