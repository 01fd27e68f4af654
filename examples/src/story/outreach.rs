//! Steps of a story about the outreach to a member.

use caseline::outreach::{Channel, NotMade, Stage};
use jiff::civil::{Date, DateTime};
use serde::Deserialize;

/// Where the member stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The stage.
    pub stage: Stage,
    /// The programme's own day.
    pub on: Date,
    /// Where that day is from.
    pub source: String,
    /// The day of the enrolment, where it is another.
    pub enrolled: Option<Date>,
    /// Of a re-enrolment: the day on which they had left.
    pub left: Option<Date>,
    /// Of a move: the ACO, `system|value`.
    pub to_aco: Option<String>,
}

/// A contact with the member, or an attempt.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// When it was, on the story's wall clock.
    pub when: DateTime,
    /// By which channel.
    pub channel: Channel,
    /// Whether it was face to face.
    #[serde(default)]
    pub face_to_face: bool,
    /// Whether the member was reached.
    #[serde(default)]
    pub reached: bool,
    /// What came of it.
    pub outcome: String,
    /// Who was there, where it was a colleague.
    pub by: Option<String>,
    /// Why it was not made, where it must not be.
    pub not_made: Option<NotMade>,
}

/// A member who must not be contacted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prohibited {
    /// On which day it was said.
    pub on: Date,
    /// What was said.
    pub reason: String,
}

/// A contact that was recorded in error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenBack {
    /// The contact, by its name.
    pub contact: String,
    /// Why.
    pub reason: String,
}

/// A closed case whose member is back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reenrolled {
    /// Why.
    pub reason: String,
    /// The programme's own day.
    pub on: Date,
    /// Where that day is from.
    pub source: String,
    /// The day of the enrolment, where it is another.
    pub enrolled: Option<Date>,
    /// The day on which they had left, where it is not that of the end.
    pub left: Option<Date>,
}

/// A question whether one may reach out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// By which channel.
    pub channel: Channel,
    /// Why.
    pub why: String,
}

/// The answer to a question.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The question, by its name.
    pub ask: String,
    /// The first day on which they no longer may.
    pub until: Option<Date>,
    /// What is said with it.
    #[serde(default)]
    pub reason: String,
}

/// Whether somebody may reach out, as they are told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReachSeen {
    /// `allowed`, `ask` or `denied`.
    pub answer: String,
    /// The code of the reason that decided.
    pub reason: Option<String>,
}

/// The outreach as somebody sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutreachSeen {
    /// Where the member stands.
    pub stage: Option<Stage>,
    /// How many contacts and attempts are recorded.
    pub contacts: Option<usize>,
    /// How many of them were taken back.
    pub withdrawn: Option<usize>,
    /// How many of them were against the agreement's terms.
    pub against_terms: Option<usize>,
    /// How often somebody tried without success since the member was last reached.
    pub attempts: Option<u64>,
    /// How many questions wait for an answer.
    pub waiting: Option<usize>,
    /// Whether the member must not be contacted.
    pub no_contact: Option<bool>,
    /// How many were not made because they must not be.
    pub not_made: Option<usize>,
}
