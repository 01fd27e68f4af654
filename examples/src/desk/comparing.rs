//! What two versions of a care plan say differently, as it is asked.

use caseline::{Case, Error, PlanVersion};
use serde_json::Value;

use crate::protocol::Failure;
use crate::view;

/// Compares two versions, each by the id of its sending or the hash of its document.
pub(super) fn ask(case: &Case, was: &str, now: &str) -> Result<Value, Failure> {
    let version = |text: &str, field| -> Result<PlanVersion, Error> {
        text.parse().map_err(|error| match error {
            Error::InvalidInput(invalid) => invalid.field(field).into(),
            other => other,
        })
    };
    Ok(view::comparison(&case.compare_plans(version(was, "was")?, version(now, "now")?)?))
}
