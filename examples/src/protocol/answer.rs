//! How a request is answered, and why it fails.

use caseline::{Error, policy::Reason};
use serde_json::{Value, json};

/// Why a request fails.
#[derive(Debug)]
pub enum Failure {
    /// It is no request that we know.
    Invalid(String),
    /// The clock of a client without `--story-clock`.
    NoStoryClock,
    /// There is no session yet.
    SignInFirst,
    /// The client's own error.
    Client(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

/// The line of an answer.
pub fn answer(id: &Value, outcome: Result<Value, Failure>) -> Value {
    match outcome {
        Ok(ok) => json!({ "id": id, "ok": ok }),
        Err(failure) => json!({ "id": id, "error": error(&failure) }),
    }
}

fn error(failure: &Failure) -> Value {
    match failure {
        Failure::Invalid(what) => json!({ "code": "invalid-request", "detail": what }),
        Failure::NoStoryClock => {
            let detail = "the clock is the machine's: start with --story-clock to move it";
            json!({ "code": "not-allowed", "detail": detail, "reasons": [] })
        }
        Failure::SignInFirst => json!({ "code": "sign-in-required", "detail": "sign in first" }),
        Failure::Client(error) => {
            let mut told = json!({ "code": error.code(), "detail": error.to_string() });
            if let Some(fields) = told.as_object_mut() {
                match error {
                    Error::NotAllowed { reasons } => {
                        fields.insert("reasons".into(), self::reasons(reasons));
                    }
                    Error::InvalidInput(invalid) => {
                        fields.extend(invalid.field.as_ref().map(|field| ("field".into(), json!(field))));
                        fields.extend(invalid.line.map(|line| ("line".into(), json!(line))));
                    }
                    _ => {}
                }
            }
            told
        }
    }
}

/// Reasons, as answers and events carry them.
pub fn reasons(reasons: &[Reason]) -> Value {
    reasons
        .iter()
        .map(|reason| json!({ "code": reason.code, "text": reason.text, "source": reason.source }))
        .collect()
}
