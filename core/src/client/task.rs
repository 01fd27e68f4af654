//! Who does what in a case: its tasks, as the host works with them.

use crate::care_team::Whom;
use crate::case::event::{EventData, EventKey};
use crate::case::name::EventName;
use crate::client::Case;
use crate::commands::Command;
use crate::communication::Priority;
use crate::directory::ambiguous;
use crate::error::{Error, InvalidInput, Result};
use crate::id::{ContactId, EventId, OrganizationId};
use crate::task::{
    Assignee, TaskAccepted, TaskAssigned, TaskCancelled, TaskClaimed, TaskCompleted, TaskDeclined, TaskDue,
    TaskHandedOver, TaskState,
};

/// The longest title of a task, in bytes: it is told again with every step.
const TITLE_LIMIT: usize = 512;
/// The longest detail, reason or outcome, in bytes: it travels twice, in the block and in what any client shows.
const TEXT_LIMIT: usize = 16 * 1024;

/// How the detail of a task begins that went to somebody else.
const INSTEAD_OF: &str = "For ";

/// Who is to do a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskTo {
    /// A person with a seat in the case. Their organisation may be left out where they have one seat.
    Person {
        /// The person.
        contact: ContactId,
        /// Their organisation.
        organization: Option<OrganizationId>,
    },
    /// Whoever of this organisation claims it.
    Pool(OrganizationId),
}

impl From<ContactId> for TaskTo {
    fn from(contact: ContactId) -> Self {
        Self::Person { contact, organization: None }
    }
}

impl From<Assignee> for TaskTo {
    fn from(assignee: Assignee) -> Self {
        match assignee {
            Assignee::Owner(whom) => {
                Self::Person { contact: whom.contact, organization: Some(whom.organization) }
            }
            Assignee::Pool(organization) => Self::Pool(organization),
        }
    }
}

/// A task to assign: what to do, who is to do it, until when. `Debug` shows none of it.
///
/// ```
/// use caseline::Task;
/// # fn main() -> caseline::Result<()> {
/// let jane: caseline::id::ContactId = "urn:example:staff|jane".parse()?;
/// let friday: jiff::civil::Date = "2019-03-08".parse().expect("a date");
/// let task = Task::new("Meet Marty before discharge").owner(jane).due(friday);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Task {
    title: String,
    detail: Option<String>,
    to: Option<TaskTo>,
    due: Option<TaskDue>,
    priority: Priority,
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Task(…)")
    }
}

impl Task {
    /// A task to do this.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), detail: None, to: None, due: None, priority: Priority::Routine }
    }

    /// The same, with more about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same, with words before what is said about it.
    #[must_use]
    pub(super) fn decided(self, said: &str) -> Self {
        let detail = match &self.detail {
            Some(detail) => format!("{said} {detail}"),
            None => format!("{}.", said.trim_end_matches(':')),
        };
        Self { detail: Some(detail), ..self }
    }

    /// The same, for this person.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<TaskTo>) -> Self {
        self.to = Some(owner.into());
        self
    }

    /// The same, for whoever of this organisation claims it.
    #[must_use]
    pub fn pool(mut self, organization: OrganizationId) -> Self {
        self.to = Some(TaskTo::Pool(organization));
        self
    }

    /// The same, until then: a day, whose end counts in the agreement's zone, or an instant.
    #[must_use]
    pub fn due(mut self, due: impl Into<TaskDue>) -> Self {
        self.due = Some(due.into());
        self
    }

    /// The same, with a priority.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }
}

impl Case {
    /// The tasks of the case, in the order in which they were assigned, each with every step that was taken.
    pub fn tasks(&self) -> Result<Vec<TaskState>> {
        Ok(self.state()?.tasks.all().iter().map(|task| TaskState::clone(task)).collect())
    }

    /// Assigns a task. Where its owner is out of office, as the directory has it, and whoever covers for them takes part in the case,
    /// it goes to the cover, and its detail says for whom; what is due only once they are back waits for them.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-title`, `invalid-detail`, `task-without-owner`, `task-without-due`, `task-due-past`, `ambiguous-contact`),
    /// `NotFound` (`seat`) for somebody who never had a seat, `NotAllowed` (`task-owner-unseated`, `task-owner-outside`,
    /// `task-pool-empty`, `task-too-many`), besides the errors of every command.
    pub fn assign(&self, id: Option<EventId>, task: Task) -> Result<EventKey> {
        if task.title.trim().is_empty() || task.title.len() > TITLE_LIMIT {
            let detail = "say what to do, in 512 bytes at most: more goes into the detail";
            return Err(InvalidInput::new("invalid-title", detail).field("title").into());
        }
        let detail = task.detail.map(|text| said(&text, "invalid-detail", "detail")).transpose()?;
        let to = task.to.ok_or_else(|| {
            let detail = "say who is to do it: a person of the case, or the pool of an organization";
            InvalidInput::new("task-without-owner", detail).field("owner")
        })?;
        let due = task.due.ok_or_else(|| {
            InvalidInput::new("task-without-due", "say until when: a day or an instant").field("due")
        })?;
        let to = self.assignee(to)?;
        let mut assigned = TaskAssigned { title: task.title, detail, to, due, priority: task.priority };
        if let Some(first) = self.assigned_first(id, &assigned)? {
            assigned = first;
        } else {
            // What was given before is not refused because it was not done in time, even where it never left.
            let engine = &self.caseline().engine;
            if id.map(|id| engine.db.outbox_fate(id)).transpose()?.flatten().is_none() {
                self.still_to_come(due)?;
            }
            self.reroute(&mut assigned.to, due, &mut assigned.detail, None)?;
        }
        self.command(&Command::new(id, assigned))
    }

