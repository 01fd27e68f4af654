//! What is owed for concerns: that each is heard, answered, and closed or opened again.

use crate::agreement::Clock;
use crate::case::step::{Owed, Rules};
use crate::concern::{ConcernState, ConcernStatus, Concerns};
use crate::contact::{Contact, Topic};
use crate::id::OrganizationId;

/// The clock of a concern until the office has heard it: two business days, where neither the agreement nor the rule set says
/// otherwise.
pub const HEARD_CLOCK: &str = "concern-heard";
/// The clock of a concern until the office has answered it, from when it was raised or opened again: ten business days, where neither
/// the agreement nor the rule set says otherwise.
pub const ANSWER_CLOCK: &str = "concern-answer";
/// The clock of an answered concern until its organisation closes it, or opens it again: ten business days, where neither the
/// agreement nor the rule set says otherwise.
pub const CLOSE_CLOCK: &str = "concern-close";

/// What is owed: of each open concern the next thing, by one named person. The office's lead owes that it is heard and answered; who
/// raised it, or a lead of their organisation once they are gone, that it is closed or opened again.
pub fn owed(concerns: &Concerns, rules: &Rules<'_>) -> Vec<Owed> {
    concerns.open().filter_map(|concern| owed_for(concern, rules)).collect()
}

fn owed_for(concern: &ConcernState, rules: &Rules<'_>) -> Option<Owed> {
    let office = &rules.agreement.plan_side;
    let of = &rules.agreement.community_side;
    let (clock, days, since, from, owner, what) = match concern.status {
        ConcernStatus::Closed => return None,
        ConcernStatus::Raised => (
            HEARD_CLOCK,
            2,
            concern.since,
            concern.since_at,
            lead(&office.id, rules),
            format!("say that a concern of {} was heard", of.name),
        ),
        ConcernStatus::Heard => (
            ANSWER_CLOCK,
            10,
            concern.since,
            concern.since_at,
            lead(&office.id, rules),
            format!("answer a concern of {}", of.name),
        ),
        ConcernStatus::Answered => {
            let answer = concern.answers().next_back()?;
            let by = &concern.raised_by;
            let raiser = rules.roster.contact(&by.contact, &by.organization).map(|seat| &seat.contact);
            (
                CLOSE_CLOCK,
                10,
                answer.by.event.owed(),
                answer.by.at,
                raiser.or_else(|| lead(&of.id, rules)),
                format!("close a concern that {} has answered, or open it again", office.name),
            )
        }
    };
    let due = rules.agreement.due(rules.rules, clock, from, Clock::business_days(days));
    let ladder = rules.ladder(Topic::Concern, owner, due);
    // Somebody answers for everything: who is first on the ladder, where nobody else is left.
    let owner = owner.map(|contact| contact.id.clone()).or_else(|| Some(ladder.first()?.contact.clone()))?;
    Some(Owed { since, clock: clock.to_owned(), what, owner, from: None, until: None, due, ladder })
}

fn lead<'a>(organization: &OrganizationId, rules: &Rules<'a>) -> Option<&'a Contact> {
    rules.roster.lead(organization).map(|seat| &seat.contact)
}
