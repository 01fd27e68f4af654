//! The sentence that a person reads of an event, in any Matrix client: what its author's device sends as `body`.

use crate::agreement::proposal::{self, AgreementEvent, Proposals};
use crate::alert::{self, AlertEvent};
use crate::care_plan::{self, PlanEvent};
use crate::care_team::{self, TeamEvent};
use crate::case::event::EventData;
use crate::case::life::{self, LifeEvent};
use crate::case::roster::Roster;
use crate::case::state::{CaseState, Entry};
use crate::communication::{self, MessageEvent};
use crate::concern::{self, ConcernEvent, Concerns};
use crate::consent::{self, ConsentEvent};
use crate::contact::Seat;
use crate::crossing::{self, CrossingEvent};
use crate::meeting::{self, MeetingEvent, Meetings};
use crate::outreach::{self, OutreachEvent};
use crate::referral::{self, ReferralEvent, Referrals};
use crate::task::{self, TaskEvent};

/// The sentence of an event. `text` is what a message says (and what an unknown kind says of itself); `roster` is the one
/// before the event, for an opening the one that it carries; `state` is the case's, with the event or just before it: it has
/// the time zone of the agreement and what the event is about.
pub fn tell(data: &EventData, text: &str, by: &Seat, roster: &Roster, state: &CaseState) -> String {
    let zone = state.zone();
    let task = |event| task::tell(event, by, roster, &state.told_tasks(data), zone);
    let reached_out = |event| outreach::tell(event, by, state);
    let none = Concerns::default();
    let told = |event| concern::tell(event, by, &none);
    let agreed = |event| proposal::tell(event, by, &Proposals::default());
    let met = |event| meeting::tell(event, by, &Meetings::default(), zone);
    match data {
        EventData::CaseOpened(e) => life::tell(LifeEvent::Opened(e.into()), by, roster),
        EventData::ProgrammeOpened(e) => life::tell(LifeEvent::Opened(e.into()), by, roster),
        EventData::PairOpened(e) => life::tell(LifeEvent::Opened(e.into()), by, roster),
        EventData::CaseAccepted(e) => life::tell(LifeEvent::Accepted(e), by, roster),
        EventData::CaseClosed(e) => life::tell(LifeEvent::Closed(e), by, roster),
        EventData::CaseReopened(e) => life::tell(LifeEvent::Reopened(e), by, roster),
        EventData::SeatAdded(e) => life::tell(LifeEvent::Added(e), by, roster),
        EventData::SeatEnded(e) => life::tell(LifeEvent::Ended(e), by, roster),
        EventData::RungPosted(e) => life::tell_rung(e, roster, state.owed_of(e).as_ref(), zone),
        EventData::MessageCorrected(e) => communication::tell(MessageEvent::Corrected(e), by),
        EventData::MessageRetracted(e) => communication::tell(MessageEvent::Retracted(e), by),
        EventData::MessageSeen(e) => communication::tell(MessageEvent::Seen(e), by),
        EventData::PlanSent(e) => care_plan::tell(PlanEvent::Sent(e), by, roster),
        EventData::PlanAcknowledged(e) => care_plan::tell(PlanEvent::Acknowledged(e), by, roster),
        EventData::PlanApproved(e) => care_plan::tell(PlanEvent::Approved(e), by, roster),
        EventData::PlanReturned(e) => care_plan::tell(PlanEvent::Returned(e), by, roster),
        EventData::PlanSigned(e) => care_plan::tell(PlanEvent::Signed(e), by, roster),
        EventData::PlanCopied(e) => care_plan::tell(PlanEvent::Copied(e), by, roster),
        EventData::PlanApprovedInHouse(e) => care_plan::tell(PlanEvent::ApprovedInHouse(e), by, roster),
        EventData::PlanChanged(e) => care_plan::tell(PlanEvent::Changed(e), by, roster),
        EventData::AlertRaised(e) => alert::tell(AlertEvent::Raised(e), by, roster, zone),
        EventData::VisitProposed(e) => alert::tell(AlertEvent::Proposed(e), by, roster, zone),
        EventData::VisitAnswered(e) => alert::tell(AlertEvent::Answered(e), by, roster, zone),
        EventData::FollowUpDone(e) => alert::tell(AlertEvent::FollowedUp(e), by, roster, zone),
        EventData::TaskAssigned(e) => task(TaskEvent::Assigned(e)),
        EventData::TaskClaimed(e) => task(TaskEvent::Claimed(e)),
        EventData::TaskAccepted(e) => task(TaskEvent::Accepted(e)),
        EventData::TaskDeclined(e) => task(TaskEvent::Declined(e)),
        EventData::TaskHandedOver(e) => task(TaskEvent::HandedOver(e)),
        EventData::TaskCompleted(e) => task(TaskEvent::Completed(e)),
        EventData::TaskCancelled(e) => task(TaskEvent::Cancelled(e)),
        EventData::ContactRecorded(e) => reached_out(OutreachEvent::Contact(e)),
        EventData::ContactWithdrawn(e) => reached_out(OutreachEvent::Withdrawn(e)),
        EventData::ContactProhibited(e) => reached_out(OutreachEvent::Prohibited(e)),
        EventData::ContactPermitted(e) => reached_out(OutreachEvent::Permitted(e)),
        EventData::CrossingCarried(e) => crossing::tell(CrossingEvent::Carried(e), by, roster),
        EventData::ConsentRecorded(e) => consent::tell(ConsentEvent::Recorded(e), by, roster),
        EventData::ConsentRevoked(e) => consent::tell(ConsentEvent::Revoked(e), by, roster),
        EventData::OverrideReviewed(e) => consent::tell(ConsentEvent::Reviewed(e), by, roster),
        EventData::OutreachAsked(e) => reached_out(OutreachEvent::Asked(e)),
        EventData::OutreachGranted(e) => reached_out(OutreachEvent::Granted(e)),
        EventData::OutreachRefused(e) => reached_out(OutreachEvent::Refused(e)),
        EventData::StageReached(e) => reached_out(OutreachEvent::Stage(e)),
        EventData::ConcernRaised(e) => told(ConcernEvent::Raised(e)),
        EventData::ConcernHeard(e) => told(ConcernEvent::Heard(e)),
        EventData::ConcernAnswered(e) => told(ConcernEvent::Answered(e)),
        EventData::ConcernClosed(e) => told(ConcernEvent::Closed(e)),
        EventData::ConcernReopened(e) => told(ConcernEvent::Reopened(e)),
        EventData::AnswerPublished(e) => told(ConcernEvent::Published(e)),
        EventData::AgreementProposed(e) => agreed(AgreementEvent::Proposed(e)),
        EventData::AgreementAccepted(e) => agreed(AgreementEvent::Accepted(e)),
        EventData::AgreementDeclined(e) => agreed(AgreementEvent::Declined(e)),
        EventData::AgreementWithdrawn(e) => agreed(AgreementEvent::Withdrawn(e)),
        EventData::MeetingSet(e) => met(MeetingEvent::Set(e)),
        EventData::MeetingPrepared(e) => met(MeetingEvent::Prepared(e)),
        EventData::MeetingBrought(e) => met(MeetingEvent::Brought(e)),
        EventData::MeetingAnswered(e) => met(MeetingEvent::Answered(e)),
        EventData::MeetingMoved(e) => met(MeetingEvent::Moved(e)),
        EventData::MeetingCancelled(e) => met(MeetingEvent::Cancelled(e)),
        EventData::MeetingHeld(e) => met(MeetingEvent::Held(e)),
        EventData::MeetingDecided(e) => met(MeetingEvent::Decided(e)),
        EventData::MeetingUndone(e) => met(MeetingEvent::Undone(e)),
        EventData::MeetingDropped(e) => met(MeetingEvent::Dropped(e)),
        EventData::ReferralAsked(_)
        | EventData::ReferralSent(_)
        | EventData::ReferralTold(_)
        | EventData::ReferralWithdrawn(_)
        | EventData::ReferralOpened(_)
        | EventData::ReferralCapacityAsked(_)
        | EventData::ReferralCapacity(_)
        | EventData::ReferralAccepted(_)
        | EventData::ReferralDeclined(_)
        | EventData::ReferralSubReferred(_)
        | EventData::ReferralOutcome(_)
        | EventData::ReferralClosed(_)
        | EventData::ReferralCancelled(_) => {
            let event = ReferralEvent::of(data);
            event.map_or_else(String::new, |event| referral::tell(event, by, &Referrals::default()))
        }
        EventData::TeamProposed(e) => care_team::tell(TeamEvent::Proposed(e), by, roster),
        EventData::TeamDeclined(e) => care_team::tell(TeamEvent::Declined(e), by, roster),
        EventData::Handover(_) => {
            format!("{} ({}) handed over what came before.", by.contact.name, by.contact.role)
        }
        EventData::MessageSent(_) | EventData::Unknown { .. } => text.to_owned(),
    }
}

