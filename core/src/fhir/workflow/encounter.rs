//! Encounter: a stay or a visit (FHIR R4, 8.11; US Core).

use super::edit::{appended, changed, of_kind};
use super::element::{Value, part, resource};
use super::parts::{Coding, Concept, Identifier, Period, Reference, Time};
use super::status::{status, step};
use crate::error::Result;
use crate::fhir::json;

status! {
    /// How a visit stands (R4 EncounterStatus). One that is finished goes on where its end is cancelled (HL7 v2 A13).
    EncounterStatus of "Encounter" in "status" {
        /// It is to be.
        Planned = "planned" => [Arrived, Triaged, InProgress, Cancelled, EnteredInError],
        /// They are there.
        Arrived = "arrived" => [Triaged, InProgress, Finished, Cancelled, EnteredInError],
        /// Somebody has looked at them.
        Triaged = "triaged" => [InProgress, Finished, Cancelled, EnteredInError],
        /// It has begun.
        InProgress = "in-progress" => [OnLeave, Finished, Cancelled, EnteredInError],
        /// They are away for a while.
        OnLeave = "onleave" => [InProgress, Finished, EnteredInError],
        /// They have left.
        Finished = "finished" => [InProgress, EnteredInError],
        /// It was not to be.
        Cancelled = "cancelled" => [EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
        /// One of these; nobody knows which.
        Unknown = "unknown" => [Planned, Arrived, Triaged, InProgress, OnLeave, Finished, Cancelled, EnteredInError],
    }
}

part! {
    /// A status that it had.
    PastStatus {
        /// The status.
        status: EncounterStatus = "status",
        /// From when, until when.
        period: Period = "period",
    }
}

part! {
    /// Somebody who took part.
    EncounterParticipant {
        /// As what: `ATND` is who treats.
        role: Vec<Concept> = "type",
        /// Who.
        individual: Option<Reference> = "individual",
    }
}

part! {
    /// Where they were.
    EncounterLocation {
        /// The place.
        location: Reference = "location",
        /// From when, until when.
        period: Option<Period> = "period",
    }
}

part! {
    /// How they came and left.
    Hospitalization {
        /// From where they came.
        admit_source: Option<Concept> = "admitSource",
        /// Where they went.
        destination: Option<Reference> = "destination",
        /// How they left.
        discharge_disposition: Option<Concept> = "dischargeDisposition",
    }
}

resource! {
    /// A stay in a hospital, a visit to an emergency department, a visit by somebody of the team.
    Encounter {
        /// Names of the visit that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// How it stands.
        status: EncounterStatus = "status",
        /// How it stood before.
        status_history: Vec<PastStatus> = "statusHistory",
        /// Of what class it is: [`Encounter::class_of`].
        class: Coding = "class",
        /// What kind of visit it is. US Core asks for it.
        kind: Vec<Concept> = "type",
        /// Who is seen.
        subject: Option<Reference> = "subject",
        /// The care that it is part of.
        episode_of_care: Vec<Reference> = "episodeOfCare",
        /// Who took part.
        participant: Vec<EncounterParticipant> = "participant",
        /// The appointment for it.
        appointment: Vec<Reference> = "appointment",
        /// From when, until when.
        period: Option<Period> = "period",
        /// Why.
        reason: Vec<Concept> = "reasonCode",
        /// How they came and left.
        hospitalization: Option<Hospitalization> = "hospitalization",
        /// Where they were.
        location: Vec<EncounterLocation> = "location",
        /// Whose house it is.
        service_provider: Option<Reference> = "serviceProvider",
    }
}

impl Encounter {
    /// A class of v3-ActCode: `IMP` inpatient, `EMER` emergency, `AMB` ambulatory, `HH` home health, `VR` virtual.
    pub fn class_of(code: &str) -> Coding {
        Coding::new("http://terminology.hl7.org/CodeSystem/v3-ActCode", code)
    }

    /// Takes a step to another status at that time. The status that it had goes into its history, where it is said since
    /// when it had it.
    ///
    /// # Errors
    /// `InvalidInput`: `illegal-status-step` with the statuses that it could take; the rule that the change breaks.
    pub fn step(text: &str, to: EncounterStatus, at: &Time) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let mut more = Vec::new();
        let began = node.list("statusHistory").last().and_then(|past| past.get("period")?.str("end"));
        let began = began.or_else(|| node.get("period").and_then(|period| period.str("start")));
        let from = node.str("status").and_then(|code| EncounterStatus::from_code(&code));
        let began = began.and_then(|began| began.parse::<Time>().ok()).filter(|began| !began.is_after(at));
        if let Some((from, began)) = from.zip(began) {
            let past = PastStatus { status: from, period: Period::between(began, at.clone()) };
            more.push(("statusHistory", appended(node.get("statusHistory"), &past.write())));
        }
        step(text, to, &more)
    }

    /// They leave: finished, with the end of its period and how they left.
    ///
    /// # Errors
    /// As for [`Encounter::step`].
    pub fn discharge(text: &str, at: &Time, disposition: Option<&Concept>) -> Result<String> {
        let stepped = Self::step(text, EncounterStatus::Finished, at)?;
        let node = of_kind(json::parse(&stepped)?, Self::KIND)?;
        let with = |element: &str, member: &str, value: String| match node.get(element) {
            Some(old) => old.with(&[(member, value)]),
            None => crate::fhir::write::Object::new().raw(member, &value).done(),
        };
        let mut edits = vec![("period", with("period", "end", at.write()))];
        edits
            .extend(disposition.map(|how| {
                ("hospitalization", with("hospitalization", "dischargeDisposition", how.write()))
            }));
        changed(text, node.with(&edits))
    }
}
