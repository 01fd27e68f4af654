//! Steps of a story about what a member allows.

use caseline::audit::Purpose;
use caseline::care_plan::SignedHow;
use caseline::referral::Field;
use jiff::civil::Date;
use serde::Deserialize;

/// A consent, as somebody records it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentSaid {
    /// Which categories may be told.
    pub categories: Vec<String>,
    /// The organizations that may tell them, by their names in the story.
    #[serde(default)]
    pub disclosers: Vec<String>,
    /// The organizations that may be told.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// Whether everybody may be told whom HIPAA covers.
    #[serde(default)]
    pub covered: bool,
    /// For what.
    pub purposes: Vec<Purpose>,
    /// Whether it is one consent for treatment, payment and operations.
    #[serde(default)]
    pub tpo: bool,
    /// What it allows, in words.
    pub explanation: String,
    /// The first day on which it holds.
    pub from: Date,
    /// The first day on which it holds no longer.
    pub until: Option<Date>,
    /// The day on which it was signed.
    pub signed_on: Date,
    /// How.
    pub how: SignedHow,
    /// Where that is known from.
    pub source: String,
    /// Which of the member's fields a referral under it may tell.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// The consent that it renews, by its name.
    pub renews: Option<String>,
}

/// That the member takes a consent back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedSaid {
    /// The consent, by its name.
    pub consent: String,
    /// The day on which they did.
    pub on: Date,
    /// Where that is known from.
    pub source: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// What somebody found of an emergency.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewSaid {
    /// What was told, by its name.
    pub event: String,
    /// Whether it was one.
    pub justified: bool,
    /// What they found.
    pub finding: String,
}

/// How what somebody says is marked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarksSaid {
    /// Its labels.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Why it has none of those that it would have.
    pub unlabelled: Option<String>,
    /// The emergency.
    pub emergency: Option<String>,
}

/// The consents as somebody sees them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentsSeen {
    /// How many hold.
    pub active: Option<usize>,
    /// How many emergencies nobody has looked at yet.
    pub to_review: Option<usize>,
}

/// Something of their own that was not sent, as they are told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeniedSeen {
    /// What was to be sent, by its name.
    pub name: String,
    /// The code of one of the reasons.
    pub reason: String,
}
