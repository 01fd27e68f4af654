//! Somebody of the other side makes a room under the id that a referral's is to have.

use super::*;
use crate::case::life::{Carried, CaseOpened};
use crate::id::CaseId;
use crate::ports::RoomMake;
use crate::referral::rooms_of;
use crate::referral::tests::opening as referral_opening;

/// A room of Joe's under an id, which names Jane for it as if it were a referral of this organisation's.
pub(super) async fn forge(world: &World, room: CaseId) {
    let joe = world.server.transport(&user("joe"));
    let make = RoomMake { alias: room.to_string(), role_accounts: Vec::new(), leads: vec![user("joe")] };
    let forged = joe.create_room(&make).await.unwrap();
    joe.invite(&forged, &user("jane")).await.unwrap();
    let mut joes = seat("joe");
    joes.contact.organization = organization_id("cp");
    let opened = crate::referral::ReferralOpened {
        room,
        referrer: Organization { role_account: None, ..organization("cp") },
        roster: vec![joes, seat("jane"), Seat { contact: super::pat(), lead: true }],
        agreement: Carried::agreement(&with_pantry()).unwrap(),
        rules: Carried::rule_set(RULES).unwrap(),
        ..referral_opening()
    };
    let event = serde_json::json!({ "msgtype": "m.text", "body": "opened", "org.caseline.event": {
        "v": 1, "id": CaseOpened::event_id(room), "kind": "referral.opened", "after": [], "clock": 1,
        "at": "2019-03-01T14:00:00Z", "data": crate::case::event::EventData::from(opened).to_value().unwrap() } });
    world.server.send_content(&forged, &user("joe"), &event).unwrap();
}

#[tokio::test]
async fn a_referral_whose_rooms_id_was_taken_gets_another_and_says_so() {
    let world = World::new();
    let (jane, joe) = (start_in(&world, "jane", "jane").await, start_in(&world, "joe", "joe").await);
    let pat = start(&world, "pat").await;
    know(&jane, [super::pat()]);
    let (case, given) = open(&jane, &joe).await;
    // It waits for an agreement, and Joe can tell which rooms it will have.
    let key = case.refer(None, refer(given).field(Field::Name)).await.unwrap().key;
    settle(&[&jane, &joe]).await;
    let rooms: Vec<CaseId> = rooms_of(&key).collect();
    for room in [rooms[0], rooms[1]] {
        forge(&world, room).await;
        let invited = jane.invitations().await.unwrap().remove(0);
        jane.accept(&invited.room, true).await.unwrap();
        settle(&[&jane]).await;
        assert!(jane.case(room).is_ok(), "it is there");
    }
    jane.add_agreement(&with_pantry()).unwrap();
    let room = case.send_referral(&key, BTreeMap::new()).await.unwrap();
    assert_eq!(room.id(), rooms[2]);
    assert_eq!(case.send_referral(&key, BTreeMap::new()).await.unwrap().id(), rooms[2]);
    settle(&[&jane, &joe]).await;
    let theirs = accept(&pat).await;
    theirs.accept_referral(None).unwrap();
    settle(&[&pat, &jane, &joe]).await;
    let joes = joe.case(case.id()).unwrap().state().unwrap();
    let one = joes.referrals.get(&key).unwrap();
    assert_eq!((one.status, one.room), (ReferralStatus::Sent, Some(rooms[2])));
    let sent = &one.steps[0];
    assert!(sent.text.contains("Somebody else had made a room"), "{}", sent.text);
    assert_eq!(told(&case, &key), [Told::Accepted]);
    // What is in the rooms that are none of the referral's is told nowhere.
    let mut other = jane.case(rooms[1]).unwrap();
    assert_eq!(other.referral().unwrap().unwrap().status, CourseStatus::Asked);
    case.withdraw_referral(None, &key, "He cooks again").unwrap();
    settle(&[&jane, &pat]).await;
    assert_eq!(theirs.referral().unwrap().unwrap().status, CourseStatus::Cancelled(Cancellation::NotNeeded));
    other = jane.case(rooms[1]).unwrap();
    assert_eq!(other.referral().unwrap().unwrap().status, CourseStatus::Asked);
}
