//! The words of a story about admissions, joint visits and follow-ups.

use std::collections::BTreeMap;

use caseline::alert::{Happening, StayClass};
use caseline::communication::Priority;
use caseline::id::MemberId;
use jiff::civil::{Date, DateTime};
use serde::Deserialize;

use crate::alert::AnswerWord;

/// What happened to a member, as somebody's host hears of it. Times are on the story's wall clock.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertSaid {
    /// The hospital's number for the stay: steps call the stay by it.
    pub stay: String,
    /// What happened.
    pub what: Happening,
    /// When.
    pub at: DateTime,
    /// Of what class the stay is since then.
    pub class: StayClass,
    /// The hospital's name.
    pub facility: String,
    /// Who says so.
    pub source: String,
    /// Of `cancelled`: what did not happen.
    pub cancels: Option<Happening>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// The member's number: it finds the cases.
    pub member: Option<MemberId>,
    /// The member's name, where there is no number: it only proposes cases.
    pub name: Option<String>,
    /// The member's date of birth.
    pub birth_date: Option<Date>,
}

/// A joint visit that somebody proposes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitSaid {
    /// Because of which stay.
    pub stay: String,
    /// When.
    pub at: DateTime,
    /// Where.
    pub place: Option<String>,
    /// Who is asked to come.
    pub with: Vec<String>,
}

/// What somebody answers to a visit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerSaid {
    /// The visit, by its name.
    pub visit: String,
    /// The answer.
    pub answer: AnswerWord,
    /// Of `decline`: why.
    pub reason: Option<String>,
    /// Of `move`: when instead.
    pub to: Option<DateTime>,
}

/// A follow-up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUpSaid {
    /// After which stay.
    pub stay: String,
    /// When.
    pub at: DateTime,
    /// Whether they met.
    pub face_to_face: bool,
    /// What came of it.
    pub outcome: Option<String>,
}

/// What the search for the member's cases came to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundSeen {
    /// How many cases were told.
    #[serde(default)]
    pub raised: usize,
    /// How many knew it already.
    #[serde(default)]
    pub known: usize,
    /// How many are proposed.
    #[serde(default)]
    pub proposed: usize,
}

/// A stay as its reader sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaySeen {
    /// The hospital's number for it.
    pub stay: String,
    /// `in-progress`, `finished` or `cancelled`.
    pub is: String,
    /// How often it was told, each thing once.
    pub told: Option<u64>,
    /// Who followed up so that its clock stopped.
    pub followed_up_by: Option<String>,
}

/// A joint visit as its reader sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitSeen {
    /// The visit, by its name.
    pub name: String,
    /// `waiting`, `settled`, `declined` or `called-off`.
    pub is: String,
    /// When it is.
    pub at: Option<DateTime>,
    /// What these people have answered: `waiting`, `accepted` or `declined`.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
}
