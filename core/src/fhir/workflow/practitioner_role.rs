//! PractitionerRole: what somebody does for an organisation, and how to reach them there (FHIR R4, 8.5; US Core).

use super::edit::{changed, of_kind};
use super::element::{Value, resource};
use super::parts::{Concept, ContactPoint, Identifier, Period, Reference, Time};
use crate::error::Result;
use crate::fhir::json;

resource! {
    /// What a person does for an organisation.
    PractitionerRole {
        /// Names of the role that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// Whether they do it.
        active: Option<bool> = "active",
        /// From when, until when.
        period: Option<Period> = "period",
        /// Who.
        practitioner: Option<Reference> = "practitioner",
        /// For whom.
        organization: Option<Reference> = "organization",
        /// What they do.
        code: Vec<Concept> = "code",
        /// What they know about.
        specialty: Vec<Concept> = "specialty",
        /// Where.
        location: Vec<Reference> = "location",
        /// The services that they give.
        healthcare_service: Vec<Reference> = "healthcareService",
        /// How to reach them in it. US Core asks for this or an `endpoint` (pd-1).
        telecom: Vec<ContactPoint> = "telecom",
        /// Their Endpoints in it: their Matrix account is one.
        endpoint: Vec<Reference> = "endpoint",
    }
}

impl PractitionerRole {
    /// They no longer do it. Ending twice changes nothing.
    ///
    /// # Errors
    /// `InvalidInput`: `per-1` where it would end before it starts.
    pub fn end(text: &str, at: &Time) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let period = node.get("period");
        let ended = period.and_then(|period| period.str("end")).and_then(|end| end.parse::<Time>().ok());
        let inactive = node.get("active").is_some_and(|active| active.raw() == "false");
        if inactive && ended.as_ref().is_some_and(|end| !end.is_after(at)) {
            return Ok(text.to_owned());
        }
        let period = match period {
            Some(period) => period.with(&[("end", at.write())]),
            None => Period { start: None, end: Some(at.clone()) }.write(),
        };
        changed(text, node.with(&[("active", false.write()), ("period", period)]))
    }
}
