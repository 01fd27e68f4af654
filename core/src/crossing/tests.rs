#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod joining;

use proptest::prelude::*;

use super::*;
use crate::care_plan::{PlanSent, PlanSigned, PlanStatus, SignedHow, Signer};
use crate::case::event::{EventData, Held};
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{
    acts, at, document, id, next, opening, opening_alone, organization, play_from, seat, user,
};
use crate::case::life::{CaseAccepted, CaseClosed, CloseReason, RungPosted, SeatAdded, SeatEnded};
use crate::case::state::{CaseState, Resource};
use crate::case::step::Owed;
use crate::communication::MessageSent;
use crate::contact::Seat;
use crate::id::Sha256;
use crate::task::{Assignee, TaskAssigned, TaskCompleted, TaskStatus};

// Synthetic throughout. The ACO of this case has nobody on Matrix: Joe, Rao and Lee are named with their telephones.

fn key(who: &str, n: usize) -> EventKey {
    EventKey { sender: user(who), id: id(n) }
}

fn whom(who: &str) -> Whom {
    let contact = seat(who).contact;
    Whom { contact: contact.id, organization: contact.organization }
}

fn carried(events: &[EventKey], reached: bool) -> EventData {
    let outcome = "Left it with the front desk".to_owned();
    CrossingCarried { events: events.to_vec(), how: Way::Phone, with: None, reached, outcome }.into()
}

fn with_account(who: &str) -> Seat {
    seat(who)
}

/// The fold after these, and why the last took no step.
fn played(acts: &[(&str, EventData)]) -> (Fold, Option<String>) {
    let mut fold = Fold::new();
    for (n, (who, data)) in acts.iter().enumerate() {
        fold.insert(next(n, who, fold.state(), data.clone()));
    }
    let last = fold.state().timeline.last().unwrap();
    let reason = last.standing.reason().map(|reason| reason.code.to_string());
    (fold, reason)
}

fn of_clock<'a>(owed: &'a [Owed], clock: &str) -> Vec<&'a Owed> {
    owed.iter().filter(|one| one.clock == clock).collect()
}

fn standings(state: &CaseState) -> Vec<(&'static str, &'static str)> {
    state.crossings.all().iter().map(|one| (one.what.code(), one.standing.code())).collect()
}

#[test]
fn what_is_said_to_a_side_without_matrix_is_somebodys_to_take_across() {
    let first = [("jane", opening_alone().into()), ("kim", MessageSent::default().into())];
    // Kim has no seat: what she says counts nowhere.
    let (fold, reason) = played(&first);
    assert_eq!(reason.as_deref(), Some("no-seat"));
    assert_eq!(standings(fold.state()), [("case", "waiting")]);

    let acts = [("jane", opening_alone().into()), ("jane", MessageSent::default().into())];
    let (fold, _) = played(&acts);
    assert_eq!(standings(fold.state()), [("case", "waiting"), ("message", "waiting")]);
    let owed = fold.state().owed();
    let [carry] = of_clock(&owed, CLOCK)[..] else { panic!("{owed:?}") };
    assert_eq!((carry.owner.value(), carry.since), ("jane", key("jane", 0).owed()), "the earliest counts");
    assert!(carry.what.contains("2 things") && carry.what.contains("Harbor ACO"), "{}", carry.what);
    // A Monday, four in the morning in Boston: one business day.
    assert_eq!(carry.due.to_string(), "2026-01-07T05:00:00Z");
    let ladder: Vec<&str> = carry.ladder.iter().map(|rung| rung.name.as_str()).collect();
    assert_eq!(ladder, ["jane", "joe", "lee"]);
    assert_eq!(carry.ladder[2].phone.as_deref(), Some("555-0102"));

    // Where everybody reads along, nothing goes across.
    let (fold, _) = played(&[("jane", opening().into()), ("jane", MessageSent::default().into())]);
    assert_eq!(standings(fold.state()), []);
}

