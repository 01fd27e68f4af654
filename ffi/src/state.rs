//! What a case shows: small read models of its state.

use std::time::SystemTime;

use caseline::care_plan::{PlanChanged, PlanState, PlanStatus, StepTaken};
use caseline::care_team;
use caseline::case::life::Opening;
use caseline::case::state;
use caseline::id::{CaseId, Sha256};

use crate::alert::{Stay, Visit};
use crate::completing::{InHouseApproval, PlanCompleted};
use crate::consent::codes;
use crate::copying::PlanCopy;
use crate::error::Reason;
use crate::models::{Contact, EventKey};
use crate::signing::PlanSignature;

/// What a case's events have come to.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CaseState {
    /// The case.
    pub case: String,
    /// `opening`, `open` or `closed`.
    pub phase: String,
    /// Who takes part.
    pub roster: Vec<Seat>,
    /// The care plans, in the order in which they were sent.
    pub plans: Vec<Plan>,
    /// The stays in hospitals, in the order in which they were first told.
    pub stays: Vec<Stay>,
    /// The joint visits, in the order in which they were proposed.
    pub visits: Vec<Visit>,
    /// What records propose to the roster and no lead has decided yet: a care team was changed over there.
    pub team_proposals: Vec<TeamProposal>,
    /// The events that are named as somebody's predecessor and have not come.
    pub gaps: Vec<EventKey>,
    /// Equal digests are equal states.
    pub digest: String,
}

impl CaseState {
    pub(crate) fn of(case: CaseId, state: &state::CaseState) -> Self {
        let phase = match (state.opening(), &state.life.closed) {
            (None, _) => "opening",
            (Some(_), None) => "open",
            (Some(_), Some(_)) => "closed",
        };
        let roster = state.roster();
        let seat = |seat: &caseline::contact::Seat| Seat {
            contact: Contact::from(&seat.contact),
            lead: seat.lead,
            accepted: seat.contact.user.as_ref().and_then(|user| roster.accepted(user)).map(SystemTime::from),
        };
        Self {
            case: case.to_string(),
            phase: phase.to_owned(),
            roster: roster.active().map(seat).collect(),
            plans: state.plans.all().iter().map(|plan| Plan::of(plan, state.opening())).collect(),
            stays: state.alerts.stays().iter().map(|stay| Stay::of(stay, &state.outreach)).collect(),
            visits: state.alerts.visits().iter().map(|visit| Visit::from(&**visit)).collect(),
            team_proposals: state.team_proposals.open().map(TeamProposal::from).collect(),
            gaps: state.gaps.iter().map(EventKey::from).collect(),
            digest: state.digest().to_string(),
        }
    }
}

/// A participant named as contact for the case.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Seat {
    /// Who.
    pub contact: Contact,
    /// Whether they decide for their side.
    pub lead: bool,
    /// When they accepted the case.
    pub accepted: Option<SystemTime>,
}

/// What an organisation's record says of the care team of a case: a proposal to its roster, never an order.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct TeamProposal {
    /// The event that put it into the case; its id is what `take_up_team_proposal` and `decline_team_proposal` take.
    pub key: EventKey,
    /// Whose record it is.
    pub organization: String,
    /// The contact who put it into the case.
    pub by: String,
    /// When.
    pub at: SystemTime,
    /// Who takes part there and has no seat here.
    pub add: Vec<Contact>,
    /// Who has a seat here and takes part no longer there.
    pub end: Vec<Whom>,
}

/// Somebody on a roster.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Whom {
    /// The contact.
    pub contact: String,
    /// Their organisation.
    pub organization: String,
}

impl From<&care_team::TeamProposal> for TeamProposal {
    fn from(proposal: &care_team::TeamProposal) -> Self {
        let whom = |whom: &care_team::Whom| Whom {
            contact: whom.contact.to_string(),
            organization: whom.organization.to_string(),
        };
        Self {
            key: EventKey::from(&proposal.proposed),
            organization: proposal.organization.to_string(),
            by: proposal.by.contact.to_string(),
            at: proposal.by.at.into(),
            add: proposal.add.iter().map(Contact::from).collect(),
            end: proposal.end.iter().map(whom).collect(),
        }
    }
}

/// A care plan that was sent for signature.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Plan {
    /// The id of the event that sent it.
    pub plan: String,
    /// The hash of its document.
    pub sha256: String,
    /// `sent`, `acknowledged`, `approved`, `returned`, `replaced`, or `unknown` to these bindings.
    pub status: String,
    /// The contact who sent it.
    pub sent_by: String,
    /// When.
    pub sent_at: SystemTime,
    /// The contact who acknowledged, approved or returned it.
    pub by: Option<String>,
    /// The changes that were asked for.
    pub changes: Option<String>,
    /// The clinical approval of the side that sent it.
    pub in_house: Option<InHouseApproval>,
    /// Since when it is complete as the programme counts it, and by which rule.
    pub completed: Option<PlanCompleted>,
    /// The signatures that were given elsewhere and attested here, in order.
    pub signatures: Vec<PlanSignature>,
    /// The copies that were given, in order.
    pub copies: Vec<PlanCopy>,
    /// What became of it in somebody's record after it was sent, in order: what was sent is no longer what stands there.
    pub changed: Vec<PlanChange>,
}

