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
