#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::agreement::{Agreement, RuleSet};
use crate::case::roster::Roster;
use crate::case::step::{Rules, Step};
use crate::contact::{Contact, Seat};
use crate::id::UserId;
use crate::policy::Reason;

mod after;
mod changes;
mod completing;
mod signing;
mod unsigned;

// Synthetic.
const SENT_AT: &str = "2019-03-01T15:00:00Z";

fn seat(who: &str) -> Seat {
    let (organization, role, name) = match who {
        "jane" => ("cp", Role::CpCareCoordinator, "Jane Miller"),
        "kim" => ("cp", Role::Nurse, "Kim Osman"),
        "bot" => ("cp", Role::Keeper, "Bay Community Care"),
        "joe" => ("aco", Role::AcoCareManager, "Joe Alvarez"),
        "rao" => ("aco", Role::PcpDesignee, "Dr Rao"),
        "lee" => ("aco", Role::Supervisor, "Lee Chen"),
        "pcp" => ("aco", Role::Pcp, "Dr Osei"),
        "acobot" => ("aco", Role::Keeper, "Harbor ACO"),
        _ => ("practice", Role::Pcp, "Dr Nobody"),
    };
    Seat {
        contact: Contact {
            id: format!("urn:example:staff|{who}").parse().unwrap(),
            name: name.to_owned(),
            role,
            organization: format!("urn:example:org|{organization}").parse().unwrap(),
            user: Some(user(who)),
            phone: None,
            topics: Vec::new(),
        },
        lead: false,
    }
}

fn user(who: &str) -> UserId {
    format!("@{who}:example.org").parse().unwrap()
}

fn document(text: &str) -> Document {
    Document {
        sha256: Sha256::of(text),
        size: text.len() as u64,
        carriage: Carriage::Inline(text.to_owned()),
    }
}

fn plan(text: &str, replaces: Option<EventId>) -> PlanSent {
    PlanSent { document: document(text), sign_by: None, member_approved: None, replaces, on: None }
}

fn roster(people: &[&str]) -> Roster {
    let seats: Vec<Seat> = people.iter().map(|who| seat(who)).collect();
    Roster::of(&seats, &EventKey { sender: user("jane"), id: EventId::new() }).unwrap()
}

fn take(plans: &CarePlans, who: &str, id: EventId, event: PlanEvent<'_>) -> Result<CarePlans, Reason> {
    take_among(plans, who, id, event, &["jane", "joe", "rao", "lee", "pcp", "bot"])
}

fn take_among(
    plans: &CarePlans,
    who: &str,
    id: EventId,
    event: PlanEvent<'_>,
    people: &[&str],
) -> Result<CarePlans, Reason> {
    let at: Timestamp = SENT_AT.parse().unwrap();
    step(
        plans,
        event,
        &Step {
            key: &EventKey { sender: user(who), id },
            seat: &seat(who),
            at,
            server_at: at,
            roster: &roster(people),
            plan_side: &"urn:example:org|aco".parse().unwrap(),
            community_side: &"urn:example:org|cp".parse().unwrap(),
            story_clock: false,
        },
    )
}

/// A plan `text` that Jane sent.
fn sent(text: &str) -> (CarePlans, EventId) {
    let id = EventId::new();
    (take(&CarePlans::default(), "jane", id, PlanEvent::Sent(&plan(text, None))).unwrap(), id)
}

fn code(result: Result<CarePlans, Reason>) -> String {
    match result {
        Ok(plans) => match &plans.all().last().unwrap().status {
            PlanStatus::Sent => "sent",
            PlanStatus::Acknowledged => "acknowledged",
            PlanStatus::Approved(_) => "approved",
            PlanStatus::Returned { .. } => "returned",
            PlanStatus::Replaced { .. } => "replaced",
        }
        .to_owned(),
        Err(reason) => {
            assert_eq!(reason.source, "care-plan");
            reason.code.into_owned()
        }
    }
}

