//! Stays, joint visits, and what a search for cases came to.

use serde_json::Value;

use super::{Part, contact_of, list, name, text};
use crate::demo::play::Labels;
use crate::demo::stage::Stage;
use crate::story::{FoundSeen, StaySeen, VisitSeen};
use caseline::alert::StayKey;

/// The one hospital of a story, as its feed names it.
pub(in crate::demo) const HOSPITAL: &str = "STORY-HOSPITAL";

/// The id of the stay with this number there.
pub(in crate::demo) fn stay_id(visit: &str) -> String {
    StayKey::Named { facility: HOSPITAL.into(), visit: visit.to_owned() }.id().to_string()
}

pub(super) fn found(stage: &Stage<'_>, answer: &Value, who: &str, wanted: &FoundSeen) -> Part {
    let many = |field: &str| list(answer, field).len();
    let words = |raised: usize, known: usize, proposed: usize| {
        format!("{raised} told, {known} that knew it already, {proposed} proposed for a person to confirm")
    };
    let seen = words(many("raised"), many("known"), many("proposed"));
    let wants = words(wanted.raised, wanted.known, wanted.proposed);
    if seen == wants {
        return Ok((format!("{} sees of the member's cases: {seen}.", name(stage, who)), None));
    }
    Err((format!("of the member's cases: {wants}"), seen))
}

pub(super) fn stay(stage: &Stage<'_>, is: &Value, who: &str, wanted: &StaySeen) -> Part {
    let id = stay_id(&wanted.stay);
    let told = |stay: &Value| stay.get("told").and_then(Value::as_u64).unwrap_or_default();
    let by = wanted.followed_up_by.as_ref().map(|by| contact_of(stage, by).to_owned());
    let alerts = |many: u64| match many {
        1 => ", known from one alert".to_owned(),
        many => format!(", known from {many} alerts"),
    };
    let shown = |stay: &Value| {
        let by = stage.story.people.values().find(|one| one.contact.as_str() == text(stay, "followed_up_by"));
        let by = by.map_or(String::new(), |by| format!(", followed up by {}", by.name));
        format!("the stay is {}{}{by}", text(stay, "status"), alerts(told(stay)))
    };
    let wants = || {
        let many = wanted.told.map_or(String::new(), alerts);
        let by = wanted
            .followed_up_by
            .as_ref()
            .map_or(String::new(), |by| format!(", followed up by {}", name(stage, by)));
        format!("the stay is {}{many}{by}", wanted.is)
    };
    let same = list(is, "stays").iter().filter(|stay| text(stay, "stay") == id).collect::<Vec<_>>();
    match same.as_slice() {
        [stay]
            if text(stay, "status") == wanted.is
                && wanted.told.is_none_or(|many| told(stay) == many)
                && by.as_ref().is_none_or(|by| text(stay, "followed_up_by") == by) =>
        {
            Ok((format!("{} sees: {}.", name(stage, who), shown(stay)), None))
        }
        [stay] => Err((wants(), shown(stay))),
        _ => Err((wants(), "no such stay".into())),
    }
}

pub(super) fn visit(stage: &Stage<'_>, is: &Value, labels: &Labels, who: &str, wanted: &VisitSeen) -> Part {
    let id = labels.get(&wanted.name).map_or("", |sent| sent.id.as_str());
    let at = wanted.at.and_then(|at| stage.story.time_zone.to_timestamp(at).ok()).map(|at| at.to_string());
    let answer = |visit: &Value, who: &str| {
        let contact = contact_of(stage, who);
        let asked = list(visit, "asked").iter().find(|asked| text(asked, "contact") == contact);
        asked.map_or("not asked", |asked| text(asked, "answer")).to_owned()
    };
    let shown = |visit: &Value| {
        let people = wanted.answers.keys();
        let answers: Vec<String> =
            people.map(|who| format!("{}: {}", name(stage, who), answer(visit, who))).collect();
        let local = text(visit, "at")
            .parse()
            .map_or_else(|_| String::new(), |at| stage.story.local(at).strftime("%-d %b, %H:%M").to_string());
        format!("the visit of {local} is {} ({})", text(visit, "status"), answers.join(", "))
    };
    let wants = || {
        let answers: Vec<String> =
            wanted.answers.iter().map(|(who, what)| format!("{}: {what}", name(stage, who))).collect();
        let at = wanted.at.map_or(String::new(), |at| at.strftime(" of %-d %b, %H:%M").to_string());
        format!("the visit{at} is {} ({})", wanted.is, answers.join(", "))
    };
    match list(is, "visits").iter().find(|visit| text(visit, "visit") == id) {
        Some(visit)
            if text(visit, "status") == wanted.is
                && at.as_ref().is_none_or(|at| text(visit, "at") == at)
                && wanted.answers.iter().all(|(who, what)| answer(visit, who) == *what) =>
        {
            Ok((format!("{} sees: {}.", name(stage, who), shown(visit)), None))
        }
        Some(visit) => Err((wants(), shown(visit))),
        None => Err((wants(), "no such visit".into())),
    }
}
