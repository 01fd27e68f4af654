//! What somebody does of the outreach to a member.

use std::time::Duration;

use caseline::case::life::CloseReason;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Case, Line};
use crate::demo::fault::{Fault, no_case};
use crate::story::Deed;

/// A word of the wire, as a person says it.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What was said of the member, in words.
pub(super) fn said(deed: &Deed) -> Vec<String> {
    let contact = deed.record_contact.as_ref().map(|contact| contact.outcome.clone());
    let ask = deed.ask_outreach.as_ref().map(|ask| ask.why.clone());
    let answers = [&deed.grant_outreach, &deed.refuse_outreach].into_iter().flatten();
    let answers = answers.map(|answer| answer.reason.clone()).filter(|reason| !reason.is_empty());
    let taken = deed.withdraw_contact.as_ref().map(|taken| taken.reason.clone());
    let back = deed.reopen_case.as_ref().map(|back| back.reason.clone());
    let prohibited = deed.prohibit_contact.as_ref().map(|said| said.reason.clone());
    let permitted = deed.permit_contact.clone();
    contact
        .into_iter()
        .chain(prohibited)
        .chain(permitted)
        .chain(taken)
        .chain(back)
        .chain(ask)
        .chain(answers)
        .collect()
}

impl Line<'_, '_> {
    /// What to ask for, and how to tell it.
    pub(super) fn reach_out(
        &mut self,
        who: &str,
        deed: &Deed,
        case: &Case,
        within: Duration,
    ) -> Result<(Value, String), Fault> {
        self.until_there(who, case, None, within)?;
        let name = self.stage.story.name_of(who);
        let mut fields = Map::new();
        fields.insert("case".into(), json!(case.id));
        if let Some(channel) = deed.may_reach_out {
            fields.insert("channel".into(), json!(channel));
            let says = format!("{name} looks whether they may reach out ({}).", channel.code());
            return Ok((Value::Object(fields), says));
        }
        fields.insert("key".into(), json!(Uuid::now_v7().to_string()));
        let mut set = |field: &str, value: Value| {
            if !value.is_null() {
                fields.insert(field.to_owned(), value);
            }
        };
        let says = if let Some(standing) = &deed.stage {
            set("stage", json!(standing.stage));
            set("on", json!(standing.on));
            set("source", json!(standing.source));
            set("enrolled", json!(standing.enrolled));
            set("left", json!(standing.left));
            set("to_aco", json!(standing.to_aco));
            format!("{name}: the member is {} since {}.", standing.stage.code(), standing.on)
        } else if let Some(contact) = &deed.record_contact {
            let when = self.stage.story.time_zone.to_timestamp(contact.when).map_err(|_| no_case())?;
            let by = contact.by.as_ref().and_then(|by| self.stage.story.people.get(by));
            set("when", json!(when));
            set("channel", json!(contact.channel));
            set("face_to_face", json!(contact.face_to_face));
            set("reached", json!(contact.reached));
            set("outcome", json!(contact.outcome));
            set("by", json!(by.map(|by| by.contact.as_str())));
            set("not_made", json!(contact.not_made));
            let what = match (contact.not_made, contact.reached) {
                (Some(_), _) => "what was not made",
                (None, true) => "a contact",
                (None, false) => "an attempt",
            };
            format!("{name} records {what} ({}): “{}”", contact.channel.code(), contact.outcome)
        } else if let Some(said) = &deed.prohibit_contact {
            set("on", json!(said.on));
            set("reason", json!(said.reason));
            format!("{name}: the member must not be contacted: “{}”", said.reason)
        } else if let Some(reason) = &deed.permit_contact {
            set("reason", json!(reason));
            format!("{name}: the member may be contacted again: “{reason}”")
        } else if let Some(taken) = &deed.withdraw_contact {
            let contact = self.label(&taken.contact).map_or(String::new(), |sent| sent.id.clone());
            set("contact", json!(contact));
            set("reason", json!(taken.reason));
            format!("{name} takes a contact back that was recorded in error: “{}”", taken.reason)
        } else if let Some(back) = &deed.reopen_case {
            set("reason", json!(back.reason));
            set("on", json!(back.on));
            set("source", json!(back.source));
            set("enrolled", json!(back.enrolled));
            set("left", json!(back.left));
            format!("{name} opens the case again, since {}: “{}”", back.on, back.reason)
        } else if let Some(ask) = &deed.ask_outreach {
            set("channel", json!(ask.channel));
            set("why", json!(ask.why));
            format!("{name} asks whether they may reach out ({}): “{}”", ask.channel.code(), ask.why)
        } else if let Some(answer) = deed.grant_outreach.as_ref().or(deed.refuse_outreach.as_ref()) {
            let ask = self.label(&answer.ask).map_or(String::new(), |sent| sent.id.clone());
            set("ask", json!(ask));
            set("reason", json!(answer.reason));
            set("until", json!(answer.until));
            let what = if deed.grant_outreach.is_some() { "agrees" } else { "does not agree" };
            format!("{name} {what}.")
        } else {
            let reason: CloseReason = deed.close_case.ok_or_else(no_case)?;
            set("reason", json!(reason));
            format!("{name} closes the case ({}).", word(&reason))
        };
        Ok((Value::Object(fields), says))
    }
}
