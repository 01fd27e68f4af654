//! Opening a case.

use crate::agreement::{Agreement, RuleSet};
use crate::case::event::EventData;
use crate::case::kind::RoomKind;
use crate::case::life::{Carried, CaseOpened};
use crate::client::propose::between;
use crate::client::{Case, Caseline};
use crate::commands::Command;
use crate::contact::{Role, Seat};
use crate::error::{Error, InvalidInput, Result};
use crate::id::{AgreementId, CaseId, RuleSetId, UserId};
use crate::member::Member;
use crate::notice::Notice;
use crate::organization::Organization;
use crate::store::outbox::{Item, Make};
use crate::store::papers::Paper;

pub(super) const NO_AGREEMENT: Error =
    Error::NotFound { what: "agreement in force between the two sides: add it first" };

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
    /// A case as a CareTeam of the record proposes it. `care_team` is its identifier, `system|value`, or how the record refers to
    /// it, `CareTeam/{id}`. Where it is of a system that knows no cases, [`Caseline::proposal`] says what is missing.
    ///
    /// # Errors
    /// `NotFound` (`care-team`, the agreement); `InvalidInput` where the CareTeam cannot be used,
    /// naming the field.
    pub async fn propose(&self, care_team: &str) -> Result<OpenCase> {
        let proposed = self.proposal(care_team).await?;
        let in_force = self.in_force()?;
        let agreement = between(&in_force, &proposed.organizations).ok_or(NO_AGREEMENT)?;
        let (mut plan_side, mut community_side, mut others) = (None, None, Vec::new());
        for organization in proposed.organizations {
            if organization.id == agreement.plan_side.id {
                plan_side = Some(organization);
            } else if organization.id == agreement.community_side.id {
                community_side = Some(organization);
            } else {
                others.push(organization);
            }
        }
        Ok(OpenCase {
            id: None,
            member: proposed.member,
            plan_side: plan_side.ok_or(NO_AGREEMENT)?,
            community_side: community_side.ok_or(NO_AGREEMENT)?,
            others,
            roster: proposed.seats,
            agreement: None,
            rules: None,
        })
    }

    /// Opens a case: makes its room, invites everybody on its roster who has an account, and sends the opening event. Returns
    /// at once; the set-up goes out in its turn. Where no organisation has a role account, [`Notice::NoRoleAccount`] says what
    /// that means; where one cannot get a live person about some topic, [`Notice::NobodyToCall`] says which.
    ///
    /// # Errors
    /// `NotAllowed`, with every reason; `InvalidInput`; `NotFound` (`agreement`, `rules`).
    pub fn open(&self, open: OpenCase) -> Result<Case> {
        let engine = &self.engine;
        if let Some(id) = open.id
            && engine.db.case_row(id)?.is_some()
        {
            return self.case(id);
        }
        let agreement = self.find_agreement(&open)?;
        let rules = self.find_rules(open.rules.as_ref())?;
        let case = open.id.unwrap_or_else(CaseId::new);
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
        let gaps = engine.directory().gaps([&opened.plan_side.id, &opened.community_side.id], engine.now());
        let opened = self.open_room(case, opened)?;
        if !gaps.is_empty() {
            engine.tell(Notice::NobodyToCall { case, gaps });
        }
        Ok(opened)
    }

    /// Opens a room of any kind, with what its opening event says.
    pub(super) fn open_room(&self, room: CaseId, opened: impl Into<EventData>) -> Result<Case> {
        let engine = &self.engine;
        let me = engine.user();
        let opened = opened.into();
        let opens = opened.opens().ok_or(Error::internal("open-room"))?;
        let organizations = [opens.plan_side, opens.community_side].into_iter().chain(opens.others);
        let role_accounts: Vec<UserId> =
            organizations.filter_map(|organization| organization.role_account.clone()).collect();
        let mut users: Vec<UserId> = Vec::new();
        let mut leads = Vec::new();
        for seat in opens.roster {
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
        let removable = !role_accounts.is_empty();
        let mut set_up = vec![Item::CreateRoom(Make { alias, role_accounts, leads })];
        set_up.extend(users.into_iter().map(Item::Invite));
        // All or nothing: the case, its room, its invitations and its opening are accepted in one transaction.
        let mut command = Command::new(Some(CaseOpened::event_id(room)), opened);
        command.set_up = Some(set_up);
        engine.command(room, &command)?;
        if !removable {
            engine.tell(Notice::NoRoleAccount { case: room });
        }
        self.case(room)
    }

    fn find_agreement(&self, open: &OpenCase) -> Result<Carried<AgreementId>> {
        let engine = &self.engine;
        for text in engine.agreements()? {
            let agreement = Agreement::kept(&text)?;
            let today = engine.now().to_zoned(agreement.zone.clone()).date();
            if agreement.room != RoomKind::Case {
                continue;
            }
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
        Err(NO_AGREEMENT)
    }

    pub(super) fn find_rules(&self, wanted: Option<&RuleSetId>) -> Result<Carried<RuleSetId>> {
        let texts = self.engine.db.papers(Paper::Rules)?;
        if let ([text], None) = (texts.as_slice(), wanted) {
            return Carried::rule_set(text);
        }
        let Some(wanted) = wanted else {
            if texts.is_empty() {
                return Err(Error::NotFound { what: "rule set: add one first" });
            }
            let detail = "there is more than one rule set: say which";
            return Err(InvalidInput::new("which-rules", detail).field("rules").into());
        };
        for text in texts {
            if RuleSet::kept(&text)?.id == *wanted {
                return Carried::rule_set(&text);
            }
        }
        Err(Error::NotFound { what: "rule set: add one first" })
    }
}
