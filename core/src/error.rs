//! The one public error. Its variants are named by what the caller does next; every text is fixed and holds no member
//! data, so an error can be logged and shown as it is.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::policy::Reason;

/// Input that cannot be used: which rule it breaks, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidInput {
    /// A stable code, for programs.
    pub code: &'static str,
    /// What is wrong and what to do, without the value itself.
    pub detail: Cow<'static, str>,
    /// The path of the field (`participant[1].member`), where known.
    pub field: Option<String>,
    /// The line of the input, counted from 1, where known.
    pub line: Option<u64>,
}

impl InvalidInput {
    /// An error with this code and text.
    pub fn new(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), field: None, line: None }
    }

    /// The same, naming the field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same, naming the line, counted from 1.
    #[must_use]
    pub fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.detail)
    }
}

/// Everything that can go wrong, named by the caller's response.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Mend the input: it is not what the documentation of the call asks for. Nothing was changed.
    #[error("{0}")]
    InvalidInput(InvalidInput),

    /// Sign in again: there is no session, or the homeserver no longer takes it.
    #[error("sign in: {detail}")]
    SignInRequired {
        /// A stable code: `no-session`, `wrong-password`, `session-ended`.
        code: &'static str,
        /// What to do.
        detail: &'static str,
    },

    /// Tell the person why: policy, roster or a life cycle does not allow it.
    #[error("not allowed: {}", reasons_text(.reasons))]
    NotAllowed {
        /// Every reason, with its source.
        reasons: Vec<Reason>,
    },

    /// Look it up again: there is no such thing here.
    #[error("not found: {what}")]
    NotFound {
        /// What was looked for, as a kind (`case`, `contact`), never its value.
        what: &'static str,
    },

    /// Verify this device first: enter the recovery key, or verify from another device.
    #[error("this device is not verified: enter the recovery key, or verify it from another device")]
    DeviceUntrusted,

    /// Look at both versions and decide: something else is already there.
    #[error("conflict: {detail}")]
    Conflict {
        /// A stable code.
        code: &'static str,
        /// What is in the way.
        detail: &'static str,
    },

    /// Try again later: a server or the network does not answer. What was accepted is kept and goes on by itself.
    #[error("unavailable: {what}")]
    Unavailable {
        /// What did not answer (`homeserver`, `record`).
        what: &'static str,
        /// How long the server asked us to wait.
        retry_after: Option<Duration>,
    },

    /// Update: the other side speaks a version or lacks a feature that this one needs.
    #[error("incompatible: {detail}")]
    Incompatible {
        /// A stable code.
        code: &'static str,
        /// What is missing.
        detail: &'static str,
    },

    /// Report it: this is a fault of ours, or of the disk. The code says where.
    #[error("internal error at {code}")]
    Internal {
        /// A stable code that names the place.
        code: &'static str,
    },
}

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A stable code for programs: kebab-case, never changed once released.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput(invalid) => invalid.code,
            Self::SignInRequired { code, .. }
            | Self::Conflict { code, .. }
            | Self::Incompatible { code, .. }
            | Self::Internal { code } => code,
            Self::NotAllowed { .. } => "not-allowed",
            Self::NotFound { .. } => "not-found",
            Self::DeviceUntrusted => "device-untrusted",
            Self::Unavailable { .. } => "unavailable",
        }
    }

    /// A fault of ours at a named place.
    pub(crate) fn internal(code: &'static str) -> Self {
        Self::Internal { code }
    }

    /// A refusal with one reason.
    #[cfg(feature = "store")]
    pub(crate) fn not_allowed(reason: Reason) -> Self {
        Self::NotAllowed { reasons: vec![reason] }
    }
}

impl From<InvalidInput> for Error {
    fn from(invalid: InvalidInput) -> Self {
        Self::InvalidInput(invalid)
    }
}

fn reasons_text(reasons: &[Reason]) -> String {
    let texts: Vec<&str> = reasons.iter().map(|reason| reason.text.as_ref()).collect();
    texts.join("; ")
}
