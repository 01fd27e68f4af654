//! A member's time with the programme as an EpisodeOfCare, and each contact or attempt with them: face to face as an
//! Encounter, by another way or without success as a Communication; a question whether one may reach out as a Task, and that they must not
//! be contacted as a Flag. US Core has profiles for neither of the other two.

use jiff::civil::Date;

use super::codes;
use super::project::{Own, write};
use super::write::{
    Object, account_ref, coding, concept, contact_ref, event_value, heads_extension, identifier, literal,
    logical, organization_ref, period,
};
use crate::alert::FollowUpDone;
use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::case::life::Opening;
use crate::case::state::{CaseState, Resource};
use crate::contact::{Contact, Role};
use crate::outreach::{self, Channel, ContactRecorded, NotMade, Stage};
use crate::ports::RecordWrite;

mod asked;
mod no_contact;

/// The EpisodeOfCare, once something was said of where the member stands, every contact and attempt, a follow-up after a stay among them,
/// every question, and the Flag. What took no step is entered in error: it may have been written while it counted.
pub(super) fn writes(state: &CaseState, opening: &Opening, own: &Own) -> Vec<RecordWrite> {
    let mut writes = Vec::new();
    if state.shaping.contains_key(&Resource::Episode) && !state.holds_stubs_for(&Resource::Episode) {
        writes.push(episode(state, opening, own));
    }
    let known = |key: &EventKey| !state.holds_stubs_for(&Resource::Contact(key.clone()));
    let view = View { state, opening, own };
    let superseded = state.superseded_contacts.iter().filter(|(key, ..)| known(key));
    writes.extend(superseded.map(|(key, recorded, by)| view.contact(key, recorded, by.as_ref(), true)));
    // Another content of a key that counts, or of one that was superseded, where it is not written over by that.
    let counts = |key: &EventKey, met: bool| {
        let contact = state.outreach.contact(key).map(|one| one.recorded.is_met());
        let followed_up =
            || follow_ups(state).find(|(_, by)| by.event == *key).map(|(done, _)| done.face_to_face);
        let superseded = || state.superseded_contacts.iter().find(|(known, ..)| known == key);
        let of_kind =
            contact.or_else(followed_up).or_else(|| superseded().map(|(_, recorded, _)| recorded.is_met()));
        of_kind == Some(met)
            || (!met
                && (state.message(key).is_some()
                    || state.superseded_messages.iter().any(|one| one.key == *key)))
    };
    for ((key, met), (recorded, by)) in &state.other_contacts {
        if known(key) && !counts(key, *met) {
            writes.push(view.contact(key, recorded, by.as_ref(), true));
        }
    }
    for one in state.outreach.contacts().iter().filter(|one| known(&one.key)) {
        writes.push(view.contact(&one.key, &one.recorded, Some(&one.contact), one.withdrawn.is_some()));
    }
    for (done, by) in follow_ups(state).filter(|(_, by)| known(&by.event)) {
        writes.push(view.contact(&by.event, &done.as_contact(), view.who(by), false));
    }
    writes.extend(asked::writes(&view));
    writes.extend(no_contact::write(&view));
    writes
}

/// What was done after stays. Beside the contacts: it was said of a stay.
fn follow_ups(state: &CaseState) -> impl Iterator<Item = &(FollowUpDone, StepTaken)> {
    state.alerts.stays().iter().flat_map(|stay| &stay.followed_up)
}

/// How an episode stands (R4 EpisodeOfCareStatus).
fn status(stage: Stage, was: &str) -> &'static str {
    match stage {
        Stage::Assigned | Stage::Outreach | Stage::ReEnrolled => "planned",
        Stage::Consented | Stage::Engaged => "active",
        Stage::Disenrolled | Stage::Moved => over(was),
    }
}

/// An episode that never was active was not to be.
fn over(was: &str) -> &'static str {
    if matches!(was, "active" | "finished") { "finished" } else { "cancelled" }
}

