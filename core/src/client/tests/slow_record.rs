//! A record that does not answer, or answers badly. Everybody here is synthetic.

use super::*;
use crate::ports::CareRecord;
use crate::store::outbox::hurry;
use crate::testing::{PlainRecord, RecordEndpoint, RecordLine};

/// Waits for something that happens by itself, for a long while.
async fn until(mut happened: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !happened().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it happens");
}

#[tokio::test]
async fn a_record_that_never_answers_holds_up_no_message() {
    let world = World::new();
    let line = RecordLine::new(Arc::new(PlainRecord::new()));
    let jane = world.start_with("jane", Record::Other(Arc::new(line.clone()))).await;
    line.silent(true);
    let cases: Vec<Case> = (0..10).map(|_| jane.open(opening(&["jane", "joe"])).unwrap()).collect();
    let sent = |case: &Case| {
        let made = jane.engine.case_row(case.id()).unwrap().room;
        let messages = made.and_then(|room| world.server.messages(&room).ok()).unwrap_or_default();
        messages.iter().filter(|(_, sender, _)| *sender == user("jane")).count()
    };
    until(async || cases.iter().all(|case| sent(case) == 1)).await;
    // By now each case waits for the record twice, with the Patient and an entry of the audit, and for nothing else.
    until(async || jane.outbox().unwrap().waiting == 20).await;

    // What fails for a moment is tried again while the record is still being waited for.
    let transport = world.server.transport(&user("jane"));
    transport.fail_next(Endpoint::Send, PortError::Unavailable { code: "http-503", retry_after: None });
    for case in &cases {
        case.send(None, Message::text("Without a record")).unwrap();
    }
    until(async || cases.iter().all(|case| sent(case) == 2)).await;
}

/// Lets everything that waits be tried, and waits until all was.
async fn try_again(jane: &Caseline) {
    jane.engine.db.write(|t| hurry(t, None)).unwrap();
    jane.engine.drain().await.unwrap();
}

fn told_of_record(notices: &mut tokio::sync::broadcast::Receiver<Notice>) -> Vec<Notice> {
    let told = std::iter::from_fn(|| notices.try_recv().ok());
    told.filter(|notice| {
        matches!(
            notice,
            Notice::RecordSignedOut | Notice::RecordUnavailable { .. } | Notice::RecordConflict { .. }
        )
    })
    .collect()
}

#[tokio::test]
async fn a_record_that_is_signed_out_or_says_nothing_is_told_once_until_it_answers_again() {
    let forbidden = || PortError::Refused { code: "forbidden" };
    let not_understood = || PortError::NotUnderstood { code: "no-capabilities" };
    let down = || PortError::Unavailable { code: "http-500", retry_after: None };
    for (endpoint, error, told) in [
        (RecordEndpoint::Search, PortError::SignedOut, Notice::RecordSignedOut),
        (RecordEndpoint::Search, forbidden(), Notice::RecordUnavailable { code: "forbidden" }),
        (RecordEndpoint::Search, down(), Notice::RecordUnavailable { code: "http-500" }),
        (RecordEndpoint::Create, PortError::SignedOut, Notice::RecordSignedOut),
        (RecordEndpoint::Capabilities, forbidden(), Notice::RecordUnavailable { code: "forbidden" }),
        (
            RecordEndpoint::Capabilities,
            not_understood(),
            Notice::RecordUnavailable { code: "no-capabilities" },
        ),
    ] {
        let world = World::new();
        let record = PlainRecord::new();
        for _ in 0..1000 {
            record.fail_next(endpoint, error.clone());
        }
        let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
        let mut notices = jane.notices();
        jane.import(&patient("1961-04-05")).await.ok();
        jane.open(opening(&["jane", "joe"])).unwrap();
        for _ in 0..8 {
            try_again(&jane).await;
        }
        assert_eq!(told_of_record(&mut notices), [told], "{endpoint:?} {error:?}");
    }
}

#[tokio::test]
async fn a_write_that_the_record_always_fails_at_steps_aside_while_the_record_answers_otherwise() {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    record.break_at("CareTeam");
    let mut notices = jane.notices();
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    for _ in 0..30 {
        try_again(&jane).await;
    }
    let count = |kind: &str| record.all().iter().filter(|(of, _)| of == kind).count();
    assert_eq!((count("CareTeam"), count("Communication")), (0, 1), "{:?}", jane.outbox().unwrap());
    let team = Notice::RecordConflict { case: case.id(), kind: "CareTeam".to_owned() };
    let down = |code| Notice::RecordUnavailable { code };
    assert_eq!(told_of_record(&mut notices), [down("http-500"), team]);

    // It stays aside while nobody answers at all.
    record.offline(true);
    try_again(&jane).await;
    let notes = jane.outbox().unwrap().notes;
    assert!(notes.iter().any(|(.., note)| note == "record conflict"), "{notes:?}");
    record.offline(false);
    record.writable("CareTeam");
    try_again(&jane).await;
    settle(&[&jane]).await;
    assert_eq!(count("CareTeam"), 1);
}

#[tokio::test]
async fn nothing_steps_aside_while_the_whole_record_fails() {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    record.offline(true);
    let mut notices = jane.notices();
    jane.cases().unwrap()[0].send(None, Message::text("Synthetic")).unwrap();
    for _ in 0..30 {
        try_again(&jane).await;
    }
    assert_eq!(told_of_record(&mut notices), [Notice::RecordUnavailable { code: "connect" }]);
    record.offline(false);
    try_again(&jane).await;
    settle(&[&jane]).await;
}

#[tokio::test]
async fn a_start_does_not_wait_for_a_record_whose_directory_is_stored() {
    let world = World::new();
    let line = RecordLine::new(Arc::new(PlainRecord::new()));
    let record = || Record::Other(Arc::new(line.clone()));
    let knows = |jane: &Caseline, name: &str| {
        let organization = organization_id(name);
        jane.engine.directory().organizations.iter().any(|known| known.id == organization)
    };
    let jane = world.start_knowing_nobody("jane", "jane", record()).await;
    jane.import(super::watch::PEOPLE).await.unwrap();
    assert!(knows(&jane, "cp"));
    jane.shutdown().await;
    drop(jane);
    line.silent(true);
    // Shorter than a start waits where there is no directory.
    let start = world.start_knowing_nobody("jane", "jane", record());
    let jane = tokio::time::timeout(Duration::from_secs(5), start).await.expect("it starts");
    assert!(knows(&jane, "cp"));
    jane.shutdown().await;
    drop(jane);

    // Once it answers, what has changed there meanwhile is read.
    line.silent(false);
    let other = super::watch::PEOPLE.replace("\"cp\"", "\"aco\"").replace("|cp", "|aco");
    CareRecord::transaction(&line, &other).await.unwrap();
    line.cut(true);
    let jane = world.start_knowing_nobody("jane", "jane", record()).await;
    assert!(knows(&jane, "cp") && !knows(&jane, "aco"));
    line.cut(false);
    until(async || knows(&jane, "aco")).await;
}