/// A plan was changed in a record after it was sent.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanChange {
    /// Whose record it was changed in.
    pub organization: String,
    /// The hash of what stands there; nothing where that is again what was sent.
    pub sha256: Option<String>,
    /// The contact whose device told it.
    pub by: String,
    /// When.
    pub at: SystemTime,
}

impl From<&(PlanChanged, StepTaken)> for PlanChange {
    fn from((changed, by): &(PlanChanged, StepTaken)) -> Self {
        Self {
            organization: changed.organization.to_string(),
            sha256: changed.sha256.map(|sha256| sha256.to_string()),
            by: by.contact.to_string(),
            at: by.at.into(),
        }
    }
}

impl Plan {
    fn of(plan: &PlanState, opening: Option<&Opening>) -> Self {
        let (status, by, changes) = match &plan.status {
            PlanStatus::Sent => ("sent", None, None),
            PlanStatus::Acknowledged => ("acknowledged", plan.acknowledged.as_ref(), None),
            PlanStatus::Approved(by) => ("approved", Some(by), None),
            PlanStatus::Returned { by, changes } => ("returned", Some(by), Some(changes.clone())),
            PlanStatus::Replaced { .. } => ("replaced", None, None),
            _ => ("unknown", None, None),
        };
        Self {
            plan: plan.sent.id.to_string(),
            sha256: plan.document.sha256.to_string(),
            status: status.to_owned(),
            sent_by: plan.sent_by.contact.to_string(),
            sent_at: plan.sent_by.at.into(),
            by: by.map(|by| by.contact.to_string()),
            changes,
            in_house: plan
                .in_house
                .as_ref()
                .zip(opening)
                .map(|(approval, opening)| InHouseApproval::of(approval, &opening.agreement.zone)),
            completed: opening
                .and_then(|opening| plan.completed(&opening.agreement, &opening.rules))
                .map(PlanCompleted::from),
            signatures: plan.signatures.iter().map(PlanSignature::from).collect(),
            copies: plan.copies.iter().map(PlanCopy::from).collect(),
            changed: plan.changed.iter().map(PlanChange::from).collect(),
        }
    }
}

/// A plan on its way.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SentPlan {
    /// The event that sends it.
    pub key: EventKey,
    /// The hash of its document.
    pub sha256: String,
}

impl SentPlan {
    pub(crate) fn of(key: &caseline::case::event::EventKey, sha256: Sha256) -> Self {
        Self { key: EventKey::from(key), sha256: sha256.to_string() }
    }
}

/// One line of a case's history.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct TimelineEntry {
    /// The event.
    pub key: EventKey,
    /// Its kind; `m.room.message` for another client's message.
    pub kind: String,
    /// The author's time.
    pub at: SystemTime,
    /// The name of the sender's seat.
    pub from_name: String,
    /// What a person reads.
    pub text: String,
    /// The hash of its content.
    pub sha256: String,
    /// What became of it, as a code: `counted`, `superseded`, `refused`, `unproven`, `unknown`.
    pub standing: String,
    /// Why it did not count.
    pub reason: Option<Reason>,
    /// Whether something before it is missing.
    pub after_gap: bool,
    /// Whether a handover withheld its text.
    pub withheld: bool,
    /// Of a reminder: whom and about what.
    pub reminder: Option<Reminder>,
    /// How sensitive it is: codes of v3-Confidentiality and v3-ActCode. What must be read with it is in the text.
    pub labels: Vec<String>,
}

/// What a posted rung says.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Reminder {
    /// What is owed: `Due.since`.
    pub owed: String,
    /// Which rung of the ladder it was then, counted from 0.
    pub rung: u32,
    /// The contact who is reminded.
    pub contact: String,
}

impl TimelineEntry {
    pub(crate) fn of(state: &state::CaseState, entry: &state::Entry) -> Self {
        let mut rungs = state.life.rungs.iter();
        let posted = rungs.find(|(_, posted)| entry.kind == "rung.posted" && posted.event == entry.key);
        Self {
            key: EventKey::from(&entry.key),
            kind: entry.kind.clone(),
            at: entry.at.into(),
            from_name: entry.from.clone(),
            text: entry.text.clone(),
            sha256: entry.sha256.to_string(),
            standing: entry.standing.code().to_owned(),
            reason: entry.standing.reason().map(Reason::from),
            after_gap: entry.after_gap,
            withheld: entry.withheld,
            reminder: posted.map(|(key, posted)| Reminder {
                owed: key.owed.to_string(),
                rung: posted.rung,
                contact: key.contact.to_string(),
            }),
            labels: state.labels_of(&entry.key).map(codes).unwrap_or_default(),
        }
    }
}
