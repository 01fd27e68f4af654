//! Alerts, joint visits and follow-ups, as drivers' lines ask for them and show them (`tests/DRIVER.md`).

use caseline::alert::{
    AlertRaised, Answer, Answered, Asked, Happening, Matched, Stay, StayClass, StayKey, Visit, followed_up,
};
use caseline::communication::Priority;
use caseline::outreach::Outreach;
use caseline::{AlertInput, AlertOutcome, Caseline};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::protocol::{Failure, Verb};

/// What happened, as a feed or a host tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertTold {
    /// The facility, as its feed names it.
    pub facility: String,
    /// Its number for the stay.
    pub visit: String,
    /// What happened.
    pub what: Happening,
    /// When.
    pub at: Timestamp,
    /// Of what class the stay is since then.
    pub class: StayClass,
    /// Who says so.
    pub source: String,
    /// Of `cancelled`: what did not happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancels: Option<Happening>,
    /// The facility's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility_name: Option<String>,
    /// The message's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How urgent it is.
    #[serde(default)]
    pub priority: Priority,
}

impl AlertTold {
    fn raised(self, confirmed: bool) -> AlertRaised {
        AlertRaised {
            stay: StayKey::Named { facility: self.facility, visit: self.visit },
            what: self.what,
            cancels: self.cancels,
            at: self.at,
            class: self.class,
            facility_name: self.facility_name,
            source: self.source,
            message: self.message,
            matched: if confirmed { Matched::ConfirmedByPerson } else { Matched::ByMemberId },
            priority: self.priority,
        }
    }
}

/// The word of an answer to a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerWord {
    /// They come.
    Accept,
    /// They do not; `reason` says why.
    Decline,
    /// Another time: `to`.
    Move,
}

/// Answers what is about alerts.
///
/// # Errors
/// [`Failure`].
pub fn say(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    let key = match verb {
        Verb::RaiseAlert { member, name, birth_date, alert } => {
            let input = AlertInput { member, name, birth_date, alert: alert.raised(false) };
            return Ok(outcome(&caseline.raise_alert(&input)?));
        }
        Verb::Alert { case, alert, confirmed, key } => {
            caseline.case(case)?.raise_alert(key, alert.raised(confirmed))?
        }
        Verb::ProposeVisit { case, stay, at, with, place, key } => {
            caseline.case(case)?.propose_visit(key, stay, at, place, with)?
        }
        Verb::AnswerVisit { case, visit, answer, reason, to, key } => {
            let answer = match (answer, reason, to) {
                (AnswerWord::Accept, None, None) => Answer::Accept,
                (AnswerWord::Decline, Some(reason), None) => Answer::Decline { reason },
                (AnswerWord::Move, None, Some(to)) => Answer::Move { to },
                _ => {
                    let detail = "`decline` goes with `reason`, `move` with `to`, `accept` with neither";
                    return Err(Failure::Invalid(detail.into()));
                }
            };
            caseline.case(case)?.answer_visit(key, visit, answer)?
        }
        Verb::FollowUpDone { case, stay, at, face_to_face, outcome, key } => {
            caseline.case(case)?.follow_up_done(key, stay, at, face_to_face, outcome)?
        }
        _ => return Err(Failure::Invalid("this verb is not about alerts".into())),
    };
    Ok(json!({ "sender": key.sender, "id": key.id }))
}

fn outcome(outcome: &AlertOutcome) -> Value {
    let raised = outcome.raised.iter();
    let raised: Vec<Value> =
        raised.map(|(case, key)| json!({ "case": case, "sender": key.sender, "id": key.id })).collect();
    json!({ "raised": raised, "known": outcome.known, "proposed": outcome.proposed })
}

/// A stay, as a state shows it.
pub fn stay(stay: &Stay, outreach: &Outreach) -> Value {
    let mut shown = Map::new();
    shown.insert("stay".into(), json!(stay.id));
    shown.insert("status".into(), json!(stay.status().code()));
    shown.insert("class".into(), json!(stay.class().code()));
    shown.extend(stay.facility().map(|name| ("facility".into(), json!(name))));
    shown.extend(stay.began().map(|at| ("began".into(), json!(at))));
    shown.extend(stay.ended().map(|at| ("ended".into(), json!(at))));
    if let Some(clock) = stay.clock() {
        shown.insert("clock".into(), json!(clock.name));
        shown.insert("counts_from".into(), json!(clock.from));
    }
    let followed_up = followed_up(stay, outreach);
    shown.extend(followed_up.map(|by| ("followed_up_by".into(), json!(by.by))));
    shown.insert("told".into(), json!(stay.things_told()));
    Value::Object(shown)
}

/// A joint visit, as a state shows it.
pub fn visit(visit: &Visit) -> Value {
    let asked = |asked: &Asked| {
        let mut shown = json!({
            "contact": asked.whom.contact, "organization": asked.whom.organization, "answer": asked.answer.code(),
        });
        if let (Answered::Declined { reason, .. }, Some(fields)) = (&asked.answer, shown.as_object_mut()) {
            fields.insert("reason".into(), json!(reason));
        }
        shown
    };
    let mut shown = json!({
        "visit": visit.proposed.id, "stay": visit.stay, "at": visit.at, "by": visit.by.contact,
        "status": visit.status().code(), "asked": visit.asked.iter().map(asked).collect::<Vec<_>>(),
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(visit.place.as_ref().map(|place| ("place".into(), json!(place))));
    }
    shown
}
