//! What a person reads of a referral, in any Matrix client and in the history.

use crate::case::event::EventData;
use crate::case::kind::RoomKind;
use crate::case::life::SeatAdded;
use crate::case::state::CaseState;
use crate::contact::Seat;
use crate::crossing::CrossingCarried;
use crate::referral::{ReferralEvent, ReferralOpened, Referrals};

/// The event as a person reads it. `referrals` are those of the case.
pub fn tell(event: ReferralEvent<'_>, by: &Seat, referrals: &Referrals) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    let agency = |key| {
        let one = referrals.get(key).and_then(|one| one.organization.as_ref());
        one.map_or_else(|| "the organization".to_owned(), |one| one.name.clone())
    };
    match event {
        ReferralEvent::Asked(event) => {
            let to = event.organization.as_ref().map_or("an organization", |one| &one.name);
            let held = event.hold.map_or_else(String::new, |hold| format!(" It waits: {}.", hold.words()));
            let by_when = event.due.map_or_else(String::new, |day| format!(" Needed by {day}."));
            format!(
                "{who} refers the member to {to} ({}): {}{by_when}{held}",
                event.service.words(),
                sentence(&event.need)
            )
        }
        ReferralEvent::Sent(event) => match event.by_hand {
            Some(way) => {
                format!("{who} took the referral to {} {way}{}", agency(&event.referral), after(&event.note))
            }
            None => format!("{who} sent the referral to {}{}", agency(&event.referral), after(&event.note)),
        },
        ReferralEvent::Told(event) => {
            let way = event.by_hand.map_or_else(String::new, |way| format!(", as {who} was told {way}"));
            let of = agency(&event.referral);
            format!("The referral: {of} {}{way}{}", event.step.words(), after(&event.text))
        }
        ReferralEvent::Withdrawn(event) => {
            format!("{who} withdrew the referral to {}{}", agency(&event.referral), after(&event.why))
        }
        ReferralEvent::Opened(event) => opened(event),
        ReferralEvent::CapacityAsked => format!("{who} asks whether there is a place."),
        ReferralEvent::Capacity(event) => {
            let until = event.until.map_or_else(String::new, |day| format!(", until {day}"));
            format!("{who}: {}{until}{}", event.capacity.words(), after(&event.text))
        }
        ReferralEvent::Accepted => format!("{who} accepted the referral."),
        ReferralEvent::Declined(event) => format!("{who} declined the referral{}", after(&event.reason)),
        ReferralEvent::SubReferred(event) => {
            let contact =
                if event.contact.is_empty() { String::new() } else { format!(" ({})", event.contact) };
            format!("{who}: {}{contact} does it.", event.to)
        }
        ReferralEvent::Outcome(event) => format!("{who}: {}{}", event.code.words(), after(&event.text)),
        ReferralEvent::Closed => format!("{who} has the outcome. The referral is closed."),
        ReferralEvent::Cancelled(event) => {
            format!("{who}: please stop, and do nothing more for this referral: {}.", event.reason.words())
        }
    }
}

fn opened(event: &ReferralOpened) -> String {
    let mut lines = vec![format!(
        "Referral of {} to {}: {}. {}",
        event.referrer.name,
        event.agency.name,
        event.service.words(),
        sentence(&event.need)
    )];
    if let Some(day) = event.due {
        lines.push(format!("Needed by {day}."));
    }
    lines.extend(event.fields.iter().map(|(field, value)| format!("{}: {value}", field.words())));
    if event.agreement.read().is_ok_and(|agreement| agreement.story_clock) {
        lines.push("It is a story: the times that its devices state are believed as they are.".to_owned());
    }
    let until = event.consent.until.map_or_else(String::new, |day| format!(" (until {day})"));
    lines.push(format!("\nTold under the member's consent{until}: {}", event.consent.explanation));
    lines.extend(event.consent.notice.clone());
    lines.join("\n")
}

/// What is told of an event in other words than in a case: nothing but in a referral's room.
pub(crate) fn told(state: &CaseState, data: &EventData, by: &Seat) -> Option<String> {
    if let Some(event) = ReferralEvent::of(data) {
        return Some(tell(event, by, &state.referrals));
    }
    if let EventData::CrossingCarried(carried) = data {
        return taken(state, carried, by);
    }
    state.opening().filter(|opening| opening.kind == RoomKind::Referral)?;
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    Some(match data {
        EventData::CaseAccepted(_) => format!("{who} is here now."),
        EventData::SeatAdded(SeatAdded { seat }) => {
            let lead = if seat.lead { ", as a lead" } else { "" };
            format!("{who} named {} ({}){lead}.", seat.contact.name, seat.contact.role)
        }
        EventData::SeatEnded(ended) if ended.contact == by.contact.id => format!("{who} left the room."),
        _ => return None,
    })
}

/// That a referral was taken to its agency, or that it was tried. What is taken across with it is told as ever.
fn taken(state: &CaseState, carried: &CrossingCarried, by: &Seat) -> Option<String> {
    let [_] = carried.events.as_slice() else { return None };
    let referral = carried.referrals(state).next().and_then(|key| state.referrals.get(key))?;
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    let agency = referral.organization.as_ref().map_or("the organization", |agency| &agency.name);
    let took = if carried.reached { "took" } else { "tried to take" };
    Some(format!("{who} {took} the referral to {agency} {}{}", carried.how, after(&carried.outcome)))
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

fn after(text: &str) -> String {
    if text.trim().is_empty() { ".".to_owned() } else { format!(": {}", sentence(text)) }
}
