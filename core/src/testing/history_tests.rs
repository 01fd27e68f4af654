//! What is sent, who sees it and who can read it. All texts here are synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::json;
use serde_json::value::to_raw_value;

use super::room_tests::{FORBIDDEN, room, user, world};
use super::*;
use crate::id::{RoomId, UserId};
use crate::ports::{Arrived, ArrivedWhat, CaseTransport, Outgoing, PortError};

fn outgoing(from: &LoopbackTransport, room: &RoomId, transaction: &str, readers: &[UserId]) -> Outgoing {
    Outgoing {
        room: room.clone(),
        transaction: transaction.to_owned(),
        content: to_raw_value(&json!({ "msgtype": "m.text", "body": transaction })).unwrap(),
        readers: readers.iter().map(|reader| from.looks_at(reader)).collect(),
    }
}

fn both() -> Vec<UserId> {
    vec![user("jane"), user("joe")]
}

/// The messages of a page by their bodies, oldest first; `?` where unreadable, in angle brackets where plain.
fn bodies(events: &[Arrived]) -> Vec<String> {
    let body = |event: &Arrived| match &event.what {
        ArrivedWhat::Message { content, .. } => {
            let content: serde_json::Value = serde_json::from_str(content.get()).unwrap();
            Some(content["body"].as_str().unwrap().to_owned())
        }
        ArrivedWhat::Undecryptable { .. } => Some("?".to_owned()),
        ArrivedWhat::Plain { body } => Some(format!("<{body}>")),
        ArrivedWhat::Other | ArrivedWhat::Known => None,
    };
    events.iter().rev().filter_map(body).collect()
}

async fn all(transport: &LoopbackTransport, room: &RoomId) -> Vec<String> {
    bodies(&transport.page(room, None, 1000, &|_| false).await.unwrap().events)
}

#[tokio::test]
async fn one_transaction_is_one_event_until_the_server_forgets() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, true).await;
    jane.lose_answer_next(Endpoint::Send);
    assert!(jane.send(&outgoing(&jane, &room, "t1", &both())).await.is_err());
    let first = jane.send(&outgoing(&jane, &room, "t1", &both())).await.unwrap();
    assert_eq!(jane.send(&outgoing(&jane, &room, "t1", &both())).await.unwrap(), first);
    jane.fail_next(Endpoint::Send, PortError::Unavailable { code: "http-503", retry_after: None });
    assert!(jane.send(&outgoing(&jane, &room, "t2", &both())).await.is_err());
    assert_eq!(all(&joe, &room).await, ["t1"], "what failed did not happen");
    homeserver.forget_transactions();
    jane.send(&outgoing(&jane, &room, "t1", &both())).await.unwrap();
    assert_eq!(all(&joe, &room).await, ["t1", "t1"]);
    assert_eq!((jane.requests(Endpoint::Send), joe.requests(Endpoint::Send)), (5, 0));
}

#[tokio::test]
async fn history_is_seen_from_the_invitation_on_and_until_the_removal() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, true).await;
    let readers = [both(), vec![user("cp")]].concat();
    let cp = homeserver.transport(&user("cp"));
    jane.send(&outgoing(&jane, &room, "before", &readers)).await.unwrap();
    jane.invite(&room, &user("cp")).await.unwrap();
    jane.send(&outgoing(&jane, &room, "invited", &readers)).await.unwrap();
    assert_eq!(cp.page(&room, None, 10, &|_| false).await.unwrap_err(), FORBIDDEN, "not joined yet");
    cp.join(&room).await.unwrap();
    assert_eq!(all(&cp, &room).await, ["invited"], "its key is there, the event is not served");
    cp.remove(&room, &user("joe")).await.unwrap();
    jane.send(&outgoing(&jane, &room, "after", &readers)).await.unwrap();
    assert_eq!(all(&joe, &room).await, ["before", "invited"]);
    assert_eq!(joe.send(&outgoing(&joe, &room, "late", &both())).await, Err(FORBIDDEN));
}

#[tokio::test]
async fn pages_go_back_to_the_beginning_each_event_once() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, true).await;
    let mut ids = Vec::new();
    for n in 0..7 {
        ids.push(jane.send(&outgoing(&jane, &room, &format!("m{n}"), &both())).await.unwrap());
    }
    homeserver.drop_history_event(&room, &ids[3]).unwrap();
    let (mut newest_first, mut from, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = joe.page(&room, from.as_deref(), 2, &|_| false).await.unwrap();
        newest_first.extend(page.events);
        pages += 1;
        from = page.older;
        if from.is_none() {
            break;
        }
        // What comes meanwhile does not move the older pages.
        jane.send(&outgoing(&jane, &room, &format!("meanwhile {pages}"), &both())).await.unwrap();
    }
    assert_eq!(bodies(&newest_first), ["m0", "m1", "m2", "m4", "m5", "m6"]);
    assert!(pages >= 4);
    assert!(newest_first.windows(2).all(|pair| pair[0].server_at >= pair[1].server_at));
    assert_eq!(
        joe.page(&room, Some("nonsense"), 2, &|_| false).await.unwrap_err(),
        PortError::Refused { code: "unknown-token" }
    );
    homeserver.restore_history_event(&room, &ids[3]).unwrap();
    assert!(all(&joe, &room).await.contains(&"m3".to_owned()));
}

