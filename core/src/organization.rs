//! Organisations: who can stand on a case.

use serde::{Deserialize, Serialize};

use crate::id::{OrganizationId, UserId};

/// What an organisation is in the programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OrganizationKind {
    /// An Accountable Care Organization: a network of primary care providers, with hospitals and specialists.
    AccountableCareOrganization,
    /// A managed care organisation (a plan).
    ManagedCareOrganization,
    /// A provider of Adult Community Clinical Services.
    AdultCommunityClinicalServices,
    /// A Community Partner for behavioural health.
    BehavioralHealthCommunityPartner,
    /// A Community Partner for long-term services and supports.
    LongTermServicesCommunityPartner,
    /// A Community Service Agency: behavioural-health care coordination for children.
    CommunityServiceAgency,
    /// The programme office.
    ProgrammeOffice,
    /// A hospital.
    Hospital,
    /// A practice, for example of primary care.
    Practice,
    /// A social-service organisation, for example of food or housing. Often no HIPAA entity.
    SocialService,
    /// Any other.
    #[serde(other)]
    Other,
}

impl OrganizationKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 11] = [
        Self::AccountableCareOrganization,
        Self::ManagedCareOrganization,
        Self::AdultCommunityClinicalServices,
        Self::BehavioralHealthCommunityPartner,
        Self::LongTermServicesCommunityPartner,
        Self::CommunityServiceAgency,
        Self::ProgrammeOffice,
        Self::Hospital,
        Self::Practice,
        Self::SocialService,
        Self::Other,
    ];

    /// The code under which the kind travels and is kept (`Organization.type`).
    pub fn code(self) -> &'static str {
        match self {
            Self::AccountableCareOrganization => "accountable-care-organization",
            Self::ManagedCareOrganization => "managed-care-organization",
            Self::AdultCommunityClinicalServices => "adult-community-clinical-services",
            Self::BehavioralHealthCommunityPartner => "behavioral-health-community-partner",
            Self::LongTermServicesCommunityPartner => "long-term-services-community-partner",
            Self::CommunityServiceAgency => "community-service-agency",
            Self::ProgrammeOffice => "programme-office",
            Self::Hospital => "hospital",
            Self::Practice => "practice",
            Self::SocialService => "social-service",
            Self::Other => "other",
        }
    }

    /// The kind of a code; an unknown code is [`OrganizationKind::Other`].
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.code() == code).unwrap_or(Self::Other)
    }

    /// Whether such an organisation can be the plan side of a case.
    pub fn is_plan_side(self) -> bool {
        matches!(
            self,
            Self::AccountableCareOrganization
                | Self::ManagedCareOrganization
                | Self::AdultCommunityClinicalServices
        )
    }

    /// Whether such an organisation can be the community side of a case.
    pub fn is_community_side(self) -> bool {
        matches!(
            self,
            Self::BehavioralHealthCommunityPartner
                | Self::LongTermServicesCommunityPartner
                | Self::CommunityServiceAgency
        )
    }
}

/// An organisation. Maps to FHIR Organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its identifier.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What it is in the programme.
    pub kind: OrganizationKind,
    /// Its role account: its own Matrix account, which its keeper uses. Maps to `Organization.endpoint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_account: Option<UserId>,
    /// Its telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}
