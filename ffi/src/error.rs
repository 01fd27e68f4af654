//! The one error, as every language sees it.

use caseline::Error;
use caseline::error::InvalidInput;

/// Why something is refused, and where that is written. Fit to be shown to a person.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Reason {
    /// A stable code.
    pub code: String,
    /// The reason, as a sentence for a person.
    pub text: String,
    /// What it follows from: `agreement`, `roster`, `care-plan`, `room`, `identity`, with the part that says so.
    pub source: String,
}

impl From<&caseline::policy::Reason> for Reason {
    fn from(reason: &caseline::policy::Reason) -> Self {
        Self {
            code: reason.code.clone().into_owned(),
            text: reason.text.clone().into_owned(),
            source: reason.source.clone().into_owned(),
        }
    }
}

/// Everything that can go wrong, named by the caller's response. `code` is stable and for programs, `detail` for people;
/// neither holds member data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum CaselineError {
    /// Mend the input: nothing was changed.
    #[error("{detail}")]
    InvalidInput {
        /// Which rule it breaks.
        code: String,
        /// What is wrong and what to do.
        detail: String,
        /// The path of the field, where known.
        field: Option<String>,
        /// The line of the input, counted from 1, where known.
        line: Option<u64>,
    },
    /// Sign in again: there is no session, the homeserver no longer takes it, or the client was shut down.
    #[error("{detail}")]
    SignInRequired {
        /// `no-session`, `wrong-password`, `session-ended`, `shut-down`.
        code: String,
        /// What to do.
        detail: String,
    },
    /// Tell the person why: policy, roster or a life cycle does not allow it.
    #[error("{detail}")]
    NotAllowed {
        /// `not-allowed`.
        code: String,
        /// All reasons in one sentence.
        detail: String,
        /// Every reason, with its source.
        reasons: Vec<Reason>,
    },
    /// Look it up again: there is no such thing here.
    #[error("{detail}")]
    NotFound {
        /// `not-found`.
        code: String,
        /// What is not there, as a sentence.
        detail: String,
        /// What was looked for, as a kind (`case`, `contact`).
        what: String,
    },
    /// Verify this device first.
    #[error("{detail}")]
    DeviceUntrusted {
        /// `device-untrusted`.
        code: String,
        /// What to do.
        detail: String,
    },
    /// Look at both versions and decide: something else is already there.
    #[error("{detail}")]
    Conflict {
        /// What kind of conflict.
        code: String,
        /// What is in the way.
        detail: String,
    },
    /// Try again later. What was accepted is kept and goes on by itself.
    #[error("{detail}")]
    Unavailable {
        /// `unavailable`.
        code: String,
        /// What does not answer, as a sentence.
        detail: String,
        /// What did not answer (`homeserver`, `record`).
        what: String,
        /// How long the server asked us to wait.
        retry_after_ms: Option<u64>,
    },
    /// Update: the other side speaks a version or lacks a feature that this one needs.
    #[error("{detail}")]
    Incompatible {
        /// What kind.
        code: String,
        /// What is missing.
        detail: String,
    },
    /// Report it: this is a fault of ours, or of the disk.
    #[error("{detail}")]
    Internal {
        /// The place.
        code: String,
        /// The same as a sentence.
        detail: String,
    },
    /// Any other: newer than these bindings.
    #[error("{detail}")]
    Unknown {
        /// Its code.
        code: String,
        /// Its text.
        detail: String,
    },
}

/// What a call returns.
pub(crate) type Result<T, E = CaselineError> = std::result::Result<T, E>;

