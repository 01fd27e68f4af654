//! DocumentReference: a document and where it is (FHIR R4, 2.38; US Core).

use super::element::{part, resource};
use super::parts::{Attachment, Coding, Concept, Identifier, Period, Reference, Time};
use super::status::{codes, status, step};
use crate::error::Result;

status! {
    /// How a document stands (R4 DocumentReferenceStatus).
    DocumentReferenceStatus of "DocumentReference" in "status" {
        /// It is the one that counts.
        Current = "current" => [Superseded, EnteredInError],
        /// Another took its place.
        Superseded = "superseded" => [EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
    }
}

codes! {
    /// What a document is to another (R4 DocumentRelationshipType).
    Relation {
        /// It takes its place.
        Replaces = "replaces",
        /// It says the same in another form.
        Transforms = "transforms",
        /// It signs it.
        Signs = "signs",
        /// It adds to it.
        Appends = "appends",
    }
}

part! {
    /// What the document is to another.
    RelatesTo {
        /// What it is to it.
        code: Relation = "code",
        /// The other.
        target: Reference = "target",
    }
}

part! {
    /// The document in one form.
    Content {
        /// Where it is. US Core asks for a `url` or `data`.
        attachment: Attachment = "attachment",
        /// Its format beyond the media type.
        format: Option<Coding> = "format",
    }
}

part! {
    /// When and where what it tells of was.
    DocumentContext {
        /// The visits.
        encounter: Vec<Reference> = "encounter",
        /// When that was.
        period: Option<Period> = "period",
        /// What else it is about.
        related: Vec<Reference> = "related",
    }
}

resource! {
    /// A document: a plan, a form, a summary.
    DocumentReference {
        /// Names of the document that hold on every server: by its SHA-256, [`digest`](super::digest).
        identifier: Vec<Identifier> = "identifier",
        /// How it stands.
        status: DocumentReferenceStatus = "status",
        /// What kind of document it is. US Core asks for it, by a code of LOINC's or `UNK` of v3-NullFlavor.
        kind: Option<Concept> = "type",
        /// What class of document it is: [`DocumentReference::clinical_note`].
        category: Vec<Concept> = "category",
        /// Whom it is about.
        subject: Option<Reference> = "subject",
        /// When this reference was made.
        date: Option<Time> = "date",
        /// Who wrote it.
        author: Vec<Reference> = "author",
        /// Who keeps it.
        custodian: Option<Reference> = "custodian",
        /// What it is to others.
        relates_to: Vec<RelatesTo> = "relatesTo",
        /// What it is called.
        description: Option<String> = "description",
        /// How confidential the document is.
        security_label: Vec<Concept> = "securityLabel",
        /// The document.
        content: Vec<Content> = "content",
        /// When and where what it tells of was.
        context: Option<DocumentContext> = "context",
    }
}

impl DocumentReference {
    /// The category that US Core has for what people of care write.
    pub fn clinical_note() -> Concept {
        Coding::new(
            "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
            "clinical-note",
        )
        .display("Clinical Note")
        .into()
    }

    /// Takes a step to another status.
    ///
    /// # Errors
    /// `InvalidInput` (`illegal-status-step`) with the statuses that it could take.
    pub fn step(text: &str, to: DocumentReferenceStatus) -> Result<String> {
        step(text, to, &[])
    }
}
