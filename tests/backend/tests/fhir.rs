//! The FHIR server keeps what it answered, and the validator says what is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;

use caseline_backend::{Error, FhirOptions, FhirServer, Severity, Validator};
use serde_json::json;

#[test]
fn a_record_survives_a_kill_and_asks_for_its_token() {
    let options = FhirOptions { strict: true, token: Some("a-token".into()), ..FhirOptions::default() };
    let server = FhirServer::start_with("cp", &options).unwrap();
    let made =
        server.api("POST", "/Patient", Some(&json!({ "resourceType": "Patient", "active": true }))).unwrap();
    let id = made["id"].as_str().unwrap();

    let status = |error: Error| match error {
        Error::Refused { status, .. } => status,
        other => panic!("{other}"),
    };
    let unknown = json!({ "resourceType": "Patient", "aktive": true });
    assert_eq!(status(server.api("POST", "/Patient", Some(&unknown)).unwrap_err()), 400);
    let dangling = json!({ "resourceType": "Flag", "status": "active", "code": { "text": "x" },
        "subject": { "reference": "Patient/none" } });
    assert_eq!(status(server.api("POST", "/Flag", Some(&dangling)).unwrap_err()), 400);

    // Killed in the moment of its answer, it has what it answered when it is back at the same address.
    let url = server.url().to_owned();
    let last = server.api("POST", "/Patient", Some(&json!({ "resourceType": "Patient" }))).unwrap();
    server.kill9();
    server.restart().unwrap();
    assert_eq!(server.url(), url);
    assert_eq!(server.api("GET", &format!("/Patient/{id}"), None).unwrap()["active"], true);
    server.api("GET", &format!("/Patient/{}", last["id"].as_str().unwrap()), None).unwrap();

    let anybody = caseline_backend::get(&format!("{url}/Patient/{id}")).unwrap();
    assert_eq!(anybody, 401);
    assert_eq!(caseline_backend::get(&format!("{url}/metadata")).unwrap(), 200);

    let folder = server.folder().to_owned();
    drop(server);
    assert!(!folder.exists());
}

#[test]
fn the_validator_answers_for_each_file_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let texts = [
        r#"{"resourceType":"Patient","gender":"male","birthDate":"1960-02-03"}"#,
        r#"{"resourceType":"Patient","gender":"mle"}"#,
        "<html>",
    ];
    let files: Vec<_> =
        (0..).map(|index| folder.path().join(format!("{index}.json"))).take(texts.len()).collect();
    for (file, text) in files.iter().zip(texts) {
        fs::write(file, text).unwrap();
    }
    let results = Validator::install().unwrap().run(&files).unwrap();
    assert_eq!(
        results.iter().map(|result| &result.file).collect::<Vec<_>>(),
        files.iter().collect::<Vec<_>>()
    );
    assert!(results[0].is_valid());
    let wrong = results[1].errors().next().unwrap();
    assert_eq!((wrong.severity, wrong.location.as_str()), (Severity::Error, "Patient.gender"));
    assert_eq!(results[2].errors().next().unwrap().severity, Severity::Fatal);
}
