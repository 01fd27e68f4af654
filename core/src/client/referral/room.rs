//! What is done in a referral's own room.

use jiff::civil::Date;

use super::{FIELD_LIMIT, TEXT_LIMIT, at_most, said};
use crate::case::event::EventKey;
use crate::client::Case;
use crate::commands::Command;
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::policy::UnderConsent;
use crate::referral::{
    Cancellation, Capacity, OutcomeCode, ReferralAccepted, ReferralCancelled, ReferralCapacity,
    ReferralCapacityAsked, ReferralClosed, ReferralDeclined, ReferralOutcome, ReferralSubReferred,
};

impl Case {
    /// In a referral's room: asks whether there is a place.
    ///
    /// # Errors
    /// `NotAllowed` (`referral-not-referrer`, `referral-answered`, those of the consent), besides the errors of every command.
    pub fn ask_capacity(&self, id: Option<EventId>) -> Result<EventKey> {
        let data = ReferralCapacityAsked {}.into();
        if let UnderConsent::Refused(reason) = self.caseline().engine.under_consent(self.id(), &data)? {
            return Err(Error::not_allowed(reason));
        }
        self.command(&Command::new(id, data))
    }

    /// In a referral's room: says whether there is a place; on a waiting list, until when one waits.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-text`), `NotAllowed` (`referral-not-agency`, `referral-answered`), besides the errors of every command.
    pub fn tell_capacity(
        &self,
        id: Option<EventId>,
        capacity: Capacity,
        until: Option<Date>,
        text: &str,
    ) -> Result<EventKey> {
        at_most(text, "invalid-text", "text")?;
        self.command(&Command::new(id, ReferralCapacity { capacity, until, text: text.to_owned() }))
    }

    /// In a referral's room: accepts it. Whoever does owes the outcome.
    ///
    /// # Errors
    /// `NotAllowed` (`referral-not-agency`, `referral-answered`, `referral-over`), besides the errors of every command.
    pub fn accept_referral(&self, id: Option<EventId>) -> Result<EventKey> {
        self.command(&Command::new(id, ReferralAccepted {}))
    }

    /// In a referral's room: declines it, with the reason.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`), `NotAllowed` (`referral-not-agency`, `referral-answered`, `referral-over`), besides the errors
    /// of every command.
    pub fn decline_referral(&self, id: Option<EventId>, reason: &str) -> Result<EventKey> {
        said(reason, TEXT_LIMIT, "invalid-reason", "reason")?;
        self.command(&Command::new(id, ReferralDeclined { reason: reason.to_owned() }))
    }

    /// In a referral's room: says that another organisation does it, and how one reaches it. The agency still owes the outcome.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-organization`, `invalid-contact`), `NotAllowed` (`referral-not-agency`, `referral-not-accepted`), besides
    /// the errors of every command.
    pub fn sub_refer(&self, id: Option<EventId>, to: &str, contact: &str) -> Result<EventKey> {
        said(to, FIELD_LIMIT, "invalid-organization", "to")?;
        at_most(contact, "invalid-contact", "contact")?;
        let sub = ReferralSubReferred { to: to.to_owned(), contact: contact.to_owned() };
        self.command(&Command::new(id, sub))
    }

    /// In a referral's room: says what came of it.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-text`), `NotAllowed` (`referral-not-agency`, `referral-not-accepted`), besides the errors of every
    /// command.
    pub fn referral_outcome(&self, id: Option<EventId>, code: OutcomeCode, text: &str) -> Result<EventKey> {
        said(text, TEXT_LIMIT, "invalid-text", "text")?;
        self.command(&Command::new(id, ReferralOutcome { code, text: text.to_owned() }))
    }

    /// In a referral's room: takes the outcome over, or that it was declined. The loop is closed, here and in the case.
    ///
    /// # Errors
    /// `NotAllowed` (`referral-not-referrer`, `referral-no-outcome`, `referral-over`), besides the errors of every command.
    pub fn close_referral(&self, id: Option<EventId>) -> Result<EventKey> {
        self.command(&Command::new(id, ReferralClosed {}))
    }

    /// In a referral's room: tells the agency to stop.
    ///
    /// # Errors
    /// `NotAllowed` (`referral-not-referrer`, `referral-over`), besides the errors of every command.
    pub fn cancel_referral(&self, id: Option<EventId>, reason: Cancellation) -> Result<EventKey> {
        self.command(&Command::new(id, ReferralCancelled { reason }))
    }
}
