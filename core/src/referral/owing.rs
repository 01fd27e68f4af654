//! What is owed for referrals: that each gets to its agency, is answered, comes to an outcome, and is closed.

use jiff::Timestamp;
use jiff::civil::Time;

use crate::agreement::Clock;
use crate::care_plan::StepTaken;
use crate::case::kind::RoomKind;
use crate::case::step::{Owed, Rules};
use crate::consent::Consents;
use crate::contact::{Contact, Topic};
use crate::id::OrganizationId;
use crate::referral::{Course, CourseStatus, Hold, ReferralState, ReferralStatus, Referrals, Told};

/// The clock of a referral whose agency nobody knows how to reach, or that has not gone out: two business days, where neither the
/// agreement nor the rule set says otherwise.
pub const CONTACT_CLOCK: &str = "referral-contact";
/// The clock of a referral that a person takes to the agency by telephone: two business days.
pub const CARRY_CLOCK: &str = "referral-carry";
/// The clock of an open referral in the case, from what was told of it last: thirty days.
pub const LOOP_CLOCK: &str = "referral-loop";
/// The clock of the question whether there is a place: two business days.
pub const CAPACITY_CLOCK: &str = "referral-capacity";
/// The clock until an agency accepts or declines: five business days.
pub const ANSWER_CLOCK: &str = "referral-answer";
/// The clock until an agency that accepted says what came of it: thirty days.
pub const OUTCOME_CLOCK: &str = "referral-outcome";
/// The clock until a referrer takes an outcome over, or what there is no place for elsewhere: five business days.
pub const CLOSE_CLOCK: &str = "referral-close";

/// What is owed: of each open referral the next thing, by one named person.
pub(crate) fn owed(
    referrals: &Referrals,
    kind: RoomKind,
    consents: &Consents,
    rules: &Rules<'_>,
) -> Vec<Owed> {
    if kind == RoomKind::Referral {
        return referrals.course().and_then(|course| in_its_room(course, rules)).into_iter().collect();
    }
    let all = referrals.all().iter();
    all.filter_map(|one| to_be_stopped(one, consents, rules).or_else(|| in_the_case(one, rules))).collect()
}

/// An agency that works on what is not asked for any more, or may not be known to it any more, has to hear so. Its room says so by
/// itself; where nobody is left who can, or it was taken there by hand, somebody calls.
fn to_be_stopped(one: &ReferralState, consents: &Consents, rules: &Rules<'_>) -> Option<Owed> {
    if !one.is_with_agency() {
        return None;
    }
    let from = match one.status {
        ReferralStatus::Withdrawn => &one.steps.iter().rev().find(|step| step.told.is_none())?.by,
        _ => &consents.get(one.consent)?.revoked.as_ref()?.by,
    };
    let zone = rules.agreement.zone.clone();
    let asked = one.asked_by.at.to_zoned(zone).strftime("%-d %B %Y").to_string();
    let what = format!("have the organization told that it is to stop, with the referral of {asked}");
    let due = rules.agreement.due(rules.rules, CARRY_CLOCK, from.at, Clock::business_days(2));
    whole(from, CARRY_CLOCK, what, person(&one.asked_by, rules), due, rules)
}

fn in_the_case(one: &ReferralState, rules: &Rules<'_>) -> Option<Owed> {
    // Neither the agency nor the service: what is owed is shown without member data.
    let zone = &rules.agreement.zone;
    let the = format!("the referral of {}", one.asked_by.at.to_zoned(zone.clone()).strftime("%-d %B %Y"));
    let days = Clock::business_days;
    let (clock, by_default, what) = match one.status {
        ReferralStatus::Held(Hold::NoContact) => {
            (CONTACT_CLOCK, days(2), format!("find somebody whom one reaches about {the}, and send it"))
        }
        ReferralStatus::Held(Hold::NoAgreement) => {
            (CONTACT_CLOCK, days(2), format!("have an agreement made for {the}, and send it"))
        }
        ReferralStatus::Asked => (CONTACT_CLOCK, days(2), format!("send {the}: it has not gone out")),
        ReferralStatus::Held(Hold::NoAccount) => {
            (CARRY_CLOCK, days(2), format!("take {the} to its organization by telephone"))
        }
        ReferralStatus::Sent => (LOOP_CLOCK, Clock::days(30), format!("see {the} through to its end")),
        ReferralStatus::Closed | ReferralStatus::Withdrawn => return None,
    };
    let from = match (one.status, one.steps.last()) {
        (ReferralStatus::Sent, Some(last)) => &last.by,
        _ => &one.asked_by,
    };
    let owner = person(&one.asked_by, rules);
    let due = rules.agreement.due(rules.rules, clock, from.at, by_default);
    whole(from, clock, what, owner, due, rules)
}

