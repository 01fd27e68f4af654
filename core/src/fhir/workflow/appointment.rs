//! Appointment: when people meet (FHIR R4, 8.14).

use super::edit::{changed, of_kind};
use super::element::{Value, part, resource};
use super::parts::{Concept, Identifier, Reference, Time};
use super::status::{codes, status, step};
use crate::error::{InvalidInput, Result};
use crate::fhir::json;

status! {
    /// How an appointment stands (R4 AppointmentStatus).
    AppointmentStatus of "Appointment" in "status" {
        /// A time is still looked for.
        Proposed = "proposed" => [Pending, Booked, Waitlist, Cancelled, EnteredInError],
        /// Somebody has not answered.
        Pending = "pending" => [Booked, Waitlist, Cancelled, EnteredInError],
        /// It is settled.
        Booked = "booked" => [Arrived, CheckedIn, Fulfilled, Cancelled, NoShow, EnteredInError],
        /// They are there.
        Arrived = "arrived" => [CheckedIn, Fulfilled, Cancelled, EnteredInError],
        /// They met.
        Fulfilled = "fulfilled" => [EnteredInError],
        /// It was called off.
        Cancelled = "cancelled" => [EnteredInError],
        /// Somebody did not come.
        NoShow = "noshow" => [EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
        /// They are there, and it can begin.
        CheckedIn = "checked-in" => [Arrived, Fulfilled, Cancelled, EnteredInError],
        /// It waits for a place.
        Waitlist = "waitlist" => [Proposed, Pending, Booked, Cancelled, EnteredInError],
    }
}

codes! {
    /// What somebody answered (R4 ParticipationStatus).
    Answer {
        /// They come.
        Accepted = "accepted",
        /// They do not.
        Declined = "declined",
        /// They may.
        Tentative = "tentative",
        /// They have not answered.
        NeedsAction = "needs-action",
    }
}

part! {
    /// Somebody who is asked to come.
    Attendee {
        /// As what.
        kind: Vec<Concept> = "type",
        /// Who.
        actor: Option<Reference> = "actor",
        /// What they answered.
        status: Answer = "status",
    }
}

resource! {
    /// A meeting: a visit to a member, a review of cases.
    Appointment {
        /// Names of the appointment that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// How it stands.
        status: AppointmentStatus = "status",
        /// Why it was called off. R4's published app-4 refuses it beside `noshow`: say there why in `comment`.
        cancelation_reason: Option<Concept> = "cancelationReason",
        /// What kind of meeting it is.
        service_type: Vec<Concept> = "serviceType",
        /// Why.
        reason: Vec<Concept> = "reasonCode",
        /// What it is about.
        description: Option<String> = "description",
        /// What it rests on.
        supporting_information: Vec<Reference> = "supportingInformation",
        /// When it begins.
        start: Option<Time> = "start",
        /// When it ends.
        end: Option<Time> = "end",
        /// When it was made.
        created: Option<Time> = "created",
        /// Words about it.
        comment: Option<String> = "comment",
        /// What asked for it.
        based_on: Vec<Reference> = "basedOn",
        /// Who is asked to come.
        participant: Vec<Attendee> = "participant",
    }
}

impl Appointment {
    /// Sets what somebody answered.
    ///
    /// # Errors
    /// `InvalidInput`: `no-such-participant`; the rule that the change breaks.
    pub fn answer(text: &str, actor: &Reference, answer: Answer) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let list = node.get("participant");
        let places = list.map_or(&[][..], json::Node::items).iter().enumerate().filter(|(_, one)| {
            let known = one.get("actor").map(|known| Reference::read(Some(known)));
            known.is_some_and(|known| known.is_ok_and(|known| known.is_same(actor)))
        });
        let edits: Vec<_> =
            places.map(|(place, one)| (place, one.with(&[("status", answer.write())]))).collect();
        match list {
            Some(list) if !edits.is_empty() => {
                changed(text, node.with(&[("participant", list.with_items(&edits))]))
            }
            _ => {
                let detail = "nobody who is asked to come is that person";
                Err(InvalidInput::new("no-such-participant", detail).field("Appointment.participant").into())
            }
        }
    }

    /// Settles when it is.
    ///
    /// # Errors
    /// `InvalidInput`: `illegal-status-step`; the rule that the change breaks.
    pub fn book(text: &str, start: &Time, end: &Time) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let times = [("start", start.write()), ("end", end.write())];
        if node.str("status").as_deref() == Some(AppointmentStatus::Booked.code()) {
            return changed(text, node.with(&times));
        }
        step(text, AppointmentStatus::Booked, &times)
    }

    /// Calls it off.
    ///
    /// # Errors
    /// `InvalidInput`: `illegal-status-step`; the rule that the change breaks.
    pub fn cancel(text: &str, reason: Option<&Concept>) -> Result<String> {
        let why: Vec<_> = reason.map(|reason| ("cancelationReason", reason.write())).into_iter().collect();
        step(text, AppointmentStatus::Cancelled, &why)
    }

    /// Takes a step to another status.
    ///
    /// # Errors
    /// `InvalidInput`: `illegal-status-step` with the statuses that it could take; `app-3` where it would need a time.
    pub fn step(text: &str, to: AppointmentStatus) -> Result<String> {
        step(text, to, &[])
    }
}
