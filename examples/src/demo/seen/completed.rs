//! Whether a plan is complete, by which rule, and since when.

use serde_json::Value;

use super::text;
use crate::story::PlanSeen;

/// What a story wants of it, as the transcript says it.
pub(super) fn wanted(wanted: &PlanSeen) -> String {
    let since = wanted.complete_on.map_or_else(String::new, |day| format!(" since {day}"));
    match wanted.complete.as_deref() {
        Some("no") => ", not complete".to_owned(),
        Some(rule) => format!(", complete{since} ({rule})"),
        None => String::new(),
    }
}

/// Whether it is so.
pub(super) fn is(plan: &Value, wanted: &PlanSeen) -> bool {
    let completed = plan.get("completed");
    let rule = completed.map_or("no", |completed| text(completed, "rule"));
    let on = completed.map_or("", |completed| text(completed, "on"));
    wanted.complete.as_ref().is_none_or(|is| is == rule)
        && wanted.complete_on.is_none_or(|day| day.to_string() == on)
}
