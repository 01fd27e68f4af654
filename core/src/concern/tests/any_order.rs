//! Whatever anybody does, in whatever order it comes, whole or in stubs. Everything is synthetic.

use proptest::prelude::*;

use super::*;
use crate::case::event::{HeldBody, Receipt};
use crate::case::handover::HandedEvent;
use crate::case::life::{CaseAccepted, RungPosted, SeatEnded};

/// What somebody does: valid or not.
fn deed(kind: u8, n: usize, state: &CaseState) -> EventData {
    let concerns = state.concerns.all();
    let concern = if concerns.is_empty() { id(n) } else { concerns[n % concerns.len()].key.id };
    let somebody = seat(PEOPLE[n % PEOPLE.len()]);
    let text = match kind / 16 % 4 {
        0 => "born 4/5/1961".to_owned(),
        _ => format!("words of {n}"),
    };
    match kind % 16 {
        0..=3 => raised(&text).into(),
        4 | 5 => ConcernHeard { concern }.into(),
        6 | 7 => ConcernAnswered {
            shared_as: n.is_multiple_of(2).then(|| text.clone()),
            ..answered(concern, &text)
        }
        .into(),
        8 => ConcernClosed { concern }.into(),
        9 => reopened(concern, &text).into(),
        10 => published(&text).into(),
        11 => SeatAdded { seat: somebody }.into(),
        12 => SeatEnded { contact: somebody.contact.id, organization: somebody.contact.organization }.into(),
        13 => match state.owed().first() {
            Some(owed) => RungPosted {
                owed: owed.since,
                clock: owed.clock.clone(),
                rung: 0,
                contact: owed.ladder[0].contact.clone(),
                organization: owed.ladder[0].organization.clone(),
                due: owed.due,
                left: false,
            }
            .into(),
            None => MessageSent::default().into(),
        },
        14 => CaseAccepted { case: opening().room }.into(),
        _ if n.is_multiple_of(7) => CaseClosed { reason: CloseReason::Duplicate, continued_in: None }.into(),
        _ => MessageSent::default().into(),
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Act {
    Write(usize, u8),
    Take(usize, prop::sample::Index),
    TakeAll(usize),
}

pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let who = 0..PEOPLE.len();
    let one = prop_oneof![
        6 => (who.clone(), any::<u8>()).prop_map(|(who, kind)| Act::Write(who, kind)),
        3 => (who.clone(), any::<prop::sample::Index>()).prop_map(|(who, which)| Act::Take(who, which)),
        3 => who.prop_map(Act::TakeAll),
    ];
    prop::collection::vec(one, 5..45)
}

/// Plays what people do on what their devices hold. All events, in the order in which they were sent.
pub(crate) fn play(acts: &[Act]) -> Vec<Held> {
    let mut devices = vec![Fold::new(); PEOPLE.len()];
    let first = next(0, "jane", &CaseState::default(), opening());
    for device in &mut devices {
        assert!(device.insert(first.clone()));
    }
    let mut sent = vec![first];
    for act in acts {
        let n = sent.len();
        match act {
            Act::Write(who, kind) => {
                let state = devices[*who].state();
                let event = next(n, PEOPLE[*who], state, deed(*kind, n, state));
                devices[*who].insert(event.clone());
                sent.push(event);
            }
            Act::Take(who, which) => {
                devices[*who].insert(sent[which.index(n)].clone());
            }
            Act::TakeAll(who) => {
                devices[*who].extend(sent.iter().cloned());
            }
        }
    }
    sent
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_repetition_give_the_same_room(
        acts in acts(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..90),
        seen in prop::collection::vec(any::<bool>(), 60),
    ) {
        let events = play(&acts);
        let mut whole = Fold::new();
        whole.extend(events.clone());
        let mut shuffled = Fold::new();
        for index in order {
            shuffled.insert(events[index.index(events.len())].clone());
        }
        for event in events.iter().rev() {
            shuffled.insert(event.clone());
        }
        prop_assert_eq!(whole.state(), shuffled.state());
        prop_assert_eq!(whole.state().digest(), shuffled.state().digest());
        for event in &events {
            prop_assert!(shuffled.state().timeline.iter().any(|entry| entry.key == event.key()));
        }
        // Every open concern is owed once, by somebody, with a ladder that ends at a telephone.
        let state = whole.state();
        let open = if state.life.closed.is_some() { 0 } else { state.concerns.open().count() };
        prop_assert_eq!(state.owed().len(), open);
        for owed in state.owed() {
            prop_assert!(owed.ladder.last().is_some_and(|rung| rung.phone.is_some()), "{}", owed.what);
        }
        // Nothing that looks like member data stands anywhere.
        let shown = state.timeline.iter().map(|entry| entry.text.as_str()).collect::<String>();
        prop_assert!(!shown.contains("4/5/1961"));

        // Whoever was told a part of it in stubs comes to the same.
        let (handed, _) = handover::make(&whole, |_| true, |held| !counts(state, held) || seen[held.id.as_uuid().as_bytes()[3] as usize % 60]);
        let text = serde_json::to_string(&handed).unwrap();
        prop_assert!(!text.contains("4/5/1961"), "{}", text);
        let handed: Vec<HandedEvent> = serde_json::from_str(&text).unwrap();
        let mut newcomer = Fold::invited(user("max"), [user("jane")]);
        let mine = |event: &&Held| event.sender == user("max");
        newcomer.extend(handover::unpack(handed, &user("jane")));
        newcomer.extend(events.iter().filter(mine).cloned());
        // Max was named at the opening, and reads everything first-hand but what he is told again.
        for event in &events[1..] {
            let stub = newcomer.copies(&event.key()).iter().any(|copy| matches!(copy.body, HeldBody::Stub(_)));
            if !stub || matches!(event.receipt, Receipt::FirstHand { .. }) {
                newcomer.insert(event.clone());
            }
        }
        prop_assert_eq!(state.digest(), newcomer.state().digest());
        prop_assert_eq!(state.owed(), newcomer.state().owed());
    }

    #[test]
    fn a_stub_says_whether_its_event_counts(acts in acts()) {
        let events = play(&acts);
        let mut whole = Fold::new();
        whole.extend(events.clone());
        // Kim is told everything in stubs, but the opening.
        let (handed, _) = handover::make(&whole, |_| true, |held| held.id != events[0].id);
        let mut newcomer = Fold::invited(user("eve"), [user("jane")]);
        newcomer.extend(handover::unpack(handed, &user("jane")));
        prop_assert_eq!(whole.state().digest(), newcomer.state().digest());
        prop_assert_eq!(whole.state().owed(), newcomer.state().owed());
        prop_assert!(newcomer.state().concerns.all().iter().all(|one| one.text.is_empty()));
    }
}
