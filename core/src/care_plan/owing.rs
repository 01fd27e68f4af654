//! What is owed for a care plan: its return.

use crate::care_plan::{CarePlans, PlanState};
use crate::case::step::{Owed, Rules};
use crate::contact::Topic;

/// The clock of a care plan's return, from its sending.
pub const CLOCK: &str = "plan-return";

/// What is owed: the return of the plan that waits, by the first on the agreement's care-plan ladder who is of the plan
/// side.
///
/// The clock is the agreement's, else that of the case's rule set for the day of sending. Where neither knows
/// [`CLOCK`], or the plan names a rule set that the case does not carry, its return is due when the case would count as
/// quiet, so that no plan waits without a due time.
pub fn owed(plans: &CarePlans, rules: &Rules<'_>) -> Vec<Owed> {
    plans.open().and_then(|plan| owed_for(plan, rules)).into_iter().collect()
}

fn owed_for(plan: &PlanState, rules: &Rules<'_>) -> Option<Owed> {
    let agreement = rules.agreement;
    let sent = plan.sent_by.at;
    let day = sent.to_zoned(agreement.zone.clone()).date();
    let carried = plan.sign_by.as_ref().is_none_or(|id| *id == rules.rules.id);
    let of_rules = || rules.rules.clock(CLOCK, day).filter(|_| carried);
    let due = match agreement.clock(CLOCK).or_else(of_rules) {
        Some(clock) => clock.due(sent, &agreement.zone),
        None => agreement.quiet.after(sent, &agreement.zone),
    };
    // `Agreement::parse` refuses a care-plan ladder without anybody of the plan side.
    let owner =
        agreement.ladder(Topic::CarePlan).iter().find(|rung| rung.organization == agreement.plan_side.id)?;
    Some(Owed {
        since: plan.sent.owed(),
        clock: CLOCK.to_owned(),
        what: "return the care plan, approved or with changes to make".to_owned(),
        owner: owner.contact.clone(),
        due,
        ladder: rules.ladder(Topic::CarePlan, None, due),
    })
}
