//! The record over FHIR REST, against HAPI, and what a case writes, before HAPI's validator.

mod lesser;
mod played;

use std::collections::BTreeMap;
use std::sync::Arc;

use caseline::care_plan::PlanState;
use caseline::case::state::{CaseState, Standing};
use caseline::fhir::{FixedToken, RestRecord};
use caseline::ports::contract::record_contract;
use caseline::ports::{CareRecord, PortError, Stored};
use caseline_backend::{FhirOptions, FhirServer, FileResult, Reviewed, Validator};
use serde_json::Value;

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

/// What a case is written as, without the audit: that is each device's own.
const PROJECTED: [&str; 4] = ["CareTeam", "Communication", "CarePlan", "Provenance"];

/// What else both records hold when a case is over.
const OTHERS: [&str; 6] =
    ["AuditEvent", "Patient", "Organization", "Practitioner", "PractitionerRole", "Endpoint"];

/// What our cases wrote of a type: the record holds what others wrote, too.
async fn ours(record: &dyn CareRecord, kind: &str) -> Vec<Stored> {
    let all = record.search(kind, &[]).await.unwrap();
    all.into_iter()
        .filter(|stored| stored.json.contains("\"urn:caseline:"))
        .filter(|stored| stored.json.contains("/heads") || !["CareTeam", "CarePlan"].contains(&kind))
        .collect()
}

/// A resource without what its server says of it, and with one name for the member's Patient.
fn bare(json: &str) -> String {
    let mut value: Value = serde_json::from_str(json).unwrap();
    let object = value.as_object_mut().unwrap();
    object.remove("id");
    if let Some(Value::Object(meta)) = object.get_mut("meta") {
        for name in ["versionId", "lastUpdated", "source"] {
            meta.remove(name);
        }
        if meta.is_empty() {
            object.remove("meta");
        }
    }
    renamed(&mut value);
    value.to_string()
}

fn renamed(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(renamed),
        Value::Array(items) => items.iter_mut().for_each(renamed),
        Value::String(text) if text.starts_with("Patient/") => "Patient/marty".clone_into(text),
        _ => {}
    }
}

async fn projected(record: &dyn CareRecord) -> BTreeMap<&'static str, Vec<String>> {
    let mut all = BTreeMap::new();
    for kind in PROJECTED {
        let mut texts: Vec<String> =
            ours(record, kind).await.iter().map(|stored| bare(&stored.json)).collect();
        texts.sort();
        all.insert(kind, texts);
    }
    all
}

/// How often a resource of the case changed: once for each event that shaped it.
fn changes(state: &CaseState, kind: &str, json: &str) -> usize {
    let counted = |kinds: &[&str]| {
        let entries = state.timeline.iter().filter(|entry| entry.standing == Standing::Counted);
        entries.filter(|entry| kinds.contains(&entry.kind.split('.').next().unwrap_or_default())).count()
    };
    match kind {
        "CareTeam" => counted(&["case", "seat"]),
        "CarePlan" => {
            let is_there = |plan: &PlanState| json.contains(&format!("{}-", plan.sent.id));
            // The first was sent, acknowledged and returned, the second sent and approved.
            let first = state.plans.all().iter().position(is_there);
            if first == Some(0) { 3 } else { 2 }
        }
        // Written and superseded; the thread is opened and closed.
        "Communication" if json.contains("entered-in-error") || !json.contains("partOf") => 2,
        _ => 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_of_one_organisation_write_one_fhir_server_as_a_lone_one_would() {
    let server = tokio::task::spawn_blocking(|| FhirServer::start_with("cp", &FhirOptions::default()))
        .await
        .unwrap()
        .unwrap();
    let shared: Arc<dyn CareRecord> = Arc::new(RestRecord::new(server.url(), FixedToken::none()).unwrap());
    let played = played::play(Arc::clone(&shared)).await;
    let (here, alone) = (projected(shared.as_ref()).await, projected(played.lone.as_ref()).await);
    for kind in PROJECTED {
        assert_eq!(here[kind], alone[kind], "{kind}");
    }
    let state = played.case.state().unwrap();
    let written =
        state.timeline.iter().filter(|entry| ["message.sent", "m.room.message"].contains(&&*entry.kind));
    let counts = PROJECTED.map(|kind| here[kind].len());
    assert_eq!(counts, [1, written.count() + 1, 2, 1], "a header of the thread; two plans, one approved");

    for kind in PROJECTED {
        for stored in ours(shared.as_ref(), kind).await {
            let changes = changes(&state, kind, &stored.json);
            let versions = shared.history(kind, &stored.id).await.unwrap().len();
            assert!(versions <= changes, "{kind}: {versions} versions of {changes} changes");
        }
    }
    let entries = played.jane.audit().unwrap().length + played.kim.audit().unwrap().length;
    assert_eq!(
        ours(shared.as_ref(), "AuditEvent").await.len() as u64,
        entries,
        "one for each device's entry"
    );
    played.jane.shutdown().await;
    played.kim.shutdown().await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_case_writes_is_valid_fhir() {
    let (shared, _folder) = played::record();
    let played = played::play(shared.clone()).await;
    assert_eq!(played.kims.state().unwrap().messages, played.case.state().unwrap().messages);
    let folder = tempfile::tempdir().unwrap();
    let (mut files, mut kinds) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for (record, stored) in [("cp", &shared), ("aco", &played.lone)] {
        for kind in PROJECTED.into_iter().chain(OTHERS) {
            for stored in stored.search(kind, &[]).await.unwrap() {
                let file = folder.path().join(format!("{record}-{kind}-{}.json", stored.id));
                std::fs::write(&file, &stored.json).unwrap();
                files.push(file);
                *kinds.entry(kind).or_default() += 1;
            }
        }
    }
    for kind in PROJECTED.into_iter().chain(OTHERS) {
        assert!(kinds[kind] >= 2, "{kinds:?}");
    }
    let error = |stored: &Stored| stored.json.contains("entered-in-error");
    assert!(
        ours(&*played.lone, "Communication").await.iter().any(error),
        "a superseded message is among them"
    );
    let validate = move || Validator::install().unwrap().run(&files).unwrap();
    let results = tokio::task::spawn_blocking(validate).await.unwrap();
    let kind = |result: &FileResult| {
        let name = result.file.file_name().unwrap().to_string_lossy().into_owned();
        name.split('-').nth(1).unwrap().to_owned()
    };
    let judged = Reviewed::list().unwrap().judge(&results, kind);
    assert!(judged.errors.is_empty(), "{:#?}", judged.errors);
    // What others wrote is in these records too, and is theirs: of it errors alone count.
    let ours = |what: &&String| {
        let kind = what.split(':').next().unwrap_or_default();
        PROJECTED.contains(&kind) || kind == "AuditEvent"
    };
    let unlisted: Vec<_> = judged.unlisted.keys().filter(ours).collect();
    assert!(unlisted.is_empty(), "{unlisted:#?}");
}
