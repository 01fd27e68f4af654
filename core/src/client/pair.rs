//! The pair's own room: of a plan side and a community side, for their meetings and technical matters.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::case::kind::{PairOpened, RoomKind};
use crate::client::programme::roster_of_two;
use crate::client::propose::Named;
use crate::client::{Case, Caseline};
use crate::error::{Error, Result};
use crate::id::{AgreementId, CaseId, OrganizationId, RuleSetId};
use crate::organization::Organization;
use crate::panel::Pair;

/// A pair's room to open, between one's own organisation and another one that it shares cases with.
#[derive(Debug, Clone)]
pub struct OpenPair {
    /// The room's id: the same id returns the room that was opened with it, so that a retry after a crash is safe.
    pub id: Option<CaseId>,
    /// With whom. It and its people are those of the directory.
    pub with: OrganizationId,
    /// Who is named for it, of both. This device's account is named in any case, as a lead; so are the keepers that the agreement
    /// allows.
    pub people: Vec<Named>,
    /// The agreement that governs their cases; left out, the one in force between the two.
    pub agreement: Option<AgreementId>,
    /// The rule set; left out, the only one there is.
    pub rules: Option<RuleSetId>,
}

impl OpenPair {
    /// A room with this organisation, for these people.
    pub fn new(with: OrganizationId, people: impl IntoIterator<Item = Named>) -> Self {
        Self { id: None, with, people: people.into_iter().collect(), agreement: None, rules: None }
    }
}

impl Caseline {
    /// Opens the room of a pair: for the meetings of two organisations that share cases, and for technical matters. Where this account
    /// has one under the same agreement that goes on, that one is returned, and nobody is named anew. Returns at once; the set-up goes out in its turn, as
    /// for a case. It names cases by their opaque ids and holds no member data: what [`Case`] has for a member's case is refused in it
    /// (`room-kind`).
    ///
    /// # Errors
    /// `NotFound` (`contact`: this account or somebody named is not in the directory; `organization`; the agreement; `rules`);
    /// `NotAllowed`, with every reason.
    pub fn open_pair(&self, open: OpenPair) -> Result<Case> {
        let engine = &self.engine;
        if let Some(id) = open.id
            && engine.db.case_row(id)?.is_some()
        {
            return self.case(id);
        }
        let directory = engine.directory();
        let me = directory.contact_of_user(&engine.user()).ok_or(Error::NotFound { what: "contact" })?;
        let agreement =
            self.agreement_of_two(RoomKind::Pair, open.agreement.as_ref(), [&me.organization, &open.with])?;
        let settled = agreement.read()?;
        let organization = |id: &OrganizationId| {
            directory.organization(id).cloned().ok_or(Error::NotFound { what: "organization" })
        };
        let plan_side: Organization = organization(&settled.plan_side.id)?;
        let community_side = organization(&settled.community_side.id)?;
        let of = Pair { plan_side: plan_side.id.clone(), community_side: community_side.id.clone() };
        if let Some(known) = self.pair_room(&of, Some(&settled.id))? {
            return Ok(known);
        }
        let roster = roster_of_two(&directory, me, [&plan_side, &community_side], open.people, &settled)?;
        let rules = self.find_rules(open.rules.as_ref())?;
        let room = open.id.unwrap_or_else(CaseId::new);
        self.open_room(room, PairOpened { room, plan_side, community_side, roster, agreement, rules })
    }

    /// The room of a pair that goes on, the one that was opened first where both sides opened one.
    fn pair_room(&self, of: &Pair, under: Option<&AgreementId>) -> Result<Option<Case>> {
        let now = self.engine.now();
        let mut known: Vec<(Timestamp, CaseId, Case)> = Vec::new();
        for room in self.rooms(RoomKind::Pair)? {
            let state = room.expected()?;
            let Ok(opening) = state.life.going_on() else { continue };
            let same = opening.plan_side.id == of.plan_side && opening.community_side.id == of.community_side;
            // What was accepted here governs their cases as what the room was opened under does.
            let settled = |id: &AgreementId| {
                let proven = self.engine.proving(opening);
                let mut accepted = state.agreements.accepted();
                opening.agreement.id == *id || accepted.any(|one| one.agreement.id == *id && proven(one))
            };
            // In a room whose own agreement is over nobody says anything.
            let today = now.to_zoned(opening.agreement.zone.clone()).date();
            if same && opening.agreement.in_force_on(today) && under.is_none_or(settled) {
                known.push((opening.at, room.id(), room));
            }
        }
        known.sort_by_key(|(at, id, _)| (*at, *id));
        Ok(known.into_iter().next().map(|(.., room)| room))
    }

    /// The day of the last meeting of a pair that was held before this, as far as its rooms here say.
    pub(super) fn last_meeting(&self, of: &Pair, before: Timestamp) -> Result<Option<Date>> {
        let mut last = None;
        for room in self.rooms(RoomKind::Pair)? {
            let state = room.expected()?;
            let Some(opening) = state.opening() else { continue };
            let same = opening.plan_side.id == of.plan_side && opening.community_side.id == of.community_side;
            if let Some(held) = state.meetings.last_held(before).filter(|_| same) {
                last = last.max(Some(held.begins.to_zoned(opening.agreement.zone.clone()).date()));
            }
        }
        Ok(last)
    }
}
