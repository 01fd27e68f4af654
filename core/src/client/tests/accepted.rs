//! Which of the agreements that two organisations accepted in their rooms count here. Everybody is synthetic.

use super::*;
use crate::agreement::proposal::{AgreementProposed, ProposalStatus};
use crate::case::event::EventKey;
use crate::case::kind::PairOpened;
use crate::case::life::Carried;
use crate::commands::Command;
use crate::id::CaseId;
use crate::meeting::MeetingUndone;
use crate::{Decision, SetMeeting, Task};

fn version(n: u32, from: &str, until: &str) -> String {
    let text = AGREEMENT.replace("version: \"1\"", &format!("version: \"{n}\""));
    text.replace("from: 2019-01-01, until: 2030-01-01", &format!("from: {from}{until}"))
}

/// A room of the pair, whatever others there are, with these seats.
fn room_of(caseline: &Caseline, roster: Vec<Seat>) -> Case {
    let room = CaseId::new();
    let opened = PairOpened {
        room,
        plan_side: organization("aco"),
        community_side: organization("cp"),
        roster,
        agreement: Carried::agreement(AGREEMENT).unwrap(),
        rules: Carried::rule_set(RULES).unwrap(),
    };
    caseline.open_room(room, opened).unwrap()
}

async fn agreed(by: (&Caseline, &Case), other: (&Caseline, &Case), text: &str) {
    let proposal = by.1.propose_agreement(None, text).unwrap();
    settle(&[by.0, other.0]).await;
    other.1.accept_agreement(None, proposal).unwrap();
    settle(&[other.0, by.0]).await;
}

/// The versions that new cases would open with, the first one first.
fn counting(caseline: &Caseline) -> Vec<String> {
    let texts = caseline.engine.agreements().unwrap();
    texts.iter().map(|text| crate::agreement::Agreement::parse(text).unwrap().version).collect()
}

async fn written(caseline: &Caseline) -> usize {
    caseline.resources("DocumentReference").await.unwrap().len()
}

#[tokio::test]
async fn what_an_account_that_is_not_ours_accepts_for_us_counts_nowhere() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let joe = world.start_with("joe", Record::Embedded).await;
    let puppet = world.start("puppet").await;
    let mut theirs = seat("joe");
    theirs.contact.id = "urn:example:staff|puppet".parse().unwrap();
    theirs.contact.user = Some(user("puppet"));
    let room = room_of(&jane, vec![seat("jane"), seat("joe"), theirs]);
    settle(&[&jane]).await;
    let (joes, puppets) = (accept(&joe).await, accept(&puppet).await);
    settle(&[&joe, &puppet, &jane]).await;
    agreed((&jane, &room), (&puppet, &puppets), &version(2, "2019-02-01", "")).await;
    settle(&[&joe]).await;
    for (one, room) in [(&jane, &room), (&joe, &joes)] {
        assert_eq!(counting(one), ["1"]);
        assert_eq!(room.proposals().unwrap()[0].status, ProposalStatus::Unproven);
        assert_eq!(written(one).await, 0);
    }

    // It can be proposed again, and what somebody of ours accepts counts; what the puppet accepts after that replaces nothing.
    agreed((&jane, &room), (&joe, &joes), &version(2, "2019-02-01", "")).await;
    assert_eq!((counting(&joe), written(&joe).await), (vec!["2".to_owned()], 1));
    settle(&[&puppet]).await;
    agreed((&jane, &room), (&puppet, &puppets), &version(3, "2019-02-02", "")).await;
    settle(&[&joe]).await;
    assert_eq!(counting(&joe), ["2"]);
    let found = joe.resources("DocumentReference").await.unwrap();
    assert!(found.len() == 1 && found[0].json.contains(r#""status":"current""#), "{found:?}");
}

#[tokio::test]
async fn what_has_ended_brings_no_earlier_terms_back() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let room = room_of(&jane, vec![seat("jane"), seat("joe")]);
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    agreed((&jane, &room), (&joe, &joes), &version(2, "2019-03-15", ", until: 2019-06-01")).await;
    assert_eq!(counting(&jane), ["1"]);
    world.clock.advance(SignedDuration::from_hours(24 * 30));
    assert_eq!(counting(&jane), ["2"]);
    // Nor does somebody's going, or a directory that is not read yet.
    jane.engine.directory.write().unwrap().contacts.clear();
    assert_eq!(counting(&jane), ["2"]);
    world.clock.advance(SignedDuration::from_hours(24 * 90));
    assert!(counting(&jane).is_empty() && counting(&joe).is_empty(), "{:?}", counting(&jane));
}

