//! What a person reads of the outreach: times of the agreement's zone, and who and what is meant. All data is synthetic.

use super::*;
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{next, opening};

/// A case that is open, with the outreach of another one.
fn case(outreach: &Outreach) -> CaseState {
    let mut fold = Fold::new();
    fold.insert(next(0, "jane", fold.state(), opening()));
    CaseState { outreach: outreach.clone(), ..fold.state().clone() }
}

#[test]
fn a_contact_is_told_in_the_agreements_time_zone() {
    let event = contact(Channel::Visit, true, "2019-03-06T20:00:00Z");
    let told = |state: &CaseState| tell(OutreachEvent::Contact(&event), &seat("jane"), state);
    let text = told(&case(&Outreach::default()));
    assert!(text.contains(" at 2019-03-06 15:00 EST"), "{text}");
    let text = told(&CaseState::default());
    assert!(text.contains(" at 2019-03-06 20:00 UTC"), "nobody knows the agreement: {text}");
}

#[test]
fn an_answer_says_by_which_way_it_was_asked() {
    let mut world = World::new(TERMS);
    let asked = OutreachAsked { channel: Channel::Visit, why: "No telephone".into() };
    world.take("jane", OutreachEvent::Asked(&asked)).unwrap();
    let ask = world.outreach.asks()[0].asked.clone();
    let state = case(&world.outreach);
    let granted =
        OutreachGranted { ask: ask.clone(), until: Some(date("2019-04-01")), reason: String::new() };
    let text = tell(OutreachEvent::Granted(&granted), &seat("joe"), &state);
    let end = "agrees that the community side reaches out to the member by a visit before 2019-04-01.";
    assert!(text.ends_with(end), "{text}");
    let refused = OutreachRefused { ask, reason: "Not now".into() };
    let text = tell(OutreachEvent::Refused(&refused), &seat("joe"), &state);
    assert!(text.ends_with("reaches out to the member by a visit: Not now"), "{text}");
    let unknown = OutreachGranted { ask: nothing(), ..granted };
    let text = tell(OutreachEvent::Granted(&unknown), &seat("joe"), &state);
    assert!(text.contains("reaches out to the member before 2019-04-01"), "{text}");
}

#[test]
fn a_move_names_the_other_aco() {
    let state = case(&Outreach::default());
    let moved = |to: &str| {
        let to_aco = Some(to.parse().unwrap());
        let event = StageReached { to_aco, ..reached(Stage::Moved, "2019-03-01") };
        tell(OutreachEvent::Stage(&event), &seat("joe"), &state)
    };
    let text = moved("https://example.org/acos|mountain");
    assert!(text.contains("the member went to another ACO (mountain) on 2019-03-01"), "{text}");
    let side = state.opening().unwrap().plan_side.clone();
    let text = moved(side.id.as_ref());
    assert!(text.contains(&format!("another ACO ({}) on", side.name)), "{text}");
}
