//! Whoever opened a referral's room is away: others of the referrer's tell the case, and the agency.

use super::*;

struct Away {
    world: World,
    joe: Caseline,
    kim: Caseline,
    keeper: Caseline,
    pat: Caseline,
    case: Case,
    room: Case,
    key: EventKey,
}

/// A referral with Jane's colleague and the keeper in both of its rooms; then Jane's device is off.
async fn away() -> Away {
    let world = World::new();
    let start = async |name: &str| {
        let caseline = start_in(&world, name, name).await;
        know(&caseline, [super::pat()]);
        caseline.add_agreement(&WITH_PANTRY.replace("share:", "clock: story\nshare:")).unwrap();
        caseline
    };
    let (jane, joe, kim) = (start("jane").await, start("joe").await, start("kim").await);
    let (keeper, pat) = (start("cp-bot").await, start("pat").await);
    let mut open = opening(&["jane", "joe", "kim", "cp-bot"]);
    open.agreement = Some("harbor-bay-2".parse().unwrap());
    let case = jane.open(open).unwrap();
    settle(&[&jane]).await;
    for one in [&joe, &kim, &keeper] {
        accept(one).await;
    }
    let given = case.record_consent(None, consent()).unwrap().id;
    settle(&[&joe, &kim, &keeper, &jane]).await;
    let key = case.refer(None, refer(given).field(Field::Name)).await.unwrap().key;
    settle(&[&jane]).await;
    for one in [&pat, &kim, &keeper] {
        accept(one).await;
    }
    settle(&[&pat, &kim, &keeper, &jane, &joe]).await;
    assert_eq!(status(&joe.case(case.id()).unwrap(), &key), "sent");
    let (case, room) = (joe.case(case.id()).unwrap(), pat.case(room_of(&key)).unwrap());
    jane.shutdown().await;
    Away { world, joe, kim, keeper, pat, case, room, key }
}

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

