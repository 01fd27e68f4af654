#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;
use crate::agreement::{Agreement, RuleSet};
use crate::case::roster::Roster;
use crate::case::step::{Owed, Rules, Step};
use crate::contact::{Contact, Role, Seat};
use crate::id::{EventId, UserId};
use crate::policy::Reason;

mod covering;
mod ladder;
mod telling;

// Synthetic. A Friday.
const AT: &str = "2019-03-01T15:00:00Z";
const ALL: [&str; 8] = ["jane", "kim", "joe", "lee", "rao", "cp-bot", "aco-bot", "marty"];

fn seat(who: &str) -> Seat {
    let (organization, role, lead) = match who {
        "jane" => ("cp", Role::CpCareCoordinator, true),
        "kim" => ("cp", Role::Nurse, false),
        "cp-bot" => ("cp", Role::Keeper, false),
        "joe" => ("aco", Role::AcoCareManager, false),
        "lee" => ("aco", Role::Supervisor, true),
        "aco-bot" => ("aco", Role::Keeper, false),
        "marty" => ("cp", Role::Member, false),
        _ => ("aco", Role::PcpDesignee, false),
    };
    Seat {
        contact: Contact {
            id: format!("urn:example:staff|{who}").parse().unwrap(),
            name: who.to_owned(),
            role,
            organization: format!("urn:example:org|{organization}").parse().unwrap(),
            user: Some(user(who)),
            phone: None,
            topics: Vec::new(),
        },
        lead,
    }
}

fn user(who: &str) -> UserId {
    format!("@{who}:example.org").parse().unwrap()
}

fn owner(who: &str) -> Assignee {
    let contact = seat(who).contact;
    Assignee::Owner(Whom { contact: contact.id, organization: contact.organization })
}

fn pool(organization: &str) -> Assignee {
    Assignee::Pool(format!("urn:example:org|{organization}").parse().unwrap())
}

fn roster(people: &[&str]) -> Roster {
    let seats: Vec<Seat> = people.iter().map(|who| seat(who)).collect();
    Roster::of(&seats, &EventKey { sender: user("jane"), id: EventId::new() }).unwrap()
}

fn assignment(to: Assignee) -> TaskAssigned {
    TaskAssigned {
        title: "Secret housing form".into(),
        detail: Some("Secret detail".into()),
        to,
        due: "2019-03-08".parse().unwrap(),
        priority: Priority::Routine,
    }
}

fn take_among(tasks: &Tasks, who: &str, event: TaskEvent<'_>, people: &[&str]) -> Result<Tasks, Reason> {
    take_as(tasks, who, EventId::new(), event, people)
}

fn take_as(
    tasks: &Tasks,
    who: &str,
    id: EventId,
    event: TaskEvent<'_>,
    people: &[&str],
) -> Result<Tasks, Reason> {
    let at: Timestamp = AT.parse().unwrap();
    let took = step(
        tasks,
        event,
        &Step {
            key: &EventKey { sender: user(who), id },
            seat: &seat(who),
            at,
            server_at: at,
            roster: &roster(people),
            plan_side: &"urn:example:org|aco".parse().unwrap(),
            community_side: &"urn:example:org|cp".parse().unwrap(),
            story_clock: false,
        },
    );
    if let Err(reason) = &took {
        assert_eq!(reason.source, "task");
        assert!(!reason.text.contains("Secret"), "{reason:?}");
    }
    took
}

fn take(tasks: &Tasks, who: &str, event: TaskEvent<'_>) -> Result<Tasks, Reason> {
    take_among(tasks, who, event, &ALL)
}

/// A task that Jane assigned.
fn assigned(to: Assignee) -> (Tasks, EventKey) {
    let id = EventId::new();
    let event = assignment(to);
    let tasks = take_as(&Tasks::default(), "jane", id, TaskEvent::Assigned(&event), &ALL).unwrap();
    (tasks, EventKey { sender: user("jane"), id })
}

