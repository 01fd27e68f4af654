//! The elements of CareTeam, CarePlan, Communication, Goal, EpisodeOfCare, Flag and Consent (FHIR R4, 9.2, 9.5, 14.5, 9.7, 8.12, 8.13
//! and 6.2).

// A table is read more easily with its words alone.
#![allow(clippy::enum_glob_use, clippy::wildcard_imports)]

use super::bindings::*;
use super::data::*;
use super::shape::Type::*;
use super::shape::{Shape, many, must, one, part, resource, some};

pub(super) static CARE_TEAM: Shape = resource(
    "CareTeam",
    &[
        many("identifier", Of(&IDENTIFIER)),
        one("status", Bound(CARE_TEAM_STATUS)),
        many("category", Of(&CODEABLE_CONCEPT)),
        one("name", Text),
        one("subject", Refers(&["Patient", "Group"])),
        one("encounter", Refers(&["Encounter"])),
        one("period", Of(&PERIOD)),
        many("participant", Of(&CARE_TEAM_PARTICIPANT)),
        many("reasonCode", Of(&CODEABLE_CONCEPT)),
        many("reasonReference", Refers(&["Condition"])),
        many("managingOrganization", Refers(&["Organization"])),
        many("telecom", Of(&CONTACT_POINT)),
        many("note", Of(&ANNOTATION)),
    ],
);

pub(super) static CARE_TEAM_PARTICIPANT: Shape = part(
    "CareTeam.participant",
    &[
        many("role", Of(&CODEABLE_CONCEPT)),
        one(
            "member",
            Refers(&[
                "Practitioner",
                "PractitionerRole",
                "RelatedPerson",
                "Patient",
                "Organization",
                "CareTeam",
            ]),
        ),
        one("onBehalfOf", Refers(&["Organization"])),
        one("period", Of(&PERIOD)),
    ],
);

pub(super) static CARE_PLAN: Shape = resource(
    "CarePlan",
    &[
        many("identifier", Of(&IDENTIFIER)),
        many("instantiatesCanonical", Uri),
        many("instantiatesUri", Uri),
        many("basedOn", Refers(&["CarePlan"])),
        many("replaces", Refers(&["CarePlan"])),
        many("partOf", Refers(&["CarePlan"])),
        must("status", Bound(REQUEST_STATUS)),
        must("intent", Bound(CARE_PLAN_INTENT)),
        many("category", Of(&CODEABLE_CONCEPT)),
        one("title", Text),
        one("description", Text),
        must("subject", Refers(&["Patient", "Group"])),
        one("encounter", Refers(&["Encounter"])),
        one("period", Of(&PERIOD)),
        one("created", DateTime),
        one(
            "author",
            Refers(&[
                "Patient",
                "Practitioner",
                "PractitionerRole",
                "Device",
                "RelatedPerson",
                "Organization",
                "CareTeam",
            ]),
        ),
        many(
            "contributor",
            Refers(&[
                "Patient",
                "Practitioner",
                "PractitionerRole",
                "Device",
                "RelatedPerson",
                "Organization",
                "CareTeam",
            ]),
        ),
        many("careTeam", Refers(&["CareTeam"])),
        many("addresses", Refers(&["Condition"])),
        many("supportingInfo", Refers(&[])),
        many("goal", Refers(&["Goal"])),
        many("activity", Of(&CARE_PLAN_ACTIVITY)),
        many("note", Of(&ANNOTATION)),
    ],
);

pub(super) static CARE_PLAN_ACTIVITY: Shape = part(
    "CarePlan.activity",
    &[
        many("outcomeCodeableConcept", Of(&CODEABLE_CONCEPT)),
        many("outcomeReference", Refers(&[])),
        many("progress", Of(&ANNOTATION)),
        one(
            "reference",
            Refers(&[
                "Appointment",
                "CommunicationRequest",
                "DeviceRequest",
                "MedicationRequest",
                "NutritionOrder",
                "Task",
                "ServiceRequest",
                "VisionPrescription",
                "RequestGroup",
            ]),
        ),
        one("detail", Of(&CARE_PLAN_ACTIVITY_DETAIL)),
    ],
);

