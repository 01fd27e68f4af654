//! What two versions of a care plan's document say differently, as a person reads it.
//!
//! The comparison is exact: whatever differs is said, elements that nobody knows too, and a decimal's digits. What is said first
//! is what a coordinator asks first: goals, activities, what the plan addresses, when it holds, its notes.

mod entries;
mod walk;
mod words;

use std::fmt;

use super::json::{self, Node};
use crate::error::Result;
use entries::compared;

/// What of a care plan a change is about, in the order in which changes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlanPart {
    /// What the member wants to reach: Goals, and which of them are the plan's.
    Goal,
    /// What is done for it.
    Activity,
    /// What the plan is about: Conditions and what else it addresses.
    Addresses,
    /// From when until when it holds.
    Period,
    /// Its notes.
    Note,
    /// Its status, title, description and narrative.
    Plan,
    /// Whose plan it is, who made it, and the team.
    People,
    /// Everything else of it.
    Other,
    /// What a record needs to keep it: ids, identifiers, tags, the Bundle itself.
    Record,
}

impl PlanPart {
    /// All parts.
    pub const ALL: [Self; 9] = [
        Self::Goal,
        Self::Activity,
        Self::Addresses,
        Self::Period,
        Self::Note,
        Self::Plan,
        Self::People,
        Self::Other,
        Self::Record,
    ];

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::Activity => "activity",
            Self::Addresses => "addresses",
            Self::Period => "period",
            Self::Note => "note",
            Self::Plan => "plan",
            Self::People => "people",
            Self::Other => "other",
            Self::Record => "record",
        }
    }
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Became {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It says something else.
    Changed,
    /// A list has its items in another order.
    Reordered,
}

impl Became {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Reordered => "reordered",
        }
    }
}

/// Something that two versions of a care plan say differently. `Debug` shows nothing of what they say.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanDifference {
    /// What it is about.
    pub part: PlanPart,
    /// What became of it.
    pub became: Became,
    /// Where it is, as in FHIRPath, from the resource on: `Goal.target[0].dueDate`. A place in a list is that of the earlier
    /// version; of what was added, that of the later.
    pub path: String,
    /// Which resource of that type, as the document names it; nothing of the plan itself.
    pub resource: Option<String>,
    /// Its JSON text in the earlier version.
    pub was: Option<String>,
    /// Its JSON text in the later version.
    pub is: Option<String>,
    /// The change as a sentence.
    pub text: String,
}

impl fmt::Debug for PlanDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanDifference({}, {})", self.part.code(), self.became.code())
    }
}

/// What a later version of a care plan's document says differently than an earlier one: a Bundle each with the CarePlan first.
/// Nothing where both say the same; the spelling (white space, the order of members) says nothing.
///
/// Resources are the same by their id or the Bundle's name for them, else by an identifier. Items of a list are the same by what
/// they are, else by what they say.
///
/// # Errors
/// `InvalidInput` where one of the texts is not JSON.
pub fn compare_plans(earlier: &str, later: &str) -> Result<Vec<PlanDifference>> {
    let (was, is) = (json::parse(earlier)?, json::parse(later)?);
    Ok(told(&was, &is))
}

fn told(was: &Node<'_>, is: &Node<'_>) -> Vec<PlanDifference> {
    let mut changes = compared(was, is);
    // Of one part, what is said of a resource of its own comes before that the plan names it.
    changes.sort_by_key(|change| (change.part, change.resource.is_none()));
    changes
}

#[cfg(test)]
mod tests;
