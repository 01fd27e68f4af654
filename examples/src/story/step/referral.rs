//! What a story says of referrals.

use std::collections::BTreeMap;

use caseline::communication::Priority;
use caseline::crossing::Way;
use caseline::referral::{Cancellation, Capacity, Field, OutcomeCode, ServiceCode, Told};
use jiff::civil::Date;
use serde::Deserialize;

/// A referral that is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferSaid {
    /// The organization, by its name in the story, or as `system|value`.
    pub to: String,
    /// What kind of service is asked for.
    pub service: ServiceCode,
    /// What it is called.
    pub called: Option<String>,
    /// What the member needs.
    pub need: String,
    /// The consent, by its name.
    pub consent: String,
    /// Which fields go along.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Fields as they are given here.
    #[serde(default)]
    pub values: BTreeMap<Field, String>,
    /// By when it is needed.
    pub due: Option<Date>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// The name by which the story calls the referral's room.
    pub room: String,
}

/// A referral that goes on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentOn {
    /// The referral, by its name.
    pub referral: String,
}

/// A referral that a person takes there, or of which they learned something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByHand {
    /// The referral, by its name.
    pub referral: String,
    /// How.
    pub how: Way,
    /// What happened there, where that is told.
    pub told: Option<Told>,
    /// The words.
    #[serde(default)]
    pub text: String,
}

/// A referral that is not asked for any more.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawnSaid {
    /// The referral, by its name.
    pub referral: String,
    /// Why.
    pub why: String,
}

/// Whether there is a place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacitySaid {
    /// Whether there is.
    pub capacity: Capacity,
    /// Until when one waits.
    pub until: Option<Date>,
    /// The words.
    #[serde(default)]
    pub text: String,
}

/// Who does it in place of the organization.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubReferred {
    /// Who.
    pub to: String,
    /// How one reaches them.
    #[serde(default)]
    pub contact: String,
}

/// What came of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeSaid {
    /// What.
    pub code: OutcomeCode,
    /// What was done.
    pub text: String,
}

/// Why a referral is called off.
pub type CalledOff = Cancellation;

/// A referral as its reader sees it: in the case by its name, in its own room without one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralSeen {
    /// The referral, by its name: of a case's.
    pub name: Option<String>,
    /// How it stands: see `status` of a referral, or of a referral's course.
    pub is: String,
    /// Why it waits, by its code.
    pub held: Option<String>,
    /// What was told of it since, in order.
    pub told: Option<Vec<String>>,
    /// In its own room: exactly the fields of the member's that are there.
    pub fields: Option<Vec<Field>>,
}
