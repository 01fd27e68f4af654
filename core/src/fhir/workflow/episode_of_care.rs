//! EpisodeOfCare: that an organisation answers for somebody's care for a time, as an enrolment (FHIR R4, 8.12).

use super::edit::{appended, of_kind};
use super::element::{Value, part, resource};
use super::parts::{Concept, Identifier, Period, Reference, Time};
use super::status::{status, step};
use crate::error::Result;
use crate::fhir::json;

status! {
    /// How an episode stands (R4 EpisodeOfCareStatus).
    EpisodeOfCareStatus of "EpisodeOfCare" in "status" {
        /// It is to be.
        Planned = "planned" => [Waitlist, Active, Cancelled, EnteredInError],
        /// It waits for a place.
        Waitlist = "waitlist" => [Planned, Active, Cancelled, EnteredInError],
        /// It is.
        Active = "active" => [OnHold, Finished, Cancelled, EnteredInError],
        /// It rests.
        OnHold = "onhold" => [Active, Finished, Cancelled, EnteredInError],
        /// It is over.
        Finished = "finished" => [EnteredInError],
        /// It was not to be.
        Cancelled = "cancelled" => [EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
    }
}

part! {
    /// A status that it had.
    PastEpisode {
        /// The status.
        status: EpisodeOfCareStatus = "status",
        /// From when, until when.
        period: Period = "period",
    }
}

resource! {
    /// That an organisation answers for somebody's care.
    EpisodeOfCare {
        /// Names of it that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// How it stands.
        status: EpisodeOfCareStatus = "status",
        /// How it stood before.
        status_history: Vec<PastEpisode> = "statusHistory",
        /// What kind of care it is.
        kind: Vec<Concept> = "type",
        /// Whose care it is.
        patient: Reference = "patient",
        /// Who answers for it.
        managing_organization: Option<Reference> = "managingOrganization",
        /// From when, until when.
        period: Option<Period> = "period",
        /// What asked for it.
        referral_request: Vec<Reference> = "referralRequest",
        /// Who keeps it together.
        care_manager: Option<Reference> = "careManager",
        /// The teams.
        team: Vec<Reference> = "team",
    }
}

impl EpisodeOfCare {
    /// Takes a step to another status at that time. The status that it had goes into its history, where it is said since
    /// when it had it; an episode that is over has an end.
    ///
    /// # Errors
    /// `InvalidInput`: `illegal-status-step` with the statuses that it could take; the rule that the change breaks.
    pub fn step(text: &str, to: EpisodeOfCareStatus, at: &Time) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let mut more = Vec::new();
        let period = node.get("period");
        let began = node.list("statusHistory").last().and_then(|past| past.get("period")?.str("end"));
        let began = began.or_else(|| period.and_then(|period| period.str("start")));
        let from = node.str("status").and_then(|code| EpisodeOfCareStatus::from_code(&code));
        let began = began.and_then(|began| began.parse::<Time>().ok()).filter(|began| !began.is_after(at));
        if let Some((from, began)) = from.zip(began) {
            let past = PastEpisode { status: from, period: Period::between(began, at.clone()) };
            more.push(("statusHistory", appended(node.get("statusHistory"), &past.write())));
        }
        if to == EpisodeOfCareStatus::Finished
            && let Some(period) = period
        {
            more.push(("period", period.with(&[("end", at.write())])));
        }
        step(text, to, &more)
    }
}
