//! Which resources of a record an event shapes.

use crate::case::event::{EventData, EventKey};
use crate::case::fold::order::Event;
use crate::case::state::{CaseState, Resource};
use crate::communication::MessageSeen;
use crate::concern;
use crate::id::EventId;

/// Notes which resources an event shaped.
pub(super) fn shape(state: &mut CaseState, event: &Event<'_>, counted: bool, whole: bool) {
    let own = |id: &EventId| EventKey { sender: event.key.sender.clone(), id: *id };
    let task = |id: &EventId| (None, state.tasks.get(*id).map(|task| Resource::Task(task.key.clone())));
    let concern = |id: &EventId| {
        let found = state.concerns.get(*id);
        (None, found.map(|concern| Resource::Concern(concern.key.clone())))
    };
    // What has no place in this kind of room, or holds member data, is in no record.
    let opening = state.opening();
    let foreign = opening.is_some_and(|opening| opening.kind.takes(&event.data).is_err());
    if (foreign && event.data.opens().is_none()) || concern::holds_member_data(&event.data, event.at) {
        return;
    }
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
        EventData::ConcernRaised(_) => (Some(Resource::Concern(event.key.clone())), None),
        EventData::ConcernHeard(e) => concern(&e.concern),
        EventData::ConcernAnswered(e) => (Some(Resource::Answer(event.key.clone())), concern(&e.concern).1),
        EventData::ConcernClosed(e) => concern(&e.concern),
        EventData::ConcernReopened(e) => concern(&e.concern),
        EventData::AnswerPublished(_) => (Some(Resource::Answer(event.key.clone())), None),
        EventData::TaskAssigned(_) => (Some(Resource::Task(event.key.clone())), None),
        EventData::TaskClaimed(e) => task(&e.task),
        EventData::TaskAccepted(e) => task(&e.task),
        EventData::TaskDeclined(e) => task(&e.task),
        EventData::TaskHandedOver(e) => task(&e.task),
        EventData::TaskCompleted(e) => task(&e.task),
        EventData::TaskCancelled(e) => task(&e.task),
        // They tell what a record holds, or open a room that is no resource, and change nothing in it.
        EventData::ProgrammeOpened(_)
        | EventData::MessageSeen(_)
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

pub(super) fn note(state: &mut CaseState, resource: Resource, key: &EventKey, whole: bool) {
    if !whole {
        state.stubs.insert(resource.clone());
    }
    state.shaping.entry(resource).or_default().insert(key.clone());
}
