//! The sentence that a person reads of an event, in any Matrix client: what its author's device sends as `body`.

use crate::care_plan::{self, PlanEvent};
use crate::care_team::{self, TeamEvent};
use crate::case::event::EventData;
use crate::case::life::{self, LifeEvent};
use crate::case::roster::Roster;
use crate::case::state::Entry;
use crate::communication::{self, MessageEvent};
use crate::contact::Seat;
use crate::outreach::{self, OutreachEvent};

/// The sentence of an event. `text` is what a message says (and what an unknown kind says of itself); `roster` is the one
/// before the event, for an opening the one that it carries.
pub fn tell(data: &EventData, text: &str, by: &Seat, roster: &Roster) -> String {
    match data {
        EventData::CaseOpened(e) => life::tell(LifeEvent::Opened(e), by, roster),
        EventData::CaseAccepted(e) => life::tell(LifeEvent::Accepted(e), by, roster),
        EventData::CaseClosed(e) => life::tell(LifeEvent::Closed(e), by, roster),
        EventData::SeatAdded(e) => life::tell(LifeEvent::Added(e), by, roster),
        EventData::SeatEnded(e) => life::tell(LifeEvent::Ended(e), by, roster),
        EventData::RungPosted(e) => life::tell(LifeEvent::Rung(e), by, roster),
        EventData::MessageCorrected(e) => communication::tell(MessageEvent::Corrected(e), by),
        EventData::MessageRetracted(e) => communication::tell(MessageEvent::Retracted(e), by),
        EventData::MessageSeen(e) => communication::tell(MessageEvent::Seen(e), by),
        EventData::ContactRecorded(e) => outreach::tell(OutreachEvent::Contact(e), by),
        EventData::OutreachAsked(e) => outreach::tell(OutreachEvent::Asked(e), by),
        EventData::OutreachGranted(e) => outreach::tell(OutreachEvent::Granted(e), by),
        EventData::OutreachRefused(e) => outreach::tell(OutreachEvent::Refused(e), by),
        EventData::StageReached(e) => outreach::tell(OutreachEvent::Stage(e), by),
        EventData::PlanSent(e) => care_plan::tell(PlanEvent::Sent(e), by),
        EventData::PlanAcknowledged(e) => care_plan::tell(PlanEvent::Acknowledged(e), by),
        EventData::PlanApproved(e) => care_plan::tell(PlanEvent::Approved(e), by),
        EventData::PlanReturned(e) => care_plan::tell(PlanEvent::Returned(e), by),
        EventData::PlanChanged(e) => care_plan::tell(PlanEvent::Changed(e), by),
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
        "contact.recorded" => "A contact, or an attempt, with the member",
        "outreach.asked" => "A question whether one may reach out to the member",
        "outreach.granted" | "outreach.refused" => "An answer whether one may reach out to the member",
        "outreach.stage" => "Where the member stands with the programme",
        "plan.sent" => "A care plan sent for signature",
        "plan.returned" => "A care plan returned with changes to make",
        "handover" => "A handover",
        _ => "An event",
    };
    format!("{what} from before your time in the case: its text is withheld.")
}
