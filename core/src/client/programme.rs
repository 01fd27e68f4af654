//! The programme room: of an organisation and the programme office.

use crate::agreement::{Agreement, Side};
use crate::case::kind::{ProgrammeOpened, RoomKind};
use crate::case::life::Carried;
use crate::client::propose::Named;
use crate::client::{Case, Caseline};
use crate::contact::{Contact, Seat};
use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::fhir;
use crate::id::{AgreementId, CaseId, OrganizationId, RuleSetId};
use crate::organization::Organization;
use crate::policy::Reason;

/// A programme room to open, between one's own organisation and the programme office.
#[derive(Debug, Clone)]
pub struct OpenProgramme {
    /// The room's id: the same id returns the room that was opened with it, so that a retry after a crash is safe.
    pub id: Option<CaseId>,
    /// With whom: the programme office; for the office, the organisation. It and its people are those of the directory.
    pub with: OrganizationId,
    /// Who is named for it, of both. This device's account is named in any case, as a lead; so are the keepers that the agreement
    /// allows.
    pub people: Vec<Named>,
    /// The agreement; left out, the one in force between the two.
    pub agreement: Option<AgreementId>,
    /// The rule set; left out, the only one there is.
    pub rules: Option<RuleSetId>,
}

impl OpenProgramme {
    /// A room with this organisation, for these people.
    pub fn new(with: OrganizationId, people: impl IntoIterator<Item = Named>) -> Self {
        Self { id: None, with, people: people.into_iter().collect(), agreement: None, rules: None }
    }
}

impl Caseline {
    /// Opens a programme room: the room in which an organisation brings concerns to the programme office. Returns at once; the set-up
    /// goes out in its turn, as for a case. It holds no member data: what [`Case`] has for a member's case is refused in it
    /// (`room-kind`).
    ///
    /// # Errors
    /// `Conflict` (`programme-room-known`) where there is one with that organisation already; `NotFound` (`contact`: this account or
    /// somebody named is not in the directory; `organization`; the agreement; `rules`); `NotAllowed`, with every reason.
    pub fn open_programme(&self, open: OpenProgramme) -> Result<Case> {
        let engine = &self.engine;
        if let Some(id) = open.id
            && engine.db.case_row(id)?.is_some()
        {
            return self.case(id);
        }
        let directory = engine.directory();
        let me = directory.contact_of_user(&engine.user()).ok_or(Error::NotFound { what: "contact" })?;
        let agreement = self.agreement_of_two(
            RoomKind::Programme,
            open.agreement.as_ref(),
            [&me.organization, &open.with],
        )?;
        let settled = agreement.read()?;
        let organization = |id: &OrganizationId| {
            directory.organization(id).cloned().ok_or(Error::NotFound { what: "organization" })
        };
        let (office, of) = (organization(&settled.plan_side.id)?, organization(&settled.community_side.id)?);
        for room in self.rooms(RoomKind::Programme)? {
            let state = room.expected()?;
            let same = |opening: &crate::case::life::Opening| {
                opening.plan_side.id == office.id && opening.community_side.id == of.id
            };
            if state.life.going_on().is_ok_and(same) {
                let detail = "there is a room for concerns with this organization: use that one";
                return Err(Error::Conflict { code: "programme-room-known", detail });
            }
        }
        let roster = roster_of_two(&directory, me, [&office, &of], open.people, &settled)?;
        let rules = self.find_rules(open.rules.as_ref())?;
        let room = open.id.unwrap_or_else(CaseId::new);
        self.open_room(room, ProgrammeOpened { room, office, organization: of, roster, agreement, rules })
    }

    /// The agreement of a room of this kind, which stands between one's own organisation and another one: this one, or the one in
    /// force.
    pub(super) fn agreement_of_two(
        &self,
        kind: RoomKind,
        wanted: Option<&AgreementId>,
        [own, with]: [&OrganizationId; 2],
    ) -> Result<Carried<AgreementId>> {
        if own == with {
            let text = "such a room is one of two organizations: name the other";
            return Err(Error::not_allowed(Reason::new("organization-twice", text, "case")));
        }
        for text in self.engine.agreements()? {
            let agreement = Agreement::kept(&text)?;
            let today = self.engine.now().to_zoned(agreement.zone.clone()).date();
            let between = agreement.room == kind.agreed_as()
                && agreement.side_of(own).is_some()
                && agreement.side_of(with).is_some();
            let fits = match wanted {
                Some(id) => agreement.id == *id,
                None => agreement.in_force_on(today),
            };
            if between && fits {
                return Carried::agreement(&text);
            }
        }
        Err(Error::NotFound { what: "agreement in force between the two organizations: add it first" })
    }
}

/// Who is named for a room of two organisations: this account first, as a lead, then the people named, then the keepers that the
/// agreement allows.
pub(super) fn roster_of_two(
    directory: &Directory,
    me: &Contact,
    [plan_side, community_side]: [&Organization; 2],
    people: Vec<Named>,
    settled: &Agreement,
) -> Result<Vec<Seat>> {
    let mut roster = vec![Seat { contact: me.clone(), lead: true }];
    for named in people {
        let mut of_two = [&plan_side.id, &community_side.id].into_iter();
        let contact = of_two.find_map(|id| directory.contact(&named.contact, Some(id)).ok());
        let contact = contact.ok_or(Error::NotFound { what: "contact" })?;
        if contact.id != me.id {
            roster.push(Seat { contact: contact.clone(), lead: named.lead });
        }
    }
    let keeper = |side: Side, of: &Organization| {
        let allowed = settled.party(side).keeper && of.role_account.is_some();
        fhir::keeper(of).filter(|_| allowed).map(|contact| Seat { contact, lead: false })
    };
    roster.extend(keeper(Side::Plan, plan_side));
    roster.extend(keeper(Side::Community, community_side));
    Ok(roster)
}
