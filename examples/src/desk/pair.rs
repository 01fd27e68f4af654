//! The pair's room and its meetings: what is asked of them, and the commands about them.

use caseline::{Caseline, Decision, Message, Named, OpenPair, Task};
use serde_json::{Value, json};

use super::sent;
use crate::protocol::{DecideAt, Failure, NamedContact, Verb, hour, task_to};
use crate::view;

/// Answers what is asked about a pair's room.
pub(super) fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    let case = |id| caseline.case(id);
    let key = match verb {
        Verb::OpenPair(asked) => {
            let named = |NamedContact { contact, lead }| Named { contact, lead };
            let mut open = OpenPair::new(asked.with, asked.contacts.into_iter().map(named));
            open.id = asked.case;
            return Ok(json!({ "case": caseline.open_pair(open)?.id() }));
        }
        Verb::Meetings(asked) => return Ok(view::meetings(&case(asked.case)?.state()?)),
        Verb::MeetingAgenda { case: room, meeting } => {
            return Ok(view::room_agenda(&case(room)?.meeting_agenda(meeting)?));
        }
        Verb::SetMeeting(asked) => {
            let set = caseline::SetMeeting::new(asked.date, hour(asked.time.as_deref())?, asked.minutes);
            let set = set.people(asked.people);
            let set = if asked.agenda { set.with_agenda() } else { set };
            case(asked.case)?.set_meeting(asked.key, set)?
        }
        Verb::PrepareMeeting(asked) => case(asked.case)?.prepare_meeting(asked.key, asked.meeting)?,
        Verb::AnswerMeeting(asked) => {
            let answer = asked.answer()?;
            case(asked.case)?.answer_meeting(asked.key, asked.meeting, answer)?
        }
        Verb::MoveMeeting(asked) => {
            let to = (asked.date, hour(asked.time.as_deref())?);
            case(asked.case)?.move_meeting(asked.key, asked.meeting, to, asked.minutes)?
        }
        Verb::CancelMeeting(asked) => {
            let confirmed = asked.names_confirmed;
            case(asked.case)?.cancel_meeting(asked.key, asked.meeting, &asked.reason, confirmed)?
        }
        Verb::HoldMeeting(asked) => {
            let (nothing, not_reached) = (asked.nothing, asked.not_reached);
            case(asked.case)?.hold_meeting(asked.key, asked.meeting, nothing, not_reached)?
        }
        Verb::DecideAtMeeting(decided) => {
            let (room, meeting, of, decision) =
                (case(decided.case)?, decided.meeting, decided.of, decided.decision);
            room.decide(meeting, of, decision, decision_of(*decided)?)?
        }
        _ => return Err(Failure::Invalid("this verb is not about a pair's room".into())),
    };
    Ok(sent(&key))
}

fn decision_of(decided: DecideAt) -> Result<Decision, Failure> {
    Ok(match (decided.text, decided.title, decided.due) {
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
    })
}
