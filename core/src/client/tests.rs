//! The whole line over the loopback homeserver: from a command to the other side's state. Everybody here is synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod accepted;
mod agreements;
mod alerts;
mod bad_input;
mod comparing;
mod concerns;
mod consents;
mod devices;
mod directory;
mod identities;
mod imports;
mod late;
mod limits;
mod meetings;
mod messages;
mod moving;
mod newcomers;
mod outreach;
mod overlooked;
mod pairs;
mod panel;
mod proofs;
mod proposals;
mod referrals;
mod reopening;
mod repeated;
mod resources;
mod shared;
mod slow_record;
mod tasks;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tempfile::TempDir;

use super::*;
use crate::contact::{Contact, Role, Seat};
use crate::id::{ContactId, EventId, OrganizationId, RoomId};
use crate::member::Member;
use crate::organization::{Organization, OrganizationKind};
use crate::ports::{CaseTransport, PortError};
use crate::store::StoreKey;
use crate::testing::{Endpoint, LoopbackHomeserver, ManualClock};

const AGREEMENT: &str = r#"
id: harbor-bay
version: "1"
title: Synthetic
plan_side: { id: urn:example:org|aco, name: Harbor ACO, keeper: true }
community_side: { id: urn:example:org|cp, name: Bay Community Care, keeper: true }
in_force: { from: 2019-01-01, until: 2030-01-01 }
clock: story
share: { both: [roster, message, care-plan, reminder, handover, task, alert, outreach] }
grace: 1 d
clocks: { plan-return: { days: 14 } }
ladder:
  care-plan:
    - { contact: "urn:example:staff|joe", name: Joe, organization: "urn:example:org|aco", role: aco-care-manager, phone: "555-0101", after: 0 d }
    - { contact: "urn:example:staff|lee", name: Lee, organization: "urn:example:org|aco", role: supervisor, phone: "555-0102", after: 2 d }
"#;
const RULES: &str = "id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: []\n";

struct World {
    server: LoopbackHomeserver,
    clock: ManualClock,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::new("2019-03-01T14:00:00Z".parse().unwrap());
        Self { server: LoopbackHomeserver::new(clock.clone()), clock, folder: TempDir::new().unwrap() }
    }

    async fn start(&self, name: &str) -> Caseline {
        self.start_with(name, Record::None).await
    }

    async fn start_with(&self, name: &str, record: Record) -> Caseline {
        self.start_in(name, name, record).await
    }

    /// A device of somebody's, with its store in a folder of that name.
    async fn start_in(&self, folder: &str, name: &str, record: Record) -> Caseline {
        let caseline = self.start_knowing_nobody(folder, name, record).await;
        caseline.engine.directory.write().unwrap().organizations =
            vec![organization("aco"), organization("cp")];
        caseline.engine.directory.write().unwrap().contacts =
            ["jane", "kim", "joe", "rao", "lee"].map(|name| seat(name).contact).to_vec();
        caseline.add_agreement(AGREEMENT).unwrap();
        let _ = caseline.engine.find_own_cases().await;
        caseline
    }

    /// One without a directory and an agreement.
    async fn start_knowing_nobody(&self, folder: &str, name: &str, record: Record) -> Caseline {
        let transport = self.server.transport(&user(name));
        let caseline = Caseline::builder()
            .store(self.folder.path().join(folder), StoreKey::new([7; 32]))
            .record(record)
            .clock(Arc::new(self.clock.clone()))
            .with_transport(Arc::new(transport))
            .await
            .unwrap();
        caseline.add_rules(RULES).unwrap();
        caseline
    }
}

fn user(name: &str) -> UserId {
    let server = if ["jane", "kim", "cp-bot"].contains(&name) { "cp.example" } else { "aco.example" };
    format!("@{name}:{server}").parse().unwrap()
}

fn organization_id(name: &str) -> OrganizationId {
    format!("urn:example:org|{name}").parse().unwrap()
}

fn organization(name: &str) -> Organization {
    Organization {
        id: organization_id(name),
        name: if name == "aco" { "Harbor ACO" } else { "Bay Community Care" }.to_owned(),
        kind: if name == "aco" {
            OrganizationKind::AccountableCareOrganization
        } else {
            OrganizationKind::BehavioralHealthCommunityPartner
        },
        role_account: Some(user(&format!("{name}-bot"))),
        phone: None,
    }
}

