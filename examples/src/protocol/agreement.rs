//! What is asked about agreements that two organisations propose to each other.

use caseline::case::event::EventKey;
use caseline::id::{CaseId, EventId};
use serde::Deserialize;

/// An agreement to propose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct ProposeAgreement {
    pub case: CaseId,
    pub text: String,
    pub key: Option<EventId>,
}

/// An agreement that was proposed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct OfAgreement {
    pub case: CaseId,
    pub proposal: EventKey,
    pub key: Option<EventId>,
}

/// An agreement that is declined.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct DeclineAgreement {
    pub case: CaseId,
    pub proposal: EventKey,
    pub reason: String,
    #[serde(default)]
    pub names_confirmed: bool,
    pub key: Option<EventId>,
}