/// What is shown in place of an event whose text a handover withheld.
pub(crate) fn withheld(kind: &str) -> String {
    let what = match kind {
        "message.sent" | Entry::FOREIGN => "A message",
        "message.corrected" => "A corrected message",
        "case.reopened" => "That the case was opened again",
        "contact.withdrawn" => "That a recorded contact was taken back",
        "contact.recorded" => "A contact, or an attempt, with the member",
        "crossing.carried" => "What was taken across by other ways",
        "consent.recorded" => "A consent of the member's",
        "consent.revoked" => "A consent that the member took back",
        "override.reviewed" => "What somebody found of an emergency",
        "outreach.asked" => "A question whether one may reach out to the member",
        "outreach.granted" | "outreach.refused" => "An answer whether one may reach out to the member",
        "outreach.stage" => "Where the member stands with the programme",
        "plan.sent" => "A care plan sent for signature",
        "plan.signed" => "A signature of a care plan that was given elsewhere",
        "plan.returned" => "A care plan returned with changes to make",
        "alert.raised" => "An alert",
        "visit.proposed" => "A proposed visit",
        "visit.answered" => "An answer to a proposed visit",
        "follow-up.done" => "A follow-up",
        "concern.raised" => "A concern",
        "concern.answered" | "answer.published" => "An answer to a concern",
        "concern.reopened" => "A concern that was opened again",
        "agreement.declined" => "An agreement that was declined",
        "meeting.brought" => "A point that was brought to a meeting",
        "meeting.cancelled" => "A meeting that was called off",
        "referral.asked" | "referral.opened" => "A referral",
        "referral.sent" | "referral.told" | "referral.withdrawn" => "What became of a referral",
        "referral.capacity" => "An answer whether there is a place",
        "referral.declined" => "A declined referral",
        "referral.sub-referred" => "Who does what was referred",
        "referral.outcome" => "What came of a referral",
        "handover" => "A handover",
        "task.assigned" => "A task that was given to somebody",
        "task.declined" => "A declined task",
        "task.handed-over" => "A task handed over",
        "task.completed" => "A completed task",
        "task.cancelled" => "A cancelled task",
        _ => "An event",
    };
    format!("{what} from before your time in the case: its text is withheld.")
}