#[test]
fn who_may_take_which_step() {
    let (open, id) = sent("plan");
    let event = plan("plan", None);
    let acknowledged = PlanAcknowledged { plan: id };
    let approved = PlanApproved { plan: id, sha256: Sha256::of("plan") };
    let returned = PlanReturned { plan: id, changes: "add the housing goal".into() };
    let nothing = CarePlans::default();
    for (who, to_send, to_acknowledge, to_approve, to_return) in [
        ("jane", "sent", "plan-not-plan-side", "plan-not-plan-side", "plan-not-plan-side"),
        ("bot", "plan-by-keeper", "plan-by-keeper", "plan-by-keeper", "plan-by-keeper"),
        ("joe", "plan-not-community-side", "acknowledged", "plan-approver", "returned"),
        ("rao", "plan-not-community-side", "acknowledged", "approved", "returned"),
        ("pcp", "plan-not-community-side", "acknowledged", "approved", "returned"),
        ("lee", "plan-not-community-side", "acknowledged", "plan-approver", "plan-returner"),
        ("acobot", "plan-by-keeper", "plan-by-keeper", "plan-by-keeper", "plan-by-keeper"),
        (
            "other",
            "plan-not-community-side",
            "plan-not-plan-side",
            "plan-not-plan-side",
            "plan-not-plan-side",
        ),
    ] {
        let took = |plans, event| code(take(plans, who, EventId::new(), event));
        assert_eq!(took(&nothing, PlanEvent::Sent(&event)), to_send, "{who} sends");
        assert_eq!(took(&open, PlanEvent::Acknowledged(&acknowledged)), to_acknowledge, "{who} acknowledges");
        assert_eq!(took(&open, PlanEvent::Approved(&approved)), to_approve, "{who} approves");
        assert_eq!(took(&open, PlanEvent::Returned(&returned)), to_return, "{who} returns");
    }
}

#[test]
fn joe_is_told_who_may_approve() {
    let (open, id) = sent("plan");
    let approval = PlanApproved { plan: id, sha256: Sha256::of("plan") };
    for (people, named) in [
        (&["jane", "joe", "rao", "lee", "pcp"][..], "Dr Rao or Dr Osei"),
        (&["joe", "rao"], "Dr Rao"),
        // A physician of another organisation may not.
        (&["joe", "other"], "nobody yet"),
    ] {
        let event = PlanEvent::Approved(&approval);
        let reason = take_among(&open, "joe", EventId::new(), event, people).unwrap_err();
        let expected = format!(
            "only the primary care provider (PCP) or the PCP's designee may approve a care plan, here {named}; \
             Joe Alvarez is an ACO care manager"
        );
        assert_eq!(reason.text, expected);
    }
}

#[test]
fn a_ladder_tells_the_account_and_telephone_that_the_roster_has() {
    let (agreement, rules) = (agreement(""), rules(""));
    let mut lee = seat("lee");
    lee.contact.phone = Some("3".into());
    let key = EventKey { sender: user("jane"), id: EventId::new() };
    let roster = Roster::of(&[seat("jane"), lee], &key).unwrap();
    let (plans, _) = sent("plan");
    let owed = owed(&plans, &Rules { agreement: &agreement, rules: &rules, roster: &roster });
    let reach: Vec<_> =
        owed[0].ladder.iter().map(|rung| (rung.user.clone(), rung.phone.as_deref())).collect();
    assert_eq!(reach, [(Some(user("jane")), None), (None, Some("555-0101")), (Some(user("lee")), Some("3"))]);
}

#[test]
fn an_approval_names_the_very_document() {
    let (open, id) = sent("plan");
    let approval = PlanApproved { plan: id, sha256: Sha256::of("another plan") };
    assert_eq!(
        code(take(&open, "rao", EventId::new(), PlanEvent::Approved(&approval))),
        "plan-other-document"
    );
}

