//! The elements of Provenance and AuditEvent (FHIR R4, 6.3 and 6.4).

// A table is read more easily with its words alone.
#![allow(clippy::enum_glob_use, clippy::wildcard_imports)]

use super::bindings::*;
use super::data::*;
use super::shape::Type::*;
use super::shape::{Shape, many, must, one, part, resource, some};

pub(super) static PROVENANCE: Shape = resource(
    "Provenance",
    &[
        some("target", Refers(&[])),
        one("occurred", Choice(&[("Period", Of(&PERIOD)), ("DateTime", DateTime)])),
        must("recorded", Instant),
        many("policy", Uri),
        one("location", Refers(&["Location"])),
        many("reason", Of(&CODEABLE_CONCEPT)),
        one("activity", Of(&CODEABLE_CONCEPT)),
        some("agent", Of(&PROVENANCE_AGENT)),
        many("entity", Of(&PROVENANCE_ENTITY)),
        many("signature", Of(&SIGNATURE)),
    ],
);

pub(super) static PROVENANCE_AGENT: Shape = part(
    "Provenance.agent",
    &[
        one("type", Of(&CODEABLE_CONCEPT)),
        many("role", Of(&CODEABLE_CONCEPT)),
        must(
            "who",
            Refers(&[
                "Practitioner",
                "PractitionerRole",
                "RelatedPerson",
                "Patient",
                "Device",
                "Organization",
            ]),
        ),
        one(
            "onBehalfOf",
            Refers(&[
                "Practitioner",
                "PractitionerRole",
                "RelatedPerson",
                "Patient",
                "Device",
                "Organization",
            ]),
        ),
    ],
);

pub(super) static PROVENANCE_ENTITY: Shape = part(
    "Provenance.entity",
    &[
        must("role", Bound(PROVENANCE_ENTITY_ROLE)),
        must("what", Refers(&[])),
        many("agent", Of(&PROVENANCE_AGENT)),
    ],
);

pub(super) static AUDIT_EVENT: Shape = resource(
    "AuditEvent",
    &[
        must("type", Of(&CODING)),
        many("subtype", Of(&CODING)),
        one("action", Bound(AUDIT_EVENT_ACTION)),
        one("period", Of(&PERIOD)),
        must("recorded", Instant),
        one("outcome", Bound(AUDIT_EVENT_OUTCOME)),
        one("outcomeDesc", Text),
        many("purposeOfEvent", Of(&CODEABLE_CONCEPT)),
        some("agent", Of(&AUDIT_EVENT_AGENT)),
        must("source", Of(&AUDIT_EVENT_SOURCE)),
        many("entity", Of(&AUDIT_EVENT_ENTITY)),
    ],
);

pub(super) static AUDIT_EVENT_AGENT: Shape = part(
    "AuditEvent.agent",
    &[
        one("type", Of(&CODEABLE_CONCEPT)),
        many("role", Of(&CODEABLE_CONCEPT)),
        one(
            "who",
            Refers(&[
                "PractitionerRole",
                "Practitioner",
                "Organization",
                "Device",
                "Patient",
                "RelatedPerson",
            ]),
        ),
        one("altId", Text),
        one("name", Text),
        must("requestor", Bool),
        one("location", Refers(&["Location"])),
        many("policy", Uri),
        one("media", Of(&CODING)),
        one("network", Of(&AUDIT_EVENT_AGENT_NETWORK)),
        many("purposeOfUse", Of(&CODEABLE_CONCEPT)),
    ],
);

pub(super) static AUDIT_EVENT_AGENT_NETWORK: Shape =
    part("AuditEvent.agent.network", &[one("address", Text), one("type", Bound(NETWORK_TYPE))]);

pub(super) static AUDIT_EVENT_SOURCE: Shape = part(
    "AuditEvent.source",
    &[
        one("site", Text),
        must(
            "observer",
            Refers(&[
                "PractitionerRole",
                "Practitioner",
                "Organization",
                "Device",
                "Patient",
                "RelatedPerson",
            ]),
        ),
        many("type", Of(&CODING)),
    ],
);

pub(super) static AUDIT_EVENT_ENTITY: Shape = part(
    "AuditEvent.entity",
    &[
        one("what", Refers(&[])),
        one("type", Of(&CODING)),
        one("role", Of(&CODING)),
        one("lifecycle", Of(&CODING)),
        many("securityLabel", Of(&CODING)),
        one("name", Text),
        one("description", Text),
        one("query", Base64),
        many("detail", Of(&AUDIT_EVENT_ENTITY_DETAIL)),
    ],
);

pub(super) static AUDIT_EVENT_ENTITY_DETAIL: Shape = part(
    "AuditEvent.entity.detail",
    &[must("type", Text), must("value", Choice(&[("String", Text), ("Base64Binary", Base64)]))],
);
