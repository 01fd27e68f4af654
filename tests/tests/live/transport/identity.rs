//! Who somebody is: what a homeserver can make up about it, and what it gains by that.

use caseline::ports::{Arrived, ArrivedWhat, CaseTransport, PortError};
use caseline_tests::backend;

use super::forged::forge;
use super::person::{device, person, room_with, text};
use super::taken::{take_identity, verify_by_hand};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_homeserver_puts_into_the_backup_proves_nothing() {
    let jane = person(&backend().cp, "jane").await;
    let joe = person(&backend().aco, "joe").await;
    let room = room_with(&jane, &[&joe]).await;
    jane.send(&room, "from jane", &[&joe]).await.unwrap();
    joe.until_read(&room, &["from jane"]).await;
    forge(&jane, &joe, &room, "from nobody").await;
    let proven = |events: &[Arrived], body: &str| {
        let found = events.iter().find(|event| text(event).as_deref() == Some(body))?;
        Some(matches!(found.what, ArrivedWhat::Message { unproven: None, .. }))
    };
    joe.until_read(&room, &["from nobody"]).await;
    let history = joe.history(&room).await;
    assert_eq!(proven(&history, "from jane"), Some(true));
    assert_eq!(proven(&history, "from nobody"), Some(false));

    // The first device has told the second what it had from Jane's own; of the other it cannot.
    let recovery_key = joe.transport.recovery_key().await.unwrap().expect("offered until confirmed");
    let second = device(joe.homeserver, joe.account.clone()).await;
    second.transport.recover(&recovery_key).await.unwrap();
    second
        .until("what the first device told", || async {
            (proven(&second.history(&room).await, "from jane") == Some(true)).then_some(())
        })
        .await;
    second.until_read(&room, &["from nobody"]).await;
    assert_eq!(proven(&second.history(&room).await, "from nobody"), Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_somebody_else_since_they_were_judged_gets_no_key() {
    let jane = person(&backend().cp, "jane").await;
    let joe = person(&backend().aco, "joe").await;
    let room = room_with(&jane, &[&joe]).await;
    jane.send(&room, "to joe", &[&joe]).await.unwrap();
    let judged = jane.transport.recipients(&[joe.user()]).await.unwrap();
    // As whoever has Joe's homeserver can.
    let other = take_identity(joe.homeserver.url(), &joe.account).await;
    jane.until("another identity", || async {
        let now = jane.transport.recipients(&[joe.user()]).await.unwrap();
        (now[0].identity != judged[0].identity).then_some(())
    })
    .await;
    assert_eq!(
        jane.send_to(&room, "to the joe I know", judged).await,
        Err(PortError::Unavailable { code: "identity-moved", retry_after: None })
    );
    let listed = jane.history(&room).await;
    assert_eq!(listed.iter().filter_map(text).collect::<Vec<_>>(), ["to joe"]);
    // Nor does it get what is sent next to those who did not change.
    let lee = person(&backend().aco, "lee").await;
    jane.transport.invite(&room, &lee.user()).await.unwrap();
    jane.send(&room, "to lee", &[&lee]).await.unwrap();
    lee.until_invited(&room).await;
    lee.transport.join(&room).await.unwrap();
    lee.until_read(&room, &["to lee"]).await;
    assert_eq!(other.can_read(&room).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_verified_by_hand_and_is_somebody_new_is_believed_once_a_person_says_so() {
    let jane = person(&backend().cp, "jane").await;
    let joe = person(&backend().aco, "joe").await;
    let room = room_with(&jane, &[&joe]).await;
    jane.send(&room, "to joe", &[&joe]).await.unwrap();
    let recovery_key = jane.transport.recovery_key().await.unwrap().expect("offered until confirmed");
    verify_by_hand(jane.homeserver.url(), &jane.account, &recovery_key, joe.user().as_str()).await;
    // Her own signature has reached Jane's device once the SDK would stop at another identity; then Joe has another.
    let before = jane.transport.recipients(&[joe.user()]).await.unwrap();
    let other = take_identity(joe.homeserver.url(), &joe.account).await;
    let judged = jane
        .until("another identity", || async {
            let now = jane.transport.recipients(&[joe.user()]).await.unwrap();
            (now[0].identity != before[0].identity).then_some(now)
        })
        .await;
    let held = Err(PortError::Unavailable { code: "identity-moved", retry_after: None });
    assert_eq!(jane.send_to(&room, "too early", judged.clone()).await, held);
    jane.transport.believe(&joe.user(), "another key").await.unwrap();
    assert_eq!(jane.send_to(&room, "still too early", judged.clone()).await, held);
    let key = judged[0].identity.clone().unwrap();
    jane.transport.believe(&joe.user(), &key).await.unwrap();
    // News of the new device may still come: judged again.
    jane.send(&room, "to the joe I have called", &[&joe]).await.unwrap();
    other.until_reads(&room, "to the joe I have called").await;
}
