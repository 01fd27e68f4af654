//! Which cases a record proposes: its CareTeams, what each lacks to be opened as a case, and how a host completes it.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::agreement::Agreement;
use crate::case::kind::RoomKind;
use crate::client::open::NO_AGREEMENT;
use crate::client::{Caseline, OpenCase};
use crate::contact::{Contact, Seat};
use crate::error::{Error, InvalidInput, Result};
use crate::fhir::{self, CarePlanFound, CareTeamProposal, Import, Resource};
use crate::id::{ContactId, MemberId, OrganizationId};
use crate::member::Member;
use crate::organization::Organization;
use crate::ports::Stored;
use crate::records::DIRECTORY;

/// A case as a CareTeam of the record proposes it. Other systems' teams know nothing of Matrix, of seats, or of the two sides:
/// what is missing for a case is said, and [`Caseline::complete`] puts it in. `Debug` shows none of it.
#[derive(Clone)]
#[non_exhaustive]
pub struct ProposedCase {
    /// The CareTeam, as the record refers to it: `CareTeam/{id}`.
    pub care_team: String,
    /// What the team is called; else why it came together. Member data.
    pub name: Option<String>,
    /// Its status (FHIR R4, `CareTeam.status`).
    pub status: Option<String>,
    /// Whose team it is.
    pub member: Member,
    /// Who is named on it, in its order: with an account in Matrix or without.
    pub seats: Vec<Seat>,
    /// The organisations that they work for.
    pub organizations: Vec<Organization>,
    /// What a case would need beside that; with nothing missing, it can be opened as it is.
    pub missing: Vec<Missing>,
}

impl std::fmt::Debug for ProposedCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProposedCase({} …)", self.care_team)
    }
}

/// What a CareTeam lacks to be opened as a case.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// The team is over: its status is `inactive`.
    Ended,
    /// No agreement in force is between two of its organisations.
    Sides,
    /// Nobody with an account decides for this side.
    Lead(OrganizationId),
    /// This device's account is not among those who decide.
    OwnLead,
    /// It names somebody in a way that cannot be used.
    Unusable(InvalidInput),
}

impl Missing {
    /// A stable code, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Sides => "sides",
            Self::Lead(_) => "lead",
            Self::OwnLead => "own-lead",
            Self::Unusable(invalid) => invalid.code,
        }
    }
}

/// Somebody of the directory, to be named for a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Who.
    pub contact: ContactId,
    /// Whether they decide for their side.
    pub lead: bool,
}

impl Named {
    /// Somebody who decides for their side.
    pub fn lead(contact: ContactId) -> Self {
        Self { contact, lead: true }
    }

    /// Somebody who takes part.
    pub fn contact(contact: ContactId) -> Self {
        Self { contact, lead: false }
    }
}

impl Caseline {
    /// The CareTeams of a member in the record, as cases that they propose: those that go on first. Left out are those that
    /// cases wrote themselves.
    ///
    /// # Errors
    /// `NotFound` (`member`, `record`); `InvalidInput` (`invalid-member`) where the Patient cannot be a case's member;
    /// `Unavailable` where the record does not answer.
    pub async fn care_teams(&self, member: &MemberId) -> Result<Vec<ProposedCase>> {
        let (patients, teams) = self.about(member, "CareTeam").await?;
        let mut proposed = self.proposals(patients, teams).await?;
        proposed.sort_by_key(|team| team.missing.contains(&Missing::Ended));
        Ok(proposed)
    }

    /// The care plans of a member in the record: those that go on first. Left out are those that cases wrote themselves.
    ///
    /// # Errors
    /// `NotFound` (`member`, `record`); `Unavailable` where the record does not answer.
    pub async fn care_plans(&self, member: &MemberId) -> Result<Vec<CarePlanFound>> {
        let (_, plans) = self.about(member, "CarePlan").await?;
        let readable = plans.iter().filter_map(|plan| Import::parse(&plan.json).ok());
        let mut found = Vec::new();
        for import in readable {
            for plan in import.care_plans() {
                found.extend(fhir::care_plan_found(plan)?);
            }
        }
        found.sort_by_key(|plan| plan.status.as_deref() != Some("active"));
        Ok(found)
    }

