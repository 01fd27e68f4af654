//! A meeting over the cases of a pair, and what is decided in it.

use super::*;
use crate::meeting::{AgendaOrder, MatterKind, Meeting};
use crate::panel::Pair;
use crate::{Decision, Task};

fn meeting(on: &str) -> Meeting {
    let pair = Pair { plan_side: organization_id("aco"), community_side: organization_id("cp") };
    Meeting::of(pair, on.parse().unwrap())
}

#[tokio::test]
async fn a_meeting_looks_at_the_shared_cases_and_what_it_decides_is_in_them() {
    let world = World::new();
    let (jane, joe) = (world.start_with("jane", Record::Embedded).await, world.start("joe").await);
    let order = |minutes| AgendaOrder::new(meeting("2019-04-20"), minutes);
    assert_eq!(jane.agenda(order(30)).unwrap_err().code(), "not-found");
    let case = jane.open(opening(&["jane", "joe", "rao"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    case.send(None, Message::text("Hello")).unwrap();
    settle(&[&joe, &jane]).await;
    assert!(jane.agenda(order(30)).unwrap().items.is_empty(), "there is nothing to talk about");
    assert_eq!(jane.agenda(order(0)).unwrap_err().code(), "meeting-minutes");
    world.clock.advance(SignedDuration::from_hours(24 * 45));
    for one in [&jane, &joe] {
        let agenda = one.agenda(order(30)).unwrap();
        let kinds: Vec<_> = agenda.items.iter().flat_map(|item| &item.matters).map(|one| one.kind).collect();
        assert_eq!((agenda.items[0].case, kinds), (case.id(), vec![MatterKind::Quiet]));
        assert_eq!(agenda.people.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["joe", "jane"]);
    }
    let decision = EventId::new();
    let decide = |what| jane.decide(&meeting("2019-04-20"), case.id(), Some(decision), what);
    let said = || Decision::Message(Message::text("Jane calls him on Monday."));
    let first = decide(said()).unwrap();
    assert_eq!(decide(said()).unwrap(), first, "a retry is answered as it was first");
    assert_eq!(decide(Decision::Message(Message::text("Something else"))).unwrap_err().code(), "id-taken");
    let friday: jiff::civil::Date = "2019-04-26".parse().unwrap();
    let task = Task::new("Call Marty").owner(seat("jane").contact.id).due(friday);
    jane.decide(&meeting("2019-04-20"), case.id(), None, Decision::Task(task)).unwrap();
    settle(&[&jane, &joe]).await;
    let state = joe.case(case.id()).unwrap().state().unwrap();
    assert_eq!(
        state.messages.last().unwrap().text.as_deref(),
        Some("Decided at the meeting of 20 April 2019: Jane calls him on Monday.")
    );
    let task = &state.tasks.all()[0];
    assert_eq!(task.detail.as_deref(), Some("Decided at the meeting of 20 April 2019."));
    let other = Pair { plan_side: organization_id("cp"), community_side: organization_id("aco") };
    let other = Meeting::of(other, "2019-04-20".parse().unwrap());
    assert_eq!(jane.decide(&other, case.id(), None, said()).unwrap_err().code(), "case-of-others");
}

#[tokio::test]
async fn a_meetings_appointment_is_written_once_and_audited() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    case.send(None, Message::text("Hello")).unwrap();
    settle(&[&jane]).await;
    let agenda = jane.agenda(AgendaOrder::new(meeting("2019-03-20"), 30)).unwrap();
    let before = jane.audit().unwrap().length;
    for _ in 0..2 {
        jane.save_appointment(&agenda).await.unwrap();
    }
    assert_eq!(jane.resources("Appointment").await.unwrap().len(), 1);
    assert_eq!(jane.audit().unwrap().length, before + 2, "each attempt is entered");
    assert_eq!(jane.audit().unwrap().fault, None);
}

#[tokio::test]
async fn agreements_are_seen_side_by_side() {
    let world = World::new();
    let jane = world.start("jane").await;
    jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let all = jane.side_by_side().unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].other.clone(), all[0].in_force, all[0].counts.open),
        (Some(organization_id("aco")), true, 1)
    );
    assert_eq!(all[0].transport, crate::panel::Transport::MatrixWithKeeper);
}

#[tokio::test]
async fn an_agenda_reads_the_pairs_own_cases_and_no_others() {
    use std::sync::atomic::Ordering::Relaxed;
    let world = World::new();
    let now: jiff::Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
    world.clock.set(now);
    let joe = world.start("joe").await;
    // Nothing else reads from here on.
    joe.suspend().await;
    let programme = crate::testing::Programme::new(3, 4, 2, user("joe"), now).unwrap();
    let keep = |cases: Vec<usize>| {
        let cases: Vec<_> = cases.into_iter().map(|n| programme.case(n).unwrap()).collect();
        joe.keep_received(&cases).unwrap();
    };
    let agenda = || {
        let meeting = crate::meeting::Meeting::of(programme.pair(0).unwrap(), "2026-11-02".parse().unwrap());
        joe.agenda(AgendaOrder::new(meeting, 60)).unwrap()
    };
    let reads = || {
        agenda();
        let before = joe.engine.db.begun.load(Relaxed);
        let items = agenda().items.len();
        (items, joe.engine.db.begun.load(Relaxed) - before)
    };
    let of_the_pair = |n: &usize| n.is_multiple_of(programme.pairs());
    keep((0..80).filter(of_the_pair).collect());
    let alone = reads();
    assert!(alone.0 > 0);
    keep((0..80).filter(|n| !of_the_pair(n)).collect());
    assert_eq!(reads(), alone, "seventy cases of other pairs cost nothing");
}
