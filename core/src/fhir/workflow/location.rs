//! Location: a place (FHIR R4, 8.9; US Core).

use super::element::resource;
use super::parts::{Address, Concept, ContactPoint, Identifier, Reference};
use super::status::{status, step};
use crate::error::Result;

status! {
    /// How a place stands (R4 LocationStatus).
    LocationStatus of "Location" in "status" {
        /// It is open.
        Active = "active" => [Suspended, Inactive],
        /// It is closed for a while.
        Suspended = "suspended" => [Active, Inactive],
        /// It is closed.
        Inactive = "inactive" => [Active],
    }
}

resource! {
    /// A place: a hospital, a shelter.
    Location {
        /// Names of it that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// How it stands.
        status: Option<LocationStatus> = "status",
        /// What it is called. US Core asks for it.
        name: Option<String> = "name",
        /// What kind of place it is.
        kind: Vec<Concept> = "type",
        /// How to reach it.
        telecom: Vec<ContactPoint> = "telecom",
        /// Where it is.
        address: Option<Address> = "address",
        /// Whose it is.
        managing_organization: Option<Reference> = "managingOrganization",
    }
}

impl Location {
    /// Takes a step to another status.
    ///
    /// # Errors
    /// `InvalidInput` (`illegal-status-step`) with the statuses that it could take.
    pub fn step(text: &str, to: LocationStatus) -> Result<String> {
        step(text, to, &[])
    }
}
