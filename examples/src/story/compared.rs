//! Versions of a care plan that somebody of a story compares.

use serde::Deserialize;

/// What two versions of a care plan say differently, as somebody sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparedSeen {
    /// The earlier version, by its name.
    pub was: String,
    /// The later one.
    pub now: String,
    /// What is said of the differences, each and in order, but what a record alone needs to keep them.
    pub says: Vec<String>,
    /// Whose signatures under the earlier version do not hold for the later one.
    #[serde(default)]
    pub undone: Vec<String>,
}
