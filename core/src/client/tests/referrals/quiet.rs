//! What referrals cost while nothing happens.

use std::sync::atomic::Ordering::Relaxed;

use super::*;
use crate::id::CaseId;
use crate::store::cases::{Stage, put_case, put_kind};
use crate::store::referrals::{Look, link, look_again};

/// How often the store and a case were asked. The homeserver cannot be, since nothing here waits.
fn costs(one: &Caseline, what: impl FnOnce()) -> (usize, usize) {
    let now = || (one.engine.db.begun.load(Relaxed), one.engine.looks.load(Relaxed));
    let before = now();
    what();
    let after = now();
    (after.0 - before.0, after.1 - before.1)
}

#[tokio::test]
async fn a_quiet_minute_costs_one_look_into_the_store_however_many_cases_there_are() {
    let world = World::new();
    let ([jane, joe, pat], case, room, theirs, key) = begin(&world).await;
    let change = || jane.engine.case_changed(case.id()).unwrap();
    let alone = costs(&jane, change);
    // 999 cases more, and 299 referrals: each open, with a consent that ends later, or over.
    jane.engine
        .db
        .write(|t| {
            for n in 0..999 {
                let other = CaseId::new();
                put_case(t, other, None, Stage::Open)?;
                if n < 299 {
                    let (room, asked) =
                        (CaseId::new(), EventKey { sender: user("jane"), id: EventId::new() });
                    put_case(t, room, None, Stage::Open)?;
                    put_kind(t, room, RoomKind::Referral)?;
                    link(t, room, other, &asked)?;
                    let ends = (n % 2 == 0).then(|| "2019-07-01T04:00:00Z".parse().unwrap());
                    look_again(t, room, Look { at: ends, over: ends.is_none(), seen: None })?;
                }
            }
            Ok(())
        })
        .unwrap();
    let minute = || jane.engine.follow_due_referrals().unwrap();
    assert_eq!(costs(&jane, minute), (1, 0), "one look, at what is due");
    let change = || jane.engine.case_changed(case.id()).unwrap();
    assert_eq!(costs(&jane, change), alone, "a case's change costs what it did alone");
    let found = || drop(jane.engine.case_of_referral(room.id()).unwrap().unwrap());
    assert!(costs(&jane, found).0 <= 4);

    // On its day the consent ends, and that one room is looked at.
    world.clock.advance(SignedDuration::from_hours(24 * 93));
    let (looked, _) = costs(&jane, minute);
    assert!((2..40).contains(&looked), "{looked}");
    settle(&[&jane, &pat, &joe]).await;
    let cancelled = CourseStatus::Cancelled(Cancellation::ConsentEnded);
    assert_eq!(theirs.referral().unwrap().unwrap().status, cancelled);
    assert_eq!(status(&case, &key), "withdrawn");
    let link = jane.engine.db.referral_of_room(room.id()).unwrap().unwrap();
    assert_eq!(link.look, Look { at: None, over: true, seen: None }, "nothing follows of it any more");
    assert_eq!(costs(&jane, minute), (1, 0));
    let after = costs(&jane, || jane.engine.case_changed(case.id()).unwrap());
    assert!(after.0 < alone.0, "{after:?} {alone:?}");
}

#[tokio::test]
async fn a_store_of_before_finds_its_referrals_at_the_start() {
    let world = World::new();
    let ([jane, joe, pat], case, room, theirs, key) = begin(&world).await;
    jane.shutdown().await;
    let (case_id, room_id) = (case.id(), room.id());
    jane.engine
        .db
        .write(|t| t.execute("DELETE FROM referrals", []).map(drop).map_err(|_| Error::internal("test")))
        .unwrap();
    drop((jane, case, room));
    theirs.accept_referral(None).unwrap();
    settle(&[&pat]).await;
    let jane = start_in(&world, "jane", "jane").await;
    settle(&[&jane, &joe]).await;
    assert_eq!(told(&jane.case(case_id).unwrap(), &key), [Told::Accepted]);
    assert!(jane.engine.db.referral_of_room(room_id).unwrap().unwrap().here);
}
