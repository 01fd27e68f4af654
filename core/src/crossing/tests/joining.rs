//! Nobody speaks for a side that has joined by stating a place from before.

use proptest::prelude::*;

use super::*;
use crate::case::event::{Event, Head};
use crate::case::fold::tests::world::{event, held};
use crate::case::state::Standing;
use crate::contact::Role;

/// An event after this one of somebody's.
fn after_those(n: usize, before: &Event, who: &crate::id::UserId, data: EventData) -> Event {
    let key = EventKey { sender: who.clone(), id: before.id };
    event(n, vec![Head { key, clock: before.clock }], data)
}

/// An event after these.
fn after(n: usize, before: &[&Event], who: &[&str], data: impl Into<EventData>) -> Event {
    let heads = before
        .iter()
        .zip(who)
        .map(|(event, who)| Head { key: EventKey { sender: user(who), id: event.id }, clock: event.clock });
    event(n, heads.collect(), data)
}

/// The number of an event whose id comes before this one's.
fn lower_than(n: usize) -> usize {
    (100..400).find(|m| id(*m) < id(n)).unwrap()
}

/// Somebody of Jane's choice, as one of the other side.
fn puppet() -> Seat {
    let mut seat = seat("joe");
    seat.contact.user = Some("@puppet:cp.example".parse().unwrap());
    seat
}

/// The honest beginning: opened, Joe named, Joe accepts, Joe says something.
fn honest() -> (Vec<Event>, Vec<Held>) {
    let open = event(0, Vec::new(), opening_alone());
    let named = after(1, &[&open], &["jane"], SeatAdded { seat: seat("joe") });
    let accepted = after(2, &[&named], &["jane"], CaseAccepted { case: opening().case });
    let said = after(3, &[&accepted], &["joe"], MessageSent::default());
    let who = ["jane", "jane", "joe", "joe"];
    let events = vec![open, named, accepted, said];
    let held = events.iter().zip(who).enumerate().map(|(n, (event, who))| held(who, "words", event, at(n)));
    let held = held.collect();
    (events, held)
}

fn became(state: &CaseState, event: &Event) -> &'static str {
    state.timeline.iter().find(|entry| entry.key.id == event.id).unwrap().standing.code()
}

/// The same in every order of arrival, one after the other.
fn in_any_order(events: &[Held], look: impl Fn(&CaseState)) {
    let mut orders = vec![events.to_vec()];
    for n in 1..events.len() {
        let mut turned = events.to_vec();
        turned.rotate_left(n);
        orders.push(turned.clone());
        turned.reverse();
        orders.push(turned);
    }
    let whole = folded(events.to_vec());
    for order in orders {
        let mut fold = Fold::new();
        for held in order {
            fold.insert(held);
        }
        assert_eq!(fold.state(), whole.state());
        look(fold.state());
    }
}

#[test]
fn who_names_somebody_else_from_before_the_joining_names_nobody() {
    let (events, mut all) = honest();
    let n = lower_than(1);
    let late = after(n, &[&events[0]], &["jane"], SeatAdded { seat: puppet() });
    all.push(held("jane", "words", &late, at(60)));
    in_any_order(&all, |state| {
        assert_eq!(became(state, &late), "superseded");
        assert_eq!((became(state, &events[1]), became(state, &events[2])), ("counted", "counted"));
        assert!(state.roster().contains(&user("joe")), "who was named rightly stays");
    });
}

#[test]
fn nor_does_the_puppets_own_acceptance_take_it_back() {
    let (events, mut all) = honest();
    let n = lower_than(1);
    let late = after(n, &[&events[0]], &["jane"], SeatAdded { seat: puppet() });
    let accepts = after(n + 1, &[&late], &["jane"], CaseAccepted { case: opening().case });
    all.push(held("jane", "words", &late, at(60)));
    let mut taken = held("jane", "words", &accepts, at(61));
    taken.sender = "@puppet:cp.example".parse().unwrap();
    all.push(taken);
    in_any_order(&all, |state| {
        assert_eq!((became(state, &late), became(state, &accepts)), ("superseded", "superseded"));
        assert!(state.roster().contains(&user("joe")));
    });
}

