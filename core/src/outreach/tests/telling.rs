//! What a person reads of the outreach: times of the agreement's zone. All data is synthetic.

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
