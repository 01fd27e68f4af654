//! A case's tasks as FHIR Task (R4, 12.5). Every element that can change is always written, so that none of an earlier state
//! is left over in a record.

use jiff::Timestamp;

use super::super::write::{
    Object, account_ref, concept, contact_ref, event_value, heads_extension, identifier, literal, logical,
    organization_ref,
};
use super::{View, codes, write};
use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::case::state::Resource;
use crate::communication::Priority;
use crate::fhir::write::kind_of;
use crate::ports::RecordWrite;
use crate::task::{Assignee, SupersededTask, TaskDeed, TaskDue, TaskState, TaskStatus};

/// Why what waited for somebody waits no more.
pub(in crate::fhir) const CASE_CLOSED: &str = "The case was closed";

/// A task, whether it counts or not.
struct Written<'a> {
    key: &'a EventKey,
    status: &'static str,
    reason: &'a str,
    title: &'a str,
    detail: Option<&'a str>,
    due: TaskDue,
    priority: Priority,
    assignee: &'a Assignee,
    requester: String,
    authored: Timestamp,
    modified: Timestamp,
    outcome: Option<&'a str>,
}

impl View<'_> {
    /// Every task that this device knows whole.
    pub(super) fn tasks(&self) -> Vec<RecordWrite> {
        let whole = |key: &EventKey| !self.state.holds_stubs_for(&Resource::Task(key.clone()));
        let superseded = self.state.superseded_tasks.iter().filter(|one| whole(&one.key));
        let mut writes: Vec<RecordWrite> = superseded.map(|one| self.superseded_task(one)).collect();
        let tasks = self.state.tasks.all().iter().filter(|task| whole(&task.key));
        writes.extend(tasks.map(|task| self.counted_task(task)));
        writes
    }

    fn counted_task(&self, task: &TaskState) -> RecordWrite {
        let last = task.steps.last();
        let status = match task.status {
            TaskStatus::Requested => "requested",
            TaskStatus::Accepted => "accepted",
            TaskStatus::Declined => "rejected",
            TaskStatus::Completed => "completed",
            TaskStatus::Cancelled => "cancelled",
        };
        // Nobody does it any more, unless the case goes on again.
        let closed = self.state.life.closed.as_ref();
        let closed = closed.filter(|_| matches!(task.status, TaskStatus::Requested | TaskStatus::Accepted));
        let status = closed.map_or(status, |_| "cancelled");
        // What came of it is an output, and no reason.
        let said = last.filter(|step| step.deed != TaskDeed::Completed).and_then(|step| step.text.as_deref());
        let done = last.filter(|step| step.deed == TaskDeed::Completed);
        self.task(&Written {
            key: &task.key,
            status,
            reason: match closed {
                Some(_) => CASE_CLOSED,
                None => said.unwrap_or_else(|| last.map_or("Assigned", |step| word(step.deed))),
            },
            title: &task.title,
            detail: task.detail.as_deref(),
            due: task.due,
            priority: task.priority,
            assignee: &task.assignee,
            requester: self.who(&task.assigned_by),
            authored: task.assigned_by.at,
            modified: closed.map_or(last.map_or(task.assigned_by.at, |step| step.by.at), |closed| closed.at),
            outcome: done.and_then(|step| step.text.as_deref()),
        })
    }

    fn superseded_task(&self, task: &SupersededTask) -> RecordWrite {
        let assigned = &task.assigned;
        self.task(&Written {
            key: &task.key,
            status: "entered-in-error",
            reason: "It never took effect in the case",
            title: &assigned.title,
            detail: assigned.detail.as_deref(),
            due: assigned.due,
            priority: assigned.priority,
            assignee: &assigned.to,
            requester: task.from.as_ref().map_or_else(|| account_ref(&task.key.sender), contact_ref),
            authored: task.at,
            modified: task.at,
            outcome: None,
        })
    }

    fn task(&self, task: &Written<'_>) -> RecordWrite {
        let value = event_value(task.key);
        let resource = Resource::Task(task.key.clone());
        let heads = self.state.shaped_by(&resource);
        let words = |text: &str| Object::new().text("text", text).done();
        let outcome = task.outcome.map(|outcome| {
            let kind = concept(codes::TASK_OUTPUT, "outcome", "What came of it");
            Object::new().raw("type", &kind).text("valueString", outcome).done()
        });
        // inv-1: clocks of two houses differ by a little.
        let modified = task.modified.max(task.authored);
        let period = Object::new().text("end", &task.due.to_string()).done();
        let code = if task.title.is_empty() { String::new() } else { words(task.title) };
        let json = Object::resource("Task")
            .labelled(&self.state.labels(&resource))
            .list("extension", &[heads_extension(&heads)])
            .list("identifier", &[identifier(codes::EVENT, &value)])
            .text("status", task.status)
            .raw("statusReason", &words(task.reason))
            .text("intent", "order")
            .text("priority", task.priority.code())
            .raw("code", &code)
            .text("description", task.detail.unwrap_or(task.title))
            .raw("for", &literal(&self.own.patient))
            .text("authoredOn", &task.authored.to_string())
            .text("lastModified", &modified.to_string())
            .raw("requester", &task.requester)
            .raw("owner", &self.assignee(task.assignee))
            .raw("restriction", &Object::new().raw("period", &period).done())
            .list("output", &outcome.into_iter().collect::<Vec<_>>())
            .done();
        write("Task", ("identifier", format!("{}|{value}", codes::EVENT)), json)
    }

    fn assignee(&self, to: &Assignee) -> String {
        match to {
            Assignee::Owner(whom) => {
                let mut seats = self.state.roster().all().iter().rev().map(|place| &place.seat.contact);
                let found = seats.find(|one| one.id == whom.contact && one.organization == whom.organization);
                found.map_or_else(
                    || logical("Practitioner", whom.contact.system(), whom.contact.value(), ""),
                    contact_ref,
                )
            }
            Assignee::Pool(id) => {
                let known = self.opening.organizations().find(|one| one.id == *id);
                organization_ref(id, known.map_or("", |one| &one.name))
            }
        }
    }

    pub(super) fn who(&self, by: &StepTaken) -> String {
        let mut contacts = self.state.roster().all().iter().map(|place| &place.seat.contact);
        let name = contacts.find(|contact| by.is_by(contact)).map_or("", |contact| &contact.name);
        logical(kind_of(&by.role), by.contact.system(), by.contact.value(), name)
    }
}

/// What a step without words of its own did.
fn word(deed: TaskDeed) -> &'static str {
    match deed {
        TaskDeed::Claimed => "Claimed",
        TaskDeed::Accepted => "Accepted",
        TaskDeed::Declined => "Declined",
        TaskDeed::HandedOver => "Handed over",
        TaskDeed::Completed => "Completed",
        TaskDeed::Cancelled => "Cancelled",
    }
}
