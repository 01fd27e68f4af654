//! What is owed of consents: that each is renewed or given up before it ends, and that somebody looks at each emergency.

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::Date};

use crate::agreement::{Agreement, Clock, RuleSet};
use crate::case::roster::decides;
use crate::case::step::{Owed, Rules};
use crate::consent::{ConsentState, Consents, OverrideState};
use crate::contact::{Contact, Topic};
use crate::due::a_month_before;
use crate::id::OrganizationId;

/// The clock of a consent, until it is renewed or revoked. It ends when the consent does, and is shown in the month before.
pub const RENEWAL_CLOCK: &str = "consent-renewal";
/// The clock of an emergency, until somebody has looked at it: one business day, where neither the agreement nor the rule set says
/// otherwise.
pub const REVIEW_CLOCK: &str = "override-review";

const ONE_BUSINESS_DAY: Clock = Clock::business_days(1);

/// What is owed: by the community side's lead, that a consent which ends is renewed or given up; by another lead of who told it,
/// else by who is on the ladder, that somebody looks at what was told without consent.
pub fn owed(consents: &Consents, rules: &Rules<'_>) -> Vec<Owed> {
    let renewals = consents.all().iter().filter_map(|consent| renewal(consents, consent, rules));
    renewals.chain(reviews_owed(consents, rules)).collect()
}

/// That somebody looks at each emergency: after the end of the case, too.
pub(crate) fn reviews_owed(consents: &Consents, rules: &Rules<'_>) -> Vec<Owed> {
    consents.overrides().iter().filter_map(|one| review(one, rules)).collect()
}

fn renewal(consents: &Consents, consent: &ConsentState, rules: &Rules<'_>) -> Option<Owed> {
    let ends = consent.ends.filter(|_| consent.revoked.is_none())?;
    if consents.is_renewed(consent.key.id) {
        return None;
    }
    let due = start_of(ends, &rules.agreement.zone);
    let owner = lead(&rules.agreement.community_side.id, rules, |_| true);
    let what = "renew a consent of the member's before it ends, or record that it is given up".to_owned();
    let owed = of_ladder(consent.key.owed(), RENEWAL_CLOCK, what, (owner, due), rules)?;
    Some(Owed { from: Some(a_month_before(due, &rules.agreement.zone)), ..owed })
}

fn review(one: &OverrideState, rules: &Rules<'_>) -> Option<Owed> {
    if one.review.is_some() {
        return None;
    }
    let due = review_due(one, rules.agreement, rules.rules);
    let other = |contact: &Contact| !one.by.is_by(contact);
    let ladder = rules.ladder(Topic::Consent, None, due);
    let on_ladder = ladder.iter().filter_map(|rung| rules.roster.contact(&rung.contact, &rung.organization));
    let owner = lead(&one.by.organization, rules, other)
        .or_else(|| on_ladder.map(|seat| &seat.contact).find(|contact| other(contact)));
    let mut contacts = rules.roster.all().iter().rev().map(|place| &place.seat.contact);
    let who = contacts.find(|contact| one.by.is_by(contact)).map_or("somebody", |contact| &contact.name);
    let what = format!("look at what {who} told without consent in an emergency");
    of_ladder(one.key.owed(), REVIEW_CLOCK, what, (owner, due), rules)
}

/// Until when somebody looks at it.
pub(crate) fn review_due(one: &OverrideState, agreement: &Agreement, rules: &RuleSet) -> Timestamp {
    agreement.due(rules, REVIEW_CLOCK, one.by.at, ONE_BUSINESS_DAY)
}

fn of_ladder(
    since: crate::id::EventId,
    clock: &str,
    what: String,
    (owner, due): (Option<&Contact>, Timestamp),
    rules: &Rules<'_>,
) -> Option<Owed> {
    let ladder = rules.ladder(Topic::Consent, owner, due);
    // Somebody answers for everything: who is last on the ladder has a telephone number.
    let owner = owner.map(|contact| contact.id.clone()).or_else(|| Some(ladder.last()?.contact.clone()))?;
    Some(Owed { since, clock: clock.to_owned(), what, owner, from: None, until: None, due, ladder })
}

fn lead<'a>(
    organization: &OrganizationId,
    rules: &Rules<'a>,
    which: impl Fn(&Contact) -> bool,
) -> Option<&'a Contact> {
    let mut seats = rules.roster.active();
    let found = seats
        .find(|seat| decides(seat) && seat.contact.organization == *organization && which(&seat.contact));
    found.map(|seat| &seat.contact)
}

fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
}
