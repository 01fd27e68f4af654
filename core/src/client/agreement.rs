//! Agreements, as the host works with them: those it keeps, and what two organisations propose to each other in their own room.

use std::cmp::Reverse;

use jiff::civil::Date;

use crate::agreement::Agreement;
use crate::agreement::proposal::{
    AgreementAccepted, AgreementDeclined, AgreementProposed, AgreementWithdrawn, MOST_TEXT, Proposal,
};
use crate::case::event::EventKey;
use crate::case::kind::RoomKind;
use crate::case::life::{Carried, Opening};
use crate::client::Case;
use crate::commands::Command;
use crate::engine::Engine;
use crate::error::{Error, InvalidInput, Result};
use crate::id::EventId;
use crate::store::papers::Paper;

/// The longest reason for which an agreement is declined, in bytes.
const REASON_LIMIT: usize = 4 * 1024;

impl Case {
    /// What was proposed in a pair's room, in order, with where each stands.
    pub fn proposals(&self) -> Result<Vec<Proposal>> {
        Ok(self.state()?.agreements.all().iter().map(|one| Proposal::clone(one)).collect())
    }

    /// Proposes an agreement (YAML) of the two organisations of this room, or a new version of one: a lead of the other side accepts or
    /// declines it. Once it is accepted, new cases of the two open with it, from its first day on; a case that is open goes on under
    /// the agreement that it was opened with. Repeated under its id, it is answered as it was first.
    ///
    /// # Errors
    /// `InvalidInput`, naming line and field, where the text has a mistake: nothing is sent; `agreement-too-long`,
    /// `agreement-of-others` (it is between others, or for another kind of room), `agreement-story-clock` (its times are a story's, and
    /// this room's are not, or the other way round). `Conflict` (`agreement-known`: these words hold between the two, or wait, already).
    /// `NotAllowed` (`agreement-too-many`, `room-kind` in a room of another kind), besides the errors of every command.
    pub fn propose_agreement(&self, id: Option<EventId>, text: &str) -> Result<EventKey> {
        let state = self.expected()?;
        let opening = state.opening().ok_or(Error::NotFound { what: "case" })?;
        if text.len() > MOST_TEXT {
            let detail = "this agreement is too long: it has 32 KiB at most";
            return Err(InvalidInput::new("agreement-too-long", detail).into());
        }
        let agreement = Carried::agreement(text)?;
        let settled = agreement.read()?;
        is_of(&settled, opening)?;
        let me = self.caseline().user();
        let mut known = state.agreements.open().chain(state.agreements.accepted());
        let mut same = known
            .by_ref()
            .filter(|one| one.agreement.sha256 == agreement.sha256 && one.replaced_by.is_none());
        let ours = |one: &Proposal| Some(one.key.id) == id && one.key.sender == me;
        if same.any(|one| !ours(one)) {
            let detail = "these words hold between the two already, or wait for an answer";
            return Err(Error::Conflict { code: "agreement-known", detail });
        }
        let from = settled.in_force.from.unwrap_or(Date::MIN);
        self.command(&Command::new(id, AgreementProposed { agreement, from }))
    }

    /// Accepts an agreement that the other side proposes: of the words that this device has of it.
    ///
    /// # Errors
    /// `NotFound` (`agreement`); `InvalidInput` (`agreement-unreadable`: a newer release wrote it; `agreement-of-others`,
    /// `agreement-story-clock`). `NotAllowed` (`agreement-not-other-side`, `agreement-settled`), besides the errors of every command.
    pub fn accept_agreement(&self, id: Option<EventId>, proposal: EventKey) -> Result<EventKey> {
        let state = self.expected()?;
        let opening = state.opening().ok_or(Error::NotFound { what: "case" })?;
        let known = state.agreements.get(&proposal).ok_or(Error::NotFound { what: "agreement" })?;
        let Some(settled) = known.read() else {
            let detail =
                "this release cannot read that agreement: update it, or ask for words that it can read";
            return Err(InvalidInput::new("agreement-unreadable", detail).into());
        };
        is_of(&settled, opening)?;
        let sha256 = known.agreement.sha256;
        self.command(&Command::new(id, AgreementAccepted { proposal, sha256 }))
    }

