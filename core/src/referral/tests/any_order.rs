//! Whatever anybody does, in whatever order it comes, whole or in stubs. Everything is synthetic.

use proptest::prelude::*;

use super::*;
use crate::case::event::HeldBody;
use crate::case::handover::HandedEvent;
use crate::case::life::{RungPosted, SeatEnded};
use crate::crossing::CrossingCarried;

pub(crate) const IN_THE_CASE: [&str; 6] = ["jane", "joe", "rao", "cp-bot", "lee", "kim"];

/// What somebody does in a referral's room: valid or not.
pub(crate) fn in_the_room(kind: u8, n: usize, state: &CaseState) -> EventData {
    let somebody = seat(PEOPLE[n % PEOPLE.len()]);
    let some = |all: [Capacity; 3]| all[n % 3];
    match kind % 16 {
        0 | 1 => ReferralCapacityAsked {}.into(),
        2..=4 => ReferralCapacity {
            capacity: some([Capacity::Yes, Capacity::Waitlist, Capacity::No]),
            until: n.is_multiple_of(2).then(|| "2026-02-02".parse().unwrap()),
            text: format!("words of {n}"),
        }
        .into(),
        5 | 6 => ReferralAccepted {}.into(),
        7 if n.is_multiple_of(3) => declined().into(),
        7 | 8 => sub_referred().into(),
        9 | 10 => outcome(OutcomeCode::Partly).into(),
        11 if n.is_multiple_of(3) => cancelled(Cancellation::NotNeeded).into(),
        11 => ReferralClosed {}.into(),
        12 => SeatAdded { seat: somebody }.into(),
        13 => SeatEnded { contact: somebody.contact.id, organization: somebody.contact.organization }.into(),
        14 => rung(state),
        _ => MessageSent::default().into(),
    }
}

/// What somebody does in the case: valid or not.
pub(crate) fn in_the_case(kind: u8, n: usize, state: &CaseState) -> EventData {
    let none = EventKey { sender: user("jane"), id: id(n) };
    let all = state.referrals.all();
    let referral = if all.is_empty() { none.clone() } else { all[n % all.len()].key.clone() };
    let consents = state.consents.all();
    let consent = if consents.is_empty() { id(n) } else { consents[n % consents.len()].key.id };
    let hold = [None, Some(Hold::NoContact), Some(Hold::NoAccount)][n % 3];
    match kind % 16 {
        0 | 1 => super::consent().into(),
        2 if n.is_multiple_of(3) => ConsentRevoked {
            consent,
            on: "2026-01-05".parse().unwrap(),
            reason: String::new(),
            source: String::new(),
        }
        .into(),
        2..=5 => ReferralAsked { hold, ..asked(consent) }.into(),
        6..=8 => {
            let room = n.is_multiple_of(2).then(|| room_of(&referral));
            let by_hand = (!n.is_multiple_of(4)).then_some(Way::Phone);
            ReferralSent { referral, room, by_hand, note: format!("words of {n}") }.into()
        }
        9..=12 => {
            let event = n.is_multiple_of(2).then(|| EventKey { sender: user("pat"), id: id(n % 5) });
            told(&referral, Told::ALL[n % Told::ALL.len()], event).into()
        }
        13 => ReferralWithdrawn { referral, why: format!("words of {n}") }.into(),
        14 => rung(state),
        _ if !n.is_multiple_of(3) => CrossingCarried {
            events: vec![referral],
            how: Way::Phone,
            with: None,
            reached: n.is_multiple_of(2),
            outcome: format!("words of {n}"),
        }
        .into(),
        _ => MessageSent::default().into(),
    }
}

fn rung(state: &CaseState) -> EventData {
    let Some(owed) = state.owed().first().cloned() else { return MessageSent::default().into() };
    let first = owed.ladder[0].clone();
    RungPosted {
        owed: owed.since,
        clock: owed.clock,
        rung: 0,
        contact: first.contact,
        organization: first.organization,
        due: owed.due,
        left: false,
    }
    .into()
}

