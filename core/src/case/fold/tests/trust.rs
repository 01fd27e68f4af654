//! Who is believed: handovers, restored events, two contents under one key.

use super::folded;
use super::world::{Act, at, event, held, id, next, play, seat, user};
use crate::case::event::{Held, Receipt};
use crate::case::fold::Fold;
use crate::case::handover;
use crate::case::life::{CaseAccepted, SeatAdded};

use crate::case::state::Standing;
use crate::communication::MessageSent;

fn vouched(held: &Held, by: &str, withhold: bool) -> Held {
    handover::unpack(vec![handover::hand(held, withhold)], &user(by)).remove(0)
}

fn standing(fold: &Fold, held: &Held) -> Standing {
    fold.state().entry(&held.key()).map(|entry| entry.standing.clone()).unwrap()
}

fn unproven(held: &Held) -> Held {
    Held { receipt: Receipt::FirstHand { proven: false }, ..held.clone() }
}

#[test]
fn what_a_stranger_hands_over_changes_nothing() {
    let events = play(&[]);
    let fold = folded(events.clone());
    let forged = next(1, "jane", fold.state(), MessageSent::default());
    for first in [true, false] {
        let mut hit = Fold::new();
        let handed = vouched(&forged, "mallory", false);
        hit.extend(if first { vec![handed, events[0].clone()] } else { vec![events[0].clone(), handed] });
        assert!(hit.state().messages.is_empty());
        assert_eq!(hit.state().heads(), fold.state().heads());
        let shown = hit.state().timeline.iter().find(|entry| entry.key == forged.key()).unwrap();
        assert_eq!(shown.standing.reason().unwrap().code, "voucher");
        // Its author says it: it counts.
        hit.insert(vouched(&forged, "jane", false));
        assert_eq!(standing(&hit, &forged), Standing::Counted);
    }
}

#[test]
fn nobody_puts_words_into_anothers_mouth() {
    let events = play(&[]);
    let mut said = folded(events.clone());
    let forged = next(1, "rao", said.state(), MessageSent::default());
    for (by, counts) in [("joe", false), ("jane", false), ("aco-bot", false), ("rao", true)] {
        for fold in [Fold::new(), Fold::invited(user("lee"), [user("jane")])] {
            let mut fold = fold;
            fold.extend(events.iter().cloned().chain([vouched(&forged, by, false)]));
            assert_eq!(!fold.state().messages.is_empty(), counts, "handed over by {by}");
            assert_eq!(fold.counting(&forged.key()).is_some(), counts);
            // What is built on it shows a gap, or nothing is missing.
            assert_eq!(fold.state().heads().iter().any(|head| head.key == forged.key()), counts);
            fold.insert(forged.clone());
            assert_eq!(standing(&fold, &forged), Standing::Counted, "its author says it first-hand");
        }
    }

    // Kim is named by Jane. What Jane tells her counts up to there, and for what crossed with it; not for what came after,
    // which Kim was to read herself.
    let crossed = next(2, "joe", said.state(), MessageSent::default());
    let naming = next(3, "jane", said.state(), SeatAdded { seat: seat("kim") });
    said.insert(naming.clone());
    let after = next(4, "rao", said.state(), MessageSent::default());
    let mut kim = Fold::invited(user("kim"), [user("jane")]);
    let told = [&events[0], &crossed, &naming, &after];
    kim.extend(told.map(|held| vouched(held, "jane", false)));
    assert_eq!(standing(&kim, &crossed), Standing::Counted);
    assert_eq!(standing(&kim, &naming), Standing::Counted);
    assert_eq!(kim.state().messages.len(), 1);
    assert_eq!(kim.counting(&after.key()).map(|held| held.id), None);
    // Of anybody else's word nothing came of it.
    let mut other = Fold::invited(user("kim"), [user("jane")]);
    other.extend([vouched(&events[0], "jane", false), vouched(&crossed, "cp-bot", false)]);
    assert!(other.state().messages.is_empty());
}

#[test]
fn a_newcomer_believes_the_inviter_alone() {
    let old = folded(play(&[Act::Write(0, 0)]));
    let (handed, _) = handover::make(&old, |_| true, |_| false);
    for (inviter, opens) in [("jane", true), ("joe", false)] {
        let mut new = Fold::invited(user("kim"), [user(inviter)]);
        new.extend(handover::unpack(handed.clone(), &user("jane")));
        assert_eq!(new.state().opening().is_some(), opens, "invited by {inviter}");
    }
    let mut nobody = Fold::new();
    nobody.extend(handover::unpack(handed, &user("jane")));
    assert!(nobody.state().opening().is_none());
}

#[test]
fn what_is_not_proven_steps_once_another_vouches() {
    let mut fold = folded(play(&[]));
    let data = CaseAccepted { case: super::world::opening().case };
    let accepted = next(1, "joe", fold.state(), data);
    let heads = fold.state().heads();
    fold.insert(unproven(&accepted));
    assert_eq!(standing(&fold, &accepted), Standing::Unproven);
    assert_eq!(fold.state().heads(), heads);
    assert!(handover::make(&fold, |_| true, |_| false).0.iter().all(|handed| handed.id != accepted.id));

    fold.insert(vouched(&accepted, "joe", false));
    assert_eq!(standing(&fold, &accepted), Standing::Unproven, "nobody vouches for themselves");
    fold.insert(vouched(&accepted, "mallory", false));
    assert_eq!(standing(&fold, &accepted), Standing::Unproven, "a stranger does not vouch");
    fold.insert(vouched(&accepted, "lee", true));
    assert_eq!(standing(&fold, &accepted), Standing::Counted, "a stub names the hash as well");
    assert_eq!(fold.state().roster().accepted(&user("joe")), Some(at(1)));
}

#[test]
fn of_two_contents_the_lower_hash_counts_and_first_hand_before_all() {
    let mut base = Fold::invited(user("kim"), [user("jane")]);
    base.extend(play(&[]));
    let one = |text: &str| held("joe", text, &event(1, base.state().heads(), MessageSent::default()), at(1));
    let mut contents = [one("meet on Monday"), one("meet on Tuesday"), one("meet on Friday")];
    contents.sort_by_key(|held| crate::case::fold::choose::sha256(&held.body));
    let [low, middle, high] = contents;
    let shown = |events: &[Held]| {
        let mut fold = base.clone();
        for event in events {
            fold.insert(event.clone());
        }
        let refused = fold
            .state()
            .timeline
            .iter()
            .filter(|entry| entry.standing.reason().is_some_and(|reason| reason.code == "two-contents"))
            .count();
        (fold.state().messages[0].text.clone().unwrap(), refused)
    };
    let text = |held: &Held| shown(std::slice::from_ref(held)).0;
    let handed = |held: &Held| vouched(held, "jane", false);
    assert_eq!(shown(&[high.clone(), middle.clone()]), (text(&middle), 1));
    assert_eq!(shown(&[middle.clone(), high.clone()]), (text(&middle), 1));
    assert_eq!(shown(&[handed(&low), middle.clone(), high.clone()]), (text(&middle), 2));
    assert_eq!(shown(&[handed(&middle), handed(&low)]), (text(&low), 1));
    assert_eq!(shown(&[unproven(&low), high.clone()]), (text(&high), 1), "what is not proven takes no place");
    assert_eq!(shown(&[vouched(&low, "jane", true), handed(&low)]), (text(&low), 0));
    assert_eq!(low.id, id(1));
}
