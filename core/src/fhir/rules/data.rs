//! The data types (FHIR R4, 2.24), as far as what we write uses them.

// A table is read more easily with its words alone.
#![allow(clippy::enum_glob_use, clippy::wildcard_imports)]

use super::bindings::*;
use super::shape::Type::{self, *};
use super::shape::{Shape, data, many, must, one, some};

pub(super) static META: Shape = data(
    "Meta",
    &[
        one("versionId", Id),
        one("lastUpdated", Instant),
        one("source", Uri),
        many("profile", Uri),
        many("security", Of(&CODING)),
        many("tag", Of(&CODING)),
    ],
);

pub(super) static NARRATIVE: Shape =
    data("Narrative", &[must("status", Bound(NARRATIVE_STATUS)), must("div", Text)]);

pub(super) static IDENTIFIER: Shape = data(
    "Identifier",
    &[
        one("use", Bound(IDENTIFIER_USE)),
        one("type", Of(&CODEABLE_CONCEPT)),
        one("system", Uri),
        one("value", Text),
        one("period", Of(&PERIOD)),
        one("assigner", Refers(&["Organization"])),
    ],
);

pub(super) static HUMAN_NAME: Shape = data(
    "HumanName",
    &[
        one("use", Bound(NAME_USE)),
        one("text", Text),
        one("family", Text),
        many("given", Text),
        many("prefix", Text),
        many("suffix", Text),
        one("period", Of(&PERIOD)),
    ],
);

pub(super) static ADDRESS: Shape = data(
    "Address",
    &[
        one("use", Bound(ADDRESS_USE)),
        one("type", Bound(ADDRESS_TYPE)),
        one("text", Text),
        many("line", Text),
        one("city", Text),
        one("district", Text),
        one("state", Text),
        one("postalCode", Text),
        one("country", Text),
        one("period", Of(&PERIOD)),
    ],
);

pub(super) static CONTACT_POINT: Shape = data(
    "ContactPoint",
    &[
        one("system", Bound(CONTACT_POINT_SYSTEM)),
        one("value", Text),
        one("use", Bound(CONTACT_POINT_USE)),
        one("rank", Positive),
        one("period", Of(&PERIOD)),
    ],
);

pub(super) static PERIOD: Shape = data("Period", &[one("start", DateTime), one("end", DateTime)]);

pub(super) static TIMING: Shape = data(
    "Timing",
    &[
        many("modifierExtension", Of(&EXTENSION)),
        many("event", DateTime),
        one("repeat", Of(&TIMING_REPEAT)),
        one("code", Of(&CODEABLE_CONCEPT)),
    ],
);

pub(super) static TIMING_REPEAT: Shape = data(
    "Timing.repeat",
    &[
        one("bounds", Choice(&[("Duration", Of(&DURATION)), ("Range", Of(&RANGE)), ("Period", Of(&PERIOD))])),
        one("count", Positive),
        one("countMax", Positive),
        one("duration", Decimal),
        one("durationMax", Decimal),
        one("durationUnit", Bound(UNITS_OF_TIME)),
        one("frequency", Positive),
        one("frequencyMax", Positive),
        one("period", Decimal),
        one("periodMax", Decimal),
        one("periodUnit", Bound(UNITS_OF_TIME)),
        many("dayOfWeek", Bound(DAYS_OF_WEEK)),
        many("timeOfDay", Time),
        many("when", Bound(EVENT_TIMING)),
        one("offset", Unsigned),
    ],
);

pub(super) static QUANTITY: Shape = data(
    "Quantity",
    &[
        one("value", Decimal),
        one("comparator", Bound(QUANTITY_COMPARATOR)),
        one("unit", Text),
        one("system", Uri),
        one("code", Code),
    ],
);

pub(super) static RANGE: Shape = data("Range", &[one("low", Of(&QUANTITY)), one("high", Of(&QUANTITY))]);

pub(super) static RATIO: Shape =
    data("Ratio", &[one("numerator", Of(&QUANTITY)), one("denominator", Of(&QUANTITY))]);

