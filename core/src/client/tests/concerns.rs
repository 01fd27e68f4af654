//! What organisations bring to the programme office, over the loopback homeserver.

use super::*;
use crate::case::kind::RoomKind;
use crate::concern::ConcernStatus;
use crate::concern::check::DataKind;
use crate::concern::tests::AGREEMENT as WITH_CP;
use crate::{Answer, Concern, OpenProgramme};

const WITH_ACO: &str = r#"
id: office-harbor
version: "1"
title: Synthetic
kind: programme
programme_office: { id: urn:example:org|office, name: Programme office }
organization: { id: urn:example:org|aco, name: Harbor ACO }
in_force: { from: 2019-01-01 }
clock: story
share: { both: [roster, concern, reminder, handover] }
ladder:
  concern:
    - { contact: "urn:example:staff|ann", name: ann, organization: "urn:example:org|office", role: supervisor, phone: "555-0102" }
"#;

fn office() -> Organization {
    Organization {
        id: organization_id("office"),
        name: "Programme office".into(),
        kind: OrganizationKind::ProgrammeOffice,
        role_account: None,
        phone: None,
    }
}

fn ann() -> Contact {
    Contact {
        id: "urn:example:staff|ann".parse().unwrap(),
        name: "ann".into(),
        role: Role::Supervisor,
        organization: organization_id("office"),
        user: Some(user("ann")),
        phone: Some("2".into()),
        topics: Vec::new(),
    }
}

async fn start(world: &World, name: &str) -> Caseline {
    let caseline = world.start_with(name, Record::Embedded).await;
    {
        let mut directory = caseline.engine.directory.write().unwrap();
        directory.organizations.push(office());
        directory.contacts.push(ann());
    }
    caseline.add_agreement(&WITH_CP.replace("share:", "clock: story\nshare:")).unwrap();
    caseline.add_agreement(WITH_ACO).unwrap();
    caseline
}

fn with_office() -> OpenProgramme {
    OpenProgramme::new(office().id, [Named::lead(ann().id)])
}

fn code(error: &Error) -> String {
    match error {
        Error::NotAllowed { reasons } => reasons[0].code.to_string(),
        other => other.code().to_owned(),
    }
}

fn concern(text: &str) -> Concern {
    Concern::new("Late lists", text)
}

async fn said(caseline: &Caseline) -> Vec<serde_json::Value> {
    let found = caseline.resources("Communication").await.unwrap();
    found.iter().map(|stored| serde_json::from_str(&stored.json).unwrap()).collect()
}

#[tokio::test]
async fn a_concern_goes_to_the_office_and_its_answer_to_everybody() {
    let world = World::new();
    let (jane, joe, anns) =
        (start(&world, "jane").await, start(&world, "joe").await, start(&world, "ann").await);
    // A case and the rooms of two organisations stand beside each other.
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    let room = jane.open_programme(with_office()).unwrap();
    assert_eq!(code(&jane.open_programme(with_office()).unwrap_err()), "programme-room-known");
    settle(&[&jane]).await;
    accept(&joe).await;
    let of_joe = joe.open_programme(with_office()).unwrap();
    settle(&[&joe]).await;
    for invitation in anns.invitations().await.unwrap() {
        assert_eq!(invitation.warning, None);
        anns.accept(&invitation.room, false).await.unwrap();
    }
    settle(&[&anns, &jane, &joe]).await;
    assert_eq!((jane.cases().unwrap().len(), jane.rooms(RoomKind::Programme).unwrap().len()), (1, 1));
    assert_eq!((anns.cases().unwrap().len(), anns.rooms(RoomKind::Programme).unwrap().len()), (0, 2));
    assert_eq!(jane.cases().unwrap()[0].id(), case.id());

    // Nothing of a member leaves: not by its form, not as the number of one known here; a name is asked about.
    let refused = |text: &str| match room.raise_concern(None, concern(text)).unwrap_err() {
        Error::InvalidInput(invalid) => (invalid.code, invalid.field.unwrap()),
        other => panic!("{other}"),
    };
    assert_eq!(refused("Member 100000000001"), ("concern-member-data", "text[7..19]".to_owned()));
    assert_eq!(refused("For Marty they were late"), ("concern-name", "text[4..9]".to_owned()));
    let found = jane.check_concern("For Marty, 617-555-0141").unwrap();
    assert_eq!(found.iter().map(|one| one.kind).collect::<Vec<_>>(), [DataKind::Phone, DataKind::Name]);
    assert_eq!(code(&room.send(None, Message::text("Hello")).unwrap_err()), "room-kind");
    assert_eq!(code(&case.raise_concern(None, concern("Here?")).unwrap_err()), "room-kind");
    let id = EventId::new();
    let raise = || room.raise_concern(Some(id), concern("Marty Street gets none").names_confirmed(true));
    let raised = raise().unwrap();
    assert_eq!(raise().unwrap(), raised, "a repeated command is answered as it was first");
    settle(&[&jane, &anns]).await;
    let owed = anns.due().unwrap();
    assert_eq!((owed.len(), owed[0].owed.clock.as_str(), owed[0].case), (1, "concern-heard", room.id()));

    let office = anns.case(room.id()).unwrap();
    office.hear_concern(None, raised.id).unwrap();
    let answer = Answer::new("On the first of each month").shared_as("When do assignment lists come?");
    office.answer_concern(None, raised.id, answer).unwrap();
    settle(&[&anns, &jane, &joe]).await;
    let told = of_joe.state().unwrap();
    assert_eq!(told.concerns.published().len(), 1);
    assert!(room.state().unwrap().concerns.published().is_empty(), "who asked has the answer");
    assert_eq!(room.concerns().unwrap()[0].status, ConcernStatus::Answered);
    let joes = joe.answered_concerns("lists month").unwrap();
    assert_eq!(
        (joes[0].question.as_str(), joes[0].answer.as_str(), joes.len()),
        ("When do assignment lists come?", "On the first of each month", 1)
    );
    let text = format!("{:?}", told.timeline.iter().map(|entry| &entry.text).collect::<Vec<_>>());
    assert!(!text.contains("Bay Community") && !text.contains("Marty"), "nobody is told who asked: {text}");
    assert_eq!(jane.answered_concerns("marty").unwrap().len(), 1);
    assert_eq!(anns.answered_concerns("").unwrap().len(), 2);

    room.close_concern(None, raised.id).unwrap();
    settle(&[&jane, &anns]).await;
    assert!(anns.due().unwrap().is_empty());
    assert_eq!(
        code(&office.answer_concern(None, raised.id, Answer::new("So")).unwrap_err()),
        "concern-closed"
    );
    room.reopen_concern(None, raised.id, "They are late again", false).unwrap();
    settle(&[&jane, &anns, &joe]).await;
    assert_eq!(office.state().unwrap().digest(), room.state().unwrap().digest());
    assert_eq!(office.concerns().unwrap()[0].status, ConcernStatus::Raised);

    // A record of the office's has the concern, its answer and what was told everybody, and nobody's care.
    let records = said(&anns).await;
    assert_eq!(records.len(), 3);
    assert!(records.iter().all(|one| one.get("subject").is_none()));
    assert_eq!(
        jane.resources("CareTeam").await.unwrap().len(),
        0,
        "its case has no Patient yet, and the room none"
    );
    assert_eq!(said(&joe).await.len(), 1);
    for one in [&jane, &joe, &anns] {
        assert_eq!(one.audit().unwrap().fault, None);
    }
}

