//! The steps of a care plan.

use crate::care_plan::completing::{self, approved_in_house};
use crate::care_plan::copying::{self, copied};
use crate::care_plan::signing::{Signer, signed, told};
use crate::care_plan::{
    CarePlans, PlanApproved, PlanChanged, PlanEvent, PlanReturned, PlanSent, PlanState, PlanStatus, StepTaken,
};
use crate::case::roster::{Roster, decides};
use crate::case::step::Step;
use crate::contact::{Contact, Role, Seat};
use crate::due;
use crate::id::EventId;
use crate::policy::Reason;

/// How many changes of one plan are kept of each organisation: one whose record changes all the time keeps nobody else from telling.
const MOST_CHANGES: usize = 100;

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `care-plan`: `plan-by-keeper`, `plan-not-community-side`, `plan-not-plan-side`,
/// `plan-id-taken`, `plan-date`, `plan-open` (another plan waits and `replaces` does not name it), `plan-unknown`, `plan-replaced`,
/// `plan-not-open`, `plan-approver` (who may not approve), `plan-other-document`, `plan-returner`, `plan-changer`,
/// `plan-change-known`, `plan-changes-too-many`, `plan-signed-already`, `plan-scan-verbal`, `plan-signature-date`, `plan-signer`, `plan-copier`,
/// `plan-not-approved`, `plan-copy-recipient`, `plan-copy-known`, `plan-copy-date`; of the in-house approval `plan-approved-in-house`
/// (it was given before), `plan-approval-date`, `plan-clinician-unnamed`, `plan-clinician`.
pub fn step(plans: &CarePlans, event: PlanEvent<'_>, step: &Step<'_>) -> Result<CarePlans, Reason> {
    // That a record was changed is no step of a person's: a keeper tells it, too.
    if step.seat.is_keeper() && !matches!(event, PlanEvent::Changed(_)) {
        return Err(refused("plan-by-keeper", "a person takes the steps of a care plan, never a keeper"));
    }
    let mut next = plans.clone();
    match event {
        PlanEvent::Sent(event) => sent(&mut next, event, step)?,
        PlanEvent::Acknowledged(event) => {
            let plan = waiting(&mut next, event.plan, step)?;
            plan.acknowledged.get_or_insert_with(|| StepTaken::of(step));
            plan.status = PlanStatus::Acknowledged;
        }
        PlanEvent::Approved(event) => approved(&mut next, event, step)?,
        PlanEvent::Returned(event) => returned(&mut next, event, step)?,
        PlanEvent::Changed(event) => changed(&mut next, event, step)?,
        PlanEvent::Signed(event) => signed(&mut next, event, step)?,
        PlanEvent::Copied(event) => copied(&mut next, event, step)?,
        PlanEvent::ApprovedInHouse(event) => approved_in_house(&mut next, event, step)?,
    }
    Ok(next)
}

/// Whether somebody may approve a plan; and if not, who may.
pub(super) fn may_approve(contact: &Contact, step: &Step<'_>) -> Result<(), Reason> {
    if contact.role.may_approve_plan() {
        return Ok(());
    }
    let may: Vec<&str> = step
        .roster
        .active()
        .map(|seat| &seat.contact)
        .filter(|contact| contact.organization == *step.plan_side && contact.role.may_approve_plan())
        .map(|contact| contact.name.as_str())
        .collect();
    let text = format!(
        "only the primary care provider (PCP) or the PCP's designee may approve a care plan, here {}; {} is {}",
        if may.is_empty() { "nobody yet".to_owned() } else { may.join(" or ") },
        contact.name,
        article(&contact.role),
    );
    Err(Reason::new("plan-approver", text, "care-plan"))
}

fn sent(plans: &mut CarePlans, event: &PlanSent, step: &Step<'_>) -> Result<(), Reason> {
    if step.seat.contact.organization != *step.community_side {
        return Err(refused(
            "plan-not-community-side",
            "the community side sends the care plan for signature",
        ));
    }
    let id = step.key.id;
    if plans.get(id).is_some() {
        return Err(refused("plan-id-taken", "another care plan of this case has this id"));
    }
    if event.on.is_some_and(|day| !due::is_a_date(day) || day > due::latest_day(step.when())) {
        return Err(refused("plan-date", "a care plan is of a day after 1899, and not of one ahead"));
    }
    if plans.open().is_some_and(|open| event.replaces != Some(open.sent.id)) {
        let text = "a care plan waits for its return: a new one must name it as the one it replaces";
        return Err(refused("plan-open", text));
    }
    if let Some(replaced) = event.replaces {
        let plan = find(plans, replaced)?;
        match plan.status {
            PlanStatus::Replaced { .. } => {
                return Err(refused("plan-replaced", "another version has replaced that care plan already"));
            }
            // An approved plan stands until its successor is approved too, and what was signed stays signed.
            PlanStatus::Approved(_) => {}
            _ => plan.status = PlanStatus::Replaced { with: id },
        }
    }
    plans.plans.push(PlanState {
        sent: step.key.clone(),
        document: event.document.clone(),
        sign_by: event.sign_by.clone(),
        member_approved: event.member_approved,
        replaces: event.replaces,
        on: event.on,
        sent_by: StepTaken::of(step),
        acknowledged: None,
        status: PlanStatus::Sent,
        in_house: None,
        signatures: Vec::new(),
        copies: Vec::new(),
        changed: Vec::new(),
    });
    Ok(())
}