    /// Takes a task out of the pool of one's own organisation: one's own from now on.
    ///
    /// # Errors
    /// `NotAllowed` (`task-claimed` where somebody was first, `task-other-pool`, `task-not-claimable`), besides the errors of
    /// every command.
    pub fn claim_task(&self, id: Option<EventId>, task: impl Into<EventName>) -> Result<EventKey> {
        let task = self.task_key(&task.into())?;
        self.command(&Command::new(id, TaskClaimed { task }))
    }

    /// Accepts a task: one will do it.
    ///
    /// # Errors
    /// `NotAllowed` (`task-not-yours`, `task-in-pool`, `task-accepted`), besides the errors of every command.
    pub fn accept_task(&self, id: Option<EventId>, task: impl Into<EventName>) -> Result<EventKey> {
        let task = self.task_key(&task.into())?;
        self.command(&Command::new(id, TaskAccepted { task }))
    }

    /// Declines a task that was not accepted yet: it is back with whoever assigned it.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`), `NotAllowed` (`task-not-yours`, `task-accepted`), besides the errors of every
    /// command.
    pub fn decline_task(
        &self,
        id: Option<EventId>,
        task: impl Into<EventName>,
        reason: &str,
    ) -> Result<EventKey> {
        let reason = said(reason, "invalid-reason", "reason")?;
        let task = self.task_key(&task.into())?;
        self.command(&Command::new(id, TaskDeclined { task, reason }))
    }

    /// Hands a task over: by who has it, by who assigned it, or by a lead of either organisation. Where its new owner is out of
    /// office it goes to whoever covers for them, as with [`Case::assign`], and the reason says for whom; who covers can be made to
    /// give it back.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`, `ambiguous-contact`), `NotFound` (`seat`), `NotAllowed` (`task-not-yours`,
    /// `task-same-owner`, `task-owner-unseated`, `task-owner-outside`, `task-pool-empty`), besides the errors of every command.
    pub fn hand_over_task(
        &self,
        id: Option<EventId>,
        task: impl Into<EventName>,
        to: impl Into<TaskTo>,
        reason: Option<&str>,
    ) -> Result<EventKey> {
        let reason = reason.map(|reason| said(reason, "invalid-reason", "reason")).transpose()?;
        let to = self.assignee(to.into())?;
        let task = self.task_key(&task.into())?;
        let mut handed = TaskHandedOver { task, to, reason };
        if let Some(first) = self.handed_first(id, &handed)? {
            handed = first;
        } else if let Some(task) = self.expected()?.tasks.get(&handed.task) {
            self.reroute(&mut handed.to, task.due, &mut handed.reason, Some(&task.assignee))?;
        }
        self.command(&Command::new(id, handed))
    }

    /// Says that a task is done, and what came of it.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-outcome`), `NotAllowed` (`task-not-yours`, `task-in-pool`, `task-over`), besides the errors of
    /// every command.
    pub fn complete_task(
        &self,
        id: Option<EventId>,
        task: impl Into<EventName>,
        outcome: &str,
    ) -> Result<EventKey> {
        let outcome = said(outcome, "invalid-outcome", "outcome")?;
        let task = self.task_key(&task.into())?;
        self.command(&Command::new(id, TaskCompleted { task, outcome }))
    }

    /// Calls a task off: by who assigned it, or a lead of their organisation.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`), `NotAllowed` (`task-not-assigner`, `task-over`), besides the errors of every command.
    pub fn cancel_task(
        &self,
        id: Option<EventId>,
        task: impl Into<EventName>,
        reason: &str,
    ) -> Result<EventKey> {
        let reason = said(reason, "invalid-reason", "reason")?;
        let task = self.task_key(&task.into())?;
        self.command(&Command::new(id, TaskCancelled { task, reason }))
    }