#[test]
fn what_came_of_it_is_recorded_and_what_was_tried_too() {
    let open = ("jane", EventData::from(opening_alone()));
    let said = ("jane", EventData::from(MessageSent::default()));
    let tried = ("jane", carried(&[key("jane", 0)], false));
    let (fold, reason) = played(&[open.clone(), said.clone(), tried.clone()]);
    assert_eq!(reason, None);
    assert_eq!(standings(fold.state()), [("case", "waiting"), ("message", "waiting")]);
    assert_eq!(
        of_clock(&fold.state().owed(), CLOCK)[0].since,
        key("jane", 0).owed(),
        "it is owed until it arrives"
    );

    let both = ("jane", carried(&[key("jane", 0), key("jane", 1)], true));
    let (fold, reason) = played(&[open.clone(), said.clone(), tried.clone(), both.clone()]);
    assert_eq!(reason, None);
    assert_eq!(standings(fold.state()), [("case", "carried"), ("message", "carried")]);
    let case = fold.state().crossings.get(&key("jane", 0)).unwrap();
    let attempts: Vec<(bool, Way)> = case.attempts.iter().map(|one| (one.reached, one.how)).collect();
    assert_eq!(attempts, [(false, Way::Phone), (true, Way::Phone)]);
    assert_eq!(of_clock(&fold.state().owed(), CLOCK), Vec::<&Owed>::new());
    let texts: Vec<&str> = fold.state().timeline.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        texts[2],
        "jane (CP care coordinator) tried to take what was to go across to the other side by telephone: Left it with the front desk"
    );
    assert!(texts[3].starts_with("jane (CP care coordinator) took 2 things to"), "{}", texts[3]);

    let refused = |data: EventData| played(&[open.clone(), said.clone(), both.clone(), ("jane", data)]).1;
    assert_eq!(refused(carried(&[key("jane", 0)], true)).as_deref(), Some("crossing-over"));
    assert_eq!(refused(carried(&[], true)).as_deref(), Some("crossing-none"));
    assert_eq!(refused(carried(&[key("jane", 2)], true)).as_deref(), Some("crossing-unknown"));
    let many = vec![key("jane", 1); MOST_CARRIED + 1];
    assert_eq!(refused(carried(&many, true)).as_deref(), Some("crossing-too-many"));
    let twice = ("jane", carried(&[key("jane", 0), key("jane", 0)], true));
    assert_eq!(played(&[open.clone(), twice]).1.as_deref(), Some("crossing-twice"));
    let by = |who: &'static str, with: Option<Whom>| {
        let data = CrossingCarried {
            events: vec![key("jane", 0)],
            how: Way::Fax,
            with,
            reached: true,
            outcome: String::new(),
        };
        played(&[open.clone(), (who, data.into())]).1
    };
    assert_eq!(by("cp-bot", None).as_deref(), Some("crossing-by-keeper"));
    assert_eq!(by("jane", Some(whom("jane"))).as_deref(), Some("crossing-other-side"));
    assert_eq!(by("jane", Some(whom("joe"))), None);
    assert_eq!(by("joe", None).as_deref(), Some("no-seat"), "who has no account says nothing here");
}

#[test]
fn the_other_side_joins_and_has_it_from_the_handover() {
    let acts = vec![
        ("jane", EventData::from(opening_alone())),
        ("jane", MessageSent::default().into()),
        ("jane", SeatAdded { seat: with_account("joe") }.into()),
        ("jane", MessageSent::default().into()),
    ];
    let (fold, reason) = played(&acts);
    assert_eq!(reason, None);
    // What is said from then on he reads; what was said before is owed until he has taken the case up.
    assert_eq!(standings(fold.state()), [("case", "waiting"), ("message", "waiting")]);
    let places: Vec<(&str, bool)> = fold
        .state()
        .roster()
        .all()
        .iter()
        .filter(|place| place.seat.contact.id.value() == "joe")
        .map(|place| {
            (place.seat.contact.user.as_ref().map_or("", |user| user.as_str()), place.ended.is_none())
        })
        .collect();
    assert_eq!(
        places,
        [("", false), (user("joe").as_str(), true)],
        "the seat with the account takes the other's place"
    );
    let mut acts = acts;
    acts.push(("joe", CaseAccepted { case: opening().case }.into()));
    let (fold, reason) = played(&acts);
    assert_eq!((reason, standings(fold.state())), (None, vec![("case", "joined"), ("message", "joined")]));
    assert!(of_clock(&fold.state().owed(), CLOCK).is_empty());
    acts.push(("jane", carried(&[key("jane", 1)], true)));
    assert_eq!(played(&acts).1.as_deref(), Some("crossing-over"));
    // From now on they name their people themselves.
    let lee = seat("lee").contact;
    acts.pop();
    acts.push(("jane", SeatEnded { contact: lee.id, organization: lee.organization }.into()));
    assert_eq!(played(&acts).1.as_deref(), Some("other-organization"));
}

