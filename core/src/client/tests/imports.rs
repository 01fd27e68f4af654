//! What is imported comes once, however often, and is never taken for somebody else's. Everybody here is synthetic.

use super::*;
use crate::ports::{CareRecord, Stored};
use crate::store::{Db, EmbeddedRecord};
use crate::testing::{PlainRecord, RecordEndpoint};

/// A person's record of the shape that Synthea gives it: nothing in it has a condition.
fn export(number: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[
        {{"fullUrl":"urn:uuid:1","resource":{{"resourceType":"Patient","identifier":[{{"system":"urn:clinic","value":"{number}"}}],
         "name":[{{"family":"Síntético","given":["Zoë"]}}],"birthDate":"1980-12-11"}},"request":{{"method":"POST","url":"Patient"}}}},
        {{"fullUrl":"urn:uuid:2","resource":{{"resourceType":"CareTeam","status":"active","subject":{{"reference":"urn:uuid:1"}}}},
         "request":{{"method":"POST","url":"CareTeam"}}}},
        {{"fullUrl":"urn:uuid:3","resource":{{"resourceType":"CarePlan","status":"{status}","intent":"order",
         "careTeam":[{{"reference":"urn:uuid:2"}}],"subject":{{"reference":"urn:uuid:1"}}}},"request":{{"method":"POST","url":"CarePlan"}}}}
        {more}]}}"#
    )
}

const ONE_MORE: &str = r#",{"fullUrl":"urn:uuid:4","resource":{"resourceType":"CarePlan","status":"active","intent":"order",
    "subject":{"reference":"urn:uuid:1"}},"request":{"method":"POST","url":"CarePlan"}}"#;

async fn all(jane: &Caseline) -> Vec<Stored> {
    let mut all = Vec::new();
    for kind in ["Patient", "CareTeam", "CarePlan"] {
        all.extend(jane.resources(kind).await.unwrap());
    }
    all
}

#[tokio::test]
async fn an_export_that_comes_again_doubles_nothing_and_changes_nothing() {
    let world = World::new();
    for record in [Record::Embedded, Record::Other(Arc::new(PlainRecord::new()))] {
        let name = if matches!(record, Record::Embedded) { "jane" } else { "kim" };
        let jane = world.start_with(name, record).await;
        let first = export("1", "active", "");
        assert_eq!(jane.import(&first).await.unwrap(), 3);
        let there = all(&jane).await;
        assert_eq!(jane.import(&first).await.unwrap(), 0);
        assert_eq!(all(&jane).await, there);
        // A later one brings what is new; what is there stays as it is.
        assert_eq!(jane.import(&export("1", "completed", ONE_MORE)).await.unwrap(), 1);
        let later = all(&jane).await;
        assert!(later.len() == 4 && there.iter().all(|one| later.contains(one)));
        // Somebody else, whose Bundle calls everything the same.
        assert_eq!(jane.import(&export("2", "active", "")).await.unwrap(), 3);
        let theirs: Vec<Stored> = all(&jane).await.into_iter().filter(|one| !later.contains(one)).collect();
        let patient = format!("Patient/{}\"", theirs[0].id);
        assert!(theirs[1].json.contains(&patient) && theirs[2].json.contains(&patient));
    }
}

#[tokio::test]
async fn an_import_that_was_cut_off_goes_on() {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    let people = ["1", "2"].map(|number| export(number, "active", ""));
    assert_eq!(jane.import(&people[0]).await.unwrap(), 3);
    record.lose_answer_next(RecordEndpoint::Transaction);
    assert!(matches!(jane.import(&people[1]).await, Err(Error::Unavailable { .. })));
    let there = all(&jane).await;
    assert_eq!(there.len(), 6, "it was done, and nobody knows");
    for person in &people {
        assert_eq!(jane.import(person).await.unwrap(), 0);
    }
    assert_eq!(all(&jane).await, there);
}

#[tokio::test]
async fn what_was_imported_before_there_was_a_server_is_not_doubled_there() {
    let world = World::new();
    let folder = TempDir::new().unwrap();
    let server = Arc::new(EmbeddedRecord::new(Db::open(folder.path(), &StoreKey::new([8; 32])).unwrap()));
    let person = export("1", "active", "");
    let jane = world.start_with("jane", Record::Embedded).await;
    assert_eq!(jane.import(&person).await.unwrap(), 3);
    jane.shutdown().await;
    drop(jane);
    // A colleague's device has it from the same export.
    let kim = world.start_with("kim", Record::Other(server.clone())).await;
    assert_eq!(kim.import(&person).await.unwrap(), 3);
    let jane = world.start_with("jane", Record::Other(server.clone())).await;
    settle(&[&jane]).await;
    assert_eq!(jane.import(&person).await.unwrap(), 0);
    for kind in ["Patient", "CareTeam", "CarePlan"] {
        assert_eq!(server.search(kind, &[]).await.unwrap().len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn what_was_imported_comes_again_after_a_case_wrote_its_plan_too() {
    let world = World::new();
    let bundle = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","identifier":[{"system":"urn:example:member","value":"1"}],
         "name":[{"text":"Marty Example"}],"birthDate":"1961-04-05"},
         "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:example:member|1"}},
        {"fullUrl":"urn:uuid:2","resource":{"resourceType":"CarePlan","identifier":[{"system":"urn:example:plan","value":"1"}],
         "status":"active","intent":"plan","subject":{"reference":"urn:uuid:1"}},
         "request":{"method":"POST","url":"CarePlan","ifNoneExist":"identifier=urn:example:plan|1"}},
        {"fullUrl":"urn:uuid:3","resource":{"resourceType":"CarePlan","status":"active","intent":"plan","title":"Nameless",
         "subject":{"reference":"urn:uuid:1"}},"request":{"method":"POST","url":"CarePlan"}}]}"#;
    let jane = world.start_with("jane", Record::Embedded).await;
    assert_eq!(jane.import(bundle).await.unwrap(), 3);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let plans = jane.resources("CarePlan").await.unwrap();
    let nameless = plans.iter().find(|plan| plan.json.contains("Nameless")).unwrap();
    for plan in ["urn:example:plan|1", &format!("CarePlan/{}", nameless.id)] {
        case.send_care_plan(None, plan).await.unwrap();
        settle(&[&jane]).await;
    }
    assert_eq!(jane.resources("CarePlan").await.unwrap().len(), 4, "each as it is, and as it was sent");
    assert_eq!(jane.import(bundle).await.unwrap(), 0);
}
