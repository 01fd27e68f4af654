//! Several devices of one account: two keepers of one side, and rooms that are no case's.

use super::*;
use crate::case::state::Standing;

/// Waits until somebody has a case.
async fn has(one: &Caseline, case: CaseId) -> Case {
    let found = async {
        loop {
            if let Ok(case) = one.case(case) {
                return case;
            }
            let _ = one.settle(SOON).await;
        }
    };
    tokio::time::timeout(SOON, found).await.expect("found in time")
}

fn rungs_that_count(case: &Case) -> usize {
    let state = case.state().unwrap();
    let rungs = state.timeline.iter().filter(|entry| entry.kind == "rung.posted");
    let counted = rungs.filter(|entry| entry.standing == Standing::Counted).count();
    assert_eq!(counted, state.life.rungs.len());
    counted
}

#[tokio::test]
async fn a_reminder_that_may_not_be_sent_keeps_no_other_from_being_sent() {
    let world = World::new();
    let (jane, aco) = (world.start("jane").await, world.start("aco-bot").await);
    let silent = AGREEMENT.replace("id: harbor-bay", "id: silent").replace("reminder, ", "");
    jane.add_agreement(&silent).unwrap();
    let mut cases = Vec::new();
    for agreement in ["silent", "harbor-bay", "silent"] {
        let agreement = Some(agreement.parse().unwrap());
        let case = jane.open(OpenCase { agreement, ..opening(&["jane", "joe", "aco-bot"]) }).unwrap();
        settle(&[&jane]).await;
        accept(&aco).await;
        case.send_plan_document(None, r#"{"resourceType":"Bundle","type":"collection"}"#).unwrap();
        settle(&[&jane, &aco]).await;
        cases.push(case);
    }
    world.clock.advance(SignedDuration::from_hours(24 * 15));
    assert_eq!(aco.post_due_rungs().unwrap_err().code(), "not-allowed");
    settle(&[&aco, &jane]).await;
    assert_eq!(cases.iter().map(rungs_that_count).collect::<Vec<_>>(), [0, 1, 0]);
}

#[tokio::test]
async fn two_keepers_of_one_side_and_one_of_the_other_post_each_rung_once_across_a_kill() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let (cp, one) = (world.start("cp-bot").await, world.start("aco-bot").await);
    let other = world.start_in("aco-bot-2", "aco-bot", Record::None).await;
    let case = jane.open(opening(&["jane", "joe", "cp-bot", "aco-bot"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    let cps = accept(&cp).await;
    let ones = accept(&one).await;
    let others = has(&other, case.id()).await;
    case.send_plan_document(None, r#"{"resourceType":"Bundle","type":"collection"}"#).unwrap();
    settle(&[&jane, &joe, &cp, &one, &other]).await;

    world.clock.advance(SignedDuration::from_hours(24 * 15));
    // Neither has heard of the other's.
    assert_eq!((one.post_due_rungs().unwrap(), other.post_due_rungs().unwrap()), (1, 1));
    assert_eq!(cp.post_due_rungs().unwrap(), 0);
    settle(&[&one, &other, &cp, &jane]).await;
    for case in [&case, &cps, &ones, &others] {
        assert_eq!(rungs_that_count(case), 1);
        assert_eq!(case.state().unwrap().digest(), others.state().unwrap().digest());
    }

    world.clock.advance(SignedDuration::from_hours(24 * 2));
    assert_eq!(one.post_due_rungs().unwrap(), 1);
    // Killed with the second reminder in its outbox, or just out of it.
    one.shutdown().await;
    drop((one, ones));
    other.post_due_rungs().unwrap();
    settle(&[&other, &cp]).await;
    let one = world.start("aco-bot").await;
    settle(&[&one, &other, &cp, &jane]).await;
    assert_eq!(
        one.post_due_rungs().unwrap() + other.post_due_rungs().unwrap() + cp.post_due_rungs().unwrap(),
        0
    );
    let ones = one.case(case.id()).unwrap();
    for case in [&case, &cps, &ones, &others] {
        assert_eq!(rungs_that_count(case), 2);
        assert_eq!(case.state().unwrap().digest(), others.state().unwrap().digest());
    }
}

#[tokio::test]
async fn a_room_that_is_no_cases_is_left_alone_where_this_account_was_in_it_already() {
    let world = World::new();
    let transport = world.server.transport(&user("joe"));
    let make =
        crate::ports::RoomMake { alias: "family".into(), role_accounts: Vec::new(), leads: Vec::new() };
    let family = transport.create_room(&make).await.unwrap();
    let content = serde_json::json!({ "msgtype": "m.text", "body": "Who cooks tonight?" });
    world.server.send_content(&family, &user("joe"), &content).unwrap();
    let joe = world.start("joe").await;
    settle(&[&joe]).await;
    assert!(joe.cases().unwrap().is_empty());
    assert_eq!(transport.rooms().await.unwrap(), [family]);
}

#[tokio::test]
async fn a_case_whose_people_cannot_be_asked_after_holds_up_no_other() {
    let world = World::new();
    let jane = world.start("jane").await;
    let stuck = jane.open(opening(&["jane", "joe", "kim"])).unwrap();
    settle(&[&jane]).await;
    // As for a homeserver that takes the connection and says nothing.
    world.server.never_answer_for(&user("kim"));
    stuck.send(None, Message::text("waits")).unwrap();
    let other = jane.open(opening(&["jane", "joe"])).unwrap();
    other.send(None, Message::text("goes out")).unwrap();
    let only_one_waits = async {
        while jane.outbox().unwrap().waiting > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, only_one_waits).await.expect("only what is stuck waits");
    assert_eq!(texts(&other), ["goes out"]);
    assert!(texts(&stuck).is_empty());
}

#[tokio::test]
async fn nobody_is_invited_whose_naming_was_refused_as_it_was_to_leave() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    settle(&[&joe, &jane]).await;
    world.server.offline(&user("jane"), true);
    let named = case.name_seat(None, seat("kim")).unwrap();
    // The agreement ends meanwhile.
    world.clock.advance(SignedDuration::from_hours(24 * 365 * 12));
    let mut notices = jane.notices();
    world.server.offline(&user("jane"), false);
    settle(&[&jane]).await;
    let refused = std::iter::from_fn(|| notices.try_recv().ok())
        .any(|notice| matches!(notice, Notice::Refused { id, .. } if id == named.id));
    assert!(refused);
    let view = world.server.transport(&user("jane")).view(&room(&case)).await.unwrap();
    assert_eq!(view.membership(&user("kim")), None);
    assert_eq!(jane.outbox().unwrap().waiting, 0);
}

#[tokio::test]
async fn a_seat_whose_server_is_gone_can_be_ended() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let _lee = world.start("lee").await;
    let case = jane.open(opening(&["jane", "joe", "lee"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    world.server.unreachable(&user("lee"), true);
    joes.end_seat(None, seat("lee").contact.id, organization_id("aco")).unwrap();
    let left = async {
        while joes.state().unwrap().roster().contains(&user("lee")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, left).await.expect("it leaves for the others");
    settle(&[&jane]).await;
    assert!(!case.state().unwrap().roster().contains(&user("lee")));
    // At the first attempt, and to the others alone.
    let sent = world.server.messages(&room(&case)).unwrap();
    let (id, ..) = sent.iter().find(|(_, _, content)| content.get().contains("seat.ended")).unwrap();
    let readers = world.server.readers(&room(&case), id).unwrap();
    assert!(readers.contains(&user("jane")) && !readers.contains(&user("lee")));
}

#[tokio::test]
async fn nobody_waits_for_good_for_a_server_that_is_gone() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let lee = world.start("lee").await;
    world.server.unreachable(&user("lee"), true);
    let mut notices = jane.notices();
    let case = jane.open(opening(&["jane", "joe", "lee"])).unwrap();
    case.send(None, Message::text("one")).unwrap();
    assert!(!jane.settle(Duration::from_secs(1)).await.unwrap(), "it is waited for a while");
    jane.engine.silence().patience = Duration::ZERO;
    joe.engine.silence().patience = Duration::ZERO;
    settle(&[&jane]).await;
    let missed = std::iter::from_fn(|| notices.try_recv().ok())
        .any(|notice| matches!(notice, Notice::NotReached { user: who, .. } if who == user("lee")));
    assert!(missed, "who could not be reached is told");
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    assert_eq!(texts(&joes), ["one"]);

    world.server.unreachable(&user("lee"), false);
    let lees = accept(&lee).await;
    settle(&[&jane, &lee, &joe]).await;
    assert_eq!(texts(&lees), ["one"]);
    assert_eq!(lees.state().unwrap().digest(), case.state().unwrap().digest());
}

#[tokio::test]
async fn a_room_that_a_stranger_invited_another_device_to_is_read_only_where_a_person_says_so() {
    let world = World::new();
    let mallory = world.start("mallory").await;
    let mut open = opening(&["jane", "joe"]);
    open.roster[0].contact.user = Some(user("mallory"));
    let case = mallory.open(open).unwrap();
    settle(&[&mallory]).await;
    let room = room(&case);
    // As a homeserver can say it, too.
    world.server.transport(&user("joe")).join(&room).await.unwrap();
    let (first, second) = (world.start("joe").await, world.start_in("joe-2", "joe", Record::None).await);
    settle(&[&first, &second]).await;
    for joe in [&first, &second] {
        assert!(joe.cases().unwrap().is_empty());
        let found = joe.invitations().await.unwrap().remove(0);
        assert_eq!(
            (found.room, found.joined, found.warning.unwrap().code.as_ref()),
            (room.clone(), true, "stranger")
        );
        assert_eq!(joe.accept(&room, false).await.unwrap_err().code(), "not-allowed");
    }
    first.decline(&room).await.unwrap();
    assert!(first.invitations().await.unwrap().is_empty());
    let members = mallory.engine.transport.view(&room).await.unwrap().members;
    assert!(members.iter().any(|(who, _)| *who == user("joe")), "the other devices are in it");
    assert_eq!(second.accept(&room, true).await.unwrap().id(), case.id());
}

#[tokio::test]
async fn a_room_that_another_device_accepted_is_read_on_its_word() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    settle(&[&joe, &jane]).await;
    let second = world.start_knowing_nobody("joe-2", "joe", Record::None).await;
    let seconds = has(&second, case.id()).await;
    settle(&[&second]).await;
    assert_eq!(seconds.state().unwrap().digest(), case.state().unwrap().digest());
    assert!(second.invitations().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_found_room_is_read_once_whoever_invited_to_it_is_known() {
    let world = World::new();
    let jane = world.start("jane").await;
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    // By a client that tells nothing.
    world.server.transport(&user("joe")).join(&room(&case)).await.unwrap();
    let joe = world.start_knowing_nobody("joe", "joe", Record::None).await;
    settle(&[&joe, &jane]).await;
    assert!(joe.case(case.id()).is_err());
    assert_eq!(joe.invitations().await.unwrap().len(), 1);
    joe.engine.directory.write().unwrap().organizations = vec![organization("aco"), organization("cp")];
    joe.engine.directory.write().unwrap().contacts = vec![seat("jane").contact];
    joe.add_agreement(AGREEMENT).unwrap();
    let joes = has(&joe, case.id()).await;
    settle(&[&joe, &jane]).await;
    assert_eq!(joes.state().unwrap().digest(), case.state().unwrap().digest());
    assert!(joe.invitations().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_account_that_shares_no_secret_waits_for_none() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    world.server.transport(&user("joe")).fail_next(Endpoint::TellAccepted, PortError::DeviceUntrusted);
    accept(&joe).await;
    settle(&[&joe]).await;
    assert_eq!(joe.outbox().unwrap().waiting, 0);
    assert_eq!(world.server.transport(&user("joe")).requests(Endpoint::TellAccepted), 1);
}
