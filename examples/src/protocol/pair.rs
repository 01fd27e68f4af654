//! What is asked about a pair's room and its meetings.

use caseline::Error;
use caseline::case::event::EventKey;
use caseline::communication::Priority;
use caseline::error::InvalidInput;
use caseline::id::{CaseId, ContactId, EventId, OrganizationId};
use caseline::meeting::MeetingAnswer;
use caseline::task::TaskDue;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::Deserialize;

/// A room.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct OfRoom {
    pub case: CaseId,
}

/// A meeting of a room.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct OfMeeting {
    pub case: CaseId,
    pub meeting: EventId,
    pub key: Option<EventId>,
}

/// A meeting to set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct SetMeeting {
    pub case: CaseId,
    pub date: Date,
    pub minutes: u32,
    pub time: Option<String>,
    #[serde(default)]
    pub people: Vec<ContactId>,
    #[serde(default)]
    pub agenda: bool,
    pub key: Option<EventId>,
}

/// An answer to a meeting.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct AnswerMeeting {
    pub case: CaseId,
    pub meeting: EventId,
    pub answer: String,
    pub to: Option<Timestamp>,
    pub key: Option<EventId>,
}

/// A meeting that is moved.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct MoveMeeting {
    pub case: CaseId,
    pub meeting: EventId,
    pub date: Date,
    pub time: Option<String>,
    pub minutes: Option<u32>,
    pub key: Option<EventId>,
}

/// A meeting that is called off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct CancelMeeting {
    pub case: CaseId,
    pub meeting: EventId,
    pub reason: String,
    #[serde(default)]
    pub names_confirmed: bool,
    pub key: Option<EventId>,
}

/// A meeting that took place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct HoldMeeting {
    pub case: CaseId,
    pub meeting: EventId,
    #[serde(default)]
    pub nothing: Vec<CaseId>,
    #[serde(default)]
    pub not_reached: Vec<CaseId>,
    pub key: Option<EventId>,
}

/// What a meeting of a room decided on in a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct DecideAt {
    pub case: CaseId,
    pub meeting: EventId,
    pub of: CaseId,
    pub text: Option<String>,
    pub title: Option<String>,
    pub due: Option<TaskDue>,
    pub owner: Option<ContactId>,
    pub pool: Option<OrganizationId>,
    pub organization: Option<OrganizationId>,
    pub detail: Option<String>,
    #[serde(default)]
    pub priority: Priority,
    pub decision: Option<EventId>,
}

/// A point that is brought to a meeting.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct BringPoint {
    pub case: CaseId,
    pub meeting: EventId,
    pub title: String,
    #[serde(default)]
    pub text: String,
    pub concern: Option<EventKey>,
    #[serde(default)]
    pub names_confirmed: bool,
    pub key: Option<EventId>,
}

/// What is decided anew, since it did not come into its case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct DecideAnew {
    pub case: CaseId,
    pub meeting: EventId,
    pub undone: EventKey,
    pub text: Option<String>,
    pub title: Option<String>,
    pub due: Option<TaskDue>,
    pub owner: Option<ContactId>,
    pub pool: Option<OrganizationId>,
    pub organization: Option<OrganizationId>,
    pub detail: Option<String>,
    #[serde(default)]
    pub priority: Priority,
    pub decision: Option<EventId>,
}

/// What is dropped, since it did not come into its case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct DropDecision {
    pub case: CaseId,
    pub meeting: EventId,
    pub undone: EventKey,
    pub key: Option<EventId>,
}

/// An hour of the day; ten where none is named.
///
/// # Errors
/// `InvalidInput` (`invalid-time`).
pub(crate) fn hour(time: Option<&str>) -> Result<Time, Error> {
    let Some(time) = time else { return Ok(Time::constant(10, 0, 0, 0)) };
    let wrong =
        |_| InvalidInput::new("invalid-time", "an hour is written hours:minutes: 10:00").field("time");
    Ok(time.parse().map_err(wrong)?)
}

impl AnswerMeeting {
    /// What is answered.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-answer`).
    pub(crate) fn answer(&self) -> Result<MeetingAnswer, Error> {
        Ok(match (self.answer.as_str(), self.to) {
            ("accept", None) => MeetingAnswer::Accept,
            ("decline", None) => MeetingAnswer::Decline,
            ("another-time", Some(to)) => MeetingAnswer::AnotherTime(to),
            _ => {
                let detail = "answer `accept`, `decline`, or `another-time` with the time in `to`";
                return Err(InvalidInput::new("invalid-answer", detail).field("answer").into());
            }
        })
    }
}
