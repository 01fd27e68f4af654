//! A member who must not be contacted.

use std::time::SystemTime;

use caseline::outreach::{self, ContactProhibited};

use crate::case::Case;
use crate::error::Result;
use crate::models::EventKey;
use crate::signing::day;

/// Why somebody did not reach out who would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum NotMade {
    /// The member must not be contacted: they said so, or who speaks for them.
    Member,
    /// The agreement, or the plan side when it was asked, does not let it be.
    Agreement,
    /// The member's consent does not let it be.
    Consent,
}

impl From<NotMade> for outreach::NotMade {
    fn from(why: NotMade) -> Self {
        match why {
            NotMade::Member => Self::Member,
            NotMade::Agreement => Self::Agreement,
            NotMade::Consent => Self::Consent,
        }
    }
}

impl From<outreach::NotMade> for NotMade {
    fn from(why: outreach::NotMade) -> Self {
        match why {
            outreach::NotMade::Member => Self::Member,
            outreach::NotMade::Agreement => Self::Agreement,
            outreach::NotMade::Consent => Self::Consent,
        }
    }
}

/// That the member must not be contacted.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct NoContact {
    /// The event that says so.
    pub key: EventKey,
    /// Since which day (`2019-03-04`).
    pub on: String,
    /// Whether somebody said it who speaks for the member.
    pub representative: bool,
    /// What was said. Empty where a handover withheld it.
    pub reason: String,
    /// The contact who recorded it.
    pub by: String,
    /// When.
    pub at: SystemTime,
}

impl From<&outreach::NoContact> for NoContact {
    fn from(one: &outreach::NoContact) -> Self {
        Self {
            key: EventKey::from(&one.key),
            on: one.prohibited.on.to_string(),
            representative: one.prohibited.representative,
            reason: one.prohibited.reason.clone(),
            by: one.by.contact.to_string(),
            at: one.by.at.into(),
        }
    }
}

#[uniffi::export]
impl Case {
    /// Says that the member must not be contacted, as they, or whoever speaks for them (`representative`), said on a day (`2019-03-04`).
    /// From then on `may_reach_out` denies; what is not made because of it is recorded with `not_made`.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-date`, `invalid-reason`), `NotAllowed` (`no-contact-known`, `no-contact-date`, …), besides the errors of
    /// every command.
    #[uniffi::method(default(representative = false, key = None))]
    pub async fn prohibit_contact(
        &self,
        on: String,
        reason: String,
        representative: bool,
        key: Option<String>,
    ) -> Result<EventKey> {
        let prohibited = ContactProhibited { on: day(&on, "on")?, representative, reason };
        self.command(key, move |case, key| Ok(case.prohibit_contact(key, prohibited)?)).await
    }

    /// Says that the member may be contacted again, and why.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`), `NotFound` (`prohibition`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn permit_contact(&self, reason: String, key: Option<String>) -> Result<EventKey> {
        self.command(key, move |case, key| Ok(case.permit_contact(key, &reason)?)).await
    }
}
