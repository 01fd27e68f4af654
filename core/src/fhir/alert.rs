//! The Encounter of a stay, and the Appointment of a joint visit.

use super::codes;
use super::project::{Own, write};
use super::write::{
    Object, account_ref, coding, concept, contact_ref, event_value, heads_extension, identifier, kind_of,
    literal, logical, period,
};
use crate::alert::{Answered, Asked, StayClass, StayKey, StayStatus, Visit, VisitStatus};
use crate::care_team::Whom;
use crate::case::event::EventKey;
use crate::case::life::Opening;
use crate::case::state::{CaseState, Resource};
use crate::contact::Contact;
use crate::id::{EventId, Sha256};
use crate::ports::RecordWrite;

/// The value of a stay's identifier: the same whoever told of the stay first, and another one in another case.
pub(super) fn stay_value(opening: &Opening, stay: &Sha256) -> String {
    EventId::derived(&["stay", &opening.case.to_string(), &stay.to_string()]).to_string()
}

/// The Encounters and Appointments of a case. What was superseded is entered in error; what this device knows in part only is left to
/// those who know it whole.
pub(super) fn alerts(state: &CaseState, opening: &Opening, own: &Own) -> Vec<RecordWrite> {
    let whole = |resource: &&Resource| !state.holds_stubs_for(resource);
    state
        .shaping
        .keys()
        .filter(whole)
        .filter_map(|resource| match resource {
            Resource::Stay(id) => encounter(state, opening, own, id),
            Resource::Visit(key) => appointment(state, opening, own, key),
            _ => None,
        })
        .collect()
}

fn encounter(state: &CaseState, opening: &Opening, own: &Own, id: &Sha256) -> Option<RecordWrite> {
    if let Some(stay) = state.alerts.stay(id) {
        let status = match stay.status() {
            StayStatus::InProgress => "in-progress",
            StayStatus::Finished => "finished",
            StayStatus::Cancelled => "entered-in-error",
        };
        let text = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
        let period = period(text(stay.began()), text(stay.ended()));
        return Some(written(state, opening, own, id, (status, stay.class(), &period, stay.facility())));
    }
    let superseded = state.superseded_alerts.get(id)?;
    let facility = superseded.facility_name.as_deref().or(match &superseded.stay {
        StayKey::Named { facility, .. } => Some(facility),
        StayKey::Withheld { .. } => None,
    });
    let began = period(Some(superseded.at.to_string()), None);
    Some(written(state, opening, own, id, ("entered-in-error", superseded.class, &began, facility)))
}

fn written(
    state: &CaseState,
    opening: &Opening,
    own: &Own,
    stay: &Sha256,
    (status, class, period, facility): (&str, StayClass, &str, Option<&str>),
) -> RecordWrite {
    let value = stay_value(opening, stay);
    let (code, display) = match class {
        StayClass::Inpatient => ("IMP", "inpatient encounter"),
        StayClass::Emergency => ("EMER", "emergency"),
    };
    // US Core asks for a type. Of what class the stay is says `class`: an emergency visit can become an admission, and a code that
    // is none of ours stays in a record for ever.
    let kind = concept(codes::SNOMED, "32485007", "Hospital admission");
    let heads = state.shaped_by(&Resource::Stay(*stay));
    let facility = facility.map(|name| Object::new().text("display", name).done());
    let json = Object::resource("Encounter")
        .labelled(&state.labels(&Resource::Stay(*stay)))
        .list("extension", &[heads_extension(&heads)])
        .list("identifier", &[identifier(codes::STAY, &value)])
        .text("status", status)
        .raw("class", &coding(codes::ACT_CODE, code, display))
        .list("type", &[kind])
        .raw("subject", &literal(&own.patient))
        .raw("period", period)
        .raw("serviceProvider", &facility.unwrap_or_default())
        .done();
    write("Encounter", ("identifier", format!("{}|{value}", codes::STAY)), json)
}

/// A joint visit, whether it counts or not.
struct Written<'a> {
    key: &'a EventKey,
    status: &'static str,
    stay: &'a Sha256,
    at: jiff::Timestamp,
    place: Option<&'a str>,
    asked: Vec<(String, &'static str)>,
}

