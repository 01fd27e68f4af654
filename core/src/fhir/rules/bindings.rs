//! The codes of R4's required bindings: a code of another list makes the resource invalid.

pub(super) const ADDRESS_TYPE: &[&str] = &["postal", "physical", "both"];
pub(super) const ADDRESS_USE: &[&str] = &["home", "work", "temp", "old", "billing"];
pub(super) const ADMINISTRATIVE_GENDER: &[&str] = &["male", "female", "other", "unknown"];
pub(super) const APPOINTMENT_STATUS: &[&str] = &[
    "proposed",
    "pending",
    "booked",
    "arrived",
    "fulfilled",
    "cancelled",
    "noshow",
    "entered-in-error",
    "checked-in",
    "waitlist",
];
pub(super) const AUDIT_EVENT_ACTION: &[&str] = &["C", "R", "U", "D", "E"];
pub(super) const AUDIT_EVENT_OUTCOME: &[&str] = &["0", "4", "8", "12"];
pub(super) const CARE_PLAN_ACTIVITY_KIND: &[&str] = &[
    "Appointment",
    "CommunicationRequest",
    "DeviceRequest",
    "MedicationRequest",
    "NutritionOrder",
    "Task",
    "ServiceRequest",
    "VisionPrescription",
];
pub(super) const CARE_PLAN_ACTIVITY_STATUS: &[&str] = &[
    "not-started",
    "scheduled",
    "in-progress",
    "on-hold",
    "completed",
    "cancelled",
    "stopped",
    "unknown",
    "entered-in-error",
];
pub(super) const CARE_PLAN_INTENT: &[&str] = &["proposal", "plan", "order", "option"];
pub(super) const CARE_TEAM_STATUS: &[&str] =
    &["proposed", "active", "suspended", "inactive", "entered-in-error"];
pub(super) const COMPOSITION_STATUS: &[&str] = &["preliminary", "final", "amended", "entered-in-error"];
pub(super) const CONSENT_DATA_MEANING: &[&str] = &["instance", "related", "dependents", "authoredby"];
pub(super) const CONSENT_PROVISION_TYPE: &[&str] = &["deny", "permit"];
pub(super) const CONSENT_STATUS: &[&str] =
    &["draft", "proposed", "active", "rejected", "inactive", "entered-in-error"];
pub(super) const CONTACT_POINT_SYSTEM: &[&str] = &["phone", "fax", "email", "pager", "url", "sms", "other"];
pub(super) const CONTACT_POINT_USE: &[&str] = &["home", "work", "temp", "old", "mobile"];
pub(super) const DAYS_OF_WEEK: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
pub(super) const DOCUMENT_REFERENCE_STATUS: &[&str] = &["current", "superseded", "entered-in-error"];
pub(super) const DOCUMENT_RELATIONSHIP_TYPE: &[&str] = &["replaces", "transforms", "signs", "appends"];
pub(super) const ENCOUNTER_LOCATION_STATUS: &[&str] = &["planned", "active", "reserved", "completed"];
pub(super) const ENCOUNTER_STATUS: &[&str] = &[
    "planned",
    "arrived",
    "triaged",
    "in-progress",
    "onleave",
    "finished",
    "cancelled",
    "entered-in-error",
    "unknown",
];
pub(super) const ENDPOINT_STATUS: &[&str] =
    &["active", "suspended", "error", "off", "entered-in-error", "test"];
pub(super) const EPISODE_OF_CARE_STATUS: &[&str] =
    &["planned", "waitlist", "active", "onhold", "finished", "cancelled", "entered-in-error"];
pub(super) const FLAG_STATUS: &[&str] = &["active", "inactive", "entered-in-error"];
pub(super) const EVENT_STATUS: &[&str] = &[
    "preparation",
    "in-progress",
    "not-done",
    "on-hold",
    "stopped",
    "completed",
    "entered-in-error",
    "unknown",
];
pub(super) const EVENT_TIMING: &[&str] = &[
    "MORN",
    "MORN.early",
    "MORN.late",
    "NOON",
    "AFT",
    "AFT.early",
    "AFT.late",
    "EVE",
    "EVE.early",
    "EVE.late",
    "NIGHT",
    "PHS",
    "HS",
    "WAKE",
    "C",
    "CM",
    "CD",
    "CV",
    "AC",
    "ACM",
    "ACD",
    "ACV",
    "PC",
    "PCM",
    "PCD",
    "PCV",
];
pub(super) const GOAL_STATUS: &[&str] = &[
    "proposed",
    "planned",
    "accepted",
    "active",
    "on-hold",
    "completed",
    "cancelled",
    "entered-in-error",
    "rejected",
];
pub(super) const IDENTIFIER_USE: &[&str] = &["usual", "official", "temp", "secondary", "old"];
pub(super) const LINK_TYPE: &[&str] = &["replaced-by", "replaces", "refer", "seealso"];
pub(super) const LOCATION_MODE: &[&str] = &["instance", "kind"];
pub(super) const LOCATION_STATUS: &[&str] = &["active", "suspended", "inactive"];
pub(super) const NAME_USE: &[&str] = &["usual", "official", "temp", "nickname", "anonymous", "old", "maiden"];
pub(super) const NARRATIVE_STATUS: &[&str] = &["generated", "extensions", "additional", "empty"];
pub(super) const NETWORK_TYPE: &[&str] = &["1", "2", "3", "4", "5"];
pub(super) const PARTICIPANT_REQUIRED: &[&str] = &["required", "optional", "information-only"];
pub(super) const PARTICIPATION_STATUS: &[&str] = &["accepted", "declined", "tentative", "needs-action"];
pub(super) const PROVENANCE_ENTITY_ROLE: &[&str] =
    &["derivation", "revision", "quotation", "source", "removal"];
pub(super) const QUANTITY_COMPARATOR: &[&str] = &["<", "<=", ">=", ">"];
pub(super) const REQUEST_INTENT: &[&str] = &[
    "proposal",
    "plan",
    "directive",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
];
pub(super) const REQUEST_PRIORITY: &[&str] = &["routine", "urgent", "asap", "stat"];
pub(super) const REQUEST_STATUS: &[&str] =
    &["draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"];
pub(super) const TASK_INTENT: &[&str] = &[
    "unknown",
    "proposal",
    "plan",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
];
pub(super) const TASK_STATUS: &[&str] = &[
    "draft",
    "requested",
    "received",
    "accepted",
    "rejected",
    "ready",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
];
pub(super) const UNITS_OF_TIME: &[&str] = &["s", "min", "h", "d", "wk", "mo", "a"];
