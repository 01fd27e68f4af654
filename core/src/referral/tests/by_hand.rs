//! A referral whose agency is not on Matrix goes there by hand. Everything is synthetic.

use super::*;
use crate::crossing::{CrossingCarried, CrossingStanding};

fn carried(referral: &EventKey, reached: bool, outcome: &str) -> CrossingCarried {
    CrossingCarried {
        events: vec![referral.clone()],
        how: Way::Phone,
        with: None,
        reached,
        outcome: outcome.to_owned(),
    }
}

fn held(hold: Hold) -> (Room, EventKey) {
    let (mut case, consent) = case();
    assert_eq!(case.act("jane", ReferralAsked { hold: Some(hold), ..asked(consent) }), "");
    let key = case.last();
    (case, key)
}

fn standing(case: &Room, key: &EventKey) -> (CrossingStanding, usize) {
    let one = case.fold.state().crossings.get(key).unwrap();
    assert_eq!((one.what.code(), &one.to), ("referral", &pantry().id));
    (one.standing, one.attempts.len())
}

#[test]
fn a_person_takes_it_across_and_records_what_came_of_it() {
    let (mut case, key) = held(Hold::NoAccount);
    assert_eq!(standing(&case, &key), (CrossingStanding::Waiting, 0));
    assert_eq!(case.clocks(), owes(CARRY_CLOCK, "jane"));
    assert!(case.fold.state().owed().iter().all(|one| one.clock != crate::crossing::CLOCK), "owed once");
    let named = Some(crate::care_team::Whom { contact: seat("pat").contact.id, organization: pantry().id });
    for (who, data, code) in [
        ("joe", carried(&key, true, "x"), "crossing-not-yours"),
        ("cp-bot", carried(&key, true, "x"), "crossing-by-keeper"),
        ("jane", CrossingCarried { with: named, ..carried(&key, true, "x") }, "crossing-other-side"),
    ] {
        assert_eq!(case.act(who, data), code);
    }
    assert_eq!(case.act("jane", carried(&key, false, "Nobody picked up")), "");
    assert!(
        case.text().ends_with("tried to take the referral to Harbor Pantry by telephone: Nobody picked up."),
        "{}",
        case.text()
    );
    assert_eq!(standing(&case, &key), (CrossingStanding::Waiting, 1));
    assert_eq!(case.clocks(), owes(CARRY_CLOCK, "jane"), "it is still to go there");
    assert_eq!(case.act("jane", told(&key, Told::Accepted, None)), "referral-not-sent");
    assert_eq!(case.act("jane", carried(&key, true, "Pat has a place")), "");
    assert_eq!(standing(&case, &key), (CrossingStanding::Carried, 2));
    assert_eq!(case.act("jane", carried(&key, true, "Again")), "crossing-over");
    assert_eq!(case.clocks(), owes(LOOP_CLOCK, "jane"));
    for step in [Told::Accepted, Told::Provided, Told::Closed] {
        assert_eq!(case.act("jane", told(&key, step, None)), "", "{}", step.code());
    }
    let one = case.fold.state().referrals.get(&key).unwrap().clone();
    assert_eq!((one.status, case.clocks()), (ReferralStatus::Closed, vec![]));
    assert_eq!((one.steps[0].by_hand, one.steps[0].text.as_str()), (Some(Way::Phone), "Pat has a place"));
    assert!(!case.fold.state().shaped_by(&Resource::Referral(key)).is_empty());
}

#[test]
fn what_went_another_way_or_is_not_asked_for_any_more_waits_no_longer() {
    let (mut case, key) = held(Hold::NoContact);
    let withdrawn = ReferralWithdrawn { referral: key.clone(), why: "He cooks again".into() };
    assert_eq!(case.act("jane", withdrawn), "");
    assert_eq!(standing(&case, &key), (CrossingStanding::Off, 0));
    assert_eq!(case.act("jane", carried(&key, true, "x")), "crossing-over");
    for (room, by_hand, stands) in [
        (Some(world::opening().case), None, (CrossingStanding::Joined, 0)),
        (None, Some(Way::Fax), (CrossingStanding::Carried, 1)),
    ] {
        let (mut case, key) = held(Hold::NoAccount);
        let sent = ReferralSent { referral: key.clone(), room, by_hand, note: "Sent".into() };
        assert_eq!(case.act("jane", sent), "");
        assert_eq!(standing(&case, &key), stands);
        assert_eq!(case.act("jane", carried(&key, true, "x")), "crossing-over");
    }
    // What goes to its room by itself, or waits for an agreement, is nobody's to take there.
    for hold in [None, Some(Hold::NoAgreement)] {
        let (mut case, consent) = self::case();
        assert_eq!(case.act("jane", ReferralAsked { hold, ..asked(consent) }), "");
        let key = case.last();
        assert!(case.fold.state().crossings.get(&key).is_none());
        assert_eq!(case.act("jane", carried(&key, true, "x")), "crossing-unknown");
    }
}
