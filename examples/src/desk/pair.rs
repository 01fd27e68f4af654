//! The pair's room and its meetings: what is asked of them, and the commands about them.

use caseline::communication::Priority;
use caseline::id::{ContactId, OrganizationId};
use caseline::task::TaskDue;
use caseline::{BringPoint, Caseline, Decision, Message, Named, OpenPair, Task};
use serde_json::{Value, json};

use super::sent;
use crate::protocol::{DecideAnew, Failure, NamedContact, Verb, hour, task_to};
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
        Verb::MeetingAgenda { case: room, meeting, for_both } => {
            let mut made = case(room)?.meeting_agenda(meeting)?;
            if for_both {
                made.agenda = made.agenda.for_both();
            }
            return Ok(view::room_agenda(&made));
        }
        Verb::BringToMeeting(asked) => {
            let point = BringPoint::new(asked.title).text(asked.text).names_confirmed(asked.names_confirmed);
            let point = match asked.concern {
                Some(concern) => point.concern(concern),
                None => point,
            };
            case(asked.case)?.bring_to_meeting(asked.key, asked.meeting, point)?
        }
        Verb::DropDecision(asked) => {
            case(asked.case)?.drop_decision(asked.key, asked.meeting, asked.undone)?
        }
        Verb::DecideAnew(asked) => {
            let DecideAnew { case: room, meeting, undone, decision, .. } = *asked;
            let what = Decided {
                text: asked.text,
                title: asked.title,
                due: asked.due,
                owner: asked.owner,
                pool: asked.pool,
                organization: asked.organization,
                detail: asked.detail,
                priority: asked.priority,
            };
            case(room)?.decide_anew(meeting, undone, decision, what.decision()?)?
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
            let what = Decided {
                text: decided.text,
                title: decided.title,
                due: decided.due,
                owner: decided.owner,
                pool: decided.pool,
                organization: decided.organization,
                detail: decided.detail,
                priority: decided.priority,
            };
            room.decide(meeting, of, decision, what.decision()?)?
        }
        _ => return Err(Failure::Invalid("this verb is not about a pair's room".into())),
    };
    Ok(sent(&key))
}

/// What is decided, of whatever meeting.
pub(super) struct Decided {
    pub(super) text: Option<String>,
    pub(super) title: Option<String>,
    pub(super) due: Option<TaskDue>,
    pub(super) owner: Option<ContactId>,
    pub(super) pool: Option<OrganizationId>,
    pub(super) organization: Option<OrganizationId>,
    pub(super) detail: Option<String>,
    pub(super) priority: Priority,
}

impl Decided {
    pub(super) fn decision(self) -> Result<Decision, Failure> {
        Ok(match (self.text, self.title, self.due) {
            (Some(text), None, None) => Decision::Message(Message::text(text).priority(self.priority)),
            (None, Some(title), Some(due)) => {
                let to = task_to(self.owner, self.organization, self.pool)?;
                let mut task = Task::new(title).owner(to).due(due).priority(self.priority);
                if let Some(detail) = self.detail {
                    task = task.detail(detail);
                }
                Decision::Task(task)
            }
            _ => return Err(Failure::Invalid("give either `text`, or `title` and `due`".into())),
        })
    }
}
