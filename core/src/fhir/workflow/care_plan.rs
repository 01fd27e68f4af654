//! CarePlan: what is meant to be done for somebody (FHIR R4, 9.2). Goals and activities of ours are named by reference; the
//! `activity.detail` of other people's plans is kept and shown.

use super::edit::{appended, changed, of_kind, with_reference};
use super::element::{Value, part, resource};
use super::parts::{Concept, Identifier, Intent, Note, Period, Reference, Time};
use super::status::{status, step};
use crate::error::{InvalidInput, Result};
use crate::fhir::codes;
use crate::fhir::json::{self, Node};

status! {
    /// How a plan stands (R4 RequestStatus).
    CarePlanStatus of "CarePlan" in "status" {
        /// Being written.
        Draft = "draft" => [Active, Revoked, EnteredInError],
        /// Being followed.
        Active = "active" => [OnHold, Revoked, Completed, EnteredInError],
        /// Resting, to be followed again.
        OnHold = "on-hold" => [Active, Revoked, Completed, EnteredInError],
        /// Ended before it was done, or replaced.
        Revoked = "revoked" => [EnteredInError],
        /// Done.
        Completed = "completed" => [EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
        /// One of these; nobody knows which.
        Unknown = "unknown" => [Draft, Active, OnHold, Revoked, Completed, EnteredInError],
    }
}

part! {
    /// What is to be done.
    Activity {
        /// The resource that says what: a Task, ServiceRequest, Appointment and the like.
        reference: Option<Reference> = "reference",
        /// What another's plan says in place. We write none: that breaks our rule `activity-by-reference`.
        detail: Option<ActivityDetail> = "detail",
    }
}

impl Activity {
    /// What this resource says is to be done.
    pub fn of(reference: Reference) -> Self {
        Self { reference: Some(reference), detail: None }
    }
}

part! {
    /// What another's plan says of an activity in place.
    ActivityDetail {
        /// What it is.
        code: Option<Concept> = "code",
        /// How it stands (R4 CarePlanActivityStatus).
        status: String = "status",
        /// Who does it.
        performer: Vec<Reference> = "performer",
        /// The words for it.
        description: Option<String> = "description",
    }
}

impl ActivityDetail {
    /// What one shows as its title: the words of its code, else what its code displays.
    pub fn title(&self) -> Option<&str> {
        let code = self.code.as_ref()?;
        code.text.as_deref().or_else(|| code.coding.iter().find_map(|coding| coding.display.as_deref()))
    }
}

/// What a new version of a plan is to the one that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succession {
    /// It takes its place (`replaces`).
    Replaces,
    /// It is made from it, and both stand (`basedOn`).
    BasedOn,
}

resource! {
    /// A plan of care.
    ///
    /// ```
    /// use caseline::fhir::workflow::*;
    ///
    /// let plan = CarePlan {
    ///     identifier: vec![Identifier::new("urn:synthetic:plan", "1")],
    ///     status: CarePlanStatus::Active,
    ///     intent: Intent::Plan,
    ///     category: vec![CarePlan::assess_plan()],
    ///     subject: Reference::to("Patient/synthetic"),
    ///     goal: vec![Reference::to("Goal/housing")],
    ///     ..CarePlan::default()
    /// };
    /// let old = plan.to_fhir_json()?;
    /// let new = CarePlan::new_version(&old, Succession::Replaces, &Reference::to("CarePlan/1"), &"2020-03-01".parse()?)?;
    /// let old = CarePlan::step(&old, CarePlanStatus::Revoked)?;
    /// assert_eq!(CarePlan::read(&new)?.status, CarePlanStatus::Draft);
    /// assert!(CarePlan::step(&old, CarePlanStatus::Active).is_err(), "a revoked plan stays revoked");
    /// # Ok::<(), caseline::Error>(())
    /// ```
    CarePlan where activities_by_reference {
        /// Names of the plan that hold on every server, and for all its versions.
        identifier: Vec<Identifier> = "identifier",
        /// The plans that it is made from.
        based_on: Vec<Reference> = "basedOn",
        /// The plans whose place it takes.
        replaces: Vec<Reference> = "replaces",
        /// The plans that it is part of.
        part_of: Vec<Reference> = "partOf",
        /// How it stands.
        status: CarePlanStatus = "status",
        /// How far it goes.
        intent: Intent = "intent",
        /// What kind of plan it is: for US Core, [`CarePlan::assess_plan`] among others.
        category: Vec<Concept> = "category",
        /// What it is called.
        title: Option<String> = "title",
        /// What it is about.
        description: Option<String> = "description",
        /// Whose plan it is.
        subject: Reference = "subject",
        /// From when, until when.
        period: Option<Period> = "period",
        /// When it was written.
        created: Option<Time> = "created",
        /// Who answers for it.
        author: Option<Reference> = "author",
        /// Who wrote it.
        contributor: Vec<Reference> = "contributor",
        /// Who follows it.
        care_team: Vec<Reference> = "careTeam",
        /// The conditions that it is for.
        addresses: Vec<Reference> = "addresses",
        /// What it rests on: documents, assessments.
        supporting_info: Vec<Reference> = "supportingInfo",
        /// What is to be reached.
        goal: Vec<Reference> = "goal",
        /// What is to be done.
        activity: Vec<Activity> = "activity",
        /// Words that somebody added.
        note: Vec<Note> = "note",
    }
}

