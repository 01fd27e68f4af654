//! Consent: what a patient allows (FHIR R4, 6.2). Whose data it is about is always said, though R4's invariants let that
//! pass.

use super::edit::{changed, of_kind};
use super::element::{Value, part, resource};
use super::parts::{Coding, Concept, Identifier, Period, Reference, Time};
use super::status::{codes, status, step};
use crate::error::Result;
use crate::fhir::json;

status! {
    /// How a consent stands (R4 ConsentState).
    ConsentStatus of "Consent" in "status" {
        /// Being written.
        Draft = "draft" => [Proposed, Active, Rejected, EnteredInError],
        /// Laid before the patient.
        Proposed = "proposed" => [Active, Rejected, EnteredInError],
        /// It holds.
        Active = "active" => [Inactive, EnteredInError],
        /// It was not given.
        Rejected = "rejected" => [EnteredInError],
        /// It was revoked, or its time is over.
        Inactive = "inactive" => [EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
    }
}

codes! {
    /// Whether what a provision names is allowed (R4 ConsentProvisionType).
    ProvisionKind {
        /// It is not.
        Deny = "deny",
        /// It is.
        Permit = "permit",
    }
}

part! {
    /// Somebody whom a provision names.
    Actor {
        /// As what: who discloses, who receives.
        role: Concept = "role",
        /// Who.
        reference: Reference = "reference",
    }
}

part! {
    /// What is allowed, or is not: to whom, of what, for what.
    Provision {
        /// Whether it is allowed.
        kind: Option<ProvisionKind> = "type",
        /// From when, until when.
        period: Option<Period> = "period",
        /// Who discloses, and who receives.
        actor: Vec<Actor> = "actor",
        /// What may be done.
        action: Vec<Concept> = "action",
        /// Of what is so labelled.
        security_label: Vec<Coding> = "securityLabel",
        /// For what.
        purpose: Vec<Coding> = "purpose",
        /// Of what types.
        class: Vec<Coding> = "class",
        /// Exceptions from it.
        provision: Vec<Provision> = "provision",
    }
}

part! {
    /// Who checked with the patient that it is so.
    Verification {
        /// Whether it is.
        verified: bool = "verified",
        /// With whom it was checked.
        verified_with: Option<Reference> = "verifiedWith",
        /// When.
        date: Option<Time> = "verificationDate",
    }
}

part! {
    /// The law or the policy that it is made under.
    Policy {
        /// Whose it is.
        authority: Option<String> = "authority",
        /// Where it is.
        uri: Option<String> = "uri",
    }
}

resource! {
    /// A consent to disclose.
    Consent {
        /// Names of the consent that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// How it stands.
        status: ConsentStatus = "status",
        /// What kind of consent it is: [`Consent::privacy`].
        scope: Concept = "scope",
        /// What form it is.
        category: Vec<Concept> = "category",
        /// Whose data it is about.
        patient: Option<Reference> = "patient",
        /// When it was given.
        date_time: Option<Time> = "dateTime",
        /// Who gives it: the patient, or who may for them.
        performer: Vec<Reference> = "performer",
        /// Who keeps it.
        organization: Vec<Reference> = "organization",
        /// The paper.
        source: Option<Reference> = "sourceReference",
        /// The laws that it is made under.
        policy: Vec<Policy> = "policy",
        /// The rule that it is made by.
        policy_rule: Option<Concept> = "policyRule",
        /// Who checked that it is so.
        verification: Vec<Verification> = "verification",
        /// What it allows.
        provision: Option<Provision> = "provision",
    }
}

impl Consent {
    /// The scope of a consent about the privacy of data.
    pub fn privacy() -> Concept {
        Coding::new("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy").into()
    }

    /// Revokes it, or lets it end: no longer active, and its provision ends then, unless it would have begun later.
    ///
    /// # Errors
    /// `InvalidInput` (`illegal-status-step`) with the statuses that it could take.
    pub fn revoke(text: &str, at: &Time) -> Result<String> {
        let stepped = step(text, ConsentStatus::Inactive, &[])?;
        let node = of_kind(json::parse(&stepped)?, Self::KIND)?;
        let Some(provision) = node.get("provision") else { return Ok(stepped) };
        let time = |member: &str| {
            provision.get("period").and_then(|period| period.str(member)?.parse::<Time>().ok())
        };
        let over = time("end").is_some_and(|end| !end.is_after(at));
        if over || time("start").is_some_and(|start| start.is_after(at)) {
            return Ok(stepped);
        }
        let period = match provision.get("period") {
            Some(period) => period.with(&[("end", at.write())]),
            None => Period { start: None, end: Some(at.clone()) }.write(),
        };
        changed(text, node.with(&[("provision", provision.with(&[("period", period)]))]))
    }

    /// Takes a step to another status.
    ///
    /// # Errors
    /// `InvalidInput` (`illegal-status-step`) with the statuses that it could take.
    pub fn step(text: &str, to: ConsentStatus) -> Result<String> {
        step(text, to, &[])
    }
}
