//! What follows a message, as two sides and a record see it.

use super::*;
use crate::communication::MessageStanding;
use crate::testing::PlainRecord;

fn statuses(record: &PlainRecord) -> Vec<String> {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let messages = record.all().into_iter().filter(|(kind, _)| kind == "Communication");
    let messages = messages.map(|(_, stored)| read(&stored.json)).filter(|one| one.get("partOf").is_some());
    let mut told: Vec<String> = messages
        .map(|one| {
            let received = if one.get("received").is_some() { ", received" } else { "" };
            format!("{} {}{received}", one["payload"][0]["contentString"], one["status"])
        })
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn a_correction_and_a_reader_reach_the_other_side_and_the_record() {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    let joe = world.start("joe").await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    let wrong = case.send(None, Message::text("At ten")).unwrap();
    settle(&[&jane, &joe]).await;
    let key = EventId::new();
    let right = case.correct(Some(key), wrong.id, "At eleven").unwrap();
    assert_eq!(case.correct(Some(key), wrong.id, "At eleven").unwrap(), right, "a retry is safe");
    let taken_back = case.send(None, Message::text("In the wrong case")).unwrap();
    case.retract(None, taken_back.id).unwrap();
    settle(&[&jane, &joe]).await;

    // Joe may not correct it; what he has not received is no message of his.
    let error = joes.correct(None, wrong.id, "At noon").unwrap_err();
    assert!(
        matches!(&error, Error::NotAllowed { reasons } if reasons[0].code == "message-unknown"),
        "{error}"
    );
    assert_eq!(joes.seen(&wrong).unwrap().map(|seen| seen.sender), Some(user("joe")));
    assert!(joes.seen(&taken_back).unwrap().is_some());
    assert_eq!(joes.seen(&taken_back).unwrap(), None, "there is no news in it");
    settle(&[&joe, &jane]).await;

    let (ours, theirs) = (case.state().unwrap(), joes.state().unwrap());
    assert_eq!(ours.digest(), theirs.digest());
    assert_eq!(ours.messages[0].standing, MessageStanding::Corrected { by: right.clone() });
    assert_eq!(ours.messages[1].corrects.as_ref(), Some(&wrong));
    assert!(ours.messages.iter().all(|message| message.seen.len() == 1));
    assert_eq!(
        statuses(&record),
        [
            r#""At eleven" "completed", received"#,
            r#""At ten" "entered-in-error", received"#,
            r#""In the wrong case" "entered-in-error", received"#,
        ]
    );
    let error = case.correct(None, right.id, " ").unwrap_err();
    assert!(
        matches!(&error, Error::InvalidInput(invalid) if invalid.code == "invalid-correction"),
        "{error}"
    );
}
