//! Concerns and their answers, as somebody sees them.

use serde_json::Value;

use super::{Labels, Part, list, name, text};
use crate::demo::stage::Stage;
use crate::story::{AnswerSeen, ConcernSeen};

pub(super) fn concern_seen(
    stage: &Stage<'_>,
    answer: &Value,
    labels: &Labels,
    who: &str,
    wanted: &ConcernSeen,
) -> Part {
    let id = labels.get(&wanted.name).map_or("", |sent| sent.id.as_str());
    let steps = |concern: &Value| -> Vec<String> {
        list(concern, "steps").iter().map(|step| text(step, "deed").to_owned()).collect()
    };
    let shown = |concern: &Value| {
        let steps = steps(concern);
        let steps = if steps.is_empty() { String::new() } else { format!(" ({})", steps.join(", ")) };
        format!("the concern “{}” is {}{steps}", text(concern, "title"), text(concern, "status"))
    };
    let wants = format!(
        "the concern {} {}{}",
        wanted.name,
        wanted.is,
        wanted.steps.as_ref().map_or(String::new(), |steps| format!(" ({})", steps.join(", "))),
    );
    match list(answer, "concerns").iter().find(|concern| text(concern, "concern") == id) {
        Some(concern)
            if text(concern, "status") == wanted.is
                && wanted.steps.as_ref().is_none_or(|wanted| *wanted == steps(concern)) =>
        {
            Ok((format!("{} sees: {}.", name(stage, who), shown(concern)), None))
        }
        Some(concern) => Err((wants, shown(concern))),
        None => Err((wants, "no such concern".into())),
    }
}

pub(super) fn answer_seen(stage: &Stage<'_>, answer: &Value, who: &str, wanted: &AnswerSeen) -> Part {
    let shown = |one: &Value| format!("“{}” “{}”", text(one, "question"), text(one, "answer"));
    let answers = list(answer, "answers");
    let found = answers.iter().find(|one| {
        text(one, "answer") == wanted.text
            && wanted.question.as_ref().is_none_or(|question| text(one, "question") == question)
    });
    if let Some(found) = found {
        let found = shown(found);
        return Ok((format!("{} looks for “{}”, and finds: {found}", name(stage, who), wanted.query), None));
    }
    let seen: Vec<String> = answers.iter().map(shown).collect();
    let seen = if seen.is_empty() { "no answer".into() } else { seen.join("; ") };
    Err((format!("the answer “{}” to “{}”", wanted.text, wanted.query), seen))
}
