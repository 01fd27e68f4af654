//! Who is believed: handovers, restored events, two contents under one key.

use super::folded;
use super::world::{Act, at, event, held, id, next, play, seat, user};
use crate::case::event::{Held, Receipt};
use crate::case::fold::Fold;
use crate::case::handover;
use crate::case::life::{CaseAccepted, SeatAdded, SeatEnded};

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

#[test]
fn an_opening_counts_only_from_whoever_invites() {
    let events = play(&[Act::Write(0, 0)]);
    let honest = folded(events.clone());
    let case = honest.state().opening().unwrap().case;
    // Before all others in the order: the lowest clock, and the lowest id there can be; or the very id of the real one.
    let forged = |who: &str, lowest: bool| {
        let mut opening = event(0, Vec::new(), super::world::opening());
        if lowest {
            opening.id = "00000000-0000-7000-8000-000000000000".parse().unwrap();
        }
        held(who, "forged", &opening, at(0))
    };
    let lee = || {
        let openers = [user("jane"), user("lee")];
        Fold::invited(user("lee"), [user("jane")]).opened_by(openers, Some(case))
    };
    let others = ["mallory", "joe", "cp-bot"].into_iter().flat_map(|who| [(who, true), (who, false)]);
    // Whoever opened the case opens it once.
    for (who, lowest) in others.chain([("jane", true)]) {
        for first in [true, false] {
            let mut fold = lee();
            let forged = forged(who, lowest);
            let key = forged.key();
            if first {
                fold.insert(forged);
                fold.extend(events.clone());
            } else {
                fold.extend(events.clone());
                fold.insert(forged);
            }
            assert_eq!(fold.state().digest(), honest.state().digest(), "forged by {who}");
            let shown = fold.state().timeline.iter().find(|entry| entry.key == key).unwrap();
            assert_eq!(shown.standing.reason().unwrap().code, "not-the-opener");
        }
    }
    // Nor does another case's, whoever opens it.
    let mut other =
        Fold::invited(user("lee"), [user("jane")]).opened_by([user("jane")], Some(crate::id::CaseId::new()));
    other.extend(events);
    assert!(other.state().opening().is_none());
}

#[test]
fn whoever_was_named_at_the_opening_is_told_of_nothing_else_by_who_invited_them() {
    let events = play(&[Act::Write(0, 0)]);
    let honest = folded(events.clone());
    let mut lee = Fold::invited(user("lee"), [user("jane")]);
    lee.extend(events.clone());
    // A chain beside all that is real, long enough to come after it.
    let mut chain = Fold::new();
    let mut forged = Vec::new();
    for n in 10..20 {
        let one = next(n, "rao", chain.state(), MessageSent::default());
        let one = if n == 10 {
            held("rao", "forged", &event(n, Vec::new(), MessageSent::default()), at(n))
        } else {
            one
        };
        chain.insert(one.clone());
        forged.push(vouched(&one, "jane", false));
    }
    // An end of Lee's own participation that Lee never got, and what comes after it.
    let seat = seat("lee");
    let ended = SeatEnded { contact: seat.contact.id, organization: seat.contact.organization };
    let mut gone = folded(events);
    let ending = next(30, "joe", gone.state(), ended);
    gone.insert(ending.clone());
    let after = next(31, "rao", gone.state(), MessageSent::default());
    forged.extend([&ending, &after].map(|held| vouched(held, "jane", false)));
    lee.extend(forged);
    assert_eq!(lee.state().digest(), honest.state().digest());
    assert_eq!(lee.state().messages, honest.state().messages);
    assert!(lee.state().roster().contains(&user("lee")));
}

#[test]
fn what_is_held_and_does_not_count_is_a_gap() {
    let events = play(&[Act::Write(0, 0), Act::Write(0, 0)]);
    let mut one_by_one = Fold::new();
    one_by_one.insert(events[0].clone());
    // Joe tells of Jane's message, which her homeserver withholds from us.
    let told = vouched(&events[1], "joe", false);
    one_by_one.insert(told.clone());
    one_by_one.insert(events[2].clone());
    assert!(one_by_one.state().gaps.contains(&events[1].key()));
    let at_once = folded([events[0].clone(), told, events[2].clone()]);
    assert_eq!(one_by_one.state().digest(), at_once.state().digest());
    assert_eq!(one_by_one.state().gaps, at_once.state().gaps);
}

#[test]
fn an_opening_that_several_hand_over_counts_by_whoever_invited() {
    let events = play(&[Act::Write(0, 0)]);
    let honest = folded(events.clone());
    let case = honest.state().opening().unwrap().case;
    let lee = || Fold::invited(user("lee"), [user("joe")]).opened_by([user("joe"), user("lee")], Some(case));
    // Joe has named Lee; Jane, who opened the case, hands over what she said herself.
    let (by_joe, by_jane) = (vouched(&events[0], "joe", false), vouched(&events[0], "jane", false));
    for copies in [[by_joe.clone(), by_jane.clone()], [by_jane.clone(), by_joe.clone()]] {
        let mut fold = lee();
        for copy in copies {
            fold.insert(copy);
        }
        assert!(fold.state().opening().is_some());
    }
    let mut alone = lee();
    alone.insert(by_jane);
    assert!(alone.state().opening().is_none(), "her own word is not enough for it");
}
