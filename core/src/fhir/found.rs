//! What a record holds of a member's care, as it is shown to somebody who is to choose from it.

use super::bundle::Resource;
use super::json::Node;
use super::{codes, watch};
use crate::error::Result;

/// What a CareTeam says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TeamHead {
    /// What it is called; else why it came together.
    pub(crate) name: Option<String>,
    /// Its status.
    pub(crate) status: Option<String>,
}

/// Reads what a CareTeam says of itself. `None` where it is the projection of a case, or was entered in error.
///
/// # Errors
/// `InvalidInput` where it cannot be read.
pub(crate) fn team_head(team: &Resource) -> Result<Option<TeamHead>> {
    let node = team.node()?;
    let status = node.str("status").map(Into::into);
    if watch::case_of(team).is_some() || status.as_deref() == Some("entered-in-error") {
        return Ok(None);
    }
    let mut reasons = node.list("reasonCode").iter();
    let name = node.str("name").map(Into::into).or_else(|| reasons.find_map(words));
    Ok(Some(TeamHead { name, status }))
}

/// A CarePlan of a record, as it is shown to somebody who is to choose one. Read from FHIR CarePlan; member data.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CarePlanFound {
    /// How the record refers to it: `CarePlan/{id}`.
    pub care_plan: String,
    /// Its identifiers, `system|value`.
    pub identifiers: Vec<String>,
    /// Its title; else what its category says.
    pub title: Option<String>,
    /// Its status (FHIR R4, `CarePlan.status`).
    pub status: Option<String>,
    /// The care teams that carry it out, as the record refers to them.
    pub care_teams: Vec<String>,
    /// What is to be done, in the plan's own words: of each activity its description, else its code's.
    pub activities: Vec<String>,
}

impl std::fmt::Debug for CarePlanFound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CarePlanFound({} …)", self.care_plan)
    }
}

/// Reads a CarePlan. `None` where a case wrote it, or it was entered in error.
///
/// # Errors
/// `InvalidInput` where it cannot be read.
pub(crate) fn care_plan_found(plan: &Resource) -> Result<Option<CarePlanFound>> {
    let node = plan.node()?;
    let status: Option<String> = node.str("status").map(Into::into);
    let token = |one: &Node<'_>| Some(format!("{}|{}", one.str("system")?, one.str("value")?));
    let ours = |one: &Node<'_>| one.str("system").as_deref() == Some(codes::PLAN);
    let identifiers = node.list("identifier");
    if identifiers.iter().any(ours) || status.as_deref() == Some("entered-in-error") {
        return Ok(None);
    }
    let mut categories = node.list("category").iter();
    let activity = |one: &Node<'_>| match one.get("detail") {
        Some(detail) => {
            detail.str("description").map(Into::into).or_else(|| detail.get("code").and_then(words))
        }
        None => one.get("reference")?.str("display").map(Into::into),
    };
    Ok(Some(CarePlanFound {
        care_plan: plan.reference().unwrap_or_default(),
        identifiers: identifiers.iter().filter_map(token).collect(),
        title: node.str("title").map(Into::into).or_else(|| categories.find_map(words)),
        status,
        care_teams: node
            .list("careTeam")
            .iter()
            .filter_map(|one| one.str("reference").map(Into::into))
            .collect(),
        activities: node.list("activity").iter().filter_map(activity).collect(),
    }))
}

/// A concept in words: its text, else the first display of a code.
fn words(concept: &Node<'_>) -> Option<String> {
    let display = || concept.list("coding").iter().find_map(|coding| coding.str("display"));
    concept.str("text").or_else(display).map(Into::into)
}

#[cfg(test)]
#[path = "found_tests.rs"]
mod tests;
