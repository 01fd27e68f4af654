//! What others write of the directory in a record is read by itself, and cheaply. Everybody here is synthetic.

use super::*;
use crate::ports::CareRecord;
use crate::testing::{PlainRecord, RecordEndpoint};

fn names(one: &Caseline) -> Vec<String> {
    one.directory().organizations.iter().map(|one| one.name.clone()).collect()
}

#[tokio::test]
async fn who_came_since_is_known_without_asking_for_it() {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    jane.import(watch::PEOPLE).await.unwrap();
    assert_eq!(names(&jane), ["Bay Community Care"]);
    assert!(!jane.engine.look_at_directory().await.unwrap(), "what was just read is no news");

    // Each look asks once for each type, and reads nothing.
    let asked = || [RecordEndpoint::Changes, RecordEndpoint::Search].map(|one| record.requests(one));
    let before = asked();
    assert!(!jane.engine.look_at_directory().await.unwrap());
    let after = asked();
    assert_eq!([after[0] - before[0], after[1] - before[1]], [4, 0]);

    let (_, bay) = record.all().into_iter().find(|(kind, _)| kind == "Organization").unwrap();
    let renamed = bay.json.replace("Bay Community Care", "Bay Care");
    record.change_by_another("Organization", &bay.id, &renamed).unwrap();
    // While the record does not answer nothing is lost.
    record.offline(true);
    assert!(jane.engine.look_at_directory().await.is_err());
    record.offline(false);
    assert!(jane.engine.look_at_directory().await.unwrap());
    assert_eq!(names(&jane), ["Bay Care"]);
    assert!(!jane.engine.look_at_directory().await.unwrap());
    // Read in vain: it is read again.
    let (_, bay) = record.all().into_iter().find(|(kind, _)| kind == "Organization").unwrap();
    record
        .change_by_another("Organization", &bay.id, &bay.json.replace("Bay Care", "Bay Community Care"))
        .unwrap();
    record.fail_next(
        RecordEndpoint::Search,
        crate::ports::PortError::Unavailable { code: "http-500", retry_after: None },
    );
    assert!(jane.engine.look_at_directory().await.is_err());
    assert!(jane.engine.look_at_directory().await.unwrap());
    assert_eq!(names(&jane), ["Bay Community Care"]);
}

#[tokio::test]
async fn a_client_that_runs_looks_by_itself_a_server_less_often() {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    jane.import(watch::PEOPLE).await.unwrap();
    let mut requests = Vec::new();
    for looks in 1..=60 {
        let asked = || record.requests(RecordEndpoint::Changes) + record.requests(RecordEndpoint::Search);
        let before = asked();
        crate::client::running::look_for_people(&jane.engine, looks).await.unwrap();
        requests.push(asked() - before);
    }
    // The first look reads each type in two parts; the last reads everybody.
    assert_eq!((requests.iter().sum::<u64>(), requests[4], requests[9], requests[59]), (52, 8, 4, 4));

    let lee = world.start_with("lee", Record::Embedded).await;
    lee.import(watch::PEOPLE).await.unwrap();
    let record = &lee.engine.embedded;
    let kim = record.search("Practitioner", &[]).await.unwrap().pop().unwrap();
    let renamed = kim.json.replace("Kim (synthetic)", "Kim Another (synthetic)");
    record.update("Practitioner", &kim.id, &kim.version, &renamed).await.unwrap();
    crate::client::running::look_for_people(&lee.engine, 1).await.unwrap();
    let known: Vec<String> = lee.directory().contacts.iter().map(|one| one.name.clone()).collect();
    assert_eq!(known, ["Kim Another (synthetic)"]);
}
