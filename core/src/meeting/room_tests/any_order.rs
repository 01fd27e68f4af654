//! Whatever anybody does, in whatever order it comes, whole or in stubs. Everything is synthetic.

use proptest::prelude::*;

use super::*;
use crate::agreement::proposal::AgreementWithdrawn;
use crate::agreement::proposal::tests::{accepted, declined, version};
use crate::case::event::{HeldBody, Receipt};
use crate::case::fold::tests::world::{PEOPLE, id};
use crate::case::handover::{self, HandedEvent};
use crate::case::life::{CaseAccepted, RungPosted};
use crate::case::state::Standing;
use crate::communication::MessageSent;

/// What somebody does: valid or not.
fn deed(kind: u8, n: usize, state: &CaseState) -> EventData {
    let meetings = state.meetings.all();
    let known = meetings.get(n % meetings.len().max(1));
    let meeting = known.map_or_else(|| id(n), |meeting| meeting.key.id);
    let somebody = seat(PEOPLE[n % PEOPLE.len()]);
    let soon = at(n) + SignedDuration::from_mins(7);
    let decision = known.and_then(|meeting| meeting.decisions.last());
    let proposals = state.agreements.all();
    let proposal = proposals.get(n % proposals.len().max(1)).map(|one| one.key.clone());
    let proposal = proposal.unwrap_or_else(|| EventKey { sender: user("joe"), id: id(n) });
    match kind % 26 {
        20 => version(2 + u32::from(kind) / 26 % 2).into(),
        21..=23 => accepted(&proposal, 2 + u32::from(kind) / 26 % 2).into(),
        24 => declined(&proposal, if kind.is_multiple_of(2) { "born 4/5/1961" } else { "words" }).into(),
        25 => AgreementWithdrawn { proposal }.into(),
        17 | 18 if decision.is_some() => {
            let (case, event) = decision.map(|one| (one.case, one.event.clone())).unwrap();
            let why = vec![if kind.is_multiple_of(3) { "born 4/5/1961" } else { "no-consent" }.into()];
            MeetingUndone { meeting, case, event, why }.into()
        }
        19 if decision.is_some() => {
            MeetingDropped { meeting, event: decision.map(|one| one.event.clone()).unwrap() }.into()
        }
        16 => {
            let title = if (kind / 17).is_multiple_of(3) { "born 4/5/1961" } else { "words" };
            MeetingBrought { meeting, title: title.into(), text: "more".into(), member_data: false }.into()
        }
        0 | 1 => {
            let agenda = (0..n as u128 % 3).map(entry).collect();
            MeetingSet { begins: soon, people: vec![whom("rao"), whom("kim")], ..set(agenda) }.into()
        }
        2 => set(vec![entry(n as u128 % 4)]).into(),
        3 | 4 => {
            let begins = known.map_or(soon, |meeting| meeting.begins);
            let answer = match kind / 16 % 3 {
                0 => MeetingAnswer::Accept,
                1 => MeetingAnswer::Decline,
                _ => MeetingAnswer::AnotherTime(soon),
            };
            MeetingAnswered { meeting, begins, answer }.into()
        }
        5 if n.is_multiple_of(3) => {
            let words = AgendaEntry { why: vec!["born 4/5/1961".into(), "later-code".into()], ..entry(0) };
            MeetingPrepared { meeting, agenda: vec![words] }.into()
        }
        5 => MeetingPrepared { meeting, agenda: vec![entry(0), entry(n as u128 % 3)] }.into(),
        6 => MeetingMoved { meeting, begins: soon, minutes: 20 }.into(),
        7 => cancelled(meeting, if (kind / 16).is_multiple_of(4) { "born 4/5/1961" } else { "words" }).into(),
        8 | 9 => MeetingHeld { nothing: vec![case(0)], ..held_now(meeting) }.into(),
        10 => {
            let event = EventKey { sender: user("joe"), id: id(n) };
            let instead = known.and_then(|meeting| Some(meeting.undone().next()?.event.clone()));
            let (case, kind) = (case(n as u128 % 3), DecisionKind::Message);
            MeetingDecided { meeting, case, kind, event, instead }.into()
        }
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
    let first = world::next(0, "jane", &CaseState::default(), opening());
    for device in &mut devices {
        assert!(device.insert(first.clone()));
    }
    let mut sent = vec![first];
    for act in acts {
        let n = sent.len();
        match act {
            Act::Write(who, kind) => {
                let state = devices[*who].state();
                let event = world::next(n, PEOPLE[*who], state, deed(*kind, n, state));
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
        // Of every open meeting something is owed, by somebody, with a ladder that ends at a telephone; no two things alike.
        let state = whole.state();
        let of = |is: fn(&MeetingState) -> usize| -> usize {
            let meetings = state.meetings.all().iter().filter(|_| state.life.closed.is_none());
            meetings.map(|meeting| is(meeting)).sum()
        };
        let open = of(|meeting| usize::from(meeting.is_to_be_recorded()));
        let owed = state.owed();
        let undone = of(|meeting| meeting.undone().count());
        prop_assert_eq!(owed.iter().filter(|owed| owed.clock == CARRY_CLOCK).count(), undone);
        let proposed = if state.life.closed.is_some() { 0 } else { state.agreements.open().count() };
        prop_assert_eq!(owed.iter().filter(|owed| owed.clock == "agreement-answer").count(), proposed);
        prop_assert_eq!(owed.iter().filter(|owed| owed.clock == RECORD_CLOCK).count(), open);
        let mut keys: Vec<_> = owed.iter().map(|owed| (owed.since, owed.clock.clone())).collect();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), owed.len());
        for owed in owed {
            prop_assert!(owed.ladder.last().is_some_and(|rung| rung.phone.is_some()), "{}", owed.what);
            prop_assert!(owed.from.is_none_or(|from| from <= owed.due));
        }
        let shown = state.timeline.iter().map(|entry| entry.text.as_str()).collect::<String>();
        prop_assert!(!shown.contains("4/5/1961"));

        // Whoever was told a part of it in stubs comes to the same.
        let counts = |held: &Held| state.entry(&held.key()).is_some_and(|entry| entry.standing == Standing::Counted);
        let (handed, _) = handover::make(&whole, |_| true, |held| !counts(held) || seen[held.id.as_uuid().as_bytes()[3] as usize % 60]);
        let text = serde_json::to_string(&handed).unwrap();
        prop_assert!(!text.contains("4/5/1961"), "{}", text);
        let handed: Vec<HandedEvent> = serde_json::from_str(&text).unwrap();
        let mut newcomer = Fold::invited(user("lee"), [user("jane")]);
        let mine = |event: &&Held| event.sender == user("lee");
        newcomer.extend(handover::unpack(handed, &user("jane")));
        newcomer.extend(events.iter().filter(mine).cloned());
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
        let (handed, _) = handover::make(&whole, |_| true, |held| held.id != events[0].id);
        let mut newcomer = Fold::invited(user("eve"), [user("jane")]);
        newcomer.extend(handover::unpack(handed, &user("jane")));
        prop_assert_eq!(whole.state().digest(), newcomer.state().digest());
        prop_assert_eq!(whole.state().owed(), newcomer.state().owed());
        let why = |meeting: &std::sync::Arc<MeetingState>| meeting.cancelled.as_ref().map(|(_, why)| why.clone());
        prop_assert!(newcomer.state().meetings.all().iter().filter_map(why).all(|why| why.is_empty()));
    }
}