pub(super) static ATTACHMENT: Shape = data(
    "Attachment",
    &[
        one("contentType", Code),
        one("language", Code),
        one("data", Base64),
        one("url", Uri),
        one("size", Unsigned),
        one("hash", Base64),
        one("title", Text),
        one("creation", DateTime),
    ],
);

pub(super) static ANNOTATION: Shape = data(
    "Annotation",
    &[
        one(
            "author",
            Choice(&[
                ("Reference", Refers(&["Practitioner", "Patient", "RelatedPerson", "Organization"])),
                ("String", Text),
            ]),
        ),
        one("time", DateTime),
        must("text", Text),
    ],
);

pub(super) static SIGNATURE: Shape = data(
    "Signature",
    &[
        some("type", Of(&CODING)),
        must("when", Instant),
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
        one("targetFormat", Code),
        one("sigFormat", Code),
        one("data", Base64),
    ],
);

pub(super) static CODEABLE_CONCEPT: Shape =
    data("CodeableConcept", &[many("coding", Of(&CODING)), one("text", Text)]);

pub(super) static CODING: Shape = data(
    "Coding",
    &[
        one("system", Uri),
        one("version", Text),
        one("code", Code),
        one("display", Text),
        one("userSelected", Bool),
    ],
);

pub(super) static EXTENSION: Shape = data("Extension", &[must("url", Text), one("value", Open)]);

pub(super) static MONEY: Shape = data("Money", &[one("value", Decimal), one("currency", Code)]);

pub(super) static DURATION: Shape = data(
    "Duration",
    &[
        one("value", Decimal),
        one("comparator", Bound(QUANTITY_COMPARATOR)),
        one("unit", Text),
        one("system", Uri),
        one("code", Code),
    ],
);

pub(super) static AGE: Shape = data(
    "Age",
    &[
        one("value", Decimal),
        one("comparator", Bound(QUANTITY_COMPARATOR)),
        one("unit", Text),
        one("system", Uri),
        one("code", Code),
    ],
);

pub(super) static REFERENCE: Shape = data(
    "Reference",
    &[one("reference", Text), one("type", Uri), one("identifier", Of(&IDENTIFIER)), one("display", Text)],
);

/// The types that an extension's value, or that of a Task's input and output, can have.
pub(super) static OPEN: &[(&str, Type)] = &[
    ("Base64Binary", Base64),
    ("Boolean", Bool),
    ("Canonical", Uri),
    ("Code", Code),
    ("Date", Date),
    ("DateTime", DateTime),
    ("Decimal", Decimal),
    ("Id", Id),
    ("Instant", Instant),
    ("Integer", Integer),
    ("Markdown", Text),
    ("Oid", Uri),
    ("PositiveInt", Positive),
    ("String", Text),
    ("Time", Time),
    ("UnsignedInt", Unsigned),
    ("Uri", Uri),
    ("Url", Uri),
    ("Uuid", Uri),
    ("Address", Of(&ADDRESS)),
    ("Age", Of(&AGE)),
    ("Annotation", Of(&ANNOTATION)),
    ("Attachment", Of(&ATTACHMENT)),
    ("CodeableConcept", Of(&CODEABLE_CONCEPT)),
    ("Coding", Of(&CODING)),
    ("ContactPoint", Of(&CONTACT_POINT)),
    ("Count", Of(&QUANTITY)),
    ("Distance", Of(&QUANTITY)),
    ("Duration", Of(&DURATION)),
    ("HumanName", Of(&HUMAN_NAME)),
    ("Identifier", Of(&IDENTIFIER)),
    ("Money", Of(&MONEY)),
    ("Period", Of(&PERIOD)),
    ("Quantity", Of(&QUANTITY)),
    ("Range", Of(&RANGE)),
    ("Ratio", Of(&RATIO)),
    ("Reference", Refers(&[])),
    ("SampledData", Any),
    ("Signature", Of(&SIGNATURE)),
    ("Timing", Of(&TIMING)),
    ("ContactDetail", Any),
    ("Contributor", Any),
    ("DataRequirement", Any),
    ("Expression", Any),
    ("ParameterDefinition", Any),
    ("RelatedArtifact", Any),
    ("TriggerDefinition", Any),
    ("UsageContext", Any),
    ("Dosage", Any),
    ("Meta", Of(&META)),
];
