//! What a person reads of the events of a room without member data, in any Matrix client and in its history.

use crate::agreement::proposal::{self, AgreementEvent};
use crate::case::event::EventData;
use crate::case::life::SeatAdded;
use crate::case::state::{CaseState, Standing};
use crate::concern::{ConcernEvent, Concerns, check};
use crate::contact::Seat;
use crate::id::EventId;
use crate::meeting::{self, MeetingEvent};

/// The event as a person reads it in any Matrix client. `concerns` are those of the room, by whose titles the steps are told.
pub fn tell(event: ConcernEvent<'_>, by: &Seat, concerns: &Concerns) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    let the = |id: EventId| match concerns.get(id) {
        Some(concern) if !concern.title.is_empty() => {
            format!("the concern \u{201c}{}\u{201d}", concern.title)
        }
        _ => "a concern".to_owned(),
    };
    match event {
        ConcernEvent::Raised(event) => {
            format!("{who} raised a concern: \u{201c}{}\u{201d}. {}", event.title, event.text)
        }
        ConcernEvent::Heard(event) => format!("{who} heard {}.", the(event.concern)),
        ConcernEvent::Answered(event) => format!("{who} answered {}: {}", the(event.concern), event.text),
        ConcernEvent::Closed(event) => format!("{who} closed {}.", the(event.concern)),
        ConcernEvent::Reopened(event) => format!("{who} opened {} again: {}", the(event.concern), event.why),
        ConcernEvent::Published(event) => {
            format!("{who} tells every organization: \u{201c}{}\u{201d} {}", event.question, event.text)
        }
    }
}

/// What is told of an event in other words than in a case: nothing in a case.
pub(crate) fn told(state: &CaseState, data: &EventData, by: &Seat) -> Option<String> {
    let opening = state.opening().filter(|opening| opening.kind.is_without_members())?;
    if let Some(event) = MeetingEvent::of(data) {
        return Some(meeting::tell(event, by, &state.meetings, &opening.agreement.zone));
    }
    if let Some(event) = AgreementEvent::of(data) {
        return Some(proposal::tell(event, by, &state.agreements));
    }
    let who = || format!("{} ({})", by.contact.name, by.contact.role);
    let event = match data {
        EventData::ConcernRaised(e) => ConcernEvent::Raised(e),
        EventData::ConcernHeard(e) => ConcernEvent::Heard(e),
        EventData::ConcernAnswered(e) => ConcernEvent::Answered(e),
        EventData::ConcernClosed(e) => ConcernEvent::Closed(e),
        EventData::ConcernReopened(e) => ConcernEvent::Reopened(e),
        EventData::AnswerPublished(e) => ConcernEvent::Published(e),
        EventData::CaseAccepted(_) => return Some(format!("{} is here now.", who())),
        EventData::CaseClosed(_) => {
            return Some(format!("{} closed this room: another one of the two goes on.", who()));
        }
        EventData::SeatAdded(SeatAdded { seat }) => {
            let lead = if seat.lead { ", as a lead" } else { "" };
            return Some(format!("{} named {} ({}){lead}.", who(), seat.contact.name, seat.contact.role));
        }
        EventData::SeatEnded(ended) if ended.contact == by.contact.id => {
            return Some(format!("{} left the room.", who()));
        }
        _ => return None,
    };
    Some(tell(event, by, &state.concerns))
}

/// The text as it is shown: in a programme room not where it took no step, nor where it looks like member data.
pub(crate) fn shown(state: &CaseState, standing: &Standing, text: String) -> String {
    if !state.opening().is_some_and(|opening| opening.kind.is_without_members()) {
        return text;
    }
    match standing {
        Standing::Counted => text,
        // Nobody has looked at it: it could hold anything.
        Standing::Superseded { reason } | Standing::Refused { reason } => {
            format!("It took no step here, and is not shown: {}.", reason.text)
        }
        // By its form alone: what day it is plays no part.
        _ if check::formats(&text, jiff::civil::Date::MAX).is_empty() => text,
        _ => "It may hold member data, and is not shown.".to_owned(),
    }
}
