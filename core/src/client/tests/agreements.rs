//! Agreements that two organisations propose to each other, and what a meeting decided in vain, over the loopback homeserver.

use super::*;
use crate::agreement::proposal::ProposalStatus;
use crate::case::event::EventKey;
use crate::case::fold::Fold;
use crate::case::kind::RoomKind;
use crate::concern::tests::AGREEMENT as WITH_OFFICE;
use crate::meeting::MeetingAnswer;
use crate::{BringPoint, Concern, Decision, OpenPair, OpenProgramme, SetMeeting, Task};

fn with(who: &str) -> OpenPair {
    let contact = seat(who).contact;
    OpenPair::new(contact.organization, [Named::lead(contact.id)])
}

fn code(error: &Error) -> String {
    match error {
        Error::NotAllowed { reasons } => reasons[0].code.to_string(),
        other => other.code().to_owned(),
    }
}

fn version(n: u32, from: &str) -> String {
    let text = AGREEMENT.replace("version: \"1\"", &format!("version: \"{n}\""));
    text.replace("from: 2019-01-01", &format!("from: {from}"))
}

async fn documents(caseline: &Caseline) -> Vec<serde_json::Value> {
    let found = caseline.resources("DocumentReference").await.unwrap();
    found.iter().map(|stored| serde_json::from_str(&stored.json).unwrap()).collect()
}

#[tokio::test]
async fn what_the_other_side_accepts_is_what_new_cases_open_with() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let joe = world.start_with("joe", Record::Embedded).await;
    let old = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    let room = jane.open_pair(with("joe")).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;

    // A mistake is named by its line and field, and nothing is sent.
    let wrong = version(2, "2019-03-15").replace("grace: 1 d", "grace: soon");
    let Error::InvalidInput(error) = room.propose_agreement(None, &wrong).unwrap_err() else { panic!() };
    assert!(error.line.is_some() && error.field.is_some(), "{error:?}");
    let others = version(2, "2019-03-15").replace("urn:example:org|cp", "urn:example:org|other");
    for (text, wanted) in [
        (others, "agreement-of-others"),
        (version(2, "2019-03-15").replace("clock: story\n", ""), "agreement-story-clock"),
        ("#".repeat(40 * 1024), "agreement-too-long"),
    ] {
        assert_eq!(code(&room.propose_agreement(None, &text).unwrap_err()), wanted);
    }
    assert!(room.proposals().unwrap().is_empty());
    assert_eq!(code(&old.propose_agreement(None, &version(2, "2019-03-15")).unwrap_err()), "room-kind");

    let id = EventId::new();
    let propose = || room.propose_agreement(Some(id), &version(2, "2019-03-15")).unwrap();
    let proposal = propose();
    assert_eq!(propose(), proposal, "a retry is answered as it was first");
    let again = room.propose_agreement(None, &version(2, "2019-03-15")).unwrap_err();
    assert_eq!(code(&again), "agreement-known");
    settle(&[&jane, &joe]).await;
    assert!(joe.due().unwrap().iter().any(|item| item.owed.clock == "agreement-answer"));
    assert_eq!(joes.proposals().unwrap()[0].status, ProposalStatus::Proposed);
    let own = room.accept_agreement(None, proposal.clone()).unwrap_err();
    assert_eq!(code(&own), "agreement-not-other-side");
    joes.accept_agreement(None, proposal.clone()).unwrap();
    settle(&[&joe, &jane]).await;
    assert!(joe.due().unwrap().iter().all(|item| item.owed.clock != "agreement-answer"));
    for one in [&jane, &joe] {
        let written = documents(one).await;
        assert_eq!((written.len(), &written[0]["status"]), (1, &serde_json::json!("current")));
        assert_eq!(one.audit().unwrap().fault, None);
    }

    // Until its first day the old one counts, and from then on the new one; an open case keeps its own.
    let opened = |caseline: &Caseline, n: &str| {
        let mut open = opening(&["jane", "joe"]);
        open.member.id = format!("urn:example:member|{n}").parse().unwrap();
        let case = caseline.open(open).unwrap();
        let version = |fold: &Fold| fold.state().opening().unwrap().agreement.version.clone();
        caseline.engine.with_expected(case.id(), version).unwrap()
    };
    assert_eq!(opened(&jane, "2"), "1");
    world.clock.advance(SignedDuration::from_hours(24 * 20));
    assert_eq!((opened(&jane, "3"), opened(&joe, "4")), ("2".into(), "2".into()));
    assert_eq!(old.state().unwrap().opening().unwrap().agreement.version, "1", "an open case keeps its own");
    let beside = jane.side_by_side().unwrap();
    assert_eq!(beside.len(), 1, "{beside:?}");
    assert_eq!(jane.open_pair(with("joe")).unwrap().id(), room.id());

    // A third one is declined, and a fourth taken back.
    let third = joes.propose_agreement(None, &version(3, "2019-05-01")).unwrap();
    settle(&[&joe, &jane]).await;
    let named = room.decline_agreement(None, third.clone(), "Marty would wait", false).unwrap_err();
    assert_eq!(named.code(), "concern-name");
    room.decline_agreement(None, third, "Fourteen days are too few", false).unwrap();
    let fourth = room.propose_agreement(None, &version(4, "2019-05-01")).unwrap();
    room.withdraw_agreement(None, fourth).unwrap();
    settle(&[&jane, &joe]).await;
    let stands: Vec<&str> = joes.proposals().unwrap().iter().map(|one| one.status.code()).collect();
    assert_eq!(stands, ["accepted", "declined", "withdrawn"]);
    assert_eq!(opened(&jane, "5"), "2");
}

