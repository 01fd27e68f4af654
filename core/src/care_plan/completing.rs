//! When a plan is complete, as the programme counts it; and the in-house clinical approval, by which it may be.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::agreement::{Agreement, Completion, RuleSet};
use crate::care_plan::life::{find, refused};
use crate::care_plan::{CarePlans, PlanState, PlanStatus, Signer, StepTaken};
use crate::case::roster::Roster;
use crate::case::step::Step;
use crate::contact::{Contact, Role};
use crate::due;
use crate::id::{ContactId, EventId, Sha256};
use crate::policy::Reason;

/// `plan.approved-in-house`: a clinician of the side that sent a plan approved it. `Debug` does not show on which day.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanApprovedInHouse {
    /// The `plan.sent` whose plan it is.
    pub plan: EventId,
    /// The hash of the document that was approved. An approval of another text is no valid step.
    pub sha256: Sha256,
    /// Which clinician of the author's organisation, by the seat in the case: it takes no Matrix account. Left out, the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ContactId>,
    /// On which day, where it was not on the day on which it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
}

impl fmt::Debug for PlanApprovedInHouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanApprovedInHouse({})", self.plan)
    }
}

/// The clinical approval of the side that sent a plan. `Debug` does not show on which day.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InHouseApproval {
    /// The clinician, as the roster had them then.
    pub by: Contact,
    /// On which day, where it was not on the day on which it was said.
    pub on: Option<Date>,
    /// Who said it, and when: the clinician, or somebody of their organisation who attests it.
    pub attested: StepTaken,
}

impl InHouseApproval {
    /// On which day it was given.
    pub fn day(&self, zone: &TimeZone) -> Date {
        self.on.unwrap_or_else(|| day_of(self.attested.at, zone))
    }
}

impl fmt::Debug for InHouseApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InHouseApproval({})", self.attested.event.id)
    }
}

/// That a plan is complete, since when, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Completed {
    /// The programme's day from which it is.
    pub on: Date,
    /// The rule that holds on the plan's own day.
    pub rule: Completion,
}

impl PlanState {
    /// The plan's own day, by which the programme's rule is chosen: the one that its sender named, else that of its sending.
    pub fn day(&self, zone: &TimeZone) -> Date {
        self.on.unwrap_or_else(|| day_of(self.sent_by.at, zone))
    }

    /// By which rule it is complete, or will be: the rule set's for the plan's own day. Where the plan names a rule set that the
    /// case does not carry, when both have signed.
    pub fn completion(&self, agreement: &Agreement, rules: &RuleSet) -> Completion {
        let carried = self.sign_by.as_ref().is_none_or(|id| *id == rules.id);
        if carried { rules.completion(self.day(&agreement.zone)) } else { Completion::default() }
    }

    /// Whether it is complete as the programme counts it. What became of it since changes nothing: it was complete, even where it was
    /// returned later, or replaced.
    pub fn completed(&self, agreement: &Agreement, rules: &RuleSet) -> Option<Completed> {
        let zone = &agreement.zone;
        let rule = self.completion(agreement, rules);
        let on = match rule {
            Completion::BothSigned => self.member_signed()?.max(self.approved_on(zone)?),
            Completion::SentApproved => self.in_house.as_ref()?.day(zone).max(self.day(zone)),
        };
        Some(Completed { on, rule })
    }

    /// On which day the primary care provider or the designee approved it: where that was attested, on the day of the signature.
    pub(super) fn approved_on(&self, zone: &TimeZone) -> Option<Date> {
        let PlanStatus::Approved(by) = &self.status else { return None };
        let signed = self.attested_approval().map(|signature| signature.on);
        Some(signed.unwrap_or_else(|| day_of(by.at, zone)))
    }

    /// On which day the member, or their representative, signed it first: as whoever sent it says, or somebody attests.
    fn member_signed(&self) -> Option<Date> {
        let theirs = |signer: &Signer| matches!(signer, Signer::Member | Signer::Representative);
        let attested = self.signatures.iter().filter(|one| theirs(&one.signer)).map(|one| one.on);
        // The document's own word is checked by no step: a day that cannot have been is none.
        let latest = due::latest_day(self.sent_by.at);
        let said = self.member_approved.filter(|day| due::is_a_date(*day) && *day <= latest);
        attested.chain(said).min()
    }
}

/// Takes the in-house clinical approval of a plan: one for each plan, before or after the primary care provider's.
pub(super) fn approved_in_house(
    plans: &mut CarePlans,
    event: &PlanApprovedInHouse,
    step: &Step<'_>,
) -> Result<(), Reason> {
    let author = &step.seat.contact;
    if author.organization != *step.community_side {
        let text = "the side that sends a care plan says that a clinician of theirs approved it";
        return Err(refused("plan-not-community-side", text));
    }
    let plan = find(plans, event.plan)?;
    if matches!(plan.status, PlanStatus::Returned { .. } | PlanStatus::Replaced { .. }) {
        let text = "that care plan is not waiting any more: it was returned or replaced";
        return Err(refused("plan-not-open", text));
    }
    if plan.document.sha256 != event.sha256 {
        return Err(refused("plan-other-document", "the approval names another document than the one sent"));
    }
    if plan.in_house.is_some() {
        return Err(refused("plan-approved-in-house", "the in-house approval of this plan was given before"));
    }
    if event.on.is_some_and(|day| !due::is_a_date(day) || day > due::latest_day(step.when())) {
        let text = "an approval is dated after 1899, and not after the day on which it is said";
        return Err(refused("plan-approval-date", text));
    }
    let by = match &event.by {
        None => author,
        Some(by) => {
            let seat = step.roster.contact(by, &author.organization);
            let text = "who approved it in-house is named for this case first, with or without an account";
            &seat.ok_or_else(|| refused("plan-clinician-unnamed", text))?.contact
        }
    };
    if !by.role.may_approve_in_house() {
        let text = "a clinical care manager, a nurse or a provider of behavioral health care gives the in-house approval: \
                    name which one";
        return Err(refused("plan-clinician", text));
    }
    plan.in_house = Some(InHouseApproval { by: by.clone(), on: event.on, attested: StepTaken::of(step) });
    Ok(())
}

impl Role {
    /// Whether who holds it may give the in-house clinical approval of a care plan.
    pub fn may_approve_in_house(&self) -> bool {
        matches!(self, Self::ClinicalCareManager | Self::Nurse | Self::BehavioralHealthProvider)
    }
}

/// The event as a person reads it.
pub(super) fn told(event: &PlanApprovedInHouse, who: &str, by: &Contact, roster: &Roster) -> String {
    let day = event.on.map_or(String::new(), |day| format!(" on {day}"));
    let other = event.by.as_ref().filter(|named| **named != by.id);
    match other {
        None => format!("{who} gave the in-house clinical approval of the care plan{day}."),
        Some(named) => {
            let clinician = roster.contact(named, &by.organization).map_or_else(
                || "a clinician of theirs".to_owned(),
                |seat| format!("{} ({})", seat.contact.name, seat.contact.role),
            );
            format!("{who} attests: {clinician} gave the in-house clinical approval of the care plan{day}.")
        }
    }
}

fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}
