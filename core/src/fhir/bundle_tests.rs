#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use crate::Error;

// Synthetic throughout.
const BUNDLE: &str = r#"{
  "resourceType": "Bundle", "type": "transaction",
  "entry": [
    {"fullUrl": "urn:uuid:a", "resource": {"resourceType":"Patient","id":"p","birthDate":"1970-01-01","managingOrganization":{"reference":"Organization/o"}}},
    {"resource": {"resourceType":"CarePlan","id":"plan","status":"active","intent":"plan","subject":{"reference":"urn:uuid:a"},
      "author":{"reference":"Practitioner?identifier=urn:x%7C1"}, "activity":[{"extension":[{"url":"u","valueDecimal": 1.50}]}]}},
    {"resource": {"resourceType":"Practitioner","id":"d","identifier":[{"system":"urn:x","value":"1"}]}},
    {"resource": {"resourceType":"Organization","id":"o","name":"Synthetic"}},
    {"resource": {"resourceType":"SpaceShip","id":"s","warp":9}}
  ]
}"#;

fn invalid(text: &str) -> InvalidInput {
    match Import::parse(text) {
        Err(Error::InvalidInput(invalid)) => invalid,
        other => panic!("{other:?}"),
    }
}

#[test]
fn references_are_resolved_in_each_spelling() {
    let import = Import::parse(BUNDLE).unwrap();
    for (reference, id) in [
        ("urn:uuid:a", "p"),
        ("Patient/p", "p"),
        ("https://ehr.example/fhir/Practitioner/d/_history/3", "d"),
        ("Practitioner?identifier=urn:x|1", "d"),
        ("Practitioner?identifier=urn%3Ax%7C1", "d"),
    ] {
        assert_eq!(import.resolve(reference).and_then(Resource::id), Some(id), "{reference}");
    }
    for unknown in ["Patient/q", "Practitioner/p", "Practitioner?identifier=urn:y|1", "urn:uuid:b", "", "#p"]
    {
        assert!(import.resolve(unknown).is_none(), "{unknown}");
    }
}

#[test]
fn a_stranger_is_kept() {
    let import = Import::parse(BUNDLE).unwrap();
    assert_eq!(import.of_kind("SpaceShip").count(), 1);
}

#[test]
fn a_plans_document_keeps_bytes_and_leaves_the_rest_of_the_patient() {
    let document = Import::parse(BUNDLE).unwrap().plan_document("plan").unwrap();
    let read = Import::parse(&document).unwrap();
    let kinds: Vec<&str> = read.resources().iter().map(Resource::kind).collect();
    assert_eq!(kinds, ["CarePlan", "Patient", "Practitioner"]);
    assert!(BUNDLE.contains(read.resources()[0].json()), "byte for byte");
    assert!(document.contains("1.50"));
    assert!(read.resolve("urn:uuid:a").is_some());
    assert!(matches!(Import::parse(BUNDLE).unwrap().plan_document("p"), Err(Error::NotFound { .. })));
}

#[test]
fn what_is_not_fhir_is_named_by_field_and_line() {
    let wrong = invalid(&BUNDLE.replace("\"status\":\"active\"", "\"status\":\n\"secret-value\""));
    assert_eq!((wrong.code, wrong.field.as_deref()), ("not-fhir", Some("entry[1].resource.status")));
    assert_eq!(wrong.line, Some(6));
    assert!(!wrong.to_string().contains("secret-value"));
    let missing = invalid(&BUNDLE.replace("\"status\":\"active\",", ""));
    assert_eq!((missing.code, missing.field.as_deref()), ("not-fhir", Some("entry[1].resource.status")));
    assert_eq!(invalid("{\"a\":1}").code, "not-fhir");
    assert_eq!(invalid("[]").code, "not-fhir");
    assert_eq!(invalid("<html>").code, "invalid-json");
    assert_eq!(invalid("{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":{}}").code, "not-fhir");
    assert_eq!(
        invalid("{\"resourceType\":\"Patient\",\"birthDate\":\"soon\"}").field.as_deref(),
        Some("birthDate")
    );
}

#[test]
fn a_bundle_without_a_care_team_says_so() {
    match Import::parse(BUNDLE).unwrap().care_teams() {
        Err(Error::InvalidInput(invalid)) => assert_eq!(invalid.code, "no-care-team"),
        other => panic!("{other:?}"),
    }
}
