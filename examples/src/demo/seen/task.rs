//! Who does what, as somebody sees it.

use serde_json::Value;

use super::{Labels, Part, contact_of, list, name, text};
use crate::demo::stage::Stage;
use crate::story::TaskSeen;

pub(super) fn task_seen(
    stage: &Stage<'_>,
    answer: &Value,
    labels: &Labels,
    who: &str,
    wanted: &TaskSeen,
) -> Part {
    let id = labels.get(&wanted.name).map_or("", |sent| sent.id.as_str());
    let steps = |task: &Value| -> Vec<String> {
        list(task, "steps").iter().map(|step| text(step, "deed").to_owned()).collect()
    };
    let owner = |task: &Value| task.get("owner").map_or("", |owner| text(owner, "contact")).to_owned();
    let shown = |task: &Value| {
        let person = stage.story.people.values().find(|person| person.contact.as_str() == owner(task));
        let pool = stage.story.organizations.values().find(|of| of.id.as_str() == text(task, "pool"));
        let has = match (person, pool) {
            (Some(person), _) => format!("with {}", person.name),
            (_, Some(of)) => format!("with the people of {}", of.name),
            _ => "with somebody else".to_owned(),
        };
        let steps = steps(task);
        let steps = if steps.is_empty() { String::new() } else { format!(" ({})", steps.join(", ")) };
        format!("the task “{}” is {} {has}{steps}", text(task, "title"), text(task, "status"))
    };
    let of = wanted.pool.as_ref().and_then(|of| stage.story.organizations.get(of));
    let wants = format!(
        "the task {} {}{}{}{}",
        wanted.name,
        wanted.is,
        wanted.owner.as_ref().map_or(String::new(), |owner| format!(" with {}", name(stage, owner))),
        of.map_or(String::new(), |of| format!(" with the people of {}", of.name)),
        wanted.steps.as_ref().map_or(String::new(), |steps| format!(" ({})", steps.join(", "))),
    );
    match list(answer, "tasks").iter().find(|task| text(task, "task") == id) {
        Some(task)
            if text(task, "status") == wanted.is
                && wanted.owner.as_ref().is_none_or(|who| owner(task) == contact_of(stage, who))
                && of.is_none_or(|of| text(task, "pool") == of.id.as_str())
                && wanted.steps.as_ref().is_none_or(|wanted| *wanted == steps(task)) =>
        {
            Ok((format!("{} sees: {}.", name(stage, who), shown(task)), None))
        }
        Some(task) => Err((wants, shown(task))),
        None => Err((wants, "no such task".into())),
    }
}
