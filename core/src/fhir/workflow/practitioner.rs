//! Practitioner: somebody who works in care (FHIR R4, 8.4; US Core).

use super::edit::with;
use super::element::resource;
use super::parts::{ContactPoint, Gender, HumanName, Identifier};
use crate::error::Result;

resource! {
    /// A person who works in care. How to reach them for an organisation is their [`PractitionerRole`](super::PractitionerRole).
    Practitioner {
        /// Names of them that hold on every server. US Core asks for one.
        identifier: Vec<Identifier> = "identifier",
        /// Whether they work.
        active: Option<bool> = "active",
        /// Their names. US Core asks for a family name.
        name: Vec<HumanName> = "name",
        /// How to reach them.
        telecom: Vec<ContactPoint> = "telecom",
        /// Their administrative gender.
        gender: Option<Gender> = "gender",
    }
}

impl Practitioner {
    /// Says whether they work.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn set_active(text: &str, active: bool) -> Result<String> {
        with(text, Self::KIND, "active", &active)
    }
}
