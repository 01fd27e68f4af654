//! What somebody sees of what the member allows.

use serde_json::Value;

use super::{Part, list, name, text};
use crate::demo::play::Labels;
use crate::demo::stage::Stage;
use crate::story::{ConsentsSeen, DeniedSeen};

pub(super) fn consents_seen(stage: &Stage<'_>, answer: &Value, who: &str, wanted: &ConsentsSeen) -> Part {
    let active = list(answer, "consents").iter().filter(|one| text(one, "standing") == "active").count();
    let waiting = list(answer, "overrides").iter().filter(|one| one.get("review").is_none()).count();
    let is = wanted.active.is_none_or(|many| many == active)
        && wanted.to_review.is_none_or(|many| many == waiting);
    let shown = |active: Option<usize>, waiting: Option<usize>| {
        let active = active.map(|many| format!("consents in force {many}"));
        let waiting = waiting.map(|many| format!("emergencies to look at {many}"));
        active.into_iter().chain(waiting).collect::<Vec<_>>().join(", ")
    };
    if is {
        let told = shown(wanted.active.map(|_| active), wanted.to_review.map(|_| waiting));
        return Ok((format!("{} sees: {told}.", name(stage, who)), None));
    }
    Err((shown(wanted.active, wanted.to_review), shown(Some(active), Some(waiting))))
}

pub(super) fn denied_seen(
    stage: &Stage<'_>,
    answer: &Value,
    labels: &Labels,
    who: &str,
    wanted: &DeniedSeen,
) -> Part {
    let id = labels.get(&wanted.name).map_or("", |sent| sent.id.as_str());
    let denied = list(answer, "denied").iter().find(|one| text(one, "id") == id);
    let reasons = denied.map_or(&[][..], |one| list(one, "reasons"));
    if let Some(reason) = reasons.iter().find(|reason| text(reason, "code") == wanted.reason) {
        let told = format!("{} is told that it was not sent: {}.", name(stage, who), text(reason, "text"));
        return Ok((told, None));
    }
    let codes: Vec<&str> = reasons.iter().map(|reason| text(reason, "code")).collect();
    let seen = if denied.is_some() { codes.join(", ") } else { "it was not taken out".to_owned() };
    Err((format!("that `{}` was not sent ({})", wanted.name, wanted.reason), seen))
}
