//! HealthcareService: what an organisation offers (FHIR R4, 8.7).

use super::edit::with;
use super::element::resource;
use super::parts::{Concept, ContactPoint, Identifier, Reference};
use crate::error::Result;

resource! {
    /// A service that an organisation offers: meals, housing, care at home.
    HealthcareService {
        /// Names of it that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// Whether it is offered.
        active: Option<bool> = "active",
        /// Who offers it.
        provided_by: Option<Reference> = "providedBy",
        /// What kind of service it is.
        category: Vec<Concept> = "category",
        /// What it is more closely.
        kind: Vec<Concept> = "type",
        /// Where.
        location: Vec<Reference> = "location",
        /// What it is called.
        name: Option<String> = "name",
        /// Words about it.
        comment: Option<String> = "comment",
        /// How to reach it.
        telecom: Vec<ContactPoint> = "telecom",
        /// The programmes that pay for it.
        program: Vec<Concept> = "program",
        /// Its Endpoints.
        endpoint: Vec<Reference> = "endpoint",
    }
}

impl HealthcareService {
    /// Says whether it is offered.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn set_active(text: &str, active: bool) -> Result<String> {
        with(text, Self::KIND, "active", &active)
    }
}
