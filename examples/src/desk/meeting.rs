//! All cases at a glance, agreements side by side, and meetings.

use caseline::{Caseline, Decision, Error, Message, Task};
use serde_json::{Value, json};

use super::sent;
use crate::protocol::{Decide, Failure, Verb, task_to};
use crate::view;

pub(super) async fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    match verb {
        Verb::Panel(asked) => Ok(view::panel(&caseline.panel(&asked.into())?)),
        Verb::SideBySide {} => {
            let all: Vec<Value> = caseline.side_by_side()?.iter().map(view::beside).collect();
            Ok(json!({ "agreements": all }))
        }
        Verb::Agenda(asked) => Ok(view::agenda(&caseline.agenda(asked.order()?)?)),
        Verb::SaveAppointment(asked) => {
            let agenda = caseline.agenda(asked.order()?)?;
            let created = caseline.save_appointment(&agenda).await.map_err(Error::from)?;
            Ok(json!({ "id": created.stored.id, "version": created.stored.version }))
        }
        Verb::Decide(decided) => decide(caseline, *decided),
        _ => Err(Failure::Invalid("this verb is not about meetings".into())),
    }
}

fn decide(caseline: &Caseline, decided: Decide) -> Result<Value, Failure> {
    let meeting = decided.meeting();
    let what = match (decided.text, decided.title, decided.due) {
        (Some(text), None, None) => Decision::Message(Message::text(text).priority(decided.priority)),
        (None, Some(title), Some(due)) => {
            let to = task_to(decided.owner, decided.organization, decided.pool)?;
            let mut task = Task::new(title).owner(to).due(due).priority(decided.priority);
            if let Some(detail) = decided.detail {
                task = task.detail(detail);
            }
            Decision::Task(task)
        }
        _ => return Err(Failure::Invalid("give either `text`, or `title` and `due`".into())),
    };
    Ok(sent(&caseline.decide(&meeting, decided.case, decided.decision, what)?))
}