#[test]
fn only_an_open_plan_is_answered() {
    let (open, id) = sent("plan");
    let acknowledged = PlanAcknowledged { plan: id };
    let approved = PlanApproved { plan: id, sha256: Sha256::of("plan") };
    let returned = PlanReturned { plan: id, changes: "more".into() };
    let ends = [
        take(&open, "rao", EventId::new(), PlanEvent::Approved(&approved)).unwrap(),
        take(&open, "joe", EventId::new(), PlanEvent::Returned(&returned)).unwrap(),
        take(&open, "jane", EventId::new(), PlanEvent::Sent(&plan("plan 2", Some(id)))).unwrap(),
    ];
    for ended in ends {
        for event in [
            PlanEvent::Acknowledged(&acknowledged),
            PlanEvent::Approved(&approved),
            PlanEvent::Returned(&returned),
        ] {
            assert_eq!(code(take(&ended, "rao", EventId::new(), event)), "plan-not-open");
        }
    }
    let unknown = PlanAcknowledged { plan: EventId::new() };
    assert_eq!(code(take(&open, "joe", EventId::new(), PlanEvent::Acknowledged(&unknown))), "plan-unknown");
}

#[test]
fn the_first_acknowledgement_counts() {
    let (open, id) = sent("plan");
    let event = PlanAcknowledged { plan: id };
    let once = take(&open, "joe", EventId::new(), PlanEvent::Acknowledged(&event)).unwrap();
    let twice = take(&once, "rao", EventId::new(), PlanEvent::Acknowledged(&event)).unwrap();
    assert_eq!(once, twice);
    assert_eq!(twice.open().unwrap().acknowledged.as_ref().unwrap().contact.value(), "joe");
}

#[test]
fn a_new_plan_names_the_open_one() {
    let (open, first) = sent("plan");
    let send =
        |plans: &CarePlans, id, replaces| take(plans, "jane", id, PlanEvent::Sent(&plan("plan 2", replaces)));
    assert_eq!(code(send(&open, EventId::new(), None)), "plan-open");
    assert_eq!(code(send(&open, EventId::new(), Some(EventId::new()))), "plan-open");
    assert_eq!(code(send(&open, first, Some(first))), "plan-id-taken");
    assert_eq!(code(send(&CarePlans::default(), EventId::new(), Some(first))), "plan-unknown");

    let second = EventId::new();
    let replaced = send(&open, second, Some(first)).unwrap();
    assert_eq!(replaced.get(first).unwrap().status, PlanStatus::Replaced { with: second });
    assert_eq!(replaced.open().unwrap().sent.id, second);
    let approval = PlanApproved { plan: second, sha256: Sha256::of("plan 2") };
    let approved = take(&replaced, "rao", EventId::new(), PlanEvent::Approved(&approval)).unwrap();
    assert_eq!(code(send(&approved, EventId::new(), Some(first))), "plan-replaced");

    // What was approved stays approved while its successor waits.
    let renewed = send(&approved, EventId::new(), Some(second)).unwrap();
    assert!(matches!(renewed.get(second).unwrap().status, PlanStatus::Approved(_)));
    assert_eq!(renewed.all().len(), 3);
}

#[test]
fn a_time_that_is_far_from_the_homeservers_is_not_believed() {
    let server_at: Timestamp = SENT_AT.parse().unwrap();
    let at: Timestamp = "2019-02-01T15:00:00Z".parse().unwrap();
    for (story_clock, expected) in [(false, server_at), (true, at)] {
        let id = EventId::new();
        let seat = seat("jane");
        let circumstances = Step {
            key: &EventKey { sender: user("jane"), id },
            seat: &seat,
            at,
            server_at,
            roster: &Roster::default(),
            plan_side: &"urn:example:org|aco".parse().unwrap(),
            community_side: &"urn:example:org|cp".parse().unwrap(),
            story_clock,
        };
        let plans =
            step(&CarePlans::default(), PlanEvent::Sent(&plan("plan", None)), &circumstances).unwrap();
        assert_eq!(plans.get(id).unwrap().sent_by.at, expected);
    }
}

fn agreement(clocks: &str) -> Agreement {
    Agreement::parse(&format!(
        r#"
id: harbor-bay
version: "1"
title: Synthetic
plan_side: {{ id: urn:example:org|aco, name: Harbor ACO }}
community_side: {{ id: urn:example:org|cp, name: Bay Community Care }}
in_force: {{ from: 2019-01-01 }}
share: {{ both: [care-plan] }}
quiet: 20 d
{clocks}
ladder:
  care-plan:
    - {{ contact: urn:example:staff|jane, name: Jane Miller, organization: urn:example:org|cp, role: cp-care-coordinator }}
    - {{ contact: urn:example:staff|joe, name: Joe Alvarez, organization: urn:example:org|aco, role: aco-care-manager, phone: "555-0101", after: 0 d }}
    - {{ contact: urn:example:staff|lee, name: Lee Chen, organization: urn:example:org|aco, role: supervisor, phone: "555-0102", after: 2 d }}
"#
    ))
    .unwrap()
}

