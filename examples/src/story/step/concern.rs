//! What a story says of programme rooms and concerns.

use caseline::communication::Priority;
use caseline::concern::ConcernTopic;
use serde::Deserialize;

/// Opens a programme room, between one's own organisation and the programme office.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedProgramme {
    /// The name by which the story calls the room.
    pub case: String,
    /// The other organisation, by its name in the story.
    pub with: String,
    /// Who is named for it beside whoever opens it: each a lead.
    pub people: Vec<String>,
}

/// A concern that is raised.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raised {
    /// What it is, in a few words.
    pub title: String,
    /// What it is.
    pub text: String,
    /// What it is about.
    pub topic: Option<ConcernTopic>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// The organizations that it is about, by their names in the story.
    #[serde(default)]
    pub about: Vec<String>,
    /// Whether a person has said that no member is meant by a name in it.
    #[serde(default)]
    pub names_confirmed: bool,
}

/// A concern that is answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnsweredIn {
    /// The concern, by its name.
    pub concern: String,
    /// The answer.
    pub text: String,
    /// The question, as every organisation is told it.
    pub shared_as: Option<String>,
}

/// A concern that is opened again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reopened {
    /// The concern, by its name.
    pub concern: String,
    /// Why.
    pub why: String,
}

/// A concern as its reader sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConcernSeen {
    /// The concern, by its name.
    pub name: String,
    /// `raised`, `heard`, `answered` or `closed`.
    pub is: String,
    /// What was done about it since it was raised, in order: `heard`, `answered`, `closed`, `reopened`.
    pub steps: Option<Vec<String>>,
}

/// An answer that somebody finds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerSeen {
    /// The words that they look for.
    pub query: String,
    /// The question that it answers.
    pub question: Option<String>,
    /// The whole answer.
    pub text: String,
}
