//! What is taken back, and who comes back: contacts that were recorded in error, and cases that are opened again.

use caseline::case::life::CaseReopened;
use caseline::case::name::EventName;

use crate::case::Case;
use crate::error::{Result, parsed};
use crate::models::EventKey;
use crate::outreach::{day, day_of};

#[uniffi::export]
impl Case {
    /// Takes a contact, or an attempt, back that was recorded in error (`contact` is its id): one's own, or as a lead one of one's
    /// organisation. It counts for nothing any more, and what it had stopped is owed again.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn withdraw_contact(
        &self,
        contact: String,
        reason: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let contact: EventName = parsed(&contact, "contact")?;
        self.command(key, move |case, key| Ok(case.withdraw_contact(key, contact, &reason)?)).await
    }

    /// Opens the closed case again, since the member is re-enrolled: since which of the programme's own days (`on`, `enrolled` and
    /// `left` are year-month-day), where that day is from, and why.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-date`, `invalid-reason`, `invalid-source`), besides the errors of every command.
    #[uniffi::method(default(enrolled = None, left = None, key = None))]
    pub async fn reopen_case(
        &self,
        reason: String,
        on: String,
        source: String,
        enrolled: Option<String>,
        left: Option<String>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let (on, enrolled) = (day(&on, "on")?, day_of(enrolled, "enrolled")?);
        let reopened = CaseReopened { reason, on, source, enrolled, left: day_of(left, "left")? };
        self.command(key, move |case, key| Ok(case.reopen(key, reopened)?)).await
    }
}