pub(super) static CARE_PLAN_ACTIVITY_DETAIL: Shape = part(
    "CarePlan.activity.detail",
    &[
        one("kind", Bound(CARE_PLAN_ACTIVITY_KIND)),
        many("instantiatesCanonical", Uri),
        many("instantiatesUri", Uri),
        one("code", Of(&CODEABLE_CONCEPT)),
        many("reasonCode", Of(&CODEABLE_CONCEPT)),
        many(
            "reasonReference",
            Refers(&["Condition", "Observation", "DiagnosticReport", "DocumentReference"]),
        ),
        many("goal", Refers(&["Goal"])),
        must("status", Bound(CARE_PLAN_ACTIVITY_STATUS)),
        one("statusReason", Of(&CODEABLE_CONCEPT)),
        one("doNotPerform", Bool),
        one("scheduled", Choice(&[("Timing", Of(&TIMING)), ("Period", Of(&PERIOD)), ("String", Text)])),
        one("location", Refers(&["Location"])),
        many(
            "performer",
            Refers(&[
                "Practitioner",
                "PractitionerRole",
                "Organization",
                "RelatedPerson",
                "Patient",
                "CareTeam",
                "HealthcareService",
                "Device",
            ]),
        ),
        one(
            "product",
            Choice(&[
                ("CodeableConcept", Of(&CODEABLE_CONCEPT)),
                ("Reference", Refers(&["Medication", "Substance"])),
            ]),
        ),
        one("dailyAmount", Of(&QUANTITY)),
        one("quantity", Of(&QUANTITY)),
        one("description", Text),
    ],
);

pub(super) static COMMUNICATION: Shape = resource(
    "Communication",
    &[
        many("identifier", Of(&IDENTIFIER)),
        many("instantiatesCanonical", Uri),
        many("instantiatesUri", Uri),
        many("basedOn", Refers(&[])),
        many("partOf", Refers(&[])),
        many("inResponseTo", Refers(&["Communication"])),
        must("status", Bound(EVENT_STATUS)),
        one("statusReason", Of(&CODEABLE_CONCEPT)),
        many("category", Of(&CODEABLE_CONCEPT)),
        one("priority", Bound(REQUEST_PRIORITY)),
        many("medium", Of(&CODEABLE_CONCEPT)),
        one("subject", Refers(&["Patient", "Group"])),
        one("topic", Of(&CODEABLE_CONCEPT)),
        many("about", Refers(&[])),
        one("encounter", Refers(&["Encounter"])),
        one("sent", DateTime),
        one("received", DateTime),
        many(
            "recipient",
            Refers(&[
                "Device",
                "Organization",
                "Patient",
                "Practitioner",
                "PractitionerRole",
                "RelatedPerson",
                "Group",
                "CareTeam",
                "HealthcareService",
            ]),
        ),
        one(
            "sender",
            Refers(&[
                "Device",
                "Organization",
                "Patient",
                "Practitioner",
                "PractitionerRole",
                "RelatedPerson",
                "HealthcareService",
            ]),
        ),
        many("reasonCode", Of(&CODEABLE_CONCEPT)),
        many(
            "reasonReference",
            Refers(&["Condition", "Observation", "DiagnosticReport", "DocumentReference"]),
        ),
        many("payload", Of(&COMMUNICATION_PAYLOAD)),
        many("note", Of(&ANNOTATION)),
    ],
);

pub(super) static COMMUNICATION_PAYLOAD: Shape = part(
    "Communication.payload",
    &[must(
        "content",
        Choice(&[("String", Text), ("Attachment", Of(&ATTACHMENT)), ("Reference", Refers(&[]))]),
    )],
);

pub(super) static GOAL: Shape = resource(
    "Goal",
    &[
        many("identifier", Of(&IDENTIFIER)),
        must("lifecycleStatus", Bound(GOAL_STATUS)),
        one("achievementStatus", Of(&CODEABLE_CONCEPT)),
        many("category", Of(&CODEABLE_CONCEPT)),
        one("priority", Of(&CODEABLE_CONCEPT)),
        must("description", Of(&CODEABLE_CONCEPT)),
        must("subject", Refers(&["Patient", "Group", "Organization"])),
        one("start", Choice(&[("Date", Date), ("CodeableConcept", Of(&CODEABLE_CONCEPT))])),
        many("target", Of(&GOAL_TARGET)),
        one("statusDate", Date),
        one("statusReason", Text),
        one("expressedBy", Refers(&["Patient", "Practitioner", "PractitionerRole", "RelatedPerson"])),
        many(
            "addresses",
            Refers(&[
                "Condition",
                "Observation",
                "MedicationStatement",
                "NutritionOrder",
                "ServiceRequest",
                "RiskAssessment",
            ]),
        ),
        many("note", Of(&ANNOTATION)),
        many("outcomeCode", Of(&CODEABLE_CONCEPT)),
        many("outcomeReference", Refers(&["Observation"])),
    ],
);

pub(super) static GOAL_TARGET: Shape = part(
    "Goal.target",
    &[
        one("measure", Of(&CODEABLE_CONCEPT)),
        one(
            "detail",
            Choice(&[
                ("Quantity", Of(&QUANTITY)),
                ("Range", Of(&RANGE)),
                ("CodeableConcept", Of(&CODEABLE_CONCEPT)),
                ("String", Text),
                ("Boolean", Bool),
                ("Integer", Integer),
                ("Ratio", Of(&RATIO)),
            ]),
        ),
        one("due", Choice(&[("Date", Date), ("Duration", Of(&DURATION))])),
    ],
);

