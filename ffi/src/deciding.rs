//! What a meeting decides in a case: a message or a task, of a meeting that has a room or has none.

use caseline::Decision;
use caseline::id::{CaseId, EventId};

use crate::case::Case;
use crate::client::Caseline;
use crate::error::{Result, parsed};
use crate::meeting::Meeting;
use crate::message::MessagePriority;
use crate::models::EventKey;
use crate::task::task_to;

/// A task that a meeting decides on.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct DecidedTask {
    /// What is to be done.
    pub title: String,
    /// Until when: a day (`2019-03-25`) or an instant.
    pub due: String,
    /// Who is to do it, a contact; else a `pool`.
    #[uniffi(default = None)]
    pub owner: Option<String>,
    /// The organisation whose people are to do it.
    #[uniffi(default = None)]
    pub pool: Option<String>,
    /// The owner's organisation, where they have several seats.
    #[uniffi(default = None)]
    pub organization: Option<String>,
    /// More about it.
    #[uniffi(default = None)]
    pub detail: Option<String>,
    /// How urgent it is.
    #[uniffi(default = None)]
    pub priority: Option<MessagePriority>,
}

/// What a meeting decides on in a case.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum WhatIsDecided {
    /// Everybody in the case is told something.
    Message {
        /// What.
        text: String,
        /// How urgent it is.
        priority: Option<MessagePriority>,
    },
    /// Somebody is to do something.
    Task {
        /// What, and who.
        task: DecidedTask,
    },
}

impl WhatIsDecided {
    fn decision(self) -> Result<Decision> {
        Ok(match self {
            Self::Message { text, priority } => {
                let message = caseline::Message::text(text);
                Decision::Message(match priority {
                    Some(priority) => message.priority(priority.into()),
                    None => message,
                })
            }
            Self::Task { task } => {
                let to = task_to(task.owner.as_deref(), task.organization.as_deref(), task.pool.as_deref())?;
                let due: caseline::task::TaskDue = parsed(&task.due, "due")?;
                let mut decided = caseline::Task::new(task.title).owner(to).due(due);
                if let Some(detail) = task.detail {
                    decided = decided.detail(detail);
                }
                if let Some(priority) = task.priority {
                    decided = decided.priority(priority.into());
                }
                Decision::Task(decided)
            }
        })
    }
}

fn own_id(decision: Option<&str>) -> Result<Option<EventId>> {
    decision.map(|id| parsed(id, "decision")).transpose()
}

#[uniffi::export]
impl Caseline {
    /// Records what a meeting that has no room decided on in one of its cases, as `send` or `assign` do. `decision` is an event id that the
    /// caller chose: the same again is answered as it was first.
    ///
    /// # Errors
    /// `InvalidInput` (`case-of-others`), and those of `send` or `assign`.
    #[uniffi::method(default(decision = None))]
    pub async fn decide(
        &self,
        meeting: Meeting,
        case_id: String,
        what: WhatIsDecided,
        decision: Option<String>,
    ) -> Result<EventKey> {
        let (meeting, case) = (meeting.parsed()?, parsed::<CaseId>(&case_id, "case_id")?);
        let (what, decision) = (what.decision()?, own_id(decision.as_deref())?);
        let decided = move |caseline: &caseline::Caseline| {
            Ok(EventKey::from(&caseline.decide(&meeting, case, decision, what)?))
        };
        self.client().local(decided).await
    }
}

#[uniffi::export]
impl Case {
    /// Records what a meeting of this room decided on in one of the cases that the two share: in the case, and here that there is a
    /// decision. Returns the case's event.
    ///
    /// # Errors
    /// `NotFound` (`meeting`), `InvalidInput` (`case-of-others`), and those of `send` or `assign`.
    #[uniffi::method(default(decision = None))]
    pub async fn decide(
        &self,
        meeting: String,
        case_id: String,
        what: WhatIsDecided,
        decision: Option<String>,
    ) -> Result<EventKey> {
        let (meeting, of) = (parsed(&meeting, "meeting")?, parsed::<CaseId>(&case_id, "case_id")?);
        let (what, decision) = (what.decision()?, own_id(decision.as_deref())?);
        self.local(move |case| Ok(EventKey::from(&case.decide(meeting, of, decision, what)?))).await
    }

    /// Decides anew what a meeting of this room decided on and what did not come into its case (`MeetingDecision.fate` is
    /// `not-carried-out`): `undone` is its `key`.
    ///
    /// # Errors
    /// `NotFound` (`meeting`, `decision`), `NotAllowed` (`meeting-decision-settled`), and those of `decide`.
    #[uniffi::method(default(decision = None))]
    pub async fn decide_anew(
        &self,
        meeting: String,
        undone: EventKey,
        what: WhatIsDecided,
        decision: Option<String>,
    ) -> Result<EventKey> {
        let (meeting, undone) = (parsed(&meeting, "meeting")?, undone.parsed("undone")?);
        let (what, decision) = (what.decision()?, own_id(decision.as_deref())?);
        self.local(move |case| Ok(EventKey::from(&case.decide_anew(meeting, undone, decision, what)?))).await
    }

    /// Drops what a meeting of this room decided on and what did not come into its case.
    ///
    /// # Errors
    /// `NotAllowed` (`meeting-decision-settled`, `meeting-decision-unknown`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn drop_decision(
        &self,
        meeting: String,
        undone: EventKey,
        key: Option<String>,
    ) -> Result<EventKey> {
        let (meeting, undone) = (parsed(&meeting, "meeting")?, undone.parsed("undone")?);
        self.command(key, move |case, key| Ok(case.drop_decision(key, meeting, undone)?)).await
    }
}
