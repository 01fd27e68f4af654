//! What ends a demo early, each in one line that says what to do or what was seen.

use std::io;

use crate::process::CallError;
use crate::yaml::Mistake;

/// Why the demo ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The arguments are wrong.
    #[error("{0}")]
    Usage(String),
    /// A file has a mistake.
    #[error("{0}")]
    File(#[from] Mistake),
    /// The backend's description has a mistake.
    #[error("{0}")]
    Description(#[from] caseline_backend::DescriptionError),
    /// The servers could not be started.
    #[error("{0}")]
    Backend(#[from] caseline_backend::Error),
    /// Something that the story needs is not there.
    #[error("{0}")]
    Missing(String),
    /// A process does not do what it should.
    #[error("{0}")]
    Process(CallError),
    /// A line of the story did not come true.
    #[error("{file}, line {line}: {source_line}\n  did not come true: {wanted}\n  seen instead: {seen}")]
    Line {
        /// The story's file.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// Its text.
        source_line: String,
        /// What was expected.
        wanted: String,
        /// What was there.
        seen: String,
    },
    /// The story came true, and the proof does not hold.
    #[error("the proof does not hold: {0}")]
    Proof(String),
    /// The disk or the network of this machine.
    #[error("{what}: {source}")]
    System {
        /// What was being done.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Interrupted => Self::Interrupted,
            other => Self::Process(other),
        }
    }
}

/// Says what was being done when the system refused.
pub(super) trait Doing<T> {
    fn doing(self, what: &str) -> Result<T, Trouble>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: &str) -> Result<T, Trouble> {
        self.map_err(|source| Trouble::System { what: what.to_owned(), source })
    }
}
