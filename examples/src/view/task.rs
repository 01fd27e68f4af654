//! What a driver's answers show of who does what.

use caseline::task::{Assignee, TaskState, TaskStep};
use serde_json::{Map, Value, json};

/// A case's tasks, with every step.
pub fn tasks(tasks: &[TaskState]) -> Value {
    json!({ "tasks": tasks.iter().map(task).collect::<Vec<_>>() })
}

fn task(task: &TaskState) -> Value {
    let mut shown = json!({
        "sender": task.key.sender, "task": task.key.id, "title": task.title, "due": task.due,
        "priority": task.priority.code(), "status": task.status.code(), "assigned_by": task.assigned_by.contact,
        "assigned_at": task.assigned_by.at, "steps": task.steps.iter().map(step).collect::<Vec<_>>(),
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(task.detail.as_ref().map(|detail| ("detail".into(), json!(detail))));
        assigned(fields, &task.assignee);
    }
    shown
}

fn step(step: &TaskStep) -> Value {
    let mut shown = json!({
        "sender": step.by.event.sender, "id": step.by.event.id, "by": step.by.contact,
        "organization": step.by.organization, "at": step.by.at, "deed": step.deed.code(),
    });
    if let Some(fields) = shown.as_object_mut() {
        if let Some(to) = &step.to {
            assigned(fields, to);
        }
        fields.extend(step.text.as_ref().map(|text| ("text".into(), json!(text))));
    }
    shown
}

fn assigned(fields: &mut Map<String, Value>, to: &Assignee) {
    match to {
        Assignee::Owner(whom) => {
            let owner = json!({ "contact": whom.contact, "organization": whom.organization });
            fields.insert("owner".into(), owner);
        }
        Assignee::Pool(organization) => {
            fields.insert("pool".into(), json!(organization));
        }
    }
}
