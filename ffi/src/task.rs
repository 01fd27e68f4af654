//! Who does what in a case.

use std::time::SystemTime;

use caseline::TaskTo;
use caseline::care_team;
use caseline::case::name::EventName;
use caseline::error::InvalidInput;
use caseline::id::{ContactId, OrganizationId};
use caseline::task::{self, Assignee};

use crate::case::Case;
use crate::client::Caseline;
use crate::error::{Result, parsed};
use crate::message::MessagePriority;
use crate::models::EventKey;
use crate::state::Whom;

/// A task of a case.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Task {
    /// The id of the event that assigned it: what the commands about it take.
    pub task: String,
    /// The Matrix account that assigned it.
    pub sender: String,
    /// What to do. Empty where a handover withheld it. Member data.
    pub title: String,
    /// More about it. Member data.
    pub detail: Option<String>,
    /// The person who has it; nothing while it is in a pool.
    pub owner: Option<Whom>,
    /// The organisation in whose pool it is.
    pub pool: Option<String>,
    /// Until when: a day (`2019-03-08`) or an instant.
    pub due: String,
    /// How urgent it is.
    pub priority: MessagePriority,
    /// `requested`, `accepted`, `declined` (whoever assigned it owes a new owner), `completed` or `cancelled`.
    pub status: String,
    /// The contact who assigned it.
    pub assigned_by: String,
    /// When.
    pub assigned_at: SystemTime,
    /// Every step since, in order.
    pub steps: Vec<TaskStep>,
}

/// One line of a task's ledger.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct TaskStep {
    /// The event.
    pub key: EventKey,
    /// The contact who took the step.
    pub by: String,
    /// Their organisation.
    pub organization: String,
    /// When.
    pub at: SystemTime,
    /// `claimed`, `accepted`, `declined`, `handed-over`, `completed` or `cancelled`.
    pub deed: String,
    /// The person to whom it was handed over.
    pub owner: Option<Whom>,
    /// The organisation to whose pool it was handed over.
    pub pool: Option<String>,
    /// Their reason, or what came of it. Member data.
    pub text: Option<String>,
}

fn owner(assignee: &Assignee) -> Option<Whom> {
    match assignee {
        Assignee::Owner(care_team::Whom { contact, organization }) => {
            Some(Whom { contact: contact.to_string(), organization: organization.to_string() })
        }
        Assignee::Pool(_) => None,
    }
}

fn pool(assignee: &Assignee) -> Option<String> {
    match assignee {
        Assignee::Owner(_) => None,
        Assignee::Pool(organization) => Some(organization.to_string()),
    }
}

impl From<&task::TaskState> for Task {
    fn from(task: &task::TaskState) -> Self {
        Self {
            task: task.key.id.to_string(),
            sender: task.key.sender.to_string(),
            title: task.title.clone(),
            detail: task.detail.clone(),
            owner: owner(&task.assignee),
            pool: pool(&task.assignee),
            due: task.due.to_string(),
            priority: task.priority.into(),
            status: task.status.code().to_owned(),
            assigned_by: task.assigned_by.contact.to_string(),
            assigned_at: task.assigned_by.at.into(),
            steps: task.steps.iter().map(TaskStep::from).collect(),
        }
    }
}

impl From<&task::TaskStep> for TaskStep {
    fn from(step: &task::TaskStep) -> Self {
        Self {
            key: EventKey::from(&step.by.event),
            by: step.by.contact.to_string(),
            organization: step.by.organization.to_string(),
            at: step.by.at.into(),
            deed: step.deed.code().to_owned(),
            owner: step.to.as_ref().and_then(owner),
            pool: step.to.as_ref().and_then(pool),
            text: step.text.clone(),
        }
    }
}

/// Who is to do a task: a person, of one organisation where they have several seats, or an organisation's pool.
pub(crate) fn task_to(owner: Option<&str>, organization: Option<&str>, pool: Option<&str>) -> Result<TaskTo> {
    match (owner, pool) {
        (Some(owner), None) => {
            let contact: ContactId = parsed(owner, "owner")?;
            let organization =
                organization.map(|id| parsed::<OrganizationId>(id, "organization")).transpose()?;
            Ok(TaskTo::Person { contact, organization })
        }
        (None, Some(pool)) => Ok(TaskTo::Pool(parsed(pool, "pool")?)),
        _ => {
            let detail =
                "say who is to do it: either `owner`, a person of the case, or `pool`, an organization";
            Err(caseline::Error::from(InvalidInput::new("task-without-owner", detail).field("owner")).into())
        }
    }
}