    /// Which task is meant.
    fn task_key(&self, task: &EventName) -> Result<EventKey> {
        let state = self.expected()?;
        task.among(state.tasks.all().iter().map(|task| &task.key), "task", &self.caseline().user())
    }

    /// What was assigned under this id at first: a repeated command is answered as it was then, whoever is there by now.
    fn assigned_first(&self, id: Option<EventId>, again: &TaskAssigned) -> Result<Option<TaskAssigned>> {
        let first = id.map(|id| self.said_first(id)).transpose()?.flatten();
        let Some(EventData::TaskAssigned(first)) = first else { return Ok(None) };
        // Rerouted, it says more than the command did, and another of the same organisation has it; everything else is the same.
        let rerouted = first.to.organization() == again.to.organization()
            && is_rerouted(first.detail.as_deref(), again.detail.as_deref())
            && TaskAssigned { detail: again.detail.clone(), to: again.to.clone(), ..first.clone() } == *again;
        Ok((first == *again || rerouted).then_some(first))
    }

    /// What was handed over under this id at first, as [`Self::assigned_first`].
    fn handed_first(&self, id: Option<EventId>, again: &TaskHandedOver) -> Result<Option<TaskHandedOver>> {
        let first = id.map(|id| self.said_first(id)).transpose()?.flatten();
        let Some(EventData::TaskHandedOver(first)) = first else { return Ok(None) };
        let rerouted = first.task == again.task
            && first.to.organization() == again.to.organization()
            && is_rerouted(first.reason.as_deref(), again.reason.as_deref());
        Ok((first == *again || rerouted).then_some(first))
    }

    /// Gives a task to the cover of an owner who is out of office until it is due, if that takes part in the case, and says so.
    /// Whoever takes it from the cover again means that, and who has it already is not given it.
    fn reroute(
        &self,
        to: &mut Assignee,
        due: TaskDue,
        said: &mut Option<String>,
        has: Option<&Assignee>,
    ) -> Result<()> {
        let Assignee::Owner(owner) = &*to else { return Ok(()) };
        let Some(cover) = self.cover(&self.expected()?, owner, due) else { return Ok(()) };
        let covers = Assignee::Owner(cover.whom);
        if has.is_some_and(|has| *has == covers || has == to) {
            return Ok(());
        }
        let instead = format!("{INSTEAD_OF}{}, who is away{}.", cover.away, cover.until);
        *said = Some(said.take().map_or_else(|| instead.clone(), |said| format!("{instead} {said}")));
        *to = covers;
        Ok(())
    }

    /// Refuses a due time that is past: nobody can keep it, and everybody would be reminded at once.
    fn still_to_come(&self, due: TaskDue) -> Result<()> {
        let state = self.expected()?;
        let Some(opening) = state.opening() else { return Ok(()) };
        if due.instant(&opening.agreement.zone) > self.caseline().engine.now() {
            return Ok(());
        }
        let detail = "that time is past: say a day from today on, or an instant to come";
        Err(InvalidInput::new("task-due-past", detail).field("due").into())
    }

    /// Who is meant. Somebody whose only seat has ended is meant too, so that a repeated command is answered as it was first;
    /// a new one is refused with the reason.
    fn assignee(&self, to: TaskTo) -> Result<Assignee> {
        let (contact, organization) = match to {
            TaskTo::Pool(organization) => return Ok(Assignee::Pool(organization)),
            TaskTo::Person { contact, organization: Some(organization) } => (contact, organization),
            TaskTo::Person { contact, organization: None } => {
                let state = self.expected()?;
                let places = || state.roster().all().iter().filter(|place| place.seat.contact.id == contact);
                let active = places().any(|place| place.ended.is_none());
                let mut of: Vec<&OrganizationId> = places()
                    .filter(|place| place.ended.is_none() || !active)
                    .map(|place| &place.seat.contact.organization)
                    .collect();
                of.dedup();
                match of.as_slice() {
                    [] => return Err(Error::NotFound { what: "seat" }),
                    [one] => (contact, (*one).clone()),
                    _ => return Err(ambiguous().into()),
                }
            }
        };
        Ok(Assignee::Owner(Whom { contact, organization }))
    }
}

/// Whether these are the words of a command, after those that say for whom it was rerouted.
fn is_rerouted(first: Option<&str>, again: Option<&str>) -> bool {
    let first = first.unwrap_or_default();
    first.starts_with(INSTEAD_OF) && first.ends_with(again.unwrap_or_default())
}

/// What somebody says, if it is something and not too long.
fn said(text: &str, code: &'static str, field: &'static str) -> Result<String> {
    if text.trim().is_empty() || text.len() > TEXT_LIMIT {
        return Err(InvalidInput::new(code, "say it in words, in 16 KiB at most").field(field).into());
    }
    Ok(text.to_owned())
}
