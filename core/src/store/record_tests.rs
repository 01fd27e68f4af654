#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use crate::ports::contract::record_contract;
use crate::store::StoreKey;

fn open(folder: &std::path::Path) -> EmbeddedRecord {
    EmbeddedRecord::new(Db::open(folder, &StoreKey::new([7; 32])).unwrap())
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    record_contract(&open(folder.path())).await;
}

#[tokio::test]
async fn a_text_is_kept_as_it_was_given_and_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{ \"resourceType\":\"Basic\",\n \"unheardOf\": [1.50 ,  {\"z\":1,\"a\":2}] }";
    let stored = open(folder.path()).create("Basic", text, &[]).await.unwrap().stored;
    let record = open(folder.path());
    let again = record.read("Basic", &stored.id).await.unwrap();
    assert_eq!(again, stored);
    let expected = format!(
        "{{ \"resourceType\":\"Basic\",\"id\":\"{}\",\"meta\":{{\"versionId\":\"1\"}},\n \"unheardOf\": [1.50 ,  {{\"z\":1,\"a\":2}}] }}",
        stored.id
    );
    assert_eq!(again.json, expected);
}

#[tokio::test]
async fn a_transaction_keeps_strangers_and_puts_by_id() {
    let folder = tempfile::tempdir().unwrap();
    let record = open(folder.path());
    let bundle = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"resource":{"resourceType":"SpaceShip","id":"s","warp":9},"request":{"method":"PUT","url":"SpaceShip/s"}},
        {"fullUrl":"https://x.example/fhir/Patient/old","resource":{"resourceType":"Patient","id":"old"},"request":{"method":"POST","url":"Patient"}},
        {"resource":{"resourceType":"Basic","id":"b","code":{"text":"x"},"subject":{"reference":"Patient/old"}},"request":{"method":"PUT","url":"Basic/b"}}]}"#;
    assert_eq!(record.transaction(bundle).await.unwrap(), 3);
    assert!(record.read("SpaceShip", "s").await.unwrap().json.contains("\"warp\":9"));
    let patient = record.search("Patient", &[]).await.unwrap().pop().unwrap();
    assert_ne!(patient.id, "old", "a POST gets a new id, and references follow it");
    assert!(record.read("Basic", "b").await.unwrap().json.contains(&format!("Patient/{}\"", patient.id)));
    let put = r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"SpaceShip","id":"s","warp":8},"request":{"method":"PUT","url":"SpaceShip/s","ifMatch":"W/\"7\""}}]}"#;
    assert_eq!(record.transaction(put).await, Err(PortError::Conflict));
    assert_eq!(record.transaction(&put.replace('7', "1")).await, Ok(0));
    assert_eq!(record.history("SpaceShip", "s").await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_transaction_rewrites_uris_that_refer_and_no_identifier() {
    let folder = tempfile::tempdir().unwrap();
    let record = open(folder.path());
    let url = "urn:uuid:0442bde3-1706-4099-be97-d7afa5cd1122";
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"fullUrl":"{url}","resource":{{"resourceType":"DocumentReference",
        "status":"current","identifier":[{{"system":"urn:ietf:rfc:3986","value":"{url}"}}],
        "content":[{{"attachment":{{"url":"{url}","title":"{url}"}}}}]}},"request":{{"method":"POST","url":"DocumentReference"}}}}]}}"#
    );
    assert_eq!(record.transaction(&bundle).await.unwrap(), 1);
    let stored =
        record.search("DocumentReference", &[("identifier", &format!("urn:ietf:rfc:3986|{url}"))]).await;
    let [stored] = &stored.unwrap()[..] else { panic!("its identifier is another") };
    let attachment = format!(r#""url":"DocumentReference/{}","title":"{url}""#, stored.id);
    assert!(stored.json.contains(&attachment), "{}", stored.json);
}

#[test]
fn what_an_earlier_release_wrote_is_told_of_as_a_change() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection.execute_batch(include_str!("schema_1.sql")).unwrap();
    let old = "INSERT INTO record_version VALUES ('Basic', 'b', 1, '{}'); INSERT INTO record_current VALUES ('Basic', 'b', 1);";
    connection.execute_batch(old).unwrap();
    connection.execute_batch(include_str!("schema_2.sql")).unwrap();
    let last = || {
        connection.query_row("SELECT max(seq), count(*) FROM record_change", [], |r| {
            Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?))
        })
    };
    assert_eq!(last().unwrap(), (1, 1));
    connection.execute_batch("INSERT INTO record_version VALUES ('Basic', 'b', 2, '{}')").unwrap();
    assert_eq!(last().unwrap(), (2, 1), "a resource is told of once, as it now is");
}