fn in_its_room(course: &Course, rules: &Rules<'_>) -> Option<Owed> {
    let (referrer, agency) = (&rules.agreement.plan_side, &rules.agreement.community_side);
    let last = course.steps.last();
    let from = last.map_or(&course.opened_by, |step| &step.by);
    let days = Clock::business_days;
    let by_agency =
        || course.accepted_by().and_then(|by| seat(by, rules)).or_else(|| lead(&agency.id, rules));
    let by_referrer = || person(&course.opened_by, rules);
    let (clock, by_default, since, what, owner) = match course.status {
        CourseStatus::Closed | CourseStatus::Cancelled(_) => return None,
        CourseStatus::CapacityAsked => (
            CAPACITY_CLOCK,
            days(2),
            from.at,
            format!("tell {} whether there is a place", referrer.name),
            by_agency(),
        ),
        CourseStatus::Asked | CourseStatus::Places | CourseStatus::Waitlist(_) => {
            // Whoever waits for a place is answered once there is one.
            let until = match course.status {
                CourseStatus::Waitlist(Some(day)) => {
                    day.to_datetime(Time::midnight()).to_zoned(rules.agreement.zone.clone()).ok()
                }
                _ => None,
            };
            let since = until.map_or(from.at, |day| day.timestamp().max(from.at));
            let what = format!("accept or decline the referral of {}", referrer.name);
            (ANSWER_CLOCK, days(5), since, what, by_agency())
        }
        CourseStatus::Accepted | CourseStatus::SubReferred => (
            OUTCOME_CLOCK,
            Clock::days(30),
            // That another one does it gives no more time.
            course.accepted_by().map_or(from.at, |by| by.at),
            format!("tell {} what came of its referral", referrer.name),
            by_agency(),
        ),
        CourseStatus::NoPlaces => (
            CLOSE_CLOCK,
            days(5),
            from.at,
            format!("refer elsewhere, since {} has no place, and close the referral", agency.name),
            by_referrer(),
        ),
        CourseStatus::Declined => (
            CLOSE_CLOCK,
            days(5),
            from.at,
            format!("refer elsewhere, since {} has declined, and close the referral", agency.name),
            by_referrer(),
        ),
        CourseStatus::Outcome(_) => (
            CLOSE_CLOCK,
            days(5),
            from.at,
            format!("close the referral, whose outcome {} has returned", agency.name),
            by_referrer(),
        ),
    };
    let due = rules.agreement.due(rules.rules, clock, since, by_default);
    let from = match course.status {
        CourseStatus::Accepted | CourseStatus::SubReferred => {
            course.steps.iter().find(|step| step.told == Told::Accepted).map_or(from, |step| &step.by)
        }
        _ => from,
    };
    whole(from, clock, what, owner, due, rules)
}

fn whole(
    from: &StepTaken,
    clock: &str,
    what: String,
    owner: Option<&Contact>,
    due: Timestamp,
    rules: &Rules<'_>,
) -> Option<Owed> {
    let ladder = rules.ladder(Topic::Referral, owner, due);
    // Somebody answers for everything: who is first on the ladder, where nobody else is left.
    let owner = owner.map(|contact| contact.id.clone()).or_else(|| Some(ladder.first()?.contact.clone()))?;
    let since = from.event.owed();
    Some(Owed { since, clock: clock.to_owned(), what, owner, from: None, until: None, due, ladder })
}

/// Who took a step, while they take part; else a lead of their organisation.
fn person<'a>(by: &StepTaken, rules: &Rules<'a>) -> Option<&'a Contact> {
    seat(by, rules).or_else(|| lead(&by.organization, rules))
}

fn seat<'a>(by: &StepTaken, rules: &Rules<'a>) -> Option<&'a Contact> {
    rules.roster.contact(&by.contact, &by.organization).map(|seat| &seat.contact)
}

fn lead<'a>(organization: &OrganizationId, rules: &Rules<'a>) -> Option<&'a Contact> {
    rules.roster.lead(organization).map(|seat| &seat.contact)
}
