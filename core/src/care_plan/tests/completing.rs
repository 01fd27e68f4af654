//! When a plan is complete, by the programme's dated rule, and the in-house clinical approval. All data is synthetic.

use jiff::civil::Date;

use super::*;
use crate::agreement::Completion;
use crate::outreach::{self, Outreach, OutreachEvent, PLAN_COMPLETED, Stage, StageReached};

const PEOPLE: [&str; 6] = ["jane", "kim", "joe", "rao", "lee", "bot"];

/// Whoever is to be reminded of the first plan; the rule set changes on the day after [`SENT_AT`].
const ROWS: &str = "{ clock: plan-completed, days: 122, mark: F }, { clock: plan-renewal, months: 12, mark: F }]\n\
    plan_complete: [{ when: both-signed, until: 2019-03-02, mark: F }, { when: sent-approved, from: 2019-03-02, mark: F }";

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn try_with(plans: &CarePlans, who: &str, event: PlanEvent<'_>) -> Result<CarePlans, Reason> {
    take_among(plans, who, EventId::new(), event, &PEOPLE)
}

fn with(plans: &CarePlans, who: &str, event: PlanEvent<'_>) -> CarePlans {
    try_with(plans, who, event).unwrap()
}

fn in_house(plan: EventId) -> PlanApprovedInHouse {
    PlanApprovedInHouse { plan, sha256: Sha256::of("plan"), by: None, on: None }
}

fn member(plan: EventId, on: &str) -> PlanSigned {
    let (sha256, how) = (Sha256::of("plan"), SignedHow::Paper);
    PlanSigned { plan, sha256, signer: Signer::Member, how, on: day(on), scan: None }
}

/// A plan of this day.
fn of(on: Option<&str>) -> (CarePlans, EventId) {
    let id = EventId::new();
    let event = PlanSent { on: on.map(day), ..plan("plan", None) };
    (take_among(&CarePlans::default(), "jane", id, PlanEvent::Sent(&event), &PEOPLE).unwrap(), id)
}

fn completed(plans: &CarePlans, id: EventId) -> Option<(String, Completion)> {
    let done = plans.get(id).unwrap().completed(&agreement(""), &rules(ROWS));
    done.map(|done| (done.on.to_string(), done.rule))
}

#[test]
fn who_gives_the_in_house_approval() {
    let (open, id) = sent("plan");
    let named = |who: &str| PlanApprovedInHouse {
        by: Some(format!("urn:example:staff|{who}").parse().unwrap()),
        ..in_house(id)
    };
    let on = |text: &str| PlanApprovedInHouse { on: Some(day(text)), ..in_house(id) };
    for (who, event, expected) in [
        ("kim", in_house(id), "sent"),
        ("jane", named("kim"), "sent"),
        ("jane", in_house(id), "plan-clinician"),
        ("kim", named("jane"), "plan-clinician"),
        ("jane", named("nobody"), "plan-clinician-unnamed"),
        // The other side's clinicians approve otherwise.
        ("jane", named("rao"), "plan-clinician-unnamed"),
        ("rao", in_house(id), "plan-not-community-side"),
        ("bot", named("kim"), "plan-by-keeper"),
        ("kim", in_house(EventId::new()), "plan-unknown"),
        ("kim", PlanApprovedInHouse { sha256: Sha256::of("another"), ..in_house(id) }, "plan-other-document"),
        // Somewhere it is tomorrow already.
        ("kim", on("2019-03-02"), "sent"),
        ("kim", on("2019-03-03"), "plan-approval-date"),
        ("kim", on("1899-12-31"), "plan-approval-date"),
    ] {
        assert_eq!(
            code(try_with(&open, who, PlanEvent::ApprovedInHouse(&event))),
            expected,
            "{who} {event:?}"
        );
    }
    let event = in_house(id);
    let first = with(&open, "jane", PlanEvent::ApprovedInHouse(&named("kim")));
    let approval = first.get(id).unwrap().in_house.as_ref().unwrap();
    assert_eq!((approval.by.id.value(), approval.attested.contact.value()), ("kim", "jane"));
    let again = try_with(&first, "kim", PlanEvent::ApprovedInHouse(&event));
    assert_eq!(code(again), "plan-approved-in-house");
    // It may come after the provider's; not after a return.
    let approved = PlanApproved { plan: id, sha256: Sha256::of("plan") };
    let done = with(&open, "rao", PlanEvent::Approved(&approved));
    assert_eq!(code(try_with(&done, "kim", PlanEvent::ApprovedInHouse(&event))), "approved");
    let returned = PlanReturned { plan: id, changes: "more".into() };
    let back = with(&open, "joe", PlanEvent::Returned(&returned));
    assert_eq!(code(try_with(&back, "kim", PlanEvent::ApprovedInHouse(&event))), "plan-not-open");
    assert!(!format!("{event:?} {:?}", on("2019-03-02")).contains("2019"));
}