#[tokio::test]
async fn what_a_meeting_decided_in_vain_is_owed_until_it_is_settled() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    // The room's agreement goes on for longer than the one that the case is under.
    let longer = AGREEMENT.replace("id: harbor-bay", "id: longer").replace(", until: 2030-01-01", "");
    for one in [&jane, &joe] {
        one.add_agreement(&longer).unwrap();
    }
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    let mut open = with("joe");
    open.agreement = Some("longer".parse().unwrap());
    let room = jane.open_pair(open).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    let ten = jiff::civil::time(10, 0, 0, 0);
    let meeting = room.set_meeting(None, SetMeeting::new("2019-04-22".parse().unwrap(), ten, 30)).unwrap().id;
    settle(&[&jane, &joe]).await;
    joes.answer_meeting(None, meeting, MeetingAnswer::Accept).unwrap();
    settle(&[&joe, &jane]).await;
    world.clock.advance(SignedDuration::from_hours(24 * 60));

    let friday: jiff::civil::Date = "2019-05-03".parse().unwrap();
    let task = || Decision::Task(Task::new("Call").owner(seat("jane").contact.id).due(friday));
    world.server.offline(&user("joe"), true);
    let decided = joes.decide(meeting, case.id(), None, task()).unwrap();
    // The agreement of the case ends meanwhile.
    world.clock.advance(SignedDuration::from_hours(24 * 365 * 12));
    world.server.offline(&user("joe"), false);
    settle(&[&joe, &jane]).await;
    assert!(case.state().unwrap().tasks.all().is_empty());
    for one in [&room, &joes] {
        let known = &one.meetings().unwrap()[0];
        assert_eq!(known.decisions[0].fate(), Some("not-carried-out"));
        assert_eq!(known.decisions[0].undone.as_ref().unwrap().why, ["agreement-not-in-force"]);
    }
    let owes = |caseline: &Caseline| {
        let due = caseline.due().unwrap();
        due.iter()
            .filter(|item| item.owed.clock == "meeting-carry")
            .map(|item| item.owed.owner.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(owes(&jane), [seat("joe").contact.id]);
    joe.engine.look_at_all().unwrap();
    settle(&[&joe, &jane]).await;
    assert_eq!(room.meetings().unwrap()[0].decisions.len(), 1, "it is said once");

    // The case's agreement is over: what is decided anew is refused at once, and it is dropped.
    let later: jiff::civil::Date = "2032-01-02".parse().unwrap();
    let again = || Decision::Task(Task::new("Call").owner(seat("jane").contact.id).due(later));
    assert_eq!(
        code(&joes.decide_anew(meeting, decided.clone(), None, again()).unwrap_err()),
        "agreement-not-in-force"
    );
    let unknown = EventKey { id: EventId::new(), ..decided.clone() };
    assert_eq!(code(&room.drop_decision(None, meeting, unknown).unwrap_err()), "meeting-decision-unknown");
    let others = room.drop_decision(None, meeting, decided.clone()).unwrap_err();
    assert_eq!(code(&others), "meeting-not-decider", "what one side decided is not the other's to drop");
    joes.drop_decision(None, meeting, decided.clone()).unwrap();
    settle(&[&joe, &jane]).await;
    assert!(owes(&jane).is_empty() && owes(&joe).is_empty());
    assert_eq!(joes.meetings().unwrap()[0].decisions[0].fate(), Some("dropped"));
    assert_eq!(
        code(&joes.drop_decision(None, meeting, decided.clone()).unwrap_err()),
        "meeting-decision-settled"
    );
    assert_eq!(
        code(&joes.decide_anew(meeting, decided.clone(), None, again()).unwrap_err()),
        "meeting-decision-settled"
    );
    let own = Some(EventId::new());
    assert_eq!(
        code(&joes.decide_anew(meeting, decided, own, task()).unwrap_err()),
        "meeting-decision-settled",
        "a decision's own id makes no other one's end its own"
    );
}

#[tokio::test]
async fn a_concern_about_the_other_side_is_on_ones_own_agenda_alone() {
    let world = World::new();
    let (jane, joe, ann) = (world.start("jane").await, world.start("joe").await, world.start("ann").await);
    let office = Organization {
        id: organization_id("office"),
        name: "Programme office".into(),
        kind: OrganizationKind::ProgrammeOffice,
        role_account: None,
        phone: None,
    };
    let anns = Contact {
        id: "urn:example:staff|ann".parse().unwrap(),
        name: "ann".into(),
        role: Role::Supervisor,
        organization: office.id.clone(),
        user: Some(user("ann")),
        phone: Some("2".into()),
        topics: Vec::new(),
    };
    for one in [&jane, &joe, &ann] {
        let mut directory = one.engine.directory.write().unwrap();
        directory.organizations.push(office.clone());
        directory.contacts.push(anns.clone());
        drop(directory);
        one.add_agreement(&WITH_OFFICE.replace("share:", "clock: story\nshare:")).unwrap();
    }
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    let concerns =
        jane.open_programme(OpenProgramme::new(office.id.clone(), [Named::lead(anns.id.clone())])).unwrap();
    let room = jane.open_pair(with("joe")).unwrap();
    settle(&[&jane]).await;
    accept(&ann).await;
    let joes = accept(&joe).await;
    settle(&[&ann, &joe, &jane]).await;
    let aco = organization_id("aco");
    let late = Concern::new("Plans come back late", "Since March they come back after three weeks");
    let unknown = late.clone().about([organization_id("nobody")]);
    assert_eq!(code(&concerns.raise_concern(None, unknown).unwrap_err()), "not-found");
    let raised = concerns.raise_concern(None, late.about([aco.clone()])).unwrap();
    settle(&[&jane, &ann]).await;
    assert_eq!(ann.rooms(RoomKind::Programme).unwrap()[0].concerns().unwrap()[0].about, [aco]);

    world.clock.advance(SignedDuration::from_hours(24 * 45));
    let ten = jiff::civil::time(10, 0, 0, 0);
    let set = SetMeeting::new("2019-04-22".parse().unwrap(), ten, 30).with_agenda();
    let meeting = room.set_meeting(None, set).unwrap().id;
    settle(&[&jane, &joe]).await;
    let ours = room.meeting_agenda(meeting).unwrap().agenda;
    assert_eq!((ours.items[0].case, ours.concerns.len(), ours.concerns[0].overdue), (case.id(), 1, true));
    assert!(!crate::fhir::meeting(&ours).contains("concern"), "it goes to both sides");
    let theirs = joes.meeting_agenda(meeting).unwrap().agenda;
    assert_eq!((theirs.items.len(), theirs.concerns.len(), theirs.points.len()), (1, 0, 0));
    let in_room = world.server.messages(&super::room(&room)).unwrap();
    assert!(!format!("{in_room:?}").contains("Plans come back"));

    // Brought to the meeting, in words for both, it is a point and no concern any more.
    let bring = |words: &str| BringPoint::new(words).concern(raised.clone());
    let named = room.bring_to_meeting(None, meeting, bring("For Marty it was late")).unwrap_err();
    assert_eq!(named.code(), "concern-name");
    let point = room.bring_to_meeting(None, meeting, bring("How long plans take")).unwrap();
    assert_eq!(room.bring_to_meeting(None, meeting, bring("Once more")).unwrap(), point, "it is one point");
    joes.bring_to_meeting(None, meeting, BringPoint::new("The portal").text("It is down on Thursdays"))
        .unwrap();
    settle(&[&jane, &joe, &jane]).await;
    for one in [&room, &joes] {
        let agenda = one.meeting_agenda(meeting).unwrap().agenda;
        assert_eq!((agenda.points.len() + agenda.points_not_reached.len(), agenda.concerns.len()), (2, 0));
        let text = crate::meeting::markdown(&agenda);
        assert!(text.contains("How long plans take") && !text.contains("Plans come back late"), "{text}");
    }
    assert_eq!(room.state().unwrap().digest(), joes.state().unwrap().digest());
}
