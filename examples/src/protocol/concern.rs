//! What is asked about programme rooms and concerns.

use caseline::communication::Priority;
use caseline::concern::ConcernTopic;
use caseline::id::{CaseId, EventId, OrganizationId};
use serde::Deserialize;

use super::NamedContact;

/// A programme room to open, or a pair's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct OpenProgramme {
    pub with: OrganizationId,
    #[serde(default)]
    pub contacts: Vec<NamedContact>,
    pub case: Option<CaseId>,
}

/// A concern to raise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct RaiseConcern {
    pub case: CaseId,
    pub title: String,
    pub text: String,
    #[serde(default)]
    pub topic: ConcernTopic,
    #[serde(default)]
    pub priority: Priority,
    #[serde(default)]
    pub about: Vec<OrganizationId>,
    #[serde(default)]
    pub names_confirmed: bool,
    pub key: Option<EventId>,
}

/// A step that needs no words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct OfConcern {
    pub case: CaseId,
    pub concern: EventId,
    pub key: Option<EventId>,
}

/// An answer to a concern.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct AnswerConcern {
    pub case: CaseId,
    pub concern: EventId,
    pub text: String,
    pub shared_as: Option<String>,
    #[serde(default)]
    pub names_confirmed: bool,
    pub key: Option<EventId>,
}

/// A concern that is opened again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct ReopenConcern {
    pub case: CaseId,
    pub concern: EventId,
    pub why: String,
    #[serde(default)]
    pub names_confirmed: bool,
    pub key: Option<EventId>,
}

/// Of which kind rooms are listed.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub enum RoomsOf {
    Case,
    Programme,
    Pair,
    Referral,
}
