//! Referrals: what to ask for, and how to tell it.

use std::time::Duration;

use caseline::case::event::EventKey;
use caseline::referral::room_of;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Case, Line};
use crate::demo::fault::{Fault, no_case};
use crate::story::Deed;

impl Line<'_, '_> {
    /// What to ask for about a referral, once it is there, and how to tell it.
    pub(super) fn referral(
        &mut self,
        who: &str,
        deed: &Deed,
        case: &Case,
        within: Duration,
    ) -> Result<(Value, String), Fault> {
        let name = self.stage.story.name_of(who);
        let id =
            |line: &Self, label: &str| line.label(label).map_or_else(String::new, |sent| sent.id.clone());
        let mut fields = Map::new();
        fields.insert("case".into(), json!(case.id));
        if deed.send_referral.is_none() {
            fields.insert("key".into(), json!(Uuid::now_v7().to_string()));
        }
        let mut more = |of: Value| fields.extend(of.as_object().cloned().unwrap_or_default());
        let mut there = None;
        let says = if let Some(said) = &deed.refer {
            let organization = self.stage.story.organizations.get(&said.to);
            let consent = id(self, &said.consent);
            more(json!({
                "organization": organization.map_or(said.to.as_str(), |of| of.id.as_str()), "service": said.service,
                "need": said.need, "consent": consent, "fields": said.fields, "values": said.values,
            }));
            if let Some(called) = &said.called {
                more(json!({ "called": called }));
            }
            if let Some(due) = said.due {
                more(json!({ "due": due }));
            }
            if let Some(priority) = said.priority {
                more(json!({ "priority": priority }));
            }
            there = Some(("consents", "consent", consent));
            let to = organization.map_or("an organization", |of| of.name.as_str());
            format!("{name} refers the member to {to}: “{}”", said.need)
        } else if let Some(sent) = &deed.send_referral {
            let referral = id(self, &sent.referral);
            more(json!({ "referral": referral }));
            there = Some(("referrals", "referral", referral));
            format!("{name} sends the referral that waited.")
        } else if let Some(said) = &deed.carry_referral {
            let referral = id(self, &said.referral);
            more(json!({ "referral": referral, "how": said.how, "note": said.text }));
            there = Some(("referrals", "referral", referral));
            format!("{name} takes the referral there {}: “{}”", said.how, said.text)
        } else if let Some(said) = &deed.tell_referral {
            let referral = id(self, &said.referral);
            more(json!({ "referral": referral, "how": said.how, "told": said.told, "text": said.text }));
            there = Some(("referrals", "referral", referral));
            let told = said.told.map_or("", caseline::referral::Told::words);
            format!("{name} records of the referral that the organization {told}.")
        } else if let Some(said) = &deed.withdraw_referral {
            let referral = id(self, &said.referral);
            more(json!({ "referral": referral, "why": said.why }));
            there = Some(("referrals", "referral", referral));
            format!("{name} withdraws the referral: “{}”", said.why)
        } else if let Some(said) = &deed.tell_capacity {
            more(json!({ "capacity": said.capacity, "text": said.text }));
            if let Some(until) = said.until {
                more(json!({ "until": until }));
            }
            format!("{name} says whether there is a place: {}. “{}”", said.capacity.words(), said.text)
        } else if let Some(reason) = &deed.decline_referral {
            more(json!({ "reason": reason }));
            format!("{name} declines the referral: “{reason}”")
        } else if let Some(said) = &deed.sub_refer {
            more(json!({ "to": said.to, "contact": said.contact }));
            format!("{name} has {} do it.", said.to)
        } else if let Some(said) = &deed.referral_outcome {
            more(json!({ "code": said.code, "text": said.text }));
            format!("{name} says what came of it: {}. “{}”", said.code.words(), said.text)
        } else if let Some(reason) = &deed.cancel_referral {
            more(json!({ "reason": reason }));
            format!("{name} tells the organization to stop: {}.", reason.words())
        } else if deed.ask_capacity.is_some() {
            format!("{name} asks whether there is a place.")
        } else if deed.accept_referral.is_some() {
            format!("{name} accepts the referral.")
        } else {
            deed.close_referral.ok_or_else(no_case)?;
            format!("{name} closes the referral: the loop is closed.")
        };
        let there = there.as_ref().map(|(of, field, id)| (*of, *field, id.as_str()));
        self.until_there(who, case, there, within)?;
        Ok((Value::Object(fields), says))
    }
}

/// The room of a referral that was asked for: it follows from its event.
pub(super) fn room(asked: &Value) -> String {
    let of = |field| asked.get(field).and_then(Value::as_str).unwrap_or_default();
    match (of("sender").parse(), of("id").parse()) {
        (Ok(sender), Ok(id)) => room_of(&EventKey { sender, id }).to_string(),
        _ => String::new(),
    }
}

/// What somebody wrote about referrals.
pub(super) fn said(deed: &Deed) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    if let Some(refer) = &deed.refer {
        said.push(refer.need.clone());
        said.extend(refer.values.values().cloned());
    }
    said.extend(deed.carry_referral.iter().chain(&deed.tell_referral).map(|one| one.text.clone()));
    said.extend(deed.withdraw_referral.as_ref().map(|one| one.why.clone()));
    said.extend(deed.tell_capacity.as_ref().map(|one| one.text.clone()));
    said.extend(deed.decline_referral.clone());
    said.extend(deed.sub_refer.as_ref().map(|one| one.to.clone()));
    said.extend(deed.referral_outcome.as_ref().map(|one| one.text.clone()));
    said.retain(|text| !text.is_empty());
    said
}