impl CarePlan {
    /// The category that US Core asks of a care plan.
    pub fn assess_plan() -> Concept {
        super::Coding::new(codes::PLAN_CATEGORY, "assess-plan")
            .display("Assessment and Plan of Treatment")
            .into()
    }

    /// A new version of a plan, as a draft of that day: all that the plan says, by whomever, with its identifiers, and what
    /// it is to the one that it comes from.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn new_version(text: &str, succession: Succession, of: &Reference, created: &Time) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let mut gone = vec!["id"];
        // What the earlier version replaced is not what this one does.
        gone.extend(["replaces", "basedOn", "_created"]);
        let element = match succession {
            Succession::Replaces => "replaces",
            Succession::BasedOn => "basedOn",
        };
        let meta = node.get("meta").map(|meta| meta.without(&["versionId", "lastUpdated", "source"]));
        if meta.as_deref() == Some("{}") {
            gone.push("meta");
        }
        // What names one sending of the plan in a case, and the events that shaped it, is not this version's.
        let mut edits = Vec::new();
        for (element, member, ours) in
            [("identifier", "system", codes::PLAN), ("extension", "url", codes::HEADS)]
        {
            let items = node.list(element);
            let kept = items.iter().filter(|one| one.str(member).as_deref() != Some(ours));
            let kept: Vec<&str> = kept.map(Node::raw).collect();
            if kept.is_empty() {
                gone.push(element);
            } else if kept.len() < items.len() {
                edits.push((element, format!("[{}]", kept.join(","))));
            }
        }
        let bare = node.without(&gone);
        edits.extend([
            (element, vec![of.clone()].write()),
            ("status", CarePlanStatus::Draft.write()),
            ("created", created.write()),
        ]);
        edits.extend(meta.filter(|meta| meta != "{}").map(|meta| ("meta", meta)));
        changed(text, json::parse(&bare)?.with(&edits))
    }

    /// Adds a goal.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn add_goal(text: &str, goal: &Reference) -> Result<String> {
        with_reference(text, Self::KIND, "goal", goal)
    }

    /// Adds what is to be done, by reference; as it was where it is there.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn add_activity(text: &str, activity: &Reference) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let there = node.list("activity").iter().filter_map(|one| one.get("reference"));
        if there.into_iter().any(|one| Reference::read(Some(one)).is_ok_and(|one| one.is_same(activity))) {
            return Ok(text.to_owned());
        }
        let list = appended(node.get("activity"), &Activity::of(activity.clone()).write());
        changed(text, node.with(&[("activity", list)]))
    }

    /// Adds a document that it rests on.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn support(text: &str, document: &Reference) -> Result<String> {
        with_reference(text, Self::KIND, "supportingInfo", document)
    }

    /// Adds somebody who wrote at it.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks.
    pub fn add_contributor(text: &str, contributor: &Reference) -> Result<String> {
        with_reference(text, Self::KIND, "contributor", contributor)
    }

    /// Takes a step to another status.
    ///
    /// # Errors
    /// `InvalidInput` (`illegal-status-step`) with the statuses that it could take.
    pub fn step(text: &str, to: CarePlanStatus) -> Result<String> {
        step(text, to, &[])
    }
}

/// Others' plans say in place what is to be done; ours does not.
fn activities_by_reference(plan: &CarePlan) -> Result<()> {
    let Some(place) = plan.activity.iter().position(|one| one.detail.is_some()) else { return Ok(()) };
    let detail = "name what is to be done by reference: a Task, a ServiceRequest, an Appointment";
    let wrong = InvalidInput::new("activity-by-reference", detail);
    Err(wrong.field(format!("CarePlan.activity[{place}].detail")).into())
}
