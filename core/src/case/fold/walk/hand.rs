//! Each kind of event goes to the module that it is of.

use super::bare::{agree, meet, without_members};
use crate::agreement::proposal::AgreementEvent;
use crate::alert::{self, AlertEvent};
use crate::care_plan::{self, PlanEvent};
use crate::care_team::{self, TeamEvent};
use crate::case::event::EventData;
use crate::case::fold::order::Event;
use crate::case::kind::RoomKind;
use crate::case::life::{self, Life, LifeEvent, RungPosted};
use crate::case::state::CaseState;
use crate::case::step::{Owed, Rung, Step};
use crate::communication::{self, Message, MessageEvent};
use crate::concern::{self, ConcernEvent};
use crate::consent::{self, ConsentEvent};
use crate::crossing::{self, CrossingEvent};
use crate::meeting::MeetingEvent;
use crate::outreach::{self, OutreachEvent};
use crate::policy::Reason;
use crate::referral::{self, ReferralEvent};
use crate::task::{self, TaskEvent};

/// Hands the event, by whoever has a seat, to the module that its kind names.
pub(super) fn hand(state: &mut CaseState, event: &Event<'_>, step: &Step<'_>) -> Result<(), Reason> {
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
