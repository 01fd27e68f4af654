//! Task: something that somebody is to do (FHIR R4, 12.5). A referral's task follows Gravity
//! (SDOHCC-TaskForReferralManagement): code `fulfill`, an order, about a ServiceRequest, never `ready` or `received`.

use super::edit::{appended, changed, of_kind};
use super::element::{Value, part, resource};
use super::parts::{Coding, Concept, Identifier, Intent, Note, Period, Reference, Time};
use super::status::{status, step};
use crate::communication::Priority;
use crate::error::Result;
use crate::fhir::json::Node;
use crate::fhir::{codes, json};

status! {
    /// How a task stands (R4 TaskStatus; its steps are those of R4, 12.5.4).
    TaskStatus of "Task" in "status" {
        /// Being written.
        Draft = "draft" => [Requested, Cancelled, EnteredInError],
        /// Somebody is asked to do it.
        Requested = "requested" => [Received, Accepted, Rejected, InProgress, Cancelled, EnteredInError],
        /// They have it. Not in a referral.
        Received = "received" => [Accepted, Rejected, InProgress, Cancelled, EnteredInError],
        /// They will do it.
        Accepted = "accepted" => [Ready, InProgress, OnHold, Completed, Failed, Cancelled, EnteredInError],
        /// They will not; why is the `statusReason`.
        Rejected = "rejected" => [EnteredInError],
        /// It can be begun. Not in a referral.
        Ready = "ready" => [InProgress, Cancelled, EnteredInError],
        /// It was called off.
        Cancelled = "cancelled" => [EnteredInError],
        /// They are at it.
        InProgress = "in-progress" => [OnHold, Completed, Failed, Cancelled, EnteredInError],
        /// It rests.
        OnHold = "on-hold" => [InProgress, Failed, Cancelled, EnteredInError],
        /// It was tried, and could not be done.
        Failed = "failed" => [EnteredInError],
        /// It is done.
        Completed = "completed" => [EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
    }
}

part! {
    /// Until when it is to be done, and by whom.
    Restriction {
        /// From when, until when.
        period: Option<Period> = "period",
        /// Who may do it.
        recipient: Vec<Reference> = "recipient",
    }
}

part! {
    /// What came of it.
    Output {
        /// What it is.
        kind: Concept = "type",
        /// The resource.
        value: Option<Reference> = "valueReference",
        /// The code.
        concept: Option<Concept> = "valueCodeableConcept",
        /// The words.
        text: Option<String> = "valueString",
    }
}

resource! {
    /// A task.
    ///
    /// ```
    /// use caseline::fhir::workflow::*;
    ///
    /// let task = Task {
    ///     status: TaskStatus::Requested,
    ///     description: Some("Meet before discharge".into()),
    ///     patient: Some(Reference::to("Patient/synthetic")),
    ///     authored_on: Some("2019-03-01T10:00:00Z".parse()?),
    ///     ..Task::referral(Reference::to("ServiceRequest/synthetic"), Reference::to("Organization/aco"))
    /// };
    /// let text = task.to_fhir_json()?;
    /// let at = "2019-03-02T09:00:00Z".parse()?;
    /// let declined = Task::step(&text, TaskStatus::Rejected, None, &at).unwrap_err();
    /// assert_eq!(declined.code(), "SDOHCC-TaskForReferralManagement", "Gravity asks for the reason");
    /// assert!(Task::step(&text, TaskStatus::Rejected, Some("No place before May"), &at).is_ok());
    /// # Ok::<(), caseline::Error>(())
    /// ```
    Task {
        /// Names of the task that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// What asked for it.
        based_on: Vec<Reference> = "basedOn",
        /// The tasks that it is part of.
        part_of: Vec<Reference> = "partOf",
        /// How it stands.
        status: TaskStatus = "status",
        /// Why.
        status_reason: Option<Concept> = "statusReason",
        /// How it stands in the words of the trade.
        business_status: Option<Concept> = "businessStatus",
        /// How far it goes.
        intent: Intent = "intent",
        /// How urgent it is.
        priority: Option<Priority> = "priority",
        /// What kind of task it is.
        code: Option<Concept> = "code",
        /// What is to be done.
        description: Option<String> = "description",
        /// What it is about.
        focus: Option<Reference> = "focus",
        /// Whom it is for.
        patient: Option<Reference> = "for",
        /// The visit that it belongs to.
        encounter: Option<Reference> = "encounter",
        /// When it was begun, when it ended.
        execution: Option<Period> = "executionPeriod",
        /// When it was asked for.
        authored_on: Option<Time> = "authoredOn",
        /// When it last changed.
        last_modified: Option<Time> = "lastModified",
        /// Who asks.
        requester: Option<Reference> = "requester",
        /// Who does it.
        owner: Option<Reference> = "owner",
        /// Why it is needed.
        reason: Option<Concept> = "reasonCode",
        /// Words that somebody added.
        note: Vec<Note> = "note",
        /// Until when, and by whom.
        restriction: Option<Restriction> = "restriction",
        /// What came of it.
        output: Vec<Output> = "output",
    }
}

impl Task {
    /// A referral's task: that somebody does what this ServiceRequest asks for. For whom and when is still to be said. Gravity
    /// has a PractitionerRole or an Organization refer, never a Practitioner.
    pub fn referral(request: Reference, requester: Reference) -> Self {
        Self {
            status: TaskStatus::Requested,
            intent: Intent::Order,
            code: Some(Coding::new(codes::TASK_CODE, "fulfill").into()),
            focus: Some(request),
            requester: Some(requester),
            ..Self::default()
        }
    }

    /// Takes a step to another status at that time. A reason is of the status that it came with: without one, that of the
    /// earlier status goes.
    ///
    /// # Errors
    /// `InvalidInput`: `illegal-status-step` with the statuses that it could take; the rule that the change breaks.
    pub fn step(text: &str, to: TaskStatus, reason: Option<&str>, at: &Time) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let mut more = vec![("lastModified", modified(&node, at))];
        more.extend(reason.map(|reason| ("statusReason", Concept::text(reason).write())));
        let moves = node.str("status").as_deref() != Some(to.code());
        if moves && reason.is_none() && node.get("statusReason").is_some() {
            let bare = node.without(&["statusReason"]);
            // What the earlier status needed is no fault of this one.
            let stepped = step(&bare, to, &more)?;
            return changed(text, stepped);
        }
        step(text, to, &more)
    }

    /// Gives it to somebody.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn assign(text: &str, owner: &Reference, at: &Time) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let known = node.get("owner").map(|known| Reference::read(Some(known)));
        if known.is_some_and(|known| known.is_ok_and(|known| known.is_same(owner))) {
            return Ok(text.to_owned());
        }
        changed(text, node.with(&[("owner", owner.write()), ("lastModified", modified(&node, at))]))
    }

    /// Adds what came of it.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn add_output(text: &str, output: &Output, at: &Time) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        if node.list("output").iter().any(|one| Output::read(Some(one)).is_ok_and(|one| one == *output)) {
            return Ok(text.to_owned());
        }
        let list = appended(node.get("output"), &output.write());
        changed(text, node.with(&[("output", list), ("lastModified", modified(&node, at))]))
    }
}

/// When it last changed. It is not before it was asked for (inv-1): clocks of two houses differ by a little.
fn modified(task: &Node<'_>, at: &Time) -> String {
    let authored = task.str("authoredOn").and_then(|authored| authored.parse::<Time>().ok());
    authored.filter(|authored| authored.is_after(at)).unwrap_or_else(|| at.clone()).write()
}
