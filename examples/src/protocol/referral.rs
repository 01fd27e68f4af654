//! What is asked about referrals.

use std::collections::{BTreeMap, BTreeSet};

use caseline::case::name::EventName;
use caseline::communication::Priority;
use caseline::crossing::Way;
use caseline::id::{CaseId, EventId, OrganizationId};
use caseline::referral::{Cancellation, Capacity, Field, OutcomeCode, ServiceCode, Told};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

/// A referral to ask for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct Refer {
    pub case: CaseId,
    pub organization: OrganizationId,
    pub service: ServiceCode,
    pub called: Option<String>,
    pub need: String,
    pub consent: EventId,
    #[serde(default)]
    pub fields: BTreeSet<Field>,
    #[serde(default)]
    pub values: BTreeMap<Field, String>,
    #[serde(default)]
    pub priority: Priority,
    pub due: Option<Date>,
    pub key: Option<EventId>,
}

/// A referral that goes on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct SendReferral {
    pub case: CaseId,
    #[serde(deserialize_with = "name")]
    pub referral: EventName,
    #[serde(default)]
    pub values: BTreeMap<Field, String>,
}

/// A referral that a person takes to its organisation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct CarryReferral {
    pub case: CaseId,
    #[serde(deserialize_with = "name")]
    pub referral: EventName,
    pub how: Way,
    #[serde(default)]
    pub note: String,
    pub key: Option<EventId>,
}

/// What a person learned of a referral.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct TellReferral {
    pub case: CaseId,
    #[serde(deserialize_with = "name")]
    pub referral: EventName,
    pub told: Told,
    pub how: Way,
    #[serde(default)]
    pub text: String,
    pub key: Option<EventId>,
}

/// A referral that is not asked for any more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct WithdrawReferral {
    pub case: CaseId,
    #[serde(deserialize_with = "name")]
    pub referral: EventName,
    pub why: String,
    pub key: Option<EventId>,
}

/// A step in a referral's room that needs no words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct InReferral {
    pub case: CaseId,
    pub key: Option<EventId>,
}

/// Whether there is a place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct TellCapacity {
    pub case: CaseId,
    pub capacity: Capacity,
    pub until: Option<Date>,
    #[serde(default)]
    pub text: String,
    pub key: Option<EventId>,
}

/// A referral that is declined.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct DeclineReferral {
    pub case: CaseId,
    pub reason: String,
    pub key: Option<EventId>,
}

/// Who does it in place of the organisation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct SubRefer {
    pub case: CaseId,
    pub to: String,
    #[serde(default)]
    pub contact: String,
    pub key: Option<EventId>,
}

/// What came of a referral.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct OutcomeOf {
    pub case: CaseId,
    pub code: OutcomeCode,
    pub text: String,
    pub key: Option<EventId>,
}

/// A referral that is called off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct CancelReferral {
    pub case: CaseId,
    pub reason: Cancellation,
    pub key: Option<EventId>,
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EventName, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom("not the form of an event's name"))
}