/// What each event comes to, by the status or the code of the refusal.
fn code(took: Result<Tasks, Reason>) -> String {
    took.map_or_else(
        |reason| reason.code.into_owned(),
        |tasks| {
            let task = tasks.all().last().unwrap();
            let has = match &task.assignee {
                Assignee::Owner(whom) => whom.contact.value().to_owned(),
                Assignee::Pool(organization) => format!("pool {}", organization.value()),
            };
            format!("{} {has}", task.status.code())
        },
    )
}

fn deeds(task: &EventKey, to: Assignee) -> [EventDeed; 6] {
    let task = || task.clone();
    [
        EventDeed::Claim(TaskClaimed { task: task() }),
        EventDeed::Accept(TaskAccepted { task: task() }),
        EventDeed::Decline(TaskDeclined { task: task(), reason: "Secret reason".into() }),
        EventDeed::HandOver(TaskHandedOver { task: task(), to, reason: Some("Secret reason".into()) }),
        EventDeed::Complete(TaskCompleted { task: task(), outcome: "Secret outcome".into() }),
        EventDeed::Cancel(TaskCancelled { task: task(), reason: "Secret reason".into() }),
    ]
}

#[derive(Debug, Clone)]
enum EventDeed {
    Claim(TaskClaimed),
    Accept(TaskAccepted),
    Decline(TaskDeclined),
    HandOver(TaskHandedOver),
    Complete(TaskCompleted),
    Cancel(TaskCancelled),
}

impl EventDeed {
    fn event(&self) -> TaskEvent<'_> {
        match self {
            Self::Claim(e) => TaskEvent::Claimed(e),
            Self::Accept(e) => TaskEvent::Accepted(e),
            Self::Decline(e) => TaskEvent::Declined(e),
            Self::HandOver(e) => TaskEvent::HandedOver(e),
            Self::Complete(e) => TaskEvent::Completed(e),
            Self::Cancel(e) => TaskEvent::Cancelled(e),
        }
    }
}

#[test]
fn who_may_take_which_step() {
    // Jane assigned it to Joe. Kim is of her organization and no lead, Lee leads Joe's.
    let (tasks, id) = assigned(owner("joe"));
    let cannot = "task-not-claimable";
    let others = "task-not-yours";
    let keeper = "task-by-keeper";
    for (who, expected) in [
        ("jane", [cannot, others, others, "requested rao", others, "cancelled joe"]),
        ("kim", [cannot, others, others, others, others, "task-not-assigner"]),
        (
            "joe",
            [cannot, "accepted joe", "declined joe", "requested rao", "completed joe", "task-not-assigner"],
        ),
        ("lee", [cannot, others, others, "requested rao", others, "task-not-assigner"]),
        ("rao", [cannot, others, others, others, others, "task-not-assigner"]),
        // A keeper takes one step alone: what somebody of its organization has goes to whoever covers there, with the reason.
        ("aco-bot", [keeper, keeper, keeper, "requested rao", keeper, keeper]),
        ("cp-bot", [keeper; 6]),
    ] {
        for (deed, expected) in deeds(&id, owner("rao")).iter().zip(expected) {
            assert_eq!(code(take(&tasks, who, deed.event())), expected, "{who}: {deed:?}");
        }
    }
}

