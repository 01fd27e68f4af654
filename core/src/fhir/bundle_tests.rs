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

#[test]
fn a_condition_holds_in_all_its_parts_or_finds_nothing() {
    let import = Import::parse(
        r#"{"resourceType":"Bundle","type":"collection","entry":[
          {"resource":{"resourceType":"Practitioner","id":"a","identifier":[{"system":"urn:x","value":"1"},{"system":"urn:y","value":"a&b"}]}},
          {"resource":{"resourceType":"Practitioner","id":"b","identifier":[{"system":"urn:y","value":"1"},{"value":"7"},{"system":"urn:x"}]}},
          {"resource":{"resourceType":"Organization","id":"c","identifier":[{"system":"urn:x","value":"1"}]}}]}"#,
    )
    .unwrap();
    for (reference, id) in [
        ("Practitioner?identifier=urn:x|1", Some("a")),
        ("https://ehr.example/fhir/Practitioner?identifier=urn:x|1", Some("a")),
        ("Practitioner?identifier=urn%3Ay%7C1", Some("b")),
        ("Practitioner?identifier=urn:y|a%26b", Some("a")),
        ("Practitioner?identifier=urn:x|1&identifier=urn:y|a%26b", Some("a")),
        ("Practitioner?identifier=urn:x|1&identifier=urn:y|1", None),
        ("Practitioner?_id=a&identifier=urn:x|1", Some("a")),
        ("Practitioner?_id=b&identifier=urn:x|1", None),
        ("Practitioner?identifier=urn:x|1&active=true", None),
        ("Practitioner?active=true", None),
        ("Practitioner?identifier=|7", Some("b")),
        ("Practitioner?identifier=7", Some("b")),
        // Two have it, in different systems.
        ("Practitioner?identifier=1", None),
        ("Practitioner?identifier=|1", None),
        ("Practitioner?identifier", None),
        ("Practitioner?", None),
        ("Practitioner?identifier=%", None),
        ("?identifier=urn:x|1", None),
        ("Organization?identifier=urn:x|1", Some("c")),
    ] {
        assert_eq!(import.resolve(reference).and_then(Resource::id), id, "{reference}");
    }
}

#[test]
fn circles_end() {
    let text = r#"{"resourceType":"Bundle","id":"self","type":"collection","link":[{"relation":"self","url":"Bundle/self"}],"entry":[
      {"fullUrl":"urn:uuid:1","resource":{"resourceType":"CarePlan","id":"p","status":"active","intent":"plan","subject":{"reference":"urn:uuid:2"},"partOf":[{"reference":"CarePlan/p"},{"reference":"Bundle/self"}]}},
      {"fullUrl":"urn:uuid:2","resource":{"resourceType":"Group","id":"g","managingEntity":{"reference":"urn:uuid:1"},"member":[{"entity":{"reference":"Group/g"}}]}},
      {"fullUrl":"urn:uuid:3","resource":{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:3"}]}}]}}]}"#;
    let import = Import::parse(text).unwrap();
    let document = import.plan_document("p").unwrap();
    let kinds: Vec<_> =
        Import::parse(&document).unwrap().resources().iter().map(|one| one.kind().to_owned()).collect();
    assert_eq!(kinds, ["CarePlan", "Group"]);
}

#[test]
fn what_lies_about_its_type_is_refused() {
    for kind in
        ["{\"a\":1}", "[\"Patient\"]", "null", "7", "\"patient\"", "\"Pa tient\"", "\"\"", "\"\\ud800\""]
    {
        let entry = invalid(&format!(
            "{{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[\n{{\"resource\":{{\"resourceType\":{kind}}}}}]}}"
        ));
        assert_eq!((entry.code, entry.line), ("not-fhir", Some(2)), "{kind}");
        assert_eq!(entry.field.as_deref(), Some("entry[0].resource.resourceType"));
        assert_eq!(invalid(&format!("{{\"resourceType\":{kind}}}")).code, "not-fhir");
    }
    // A Bundle in name, and a name that says Bundle twice.
    assert_eq!(
        invalid(r#"{"resourceType":"Bundle","resourceType":"Bundle","type":"batch"}"#).code,
        "invalid-json"
    );
    assert_eq!(
        invalid(r#"{"resourceType":"Bundle","type":"batch","link":[{"url":"a","url":"b"}]}"#).code,
        "invalid-json"
    );
    let deep = invalid(
        r#"{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"X"}},
        {"resource":{"resourceType":"X","a":{"b":1,
        "b":2}}}]}"#,
    );
    assert_eq!((deep.code, deep.line), ("invalid-json", Some(3)));
    for odd in ["{\"resource\":7}", "{\"resource\":[]}", "{\"resource\":null}"] {
        let text = format!("{{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{odd}]}}");
        assert_eq!(invalid(&text).code, "not-fhir", "{odd}");
    }
    assert!(
        matches!(Import::from_bytes(b"{\"a\":\"\xff\"}"), Err(Error::InvalidInput(wrong)) if wrong.code == "not-utf-8")
    );
}

#[test]
fn one_thing_is_changed_and_checked() {
    let import = Import::parse(BUNDLE).unwrap();
    let plan = import.care_plans().next().unwrap();
    let changed = plan.with("status", "\"completed\"").unwrap();
    assert_eq!(changed.json(), plan.json().replace("active", "completed"));
    let longer = plan.with_item("goal", "{\"reference\":\"Goal/g\"}").unwrap();
    assert_eq!(longer.without("goal[0]").unwrap().json(), plan.json());
    match plan.with("status", "\"unheard-of\"") {
        Err(Error::InvalidInput(wrong)) => {
            assert_eq!((wrong.code, wrong.field.as_deref()), ("not-fhir", Some("status")));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(plan.without("subject"), Err(Error::InvalidInput(wrong)) if wrong.code == "not-fhir"));
    assert!(
        matches!(plan.without("nothing"), Err(Error::InvalidInput(wrong)) if wrong.code == "no-such-element")
    );
    let patient = import.patients().next().unwrap();
    let moved = patient.with("birthDate", "\"1970\"").unwrap();
    assert_eq!(moved.reference().as_deref(), Some("urn:uuid:a"), "it is the same resource");
}
