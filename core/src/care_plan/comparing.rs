//! What becomes of signatures when a plan has a new version.

use crate::care_plan::{CarePlans, PlanState, PlanStatus, Signature, StepTaken};
use crate::id::Sha256;

impl CarePlans {
    /// The plan that was sent last with this document.
    pub fn with_document(&self, sha256: &Sha256) -> Option<&PlanState> {
        self.plans.iter().rev().find(|plan| plan.document.sha256 == *sha256)
    }
}

impl PlanState {
    /// The signatures under this version that do not hold for another one, and were not given again under it: they name the text
    /// that was signed.
    pub fn signatures_undone_by(&self, other: &Self) -> Vec<&Signature> {
        if self.document.sha256 == other.document.sha256 {
            return Vec::new();
        }
        let again =
            |signature: &&Signature| other.signatures.iter().any(|one| one.signer == signature.signer);
        self.signatures.iter().filter(|signature| !again(signature)).collect()
    }

    /// The approval of this version that does not hold for another one, which nobody has approved.
    pub fn approval_undone_by(&self, other: &Self) -> Option<&StepTaken> {
        match (&self.status, &other.status) {
            (PlanStatus::Approved(_), PlanStatus::Approved(_)) => None,
            (PlanStatus::Approved(by), _) if self.document.sha256 != other.document.sha256 => Some(by),
            _ => None,
        }
    }
}
