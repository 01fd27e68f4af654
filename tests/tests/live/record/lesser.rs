//! A case on a FHIR server that takes no CareTeam and no CarePlan. Everybody here is synthetic.

use std::sync::Arc;

use caseline::Record;
use caseline::fhir::{FixedToken, Import, RestRecord};
use caseline::ports::CareRecord;
use caseline_backend::{FhirOptions, FhirServer};
use serde_json::Value;

use super::played::{self, CP_DATA, World};

/// The sample data without the types that the server does not take.
fn without(bundle: &str, kinds: &[&str]) -> String {
    let mut bundle: Value = serde_json::from_str(bundle).unwrap();
    let entries = bundle["entry"].as_array_mut().unwrap();
    entries.retain(|entry| !kinds.contains(&entry["resource"]["resourceType"].as_str().unwrap()));
    bundle.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_does_not_take_is_kept_here_and_goes_as_a_document() {
    let options =
        FhirOptions { read_only: vec!["CarePlan".into(), "CareTeam".into()], ..FhirOptions::default() };
    let server = tokio::task::spawn_blocking(move || FhirServer::start_with("lesser", &options))
        .await
        .unwrap()
        .unwrap();
    let record = Arc::new(RestRecord::new(server.url(), FixedToken::none()).unwrap());
    let world = World::new();
    // What the case is opened from, and the plan, come from elsewhere.
    let (elsewhere, _folder) = played::record();
    let source = world.start_with("kim", Record::Other(elsewhere), CP_DATA).await;
    let mut open = source.propose("https://caseline.example/care-team|marty").await.unwrap();
    open.roster.retain(|seat| !seat.is_keeper());
    let import = Import::parse(CP_DATA).unwrap();
    let plan = import.care_plans().next().unwrap().reference().unwrap();
    let plan = import.plan_document(&plan).unwrap();

    let rest = without(CP_DATA, &["CarePlan", "CareTeam", "Goal", "Provenance"]);
    let jane = world.start_with("jane", Record::Other(record.clone()), &rest).await;
    let case = jane.open(open).unwrap();
    world.settle(&[&jane]).await;
    case.send_plan_document(None, &plan).unwrap();
    world.settle(&[&jane]).await;

    let mut kept: Vec<String> = jane.kept().unwrap().into_iter().map(|one| one.kind).collect();
    kept.sort();
    assert_eq!(kept, ["CarePlan", "CareTeam"]);
    for kind in ["CarePlan", "CareTeam"] {
        assert_eq!(record.search(kind, &[]).await.unwrap(), [], "{kind}");
    }
    let documents = record.search("DocumentReference", &[]).await.unwrap();
    assert_eq!(documents.len(), 2, "the plan, and the case in short");
    for stored in &documents {
        let text: Value = serde_json::from_str(&stored.json).unwrap();
        assert_eq!(text["status"], "current");
    }
    assert_eq!(record.search("Communication", &[]).await.unwrap().len(), 1, "the header of the thread");
    jane.shutdown().await;
    source.shutdown().await;
    drop(server);
}
