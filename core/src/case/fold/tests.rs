//! What the fold promises, tested on synthetic cases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod trust;
pub(crate) mod world;

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use self::world::{Act, PEOPLE, acts, at, held, id, play, raw, user};
use crate::care_plan::PlanStatus;
use crate::case::event::{BLOCK, Block, Content, Event, EventData, EventKey, Held, HeldBody, Receipt};
use crate::case::fold::Fold;
use crate::case::handover::{self, HandedEvent};
use crate::case::state::{CaseState, Resource, Standing};
use crate::communication::MessageSent;
use crate::id::UserId;
use crate::outreach::AskState;

fn folded(events: impl IntoIterator<Item = Held>) -> Fold {
    let mut fold = Fold::new();
    fold.extend(events);
    fold
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_repetition_give_the_same_state(
        acts in acts(true),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..120),
    ) {
        let events = play(&acts);
        let whole = folded(events.clone());
        let mut shuffled = Fold::new();
        for index in order {
            shuffled.insert(events[index.index(events.len())].clone());
        }
        for event in events.iter().rev() {
            shuffled.insert(event.clone());
        }
        prop_assert_eq!(whole.state(), shuffled.state());
        prop_assert_eq!(whole.state().digest(), shuffled.state().digest());
        for owed in whole.state().owed() {
            prop_assert!(owed.ladder.last().is_some_and(|rung| rung.phone.is_some()), "{}", owed.what);
        }
        for event in &events {
            prop_assert!(!shuffled.insert(event.clone()));
        }
        // Nothing is dropped.
        for event in &events {
            prop_assert!(shuffled.state().timeline.iter().any(|entry| entry.key == event.key()));
        }
    }

    #[test]
    fn a_newcomer_agrees_with_an_old_timer(
        acts in acts(false),
        cut in any::<prop::sample::Index>(),
        late in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        withheld in any::<bool>(),
    ) {
        let events = play(&acts);
        let cut = cut.index(events.len());
        let late: Vec<usize> = late.iter().map(|index| index.index(cut.max(1))).filter(|n| *n > 0).collect();
        let mut old = Fold::new();
        old.extend(events[..=cut].iter().enumerate().filter(|(n, _)| !late.contains(n)).map(|(_, e)| e.clone()));

        let withhold = |held: &Held| withheld && clinical(held);
        let (handed, heads) = handover::make(&old, |_| true, withhold);
        prop_assert_eq!(heads, old.state().heads());
        let travelled: Vec<HandedEvent> =
            serde_json::from_str(&serde_json::to_string(&handed).unwrap()).unwrap();
        prop_assert_eq!(&travelled, &handed);
        let mut newcomer = Fold::invited(user("kim"), [user("jane")]);
        newcomer.extend(handover::unpack(travelled, &user("jane")));

        // What Kim is to read comes first-hand, early or late; the rest is handed over by whoever invited them.
        let whole = folded(events.clone());
        let to_kim = to_read_first_hand(whole.state(), &user("kim"));
        for (n, event) in events.iter().enumerate().skip(1) {
            if late.contains(&n) || n > cut {
                old.insert(event.clone());
            }
            if to_kim.contains(&event.key()) {
                newcomer.insert(event.clone());
            } else if late.contains(&n) || n > cut {
                let handed = handover::hand(event, withhold(event));
                newcomer.extend(handover::unpack(vec![handed], &user("jane")));
            }
        }
        agree(old.state(), newcomer.state(), withheld)?;
    }

    #[test]
    fn what_is_refused_changes_nothing_but_what_is_shown(
        acts in acts(false),
        lies in prop::collection::vec((0..PEOPLE.len(), 0..world::REFUSED_LIES), 1..6),
    ) {
        let events = play(&acts);
        let honest = folded(events.clone());
        let lies: Vec<Held> = lies.into_iter().enumerate().map(|(n, (who, lie))| {
            world::lie(events.len() + n, PEOPLE[who], lie, &events[0], honest.state())
        }).collect();
        let fold = folded(events.into_iter().chain(lies.clone()));
        let (state, before) = (fold.state(), honest.state());
        prop_assert_eq!(&state.life, &before.life);
        prop_assert_eq!(&state.plans, &before.plans);
        prop_assert_eq!(&state.alerts, &before.alerts);
        prop_assert_eq!(&state.messages, &before.messages);
        prop_assert_eq!(state.heads(), before.heads());
        prop_assert_eq!(&state.gaps, &before.gaps);
        prop_assert_eq!(state.digest(), before.digest());
        let refused = |state: &CaseState| {
            let standings = state.timeline.iter().map(|entry| &entry.standing);
            standings.filter(|standing| matches!(standing, Standing::Refused { .. })).count()
        };
        // Whoever opens the case a second time is refused without these lies, too.
        prop_assert_eq!(refused(state), refused(before) + lies.len());
    }

    #[test]
    fn what_we_do_not_know_survives(v in 1_u32..9, kind in "[a-z]{1,8}\\.[a-z]{1,8}", data in anything()) {
        let kind = if v == 1 { format!("x{kind}") } else { kind };
        let block = json!({
            "v": v, "id": id(1), "kind": kind, "after": [], "clock": 1, "at": at(1), "data": data,
        });
        let read: Event = serde_json::from_value(block.clone()).unwrap();
        prop_assert_eq!(&serde_json::to_value(&read).unwrap(), &block);

        let content = json!({"msgtype": "m.text", "body": "From a later release", BLOCK: block, "extra": data});
        let event = raw("joe", id(1), &content, at(1));
        let handed = serde_json::to_string(&handover::hand(&event, false)).unwrap();
        let unpacked = handover::unpack(vec![serde_json::from_str(&handed).unwrap()], &user("jane"));
        let HeldBody::Whole(whole) = &unpacked[0].body else { panic!("a stub") };
        let said = json!({ "body": content["body"], BLOCK: content[BLOCK] });
        prop_assert_eq!(serde_json::from_str::<Value>(whole.json.get()).unwrap(), said);
        let HeldBody::Whole(before) = &event.body else { panic!("a stub") };
        prop_assert_eq!(whole.sha256, before.sha256);

        let mut fold = folded(play(&[]));
        fold.insert(event.clone());
        let entry = fold.state().entry(&event.key()).unwrap();
        prop_assert_eq!(&entry.standing, &Standing::Unknown);
        prop_assert_eq!(&entry.text, "From a later release");
    }
}

