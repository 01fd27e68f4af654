//! When a care plan is complete, and the in-house clinical approval.

use std::time::SystemTime;

use caseline::care_plan;
use jiff::tz::TimeZone;

use crate::case::Case;
use crate::error::{Result, parsed};
use crate::models::EventKey;
use crate::outreach::day_of;

/// The clinical approval of the side that sent a plan.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct InHouseApproval {
    /// The clinician.
    pub by: String,
    /// On which day (`2023-04-03`).
    pub on: String,
    /// The contact who said it: the clinician, or somebody of their organisation who attests it.
    pub attested_by: String,
    /// When.
    pub attested_at: SystemTime,
}

impl InHouseApproval {
    pub(crate) fn of(approval: &care_plan::InHouseApproval, zone: &TimeZone) -> Self {
        Self {
            by: approval.by.id.to_string(),
            on: approval.day(zone).to_string(),
            attested_by: approval.attested.contact.to_string(),
            attested_at: approval.attested.at.into(),
        }
    }
}

/// That a care plan is complete as the programme counts it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanCompleted {
    /// Since which day (`2023-04-03`).
    pub on: String,
    /// By which rule, as a code: `both-signed`, `sent-approved`.
    pub rule: String,
    /// The rule, in words for a person.
    pub words: String,
}

impl From<care_plan::Completed> for PlanCompleted {
    fn from(completed: care_plan::Completed) -> Self {
        let rule = completed.rule;
        Self { on: completed.on.to_string(), rule: rule.code().to_owned(), words: rule.words().to_owned() }
    }
}

#[uniffi::export]
impl Case {
    /// Says that a clinician of one's own organisation, which sent the plan, approved it: `by`, or oneself; `on` a day
    /// (`2023-04-03`), or today. By the programme's rule a plan may be complete with it; the primary care provider's answer stays owed.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-date`), `NotFound` (`plan`), `NotAllowed` (`plan-clinician`, `plan-clinician-unnamed`,
    /// `plan-approved-in-house`, …), besides the errors of every command.
    #[uniffi::method(default(by = None, on = None, key = None))]
    pub async fn approve_plan_in_house(
        &self,
        plan: String,
        by: Option<String>,
        on: Option<String>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let plan = parsed(&plan, "plan")?;
        let by = by.map(|by| parsed(&by, "by")).transpose()?;
        let on = day_of(on, "on")?;
        self.command(key, move |case, key| Ok(case.approve_plan_in_house(key, plan, by, on)?)).await
    }
}