fn seat(name: &str) -> Seat {
    let (organization, role, lead) = match name {
        "jane" => ("cp", Role::CpCareCoordinator, true),
        "kim" => ("cp", Role::Nurse, false),
        "joe" => ("aco", Role::AcoCareManager, true),
        "rao" => ("aco", Role::PcpDesignee, false),
        "lee" => ("aco", Role::Supervisor, false),
        "cp-bot" => ("cp", Role::Keeper, false),
        _ => ("aco", Role::Keeper, false),
    };
    let id = if role == Role::Keeper {
        format!("urn:example:org|{organization}")
    } else {
        format!("urn:example:staff|{name}")
    };
    Seat {
        contact: Contact {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            role,
            organization: organization_id(organization),
            user: Some(user(name)),
            phone: None,
            topics: Vec::new(),
        },
        lead,
    }
}

fn opening(names: &[&str]) -> OpenCase {
    OpenCase {
        id: None,
        member: Member {
            id: "urn:example:member|1".parse().unwrap(),
            name: "Marty Example".to_owned(),
            birth_date: "1961-04-05".parse().unwrap(),
        },
        plan_side: organization("aco"),
        community_side: organization("cp"),
        others: Vec::new(),
        roster: names.iter().map(|name| seat(name)).collect(),
        agreement: None,
        rules: None,
    }
}

const SOON: Duration = Duration::from_secs(10);

async fn settle(everybody: &[&Caseline]) {
    // Twice: what the first round brings makes others answer.
    for _ in 0..2 {
        for one in everybody {
            assert!(one.settle(SOON).await.unwrap(), "{one:?}: {:?}", one.outbox().unwrap());
        }
    }
}

async fn accept(one: &Caseline) -> Case {
    let invitations = one.invitations().await.unwrap();
    assert_eq!(invitations.len(), 1, "{one:?}");
    assert_eq!(invitations[0].warning, None);
    one.accept(&invitations[0].room, false).await.unwrap()
}

fn texts(case: &Case) -> Vec<String> {
    case.state().unwrap().messages.iter().filter_map(|message| message.text.clone()).collect()
}

fn room(case: &Case) -> RoomId {
    case.caseline().engine.case_row(case.id()).unwrap().room.unwrap()
}

#[tokio::test]
async fn two_sides_open_accept_and_write() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    case.send(None, Message::text("Before you came in")).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    assert_eq!(joes.id(), case.id());
    joes.send(None, Message::text("Here I am")).unwrap();
    settle(&[&joe, &jane]).await;
    assert_eq!(texts(&case), ["Before you came in", "Here I am"]);
    assert_eq!(texts(&joes), texts(&case));
    let (ours, theirs) = (case.state().unwrap(), joes.state().unwrap());
    assert_eq!(ours.digest(), theirs.digest());
    assert!(ours.roster().accepted(&user("joe")).is_some());
    for one in [&jane, &joe] {
        let audit = one.audit().unwrap();
        assert_eq!(audit.fault, None);
        assert!(audit.length >= 2);
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_doubles_nothing() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    let transport = world.server.transport(&user("jane"));
    world.server.forget_transactions();
    for n in 0..3 {
        transport.lose_answer_next(Endpoint::Send);
        case.send(None, Message::text(format!("message {n}"))).unwrap();
        settle(&[&jane]).await;
    }
    settle(&[&joe]).await;
    assert_eq!(texts(&joes), ["message 0", "message 1", "message 2"]);
    let sent = world.server.messages(&room(&case)).unwrap();
    assert_eq!(
        sent.iter().filter(|(_, sender, _)| *sender == user("jane")).count(),
        4,
        "the opening and three messages"
    );
    assert_eq!(jane.audit().unwrap().length, 4, "one entry for each disclosure");
}

#[tokio::test]
async fn a_callers_id_makes_a_retry_safe() {
    let world = World::new();
    let jane = world.start("jane").await;
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    let id = EventId::new();
    let first = case.send(Some(id), Message::text("once")).unwrap();
    assert_eq!(case.send(Some(id), Message::text("once")).unwrap(), first);
    let error = case.send(Some(id), Message::text("twice")).unwrap_err();
    assert_eq!(error.code(), "id-taken");
    settle(&[&jane]).await;
    assert_eq!(case.send(Some(id), Message::text("once")).unwrap(), first);
    settle(&[&jane]).await;
    assert_eq!(texts(&case), ["once"]);
}

