//! What a person reads of an agreement that is proposed, in any Matrix client and in the room's history.

use crate::agreement::Agreement;
use crate::agreement::proposal::{AgreementEvent, Proposals};
use crate::case::event::EventKey;
use crate::contact::Seat;

/// The event as a person reads it in any Matrix client. `proposals` are those of the room before it.
pub fn tell(event: AgreementEvent<'_>, by: &Seat, proposals: &Proposals) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    let named = |text: &str, id: &str, version: &str| match Agreement::kept(text) {
        Ok(agreement) => format!("the agreement \u{201c}{}\u{201d}, version {version}", agreement.title),
        Err(_) => format!("the agreement {id}, version {version}"),
    };
    let the = |key: &EventKey| match proposals.get(key).map(|one| &one.agreement) {
        Some(carried) => named(&carried.text, carried.id.as_str(), &carried.version),
        None => "an agreement".to_owned(),
    };
    match event {
        AgreementEvent::Proposed(event) => {
            let carried = &event.agreement;
            let what = named(&carried.text, carried.id.as_str(), &carried.version);
            // Without the year: a whole date has no place in a room without member data.
            let own = Agreement::kept(&carried.text).ok().and_then(|one| one.in_force.from);
            format!("{who} proposes {what}, in force from {}.", own.unwrap_or(event.from).strftime("%-d %B"))
        }
        AgreementEvent::Accepted(event) => {
            format!("{who} accepts {}: new cases open with it.", the(&event.proposal))
        }
        AgreementEvent::Declined(event) => {
            let why =
                if event.reason.is_empty() { String::new() } else { format!(" Because: {}", event.reason) };
            format!("{who} declines {}.{why}", the(&event.proposal))
        }
        AgreementEvent::Withdrawn(event) => format!("{who} takes back {}.", the(&event.proposal)),
    }
}
