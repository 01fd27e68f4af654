//! Contacts that are taken back, and cases that are opened again.

use super::*;
use crate::case::life::CaseReopened;
use crate::outreach::ContactWithdrawn;

/// One of the last contacts, whether it was taken back before or not.
pub(super) fn withdraw(n: usize, state: &CaseState) -> ContactWithdrawn {
    let contact = state.outreach.contacts().iter().rev().nth(n % 2);
    let none = EventKey { sender: user("jane"), id: id(n) };
    ContactWithdrawn {
        contact: contact.map_or(none, |contact| contact.key.clone()),
        reason: format!("reason {n}"),
    }
}

/// A day of coming back that may lie before that of leaving.
pub(super) fn reopen(n: usize, state: &CaseState) -> CaseReopened {
    let day = at(n).to_zoned(jiff::tz::TimeZone::UTC).date();
    let last = state.outreach.stages().last().map(|stage| stage.reached.on);
    CaseReopened {
        reason: format!("reason {n}"),
        on: last.unwrap_or(day).max(day),
        source: "synthetic".into(),
        enrolled: None,
        left: (n.is_multiple_of(3)).then_some(day),
    }
}