fn rules(rows: &str) -> RuleSet {
    RuleSet::parse(&format!("id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: [{rows}]\n")).unwrap()
}

#[test]
fn the_return_is_due_by_the_agreement_else_by_the_rules_else_when_quiet() {
    let by_agreement = "clocks: { plan-return: { days: 14 } }";
    let row = "{ clock: plan-return, days: 10, until: 2019-03-02, mark: F }";
    let ended = "{ clock: plan-return, days: 10, until: 2019-03-01, mark: F }";
    for (clocks, rows, sign_by, due) in [
        (by_agreement, row, None, "2019-03-16T04:00:00Z"),
        ("", row, None, "2019-03-12T04:00:00Z"),
        ("", row, Some("r"), "2019-03-12T04:00:00Z"),
        ("", row, Some("another"), "2019-03-21T14:00:00Z"),
        (by_agreement, row, Some("another"), "2019-03-16T04:00:00Z"),
        ("", ended, None, "2019-03-21T14:00:00Z"),
        ("", "", None, "2019-03-21T14:00:00Z"),
    ] {
        let (agreement, rules) = (agreement(clocks), rules(rows));
        let id = EventId::new();
        let event = PlanSent { sign_by: sign_by.map(|id| id.parse().unwrap()), ..plan("plan", None) };
        let plans = take(&CarePlans::default(), "jane", id, PlanEvent::Sent(&event)).unwrap();
        let owed = owed(&plans, &Rules { agreement: &agreement, rules: &rules, roster: &Roster::default() });
        assert_eq!(owed.len(), 1);
        assert_eq!(owed[0].due, due.parse().unwrap(), "{clocks} {rows} {sign_by:?}");
        let since = plans.open().unwrap().sent.owed();
        assert_eq!((owed[0].since, owed[0].clock.as_str()), (since, CLOCK));
        // The first of the plan side owes it, though the ladder begins with somebody else.
        assert_eq!(owed[0].owner.value(), "joe");
        let at: Vec<_> = owed[0].ladder.iter().map(|rung| rung.at - owed[0].due).collect();
        assert_eq!(at.iter().map(jiff::Span::get_seconds).collect::<Vec<_>>(), [0, 0, 2 * 86400]);
        assert_eq!(owed[0].ladder[2].phone.as_deref(), Some("555-0102"));
    }
}

#[test]
fn its_return_is_owed_until_the_plan_is_back() {
    let (agreement, rules) = (agreement(""), rules(""));
    let owes = |plans: &CarePlans| {
        let owed = owed(plans, &Rules { agreement: &agreement, rules: &rules, roster: &Roster::default() });
        owed.iter().filter(|owed| owed.clock == CLOCK).count()
    };
    let (open, id) = sent("plan");
    let event = PlanAcknowledged { plan: id };
    let acknowledged = take(&open, "joe", EventId::new(), PlanEvent::Acknowledged(&event)).unwrap();
    let approval = PlanApproved { plan: id, sha256: Sha256::of("plan") };
    let approved = take(&acknowledged, "rao", EventId::new(), PlanEvent::Approved(&approval)).unwrap();
    let changes = PlanReturned { plan: id, changes: "more".into() };
    let returned = take(&open, "joe", EventId::new(), PlanEvent::Returned(&changes)).unwrap();
    let counts = [&CarePlans::default(), &open, &acknowledged, &approved, &returned].map(owes);
    assert_eq!(counts, [0, 1, 1, 0, 0]);
}

