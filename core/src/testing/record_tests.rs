//! The record in memory. All resources here are synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::ports::{CareRecord, PortError};

const BY_EVENT: (&str, &str) = ("identifier", "urn:caseline:event|e1");

fn communication(id: &str, text: &str) -> String {
    format!(
        r#"{{"resourceType":"Communication","identifier":[{{"system":"urn:caseline:event","value":"{id}"}}],"payload":[{{"contentString":"{text}"}}],"x":1.50}}"#
    )
}

#[tokio::test]
async fn a_create_on_an_identifier_happens_once() {
    let record = PlainRecord::new();
    let json = communication("e1", "a");
    record.lose_answer_next(RecordEndpoint::Create);
    assert_eq!(
        record.create("Communication", &json, &[BY_EVENT]).await,
        Err(PortError::Unavailable { code: "timeout", retry_after: None })
    );
    let again = record.create("Communication", &communication("e1", "other"), &[BY_EVENT]).await.unwrap();
    assert!(!again.created);
    assert_eq!(again.stored.json, json, "byte for byte, its digits too");
    let other = record.create("Communication", &communication("e2", "b"), &[("identifier", "e2")]).await;
    assert!(other.unwrap().created);
    assert_eq!(record.search("Communication", &[]).await.unwrap().len(), 2);
    assert_eq!(record.requests(RecordEndpoint::Create), 3);
}

#[tokio::test]
async fn several_matches_are_a_conflict() {
    let record = PlainRecord::new();
    for _ in 0..2 {
        record.create("Communication", &communication("e1", "a"), &[]).await.unwrap();
    }
    let third = record.create("Communication", &communication("e1", "a"), &[BY_EVENT]).await;
    assert_eq!(third, Err(PortError::Conflict));
}

#[tokio::test]
async fn tags_are_searched_and_unknown_parameters_refused() {
    let record = PlainRecord::new();
    let json =
        r#"{"resourceType":"Provenance","meta":{"tag":[{"system":"urn:caseline:event","code":"e1"}]}}"#;
    let tag = [("_tag", "urn:caseline:event|e1")];
    assert!(record.create("Provenance", json, &tag).await.unwrap().created);
    assert!(!record.create("Provenance", json, &tag).await.unwrap().created);
    assert!(record.search("Provenance", &[("_tag", "urn:other|e1")]).await.unwrap().is_empty());
    assert_eq!(
        record.search("Provenance", &[("colour", "blue")]).await,
        Err(PortError::Refused { code: "unknown-search-parameter" })
    );
}

#[tokio::test]
async fn an_update_needs_the_present_version_and_keeps_the_old_ones() {
    let record = PlainRecord::new();
    let first = record.create("Communication", &communication("e1", "a"), &[]).await.unwrap().stored;
    let changed = communication("e1", "b");
    let second = record.update("Communication", &first.id, &first.version, &changed).await.unwrap();
    assert_ne!(second.version, first.version);
    let stale = record.update("Communication", &first.id, &first.version, &communication("e1", "c")).await;
    assert_eq!(stale, Err(PortError::Conflict));
    let same = record.update("Communication", &first.id, &second.version, &changed).await.unwrap();
    assert_eq!(same, second, "no change, no version");
    let others = record.change_by_another("Communication", &first.id, &communication("e1", "d")).unwrap();
    assert_eq!(
        record.update("Communication", &first.id, &second.version, &changed).await,
        Err(PortError::Conflict)
    );
    let history = record.history("Communication", &first.id).await.unwrap();
    assert_eq!(history, [first.clone(), second, others.clone()]);
    assert_eq!(record.read("Communication", &first.id).await.unwrap(), others);
    assert_eq!(record.read("Patient", &first.id).await, Err(PortError::NotFound));
    assert_eq!(record.update("Communication", "none", "1", &changed).await, Err(PortError::NotFound));
}

#[tokio::test]
async fn a_transaction_is_whole_or_not_at_all_and_its_references_resolve() {
    let record = PlainRecord::new();
    let bundle = |team: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"transaction","entry":[
              {{"fullUrl":"urn:uuid:1","resource":{{"resourceType":"CareTeam","subject":{{"reference":"urn:uuid:2"}},"x":1.50}},
                "request":{{"method":"{team}","url":"CareTeam","ifNoneExist":"identifier=urn:example|t1"}}}},
              {{"fullUrl":"urn:uuid:2","resource":{{"resourceType":"Patient","identifier":[{{"system":"urn:example","value":"p1"}}]}},
                "request":{{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:example|p1"}}}}]}}"#
        )
    };
    assert!(record.transaction(&bundle("PATCH")).await.is_err());
    assert!(record.all().is_empty(), "nothing half done");
    assert_eq!(record.transaction(&bundle("POST")).await.unwrap(), 2);
    let team = &record.search("CareTeam", &[]).await.unwrap()[0];
    let patient = &record.search("Patient", &[]).await.unwrap()[0];
    assert!(team.json.contains(&format!("\"Patient/{}\"", patient.id)));
    assert!(team.json.contains("1.50"));
    assert_eq!(record.transaction(&bundle("POST")).await.unwrap(), 1, "the patient is there already");
    record.read_only("CareTeam");
    let refused = record.transaction(&bundle("POST")).await;
    assert_eq!(refused, Err(PortError::Refused { code: "forbidden" }));
    assert_eq!(record.all().len(), 3);
}

#[tokio::test]
async fn it_tells_what_changed_and_what_it_takes() {
    let record = PlainRecord::new();
    let one = record.create("Communication", &communication("e1", "a"), &[]).await.unwrap().stored;
    let first = record.changes("Communication", None).await.unwrap();
    assert_eq!(first.resources, std::slice::from_ref(&one));
    let two = record.create("Communication", &communication("e2", "a"), &[]).await.unwrap().stored;
    let one = record.change_by_another("Communication", &one.id, &communication("e1", "b")).unwrap();
    let next = record.changes("Communication", Some(&first.cursor)).await.unwrap();
    assert_eq!(next.resources, [two, one]);
    assert!(record.changes("Communication", Some(&next.cursor)).await.unwrap().resources.is_empty());
    let wrong = record.changes("Communication", Some("yesterday")).await;
    assert_eq!(wrong, Err(PortError::Refused { code: "invalid-cursor" }));
    record.read_only("CarePlan");
    let takes = record.capabilities().await.unwrap();
    assert!(takes.keeps("CareTeam") && !takes.keeps("CarePlan"));
}

#[tokio::test]
async fn it_fails_as_it_is_told_to() {
    let record = PlainRecord::new();
    record.fail_next(RecordEndpoint::Create, PortError::Conflict);
    record.fail_next(RecordEndpoint::Create, PortError::SignedOut);
    let json = communication("e1", "a");
    assert_eq!(record.create("Communication", &json, &[]).await, Err(PortError::Conflict));
    assert_eq!(record.create("Communication", &json, &[]).await, Err(PortError::SignedOut));
    record.offline(true);
    let down = PortError::Unavailable { code: "connect", retry_after: None };
    assert_eq!(record.create("Communication", &json, &[]).await, Err(down));
    record.offline(false);
    record.read_only("Communication");
    let refused = Err(PortError::Refused { code: "forbidden" });
    assert_eq!(record.create("Communication", &json, &[]).await, refused);
    assert_eq!(
        record.create("Patient", &json, &[]).await,
        Err(PortError::Refused { code: "invalid-resource" })
    );
    assert!(record.all().is_empty());
}