    /// Declines an agreement that the other side proposes.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-text` (field `reason`); `concern-member-data` and `concern-name` as in
    /// [`raise_concern`](Case::raise_concern). `NotAllowed` (`agreement-unknown`, `agreement-not-other-side`, `agreement-settled`), besides
    /// the errors of every command.
    pub fn decline_agreement(
        &self,
        id: Option<EventId>,
        proposal: EventKey,
        reason: &str,
        names_confirmed: bool,
    ) -> Result<EventKey> {
        if reason.trim().is_empty() || reason.len() > REASON_LIMIT {
            let detail = "say why it is declined, in 4 KiB at most";
            return Err(InvalidInput::new("invalid-text", detail).field("reason").into());
        }
        let declined = AgreementDeclined { proposal, reason: reason.to_owned(), member_data: false };
        self.speak(id, declined, names_confirmed)
    }

    /// Takes an agreement back that one's own side proposed and that waits for its answer.
    ///
    /// # Errors
    /// `NotAllowed` (`agreement-unknown`, `agreement-not-own-side`, `agreement-settled`), besides the errors of every command.
    pub fn withdraw_agreement(&self, id: Option<EventId>, proposal: EventKey) -> Result<EventKey> {
        self.command(&Command::new(id, AgreementWithdrawn { proposal }))
    }
}

/// Whether an agreement is one of the two of this room, for their cases.
fn is_of(agreement: &Agreement, opening: &Opening) -> Result<()> {
    let sides = agreement.plan_side.id == opening.plan_side.id
        && agreement.community_side.id == opening.community_side.id;
    if !sides || agreement.room != opening.kind.agreed_as() {
        let detail = "this agreement is of other organizations, or for another kind of room: propose one of the two of this room, for their cases";
        return Err(InvalidInput::new("agreement-of-others", detail).into());
    }
    if agreement.story_clock != opening.agreement.story_clock {
        let detail = "the times of one of the two are a story's, and the other's are not: leave out `clock: story`, or use another room";
        return Err(InvalidInput::new("agreement-story-clock", detail).field("clock").into());
    }
    Ok(())
}

impl Engine {
    /// The texts of all agreements that this device knows, those first that count first: what was accepted in a pair's room and is in
    /// force today, the latest first day before earlier ones; then what the host keeps, but for what such a one stands in the place of.
    pub(crate) fn agreements(&self) -> Result<Vec<String>> {
        let mut accepted: Vec<(Date, usize, Agreement, String)> = Vec::new();
        for room in self.db.of_kind(RoomKind::Pair)? {
            let state = self.state(room)?;
            let Some(opening) = state.opening() else { continue };
            for (n, one) in state.agreements.accepted().enumerate() {
                let Some(agreement) = one.read().filter(|agreement| is_of(agreement, opening).is_ok()) else {
                    continue;
                };
                let today = self.now().to_zoned(agreement.zone.clone()).date();
                if agreement.in_force_on(today) && !replaced(&state, one, today) {
                    accepted.push((one.from, n, agreement, one.agreement.text.clone()));
                }
            }
        }
        accepted.sort_by_key(|(from, n, ..)| Reverse((*from, *n)));
        let papers = self.db.papers(Paper::Agreement)?;
        let mut texts: Vec<String> = accepted.iter().map(|(.., text)| text.clone()).collect();
        for text in papers {
            let paper = Agreement::parse(&text)?;
            if !accepted.iter().any(|(_, _, one, _)| one.id == paper.id) {
                texts.push(text);
            }
        }
        Ok(texts)
    }
}

/// Whether the version that was accepted in the place of this one is in force by now.
fn replaced(state: &crate::case::state::CaseState, one: &Proposal, today: Date) -> bool {
    let mut next = one.replaced_by.as_ref().and_then(|key| state.agreements.get(key));
    while let Some(later) = next {
        if later.from <= today {
            return true;
        }
        next = later.replaced_by.as_ref().and_then(|key| state.agreements.get(key));
    }
    false
}
