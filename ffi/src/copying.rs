//! Copies of a care plan that were given to the member and the team.

use std::time::SystemTime;

use caseline::care_plan;

use crate::error::{Result, parsed};

/// Whom a copy of a plan was given to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum PlanCopyTo {
    /// The member.
    Member,
    /// The member's representative.
    Representative,
    /// Somebody of the team.
    Contact {
        /// Who, by their seat in the case.
        contact: String,
        /// For which organisation.
        organization: String,
    },
}

/// How a copy of a plan was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
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

/// A copy that was given, as somebody attests.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanCopy {
    /// To whom.
    pub to: PlanCopyTo,
    /// How.
    pub how: CopiedHow,
    /// On which day (`2019-03-04`).
    pub on: String,
    /// The contact who attests it.
    pub attested_by: String,
    /// When.
    pub attested_at: SystemTime,
}

impl PlanCopyTo {
    pub(crate) fn known(self) -> Result<care_plan::CopyTo> {
        Ok(match self {
            Self::Member => care_plan::CopyTo::Member,
            Self::Representative => care_plan::CopyTo::Representative,
            Self::Contact { contact, organization } => care_plan::CopyTo::Contact {
                contact: parsed(&contact, "contact")?,
                organization: parsed(&organization, "organization")?,
            },
        })
    }
}

impl From<CopiedHow> for care_plan::CopiedHow {
    fn from(how: CopiedHow) -> Self {
        match how {
            CopiedHow::Paper => Self::Paper,
            CopiedHow::Fax => Self::Fax,
            CopiedHow::Portal => Self::Portal,
            CopiedHow::InPerson => Self::InPerson,
        }
    }
}

impl From<care_plan::CopiedHow> for CopiedHow {
    fn from(how: care_plan::CopiedHow) -> Self {
        use care_plan::CopiedHow as Core;
        match how {
            Core::Paper => Self::Paper,
            Core::Fax => Self::Fax,
            Core::Portal => Self::Portal,
            Core::InPerson => Self::InPerson,
        }
    }
}

impl From<&care_plan::PlanCopy> for PlanCopy {
    fn from(copy: &care_plan::PlanCopy) -> Self {
        use care_plan::CopyTo as Core;
        let to = match &copy.to {
            Core::Member => PlanCopyTo::Member,
            Core::Representative => PlanCopyTo::Representative,
            Core::Contact { contact, organization } => {
                PlanCopyTo::Contact { contact: contact.to_string(), organization: organization.to_string() }
            }
        };
        Self {
            to,
            how: copy.how.into(),
            on: copy.on.to_string(),
            attested_by: copy.attested.contact.to_string(),
            attested_at: copy.attested.at.into(),
        }
    }
}