#[tokio::test]
async fn a_version_takes_the_place_of_one_of_another_room_of_the_pair() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let first = room_of(&jane, vec![seat("jane"), seat("joe")]);
    settle(&[&jane]).await;
    let joes_first = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    let second = room_of(&jane, vec![seat("jane"), seat("joe")]);
    settle(&[&jane]).await;
    let joes_second = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    // The one that is accepted later has the earlier first day.
    agreed((&jane, &first), (&joe, &joes_first), &version(2, "2019-02-15", "")).await;
    world.clock.advance(SignedDuration::from_hours(1));
    agreed((&jane, &second), (&joe, &joes_second), &version(3, "2019-02-01", "")).await;
    assert_eq!((counting(&jane), counting(&joe)), (vec!["3".to_owned()], vec!["3".to_owned()]));
}

#[tokio::test]
async fn another_first_day_than_the_texts_own_is_not_accepted() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let room = room_of(&jane, vec![seat("jane"), seat("joe")]);
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    let proposed = AgreementProposed {
        agreement: Carried::agreement(&version(2, "2019-02-15", "")).unwrap(),
        from: "2019-12-01".parse().unwrap(),
    };
    let proposal = jane.engine.command(room.id(), &Command::new(None, proposed)).unwrap();
    settle(&[&jane, &joe]).await;
    let refused = joes.accept_agreement(None, proposal.clone()).unwrap_err();
    assert_eq!(refused.code(), "agreement-other-date");
    // Whoever accepts it all the same accepts the day of the text.
    let sha256 = joes.proposals().unwrap()[0].agreement.sha256;
    let accepted = crate::agreement::proposal::AgreementAccepted { proposal, sha256 };
    joe.engine.command(joes.id(), &Command::new(None, accepted)).unwrap();
    settle(&[&joe, &jane]).await;
    assert_eq!(counting(&jane), ["2"]);
}

#[tokio::test]
async fn an_agreement_that_names_a_member_is_not_proposed_and_a_newcomer_gets_it_whole() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let mut open = opening(&["jane", "joe"]);
    open.member.id = "urn:example:member|M-4711-22".parse().unwrap();
    jane.open(open).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    let room = room_of(&jane, vec![seat("jane"), seat("joe")]);
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    let named = |from: &str, to: &str| {
        let text = version(2, "2019-03-15", "").replace(from, to);
        room.propose_agreement(None, &text).unwrap_err().code().to_owned()
    };
    assert_eq!(named("title: Synthetic", "title: Born 4/5/1961"), "concern-member-data");
    assert_eq!(named("version: \"2\"", "version: \"617-555-0141\""), "concern-member-data");
    assert_eq!(named("grace: 1 d", "grace: 1 d # as for M4711 22"), "concern-member-data");
    assert_eq!(named("grace: 1 d", "grace: 1 d # as for marty example"), "concern-name");

    // A version that is a day is none of a member's, and staff and their telephones belong in it.
    let dated = version(2, "2019-03-15", "").replace("version: \"2\"", "version: \"2019-01-01\"");
    agreed((&jane, &room), (&joe, &joes), &dated).await;
    let rao = world.start("rao").await;
    joes.name_seat(None, seat("rao")).unwrap();
    settle(&[&joe, &jane]).await;
    let raos = accept(&rao).await;
    settle(&[&joe, &jane, &rao]).await;
    let state = raos.state().unwrap();
    let stub = |held: &crate::case::event::Held| matches!(held.body, crate::case::event::HeldBody::Stub(_));
    let told = rao.engine.with_expected(raos.id(), |fold| {
        let keys =
            [&state.agreements.all()[0].key, &state.agreements.all()[0].settled.as_ref().unwrap().event];
        keys.iter().all(|key| !fold.copies(key).iter().any(stub))
    });
    assert!(told.unwrap(), "neither is told in part only");
    assert_eq!(raos.proposals().unwrap()[0].status, ProposalStatus::Accepted);
}

