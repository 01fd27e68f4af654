//! Organization: who takes part as a house (FHIR R4, 8.6; US Core).

use super::edit::with;
use super::element::resource;
use super::parts::{Address, Concept, ContactPoint, Identifier, Reference};
use crate::error::Result;

resource! {
    /// An organisation.
    Organization {
        /// Names of it that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// Whether it is there. US Core asks for it.
        active: Option<bool> = "active",
        /// What kind it is.
        kind: Vec<Concept> = "type",
        /// What it is called. US Core asks for it.
        name: Option<String> = "name",
        /// How to reach it.
        telecom: Vec<ContactPoint> = "telecom",
        /// Where it is.
        address: Vec<Address> = "address",
        /// The one that it is part of.
        part_of: Option<Reference> = "partOf",
        /// Its Endpoints: its role account is one.
        endpoint: Vec<Reference> = "endpoint",
    }
}

impl Organization {
    /// Says whether it is there.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn set_active(text: &str, active: bool) -> Result<String> {
        with(text, Self::KIND, "active", &active)
    }
}
