//! The pair's own room, and the meetings in it, over the loopback homeserver.

use super::*;
use crate::case::kind::RoomKind;
use crate::meeting::{DecisionKind, MatterKind, MeetingAnswer, MeetingStatus};
use crate::{Decision, OpenPair, RoomAgenda, SetMeeting, Task};

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

/// A Monday of the spring of 2019, at ten.
fn on(day: &str, minutes: u32) -> SetMeeting {
    SetMeeting::new(day.parse().unwrap(), jiff::civil::time(10, 0, 0, 0), minutes)
}

fn cases(agenda: &RoomAgenda) -> Vec<CaseId> {
    agenda.agenda.items.iter().map(|item| item.case).collect()
}

async fn appointments(caseline: &Caseline) -> Vec<serde_json::Value> {
    let found = caseline.resources("Appointment").await.unwrap();
    found.iter().map(|stored| serde_json::from_str(&stored.json).unwrap()).collect()
}

fn clocks(caseline: &Caseline) -> Vec<String> {
    caseline.due().unwrap().iter().map(|item| item.owed.clock.clone()).collect()
}

#[tokio::test]
async fn a_pair_meets_in_its_own_room_over_its_own_cases() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let joe = world.start_with("joe", Record::Embedded).await;
    let case = jane.open(opening(&["jane", "joe", "rao"])).unwrap();
    let mut second = opening(&["jane", "lee"]);
    second.member.id = "urn:example:member|2".parse().unwrap();
    second.roster[1].lead = true;
    second.member.name = "Nora Sample".into();
    let of_lee = jane.open(second).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;

    // One room, whoever opens it again.
    let room = jane.open_pair(with("joe")).unwrap();
    assert_eq!(jane.open_pair(with("joe")).unwrap().id(), room.id());
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    assert_eq!(joe.open_pair(with("jane")).unwrap().id(), room.id());
    settle(&[&joe, &jane]).await;
    assert_eq!((jane.cases().unwrap().len(), jane.rooms(RoomKind::Pair).unwrap().len()), (2, 1));
    assert_eq!(code(&jane.open_pair(with("kim")).unwrap_err()), "organization-twice");

    // The cases have gone quiet.
    world.clock.advance(SignedDuration::from_hours(24 * 45));
    assert_eq!(code(&case.set_meeting(None, on("2019-04-22", 30)).unwrap_err()), "room-kind");
    assert_eq!(code(&room.set_meeting(None, on("2019-04-12", 30)).unwrap_err()), "meeting-date");
    let id = EventId::new();
    let set = || room.set_meeting(Some(id), on("2019-04-22", 30)).unwrap();
    let meeting = set().id;
    assert_eq!(set().id, meeting, "a retry is answered as it was first");
    settle(&[&jane, &joe]).await;
    assert_eq!(clocks(&joe).iter().filter(|clock| clock.starts_with("meeting")).count(), 2);
    joes.answer_meeting(None, meeting, MeetingAnswer::Accept).unwrap();
    let prepared = EventId::new();
    let prepare = || room.prepare_meeting(Some(prepared), meeting).unwrap();
    prepare();
    world.clock.advance(SignedDuration::from_hours(1));
    prepare();
    settle(&[&joe, &jane]).await;
    // Each sees the words of its own cases; what is not here is not named, and not hidden.
    let ours = room.meeting_agenda(meeting).unwrap();
    assert_eq!(ours.agenda.standing, Some(MeetingStatus::Agreed));
    assert_eq!((cases(&ours).len(), ours.unknown.len(), ours.prepared), (2, 0, true));
    let theirs = joes.meeting_agenda(meeting).unwrap();
    assert_eq!((cases(&theirs), theirs.unknown.clone()), (vec![case.id()], vec![of_lee.id()]));
    assert_eq!(theirs.agenda.items[0].member, "Marty Example");
    assert_eq!(theirs.agenda.items[0].matters[0].kind, MatterKind::Quiet);
    assert_eq!(theirs.agenda.meeting, ours.agenda.meeting);
    let people: Vec<_> = ours.agenda.people.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(people, ["joe", "jane"]);
    // Nothing of a member is in the room, nor in a record because of it.
    let in_room = world.server.messages(&super::room(&room)).unwrap();
    for secret in ["Marty", "Nora", "1961"] {
        assert!(!format!("{in_room:?}").contains(secret), "{secret}");
    }

    // It takes place; what it decides is in the case, and that it did is in the room.
    assert_eq!(code(&room.hold_meeting(None, meeting, vec![], vec![]).unwrap_err()), "meeting-not-begun");
    world.clock.advance(SignedDuration::from_hours(24 * 8));
    let decision = EventId::new();
    let friday: jiff::civil::Date = "2019-05-03".parse().unwrap();
    let task = || Decision::Task(Task::new("Call Marty").owner(seat("jane").contact.id).due(friday));
    let first = joes.decide(meeting, case.id(), Some(decision), task()).unwrap();
    assert_eq!(joes.decide(meeting, case.id(), Some(decision), task()).unwrap(), first);
    joes.hold_meeting(None, meeting, vec![], vec![]).unwrap();
    settle(&[&joe, &jane]).await;
    assert!(clocks(&jane).contains(&"meeting-record".to_owned()), "of one case it is not said");
    room.hold_meeting(None, meeting, vec![of_lee.id()], vec![]).unwrap();
    settle(&[&jane, &joe]).await;
    assert!(clocks(&jane).iter().all(|clock| !clock.starts_with("meeting")));
    let known = &joes.meetings().unwrap()[0];
    let of = |one: &crate::meeting::DecisionTaken| (one.case, one.kind, one.event.clone());
    assert_eq!(
        known.decisions.iter().map(of).collect::<Vec<_>>(),
        [(case.id(), DecisionKind::Task, first.clone())]
    );
    let tasks = case.state().unwrap();
    assert_eq!(tasks.tasks.all()[0].key, first);
    assert_eq!(tasks.tasks.all()[0].detail.as_deref(), Some("Decided at the meeting of 22 April 2019."));
    assert_eq!(room.state().unwrap().digest(), joes.state().unwrap().digest());

    // Both records have it, and nobody's care.
    for one in [&jane, &joe] {
        let written = appointments(one).await;
        assert_eq!((written.len(), &written[0]["status"]), (1, &serde_json::json!("fulfilled")));
        assert!(!written[0].to_string().contains("Marty"), "{}", written[0]);
        assert_eq!(one.audit().unwrap().fault, None);
    }

    // The next agenda looks at what happened since.
    let next = room.set_meeting(None, on("2019-05-13", 60).with_agenda()).unwrap();
    settle(&[&jane, &joe]).await;
    let agenda = joes.meeting_agenda(next.id).unwrap();
    assert_eq!(agenda.agenda.since, "2019-04-22".parse().unwrap());
    assert!(agenda.prepared && agenda.agenda.come_up.is_empty());
    // What comes up after it was made is said, with the words of one's own cases, until the agenda is made anew.
    let mut third = opening(&["jane", "joe", "rao"]);
    third.member.id = "urn:example:member|3".parse().unwrap();
    third.member.name = "Vera Sample".into();
    let of_vera = jane.open(third).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    of_vera.send_plan_document(None, r#"{"resourceType":"Bundle","type":"collection"}"#).unwrap();
    settle(&[&jane, &joe]).await;
    let come_up = |of: &Case| {
        let agenda = of.meeting_agenda(next.id).unwrap().agenda;
        (agenda.come_up.iter().map(|item| item.case).collect::<Vec<_>>(), crate::meeting::markdown(&agenda))
    };
    for one in [&room, &joes] {
        let (cases, told) = come_up(one);
        assert_eq!(cases, [of_vera.id()]);
        assert!(
            told.contains("## Come up since this agenda was made (1)") && told.contains("Vera Sample"),
            "{told}"
        );
    }
    room.prepare_meeting(None, next.id).unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(come_up(&joes).0, []);
    let order = crate::meeting::AgendaOrder::new(agenda.agenda.meeting.clone(), 60);
    assert_eq!(joe.agenda(order).unwrap().since, agenda.agenda.since);
    joes.move_meeting(None, next.id, ("2019-05-14".parse().unwrap(), jiff::civil::time(14, 0, 0, 0)), None)
        .unwrap();
    joes.cancel_meeting(None, next.id, "There is nothing to talk about", false).unwrap();
    settle(&[&joe, &jane]).await;
    assert_eq!(room.meeting_agenda(next.id).unwrap().agenda.standing, Some(MeetingStatus::Cancelled));
    assert_eq!(code(&room.decide(next.id, case.id(), None, task()).unwrap_err()), "meeting-cancelled");
}

