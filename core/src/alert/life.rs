//! The steps of alerts, joint visits and follow-ups.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::alert::{
    AlertEvent, AlertRaised, Alerts, Answer, Answered, Asked, FollowUpDone, Happening, Matched, Stay,
    StayClass, StayKey, StayStatus, Visit, VisitAnswered, VisitProposed,
};
use crate::care_plan::StepTaken;
use crate::care_team::Whom;
use crate::case::roster::Roster;
use crate::case::step::Step;
use crate::communication::Priority;
use crate::contact::Seat;
use crate::due;
use crate::id::{OrganizationId, Sha256};
use crate::policy::Reason;
use crate::task::does_tasks;

/// How far in the future something may be told to have happened: clocks of hospitals go wrong by hours.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// How many stays and visits one organisation brings into a case, how much it tells of one stay, how often it follows one up: one that
/// tells without end keeps nobody else from telling.
const MOST_STAYS: usize = 400;
const MOST_ALERTS: usize = 100;
const MOST_VISITS: usize = 400;
const MOST_FOLLOW_UPS: usize = 50;
/// How many are asked to one visit.
const MOST_ASKED: usize = 30;

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `alert`: `alert-date` (it would happen more than a day from now), `alert-cancels` (what is cancelled is
/// named where nothing is), `alert-confirmed-by-keeper`, `alert-known` (the same organisation told it before), `alert-of-another` (who
/// told it cancels it), `alerts-too-many`, `visit-by-keeper`,
/// `visit-time` (not in the future), `visit-nobody` (who is asked has no seat or does not take part in the team's work, or nobody is), `visit-stay-cancelled`,
/// `visits-too-many`, `visit-unknown`, `visit-called-off`, `visit-moved` (another time is answered), `visit-not-asked`,
/// `stay-unknown`, `follow-up-by-keeper`, `follow-up-date`, `follow-up-stay-cancelled`, `follow-ups-too-many`.
pub fn step(alerts: &Alerts, event: AlertEvent<'_>, step: &Step<'_>) -> Result<Alerts, Reason> {
    match event {
        AlertEvent::Raised(event) => raised(alerts, event, step),
        AlertEvent::Proposed(event) => proposed(alerts, event, step),
        AlertEvent::Answered(event) => answered(alerts, event, step),
        AlertEvent::FollowedUp(event) => followed_up(alerts, event, step),
    }
}

// Each looks first, and copies what there is only where it changes something: what is refused must cost little.

fn raised(alerts: &Alerts, event: &AlertRaised, step: &Step<'_>) -> Result<Alerts, Reason> {
    let of_none = event.cancels.is_some() && event.what != Happening::Cancelled;
    if of_none || event.cancels == Some(Happening::Cancelled) {
        let text = "only what is cancelled names what did not happen: an admission, a discharge, a transfer or an emergency visit";
        return Err(refused("alert-cancels", text));
    }
    if is_ahead(event.at, step) || !is_a_date(event.at) {
        let text = "it would happen more than a day from now, or before 1900: say when it did happen";
        return Err(refused("alert-date", text));
    }
    if event.matched == Matched::ConfirmedByPerson && step.seat.is_keeper() {
        let text = "a person confirms whose stay it is, never a keeper: raise it from a person's device";
        return Err(refused("alert-confirmed-by-keeper", text));
    }
    let own = &step.seat.contact.organization;
    let id = event.stay.id();
    let Some(place) = alerts.stays.iter().position(|stay| stay.id == id) else {
        let brought = alerts.stays.iter().filter(|stay| told_by(stay, own, 1)).count();
        if brought >= MOST_STAYS {
            return Err(too_many("alerts-too-many"));
        }
        let alerts_of = vec![(event.clone(), StepTaken::of(step))];
        let mut next = alerts.clone();
        next.stays.push(Arc::new(Stay { id, alerts: alerts_of, followed_up: Vec::new() }));
        return Ok(next);
    };
    let stay = alerts.stays.get(place).ok_or_else(unknown)?;
    let of_own = |by: &StepTaken| by.organization == *own;
    let covers = || stay.alerts.iter().filter(|(known, _)| event.cancels(known));
    if covers().next().is_some() && !covers().any(|(_, by)| of_own(by)) {
        let text = "another organization told that: only who told it cancels it. Ask them";
        return Err(refused("alert-of-another", text));
    }
    if is_known(stay, event, own) {
        return Err(refused("alert-known", "your organization told this before, and it is one with it"));
    }
    if stay.alerts.iter().filter(|(_, by)| of_own(by)).count() >= MOST_ALERTS {
        return Err(too_many("alerts-too-many"));
    }
    let mut next = alerts.clone();
    if let Some(stay) = next.stays.get_mut(place) {
        Arc::make_mut(stay).alerts.push((event.clone(), StepTaken::of(step)));
    }
    Ok(next)
}

/// Whether the same organisation told the same before, with nothing told since that takes it back. What another told stands by itself:
/// who cancels takes back their own, and what the other side told too goes on.
fn is_known(stay: &Stay, event: &AlertRaised, own: &OrganizationId) -> bool {
    let stands = |(place, (known, by)): (usize, &(AlertRaised, StepTaken))| {
        if !known.same(event) || by.organization != *own {
            return false;
        }
        let mut since = stay.alerts.iter().skip(place + 1).filter(|(_, by)| by.organization == *own);
        !since.any(|(later, _)| later.cancels(event) || event.cancels(later))
    };
    stay.alerts.iter().enumerate().any(stands)
}

/// Whether the first that told of the stay is of this organisation.
fn told_by(stay: &Stay, organization: &OrganizationId, first: usize) -> bool {
    stay.alerts.iter().take(first).any(|(_, by)| by.organization == *organization)
}

fn proposed(alerts: &Alerts, event: &VisitProposed, step: &Step<'_>) -> Result<Alerts, Reason> {
    by_person(step, "visit-by-keeper", "a person proposes a visit and answers, never a keeper")?;
    let stay = find_stay(alerts, &event.stay)?;
    if stay.status() == StayStatus::Cancelled {
        let text = "that stay was cancelled: there is nobody to visit";
        return Err(refused("visit-stay-cancelled", text));
    }
    in_future(event.at, step)?;
    let me = &step.seat.contact;
    let mut asked = vec![Asked {
        whom: Whom { contact: me.id.clone(), organization: me.organization.clone() },
        answer: Answered::Accepted(StepTaken::of(step)),
    }];
    for whom in &event.with {
        let seat = step.roster.contact(&whom.contact, &whom.organization);
        if !seat.is_some_and(does_tasks) {
            let text = "who is asked has a seat in this case, and is neither the member nor a representative nor a keeper";
            return Err(refused("visit-nobody", text));
        }
        if !asked.iter().any(|known| known.whom == *whom) {
            asked.push(Asked { whom: whom.clone(), answer: Answered::Waiting });
        }
    }
    if asked.len() < 2 {
        return Err(refused("visit-nobody", "a joint visit asks somebody else to come: say whom"));
    }
    let mine = alerts.visits.iter().filter(|visit| visit.by.organization == me.organization).count();
    if mine >= MOST_VISITS || asked.len() > MOST_ASKED {
        return Err(too_many("visits-too-many"));
    }
    let mut next = alerts.clone();
    next.visits.push(Arc::new(Visit {
        proposed: step.key.clone(),
        stay: event.stay,
        at: event.at,
        place: event.place.clone(),
        by: StepTaken::of(step),
        since: StepTaken::of(step),
        asked,
        called_off: None,
    }));
    Ok(next)
}

fn answered(alerts: &Alerts, event: &VisitAnswered, step: &Step<'_>) -> Result<Alerts, Reason> {
    by_person(step, "visit-by-keeper", "a person proposes a visit and answers, never a keeper")?;
    let unknown = || refused("visit-unknown", "this case has no such visit");
    let number = alerts.visits.iter().position(|visit| visit.proposed == event.visit).ok_or_else(unknown)?;
    let visit = alerts.visits.get(number).ok_or_else(unknown)?;
    if visit.called_off.is_some() {
        return Err(refused("visit-called-off", "that visit was called off: propose another"));
    }
    if visit.at != event.time {
        let text = "the visit has another time by now: look at it, and answer that one";
        return Err(refused("visit-moved", text));
    }
    let taken = StepTaken::of(step);
    let Some(place) = visit.asked.iter().position(|asked| asked.is(&taken)) else {
        return Err(refused("visit-not-asked", "only who is asked to come answers"));
    };
    if let Answer::Move { to } = event.answer {
        in_future(to, step)?;
    }
    let mut next = alerts.clone();
    let visit = Arc::make_mut(next.visits.get_mut(number).ok_or_else(unknown)?);
    let answer = match &event.answer {
        Answer::Accept => Answered::Accepted(taken),
        Answer::Decline { reason } => {
            if visit.by.is_by(&step.seat.contact) {
                visit.called_off = Some(taken.clone());
            }
            Answered::Declined { by: taken, reason: reason.clone() }
        }
        Answer::Move { to } => {
            visit.at = *to;
            visit.since = taken.clone();
            for asked in &mut visit.asked {
                asked.answer = Answered::Waiting;
            }
            Answered::Accepted(taken)
        }
    };
    if let Some(asked) = visit.asked.get_mut(place) {
        asked.answer = answer;
    }
    Ok(next)
}

fn followed_up(alerts: &Alerts, event: &FollowUpDone, step: &Step<'_>) -> Result<Alerts, Reason> {
    by_person(step, "follow-up-by-keeper", "a person says that they followed up, never a keeper")?;
    if event.at.duration_since(step.when()) > due::BELIEVED || !is_a_date(event.at) {
        let text = "a follow-up is recorded when it has happened: say when that was";
        return Err(refused("follow-up-date", text));
    }
    let place = alerts.stays.iter().position(|stay| stay.id == event.stay).ok_or_else(unknown)?;
    let stay = alerts.stays.get(place).ok_or_else(unknown)?;
    // Not where another organization told of it, too, and did not take that back.
    if stay.status() == StayStatus::Cancelled {
        let text = "that stay was cancelled, so nothing follows it: record the contact with the member by itself, or have whoever told \
            of the stay tell it again";
        return Err(refused("follow-up-stay-cancelled", text));
    }
    let own = &step.seat.contact.organization;
    if stay.followed_up.iter().filter(|(_, by)| by.organization == *own).count() >= MOST_FOLLOW_UPS {
        return Err(too_many("follow-ups-too-many"));
    }
    let mut next = alerts.clone();
    if let Some(stay) = next.stays.get_mut(place) {
        Arc::make_mut(stay).followed_up.push((event.clone(), StepTaken::of(step)));
    }
    Ok(next)
}

fn find_stay<'a>(alerts: &'a Alerts, id: &Sha256) -> Result<&'a Stay, Reason> {
    alerts.stay(id).ok_or_else(unknown)
}

