//! Rooms, powers, memberships, devices and hints. All people here are synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::id::{RoomId, UserId};
use crate::ports::{CaseTransport, Hint, Invited, Membership, PortError, RoomMake};

pub(super) const FORBIDDEN: PortError = PortError::Refused { code: "forbidden" };

pub(super) fn user(name: &str) -> UserId {
    let server = if ["joe", "rao", "aco"].contains(&name) { "aco.example" } else { "cp.example" };
    format!("@{name}:{server}").parse().unwrap()
}

pub(super) fn world() -> LoopbackHomeserver {
    LoopbackHomeserver::new(ManualClock::new("2019-03-04T09:00:00Z".parse().unwrap()))
}

fn make(role_accounts: &[&str], leads: &[&str]) -> RoomMake {
    let users = |names: &[&str]| names.iter().map(|name| user(name)).collect();
    RoomMake { alias: "a1b2c3".into(), role_accounts: users(role_accounts), leads: users(leads) }
}

/// A room that Jane made, with Joe invited and, if asked for, joined; both sides have a role account.
pub(super) async fn room(
    homeserver: &LoopbackHomeserver,
    joined: bool,
) -> (LoopbackTransport, LoopbackTransport, RoomId) {
    let (jane, joe) = (homeserver.transport(&user("jane")), homeserver.transport(&user("joe")));
    let room = jane.create_room(&make(&["aco", "cp"], &["jane", "joe"])).await.unwrap();
    jane.invite(&room, &user("joe")).await.unwrap();
    if joined {
        joe.join(&room).await.unwrap();
    }
    (jane, joe, room)
}

#[tokio::test]
async fn a_room_is_found_again_by_its_alias_and_has_the_powers_asked_for() {
    let homeserver = world();
    let jane = homeserver.transport(&user("jane"));
    jane.lose_answer_next(Endpoint::CreateRoom);
    let lost = jane.create_room(&make(&["aco", "cp"], &["jane", "joe"])).await;
    assert_eq!(lost, Err(PortError::Unavailable { code: "timeout", retry_after: None }));
    let id = jane.create_room(&make(&["aco", "cp"], &["jane", "joe"])).await.unwrap();
    assert_eq!(jane.rooms().await.unwrap(), vec![id.clone()], "one room, not two");
    let view = jane.view(&id).await.unwrap();
    let powers = ["aco", "cp", "jane", "joe", "rao"].map(|name| view.power_of(&user(name)));
    assert_eq!(powers, [100, 100, 50, 50, 0]);
    assert!(view.encrypted && view.invite_only && view.guests_forbidden && view.history_from_invitation);
    assert_eq!((view.version.as_str(), view.membership_power, view.has_public_words), ("11", 50, false));
    assert_eq!(jane.requests(Endpoint::CreateRoom), 2);
}

#[tokio::test]
async fn without_a_role_account_the_creator_keeps_its_power() {
    let jane = world().transport(&user("jane"));
    let id = jane.create_room(&make(&[], &["jane", "joe"])).await.unwrap();
    assert_eq!(jane.view(&id).await.unwrap().power_of(&user("jane")), 100);
}

#[tokio::test]
async fn only_who_is_invited_joins() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, false).await;
    let rao = homeserver.transport(&user("rao"));
    assert_eq!(rao.join(&room).await, Err(FORBIDDEN));
    assert_eq!(joe.invitations().await.unwrap(), vec![Invited { room: room.clone(), by: user("jane") }]);
    assert_eq!(joe.view(&room).await, Err(FORBIDDEN));
    joe.join(&room).await.unwrap();
    joe.join(&room).await.unwrap();
    assert!(joe.invitations().await.unwrap().is_empty());
    assert_eq!(jane.view(&room).await.unwrap().membership(&user("joe")), Some(Membership::Joined));
}

#[tokio::test]
async fn inviting_and_removing_need_power() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, true).await;
    for name in ["rao", "aco"] {
        jane.invite(&room, &user(name)).await.unwrap();
        homeserver.transport(&user(name)).join(&room).await.unwrap();
    }
    let (rao, aco) = (homeserver.transport(&user("rao")), homeserver.transport(&user("aco")));
    assert_eq!(rao.invite(&room, &user("lee")).await, Err(FORBIDDEN), "power 0");
    assert_eq!(rao.remove(&room, &user("joe")).await, Err(FORBIDDEN), "power 0");
    assert_eq!(jane.remove(&room, &user("joe")).await, Err(FORBIDDEN), "50 against 50");
    jane.remove(&room, &user("rao")).await.unwrap();
    jane.remove(&room, &user("rao")).await.unwrap();
    aco.remove(&room, &user("joe")).await.unwrap();
    assert_eq!(joe.view(&room).await, Err(FORBIDDEN));
    assert_eq!(joe.rooms().await.unwrap(), vec![]);
    let view = aco.view(&room).await.unwrap();
    assert_eq!((view.membership(&user("joe")), view.membership(&user("rao"))), (None, None));
}