#[test]
fn nor_attests_a_signature_or_says_how_a_task_went() {
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
    let open = event(0, Vec::new(), opening_alone());
    let sent = after(4, &[&open], &["jane"], plan);
    let given = TaskAssigned {
        title: "Fill in the form".into(),
        detail: None,
        to: Assignee::Owner(whom("joe")),
        due: "2026-01-09".parse().unwrap(),
        priority: Priority::Routine,
    };
    let given = after(5, &[&sent], &["jane"], given);
    let named = after(6, &[&given], &["jane"], SeatAdded { seat: seat("lee") });
    let accepted = after(7, &[&named], &["jane"], CaseAccepted { case: opening().case });
    let on = "2026-01-05".parse().unwrap();
    let attested = PlanSigned { plan: sent.id, sha256, signer, how: SignedHow::Fax, on, scan: None };
    let n = lower_than(6);
    let attested = after(n, &[&given], &["jane"], attested);
    let task = EventKey { sender: user("jane"), id: given.id };
    let m = (n + 1..400).find(|m| id(*m) < id(6)).unwrap();
    let done = after(m, &[&given], &["jane"], TaskCompleted { task: task.clone(), outcome: "Done".into() });
    let by = [&open, &sent, &given, &named, &accepted, &attested, &done];
    let who = ["jane", "jane", "jane", "jane", "lee", "jane", "jane"];
    let all: Vec<Held> =
        by.iter().zip(who).enumerate().map(|(n, (event, who))| held(who, "words", event, at(n))).collect();
    // What Lee had not heard of as he accepted does not stand; and what superseded it is in what a record carries.
    in_any_order(&all, |state| {
        assert_eq!((became(state, &attested), became(state, &done)), ("superseded", "superseded"));
        assert_eq!(state.plans.get(sent.id).unwrap().status, PlanStatus::Sent);
        let joining = EventKey { sender: user("lee"), id: accepted.id };
        for resource in [Resource::Plan(sent.id), Resource::Task(task.clone())] {
            assert!(state.shaped_by(&resource).iter().any(|head| head.key == joining), "{resource:?}");
        }
    });
    // As long as nobody has accepted, they count.
    let without: Vec<Held> = all.iter().filter(|held| held.id != accepted.id).cloned().collect();
    in_any_order(&without, |state| assert_eq!(became(state, &attested), "counted"));
    // What he had heard of stands.
    let accepted = after(7, &[&named, &attested], &["jane", "jane"], CaseAccepted { case: opening().case });
    let mut heard = without;
    heard.push(held("lee", "words", &accepted, at(8)));
    in_any_order(&heard, |state| assert_eq!(became(state, &attested), "counted"));
}

#[test]
fn a_side_whose_last_account_left_is_spoken_for_again() {
    let (events, mut all) = honest();
    let joe = seat("joe").contact;
    // Lee, who has a telephone only, stays their lead.
    let ended = SeatEnded { contact: joe.id, organization: joe.organization };
    let left = after(4, &[&events[3]], &["joe"], ended);
    let again = after(5, &[&left], &["joe"], SeatAdded { seat: seat("lee") });
    all.push(held("joe", "words", &left, at(4)));
    all.push(held("jane", "words", &again, at(5)));
    in_any_order(&all, |state| {
        assert_eq!((became(state, &left), became(state, &again)), ("counted", "counted"));
        assert!(state.roster().contains(&user("lee")));
    });
}

#[test]
fn our_own_acceptance_that_settles_later_is_weighed_anew() {
    let (events, all) = honest();
    let n = lower_than(1);
    let late = after(n, &[&events[0]], &["jane"], SeatAdded { seat: puppet() });
    let accepts = after(n + 1, &[&late], &["jane"], CaseAccepted { case: opening().case });
    let mut puppets = held("jane", "words", &accepts, at(2));
    puppets.sender = "@puppet:cp.example".parse().unwrap();
    let mut mine = all[2].clone();
    mine.server_at = at(1);
    let mut fold =
        folded([all[0].clone(), all[1].clone(), held("jane", "words", &late, at(1)), puppets, mine]);
    assert!(fold.state().roster().contains(&user("joe")));
    // His own device's clock was early: the homeserver had the other one first.
    let mut settled = all[2].clone();
    settled.server_at = at(3);
    assert!(fold.settle([settled]));
    assert!(!fold.state().roster().contains(&user("joe")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_joined_first_stays_whatever_is_dated_back(
        lies in prop::collection::vec((0usize..5, 0usize..8, 100usize..300), 1..8),
        swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let (mut events, mut all) = honest();
        let mut by = ["jane", "jane", "joe", "joe"].map(user).to_vec();
        for (n, (what, where_, number)) in lies.into_iter().enumerate() {
            let before = where_ % events.len();
            let lee = seat("lee").contact;
            let mut other = puppet();
            other.contact.id = format!("urn:example:staff|{}", ["joe", "rao", "new"][n % 3]).parse().unwrap();
            other.contact.role = Role::AcoCareManager;
            let data: EventData = match what {
                0 | 1 => SeatAdded { seat: other }.into(),
                2 => SeatEnded { contact: lee.id, organization: lee.organization }.into(),
                3 => CaseAccepted { case: opening().case }.into(),
                _ => SeatAdded { seat: seat("lee") }.into(),
            };
            let lie = after_those(number * 8 + n, &events[before], &by[before], data);
            // A puppet, or Jane.
            let mut told = held("jane", "words", &lie, at(100 + n));
            if what == 3 {
                told.sender = puppet().contact.user.unwrap();
            }
            all.push(told.clone());
            events.push(lie);
            by.push(told.sender);
        }
        let whole = folded(all.clone());
        let mut shuffled = all;
        for pair in swaps.chunks_exact(2) {
            let (a, b) = (pair[0].index(shuffled.len()), pair[1].index(shuffled.len()));
            shuffled.swap(a, b);
        }
        let mut fold = Fold::new();
        for held in shuffled {
            fold.insert(held);
        }
        prop_assert_eq!(fold.state(), whole.state());
        prop_assert_eq!(whole.state().digest(), fold.state().digest());
        prop_assert!(whole.state().roster().contains(&user("joe")));
        for entry in whole.state().timeline.iter().filter(|entry| entry.standing == Standing::Counted) {
            prop_assert!(
                entry.kind != "seat.added" || entry.key.id == events[1].id,
                "nobody else is named for a side that is there"
            );
        }
    }
}