fn approved(plans: &mut CarePlans, event: &PlanApproved, step: &Step<'_>) -> Result<(), Reason> {
    let plan = waiting(plans, event.plan, step)?;
    may_approve(&step.seat.contact, step)?;
    if plan.document.sha256 != event.sha256 {
        return Err(refused("plan-other-document", "the approval names another document than the one sent"));
    }
    plan.status = PlanStatus::Approved(StepTaken::of(step));
    Ok(())
}

fn returned(plans: &mut CarePlans, event: &PlanReturned, step: &Step<'_>) -> Result<(), Reason> {
    let plan = waiting(plans, event.plan, step)?;
    let role = &step.seat.contact.role;
    let manages = matches!(role, Role::AcoCareManager | Role::ClinicalCareManager | Role::CaseManager);
    if !manages && !role.may_approve_plan() {
        let text =
            "a care manager, the primary care provider or the designee returns a care plan with changes";
        return Err(refused("plan-returner", text));
    }
    plan.status = PlanStatus::Returned { by: StepTaken::of(step), changes: event.changes.clone() };
    Ok(())
}

fn changed(plans: &mut CarePlans, event: &PlanChanged, step: &Step<'_>) -> Result<(), Reason> {
    if event.organization != step.seat.contact.organization || !(step.seat.is_keeper() || decides(step.seat))
    {
        let text = "a lead or the keeper of an organisation tells what its record says of the plan";
        return Err(refused("plan-changer", text));
    }
    let plan = find(plans, event.plan)?;
    if plan.changed_in(&event.organization) == event.sha256 {
        return Err(refused("plan-change-known", "this change of the care plan was told before"));
    }
    let told = plan.changed.iter().filter(|(known, _)| known.organization == event.organization).count();
    if told >= MOST_CHANGES {
        return Err(refused("plan-changes-too-many", "this care plan was changed very often: send it anew"));
    }
    plan.changed.push((event.clone(), StepTaken::of(step)));
    Ok(())
}

/// The plan that waits for its return, for somebody of the plan side.
pub(super) fn waiting<'a>(
    plans: &'a mut CarePlans,
    id: EventId,
    step: &Step<'_>,
) -> Result<&'a mut PlanState, Reason> {
    if step.seat.contact.organization != *step.plan_side {
        return Err(refused(
            "plan-not-plan-side",
            "the plan side answers for a care plan that was sent to it",
        ));
    }
    still_open(plans, id)
}

/// The plan that waits for its return.
pub(super) fn still_open(plans: &mut CarePlans, id: EventId) -> Result<&mut PlanState, Reason> {
    let plan = find(plans, id)?;
    if !plan.status.is_open() {
        let text = "that care plan is not waiting any more: it was approved, returned or replaced";
        return Err(refused("plan-not-open", text));
    }
    Ok(plan)
}

pub(super) fn find(plans: &mut CarePlans, id: EventId) -> Result<&mut PlanState, Reason> {
    let found = plans.plans.iter_mut().find(|plan| plan.sent.id == id);
    found.ok_or_else(|| refused("plan-unknown", "this case has no such care plan"))
}

pub(super) fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "care-plan")
}

fn article(role: &Role) -> String {
    let role = role.to_string();
    let article = if role.starts_with(['a', 'e', 'i', 'o', 'u', 'A']) { "an" } else { "a" };
    format!("{article} {role}")
}

/// The event as a person reads it in any Matrix client.
pub fn tell(event: PlanEvent<'_>, by: &Seat, roster: &Roster) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    match event {
        PlanEvent::Sent(event) => {
            let what =
                if event.replaces.is_some() { "a new version of the care plan" } else { "the care plan" };
            let approved = event
                .member_approved
                .map_or(String::new(), |day| format!(" The member approved it on {day}."));
            format!("{who} sent {what} for signature.{approved}")
        }
        PlanEvent::Acknowledged(_) => format!("{who} has received the care plan."),
        PlanEvent::Approved(_) => format!("{who} approved the care plan."),
        PlanEvent::Signed(event) => {
            let signer = match &event.signer {
                Signer::Contact { contact, organization } => roster.contact(contact, organization),
                Signer::Member | Signer::Representative => None,
            };
            told(event, &who, signer)
        }
        PlanEvent::Copied(event) => copying::told(event, &who, roster),
        PlanEvent::ApprovedInHouse(event) => completing::told(event, &who, &by.contact, roster),
        PlanEvent::Returned(event) => {
            format!("{who} returned the care plan with changes to make: {}", event.changes)
        }
        PlanEvent::Changed(event) if event.sha256.is_none() => {
            format!("{who}: the care plan in the record is again as it was sent.")
        }
        PlanEvent::Changed(event) => {
            let place = if event.organization == by.contact.organization { "our record" } else { "a record" };
            format!(
                "{who}: the care plan was changed in {place} after it was sent. What was sent is not what it says now."
            )
        }
    }
}
