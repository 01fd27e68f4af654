//! The steps, one after the other.

use crate::alert::{self, AlertEvent};
use crate::care_plan::{self, PlanApproved, PlanEvent, StepTaken};
use crate::care_team::{self, TeamEvent};
use crate::case::event::{EventData, EventKey, HeldBody};
use crate::case::fold::order::{Event, Loose, Order};
use crate::case::life::{self, Life, LifeEvent, RungPosted};
use crate::case::roster::{Place, Roster};
use crate::case::state::{CaseState, Entry, Resource, Standing};
use crate::case::step::Step;
use crate::case::tell::{tell, withheld};
use crate::communication::{self, Message, MessageEvent, MessageSeen, MessageStanding, Priority, Superseded};
use crate::contact::{Contact, Role, Seat};
use crate::due;
use crate::id::EventId;
use crate::outreach::{self, OutreachEvent};
use crate::policy::Reason;
use crate::task::{self, Assignee, SupersededTask, TaskEvent};

/// The state that everything in its place comes to.
pub(super) fn walk(order: &Order<'_>) -> CaseState {
    let mut state = CaseState::default();
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

    let remark = seat.and_then(|seat| outreach::remark(state, &event.data, seat));
    let standing = if !event.proven {
        Standing::Unproven
    } else if let EventData::Unknown { .. } = &*event.data {
        Standing::Unknown
    } else {
        match take(state, event, seat, roster) {
            Ok(()) => Standing::Counted,
            Err(reason) => Standing::Superseded { reason },
        }
    };
    if event.proven {
        shape(state, event, standing == Standing::Counted, whole);
    }
    if let Standing::Superseded { reason } = &standing {
        superseded(state, event, reason);
    }

    let text = match (seat, event.body) {
        (_, None) => withheld(event.data.kind()),
        (Some(seat), Some(body)) => {
            tell(&event.data, body, seat, roster, &state.tasks) + remark.as_deref().unwrap_or_default()
        }
        (None, Some(body)) => body.to_owned(),
    };
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
    match &*event.data {
        EventData::CaseOpened(opened) if state.life.opening.is_none() => {
            Roster::of(&opened.roster, &event.key).ok()
        }
        _ => None,
    }
}

