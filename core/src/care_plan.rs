//! The care plan's life cycle: sent for signature, acknowledged, approved or returned with changes; then copied and
//! renewed. Maps to FHIR CarePlan.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::event::EventKey;
use crate::case::step::Step;
use crate::contact::{Contact, Role};
use crate::id::{ContactId, EventId, OrganizationId, RuleSetId, Sha256};

mod comparing;
mod completing;
mod copying;
mod life;
mod owing;
mod scan;
mod signing;
#[cfg(test)]
mod tests;
mod unsigned;

pub use completing::{Completed, InHouseApproval, PlanApprovedInHouse};
pub use copying::{CopiedHow, CopyTo, PlanCopied, PlanCopy};
pub use life::{step, tell};
pub use owing::{CLOCK, COPIES_CLOCK, RENEWAL_CLOCK, owed};
pub use scan::Scan;
pub use signing::{PlanSigned, Signature, SignedHow, Signer};
pub(crate) use unsigned::ENDS_WITH_THE_PROGRAMME;
pub use unsigned::{CHANGED_CLOCK, REVISION_CLOCK, SIGNATURE_CLOCK, Unsigned};

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

/// Where a document's text is. `Debug` shows neither the text nor the keys of a file.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carriage {
    /// In the event itself, as a JSON string.
    Inline(String),
    /// In the homeserver's media store, encrypted (Matrix `EncryptedFile`).
    File(Value),
}

impl std::fmt::Debug for Carriage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Inline(_) => "Inline(…)",
            Self::File(_) => "File(…)",
        })
    }
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
    /// The plan's own day, as the programme counts it, where it is not the day of its sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
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

/// `plan.returned`: the plan came back with changes to make. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanReturned {
    /// The `plan.sent` that it returns.
    pub plan: EventId,
    /// What to change.
    pub changes: String,
}

impl std::fmt::Debug for PlanReturned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlanReturned({})", self.plan)
    }
}

