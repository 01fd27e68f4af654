//! A copy of a care plan that was given.

use caseline::Error;
use caseline::care_plan::{CopiedHow, CopyTo};
use caseline::error::InvalidInput;
use caseline::id::{CaseId, EventId, OrganizationId};
use jiff::civil::Date;
use serde::Deserialize;

/// What the verb `plan_copied` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct PlanCopied {
    pub case: CaseId,
    pub plan: EventId,
    pub to: String,
    pub organization: Option<OrganizationId>,
    pub how: CopiedHow,
    pub on: Date,
    pub key: Option<EventId>,
}

/// Whom a copy was given to: `member`, `representative`, or a contact, then with their organisation.
///
/// # Errors
/// `InvalidInput` where it is none of these.
pub fn recipient(to: &str, organization: Option<OrganizationId>) -> Result<CopyTo, Error> {
    Ok(match (to, organization) {
        ("member", None) => CopyTo::Member,
        ("representative", None) => CopyTo::Representative,
        (contact, Some(organization)) => CopyTo::Contact { contact: contact.parse()?, organization },
        (_, None) => {
            let detail =
                "a copy goes to `member`, `representative`, or a contact, then with their `organization`";
            return Err(InvalidInput::new("invalid-recipient", detail).field("to").into());
        }
    })
}
