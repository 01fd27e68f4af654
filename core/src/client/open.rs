//! Opening a case.

use serde_json::Value;

use crate::agreement::{Agreement, RuleSet};
use crate::case::life::{Carried, CaseOpened};
use crate::client::{Case, Caseline};
use crate::commands::Command;
use crate::contact::{Role, Seat};
use crate::error::{Error, InvalidInput, Result};
use crate::fhir::{self, Import};
use crate::id::{AgreementId, CaseId, OrganizationId, RuleSetId, UserId};
use crate::member::Member;
use crate::notice::Notice;
use crate::organization::Organization;
use crate::records::DIRECTORY;
use crate::store::outbox::{Item, Make};
use crate::store::papers::Paper;

/// A case to open. [`Caseline::propose`] makes one from a CareTeam of the record; a host may change it, or make its own.
#[derive(Debug, Clone)]
pub struct OpenCase {
    /// The case's id: the same id returns the case that was opened with it, so that a retry after a crash is safe.
    pub id: Option<CaseId>,
    /// Whose care it is about.
    pub member: Member,
    /// The plan side.
    pub plan_side: Organization,
    /// The community side.
    pub community_side: Organization,
    /// Others that take part.
    pub others: Vec<Organization>,
    /// Everybody named for the case; this device's account among them, as a lead.
    pub roster: Vec<Seat>,
    /// The agreement; left out, the one in force between the two sides.
    pub agreement: Option<AgreementId>,
    /// The rule set; left out, the only one there is.
    pub rules: Option<RuleSetId>,
}

impl Caseline {
    /// A case as a CareTeam of the record proposes it. `care_team` is its identifier, `system|value`.
    ///
    /// # Errors
    /// `NotFound` (`care-team`); `InvalidInput` where the CareTeam cannot be used, naming the field.
    pub async fn propose(&self, care_team: &str) -> Result<OpenCase> {
        let engine = &self.engine;
        let record = engine.record()?;
        let found = record.search("CareTeam", &[("identifier", care_team)]).await?;
        let [team] = found.as_slice() else { return Err(Error::NotFound { what: "care-team" }) };
        let mut texts = engine.all_of(&DIRECTORY).await?;
        texts.push(team.json.clone());
        if let Some(patient) = subject(&team.json) {
            texts.push(record.read("Patient", &patient).await?.json);
        }
        let import = Import::of(texts.iter().map(String::as_str))?;
        let teams = import.care_teams()?;
        let team = teams.first().ok_or(Error::NotFound { what: "care-team" })?;
        let proposal =
            fhir::care_team(&import, team, None, engine.now().to_zoned(jiff::tz::TimeZone::UTC).date())?;
        let sides = self.sides(&proposal.organizations)?;
        let (plan_side, community_side, others) = sides;
        Ok(OpenCase {
            id: None,
            member: proposal.member,
            plan_side,
            community_side,
            others,
            roster: proposal.seats,
            agreement: None,
            rules: None,
        })
    }