impl From<Error> for CaselineError {
    fn from(error: Error) -> Self {
        let (code, detail) = (error.code().to_owned(), error.to_string());
        match error {
            Error::InvalidInput(InvalidInput { field, line, .. }) => {
                Self::InvalidInput { code, detail, field, line }
            }
            Error::SignInRequired { .. } => Self::SignInRequired { code, detail },
            Error::NotAllowed { reasons } => {
                Self::NotAllowed { code, detail, reasons: reasons.iter().map(Reason::from).collect() }
            }
            Error::NotFound { what } => Self::NotFound { code, detail, what: what.to_owned() },
            Error::DeviceUntrusted => Self::DeviceUntrusted { code, detail },
            Error::Conflict { .. } => Self::Conflict { code, detail },
            Error::Unavailable { what, retry_after } => Self::Unavailable {
                code,
                detail,
                what: what.to_owned(),
                retry_after_ms: retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            },
            Error::Incompatible { .. } => Self::Incompatible { code, detail },
            Error::Internal { .. } => Self::Internal { code, detail },
            _ => Self::Unknown { code, detail },
        }
    }
}

impl From<InvalidInput> for CaselineError {
    fn from(invalid: InvalidInput) -> Self {
        Error::from(invalid).into()
    }
}

impl CaselineError {
    pub(crate) fn internal(code: &str) -> Self {
        Self::Internal { code: code.to_owned(), detail: format!("internal error at {code}") }
    }

    pub(crate) fn shut_down() -> Self {
        let detail = "sign in: this client was shut down".to_owned();
        Self::SignInRequired { code: "shut-down".to_owned(), detail }
    }

    pub(crate) fn not_found(what: &'static str) -> Self {
        Error::NotFound { what }.into()
    }
}

/// Reads an id, a hash or a code that a host gave as text; the error names the field.
pub(crate) fn parsed<T>(text: &str, field: &str) -> Result<T>
where
    T: std::str::FromStr<Err = Error>,
{
    text.parse().map_err(|error| match error {
        Error::InvalidInput(invalid) => invalid.field(field).into(),
        other => other.into(),
    })
}

/// A listener that failed. What it says is not kept: it may hold member data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ListenerError {
    /// It does not want to hear more.
    #[error("the listener failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// A host that could not say whether there is a token. What it says is not kept: it may hold the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum HostTokenError {
    /// It has none.
    #[error("the host has no token")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for HostTokenError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::time::Duration;

    use caseline::id::CaseId;

    use super::*;

    #[test]
    fn an_error_keeps_its_code_and_text() {
        let reason = caseline::policy::Reason::new("plan-approver", "only the PCP may", "care-plan");
        for error in [
            Error::from(InvalidInput::new("empty-message", "a message needs a text").field("text").line(3)),
            Error::SignInRequired { code: "wrong-password", detail: "the password is wrong" },
            Error::NotAllowed { reasons: vec![reason] },
            Error::NotFound { what: "case" },
            Error::DeviceUntrusted,
            Error::Conflict { code: "store-in-use", detail: "another process has it" },
            Error::Unavailable { what: "homeserver", retry_after: Some(Duration::from_millis(1500)) },
            Error::Incompatible { code: "newer", detail: "update" },
            Error::Internal { code: "disk" },
        ] {
            let (code, text) = (error.code(), error.to_string());
            let abroad = CaselineError::from(error);
            assert_eq!(abroad.to_string(), text);
            assert!(format!("{abroad:?}").contains(&format!("code: \"{code}\"")), "{abroad:?}");
            assert!(!matches!(abroad, CaselineError::Unknown { .. }), "{abroad:?}");
        }
    }

    #[test]
    fn what_an_error_names_beside_its_code_is_kept() {
        let invalid = InvalidInput::new("c", "d").field("text").line(3);
        let CaselineError::InvalidInput { field, line, .. } = invalid.into() else { panic!() };
        assert_eq!((field.as_deref(), line), (Some("text"), Some(3)));
        let waited = Error::Unavailable { what: "record", retry_after: Some(Duration::from_secs(2)) };
        let CaselineError::Unavailable { retry_after_ms, .. } = waited.into() else { panic!() };
        assert_eq!(retry_after_ms, Some(2000));
    }

    #[test]
    fn an_id_that_is_none_names_its_field_and_not_its_value() {
        let Err(CaselineError::InvalidInput { field, detail, .. }) = parsed::<CaseId>("Marty", "case") else {
            panic!()
        };
        assert_eq!(field.unwrap(), "case");
        assert!(!detail.contains("Marty"));
    }
}