#[test]
fn an_event_is_told_to_a_person() {
    let id = EventId::new();
    let first = PlanSent { member_approved: Some("2019-02-20".parse().unwrap()), ..plan("plan", None) };
    let second = plan("plan 2", Some(id));
    let acknowledged = PlanAcknowledged { plan: id };
    let approved = PlanApproved { plan: id, sha256: Sha256::of("plan") };
    let returned = PlanReturned { plan: id, changes: "add the housing goal".into() };
    for (event, who, told) in [
        (
            PlanEvent::Sent(&first),
            "jane",
            "Jane Miller (CP care coordinator) sent the care plan for signature. The member approved it on 2019-02-20.",
        ),
        (
            PlanEvent::Sent(&second),
            "jane",
            "Jane Miller (CP care coordinator) sent a new version of the care plan for signature.",
        ),
        (
            PlanEvent::Acknowledged(&acknowledged),
            "joe",
            "Joe Alvarez (ACO care manager) has received the care plan.",
        ),
        (PlanEvent::Approved(&approved), "rao", "Dr Rao (PCP designee) approved the care plan."),
        (
            PlanEvent::Returned(&returned),
            "joe",
            "Joe Alvarez (ACO care manager) returned the care plan with changes to make: add the housing goal",
        ),
    ] {
        assert_eq!(tell(event, &seat(who), &Roster::default()), told);
    }
}

#[test]
fn what_is_withheld_takes_the_same_steps() {
    let event =
        PlanSent { member_approved: Some("2019-02-20".parse().unwrap()), ..plan("clinical words", None) };
    let stub = event.withheld();
    assert!(stub.document.is_withheld() && !event.document.is_withheld());
    assert!(!serde_json::to_string(&stub).unwrap().contains("clinical"));
    assert_eq!(serde_json::from_value::<PlanSent>(serde_json::to_value(&stub).unwrap()).unwrap(), stub);

    let id = EventId::new();
    let plans = take(&CarePlans::default(), "jane", id, PlanEvent::Sent(&stub)).unwrap();
    let approval = PlanApproved { plan: id, sha256: Sha256::of("clinical words") };
    assert_eq!(code(take(&plans, "rao", EventId::new(), PlanEvent::Approved(&approval))), "approved");
    let returned = PlanReturned { plan: id, changes: "clinical words".into() }.withheld();
    assert_eq!(returned.changes, "");
    assert_eq!(code(take(&plans, "joe", EventId::new(), PlanEvent::Returned(&returned))), "returned");
}

proptest! {
    /// Whatever is tried: at most one plan is open, no answer is taken back, and a refused event changes nothing.
    #[test]
    fn no_order_of_steps_breaks_the_life_cycle(
        tries in proptest::collection::vec((0usize..4, 0usize..6, 0usize..4, any::<bool>()), 0..24),
    ) {
        let who = ["jane", "joe", "rao", "lee", "bot", "other"];
        let ids: Vec<EventId> = (0..4).map(|_| EventId::new()).collect();
        let mut plans = CarePlans::default();
        for (kind, person, target, flag) in tries {
            let id = ids[target];
            let (sent, acknowledged, approved, returned);
            let event = match kind {
                0 => {
                    sent = plan("plan", flag.then(|| plans.all().last().map(|plan| plan.sent.id)).flatten());
                    PlanEvent::Sent(&sent)
                }
                1 => {
                    acknowledged = PlanAcknowledged { plan: id };
                    PlanEvent::Acknowledged(&acknowledged)
                }
                2 => {
                    approved = PlanApproved { plan: id, sha256: Sha256::of(if flag { "plan" } else { "other" }) };
                    PlanEvent::Approved(&approved)
                }
                _ => {
                    returned = PlanReturned { plan: id, changes: "more".into() };
                    PlanEvent::Returned(&returned)
                }
            };
            let key = if kind == 0 { id } else { EventId::new() };
            let before = plans.clone();
            if let Ok(next) = take(&plans, who[person], key, event) {
                plans = next;
            }
            prop_assert!(plans.all().iter().filter(|plan| plan.status.is_open()).count() <= 1);
            for (old, new) in before.all().iter().zip(plans.all()) {
                prop_assert_eq!(&old.sent, &new.sent);
                if matches!(old.status, PlanStatus::Approved(_) | PlanStatus::Replaced { .. }) {
                    prop_assert_eq!(&old.status, &new.status);
                }
                if let PlanStatus::Approved(by) = &new.status {
                    prop_assert!(by.role.may_approve_plan());
                }
            }
        }
    }
}
