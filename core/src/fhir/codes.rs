//! The systems and URLs under which our own words stand in FHIR resources. Every `Coding.system` here is a code system,
//! never a value set.

/// Identifier system of the CareTeam of a case: the value is the case's id.
pub const CASE: &str = "urn:caseline:case";
/// Identifier system of the Communication that heads a case's thread: the value is the case's id.
pub const THREAD: &str = "urn:caseline:thread";
/// Identifier system of the EpisodeOfCare of a case: the value is the case's id.
pub const EPISODE: &str = "urn:caseline:episode";
/// Identifier system of the Flag that a case's member must not be contacted: the value is the case's id.
pub const NO_CONTACT: &str = "urn:caseline:no-contact";
/// Identifier system of the Task of the question whether one may reach out: the value is [`super::event_value`].
pub const OUTREACH_ASK: &str = "urn:caseline:outreach-ask";
/// Identifier system of what one event opened, and tag system of a Provenance: the value is [`super::event_value`].
pub const EVENT: &str = "urn:caseline:event";
/// Tag system of a Provenance that takes back what another says: the value is that one's, [`super::event_value`].
pub const NULLIFIED: &str = "urn:caseline:nullified";
/// Code system of labels for which HL7 has no code: `SUDCN`, counselling notes of substance use disorder treatment.
pub const LABEL: &str = "urn:caseline:label";
/// Identifier system of a Consent: the value is the id of its `consent.recorded`, which whatever is told under it names.
pub const CONSENT: &str = "urn:caseline:consent";
/// Identifier system of the Task of whoever looks at what was told in an emergency: the value is [`super::event_value`] of what was.
pub const REVIEW: &str = "urn:caseline:override-review";
/// Identifier system of the CarePlan that a `plan.sent` carries: the value is [`super::event_value`].
pub const PLAN: &str = "urn:caseline:plan";
/// Identifier system of the DocumentReference that stands for a CarePlan: the value is [`super::event_value`].
pub const PLAN_DOCUMENT: &str = "urn:caseline:plan-document";
/// Identifier system of the DocumentReference of a signature's scan: the value is the `plan.signed` event's id and sender.
pub const SCAN: &str = "urn:caseline:scan";
/// Identifier system of the DocumentReference that tells of a case in short: the value is the case's id.
pub const SUMMARY: &str = "urn:caseline:summary";
/// Identifier system of the Appointment of a mutual member meeting: the value is [`crate::meeting::Meeting::id`].
pub const MEETING: &str = "urn:caseline:meeting";
/// Identifier system of the Encounter of a stay that a case was told of: the value is made of the case and of which stay it is.
pub const STAY: &str = "urn:caseline:stay";
/// Identifier system of the Task of what is to go across to an organisation by other ways than Matrix: the value is made of the
/// case and of the organisation.
pub const CROSSING: &str = "urn:caseline:crossing";
/// Tag system of an AuditEvent: the value is the chain and the place of its entry.
pub const AUDIT: &str = "urn:caseline:audit";
/// Tag system of a resource that was moved here from an embedded record and has no identifier: the value is its id there.
pub const MOVED: &str = "urn:caseline:moved";
/// Tag system of a resource that was imported and that nothing else names: the value tells it from all others that are imported,
/// and is the same each time.
pub const IMPORTED: &str = "urn:caseline:imported";
/// Identifier system of whoever a referral is for, where there is no Patient of theirs: the value is the id of the referral's room.
pub const REFERRAL: &str = "urn:caseline:referral";
/// Code system of `Task.businessStatus` of a referral: [`crate::referral::Told::code`], and `asked`.
pub const REFERRAL_STATUS: &str = "urn:caseline:referral-status";
/// Code system of `ServiceRequest.code`: [`crate::referral::ServiceCode::code`].
pub const SERVICE: &str = "urn:caseline:service";
/// Identifier system of a document by its digest: the value is a SHA-256 in hexadecimal.
pub const SHA256: &str = "urn:caseline:sha256";
/// Code system of `Organization.type`: [`crate::organization::OrganizationKind::code`].
pub const ORGANIZATION_KIND: &str = "urn:caseline:organization-kind";
/// Code system of `PractitionerRole.code` and `CareTeam.participant.role`: [`crate::contact::Role::code`].
pub const ROLE: &str = "urn:caseline:role";
/// Code system of `PractitionerRole.specialty`: [`crate::contact::Topic::code`].
pub const TOPIC: &str = "urn:caseline:topic";
/// Code system of `Endpoint.connectionType`: `matrix` is a Matrix account.
pub const ENDPOINT_TYPE: &str = "urn:caseline:endpoint-type";
/// Code system of `Endpoint.payloadType`: `case-event` is a case event.
pub const PAYLOAD_TYPE: &str = "urn:caseline:payload-type";
/// Identifier system of the DocumentReference of an agreement: the value is its id and its version.
pub const AGREEMENT: &str = "urn:caseline:agreement";
/// The code of [`KIND`] of a document that is an agreement of two organisations, and about no patient.
pub const AGREEMENT_DOCUMENT: &str = "agreement";
/// Code system of `Communication.category` and `DocumentReference.category`: what kind of event it is.
pub const KIND: &str = "urn:caseline:kind";
/// Code system of `Communication.category`: [`crate::concern::ConcernTopic::code`].
pub const CONCERN_TOPIC: &str = "urn:caseline:concern-topic";
/// Extension of `CareTeam.participant`: a Caseline seat. `valueCode` is `named` or `lead`; `valueBoolean` true is read
/// as `named`.
pub const SEAT: &str = "urn:caseline:seat";
/// Extension of whatever we write: the heads among the events that shaped it. `valueString` is their JSON form.
pub const HEADS: &str = "https://caseline.org/fhir/StructureDefinition/heads";
/// Extension of a PractitionerRole: the day on which somebody last confirmed that one reaches this person so (`valueDate`).
pub const CONFIRMED: &str = "https://caseline.org/fhir/StructureDefinition/confirmed";
/// Extension of `PractitionerRole.notAvailable`: who stands in, a Practitioner or PractitionerRole (`valueReference`).
pub const COVER: &str = "https://caseline.org/fhir/StructureDefinition/cover";
/// HL7's extension for a time zone (`valueCode`, a name of the IANA database).
pub const TIME_ZONE: &str = "http://hl7.org/fhir/StructureDefinition/timezone";
/// Extension of an EpisodeOfCare: a clock of the programme. Its parts are `clock`, the clock's name, `from`, the programme's day
/// from which it counts, and `due`, the last day on which it is in time.
pub const CLOCK: &str = "https://caseline.org/fhir/StructureDefinition/clock";
/// Extension of an Encounter: what came of it, `valueString`.
pub const OUTCOME: &str = "https://caseline.org/fhir/StructureDefinition/outcome";
/// Extension of a Consent: what it allows, in the words that go with whatever is told under it (`valueString`).
pub const SCOPE: &str = "https://caseline.org/fhir/StructureDefinition/scope-of-consent";
/// Extension of a Consent, once for each: a field of the member's that a referral under it may tell (`valueCode`,
/// [`crate::referral::Field::code`]).
pub const FIELD: &str = "https://caseline.org/fhir/StructureDefinition/consented-field";
/// Code system of `Task.code` (FHIR R4, 12.5).
pub const TASK_CODE: &str = "http://hl7.org/fhir/CodeSystem/task-code";
/// Code system of `Task.output.type`: `outcome` is what came of a task, in words; `until` the first day on which one may reach out no longer.
pub const TASK_OUTPUT: &str = "urn:caseline:task-output";
/// US Core's code system of `CarePlan.category`.
pub const PLAN_CATEGORY: &str = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category";
/// HL7's code system of `Encounter.class`.
pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// SNOMED CT.
pub const SNOMED: &str = "http://snomed.info/sct";
/// LOINC.
pub const LOINC: &str = "http://loinc.org";

/// Whether a system or URL is one that only we write.
pub(crate) fn is_ours(system: &str) -> bool {
    system.starts_with("urn:caseline:") || system.starts_with("https://caseline.org/")
}
