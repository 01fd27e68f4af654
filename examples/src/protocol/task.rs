//! What is asked about tasks.

use caseline::TaskTo;
use caseline::communication::Priority;
use caseline::id::{CaseId, ContactId, EventId, OrganizationId};
use caseline::task::TaskDue;
use serde::Deserialize;

use super::{Failure, MarkedAs};

/// A task to assign.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct Assign {
    pub case: CaseId,
    pub title: String,
    pub due: TaskDue,
    pub owner: Option<ContactId>,
    pub pool: Option<OrganizationId>,
    pub organization: Option<OrganizationId>,
    pub detail: Option<String>,
    #[serde(default)]
    pub priority: Priority,
    pub marks: Option<MarkedAs>,
    pub key: Option<EventId>,
}

/// A step that needs no words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct OfTask {
    pub case: CaseId,
    pub task: EventId,
    pub key: Option<EventId>,
}

/// A step with its reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct ReasonedTask {
    pub case: CaseId,
    pub task: EventId,
    pub reason: String,
    pub key: Option<EventId>,
}

/// A task that is done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct CompleteTask {
    pub case: CaseId,
    pub task: EventId,
    pub outcome: String,
    pub key: Option<EventId>,
}

/// A task that another is to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct HandOverTask {
    pub case: CaseId,
    pub task: EventId,
    pub owner: Option<ContactId>,
    pub pool: Option<OrganizationId>,
    pub organization: Option<OrganizationId>,
    pub reason: Option<String>,
    pub key: Option<EventId>,
}

/// Who is to do it.
///
/// # Errors
/// [`Failure::Invalid`] where neither or both are named.
pub fn task_to(
    owner: Option<ContactId>,
    organization: Option<OrganizationId>,
    pool: Option<OrganizationId>,
) -> Result<TaskTo, Failure> {
    match (owner, pool) {
        (Some(contact), None) => Ok(TaskTo::Person { contact, organization }),
        (None, Some(pool)) => Ok(TaskTo::Pool(pool)),
        _ => Err(Failure::Invalid("give either `owner` or `pool`".into())),
    }
}
