//! The record over FHIR REST, against HAPI.

use caseline::fhir::{FixedToken, RestRecord};
use caseline::ports::contract::record_contract;
use caseline::ports::{CareRecord, PortError};
use caseline_backend::{FhirOptions, FhirServer};

const TOKEN: &str = "synthetic-token";

#[tokio::test(flavor = "multi_thread")]
async fn a_fhir_server_keeps_the_records_contract() {
    let options = FhirOptions { token: Some(TOKEN.into()), ..FhirOptions::default() };
    let start = move || FhirServer::start_with("contract", &options);
    let server = tokio::task::spawn_blocking(start).await.unwrap().unwrap();
    let record = RestRecord::new(server.url(), FixedToken::new(TOKEN.into())).unwrap();
    record_contract(&record).await;

    let stranger = RestRecord::new(server.url(), FixedToken::none()).unwrap();
    assert_eq!(stranger.search("Patient", &[]).await, Err(PortError::SignedOut));

    // What was answered is there after a crash; while the server is away, that is what is said.
    let text = r#"{"resourceType":"Basic","code":{"text":"synthetic"}}"#;
    let made = record.create("Basic", text, &[]).await.unwrap().stored;
    server.kill9();
    let away = record.read("Basic", &made.id).await.unwrap_err();
    assert!(matches!(away, PortError::Unavailable { .. }), "{away:?}");
    let server =
        tokio::task::spawn_blocking(move || server.restart().map(|()| server)).await.unwrap().unwrap();
    assert_eq!(record.read("Basic", &made.id).await.unwrap().version, made.version);
    drop(server);
}