#[test]
fn only_a_lead_of_the_other_side_names_people_of_a_side_without_matrix() {
    let open = ("jane", EventData::from(opening_alone()));
    let mut stranger = seat("joe");
    stranger.contact.organization = organization("hospital");
    let named = |who: &'static str, seat: Seat| played(&[open.clone(), (who, SeatAdded { seat }.into())]).1;
    assert_eq!(named("jane", stranger).as_deref(), Some("other-organization"));
    assert_eq!(named("cp-bot", seat("joe")).as_deref(), Some("not-lead"));
    let mut again = seat("joe");
    again.contact.user = None;
    assert_eq!(named("jane", again).as_deref(), Some("seat-twice"));
    assert_eq!(named("jane", seat("joe")), None);
    // Whoever comes first decides for their side, so that it is never without somebody who can name others.
    let (fold, _) = played(&[open, ("jane", SeatAdded { seat: seat("rao") }.into())]);
    assert!(fold.state().roster().seat_of(&user("rao")).unwrap().lead);
}

#[test]
fn a_plan_that_came_back_by_fax_and_a_task_that_was_told_of_by_telephone() {
    let plan = PlanSent {
        document: document("plan"),
        sign_by: None,
        member_approved: None,
        replaces: None,
        on: None,
    };
    let sha256 = plan.document.sha256;
    let rao = seat("rao").contact;
    let signer = Signer::Contact { contact: rao.id, organization: rao.organization };
    let on = "2026-01-05".parse().unwrap();
    let by_fax = PlanSigned { plan: id(1), sha256, signer, how: SignedHow::Fax, on, scan: None };
    let given = TaskAssigned {
        title: "Fill in the form".into(),
        detail: None,
        to: Assignee::Owner(whom("joe")),
        due: "2026-01-09".parse().unwrap(),
        priority: Priority::Routine,
    };
    let rest = |open| -> Vec<(&str, EventData)> {
        vec![
            ("jane", open),
            ("jane", plan.clone().into()),
            ("jane", given.clone().into()),
            ("jane", TaskCompleted { task: key("jane", 2), outcome: "Joe called: it is sent".into() }.into()),
            ("jane", by_fax.clone().into()),
        ]
    };
    let (fold, _) = played(&rest(opening_alone().into()));
    let state = fold.state();
    assert!(matches!(state.plans.get(id(1)).unwrap().status, PlanStatus::Approved(_)));
    assert_eq!(state.tasks.get(&key("jane", 2)).unwrap().status, TaskStatus::Completed);
    assert_eq!(
        standings(state),
        [("case", "waiting"), ("plan", "waiting"), ("task", "waiting")],
        "what was signed over there is known over there"
    );
    // A side that is on Matrix speaks for itself.
    let (fold, reason) = played(&rest(opening().into()));
    assert_eq!(reason.as_deref(), Some("plan-not-plan-side"));
    assert_eq!(fold.state().tasks.get(&key("jane", 2)).unwrap().status, TaskStatus::Requested);
}

#[test]
fn the_ladder_ends_with_a_call_that_somebody_records_as_reached() {
    let plan = PlanSent {
        document: document("plan"),
        sign_by: None,
        member_approved: None,
        replaces: None,
        on: None,
    };
    let sha256 = plan.document.sha256;
    let mut fold = Fold::new();
    let late = |days: i64| at(0) + jiff::SignedDuration::from_hours(24 * days);
    let mut say = |n: usize, who: &str, data: EventData, when: jiff::Timestamp| {
        let mut event = crate::case::fold::tests::world::event(n, fold.state().heads(), data);
        event.at = when;
        fold.insert(crate::case::fold::tests::world::held(who, "words", &event, when));
        fold.state().clone()
    };
    say(0, "jane", opening().into(), at(0));
    say(1, "jane", plan.into(), at(1));
    let rung = |n: u32, who: &str| {
        let (owed, clock, whom) = (key("jane", 1).owed(), "plan-return".to_owned(), whom(who));
        let (contact, organization) = (whom.contact, whom.organization);
        EventData::from(RungPosted {
            owed,
            clock,
            rung: n,
            contact,
            organization,
            due: late(15),
            left: false,
        })
    };
    let state = say(2, "aco-bot", rung(0, "joe"), late(16));
    assert_eq!(standings(&state), [], "Joe reads it, and is not the last");
    let state = say(3, "aco-bot", rung(1, "lee"), late(20));
    assert_eq!(standings(&state), [("call", "waiting")]);
    let owed = state.owed();
    let [call] = of_clock(&owed, CALL_CLOCK)[..] else { panic!("{owed:?}") };
    assert_eq!(call.owner.value(), "jane", "who waits for an answer calls");
    assert!(call.what.starts_with("call lee (555-0102) about what is overdue"), "{}", call.what);
    // A reminder of the call is no call of its own.
    let first = &call.ladder[0];
    let again = RungPosted {
        owed: key("aco-bot", 3).owed(),
        organization: first.organization.clone(),
        clock: CALL_CLOCK.into(),
        rung: 0,
        contact: first.contact.clone(),
        due: first.at,
        left: false,
    };
    let state = say(4, "cp-bot", again.into(), late(24));
    assert_eq!(standings(&state), [("call", "waiting")]);
    let state = say(5, "jane", carried(&[key("aco-bot", 3)], false), late(24));
    assert_eq!(of_clock(&state.owed(), CALL_CLOCK).len(), 1, "nobody was reached");
    let state = say(6, "jane", carried(&[key("aco-bot", 3)], true), late(24));
    assert_eq!(standings(&state), [("call", "carried")]);
    assert_eq!(of_clock(&state.owed(), "plan-return").len(), 1, "the plan is still owed");
    let approved = crate::care_plan::PlanApproved { plan: id(1), sha256 };
    let state = say(7, "rao", approved.into(), late(25));
    assert_eq!(of_clock(&state.owed(), CALL_CLOCK).len() + of_clock(&state.owed(), "plan-return").len(), 0);
}

