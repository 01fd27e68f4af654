//! What is owed for a care plan: its return, its renewal, and the member's copy.

use jiff::civil::Date;

use crate::agreement::{Clock, Completion};
use crate::care_plan::{CarePlans, CopyTo, PlanState, unsigned};
use crate::case::step::{Owed, Rules};
use crate::contact::{Contact, Topic};
use crate::due::a_month_before;
use crate::id::ContactId;

/// The clock of a care plan's return, from its sending.
pub const CLOCK: &str = "plan-return";
/// The clock of a care plan's renewal, from the day of its approval; where the programme's rule has it complete before, from that day.
pub const RENEWAL_CLOCK: &str = "plan-renewal";
/// The clock of the member's copy of a care plan, from the day of its approval.
pub const COPIES_CLOCK: &str = "plan-copies";

/// What is owed: the return of the plan that waits, by the first on the agreement's care-plan ladder who is of the plan side;
/// by the community side's lead what keeps the last plan from being signed once it is back ([`Unsigned`](super::Unsigned)), and of the
/// plan that was approved last its renewal and the member's copy.
///
/// The clock is the agreement's, else that of the case's rule set for the day from which it counts. Where neither knows
/// [`CLOCK`], or the plan names a rule set that the case does not carry, its return is due when the case would count as
/// quiet, so that no plan waits without a due time. Where neither knows [`RENEWAL_CLOCK`] or [`COPIES_CLOCK`], nobody owes that.
pub fn owed(plans: &CarePlans, rules: &Rules<'_>) -> Vec<Owed> {
    let returned = plans.open().and_then(|plan| owed_for(plan, rules));
    returned.into_iter().chain(unsigned::owed(plans, rules)).chain(after_approval(plans, rules)).collect()
}

fn owed_for(plan: &PlanState, rules: &Rules<'_>) -> Option<Owed> {
    let agreement = rules.agreement;
    let sent = plan.sent_by.at;
    let day = sent.to_zoned(agreement.zone.clone()).date();
    let due = match clock(CLOCK, plan, day, rules) {
        Some(clock) => clock.due(sent, &agreement.zone),
        None => agreement.quiet.after(sent, &agreement.zone),
    };
    // `Agreement::parse` refuses a care-plan ladder without anybody of the plan side.
    let owner =
        agreement.ladder(Topic::CarePlan).iter().find(|rung| rung.organization == agreement.plan_side.id)?;
    Some(Owed {
        since: plan.sent.owed(),
        clock: CLOCK.to_owned(),
        what: "return the care plan, approved or with changes to make".to_owned(),
        owner: owner.contact.clone(),
        from: None,
        until: None,
        due,
        ladder: rules.ladder(Topic::CarePlan, None, due),
    })
}

/// One plan waits at a time, so the one that was approved last is the last of those approved. What was sent to take its place
/// does so once it is approved itself, and its clocks begin anew.
fn after_approval(plans: &CarePlans, rules: &Rules<'_>) -> Vec<Owed> {
    let zone = &rules.agreement.zone;
    let last = |day: &dyn Fn(&PlanState) -> Option<Date>| {
        plans.all().iter().rev().find_map(|plan| Some((plan, day(plan)?)))
    };
    let Some((owner, first)) = community_side(rules) else { return Vec::new() };
    let item = |name: &str, what: &str, (plan, day): (&PlanState, Date)| {
        let due = clock(name, plan, day, rules)?.due_on(day, zone);
        Some(Owed {
            since: plan.sent.owed(),
            clock: name.to_owned(),
            what: what.to_owned(),
            owner: owner.clone(),
            from: None,
            until: None,
            due,
            ladder: rules.ladder(Topic::CarePlan, first, due),
        })
    };
    let renewal = last(&|plan| stands_since(plan, rules));
    let renewal = renewal
        .and_then(|of| item(RENEWAL_CLOCK, "renew the care plan: have a new version approved", of))
        .map(|owed| Owed { from: Some(a_month_before(owed.due, zone)), ..owed });
    let theirs = |to: &CopyTo| matches!(to, CopyTo::Member | CopyTo::Representative);
    let copy = last(&|plan| plan.approved_on(zone));
    let copy = copy.filter(|(plan, _)| !plan.copies.iter().any(|copy| theirs(&copy.to))).and_then(|of| {
        item(COPIES_CLOCK, "give the member, or their representative, a copy of the care plan", of)
    });
    renewal.into_iter().chain(copy).collect()
}

/// Since when a plan stands, so that it is renewed: since its approval; and where it is complete without, since that.
fn stands_since(plan: &PlanState, rules: &Rules<'_>) -> Option<Date> {
    let complete = plan.completed(rules.agreement, rules.rules);
    let complete = complete.filter(|complete| complete.rule == Completion::SentApproved);
    complete.map(|complete| complete.on).or_else(|| plan.approved_on(&rules.agreement.zone))
}

pub(super) fn clock(name: &str, plan: &PlanState, day: Date, rules: &Rules<'_>) -> Option<Clock> {
    let carried = plan.sign_by.as_ref().is_none_or(|id| *id == rules.rules.id);
    let of_rules = || rules.rules.clock(name, day).filter(|_| carried);
    rules.agreement.clock(name).or_else(of_rules)
}

/// Who of the community side owes it: their lead, else one of their people, else whoever is reminded first; and who of them comes
/// first on the ladder where it does not name them.
pub(super) fn community_side<'a>(rules: &Rules<'a>) -> Option<(ContactId, Option<&'a Contact>)> {
    let side = &rules.agreement.community_side.id;
    let people =
        || rules.roster.active().find(|seat| !seat.is_keeper() && seat.contact.organization == *side);
    let first = rules.roster.lead(side).or_else(people).map(|seat| &seat.contact);
    let named = || Some(rules.agreement.ladder(Topic::CarePlan).first()?.contact.clone());
    let owner = first.map(|contact| contact.id.clone()).or_else(named)?;
    Some((owner, first))
}
