//! The roster: who is named for the case, folded from its events.

/// Everybody named for the case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {}
