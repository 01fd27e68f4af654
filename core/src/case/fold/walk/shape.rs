//! Which resources of a record an event shapes.

use crate::agreement::LadderRung;
use crate::agreement::proposal::AgreementAccepted;
use crate::case::event::{EventData, EventKey};
use crate::case::fold::order::Event;
use crate::case::kind::RoomKind;
use crate::case::roster::room_user;
use crate::case::state::{CaseState, Resource};
use crate::communication::MessageSeen;
use crate::concern;
use crate::crossing::{self, What};
use crate::id::{EventId, OrganizationId};
use crate::outreach::{OutreachGranted, OutreachRefused};
use crate::referral;

/// The agreement that is accepted, and those whose place it takes.
fn accepted(state: &mut CaseState, event: &AgreementAccepted, key: &EventKey, whole: bool) {
    let proposal = &event.proposal;
    let known =
        state.agreements.get(proposal).is_some() || state.superseded_agreements.contains_key(proposal);
    let replaced = state.agreements.all().iter().filter(|one| one.replaced_by.as_ref() == Some(proposal));
    let replaced: Vec<EventKey> = replaced.map(|one| one.key.clone()).collect();
    for one in replaced.into_iter().chain(known.then(|| proposal.clone())) {
        note(state, Resource::Agreement(one), key, whole);
    }
}

