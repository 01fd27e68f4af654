//! What is not known to come from whom it names, and what is listed twice.

use super::*;

#[tokio::test]
async fn what_nothing_proves_takes_its_step_once_something_does() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    world.server.offline(&user("joe"), true);
    case.send(None, Message::text("from jane")).unwrap();
    settle(&[&jane]).await;
    let room = room(&case);
    let sent = world.server.messages(&room).unwrap();
    let (id, ..) = sent.iter().find(|(_, _, content)| content.get().contains("from jane")).unwrap();
    world.server.set_unproven(id).unwrap();
    world.server.offline(&user("joe"), false);
    settle(&[&joe]).await;
    let standing = |case: &Case| {
        let state = case.state().unwrap();
        let entry = state.timeline.iter().find(|entry| entry.text == "from jane")?;
        Some(entry.standing.code())
    };
    assert_eq!(standing(&joes), Some("unproven"));

    // At each start, and at each news of keys, it is judged again.
    joe.shutdown().await;
    drop((joe, joes));
    let joe = world.start("joe").await;
    settle(&[&joe]).await;
    let joes = joe.case(case.id()).unwrap();
    assert_eq!(standing(&joes), Some("unproven"));
    world.server.set_proven(id).unwrap();
    let counted = async {
        while standing(&joes) != Some("counted") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, counted).await.expect("judged again");
    assert_eq!(joes.state().unwrap().digest(), case.state().unwrap().digest());

    joe.shutdown().await;
    drop((joe, joes));
    let joe = world.start("joe").await;
    assert_eq!(standing(&joe.case(case.id()).unwrap()), Some("counted"), "and stays so");
}

#[tokio::test]
async fn what_a_homeserver_lists_twice_counts_once() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    joes.send(None, Message::text("from joe")).unwrap();
    settle(&[&joe, &jane]).await;
    let room = room(&case);
    world.server.send_foreign(&room, &user("joe"), "from another client").unwrap();
    for (id, ..) in world.server.messages(&room).unwrap() {
        world.server.replay(&room, &id).unwrap();
    }
    settle(&[&joe, &jane]).await;
    let all = ["from joe", "from another client"];
    assert_eq!((texts(&case), texts(&joes)), (all.map(str::to_owned).into(), all.map(str::to_owned).into()));
    let id = case.id();
    jane.shutdown().await;
    drop((jane, case));
    let jane = world.start("jane").await;
    let case = jane.case(id).unwrap();
    assert_eq!(texts(&case), all);
    assert_eq!(joes.state().unwrap().digest(), case.state().unwrap().digest());
}