fn unknown() -> Reason {
    refused("stay-unknown", "this case has no such stay: raise the alert first")
}

fn by_person(step: &Step<'_>, code: &'static str, text: &'static str) -> Result<(), Reason> {
    if step.seat.is_keeper() { Err(refused(code, text)) } else { Ok(()) }
}

fn in_future(at: Timestamp, step: &Step<'_>) -> Result<(), Reason> {
    if at > step.when() && is_a_date(at) {
        return Ok(());
    }
    Err(refused("visit-time", "that time has passed: propose one that is still to come"))
}

fn is_a_date(at: Timestamp) -> bool {
    due::is_a_date(at.to_zoned(TimeZone::UTC).date())
}

fn is_ahead(at: Timestamp, step: &Step<'_>) -> bool {
    at.duration_since(step.when()) > AHEAD
}

fn too_many(code: &'static str) -> Reason {
    refused(code, "this organisation has told too many of this case: no more are taken")
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "alert")
}

/// The event as a person reads it in any Matrix client, with the times of the agreement's `zone`.
pub fn tell(event: AlertEvent<'_>, by: &Seat, roster: &Roster, zone: &TimeZone) -> String {
    let time = |at: Timestamp| due::minute(at, zone);
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    match event {
        AlertEvent::Raised(event) => {
            let urgent = if event.priority == Priority::Routine { "" } else { "Urgent. " };
            format!("{urgent}{who}: {}", happened(event, zone))
        }
        AlertEvent::Proposed(event) => {
            let names: Vec<&str> = event
                .with
                .iter()
                .filter_map(|whom| roster.contact(&whom.contact, &whom.organization))
                .map(|seat| seat.contact.name.as_str())
                .collect();
            let place = event.place.as_ref().map_or(String::new(), |place| format!(", {place}"));
            format!(
                "{who} proposes to visit together: {}{place}. Asked: {}.",
                time(event.at),
                names.join(", ")
            )
        }
        AlertEvent::Answered(event) => match &event.answer {
            Answer::Accept => format!("{who} comes to the visit at {}.", time(event.time)),
            Answer::Decline { reason } => {
                format!("{who} does not come to the visit at {}: {reason}", time(event.time))
            }
            Answer::Move { to } => {
                format!(
                    "{who} moves the visit from {} to {}: please answer again.",
                    time(event.time),
                    time(*to)
                )
            }
        },
        AlertEvent::FollowedUp(event) => {
            let how = if event.face_to_face { "met the member" } else { "was in contact with the member" };
            let outcome = event.outcome.as_ref().map_or(String::new(), |outcome| format!(" {outcome}"));
            format!("{who} followed up after the stay: {how}, {}.{outcome}", time(event.at))
        }
    }
}

