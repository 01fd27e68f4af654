//! What a system asks to be allowed (SMART App Launch 2.x, "Scopes for requesting FHIR Resources").

use std::collections::BTreeMap;

use super::named;
use crate::error::{InvalidInput, Result};

/// What the SDK itself does with each resource type, in SMART's letters: create, read, update, delete, search.
/// `SECURITY.md` says why.
pub const SCOPES: [(&str, &str); 21] = [
    ("Appointment", "crus"),
    ("AuditEvent", "crs"),
    ("CarePlan", "crus"),
    ("CareTeam", "crus"),
    ("Communication", "crus"),
    ("Consent", "crus"),
    ("DocumentReference", "crus"),
    ("Encounter", "crus"),
    ("Endpoint", "rs"),
    ("EpisodeOfCare", "crus"),
    ("Flag", "crus"),
    ("Goal", "rs"),
    ("HealthcareService", "rs"),
    ("Location", "rs"),
    ("Organization", "rs"),
    ("Patient", "rs"),
    ("Practitioner", "rs"),
    ("PractitionerRole", "rs"),
    ("Provenance", "crs"),
    ("ServiceRequest", "crus"),
    ("Task", "crus"),
];

const LETTERS: &str = "cruds";

/// The scopes that are asked for: per resource type, and never all types at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(BTreeMap<String, String>);

impl Default for Scopes {
    /// [`SCOPES`]: what the SDK does by itself.
    fn default() -> Self {
        Self(SCOPES.iter().map(|(kind, rights)| ((*kind).to_owned(), (*rights).to_owned())).collect())
    }
}

impl Scopes {
    /// None.
    #[must_use]
    pub fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// The same, with these rights for a type in the place of others: some of `c`, `r`, `u`, `d` and `s`.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-scope`) where that is no name of a resource type, or there are other letters or none.
    pub fn with(mut self, kind: &str, rights: &str) -> Result<Self> {
        // In this order, each once, as the specification asks.
        let ordered: String = LETTERS.chars().filter(|letter| rights.contains(*letter)).collect();
        if named(kind).is_err()
            || ordered.is_empty()
            || !rights.chars().all(|letter| LETTERS.contains(letter))
        {
            let detail = "a scope is a resource type (CareTeam) and some of the letters c, r, u, d and s";
            return Err(InvalidInput::new("invalid-scope", detail).into());
        }
        self.0.insert(kind.to_owned(), ordered);
        Ok(self)
    }

    /// As a token request has them (`system/CareTeam.crus system/Patient.rs`).
    #[must_use]
    pub fn text(&self) -> String {
        let all: Vec<String> =
            self.0.iter().map(|(kind, rights)| format!("system/{kind}.{rights}")).collect();
        all.join(" ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scopes_are_written_as_smart_asks() {
        let scopes = Scopes::none().with("Patient", "sr").unwrap().with("CareTeam", "cccus").unwrap();
        assert_eq!(scopes.text(), "system/CareTeam.cus system/Patient.rs");
        for (kind, rights) in [("*", "r"), ("Patient", ""), ("Patient", "rw"), ("Patient", "*"), ("a b", "r")]
        {
            assert!(Scopes::none().with(kind, rights).is_err(), "{kind}.{rights}");
        }
    }

    #[test]
    fn each_scope_is_explained() {
        let explained = include_str!("../../../../SECURITY.md");
        for (kind, rights) in SCOPES {
            assert!(explained.contains(&format!("`system/{kind}.{rights}`")), "{kind}.{rights}");
        }
        assert_eq!(explained.matches("`system/").count(), SCOPES.len(), "and no other");
    }
}