#[test]
fn a_pool_is_answered_by_its_people() {
    let (tasks, id) = assigned(pool("aco"));
    let in_pool = "task-in-pool";
    for (who, expected) in [
        ("kim", ["task-other-pool", in_pool, in_pool, "task-not-yours", in_pool, "task-not-assigner"]),
        ("joe", ["accepted joe", in_pool, in_pool, "task-not-yours", in_pool, "task-not-assigner"]),
        (
            "lee",
            ["accepted lee", in_pool, "declined pool aco", "requested rao", in_pool, "task-not-assigner"],
        ),
        ("jane", ["task-other-pool", in_pool, in_pool, "requested rao", in_pool, "cancelled pool aco"]),
    ] {
        for (deed, expected) in deeds(&id, owner("rao")).iter().zip(expected) {
            assert_eq!(code(take(&tasks, who, deed.event())), expected, "{who}: {deed:?}");
        }
    }
    // Two claim: the first counts.
    let claim = TaskClaimed { task: id.clone() };
    let claimed = take(&tasks, "joe", TaskEvent::Claimed(&claim)).unwrap();
    assert_eq!(code(take(&claimed, "lee", TaskEvent::Claimed(&claim))), "task-claimed");
}

#[test]
fn what_follows_an_answer() {
    let (tasks, id) = assigned(owner("joe"));
    let all = deeds(&id, owner("rao"));
    let [_, accept, decline, hand_over, complete, cancel] = &all;
    let accepted = take(&tasks, "joe", accept.event()).unwrap();
    let declined = take(&tasks, "joe", decline.event()).unwrap();
    let completed = take(&accepted, "joe", complete.event()).unwrap();
    let cancelled = take(&tasks, "jane", cancel.event()).unwrap();
    let handed = take(&accepted, "joe", hand_over.event()).unwrap();
    for (tasks, who, deed, expected) in [
        (&accepted, "joe", accept, "task-accepted"),
        (&accepted, "joe", decline, "task-accepted"),
        (&accepted, "joe", complete, "completed joe"),
        (&accepted, "jane", cancel, "cancelled joe"),
        (&declined, "joe", accept, "task-declined"),
        (&declined, "joe", decline, "task-declined"),
        (&declined, "joe", complete, "task-declined"),
        (&declined, "joe", hand_over, "task-not-yours"),
        (&declined, "jane", hand_over, "requested rao"),
        (&declined, "jane", cancel, "cancelled joe"),
        (&completed, "joe", complete, "task-over"),
        (&completed, "jane", cancel, "task-over"),
        (&cancelled, "joe", complete, "task-over"),
        (&cancelled, "joe", hand_over, "task-over"),
        (&handed, "joe", complete, "task-not-yours"),
        (&handed, "rao", accept, "accepted rao"),
        (&handed, "rao", hand_over, "task-same-owner"),
    ] {
        assert_eq!(code(take(tasks, who, deed.event())), expected, "{who}: {deed:?}");
    }
    let unknown = TaskAccepted { task: EventKey { sender: user("joe"), id: EventId::new() } };
    assert_eq!(code(take(&tasks, "joe", TaskEvent::Accepted(&unknown))), "task-unknown");
    // Each step is in the ledger.
    let steps: Vec<_> =
        handed.all()[0].steps.iter().map(|one| (one.deed.code(), one.by.contact.value())).collect();
    assert_eq!(steps, [("accepted", "joe"), ("handed-over", "joe")]);
}

#[test]
fn nobody_is_given_a_task_who_is_not_there() {
    let given = |to: Assignee, people: &[&str]| {
        let event = assignment(to);
        code(take_among(&Tasks::default(), "jane", TaskEvent::Assigned(&event), people))
    };
    assert_eq!(given(owner("joe"), &["jane", "lee"]), "task-owner-unseated");
    assert_eq!(given(owner("aco-bot"), &ALL), "task-owner-outside");
    assert_eq!(given(owner("marty"), &ALL), "task-owner-outside");
    assert_eq!(given(pool("aco"), &["jane", "aco-bot"]), "task-pool-empty");
    assert_eq!(given(pool("elsewhere"), &ALL), "task-pool-empty");
    let event = assignment(owner("joe"));
    assert_eq!(code(take(&Tasks::default(), "cp-bot", TaskEvent::Assigned(&event))), "task-by-keeper");
    // Once Joe is gone, a lead of his organization answers for him; nobody else does.
    let (tasks, id) = assigned(owner("joe"));
    let gone = ["jane", "kim", "lee", "rao"];
    let complete = TaskCompleted { task: id.clone(), outcome: "done".into() };
    let took = |who| code(take_among(&tasks, who, TaskEvent::Completed(&complete), &gone));
    assert_eq!(
        [took("lee"), took("rao"), took("jane")],
        ["completed joe", "task-not-yours", "task-not-yours"]
    );
}

