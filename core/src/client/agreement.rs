//! Agreements, as the host works with them: those it keeps, and what two organisations propose to each other in their own room.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::agreement::Agreement;
use crate::agreement::proposal::{
    AgreementAccepted, AgreementDeclined, AgreementProposed, AgreementWithdrawn, MOST_TEXT, Proposal,
    ProposalStatus,
};
use crate::case::event::EventKey;
use crate::case::kind::RoomKind;
use crate::case::life::{Carried, Opening};
use crate::case::state::CaseState;
use crate::client::Case;
use crate::commands::Command;
use crate::directory::Directory;
use crate::engine::Engine;
use crate::error::{Error, InvalidInput, Result};
use crate::id::{AgreementId, EventId};
use crate::panel::Pair;
use crate::store::papers::Paper;

/// The longest reason for which an agreement is declined, in bytes.
const REASON_LIMIT: usize = 4 * 1024;

impl Case {
    /// What was proposed in a pair's room, in order, with where each stands: what was accepted by an account that this device's own
    /// directory does not know as the other side's is [`ProposalStatus::Unproven`], and counts nowhere.
    pub fn proposals(&self) -> Result<Vec<Proposal>> {
        let state = self.state()?;
        let Some(opening) = state.opening() else { return Ok(Vec::new()) };
        let proven = self.caseline().engine.proving(opening);
        let shown = |one: &Arc<Proposal>| {
            let mut one = Proposal::clone(one);
            if one.status == ProposalStatus::Accepted && !proven(&one) {
                one.status = ProposalStatus::Unproven;
            }
            one
        };
        Ok(state.agreements.all().iter().map(shown).collect())
    }

    /// Proposes an agreement (YAML) of the two organisations of this room, or a new version of one: a lead of the other side accepts or
    /// declines it. Once it is accepted, new cases of the two open with it, from its first day on; a case that is open goes on under
    /// the agreement that it was opened with. Repeated under its id, it is answered as it was first.
    ///
    /// # Errors
    /// `InvalidInput`, naming line and field, where the text has a mistake: nothing is sent; `agreement-too-long`,
    /// `agreement-of-others` (it is between others, or for another kind of room), `agreement-story-clock` (its times are a story's, and
    /// this room's are not, or the other way round); `concern-member-data`, `concern-name` (it names a member whom this device knows:
    /// the room holds no member data). `Conflict` (`agreement-known`: these words hold between the two, or wait, already).
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
        let engine = &self.caseline().engine;
        let repeated = id.map(|id| engine.db.outbox_fate(id)).transpose()?.flatten().is_some();
        if !repeated {
            engine.agreement_without_member_data(&settled, text)?;
        }
        let me = self.caseline().user();
        let proven = engine.proving(opening);
        let accepted = state.agreements.accepted().filter(|one| proven(one));
        let mut known = state.agreements.open().chain(accepted);
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
    /// `agreement-story-clock`; `agreement-other-date`: another first day was named beside it than its own). `NotAllowed` (`agreement-not-other-side`, `agreement-settled`), besides the errors of every command.
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
        if settled.in_force.from.unwrap_or(Date::MIN) != known.from {
            let detail = "the first day that was named with this agreement is not the one of its text: ask for it anew";
            return Err(InvalidInput::new("agreement-other-date", detail).into());
        }
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

/// What was accepted in a pair's room, by somebody of each side as far as this device's own directory knows them.
struct Accepted {
    at: Timestamp,
    key: EventKey,
    /// The first day of its own text.
    from: Date,
    pair: Pair,
    kind: RoomKind,
    id: AgreementId,
    /// It, where this release can read it.
    agreement: Option<Agreement>,
    text: String,
    /// Whether what was accepted in its place in the same room has begun.
    replaced: bool,
}

impl Accepted {
    fn stands_for(&self, id: &AgreementId, pair: &Pair, kind: RoomKind) -> bool {
        self.id == *id && self.pair == *pair && self.kind == kind
    }
}

impl Engine {
    /// The texts of all agreements that this device knows, those first that count first: what was accepted in a pair's room and is in
    /// force today, the latest first day before earlier ones; then what the host keeps, but for what such a one stands in the place of.
    /// Of one agreement of a pair the version that was accepted last of those that have begun counts, whichever of their rooms it was
    /// accepted in; once it has ended, no earlier one comes back.
    pub(crate) fn agreements(&self) -> Result<Vec<String>> {
        let begun = self.begun()?;
        let newest = |one: &Accepted| {
            let of_same = begun.iter().filter(|other| other.stands_for(&one.id, &one.pair, one.kind));
            of_same.filter(|other| !other.replaced).map(|other| (other.at, &other.key)).max()
        };
        let mut counting: Vec<(Date, Timestamp, &EventKey, &str)> = Vec::new();
        for one in begun.iter().filter(|one| !one.replaced) {
            let Some(agreement) = &one.agreement else { continue };
            let today = self.now().to_zoned(agreement.zone.clone()).date();
            if agreement.in_force_on(today) && newest(one) == Some((one.at, &one.key)) {
                counting.push((one.from, one.at, &one.key, &one.text));
            }
        }
        counting.sort_by_key(|(from, at, key, _)| Reverse((*from, *at, *key)));
        let mut texts: Vec<String> = counting.into_iter().map(|(.., text)| text.to_owned()).collect();
        for text in self.db.papers(Paper::Agreement)? {
            let paper = Agreement::kept(&text)?;
            let pair = Pair {
                plan_side: paper.plan_side.id.clone(),
                community_side: paper.community_side.id.clone(),
            };
            if !begun.iter().any(|one| one.stands_for(&paper.id, &pair, paper.room)) {
                texts.push(text);
            }
        }
        Ok(texts)
    }

