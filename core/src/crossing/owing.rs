//! What is owed of what is to go across.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::agreement::{Agreement, Clock, RuleSet};
use crate::case::roster::Roster;
use crate::case::step::{Owed, Rules};
use crate::communication::Priority;
use crate::contact::{Contact, Topic};
use crate::crossing::{Crossing, Crossings, What};
use crate::id::OrganizationId;

/// The clock of what is to go across to a side that has nobody on Matrix: one business day from when it was said, where neither
/// the agreement nor the rule set says otherwise.
pub const CLOCK: &str = "carry";
/// The clock of a telephone call at the end of a ladder: one business day from the reminder, where neither the agreement nor the
/// rule set says otherwise.
pub const CALL_CLOCK: &str = "call";

const ONE_BUSINESS_DAY: Clock = Clock::business_days(1);

/// What is owed: for each side without Matrix the earliest that waits for it, by whoever said it, else by a lead of their
/// organisation; and each telephone call that is still needed, by a lead of the side that waits for an answer. `others` is what
/// the other life cycles say is owed: a call about what was done meanwhile is not needed.
pub fn owed(crossings: &Crossings, others: &[Owed], rules: &Rules<'_>) -> Vec<Owed> {
    let mut first: BTreeMap<&OrganizationId, (&Crossing, usize)> = BTreeMap::new();
    let mut found = Vec::new();
    // A referral's own clocks say until when it is to be there.
    for one in crossings.waiting().filter(|one| one.what != What::Referral) {
        if let What::Call { owed, clock, .. } = &one.what {
            let needed = others.iter().any(|other| other.since == *owed && other.clock == *clock);
            found.extend(needed.then(|| call(one, rules)).flatten());
        } else {
            first.entry(&one.to).or_insert((one, 0)).1 += 1;
        }
    }
    found.extend(first.into_values().filter_map(|(one, count)| carry(one, count, rules)));
    found
}

fn carry(one: &Crossing, count: usize, rules: &Rules<'_>) -> Option<Owed> {
    let said = rules.roster.contact(&one.by.contact, &one.by.organization).filter(|seat| !seat.is_keeper());
    let owner = said.or_else(|| rules.roster.lead(&one.by.organization)).map(|seat| &seat.contact);
    let things = if count == 1 { "one thing".to_owned() } else { format!("{count} things") };
    let to = name(&one.to, rules);
    let what = format!("take {things} to {to}, which has nobody on Matrix: call, fax, or use the folder");
    let topic = if one.priority == Priority::Routine { Topic::CarePlan } else { Topic::Urgent };
    item(one, what, owner, topic, rules)
}

fn call(one: &Crossing, rules: &Rules<'_>) -> Option<Owed> {
    let What::Call { contact, .. } = &one.what else { return None };
    let side = calling(&contact.organization, rules.agreement, rules.roster);
    let owner = rules.roster.lead(side).map(|seat| &seat.contact);
    let seat = rules.roster.contact(&contact.contact, &contact.organization).map(|seat| &seat.contact);
    let rung = || {
        let mut ladders = rules.agreement.ladders.values().flatten();
        ladders.find(|rung| rung.contact == contact.contact && rung.organization == contact.organization)
    };
    let name = seat.map(|seat| seat.name.clone()).or_else(|| rung().map(|rung| rung.name.clone()));
    let phone =
        seat.and_then(|seat| seat.phone.clone()).or_else(|| rung().and_then(|rung| rung.phone.clone()));
    let phone = phone.map_or(String::new(), |phone| format!(" ({phone})"));
    let what = format!(
        "call {}{phone} about what is overdue, and record whether they were reached",
        name.as_deref().unwrap_or("the last person on the ladder")
    );
    item(one, what, owner, Topic::Urgent, rules)
}

/// Which organisation calls somebody of another one. Who waits calls: the other side of the one whose turn it is. Where it has
/// nobody, their own colleagues.
pub(crate) fn calling<'a>(
    to: &'a OrganizationId,
    agreement: &'a Agreement,
    roster: &Roster,
) -> &'a OrganizationId {
    let (plan, community) = (&agreement.plan_side.id, &agreement.community_side.id);
    let other = if to == community { plan } else { community };
    if roster.is_away(other) { to } else { other }
}

fn item(
    one: &Crossing,
    what: String,
    owner: Option<&Contact>,
    topic: Topic,
    rules: &Rules<'_>,
) -> Option<Owed> {
    let due = due(one, rules.agreement, rules.rules);
    let ladder = rules.ladder(topic, owner, due);
    // Somebody answers for everything: who is first on the ladder, where nobody else is left.
    let owner = owner.map(|contact| contact.id.clone()).or_else(|| Some(ladder.first()?.contact.clone()))?;
    Some(Owed {
        since: one.event.owed(),
        clock: clock(one).to_owned(),
        what,
        owner,
        from: None,
        until: None,
        due,
        ladder,
    })
}

fn name<'a>(organization: &OrganizationId, rules: &Rules<'a>) -> &'a str {
    let side = rules.agreement.side_of(organization);
    side.map_or("the other side", |side| &rules.agreement.party(side).name)
}

/// Until when something is to be taken across, or somebody to be called.
pub(crate) fn due(one: &Crossing, agreement: &Agreement, rules: &RuleSet) -> Timestamp {
    agreement.due(rules, clock(one), one.by.at, ONE_BUSINESS_DAY)
}

fn clock(one: &Crossing) -> &'static str {
    if matches!(one.what, What::Call { .. }) { CALL_CLOCK } else { CLOCK }
}