    /// A case as a CareTeam of the record proposes it, with what is missing. `care_team` is its identifier, `system|value`, or
    /// how the record refers to it, `CareTeam/{id}`.
    ///
    /// # Errors
    /// `NotFound` (`care-team`); `InvalidInput` where the CareTeam cannot be used, naming the field.
    pub async fn proposal(&self, care_team: &str) -> Result<ProposedCase> {
        let record = self.engine.record()?;
        let team = if let Some(id) = care_team.strip_prefix("CareTeam/") {
            record.read("CareTeam", id).await?
        } else {
            let token = fhir::search::written(care_team).map_err(|wrong| wrong.field("care_team"))?;
            let mut found = record.search("CareTeam", &[("identifier", &token)]).await?;
            match (found.pop(), found.pop()) {
                (Some(one), None) => one,
                (None, _) => return Err(Error::NotFound { what: "care-team" }),
                (Some(_), Some(_)) => return Err(fhir::search::several().field("care_team").into()),
            }
        };
        let patient = match subject(&team.json) {
            Some(patient) => vec![record.read("Patient", &patient).await?],
            None => Vec::new(),
        };
        let mut proposed = self.proposals(patient, vec![team]).await?;
        let mut proposed = proposed.pop().ok_or(Error::NotFound { what: "care-team" })?;
        match proposed.missing.iter().position(|missing| matches!(missing, Missing::Unusable(_))) {
            Some(index) => match proposed.missing.swap_remove(index) {
                Missing::Unusable(invalid) => Err(invalid.into()),
                _ => Err(Error::internal("proposal")),
            },
            None => Ok(proposed),
        }
    }

    /// A proposed case with people of the directory named for it, beside those whom the CareTeam names; they take their place
    /// where they are the same. The agreement is the one in force under whose two sides they all work; where it allows keepers,
    /// those of both sides are named with them.
    ///
    /// # Errors
    /// `NotFound`: `contact` or `organization` where the directory does not know them, else the
    /// agreement.
    pub fn complete(&self, proposed: ProposedCase, named: &[Named]) -> Result<OpenCase> {
        let directory = self.directory();
        let mut people: Vec<(Vec<Contact>, bool)> = Vec::new();
        for one in named {
            let at: Vec<Contact> =
                directory.contacts.iter().filter(|known| known.id == one.contact).cloned().collect();
            if at.is_empty() {
                return Err(Error::NotFound { what: "contact" });
            }
            people.push((at, one.lead));
        }
        let party = |agreement: &Agreement, contact: &Contact| {
            [&agreement.plan_side.id, &agreement.community_side.id].contains(&&contact.organization)
        };
        let agreement = self
            .in_force()?
            .into_iter()
            .find(|agreement| people.iter().all(|(at, _)| at.iter().any(|contact| party(agreement, contact))))
            .ok_or(NO_AGREEMENT)?;
        let known = |id: &OrganizationId| {
            let on_the_team = proposed.organizations.iter().find(|one| one.id == *id);
            directory
                .organization(id)
                .or(on_the_team)
                .cloned()
                .ok_or(Error::NotFound { what: "organization" })
        };
        let plan_side = known(&agreement.plan_side.id)?;
        let community_side = known(&agreement.community_side.id)?;
        let mut roster = proposed.seats;
        for (at, lead) in people {
            let contact = at.into_iter().find(|contact| party(&agreement, contact));
            name(&mut roster, Seat { contact: contact.ok_or(Error::NotFound { what: "contact" })?, lead });
        }
        for (of, settled) in
            [(&plan_side, &agreement.plan_side), (&community_side, &agreement.community_side)]
        {
            let there = roster.iter().any(|seat| seat.is_keeper() && seat.contact.organization == of.id);
            if settled.keeper
                && !there
                && of.role_account.is_some()
                && let Some(contact) = fhir::keeper(of)
            {
                roster.push(Seat { contact, lead: false });
            }
        }
        let sides = [&plan_side.id, &community_side.id];
        let others = proposed.organizations.into_iter().filter(|one| !sides.contains(&&one.id)).collect();
        Ok(OpenCase {
            id: None,
            member: proposed.member,
            plan_side,
            community_side,
            others,
            roster,
            agreement: Some(agreement.id),
            rules: None,
        })
    }

    /// The Patients of the record that have this member's id, and what there is about them of a type.
    async fn about(&self, member: &MemberId, kind: &str) -> Result<(Vec<Stored>, Vec<Stored>)> {
        let record = self.engine.record()?;
        let mut patients = record.search("Patient", &[("identifier", &fhir::member_token(member))]).await?;
        patients.retain(|stored| {
            Import::parse(&stored.json)
                .is_ok_and(|import| import.patients().any(|patient| fhir::is_member(patient, member)))
        });
        if patients.is_empty() {
            return Err(Error::NotFound { what: "member" });
        }
        let mut found = Vec::new();
        for patient in &patients {
            let reference = format!("Patient/{}", patient.id);
            found.extend(record.search(kind, &[("patient", &reference)]).await?);
        }
        Ok((patients, found))
    }