/// Notes which resources an event shaped.
pub(super) fn shape(state: &mut CaseState, event: &Event<'_>, counted: bool, whole: bool) {
    for organization in crosses(state, event) {
        note(state, Resource::Crossing(organization), &event.key, whole);
    }
    for organization in calls(state, &event.data) {
        // What is owed is known of an event whose words were withheld, too.
        note(state, Resource::Crossing(organization), &event.key, true);
    }
    if let EventData::CrossingCarried(carried) = &*event.data
        && counted
    {
        for referral in carried.referrals(state).cloned().collect::<Vec<_>>() {
            note(state, Resource::Referral(referral), &event.key, whole);
        }
    }
    // What waits for somebody waits no more in a case that is over, and does again in one that goes on. What a resource says of that
    // a stub says as well.
    if counted && matches!(&*event.data, EventData::CaseClosed(_) | EventData::CaseReopened(_)) {
        for waits in waiting(state) {
            note(state, waits, &event.key, true);
        }
    }
    let own = |id: &EventId| EventKey { sender: event.key.sender.clone(), id: *id };
    let task = |task: &EventKey| (None, Some(Resource::Task(task.clone())));
    let concern = |id: &EventId| {
        let found = state.concerns.get(*id);
        (None, found.map(|concern| Resource::Concern(concern.key.clone())))
    };
    let meeting = |id: &EventId| {
        let found = state.meetings.get(*id);
        (None, found.map(|meeting| Resource::Meeting(meeting.key.clone())))
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
        EventData::CaseReopened(_) if counted => (Some(Resource::Episode), Some(Resource::CareTeam)),
        EventData::CaseOpened(_)
        | EventData::CaseReopened(_)
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
        EventData::ConsentRecorded(_) => (Some(Resource::Consent(event.key.clone())), None),
        EventData::ConsentRevoked(e) => {
            let all = state.consents.all().iter().filter(|consent| consent.key.id == e.consent);
            for consent in all.filter(|_| counted).map(|consent| consent.key.clone()).collect::<Vec<_>>() {
                note(state, Resource::Consent(consent), &event.key, whole);
            }
            return;
        }
        EventData::OverrideReviewed(e) => (None, Some(Resource::Override(e.event.clone()))),
        EventData::ContactRecorded(_) | EventData::FollowUpDone(_) => {
            (Some(Resource::Contact(event.key.clone())), None)
        }
        EventData::ContactWithdrawn(e) => (None, Some(Resource::Contact(e.contact.clone()))),
        EventData::ContactProhibited(_) | EventData::ContactPermitted(_) => (None, Some(Resource::NoContact)),
        EventData::OutreachAsked(_) => (Some(Resource::Ask(event.key.clone())), None),
        EventData::OutreachGranted(OutreachGranted { ask, .. })
        | EventData::OutreachRefused(OutreachRefused { ask, .. }) => (None, Some(Resource::Ask(ask.clone()))),
        EventData::StageReached(_) => (Some(Resource::Episode), None),
        EventData::PlanSent(sent) => (Some(Resource::Plan(event.key.id)), sent.replaces.map(Resource::Plan)),
        EventData::PlanAcknowledged(e) => (None, Some(Resource::Plan(e.plan))),
        EventData::PlanApproved(e) => (None, Some(Resource::Plan(e.plan))),
        EventData::PlanApprovedInHouse(e) => (None, Some(Resource::Plan(e.plan))),
        EventData::PlanReturned(e) => (None, Some(Resource::Plan(e.plan))),
        EventData::PlanSigned(e) => {
            let scan = e.scan.as_ref().map(|_| Resource::Scan(event.key.clone()));
            (scan, Some(Resource::Plan(e.plan)))
        }
        EventData::PlanCopied(_) => (Some(Resource::Copy(event.key.clone())), None),
        EventData::AlertRaised(e) => (Some(Resource::Stay(e.stay.id())), None),
        EventData::VisitProposed(_) => (Some(Resource::Visit(event.key.clone())), None),
        EventData::VisitAnswered(e) => (None, Some(Resource::Visit(e.visit.clone()))),
        EventData::ConcernRaised(_) => (Some(Resource::Concern(event.key.clone())), None),
        EventData::ConcernHeard(e) => concern(&e.concern),
        EventData::ConcernAnswered(e) => (Some(Resource::Answer(event.key.clone())), concern(&e.concern).1),
        EventData::ConcernClosed(e) => concern(&e.concern),
        EventData::ConcernReopened(e) => concern(&e.concern),
        EventData::AnswerPublished(_) => (Some(Resource::Answer(event.key.clone())), None),
        EventData::AgreementAccepted(e) => return accepted(state, e, &event.key, whole),
        EventData::MeetingSet(_) => (Some(Resource::Meeting(event.key.clone())), None),
        EventData::MeetingPrepared(e) => meeting(&e.meeting),
        EventData::MeetingBrought(e) => meeting(&e.meeting),
        EventData::MeetingAnswered(e) => meeting(&e.meeting),
        EventData::MeetingMoved(e) => meeting(&e.meeting),
        EventData::MeetingCancelled(e) => meeting(&e.meeting),
        EventData::MeetingHeld(e) => meeting(&e.meeting),
        EventData::MeetingDecided(e) => meeting(&e.meeting),
        EventData::MeetingUndone(e) => meeting(&e.meeting),
        EventData::MeetingDropped(e) => meeting(&e.meeting),
        EventData::ReferralAsked(_) | EventData::ReferralOpened(_) => {
            (Some(Resource::Referral(event.key.clone())), None)
        }
        EventData::ReferralSent(_) | EventData::ReferralTold(_) | EventData::ReferralWithdrawn(_) => {
            (None, referral::referral_of(&event.data).cloned().map(Resource::Referral))
        }
        EventData::ReferralCapacityAsked(_)
        | EventData::ReferralCapacity(_)
        | EventData::ReferralAccepted(_)
        | EventData::ReferralDeclined(_)
        | EventData::ReferralSubReferred(_)
        | EventData::ReferralOutcome(_)
        | EventData::ReferralClosed(_)
        | EventData::ReferralCancelled(_) => {
            (None, state.opening().map(|opening| Resource::Referral(opening.event.clone())))
        }
        EventData::TaskAssigned(_) => (Some(Resource::Task(event.key.clone())), None),
        EventData::TaskClaimed(e) => task(&e.task),
        EventData::TaskAccepted(e) => task(&e.task),
        EventData::TaskDeclined(e) => task(&e.task),
        EventData::TaskHandedOver(e) => task(&e.task),
        EventData::TaskCompleted(e) => task(&e.task),
        EventData::TaskCancelled(e) => task(&e.task),
        // They tell what a record holds, or open a room that is no resource, and change nothing in it.
        EventData::ProgrammeOpened(_)
        | EventData::PairOpened(_)
        | EventData::AgreementProposed(_)
        | EventData::AgreementDeclined(_)
        | EventData::AgreementWithdrawn(_)
        | EventData::CrossingCarried(_)
        | EventData::MessageSeen(_)
        | EventData::PlanChanged(_)
        | EventData::TeamProposed(_)
        | EventData::TeamDeclined(_)
        | EventData::RungPosted(_)
        | EventData::Handover(_)
        | EventData::Unknown { .. } => (None, None),
    };
    let told = state.consents.overrides().iter().any(|one| one.key == event.key);
    let told = told.then(|| Resource::Override(event.key.clone()));
    for resource in opens.into_iter().chain(told).chain(touches.filter(|_| counted)) {
        note(state, resource, &event.key, whole);
    }
}

