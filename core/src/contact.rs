//! Contacts: the people (and keepers) one can reach, and what they are to a case.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, InvalidInput};
use crate::id::{ContactId, OrganizationId, UserId};

/// What somebody is on a care team. Maps to `CareTeam.participant.role` and `PractitionerRole.code`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Role {
    /// The primary care provider.
    Pcp,
    /// Signs care plans for the primary care provider.
    PcpDesignee,
    /// Care manager of an Accountable Care Organization.
    AcoCareManager,
    /// Care coordinator of a Community Partner.
    CpCareCoordinator,
    /// Clinical care manager.
    ClinicalCareManager,
    /// Nurse.
    Nurse,
    /// Provider of behavioural health care.
    BehavioralHealthProvider,
    /// Case manager.
    CaseManager,
    /// Supervisor of somebody on the team.
    Supervisor,
    /// The member's representative.
    MemberRepresentative,
    /// The member.
    Member,
    /// An organisation's always-on bot.
    Keeper,
    /// Another role, by its code.
    Other(String),
}

impl Role {
    /// The code under which the role travels and is kept.
    pub fn code(&self) -> &str {
        match self {
            Self::Pcp => "pcp",
            Self::PcpDesignee => "pcp-designee",
            Self::AcoCareManager => "aco-care-manager",
            Self::CpCareCoordinator => "cp-care-coordinator",
            Self::ClinicalCareManager => "clinical-care-manager",
            Self::Nurse => "nurse",
            Self::BehavioralHealthProvider => "behavioral-health-provider",
            Self::CaseManager => "case-manager",
            Self::Supervisor => "supervisor",
            Self::MemberRepresentative => "member-representative",
            Self::Member => "member",
            Self::Keeper => "keeper",
            Self::Other(code) => code,
        }
    }

    /// Whether who holds it may approve a care plan: the primary care provider or a designee.
    pub fn may_approve_plan(&self) -> bool {
        matches!(self, Self::Pcp | Self::PcpDesignee)
    }
}

impl FromStr for Role {
    type Err = Error;
    fn from_str(code: &str) -> Result<Self, Error> {
        let known = [
            Self::Pcp,
            Self::PcpDesignee,
            Self::AcoCareManager,
            Self::CpCareCoordinator,
            Self::ClinicalCareManager,
            Self::Nurse,
            Self::BehavioralHealthProvider,
            Self::CaseManager,
            Self::Supervisor,
            Self::MemberRepresentative,
            Self::Member,
            Self::Keeper,
        ];
        if let Some(role) = known.into_iter().find(|role| role.code() == code) {
            return Ok(role);
        }
        let sound = !code.is_empty()
            && code.len() <= 64
            && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if sound {
            Ok(Self::Other(code.to_owned()))
        } else {
            Err(InvalidInput::new("invalid-role", "a role is a code of lower-case letters, digits and `-`")
                .into())
        }
    }
}

impl TryFrom<String> for Role {
    type Error = Error;
    fn try_from(code: String) -> Result<Self, Error> {
        code.parse()
    }
}

impl From<Role> for String {
    fn from(role: Role) -> String {
        role.code().to_owned()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |word| match word {
            "pcp" => "PCP",
            "aco" => "ACO",
            "cp" => "CP",
            word => word,
        };
        let words: Vec<&str> = self.code().split('-').map(word).collect();
        f.write_str(&words.join(" "))
    }
}

/// What one calls somebody about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Topic {
    /// Care plans and their signatures.
    CarePlan,
    /// Admissions and discharges.
    Admission,
    /// Referrals.
    Referral,
    /// Consent and privacy.
    Consent,
    /// Technical matters.
    Technical,
    /// What cannot wait.
    Urgent,
    /// What organisations bring to the programme office.
    Concern,
}

impl Topic {
    /// All topics.
    pub const ALL: [Self; 7] = [
        Self::CarePlan,
        Self::Admission,
        Self::Referral,
        Self::Consent,
        Self::Technical,
        Self::Urgent,
        Self::Concern,
    ];

    /// The code under which the topic travels and is kept.
    pub fn code(self) -> &'static str {
        match self {
            Self::CarePlan => "care-plan",
            Self::Admission => "admission",
            Self::Referral => "referral",
            Self::Consent => "consent",
            Self::Technical => "technical",
            Self::Urgent => "urgent",
            Self::Concern => "concern",
        }
    }
}

/// Someone one can reach. Maps to FHIR Practitioner with a PractitionerRole; for a keeper, to its Organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Their identifier.
    pub id: ContactId,
    /// Their name.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// The organisation they work for.
    pub organization: OrganizationId,
    /// Their Matrix account, where they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Their telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// What they are the designated contact for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<Topic>,
}

/// A participant named as contact for one case. Maps to `CareTeam.participant`.
///
/// A seat without a `user` is fine: a person without Matrix, a Patient, a RelatedPerson; they are on the roster and never
/// in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Who sits here.
    #[serde(flatten)]
    pub contact: Contact,
    /// Whether they decide for their side of the case: add and end seats of their own organisation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lead: bool,
}

impl Seat {
    /// Whether this seat is an organisation's keeper.
    pub fn is_keeper(&self) -> bool {
        self.contact.role == Role::Keeper
    }
}
