//! Identities that change, and what is held for it.

use super::*;

#[tokio::test]
async fn a_changed_identity_holds_what_is_sent() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    world.server.change_identity(&user("joe"));
    case.send(None, Message::text("to the joe I know")).unwrap();
    assert!(!jane.settle(Duration::from_secs(1)).await.unwrap());
    assert!(jane.outbox().unwrap().notes.iter().any(|(_, _, note)| note.contains("identity-changed")));

    // Jane calls Joe, who has lost his phone and his recovery key: they compare the new one.
    let identity = jane.identity(&user("joe")).await.unwrap().unwrap();
    let before = identity.changed_from.clone().unwrap();
    let refused = jane.trust_identity(&user("joe"), &before).await.unwrap_err();
    assert_eq!(refused.code(), "identity-key");
    jane.trust_identity(&user("joe"), &identity.key).await.unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(texts(&joe.case(case.id()).unwrap()), ["to the joe I know"]);
    assert_eq!(jane.identity(&user("joe")).await.unwrap().unwrap().changed_from, None);
    let nobody = jane.trust_identity(&user("rao"), &identity.key).await.unwrap_err();
    assert_eq!(nobody.code(), "not-found");
}

#[tokio::test]
async fn an_identity_that_changes_as_it_is_sent_to_gets_nothing() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    settle(&[&joe, &jane]).await;
    let sent = || world.server.messages(&room(&case)).unwrap().len();
    let before = sent();
    world.server.change_identity_at_next_send(&user("joe"));
    case.send(None, Message::text("to the joe I know")).unwrap();
    assert!(!jane.settle(Duration::from_secs(1)).await.unwrap());
    assert_eq!(sent(), before);
    assert!(jane.outbox().unwrap().notes.iter().any(|(_, _, note)| note.contains("identity-changed")));
}
