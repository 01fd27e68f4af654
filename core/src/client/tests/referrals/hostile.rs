//! What a peer can say, or a store can hold, that must not keep the agency from being told to stop, nor the case from being told.

use super::taken::forge;
use super::*;
use crate::id::CaseId;
use crate::referral::rooms_of;
use crate::store::cases::{Stage, put_case, put_kind};
use crate::store::referrals::{Look, link, look_again};

/// What somebody's own client writes into a room, after what is there under that kind.
pub(super) fn write(world: &World, room: &Case, who: &str, after: &str, block: &serde_json::Value) {
    let state = room.state().unwrap();
    let before = state.timeline.iter().find(|entry| entry.kind == after).unwrap().key.clone();
    let clock = state.links[&before].stated;
    let mut event = serde_json::json!({ "v": 1, "id": "01800000-0000-7000-8000-000000000001",
        "after": [[before.sender, before.id, clock]], "clock": clock + 1, "at": "2019-03-01T14:00:00Z" });
    event.as_object_mut().unwrap().extend(block.as_object().unwrap().clone());
    let content = serde_json::json!({ "msgtype": "m.text", "body": "-", "org.caseline.event": event });
    world.server.send_content(&super::room(room), &user(who), &content).unwrap();
}

/// Joe takes the consent back.
fn take_back(world: &World, case: &Case, at: &str) {
    let consent = case.state().unwrap().consents.all()[0].key.id;
    let revoked = serde_json::json!({ "kind": "consent.revoked", "at": at,
        "data": { "consent": consent, "on": "2019-03-01", "source": "a call" } });
    // He had folded nothing but that it was given: a referral that was asked since never counted.
    let after = if at.starts_with("2019") { "consent.recorded" } else { "referral.sent" };
    write(world, case, "joe", after, &revoked);
}

#[tokio::test]
async fn a_clock_that_is_ahead_keeps_nothing_from_being_told_nor_stopped() {
    let world = World::new();
    let ([jane, joe, pat], case, room, _, key) = begin(&world).await;
    let accepted =
        serde_json::json!({ "kind": "referral.accepted", "at": "9990-01-01T00:00:00Z", "data": {} });
    write(&world, &room, "pat", "referral.opened", &accepted);
    settle(&[&jane, &joe, &pat]).await;
    let joes = joe.case(case.id()).unwrap();
    assert_eq!(told(&joes, &key), [Told::Accepted], "at once, by who opened its room");
    // The other side's clock, too.
    take_back(&world, &case, "9990-01-01T00:00:00Z");
    settle(&[&jane, &pat]).await;
    let course = room.referral().unwrap().unwrap();
    assert_eq!(course.status, CourseStatus::Cancelled(Cancellation::ConsentEnded));
}

#[tokio::test]
async fn a_case_that_cannot_be_read_keeps_no_other_referral_from_being_stopped() {
    let world = World::new();
    let ([jane, ..], _, theirs, ..) = begin(&world).await;
    jane.engine
        .db
        .write(|t| {
            let (room, gone) = (CaseId::new(), CaseId::new());
            put_case(t, room, None, Stage::Open)?;
            put_case(t, gone, Some(&"!gone:example.org".parse().unwrap()), Stage::Open)?;
            let sql = "INSERT INTO events (room, sender, id, sha256, server_at, receipt, receipt_by, stub, content) \
                VALUES ('!gone:example.org', '@jane:example.org', 'no id', '', '', '', '', '', '{')";
            t.execute(sql, []).unwrap();
            put_kind(t, room, RoomKind::Referral)?;
            link(t, room, gone, &EventKey { sender: user("jane"), id: EventId::new() })?;
            look_again(t, room, Look { at: Some("2019-03-01T14:00:00Z".parse().unwrap()), ..Look::default() })
        })
        .unwrap();
    world.clock.advance(SignedDuration::from_hours(24 * 100));
    jane.engine.follow_due_referrals().unwrap();
    let course = theirs.expected().unwrap().referrals.course().unwrap().status;
    assert_eq!(course, CourseStatus::Cancelled(Cancellation::ConsentEnded));
}

#[tokio::test]
async fn nothing_is_said_in_a_room_that_somebody_made_for_a_referral_that_never_counted() {
    let world = World::new();
    let (jane, joe) = (start_in(&world, "jane", "jane").await, start_in(&world, "joe", "joe").await);
    know(&jane, [super::pat()]);
    let (case, given) = open(&jane, &joe).await;
    let key = case.refer(None, refer(given).field(Field::Name)).await.unwrap().key;
    settle(&[&jane, &joe]).await;
    let forged = rooms_of(&key).next().unwrap();
    forge(&world, forged).await;
    let invited = jane.invitations().await.unwrap().remove(0);
    jane.accept(&invited.room, true).await.unwrap();
    settle(&[&jane]).await;
    joe.shutdown().await;
    take_back(&world, &case, "2019-03-01T14:00:00Z");
    settle(&[&jane]).await;
    assert!(case.state().unwrap().referrals.get(&key).is_none());
    world.clock.advance(SignedDuration::from_mins(21));
    jane.engine.follow_due_referrals().unwrap();
    settle(&[&jane]).await;
    let forged = jane.case(forged).unwrap();
    assert_eq!(forged.referral().unwrap().unwrap().status, CourseStatus::Asked);
}
