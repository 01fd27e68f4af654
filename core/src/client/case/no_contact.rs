//! A member who must not be contacted.

use crate::case::event::EventKey;
use crate::client::case::Case;
use crate::client::case::outreach::words;
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::outreach::{ContactPermitted, ContactProhibited};

impl Case {
    /// Says that the member must not be contacted: they, or whoever speaks for them, said so. From then on reaching out is denied
    /// ([`may_reach_out`](Self::may_reach_out)); what is not made because of it is recorded as such
    /// ([`ContactRecorded::not_made`](crate::outreach::ContactRecorded::not_made)).
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`, field `reason`), `NotAllowed` (`no-contact-known`, `no-contact-date`, …), besides the errors of
    /// every command.
    pub fn prohibit_contact(&self, id: Option<EventId>, prohibited: ContactProhibited) -> Result<EventKey> {
        words(&prohibited.reason, "invalid-reason", "reason")?;
        self.has_come(id, prohibited.on, "no-contact-date", "outreach")?;
        self.say(id, prohibited)
    }

    /// Says that the member may be contacted again, and why.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`, field `reason`), `NotFound` (`prohibition`: nobody said that the member must not be contacted),
    /// besides the errors of every command.
    pub fn permit_contact(&self, id: Option<EventId>, reason: &str) -> Result<EventKey> {
        words(reason, "invalid-reason", "reason")?;
        let outreach = self.expected()?.outreach;
        // Repeated under its id, it is of the one that it lifted first.
        let mine = |key: &EventKey| Some(key.id) == id && key.sender == self.caseline().user();
        let lifted = |one: &&crate::outreach::NoContact| {
            one.lifted.as_ref().is_some_and(|lifted| mine(&lifted.by.event))
        };
        let stands = outreach.prohibitions().iter().find(lifted).or_else(|| outreach.no_contact());
        let prohibition = stands.map(|one| one.key.clone()).ok_or(Error::NotFound { what: "prohibition" })?;
        self.say(id, ContactPermitted { prohibition, reason: reason.to_owned() })
    }
}
