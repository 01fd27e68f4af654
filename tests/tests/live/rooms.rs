//! Who is in a case's room, and what that does to what is sent.

use std::collections::BTreeSet;
use std::time::Duration;

use caseline::case::event::{Content, Event, EventData, VERSION};
use caseline::case::life::{Carried, CaseOpened};
use caseline::id::{CaseId, EventId, RoomId};
use caseline::ports::{CaseTransport, Outgoing, RoomMake};
use caseline::{Message, OpenCase};
use caseline_tests::account;
use serde_json::{Value, json};

use crate::cast::{
    Bare, Cast, Player, bare, cp, held, home, kim_id, left, reasons, settle, texts, until_alike,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_before_accepting_is_there_after_it() {
    let cast = Cast::new();
    let (jane, joe) = (cast.start("jane").await, cast.start("joe").await);
    let case = jane.caseline().open(cast.proposal(&jane, &["jane", "joe"]).await).unwrap();
    case.send(None, Message::text("Before you accepted")).unwrap();
    case.send(None, Message::text("And another")).unwrap();
    settle(&[&jane]).await;
    let (joes, _) = joe.accept().await;
    assert_eq!(joes.id(), case.id());
    joe.until_reads(&joes, &["Before you accepted", "And another"]).await;
    joes.send(None, Message::text("Here I am")).unwrap();
    settle(&[&joe, &jane]).await;
    jane.until_reads(&case, &["Before you accepted", "And another", "Here I am"]).await;
    until_alike(&[(&jane, &case), (&joe, &joes)]).await;
    assert!(case.state().unwrap().roster().accepted(&joe.user()).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_first_signs_in_after_it_was_written_is_handed_it() {
    let cast = Cast::new();
    let jane = cast.start("jane").await;
    let case = jane.caseline().open(cast.proposal(&jane, &["jane", "joe"]).await).unwrap();
    case.send(None, Message::text("You have no device yet")).unwrap();
    settle(&[&jane]).await;
    let joe = cast.start("joe").await;
    let (joes, _) = joe.accept().await;
    joe.until_reads(&joes, &["You have no device yet"]).await;
    joes.send(None, Message::text("Now I have")).unwrap();
    settle(&[&joe, &jane]).await;
    jane.until_reads(&case, &["You have no device yet", "Now I have"]).await;
    until_alike(&[(&jane, &case), (&joe, &joes)]).await;
}

/// Jane's colleague Kim, who holds as much power as she does, leaves the case. `remover` is the keeper that runs.
async fn a_colleague_leaves(remover: &str) {
    let cast = Cast::new();
    let (jane, joe, kim) = (cast.start("jane").await, cast.start("joe").await, cast.start("kim").await);
    let (mut cps, mut acos) = (cast.start("cp-keeper").await, cast.start("aco-keeper").await);
    let names = ["jane", "kim", "joe", "cp-keeper", "aco-keeper"];
    let case = jane.caseline().open(cast.proposal(&jane, &names).await).unwrap();
    case.send(None, Message::text("To all of us")).unwrap();
    settle(&[&jane]).await;
    let (joes, _) = joe.accept().await;
    let (kims, room) = kim.accept().await;
    cps.accept().await;
    acos.accept().await;
    settle(&[&joe, &kim, &cps, &acos, &jane]).await;
    cps.off().await;
    acos.off().await;

    let mut notices = jane.caseline().notices();
    case.end_seat(None, kim_id(), cp()).unwrap();
    case.send(None, Message::text("Without Kim")).unwrap();
    assert_eq!(held(&mut notices).await, ["stranger-in-room"]);
    assert!(!jane.caseline().settle(Duration::from_secs(2)).await.unwrap());
    assert_eq!(texts(&joes), ["To all of us"], "until she is out nothing is sent");

    let keeper = if remover == "cp-keeper" { &mut cps } else { &mut acos };
    keeper.back().await;
    jane.until_reads(&case, &["To all of us", "Without Kim"]).await;
    settle(&[&jane, keeper, &joe]).await;
    joe.until_reads(&joes, &["To all of us", "Without Kim"]).await;
    let members = members("jane", &room);
    assert!(!members.contains(&kim.account.user_id), "{members:?}");
    assert!(members.contains(&jane.account.user_id));
    assert!(!texts(&kims).contains(&"Without Kim".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_whose_participation_ended_is_removed_by_her_sides_keeper() {
    a_colleague_leaves("cp-keeper").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_that_is_stopped_the_other_sides_keeper_removes_her() {
    a_colleague_leaves("aco-keeper").await;
}

/// Who is joined to a room, as somebody's homeserver has it.
fn members(name: &str, room: &RoomId) -> BTreeSet<String> {
    let server = home(name);
    let token = server.admin_token().unwrap();
    let path = format!("/_synapse/admin/v1/rooms/{}/members", escaped(room));
    let answer = server.api("GET", &path, Some(&token), None).unwrap();
    answer["members"].as_array().unwrap().iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_server_puts_into_the_room_reads_nothing_and_the_sender_is_told() {
    let cast = Cast::new();
    let (jane, joe) = (cast.start("jane").await, cast.start("joe").await);
    let mole = bare(home("jane"), &account(home("jane"), "mole")).await;
    let case = jane.caseline().open(cast.proposal(&jane, &["jane", "joe"]).await).unwrap();
    case.send(None, Message::text("Before")).unwrap();
    settle(&[&jane]).await;
    let (joes, room) = joe.accept().await;
    settle(&[&joe, &jane]).await;

    let mut notices = jane.caseline().notices();
    let mut joes_notices = joe.caseline().notices();
    home("jane").admin_join(room.as_str(), mole.transport.user().as_str()).unwrap();
    case.send(None, Message::text("For us only")).unwrap();
    assert_eq!(held(&mut notices).await, ["stranger-in-room"]);
    assert!(!jane.caseline().settle(Duration::from_secs(1)).await.unwrap());
    let notes = jane.caseline().outbox().unwrap().notes;
    assert!(notes.iter().any(|(_, _, note)| note.contains("stranger-in-room")), "{notes:?}");
    // The other side's server has heard of it too before it lets anybody send.
    let inside = || members("joe", &room).contains(mole.transport.user().as_str());
    joe.until("mole in Joe's room", || inside().then_some(())).await;
    joes.send(None, Message::text("For us only, too")).unwrap();
    assert_eq!(held(&mut joes_notices).await, ["stranger-in-room"]);
    assert_eq!(mole.reads(&room).await, Vec::<String>::new());

    mole.transport.leave(&room).await.unwrap();
    settle(&[&jane, &joe]).await;
    until_alike(&[(&jane, &case), (&joe, &joes)]).await;
    let said = texts(&joes);
    assert_eq!(said.len(), 3, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_from_a_stranger_is_refused_and_a_person_is_warned() {
    let cast = Cast::new();
    let (keeper, joe) = (cast.start("aco-keeper").await, cast.start("joe").await);
    let mallory = bare(home("jane"), &account(home("jane"), "mallory")).await;
    let room = mallory.transport.create_room(&make("stranger")).await.unwrap();
    mallory.transport.invite(&room, &keeper.user()).await.unwrap();
    mallory.transport.invite(&room, &joe.user()).await.unwrap();
    for (player, warned) in [(&keeper, false), (&joe, true)] {
        let invitation = player.invitation().await;
        assert_eq!(invitation.by, mallory.transport.user());
        assert_eq!((invitation.contact, invitation.organization), (None, None));
        assert_eq!(invitation.warning.unwrap().code, "stranger");
        let refused = player.caseline().accept(&room, false).await.unwrap_err();
        assert_eq!(reasons(refused), ["stranger"]);
        if !warned {
            player.caseline().decline(&room).await.unwrap();
        }
    }
    let view = mallory.transport.view(&room).await.unwrap();
    assert_eq!(view.membership(&keeper.user()), None, "declined");
    assert!(view.membership(&joe.user()).is_some(), "a person decides");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_room_is_left() {
    let cast = Cast::new();
    let joe = cast.start("joe").await;
    // Jane's account, in the hands of somebody who does not use our client.
    let jane = cast.transport("jane").await;
    let proposal = {
        let keeper = cast.start("cp-keeper").await;
        cast.proposal(&keeper, &["jane", "joe"]).await
    };

    // Its first event does not open a case.
    let room = jane.transport.create_room(&make("words")).await.unwrap();
    let words = json!({ "msgtype": "m.text", "body": "Trust me" });
    assert_left(&jane, &joe, &room, &words, "not-a-case-room").await;

    // The roster does not name who is invited.
    let room = jane.transport.create_room(&make("roster")).await.unwrap();
    let mut without = proposal.clone();
    let joes = without.roster.iter_mut().find(|seat| seat.contact.user.as_ref() == Some(&joe.user()));
    joes.unwrap().contact.user = Some(cast.user("lee"));
    assert_left(&jane, &joe, &room, &opening(without), "not-on-roster").await;

    // Everybody who comes later reads what came before.
    let room = jane.transport.create_room(&make("open")).await.unwrap();
    let server = home("jane");
    let token = server.login(&cast.account("jane").user_id, &cast.account("jane").password).unwrap();
    let path = format!("/_matrix/client/v3/rooms/{}/state/m.room.history_visibility/", escaped(&room));
    server.api("PUT", &path, Some(&token), Some(&json!({ "history_visibility": "shared" }))).unwrap();
    assert_left(&jane, &joe, &room, &opening(proposal), "room-not-of-make").await;
}

fn escaped(room: &RoomId) -> String {
    room.as_str().replace('!', "%21").replace(':', "%3A")
}

fn make(name: &str) -> RoomMake {
    let alias = format!("{name}{}", CaseId::new());
    RoomMake { alias, role_accounts: Vec::new(), leads: Vec::new() }
}

/// The content of an opening event.
fn opening(open: OpenCase) -> Value {
    let case = CaseId::new();
    let opened = CaseOpened {
        case,
        member: open.member,
        plan_side: open.plan_side,
        community_side: open.community_side,
        others: open.others,
        roster: open.roster,
        agreement: Carried::agreement(include_str!("../../../examples/data/agreement.yaml")).unwrap(),
        rules: Carried::rule_set(include_str!("../../../examples/data/rules.yaml")).unwrap(),
    };
    let event = Event {
        v: VERSION,
        id: CaseOpened::event_id(case),
        after: Vec::new(),
        clock: 1,
        at: "2019-03-04T14:00:00Z".parse().unwrap(),
        audit: None,
        marks: caseline::label::Marks::default(),
        data: EventData::CaseOpened(opened),
    };
    serde_json::from_str(Content::new("Opened".into(), &event, false).unwrap().json.get()).unwrap()
}

async fn assert_left(jane: &Bare, joe: &Player, room: &RoomId, content: &Value, code: &str) {
    jane.transport.invite(room, &joe.user()).await.unwrap();
    jane.transport
        .send(&Outgoing {
            room: room.clone(),
            transaction: EventId::new().to_string(),
            content: serde_json::value::to_raw_value(content).unwrap(),
            readers: jane.transport.recipients(&[joe.user()]).await.unwrap(),
        })
        .await
        .unwrap();
    let mut notices = joe.caseline().notices();
    let invitation = joe.invitation().await;
    assert_eq!((&invitation.room, invitation.warning), (room, None), "Jane is known");
    assert_eq!(reasons(joe.caseline().accept(room, false).await.unwrap_err()), [code]);
    assert_eq!(left(&mut notices).await, code);
    assert!(joe.caseline().cases().unwrap().is_empty());
    // The other server hears of it in its own time.
    joe.until("leaving", || (!members("jane", room).contains(&joe.account.user_id)).then_some(())).await;
}
