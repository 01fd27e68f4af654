//! Goal: what is to be reached (FHIR R4, 9.7; US Core).

use jiff::civil::Date;

use super::element::{Value, part, resource};
use super::parts::{Coding, Concept, Identifier, Note, Reference};
use super::status::{status, step};
use crate::error::Result;

status! {
    /// How a goal stands (R4 GoalLifecycleStatus).
    GoalStatus of "Goal" in "lifecycleStatus" {
        /// Somebody proposes it.
        Proposed = "proposed" => [Planned, Accepted, Active, Cancelled, Rejected, EnteredInError],
        /// It is meant.
        Planned = "planned" => [Accepted, Active, Cancelled, Rejected, EnteredInError],
        /// It is agreed.
        Accepted = "accepted" => [Active, OnHold, Completed, Cancelled, EnteredInError],
        /// It is being worked for.
        Active = "active" => [OnHold, Completed, Cancelled, EnteredInError],
        /// It rests.
        OnHold = "on-hold" => [Active, Completed, Cancelled, EnteredInError],
        /// No more is done for it.
        Completed = "completed" => [EnteredInError],
        /// It was given up.
        Cancelled = "cancelled" => [EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
        /// It was not agreed to.
        Rejected = "rejected" => [EnteredInError],
    }
}

part! {
    /// By when it is to be reached.
    Target {
        /// What is measured.
        measure: Option<Concept> = "measure",
        /// By when.
        due: Option<Date> = "dueDate",
    }
}

resource! {
    /// What is to be reached.
    Goal {
        /// Names of the goal that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// How it stands.
        status: GoalStatus = "lifecycleStatus",
        /// How near it is: [`Goal::achievement`].
        achievement_status: Option<Concept> = "achievementStatus",
        /// What kind of goal it is.
        category: Vec<Concept> = "category",
        /// What it is.
        description: Concept = "description",
        /// Whose it is.
        subject: Reference = "subject",
        /// Since when it is worked for.
        start: Option<Date> = "startDate",
        /// By when it is to be reached.
        target: Vec<Target> = "target",
        /// Since when it stands as it does.
        status_date: Option<Date> = "statusDate",
        /// Why it stands as it does.
        status_reason: Option<String> = "statusReason",
        /// Who wants it.
        expressed_by: Option<Reference> = "expressedBy",
        /// The conditions that it is for.
        addresses: Vec<Reference> = "addresses",
        /// Words that somebody added.
        note: Vec<Note> = "note",
    }
}

impl Goal {
    /// How near a goal is: `in-progress`, `improving`, `worsening`, `no-change`, `achieved`, `sustaining`, `not-achieved`,
    /// `no-progress`, `not-attainable`.
    pub fn achievement(code: &str) -> Concept {
        Coding::new("http://terminology.hl7.org/CodeSystem/goal-achievement", code).into()
    }

    /// Takes a step to another status on that day.
    ///
    /// # Errors
    /// `InvalidInput` (`illegal-status-step`) with the statuses that it could take.
    pub fn step(text: &str, to: GoalStatus, on: Date) -> Result<String> {
        step(text, to, &[("statusDate", on.write())])
    }
}
