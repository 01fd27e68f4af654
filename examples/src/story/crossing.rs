//! Steps of a story about what goes across by other ways than Matrix.

use caseline::crossing::Way;
use serde::Deserialize;

/// What waits is taken across, or it is tried.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carry {
    /// What of it: `message`, `plan`, `call`, …; left out, everything that waits.
    pub what: Option<String>,
    /// How.
    pub how: Way,
    /// Whether it arrived.
    #[serde(default = "arrives")]
    pub reached: bool,
    /// Whom they reached: a person of the story.
    pub with: Option<String>,
    /// What came of it.
    pub outcome: String,
}

fn arrives() -> bool {
    true
}

/// What is to go across, as somebody sees it: each may be left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossingsSeen {
    /// What of it; left out, everything.
    pub what: Option<String>,
    /// How much still waits.
    pub waiting: Option<usize>,
    /// How much arrived.
    pub carried: Option<usize>,
    /// How much they read on Matrix now.
    pub joined: Option<usize>,
}
