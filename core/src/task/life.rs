//! The steps of a task.

use std::sync::Arc;

use crate::care_plan::StepTaken;
use crate::care_team::Whom;
use crate::case::event::EventKey;
use crate::case::roster::{Roster, decides};
use crate::case::step::Step;
use crate::contact::{Contact, Role, Seat};
use crate::id::OrganizationId;
use crate::policy::Reason;
use crate::task::{Assignee, TaskAssigned, TaskDeed, TaskEvent, TaskState, TaskStatus, TaskStep, Tasks};

/// How many open tasks the people of one organisation have assigned at most: nobody buries a case under them.
pub const MOST_OPEN: usize = 200;
/// How many tasks the people of one organisation assign in one case at most, those that are over among them.
pub const MOST_TASKS: usize = 2000;
/// How many steps of one task are kept before it can only be ended.
pub const MOST_STEPS: usize = 100;

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `task`: `task-by-keeper`, `task-too-many`, `task-unknown`, `task-over` (it was
/// completed or cancelled), `task-owner-unseated`, `task-owner-outside` (a keeper, the member or a representative does no
/// tasks), `task-pool-empty`, `task-not-claimable` (it is no pool's), `task-claimed`, `task-other-pool`, `task-in-pool` (claim
/// it first), `task-not-yours`, `task-accepted`, `task-declined`, `task-same-owner`, `task-not-assigner`,
/// `task-steps-too-many`.
pub fn step(tasks: &Tasks, event: TaskEvent<'_>, step: &Step<'_>) -> Result<Tasks, Reason> {
    if step.seat.is_keeper() && !covers(tasks, event, step) {
        return Err(refused("task-by-keeper", "a person takes the steps of a task, never a keeper"));
    }
    let mut next = tasks.clone();
    match event {
        TaskEvent::Assigned(event) => assigned(&mut next, event, step)?,
        TaskEvent::Claimed(event) => claimed(find(&mut next, &event.task)?, step)?,
        TaskEvent::Accepted(event) => {
            let task = find(&mut next, &event.task)?;
            answerable(task, step)?;
            room_for_more(task)?;
            task.status = TaskStatus::Accepted;
            note(task, step, TaskDeed::Accepted, None, None);
        }
        TaskEvent::Declined(event) => {
            let task = find(&mut next, &event.task)?;
            // A lead sends back what nobody of the pool is to take.
            if !(in_pool(task) && leads(step.seat, task.assignee.organization())) {
                answerable(task, step)?;
            }
            room_for_more(task)?;
            task.status = TaskStatus::Declined;
            since(task, step);
            note(task, step, TaskDeed::Declined, None, Some(&event.reason));
        }
        TaskEvent::HandedOver(event) => {
            let task = find(&mut next, &event.task)?;
            if !step.seat.is_keeper() {
                may_hand_over(task, step)?;
            }
            if event.to == task.assignee && task.status != TaskStatus::Declined {
                return Err(refused("task-same-owner", "the task is there already: name somebody else"));
            }
            must_be_there(&event.to, step.roster)?;
            room_for_more(task)?;
            task.assignee = event.to.clone();
            task.status = TaskStatus::Requested;
            since(task, step);
            note(task, step, TaskDeed::HandedOver, Some(event.to.clone()), event.reason.as_deref());
        }
        TaskEvent::Completed(event) => {
            let task = find(&mut next, &event.task)?;
            if task.status == TaskStatus::Declined {
                return Err(refused("task-declined", "the task was declined: it needs a new owner first"));
            }
            owns(task, step)?;
            task.status = TaskStatus::Completed;
            note(task, step, TaskDeed::Completed, None, Some(&event.outcome));
        }
        TaskEvent::Cancelled(event) => {
            let task = find(&mut next, &event.task)?;
            if !assigned_by(task, step) {
                let text = "who assigned a task cancels it, or a lead of their organization; its owner hands it over or declines it";
                return Err(refused("task-not-assigner", text));
            }
            task.status = TaskStatus::Cancelled;
            note(task, step, TaskDeed::Cancelled, None, Some(&event.reason));
        }
    }
    Ok(next)
}

/// Whether a keeper gives a task of somebody of its organisation, who is out of office, to whoever covers, and says why: that alone is
/// no person's step.
fn covers(tasks: &Tasks, event: TaskEvent<'_>, step: &Step<'_>) -> bool {
    let TaskEvent::HandedOver(event) = event else { return false };
    let own = &step.seat.contact.organization;
    let has =
        tasks.all().iter().find(|task| task.key == event.task).map(|task| (&task.assignee, task.status));
    let of_own = |to: &Assignee| matches!(to, Assignee::Owner(whom) if whom.organization == *own);
    let said = event.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
    said && of_own(&event.to)
        && has.is_some_and(|(assignee, status)| of_own(assignee) && status != TaskStatus::Declined)
}

fn assigned(tasks: &mut Tasks, event: &TaskAssigned, step: &Step<'_>) -> Result<(), Reason> {
    let own = |task: &TaskState| task.assigned_by.organization == step.seat.contact.organization;
    let open = tasks.open().filter(|task| own(task)).count();
    if open >= MOST_OPEN || tasks.all().iter().filter(|task| own(task)).count() >= MOST_TASKS {
        let text =
            "your organization has assigned very many tasks in this case: complete or cancel some first";
        return Err(refused("task-too-many", text));
    }
    must_be_there(&event.to, step.roster)?;
    tasks.tasks.push(Arc::new(TaskState {
        key: step.key.clone(),
        title: event.title.clone(),
        detail: event.detail.clone(),
        due: event.due,
        priority: event.priority,
        assignee: event.to.clone(),
        assigned_by: StepTaken::of(step),
        since: step.key.clone(),
        since_at: step.when(),
        status: TaskStatus::Requested,
        steps: Vec::new(),
    }));
    Ok(())
}

fn claimed(task: &mut TaskState, step: &Step<'_>) -> Result<(), Reason> {
    let contact = &step.seat.contact;
    let was_claimed = task.steps.iter().any(|one| one.deed == TaskDeed::Claimed);
    match &task.assignee {
        Assignee::Owner(_) if was_claimed => {
            return Err(refused("task-claimed", "somebody has claimed that task already"));
        }
        Assignee::Owner(_) => {
            return Err(refused("task-not-claimable", "that task was given to a person, not to a pool"));
        }
        Assignee::Pool(pool) if *pool != contact.organization => {
            return Err(refused("task-other-pool", "that task is for the people of another organization"));
        }
        Assignee::Pool(_) if task.status == TaskStatus::Declined => {
            return Err(refused("task-declined", "the task was declined: it needs a new owner first"));
        }
        Assignee::Pool(_) => {}
    }
    room_for_more(task)?;
    task.assignee =
        Assignee::Owner(Whom { contact: contact.id.clone(), organization: contact.organization.clone() });
    task.status = TaskStatus::Accepted;
    since(task, step);
    note(task, step, TaskDeed::Claimed, None, None);
    Ok(())
}

/// The task, while it is not over.
fn find<'a>(tasks: &'a mut Tasks, assigned: &EventKey) -> Result<&'a mut TaskState, Reason> {
    let found = tasks.tasks.iter_mut().find(|task| task.key == *assigned);
    let task = found.ok_or_else(|| refused("task-unknown", "this case has no such task"))?;
    if !task.status.is_open() {
        let text = "that task is over: it was completed or cancelled. Assign a new one";
        return Err(refused("task-over", text));
    }
    Ok(Arc::make_mut(task))
}

