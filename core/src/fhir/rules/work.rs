//! The elements of Task, ServiceRequest, Appointment, Encounter and DocumentReference (FHIR R4, 12.5, 12.3, 8.10, 8.9 and
//! 2.38).

// A table is read more easily with its words alone.
#![allow(clippy::enum_glob_use, clippy::wildcard_imports)]

use super::bindings::*;
use super::data::*;
use super::shape::Type::*;
use super::shape::{Shape, many, must, one, part, resource, some};

pub(super) static TASK: Shape = resource(
    "Task",
    &[
        many("identifier", Of(&IDENTIFIER)),
        one("instantiatesCanonical", Uri),
        one("instantiatesUri", Uri),
        many("basedOn", Refers(&[])),
        one("groupIdentifier", Of(&IDENTIFIER)),
        many("partOf", Refers(&["Task"])),
        must("status", Bound(TASK_STATUS)),
        one("statusReason", Of(&CODEABLE_CONCEPT)),
        one("businessStatus", Of(&CODEABLE_CONCEPT)),
        must("intent", Bound(TASK_INTENT)),
        one("priority", Bound(REQUEST_PRIORITY)),
        one("code", Of(&CODEABLE_CONCEPT)),
        one("description", Text),
        one("focus", Refers(&[])),
        one("for", Refers(&[])),
        one("encounter", Refers(&["Encounter"])),
        one("executionPeriod", Of(&PERIOD)),
        one("authoredOn", DateTime),
        one("lastModified", DateTime),
        one(
            "requester",
            Refers(&[
                "Device",
                "Organization",
                "Patient",
                "Practitioner",
                "PractitionerRole",
                "RelatedPerson",
            ]),
        ),
        many("performerType", Of(&CODEABLE_CONCEPT)),
        one(
            "owner",
            Refers(&[
                "Practitioner",
                "PractitionerRole",
                "Organization",
                "CareTeam",
                "HealthcareService",
                "Patient",
                "Device",
                "RelatedPerson",
            ]),
        ),
        one("location", Refers(&["Location"])),
        one("reasonCode", Of(&CODEABLE_CONCEPT)),
        one("reasonReference", Refers(&[])),
        many("insurance", Refers(&["Coverage", "ClaimResponse"])),
        many("note", Of(&ANNOTATION)),
        many("relevantHistory", Refers(&["Provenance"])),
        one("restriction", Of(&TASK_RESTRICTION)),
        many("input", Of(&TASK_INPUT)),
        many("output", Of(&TASK_OUTPUT)),
    ],
);

pub(super) static TASK_RESTRICTION: Shape = part(
    "Task.restriction",
    &[
        one("repetitions", Positive),
        one("period", Of(&PERIOD)),
        many(
            "recipient",
            Refers(&[
                "Patient",
                "Practitioner",
                "PractitionerRole",
                "RelatedPerson",
                "Group",
                "Organization",
            ]),
        ),
    ],
);

pub(super) static TASK_INPUT: Shape =
    part("Task.input", &[must("type", Of(&CODEABLE_CONCEPT)), must("value", Open)]);

pub(super) static TASK_OUTPUT: Shape =
    part("Task.output", &[must("type", Of(&CODEABLE_CONCEPT)), must("value", Open)]);

pub(super) static SERVICE_REQUEST: Shape = resource(
    "ServiceRequest",
    &[
        many("identifier", Of(&IDENTIFIER)),
        many("instantiatesCanonical", Uri),
        many("instantiatesUri", Uri),
        many("basedOn", Refers(&["CarePlan", "ServiceRequest", "MedicationRequest"])),
        many("replaces", Refers(&["ServiceRequest"])),
        one("requisition", Of(&IDENTIFIER)),
        must("status", Bound(REQUEST_STATUS)),
        must("intent", Bound(REQUEST_INTENT)),
        many("category", Of(&CODEABLE_CONCEPT)),
        one("priority", Bound(REQUEST_PRIORITY)),
        one("doNotPerform", Bool),
        one("code", Of(&CODEABLE_CONCEPT)),
        many("orderDetail", Of(&CODEABLE_CONCEPT)),
        one("quantity", Choice(&[("Quantity", Of(&QUANTITY)), ("Ratio", Of(&RATIO)), ("Range", Of(&RANGE))])),
        must("subject", Refers(&["Patient", "Group", "Location", "Device"])),
        one("encounter", Refers(&["Encounter"])),
        one(
            "occurrence",
            Choice(&[("DateTime", DateTime), ("Period", Of(&PERIOD)), ("Timing", Of(&TIMING))]),
        ),
        one("asNeeded", Choice(&[("Boolean", Bool), ("CodeableConcept", Of(&CODEABLE_CONCEPT))])),
        one("authoredOn", DateTime),
        one(
            "requester",
            Refers(&[
                "Practitioner",
                "PractitionerRole",
                "Organization",
                "Patient",
                "RelatedPerson",
                "Device",
            ]),
        ),
        one("performerType", Of(&CODEABLE_CONCEPT)),
        many(
            "performer",
            Refers(&[
                "Practitioner",
                "PractitionerRole",
                "Organization",
                "CareTeam",
                "HealthcareService",
                "Patient",
                "Device",
                "RelatedPerson",
            ]),
        ),
        many("locationCode", Of(&CODEABLE_CONCEPT)),
        many("locationReference", Refers(&["Location"])),
        many("reasonCode", Of(&CODEABLE_CONCEPT)),
        many(
            "reasonReference",
            Refers(&["Condition", "Observation", "DiagnosticReport", "DocumentReference"]),
        ),
        many("insurance", Refers(&["Coverage", "ClaimResponse"])),
        many("supportingInfo", Refers(&[])),
        many("specimen", Refers(&["Specimen"])),
        many("bodySite", Of(&CODEABLE_CONCEPT)),
        many("note", Of(&ANNOTATION)),
        one("patientInstruction", Text),
        many("relevantHistory", Refers(&["Provenance"])),
    ],
);

