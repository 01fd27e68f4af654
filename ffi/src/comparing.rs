//! What two versions of a care plan say differently.

use caseline::{PlanVersion, fhir};

use crate::case::Case;
use crate::error::{Result, parsed};
use crate::signing::PlanSignature;

/// Something that two versions of a care plan say differently.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanDifference {
    /// What it is about: `goal`, `activity`, `addresses`, `period`, `note`, `plan`, `people`, `other` or `record`.
    pub part: String,
    /// `added`, `removed`, `changed` or `reordered`.
    pub became: String,
    /// Where it is, as in FHIRPath, from the resource on: `Goal.target[0].dueDate`.
    pub path: String,
    /// Which resource of that type, as the document names it; nothing of the plan itself.
    pub resource: Option<String>,
    /// Its JSON text in the earlier version.
    pub was: Option<String>,
    /// Its JSON text in the later version.
    pub now: Option<String>,
    /// The change as a sentence.
    pub text: String,
}

/// What two versions of a care plan say differently.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanComparison {
    /// The earlier version.
    pub was: String,
    /// The later one.
    pub now: String,
    /// What differs, in the order in which one asks: goals, activities, what it addresses, when it holds, notes, the rest.
    pub differences: Vec<PlanDifference>,
    /// The signatures under the earlier version that were not given again under the later one.
    pub undone: Vec<PlanSignature>,
    /// The contact who approved the earlier version, where nobody has approved the later one.
    pub approval_undone: Option<String>,
}

impl From<fhir::PlanDifference> for PlanDifference {
    fn from(found: fhir::PlanDifference) -> Self {
        Self {
            part: found.part.code().to_owned(),
            became: found.became.code().to_owned(),
            path: found.path,
            resource: found.resource,
            was: found.was,
            now: found.is,
            text: found.text,
        }
    }
}

#[uniffi::export]
impl Case {
    /// What a version of the care plan says differently than another, and which signatures the change undid. A version is named by
    /// the id of its `plan.sent`, or by the hash of its document.
    ///
    /// # Errors
    /// `NotFound` (`plan`; `plan-text` where a text is withheld or on its way).
    pub async fn compare_plans(&self, was: String, now: String) -> Result<PlanComparison> {
        let (was, now): (PlanVersion, PlanVersion) = (parsed(&was, "was")?, parsed(&now, "now")?);
        let compared = move |case: &caseline::Case| {
            let found = case.compare_plans(was, now)?;
            Ok(PlanComparison {
                was: found.was.to_string(),
                now: found.is.to_string(),
                differences: found.changes.into_iter().map(PlanDifference::from).collect(),
                undone: found.undone.iter().map(PlanSignature::from).collect(),
                approval_undone: found.approval_undone.map(|by| by.contact.to_string()),
            })
        };
        self.local(compared).await
    }
}
