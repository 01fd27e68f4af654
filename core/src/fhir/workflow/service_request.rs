//! ServiceRequest: what is asked of somebody for a patient, as a referral (FHIR R4, 12.3; US Core, Gravity).

use super::element::resource;
use super::parts::{Concept, Identifier, Intent, Note, Period, Reference, Time};
use super::status::{status, step};
use crate::communication::Priority;
use crate::error::Result;

status! {
    /// How a request stands (R4 RequestStatus).
    ServiceRequestStatus of "ServiceRequest" in "status" {
        /// Being written.
        Draft = "draft" => [Active, Revoked, EnteredInError],
        /// It is asked for.
        Active = "active" => [OnHold, Revoked, Completed, EnteredInError],
        /// It rests.
        OnHold = "on-hold" => [Active, Revoked, Completed, EnteredInError],
        /// It is no longer asked for.
        Revoked = "revoked" => [EnteredInError],
        /// It is done.
        Completed = "completed" => [EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
        /// One of these; nobody knows which.
        Unknown = "unknown" => [Draft, Active, OnHold, Revoked, Completed, EnteredInError],
    }
}

resource! {
    /// A request for a service.
    ServiceRequest {
        /// Names of the request that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// What it comes from.
        based_on: Vec<Reference> = "basedOn",
        /// How it stands.
        status: ServiceRequestStatus = "status",
        /// How far it goes.
        intent: Intent = "intent",
        /// What kind of request it is.
        category: Vec<Concept> = "category",
        /// How urgent it is.
        priority: Option<Priority> = "priority",
        /// What is asked for. US Core asks for it.
        code: Option<Concept> = "code",
        /// For whom.
        subject: Reference = "subject",
        /// When it is to be.
        occurrence: Option<Period> = "occurrencePeriod",
        /// When it was asked for.
        authored_on: Option<Time> = "authoredOn",
        /// Who asks.
        requester: Option<Reference> = "requester",
        /// Who is asked.
        performer: Vec<Reference> = "performer",
        /// Why.
        reason: Vec<Concept> = "reasonCode",
        /// The consents and documents that it rests on.
        supporting_info: Vec<Reference> = "supportingInfo",
        /// Words that somebody added.
        note: Vec<Note> = "note",
    }
}

impl ServiceRequest {
    /// Takes a step to another status.
    ///
    /// # Errors
    /// `InvalidInput` (`illegal-status-step`) with the statuses that it could take.
    pub fn step(text: &str, to: ServiceRequestStatus) -> Result<String> {
        step(text, to, &[])
    }
}