    /// Opens a case: makes its room, invites everybody on its roster who has an account, and sends the opening event. Returns
    /// at once; the set-up goes out in its turn. Where no organisation has a role account, [`Notice::NoRoleAccount`] says what
    /// that means.
    ///
    /// # Errors
    /// `NotAllowed`, with every reason; `InvalidInput`; `NotFound` (`agreement`, `rules`).
    pub fn open(&self, open: OpenCase) -> Result<Case> {
        let engine = &self.engine;
        let me = engine.user();
        if let Some(id) = open.id
            && engine.db.case_row(id)?.is_some()
        {
            return self.case(id);
        }
        let agreement = self.find_agreement(&open)?;
        let rules = self.find_rules(&open)?;
        let case = open.id.unwrap_or_else(CaseId::new);
        let organizations: Vec<&Organization> =
            [&open.plan_side, &open.community_side].into_iter().chain(&open.others).collect();
        let role_accounts: Vec<UserId> =
            organizations.iter().filter_map(|organization| organization.role_account.clone()).collect();
        let mut users: Vec<UserId> = Vec::new();
        let mut leads = Vec::new();
        for seat in &open.roster {
            let Some(user) = &seat.contact.user else { continue };
            if matches!(seat.contact.role, Role::Member | Role::MemberRepresentative) {
                continue;
            }
            if seat.lead {
                leads.push(user.clone());
            }
            if *user != me && !users.contains(user) {
                users.push(user.clone());
            }
        }
        let mut alias = [0u8; 16];
        getrandom::fill(&mut alias).map_err(|_| Error::internal("open-random"))?;
        let alias = uuid::Builder::from_random_bytes(alias).into_uuid().simple().to_string();
        let opened = CaseOpened {
            case,
            member: open.member,
            plan_side: open.plan_side,
            community_side: open.community_side,
            others: open.others,
            roster: open.roster,
            agreement,
            rules,
        };
        let removable = !role_accounts.is_empty();
        let mut set_up = vec![Item::CreateRoom(Make { alias, role_accounts, leads })];
        set_up.extend(users.into_iter().map(Item::Invite));
        // All or nothing: the case, its room, its invitations and its opening are accepted in one transaction.
        let mut command = Command::new(Some(CaseOpened::event_id(case)), opened);
        command.set_up = Some(set_up);
        engine.command(case, &command)?;
        if !removable {
            engine.tell(Notice::NoRoleAccount { case });
        }
        self.case(case)
    }

    /// Which of a care team's organisations are the two sides: those that an agreement in force is between.
    fn sides(
        &self,
        organizations: &[Organization],
    ) -> Result<(Organization, Organization, Vec<Organization>)> {
        let find =
            |id: &OrganizationId| organizations.iter().find(|organization| organization.id == *id).cloned();
        for text in self.engine.db.papers(Paper::Agreement)? {
            let agreement = Agreement::parse(&text)?;
            let today = self.engine.now().to_zoned(agreement.zone.clone()).date();
            if !agreement.in_force_on(today) {
                continue;
            }
            if let Some((plan, community)) =
                find(&agreement.plan_side.id).zip(find(&agreement.community_side.id))
            {
                let sides = [&plan.id, &community.id];
                let others = organizations.iter().filter(|one| !sides.contains(&&one.id)).cloned().collect();
                return Ok((plan, community, others));
            }
        }
        Err(Error::NotFound { what: "agreement in force between the two sides" })
    }

    fn find_agreement(&self, open: &OpenCase) -> Result<Carried<AgreementId>> {
        let engine = &self.engine;
        for text in engine.db.papers(Paper::Agreement)? {
            let agreement = Agreement::parse(&text)?;
            let today = engine.now().to_zoned(agreement.zone.clone()).date();
            let fits = match &open.agreement {
                Some(id) => agreement.id == *id,
                None => {
                    agreement.plan_side.id == open.plan_side.id
                        && agreement.community_side.id == open.community_side.id
                        && agreement.in_force_on(today)
                }
            };
            if fits {
                return Carried::agreement(&text);
            }
        }
        Err(Error::NotFound { what: "agreement in force between the two sides" })
    }

    fn find_rules(&self, open: &OpenCase) -> Result<Carried<RuleSetId>> {
        let texts = self.engine.db.papers(Paper::Rules)?;
        if let ([text], None) = (texts.as_slice(), &open.rules) {
            return Carried::rule_set(text);
        }
        let Some(wanted) = &open.rules else {
            if texts.is_empty() {
                return Err(Error::NotFound { what: "rules" });
            }
            let detail = "there is more than one rule set: say which";
            return Err(InvalidInput::new("which-rules", detail).field("rules").into());
        };
        for text in texts {
            if RuleSet::parse(&text)?.id == *wanted {
                return Carried::rule_set(&text);
            }
        }
        Err(Error::NotFound { what: "rules" })
    }
}

/// The id of the Patient that a CareTeam is about.
fn subject(json: &str) -> Option<String> {
    let value: Value = serde_json::from_str(json).ok()?;
    let reference = value.get("subject")?.get("reference")?.as_str()?;
    reference.strip_prefix("Patient/").map(str::to_owned)
}
