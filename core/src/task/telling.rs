//! What a person reads of a task's events in any Matrix client.

use jiff::tz::TimeZone;

use crate::case::event::EventKey;
use crate::case::roster::Roster;
use crate::contact::Seat;
use crate::task::{Assignee, TaskEvent, Tasks};

/// The event as a person reads it in any Matrix client. `tasks` are those of the case, by whose titles the steps are told;
/// `zone` is the agreement's.
pub fn tell(event: TaskEvent<'_>, by: &Seat, roster: &Roster, tasks: &Tasks, zone: &TimeZone) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    let the = |task: &EventKey| match tasks.get(task) {
        Some(task) if !task.title.is_empty() => format!("the task \u{201c}{}\u{201d}", task.title),
        _ => "a task".to_owned(),
    };
    match event {
        TaskEvent::Assigned(event) => {
            let detail = event.detail.as_ref().map_or(String::new(), |detail| format!(" {detail}"));
            let to = name(&event.to, roster, by);
            let due = event.due.words(zone);
            format!("{who} gave {to} a task, due {due}: \u{201c}{}\u{201d}.{detail}", event.title)
        }
        TaskEvent::Claimed(event) => format!("{who} took {}.", the(&event.task)),
        TaskEvent::Accepted(event) => format!("{who} accepted {}.", the(&event.task)),
        TaskEvent::Declined(event) => format!("{who} declined {}: {}", the(&event.task), event.reason),
        TaskEvent::HandedOver(event) => {
            let reason = event.reason.as_ref().map_or(String::from("."), |reason| format!(": {reason}"));
            format!("{who} handed {} over to {}{reason}", the(&event.task), name(&event.to, roster, by))
        }
        TaskEvent::Completed(event) => format!("{who} completed {}: {}", the(&event.task), event.outcome),
        TaskEvent::Cancelled(event) => format!("{who} cancelled {}: {}", the(&event.task), event.reason),
    }
}

fn name(to: &Assignee, roster: &Roster, by: &Seat) -> String {
    match to {
        Assignee::Owner(whom)
            if whom.contact == by.contact.id && whom.organization == by.contact.organization =>
        {
            "themselves".to_owned()
        }
        Assignee::Owner(whom) => roster
            .contact(&whom.contact, &whom.organization)
            .map_or_else(|| whom.contact.to_string(), |seat| seat.contact.name.clone()),
        Assignee::Pool(organization) => {
            let keeper = roster.keeper_of(organization);
            let name = keeper.map_or_else(|| organization.to_string(), |seat| seat.contact.name.clone());
            format!("the team of {name}")
        }
    }
}
