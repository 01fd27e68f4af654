//! The in-house clinical approval of a care plan.

use jiff::civil::Date;

use crate::care_plan::{Completed, PlanApprovedInHouse};
use crate::case::event::EventKey;
use crate::client::case::Case;
use crate::error::{Error, Result};
use crate::id::{ContactId, EventId};

impl Case {
    /// Says that a clinician of the side that sent a plan approved it: `by`, of one's own organisation, with or without an account, or
    /// oneself; `on` that day, or today. It is an approval of the document as this device has it. Where the programme's rule asks for
    /// it, the plan is complete with it; the primary care provider's answer stays owed.
    ///
    /// # Errors
    /// `NotFound` (`plan`), `NotAllowed` (`plan-clinician`, `plan-clinician-unnamed`, `plan-approved-in-house`, `plan-approval-date`,
    /// `plan-not-community-side`, `plan-not-open`, …), besides the errors of every command.
    pub fn approve_plan_in_house(
        &self,
        id: Option<EventId>,
        plan: EventId,
        by: Option<ContactId>,
        on: Option<Date>,
    ) -> Result<EventKey> {
        on.map_or(Ok(()), |on| self.has_come(id, on, "plan-approval-date", "care-plan"))?;
        let sha256 = self.plan_hash(plan)?;
        self.say(id, PlanApprovedInHouse { plan, sha256, by, on })
    }

    /// Whether a plan is complete as the programme counts it, since when, and by which rule.
    ///
    /// # Errors
    /// `NotFound` (`plan`).
    pub fn plan_completed(&self, plan: EventId) -> Result<Option<Completed>> {
        let state = self.expected()?;
        let found = state.plans.get(plan).ok_or(Error::NotFound { what: "plan" })?;
        let opening = state.opening();
        Ok(opening.and_then(|opening| found.completed(&opening.agreement, &opening.rules)))
    }
}
