//! Endpoint: where somebody is reached by a machine (FHIR R4, 8.8). The Matrix account of a contact is one of their
//! PractitionerRole, an organisation's role account one of the Organization.

use super::element::resource;
use super::parts::{Coding, Concept, Identifier, Period, Reference};
use super::status::{status, step};
use crate::error::Result;
use crate::fhir::codes;
use crate::id::UserId;

status! {
    /// How an endpoint stands (R4 EndpointStatus).
    EndpointStatus of "Endpoint" in "status" {
        /// It answers.
        Active = "active" => [Suspended, Error, Off, EnteredInError],
        /// It rests.
        Suspended = "suspended" => [Active, Off, EnteredInError],
        /// It does not work.
        Error = "error" => [Active, Suspended, Off, EnteredInError],
        /// It is gone.
        Off = "off" => [Active, EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
        /// It is for tests.
        Test = "test" => [Active, Off, EnteredInError],
    }
}

resource! {
    /// Where somebody is reached by a machine.
    ///
    /// ```
    /// use caseline::fhir::workflow::*;
    ///
    /// let endpoint = Endpoint::matrix(&"@jane:cp.example".parse()?);
    /// assert_eq!(endpoint.address, "matrix:u/jane:cp.example");
    /// assert!(endpoint.to_fhir_json().is_ok());
    /// # Ok::<(), caseline::Error>(())
    /// ```
    Endpoint {
        /// Names of it that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// How it stands.
        status: EndpointStatus = "status",
        /// How one speaks to it.
        connection_type: Coding = "connectionType",
        /// What it is called.
        name: Option<String> = "name",
        /// Whose it is.
        managing_organization: Option<Reference> = "managingOrganization",
        /// From when, until when.
        period: Option<Period> = "period",
        /// What one says to it.
        payload_type: Vec<Concept> = "payloadType",
        /// Its address.
        address: String = "address",
    }
}

impl Endpoint {
    /// A Matrix account, by its URI (Matrix specification, "Matrix URI scheme").
    pub fn matrix(user: &UserId) -> Self {
        Self {
            status: EndpointStatus::Active,
            connection_type: Coding::new(codes::ENDPOINT_TYPE, "matrix").display("Matrix account"),
            payload_type: vec![Coding::new(codes::PAYLOAD_TYPE, "case-event").display("Case event").into()],
            address: format!("matrix:u/{}", user.as_str().trim_start_matches('@')),
            ..Self::default()
        }
    }

    /// Takes a step to another status.
    ///
    /// # Errors
    /// `InvalidInput` (`illegal-status-step`) with the statuses that it could take.
    pub fn step(text: &str, to: EndpointStatus) -> Result<String> {
        step(text, to, &[])
    }
}