pub(super) static APPOINTMENT: Shape = resource(
    "Appointment",
    &[
        many("identifier", Of(&IDENTIFIER)),
        must("status", Bound(APPOINTMENT_STATUS)),
        one("cancelationReason", Of(&CODEABLE_CONCEPT)),
        many("serviceCategory", Of(&CODEABLE_CONCEPT)),
        many("serviceType", Of(&CODEABLE_CONCEPT)),
        many("specialty", Of(&CODEABLE_CONCEPT)),
        one("appointmentType", Of(&CODEABLE_CONCEPT)),
        many("reasonCode", Of(&CODEABLE_CONCEPT)),
        many(
            "reasonReference",
            Refers(&["Condition", "Procedure", "Observation", "ImmunizationRecommendation"]),
        ),
        one("priority", Unsigned),
        one("description", Text),
        many("supportingInformation", Refers(&[])),
        one("start", Instant),
        one("end", Instant),
        one("minutesDuration", Positive),
        many("slot", Refers(&["Slot"])),
        one("created", DateTime),
        one("comment", Text),
        one("patientInstruction", Text),
        many("basedOn", Refers(&["ServiceRequest"])),
        some("participant", Of(&APPOINTMENT_PARTICIPANT)),
        many("requestedPeriod", Of(&PERIOD)),
    ],
);

pub(super) static APPOINTMENT_PARTICIPANT: Shape = part(
    "Appointment.participant",
    &[
        many("type", Of(&CODEABLE_CONCEPT)),
        one(
            "actor",
            Refers(&[
                "Patient",
                "Practitioner",
                "PractitionerRole",
                "RelatedPerson",
                "Device",
                "HealthcareService",
                "Location",
            ]),
        ),
        one("required", Bound(PARTICIPANT_REQUIRED)),
        must("status", Bound(PARTICIPATION_STATUS)),
        one("period", Of(&PERIOD)),
    ],
);

pub(super) static ENCOUNTER: Shape = resource(
    "Encounter",
    &[
        many("identifier", Of(&IDENTIFIER)),
        must("status", Bound(ENCOUNTER_STATUS)),
        many("statusHistory", Of(&ENCOUNTER_STATUS_HISTORY)),
        must("class", Of(&CODING)),
        many("classHistory", Of(&ENCOUNTER_CLASS_HISTORY)),
        many("type", Of(&CODEABLE_CONCEPT)),
        one("serviceType", Of(&CODEABLE_CONCEPT)),
        one("priority", Of(&CODEABLE_CONCEPT)),
        one("subject", Refers(&["Patient", "Group"])),
        many("episodeOfCare", Refers(&["EpisodeOfCare"])),
        many("basedOn", Refers(&["ServiceRequest"])),
        many("participant", Of(&ENCOUNTER_PARTICIPANT)),
        many("appointment", Refers(&["Appointment"])),
        one("period", Of(&PERIOD)),
        one("length", Of(&DURATION)),
        many("reasonCode", Of(&CODEABLE_CONCEPT)),
        many(
            "reasonReference",
            Refers(&["Condition", "Procedure", "Observation", "ImmunizationRecommendation"]),
        ),
        many("diagnosis", Of(&ENCOUNTER_DIAGNOSIS)),
        many("account", Refers(&["Account"])),
        one("hospitalization", Of(&ENCOUNTER_HOSPITALIZATION)),
        many("location", Of(&ENCOUNTER_LOCATION)),
        one("serviceProvider", Refers(&["Organization"])),
        one("partOf", Refers(&["Encounter"])),
    ],
);

