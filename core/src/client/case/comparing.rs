//! What two versions of a care plan say differently.

use crate::care_plan::{PlanState, Signature, StepTaken};
use crate::case::state::CaseState;
use crate::client::case::Case;
use crate::error::{Error, Result};
use crate::fhir::{PlanDifference, compare_plans};
use crate::id::{EventId, Sha256};

/// Which version of a case's care plan is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanVersion {
    /// The one that this `plan.sent` brought.
    Sent(EventId),
    /// The one whose document has this hash; of several the last.
    Document(Sha256),
}

impl std::str::FromStr for PlanVersion {
    type Err = Error;

    /// The id of a `plan.sent`, or the hash of its document.
    fn from_str(text: &str) -> Result<Self> {
        Ok(if text.len() == 64 { Self::Document(text.parse()?) } else { Self::Sent(text.parse()?) })
    }
}

/// What two versions of a care plan say differently. `Debug` shows nothing of what they say.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PlanComparison {
    /// The `plan.sent` of the earlier version, as it was asked for.
    pub was: EventId,
    /// The `plan.sent` of the later one.
    pub is: EventId,
    /// What differs, in the order in which one asks. Nothing where both say the same.
    pub changes: Vec<PlanDifference>,
    /// The signatures under the earlier version that were not given again under the later one, though its text is another.
    pub undone: Vec<Signature>,
    /// Who approved the earlier version, where nobody has approved the later one, though its text is another.
    pub approval_undone: Option<StepTaken>,
}

impl Case {
    /// What a version of the care plan says differently than another, and which signatures the change undid. Any two versions of
    /// this case can be compared, in either direction.
    ///
    /// # Errors
    /// `NotFound`: `plan` where the case has no such version, `plan-text` where its text is withheld or on its way.
    pub fn compare_plans(&self, was: PlanVersion, is: PlanVersion) -> Result<PlanComparison> {
        let state = self.expected()?;
        let (old, new) = (version(&state, was)?, version(&state, is)?);
        let text = |plan: &PlanState| -> Result<String> {
            let text = self.caseline.engine.document_text(&plan.document.sha256)?;
            text.ok_or(Error::NotFound { what: "plan-text" })
        };
        Ok(PlanComparison {
            was: old.sent.id,
            is: new.sent.id,
            changes: compare_plans(&text(old)?, &text(new)?)?,
            undone: old.signatures_undone_by(new).into_iter().cloned().collect(),
            approval_undone: old.approval_undone_by(new).cloned(),
        })
    }
}

fn version(state: &CaseState, of: PlanVersion) -> Result<&PlanState> {
    let found = match of {
        PlanVersion::Sent(id) => state.plans.get(id),
        PlanVersion::Document(sha256) => state.plans.with_document(&sha256),
    };
    found.ok_or(Error::NotFound { what: "plan" })
}
