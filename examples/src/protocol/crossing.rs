//! What is asked about what goes across by other ways than Matrix.

use caseline::crossing::Way;
use caseline::id::{CaseId, ContactId, EventId};
use serde::Deserialize;

/// Things that were taken across, or an attempt.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct Carried {
    pub case: CaseId,
    pub events: Vec<EventId>,
    pub how: Way,
    pub reached: bool,
    pub outcome: String,
    pub reached_contact: Option<ContactId>,
    pub key: Option<EventId>,
}
