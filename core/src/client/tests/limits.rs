//! What is accepted can leave: how much one event holds, and what becomes of what a homeserver does not take.

use super::*;
use crate::error::InvalidInput;

fn invalid(error: Error) -> InvalidInput {
    let Error::InvalidInput(invalid) = error else { panic!("{error}") };
    invalid
}

fn plan(title: &str) -> String {
    format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{{"resourceType":"CarePlan",
        "status":"active","intent":"plan","title":"{title}","subject":{{"display":"synthetic"}}}}}}]}}"#
    )
}

async fn two() -> (World, Caseline, Caseline, Case, Case) {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    (world, jane, joe, case, joes)
}

#[tokio::test]
async fn a_text_that_would_not_leave_is_not_accepted() {
    let (_world, jane, joe, case, joes) = two().await;
    // As long as a message may be, and in JSON three times as long.
    let text = "\"\u{1}".repeat(16 * 1024);
    assert_eq!(invalid(case.send(None, Message::text(text)).unwrap_err()).code, "event-too-long");
    case.send(None, Message::text("x".repeat(32 * 1024))).unwrap();
    let (sent, _) = case.send_plan_document(None, &plan("Synthetic")).unwrap();
    settle(&[&jane, &joe]).await;
    // It travels twice.
    assert_eq!(
        invalid(joes.return_plan(None, sent.id, &"x".repeat(24 * 1024)).unwrap_err()).code,
        "invalid-changes"
    );
    let quoted = "\"".repeat(16 * 1024);
    assert_eq!(invalid(joes.return_plan(None, sent.id, &quoted).unwrap_err()).code, "event-too-long");
    joes.return_plan(None, sent.id, &"x".repeat(16 * 1024)).unwrap();
    settle(&[&joe, &jane]).await;
    assert_eq!(texts(&joes).len(), 1);
    assert!(!case.state().unwrap().plans.get(sent.id).unwrap().status.is_open());
}

#[tokio::test]
async fn a_document_that_is_too_long_as_json_goes_beside_its_event() {
    let (_world, jane, joe, case, joes) = two().await;
    // Well below 40 KiB, and in JSON twice as long.
    let text = plan("Synthetic").replace("Synthetic", &"\\\"".repeat(15 * 1024));
    assert!(text.len() < crate::care_plan::INLINE_LIMIT);
    let id = EventId::new();
    let (sent, sha256) = case.send_plan_document(Some(id), &text).unwrap();
    assert_eq!(
        case.send_plan_document(Some(id), &text).unwrap(),
        (sent.clone(), sha256),
        "a retry is answered"
    );
    settle(&[&jane, &joe]).await;
    assert_eq!(joes.plan_text(sent.id).unwrap(), Some(text.clone()));
    assert_eq!(case.send_plan_document(Some(id), &text).unwrap(), (sent, sha256));
}

#[tokio::test]
async fn a_document_that_the_homeserver_refuses_is_taken_out_and_the_rest_goes_on() {
    let (world, jane, joe, case, joes) = two().await;
    let refusal = PortError::Refused { code: "too-large" };
    world.server.transport(&user("jane")).fail_next(Endpoint::Upload, refusal);
    let mut notices = jane.notices();
    let (sent, _) = case.send_plan_document(None, &plan(&"x".repeat(100 * 1024))).unwrap();
    case.send(None, Message::text("as the plan says")).unwrap();
    settle(&[&jane, &joe]).await;
    let reasons = loop {
        if let Notice::Refused { id, reasons, .. } = notices.try_recv().unwrap() {
            assert_eq!(id, sent.id);
            break reasons;
        }
    };
    assert_eq!(reasons[0].code, "document-refused");
    for case in [&case, &joes] {
        assert!(case.state().unwrap().plans.all().is_empty());
        assert_eq!(texts(case), ["as the plan says"]);
    }
}