/// The status that an episode has come to, since when, and those before it.
fn course(state: &CaseState, opening: &Opening) -> Vec<(&'static str, Date)> {
    let mut course: Vec<(&'static str, Date)> = Vec::new();
    let mut to = |status: &'static str, on: Date| {
        let last = course.last().map(|(status, on)| (*status, *on));
        // A case can be closed on a day before the one from which its last stage holds.
        let on = last.map_or(on, |(_, since)| since.max(on));
        if last.is_none_or(|(was, _)| was != status) {
            course.push((status, on));
        }
        status
    };
    let mut was = "";
    for stage in state.outreach.stages() {
        was = to(status(stage.reached.stage, was), stage.reached.on);
    }
    if let Some(closed) = state.life.closed.as_ref().filter(|_| !was.is_empty()) {
        let day = closed.at.to_zoned(opening.agreement.zone.clone()).date();
        if !matches!(was, "finished" | "cancelled") {
            to(over(was), day);
        }
    }
    course
}

fn episode(state: &CaseState, opening: &Opening, own: &Own) -> RecordWrite {
    let case = opening.case.to_string();
    let course = course(state, opening);
    let now = course.last().copied();
    let before: Vec<String> = course
        .iter()
        .zip(course.iter().skip(1))
        .map(|((status, from), (_, until))| {
            let span = period(Some(from.to_string()), Some(until.to_string()));
            Object::new().text("status", status).raw("period", &span).done()
        })
        .collect();
    let end =
        now.filter(|(status, _)| matches!(*status, "finished" | "cancelled")).map(|(_, on)| on.to_string());
    let start = course.first().map(|(_, on)| on.to_string());
    let mut extensions = vec![heads_extension(&state.shaped_by(&Resource::Episode))];
    for clock in outreach::dates(&state.outreach, &opening.agreement, &opening.rules) {
        let part =
            |url: &str, kind: &str, value: &str| Object::new().text("url", url).text(kind, value).done();
        let parts = [
            part("clock", "valueCode", clock.clock),
            part("from", "valueDate", &clock.from.to_string()),
            part("due", "valueDate", &clock.due.to_string()),
        ];
        extensions.push(Object::new().list("extension", &parts).text("url", codes::CLOCK).done());
    }
    let community = &opening.community_side;
    let json = Object::resource("EpisodeOfCare")
        .labelled(&state.labels(&Resource::Episode))
        .list("extension", &extensions)
        .list("identifier", &[identifier(codes::EPISODE, &case)])
        .text("status", now.map_or("entered-in-error", |(status, _)| status))
        .list("statusHistory", &before)
        .raw("patient", &literal(&own.patient))
        .raw("managingOrganization", &organization_ref(&community.id, &community.name))
        .raw("period", &period(start, end))
        .list("team", &[logical("CareTeam", codes::CASE, &case, "")])
        .done();
    write("EpisodeOfCare", ("identifier", format!("{}|{case}", codes::EPISODE)), json)
}

struct View<'a> {
    state: &'a CaseState,
    opening: &'a Opening,
    own: &'a Own,
}

