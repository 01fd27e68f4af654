//! What is asked, and said, of what the member allows (`tests/DRIVER.md`).

use caseline::consent::{ConsentState, Consents, OverrideState};
use caseline::{Case, Caseline};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::sent;
use crate::protocol::{Failure, Verb, reasons};

/// Answers what is about consents.
pub(super) fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    Ok(match verb {
        Verb::Consents { case } => {
            let case = caseline.case(case)?;
            shown(&case.consents()?, case.today()?)
        }
        Verb::Denied { case } => denied(&caseline.case(case)?)?,
        Verb::MayTell { case, marks } => {
            let may = marks.unwrap_or_default().on(&caseline.case(case)?)?.may_tell()?;
            json!({ "answer": may.answer.code(), "reasons": reasons(&may.reasons) })
        }
        Verb::RecordConsent(said) => {
            let (case, key) = (caseline.case(said.case)?, said.key);
            sent(&case.record_consent(key, said.recorded()?)?)
        }
        Verb::RevokeConsent(said) => {
            let case = caseline.case(said.case)?;
            sent(&case.revoke_consent(said.key, said.consent, said.on, &said.reason, &said.source)?)
        }
        Verb::ReviewOverride(said) => {
            let case = caseline.case(said.case)?;
            sent(&case.review_override(said.key, said.event, said.justified, &said.finding)?)
        }
        _ => return Err(Failure::Invalid("this verb is not about consents".into())),
    })
}

fn denied(case: &Case) -> caseline::Result<Value> {
    let denied = case.denied()?;
    let denied: Vec<Value> =
        denied.iter().map(|(id, why)| json!({ "id": id, "reasons": reasons(why) })).collect();
    Ok(json!({ "denied": denied }))
}

fn shown(consents: &Consents, today: Date) -> Value {
    let consents_shown: Vec<Value> = consents.all().iter().map(|one| consent(one, today)).collect();
    let overrides: Vec<Value> = consents.overrides().iter().map(|one| told(one)).collect();
    json!({ "consents": consents_shown, "overrides": overrides })
}

fn consent(consent: &ConsentState, today: Date) -> Value {
    let (recorded, scope) = (&consent.recorded, &consent.recorded.scope);
    let mut shown = json!({
        "sender": consent.key.sender, "consent": consent.key.id, "standing": consent.standing(today).code(),
        "categories": scope.categories, "disclosers": scope.disclosers, "recipients": scope.recipients,
        "covered": scope.covered, "purposes": scope.purposes, "redisclosure": scope.redisclosure.code(),
        "fields": scope.fields, "explanation": scope.explanation, "from": recorded.from, "signed_on": recorded.signed_on,
        "how": recorded.how, "source": recorded.source, "by": consent.by.contact, "at": consent.by.at,
    });
    let revoked = consent.revoked.as_ref().map(|one| json!(one.revoked.on));
    let more = [("ends", consent.ends.map(|day| json!(day))), ("revoked_on", revoked)];
    add(&mut shown, more);
    shown
}

fn told(one: &OverrideState) -> Value {
    let mut shown = json!({
        "sender": one.key.sender, "id": one.key.id, "kind": one.kind, "by": one.by.contact, "at": one.by.at,
        "reason": one.reason,
    });
    let review = one.review.as_ref().map(|review| {
        json!({
            "justified": review.justified, "finding": review.finding, "by": review.by.contact,
            "at": review.by.at,
        })
    });
    add(&mut shown, [("review", review)]);
    shown
}

/// Adds what is there of these.
fn add<const N: usize>(shown: &mut Value, more: [(&str, Option<Value>); N]) {
    if let Some(fields) = shown.as_object_mut() {
        let there = more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        fields.extend(there.collect::<Map<String, Value>>());
    }
}
