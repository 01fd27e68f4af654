//! What is taken back, and who comes back.

use caseline::case::life::CaseReopened;
use caseline::id::{CaseId, EventId};
use jiff::civil::Date;
use serde::Deserialize;

/// What the verb `withdraw_contact` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawContact {
    /// The case.
    pub case: CaseId,
    /// The contact that was recorded in error.
    pub contact: EventId,
    /// Why.
    pub reason: String,
    /// The id of the event.
    pub key: Option<EventId>,
}

/// What the verb `prohibit_contact` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProhibitContact {
    /// The case.
    pub case: CaseId,
    /// On which day it was said.
    pub on: Date,
    /// What was said.
    pub reason: String,
    /// Whether somebody said it who speaks for the member.
    #[serde(default)]
    pub representative: bool,
    /// The id of the event.
    pub key: Option<EventId>,
}

/// What the verb `permit_contact` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermitContact {
    /// The case.
    pub case: CaseId,
    /// What was said.
    pub reason: String,
    /// The id of the event.
    pub key: Option<EventId>,
}

/// What the verb `reopen_case` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReopenCase {
    /// The case.
    pub case: CaseId,
    /// Why.
    pub reason: String,
    /// Since which of the programme's own days the member is back.
    pub on: Date,
    /// Where that day is from.
    pub source: String,
    /// The day of the enrolment, where it is another.
    pub enrolled: Option<Date>,
    /// The day on which they had left, where it is another than that on which the case was closed.
    pub left: Option<Date>,
    /// The id of the event.
    pub key: Option<EventId>,
}

impl ReopenCase {
    /// The event.
    pub fn reopened(self) -> CaseReopened {
        let Self { reason, on, source, enrolled, left, .. } = self;
        CaseReopened { reason, on, source, enrolled, left }
    }
}