proptest! {
    // Each case folds anew after every event.
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_by_one_is_all_at_once(acts in acts(true), swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut events = play(&acts);
        for swap in swaps {
            let n = swap.index(events.len());
            let event = events.remove(n);
            events.insert((n + 3).min(events.len()), event);
        }
        let mut fold = Fold::new();
        for n in 0..events.len() {
            fold.insert(events[n].clone());
            let rebuilt = folded(events[..=n].iter().cloned());
            prop_assert_eq!(fold.state(), rebuilt.state());
        }
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn clinical(held: &Held) -> bool {
    match &held.body {
        HeldBody::Whole(Content { block: Block::Event(event), .. }) => matches!(
            event.data,
            EventData::MessageSent(_)
                | EventData::ContactRecorded(_)
                | EventData::ConsentRecorded(_)
                | EventData::ConsentRevoked(_)
                | EventData::OverrideReviewed(_)
                | EventData::OutreachAsked(_)
                | EventData::OutreachGranted(_)
                | EventData::OutreachRefused(_)
                | EventData::StageReached(_)
                | EventData::PlanSent(_)
                | EventData::PlanReturned(_)
                | EventData::AlertRaised(_)
                | EventData::VisitProposed(_)
                | EventData::VisitAnswered(_)
                | EventData::FollowUpDone(_)
                | EventData::TaskAssigned(_)
                | EventData::TaskDeclined(_)
                | EventData::TaskHandedOver(_)
                | EventData::TaskCompleted(_)
                | EventData::TaskCancelled(_)
                | EventData::Unknown { .. }
        ),
        HeldBody::Whole(Content { block: Block::Absent, .. }) => true,
        _ => false,
    }
}

/// That two states agree in everything that a step reads and a record shows; in their words too, unless some are withheld.
fn agree(old: &CaseState, new: &CaseState, withheld: bool) -> Result<(), TestCaseError> {
    prop_assert_eq!(old.digest(), new.digest());
    prop_assert_eq!(&old.life, &new.life);
    prop_assert_eq!(&old.gaps, &new.gaps);
    prop_assert_eq!(old.heads(), new.heads());
    prop_assert_eq!(old.owed(), new.owed());
    let statuses = |state: &CaseState| -> Vec<_> {
        let plans = state.plans.all().iter();
        plans
            .map(|plan| {
                let status = match &plan.status {
                    PlanStatus::Returned { by, .. } => {
                        PlanStatus::Returned { by: by.clone(), changes: String::new() }
                    }
                    other => other.clone(),
                };
                (
                    plan.sent.clone(),
                    plan.document.sha256,
                    plan.acknowledged.clone(),
                    status,
                    plan.copies.clone(),
                )
            })
            .collect()
    };
    prop_assert_eq!(statuses(old), statuses(new));
    let stays = |state: &CaseState| -> Vec<_> {
        let stays = state.alerts.stays().iter();
        stays.map(|stay| (stay.id, stay.status(), stay.began(), stay.ended(), stay.clock())).collect()
    };
    prop_assert_eq!(stays(old), stays(new));
    let visits = |state: &CaseState| -> Vec<_> {
        let visits = state.alerts.visits().iter();
        visits.map(|visit| (visit.proposed.clone(), visit.at, visit.status())).collect()
    };
    prop_assert_eq!(visits(old), visits(new));
    let tasks = |state: &CaseState| -> Vec<_> {
        let tasks = state.tasks.all().iter();
        tasks
            .map(|task| {
                let steps: Vec<_> =
                    task.steps.iter().map(|one| (one.by.clone(), one.deed, one.to.clone())).collect();
                (task.key.clone(), task.assignee.clone(), task.status, task.since.clone(), task.due, steps)
            })
            .collect()
    };
    prop_assert_eq!(tasks(old), tasks(new));
    let mut resources = vec![Resource::CareTeam];
    resources.extend(old.alerts.stays().iter().map(|stay| Resource::Stay(stay.id)));
    resources.extend(old.alerts.visits().iter().map(|visit| Resource::Visit(visit.proposed.clone())));
    let outreach = |state: &CaseState| outreach_read(state);
    prop_assert_eq!(outreach(old), outreach(new));
    resources.extend(old.outreach.contacts().iter().map(|one| Resource::Contact(one.key.clone())));
    if !old.outreach.stages().is_empty() {
        resources.push(Resource::Episode);
    }
    resources.extend(old.outreach.asks().iter().map(|one| Resource::Ask(one.asked.clone())));
    if !old.outreach.prohibitions().is_empty() {
        resources.push(Resource::NoContact);
    }
    let follow_ups = old.alerts.stays().iter().flat_map(|stay| &stay.followed_up);
    resources.extend(follow_ups.map(|(_, by)| Resource::Contact(by.event.clone())));
    resources.extend(old.plans.all().iter().map(|plan| Resource::Plan(plan.sent.id)));
    resources.extend(old.messages.iter().map(|message| Resource::Message(message.key.clone())));
    resources.extend(old.tasks.all().iter().map(|task| Resource::Task(task.key.clone())));
    for resource in resources {
        prop_assert_eq!(old.shaped_by(&resource), new.shaped_by(&resource));
        prop_assert!(!old.shaped_by(&resource).is_empty());
    }
    if !withheld {
        prop_assert_eq!(&old.messages, &new.messages);
        prop_assert_eq!(&old.plans, &new.plans);
        prop_assert_eq!(&old.alerts, &new.alerts);
        prop_assert_eq!(&old.tasks, &new.tasks);
        prop_assert_eq!(&old.outreach, &new.outreach);
    }
    // Nobody is left waiting: whatever is owed has an owner, and a ladder that ends at a telephone.
    for owed in old.owed() {
        prop_assert!(
            !owed.owner.value().is_empty() && owed.due > at(0) - jiff::SignedDuration::from_hours(24 * 400)
        );
        prop_assert!(owed.ladder.last().is_some_and(|rung| rung.phone.is_some()), "{}", owed.clock);
    }
    Ok(())
}

/// What of the outreach is the same whether words are withheld or not.
fn outreach_read(state: &CaseState) -> impl PartialEq + std::fmt::Debug + use<> {
    let stages = state.outreach.stages().iter();
    let stages: Vec<_> = stages.map(|one| (one.reached.withheld(), one.by.clone(), one.corrected)).collect();
    let contacts = state.outreach.contacts().iter();
    let contacts: Vec<_> =
        contacts.map(|one| (one.key.clone(), one.recorded.withheld(), one.against_terms.clone())).collect();
    let answered = |ask: &AskState| ask.answer.as_ref().map(|answer| (answer.granted, answer.by.clone()));
    let asks: Vec<_> =
        state.outreach.asks().iter().map(|ask| (ask.asked.clone(), ask.ask.channel, answered(ask))).collect();
    (stages, contacts, asks, state.outreach.attempts())
}

/// What is sent to somebody: those events whose authors knew of their naming and not of its end.
fn to_read_first_hand(state: &CaseState, user: &UserId) -> BTreeSet<EventKey> {
    let mut read = BTreeSet::new();
    for place in state.roster().all().iter().filter(|place| place.seat.contact.user.as_ref() == Some(user)) {
        let ended = place.ended.as_ref().map(|ended| state.and_after(ended)).unwrap_or_default();
        let after = state.and_after(&place.since).into_iter();
        read.extend(after.filter(|key| **key != place.since && !ended.contains(key)).cloned());
    }
    read
}

/// A newcomer's words come from the handover, and where they are withheld, it is known which resources are not whole.
#[test]
fn a_stub_is_known_as_a_stub() {
    let events = play(&[Act::Write(0, 0), Act::Write(0, 5)]);
    let old = folded(events.clone());
    let (handed, _) = handover::make(&old, |_| true, clinical);
    let text = serde_json::to_string(&handed).unwrap();
    assert!(!text.contains("words 1") && !text.contains(r#"synthetic\\\":"#), "{text}");
    let mut new = Fold::invited(user("kim"), [user("jane")]);
    new.extend(handover::unpack(handed, &user("jane")));
    let (message, plan) = (Resource::Message(events[1].key()), Resource::Plan(events[2].id));
    assert!(new.state().holds_stubs_for(&message) && new.state().holds_stubs_for(&plan));
    assert!(!new.state().holds_stubs_for(&Resource::CareTeam) && !old.state().holds_stubs_for(&plan));
    assert_eq!(new.state().messages[0].text, None);

    // The whole content takes the stub's place when it comes.
    new.extend(events);
    assert!(!new.state().holds_stubs_for(&message));
    assert_eq!(new.state().messages, old.state().messages);
}

#[test]
fn a_gap_is_shown_until_it_closes() {
    let events = play(&[Act::Write(0, 0), Act::Write(0, 0), Act::Write(0, 0)]);
    let fold = folded([events[0].clone(), events[2].clone(), events[3].clone()]);
    assert_eq!(fold.state().gaps.iter().collect::<Vec<_>>(), [&events[1].key()]);
    let gaps: Vec<bool> = fold.state().timeline.iter().map(|entry| entry.after_gap).collect();
    assert_eq!(gaps, [false, true, true]);
    let mut fold = fold;
    fold.insert(events[1].clone());
    assert!(fold.state().gaps.is_empty() && fold.state().timeline.iter().all(|entry| !entry.after_gap));
}

#[test]
fn nobody_ends_a_case_with_the_highest_clock() {
    let mut fold = folded(play(&[]));
    let liar = world::lie(1, "joe", 6, &play(&[])[0], fold.state());
    fold.insert(liar);
    for n in 2..5 {
        let next = world::next(n, "jane", fold.state(), MessageSent::default());
        fold.insert(next.clone());
        assert_eq!(fold.state().entry(&next.key()).unwrap().standing, Standing::Counted);
    }
}

#[test]
fn another_clients_message_is_its_senders_if_they_have_a_seat() {
    let mut fold = folded(play(&[]));
    let content = json!({"msgtype": "m.text", "body": "from another client"});
    fold.insert(raw("joe", id(1), &content, at(1)));
    fold.insert(raw("mallory", id(2), &content, at(2)));
    let state = fold.state();
    assert_eq!(state.messages.len(), 1);
    assert!(state.messages[0].foreign && state.messages[0].from.name == "joe");
    let refused = state.timeline.iter().find(|entry| entry.key.id == id(2)).unwrap();
    assert_eq!(refused.standing.reason().unwrap().code, "no-seat");
    // It names nothing and is not named.
    assert_eq!(state.heads(), folded(play(&[])).state().heads());
}

#[test]
fn the_author_is_the_sender_whatever_the_block_says() {
    let mut fold = folded(play(&[]));
    let event = world::event(1, fold.state().heads(), MessageSent::default());
    let mut block = serde_json::to_value(&event).unwrap();
    block["sender"] = json!(user("jane"));
    block["data"]["sender"] = json!(user("jane"));
    let forged = raw("mallory", id(1), &json!({"body": "I am Jane", BLOCK: block}), at(1));
    fold.insert(forged.clone());
    assert!(fold.state().messages.is_empty());
    let entry = fold.state().entry(&forged.key()).unwrap();
    assert_eq!(entry.standing.reason().unwrap().code, "no-seat");
    assert_eq!(entry.from, user("mallory").to_string());
}

#[test]
fn a_body_does_not_lie_about_its_block() {
    let mut fold = folded(play(&[]));
    let data = crate::case::life::CaseAccepted { case: world::opening().case };
    let event = world::event(1, fold.state().heads(), data);
    let accepted = held("joe", "I approve the plan", &event, at(1));
    fold.insert(accepted.clone());
    let entry = fold.state().entry(&accepted.key()).unwrap();
    assert_eq!(entry.text, "joe (ACO care manager) has taken up the case.");
    assert_eq!(fold.state().timeline[0].text, "Case opened between Bay Community Care and Harbor ACO.");
}

#[test]
fn an_event_names_no_more_predecessors_than_fit_and_the_others_follow() {
    let mut events = play(&[]);
    let opened = folded(events.clone()).state().heads();
    for n in 1..=100 {
        let data = crate::communication::MessageSent::default();
        events.push(held("joe", "at once", &world::event(n, opened.clone(), data), at(n)));
    }
    let mut fold = folded(events);
    for n in 101..=104 {
        let heads = fold.state().heads();
        assert!(heads.len() <= 32 && heads.is_sorted());
        let data = crate::communication::MessageSent::default();
        fold.insert(held("jane", "after all that", &world::event(n, heads, data), at(n)));
    }
    assert_eq!(fold.state().heads().len(), 1, "none is left out for good");
}

#[test]
fn our_own_event_is_settled_by_the_homeservers_time() {
    let events = play(&[Act::Write(0, 0)]);
    let mut early = events[1].clone();
    early.server_at = at(0);
    let mut fold = folded([events[0].clone(), early]);
    assert!(fold.settle([events[1].clone()]));
    assert!(!fold.settle([events[1].clone()]));
    assert_eq!(fold.state(), folded(events.clone()).state());
    // A homeserver's time that the author's is too far from is the one that counts.
    let mut late = events[1].clone();
    late.server_at = at(100_000);
    assert!(fold.settle([late.clone()]));
    assert_eq!(fold.state(), folded([events[0].clone(), late]).state());
    assert_ne!(fold.state(), folded(events).state());
}

#[test]
fn debug_shows_no_words_of_a_case() {
    let events = play(&[Act::Write(0, 0), Act::Write(0, 5)]);
    let fold = folded(events);
    let shown = format!("{:?} {:?}", fold.state(), fold.state().messages);
    assert!(!shown.contains("words 1"), "{shown}");
    assert_eq!(fold.copies(&fold.state().timeline[0].key)[0].receipt, Receipt::FirstHand { proven: true });
}
