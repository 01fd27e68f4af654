//! What comes after an approval: copies, and the renewal. All data is synthetic.

use super::*;
use crate::due;

fn copied(plan: EventId, to: CopyTo) -> PlanCopied {
    PlanCopied { plan, to, how: CopiedHow::InPerson, on: "2019-03-01".parse().unwrap() }
}

fn contact(who: &str, of: &str) -> CopyTo {
    CopyTo::Contact {
        contact: format!("urn:example:staff|{who}").parse().unwrap(),
        organization: format!("urn:example:org|{of}").parse().unwrap(),
    }
}

/// A plan that Dr Rao approved in her client, after those that there are.
pub(super) fn approved(plans: &CarePlans, event: &PlanSent) -> (CarePlans, EventId) {
    let id = EventId::new();
    let open = take(plans, "jane", id, PlanEvent::Sent(event)).unwrap();
    let approval = PlanApproved { plan: id, sha256: event.document.sha256 };
    (take(&open, "rao", EventId::new(), PlanEvent::Approved(&approval)).unwrap(), id)
}

#[test]
fn who_may_attest_which_copy() {
    let (open, waiting) = sent("plan");
    let (done, id) = approved(&CarePlans::default(), &plan("plan", None));
    let of = |to: CopyTo| copied(id, to);
    let on = |day: &str| PlanCopied { on: day.parse().unwrap(), ..of(CopyTo::Member) };
    for (plans, who, event, expected) in [
        (&done, "jane", of(CopyTo::Member), "approved"),
        (&done, "joe", of(CopyTo::Representative), "approved"),
        (&done, "lee", of(contact("joe", "aco")), "approved"),
        (&done, "jane", of(contact("nobody", "aco")), "plan-copy-recipient"),
        (&done, "bot", of(CopyTo::Member), "plan-by-keeper"),
        (&done, "other", of(CopyTo::Member), "plan-copier"),
        (&done, "jane", copied(EventId::new(), CopyTo::Member), "plan-unknown"),
        (&open, "jane", copied(waiting, CopyTo::Member), "plan-not-approved"),
        // Somewhere it is tomorrow already.
        (&done, "jane", on("2019-03-02"), "approved"),
        (&done, "jane", on("2019-03-03"), "plan-copy-date"),
        (&done, "jane", on("1899-12-31"), "plan-copy-date"),
    ] {
        let took = take(plans, who, EventId::new(), PlanEvent::Copied(&event));
        assert_eq!(code(took), expected, "{who} {event:?}");
    }
    let first = take(&done, "jane", EventId::new(), PlanEvent::Copied(&of(CopyTo::Member))).unwrap();
    let copy = &first.get(id).unwrap().copies[0];
    assert_eq!(
        (&copy.to, copy.how, copy.attested.contact.value()),
        (&CopyTo::Member, CopiedHow::InPerson, "jane")
    );
    let again = PlanCopied { how: CopiedHow::Fax, ..of(CopyTo::Member) };
    assert_eq!(code(take(&first, "joe", EventId::new(), PlanEvent::Copied(&again))), "plan-copy-known");
}

#[test]
fn a_copy_is_told_as_attested() {
    let everybody = roster(&["jane", "joe"]);
    for (to, expected) in [
        (CopyTo::Member, "the member"),
        (CopyTo::Representative, "the member's representative"),
        (contact("joe", "aco"), "Joe Alvarez (ACO care manager)"),
        (contact("gone", "aco"), "somebody of the team"),
    ] {
        let event = copied(EventId::new(), to);
        let expected = format!(
            "Jane Miller (CP care coordinator) attests: {expected} was given a copy of the care plan in person on 2019-03-01."
        );
        assert_eq!(tell(PlanEvent::Copied(&event), &seat("jane"), &everybody), expected);
        assert!(!format!("{event:?}").contains("2019"), "no day in what shows it");
    }
}

#[test]
fn what_stands_on_the_wire_of_a_copy() {
    for how in CopiedHow::ALL {
        assert_eq!(serde_json::to_value(how).unwrap(), how.code());
    }
    let event = copied(EventId::new(), contact("joe", "aco"));
    let json = serde_json::to_value(&event).unwrap();
    assert_eq!(json["to"]["contact"]["contact"], "urn:example:staff|joe");
    assert_eq!(serde_json::from_value::<PlanCopied>(json).unwrap(), event);
    assert_eq!(serde_json::to_value(copied(EventId::new(), CopyTo::Member)).unwrap()["to"], "member");
}

const RENEWAL: &str = "{ clock: plan-renewal, months: 12, mark: F }";

