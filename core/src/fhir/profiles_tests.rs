#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
//! What the profiles ask, as their sources have it.

use super::tests::{Case, broken, with};

const FULFILL: &str =
    r#"{"coding":[{"system":"http://hl7.org/fhir/CodeSystem/task-code","code":"fulfill"}]}"#;
const ASSESS: &str = r#"{"coding":[{"system":"http://hl7.org/fhir/us/core/CodeSystem/careplan-category","code":"assess-plan"}]}"#;

fn all_broken(cases: &[Case]) {
    for (kind, edits, wanted) in cases {
        assert_eq!(broken(&with(kind, edits)), *wanted, "{kind} with {edits:?}");
    }
}

#[test]
fn a_team_a_plan_a_role_a_patient_a_thread_and_a_referral_are_of_their_shape() {
    let two_roles =
        r#"[{"role":[{"text":"a"},{"text":"b"}],"member":{"display":"m"}},{"member":{"display":"m"}}]"#;
    let focus = r#"{"reference":"ServiceRequest/1"}"#;
    let who = r#"{"display":"w"}"#;
    let at = "\"2019-03-01\"";
    let thread = r#"[{"system":"urn:caseline:thread","value":"1"}]"#;
    all_broken(&[
        (
            "CareTeam",
            &[("participant", two_roles)],
            &[
                "us-core-careteam CareTeam.participant[0].role",
                "us-core-careteam CareTeam.participant[1].role",
            ],
        ),
        ("CareTeam", &[("participant", "-")], &["us-core-careteam CareTeam.participant"]),
        (
            "CareTeam",
            &[("participant", r#"[{"role":[{"text":"r"}]}]"#)],
            &["us-core-careteam CareTeam.participant[0].member"],
        ),
        ("CarePlan", &[("category", "-")], &["us-core-careplan CarePlan.category"]),
        (
            "DocumentReference",
            &[("content", r#"[{"attachment":{"title":"t"}}]"#)],
            &["us-core-6 DocumentReference.content[0].attachment"],
        ),
        (
            "PractitionerRole",
            &[("practitioner", "-"), ("telecom", "-"), ("active", "true")],
            &["pd-1 PractitionerRole", "us-core-13 PractitionerRole"],
        ),
        ("Patient", &[("name", r#"[{"text":"t"}]"#)], &["us-core-6 Patient.name[0]"]),
        (
            "Provenance",
            &[("agent", r#"[{"who":{"reference":"Practitioner/1"}}]"#)],
            &["provenance-1 Provenance.agent[0]"],
        ),
        (
            "Communication",
            &[
                ("identifier", thread),
                ("payload", r#"[{"contentString":"a"}]"#),
                ("partOf", r#"[{"display":"p"}]"#),
            ],
            &["thread-header Communication.partOf", "thread-header Communication.payload"],
        ),
        (
            "Task",
            &[("code", FULFILL), ("status", "\"ready\""), ("intent", "\"plan\"")],
            &[
                "SDOHCC-TaskForReferralManagement Task.authoredOn",
                "SDOHCC-TaskForReferralManagement Task.focus",
                "SDOHCC-TaskForReferralManagement Task.for",
                "SDOHCC-TaskForReferralManagement Task.intent",
                "SDOHCC-TaskForReferralManagement Task.requester",
                "SDOHCC-TaskForReferralManagement Task.status",
            ],
        ),
        (
            "Task",
            &[
                ("code", FULFILL),
                ("status", "\"rejected\""),
                ("focus", focus),
                ("for", who),
                ("authoredOn", at),
                ("requester", who),
            ],
            &["SDOHCC-TaskForReferralManagement Task.statusReason.text"],
        ),
        ("Task", &[("status", "\"ready\"")], &[]),
    ]);
}

#[test]
fn a_plan_has_one_category_of_us_core_a_patient_and_a_narrative_of_somebody() {
    let twice = format!("[{ASSESS},{ASSESS}]");
    let text = |status: &str| {
        format!(r#"{{"status":"{status}","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">s</div>"}}"#)
    };
    let (empty, extensions) = (text("empty"), text("extensions"));
    let (generated, additional) = (text("generated"), text("additional"));
    all_broken(&[
        ("CarePlan", &[("category", &twice)], &["us-core-careplan CarePlan.category"]),
        (
            "CarePlan",
            &[("category", r#"[{"coding":[{"system":"urn:theirs","code":"assess-plan"}]}]"#)],
            &["us-core-careplan CarePlan.category"],
        ),
        ("CarePlan", &[("subject", r#"{"reference":"Group/1"}"#)], &["us-core-careplan CarePlan.subject"]),
        ("CarePlan", &[("text", &empty)], &["us-core-careplan CarePlan.text.status"]),
        ("CarePlan", &[("text", &extensions)], &["us-core-careplan CarePlan.text.status"]),
        ("CarePlan", &[("text", &generated)], &[]),
        ("CarePlan", &[("text", &additional)], &[]),
    ]);
}

#[test]
fn a_document_is_of_a_type_of_loinc_or_unknown_about_a_patient_and_of_one_encounter() {
    let of = |system: &str, code: &str| format!(r#"{{"coding":[{{"system":"{system}","code":"{code}"}}]}}"#);
    let flavor = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor";
    let (unknown, nothing) = (of(flavor, "UNK"), of(flavor, "NI"));
    let snomed = of("http://snomed.info/sct", "371525003");
    let wrong = ["us-core-documentreference DocumentReference.type"];
    let encounter = ["us-core-documentreference DocumentReference.context.encounter"];
    all_broken(&[
        ("DocumentReference", &[("type", r#"{"text":"t"}"#)], &wrong),
        ("DocumentReference", &[("type", &nothing)], &wrong),
        ("DocumentReference", &[("type", &snomed)], &wrong),
        ("DocumentReference", &[("type", &unknown)], &[]),
        (
            "DocumentReference",
            &[("subject", r#"{"reference":"Practitioner/1"}"#)],
            &["us-core-documentreference DocumentReference.subject"],
        ),
        (
            "DocumentReference",
            &[("context", r#"{"encounter":[{"reference":"Encounter/1"},{"reference":"Encounter/2"}]}"#)],
            &encounter,
        ),
        (
            "DocumentReference",
            &[("context", r#"{"encounter":[{"reference":"EpisodeOfCare/1"}]}"#)],
            &encounter,
        ),
        ("DocumentReference", &[("context", r#"{"encounter":[{"reference":"Encounter/1"}]}"#)], &[]),
    ]);
}

#[test]
fn people_and_organizations_are_named_and_reached_as_us_core_asks() {
    let npi = |value: &str| format!(r#"[{{"system":"http://hl7.org/fhir/sid/us-npi","value":"{value}"}}]"#);
    let oid = |end: &str, value: &str| {
        format!(r#"[{{"system":"urn:oid:2.16.840.1.113883.{end}","value":"{value}"}}]"#)
    };
    let (right, short, wrong) = (npi("1234567893"), npi("123456789"), npi("1234567890"));
    let (letters, synthea) = (npi("12345678é"), npi("9999952598"));
    let (laboratory, no_laboratory) = (oid("4.7", "12D4567890"), oid("4.7", "1234567890"));
    let (payer, no_payer) = (oid("6.300", "12345"), oid("6.300", "123"));
    let absent = |more: &str| {
        format!(
            r#"[{{{more}"extension":[{{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}}]}}]"#
        )
    };
    let (absent, both) = (absent(""), absent(r#""family":"f","#));
    let lines = r#"[{"line":["1","2","3","4","5"]}]"#;
    all_broken(&[
        ("Practitioner", &[("identifier", &right)], &[]),
        ("Practitioner", &[("identifier", &synthea)], &[]),
        ("Practitioner", &[("identifier", &short)], &["us-core-16 Practitioner.identifier[0]"]),
        ("Practitioner", &[("identifier", &letters)], &["us-core-16 Practitioner.identifier[0]"]),
        ("Practitioner", &[("identifier", &wrong)], &["us-core-17 Practitioner.identifier[0]"]),
        ("Organization", &[("identifier", &wrong)], &["us-core-17 Organization.identifier[0]"]),
        ("Organization", &[("identifier", &laboratory)], &[]),
        ("Organization", &[("identifier", &no_laboratory)], &["us-core-18 Organization.identifier[0]"]),
        ("Organization", &[("identifier", &payer)], &[]),
        ("Organization", &[("identifier", &no_payer)], &["us-core-19 Organization.identifier[0]"]),
        ("Organization", &[("address", lines)], &["us-core-organization Organization.address[0].line"]),
        ("Practitioner", &[("address", lines)], &["us-core-practitioner Practitioner.address[0].line"]),
        ("Patient", &[("name", &absent)], &[]),
        ("Patient", &[("name", &both)], &["us-core-6 Patient.name[0]"]),
        (
            "Patient",
            &[("name", r#"[{"text":"t","extension":[{"url":"urn:theirs","valueString":"s"}]}]"#)],
            &["us-core-6 Patient.name[0]"],
        ),
        ("Patient", &[("telecom", r#"[{"system":"phone"}]"#)], &["us-core-patient Patient.telecom[0].value"]),
        (
            "PractitionerRole",
            &[("telecom", r#"[{"use":"work"}]"#)],
            &[
                "us-core-practitionerrole PractitionerRole.telecom[0].system",
                "us-core-practitionerrole PractitionerRole.telecom[0].value",
            ],
        ),
        ("RelatedPerson", &[("name", "-")], &["us-core-14 RelatedPerson"]),
        (
            "Encounter",
            &[("identifier", r#"[{"system":"urn:s"},{"value":"v"}]"#)],
            &[
                "us-core-encounter Encounter.identifier[0].value",
                "us-core-encounter Encounter.identifier[1].system",
            ],
        ),
        (
            "ServiceRequest",
            &[("subject", r#"{"reference":"Location/1"}"#)],
            &["us-core-servicerequest ServiceRequest.subject"],
        ),
    ]);
}

#[test]
fn whoever_acts_does_so_for_an_organization() {
    all_broken(&[(
        "Provenance",
        &[(
            "agent",
            r#"[{"who":{"reference":"Practitioner/1"},"onBehalfOf":{"reference":"Practitioner/2"}}]"#,
        )],
        &["us-core-provenance Provenance.agent[0].onBehalfOf"],
    )]);
}

#[test]
fn a_referral_is_of_a_role_or_an_organization_and_for_somebody() {
    let referral = |edits: &[(&str, &str)]| {
        let whole = [
            ("code", FULFILL),
            ("focus", r#"{"reference":"ServiceRequest/1"}"#),
            ("for", r#"{"reference":"Patient/1"}"#),
            ("authoredOn", "\"2019-03-01\""),
            ("requester", r#"{"reference":"Organization/1"}"#),
        ];
        let others = whole.iter().filter(|(name, _)| edits.iter().all(|(edited, _)| edited != name));
        broken(&with("Task", &others.chain(edits).copied().collect::<Vec<_>>()))
    };
    let wrong = |member: &str| vec![format!("SDOHCC-TaskForReferralManagement Task.{member}")];
    assert_eq!(referral(&[]), Vec::<String>::new());
    assert_eq!(referral(&[("requester", r#"{"reference":"PractitionerRole/1"}"#)]), Vec::<String>::new());
    assert_eq!(referral(&[("requester", r#"{"reference":"Practitioner/1"}"#)]), wrong("requester"));
    assert_eq!(referral(&[("for", r#"{"reference":"Practitioner/1"}"#)]), wrong("for"));
}

#[test]
fn whoever_says_that_it_follows_a_profile_of_gravity_follows_it() {
    let says = |name: &str| {
        format!(
            r#"{{"profile":["http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition/{name}|2.2.0"]}}"#
        )
    };
    let rules = |kind: &str, name: &str, edits: &[(&str, &str)]| {
        let meta = says(name);
        broken(&with(kind, &[&[("meta", meta.as_str())], edits].concat()))
    };
    let food = r#"[{"coding":[{"system":"http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes","code":"food-insecurity"}]}]"#;
    let code = r#"{"coding":[{"system":"http://snomed.info/sct","code":"710925007"}]}"#;
    let request = [("category", food), ("code", code)];
    assert_eq!(rules("ServiceRequest", "SDOHCC-ServiceRequest", &request), Vec::<String>::new());
    assert_eq!(
        rules("ServiceRequest", "SDOHCC-ServiceRequest", &[]),
        ["SDOHCC-ServiceRequest ServiceRequest.category", "SDOHCC-ServiceRequest ServiceRequest.code"]
    );
    let consent = [
        (
            "category",
            r#"[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IDSCL"}]}]"#,
        ),
        ("dateTime", "\"2019-03-01\""),
        ("organization", r#"[{"reference":"Organization/1"}]"#),
        ("sourceReference", r#"{"reference":"DocumentReference/1"}"#),
    ];
    assert_eq!(rules("Consent", "SDOHCC-Consent", &consent), Vec::<String>::new());
    assert_eq!(
        rules("Consent", "SDOHCC-Consent", &[]),
        [
            "SDOHCC-Consent Consent.category",
            "SDOHCC-Consent Consent.dateTime",
            "SDOHCC-Consent Consent.organization",
            "SDOHCC-Consent Consent.source",
        ]
    );
    let addresses = [("addresses", r#"[{"reference":"ServiceRequest/1"},{"reference":"Condition/1"}]"#)];
    assert_eq!(rules("Goal", "SDOHCC-Goal", &addresses), ["SDOHCC-Goal Goal.addresses[0]"]);
    let task = rules("Task", "SDOHCC-TaskForReferralManagement", &[]);
    assert!(task.contains(&"SDOHCC-TaskForReferralManagement Task.code".to_owned()), "{task:?}");
    assert_eq!(rules("Location", "SDOHCC-Location", &[]), ["unknown-profile Location.meta.profile[0]"]);
}
