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

/// Where the document of a plan was uploaded to.
fn file(world: &World, case: &Case) -> serde_json::Map<String, serde_json::Value> {
    let sent = world.server.messages(&room(case)).unwrap();
    let mut files = sent.iter().filter_map(|(.., content)| {
        let content: serde_json::Value = serde_json::from_str(content.get()).unwrap();
        content["org.caseline.event"]["data"]["document"]["file"].as_object().cloned()
    });
    files.next().unwrap()
}

#[tokio::test]
async fn a_document_is_not_asked_for_at_every_event() {
    let (world, jane, joe, case, joes) = two().await;
    let joes_line = world.server.transport(&user("joe"));
    let busy = PortError::Unavailable { code: "http-502", retry_after: None };
    joes_line.fail_next(Endpoint::Download, busy);
    let text = plan(&"x".repeat(100 * 1024));
    let (sent, _) = case.send_plan_document(None, &text).unwrap();
    settle(&[&jane, &joe]).await;
    for _ in 0..3 {
        case.send(None, Message::text("more")).unwrap();
        settle(&[&jane, &joe]).await;
    }
    assert_eq!(joes_line.requests(Endpoint::Download), 1);
    assert_eq!(joes.plan_text(sent.id).unwrap(), None);
    // Once the line was down it is asked again at once.
    world.server.offline(&user("joe"), true);
    world.server.offline(&user("joe"), false);
    let arrival = async {
        while joes.plan_text(sent.id).unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, arrival).await.unwrap();
    assert_eq!(joes_line.requests(Endpoint::Download), 2);
    settle(&[&joe]).await;
    assert_eq!(joes_line.requests(Endpoint::Download), 2);
}

#[tokio::test]
async fn a_document_that_is_not_what_it_should_be_is_asked_for_once() {
    let (world, jane, joe, case, joes) = two().await;
    let (sent, _) = case.send_plan_document(None, &plan(&"x".repeat(100 * 1024))).unwrap();
    world.server.offline(&user("joe"), true);
    settle(&[&jane]).await;
    world.server.corrupt_attachment(&file(&world, &case)).unwrap();
    world.server.offline(&user("joe"), false);
    settle(&[&joe]).await;
    joe.shutdown().await;
    let id = joes.id();
    drop((joe, joes));
    let joe = world.start("joe").await;
    case.send(None, Message::text("more")).unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(world.server.transport(&user("joe")).requests(Endpoint::Download), 1);
    let joes = joe.case(id).unwrap();
    assert_eq!(joes.plan_text(sent.id).unwrap(), None);
    assert_eq!(joes.state().unwrap().plans.all().len(), 1, "the event stands");
}

#[tokio::test]
async fn a_document_that_nobody_would_fetch_is_not_accepted() {
    let (_world, jane, _joe, case, _joes) = two().await;
    let text = plan(&"x".repeat(8 * 1024 * 1024));
    assert_eq!(invalid(case.send_plan_document(None, &text).unwrap_err()).code, "document-too-long");
    assert_eq!(jane.outbox().unwrap().waiting, 0);
}

#[tokio::test]
async fn invented_predecessors_do_not_make_a_history_be_read_without_end() {
    let (world, jane, joe, case, _joes) = two().await;
    let room = room(&case);
    for n in 0..250 {
        world.server.send_foreign(&room, &user("joe"), &format!("{n}")).unwrap();
    }
    settle(&[&jane]).await;
    joe.shutdown().await;
    jane.suspend().await;
    let line = world.server.transport(&user("jane"));
    let mut whole = 0;
    let mut invented = EventId::new();
    for n in 0..30 {
        if n < 20 {
            invented = EventId::new();
        }
        let content = serde_json::json!({ "msgtype": "m.text", "body": "x", "org.caseline.event": {
            "v": 1, "id": EventId::new(), "kind": "message.sent", "after": [[user("joe"), invented, 7]], "clock": 8,
            "at": "2019-03-01T14:00:00Z", "data": {} } });
        world.server.send_content(&room, &user("joe"), &content).unwrap();
        let before = line.requests(Endpoint::Page);
        jane.engine.catch_up(&room, &Below::default()).await.unwrap();
        whole += u64::from(line.requests(Endpoint::Page) - before > 2);
    }
    assert_eq!(case.state().unwrap().gaps.len(), 20);
    assert_eq!(whole, 6);
}

#[tokio::test]
async fn a_server_that_never_gives_a_document_holds_up_no_message() {
    let (world, jane, _joe, case, joes) = two().await;
    world.server.never_give_attachments();
    let (sent, _) = case.send_plan_document(None, &plan(&"x".repeat(100 * 1024))).unwrap();
    case.send(None, Message::text("the plan is on its way")).unwrap();
    settle(&[&jane]).await;
    let read = async {
        while texts(&joes).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, read).await.expect("beside the document");
    case.send(None, Message::text("and more")).unwrap();
    let read = async {
        while texts(&joes).len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, read).await.expect("while it is asked for");
    assert!(joes.plan_text(sent.id).unwrap().is_none());
}