/// What is owed of a plan that was approved: the clock, the due time and since when it is shown.
fn owes(plans: &CarePlans, clocks: &str, rows: &str) -> Vec<(String, String, EventId)> {
    let (agreement, rules) = (agreement(clocks), rules(rows));
    let roster = roster(&["jane", "joe"]);
    let owed = owed(plans, &Rules { agreement: &agreement, rules: &rules, roster: &roster });
    owed.into_iter()
        .filter(|owed| [RENEWAL_CLOCK, COPIES_CLOCK].contains(&owed.clock.as_str()))
        .map(|owed| {
            assert_eq!(owed.owner.value(), "jane", "{owed:?}");
            assert!(owed.ladder.last().unwrap().phone.is_some());
            assert!(owed.ladder.iter().all(|rung| rung.at >= owed.due), "nobody is reminded before");
            let ahead = (owed.clock == RENEWAL_CLOCK).then(|| due::a_month_before(owed.due, &agreement.zone));
            assert_eq!(owed.from, ahead);
            (owed.clock, owed.due.to_string(), owed.since)
        })
        .collect()
}

#[test]
fn a_plan_is_renewed_a_year_after_its_approval_by_the_rule_of_that_day() {
    let (plans, id) = approved(&CarePlans::default(), &plan("plan", None));
    let since = plans.get(id).unwrap().sent.owed();
    let ended = "{ clock: plan-renewal, months: 12, until: 2019-03-01, mark: F }";
    let renewal = |due: &str| vec![(RENEWAL_CLOCK.to_owned(), due.to_owned(), since)];
    for (clocks, rows, expected) in [
        ("", RENEWAL, renewal("2020-03-02T05:00:00Z")),
        ("clocks: { plan-renewal: { months: 6 } }", RENEWAL, renewal("2019-09-02T04:00:00Z")),
        ("clocks: { plan-renewal: { months: 6 } }", "", renewal("2019-09-02T04:00:00Z")),
        ("", ended, Vec::new()),
        ("", "", Vec::new()),
    ] {
        assert_eq!(owes(&plans, clocks, rows), expected, "{clocks} {rows}");
    }
    // By rules that the case does not carry, nobody knows.
    let elsewhere = PlanSent { sign_by: Some("another".parse().unwrap()), ..self::plan("plan", None) };
    let (plans, _) = approved(&CarePlans::default(), &elsewhere);
    assert_eq!(owes(&plans, "", RENEWAL), []);
    assert_eq!(owes(&sent("plan").0, "", RENEWAL), [], "nothing of a plan that waits");
}

#[test]
fn a_signature_given_elsewhere_counts_from_its_own_day() {
    let (open, id) = sent("plan");
    let signer = Signer::Contact {
        contact: "urn:example:staff|rao".parse().unwrap(),
        organization: "urn:example:org|aco".parse().unwrap(),
    };
    let on = "2019-02-27".parse().unwrap();
    let event =
        PlanSigned { plan: id, sha256: Sha256::of("plan"), signer, how: SignedHow::Fax, on, scan: None };
    let plans = take(&open, "joe", EventId::new(), PlanEvent::Signed(&event)).unwrap();
    assert_eq!(owes(&plans, "", RENEWAL)[0].1, "2020-02-28T05:00:00Z");
}

#[test]
fn a_plan_is_owed_anew_until_what_takes_its_place_is_approved() {
    let (first, a) = approved(&CarePlans::default(), &plan("plan", None));
    let of = |plans: &CarePlans| {
        owes(plans, "", RENEWAL).into_iter().map(|(_, _, since)| since).collect::<Vec<_>>()
    };
    let since = |plans: &CarePlans, id| vec![plans.get(id).unwrap().sent.owed()];
    let b = EventId::new();
    let event = plan("plan 2", Some(a));
    let waits = take(&first, "jane", b, PlanEvent::Sent(&event)).unwrap();
    assert_eq!(of(&waits), since(&first, a), "the first stands until the second is approved");
    let changes = PlanReturned { plan: b, changes: "more".into() };
    let returned = take(&waits, "joe", EventId::new(), PlanEvent::Returned(&changes)).unwrap();
    assert_eq!(of(&returned), since(&first, a));
    let approval = PlanApproved { plan: b, sha256: event.document.sha256 };
    let second = take(&waits, "rao", EventId::new(), PlanEvent::Approved(&approval)).unwrap();
    assert_eq!(of(&second), since(&second, b));
    // What came back and is sent anew replaces nothing by name.
    let (third, c) = approved(&returned, &plan("plan 3", None));
    assert_eq!(of(&third), since(&third, c));
}

#[test]
fn a_copy_to_the_member_is_owed_where_a_clock_says_so() {
    let (plans, id) = approved(&CarePlans::default(), &plan("plan", None));
    let by_agreement = "clocks: { plan-copies: { days: 14 } }";
    let of = |plans: &CarePlans| owes(plans, by_agreement, "");
    assert_eq!(owes(&plans, "", ""), []);
    assert_eq!(of(&plans)[0].1, "2019-03-16T04:00:00Z");
    assert_eq!(owes(&plans, "", "{ clock: plan-copies, days: 5, mark: U }")[0].1, "2019-03-07T05:00:00Z");
    let given = |to| take(&plans, "jane", EventId::new(), PlanEvent::Copied(&copied(id, to))).unwrap();
    assert_eq!(of(&given(contact("joe", "aco"))).len(), 1, "the team's copy is another");
    assert_eq!(of(&given(CopyTo::Member)), []);
    assert_eq!(of(&given(CopyTo::Representative)), []);
}