/// Whether this is who has the task, or a lead of their organisation once they are no longer in the case. For somebody whose
/// organisation has nobody on Matrix, whoever gave it to them tells what they said.
fn owns(task: &TaskState, step: &Step<'_>) -> Result<(), Reason> {
    let Assignee::Owner(owner) = &task.assignee else {
        return Err(refused("task-in-pool", "nobody has that task yet: claim it first"));
    };
    let gone = step.roster.contact(&owner.contact, &owner.organization).is_none();
    let told = step.is_away(&owner.organization) && assigned_by(task, step);
    if is(&step.seat.contact, owner) || (gone && leads(step.seat, &owner.organization)) || told {
        return Ok(());
    }
    Err(refused("task-not-yours", "only who has a task answers for it: ask them, or have it handed over"))
}

/// Whether the task waits for this person's answer.
fn answerable(task: &TaskState, step: &Step<'_>) -> Result<(), Reason> {
    match task.status {
        TaskStatus::Accepted => Err(refused(
            "task-accepted",
            "that task was accepted already: who cannot do it after all hands it over",
        )),
        TaskStatus::Declined => {
            Err(refused("task-declined", "the task was declined: it needs a new owner first"))
        }
        _ => owns(task, step),
    }
}

/// Who has a task hands it over, or who assigned it; a lead for either side of it.
fn may_hand_over(task: &TaskState, step: &Step<'_>) -> Result<(), Reason> {
    let owner = match &task.assignee {
        Assignee::Owner(owner) => is(&step.seat.contact, owner) && task.status != TaskStatus::Declined,
        Assignee::Pool(_) => false,
    };
    if owner || assigned_by(task, step) || leads(step.seat, task.assignee.organization()) {
        return Ok(());
    }
    let text = "who has a task hands it over, who assigned it, or a lead of their organizations";
    Err(refused("task-not-yours", text))
}

