//! What goes across by other ways than Matrix (`tests/DRIVER.md`).

use caseline::Caseline;
use caseline::crossing::{Attempt, Crossing, What};
use serde_json::{Map, Value, json};

use super::sent;
use crate::protocol::{Failure, Verb};

/// Answers what is about it.
pub(super) fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    match verb {
        Verb::Crossings { case } => {
            let crossings = caseline.case(case)?.crossings()?;
            Ok(json!({ "crossings": crossings.iter().map(shown).collect::<Vec<_>>() }))
        }
        Verb::Carried(said) => {
            let case = caseline.case(said.case)?;
            let with = said.reached_contact;
            let carried =
                case.carried(said.key, &said.events, said.how, with, said.reached, &said.outcome)?;
            Ok(sent(&carried))
        }
        _ => Err(Failure::Invalid("this verb is not about what goes across".into())),
    }
}

fn shown(one: &Crossing) -> Value {
    let mut shown = json!({
        "sender": one.event.sender, "id": one.event.id, "what": one.what.code(), "organization": one.to,
        "by": one.by.contact, "at": one.by.at, "standing": one.standing.code(),
        "attempts": one.attempts.iter().map(attempt).collect::<Vec<_>>(),
    });
    if let (What::Call { contact, .. }, Some(fields)) = (&one.what, shown.as_object_mut()) {
        fields.insert("contact".into(), json!(contact.contact));
    }
    shown
}

fn attempt(attempt: &Attempt) -> Value {
    let with = attempt.with.as_ref().map(|with| json!(with.contact));
    let fields = [
        ("sender", Some(json!(attempt.by.event.sender))),
        ("id", Some(json!(attempt.by.event.id))),
        ("by", Some(json!(attempt.by.contact))),
        ("at", Some(json!(attempt.by.at))),
        ("how", Some(json!(attempt.how))),
        ("reached", Some(json!(attempt.reached))),
        ("reached_contact", with),
        ("outcome", Some(json!(attempt.outcome))),
    ];
    let there = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect::<Map<String, Value>>())
}