    async fn proposals(&self, patients: Vec<Stored>, teams: Vec<Stored>) -> Result<Vec<ProposedCase>> {
        let mut texts = self.engine.all_of(&DIRECTORY).await?;
        texts.extend(patients.into_iter().map(|stored| stored.json));
        let alone = teams.len() == 1;
        // One that is no FHIR does not hide the others.
        let readable =
            teams.into_iter().map(|stored| stored.json).filter(|text| alone || Import::parse(text).is_ok());
        texts.extend(readable);
        let import = Import::of(texts.iter().map(String::as_str))?;
        let in_force = self.in_force()?;
        let today = self.engine.now().to_zoned(TimeZone::UTC).date();
        let mut proposed = Vec::new();
        for team in import.of_kind("CareTeam") {
            let Some(head) = fhir::team_head(team)? else { continue };
            let patient = fhir::team_member(&import, team)?;
            let (seats, organizations, unusable) = match fhir::care_team(&import, team, None, today) {
                Ok(CareTeamProposal { seats, organizations, .. }) => (seats, organizations, None),
                Err(Error::InvalidInput(invalid)) => (Vec::new(), Vec::new(), Some(invalid)),
                Err(error) => return Err(error),
            };
            let mut missing = Vec::new();
            if head.status.as_deref() == Some("inactive") {
                missing.push(Missing::Ended);
            }
            match unusable {
                Some(invalid) => missing.push(Missing::Unusable(invalid)),
                None => missing.extend(self.missing(&in_force, &seats, &organizations)),
            }
            proposed.push(ProposedCase {
                care_team: reference(team),
                name: head.name,
                status: head.status,
                member: patient,
                seats,
                organizations,
                missing,
            });
        }
        Ok(proposed)
    }

    fn missing(
        &self,
        in_force: &[Agreement],
        seats: &[Seat],
        organizations: &[Organization],
    ) -> Vec<Missing> {
        let Some(agreement) = between(in_force, organizations) else { return vec![Missing::Sides] };
        let mut missing = Vec::new();
        for side in [&agreement.plan_side.id, &agreement.community_side.id] {
            let leads =
                |seat: &Seat| seat.lead && seat.contact.user.is_some() && seat.contact.organization == *side;
            if !seats.iter().any(leads) {
                missing.push(Missing::Lead(side.clone()));
            }
        }
        let me = self.user();
        if !seats.iter().any(|seat| seat.lead && seat.contact.user.as_ref() == Some(&me)) {
            missing.push(Missing::OwnLead);
        }
        missing
    }

    /// The agreements that are in force today.
    pub(super) fn in_force(&self) -> Result<Vec<Agreement>> {
        let mut in_force = Vec::new();
        for text in self.engine.agreements()? {
            let agreement = Agreement::kept(&text)?;
            if agreement.in_force_on(self.engine.now().to_zoned(agreement.zone.clone()).date()) {
                in_force.push(agreement);
            }
        }
        Ok(in_force)
    }
}

/// The first agreement that is between two of these organisations.
pub(super) fn between<'a>(
    in_force: &'a [Agreement],
    organizations: &[Organization],
) -> Option<&'a Agreement> {
    let there = |id: &OrganizationId| organizations.iter().any(|one| one.id == *id);
    let mut in_force = in_force.iter().filter(|agreement| agreement.room == RoomKind::Case);
    in_force.find(|agreement| there(&agreement.plan_side.id) && there(&agreement.community_side.id))
}

/// Puts a seat on a roster, in the place of the same person's at the same organisation.
fn name(roster: &mut Vec<Seat>, seat: Seat) {
    let same = |other: &&mut Seat| {
        other.contact.id == seat.contact.id && other.contact.organization == seat.contact.organization
    };
    match roster.iter_mut().find(same) {
        Some(place) => *place = seat,
        None => roster.push(seat),
    }
}

fn reference(resource: &Resource) -> String {
    resource.reference().unwrap_or_default()
}

/// The id of the Patient that a CareTeam is about.
fn subject(json: &str) -> Option<String> {
    let value: Value = serde_json::from_str(json).ok()?;
    let reference = value.get("subject")?.get("reference")?.as_str()?;
    reference.strip_prefix("Patient/").map(str::to_owned)
}