#[test]
fn whoever_has_left_is_passed_over_with_a_trace() {
    let plan = PlanSent {
        document: document("plan"),
        sign_by: None,
        member_approved: None,
        replaces: None,
        on: None,
    };
    let mut fold = Fold::new();
    let late = |days: i64| at(0) + jiff::SignedDuration::from_hours(24 * days);
    let mut say = |n: usize, who: &str, data: EventData, when: jiff::Timestamp| {
        let mut event = crate::case::fold::tests::world::event(n, fold.state().heads(), data);
        event.at = when;
        fold.insert(crate::case::fold::tests::world::held(who, "words", &event, when));
        fold.state().clone()
    };
    say(0, "jane", opening().into(), at(0));
    let state = say(1, "jane", plan.into(), at(1));
    let ladder = |state: &CaseState| of_clock(&state.owed(), "plan-return")[0].ladder.clone();
    let (first, second) = (ladder(&state)[0].at, ladder(&state)[1].at);
    assert!(first < second);
    let rung = |n: u32, who: &str, left| {
        let (owed, clock, whom) = (key("jane", 1).owed(), "plan-return".to_owned(), whom(who));
        let (contact, organization) = (whom.contact, whom.organization);
        EventData::from(RungPosted { owed, clock, rung: n, contact, organization, due: late(15), left })
    };
    // Joe has left: Lee's turn is when his was, and nobody calls Joe.
    let state = say(2, "aco-bot", rung(0, "joe", true), first);
    assert_eq!(standings(&state), []);
    assert!(state.timeline.last().unwrap().text.contains("joe has left"));
    assert_eq!(ladder(&state)[1].at, first);
    // Lee, too: it is owed all the same, and somebody calls the number that is known.
    let state = say(3, "aco-bot", rung(1, "lee", true), first);
    assert_eq!(state.timeline.last().unwrap().standing.code(), "counted");
    assert_eq!(standings(&state), [("call", "waiting")]);
    let owed = state.owed();
    assert_eq!(of_clock(&owed, "plan-return").len(), 1, "nothing is lost");
    let call = of_clock(&owed, CALL_CLOCK)[0].clone();
    assert_eq!((call.owner.value(), call.ladder.last().unwrap().phone.is_some()), ("jane", true));
}

#[test]
fn nobody_has_the_people_of_another_organization_passed_over() {
    let plan = PlanSent {
        document: document("plan"),
        sign_by: None,
        member_approved: None,
        replaces: None,
        on: None,
    };
    let mut fold = Fold::new();
    let mut say = |n: usize, who: &str, data: EventData, when: jiff::Timestamp| {
        let mut event = crate::case::fold::tests::world::event(n, fold.state().heads(), data);
        event.at = when;
        fold.insert(crate::case::fold::tests::world::held(who, "words", &event, when));
        assert_eq!(fold.state().timeline.last().unwrap().standing.code(), "counted", "{n}");
        fold.state().clone()
    };
    say(0, "jane", opening().into(), at(0));
    let state = say(1, "jane", plan.into(), at(1));
    let ladder = |state: &CaseState| of_clock(&state.owed(), "plan-return")[0].ladder.clone();
    let (first, second) = (ladder(&state)[0].at, ladder(&state)[1].at);
    let rung = |n: u32, who: &str| {
        let (owed, clock, whom) = (key("jane", 1).owed(), "plan-return".to_owned(), whom(who));
        let (contact, organization) = (whom.contact, whom.organization);
        EventData::from(RungPosted { owed, clock, rung: n, contact, organization, due: first, left: true })
    };
    let left = |state: &CaseState| state.life.rungs.values().map(|posted| posted.left).collect::<Vec<_>>();
    // Joe is there: that the other side's keeper says he has left makes nothing due earlier.
    let state = say(2, "cp-bot", rung(0, "joe"), first);
    assert_eq!((ladder(&state)[1].at, left(&state)), (second, vec![false]));
    // Of Lee the roster says it.
    let lee = whom("lee");
    let ended = crate::case::life::SeatEnded { contact: lee.contact, organization: lee.organization };
    say(3, "lee", ended.into(), second);
    let state = say(4, "cp-bot", rung(1, "lee"), second);
    assert_eq!(left(&state), [false, true]);
}