#[uniffi::export]
impl Caseline {
    /// Hands the tasks of who has gone out of office over to whoever covers for them, as the directory has it. A keeper does it for the
    /// people of its organisation, a person for themselves. Returns how many were handed over.
    ///
    /// # Errors
    /// The first of what could not be handed over: the others were handed over all the same.
    pub async fn hand_over_for_absent(&self) -> Result<u64> {
        self.client.local(|caseline| Ok(caseline.hand_over_for_absent()? as u64)).await
    }
}

#[uniffi::export]
impl Case {
    /// The tasks, in the order in which they were assigned, each with every step that was taken.
    pub async fn tasks(&self) -> Result<Vec<Task>> {
        self.local(|case| Ok(case.tasks()?.iter().map(Task::from).collect())).await
    }

    /// Assigns a task to `owner`, a contact with a seat in the case (of `organization`, where they have several), or to the `pool`
    /// of an organisation, until `due`: a day (`2019-03-08`) or an instant (`2019-03-08T15:00:00Z`).
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-title`, `invalid-detail`, `invalid-due`, `task-due-past`, `task-without-owner`,
    /// `ambiguous-contact`), `NotFound` (`seat`), besides the errors of every command.
    #[allow(clippy::too_many_arguments, reason = "named and with defaults in every language that calls it")]
    #[uniffi::method(default(owner = None, pool = None, organization = None, detail = None, priority = None, key = None))]
    pub async fn assign(
        &self,
        title: String,
        due: String,
        owner: Option<String>,
        pool: Option<String>,
        organization: Option<String>,
        detail: Option<String>,
        priority: Option<MessagePriority>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let to = task_to(owner.as_deref(), organization.as_deref(), pool.as_deref())?;
        let due: task::TaskDue = parsed(&due, "due")?;
        let mut task = caseline::Task::new(title).owner(to).due(due);
        if let Some(detail) = detail {
            task = task.detail(detail);
        }
        if let Some(priority) = priority {
            task = task.priority(priority.into());
        }
        self.command(key, move |case, key| Ok(case.assign(key, task)?)).await
    }

    /// Takes a task out of the pool of one's own organisation: one's own from now on.
    ///
    /// # Errors
    /// `NotAllowed` (`task-claimed` where somebody was first), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn claim_task(&self, task: String, key: Option<String>) -> Result<EventKey> {
        let task: EventName = parsed(&task, "task")?;
        self.command(key, move |case, key| Ok(case.claim_task(key, task)?)).await
    }

    /// Accepts a task: one will do it.
    #[uniffi::method(default(key = None))]
    pub async fn accept_task(&self, task: String, key: Option<String>) -> Result<EventKey> {
        let task: EventName = parsed(&task, "task")?;
        self.command(key, move |case, key| Ok(case.accept_task(key, task)?)).await
    }

    /// Declines a task that was not accepted yet: it is back with whoever assigned it.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn decline_task(&self, task: String, reason: String, key: Option<String>) -> Result<EventKey> {
        let task: EventName = parsed(&task, "task")?;
        self.command(key, move |case, key| Ok(case.decline_task(key, task, &reason)?)).await
    }

    /// Hands a task over, to `owner` or to a `pool` as with `assign`: by who has it, by who assigned it, or by a lead of either
    /// organisation.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`, `task-without-owner`, `ambiguous-contact`), `NotFound` (`seat`), besides the errors of
    /// every command.
    #[uniffi::method(default(owner = None, pool = None, organization = None, reason = None, key = None))]
    pub async fn hand_over_task(
        &self,
        task: String,
        owner: Option<String>,
        pool: Option<String>,
        organization: Option<String>,
        reason: Option<String>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let task: EventName = parsed(&task, "task")?;
        let to = task_to(owner.as_deref(), organization.as_deref(), pool.as_deref())?;
        let handed =
            move |case: &caseline::Case, key| Ok(case.hand_over_task(key, task, to, reason.as_deref())?);
        self.command(key, handed).await
    }

    /// Says that a task is done, and what came of it.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-outcome`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn complete_task(
        &self,
        task: String,
        outcome: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let task: EventName = parsed(&task, "task")?;
        self.command(key, move |case, key| Ok(case.complete_task(key, task, &outcome)?)).await
    }

    /// Calls a task off: by who assigned it, or a lead of their organisation.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn cancel_task(&self, task: String, reason: String, key: Option<String>) -> Result<EventKey> {
        let task: EventName = parsed(&task, "task")?;
        self.command(key, move |case, key| Ok(case.cancel_task(key, task, &reason)?)).await
    }
}
