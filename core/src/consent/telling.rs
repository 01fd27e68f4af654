//! The sentences that a person reads of consents.

use crate::case::roster::Roster;
use crate::consent::ConsentEvent;
use crate::contact::Seat;

/// The event as a person reads it in any Matrix client.
pub fn tell(event: ConsentEvent<'_>, by: &Seat, roster: &Roster) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    match event {
        ConsentEvent::Recorded(event) => {
            let signer = if event.representative { "the member's representative" } else { "the member" };
            let until = event.until.map_or(String::new(), |until| format!(" It ends on {until}."));
            format!(
                "{who} recorded a consent that {signer} gave {} on {}: {}{until}",
                event.how, event.signed_on, event.scope.explanation
            )
        }
        ConsentEvent::Revoked(event) => {
            // Why is said in its block alone: it can tell what the consent was about.
            format!(
                "{who} recorded that the member took a consent back on {}. Nothing more is told under it.",
                event.on
            )
        }
        ConsentEvent::Reviewed(event) => {
            let mut places = roster.all().iter().rev().map(|place| &place.seat.contact);
            let told = places.find(|contact| contact.user.as_ref() == Some(&event.event.sender));
            let told = told.map_or("somebody", |contact| &contact.name);
            let found = if event.justified { "justified" } else { "not justified" };
            // So is what they found.
            format!("{who} looked at what {told} told without consent in an emergency: {found}.")
        }
    }
}
