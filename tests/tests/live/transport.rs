//! The Matrix transport on two homeservers that federate.

mod forged;
mod identity;
mod line;
mod person;
mod taken;

use std::collections::BTreeSet;
use std::sync::Arc;

use caseline::Error;
use caseline::id::UserId;
use caseline::matrix::MatrixTransport;
use caseline::ports::{ArrivedWhat, CaseTransport, Hint, Membership, PortError};
use caseline::store::Db;
use caseline_backend::Homeserver;
use caseline_tests::{account, backend};
use serde_json::json;
use tempfile::TempDir;

use person::{PATIENCE, Person, device, key, make, person, room_with, text};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_before_joining_is_read_after_it() {
    let jane = person(&backend().cp, "jane").await;
    let joe = person(&backend().aco, "joe").await;
    let room = jane.transport.create_room(&make(&[&jane], &[])).await.unwrap();
    jane.send(&room, "before the invitation", &[&jane]).await.unwrap();
    jane.transport.invite(&room, &joe.user()).await.unwrap();
    jane.transport.invite(&room, &joe.user()).await.unwrap();
    jane.send(&room, "before joining", &[&jane, &joe]).await.unwrap();
    assert_eq!(joe.until_invited(&room).await, jane.user());
    joe.transport.join(&room).await.unwrap();
    assert_eq!(joe.transport.inviters(&room).await, Ok(BTreeSet::from([jane.user()])));
    assert_eq!(jane.transport.inviters(&room).await, Ok(BTreeSet::new()));
    joe.transport.join(&room).await.unwrap();
    joe.until_read(&room, &["before joining"]).await;
    assert!(joe.transport.rooms().await.unwrap().contains(&room));
    let history = joe.history(&room).await;
    let messages: Vec<_> = history.iter().filter(|event| text(event).is_some()).collect();
    assert_eq!(messages.len(), 1, "what came before the invitation is not served");
    assert_eq!(messages[0].sender, jane.user());
    assert!(matches!(messages[0].what, ArrivedWhat::Message { unproven: None, .. }));
    joe.send(&room, "and back", &[&jane, &joe]).await.unwrap();
    jane.until_read(&room, &["and back"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_names_what_came() {
    let jane = person(&backend().cp, "jane").await;
    let joe = person(&backend().aco, "joe").await;
    let room = room_with(&jane, &[&joe]).await;
    let sent = [
        jane.send(&room, "one", &[&jane, &joe]).await.unwrap(),
        jane.send(&room, "two", &[&jane, &joe]).await.unwrap(),
    ];
    let mut named = BTreeSet::new();
    let all = async {
        while !sent.iter().all(|id| named.contains(id)) {
            if let Hint::Room { room: of, events } = joe.transport.next_hint().await.unwrap()
                && of == room
            {
                named.extend(events);
            }
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("both are named");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_made_once_and_as_it_should_be() {
    let jane = person(&backend().cp, "jane").await;
    let keeper = person(&backend().cp, "keeper").await;
    let joe = person(&backend().aco, "joe").await;
    let make = make(&[&jane, &joe], &[&keeper]);
    let room = jane.transport.create_room(&make).await.unwrap();
    assert_eq!(jane.transport.create_room(&make).await.unwrap(), room, "the same alias, the same room");
    let view = jane.transport.view(&room).await.unwrap();
    assert_eq!(view.version, "11");
    assert_eq!(view.creator, jane.user());
    assert!(view.encrypted && view.invite_only && view.guests_forbidden && view.history_from_invitation);
    assert!(!view.has_public_words);
    assert_eq!(view.power_of(&jane.user()), 50, "the creator steps down");
    assert_eq!(view.power_of(&joe.user()), 50);
    assert_eq!(view.power_of(&keeper.user()), 100);
    assert_eq!((view.membership_power, view.state_power), (50, 50));
    assert_eq!(view.members, vec![(jane.user(), Membership::Joined)]);

    jane.transport.invite(&room, &keeper.user()).await.unwrap();
    jane.transport.invite(&room, &joe.user()).await.unwrap();
    keeper.until_invited(&room).await;
    keeper.transport.join(&room).await.unwrap();
    assert_eq!(jane.transport.view(&room).await.unwrap().membership(&joe.user()), Some(Membership::Invited));
    // Who holds 50 is not removed by another who does, but by a role account.
    assert_eq!(
        jane.transport.remove(&room, &keeper.user()).await,
        Err(PortError::Refused { code: "forbidden" })
    );
    keeper.transport.remove(&room, &jane.user()).await.unwrap();
    keeper.transport.remove(&room, &jane.user()).await.unwrap();
    assert_eq!(keeper.transport.view(&room).await.unwrap().membership(&jane.user()), None);
    joe.until_invited(&room).await;
    joe.transport.leave(&room).await.unwrap();
    joe.transport.leave(&room).await.unwrap();
    assert_eq!(keeper.transport.view(&room).await.unwrap().membership(&joe.user()), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_creates_alone_or_as_a_role_account_keeps_the_power() {
    let keeper = person(&backend().cp, "keeper").await;
    for roles in [vec![], vec![&keeper]] {
        let room = keeper.transport.create_room(&make(&[], &roles)).await.unwrap();
        assert_eq!(keeper.transport.view(&room).await.unwrap().power_of(&keeper.user()), 100);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_named_readers_read() {
    let jane = person(&backend().cp, "jane").await;
    let joe = person(&backend().aco, "joe").await;
    let mole = person(&backend().cp, "mole").await;
    let room = room_with(&jane, &[&joe]).await;
    jane.send(&room, "one", &[&jane, &joe]).await.unwrap();
    // The operator puts somebody into the room who is on nobody's list.
    backend().cp.admin_join(room.as_str(), mole.user().as_str()).unwrap();
    jane.until("the intruder in the room", || async {
        jane.transport.view(&room).await.unwrap().membership(&mole.user())
    })
    .await;
    jane.send(&room, "two", &[&jane, &joe]).await.unwrap();
    joe.until_read(&room, &["one", "two"]).await;
    jane.send(&room, "three, to the mole too", &[&jane, &joe, &mole]).await.unwrap();
    mole.until_read(&room, &["three, to the mole too"]).await;
    // The key that the mole now holds opens nothing that came before it.
    assert_eq!(mole.texts(&room).await, ["three, to the mole too"]);
    assert!(
        mole.history(&room).await.iter().any(|e| matches!(e.what, ArrivedWhat::Undecryptable { .. })),
        "the mole was served what it cannot read"
    );
    jane.send(&room, "four", &[&jane, &joe]).await.unwrap();
    joe.until_read(&room, &["four"]).await;
    mole.until("the fourth message, unreadable", || async {
        let history = mole.history(&room).await;
        let last = history.iter().rfind(|event| !matches!(event.what, ArrivedWhat::Other))?;
        matches!(last.what, ArrivedWhat::Undecryptable { .. }).then_some(())
    })
    .await;
    assert_eq!(
        mole.texts(&room).await,
        ["three, to the mole too"],
        "a reader who was taken out reads no more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_device_is_trusted_by_its_recovery_key_alone() {
    let jane = person(&backend().cp, "jane").await;
    let joe = person(&backend().aco, "joe").await;
    let room = room_with(&jane, &[&joe]).await;
    jane.send(&room, "before", &[&jane, &joe]).await.unwrap();
    joe.send(&room, "an answer", &[&jane, &joe]).await.unwrap();
    jane.until_read(&room, &["before", "an answer"]).await;
    let recovery_key = jane.transport.recovery_key().await.unwrap().expect("offered until confirmed");

    let second = device(jane.homeserver, jane.account.clone()).await;
    assert_ne!(second.transport.device_id(), jane.transport.device_id());
    assert!(jane.transport.verified().await.unwrap());
    assert!(!second.transport.verified().await.unwrap());
    assert_eq!(second.transport.recovery_key().await, Ok(None), "nobody is bootstrapped twice");
    assert_eq!(second.send(&room, "too early", &[&jane, &joe]).await, Err(PortError::DeviceUntrusted));
    assert_eq!(
        second.transport.recover("EsTx A wrong key").await,
        Err(PortError::Refused { code: "wrong-recovery-key" })
    );
    second.transport.recover(&recovery_key).await.unwrap();
    assert!(second.transport.verified().await.unwrap());
    second.until_read(&room, &["before", "an answer"]).await;
    // The first device tells who made the keys that are in the backup.
    second
        .until("what the first device told", || async {
            let history = second.history(&room).await;
            let mut messages = history.iter().filter(|event| text(event).is_some());
            messages
                .all(|event| matches!(event.what, ArrivedWhat::Message { unproven: None, .. }))
                .then_some(())
        })
        .await;
    second.send(&room, "from the second", &[&jane, &joe]).await.unwrap();
    joe.until_read(&room, &["from the second"]).await;
    jane.until_read(&room, &["from the second"]).await;
    joe.send(&room, "to both", &[&jane, &joe]).await.unwrap();
    second.until_read(&room, &["to both"]).await;
    let history = second.history(&room).await;
    let live = history.iter().find(|event| text(event).as_deref() == Some("to both")).unwrap();
    assert!(matches!(live.what, ArrivedWhat::Message { unproven: None, .. }));
    let seen = joe.transport.recipients(&[jane.user()]).await.unwrap();
    assert_eq!(seen[0].devices, 2);
    assert!(seen[0].identity.is_some());

    jane.transport.confirm_recovery_key().await.unwrap();
    assert_eq!(jane.transport.recovery_key().await, Ok(None));

    // Jane has shown it to somebody: the one that takes its place is offered, the old one opens nothing.
    let replaced = jane.transport.replace_recovery_key().await.unwrap();
    assert_eq!(jane.transport.recovery_key().await, Ok(Some(replaced.clone())));
    let third = device(jane.homeserver, jane.account.clone()).await;
    assert_eq!(third.transport.replace_recovery_key().await, Err(PortError::DeviceUntrusted));
    assert_eq!(
        third.transport.recover(&recovery_key).await,
        Err(PortError::Refused { code: "wrong-recovery-key" })
    );
    third.transport.recover(&replaced).await.unwrap();
    third.until_read(&room, &["before", "from the second"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recipients_tell_who_cannot_read_yet() {
    let jane = person(&backend().cp, "jane").await;
    let never = account(&backend().aco, "never");
    let never: UserId = never.user_id.parse().unwrap();
    let seen = jane.transport.recipients(&[jane.user(), never.clone()]).await.unwrap();
    assert_eq!((seen[0].devices, seen[0].identity.is_some()), (1, true));
    assert_eq!((seen[1].devices, seen[1].identity.clone()), (0, None));
    assert_eq!(seen[1].user, never);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_session_needs_no_password() {
    let jane = person(&backend().cp, "jane").await;
    let joe = person(&backend().aco, "joe").await;
    let room = room_with(&jane, &[&joe]).await;
    let device_id = jane.transport.device_id();
    let Person { transport, account, homeserver, folder } = jane;
    transport.shutdown().await;
    assert_eq!(transport.next_hint().await, None);
    drop(transport);
    joe.send(&room, "while away", &[&joe]).await.unwrap();

    let db = Db::open(folder.path(), &key()).unwrap();
    let again = MatrixTransport::restore(Arc::clone(&db), &key()).await.unwrap().expect("a session");
    assert_eq!(again.device_id(), device_id);
    assert!(again.verified().await.unwrap());
    let again = Person { transport: again, account, homeserver, folder };
    again.send(&room, "back again", &[&again, &joe]).await.unwrap();
    joe.until_read(&room, &["back again"]).await;
    joe.send(&room, "welcome", &[&again, &joe]).await.unwrap();
    again.until_read(&room, &["back again", "welcome"]).await;
    again.transport.suspend().await;
    joe.send(&room, "asleep", &[&again, &joe]).await.unwrap();
    again.transport.resume().await;
    again.until_read(&room, &["asleep"]).await;
    again.transport.shutdown().await;

    let empty = TempDir::new().unwrap();
    let db = Db::open(empty.path(), &key()).unwrap();
    assert!(MatrixTransport::restore(db, &key()).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_sent_while_away_arrive_whole_and_in_order() {
    let jane = person(&backend().cp, "jane").await;
    let joe = person(&backend().aco, "joe").await;
    let room = room_with(&jane, &[&joe]).await;
    joe.transport.suspend().await;
    let expected: Vec<String> = (0..500).map(|n| format!("burst {n}")).collect();
    for text in &expected {
        jane.send(&room, text, &[&jane, &joe]).await.unwrap();
    }
    joe.transport.resume().await;
    joe.until("all of the burst", || async { (joe.texts(&room).await.len() == 500).then_some(()) }).await;
    assert_eq!(joe.texts(&room).await, expected);
    let ids: BTreeSet<_> = joe.history(&room).await.into_iter().map(|event| event.matrix_id).collect();
    assert!(ids.len() > 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_arrives_byte_for_byte_or_not_at_all() {
    let jane = person(&backend().cp, "jane").await;
    let joe = person(&backend().aco, "joe").await;
    let bytes: Vec<u8> = (0..100 * 1024).map(|n: u32| n.to_le_bytes()[n as usize % 2]).collect();
    let file = jane.transport.upload(&bytes).await.unwrap();
    assert_eq!(joe.transport.download(&file, 200 * 1024).await.unwrap(), bytes);
    assert_eq!(joe.transport.download(&file, 1024).await, Err(PortError::Refused { code: "too-long" }));
    let mut forged = file.clone();
    let other = jane.transport.upload(b"something else").await.unwrap();
    forged.insert("url".into(), other["url"].clone());
    assert_eq!(
        joe.transport.download(&forged, 200 * 1024).await,
        Err(PortError::NotUnderstood { code: "attachment-hash" })
    );
    let mut missing = file.clone();
    missing.insert("url".into(), format!("{}nothing", file["url"].as_str().unwrap()).into());
    assert!(joe.transport.download(&missing, 1024).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_cannot_be_says_why_and_can_be_tried_again() {
    let home = &backend().cp;
    let account = account(home, "jane");
    let folder = TempDir::new().unwrap();
    let db = Db::open(folder.path(), &key()).unwrap();
    let attempt = |url: String, user: String, password: String| {
        let db = Arc::clone(&db);
        async move { MatrixTransport::sign_in(db, &key(), &url, &user, &password).await.map(|_| ()) }
    };
    let (url, user, password) = (home.url().to_owned(), account.user_id.clone(), account.password.clone());
    let wrong = attempt(url.clone(), user.clone(), "wrong".into()).await.unwrap_err();
    assert_eq!(wrong.code(), "wrong-password");
    assert!(matches!(wrong, Error::SignInRequired { .. }));
    let html = html_server().await;
    assert_eq!(attempt(html, user.clone(), password.clone()).await.unwrap_err().code(), "not-a-homeserver");
    let nobody = attempt("http://127.0.0.1:9".into(), user.clone(), password.clone()).await.unwrap_err();
    assert!(matches!(nobody, Error::Unavailable { what: "homeserver", .. }));
    let invalid = attempt("matrix.example".into(), user.clone(), password.clone()).await.unwrap_err();
    assert_eq!(invalid.code(), "invalid-homeserver");
    assert!(MatrixTransport::restore(Arc::clone(&db), &key()).await.unwrap().is_none(), "nothing half done");
    attempt(url.clone(), user, password).await.unwrap();
    let other = attempt(url, "somebody-else".into(), "password".into()).await.unwrap_err();
    assert_eq!(other.code(), "other-account");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_is_told_and_signed_in_anew() {
    let Person { transport, account, homeserver, folder } = person(&backend().cp, "jane").await;
    let token = backend().cp.login(&account.user_id, &account.password).unwrap();
    backend().cp.api("POST", "/_matrix/client/v3/logout/all", Some(&token), Some(&json!({}))).unwrap();
    tokio::time::timeout(PATIENCE, async {
        while transport.next_hint().await.expect("hints until then") != Hint::SignedOut {}
    })
    .await
    .expect("told in time");
    assert_eq!(transport.rooms().await, Err(PortError::SignedOut));
    let recovery_key = transport.recovery_key().await.unwrap().unwrap();
    let gone = transport.device_id();
    transport.shutdown().await;
    drop(transport);

    let db = Db::open(folder.path(), &key()).unwrap();
    let again = MatrixTransport::sign_in(db, &key(), homeserver.url(), &account.user_id, &account.password)
        .await
        .unwrap();
    assert_ne!(again.device_id(), gone);
    assert!(!again.verified().await.unwrap(), "the identity is not made anew");
    again.recover(&recovery_key).await.unwrap();
    assert!(again.verified().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sign_in_goes_on_where_it_stopped() {
    let Person { mut transport, account, homeserver, folder } = person(&backend().cp, "jane").await;
    let device_id = transport.device_id();
    let identity = transport.recipients(&[transport.user()]).await.unwrap()[0].identity.clone();
    let mut keys = BTreeSet::from([transport.recovery_key().await.unwrap()]);
    // What a kill leaves behind: before all was done, before the recovery key was written down, before the session was.
    for lost in [vec!["matrix.ready"], vec!["matrix.ready", "matrix.recovery-key"], vec!["matrix.session"]] {
        transport.shutdown().await;
        drop(transport);
        let db = Db::open(folder.path(), &key()).unwrap();
        db.set_meta("matrix.founding", Some("yes")).unwrap();
        for name in lost {
            db.set_meta(name, None).unwrap();
        }
        assert!(MatrixTransport::restore(Arc::clone(&db), &key()).await.unwrap().is_none());
        transport =
            MatrixTransport::sign_in(db, &key(), homeserver.url(), &account.user_id, &account.password)
                .await
                .unwrap();
        assert_eq!(transport.device_id(), device_id);
        assert!(transport.verified().await.unwrap());
        assert_eq!(transport.recipients(&[transport.user()]).await.unwrap()[0].identity, identity);
        keys.insert(transport.recovery_key().await.unwrap());
    }
    assert_eq!(keys.len(), 2, "a key that was not written down is replaced, one that was is kept");
    let recovery_key = transport.recovery_key().await.unwrap().unwrap();
    let second = device(homeserver, account).await;
    second.transport.recover(&recovery_key).await.unwrap();
    assert!(second.transport.verified().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_and_survived() {
    let home: &'static Homeserver =
        tokio::task::spawn_blocking(|| &*Box::leak(Box::new(Homeserver::start("third").unwrap())))
            .await
            .unwrap();
    let jane = person(&backend().cp, "jane").await;
    let pat = person(home, "pat").await;
    let room = pat.transport.create_room(&make(&[&pat], &[])).await.unwrap();
    pat.send(&room, "before", &[&pat]).await.unwrap();
    let told = async |online: bool| {
        tokio::time::timeout(PATIENCE, async {
            while pat.transport.next_hint().await.unwrap() != Hint::Online(online) {}
        })
        .await
        .expect("told in time");
    };
    home.kill9();
    let down = pat.send(&room, "during", &[&pat]).await;
    assert!(matches!(down, Err(PortError::Unavailable { .. })), "{down:?}");
    told(false).await;
    // Of somebody whose server is silent it is not known that they have no device.
    let seen = jane.transport.recipients(&[pat.user()]).await.unwrap();
    assert_eq!((seen[0].devices, seen[0].silent), (0, true));
    let never: UserId = account(&backend().aco, "never").user_id.parse().unwrap();
    assert!(!jane.transport.recipients(&[never]).await.unwrap()[0].silent);
    home.restart().unwrap();
    told(true).await;
    pat.send(&room, "during", &[&pat]).await.unwrap();
    assert_eq!(pat.texts(&room).await, ["before", "during"]);
}

/// Something that answers every request with a page for people.
pub(crate) async fn html_server() -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0u8; 4096]).await;
            let page = "<html>welcome</html>";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
            let answer = format!("{head}Content-Length: {}\r\n\r\n{page}", page.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}