    /// Of what is accepted in a room, whether somebody of each side agreed, as this device's own directory knows their accounts, or knew
    /// them when it looked before: nothing is undone because somebody has left since, or because the directory is not read yet.
    pub(crate) fn proving<'o>(&self, opening: &'o Opening) -> impl Fn(&Proposal) -> bool + use<'o, '_> {
        let directory = self.directory();
        let known = self.db.papers(Paper::Proven).unwrap_or_default();
        move |one| {
            let Some(by) = &one.settled else { return false };
            let paper = format!("{}|{}|{}", by.event.sender, by.event.id, one.agreement.sha256);
            if known.contains(&paper) {
                return true;
            }
            let proven = is_proven(&directory, opening, one);
            if proven && let Err(error) = self.db.put_paper(Paper::Proven, &paper, "", &paper) {
                tracing::error!(code = error.code(), "that an acceptance was proven could not be kept");
            }
            proven
        }
    }

    /// Keeps of what was accepted in a pair's room that it is proven, while both accounts are known.
    pub(crate) fn keep_proofs(&self, state: &CaseState) {
        let Some(opening) = state.opening().filter(|opening| opening.kind == RoomKind::Pair) else { return };
        let proven = self.proving(opening);
        let unproven = state.agreements.accepted().filter(|one| !proven(one)).count();
        if unproven > 0 {
            tracing::warn!(unproven, "an agreement was accepted by an account that is not known here");
        }
    }

    /// Whether nobody can say anything in a room: it is a pair's, and its own agreement is not in force. What the two settle since is
    /// settled in a room under a newer one.
    pub(crate) fn is_mute(&self, state: &CaseState) -> bool {
        let pair = state.opening().filter(|opening| opening.kind == RoomKind::Pair);
        pair.is_some_and(|opening| {
            let agreement = &opening.agreement;
            !agreement.in_force_on(self.now().to_zoned(agreement.zone.clone()).date())
        })
    }

    /// What was accepted in any pair's room and whose first day has come.
    fn begun(&self) -> Result<Vec<Accepted>> {
        let mut found = Vec::new();
        for room in self.db.of_kind(RoomKind::Pair)? {
            let state = self.state(room)?;
            let Some(opening) = state.opening() else { continue };
            let proven = self.proving(opening);
            for one in state.agreements.accepted().filter(|one| proven(one)) {
                let agreement = one.read();
                if agreement.as_ref().is_some_and(|agreement| is_of(agreement, opening).is_err()) {
                    continue;
                }
                let Some(settled) = &one.settled else { continue };
                let zone = agreement.as_ref().map_or(&opening.agreement.zone, |agreement| &agreement.zone);
                let today = self.now().to_zoned(zone.clone()).date();
                let from = first_day(one);
                if from > today {
                    continue;
                }
                let mut later = state.agreements.after(one).filter(|one| proven(one));
                found.push(Accepted {
                    at: settled.at,
                    key: settled.event.clone(),
                    from,
                    pair: Pair {
                        plan_side: opening.plan_side.id.clone(),
                        community_side: opening.community_side.id.clone(),
                    },
                    kind: opening.kind.agreed_as(),
                    id: one.agreement.id.clone(),
                    agreement,
                    text: one.agreement.text.clone(),
                    replaced: later.any(|one| first_day(one) <= today),
                });
            }
        }
        Ok(found)
    }
}

/// The first day on which it is in force, as its own text says: what is named beside it is its proposer's word, and counts only where
/// this release cannot read the text.
fn first_day(one: &Proposal) -> Date {
    one.read().map_or(one.from, |agreement| agreement.in_force.from.unwrap_or(Date::MIN))
}

/// Whether somebody of each side agreed, as this device's own directory knows their accounts: whoever opened the room wrote who sits
/// in it.
fn is_proven(directory: &Directory, opening: &Opening, one: &Proposal) -> bool {
    let side = |by: &EventKey| {
        let organization = &directory.organization_of_user(&by.sender)?.id;
        [&opening.plan_side.id, &opening.community_side.id].into_iter().find(|side| *side == organization)
    };
    let (proposer, other) = (side(&one.key), one.settled.as_ref().and_then(|by| side(&by.event)));
    proposer == Some(&one.by.organization) && other.is_some() && other != proposer
}
