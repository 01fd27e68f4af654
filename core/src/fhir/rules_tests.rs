#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use proptest::prelude::*;

use super::*;
use crate::fhir::json::tests::json_text;

/// What a synthetic resource breaks, as `rule path`.
pub(super) fn broken(text: &str) -> Vec<String> {
    let mut all: Vec<String> =
        check(text).unwrap().iter().map(|one| format!("{} {}", one.rule, one.path)).collect();
    all.sort();
    all
}

/// A resource of this type that breaks nothing, with these members set (none where it is `-`) and added.
pub(super) fn with(kind: &str, edits: &[(&str, &str)]) -> String {
    let members = match kind {
        "CareTeam" => {
            r#""subject":{"reference":"Patient/1"},"participant":[{"role":[{"text":"r"}],"member":{"reference":"Practitioner/1"}}]"#
        }
        "CarePlan" => {
            r#""status":"active","intent":"plan","subject":{"reference":"Patient/1"},"category":[{"coding":[{"system":"http://hl7.org/fhir/us/core/CodeSystem/careplan-category","code":"assess-plan"}]}]"#
        }
        "Communication" => r#""status":"completed""#,
        "Consent" => {
            r#""status":"active","scope":{"text":"s"},"category":[{"text":"c"}],"patient":{"reference":"Patient/1"},"policyRule":{"text":"p"}"#
        }
        "Task" => r#""status":"requested","intent":"order""#,
        "ServiceRequest" => {
            r#""status":"active","intent":"order","code":{"text":"c"},"subject":{"reference":"Patient/1"}"#
        }
        "Appointment" => {
            r#""status":"proposed","participant":[{"actor":{"reference":"Patient/1"},"status":"accepted"}]"#
        }
        "Encounter" => {
            r#""status":"planned","class":{"code":"AMB"},"type":[{"text":"t"}],"subject":{"reference":"Patient/1"}"#
        }
        "DocumentReference" => {
            r#""status":"current","type":{"coding":[{"system":"http://loinc.org","code":"18776-5"}]},"category":[{"text":"c"}],"subject":{"reference":"Patient/1"},"content":[{"attachment":{"url":"urn:x"}}]"#
        }
        "Patient" => {
            r#""identifier":[{"system":"s","value":"v"}],"name":[{"family":"f"}],"gender":"unknown""#
        }
        "Practitioner" => r#""identifier":[{"system":"s","value":"v"}],"name":[{"family":"f"}]"#,
        "PractitionerRole" => r#""practitioner":{"display":"p"},"telecom":[{"system":"phone","value":"1"}]"#,
        "Organization" => r#""active":true,"name":"n""#,
        "RelatedPerson" => r#""active":true,"patient":{"reference":"Patient/1"},"name":[{"text":"n"}]"#,
        "Location" | "HealthcareService" => r#""name":"n""#,
        "Endpoint" => {
            r#""status":"active","connectionType":{"code":"c"},"payloadType":[{"text":"p"}],"address":"matrix:u/a:b.example""#
        }
        "Goal" => {
            r#""lifecycleStatus":"active","description":{"text":"d"},"subject":{"reference":"Patient/1"}"#
        }
        "Flag" => r#""status":"active","code":{"text":"c"},"subject":{"reference":"Patient/1"}"#,
        "EpisodeOfCare" => r#""status":"active","patient":{"reference":"Patient/1"}"#,
        "Provenance" => {
            r#""target":[{"reference":"CarePlan/1/_history/2"}],"recorded":"2019-03-01T10:00:00Z","agent":[{"who":{"reference":"Patient/1"}}]"#
        }
        "AuditEvent" => {
            r#""type":{"code":"t"},"recorded":"2019-03-01T10:00:00Z","agent":[{"requestor":true}],"source":{"observer":{"display":"o"}}"#
        }
        other => panic!("{other}"),
    };
    let text = format!(r#"{{"resourceType":"{kind}",{members}}}"#);
    let gone: Vec<&str> = edits.iter().filter(|(_, value)| *value == "-").map(|(name, _)| *name).collect();
    let text = json::parse(&text).unwrap().without(&gone);
    let set: Vec<(&str, String)> = edits
        .iter()
        .filter(|(_, value)| *value != "-")
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    json::parse(&text).unwrap().with(&set)
}

const KINDS: [&str; 22] = [
    "CareTeam",
    "CarePlan",
    "Communication",
    "Consent",
    "Task",
    "ServiceRequest",
    "Appointment",
    "Encounter",
    "DocumentReference",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "RelatedPerson",
    "Location",
    "Endpoint",
    "Goal",
    "EpisodeOfCare",
    "Flag",
    "Provenance",
    "AuditEvent",
    "HealthcareService",
];

#[test]
fn a_sound_resource_breaks_nothing() {
    for kind in KINDS {
        assert_eq!(broken(&with(kind, &[])), Vec::<String>::new(), "{kind}");
    }
}

#[test]
fn every_status_is_one_of_r4s_own() {
    let kinds =
        KINDS.iter().filter(|kind| shape_of(kind).unwrap().elements.iter().any(|one| one.name == "status"));
    for kind in kinds {
        let text = with(kind, &[("status", "\"no-show\"")]);
        let found = broken(&text);
        assert!(found.contains(&format!("required-binding {kind}.status")), "{kind}: {found:?}");
    }
    assert_eq!(
        broken(&with("Goal", &[("lifecycleStatus", "\"done\"")])),
        ["required-binding Goal.lifecycleStatus"]
    );
}

#[test]
fn what_r4_asks_for_is_missed_at_its_place() {
    for kind in KINDS {
        for element in shape_of(kind).unwrap().elements.iter().filter(|element| element.required) {
            let name = element.name;
            let found = broken(&with(kind, &[(name, "-")]));
            assert!(found.contains(&format!("required-element {kind}.{name}")), "{kind}.{name}: {found:?}");
        }
    }
}

/// A type, members that are set in it, and what that breaks.
pub(super) type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], &'c [&'c str]);