/// Hands the event to the module that its kind names.
fn take(
    state: &mut CaseState,
    event: &Event<'_>,
    seat: Option<&Seat>,
    roster: &Roster,
) -> Result<(), Reason> {
    let no_seat = || Reason::new("no-seat", "the sender has no seat in this case at this time", "roster");
    let opened = state.life.opening.clone();
    let (plan_side, community_side, story_clock) = match (&*event.data, &opened) {
        (_, Some(opening)) => {
            (&opening.plan_side.id, &opening.community_side.id, opening.agreement.story_clock)
        }
        (EventData::CaseOpened(opened), None) => (&opened.plan_side.id, &opened.community_side.id, false),
        (_, None) => return Err(Reason::new("case-not-open", "the case is not open", "case")),
    };
    if let EventData::CaseOpened(opened) = &*event.data {
        // Says why the roster that it carries cannot be, before it is asked for a seat.
        Roster::of(&opened.roster, &event.key)?;
    }
    let seat = seat.ok_or_else(no_seat)?;
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
    let life = |event: LifeEvent<'_>| life::step(&state.life, event, &step);
    let plan = match &*event.data {
        EventData::CaseOpened(e) => return life(LifeEvent::Opened(e)).map(|next| state.life = next),
        EventData::CaseAccepted(e) => return life(LifeEvent::Accepted(e)).map(|next| state.life = next),
        EventData::CaseClosed(e) => {
            let next = life(LifeEvent::Closed(e))?;
            outreach::closing(&state.outreach, e.reason, &state.life.going_on()?.agreement)?;
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
            in_its_turn(state, e, &step)?;
            state.life = next;
            return Ok(());
        }
        EventData::MessageSent(e) => {
            state.life.going_on()?;
            let mut message = communication::step(Some(e), event.body, &step);
            message.after_gap = event.link.after_gap;
            state.say(message);
            return Ok(());
        }
        EventData::MessageCorrected(e) => return follow(state, MessageEvent::Corrected(e), event, &step),
        EventData::MessageRetracted(e) => return follow(state, MessageEvent::Retracted(e), event, &step),
        EventData::MessageSeen(e) => return follow(state, MessageEvent::Seen(e), event, &step),
        // Its events are taken over one by one; here it is only told. It may come after the end.
        EventData::Handover(_) | EventData::Unknown { .. } => return Ok(()),
        EventData::TeamProposed(e) => return team(state, TeamEvent::Proposed(e), &step),
        EventData::TeamDeclined(e) => return team(state, TeamEvent::Declined(e), &step),
        EventData::AlertRaised(e) => return alert(state, AlertEvent::Raised(e), &step),
        EventData::VisitProposed(e) => return alert(state, AlertEvent::Proposed(e), &step),
        EventData::VisitAnswered(e) => return alert(state, AlertEvent::Answered(e), &step),
        EventData::FollowUpDone(e) => return alert(state, AlertEvent::FollowedUp(e), &step),
        EventData::TaskAssigned(e) => return work(state, TaskEvent::Assigned(e), &step),
        EventData::TaskClaimed(e) => return work(state, TaskEvent::Claimed(e), &step),
        EventData::TaskAccepted(e) => return work(state, TaskEvent::Accepted(e), &step),
        EventData::TaskDeclined(e) => return work(state, TaskEvent::Declined(e), &step),
        EventData::TaskHandedOver(e) => return work(state, TaskEvent::HandedOver(e), &step),
        EventData::TaskCompleted(e) => return work(state, TaskEvent::Completed(e), &step),
        EventData::TaskCancelled(e) => return work(state, TaskEvent::Cancelled(e), &step),
        EventData::ContactRecorded(e) => return reach_out(state, OutreachEvent::Contact(e), &step),
        EventData::OutreachAsked(e) => return reach_out(state, OutreachEvent::Asked(e), &step),
        EventData::OutreachGranted(e) => return reach_out(state, OutreachEvent::Granted(e), &step),
        EventData::OutreachRefused(e) => return reach_out(state, OutreachEvent::Refused(e), &step),
        EventData::StageReached(e) => return reach_out(state, OutreachEvent::Stage(e), &step),
        EventData::PlanSent(e) => PlanEvent::Sent(e),
        EventData::PlanAcknowledged(e) => PlanEvent::Acknowledged(e),
        EventData::PlanApproved(e) => PlanEvent::Approved(e),
        EventData::PlanReturned(e) => PlanEvent::Returned(e),
        EventData::PlanChanged(e) => PlanEvent::Changed(e),
        EventData::PlanSigned(e) => PlanEvent::Signed(e),
    };
    state.life.going_on()?;
    state.plans = care_plan::step(&state.plans, plan, &step)?;
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
        state.say(Message { after_gap: event.link.after_gap, ..new });
    }
    Ok(())
}

