//! A record that does not answer, or answers badly. Everybody here is synthetic.

use super::*;
use crate::testing::{PlainRecord, RecordLine};

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
