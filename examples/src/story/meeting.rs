//! Steps of a story about all cases, and about a meeting.

use jiff::civil::{Date, Time};
use serde::Deserialize;

use super::Story;
use super::step::Deed;

/// An agenda that somebody makes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgendaSaid {
    /// On which day the meeting is.
    pub date: Date,
    /// How long it takes.
    pub minutes: u32,
    /// When it begins; at ten where left out.
    pub time: Option<Time>,
    /// The day of the last meeting.
    pub since: Option<Date>,
    /// Whether its Appointment is written into the record.
    #[serde(default)]
    pub save: bool,
}

/// What a meeting decided on: a message, or a task.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// On which day the meeting is, of one that has no room.
    pub date: Option<Date>,
    /// The meeting, by its name, of one in the pair's room.
    pub meeting: Option<String>,
    /// The room, by its name, with `meeting`.
    pub room: Option<String>,
    /// What everybody in the case is told.
    pub say: Option<String>,
    /// What somebody is to do.
    pub title: Option<String>,
    /// Who.
    pub owner: Option<String>,
    /// The organisation whose people are to do it.
    pub pool: Option<String>,
    /// Until when.
    pub due: Option<String>,
}

/// An agenda, as whoever made it sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgendaSeen {
    /// The cases that are talked about, by what matters most in each, in order. Left out where there are as many as `--people` says.
    pub items: Option<Vec<String>>,
    /// How many are not reached.
    pub not_reached: Option<usize>,
    /// How many points are on it, reached or not.
    pub points: Option<usize>,
    /// How many concerns of their own organization are on it, reached or not.
    pub concerns: Option<usize>,
    /// A sentence that stands in it.
    pub says: Option<String>,
    /// Words that do not.
    pub says_not: Option<String>,
}

/// The panel, as somebody sees it: as many cases of each kind as are named.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanelSeen {
    /// Open.
    pub open: Option<u64>,
    /// With something owed, all of it in time.
    pub due: Option<u64>,
    /// With something overdue.
    pub overdue: Option<u64>,
    /// With a care plan that is not signed.
    pub unsigned: Option<u64>,
    /// Whose member is in a hospital.
    pub admitted: Option<u64>,
    /// In which nothing has happened for long.
    pub quiet: Option<u64>,
    /// With messages that they have not seen.
    pub unread: Option<u64>,
    /// The tasks that are still to be done.
    pub tasks: Option<u64>,
    /// Of this topic alone.
    pub topic: Option<String>,
    /// Where they owe something themselves alone.
    #[serde(default)]
    pub mine_only: bool,
}

impl PanelSeen {
    /// What is named, in words and numbers.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("open", self.open),
            ("due", self.due),
            ("overdue", self.overdue),
            ("unsigned", self.unsigned),
            ("admitted", self.admitted),
            ("quiet", self.quiet),
            ("unread", self.unread),
            ("tasks", self.tasks),
        ]
        .into_iter()
        .filter_map(|(what, many)| many.map(|many| (what, many)))
    }
}

/// An agreement beside the others, as somebody sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BesideSeen {
    /// The other organisation.
    pub of: String,
    /// `matrix-with-keeper`, `matrix` or `by-hand`.
    pub transport: Option<String>,
    /// Whether it is in force.
    pub in_force: Option<bool>,
    /// How many cases are open.
    pub open: Option<u64>,
    /// A clock that counts, and whose length is this (`14 days`).
    pub clock: Option<(String, String)>,
}

/// Whether what a step says of meetings can be played.
pub(super) fn check(story: &Story, deed: &Deed) -> Result<(), (String, String)> {
    let wrong = |field: &str, problem: &str| Err((field.to_owned(), problem.to_owned()));
    if let Some(decided) = &deed.decide {
        let task = decided.title.is_some()
            && decided.due.is_some()
            && decided.owner.is_some() != decided.pool.is_some();
        if decided.say.is_some() == task || decided.say.is_some() && decided.title.is_some() {
            return wrong(".decide", "give `say`, or `title`, `due` and either `owner` or `pool`");
        }
        let in_room = decided.meeting.is_some();
        if decided.date.is_some() == in_room || decided.room.is_some() != in_room {
            return wrong(".decide", "give `date`, or `meeting` and `room`");
        }
        if let Some(owner) = decided.owner.as_ref().filter(|owner| !story.people.contains_key(*owner)) {
            return wrong(".decide.owner", &format!("there is nobody of that name: {owner}"));
        }
        if decided.pool.as_ref().is_some_and(|pool| !story.organizations.contains_key(pool)) {
            return wrong(".decide.pool", "there is no such organization");
        }
    }
    let Some(sees) = &deed.sees else { return Ok(()) };
    let read = matches!(deed.meet, Some(super::pair::Meet::Read(_)));
    if sees.agenda.is_some() && !read && deed.agenda.as_ref().is_none_or(|agenda| agenda.save) {
        return wrong(".sees.agenda", "an agenda is seen by whoever makes it, in the same step");
    }
    if sees.beside.as_ref().is_some_and(|beside| !story.organizations.contains_key(&beside.of)) {
        return wrong(".sees.beside.of", "there is no such organization");
    }
    Ok(())
}