fn alert(state: &mut CaseState, event: AlertEvent<'_>, step: &Step<'_>) -> Result<(), Reason> {
    state.life.going_on()?;
    state.alerts = alert::step(&state.alerts, event, step)?;
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

/// A reminder counts only where the rung is there, names that person, and its time has come: posted early, it would keep the
/// other side's from being posted.
fn in_its_turn(state: &CaseState, event: &RungPosted, step: &Step<'_>) -> Result<(), Reason> {
    let owed = state.owed().into_iter().find(|owed| owed.since == event.owed && owed.clock == event.clock);
    let rung = usize::try_from(event.rung).ok().and_then(|n| owed?.ladder.into_iter().nth(n));
    match rung {
        Some(rung) if rung.contact != event.contact => {
            Err(Reason::new("rung-of-another", "that rung of the ladder is another person's", "care-plan"))
        }
        Some(rung) if rung.at > step.when() => {
            Err(Reason::new("rung-early", "the time of that rung has not come", "care-plan"))
        }
        Some(_) => Ok(()),
        None => Err(Reason::new("rung-not-owed", "nothing is owed on that rung of a ladder", "care-plan")),
    }
}

/// Notes which resources an event shaped.
fn shape(state: &mut CaseState, event: &Event<'_>, counted: bool, whole: bool) {
    let own = |id: &EventId| EventKey { sender: event.key.sender.clone(), id: *id };
    let task = |id: &EventId| (None, state.tasks.get(*id).map(|task| Resource::Task(task.key.clone())));
    let (opens, touches) = match &*event.data {
        EventData::CaseClosed(_) if counted && state.shaping.contains_key(&Resource::Episode) => {
            (Some(Resource::Episode), Some(Resource::CareTeam))
        }
        EventData::CaseOpened(_)
        | EventData::CaseAccepted(_)
        | EventData::CaseClosed(_)
        | EventData::SeatAdded(_)
        | EventData::SeatEnded(_) => (None, Some(Resource::CareTeam)),
        EventData::MessageSent(_) => (Some(Resource::Message(event.key.clone())), None),
        EventData::MessageCorrected(e) => {
            (Some(Resource::Message(event.key.clone())), Some(Resource::Message(own(&e.message))))
        }
        EventData::MessageRetracted(e) => (None, Some(Resource::Message(own(&e.message)))),
        EventData::MessageSeen(e) if counted => return seen(state, e, &event.key, whole),
        EventData::ContactRecorded(_) => (Some(Resource::Contact(event.key.clone())), None),
        EventData::StageReached(_) => (Some(Resource::Episode), None),
        EventData::PlanSent(sent) => (Some(Resource::Plan(event.key.id)), sent.replaces.map(Resource::Plan)),
        EventData::PlanAcknowledged(e) => (None, Some(Resource::Plan(e.plan))),
        EventData::PlanApproved(e) => (None, Some(Resource::Plan(e.plan))),
        EventData::PlanReturned(e) => (None, Some(Resource::Plan(e.plan))),
        EventData::PlanSigned(e) => (None, Some(Resource::Plan(e.plan))),
        EventData::AlertRaised(e) => (Some(Resource::Stay(e.stay.id())), None),
        EventData::VisitProposed(_) => (Some(Resource::Visit(event.key.clone())), None),
        EventData::VisitAnswered(e) => (None, visit_of(state, e.visit)),
        EventData::TaskAssigned(_) => (Some(Resource::Task(event.key.clone())), None),
        EventData::TaskClaimed(e) => task(&e.task),
        EventData::TaskAccepted(e) => task(&e.task),
        EventData::TaskDeclined(e) => task(&e.task),
        EventData::TaskHandedOver(e) => task(&e.task),
        EventData::TaskCompleted(e) => task(&e.task),
        EventData::TaskCancelled(e) => task(&e.task),
        // They tell what a record holds, and change nothing in it.
        EventData::MessageSeen(_)
        | EventData::OutreachAsked(_)
        | EventData::OutreachGranted(_)
        | EventData::OutreachRefused(_)
        | EventData::PlanChanged(_)
        | EventData::FollowUpDone(_)
        | EventData::TeamProposed(_)
        | EventData::TeamDeclined(_)
        | EventData::RungPosted(_)
        | EventData::Handover(_)
        | EventData::Unknown { .. } => (None, None),
    };
    for resource in opens.into_iter().chain(touches.filter(|_| counted)) {
        note(state, resource, &event.key, whole);
    }
}

/// The Appointment of a visit.
fn visit_of(state: &CaseState, visit: EventId) -> Option<Resource> {
    state.alerts.visit(visit).map(|visit| Resource::Visit(visit.proposed.clone()))
}

/// A message is received once: whoever sees it later changes nothing in a record.
fn seen(state: &mut CaseState, event: &MessageSeen, by: &EventKey, whole: bool) {
    for key in &event.messages {
        let first = state.message(key).and_then(|message| message.seen.first());
        if first.is_some_and(|first| first.event == *by) {
            note(state, Resource::Message(key.clone()), by, whole);
        }
    }
}

/// Keeps what a record says of what took no step: it may have been written there while it counted. What superseded it
/// shapes it too, so that a device which has not heard of that does not write it back.
fn superseded(state: &mut CaseState, event: &Event<'_>, reason: &Reason) {
    let key = &event.key;
    let place = state.life.roster.last_place_of(&key.sender).cloned();
    let resource = match &*event.data {
        EventData::MessageSent(sent) => {
            state.superseded_messages.push(Superseded {
                key: key.clone(),
                from: place.as_ref().map(|place| place.seat.contact.clone()),
                text: event.body.map(str::to_owned),
                at: event.at,
                server_at: event.held.server_at,
                priority: sent.priority,
                in_reply_to: sent.in_reply_to.clone(),
                corrects: None,
            });
            Resource::Message(key.clone())
        }
        EventData::MessageCorrected(corrected) => {
            let corrects = EventKey { sender: key.sender.clone(), id: corrected.message };
            let old = state.message(&corrects);
            let priority = old.map_or(Priority::Routine, |old| old.priority);
            let in_reply_to = old.and_then(|old| old.in_reply_to.clone());
            state.superseded_messages.push(Superseded {
                key: key.clone(),
                from: place.as_ref().map(|place| place.seat.contact.clone()),
                text: event.body.map(|_| corrected.text.clone()),
                at: event.at,
                server_at: event.held.server_at,
                priority,
                in_reply_to,
                corrects: Some(corrects),
            });
            Resource::Message(key.clone())
        }
        EventData::ContactRecorded(recorded) => {
            let by = place.as_ref().map(|place| place.seat.contact.clone());
            state.superseded_contacts.push((key.clone(), recorded.clone(), by));
            Resource::Contact(key.clone())
        }
        EventData::StageReached(_) => Resource::Episode,
        EventData::PlanSent(sent) => {
            state.superseded_plans.push((key.clone(), sent.document.clone()));
            Resource::Plan(key.id)
        }
        EventData::PlanApproved(approved) => {
            state.superseded_approvals.extend(approver(state, event).map(|by| (approved.clone(), by)));
            return;
        }
        EventData::PlanSigned(signed) => {
            let approved = PlanApproved { plan: signed.plan, sha256: signed.sha256 };
            state.superseded_approvals.extend(attester(state, event).map(|by| (approved, by)));
            return;
        }
        EventData::AlertRaised(raised) => {
            // What was told before is in the stay already; what lies ahead never counted anywhere.
            if ["alert-known", "alert-date", "alert-cancels"].contains(&&*reason.code) {
                return;
            }
            state.superseded_alerts.push((key.clone(), raised.clone()));
            Resource::Stay(raised.stay.id())
        }
        EventData::VisitProposed(proposed) => {
            if reason.code == "visit-by-keeper" {
                return;
            }
            let by = place.as_ref().map(|place| place.seat.contact.clone());
            state.superseded_visits.push((key.clone(), proposed.clone(), by));
            Resource::Visit(key.clone())
        }
        EventData::TaskAssigned(assigned) => {
            let at = state.opening().map(|opening| opening.agreement.story_clock);
            state.superseded_tasks.push(SupersededTask {
                key: key.clone(),
                assigned: assigned.clone(),
                from: place.as_ref().map(|place| place.seat.contact.clone()),
                at: due::believed(event.at, event.held.server_at, at.unwrap_or(false)),
            });
            Resource::Task(key.clone())
        }
        _ => return,
    };
    let by = match &*reason.code {
        "plan-open" => state.plans.open().map(|plan| plan.sent.clone()),
        "stage-order" | "stage-known" | "stage-before" => {
            state.outreach.stages().last().map(|stage| stage.by.event.clone())
        }
        "contact-known" => known_contact(state, event),
        "message-corrected" | "message-retracted" => stands_no_longer(state, event),
        "task-owner-unseated" => without_a_seat(state, event),
        code => ended_by(state, code, place.as_ref()),
    };
    if let Some(by) = by {
        note(state, resource, &by, true);
    }
}

/// Who said that they approve a plan, if they ever had a seat that may.
fn approver(state: &CaseState, event: &Event<'_>) -> Option<StepTaken> {
    let opening = state.opening()?;
    taken(state, event, |contact| {
        contact.organization == opening.plan_side.id && contact.role.may_approve_plan()
    })
}

/// Who said that a plan was signed elsewhere, if they ever had a seat.
fn attester(state: &CaseState, event: &Event<'_>) -> Option<StepTaken> {
    taken(state, event, |contact| contact.role != Role::Keeper)
}

/// The step of the event's sender, by the last of their seats that may take it.
fn taken(state: &CaseState, event: &Event<'_>, may: impl Fn(&Contact) -> bool) -> Option<StepTaken> {
    let opening = state.opening()?;
    let mut places = state.life.roster.all().iter().rev().map(|place| &place.seat.contact);
    let contact = places.find(|contact| contact.user.as_ref() == Some(&event.key.sender) && may(contact))?;
    Some(StepTaken {
        event: event.key.clone(),
        contact: contact.id.clone(),
        organization: contact.organization.clone(),
        role: contact.role.clone(),
        at: due::believed(event.at, event.held.server_at, opening.agreement.story_clock),
    })
}

/// The contact that was recorded before, and is the same.
fn known_contact(state: &CaseState, event: &Event<'_>) -> Option<EventKey> {
    let EventData::ContactRecorded(recorded) = &*event.data else { return None };
    let mut contacts = state.outreach.contacts().iter().map(|one| (&one.key, &one.recorded));
    let same = contacts.find(|(_, one)| one.when == recorded.when && one.channel == recorded.channel);
    same.map(|(key, _)| key.clone())
}

/// The event after which a message can be corrected no more.
fn stands_no_longer(state: &CaseState, event: &Event<'_>) -> Option<EventKey> {
    let EventData::MessageCorrected(corrected) = &*event.data else { return None };
    let old = EventKey { sender: event.key.sender.clone(), id: corrected.message };
    match &state.message(&old)?.standing {
        MessageStanding::Said => None,
        MessageStanding::Corrected { by } | MessageStanding::Retracted { by } => Some(by.clone()),
    }
}

/// The event after which somebody may no longer write.
fn ended_by(state: &CaseState, code: &str, place: Option<&Place>) -> Option<EventKey> {
    match code {
        "case-closed" => state.life.closed.as_ref().map(|closed| closed.event.clone()),
        "no-seat" => place.and_then(|place| place.ended.clone()),
        _ => None,
    }
}

/// The event after which somebody can be given no task.
fn without_a_seat(state: &CaseState, event: &Event<'_>) -> Option<EventKey> {
    let EventData::TaskAssigned(assigned) = &*event.data else { return None };
    let Assignee::Owner(whom) = &assigned.to else { return None };
    let mut places = state.life.roster.all().iter().rev();
    let place = places.find(|place| {
        let contact = &place.seat.contact;
        contact.id == whom.contact && contact.organization == whom.organization
    })?;
    place.ended.clone()
}

fn note(state: &mut CaseState, resource: Resource, key: &EventKey, whole: bool) {
    if !whole {
        state.stubs.insert(resource.clone());
    }
    state.shaping.entry(resource).or_default().insert(key.clone());
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
            if let Err(reason) = state.life.going_on() {
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
    let whole = matches!(one.held.body, HeldBody::Whole(_));
    let resource = Resource::Message(one.key.clone());
    let place = roster.last_place_of(&one.key.sender);
    if standing == Standing::Counted {
        note(state, resource, &one.key, whole);
    } else if one.refused.is_none()
        && one.proven
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
        });
        let by = ended_by(state, &reason.code, Some(place));
        note(state, resource.clone(), &one.key, whole);
        if let Some(by) = by {
            note(state, resource, &by, true);
        }
    }
    state.timeline.push(Entry {
        key: one.key.clone(),
        sha256: one.sha256,
        kind: one.kind.clone(),
        at: one.held.server_at,
        server_at: one.held.server_at,
        from: seat.map_or_else(|| one.key.sender.to_string(), |seat| seat.contact.name.clone()),
        text: one.body.map_or_else(|| withheld(&one.kind), str::to_owned),
        standing,
        after_gap: false,
        receipt: one.held.receipt.clone(),
        withheld: !whole,
    });
}
