//! Patient: whose care it is (FHIR R4, 8.1; US Core).

use jiff::civil::Date;

use super::edit::{appended, changed, of_kind};
use super::element::{Value, part, resource};
use super::parts::{Address, Coding, Concept, ContactPoint, Gender, HumanName, Reference, Time};
use crate::error::Result;
use crate::fhir::json;

part! {
    /// An identifier of a kind: a Medicaid number is of kind `MA`.
    KindedIdentifier {
        /// What kind of identifier it is (HL7 v2 table 0203).
        kind: Option<Concept> = "type",
        /// Who gives such names.
        system: Option<String> = "system",
        /// The name.
        value: Option<String> = "value",
    }
}

resource! {
    /// A person whom the care is for.
    Patient {
        /// Names of them that hold on every server. US Core asks for one.
        identifier: Vec<KindedIdentifier> = "identifier",
        /// Whether this record of them counts.
        active: Option<bool> = "active",
        /// Their names. US Core asks for one.
        name: Vec<HumanName> = "name",
        /// How to reach them.
        telecom: Vec<ContactPoint> = "telecom",
        /// Their administrative gender. US Core asks for it.
        gender: Option<Gender> = "gender",
        /// When they were born.
        birth_date: Option<Date> = "birthDate",
        /// When they died.
        deceased: Option<Time> = "deceasedDateTime",
        /// Where they live.
        address: Vec<Address> = "address",
        /// Who cares for them first.
        general_practitioner: Vec<Reference> = "generalPractitioner",
        /// Whose record this is.
        managing_organization: Option<Reference> = "managingOrganization",
    }
}

impl Patient {
    /// A Medicaid number.
    pub fn medicaid(system: impl Into<String>, value: impl Into<String>) -> KindedIdentifier {
        let kind = Coding::new("http://terminology.hl7.org/CodeSystem/v2-0203", "MA");
        KindedIdentifier { kind: Some(kind.into()), system: Some(system.into()), value: Some(value.into()) }
    }

    /// Adds an identifier; as it was where it is there.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn identify(text: &str, identifier: &KindedIdentifier) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let there = node.list("identifier").iter().any(|one| {
            one.str("system").as_deref() == identifier.system.as_deref()
                && one.str("value").as_deref() == identifier.value.as_deref()
        });
        if there {
            return Ok(text.to_owned());
        }
        changed(text, node.with(&[("identifier", appended(node.get("identifier"), &identifier.write()))]))
    }
}
