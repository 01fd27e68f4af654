//! What a story says of who does what.

use caseline::communication::Priority;
use caseline::task::TaskDue;
use serde::Deserialize;

/// A task that somebody is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assigned {
    /// What to do.
    pub title: String,
    /// More about it.
    pub detail: Option<String>,
    /// The person who is to do it.
    pub owner: Option<String>,
    /// The organisation whose people are to claim it.
    pub pool: Option<String>,
    /// Until when.
    pub due: TaskDue,
    /// How urgent it is.
    pub priority: Option<Priority>,
}

/// A task, and why it is declined or cancelled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonedTask {
    /// The task, by its name.
    pub task: String,
    /// Why.
    pub reason: String,
}

/// A task that is handed over.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandedOver {
    /// The task, by its name.
    pub task: String,
    /// The person who is to do it now.
    pub owner: Option<String>,
    /// The organisation whose people are to claim it.
    pub pool: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A task that is done.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completed {
    /// The task, by its name.
    pub task: String,
    /// What came of it.
    pub outcome: String,
}

/// A task as its reader sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSeen {
    /// The task, by its name.
    pub name: String,
    /// `requested`, `accepted`, `declined`, `completed` or `cancelled`.
    pub is: String,
    /// The person who has it.
    pub owner: Option<String>,
    /// The organisation in whose pool it is.
    pub pool: Option<String>,
    /// What was done with it since it was assigned, in order: `claimed`, `accepted`, `declined`, `handed-over`, …
    pub steps: Option<Vec<String>>,
}
