//! RelatedPerson: somebody of a patient's own, as a representative (FHIR R4, 8.3; US Core).

use super::edit::with;
use super::element::resource;
use super::parts::{Concept, ContactPoint, HumanName, Identifier, Period, Reference};
use crate::error::Result;

resource! {
    /// A person who is something to a patient.
    RelatedPerson {
        /// Names of them that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// Whether they are that. US Core asks for it.
        active: Option<bool> = "active",
        /// To whom.
        patient: Reference = "patient",
        /// What they are to them.
        relationship: Vec<Concept> = "relationship",
        /// Their names.
        name: Vec<HumanName> = "name",
        /// How to reach them.
        telecom: Vec<ContactPoint> = "telecom",
        /// From when, until when.
        period: Option<Period> = "period",
    }
}

impl RelatedPerson {
    /// Says whether they are that.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn set_active(text: &str, active: bool) -> Result<String> {
        with(text, Self::KIND, "active", &active)
    }
}
