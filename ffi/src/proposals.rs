//! What a record proposes: its care teams and care plans, as read models.

use crate::models::Contact;

/// A case as a CareTeam of the record proposes it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ProposedCase {
    /// The CareTeam, as the record refers to it: what `open` takes.
    pub care_team: String,
    /// What the team is called; else why it came together. Member data.
    pub name: Option<String>,
    /// Its status (FHIR R4, `CareTeam.status`).
    pub status: Option<String>,
    /// Who is named on it.
    pub contacts: Vec<NamedOn>,
    /// What it lacks to be opened as a case, as codes: `ended`, `sides`, `lead`, `own-lead`, or what is wrong with it.
    pub missing: Vec<String>,
}

/// Somebody on a proposed case.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct NamedOn {
    /// Who.
    pub contact: Contact,
    /// Whether they decide for their side.
    pub lead: bool,
}

/// Somebody of the directory, to be named for a case.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct NamedContact {
    /// Their identifier, `system|value`.
    pub contact: String,
    /// Whether they decide for their side.
    #[uniffi(default = false)]
    pub lead: bool,
}

/// A CarePlan of the record.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CarePlanFound {
    /// The CarePlan, as the record refers to it: what `send_care_plan` takes.
    pub care_plan: String,
    /// Its title; else what its category says. Member data.
    pub title: Option<String>,
    /// Its status (FHIR R4, `CarePlan.status`).
    pub status: Option<String>,
    /// The care teams that carry it out.
    pub care_teams: Vec<String>,
    /// What is to be done, in the plan's own words. Member data.
    pub activities: Vec<String>,
}

impl From<caseline::ProposedCase> for ProposedCase {
    fn from(proposed: caseline::ProposedCase) -> Self {
        let named =
            |seat: &caseline::contact::Seat| NamedOn { contact: (&seat.contact).into(), lead: seat.lead };
        Self {
            care_team: proposed.care_team,
            name: proposed.name,
            status: proposed.status,
            contacts: proposed.seats.iter().map(named).collect(),
            missing: proposed.missing.iter().map(|missing| missing.code().to_owned()).collect(),
        }
    }
}

impl From<caseline::fhir::CarePlanFound> for CarePlanFound {
    fn from(found: caseline::fhir::CarePlanFound) -> Self {
        Self {
            care_plan: found.care_plan,
            title: found.title,
            status: found.status,
            care_teams: found.care_teams,
            activities: found.activities,
        }
    }
}
