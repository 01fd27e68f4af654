//! Who does what: the commands about tasks.

use caseline::case::event::EventKey;
use caseline::{Caseline, Task};

use crate::protocol::{Failure, Verb, task_to};

/// Does what is asked about a task.
pub(super) fn act(caseline: &Caseline, verb: Verb) -> Result<EventKey, Failure> {
    let case = |id| caseline.case(id);
    let done = match verb {
        Verb::Assign(asked) => {
            let to = task_to(asked.owner, asked.organization, asked.pool)?;
            let mut task = Task::new(asked.title).owner(to).due(asked.due).priority(asked.priority);
            if let Some(detail) = asked.detail {
                task = task.detail(detail);
            }
            asked.marks.unwrap_or_default().on(&case(asked.case)?)?.assign(asked.key, task)
        }
        Verb::ClaimTask(asked) => case(asked.case)?.claim_task(asked.key, asked.task),
        Verb::AcceptTask(asked) => case(asked.case)?.accept_task(asked.key, asked.task),
        Verb::DeclineTask(asked) => case(asked.case)?.decline_task(asked.key, asked.task, &asked.reason),
        Verb::HandOverTask(asked) => {
            let to = task_to(asked.owner, asked.organization, asked.pool)?;
            case(asked.case)?.hand_over_task(asked.key, asked.task, to, asked.reason.as_deref())
        }
        Verb::CompleteTask(asked) => case(asked.case)?.complete_task(asked.key, asked.task, &asked.outcome),
        Verb::CancelTask(asked) => case(asked.case)?.cancel_task(asked.key, asked.task, &asked.reason),
        _ => return Err(Failure::Invalid("this verb is not about a task".into())),
    };
    Ok(done?)
}