#[test]
fn a_call_about_what_is_done_is_not_needed() {
    let plan = PlanSent {
        document: document("plan"),
        sign_by: None,
        member_approved: None,
        replaces: None,
        on: None,
    };
    let sha256 = plan.document.sha256;
    let mut fold = Fold::new();
    let late = at(0) + jiff::SignedDuration::from_hours(24 * 30);
    let rung = RungPosted {
        owed: key("jane", 1).owed(),
        organization: organization("aco"),
        clock: "plan-return".into(),
        rung: 1,
        contact: seat("lee").contact.id,
        due: late,
        left: false,
    };
    let approved = crate::care_plan::PlanApproved { plan: id(1), sha256 };
    let acts: Vec<(&str, EventData)> = vec![
        ("jane", opening().into()),
        ("jane", plan.into()),
        ("aco-bot", rung.into()),
        ("rao", approved.into()),
    ];
    for (n, (who, data)) in acts.into_iter().enumerate() {
        let when = if n > 1 { late } else { at(n) };
        let mut event = crate::case::fold::tests::world::event(n, fold.state().heads(), data);
        event.at = when;
        fold.insert(crate::case::fold::tests::world::held(who, "words", &event, when));
    }
    assert_eq!(standings(fold.state()), [("call", "waiting")]);
    assert!(of_clock(&fold.state().owed(), CALL_CLOCK).is_empty());
}

#[test]
fn nothing_is_owed_in_a_closed_case() {
    let closed = CaseClosed { reason: CloseReason::Moved, continued_in: None };
    let (fold, _) = played(&[("jane", opening_alone().into()), ("jane", closed.into())]);
    assert!(of_clock(&fold.state().owed(), CALL_CLOCK).is_empty());
}

#[test]
fn debug_shows_no_words() {
    let (fold, _) = played(&[("jane", opening_alone().into()), ("jane", carried(&[key("jane", 0)], true))]);
    let shown = format!("{:?} {:?}", fold.state().crossings, carried(&[], true));
    assert!(!shown.contains("front desk"), "{shown}");
    let CrossingCarried { outcome, .. } = match carried(&[], true) {
        EventData::CrossingCarried(event) => event.withheld(),
        _ => panic!("another kind"),
    };
    assert_eq!((outcome.as_str(), Sha256::of("")), ("", Sha256::of("")));
}

fn folded(events: impl IntoIterator<Item = Held>) -> Fold {
    let mut fold = Fold::new();
    fold.extend(events);
    fold
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_gives_the_same_and_everything_owed_is_somebodys(
        acts in acts(true),
        swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let events = play_from(opening_alone(), &acts);
        let whole = folded(events.clone());
        let mut shuffled = events;
        for pair in swaps.chunks_exact(2) {
            let (a, b) = (pair[0].index(shuffled.len()), pair[1].index(shuffled.len()));
            shuffled.swap(a, b);
        }
        let other = folded(shuffled);
        prop_assert_eq!(whole.state().digest(), other.state().digest());
        prop_assert_eq!(&whole.state().crossings, &other.state().crossings);
        let owed = whole.state().owed();
        prop_assert_eq!(&owed, &other.state().owed());
        for one in &owed {
            prop_assert!(!one.owner.value().is_empty());
            prop_assert!(one.ladder.last().is_some_and(|rung| rung.phone.is_some()), "{}", one.what);
        }
        // Whatever was said to a side without Matrix is owed, was taken there, or is read there now.
        if whole.state().life.closed.is_none() {
            for to in ["aco", "cp"].map(organization) {
                let waits = whole.state().crossings.waiting().any(|one| one.to == to && one.what.code() != "call");
                let name = if to == organization("aco") { "Harbor ACO" } else { "Bay Community Care" };
                prop_assert_eq!(waits, owed.iter().any(|one| one.clock == CLOCK && one.what.contains(name)));
            }
        }
    }
}
