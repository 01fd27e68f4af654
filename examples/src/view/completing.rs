//! When a plan is complete.

use caseline::care_plan::PlanState;
use caseline::case::life::Opening;
use serde_json::{Value, json};

/// Who approved a plan in-house, and since when it is complete, by which rule.
pub(super) fn of(plan: &PlanState, opening: &Opening) -> Vec<(String, Value)> {
    let in_house = plan.in_house.as_ref().map(|approval| {
        let on = approval.day(&opening.agreement.zone);
        let (attested, at) = (&approval.attested.contact, approval.attested.at);
        json!({ "by": approval.by.id, "on": on, "attested_by": attested, "at": at })
    });
    let completed = plan.completed(&opening.agreement, &opening.rules);
    let completed =
        completed.map(|done| json!({ "on": done.on, "rule": done.rule.code(), "words": done.rule.words() }));
    let fields = [("in_house", in_house), ("completed", completed)];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