#[test]
fn there_is_an_end_to_what_one_side_can_make_the_other_hold() {
    let mut tasks = Tasks::default();
    let event = assignment(owner("joe"));
    for _ in 0..MOST_OPEN {
        tasks = take(&tasks, "jane", TaskEvent::Assigned(&event)).unwrap();
    }
    assert_eq!(code(take(&tasks, "jane", TaskEvent::Assigned(&event))), "task-too-many");
    assert!(take(&tasks, "lee", TaskEvent::Assigned(&event)).is_ok(), "the other side still can");
    // Who gives another's id to a task takes nobody's task away, and is not named by who names the other.
    let first = tasks.all()[0].key.clone();
    let twin = take_as(&tasks, "lee", first.id, TaskEvent::Assigned(&event), &ALL).unwrap();
    let off = TaskCancelled { task: first.clone(), reason: "Off".into() };
    let off = take(&twin, "jane", TaskEvent::Cancelled(&off)).unwrap();
    let other = EventKey { sender: user("lee"), id: first.id };
    assert_eq!(off.get(&first).unwrap().status, TaskStatus::Cancelled);
    assert_eq!(off.get(&other).unwrap().status, TaskStatus::Requested);
    let (mut tasks, id) = assigned(owner("joe"));
    for n in 0..MOST_STEPS {
        let to = owner(if n.is_multiple_of(2) { "rao" } else { "joe" });
        let event = TaskHandedOver { task: id.clone(), to, reason: None };
        tasks = take(&tasks, "jane", TaskEvent::HandedOver(&event)).unwrap();
    }
    let event = TaskHandedOver { task: id.clone(), to: owner("rao"), reason: None };
    assert_eq!(code(take(&tasks, "jane", TaskEvent::HandedOver(&event))), "task-steps-too-many");
    let complete = TaskCompleted { task: id.clone(), outcome: "done".into() };
    assert_eq!(code(take(&tasks, "joe", TaskEvent::Completed(&complete))), "completed joe");
}

fn papers(clocks: &str) -> (Agreement, RuleSet) {
    let agreement = format!(
        r#"
id: harbor-bay
version: "1"
title: Synthetic
plan_side: {{ id: urn:example:org|aco, name: Harbor ACO }}
community_side: {{ id: urn:example:org|cp, name: Bay Community Care }}
in_force: {{ from: 2019-01-01 }}
share: {{ both: [task] }}
clocks: {{ {clocks} }}
ladder:
  care-plan:
    - {{ contact: "urn:example:staff|rao", name: rao, organization: "urn:example:org|aco", role: pcp-designee }}
    - {{ contact: "urn:example:staff|lee", name: lee, organization: "urn:example:org|aco", role: supervisor, phone: "555-0102", after: 2 d }}
  urgent:
    - {{ contact: "urn:example:staff|lee", name: lee, organization: "urn:example:org|aco", role: supervisor, phone: "555-0102" }}
"#
    );
    let rules = "id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: [{clock: task-claim, days: 2, mark: U}]\n";
    (Agreement::parse(&agreement).unwrap(), RuleSet::parse(rules).unwrap())
}

fn owed_by(tasks: &Tasks, people: &[&str], clocks: &str) -> Vec<Owed> {
    let (agreement, rules) = papers(clocks);
    owed(tasks, &Rules { agreement: &agreement, rules: &rules, roster: &roster(people) })
}