#[tokio::test]
async fn a_care_plan_goes_out_and_comes_back() {
    let world = World::new();
    let (jane, joe, rao) = (world.start("jane").await, world.start("joe").await, world.start("rao").await);
    let case = jane.open(opening(&["jane", "joe", "rao"])).unwrap();
    settle(&[&jane]).await;
    let (joes, raos) = (accept(&joe).await, accept(&rao).await);
    let long = format!(
        r#"{{"resourceType":"Bundle","type":"collection","dose":1.50,"pad":"{}"}}"#,
        "x".repeat(100 * 1024)
    );
    let (sent, sha256) = case.send_plan_document(None, &long).unwrap();
    settle(&[&jane, &joe, &rao]).await;
    assert_eq!(joes.plan_text(sent.id).unwrap().unwrap(), long);
    assert_eq!(jane.due().unwrap()[0].owed.owner, "urn:example:staff|joe".parse::<ContactId>().unwrap());

    let refused = joes.approve_plan(None, sent.id, None).unwrap_err();
    let Error::NotAllowed { reasons } = refused else { panic!("{refused}") };
    assert!(reasons.iter().all(|reason| !reason.text.is_empty()));
    assert!(raos.approve_plan(None, sent.id, Some(crate::id::Sha256::of("another"))).is_err());

    let id = EventId::new();
    let approved = raos.approve_plan(Some(id), sent.id, Some(sha256)).unwrap();
    settle(&[&rao, &jane, &joe]).await;
    assert_eq!(
        raos.approve_plan(Some(id), sent.id, Some(sha256)).unwrap(),
        approved,
        "a retry is answered, not judged"
    );
    for case in [&case, &joes, &raos] {
        let state = case.state().unwrap();
        assert!(!state.plans.get(sent.id).unwrap().status.is_open());
        // The member has not signed it yet.
        let clocks: Vec<String> = state.owed().into_iter().map(|owed| owed.clock).collect();
        assert_eq!(clocks, ["plan-signature"]);
    }
}

#[tokio::test]
async fn a_plan_says_when_the_member_approved_it() {
    let world = World::new();
    let jane = world.start("jane").await;
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    let plan = r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"CarePlan","status":"active",
        "intent":"plan","extension":[{"url":"urn:caseline:member-approved","valueDate":"2019-02-27"}],
        "subject":{"display":"synthetic"}}}]}"#;
    let (sent, _) = case.send_plan_document(None, plan).unwrap();
    settle(&[&jane]).await;
    let state = case.state().unwrap();
    let approved = state.plans.get(sent.id).unwrap().member_approved;
    assert_eq!(approved, Some("2019-02-27".parse().unwrap()));
}

#[tokio::test]
async fn nothing_is_sent_while_a_stranger_is_in_the_room() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    settle(&[&joe, &jane]).await;
    let mut notices = jane.notices();
    world.server.put_in_room(&room(&case), &user("mallory")).unwrap();
    let key = case.send(None, Message::text("for us only")).unwrap();
    assert!(!jane.settle(Duration::from_secs(2)).await.unwrap());
    let held = loop {
        if let Notice::Held { id, reasons, .. } = notices.try_recv().unwrap() {
            break (id, reasons);
        }
    };
    assert_eq!(held.0, key.id);
    assert_eq!(held.1[0].code, "stranger-in-room");
    assert!(jane.outbox().unwrap().notes.iter().any(|(_, _, note)| note.contains("stranger-in-room")));
}