/// The resources of what somebody is still to do or to answer.
fn waiting(state: &CaseState) -> Vec<Resource> {
    let tasks = state.tasks.open().map(|task| Resource::Task(task.key.clone()));
    let asks = state.outreach.asks().iter().filter(|one| one.answer.is_none());
    tasks.chain(asks.map(|one| Resource::Ask(one.asked.clone()))).collect()
}

/// Whose Task of what is to go across an event shapes. Where it gives rise to something, or may have before something else arrived
/// late; and of what is there already, with whatever could change it.
fn crosses(state: &CaseState, event: &Event<'_>) -> Vec<OrganizationId> {
    let mut to: Vec<OrganizationId> = Vec::new();
    // A referral's own Task says what became of it.
    let of =
        |key| state.crossings.get(key).filter(|one| one.what != What::Referral).map(|one| one.to.clone());
    to.extend(of(&event.key));
    let Some(opening) = state.opening().filter(|opening| opening.kind == RoomKind::Case) else { return to };
    let sides = [&opening.plan_side.id, &opening.community_side.id];
    let is_there =
        |side: &&&OrganizationId| state.shaping.contains_key(&Resource::Crossing((**side).clone()));
    match &*event.data {
        EventData::CrossingCarried(e) => {
            to.extend(e.events.iter().filter_map(of));
        }
        EventData::RungPosted(rung) if to.is_empty() => {
            let of = &rung.organization;
            let is = |on: &LadderRung| on.contact == rung.contact && on.organization == *of;
            let last = opening.agreement.ladders.values().any(|ladder| ladder.last().is_some_and(is));
            let seat = state.life.roster.contact(&rung.contact, of);
            let reads = seat.is_some_and(|seat| room_user(seat).is_some());
            if last || !reads || state.shaping.contains_key(&Resource::Crossing(of.clone())) {
                to.push(of.clone());
            }
        }
        // Were it their last account, the side would be away from then on.
        EventData::SeatEnded(e) if sides.contains(&&e.organization) => {
            let here = state
                .life
                .roster
                .active()
                .filter(|seat| seat.contact.organization == e.organization && room_user(seat).is_some());
            if here.count() <= 1 {
                to.push(e.organization.clone());
            }
        }
        EventData::CaseAccepted(_)
        | EventData::CaseClosed(_)
        | EventData::CaseReopened(_)
        | EventData::SeatAdded(_) => {
            to.extend(sides.iter().filter(is_there).map(|side| (*side).clone()));
        }
        data if crossing::may_arise(data) => {
            let of_others = |side: &&&OrganizationId| {
                let seat = state.life.roster.last_place_of(&event.key.sender);
                seat.is_none_or(|place| place.seat.contact.organization != ***side)
            };
            to.extend(sides.iter().filter(is_there).filter(of_others).map(|side| (*side).clone()));
        }
        _ => {}
    }
    to.sort();
    to.dedup();
    to
}

/// To which organisations a call waits while something is done in the case: whether it is still needed, who makes it and by which
/// number follow from that.
fn calls(state: &CaseState, data: &EventData) -> Vec<OrganizationId> {
    let says_only = matches!(
        data,
        EventData::MessageSent(_)
            | EventData::MessageCorrected(_)
            | EventData::MessageRetracted(_)
            | EventData::MessageSeen(_)
            | EventData::Handover(_)
            | EventData::Unknown { .. }
    );
    if says_only {
        return Vec::new();
    }
    let waiting = state.crossings.waiting().filter(|one| matches!(one.what, What::Call { .. }));
    let mut to: Vec<OrganizationId> = waiting.map(|one| one.to.clone()).collect();
    to.sort();
    to.dedup();
    to
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