/// `plan.changed`: the plan was changed in a record after it was sent, or changed back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanChanged {
    /// The `plan.sent` whose plan it is.
    pub plan: EventId,
    /// Whose record it was changed in.
    pub organization: OrganizationId,
    /// The hash of what the record holds now, as its device read it: the same change is told once. Nothing where the record says
    /// again what was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlanEvent<'a> {
    /// `plan.sent`.
    Sent(&'a PlanSent),
    /// `plan.acknowledged`.
    Acknowledged(&'a PlanAcknowledged),
    /// `plan.approved`.
    Approved(&'a PlanApproved),
    /// `plan.returned`.
    Returned(&'a PlanReturned),
    /// `plan.changed`.
    Changed(&'a PlanChanged),
    /// `plan.signed`.
    Signed(&'a PlanSigned),
    /// `plan.copied`.
    Copied(&'a PlanCopied),
    /// `plan.approved-in-house`.
    ApprovedInHouse(&'a PlanApprovedInHouse),
}

/// The care plans of one case, in the order in which they were sent. At most one of them is open.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CarePlans {
    plans: Vec<PlanState>,
}

impl CarePlans {
    /// Every plan, in the order in which they were sent.
    pub fn all(&self) -> &[PlanState] {
        &self.plans
    }

    /// The plan that waits for its return.
    pub fn open(&self) -> Option<&PlanState> {
        self.plans.iter().find(|plan| plan.status.is_open())
    }

    /// The plan that this `plan.sent` opened.
    pub fn get(&self, id: EventId) -> Option<&PlanState> {
        self.plans.iter().find(|plan| plan.sent.id == id)
    }
}

/// One care plan that was sent for signature.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PlanState {
    /// Its `plan.sent`.
    pub sent: EventKey,
    /// The document. Where a handover withheld it, its hash and size stand with an empty text.
    pub document: Document,
    /// The rule set whose clocks run for it, where it is not the case's own.
    pub sign_by: Option<RuleSetId>,
    /// When the member approved it.
    pub member_approved: Option<Date>,
    /// The plan that it replaces.
    pub replaces: Option<EventId>,
    /// The plan's own day, where its sender named one: see [`PlanState::day`].
    pub on: Option<Date>,
    /// Who sent it, and when.
    pub sent_by: StepTaken,
    /// Who acknowledged it first, and when.
    pub acknowledged: Option<StepTaken>,
    /// Where it stands.
    pub status: PlanStatus,
    /// The clinical approval of the side that sent it.
    pub in_house: Option<InHouseApproval>,
    /// The signatures that were given elsewhere and attested here, in order.
    pub signatures: Vec<Signature>,
    /// The copies that were given, in order.
    pub copies: Vec<PlanCopy>,
    /// What records made of it after it was sent, in order: what was sent is not what they hold any more.
    pub changed: Vec<(PlanChanged, StepTaken)>,
}

impl PlanState {
    /// The attested signature by which it was approved, where nobody approved it in their own client.
    pub fn attested_approval(&self) -> Option<&Signature> {
        let PlanStatus::Approved(by) = &self.status else { return None };
        self.signatures.iter().find(|signature| signature.attested.event == by.event)
    }

    /// The hash of what an organisation's record holds in its place by now; nothing where that is what was sent, as far as
    /// anybody told.
    pub fn changed_in(&self, organization: &OrganizationId) -> Option<Sha256> {
        let last = self.changed.iter().rev().find(|(known, _)| known.organization == *organization);
        last.and_then(|(known, _)| known.sha256)
    }
}

/// Who took a step, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTaken {
    /// The event.
    pub event: EventKey,
    /// The person.
    pub contact: ContactId,
    /// Their organisation.
    pub organization: OrganizationId,
    /// What they were on the care team then.
    pub role: Role,
    /// When, as far as their clock is believed.
    pub at: Timestamp,
}

impl StepTaken {
    /// Whether this person took it.
    pub fn is_by(&self, contact: &Contact) -> bool {
        contact.id == self.contact && contact.organization == self.organization
    }

    /// This step, by whoever takes it.
    pub(crate) fn of(step: &Step<'_>) -> Self {
        let contact = &step.seat.contact;
        Self {
            event: step.key.clone(),
            contact: contact.id.clone(),
            organization: contact.organization.clone(),
            role: contact.role.clone(),
            at: step.when(),
        }
    }
}

/// Where a care plan stands. `Debug` does not show what to change.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanStatus {
    /// Sent for signature.
    Sent,
    /// The plan side has it.
    Acknowledged,
    /// The primary care provider or a designee approved it: in their own client, or elsewhere, as somebody attests
    /// ([`PlanState::attested_approval`]).
    Approved(StepTaken),
    /// It came back with changes to make.
    Returned {
        /// Who returned it.
        by: StepTaken,
        /// What to change. Empty where a handover withheld it.
        changes: String,
    },
    /// A later version took its place before it was approved.
    Replaced {
        /// The `plan.sent` of that version.
        with: EventId,
    },
}

impl std::fmt::Debug for PlanStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sent => "Sent",
            Self::Acknowledged => "Acknowledged",
            Self::Approved(_) => "Approved",
            Self::Returned { .. } => "Returned",
            Self::Replaced { .. } => "Replaced",
        })
    }
}

impl PlanStatus {
    /// Whether the plan side still owes its return.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Sent | Self::Acknowledged)
    }
}

impl Document {
    /// The same document without its text: what a handover tells of it where the policy withholds it.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { sha256: self.sha256, size: self.size, carriage: Carriage::Inline(String::new()) }
    }

    /// Whether the text was withheld.
    pub fn is_withheld(&self) -> bool {
        self.size > 0 && self.carriage == Carriage::Inline(String::new())
    }
}

impl PlanSent {
    /// The fields that `step` and `owed` read, and nothing clinical: when the member approved it says when it is complete.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { document: self.document.withheld(), ..self.clone() }
    }
}

impl PlanReturned {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { plan: self.plan, changes: String::new() }
    }
}
