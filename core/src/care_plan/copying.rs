//! Copies of an approved plan, given to the member and to the team, as somebody of the case attests.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::care_plan::life::{find, refused};
use crate::care_plan::{CarePlans, PlanStatus, StepTaken};
use crate::case::roster::Roster;
use crate::case::step::Step;
use crate::due;
use crate::id::{ContactId, EventId, OrganizationId};
use crate::policy::Reason;

/// `plan.copied`: a copy of an approved plan was given to somebody, as its sender attests. `Debug` shows neither to whom nor on
/// which day.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCopied {
    /// The `plan.sent` whose plan it is.
    pub plan: EventId,
    /// To whom.
    pub to: CopyTo,
    /// How.
    pub how: CopiedHow,
    /// On which day.
    pub on: Date,
}

impl fmt::Debug for PlanCopied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanCopied({}, {})", self.plan, self.how.code())
    }
}

/// Whom a copy of a plan was given to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyTo {
    /// The member.
    Member,
    /// The member's representative.
    Representative,
    /// Somebody of the team, by the seat in the case: it takes no Matrix account.
    Contact {
        /// Who.
        contact: ContactId,
        /// For which organisation.
        organization: OrganizationId,
    },
}

/// How a copy of a plan was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopiedHow {
    /// On paper.
    Paper,
    /// By fax.
    Fax,
    /// Through a portal.
    Portal,
    /// In person.
    InPerson,
}

impl CopiedHow {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Paper, Self::Fax, Self::Portal, Self::InPerson];

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Fax => "fax",
            Self::Portal => "portal",
            Self::InPerson => "in-person",
        }
    }
}

impl fmt::Display for CopiedHow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paper => "on paper",
            Self::Fax => "by fax",
            Self::Portal => "through a portal",
            Self::InPerson => "in person",
        })
    }
}

/// A copy of a plan that somebody was given. `Debug` shows neither who nor on which day.
#[derive(Clone, PartialEq, Eq)]
pub struct PlanCopy {
    /// To whom.
    pub to: CopyTo,
    /// How.
    pub how: CopiedHow,
    /// On which day.
    pub on: Date,
    /// Who attests it, and when.
    pub attested: StepTaken,
}

impl fmt::Debug for PlanCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanCopy({}, {})", self.how.code(), self.attested.event.id)
    }
}

/// Takes a copy that was given. One for each of the member, the representative and the people who have a seat: a plan has no more
/// of them than that.
pub(super) fn copied(plans: &mut CarePlans, event: &PlanCopied, step: &Step<'_>) -> Result<(), Reason> {
    let from = &step.seat.contact.organization;
    if from != step.plan_side && from != step.community_side {
        let text = "somebody of one of the two sides attests that a copy of the care plan was given";
        return Err(refused("plan-copier", text));
    }
    let plan = find(plans, event.plan)?;
    if !matches!(plan.status, PlanStatus::Approved(_)) {
        let text = "copies are given of an approved care plan: have it approved first";
        return Err(refused("plan-not-approved", text));
    }
    if let CopyTo::Contact { contact, organization } = &event.to
        && step.roster.contact(contact, organization).is_none()
    {
        let text = "who got a copy for the team is named for this case first, with or without an account";
        return Err(refused("plan-copy-recipient", text));
    }
    if plan.copies.iter().any(|copy| copy.to == event.to) {
        return Err(refused("plan-copy-known", "that this copy was given was attested before"));
    }
    if !due::is_a_date(event.on) || event.on > due::latest_day(step.when()) {
        let text = "a copy is dated after 1899, and not after the day on which it is attested";
        return Err(refused("plan-copy-date", text));
    }
    plan.copies.push(PlanCopy {
        to: event.to.clone(),
        how: event.how,
        on: event.on,
        attested: StepTaken::of(step),
    });
    Ok(())
}

/// The event as a person reads it.
pub(super) fn told(event: &PlanCopied, who: &str, roster: &Roster) -> String {
    let to = match &event.to {
        CopyTo::Member => "the member".to_owned(),
        CopyTo::Representative => "the member's representative".to_owned(),
        CopyTo::Contact { contact, organization } => roster.contact(contact, organization).map_or_else(
            || "somebody of the team".to_owned(),
            |seat| format!("{} ({})", seat.contact.name, seat.contact.role),
        ),
    };
    format!("{who} attests: {to} was given a copy of the care plan {} on {}.", event.how, event.on)
}
