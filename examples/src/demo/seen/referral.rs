//! Referrals, as somebody sees them.

use serde_json::Value;

use super::{Labels, Part, list, name, text};
use crate::demo::stage::Stage;
use crate::story::ReferralSeen;

pub(super) fn referral_seen(
    stage: &Stage<'_>,
    answer: &Value,
    labels: &Labels,
    who: &str,
    wanted: &ReferralSeen,
) -> Part {
    let id = wanted.name.as_ref().and_then(|name| labels.get(name)).map_or("", |sent| sent.id.as_str());
    let found = match &wanted.name {
        Some(_) => list(answer, "referrals").iter().find(|one| text(one, "referral") == id),
        None => answer.get("course"),
    };
    let told = |one: &Value| -> Vec<String> {
        let steps = list(one, "steps").iter().map(|step| text(step, "told").to_owned());
        steps.filter(|told| !told.is_empty()).collect()
    };
    let held = |one: &Value| one.get("held").map_or(String::new(), |held| text(held, "code").to_owned());
    let fields = |one: &Value| -> Vec<String> {
        let fields = one.get("fields").and_then(Value::as_object);
        fields.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    };
    let shown = |one: &Value| {
        let mut shown = format!("the referral is {}", text(one, "status"));
        let (held, told) = (held(one), told(one));
        if !held.is_empty() {
            shown = format!("{shown} ({held})");
        }
        if !told.is_empty() {
            shown = format!("{shown} ({})", told.join(", "));
        }
        if one.get("fields").is_some_and(Value::is_object) {
            let fields = fields(one);
            let fields = if fields.is_empty() { "nothing".to_owned() } else { fields.join(", ") };
            shown = format!("{shown}; of the member there is {fields}");
        }
        shown
    };
    let mut wanted_fields: Option<Vec<String>> =
        wanted.fields.as_ref().map(|fields| fields.iter().map(|field| field.code().to_owned()).collect());
    if let Some(fields) = &mut wanted_fields {
        fields.sort();
    }
    let wants = || {
        let told = wanted.told.as_ref().map_or(String::new(), |told| format!(" ({})", told.join(", ")));
        let held = wanted.held.as_ref().map_or(String::new(), |held| format!(" ({held})"));
        let fields =
            wanted_fields.as_ref().map_or(String::new(), |of| format!("; of the member {}", of.join(", ")));
        format!("the referral is {}{held}{told}{fields}", wanted.is)
    };
    let Some(one) = found else { return Err((wants(), "no such referral".into())) };
    let mut there = fields(one);
    there.sort();
    let is = text(one, "status") == wanted.is
        && wanted.held.as_ref().is_none_or(|wanted| *wanted == held(one))
        && wanted.told.as_ref().is_none_or(|wanted| *wanted == told(one))
        && wanted_fields.as_ref().is_none_or(|wanted| *wanted == there);
    if is {
        Ok((format!("{} sees: {}.", name(stage, who), shown(one)), None))
    } else {
        Err((wants(), shown(one)))
    }
}
