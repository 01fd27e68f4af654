//! A line that does not come true.

use super::trouble::Trouble;
use crate::process::CallError;
use crate::story::{Refused, Step, Story};

/// Why a line did not come true.
pub(super) enum Fault {
    Not { wanted: String, seen: String },
    Trouble(Trouble),
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        Self::Trouble(error.into())
    }
}

impl Fault {
    pub(super) fn of(self, step: &Step, story: &Story) -> Trouble {
        let (wanted, seen) = match self {
            Self::Not { wanted, seen } => (wanted, seen),
            Self::Trouble(Trouble::Process(error)) => ("an answer".into(), error.to_string()),
            Self::Trouble(other) => return other,
        };
        Trouble::Line {
            file: story.file.display().to_string(),
            line: step.line,
            source_line: step.source.clone(),
            wanted,
            seen,
        }
    }
}

/// A refusal that is expected, in words.
pub(super) fn told(refused: &Refused) -> String {
    let reason =
        refused.reason.as_ref().map_or(String::new(), |reason| format!(", with the reason {reason}"));
    format!("it is refused as {}{reason}", refused.code)
}

/// Steps are checked for this when the story is read, except where a case was never opened.
pub(super) fn no_case() -> Fault {
    Fault::Not { wanted: "a case".into(), seen: "no step before it opens one".into() }
}
