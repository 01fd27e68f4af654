//! What was answered is found again.

use jiff::Timestamp;

use crate::case::event::EventKey;
use crate::case::state::CaseState;
use crate::concern::{ConcernState, ConcernTopic};
use crate::id::CaseId;

/// A question with its answer, from one of the programme rooms of this account. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnsweredConcern {
    /// The room.
    pub room: CaseId,
    /// The answer's event.
    pub key: EventKey,
    /// The question: the concern's title, or as the office words it for everybody.
    pub question: String,
    /// More about the question, of a concern of this room.
    pub detail: Option<String>,
    /// The answer.
    pub answer: String,
    /// What it is about.
    pub topic: ConcernTopic,
    /// The concern, where it is one of this room; nothing for what the office told everybody.
    pub concern: Option<EventKey>,
    /// When it was answered, as far as its author's clock is believed.
    pub at: Timestamp,
}

impl std::fmt::Debug for AnsweredConcern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AnsweredConcern({}, {:?})", self.key.id, self.topic)
    }
}

/// What was answered in a room: to its own concerns, and to everybody. The newest first.
pub fn answered(state: &CaseState) -> Vec<AnsweredConcern> {
    let Some(opening) = state.opening() else { return Vec::new() };
    let of_concern = |concern: &ConcernState| {
        let answer = concern.answers().next_back()?;
        Some(AnsweredConcern {
            room: opening.case,
            key: answer.by.event.clone(),
            question: concern.title.clone(),
            detail: Some(concern.text.clone()).filter(|text| !text.is_empty()),
            answer: answer.text.clone()?,
            topic: concern.topic,
            concern: Some(concern.key.clone()),
            at: answer.by.at,
        })
    };
    let own = state.concerns.all().iter().filter_map(|concern| of_concern(concern));
    let told = state.concerns.published().iter().filter(|one| !one.text.is_empty());
    let told = told.map(|one| AnsweredConcern {
        room: opening.case,
        key: one.key.clone(),
        question: one.question.clone(),
        detail: None,
        answer: one.text.clone(),
        topic: one.topic,
        concern: None,
        at: one.by.at,
    });
    let mut found: Vec<AnsweredConcern> = own.chain(told).collect();
    found.sort_by(|a, b| (b.at, &b.key).cmp(&(a.at, &a.key)));
    found
}

/// Whether each word of a query stands somewhere in a question or its answer, at the beginning of a word; of no words, everything does.
pub fn matches(found: &AnsweredConcern, query: &str) -> bool {
    let detail = found.detail.as_deref().unwrap_or_default();
    let text = format!("{} {detail} {} {}", found.question, found.answer, found.topic.code()).to_lowercase();
    let words: Vec<&str> = words(&text).collect();
    self::words(&query.to_lowercase()).all(|wanted| words.iter().any(|word| word.starts_with(wanted)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}