#[tokio::test]
async fn in_a_room_whose_agreement_is_over_nothing_is_owed() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let room = room_of(&jane, vec![seat("jane"), seat("joe")]);
    settle(&[&jane]).await;
    accept(&joe).await;
    settle(&[&joe, &jane]).await;
    room.propose_agreement(None, &version(2, "2019-03-15", "")).unwrap();
    settle(&[&jane, &joe]).await;
    let answers = |one: &Caseline| {
        one.due().unwrap().iter().filter(|item| item.owed.clock == "agreement-answer").count()
    };
    assert_eq!((answers(&jane), answers(&joe)), (1, 1));
    world.clock.advance(SignedDuration::from_hours(24 * 365 * 12));
    assert_eq!((answers(&jane), answers(&joe)), (0, 0));
}

#[tokio::test]
async fn what_was_dropped_does_not_come_into_the_case_after_all() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    let room = room_of(&jane, vec![seat("jane"), seat("joe")]);
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    let ten = jiff::civil::time(10, 0, 0, 0);
    let meeting = room.set_meeting(None, SetMeeting::new("2019-04-22".parse().unwrap(), ten, 30)).unwrap().id;
    settle(&[&jane, &joe]).await;
    world.clock.advance(SignedDuration::from_hours(24 * 60));
    let friday: jiff::civil::Date = "2019-05-03".parse().unwrap();
    let task = || Decision::Task(Task::new("Call").owner(seat("jane").contact.id).due(friday));
    let (joe, joes, case) = (&joe, &joes, &case);
    // What the room says was not carried out.
    let in_vain = |decision: EventId| async move {
        let event = joes.decide(meeting, case.id(), Some(decision), task()).unwrap();
        let why = vec!["not-allowed".to_owned()];
        let undone = MeetingUndone { meeting, case: case.id(), event: event.clone(), why };
        joe.engine.command(joes.id(), &Command::new(None, undone)).unwrap();
        event
    };
    let tasks = || joe.engine.with_expected(case.id(), |fold| fold.state().tasks.all().len()).unwrap();
    let first = in_vain(EventId::new()).await;
    joes.drop_decision(None, meeting, first.clone()).unwrap();
    let refused = joes.decide_anew(meeting, first, Some(EventId::new()), task()).unwrap_err();
    assert!(
        matches!(refused, Error::NotAllowed { ref reasons } if reasons[0].code == "meeting-decision-settled")
    );
    assert_eq!(tasks(), 1);

    // Decided anew once, it is answered as it was first; under another id it is settled.
    let second = in_vain(EventId::new()).await;
    let own = EventId::new();
    let anew = joes.decide_anew(meeting, second.clone(), Some(own), task()).unwrap();
    assert_eq!(joes.decide_anew(meeting, second.clone(), Some(own), task()).unwrap(), anew);
    assert!(joes.decide_anew(meeting, second, Some(EventId::new()), task()).is_err());
    assert_eq!(tasks(), 3);

    // Of what nobody decided there is nothing to decide anew.
    let event = EventKey { sender: user("joe"), id: EventId::new() };
    let stray = MeetingUndone { meeting, case: case.id(), event: event.clone(), why: Vec::new() };
    assert!(joe.engine.command(joes.id(), &Command::new(None, stray)).is_err());
    assert_eq!(joes.decide_anew(meeting, event, None, task()).unwrap_err().code(), "not-found");
    assert_eq!(tasks(), 3);
}
