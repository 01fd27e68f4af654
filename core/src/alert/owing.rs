//! What is owed after a stay, and for a joint visit.

use crate::alert::{Alerts, Answered, Stay, StayStatus, Visit, VisitStatus, followed_up};
use crate::case::step::{Owed, Rules};
use crate::contact::{Contact, Topic};
use crate::id::{ContactId, EventId, OrganizationId};
use crate::outreach::Outreach;

/// The clock of the follow-up after an inpatient stay, from the discharge.
pub const INPATIENT_CLOCK: &str = "inpatient-follow-up";
/// The clock of the follow-up after a visit to an emergency department, from the visit.
pub const ED_CLOCK: &str = "ed-follow-up";
/// The clock of an answer to an admission, from its telling, where the agreement or the rule set has one: a joint visit is proposed.
pub const ANSWER_CLOCK: &str = "alert-answer";
/// The clock of an answer to a proposed visit, from its proposal or its last move. What is owed of the second who is asked is called
/// `visit-answer-2`, and so on.
pub const VISIT_CLOCK: &str = "visit-answer";

/// What is owed: the follow-up after each discharge or emergency visit, unless a contact with the member that is recorded meets the rule, by the first of the community side on the agreement's ladder for
/// admissions; the answer of each who is asked to come to a visit, and once its time is past nobody's any more; where a clock says so, a proposal to visit.
///
/// A follow-up clock counts from the date that the alert carries, by the row of the rule set that holds on that date. Where neither
/// agreement nor rule set knows the clock, it is due when the case would count as quiet, so that nothing waits without a due time.
pub fn owed(alerts: &Alerts, outreach: &Outreach, rules: &Rules<'_>) -> Vec<Owed> {
    let follow_ups = alerts.stays().iter().filter_map(|stay| follow_up(stay, outreach, rules));
    let answers = alerts.stays().iter().filter_map(|stay| answer(alerts, stay, rules));
    let visits = alerts.visits().iter().flat_map(|visit| visit_answers(alerts, visit, rules));
    follow_ups.chain(answers).chain(visits).collect()
}

fn follow_up(stay: &Stay, outreach: &Outreach, rules: &Rules<'_>) -> Option<Owed> {
    let clock = stay.clock()?;
    if followed_up(stay, outreach).is_some() {
        return None;
    }
    let agreement = rules.agreement;
    let day = clock.from.to_zoned(agreement.zone.clone()).date();
    let due = match agreement.clock(clock.name).or_else(|| rules.rules.clock(clock.name, day)) {
        Some(known) => known.due(clock.from, &agreement.zone),
        None => agreement.quiet.after(clock.from, &agreement.zone),
    };
    let (owner, first) = community_side(rules)?;
    let what = if clock.face_to_face {
        "meet the member face to face after the discharge"
    } else {
        "follow up after the visit to the emergency department"
    };
    Some(Owed {
        // Not the event of whoever told it first: which one that is can change, and reminders were posted.
        since: EventId::derived(&["follow-up", &stay.id.to_string(), &clock.from.to_string()]),
        clock: clock.name.to_owned(),
        what: what.to_owned(),
        owner,
        from: None,
        until: None,
        due,
        ladder: rules.ladder(Topic::Admission, first, due),
    })
}

/// Where a clock says so, an admission is answered: by a joint visit that somebody proposes.
fn answer(alerts: &Alerts, stay: &Stay, rules: &Rules<'_>) -> Option<Owed> {
    // One that is off, or to which nobody else comes, answers nothing.
    let stands = |visit: &Visit| matches!(visit.status(), VisitStatus::Waiting | VisitStatus::Settled);
    let visited = alerts.visits().iter().any(|visit| visit.stay == stay.id && stands(visit));
    if visited || stay.status() != StayStatus::InProgress {
        return None;
    }
    let agreement = rules.agreement;
    let told = stay.alerts.iter().map(|(_, by)| by.at).min()?;
    let day = told.to_zoned(agreement.zone.clone()).date();
    let clock = agreement.clock(ANSWER_CLOCK).or_else(|| rules.rules.clock(ANSWER_CLOCK, day))?;
    let due = clock.due(told, &agreement.zone);
    let (owner, first) = community_side(rules)?;
    Some(Owed {
        since: EventId::derived(&["alert-answer", &stay.id.to_string()]),
        clock: ANSWER_CLOCK.to_owned(),
        what: "answer the admission: propose a visit".to_owned(),
        owner,
        from: None,
        until: None,
        due,
        ladder: rules.ladder(Topic::Admission, first, due),
    })
}

/// The answers of those who still have a seat. Nothing of a visit that was called off, or to a stay that never was.
fn visit_answers(alerts: &Alerts, visit: &Visit, rules: &Rules<'_>) -> Vec<Owed> {
    let cancelled = alerts.stay(&visit.stay).is_none_or(|stay| stay.status() == StayStatus::Cancelled);
    if cancelled || visit.called_off.is_some() {
        return Vec::new();
    }
    let agreement = rules.agreement;
    let since = visit.since.at;
    let day = since.to_zoned(agreement.zone.clone()).date();
    let clock = agreement.clock(VISIT_CLOCK).or_else(|| rules.rules.clock(VISIT_CLOCK, day));
    let due = clock.map_or(visit.at, |clock| clock.due(since, &agreement.zone).min(visit.at));
    let waiting = (0_usize..).zip(&visit.asked).filter(|(_, asked)| asked.answer == Answered::Waiting);
    waiting
        .filter_map(|(place, asked)| {
            let seat = rules.roster.contact(&asked.whom.contact, &asked.whom.organization)?;
            Some(Owed {
                since: visit.since.event.owed(),
                clock: if place == 1 { VISIT_CLOCK.to_owned() } else { format!("{VISIT_CLOCK}-{place}") },
                what: "answer the proposed visit: accept, decline or move it".to_owned(),
                owner: seat.contact.id.clone(),
                from: None,
                // Nobody comes to what is past. What is owed after the stay itself has its own clock.
                until: Some(visit.at),
                due,
                ladder: rules.ladder(Topic::Admission, Some(&seat.contact), due),
            })
        })
        .collect()
}

/// Who of the community side owes it: the first of theirs on the ladder that is used, else their lead; and who of them comes first on the
/// ladder where it does not name them.
fn community_side<'a>(rules: &Rules<'a>) -> Option<(ContactId, Option<&'a Contact>)> {
    let side: &OrganizationId = &rules.agreement.community_side.id;
    let ladder = match rules.agreement.ladder(Topic::Admission) {
        [] => rules.agreement.ladder(Topic::CarePlan),
        ladder => ladder,
    };
    if let Some(rung) = ladder.iter().find(|rung| rung.organization == *side) {
        return Some((rung.contact.clone(), None));
    }
    let seat = rules.roster.lead(side).or_else(|| rules.roster.active().find(|seat| !seat.is_keeper()));
    match seat {
        Some(seat) => Some((seat.contact.id.clone(), Some(&seat.contact))),
        // Nobody is left: who is reminded first answers for it.
        None => ladder.first().map(|rung| (rung.contact.clone(), None)),
    }
}
