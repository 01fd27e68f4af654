//! Who does what: what to ask for, and how to tell it.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Case, Line};
use crate::demo::fault::{Fault, no_case};
use crate::story::Deed;

/// The fields of a deed, the sentence that tells it, and the task that it waits for.
type About = (Map<String, Value>, String, Option<String>);

impl Line<'_, '_> {
    /// What to ask for about a task, once it is there, and how to tell it.
    pub(super) fn task(
        &mut self,
        who: &str,
        deed: &Deed,
        verb: &str,
        case: &Case,
        within: Duration,
    ) -> Result<(Value, String), Fault> {
        let (mut fields, says, waits_for) = self.about_task(who, deed, verb)?;
        fields.insert("case".into(), json!(case.id));
        fields.insert("key".into(), json!(Uuid::now_v7().to_string()));
        self.until_there(who, case, waits_for.as_deref().map(|task| ("tasks", "task", task)), within)?;
        Ok((Value::Object(fields), says))
    }

    /// The fields of a deed about a task, the sentence that tells it, and the task that it waits for.
    fn about_task(&self, who: &str, deed: &Deed, verb: &str) -> Result<About, Fault> {
        let name = self.stage.story.name_of(who);
        let mut fields = Map::new();
        let mut to = |owner: Option<&String>, pool: Option<&String>| -> String {
            if let Some(owner) = owner {
                let contact = self.stage.story.people.get(owner).map_or("", |person| person.contact.as_str());
                fields.insert("owner".into(), json!(contact));
                self.stage.story.name_of(owner)
            } else {
                let of = pool.and_then(|pool| self.stage.story.organizations.get(pool));
                fields.insert("pool".into(), json!(of.map(|of| of.id.as_str())));
                of.map_or_else(String::new, |of| format!("the people of {}", of.name))
            }
        };
        if let Some(assigned) = &deed.assign {
            let whom = to(assigned.owner.as_ref(), assigned.pool.as_ref());
            fields.insert("title".into(), json!(assigned.title));
            fields.insert("due".into(), json!(assigned.due));
            fields.extend(assigned.detail.as_ref().map(|detail| ("detail".into(), json!(detail))));
            fields.extend(assigned.priority.map(|priority| ("priority".into(), json!(priority))));
            let says = format!("{name} gives {whom} a task, due {}: “{}”", assigned.due, assigned.title);
            return Ok((fields, says, None));
        }
        let (label, says) = if let Some(handed) = &deed.hand_over_task {
            let whom = to(handed.owner.as_ref(), handed.pool.as_ref());
            fields.extend(handed.reason.as_ref().map(|reason| ("reason".into(), json!(reason))));
            let reason = handed.reason.as_ref().map_or(String::from("."), |reason| format!(": “{reason}”"));
            (&handed.task, format!("{name} hands the task over to {whom}{reason}"))
        } else if let Some(declined) = &deed.decline_task {
            fields.insert("reason".into(), json!(declined.reason));
            (&declined.task, format!("{name} declines the task: “{}”", declined.reason))
        } else if let Some(cancelled) = &deed.cancel_task {
            fields.insert("reason".into(), json!(cancelled.reason));
            (&cancelled.task, format!("{name} cancels the task: “{}”", cancelled.reason))
        } else if let Some(completed) = &deed.complete_task {
            fields.insert("outcome".into(), json!(completed.outcome));
            (&completed.task, format!("{name} has done the task: “{}”", completed.outcome))
        } else {
            let label = deed.claim_task.as_ref().or(deed.accept_task.as_ref()).ok_or_else(no_case)?;
            let does = if verb == "claim_task" { "takes" } else { "accepts" };
            (label, format!("{name} {does} the task."))
        };
        let task = self.label(label).map_or_else(String::new, |sent| sent.id.clone());
        fields.insert("task".into(), json!(task));
        Ok((fields, says, Some(task)))
    }
}

/// What somebody wrote about tasks.
pub(super) fn said(deed: &Deed) -> impl Iterator<Item = String> + '_ {
    let assigned = deed.assign.iter().flat_map(|one| std::iter::once(&one.title).chain(&one.detail));
    let reasons = deed.decline_task.iter().chain(&deed.cancel_task).map(|one| &one.reason);
    let handed = deed.hand_over_task.iter().filter_map(|one| one.reason.as_ref());
    let outcomes = deed.complete_task.iter().map(|one| &one.outcome);
    assigned.chain(reasons).chain(handed).chain(outcomes).cloned()
}