/// The only thing that is owed: its clock, its owner, its last day, and what.
fn only(tasks: &Tasks, people: &[&str], clocks: &str) -> (String, String, String, String) {
    let owed = owed_by(tasks, people, clocks);
    assert_eq!(owed.len(), 1);
    let day = crate::due::due_date(&owed[0], &papers("").0.zone);
    (owed[0].clock.clone(), owed[0].owner.value().to_owned(), day.to_string(), owed[0].what.clone())
}

#[test]
fn every_open_task_is_owed_by_somebody() {
    let (tasks, id) = assigned(owner("joe"));
    let expected = ("task", "joe", "2019-03-08", "do a task that jane assigned");
    let strings = |(a, b, c, d): (&str, &str, &str, &str)| (a.into(), b.into(), c.into(), d.into());
    assert_eq!(only(&tasks, &ALL, ""), strings(expected));
    let ladder = |tasks: &Tasks| -> Vec<_> {
        owed_by(tasks, &ALL, "")[0].ladder.iter().map(|rung| rung.contact.value().to_owned()).collect()
    };
    assert_eq!(ladder(&tasks), ["joe", "rao", "lee"]);
    // Who is no longer there.
    let gone = "do or hand over a task that joe had, who is no longer in the case";
    let mut left = roster(&ALL);
    let ended = crate::case::life::SeatEnded {
        contact: seat("joe").contact.id,
        organization: seat("joe").contact.organization,
    };
    let at: Timestamp = AT.parse().unwrap();
    left = crate::case::roster::step(
        &left,
        crate::case::roster::RosterEvent::Ended(&ended),
        &Step {
            key: &EventKey { sender: user("lee"), id: EventId::new() },
            seat: &seat("lee"),
            at,
            server_at: at,
            roster: &left,
            plan_side: &"urn:example:org|aco".parse().unwrap(),
            community_side: &"urn:example:org|cp".parse().unwrap(),
            story_clock: false,
        },
    )
    .unwrap();
    let (agreement, rules) = papers("");
    let after = owed(&tasks, &Rules { agreement: &agreement, rules: &rules, roster: &left });
    assert_eq!((after[0].owner.value(), after[0].what.as_str()), ("lee", gone));
    // Declined: back with Jane, until Monday.
    let declined = TaskDeclined { task: id.clone(), reason: "no time".into() };
    let declined = take(&tasks, "joe", TaskEvent::Declined(&declined)).unwrap();
    let expected = ("task-reassign", "jane", "2019-03-04", "give a declined task to somebody else");
    assert_eq!(only(&declined, &ALL, ""), strings(expected));
    assert_eq!(
        only(&declined, &["kim", "lee"], "").1,
        "lee",
        "where no lead of hers is left, the plan side's"
    );
    // Over: nothing.
    let complete = TaskCompleted { task: id.clone(), outcome: "done".into() };
    assert!(owed_by(&take(&tasks, "joe", TaskEvent::Completed(&complete)).unwrap(), &ALL, "").is_empty());
}

#[test]
fn a_pools_task_is_claimed_in_time() {
    let (tasks, _) = assigned(pool("aco"));
    let claim = |tasks: &Tasks, clocks: &str| {
        let (clock, owner, day, _) = only(tasks, &ALL, clocks);
        (clock, owner, day)
    };
    let strings = |(a, b, c): (&str, &str, &str)| (a.into(), b.into(), c.into());
    // The first of the ladder who is of that organization; by the rule set's clock, and by the agreement's.
    assert_eq!(claim(&tasks, ""), strings(("task-claim", "rao", "2019-03-03")));
    assert_eq!(claim(&tasks, "task-claim: {days: 1}"), strings(("task-claim", "rao", "2019-03-02")));
    assert_eq!(claim(&tasks, "task-claim: {days: 99}").2, "2019-03-08", "never longer than the task itself");
    // Nobody of the Community Partner is on the ladder.
    let (tasks, _) = assigned(pool("cp"));
    assert_eq!(claim(&tasks, ""), strings(("task-claim", "jane", "2019-03-03")));
    // What cannot wait goes to whom one calls then.
    let mut event = assignment(owner("joe"));
    event.priority = Priority::Stat;
    event.due = TaskDue::At(AT.parse().unwrap());
    let tasks = take(&Tasks::default(), "jane", TaskEvent::Assigned(&event)).unwrap();
    let owed = &owed_by(&tasks, &ALL, "")[0];
    let ladder: Vec<_> = owed.ladder.iter().map(|rung| rung.contact.value()).collect();
    assert_eq!((ladder, owed.due), (vec!["joe", "lee"], AT.parse().unwrap()));
}