#[test]
fn each_rule_names_itself_and_the_element() {
    let seat = r#"[{"role":[{"text":"r"}],"member":{"reference":"PractitionerRole/1"},"onBehalfOf":{"reference":"Organization/1"}}]"#;
    let cases: &[Case] = &[
        // What a validator lets pass.
        (
            "Task",
            &[("code", r#"{"coding":[{"system":"http://hl7.org/fhir/ValueSet/task-code","code":"x"}]}"#)],
            &["value-set-as-system Task.code.coding[0].system"],
        ),
        (
            "Encounter",
            &[("class", r#"{"system":"http://hl7.org/fhir/us/core/ValueSet/us-core-x","code":"x"}"#)],
            &["value-set-as-system Encounter.class.system"],
        ),
        (
            "Communication",
            &[(
                "meta",
                r#"{"security":[{"system":"http://terminology.hl7.org/ValueSet/v3-Confidentiality","code":"R"}]}"#,
            )],
            &["value-set-as-system Communication.meta.security[0].system"],
        ),
        ("Consent", &[("patient", "-")], &["consent-patient Consent.patient"]),
        (
            "Appointment",
            &[
                ("status", "\"noshow\""),
                ("start", "\"2019-03-01T10:00:00Z\""),
                ("end", "\"2019-03-01T11:00:00Z\""),
                ("cancelationReason", r#"{"text":"c"}"#),
            ],
            &[],
        ),
        (
            "Task",
            &[("meta", r#"{"profile":["http://example.org/StructureDefinition/x"]}"#)],
            &["unknown-profile Task.meta.profile[0]"],
        ),
        (
            "Goal",
            &[(
                "meta",
                r#"{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-goal|6.1.0"]}"#,
            )],
            &[],
        ),
        (
            "Goal",
            &[(
                "meta",
                r#"{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-careplan"]}"#,
            )],
            &["unknown-profile Goal.meta.profile[0]"],
        ),
        // R4's invariants.
        ("CareTeam", &[("participant", seat)], &["ctm-1 CareTeam.participant[0]"]),
        (
            "CarePlan",
            &[("activity", r#"[{"reference":{"reference":"Task/1"},"detail":{"status":"scheduled"}}]"#)],
            &["cpl-3 CarePlan.activity[0]"],
        ),
        (
            "CareTeam",
            &[("period", r#"{"start":"2019-03-02","end":"2019-03-01"}"#)],
            &["per-1 CareTeam.period"],
        ),
        ("Task", &[("authoredOn", "\"2019-03-02\""), ("lastModified", "\"2019-03-01\"")], &["inv-1 Task"]),
        ("Consent", &[("policyRule", "-")], &["ppc-1 Consent"]),
        (
            "ServiceRequest",
            &[("code", "-"), ("orderDetail", r#"[{"text":"o"}]"#)],
            &["prr-1 ServiceRequest", "us-core-servicerequest ServiceRequest.code"],
        ),
        (
            "Appointment",
            &[("participant", r#"[{"status":"accepted"}]"#)],
            &["app-1 Appointment.participant[0]"],
        ),
        ("Appointment", &[("start", "\"2019-03-01T10:00:00Z\"")], &["app-2 Appointment"]),
        ("Appointment", &[("status", "\"booked\"")], &["app-3 Appointment"]),
        ("Appointment", &[("cancelationReason", r#"{"text":"c"}"#)], &["app-4 Appointment"]),
        ("Goal", &[("target", r#"[{"detailString":"d"}]"#)], &["gol-1 Goal.target[0]"]),
        ("Patient", &[("contact", r#"[{"gender":"male"}]"#)], &["pat-1 Patient.contact[0]"]),
        (
            "Organization",
            &[("telecom", r#"[{"system":"phone","value":"1","use":"home"}]"#)],
            &["org-3 Organization.telecom[0]"],
        ),
        (
            "Organization",
            &[("address", r#"[{"use":"home","city":"c"}]"#)],
            &["org-2 Organization.address[0]"],
        ),
        ("Organization", &[("name", "-")], &["org-1 Organization", "us-core-organization Organization.name"]),
        ("AuditEvent", &[("entity", r#"[{"name":"n","query":"YQ=="}]"#)], &["sev-1 AuditEvent.entity[0]"]),
        ("Practitioner", &[("telecom", r#"[{"value":"1"}]"#)], &["cpt-2 Practitioner.telecom[0]"]),
        (
            "Communication",
            &[("payload", r#"[{"contentAttachment":{"data":"YQ=="}}]"#)],
            &["att-1 Communication.payload[0].contentAttachment"],
        ),
        (
            "Encounter",
            &[("length", r#"{"value":1,"code":"h"}"#)],
            &["drt-1 Encounter.length", "qty-3 Encounter.length"],
        ),
        (
            "Goal",
            &[(
                "target",
                r#"[{"measure":{"text":"m"},"detailRange":{"low":{"value":2},"high":{"value":1.5}}}]"#,
            )],
            &["rng-2 Goal.target[0].detailRange"],
        ),
        (
            "Goal",
            &[("target", r#"[{"measure":{"text":"m"},"detailRatio":{"numerator":{"value":2}}}]"#)],
            &["rat-1 Goal.target[0].detailRatio"],
        ),
        (
            "ServiceRequest",
            &[(
                "occurrenceTiming",
                r#"{"repeat":{"duration":1,"period":-1,"periodMax":2,"countMax":1,"offset":1,"when":["C"],"timeOfDay":["10:00:00"]}}"#,
            )],
            &[
                "tim-1 ServiceRequest.occurrenceTiming.repeat",
                "tim-10 ServiceRequest.occurrenceTiming.repeat",
                "tim-2 ServiceRequest.occurrenceTiming.repeat",
                "tim-5 ServiceRequest.occurrenceTiming.repeat",
                "tim-8 ServiceRequest.occurrenceTiming.repeat",
                "tim-9 ServiceRequest.occurrenceTiming.repeat",
            ],
        ),
        (
            "Task",
            &[(
                "extension",
                r#"[{"url":"u"},{"url":"u","valueString":"v","extension":[{"url":"u","valueString":"v"}]}]"#,
            )],
            &["ext-1 Task.extension[0]", "ext-1 Task.extension[1]"],
        ),
        // References.
        ("Task", &[("focus", r##"{"reference":"#gone"}"##)], &["ref-1 Task.focus.reference"]),
        (
            "Task",
            &[("focus", r#"{"reference":"Practitioner?identifier=s|v"}"#)],
            &["reference-form Task.focus.reference"],
        ),
        (
            "Task",
            &[("focus", r#"{"reference":"somebody"}"#), ("for", r#"{"type":"Patient"}"#)],
            &["reference-form Task.focus.reference", "reference-form Task.for"],
        ),
        (
            "CareTeam",
            &[("subject", r#"{"reference":"http://a.example/fhir/Device/1"}"#)],
            &["reference-target CareTeam.subject"],
        ),
        (
            "CarePlan",
            &[("goal", r#"[{"type":"Task","identifier":{"value":"1"}}]"#)],
            &["reference-target CarePlan.goal[0]"],
        ),
        ("Task", &[("focus", r#"{"reference":"urn:uuid:5d0f3b39-c1f7-4e0c-8f0c-0d7b9c1d7f11"}"#)], &[]),
        // Contained resources.
        (
            "CarePlan",
            &[(
                "contained",
                r#"[{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"d"},"subject":{"reference":"Patient/1"}}]"#,
            )],
            &["dom-3 CarePlan.contained[0]"],
        ),
        (
            "CarePlan",
            &[
                ("goal", r##"[{"reference":"#g"}]"##),
                (
                    "contained",
                    r#"[{"resourceType":"Goal","id":"g","meta":{"versionId":"1","security":[{"code":"R"}]},"lifecycleStatus":"active","subject":{"reference":"Patient/1"},"contained":[]}]"#,
                ),
            ],
            &[
                "dom-2 CarePlan.contained[0]",
                "dom-4 CarePlan.contained[0]",
                "dom-5 CarePlan.contained[0]",
                "ele-1 CarePlan.contained[0].contained",
                "required-element CarePlan.contained[0].description",
            ],
        ),
        // Forms.
        (
            "Task",
            &[("description", "\"\""), ("note", "[]"), ("restriction", "{}")],
            &["ele-1 Task.description", "ele-1 Task.note", "ele-1 Task.restriction"],
        ),
        (
            "Task",
            &[("authoredOn", "\"yesterday\""), ("priority", "1"), ("basedOn", "{}"), ("secret", "true")],
            &[
                "unknown-element Task",
                "wrong-form Task.authoredOn",
                "wrong-form Task.basedOn",
                "wrong-form Task.priority",
            ],
        ),
        (
            "Communication",
            &[("payload", r#"[{"contentString":"a","contentReference":{"display":"b"}}]"#)],
            &["one-of-several Communication.payload[0].content"],
        ),
        (
            "Patient",
            &[(
                "name",
                r#"[{"given":["a",null],"_given":[null,{"extension":[{"url":"u","valueString":"v"}]}]}]"#,
            )],
            &[],
        ),
        (
            "Patient",
            &[("birthDate", "-"), ("_birthDate", r#"{"extension":[{"url":"u","valueCode":"unknown"}]}"#)],
            &[],
        ),
    ];
    for (kind, edits, wanted) in cases {
        assert_eq!(broken(&with(kind, edits)), *wanted, "{kind} with {edits:?}");
    }
}

#[test]
fn a_code_system_that_is_called_a_value_set_is_one_all_the_same() {
    let format = r#"[{"attachment":{"url":"urn:x"},"format":{"system":"http://ihe.net/fhir/ValueSet/IHE.FormatCode.codesystem","code":"c"}}]"#;
    assert_eq!(broken(&with("DocumentReference", &[("content", format)])), Vec::<String>::new());
}

#[test]
fn of_a_type_that_we_do_not_write_what_holds_everywhere_is_looked_at() {
    let text = r#"{"resourceType":"Condition","code":{"coding":[{"system":"http://hl7.org/fhir/ValueSet/x","code":"c"}]},
        "subject":{"reference":"nobody"},"note":[]}"#;
    assert_eq!(
        broken(text),
        [
            "ele-1 Condition",
            "reference-form Condition.reference",
            "value-set-as-system Condition.coding[0].system"
        ]
    );
    assert_eq!(broken("[]"), ["required-element resourceType"]);
    assert_eq!(check("{").unwrap_err().code(), "invalid-json");
}

#[test]
fn what_was_wrong_before_does_not_keep_anybody_from_changing_the_rest() {
    // Another's team: without roles, with an element of theirs.
    let before = with("CareTeam", &[("participant", r#"[{"member":{"display":"m"}}]"#), ("theirs", "1.50")]);
    assert_eq!(broken(&before).len(), 2);
    let named = json::parse(&before).unwrap().with(&[("name", "\"n\"".into())]);
    assert_eq!(check_change(&before, &named).unwrap(), []);
    let more = r#"[{"role":[{"text":"r"}],"member":{"display":"n"}},{"member":{"display":"m"}}]"#;
    let moved = json::parse(&before).unwrap().with(&[("participant", more.into())]);
    assert_eq!(check_change(&before, &moved).unwrap(), [], "it is known by what it is, not by its place");
    let worse =
        json::parse(&before).unwrap().with(&[("participant", r#"[{"member":{"display":"m"}},{}]"#.into())]);
    let found: Vec<&str> = check_change(&before, &worse).unwrap().iter().map(|one| one.rule).collect();
    assert_eq!(found, ["ele-1", "us-core-careteam", "us-core-careteam"]);
}

proptest! {
    #[test]
    fn nothing_of_a_resource_is_in_what_it_breaks(
        kind in prop::sample::select(KINDS.as_slice()),
        place in 0_usize..40,
        grafted in json_text(),
    ) {
        let elements = shape_of(kind).unwrap().elements;
        let element = elements[place % elements.len()].name;
        let text = with(kind, &[]);
        let text = json::parse(&text).unwrap().with(&[(element, grafted.clone()), ("marked-name", "\"marked-value\"".into())]);
        for one in check(&text).unwrap() {
            let said = one.to_string();
            prop_assert!(!said.contains("marked"), "{said}");
            // Every word of a path is one of R4's, with places.
            prop_assert!(one.path.chars().all(|c| c.is_ascii_alphanumeric() || "[]._".contains(c)), "{}", one.path);
        }
    }
}
