//! The steps of an agreement that is proposed.

use std::sync::Arc;

use crate::agreement::proposal::{
    AgreementDeclined, AgreementEvent, AgreementProposed, Proposal, ProposalStatus, Proposals,
};
use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::case::step::Step;
use crate::concern::holds_member_data;
use crate::id::{OrganizationId, Sha256};
use crate::policy::Reason;

/// How many agreements of one side wait in a room for an answer at once at most.
pub const MOST_OPEN: usize = 5;
/// How many agreements one side proposes in a room at most, but for those that it took back.
pub const MOST_PROPOSED: usize = 200;
/// How many agreements one side proposes in a room at most, those that it took back among them.
pub const MOST_EVER: usize = 2 * MOST_PROPOSED;
/// The longest text of an agreement that is proposed, in bytes.
pub const MOST_TEXT: usize = 32 * 1024;

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `agreement`: `agreement-by-keeper`, `agreement-id-taken`, `agreement-too-many`, `agreement-too-long`,
/// `agreement-other-words` (what is named beside the text is not the text's), `agreement-unknown`, `agreement-not-other-side` (a lead of
/// the side that did not propose it answers), `agreement-not-own-side`, `agreement-settled`, `agreement-member-data`.
pub fn step(proposals: &Proposals, event: AgreementEvent<'_>, step: &Step<'_>) -> Result<Proposals, Reason> {
    if step.seat.is_keeper() {
        return Err(refused(
            "agreement-by-keeper",
            "a person proposes and answers agreements, never a keeper",
        ));
    }
    let mut next = proposals.clone();
    match event {
        AgreementEvent::Proposed(event) => proposed(&mut next, event, step)?,
        AgreementEvent::Accepted(event) => {
            let one = waiting(&mut next, &event.proposal)?;
            of_other_side(one, step)?;
            if one.agreement.sha256 != event.sha256 {
                return Err(other_words());
            }
            one.status = ProposalStatus::Accepted;
            one.settled = Some(StepTaken::of(step));
            let (key, id) = (one.key.clone(), one.agreement.id.clone());
            for other in &mut next.proposals {
                let replaced = other.status == ProposalStatus::Accepted && other.agreement.id == id;
                if replaced && other.key != key && other.replaced_by.is_none() {
                    Arc::make_mut(other).replaced_by = Some(key.clone());
                }
            }
        }
        AgreementEvent::Declined(event) => {
            // By the author's own time, which a stub carries too: its own word about itself was made with it.
            if holds_member_data(&AgreementDeclined::clone(event).into(), step.at) {
                let text = "the pair's room holds no member data: take out member numbers, telephone numbers, e-mail addresses and full dates";
                return Err(refused("agreement-member-data", text));
            }
            let one = waiting(&mut next, &event.proposal)?;
            of_other_side(one, step)?;
            one.status = ProposalStatus::Declined;
            one.settled = Some(StepTaken::of(step));
            one.reason = Some(event.reason.clone());
        }
        AgreementEvent::Withdrawn(event) => {
            let one = waiting(&mut next, &event.proposal)?;
            if one.by.organization != step.seat.contact.organization {
                let text =
                    "the side that proposed an agreement takes it back; the other one accepts or declines it";
                return Err(refused("agreement-not-own-side", text));
            }
            one.status = ProposalStatus::Withdrawn;
            one.settled = Some(StepTaken::of(step));
        }
    }
    Ok(next)
}

fn proposed(proposals: &mut Proposals, event: &AgreementProposed, step: &Step<'_>) -> Result<(), Reason> {
    let of_side = [step.plan_side, step.community_side].contains(&&step.seat.contact.organization);
    if !of_side {
        let text = "one of the two sides proposes an agreement";
        return Err(refused("agreement-not-own-side", text));
    }
    if proposals.get(step.key).is_some() {
        return Err(refused("agreement-id-taken", "this agreement is proposed already"));
    }
    room_for_another(proposals, &step.seat.contact.organization)?;
    if event.agreement.text.len() > MOST_TEXT {
        return Err(refused("agreement-too-long", "this agreement is too long: it has 32 KiB at most"));
    }
    if Sha256::of(&event.agreement.text) != event.agreement.sha256 {
        return Err(other_words());
    }
    proposals.proposals.push(Arc::new(Proposal {
        key: step.key.clone(),
        agreement: event.agreement.clone(),
        from: event.from,
        by: StepTaken::of(step),
        status: ProposalStatus::Proposed,
        settled: None,
        reason: None,
        replaced_by: None,
    }));
    Ok(())
}

/// Each side for itself, so that neither can leave the other without a word.
pub(super) fn room_for_another(proposals: &Proposals, side: &OrganizationId) -> Result<(), Reason> {
    let of_side = || proposals.proposals.iter().filter(|one| one.by.organization == *side);
    let standing = of_side().filter(|one| one.status != ProposalStatus::Withdrawn).count();
    let open = of_side().filter(|one| one.status == ProposalStatus::Proposed).count();
    if open < MOST_OPEN && standing < MOST_PROPOSED && of_side().count() < MOST_EVER {
        return Ok(());
    }
    let text = "very many agreements of this side wait in this room, or did: answer or take back some first";
    Err(refused("agreement-too-many", text))
}

/// What was proposed, where it waits for its answer.
fn waiting<'p>(proposals: &'p mut Proposals, key: &EventKey) -> Result<&'p mut Proposal, Reason> {
    let found = proposals.proposals.iter_mut().find(|one| one.key == *key);
    let one = found.ok_or_else(|| refused("agreement-unknown", "this room has no such agreement"))?;
    if one.status != ProposalStatus::Proposed {
        let text = "that agreement is answered, or was taken back: propose a new version";
        return Err(refused("agreement-settled", text));
    }
    Ok(Arc::make_mut(one))
}

fn of_other_side(one: &Proposal, step: &Step<'_>) -> Result<(), Reason> {
    let organization = &step.seat.contact.organization;
    let of_side = [step.plan_side, step.community_side].contains(&organization);
    if step.seat.lead && of_side && one.by.organization != *organization {
        return Ok(());
    }
    let text = "a lead of the side that did not propose it accepts or declines an agreement";
    Err(refused("agreement-not-other-side", text))
}

fn other_words() -> Reason {
    refused(
        "agreement-other-words",
        "the text is not the one whose hash is named: propose it anew, or read it anew",
    )
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "agreement")
}