#[test]
fn a_due_time_is_a_day_or_an_instant() {
    for text in ["2019-03-08", "2019-03-08T15:00:00Z"] {
        assert_eq!(text.parse::<TaskDue>().unwrap().to_string(), text);
    }
    for text in ["", "tomorrow", "2019-13-01", "2019-03-08 15:00", "2019-03-08T15:00:00"] {
        assert_eq!(text.parse::<TaskDue>().unwrap_err().code(), "invalid-due", "{text}");
    }
    let zone = TimeZone::get("America/New_York").unwrap();
    let day: TaskDue = "2019-03-08".parse().unwrap();
    assert_eq!(day.instant(&zone).to_string(), "2019-03-09T05:00:00Z");
    assert_eq!(TaskDue::Day(Date::MAX).instant(&zone), Timestamp::MAX);
}

#[test]
fn the_wire_is_what_it_is() {
    let assigned = serde_json::json!({
        "title": "Housing form", "to": {"owner": {"contact": "urn:example:staff|joe", "organization": "urn:example:org|aco"}},
        "due": "2019-03-08",
    });
    let read: TaskAssigned = serde_json::from_value(assigned.clone()).unwrap();
    assert_eq!(
        (read.to.clone(), read.priority, read.detail.as_ref()),
        (owner("joe"), Priority::Routine, None)
    );
    assert_eq!(serde_json::to_value(&read).unwrap(), assigned);
    let to = serde_json::json!({"pool": "urn:example:org|aco"});
    assert_eq!(serde_json::from_value::<Assignee>(to).unwrap(), pool("aco"));
}

fn anything() -> impl Strategy<Value = (usize, u8, usize, usize)> {
    (0..ALL.len(), any::<u8>(), 0..ALL.len(), any::<usize>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever anybody does, every open task is owed once, by somebody, at some time, with a ladder that ends at a telephone.
    #[test]
    fn no_task_is_without_an_owner(acts in prop::collection::vec(anything(), 0..60), gone in prop::collection::vec(0..ALL.len(), 0..8)) {
        let mut tasks = Tasks::default();
        for (who, deed, other, which) in acts {
            let to = if deed.is_multiple_of(3) { pool(if other.is_multiple_of(2) { "cp" } else { "aco" }) } else { owner(ALL[other]) };
            let ids: Vec<EventKey> = tasks.all().iter().map(|task| task.key.clone()).collect();
            let took = if deed.is_multiple_of(4) || ids.is_empty() {
                take(&tasks, ALL[who], TaskEvent::Assigned(&assignment(to)))
            } else {
                let deeds = deeds(&ids[which % ids.len()], to);
                take(&tasks, ALL[who], deeds[usize::from(deed) % deeds.len()].event())
            };
            tasks = took.unwrap_or(tasks);
        }
        let left: Vec<&str> = ALL.iter().enumerate().filter(|(n, _)| !gone.contains(n)).map(|(_, who)| *who).collect();
        let owed = owed_by(&tasks, &left, "");
        prop_assert_eq!(owed.len(), tasks.open().count());
        for one in &owed {
            prop_assert!(one.ladder.last().is_some_and(|rung| rung.phone.is_some()));
            prop_assert!(!one.what.contains("Secret") && one.due < Timestamp::MAX);
        }
    }
}