#[tokio::test]
async fn what_was_told_everybody_reaches_a_room_that_opens_later_once() {
    let world = World::new();
    let (jane, joe, anns) =
        (start(&world, "jane").await, start(&world, "joe").await, start(&world, "ann").await);
    let room = jane.open_programme(with_office()).unwrap();
    let raised = room.raise_concern(None, concern("Since March")).unwrap();
    settle(&[&jane]).await;
    accept(&anns).await;
    settle(&[&anns]).await;
    let answer = Answer::new("On the first").shared_as("When?");
    anns.case(room.id()).unwrap().answer_concern(None, raised.id, answer).unwrap();
    settle(&[&anns]).await;
    let of_joe = joe.open_programme(with_office()).unwrap();
    settle(&[&joe]).await;
    accept(&anns).await;
    settle(&[&anns, &joe]).await;
    assert_eq!(of_joe.state().unwrap().concerns.published().len(), 1);
    // Looked at again, as at every start.
    anns.engine.publish_answers(None, None).unwrap();
    settle(&[&anns, &joe]).await;
    assert_eq!(of_joe.state().unwrap().concerns.published().len(), 1);
}

#[tokio::test]
async fn a_member_who_became_known_since_holds_a_concern_back() {
    let world = World::new();
    let (jane, anns) = (start(&world, "jane").await, start(&world, "ann").await);
    let room = jane.open_programme(with_office()).unwrap();
    settle(&[&jane]).await;
    accept(&anns).await;
    settle(&[&anns, &jane]).await;
    world.server.offline(&user("jane"), true);
    let raised = room.raise_concern(None, concern("About MH-77-4")).unwrap();
    let mut other = opening(&["jane", "joe"]);
    other.member.id = "urn:example:member|mh774".parse().unwrap();
    jane.open(other).unwrap();
    let mut notices = jane.notices();
    world.server.offline(&user("jane"), false);
    settle(&[&jane, &anns]).await;
    let reasons = loop {
        if let Notice::Refused { id, reasons, .. } = notices.try_recv().unwrap()
            && id == raised.id
        {
            break reasons;
        }
    };
    assert_eq!(reasons[0].code, "concern-member-data");
    assert!(anns.case(room.id()).unwrap().concerns().unwrap().is_empty());
    let sent = world.server.messages(&super::room(&room)).unwrap();
    assert!(!format!("{sent:?}").contains("MH-77"));
}

#[tokio::test]
async fn a_concern_is_checked_against_everybody_without_folding_every_case() {
    let world = World::new();
    let jane = start(&world, "jane").await;
    for n in 0..12 {
        let mut one = opening(&["jane", "joe"]);
        one.member.id = format!("urn:example:member|mh9{n:02}1").parse().unwrap();
        one.member.name = format!("Synthia Nobodyson {n}");
        jane.open(one).unwrap();
    }
    settle(&[&jane]).await;
    let looks = || {
        let before = jane.engine.looks.load(std::sync::atomic::Ordering::Relaxed);
        let found = jane.check_concern("Synthia has the number MH9-03-1").unwrap();
        (jane.engine.looks.load(std::sync::atomic::Ordering::Relaxed) - before, found.len())
    };
    assert_eq!(looks(), (0, 2), "each was looked at, one by one, before");
    // What waits is known, too; and nothing else is folded for it.
    world.server.offline(&user("jane"), true);
    let mut one = opening(&["jane", "joe"]);
    one.member.name = "Synthia Waitinger".into();
    jane.open(one).unwrap();
    assert_eq!(looks(), (1, 2));
    assert_eq!(jane.check_concern("Waitinger has called").unwrap().len(), 1);
    world.server.offline(&user("jane"), false);
    settle(&[&jane]).await;
    assert_eq!(looks(), (0, 2));
}