fn assigned_by(task: &TaskState, step: &Step<'_>) -> bool {
    task.assigned_by.is_by(&step.seat.contact) || leads(step.seat, &task.assigned_by.organization)
}

/// Whoever is to do it has a seat, and is somebody who does tasks.
fn must_be_there(to: &Assignee, roster: &Roster) -> Result<(), Reason> {
    match to {
        Assignee::Owner(whom) => {
            let seat = roster.contact(&whom.contact, &whom.organization).ok_or_else(|| {
                let text = "who is to do a task has a seat in the case: name them for it first";
                refused("task-owner-unseated", text)
            })?;
            if does_tasks(seat) {
                Ok(())
            } else {
                let text = "a keeper, the member or a representative is given no task: name one of the team";
                Err(refused("task-owner-outside", text))
            }
        }
        Assignee::Pool(organization) => {
            let somebody =
                roster.active().any(|seat| seat.contact.organization == *organization && does_tasks(seat));
            let text = "nobody of that organization has a seat in the case: name somebody for it first";
            if somebody { Ok(()) } else { Err(refused("task-pool-empty", text)) }
        }
    }
}

/// Whether a seat is that of somebody who can be given a task.
pub(crate) fn does_tasks(seat: &Seat) -> bool {
    !matches!(seat.contact.role, Role::Keeper | Role::Member | Role::MemberRepresentative)
}

fn in_pool(task: &TaskState) -> bool {
    matches!(task.assignee, Assignee::Pool(_)) && task.status == TaskStatus::Requested
}

fn leads(seat: &Seat, organization: &OrganizationId) -> bool {
    decides(seat) && seat.contact.organization == *organization
}

fn is(contact: &Contact, whom: &Whom) -> bool {
    contact.id == whom.contact && contact.organization == whom.organization
}

fn room_for_more(task: &TaskState) -> Result<(), Reason> {
    if task.steps.len() < MOST_STEPS {
        return Ok(());
    }
    let text = "that task went through very many hands: complete or cancel it";
    Err(refused("task-steps-too-many", text))
}

fn since(task: &mut TaskState, step: &Step<'_>) {
    task.since = step.key.clone();
    task.since_at = step.when();
}

fn note(task: &mut TaskState, step: &Step<'_>, deed: TaskDeed, to: Option<Assignee>, text: Option<&str>) {
    let text = text.filter(|text| !text.is_empty()).map(str::to_owned);
    task.steps.push(TaskStep { by: StepTaken::of(step), deed, to, text });
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "task")
}
