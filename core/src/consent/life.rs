//! The steps of the consents.

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::care_plan::StepTaken;
use crate::case::life::Opening;
use crate::case::roster::decides;
use crate::case::step::Step;
use crate::consent::{
    ConsentEvent, ConsentRecorded, ConsentRevoked, ConsentState, Consents, OverrideReviewed, OverrideState,
    RELEASE_CLOCK, Review, Revocation,
};
use crate::contact::Topic;
use crate::label::Emergency;
use crate::policy::Reason;

/// How many consents are kept of each organisation.
pub const MOST_CONSENTS: usize = 100;
/// How many emergencies wait for somebody to look at them, of each organisation. Whoever tells more must look first.
pub const MOST_OVERRIDES: usize = 100;

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `consent`: `consent-by-keeper`, `consent-not-a-side`, `consent-date`, `consent-period`,
/// `never-could-count`, `consent-renews-unknown`, `consents-too-many`; of a revocation `consent-unknown`,
/// `consent-revoked-before`; of a review `override-unknown`, `override-reviewed-before`, `override-own`, `override-reviewer`.
pub fn step(
    consents: &Consents,
    event: ConsentEvent<'_>,
    opening: &Opening,
    step: &Step<'_>,
) -> Result<Consents, Reason> {
    if step.seat.is_keeper() {
        return Err(refused(
            "consent-by-keeper",
            "a person says what the member consents to, never a keeper",
        ));
    }
    let organization = &step.seat.contact.organization;
    if organization != step.community_side && organization != step.plan_side {
        let text = "one of the two sides of the case says what the member consents to";
        return Err(refused("consent-not-a-side", text));
    }
    let mut next = consents.clone();
    match event {
        ConsentEvent::Recorded(event) => recorded(&mut next, event, opening, step)?,
        ConsentEvent::Revoked(event) => revoked(&mut next, event, opening, step)?,
        ConsentEvent::Reviewed(event) => reviewed(&mut next, event, opening, step)?,
    }
    Ok(next)
}

/// Notes that something was told without consent in an emergency, whatever else became of its event: it was told.
pub(crate) fn overridden(consents: &mut Consents, kind: &str, emergency: &Emergency, step: &Step<'_>) {
    let of = |other: &&Arc<OverrideState>| {
        other.review.is_none() && other.by.organization == step.seat.contact.organization
    };
    if step.seat.is_keeper() || consents.overrides.iter().filter(of).count() >= MOST_OVERRIDES {
        return;
    }
    consents.overrides.push(Arc::new(OverrideState {
        key: step.key.clone(),
        kind: kind.to_owned(),
        by: StepTaken::of(step),
        reason: emergency.reason.clone(),
        review: None,
    }));
}

fn recorded(
    consents: &mut Consents,
    event: &ConsentRecorded,
    opening: &Opening,
    step: &Step<'_>,
) -> Result<(), Reason> {
    if ![Some(event.from), event.until, Some(event.signed_on)].into_iter().flatten().all(is_a_date) {
        return Err(refused("consent-date", "a date of a consent lies between 1900 and 2199"));
    }
    has_come(event.signed_on, opening, step)?;
    if event.until.is_some_and(|until| until <= event.from) {
        return Err(refused("consent-period", "a consent ends after the day on which it begins"));
    }
    if event.renews.is_some_and(|renews| consents.named(renews).next().is_none()) {
        return Err(refused("consent-renews-unknown", "the consent that it renews was not recorded here"));
    }
    let own = |other: &&Arc<ConsentState>| other.by.organization == step.seat.contact.organization;
    if consents.consents.iter().filter(own).count() >= MOST_CONSENTS {
        let text = "too many consents were recorded in this case: open a new case";
        return Err(refused("consents-too-many", text));
    }
    let rules = &opening.rules;
    let by_rule = rules
        .clock(RELEASE_CLOCK, event.signed_on)
        .map(|clock| clock.due_date(event.signed_on).saturating_add(1.day()));
    let ends = [event.until, by_rule].into_iter().flatten().min();
    if ends.is_some_and(|ends| ends <= event.from) {
        let text = "this consent holds on no day: what was signed so long ago has ended before its first day. Have it signed anew";
        return Err(refused("never-could-count", text));
    }
    // Another sender's may have the same id. Both are kept, and neither counts, whichever states the older place: see
    // `Consents::get`.
    consents.consents.push(Arc::new(ConsentState {
        key: step.key.clone(),
        recorded: event.clone(),
        by: StepTaken::of(step),
        ends,
        revoked: None,
    }));
    Ok(())
}

fn revoked(
    consents: &mut Consents,
    event: &ConsentRevoked,
    opening: &Opening,
    step: &Step<'_>,
) -> Result<(), Reason> {
    has_come(event.on, opening, step)?;
    if consents.named(event.consent).next().is_none() {
        return Err(refused("consent-unknown", "no such consent was recorded in this case"));
    }
    // Of two senders' under one id both are taken back: that takes a permission away, and gives none.
    let mut named = consents.consents.iter_mut().filter(|consent| consent.key.id == event.consent);
    let mut found = false;
    for consent in named.by_ref().filter(|consent| consent.revoked.is_none()) {
        found = true;
        let by = StepTaken::of(step);
        Arc::make_mut(consent).revoked = Some(Revocation { revoked: event.clone(), by });
    }
    if !found {
        return Err(refused("consent-revoked-before", "this consent was revoked before"));
    }
    Ok(())
}

fn reviewed(
    consents: &mut Consents,
    event: &OverrideReviewed,
    opening: &Opening,
    step: &Step<'_>,
) -> Result<(), Reason> {
    let found = consents.overrides.iter_mut().find(|one| one.key == event.event);
    let one = found.ok_or_else(|| {
        refused("override-unknown", "nothing was told without consent in an emergency by this event")
    })?;
    if one.review.is_some() {
        return Err(refused("override-reviewed-before", "somebody looked at this before"));
    }
    let contact = &step.seat.contact;
    if one.by.is_by(contact) {
        return Err(refused("override-own", "who told it does not look at it themselves"));
    }
    let agreement = &opening.agreement;
    let named = [Topic::Consent, Topic::CarePlan].into_iter().any(|topic| {
        let ladder = agreement.ladder(topic).iter();
        ladder.into_iter().any(|r| r.contact == contact.id && r.organization == contact.organization)
    });
    let leads = decides(step.seat) && contact.organization == one.by.organization;
    if !leads && !named {
        let text = "a lead of the organisation that told it looks at it, or who is on the agreement's ladder";
        return Err(refused("override-reviewer", text));
    }
    Arc::make_mut(one).review =
        Some(Review { justified: event.justified, finding: event.finding.clone(), by: StepTaken::of(step) });
    Ok(())
}

/// Whether a day has come, wherever one is.
fn has_come(day: Date, opening: &Opening, step: &Step<'_>) -> Result<(), Reason> {
    let today = step.when().to_zoned(opening.agreement.zone.clone()).date();
    if is_a_date(day) && day <= today.saturating_add(1.day()) {
        return Ok(());
    }
    Err(refused("consent-date", "a consent is signed, and revoked, on a day that has come"))
}

fn is_a_date(day: Date) -> bool {
    (1900..2200).contains(&day.year())
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "consent")
}
