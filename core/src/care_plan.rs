//! The care plan's life cycle: sent for signature, acknowledged, approved or returned with changes. Maps to FHIR CarePlan.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{EventId, RuleSetId, Sha256};

/// The largest document that travels inside its event, in bytes of JSON text; a longer one goes as an encrypted attachment.
pub const INLINE_LIMIT: usize = 40 * 1024;

/// A FHIR resource that travels whole, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The SHA-256 of the JSON text. What a signature names.
    pub sha256: Sha256,
    /// The length of the JSON text, in bytes.
    pub size: u64,
    /// Where the text is.
    #[serde(flatten)]
    pub carriage: Carriage,
}

/// Where a document's text is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carriage {
    /// In the event itself, as a JSON string.
    Inline(String),
    /// In the homeserver's media store, encrypted (Matrix `EncryptedFile`).
    File(Value),
}

/// `plan.sent`: a care plan was sent for signature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanSent {
    /// A FHIR Bundle of type `collection`: the CarePlan first, then what it references.
    pub document: Document,
    /// The rule set whose clocks run for it, where it is not the case's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_by: Option<RuleSetId>,
    /// When the member approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_approved: Option<Date>,
    /// The `plan.sent` that this version replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<EventId>,
}

/// `plan.acknowledged`: the other side has the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAcknowledged {
    /// The `plan.sent` that it acknowledges.
    pub plan: EventId,
}

/// `plan.approved`: the primary care provider or a designee approved the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanApproved {
    /// The `plan.sent` that it approves.
    pub plan: EventId,
    /// The hash of the document that was approved. An approval of another text is no valid step.
    pub sha256: Sha256,
}

/// `plan.returned`: the plan came back with changes to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanReturned {
    /// The `plan.sent` that it returns.
    pub plan: EventId,
    /// What to change.
    pub changes: String,
}
