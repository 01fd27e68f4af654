//! The elements of Patient, RelatedPerson, Practitioner, PractitionerRole, Organization, Endpoint, HealthcareService and
//! Location (FHIR R4, 8.1 to 8.7, 8.14).

// A table is read more easily with its words alone.
#![allow(clippy::enum_glob_use, clippy::wildcard_imports)]

use super::bindings::*;
use super::data::*;
use super::shape::Type::*;
use super::shape::{Shape, many, must, one, part, resource, some};

pub(super) static PATIENT: Shape = resource(
    "Patient",
    &[
        many("identifier", Of(&IDENTIFIER)),
        one("active", Bool),
        many("name", Of(&HUMAN_NAME)),
        many("telecom", Of(&CONTACT_POINT)),
        one("gender", Bound(ADMINISTRATIVE_GENDER)),
        one("birthDate", Date),
        one("deceased", Choice(&[("Boolean", Bool), ("DateTime", DateTime)])),
        many("address", Of(&ADDRESS)),
        one("maritalStatus", Of(&CODEABLE_CONCEPT)),
        one("multipleBirth", Choice(&[("Boolean", Bool), ("Integer", Integer)])),
        many("photo", Of(&ATTACHMENT)),
        many("contact", Of(&PATIENT_CONTACT)),
        many("communication", Of(&PATIENT_COMMUNICATION)),
        many("generalPractitioner", Refers(&["Organization", "Practitioner", "PractitionerRole"])),
        one("managingOrganization", Refers(&["Organization"])),
        many("link", Of(&PATIENT_LINK)),
    ],
);

pub(super) static PATIENT_CONTACT: Shape = part(
    "Patient.contact",
    &[
        many("relationship", Of(&CODEABLE_CONCEPT)),
        one("name", Of(&HUMAN_NAME)),
        many("telecom", Of(&CONTACT_POINT)),
        one("address", Of(&ADDRESS)),
        one("gender", Bound(ADMINISTRATIVE_GENDER)),
        one("organization", Refers(&["Organization"])),
        one("period", Of(&PERIOD)),
    ],
);

pub(super) static PATIENT_COMMUNICATION: Shape =
    part("Patient.communication", &[must("language", Of(&CODEABLE_CONCEPT)), one("preferred", Bool)]);

pub(super) static PATIENT_LINK: Shape = part(
    "Patient.link",
    &[must("other", Refers(&["Patient", "RelatedPerson"])), must("type", Bound(LINK_TYPE))],
);

pub(super) static RELATED_PERSON: Shape = resource(
    "RelatedPerson",
    &[
        many("identifier", Of(&IDENTIFIER)),
        one("active", Bool),
        must("patient", Refers(&["Patient"])),
        many("relationship", Of(&CODEABLE_CONCEPT)),
        many("name", Of(&HUMAN_NAME)),
        many("telecom", Of(&CONTACT_POINT)),
        one("gender", Bound(ADMINISTRATIVE_GENDER)),
        one("birthDate", Date),
        many("address", Of(&ADDRESS)),
        many("photo", Of(&ATTACHMENT)),
        one("period", Of(&PERIOD)),
        many("communication", Of(&RELATED_PERSON_COMMUNICATION)),
    ],
);

pub(super) static RELATED_PERSON_COMMUNICATION: Shape =
    part("RelatedPerson.communication", &[must("language", Of(&CODEABLE_CONCEPT)), one("preferred", Bool)]);

pub(super) static PRACTITIONER: Shape = resource(
    "Practitioner",
    &[
        many("identifier", Of(&IDENTIFIER)),
        one("active", Bool),
        many("name", Of(&HUMAN_NAME)),
        many("telecom", Of(&CONTACT_POINT)),
        many("address", Of(&ADDRESS)),
        one("gender", Bound(ADMINISTRATIVE_GENDER)),
        one("birthDate", Date),
        many("photo", Of(&ATTACHMENT)),
        many("qualification", Of(&PRACTITIONER_QUALIFICATION)),
        many("communication", Of(&CODEABLE_CONCEPT)),
    ],
);

pub(super) static PRACTITIONER_QUALIFICATION: Shape = part(
    "Practitioner.qualification",
    &[
        many("identifier", Of(&IDENTIFIER)),
        must("code", Of(&CODEABLE_CONCEPT)),
        one("period", Of(&PERIOD)),
        one("issuer", Refers(&["Organization"])),
    ],
);

pub(super) static PRACTITIONER_ROLE: Shape = resource(
    "PractitionerRole",
    &[
        many("identifier", Of(&IDENTIFIER)),
        one("active", Bool),
        one("period", Of(&PERIOD)),
        one("practitioner", Refers(&["Practitioner"])),
        one("organization", Refers(&["Organization"])),
        many("code", Of(&CODEABLE_CONCEPT)),
        many("specialty", Of(&CODEABLE_CONCEPT)),
        many("location", Refers(&["Location"])),
        many("healthcareService", Refers(&["HealthcareService"])),
        many("telecom", Of(&CONTACT_POINT)),
        many("availableTime", Of(&PRACTITIONER_ROLE_AVAILABLE_TIME)),
        many("notAvailable", Of(&PRACTITIONER_ROLE_NOT_AVAILABLE)),
        one("availabilityExceptions", Text),
        many("endpoint", Refers(&["Endpoint"])),
    ],
);

pub(super) static PRACTITIONER_ROLE_AVAILABLE_TIME: Shape = part(
    "PractitionerRole.availableTime",
    &[
        many("daysOfWeek", Bound(DAYS_OF_WEEK)),
        one("allDay", Bool),
        one("availableStartTime", Time),
        one("availableEndTime", Time),
    ],
);

