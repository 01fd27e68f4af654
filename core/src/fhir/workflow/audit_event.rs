//! AuditEvent: what was disclosed or done, by whom, to whom (FHIR R4, 6.4). R4 gives it no identifier: it is found by its
//! tag. It is never changed. What a device's audit holds is written by [`audit_event`](crate::fhir::audit_event()).

use super::element::{part, resource};
use super::parts::{Coding, Concept, Reference, Time};
use super::status::codes;

codes! {
    /// What was done (R4 AuditEventAction).
    AuditAction {
        /// Made.
        Create = "C",
        /// Read or disclosed.
        Read = "R",
        /// Changed.
        Update = "U",
        /// Taken away.
        Delete = "D",
        /// Carried out.
        Execute = "E",
    }
}

codes! {
    /// How it ended (R4 AuditEventOutcome).
    AuditOutcome {
        /// Well.
        Success = "0",
        /// It failed, and may be tried again.
        MinorFailure = "4",
        /// It failed.
        SeriousFailure = "8",
        /// The system failed.
        MajorFailure = "12",
    }
}

part! {
    /// Somebody who took part.
    AuditAgent {
        /// How: source or destination.
        kind: Option<Concept> = "type",
        /// Who.
        who: Option<Reference> = "who",
        /// Whether they asked for it.
        requestor: bool = "requestor",
        /// By what right.
        policy: Vec<String> = "policy",
        /// For what.
        purpose: Vec<Concept> = "purposeOfUse",
    }
}

part! {
    /// What saw it.
    AuditSource {
        /// The device or system.
        observer: Reference = "observer",
    }
}

part! {
    /// What it was done to.
    AuditEntity {
        /// The resource.
        what: Option<Reference> = "what",
        /// Its labels.
        security_label: Vec<Coding> = "securityLabel",
    }
}

resource! {
    /// That something was disclosed or done.
    AuditEvent {
        /// What kind of thing it was.
        kind: Coding = "type",
        /// What kind more closely.
        subtype: Vec<Coding> = "subtype",
        /// What was done.
        action: Option<AuditAction> = "action",
        /// When: an instant.
        recorded: Time = "recorded",
        /// How it ended.
        outcome: Option<AuditOutcome> = "outcome",
        /// For what.
        purpose: Vec<Concept> = "purposeOfEvent",
        /// Who took part.
        agent: Vec<AuditAgent> = "agent",
        /// What saw it.
        source: AuditSource = "source",
        /// What it was done to.
        entity: Vec<AuditEntity> = "entity",
    }
}
