//! Who is named later gets what came before, and what crossed with their naming.

use super::*;

#[tokio::test]
async fn a_newcomer_gets_what_came_before() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    joes.send(None, Message::text("before kim")).unwrap();
    settle(&[&joe, &jane]).await;
    case.name_seat(None, seat("kim")).unwrap();
    case.send(None, Message::text("welcome")).unwrap();
    settle(&[&jane]).await;
    let kim = world.start("kim").await;
    let kims = accept(&kim).await;
    settle(&[&kim, &jane, &joe]).await;
    assert_eq!(texts(&kims), texts(&case));
    assert_eq!(kims.state().unwrap().digest(), case.state().unwrap().digest());
}

#[tokio::test]
async fn a_newcomer_gets_the_text_of_a_plan_that_was_sent_before() {
    for padding in [0, 50_000] {
        let world = World::new();
        let (jane, joe) = (world.start("jane").await, world.start("joe").await);
        let case = jane.open(opening(&["jane", "joe"])).unwrap();
        settle(&[&jane]).await;
        accept(&joe).await;
        // Synthetic. A short plan travels in its event, a long one beside it.
        let plan =
            format!(r#"{{"resourceType":"Bundle","type":"collection","pad":"{}"}}"#, "x".repeat(padding));
        let (sent, _) = case.send_plan_document(None, &plan).unwrap();
        settle(&[&jane, &joe]).await;
        case.name_seat(None, seat("kim")).unwrap();
        settle(&[&jane]).await;
        let kim = world.start("kim").await;
        let kims = accept(&kim).await;
        settle(&[&kim, &jane, &joe]).await;
        assert_eq!(kims.plan_text(sent.id).unwrap().as_deref(), Some(plan.as_str()), "{padding}");
    }
}

/// A value that is nested so deep.
fn nested(levels: usize) -> serde_json::Value {
    (0..levels).fold(serde_json::json!(1), |inner, _| serde_json::json!({ "a": inner }))
}

#[tokio::test]
async fn what_is_nested_very_deep_hides_nothing_of_a_handover() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    joes.send(None, Message::text("before kim")).unwrap();
    settle(&[&joe, &jane]).await;
    // With its own object 127 levels: the most that a reader of JSON takes by itself.
    let mut deep = serde_json::json!({ "msgtype": "m.text", "body": "deep" });
    deep["a"] = nested(126);
    world.server.send_content(&room(&case), &user("joe"), &deep).unwrap();
    let block = serde_json::json!({ "msgtype": "m.text", "body": "deep too",
        "org.caseline.event": { "v": 9, "id": EventId::new(), "kind": "later", "after": [], "clock": 1,
            "at": "2019-03-01T14:00:00Z", "data": nested(70) } });
    world.server.send_content(&room(&case), &user("joe"), &block).unwrap();
    settle(&[&joe, &jane]).await;
    let state = case.state().unwrap();
    let entry = state.timeline.iter().find(|entry| entry.text == "deep too").unwrap();
    assert_eq!(entry.standing.code(), "refused", "it is shown and takes no part");
    // What stands beside a message's text and its block is no part of it.
    assert_eq!(texts(&case), ["before kim", "deep"]);

    case.name_seat(None, seat("kim")).unwrap();
    settle(&[&jane]).await;
    let kim = world.start("kim").await;
    let kims = accept(&kim).await;
    settle(&[&kim, &jane, &joe]).await;
    assert_eq!(texts(&kims), ["before kim", "deep"]);
    assert_eq!(kims.state().unwrap().digest(), case.state().unwrap().digest());
}