#[tokio::test]
async fn who_leaves_is_gone_and_who_declines_is_no_longer_invited() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, false).await;
    joe.leave(&room).await.unwrap();
    joe.leave(&room).await.unwrap();
    assert!(joe.invitations().await.unwrap().is_empty());
    assert_eq!(joe.join(&room).await, Err(FORBIDDEN));
    jane.leave(&room).await.unwrap();
    assert!(jane.page(&room, None, 10, &|_| false).await.is_err(), "a room that was left is forgotten");
}

#[tokio::test]
async fn identities_change_and_who_never_signed_in_has_none() {
    let homeserver = world();
    let jane = homeserver.transport(&user("jane"));
    let both = [user("jane"), user("joe")];
    let before = jane.recipients(&both).await.unwrap();
    assert_eq!((before[0].devices, before[1].devices), (1, 0));
    assert_eq!(before[1].identity, None);
    homeserver.change_identity(&user("jane"));
    assert_ne!(jane.recipients(&both).await.unwrap()[0].identity, before[0].identity);
}

#[tokio::test]
async fn a_new_device_is_nothing_without_the_recovery_key() {
    let homeserver = world();
    let jane = homeserver.transport(&user("jane"));
    let key = jane.recovery_key().await.unwrap().unwrap();
    jane.confirm_recovery_key().await.unwrap();
    assert_eq!(jane.recovery_key().await.unwrap(), None);

    let second = homeserver.new_device(&user("jane"));
    assert!(!second.verified().await.unwrap());
    assert_eq!(second.recover("wrong").await, Err(PortError::Refused { code: "wrong-recovery-key" }));
    assert!(!second.verified().await.unwrap());
    second.recover(&key).await.unwrap();
    assert!(second.verified().await.unwrap());
    assert_eq!(jane.recipients(&[user("jane")]).await.unwrap()[0].devices, 2);
}

#[tokio::test]
async fn offline_only_what_the_device_knows_is_answered_and_the_rest_is_hinted_at_later() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, true).await;
    for known in [Hint::Online(true), Hint::Invitations] {
        assert_eq!(joe.next_hint().await, Some(known));
    }
    assert!(matches!(joe.next_hint().await, Some(Hint::Room { room: of, .. }) if of == room));
    homeserver.offline(&user("joe"), true);
    assert_eq!(joe.next_hint().await, Some(Hint::Online(false)));
    let down = PortError::Unavailable { code: "connect", retry_after: None };
    assert_eq!(joe.view(&room).await, Err(down.clone()));
    assert_eq!(joe.page(&room, None, 10, &|_| false).await.unwrap_err(), down);
    jane.leave(&room).await.unwrap();
    assert_eq!(joe.rooms().await.unwrap(), vec![room.clone()]);
    homeserver.offline(&user("joe"), false);
    assert_eq!(joe.next_hint().await, Some(Hint::Online(true)));
    assert!(
        matches!(joe.next_hint().await, Some(Hint::Room { room: of, events }) if of == room && events.len() == 1)
    );
}

#[tokio::test]
async fn a_hint_wakes_who_waits_unless_suspended_and_shutdown_ends_the_waiting() {
    let homeserver = world();
    let (jane, joe, room) = room(&homeserver, false).await;
    assert_eq!(joe.next_hint().await, Some(Hint::Online(true)));
    assert_eq!(joe.next_hint().await, Some(Hint::Invitations));
    joe.suspend().await;
    let waiting = tokio::spawn({
        let joe = joe.clone();
        async move { joe.next_hint().await }
    });
    jane.remove(&room, &user("joe")).await.unwrap_err();
    homeserver.change_identity(&user("jane"));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "suspended");
    joe.resume().await;
    assert_eq!(waiting.await.unwrap(), Some(Hint::Keys));

    let waiting = tokio::spawn({
        let joe = joe.clone();
        async move { joe.next_hint().await }
    });
    tokio::task::yield_now().await;
    joe.shutdown().await;
    assert_eq!(waiting.await.unwrap(), None);
    assert_eq!(joe.rooms().await, Err(PortError::Internal { code: "shut-down" }));
}

#[tokio::test]
async fn a_session_ends_for_good() {
    let homeserver = world();
    let jane = homeserver.transport(&user("jane"));
    homeserver.end_session(&user("jane"));
    assert_eq!(jane.create_room(&make(&[], &[])).await, Err(PortError::SignedOut));
    assert_eq!(jane.next_hint().await, Some(Hint::Online(true)));
    assert_eq!(jane.next_hint().await, Some(Hint::SignedOut));
}

#[tokio::test]
async fn a_room_can_be_forged_but_not_its_members() {
    let homeserver = world();
    let (jane, _joe, room) = room(&homeserver, true).await;
    homeserver
        .alter_room(&room, |view| {
            view.encrypted = false;
            view.members.clear();
        })
        .unwrap();
    let view = jane.view(&room).await.unwrap();
    assert!(!view.encrypted);
    assert_eq!(view.members.len(), 2);
}