pub(super) static PRACTITIONER_ROLE_NOT_AVAILABLE: Shape =
    part("PractitionerRole.notAvailable", &[must("description", Text), one("during", Of(&PERIOD))]);

pub(super) static ORGANIZATION: Shape = resource(
    "Organization",
    &[
        many("identifier", Of(&IDENTIFIER)),
        one("active", Bool),
        many("type", Of(&CODEABLE_CONCEPT)),
        one("name", Text),
        many("alias", Text),
        many("telecom", Of(&CONTACT_POINT)),
        many("address", Of(&ADDRESS)),
        one("partOf", Refers(&["Organization"])),
        many("contact", Of(&ORGANIZATION_CONTACT)),
        many("endpoint", Refers(&["Endpoint"])),
    ],
);

pub(super) static ORGANIZATION_CONTACT: Shape = part(
    "Organization.contact",
    &[
        one("purpose", Of(&CODEABLE_CONCEPT)),
        one("name", Of(&HUMAN_NAME)),
        many("telecom", Of(&CONTACT_POINT)),
        one("address", Of(&ADDRESS)),
    ],
);

pub(super) static ENDPOINT: Shape = resource(
    "Endpoint",
    &[
        many("identifier", Of(&IDENTIFIER)),
        must("status", Bound(ENDPOINT_STATUS)),
        must("connectionType", Of(&CODING)),
        one("name", Text),
        one("managingOrganization", Refers(&["Organization"])),
        many("contact", Of(&CONTACT_POINT)),
        one("period", Of(&PERIOD)),
        some("payloadType", Of(&CODEABLE_CONCEPT)),
        many("payloadMimeType", Code),
        must("address", Uri),
        many("header", Text),
    ],
);

pub(super) static HEALTHCARE_SERVICE: Shape = resource(
    "HealthcareService",
    &[
        many("identifier", Of(&IDENTIFIER)),
        one("active", Bool),
        one("providedBy", Refers(&["Organization"])),
        many("category", Of(&CODEABLE_CONCEPT)),
        many("type", Of(&CODEABLE_CONCEPT)),
        many("specialty", Of(&CODEABLE_CONCEPT)),
        many("location", Refers(&["Location"])),
        one("name", Text),
        one("comment", Text),
        one("extraDetails", Text),
        one("photo", Of(&ATTACHMENT)),
        many("telecom", Of(&CONTACT_POINT)),
        many("coverageArea", Refers(&["Location"])),
        many("serviceProvisionCode", Of(&CODEABLE_CONCEPT)),
        many("eligibility", Of(&HEALTHCARE_SERVICE_ELIGIBILITY)),
        many("program", Of(&CODEABLE_CONCEPT)),
        many("characteristic", Of(&CODEABLE_CONCEPT)),
        many("communication", Of(&CODEABLE_CONCEPT)),
        many("referralMethod", Of(&CODEABLE_CONCEPT)),
        one("appointmentRequired", Bool),
        many("availableTime", Of(&HEALTHCARE_SERVICE_AVAILABLE_TIME)),
        many("notAvailable", Of(&HEALTHCARE_SERVICE_NOT_AVAILABLE)),
        one("availabilityExceptions", Text),
        many("endpoint", Refers(&["Endpoint"])),
    ],
);

pub(super) static HEALTHCARE_SERVICE_ELIGIBILITY: Shape =
    part("HealthcareService.eligibility", &[one("code", Of(&CODEABLE_CONCEPT)), one("comment", Text)]);

pub(super) static HEALTHCARE_SERVICE_AVAILABLE_TIME: Shape = part(
    "HealthcareService.availableTime",
    &[
        many("daysOfWeek", Bound(DAYS_OF_WEEK)),
        one("allDay", Bool),
        one("availableStartTime", Time),
        one("availableEndTime", Time),
    ],
);

pub(super) static HEALTHCARE_SERVICE_NOT_AVAILABLE: Shape =
    part("HealthcareService.notAvailable", &[must("description", Text), one("during", Of(&PERIOD))]);

pub(super) static LOCATION: Shape = resource(
    "Location",
    &[
        many("identifier", Of(&IDENTIFIER)),
        one("status", Bound(LOCATION_STATUS)),
        one("operationalStatus", Of(&CODING)),
        one("name", Text),
        many("alias", Text),
        one("description", Text),
        one("mode", Bound(LOCATION_MODE)),
        many("type", Of(&CODEABLE_CONCEPT)),
        many("telecom", Of(&CONTACT_POINT)),
        one("address", Of(&ADDRESS)),
        one("physicalType", Of(&CODEABLE_CONCEPT)),
        one("position", Of(&LOCATION_POSITION)),
        one("managingOrganization", Refers(&["Organization"])),
        one("partOf", Refers(&["Location"])),
        many("hoursOfOperation", Of(&LOCATION_HOURS_OF_OPERATION)),
        one("availabilityExceptions", Text),
        many("endpoint", Refers(&["Endpoint"])),
    ],
);

pub(super) static LOCATION_POSITION: Shape = part(
    "Location.position",
    &[must("longitude", Decimal), must("latitude", Decimal), one("altitude", Decimal)],
);

pub(super) static LOCATION_HOURS_OF_OPERATION: Shape = part(
    "Location.hoursOfOperation",
    &[
        many("daysOfWeek", Bound(DAYS_OF_WEEK)),
        one("allDay", Bool),
        one("openingTime", Time),
        one("closingTime", Time),
    ],
);
