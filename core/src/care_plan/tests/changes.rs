//! What records change in a plan after it was sent. All data is synthetic.

use super::*;

#[test]
fn a_plan_that_a_record_changed_is_told_once() {
    let (open, id) = sent("plan");
    let changed = |text: &str, organization: &str| PlanChanged {
        plan: id,
        organization: format!("urn:example:org|{organization}").parse().unwrap(),
        sha256: Some(Sha256::of(text)),
    };
    let refused = |plans: &CarePlans, who: &str, event: &PlanChanged| {
        take(plans, who, EventId::new(), PlanEvent::Changed(event)).unwrap_err().code.into_owned()
    };
    // Nobody here is a lead but by the keepers' right.
    assert_eq!(refused(&open, "jane", &changed("x", "cp")), "plan-changer");
    assert_eq!(refused(&open, "bot", &changed("x", "aco")), "plan-changer", "of another's record");
    let plans = take(&open, "bot", EventId::new(), PlanEvent::Changed(&changed("x", "cp"))).unwrap();
    assert_eq!(plans.all()[0].changed.len(), 1);
    assert!(plans.all()[0].status.is_open(), "what was sent still waits");
    assert_eq!(refused(&plans, "bot", &changed("x", "cp")), "plan-change-known");
    let plans = take(&plans, "bot", EventId::new(), PlanEvent::Changed(&changed("y", "cp"))).unwrap();
    // And back again.
    let plans = take(&plans, "bot", EventId::new(), PlanEvent::Changed(&changed("x", "cp"))).unwrap();
    assert_eq!(plans.all()[0].changed.len(), 3);
    // As it was sent: that is news only where it was not.
    let back = PlanChanged { sha256: None, ..changed("x", "cp") };
    assert_eq!(refused(&open, "bot", &back), "plan-change-known");
    let plans = take(&plans, "bot", EventId::new(), PlanEvent::Changed(&back)).unwrap();
    assert_eq!(plans.all()[0].changed_in(&back.organization), None);
    assert_eq!(refused(&plans, "bot", &back), "plan-change-known");
    let unknown = PlanChanged { plan: EventId::new(), ..changed("z", "cp") };
    assert_eq!(refused(&plans, "bot", &unknown), "plan-unknown");
}

#[test]
fn a_record_that_changes_all_the_time_keeps_no_other_from_telling() {
    let (mut plans, id) = sent("plan");
    let changed = |n: usize, organization: &str| PlanChanged {
        plan: id,
        organization: format!("urn:example:org|{organization}").parse().unwrap(),
        sha256: Some(Sha256::of(n.to_string())),
    };
    let mut told = 0;
    let refused = loop {
        match take(&plans, "bot", EventId::new(), PlanEvent::Changed(&changed(told, "cp"))) {
            Ok(next) => (plans, told) = (next, told + 1),
            Err(reason) => break reason,
        }
    };
    assert_eq!((refused.code.as_ref(), told), ("plan-changes-too-many", 100));
    let told = changed(0, "aco");
    take_among(&plans, "acobot", EventId::new(), PlanEvent::Changed(&told), &["jane", "joe", "acobot"])
        .unwrap();
}