#[tokio::test]
async fn what_crosses_with_the_naming_of_somebody_is_handed_over_too() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    // Two messages that Joe's homeserver does not have yet: one of ours, one of another client.
    let crossing = case.send(None, Message::text("as Joe names Lee")).unwrap();
    settle(&[&jane]).await;
    let room = room(&case);
    let foreign = world.server.send_foreign(&room, &user("jane"), "from another client").unwrap();
    let sent = world.server.messages(&room).unwrap();
    let late: Vec<_> = sent
        .into_iter()
        .filter(|(id, _, content)| *id == foreign || content.get().contains(&crossing.id.to_string()))
        .map(|(id, ..)| id)
        .collect();
    assert_eq!(late.len(), 2);
    for id in &late {
        world.server.drop_history_event(&room, id).unwrap();
    }

    joes.name_seat(None, seat("lee")).unwrap();
    settle(&[&joe]).await;
    let lee = world.start("lee").await;
    let lees = accept(&lee).await;
    settle(&[&lee, &joe]).await;
    assert!(!texts(&lees).contains(&"as Joe names Lee".to_owned()));

    for id in &late {
        world.server.restore_history_event(&room, id).unwrap();
    }
    settle(&[&joe, &lee, &jane]).await;
    assert_eq!(texts(&lees), ["as Joe names Lee", "from another client"]);
    assert_eq!(lees.state().unwrap().digest(), case.state().unwrap().digest());
    let handovers =
        |case: &Case| case.state().unwrap().timeline.iter().filter(|entry| entry.kind == "handover").count();
    let before = handovers(&case);
    // Nothing is handed over twice, and nothing that Lee reads anyway.
    lees.send(None, Message::text("thanks")).unwrap();
    case.send(None, Message::text("welcome")).unwrap();
    settle(&[&lee, &jane, &joe]).await;
    assert_eq!(handovers(&case), before);
}

#[tokio::test]
async fn who_signs_in_late_gets_from_each_what_they_said() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe", "lee"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    case.send(None, Message::text("from Jane")).unwrap();
    settle(&[&jane, &joe]).await;
    joes.send(None, Message::text("from Joe")).unwrap();
    settle(&[&joe, &jane]).await;
    // Lee was invited all the while, and had no device that could read.
    let lee = world.start("lee").await;
    let lees = accept(&lee).await;
    settle(&[&lee, &jane, &joe, &lee]).await;
    assert_eq!(texts(&lees), ["from Jane", "from Joe"]);
    assert_eq!(lees.state().unwrap().digest(), case.state().unwrap().digest());
}

#[tokio::test]
async fn the_second_device_of_a_newcomer_shows_the_same() {
    let world = World::new();
    let jane = world.start("jane").await;
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    case.send(None, Message::text("before kim")).unwrap();
    settle(&[&jane]).await;
    case.name_seat(None, seat("kim")).unwrap();
    settle(&[&jane]).await;
    let kim = world.start("kim").await;
    accept(&kim).await;
    settle(&[&kim, &jane]).await;
    let second = world.start_in("kim-2", "kim", Record::None).await;
    settle(&[&second, &jane, &second]).await;
    let seconds = second.case(case.id()).unwrap();
    assert_eq!(texts(&seconds), ["before kim"]);
    assert_eq!(seconds.state().unwrap().digest(), case.state().unwrap().digest());
}

#[tokio::test]
async fn who_is_named_again_reads_what_they_missed() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let (lee, bot) = (world.start("lee").await, world.start("aco-bot").await);
    let case = jane.open(opening(&["jane", "joe", "lee", "aco-bot"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    let lees = accept(&lee).await;
    accept(&bot).await;
    case.send(None, Message::text("to all")).unwrap();
    settle(&[&jane, &joe, &lee, &bot]).await;
    joes.end_seat(None, seat("lee").contact.id, organization_id("aco")).unwrap();
    settle(&[&joe, &bot, &jane, &lee]).await;
    case.send(None, Message::text("without Lee")).unwrap();
    settle(&[&jane, &joe, &bot, &lee]).await;
    assert_eq!(texts(&lees), ["to all"]);

    // By somebody else than the one who invited them first.
    joes.name_seat(None, seat("lee")).unwrap();
    settle(&[&joe, &jane, &bot]).await;
    let again = accept(&lee).await;
    assert_eq!(again.id(), case.id());
    settle(&[&lee, &joe, &jane, &bot, &lee]).await;
    again.send(None, Message::text("back again")).unwrap();
    settle(&[&lee, &jane, &joe]).await;
    assert_eq!(texts(&case), ["to all", "without Lee", "back again"]);
    assert_eq!(texts(&again), texts(&case));
    assert_eq!(again.state().unwrap().digest(), case.state().unwrap().digest());
    assert!(case.state().unwrap().roster().accepted(&user("lee")).is_some());
}