#[tokio::test]
async fn who_leaves_is_removed_and_reads_nothing_after() {
    let world = World::new();
    let (jane, joe, kim) = (world.start("jane").await, world.start("joe").await, world.start("kim").await);
    let keeper = world.start("cp-bot").await;
    let case = jane.open(opening(&["jane", "joe", "kim", "cp-bot"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    accept(&keeper).await;
    let kims = accept(&kim).await;
    settle(&[&jane]).await;
    case.end_seat(None, "urn:example:staff|kim".parse().unwrap(), organization_id("cp")).unwrap();
    case.send(None, Message::text("after kim")).unwrap();
    settle(&[&jane, &keeper, &joe]).await;
    let view = world.server.transport(&user("jane")).view(&room(&case)).await.unwrap();
    assert_eq!(view.membership(&user("kim")), None);
    let _ = kim.settle(Duration::from_secs(1)).await;
    assert!(!texts(&kims).contains(&"after kim".to_owned()));
}

#[tokio::test]
async fn a_restart_goes_on_where_it_stopped() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    world.server.offline(&user("jane"), true);
    let case = jane.open(opening(&["jane", "joe"])).unwrap().id();
    jane.case(case).unwrap().send(None, Message::text("written offline")).unwrap();
    jane.shutdown().await;
    drop(jane);
    world.server.offline(&user("jane"), false);
    let jane = world.start("jane").await;
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    assert_eq!(texts(&joes), ["written offline"]);
}

#[tokio::test]
async fn each_rung_is_posted_once_by_whose_it_is() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let (cp, aco) = (world.start("cp-bot").await, world.start("aco-bot").await);
    let case = jane.open(opening(&["jane", "joe", "cp-bot", "aco-bot"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    let keepers = [accept(&cp).await, accept(&aco).await];
    case.send_plan_document(None, r#"{"resourceType":"Bundle","type":"collection"}"#).unwrap();
    settle(&[&jane, &cp, &aco]).await;
    assert_eq!(aco.post_due_rungs().unwrap(), 0);
    world.clock.advance(SignedDuration::from_hours(24 * 15));
    assert_eq!(cp.post_due_rungs().unwrap(), 0, "joe stands for the other side, and its keeper is there");
    assert_eq!(aco.post_due_rungs().unwrap(), 1);
    assert_eq!(aco.post_due_rungs().unwrap(), 0);
    settle(&[&aco, &cp, &jane]).await;
    world.clock.advance(SignedDuration::from_hours(24 * 10));
    assert_eq!(cp.post_due_rungs().unwrap(), 1, "lee was not reminded within the grace");
    settle(&[&cp, &aco]).await;
    assert_eq!(aco.post_due_rungs().unwrap(), 0);
    for case in keepers {
        assert_eq!(case.state().unwrap().life.rungs.len(), 2);
    }
}

#[tokio::test]
async fn a_stranger_is_warned_about_and_a_forged_room_left() {
    let world = World::new();
    let joe = world.start("joe").await;
    let mallory = world.server.transport(&user("mallory"));
    let make = crate::ports::RoomMake { alias: "x".into(), role_accounts: Vec::new(), leads: Vec::new() };
    let forged = mallory.create_room(&make).await.unwrap();
    mallory.invite(&forged, &user("joe")).await.unwrap();
    let content = serde_json::json!({ "msgtype": "m.text", "body": "trust me" });
    world.server.send_content(&forged, &user("mallory"), &content).unwrap();
    let invitation = joe.invitations().await.unwrap().remove(0);
    assert_eq!(invitation.warning.unwrap().code, "stranger");
    assert_eq!(joe.accept(&forged, false).await.unwrap_err().code(), "not-allowed");
    let error = joe.accept(&forged, true).await.unwrap_err();
    let Error::NotAllowed { reasons } = error else { panic!("{error}") };
    assert_eq!(reasons[0].code, "not-a-case-room");
    assert!(!mallory.view(&forged).await.unwrap().members.iter().any(|(who, _)| *who == user("joe")));
}

fn patient(birth_date: &str) -> String {
    format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"fullUrl":"urn:uuid:0190a0b0-0000-7000-8000-000000000001",
        "resource":{{"resourceType":"Patient","identifier":[{{"system":"urn:example:member","value":"1"}}],
        "name":[{{"text":"Marty Example"}}],"birthDate":"{birth_date}"}},
        "request":{{"method":"POST","url":"Patient"}}}}]}}"#
    )
}

#[tokio::test]
async fn both_records_hold_what_the_case_says() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let joe = world.start_with("joe", Record::Embedded).await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    joe.import(&patient("1961-04-05")).await.unwrap();
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    joes.send(None, Message::text("Here I am")).unwrap();
    case.send(None, Message::text("Good")).unwrap();
    settle(&[&joe, &jane]).await;
    for one in [&jane, &joe] {
        assert_eq!(one.resources("CareTeam").await.unwrap().len(), 1);
        assert_eq!(one.resources("Communication").await.unwrap().len(), 3, "a header and two messages");
        let audit = one.audit().unwrap();
        assert_eq!(audit.fault, None);
        let events = one.resources("AuditEvent").await.unwrap();
        assert_eq!(events.len() as u64, audit.length, "one AuditEvent for each entry");
    }
}

#[tokio::test]
async fn a_patient_with_another_birth_date_waits_for_a_person() {
    let world = World::new();
    let jane = world.start("jane").await;
    let joe = world.start_with("joe", Record::Embedded).await;
    joe.import(&patient("1999-09-09")).await.unwrap();
    jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe]).await;
    let (bound, proposed) = joes.patient().unwrap();
    assert_eq!(bound, None);
    assert_eq!(joe.resources("CareTeam").await.unwrap().len(), 0, "nothing is written for another person");
    joes.confirm_patient(&proposed.unwrap()).await.unwrap();
    settle(&[&joe]).await;
    assert_eq!(joe.resources("CareTeam").await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_the_server_refuses_for_now_is_tried_again() {
    let world = World::new();
    let jane = world.start("jane").await;
    let transport = world.server.transport(&user("jane"));
    let busy = PortError::Unavailable { code: "http-503", retry_after: Some(Duration::from_millis(20)) };
    for endpoint in [Endpoint::CreateRoom, Endpoint::Invite, Endpoint::View, Endpoint::Send] {
        transport.fail_next(endpoint, busy.clone());
    }
    transport.lose_answer_next(Endpoint::CreateRoom);
    jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    assert_eq!(world.server.transport(&user("jane")).rooms().await.unwrap().len(), 1);
}
