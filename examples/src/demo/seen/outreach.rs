//! What somebody sees of the outreach to a member.

use caseline::outreach::Stage;
use serde_json::Value;

use super::{Part, list, name, text};
use crate::demo::stage::Stage as Scene;
use crate::story::{OutreachSeen, ReachSeen};

/// Whether they may reach out, as their verb has answered.
pub(super) fn may_seen(stage: &Scene<'_>, answer: &Value, who: &str, wanted: &ReachSeen) -> Part {
    let deciding = list(answer, "reasons").last();
    let code = deciding.map_or("", |reason| text(reason, "code"));
    let says = deciding.map_or("", |reason| text(reason, "text"));
    let is = text(answer, "answer");
    if is == wanted.answer && wanted.reason.as_ref().is_none_or(|reason| reason == code) {
        return Ok((format!("{} is told: {is}; {says}.", name(stage, who)), None));
    }
    let reason = wanted.reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
    Err((format!("that reaching out is {}{reason}", wanted.answer), format!("{is} ({code})")))
}

pub(super) fn outreach_seen(stage: &Scene<'_>, answer: &Value, who: &str, wanted: &OutreachSeen) -> Part {
    let contacts = list(answer, "contacts");
    let there = |field: &str, of: &[Value]| of.iter().filter(|one| one.get(field).is_some()).count();
    let asks = list(answer, "asks");
    let at = list(answer, "stages").last().map_or("", |last| text(last, "stage"));
    let attempts = answer.get("attempts").and_then(Value::as_u64).unwrap_or_default();
    let against = there("against_terms", contacts);
    let withdrawn = there("withdrawn", contacts);
    let waiting = asks.len() - there("answer", asks);
    let is = wanted.stage.is_none_or(|stage| stage.code() == at)
        && wanted.contacts.is_none_or(|many| many == contacts.len())
        && wanted.withdrawn.is_none_or(|many| many == withdrawn)
        && wanted.against_terms.is_none_or(|many| many == against)
        && wanted.attempts.is_none_or(|many| many == attempts)
        && wanted.waiting.is_none_or(|many| many == waiting)
        && wanted.not_made.is_none_or(|many| many == there("not_made", contacts))
        && wanted.no_contact.is_none_or(|is| is == answer.get("no_contact").is_some());
    let said = match wanted.no_contact {
        Some(true) => ", and must not be contacted",
        Some(false) => ", and may be contacted",
        None => "",
    };
    let count = |what: &str, many: Option<u64>| many.map(|many| format!("{what} {many}"));
    let shown = |stage: Option<&str>, counts: [Option<u64>; 5]| {
        let words =
            ["contacts", "against the terms", "attempts in vain", "questions that wait", "taken back"];
        let counts = words.into_iter().zip(counts).filter_map(|(what, many)| count(what, many));
        let stage = stage
            .map(|stage| format!("the member is {}", if stage.is_empty() { "nowhere yet" } else { stage }));
        stage.into_iter().chain(counts).collect::<Vec<_>>().join(", ")
    };
    let many = |many: usize| u64::try_from(many).ok();
    if is {
        let picked = [
            wanted.contacts.and_then(many),
            wanted.against_terms.and_then(many),
            wanted.attempts,
            wanted.waiting.and_then(many),
            wanted.withdrawn.and_then(many),
        ];
        let told = shown(wanted.stage.map(|_| at), picked);
        return Ok((format!("{} sees: {told}{said}.", name(stage, who)), None));
    }
    let wants = shown(
        wanted.stage.map(Stage::code),
        [
            wanted.contacts.and_then(many),
            wanted.against_terms.and_then(many),
            wanted.attempts,
            wanted.waiting.and_then(many),
            wanted.withdrawn.and_then(many),
        ],
    );
    let is = [many(contacts.len()), many(against), Some(attempts), many(waiting), many(withdrawn)];
    Err((format!("{wants}{said}"), shown(Some(at), is)))
}