#[test]
fn a_plan_is_complete_by_the_rule_of_its_own_day() {
    let approve = |id| PlanApproved { plan: id, sha256: Sha256::of("plan") };
    // The day on which it was sent, and the day before the rule changes.
    for on in [None, Some("2019-03-01"), Some("2018-12-31")] {
        let (open, id) = of(on);
        let house = with(&open, "kim", PlanEvent::ApprovedInHouse(&in_house(id)));
        assert_eq!(completed(&house, id), None, "{on:?}");
        let signed = with(&house, "jane", PlanEvent::Signed(&member(id, "2019-02-20")));
        assert_eq!(completed(&signed, id), None, "{on:?}");
        let both = with(&signed, "rao", PlanEvent::Approved(&approve(id)));
        assert_eq!(completed(&both, id), Some(("2019-03-01".into(), Completion::BothSigned)), "{on:?}");
        // The provider alone is not both of them.
        let (open, id) = of(on);
        let one = with(&open, "rao", PlanEvent::Approved(&approve(id)));
        assert_eq!(completed(&one, id), None);
        let both = with(&one, "jane", PlanEvent::Signed(&member(id, "2019-03-02")));
        assert_eq!(completed(&both, id), Some(("2019-03-02".into(), Completion::BothSigned)));
    }
    let (open, id) = of(Some("2019-03-02"));
    let signed = with(&open, "jane", PlanEvent::Signed(&member(id, "2019-02-20")));
    let both = with(&signed, "rao", PlanEvent::Approved(&approve(id)));
    assert_eq!(completed(&both, id), None, "signatures do not stand for the in-house approval");
    let house = with(&open, "kim", PlanEvent::ApprovedInHouse(&in_house(id)));
    let expected = Some(("2019-03-02".to_owned(), Completion::SentApproved));
    assert_eq!(completed(&house, id), expected);
    // It stays complete, whatever becomes of it.
    let returned = PlanReturned { plan: id, changes: "more".into() };
    let back = with(&house, "joe", PlanEvent::Returned(&returned));
    assert_eq!(completed(&back, id), expected);
    assert_eq!(completed(&with(&back, "jane", PlanEvent::Sent(&plan("plan 2", Some(id)))), id), expected);
    for (on, expected) in [("2019-03-02", "sent"), ("2019-03-03", "plan-date"), ("1899-12-31", "plan-date")] {
        let event = PlanSent { on: Some(day(on)), ..plan("plan", None) };
        assert_eq!(code(try_with(&CarePlans::default(), "jane", PlanEvent::Sent(&event))), expected, "{on}");
    }
}

#[test]
fn without_a_row_and_under_another_rule_set_both_sign() {
    let (open, id) = of(None);
    let house = with(&open, "kim", PlanEvent::ApprovedInHouse(&in_house(id)));
    let plan = house.get(id).unwrap();
    assert_eq!(plan.completion(&agreement(""), &rules("")), Completion::BothSigned);
    let later = "]\nplan_complete: [{ when: sent-approved, mark: U }";
    assert_eq!(plan.completion(&agreement(""), &rules(later)), Completion::SentApproved);
    let other = PlanState { sign_by: Some("another".parse().unwrap()), ..plan.clone() };
    assert_eq!(other.completion(&agreement(""), &rules(later)), Completion::BothSigned);
    // A day that cannot have been is none on which the member signed.
    let ahead = |on: &str| PlanSent { member_approved: Some(day(on)), ..super::plan("plan", None) };
    for (on, complete) in
        [("2019-02-20", true), ("2019-03-02", true), ("2019-03-04", false), ("1850-01-01", false)]
    {
        let id = EventId::new();
        let sent = take(&CarePlans::default(), "jane", id, PlanEvent::Sent(&ahead(on))).unwrap();
        let approved = PlanApproved { plan: id, sha256: Sha256::of("plan") };
        let done = with(&sent, "rao", PlanEvent::Approved(&approved));
        assert_eq!(completed(&done, id).is_some(), complete, "{on}");
        // Whoever holds it as a stub only counts alike.
        let stub = take(&CarePlans::default(), "jane", id, PlanEvent::Sent(&ahead(on).withheld())).unwrap();
        let done = with(&stub, "rao", PlanEvent::Approved(&approved));
        assert_eq!(completed(&done, id).is_some(), complete, "{on}");
    }
}

