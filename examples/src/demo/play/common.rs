//! What happens once, of however many members the story is told: what is in the rooms that are no member's.

use std::collections::BTreeSet;

use super::Played;
use crate::story::{Deed, Step, StepKind};

/// The rooms that are no member's.
pub(super) fn rooms(steps: &[Step]) -> BTreeSet<String> {
    let deeds = steps.iter().filter_map(|step| match &step.kind {
        StepKind::Deed { deed, .. } => Some(deed),
        _ => None,
    });
    let opened = deeds.filter_map(|deed| deed.open_programme.as_ref().or(deed.open_pair.as_ref()));
    opened.map(|open| open.case.clone()).collect()
}

/// Whether somebody acts in one of these rooms, or opens it.
pub(super) fn is_in(deed: &Deed, rooms: &BTreeSet<String>) -> bool {
    let opened = deed.open_programme.as_ref().or(deed.open_pair.as_ref()).map(|open| &open.case);
    [opened, deed.case.as_ref(), deed.accept.as_ref()].into_iter().flatten().any(|room| rooms.contains(room))
}

impl Played {
    /// What happened once is known wherever the story is told of somebody.
    pub(super) fn share(&mut self, step: &Step) {
        let StepKind::Deed { deed, .. } = &step.kind else { return };
        let Some((first, others)) = self.tellings.split_first_mut() else { return };
        let named = deed.label.as_ref().and_then(|label| Some((label, first.labels.get(label)?)));
        for other in others {
            let opened = first.cases.iter().filter(|(name, _)| self.rooms.contains(*name));
            other.cases.extend(opened.map(|(name, room)| (name.clone(), room.clone())));
            other.labels.extend(named.map(|(label, sent)| (label.clone(), sent.clone())));
        }
    }
}