impl<'a> View<'a> {
    /// Who took a step, as the roster has them.
    fn who(&self, by: &StepTaken) -> Option<&'a Contact> {
        let mut contacts = self.state.roster().all().iter().map(|place| &place.seat.contact);
        contacts.find(|contact| by.is_by(contact))
    }

    fn contact(
        &self,
        key: &EventKey,
        recorded: &ContactRecorded,
        who: Option<&Contact>,
        in_error: bool,
    ) -> RecordWrite {
        if recorded.is_met() {
            self.encounter(key, recorded, who, in_error)
        } else {
            self.communication(key, recorded, who, in_error)
        }
    }

    fn encounter(
        &self,
        key: &EventKey,
        recorded: &ContactRecorded,
        who: Option<&Contact>,
        in_error: bool,
    ) -> RecordWrite {
        let when = recorded.when.to_string();
        let (class, display) = match recorded.channel {
            Channel::Visit => ("HH", "home health"),
            Channel::Video => ("VR", "virtual"),
            _ => ("AMB", "ambulatory"),
        };
        let participants: Vec<String> = who
            .into_iter()
            .filter(|who| !matches!(who.role, Role::Member | Role::Keeper))
            .map(|who| Object::new().raw("individual", &contact_ref(who)).done())
            .collect();
        let provider = who.and_then(|who| {
            let mut all = self.opening.organizations();
            all.find(|one| one.id == who.organization).map(|one| organization_ref(&one.id, &one.name))
        });
        // R4 has no element for what came of an Encounter.
        let outcome = Object::new().text("url", codes::OUTCOME).text("valueString", recorded.outcome.trim());
        let outcome = (!recorded.outcome.trim().is_empty()).then(|| outcome.done());
        let json = Object::resource("Encounter")
            .labelled(&self.state.labels(&Resource::Contact(key.clone())))
            .list("extension", &self.heads(key).into_iter().chain(outcome).collect::<Vec<_>>())
            .list("identifier", &[identifier(codes::EVENT, &event_value(key))])
            .text("status", if in_error { "entered-in-error" } else { "finished" })
            .raw("class", &coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", class, display))
            .list("type", &[Object::new().text("text", "Contact with the member, face to face").done()])
            .raw("subject", &literal(&self.own.patient))
            .list("participant", &participants)
            .raw("period", &period(Some(when.clone()), Some(when)))
            .raw("serviceProvider", &provider.unwrap_or_default())
            .done();
        write("Encounter", ("identifier", format!("{}|{}", codes::EVENT, event_value(key))), json)
    }

    fn communication(
        &self,
        key: &EventKey,
        recorded: &ContactRecorded,
        who: Option<&Contact>,
        in_error: bool,
    ) -> RecordWrite {
        let status = match (in_error, recorded.reached) {
            (true, _) => "entered-in-error",
            (false, true) => "completed",
            (false, false) => "not-done",
        };
        let reason = not_done(recorded.not_made);
        let medium = match recorded.channel {
            Channel::Phone => Some(("PHONE", "telephone")),
            Channel::Visit => Some(("PHYSICAL", "physical presence")),
            Channel::Letter => Some(("MAILWRIT", "mail")),
            Channel::Message => Some(("ELECTRONIC", "electronic data")),
            Channel::Video => Some(("VIDEOCONF", "videoconferencing")),
            Channel::Other => None,
        };
        let medium: Vec<String> = medium
            .into_iter()
            .map(|(code, display)| {
                concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationMode", code, display)
            })
            .collect();
        let note = Object::new().text("text", recorded.outcome.trim()).done();
        let note = if recorded.outcome.trim().is_empty() { Vec::new() } else { vec![note] };
        let json = Object::resource("Communication")
            .labelled(&self.state.labels(&Resource::Contact(key.clone())))
            .list("extension", &self.heads(key))
            .list("identifier", &[identifier(codes::EVENT, &event_value(key))])
            .text("status", status)
            .raw("statusReason", if recorded.reached { "" } else { &reason })
            .list("category", &[Object::new().text("text", "Contact with the member").done()])
            .list("medium", &medium)
            .raw("subject", &literal(&self.own.patient))
            .text("sent", &recorded.when.to_string())
            .list("recipient", &[literal(&self.own.patient)])
            .raw("sender", &who.map_or_else(|| account_ref(&key.sender), contact_ref))
            .list("note", &note)
            .done();
        write("Communication", ("identifier", format!("{}|{}", codes::EVENT, event_value(key))), json)
    }

    fn heads(&self, key: &EventKey) -> Vec<String> {
        vec![heads_extension(&self.state.shaped_by(&Resource::Contact(key.clone())))]
    }
}

/// Why nothing was said to the member. That a subject must not be contacted is Gravity's code; what the member said themselves has a code
/// of R4's own, too.
fn not_done(not_made: Option<NotMade>) -> String {
    let own = |code, display| coding(NOT_DONE_REASON, code, display);
    let codings = match not_made {
        None => vec![own("recipient-unavailable", "Recipient Unavailable")],
        Some(NotMade::Member) => vec![own("patient-objection", "Patient Objection"), prohibited()],
        Some(NotMade::Agreement | NotMade::Consent) => vec![prohibited()],
    };
    let text = not_made.map_or("", NotMade::words);
    Object::new().list("coding", &codings).text("text", text).done()
}

const NOT_DONE_REASON: &str = "http://terminology.hl7.org/CodeSystem/communication-not-done-reason";
/// Codes that Gravity keeps until HL7 has them.
const GRAVITY: &str = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes";

fn prohibited() -> String {
    coding(GRAVITY, "contacting-subject-prohibited", "Contacting Subject Prohibited")
}

#[cfg(all(test, feature = "testing"))]
#[path = "outreach_tests.rs"]
mod tests;