/// The programme's clock stops by the rule; the provider's answer stays owed, and the renewal counts from the completion.
#[test]
fn what_is_owed_of_a_plan_that_is_complete_without_the_providers_approval() {
    let (agreement, rules, everybody) = (agreement(""), rules(ROWS), roster(&PEOPLE));
    let terms = Rules { agreement: &agreement, rules: &rules, roster: &everybody };
    let assigned = StageReached {
        stage: Stage::Assigned,
        on: day("2019-02-01"),
        source: "made up".into(),
        enrolled: None,
        left: None,
        to_aco: None,
        corrects: None,
    };
    let at: Timestamp = SENT_AT.parse().unwrap();
    let circumstances = Step {
        key: &EventKey { sender: user("joe"), id: EventId::new() },
        seat: &seat("joe"),
        at,
        server_at: at,
        roster: &everybody,
        plan_side: &agreement.plan_side.id,
        community_side: &agreement.community_side.id,
        story_clock: false,
    };
    let stage = OutreachEvent::Stage(&assigned);
    let term = outreach::step(&Outreach::default(), stage, &agreement, &circumstances).unwrap();
    let clocks = |plans: &CarePlans| {
        let mut all = outreach::owed(&term, plans, &terms);
        all.extend(owed(plans, &terms));
        for one in &all {
            assert!(one.ladder.last().unwrap().phone.is_some(), "{}", one.clock);
        }
        all.into_iter().map(|one| (one.clock, one.due.to_string())).collect::<Vec<_>>()
    };
    let planned = (PLAN_COMPLETED.to_owned(), "2019-06-04T04:00:00Z".to_owned());
    let back = (CLOCK.to_owned(), "2019-03-21T14:00:00Z".to_owned());
    let renewal = |day: &str| (RENEWAL_CLOCK.to_owned(), format!("{day}T05:00:00Z"));
    let (old, first) = of(None);
    assert_eq!(clocks(&old), [planned.clone(), back.clone()]);
    let house = with(&old, "kim", PlanEvent::ApprovedInHouse(&in_house(first)));
    assert_eq!(clocks(&house), [planned.clone(), back.clone()], "before the rule changed it is not enough");
    let (new, id) = of(Some("2019-03-02"));
    assert_eq!(clocks(&new), [planned, back.clone()]);
    let house = with(&new, "kim", PlanEvent::ApprovedInHouse(&in_house(id)));
    assert_eq!(clocks(&house), [back, renewal("2020-03-03")]);
    let approved = PlanApproved { plan: id, sha256: Sha256::of("plan") };
    let done = with(&house, "rao", PlanEvent::Approved(&approved));
    assert_eq!(clocks(&done), [renewal("2020-03-03")]);
}

/// What was attested counts from its own day, not from the day on which it is told.
#[test]
fn a_signature_of_before_the_assignment_completes_no_plan_of_after() {
    let (open, id) = of(None);
    let signed = with(&open, "jane", PlanEvent::Signed(&member(id, "2019-01-10")));
    let rao = seat("rao").contact;
    let provider = PlanSigned {
        signer: Signer::Contact { contact: rao.id, organization: rao.organization },
        ..member(id, "2019-01-20")
    };
    let both = with(&signed, "joe", PlanEvent::Signed(&provider));
    assert_eq!(completed(&both, id), Some(("2019-01-20".into(), Completion::BothSigned)));
}

#[test]
fn an_in_house_approval_is_told() {
    let everybody = roster(&PEOPLE);
    let id = EventId::new();
    let named = |who: &str| PlanApprovedInHouse {
        by: Some(format!("urn:example:staff|{who}").parse().unwrap()),
        on: Some(day("2019-02-28")),
        ..in_house(id)
    };
    for (who, event, told) in [
        ("kim", in_house(id), "Kim Osman (nurse) gave the in-house clinical approval of the care plan."),
        (
            "kim",
            named("kim"),
            "Kim Osman (nurse) gave the in-house clinical approval of the care plan on 2019-02-28.",
        ),
        (
            "jane",
            named("kim"),
            "Jane Miller (CP care coordinator) attests: Kim Osman (nurse) gave the in-house clinical approval of the care plan on 2019-02-28.",
        ),
        (
            "jane",
            named("gone"),
            "Jane Miller (CP care coordinator) attests: a clinician of theirs gave the in-house clinical approval of the care plan on 2019-02-28.",
        ),
    ] {
        assert_eq!(tell(PlanEvent::ApprovedInHouse(&event), &seat(who), &everybody), told);
    }
}