pub(super) static EPISODE_OF_CARE: Shape = resource(
    "EpisodeOfCare",
    &[
        many("identifier", Of(&IDENTIFIER)),
        must("status", Bound(EPISODE_OF_CARE_STATUS)),
        many("statusHistory", Of(&EPISODE_OF_CARE_STATUS_HISTORY)),
        many("type", Of(&CODEABLE_CONCEPT)),
        many("diagnosis", Of(&EPISODE_OF_CARE_DIAGNOSIS)),
        must("patient", Refers(&["Patient"])),
        one("managingOrganization", Refers(&["Organization"])),
        one("period", Of(&PERIOD)),
        many("referralRequest", Refers(&["ServiceRequest"])),
        one("careManager", Refers(&["Practitioner", "PractitionerRole"])),
        many("team", Refers(&["CareTeam"])),
        many("account", Refers(&["Account"])),
    ],
);

pub(super) static EPISODE_OF_CARE_STATUS_HISTORY: Shape = part(
    "EpisodeOfCare.statusHistory",
    &[must("status", Bound(EPISODE_OF_CARE_STATUS)), must("period", Of(&PERIOD))],
);

pub(super) static EPISODE_OF_CARE_DIAGNOSIS: Shape = part(
    "EpisodeOfCare.diagnosis",
    &[must("condition", Refers(&["Condition"])), one("role", Of(&CODEABLE_CONCEPT)), one("rank", Positive)],
);

pub(super) static FLAG: Shape = resource(
    "Flag",
    &[
        many("identifier", Of(&IDENTIFIER)),
        must("status", Bound(FLAG_STATUS)),
        many("category", Of(&CODEABLE_CONCEPT)),
        must("code", Of(&CODEABLE_CONCEPT)),
        must(
            "subject",
            Refers(&[
                "Patient",
                "Location",
                "Group",
                "Organization",
                "Practitioner",
                "PlanDefinition",
                "Medication",
                "Procedure",
            ]),
        ),
        one("period", Of(&PERIOD)),
        one("encounter", Refers(&["Encounter"])),
        one("author", Refers(&["Device", "Organization", "Patient", "Practitioner", "PractitionerRole"])),
    ],
);

pub(super) static CONSENT: Shape = resource(
    "Consent",
    &[
        many("identifier", Of(&IDENTIFIER)),
        must("status", Bound(CONSENT_STATUS)),
        must("scope", Of(&CODEABLE_CONCEPT)),
        some("category", Of(&CODEABLE_CONCEPT)),
        one("patient", Refers(&["Patient"])),
        one("dateTime", DateTime),
        many(
            "performer",
            Refers(&["Organization", "Patient", "Practitioner", "RelatedPerson", "PractitionerRole"]),
        ),
        many("organization", Refers(&["Organization"])),
        one(
            "source",
            Choice(&[
                ("Attachment", Of(&ATTACHMENT)),
                ("Reference", Refers(&["Consent", "DocumentReference", "Contract", "QuestionnaireResponse"])),
            ]),
        ),
        many("policy", Of(&CONSENT_POLICY)),
        one("policyRule", Of(&CODEABLE_CONCEPT)),
        many("verification", Of(&CONSENT_VERIFICATION)),
        one("provision", Of(&CONSENT_PROVISION)),
    ],
);

pub(super) static CONSENT_POLICY: Shape = part("Consent.policy", &[one("authority", Uri), one("uri", Uri)]);

pub(super) static CONSENT_VERIFICATION: Shape = part(
    "Consent.verification",
    &[
        must("verified", Bool),
        one("verifiedWith", Refers(&["Patient", "RelatedPerson"])),
        one("verificationDate", DateTime),
    ],
);

pub(super) static CONSENT_PROVISION: Shape = part(
    "Consent.provision",
    &[
        one("type", Bound(CONSENT_PROVISION_TYPE)),
        one("period", Of(&PERIOD)),
        many("actor", Of(&CONSENT_PROVISION_ACTOR)),
        many("action", Of(&CODEABLE_CONCEPT)),
        many("securityLabel", Of(&CODING)),
        many("purpose", Of(&CODING)),
        many("class", Of(&CODING)),
        many("code", Of(&CODEABLE_CONCEPT)),
        one("dataPeriod", Of(&PERIOD)),
        many("data", Of(&CONSENT_PROVISION_DATA)),
        many("provision", Of(&CONSENT_PROVISION)),
    ],
);

pub(super) static CONSENT_PROVISION_ACTOR: Shape = part(
    "Consent.provision.actor",
    &[
        must("role", Of(&CODEABLE_CONCEPT)),
        must(
            "reference",
            Refers(&[
                "Device",
                "Group",
                "CareTeam",
                "Organization",
                "Patient",
                "Practitioner",
                "RelatedPerson",
                "PractitionerRole",
            ]),
        ),
    ],
);

pub(super) static CONSENT_PROVISION_DATA: Shape = part(
    "Consent.provision.data",
    &[must("meaning", Bound(CONSENT_DATA_MEANING)), must("reference", Refers(&[]))],
);