#[tokio::test]
async fn the_keeper_tells_what_the_agency_does_and_that_it_is_to_stop() {
    let Away { world, joe, keeper, pat, case, room, key, .. } = away().await;
    let roster = room.state().unwrap();
    let named: Vec<&str> = roster.roster().active().map(|seat| seat.contact.name.as_str()).collect();
    assert_eq!(named, ["jane", "kim", "pat", "Bay Community Care"]);
    room.accept_referral(None).unwrap();
    settle(&[&pat, &keeper, &joe]).await;
    keeper.engine.follow_due_referrals().unwrap();
    settle(&[&keeper, &joe]).await;
    assert_eq!(told(&case, &key), [], "it is left to whoever opened the room for a while");
    world.clock.advance(minutes(11));
    keeper.engine.follow_due_referrals().unwrap();
    settle(&[&keeper, &joe]).await;
    assert_eq!(told(&case, &key), [Told::Accepted]);
    let consent = case.state().unwrap().consents.all()[0].key.id;
    case.revoke_consent(None, consent, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    settle(&[&joe, &keeper]).await;
    world.clock.advance(minutes(11));
    keeper.engine.follow_due_referrals().unwrap();
    settle(&[&keeper, &pat]).await;
    let course = room.referral().unwrap().unwrap();
    assert_eq!(course.status, CourseStatus::Cancelled(Cancellation::ConsentEnded));
    world.clock.advance(minutes(11));
    keeper.engine.follow_due_referrals().unwrap();
    settle(&[&keeper, &joe]).await;
    assert_eq!(told(&case, &key), [Told::Accepted, Told::Cancelled]);
    assert_eq!(status(&case, &key), "withdrawn");
    assert!(joe.due().unwrap().iter().all(|one| !one.owed.clock.starts_with("referral")));
}

#[tokio::test]
async fn what_two_accounts_tell_counts_once_and_a_colleague_sees_it_through() {
    let Away { world, joe, kim, keeper, pat, case, room, key } = away().await;
    room.accept_referral(None).unwrap();
    room.referral_outcome(None, OutcomeCode::Provided, "Twenty meals").unwrap();
    settle(&[&pat, &kim, &keeper]).await;
    world.clock.advance(minutes(21));
    // Neither has heard the other.
    kim.engine.follow_due_referrals().unwrap();
    keeper.engine.follow_due_referrals().unwrap();
    settle(&[&keeper, &kim, &joe]).await;
    assert_eq!(told(&case, &key), [Told::Accepted, Told::Provided]);
    let state = case.state().unwrap();
    let lines: Vec<&str> = state
        .timeline
        .iter()
        .filter(|entry| entry.kind == "referral.told")
        .map(|entry| entry.standing.reason().map_or("", |reason| &*reason.code))
        .collect();
    assert_eq!(lines.iter().filter(|code| code.is_empty()).count(), 2);
    assert!(lines.iter().all(|code| ["", "referral-told-before"].contains(code)), "{lines:?}");
    assert!(lines.len() > 2, "{lines:?}");

    // Kim closes it in Jane's place, and tells so at her turn.
    let kims = kim.case(room.id()).unwrap();
    kims.close_referral(None).unwrap();
    settle(&[&kim, &pat]).await;
    world.clock.advance(minutes(21));
    kim.engine.follow_due_referrals().unwrap();
    settle(&[&kim, &keeper, &joe]).await;
    assert_eq!(status(&case, &key), "closed");
    assert_eq!(kim.case(case.id()).unwrap().state().unwrap().digest(), case.state().unwrap().digest());
    assert_eq!(kims.state().unwrap().digest(), room.state().unwrap().digest());

    // And Jane, who comes back, tells nothing a second time that counts.
    let jane = start_in(&world, "jane", "jane").await;
    settle(&[&jane, &kim, &joe]).await;
    assert_eq!(told(&case, &key), [Told::Accepted, Told::Provided, Told::Closed]);
    let again = kim.case(case.id()).unwrap().send_referral(&key, BTreeMap::new()).await.unwrap();
    assert_eq!(again.id(), room.id());
}

#[tokio::test]
async fn who_has_not_its_room_opens_no_second_one() {
    let world = World::new();
    let (jane, joe) = (start(&world, "jane").await, start(&world, "joe").await);
    let kim = start(&world, "kim").await;
    let mut open = opening(&["jane", "joe", "kim"]);
    open.agreement = Some("harbor-bay-2".parse().unwrap());
    let case = jane.open(open).unwrap();
    settle(&[&jane]).await;
    let (_, kims) = (accept(&joe).await, accept(&kim).await);
    let given = case.record_consent(None, consent()).unwrap().id;
    settle(&[&joe, &kim, &jane]).await;
    let key = case.refer(None, refer(given).field(Field::Name)).await.unwrap().key;
    settle(&[&jane, &kim]).await;
    let refused = kims.send_referral(&key, BTreeMap::new()).await.unwrap_err();
    assert_eq!(code(&refused), "referral-sent");
    let invited = kim.invitations().await.unwrap();
    assert_eq!(invited.len(), 1, "she is named for its room, and takes it up or not");
    kim.accept(&invited[0].room, false).await.unwrap();
    settle(&[&kim]).await;
    let room = kims.send_referral(&key, BTreeMap::new()).await.unwrap();
    assert_eq!(room.id(), room_of(&key));
}

#[tokio::test]
async fn an_agencys_clock_that_is_ahead_is_waited_for_from_when_it_was_first_seen() {
    let Away { world, joe, keeper, pat, case, room, key, .. } = away().await;
    let accepted =
        serde_json::json!({ "kind": "referral.accepted", "at": "9990-01-01T00:00:00Z", "data": {} });
    hostile::write(&world, &room, "pat", "referral.opened", &accepted);
    settle(&[&pat, &keeper, &joe]).await;
    world.clock.advance(minutes(5));
    keeper.engine.follow_due_referrals().unwrap();
    settle(&[&keeper, &joe]).await;
    assert_eq!(told(&case, &key), [], "it is left to whoever opened the room for a while");
    // It is looked at for another reason: the wait does not begin anew.
    keeper.engine.follow_referrals(room.id()).unwrap();
    world.clock.advance(minutes(6));
    keeper.engine.follow_due_referrals().unwrap();
    settle(&[&keeper, &joe]).await;
    assert_eq!(told(&case, &key), [Told::Accepted]);
}
