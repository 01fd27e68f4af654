//! What is owed of a plan that is back and not signed.

use super::after::approved;
use super::*;
use crate::agreement::Completion;
use crate::care_plan::{CHANGED_CLOCK, REVISION_CLOCK, SIGNATURE_CLOCK, Unsigned};

/// What is owed beside a return, a renewal and a copy: the clock, the due time and since which event.
fn owes(plans: &CarePlans, clocks: &str, rows: &str) -> Vec<(String, String, EventId)> {
    let (agreement, rules) = (agreement(clocks), rules(rows));
    let roster = roster(&["jane", "joe"]);
    let owed = owed(plans, &Rules { agreement: &agreement, rules: &rules, roster: &roster });
    let ours = [REVISION_CLOCK, SIGNATURE_CLOCK, CHANGED_CLOCK];
    owed.into_iter()
        .filter(|owed| ours.contains(&owed.clock.as_str()))
        .map(|owed| {
            assert_eq!(owed.owner.value(), "jane", "{owed:?}");
            assert!(owed.ladder.last().unwrap().phone.is_some());
            (owed.clock, owed.due.to_string(), owed.since)
        })
        .collect()
}

fn clocks(plans: &CarePlans) -> Vec<String> {
    owes(plans, "", "").into_iter().map(|(clock, ..)| clock).collect()
}

fn signed(plan: EventId) -> PlanSigned {
    let on = "2019-03-01".parse().unwrap();
    PlanSigned {
        plan,
        sha256: Sha256::of("plan"),
        signer: Signer::Member,
        how: SignedHow::Paper,
        on,
        scan: None,
    }
}

#[test]
fn whoever_sent_a_plan_that_came_back_owes_its_new_version() {
    let (open, id) = sent("plan");
    assert_eq!(clocks(&open), Vec::<String>::new());
    let changes = PlanReturned { plan: id, changes: "more".into() };
    let by = EventId::new();
    let returned = take(&open, "joe", by, PlanEvent::Returned(&changes)).unwrap();
    let back = returned.get(id).unwrap();
    let PlanStatus::Returned { by: step, .. } = &back.status else { panic!() };
    let expected = |due: &str| vec![(REVISION_CLOCK.to_owned(), due.to_owned(), step.event.owed())];
    // As long as a case may be quiet, where nobody says.
    assert_eq!(owes(&returned, "", ""), expected("2019-03-21T14:00:00Z"));
    assert_eq!(
        owes(&returned, "clocks: { plan-revision: { days: 5 } }", ""),
        expected("2019-03-07T05:00:00Z")
    );
    assert_eq!(
        owes(&returned, "", "{ clock: plan-revision, days: 5, mark: U }"),
        expected("2019-03-07T05:00:00Z")
    );
    let event = plan("plan 2", None);
    let anew = take(&returned, "jane", EventId::new(), PlanEvent::Sent(&event)).unwrap();
    assert_eq!(clocks(&anew), Vec::<String>::new());
}

#[test]
fn a_plan_that_the_member_has_not_signed_is_owed_their_signature_once_it_is_approved() {
    let (plans, id) = approved(&CarePlans::default(), &plan("plan", None));
    assert_eq!(clocks(&plans), [SIGNATURE_CLOCK]);
    let both = take(&plans, "jane", EventId::new(), PlanEvent::Signed(&signed(id))).unwrap();
    assert_eq!(clocks(&both), Vec::<String>::new());
    // The record said it when the plan was sent.
    let said = PlanSent { member_approved: Some("2019-02-28".parse().unwrap()), ..plan("plan", None) };
    assert_eq!(clocks(&approved(&CarePlans::default(), &said).0), Vec::<String>::new());
}

#[test]
fn by_a_later_rule_it_is_owed_the_in_house_approval() {
    let rules = rules("] \nplan_complete: [{ when: sent-approved, mark: F }");
    let agreement = agreement("");
    let (plans, id) = approved(&CarePlans::default(), &plan("plan", None));
    let of = |plans: &CarePlans| plans.get(id).unwrap().unsigned(&agreement, &rules).map(|lack| lack.since());
    assert_eq!(rules.completion("2019-03-01".parse().unwrap()), Completion::SentApproved);
    assert!(matches!(plans.get(id).unwrap().unsigned(&agreement, &rules), Some(Unsigned::InHouse(_))));
    assert!(of(&plans).is_some());
    let in_house = PlanApprovedInHouse { plan: id, sha256: Sha256::of("plan"), by: None, on: None };
    let plans = take_among(
        &plans,
        "kim",
        EventId::new(),
        PlanEvent::ApprovedInHouse(&in_house),
        &["jane", "kim", "rao"],
    )
    .unwrap();
    assert_eq!(of(&plans), None);
}

#[test]
fn a_plan_that_was_changed_after_it_was_signed_is_unsigned_until_it_is_changed_back() {
    let (plans, id) = approved(&CarePlans::default(), &plan("plan", None));
    let plans = take(&plans, "jane", EventId::new(), PlanEvent::Signed(&signed(id))).unwrap();
    let told = |plans: &CarePlans, who: &str, of: &str, text: Option<&str>| {
        let organization = format!("urn:example:org|{of}").parse().unwrap();
        let changed = PlanChanged { plan: id, organization, sha256: text.map(Sha256::of) };
        take_among(
            plans,
            who,
            EventId::new(),
            PlanEvent::Changed(&changed),
            &["jane", "joe", "bot", "acobot"],
        )
        .unwrap()
    };
    let here = told(&plans, "bot", "cp", Some("other"));
    assert_eq!(clocks(&here), [CHANGED_CLOCK]);
    let both = told(&here, "acobot", "aco", Some("other"));
    let first = here.get(id).unwrap().changed_since().unwrap().event.clone();
    assert_eq!(both.get(id).unwrap().changed_since().unwrap().event, first, "since the first who told");
    let again = told(&here, "bot", "cp", Some("a third"));
    assert_eq!(again.get(id).unwrap().changed_since().unwrap().event, first, "however often it is changed");
    let one_back = told(&both, "bot", "cp", None);
    assert_eq!(clocks(&one_back), [CHANGED_CLOCK], "the other record still has something else");
    assert_eq!(clocks(&told(&one_back, "acobot", "aco", None)), Vec::<String>::new());
    // What is sent anew waits for the plan side.
    let event = plan("plan 2", Some(id));
    let anew = take(&here, "jane", EventId::new(), PlanEvent::Sent(&event)).unwrap();
    assert_eq!(clocks(&anew), Vec::<String>::new());
}
