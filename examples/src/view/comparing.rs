//! What two versions of a care plan say differently, as answers show it.

use caseline::PlanComparison;
use caseline::fhir::PlanDifference;
use serde_json::{Value, json};

use super::signature;

/// The comparison of two versions.
pub fn comparison(found: &PlanComparison) -> Value {
    let mut shown = json!({
        "was": found.was, "now": found.is,
        "differences": found.changes.iter().map(difference).collect::<Vec<_>>(),
        "undone": found.undone.iter().map(signature).collect::<Vec<_>>(),
    });
    if let Some(fields) = shown.as_object_mut() {
        let by = found.approval_undone.as_ref();
        fields.extend(by.map(|by| ("approval_undone".into(), json!(by.contact))));
    }
    shown
}

fn difference(found: &PlanDifference) -> Value {
    let mut shown = json!({
        "part": found.part.code(), "became": found.became.code(), "path": found.path, "text": found.text,
    });
    if let Some(fields) = shown.as_object_mut() {
        let more = [("resource", &found.resource), ("was", &found.was), ("now", &found.is)];
        fields
            .extend(more.into_iter().filter_map(|(name, value)| Some((name.into(), json!(value.as_ref()?)))));
    }
    shown
}