pub(super) static ENCOUNTER_STATUS_HISTORY: Shape =
    part("Encounter.statusHistory", &[must("status", Bound(ENCOUNTER_STATUS)), must("period", Of(&PERIOD))]);

pub(super) static ENCOUNTER_CLASS_HISTORY: Shape =
    part("Encounter.classHistory", &[must("class", Of(&CODING)), must("period", Of(&PERIOD))]);

pub(super) static ENCOUNTER_PARTICIPANT: Shape = part(
    "Encounter.participant",
    &[
        many("type", Of(&CODEABLE_CONCEPT)),
        one("period", Of(&PERIOD)),
        one("individual", Refers(&["Practitioner", "PractitionerRole", "RelatedPerson"])),
    ],
);

pub(super) static ENCOUNTER_DIAGNOSIS: Shape = part(
    "Encounter.diagnosis",
    &[
        must("condition", Refers(&["Condition", "Procedure"])),
        one("use", Of(&CODEABLE_CONCEPT)),
        one("rank", Positive),
    ],
);

pub(super) static ENCOUNTER_HOSPITALIZATION: Shape = part(
    "Encounter.hospitalization",
    &[
        one("preAdmissionIdentifier", Of(&IDENTIFIER)),
        one("origin", Refers(&["Location", "Organization"])),
        one("admitSource", Of(&CODEABLE_CONCEPT)),
        one("reAdmission", Of(&CODEABLE_CONCEPT)),
        many("dietPreference", Of(&CODEABLE_CONCEPT)),
        many("specialCourtesy", Of(&CODEABLE_CONCEPT)),
        many("specialArrangement", Of(&CODEABLE_CONCEPT)),
        one("destination", Refers(&["Location", "Organization"])),
        one("dischargeDisposition", Of(&CODEABLE_CONCEPT)),
    ],
);

pub(super) static ENCOUNTER_LOCATION: Shape = part(
    "Encounter.location",
    &[
        must("location", Refers(&["Location"])),
        one("status", Bound(ENCOUNTER_LOCATION_STATUS)),
        one("physicalType", Of(&CODEABLE_CONCEPT)),
        one("period", Of(&PERIOD)),
    ],
);

pub(super) static DOCUMENT_REFERENCE: Shape = resource(
    "DocumentReference",
    &[
        one("masterIdentifier", Of(&IDENTIFIER)),
        many("identifier", Of(&IDENTIFIER)),
        must("status", Bound(DOCUMENT_REFERENCE_STATUS)),
        one("docStatus", Bound(COMPOSITION_STATUS)),
        one("type", Of(&CODEABLE_CONCEPT)),
        many("category", Of(&CODEABLE_CONCEPT)),
        one("subject", Refers(&["Patient", "Practitioner", "Group", "Device"])),
        one("date", Instant),
        many(
            "author",
            Refers(&[
                "Practitioner",
                "PractitionerRole",
                "Organization",
                "Device",
                "Patient",
                "RelatedPerson",
            ]),
        ),
        one("authenticator", Refers(&["Practitioner", "PractitionerRole", "Organization"])),
        one("custodian", Refers(&["Organization"])),
        many("relatesTo", Of(&DOCUMENT_REFERENCE_RELATES_TO)),
        one("description", Text),
        many("securityLabel", Of(&CODEABLE_CONCEPT)),
        some("content", Of(&DOCUMENT_REFERENCE_CONTENT)),
        one("context", Of(&DOCUMENT_REFERENCE_CONTEXT)),
    ],
);

pub(super) static DOCUMENT_REFERENCE_RELATES_TO: Shape = part(
    "DocumentReference.relatesTo",
    &[must("code", Bound(DOCUMENT_RELATIONSHIP_TYPE)), must("target", Refers(&["DocumentReference"]))],
);

pub(super) static DOCUMENT_REFERENCE_CONTENT: Shape =
    part("DocumentReference.content", &[must("attachment", Of(&ATTACHMENT)), one("format", Of(&CODING))]);

pub(super) static DOCUMENT_REFERENCE_CONTEXT: Shape = part(
    "DocumentReference.context",
    &[
        many("encounter", Refers(&["Encounter", "EpisodeOfCare"])),
        many("event", Of(&CODEABLE_CONCEPT)),
        one("period", Of(&PERIOD)),
        one("facilityType", Of(&CODEABLE_CONCEPT)),
        one("practiceSetting", Of(&CODEABLE_CONCEPT)),
        one("sourcePatientInfo", Refers(&["Patient"])),
        many("related", Refers(&[])),
    ],
);