fn appointment(state: &CaseState, opening: &Opening, own: &Own, key: &EventKey) -> Option<RecordWrite> {
    let whom = |whom: &Whom| {
        let contacts = state.roster().all().iter().rev().map(|place| &place.seat.contact);
        let known: Option<&Contact> = contacts
            .into_iter()
            .find(|contact| contact.id == whom.contact && contact.organization == whom.organization);
        let unknown = || logical("Practitioner", whom.contact.system(), whom.contact.value(), "");
        // An organisation is no participant of an Appointment: a keeper is asked in a proposal only that never counted.
        let named = known.is_none_or(|contact| kind_of(&contact.role) != "Organization");
        named.then(|| known.map_or_else(unknown, contact_ref))
    };
    if let Some(visit) = state.alerts.visit(key) {
        let answer = |asked: &Asked| Some((whom(&asked.whom)?, answer(&asked.answer)));
        let asked = visit.asked.iter().filter_map(answer).collect();
        let one = Written {
            key,
            status: status(visit),
            stay: &visit.stay,
            at: visit.at,
            place: visit.place.as_deref(),
            asked,
        };
        return Some(one.write(state, opening, own));
    }
    let (proposed, by) = state.superseded_visits.get(key)?;
    let who = match by {
        Some(contact) if kind_of(&contact.role) == "Organization" => None,
        Some(contact) => Some(contact_ref(contact)),
        None => Some(account_ref(&key.sender)),
    };
    let others = proposed.with.iter().filter_map(|one| Some((whom(one)?, "needs-action")));
    let one = Written {
        key,
        status: "entered-in-error",
        stay: &proposed.stay,
        at: proposed.at,
        place: proposed.place.as_deref(),
        asked: who.map(|who| (who, "accepted")).into_iter().chain(others).collect(),
    };
    Some(one.write(state, opening, own))
}

fn status(visit: &Visit) -> &'static str {
    match visit.status() {
        VisitStatus::Waiting => "pending",
        VisitStatus::Settled => "booked",
        // Another time, or nobody: it is open again.
        VisitStatus::Declined => "proposed",
        VisitStatus::CalledOff => "cancelled",
    }
}

fn answer(answer: &Answered) -> &'static str {
    match answer {
        Answered::Waiting => "needs-action",
        Answered::Accepted(_) => "accepted",
        Answered::Declined { .. } => "declined",
    }
}

impl Written<'_> {
    fn write(&self, state: &CaseState, opening: &Opening, own: &Own) -> RecordWrite {
        let value = event_value(self.key);
        let heads = state.shaped_by(&Resource::Visit(self.key.clone()));
        let stay = logical("Encounter", codes::STAY, &stay_value(opening, self.stay), "");
        let attendee = |(actor, status): &(String, &str)| {
            Object::new().raw("actor", actor).text("status", status).done()
        };
        let mut participants: Vec<String> = self.asked.iter().map(attendee).collect();
        // Whom they visit was not asked here.
        let member = Object::new().raw("actor", &literal(&own.patient)).text("required", "information-only");
        participants.push(member.text("status", "needs-action").done());
        if let Some(place) = self.place.filter(|place| !place.is_empty()) {
            let place = Object::new().text("type", "Location").text("display", place).done();
            participants.push(Object::new().raw("actor", &place).text("status", "accepted").done());
        }
        let at = self.at.to_string();
        let json = Object::resource("Appointment")
            .labelled(&state.labels(&Resource::Visit(self.key.clone())))
            .list("extension", &[heads_extension(&heads)])
            .list("identifier", &[identifier(codes::EVENT, &value)])
            .text("status", self.status)
            .list("supportingInformation", &[stay])
            .text("start", &at)
            // How long it takes, nobody said: R4 asks for an end where there is a start.
            .text("end", &at)
            .list("participant", &participants)
            .done();
        write("Appointment", ("identifier", format!("{}|{value}", codes::EVENT)), json)
    }
}