fn happened(event: &AlertRaised, zone: &TimeZone) -> String {
    let facility = match (&event.facility_name, &event.stay) {
        (Some(name), _) => name.as_str(),
        (None, StayKey::Named { facility, .. }) => facility.as_str(),
        (None, StayKey::Withheld { .. }) => "a hospital",
    };
    let class = match event.class {
        StayClass::Inpatient => "inpatient",
        StayClass::Emergency => "emergency department",
    };
    let what = match (event.what, event.cancels) {
        (Happening::EdVisit, _) => format!("the member went to the emergency department of {facility}"),
        (Happening::Admitted, _) => format!("the member was admitted to {facility} ({class})"),
        (Happening::Transferred, _) => format!("the member was transferred at {facility} ({class})"),
        (Happening::Discharged, _) => format!("the member was discharged from {facility} ({class})"),
        (Happening::Cancelled, Some(Happening::Discharged)) => {
            format!("the discharge from {facility} was cancelled")
        }
        (Happening::Cancelled, Some(Happening::Transferred)) => {
            format!("the transfer at {facility} was cancelled")
        }
        (Happening::Cancelled, _) => format!("the stay at {facility} was cancelled"),
    };
    format!("{what}, {}. Source: {}.", due::minute(event.at, zone), event.source)
}
