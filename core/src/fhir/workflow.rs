//! The resources of the workflow, in R4's words: what it needs of each, and the edits of its life.
//!
//! Every type has one shape. A struct holds what the workflow needs: `read` takes it from a resource's text, whoever wrote
//! that; `to_fhir_json` writes a new resource, once it breaks no [rule](crate::fhir::check). What changes a resource takes its
//! text and returns another (`step`, `add`, `end`): the change, and every other byte as it was. A change that would break a
//! rule, or a step of a status that is not legal, is an error that says which and where.
//!
//! ```
//! use caseline::fhir::workflow::*;
//!
//! // Somebody else's plan, with elements that R4 has never heard of, and a decimal that floats would round.
//! let text = r#"{"resourceType":"CarePlan","status":"draft","intent":"plan","subject":{"reference":"Patient/1"},
//!     "vendor":{"weight":1.50}}"#;
//! let text = CarePlan::step(text, CarePlanStatus::Active)?;
//! assert!(text.contains(r#""status":"active""#) && text.contains("1.50"));
//! assert_eq!(CarePlan::step(&text, CarePlanStatus::Draft).unwrap_err().code(), "illegal-status-step");
//! # Ok::<(), caseline::Error>(())
//! ```

mod appointment;
mod audit_event;
mod care_plan;
mod care_team;
mod communication;
mod consent;
mod document_reference;
pub(crate) mod edit;
pub(crate) mod element;
mod encounter;
mod endpoint;
mod episode_of_care;
mod goal;
mod healthcare_service;
mod location;
mod organization;
mod parts;
mod patient;
mod practitioner;
mod practitioner_role;
mod provenance;
mod related_person;
mod service_request;
pub(crate) mod status;
mod task;

pub use appointment::{Answer, Appointment, AppointmentStatus, Attendee};
pub use audit_event::{AuditAction, AuditAgent, AuditEntity, AuditEvent, AuditOutcome, AuditSource};
pub use care_plan::{Activity, ActivityDetail, CarePlan, CarePlanStatus, Succession};
pub use care_team::{CareTeam, CareTeamStatus, Participant};
pub use communication::{Communication, CommunicationStatus, Payload, Said, Thread};
pub use consent::{Actor, Consent, ConsentStatus, Policy, Provision, ProvisionKind, Verification};
pub use document_reference::{
    Content, DocumentContext, DocumentReference, DocumentReferenceStatus, RelatesTo, Relation,
};
pub use encounter::{
    Encounter, EncounterLocation, EncounterParticipant, EncounterStatus, Hospitalization, PastStatus,
};
pub use endpoint::{Endpoint, EndpointStatus};
pub use episode_of_care::{EpisodeOfCare, EpisodeOfCareStatus, PastEpisode};
pub use goal::{Goal, GoalStatus, Target};
pub use healthcare_service::HealthcareService;
pub use location::{Location, LocationStatus};
pub use organization::Organization;
pub use parts::{
    Address, Attachment, Coding, Concept, ContactPoint, ContactSystem, Gender, HumanName, Identifier, Intent,
    Label, Meta, Note, Period, Reference, Time, digest,
};
pub use patient::{KindedIdentifier, Patient};
pub use practitioner::Practitioner;
pub use practitioner_role::PractitionerRole;
pub use provenance::{Agent, Entity, EntityRole, Provenance, Signature, SignatureType};
pub use related_person::RelatedPerson;
pub use service_request::{ServiceRequest, ServiceRequestStatus};
pub use task::{Output, Restriction, Task, TaskStatus};

#[cfg(all(test, feature = "testing"))]
#[path = "workflow_tests.rs"]
mod tests;
