//! What is owed for agreements that are proposed: an answer.

use crate::agreement::Clock;
use crate::agreement::proposal::{Proposal, Proposals};
use crate::case::step::{Owed, Rules};
use crate::contact::Topic;

/// The clock of an answer to a proposed agreement: ten business days, where neither the agreement nor the rule set says otherwise.
pub const ANSWER_CLOCK: &str = "agreement-answer";

/// What is owed: of each agreement that waits an answer, by a lead of the side that did not propose it.
pub fn owed(proposals: &Proposals, rules: &Rules<'_>) -> Vec<Owed> {
    proposals.open().filter_map(|one| answer(one, rules)).collect()
}

fn answer(one: &Proposal, rules: &Rules<'_>) -> Option<Owed> {
    let agreement = rules.agreement;
    let (from, to) = if one.by.organization == agreement.plan_side.id {
        (&agreement.plan_side, &agreement.community_side)
    } else {
        (&agreement.community_side, &agreement.plan_side)
    };
    let due = agreement.due(rules.rules, ANSWER_CLOCK, one.by.at, Clock::business_days(10));
    let lead = rules.roster.lead(&to.id).map(|seat| &seat.contact);
    // No agreement names people for agreements: who answers for the care plans between the two does for these.
    let ladder = rules.ladder(Topic::CarePlan, lead, due);
    // Somebody answers for everything: who is first on the ladder, where nobody else is left.
    let owner = lead.map(|contact| contact.id.clone()).or_else(|| Some(ladder.first()?.contact.clone()))?;
    let what = format!("accept or decline an agreement that {} proposes", from.name);
    Some(Owed {
        since: one.key.owed(),
        clock: ANSWER_CLOCK.to_owned(),
        what,
        owner,
        from: None,
        until: None,
        due,
        ladder,
    })
}