#[tokio::test]
async fn only_its_readers_read_a_message() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, true).await;
    let (mallory, lee) = (user("mallory"), user("lee"));
    homeserver.put_in_room(&room, &mallory).unwrap();
    let eve = homeserver.transport(&mallory);
    let id =
        jane.send(&outgoing(&jane, &room, "named", &[both(), vec![lee.clone()]].concat())).await.unwrap();
    assert_eq!(all(&joe, &room).await, ["named"]);
    assert_eq!(all(&jane, &room).await, ["named"], "its sender is always a reader");
    assert_eq!(all(&eve, &room).await, ["?"]);
    assert!(!homeserver.readers(&room, &id).unwrap().contains(&lee), "Lee has no device yet");
    homeserver.send_foreign(&room, &user("joe"), "from another client").unwrap();
    assert_eq!(all(&eve, &room).await, ["?", "from another client"]);
    assert_eq!(homeserver.messages(&room).unwrap().len(), 2);
}

#[tokio::test]
async fn what_could_not_be_read_is_read_when_its_key_comes() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, true).await;
    homeserver.withhold_keys(&user("joe"));
    jane.send(&outgoing(&jane, &room, "late key", &both())).await.unwrap();
    let page = joe.page(&room, None, 1, &|_| false).await.unwrap();
    let ArrivedWhat::Undecryptable { raw } = &page.events[0].what else { panic!("readable too early") };
    assert!(!raw.get().contains("late key"));
    assert!(matches!(joe.decrypt(&room, raw).await.unwrap(), ArrivedWhat::Undecryptable { .. }));
    homeserver.release_keys(&user("joe"));
    assert!(matches!(joe.decrypt(&room, raw).await.unwrap(), ArrivedWhat::Message { unproven: None, .. }));
    jane.send(&outgoing(&jane, &room, "at once", &both())).await.unwrap();
    assert_eq!(all(&joe, &room).await, ["late key", "at once"]);
}

#[tokio::test]
async fn an_unverified_device_neither_reads_nor_sends_until_it_recovers() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, true).await;
    jane.send(&outgoing(&jane, &room, "hello", &both())).await.unwrap();
    let second = homeserver.new_device(&user("joe"));
    assert_eq!(all(&second, &room).await, ["?"]);
    assert_eq!(second.send(&outgoing(&second, &room, "t", &both())).await, Err(PortError::DeviceUntrusted));
    second.recover(&joe.recovery_key().await.unwrap().unwrap()).await.unwrap();
    assert_eq!(all(&second, &room).await, ["hello"]);
    second.send(&outgoing(&second, &room, "hello back", &both())).await.unwrap();
    assert_eq!(all(&jane, &room).await, ["hello", "hello back"]);
}

#[tokio::test]
async fn plain_and_unproven_events_are_told_apart() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, true).await;
    let id = jane.send(&outgoing(&jane, &room, "m", &both())).await.unwrap();
    homeserver.set_unproven(&id).unwrap();
    let plain = homeserver.send_plain(&room, &user("jane"), "p").unwrap();
    homeserver.send_other(&room, &user("jane")).unwrap();
    let events = joe.page(&room, None, 3, &|_| false).await.unwrap().events;
    assert!(matches!(events[0].what, ArrivedWhat::Other));
    assert!(matches!(&events[1].what, ArrivedWhat::Plain { body } if body == "p"));
    assert!(matches!(events[2].what, ArrivedWhat::Message { unproven: Some(_), .. }));
    assert_eq!(homeserver.set_unproven(&plain), Err(PortError::NotFound));
}

#[tokio::test]
async fn an_attachment_comes_back_whole_or_not_at_all() {
    let homeserver = world();
    let (jane, joe, _room) = room(&homeserver, true).await;
    let file = jane.upload(b"1.50").await.unwrap();
    assert_eq!(joe.download(&file, 4).await.unwrap(), b"1.50");
    assert_eq!(joe.download(&file, 3).await, Err(PortError::Refused { code: "too-long" }));
    homeserver.corrupt_attachment(&file).unwrap();
    assert_eq!(joe.download(&file, 9).await, Err(PortError::NotUnderstood { code: "attachment-hash" }));
}

#[tokio::test]
async fn a_restarted_client_goes_on_where_it_was() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, true).await;
    let id = jane.send(&outgoing(&jane, &room, "m", &both())).await.unwrap();
    jane.shutdown().await;
    let jane = homeserver.transport(&user("jane"));
    assert_eq!(
        jane.send(&outgoing(&jane, &room, "m", &both())).await.unwrap(),
        id,
        "same device, same transaction"
    );
    assert_eq!(all(&joe, &room).await, ["m"]);
}
