//! What was told so far: the cases, what was sent in them, and what the proof needs to know.

use std::collections::{BTreeMap, BTreeSet};

/// What was sent, by the names that the story gives.
pub(in crate::demo) type Labels = BTreeMap<String, Sent>;

/// Something that was sent.
#[derive(Debug, Clone)]
pub(in crate::demo) struct Sent {
    pub(in crate::demo) sender: String,
    pub(in crate::demo) id: String,
}

/// A case of the story.
#[derive(Debug, Clone)]
pub(in crate::demo) struct Case {
    pub(in crate::demo) id: String,
    /// Who invites to it: its opener, and whoever named somebody for it.
    pub(in crate::demo) inviters: Vec<String>,
    /// Whether it is a room of another kind, and no case.
    pub(super) other: bool,
}

/// One telling of the story: about its member, or about somebody in their place.
#[derive(Debug, Default)]
pub(super) struct Telling {
    pub(super) cases: BTreeMap<String, Case>,
    pub(super) labels: Labels,
    /// The case that was opened last.
    pub(super) current: Option<String>,
    /// What was said last in a case, and by whom; it is on its way to everybody.
    pub(super) last: Option<(String, Sent)>,
    /// The CareTeam that it was opened from, where somebody is in the member's place.
    pub(super) care_team: Option<String>,
}

/// What the proof needs to know of the play.
#[derive(Debug, Default)]
pub(in crate::demo) struct Played {
    pub(super) tellings: Vec<Telling>,
    /// The rooms that are no member's.
    pub(super) rooms: BTreeSet<String>,
    /// What was written, in messages and otherwise.
    pub(in crate::demo) texts: Vec<String>,
    /// How many messages were sent.
    pub(in crate::demo) messages: usize,
    /// How many care plans were sent.
    pub(in crate::demo) plans: usize,
    /// How many tasks were assigned.
    pub(in crate::demo) tasks: usize,
    /// How many concerns were raised or answered.
    pub(in crate::demo) concerns: usize,
    /// Who acted last.
    pub(super) last: Option<String>,
}

impl Played {
    /// How many cases were opened.
    pub(in crate::demo) fn cases(&self) -> usize {
        let cases = self.tellings.iter().flat_map(|telling| telling.cases.values());
        cases.filter(|case| !case.other).count()
    }
}