#[tokio::test]
async fn what_is_written_in_a_pairs_room_holds_no_member_data() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    let room = jane.open_pair(with("joe")).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    let refused = |error: Error| match error {
        Error::InvalidInput(invalid) => (invalid.code, invalid.field.unwrap()),
        other => panic!("{other}"),
    };
    for (text, code, field) in [
        ("Call 617-555-0141", "concern-member-data", "text[5..17]"),
        ("For Marty it failed", "concern-name", "text[4..9]"),
    ] {
        assert_eq!(refused(room.send(None, Message::text(text)).unwrap_err()), (code, field.to_owned()));
    }
    room.send(None, Message::text("Our portal is down on Marty Street").names_confirmed(true)).unwrap();
    let meeting = room.set_meeting(None, on("2019-03-11", 30)).unwrap().id;
    let error = room.cancel_meeting(None, meeting, "Marty is away", false).unwrap_err();
    assert_eq!(refused(error).0, "concern-name");
    assert_eq!(code(&joes.answer_meeting(None, meeting, MeetingAnswer::Accept).unwrap_err()), "not-found");
    settle(&[&jane, &joe]).await;
    assert_eq!(texts(&joes), ["Our portal is down on Marty Street"]);
    assert_eq!(
        code(&joes.answer_meeting(None, EventId::new(), MeetingAnswer::Accept).unwrap_err()),
        "not-found"
    );
    joes.answer_meeting(None, meeting, MeetingAnswer::Decline).unwrap();
    settle(&[&joe, &jane]).await;
    assert_eq!(room.meeting_agenda(meeting).unwrap().agenda.standing, Some(MeetingStatus::Unsettled));
}
