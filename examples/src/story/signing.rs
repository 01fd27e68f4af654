//! Steps of a story about signatures that were given elsewhere, and copies.

use caseline::care_plan::{CopiedHow, SignedHow};
use jiff::civil::Date;
use serde::Deserialize;

/// A signature that was given elsewhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attested {
    /// The plan, by its name.
    pub plan: String,
    /// Who signed: a person of the story, or `member`.
    pub by: String,
    /// How.
    pub how: SignedHow,
    /// On which day.
    pub on: Date,
    /// What the scan of it shows, as a made-up PDF.
    pub scan: Option<String>,
}

/// An in-house clinical approval.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovedInHouse {
    /// The plan, by its name.
    pub plan: String,
    /// Which clinician: a person of the story; left out, whoever says it.
    pub by: Option<String>,
    /// On which day; left out, today.
    pub on: Option<Date>,
}

/// A copy of a plan that was given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copied {
    /// The plan, by its name.
    pub plan: String,
    /// To whom: a person of the story, or `member`.
    pub to: String,
    /// How.
    pub how: CopiedHow,
    /// On which day.
    pub on: Date,
}
