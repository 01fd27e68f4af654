//! What is kept of what took no step.

use std::sync::Arc;

use jiff::Timestamp;

use super::note;
use crate::agreement::proposal::{MOST_PROPOSED, MOST_TEXT};
use crate::care_plan::{CopyTo, PlanApproved, PlanApprovedInHouse, PlanCopied, Signer, StepTaken};
use crate::care_team::Whom;
use crate::case::event::{Block, Content, EventData, EventKey, HeldBody};
use crate::case::fold::order::{Event, Loose};
use crate::case::roster::Place;
use crate::case::state::{CaseState, Resource};
use crate::communication::{MessageStanding, Priority, Superseded};
use crate::concern::{self, ConcernDeed, SupersededConcern};
use crate::contact::{Contact, Role};
use crate::due;
use crate::id::{ContactId, EventId, OrganizationId};
use crate::outreach::{OutreachAsked, SupersededAsk};
use crate::policy::Reason;
use crate::referral::SupersededReferral;
use crate::task::{Assignee, SupersededTask, TaskAssigned};

/// Keeps what a record says of what took no step: it may have been written there while it counted. What superseded it
/// shapes it too, so that a device which has not heard of that does not write it back.
pub(super) fn superseded(state: &mut CaseState, event: &Event<'_>, reason: &Reason) {
    // What has no place in a room of this kind was written nowhere.
    if reason.source == "room" {
        return;
    }
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
                notice: event.notice.map(str::to_owned),
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
                notice: event.notice.map(str::to_owned),
            });
            Resource::Message(key.clone())
        }
        EventData::ConsentRecorded(recorded) => {
            // What never counted anywhere was written nowhere.
            if reason.code == "never-could-count" {
                return;
            }
            let by = place.as_ref().map(|place| place.seat.contact.clone());
            state.superseded_consents.push((key.clone(), recorded.clone(), by));
            Resource::Consent(key.clone())
        }
        EventData::ContactRecorded(recorded) => {
            let by = place.as_ref().map(|place| place.seat.contact.clone());
            state.superseded_contacts.push((key.clone(), recorded.clone(), by));
            Resource::Contact(key.clone())
        }
        EventData::FollowUpDone(done) => {
            // By these it counted nowhere.
            if ["follow-up-by-keeper", "follow-up-date"].contains(&&*reason.code) {
                return;
            }
            let by = place.as_ref().map(|place| place.seat.contact.clone());
            state.superseded_contacts.push((key.clone(), done.as_contact(), by));
            Resource::Contact(key.clone())
        }
        EventData::OutreachAsked(ask) => {
            if ["outreach-not-community-side", "outreach-not-to-ask"].contains(&&*reason.code) {
                return;
            }
            let ask = ask_of(state, event.at, event.held.server_at, key, ask);
            state.superseded_asks.insert(key.clone(), ask);
            Resource::Ask(key.clone())
        }
        // By another reason it counted nowhere, or what stands against it shaped the Flag itself.
        EventData::ContactProhibited(_) | EventData::ContactPermitted(_)
            if ["no-seat", "case-closed"].contains(&&*reason.code) =>
        {
            Resource::NoContact
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
        EventData::PlanApprovedInHouse(PlanApprovedInHouse { plan, sha256, by, .. }) => {
            let approved = PlanApproved { plan: *plan, sha256: *sha256 };
            let by = in_house(state, event, by.as_ref());
            state.superseded_approvals.extend(by.map(|by| (approved, by)));
            return;
        }
        EventData::PlanSigned(signed) => {
            // What these refuse counted nowhere: there is nothing to take back.
            if ["plan-by-keeper", "plan-other-document"].contains(&&*reason.code) {
                return;
            }
            let approved = PlanApproved { plan: signed.plan, sha256: signed.sha256 };
            let by = attester(state, event, &signed.signer);
            state.superseded_approvals.extend(by.map(|by| (approved, by)));
            if signed.scan.is_none() {
                return;
            }
            state.superseded_scans.insert(key.clone(), signed.clone());
            Resource::Scan(key.clone())
        }
        EventData::PlanCopied(copied) => {
            // By these it counted nowhere: nothing is to be taken back.
            if ["plan-by-keeper", "plan-copier"].contains(&&*reason.code) {
                return;
            }
            state.superseded_copies.insert(key.clone(), copied.clone());
            Resource::Copy(key.clone())
        }
        EventData::AlertRaised(raised) => {
            // What was told before, or may be told by another only, is in the stay already; what lies ahead never counted anywhere.
            if ["alert-known", "alert-of-another", "alert-date", "alert-cancels"].contains(&&*reason.code) {
                return;
            }
            let stay = raised.stay.id();
            state.superseded_alerts.entry(stay).or_insert_with(|| raised.clone());
            Resource::Stay(stay)
        }
        EventData::VisitProposed(proposed) => {
            if reason.code == "visit-by-keeper" {
                return;
            }
            let by = place.as_ref().map(|place| place.seat.contact.clone());
            state.superseded_visits.insert(key.clone(), (proposed.clone(), by));
            Resource::Visit(key.clone())
        }
        EventData::ConcernRaised(_) | EventData::ConcernAnswered(_) | EventData::AnswerPublished(_) => {
            let resource = match &*event.data {
                EventData::ConcernRaised(_) => Resource::Concern(key.clone()),
                _ => Resource::Answer(key.clone()),
            };
            // What never counted anywhere was written nowhere.
            if concern::holds_member_data(&event.data, event.at) {
                return;
            }
            let story = state.opening().is_some_and(|opening| opening.agreement.story_clock);
            state.superseded_concerns.push(SupersededConcern {
                key: key.clone(),
                data: event.data.clone().into_owned(),
                from: place.as_ref().map(|place| place.seat.contact.clone()),
                at: due::believed(event.at, event.held.server_at, story),
            });
            resource
        }
        EventData::AgreementProposed(proposed) => {
            // By any other reason it counted nowhere, and so was written nowhere; nor of somebody who never had a seat.
            let counted_once = ["no-seat", "case-closed", "agreement-too-many"].contains(&&*reason.code);
            let known = &mut state.superseded_agreements;
            let fits = known.len() < MOST_PROPOSED && proposed.agreement.text.len() <= MOST_TEXT;
            if counted_once && place.is_some() && fits {
                known.insert(key.clone(), Arc::new(proposed.agreement.clone()));
            }
            return;
        }
        EventData::AgreementAccepted(accepted) => Resource::Agreement(accepted.proposal.clone()),
        EventData::MeetingSet(set) => {
            if reason.code == "meeting-by-keeper" {
                return;
            }
            let by = place.as_ref().map(|place| place.seat.contact.clone());
            state.superseded_meetings.insert(key.clone(), (set.clone(), by));
            Resource::Meeting(key.clone())
        }
        EventData::ReferralAsked(asked) => {
            let story = state.opening().is_some_and(|opening| opening.agreement.story_clock);
            state.superseded_referrals.push(SupersededReferral {
                key: key.clone(),
                asked: asked.clone(),
                from: place.as_ref().map(|place| place.seat.contact.clone()),
                at: due::believed(event.at, event.held.server_at, story),
            });
            Resource::Referral(key.clone())
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
    match (&*event.data, reason.source.as_ref()) {
        (EventData::PlanSigned(signed), "care-plan") => return with_its_plan(state, signed.plan, &resource),
        (EventData::PlanCopied(copied), "care-plan") => {
            return with_its_copies(state, event, copied, &resource);
        }
        _ => {}
    }
    let by = match &*reason.code {
        "plan-open" => state.plans.open().map(|plan| plan.sent.clone()),
        "stage-order" | "stage-known" | "stage-before" | "stage-after" | "stage-left" => {
            state.outreach.stages().last().map(|stage| stage.by.event.clone())
        }
        "contact-known" => known_contact(state, event),
        "contact-not-prohibited" => {
            let all = state.outreach.prohibitions().iter().rev();
            all.filter_map(|one| one.lifted.as_ref()).map(|lifted| lifted.by.event.clone()).next()
        }
        "message-corrected" | "message-retracted" => stands_no_longer(state, event),
        "agreement-settled" => agreement_settled(state, event),
        "concern-closed" => concern_over(state, event, ConcernDeed::Closed),
        "concern-answered" => concern_over(state, event, ConcernDeed::Answered),
        "referral-consent-not-in-force" => consent_revoked(state, event),
        "task-owner-unseated" | "task-pool-empty" | "visit-nobody" => without_a_seat(state, event),
        "outreach-asked-already" => asked_already(state, event),
        "visit-stay-cancelled" | "follow-up-stay-cancelled" | "stay-unknown" => {
            return with_its_stay(state, event, &resource);
        }
        code => ended_by(state, code, place.as_ref()),
    };
    if let Some(by) = by {
        note(state, resource, &by, true);
    }
}

/// Keeps what a record says of a content that another one of its key stands against: a device that heard of this one only may have
/// written it, as a resource that the one that counts does not write.
pub(super) fn another_content(state: &mut CaseState, one: &Loose<'_>) {
    let HeldBody::Whole(Content { block: Block::Event(event), .. }) = &one.held.body else { return };
    let key = &one.key;
    let by = state.life.roster.last_place_of(&key.sender).map(|place| place.seat.contact.clone());
    let resource = match &event.data {
        EventData::AlertRaised(raised) => {
            let stay = raised.stay.id();
            state.superseded_alerts.entry(stay).or_insert_with(|| raised.clone());
            Resource::Stay(stay)
        }
        EventData::VisitProposed(proposed) => {
            state.superseded_visits.entry(key.clone()).or_insert_with(|| (proposed.clone(), by));
            Resource::Visit(key.clone())
        }
        EventData::MeetingSet(set) => {
            state.superseded_meetings.entry(key.clone()).or_insert_with(|| (set.clone(), by));
            Resource::Meeting(key.clone())
        }
        EventData::ContactRecorded(recorded) => {
            let kind = (key.clone(), recorded.is_met());
            state.other_contacts.entry(kind).or_insert_with(|| (recorded.clone(), by));
            Resource::Contact(key.clone())
        }
        EventData::FollowUpDone(done) => {
            let kind = (key.clone(), done.as_contact().is_met());
            state.other_contacts.entry(kind).or_insert_with(|| (done.as_contact(), by));
            Resource::Contact(key.clone())
        }
        EventData::OutreachAsked(ask) => {
            let ask = ask_of(state, event.at, one.held.server_at, key, ask);
            state.superseded_asks.entry(key.clone()).or_insert(ask);
            Resource::Ask(key.clone())
        }
        EventData::PlanCopied(copied) => {
            state.superseded_copies.entry(key.clone()).or_insert_with(|| copied.clone());
            Resource::Copy(key.clone())
        }
        EventData::PlanSigned(signed) if signed.scan.is_some() => {
            state.superseded_scans.entry(key.clone()).or_insert_with(|| signed.clone());
            Resource::Scan(key.clone())
        }
        _ => return,
    };
    note(state, resource, key, true);
}

/// Who answered the agreement before, or took it back.
fn agreement_settled(state: &CaseState, event: &Event<'_>) -> Option<EventKey> {
    let EventData::AgreementAccepted(accepted) = &*event.data else { return None };
    Some(state.agreements.get(&accepted.proposal)?.settled.as_ref()?.event.clone())
}

/// Whatever shaped the plan: by one of these it was signed already, or waited no more.
fn with_its_plan(state: &mut CaseState, plan: EventId, resource: &Resource) {
    let shaping = state.shaping.get(&Resource::Plan(plan)).cloned().unwrap_or_default();
    for key in shaping {
        note(state, resource.clone(), &key, true);
    }
}

/// Whatever shaped the plan, and who was told before that the same copy was given, or whose seat it was that ended.
fn with_its_copies(state: &mut CaseState, event: &Event<'_>, copied: &PlanCopied, resource: &Resource) {
    let plan = state.plans.get(copied.plan);
    let same = plan.and_then(|plan| plan.copies.iter().find(|copy| copy.to == copied.to));
    let gone = without_a_seat(state, event);
    let known = same.map(|copy| copy.attested.event.clone()).into_iter().chain(gone);
    for key in known.collect::<Vec<_>>() {
        note(state, resource.clone(), &key, true);
    }
    with_its_plan(state, copied.plan, resource);
}

/// A question that took no step.
fn ask_of(
    state: &CaseState,
    at: Timestamp,
    server_at: Timestamp,
    key: &EventKey,
    ask: &OutreachAsked,
) -> SupersededAsk {
    let story = state.opening().is_some_and(|opening| opening.agreement.story_clock);
    let from = state.life.roster.last_place_of(&key.sender).map(|place| place.seat.contact.clone());
    SupersededAsk { ask: ask.clone(), from, at: due::believed(at, server_at, story) }
}

/// Who asked the same before, and has no answer yet.
fn asked_already(state: &CaseState, event: &Event<'_>) -> Option<EventKey> {
    let EventData::OutreachAsked(ask) = &*event.data else { return None };
    let mut open = state.outreach.asks().iter().filter(|one| one.answer.is_none());
    open.find(|one| one.ask.channel == ask.channel).map(|one| one.asked.clone())
}

/// Whatever shaped the stay: by what was told of it since, nobody is visited any more.
fn with_its_stay(state: &mut CaseState, event: &Event<'_>, resource: &Resource) {
    let stay = match &*event.data {
        EventData::VisitProposed(proposed) => proposed.stay,
        EventData::FollowUpDone(done) => done.stay,
        _ => return,
    };
    let shaping = state.shaping.get(&Resource::Stay(stay)).cloned().unwrap_or_default();
    for key in shaping {
        note(state, resource.clone(), &key, true);
    }
}

/// Who said that they approve a plan, if they ever had a seat that may.
fn approver(state: &CaseState, event: &Event<'_>) -> Option<StepTaken> {
    let opening = state.opening()?;
    taken(state, event, |contact| {
        contact.organization == opening.plan_side.id && contact.role.may_approve_plan()
    })
}

/// Who said that a plan was approved in-house, if they ever had a seat that may, and so had whoever they name.
fn in_house(state: &CaseState, event: &Event<'_>, named: Option<&ContactId>) -> Option<StepTaken> {
    let side = &state.opening()?.community_side.id;
    let by = taken(state, event, |contact| contact.organization == *side && contact.role != Role::Keeper)?;
    let clinician = |contact: &Contact| {
        contact.id == *named.unwrap_or(&by.contact)
            && contact.organization == *side
            && contact.role.may_approve_in_house()
    };
    state.life.roster.all().iter().any(|place| clinician(&place.seat.contact)).then_some(by)
}

/// Who said that a plan was signed elsewhere, if they ever had a seat that may: for the provider or the designee one of the plan
/// side. Else anybody could take back what somebody else's approval holds of the same plan.
fn attester(state: &CaseState, event: &Event<'_>, signer: &Signer) -> Option<StepTaken> {
    let opening = state.opening()?;
    taken(state, event, |contact| {
        let may = match signer {
            Signer::Contact { .. } => {
                contact.organization == opening.plan_side.id
                    || (began_away(state, &opening.plan_side.id)
                        && contact.organization == opening.community_side.id)
            }
            Signer::Member | Signer::Representative => true,
        };
        may && contact.role != Role::Keeper
    })
}

/// Whether a side had nobody on Matrix when the case was opened: then the other may have attested for it.
fn began_away(state: &CaseState, side: &OrganizationId) -> bool {
    state.opening().is_some_and(|opening| state.life.roster.began_away(side, &opening.event))
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
    let author = &state.life.roster.seat_of(&event.key.sender)?.contact;
    let who = recorded.by.as_ref().unwrap_or(&author.id);
    let same = state.outreach.contacts().iter().find(|one| {
        one.withdrawn.is_none()
            && one.recorded.when == recorded.when
            && one.recorded.channel == recorded.channel
            && one.contact.id == *who
            && one.by.organization == author.organization
    });
    same.map(|one| one.key.clone())
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
pub(super) fn ended_by(state: &CaseState, code: &str, place: Option<&Place>) -> Option<EventKey> {
    match code {
        "case-closed" => state.life.closed.as_ref().map(|closed| closed.event.clone()),
        "no-seat" => place.and_then(|place| place.ended.clone()),
        _ => None,
    }
}

/// The event that closed a concern, or answered it before.
fn concern_over(state: &CaseState, event: &Event<'_>, by: ConcernDeed) -> Option<EventKey> {
    let EventData::ConcernAnswered(answered) = &*event.data else { return None };
    let concern = state.concerns.get(answered.concern)?;
    concern.steps.iter().rev().find(|step| step.deed == by).map(|step| step.by.event.clone())
}

/// The event that took back the consent of a referral.
fn consent_revoked(state: &CaseState, event: &Event<'_>) -> Option<EventKey> {
    let EventData::ReferralAsked(asked) = &*event.data else { return None };
    let mut revoked = state.consents.named(asked.consent).filter_map(|consent| consent.revoked.as_ref());
    revoked.next().map(|revoked| revoked.by.event.clone())
}

/// The event after which somebody can be given no task, or be asked to no visit.
fn without_a_seat(state: &CaseState, event: &Event<'_>) -> Option<EventKey> {
    let mut places = state.life.roster.all().iter().rev();
    let is = |place: &Place, whom: &Whom| {
        let contact = &place.seat.contact;
        contact.id == whom.contact && contact.organization == whom.organization
    };
    let place = match &*event.data {
        EventData::TaskAssigned(TaskAssigned { to: Assignee::Owner(whom), .. }) => {
            places.find(|place| is(place, whom))
        }
        EventData::TaskAssigned(TaskAssigned { to: Assignee::Pool(pool), .. }) => {
            places.find(|place| place.seat.contact.organization == *pool && place.ended.is_some())
        }
        EventData::PlanCopied(PlanCopied { to: CopyTo::Contact { contact, organization }, .. }) => {
            let whom = Whom { contact: contact.clone(), organization: organization.clone() };
            places.find(|place| is(place, &whom))
        }
        EventData::VisitProposed(proposed) => {
            let left = |whom: &Whom| state.life.roster.contact(&whom.contact, &whom.organization).is_none();
            let gone = proposed.with.iter().find(|whom| left(whom))?;
            places.find(|place| is(place, gone))
        }
        _ => None,
    };
    place?.ended.clone()
}
