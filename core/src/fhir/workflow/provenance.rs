//! Provenance: who made or signed something (FHIR R4, 6.3; US Core). R4 gives it no identifier: it is found by its tag. It
//! is never changed.

use super::element::{part, resource};
use super::parts::{Coding, Concept, Reference, Time, digest};
use super::status::codes;
use crate::id::Sha256;

codes! {
    /// What came from what (R4 ProvenanceEntityRole).
    EntityRole {
        /// It was made from it.
        Derivation = "derivation",
        /// It is a later version of it.
        Revision = "revision",
        /// It repeats part of it.
        Quotation = "quotation",
        /// It is what was looked at.
        Source = "source",
        /// It was taken away.
        Removal = "removal",
    }
}

part! {
    /// Who did it.
    Agent {
        /// How they took part.
        kind: Option<Concept> = "type",
        /// As what.
        role: Vec<Concept> = "role",
        /// Who.
        who: Reference = "who",
        /// For whom. US Core asks for it of a Practitioner.
        on_behalf_of: Option<Reference> = "onBehalfOf",
    }
}

part! {
    /// What it came from.
    Entity {
        /// What it was to it.
        role: EntityRole = "role",
        /// What it is.
        what: Reference = "what",
    }
}

part! {
    /// A signature (R4, 2.24.0.15).
    Signature {
        /// What it means: [`SignatureType::coding`].
        kind: Vec<Coding> = "type",
        /// When.
        when: Time = "when",
        /// Who signed.
        who: Reference = "who",
        /// For whom.
        on_behalf_of: Option<Reference> = "onBehalfOf",
        /// The media type of what was signed.
        target_format: Option<String> = "targetFormat",
        /// The media type of `data`.
        sig_format: Option<String> = "sigFormat",
        /// The signature itself, in base64.
        data: Option<String> = "data",
    }
}

/// What a signature means (ASTM E1762-95).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureType {
    /// Whoever wrote it signs.
    Author,
    /// Somebody has checked it.
    Verification,
    /// Somebody agrees to it.
    Consent,
    /// Somebody was there.
    Witness,
}

impl SignatureType {
    /// The code of a signature.
    pub fn coding(self) -> Coding {
        let (code, display) = match self {
            Self::Author => ("1.2.840.10065.1.12.1.1", "Author's Signature"),
            Self::Verification => ("1.2.840.10065.1.12.1.5", "Verification Signature"),
            Self::Consent => ("1.2.840.10065.1.12.1.7", "Consent Signature"),
            Self::Witness => ("1.2.840.10065.1.12.1.9", "Event Witness Signature"),
        };
        Coding::new("urn:iso-astm:E1762-95:2013", code).display(display)
    }
}

resource! {
    /// Who made or signed something.
    ///
    /// ```
    /// use caseline::fhir::{codes, workflow::*};
    /// use caseline::id::Sha256;
    ///
    /// let text = r#"{"resourceType":"CarePlan","id":"1"}"#;
    /// let mut signed = Provenance::signature(
    ///     Reference::to("CarePlan/1/_history/3"),
    ///     &Sha256::of(text),
    ///     SignatureType::Verification,
    ///     Agent {
    ///         who: Reference::identified("Practitioner", Identifier::new("urn:npi", "synthetic")),
    ///         on_behalf_of: Some(Reference::identified("Organization", Identifier::new("urn:org", "synthetic-aco"))),
    ///         ..Agent::default()
    ///     },
    ///     &"2019-03-01T10:00:00Z".parse()?,
    /// );
    /// signed.meta.tag.push(Coding::new(codes::EVENT, "synthetic"));
    /// assert!(signed.to_fhir_json().is_ok());
    /// # Ok::<(), caseline::Error>(())
    /// ```
    Provenance {
        /// What was made or signed, in the version that it was.
        target: Vec<Reference> = "target",
        /// When it was done.
        occurred: Option<Time> = "occurredDateTime",
        /// When this was written: an instant.
        recorded: Time = "recorded",
        /// Why.
        reason: Vec<Concept> = "reason",
        /// What was done.
        activity: Option<Concept> = "activity",
        /// Who did it.
        agent: Vec<Agent> = "agent",
        /// What it came from.
        entity: Vec<Entity> = "entity",
        /// The signatures.
        signature: Vec<Signature> = "signature",
    }
}

impl Provenance {
    /// That somebody signed a version of a resource: the reference names the version, and the SHA-256 the text that they saw.
    pub fn signature(target: Reference, sha256: &Sha256, kind: SignatureType, by: Agent, at: &Time) -> Self {
        let attester =
            Coding::new("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "attester");
        let signature = Signature {
            kind: vec![kind.coding()],
            when: at.clone(),
            who: by.who.clone(),
            on_behalf_of: by.on_behalf_of.clone(),
            target_format: Some("application/fhir+json".into()),
            ..Signature::default()
        };
        let what = Reference {
            identifier: Some(digest(sha256)),
            display: Some("The text that was signed, by its SHA-256".into()),
            ..Reference::default()
        };
        Self {
            target: vec![target],
            occurred: Some(at.clone()),
            recorded: at.clone(),
            activity: Some(
                Coding::new("http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion", "LA")
                    .display("legally authenticated")
                    .into(),
            ),
            agent: vec![Agent { kind: by.kind.clone().or_else(|| Some(attester.into())), ..by }],
            entity: vec![Entity { role: EntityRole::Source, what }],
            signature: vec![signature],
            ..Self::default()
        }
    }

    /// Whether it says that this text was signed.
    pub fn signs(&self, sha256: &Sha256) -> bool {
        let known = digest(sha256);
        !self.signature.is_empty()
            && self.entity.iter().any(|one| one.what.identifier.as_ref() == Some(&known))
    }
}