#[derive(Debug, Clone)]
pub(crate) enum Act {
    Write(usize, u8),
    Take(usize, prop::sample::Index),
    TakeAll(usize),
}

pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let one = prop_oneof![
        6 => (0..6usize, any::<u8>()).prop_map(|(who, kind)| Act::Write(who, kind)),
        3 => (0..6usize, any::<prop::sample::Index>()).prop_map(|(who, which)| Act::Take(who, which)),
        3 => (0..6usize).prop_map(Act::TakeAll),
    ];
    prop::collection::vec(one, 5..45)
}

pub(crate) fn play(
    first: impl Into<EventData>,
    people: [&str; 6],
    deed: impl Fn(u8, usize, &CaseState) -> EventData,
    acts: &[Act],
) -> Vec<Held> {
    let mut devices = vec![Fold::new(); people.len()];
    let first = next(0, "jane", &CaseState::default(), first);
    for device in &mut devices {
        assert!(device.insert(first.clone()));
    }
    let mut sent = vec![first];
    for act in acts {
        let n = sent.len();
        match act {
            Act::Write(who, kind) => {
                let state = devices[*who].state();
                let event = next(n, people[*who], state, deed(*kind, n, state));
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

/// Any order and any repetition come to the same, each open referral is owed, and whoever holds stubs comes to the same.
fn converges(events: &[Held], order: &[prop::sample::Index]) -> Result<(), TestCaseError> {
    let mut whole = Fold::new();
    whole.extend(events.iter().cloned());
    let mut shuffled = Fold::new();
    for index in order {
        shuffled.insert(events[index.index(events.len())].clone());
    }
    for event in events.iter().rev() {
        shuffled.insert(event.clone());
    }
    let state = whole.state();
    prop_assert_eq!(state, shuffled.state());
    prop_assert_eq!(state.digest(), shuffled.state().digest());
    let owed = state.owed();
    let of_referrals = owed.iter().filter(|one| one.clock.starts_with("referral-")).count();
    let open = match state.referrals.course() {
        Some(course) => usize::from(!course.status.is_over()),
        // That it is to stop is owed until its agency has heard so.
        None => state.referrals.all().iter().filter(|one| one.is_open() || one.is_with_agency()).count(),
    };
    prop_assert_eq!(of_referrals, open, "each is owed once");
    for one in &owed {
        prop_assert!(one.ladder.last().is_some_and(|rung| rung.phone.is_some()), "{}", one.what);
    }
    let (handed, _) = handover::make(&whole, |_| true, |_| true);
    let text = serde_json::to_string(&handed).unwrap();
    for word in ["meals", "Nowhere", "words of", "Harbor Pantry may", "Kitchen"] {
        prop_assert!(!text.contains(word), "{} in {}", word, text);
    }
    let handed: Vec<HandedEvent> = serde_json::from_str(&text).unwrap();
    let mut newcomer = Fold::invited(user("eve"), [user("jane")]);
    newcomer.extend(handover::unpack(handed, &user("jane")));
    let stubs = newcomer.copies(&events[0].key()).iter().all(|copy| matches!(copy.body, HeldBody::Stub(_)));
    prop_assert!(stubs);
    prop_assert_eq!(state.digest(), newcomer.state().digest());
    prop_assert_eq!(owed, newcomer.state().owed());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_referrals_room_comes_to_the_same_in_any_order(
        acts in acts(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..90),
    ) {
        converges(&play(opening(), PEOPLE, in_the_room, &acts), &order)?;
    }

    #[test]
    fn the_referrals_of_a_case_come_to_the_same_in_any_order(
        acts in acts(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..90),
    ) {
        converges(&play(world::opening(), IN_THE_CASE, in_the_case, &acts), &order)?;
    }
}
