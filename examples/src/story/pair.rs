//! Steps of a story in a pair's room: its meetings.

use jiff::civil::{Date, DateTime, Time};
use serde::Deserialize;

use super::Story;
use super::step::Deed;

/// What somebody does about a meeting.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meet {
    /// Sets it.
    Set(MeetingSaid),
    /// Makes the agenda of the meeting of this name.
    Prepare(String),
    /// Reads the agenda of the meeting of this name, with the words of their own cases.
    Read(String),
    /// Brings a point to it.
    Bring(PointSaid),
    /// Answers whether they come.
    Answer(MeetingAnswered),
    /// Moves it.
    Move(MeetingMoved),
    /// Calls it off.
    Cancel(MeetingCancelled),
    /// Says that it took place.
    Hold(MeetingHeld),
}

/// A meeting that is set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeetingSaid {
    /// On which day.
    pub date: Date,
    /// How long it takes.
    pub minutes: u32,
    /// When it begins; at ten where left out.
    pub time: Option<Time>,
    /// Who is asked: the leads of both sides where left out.
    #[serde(default)]
    pub people: Vec<String>,
    /// Whether its agenda is made at once.
    #[serde(default)]
    pub agenda: bool,
}

/// A point that is brought to a meeting.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointSaid {
    /// The meeting, by its name.
    pub meeting: String,
    /// What it is, in a few words.
    pub title: String,
    /// More about it.
    #[serde(default)]
    pub text: String,
    /// The concern that it is, by its name.
    pub concern: Option<String>,
}

/// An answer to a meeting.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeetingAnswered {
    /// The meeting, by its name.
    pub meeting: String,
    /// `accept`, `decline` or `another-time`.
    pub answer: String,
    /// The other time, by the story's zone.
    pub to: Option<DateTime>,
}

/// A meeting that is moved.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeetingMoved {
    /// The meeting, by its name.
    pub meeting: String,
    /// To which day.
    pub date: Date,
    /// When it begins; at ten where left out.
    pub time: Option<Time>,
}

/// A meeting that is called off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeetingCancelled {
    /// The meeting, by its name.
    pub meeting: String,
    /// Why.
    pub reason: String,
}

/// A meeting that took place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeetingHeld {
    /// The meeting, by its name.
    pub meeting: String,
    /// The cases of which nothing was decided, by their names.
    #[serde(default)]
    pub nothing: Vec<String>,
    /// The cases that were not reached, by their names.
    #[serde(default)]
    pub not_reached: Vec<String>,
}

/// A meeting of a pair's room, as somebody sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeetingSeen {
    /// The meeting, by its name.
    pub name: String,
    /// `waiting`, `unsettled`, `agreed`, `held`, `recorded` or `cancelled`.
    pub is: String,
    /// How many cases are on its agenda.
    pub cases: Option<usize>,
    /// How many decisions are recorded.
    pub decisions: Option<usize>,
    /// How many points are brought to it.
    pub points: Option<usize>,
}

impl Meet {
    /// The verb that is asked of the driver.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Set(_) => "set_meeting",
            Self::Prepare(_) => "prepare_meeting",
            Self::Read(_) => "meeting_agenda",
            Self::Bring(_) => "bring_to_meeting",
            Self::Answer(_) => "answer_meeting",
            Self::Move(_) => "move_meeting",
            Self::Cancel(_) => "cancel_meeting",
            Self::Hold(_) => "hold_meeting",
        }
    }

    /// The meeting that it is about, by its name; nothing where it sets one.
    pub fn meeting(&self) -> Option<&String> {
        match self {
            Self::Set(_) => None,
            Self::Prepare(name) | Self::Read(name) => Some(name),
            Self::Bring(said) => Some(&said.meeting),
            Self::Answer(said) => Some(&said.meeting),
            Self::Move(said) => Some(&said.meeting),
            Self::Cancel(said) => Some(&said.meeting),
            Self::Hold(said) => Some(&said.meeting),
        }
    }
}

/// The names of meetings and cases that a step speaks of, with where it does.
pub(super) fn labels(deed: &Deed) -> impl Iterator<Item = (&String, &'static str)> {
    let met = deed.meet.iter().filter_map(Meet::meeting).map(|name| (name, ".meet"));
    let of = deed.meet.iter().filter_map(|meet| match meet {
        Meet::Bring(said) => said.concern.as_ref(),
        _ => None,
    });
    let met = met.chain(of.map(|name| (name, ".meet.bring.concern")));
    let decided = deed.decide.iter().filter_map(|one| one.meeting.as_ref());
    let seen = deed.sees.iter().filter_map(|sees| sees.meeting.as_ref()).map(|one| &one.name);
    met.chain(decided.map(|name| (name, ".decide.meeting"))).chain(seen.map(|name| (name, ".sees.meeting")))
}

/// Whether what a step says of a pair's meetings can be played.
pub(super) fn check(story: &Story, deed: &Deed) -> Result<(), (String, String)> {
    let wrong = |field: &str, problem: &str| Err((field.to_owned(), problem.to_owned()));
    let people = match &deed.meet {
        Some(Meet::Set(set)) => set.people.as_slice(),
        _ => &[],
    };
    if let Some(who) = people.iter().find(|who| !story.people.contains_key(*who)) {
        return wrong(".meet.set.people", &format!("there is nobody of that name: {who}"));
    }
    if let Some(Meet::Answer(said)) = &deed.meet
        && (said.answer == "another-time") != said.to.is_some()
    {
        return wrong(".meet.answer", "`another-time` says `to` when, and no other answer does");
    }
    if let Some(seen) = deed.sees.as_ref().and_then(|sees| sees.meeting.as_ref()) {
        let all = ["waiting", "unsettled", "agreed", "held", "recorded", "cancelled"];
        if !all.contains(&seen.is.as_str()) {
            return wrong(".sees.meeting.is", &format!("is one of {}", all.join(", ")));
        }
    }
    Ok(())
}
