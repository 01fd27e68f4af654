//! What is asked of a case: messages, plans and the roster.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Case, Fault, Line};
use crate::story::Deed;

impl Line<'_, '_> {
    /// What to ask for, and how to tell it, where it is about a case.
    pub(super) fn about_case(
        &mut self,
        who: &str,
        deed: &Deed,
        verb: &str,
        case: &Case,
        within: Duration,
    ) -> Result<(Value, String), Fault> {
        let name = self.stage.story.name_of(who);
        let care_plan = deed.send_care_plan.as_ref().map(|plan| self.care_plan(who, plan)).transpose()?;
        let mut fields = json!({ "case": case.id, "key": Uuid::now_v7().to_string() });
        let mut set = |field: &str, value: Value| {
            if let Some(fields) = fields.as_object_mut() {
                fields.insert(field.to_owned(), value);
            }
        };
        let mut waits_for = None;
        let says = if let Some(message) = &deed.send {
            set("text", json!(message));
            if let Some(priority) = deed.priority {
                set("priority", json!(priority));
            }
            if let Some(earlier) = deed.in_reply_to.as_ref().and_then(|label| self.label(label)) {
                set("in_reply_to", json!({ "sender": earlier.sender, "id": earlier.id }));
            }
            format!("{name}: “{message}”")
        } else if let Some(corrected) = &deed.correct {
            let message = self.label(&corrected.message).map_or(String::new(), |sent| sent.id.clone());
            set("message", json!(message));
            set("text", json!(corrected.text));
            format!("{name} corrects that: “{}”", corrected.text)
        } else if let Some(label) = &deed.retract {
            let message = self.label(label).map_or(String::new(), |sent| sent.id.clone());
            set("message", json!(message));
            format!("{name} takes that back.")
        } else if let Some(earlier) = deed.seen.as_ref().and_then(|label| self.label(label)) {
            let earlier = json!({ "sender": earlier.sender, "id": earlier.id });
            return Ok((json!({ "case": case.id, "up_to": earlier }), format!("{name} has read it.")));
        } else if let Some(plan) = care_plan {
            set("care_plan", json!(plan));
            if let Some(day) = deed.plan_day {
                set("on", json!(day));
            }
            format!("{name} sends the care plan for signature.")
        } else if let Some(person) = deed.name_seat.as_ref().or(deed.end_seat.as_ref()) {
            let contact = self.stage.story.people.get(person).map_or("", |person| person.contact.as_str());
            set("contact", json!(contact));
            let other = self.stage.story.name_of(person);
            if deed.name_seat.is_some() {
                format!("{name} names {other} for the case.")
            } else {
                format!("{name} ends {other}'s part in the case.")
            }
        } else if let Some(approved) = &deed.approve_plan_in_house {
            let plan = self.label(&approved.plan).map_or(String::new(), |plan| plan.id.clone());
            let by = approved.by.as_ref().map(|by| self.stage.story.signer(by));
            set("plan", json!(plan));
            if let Some((_, contact, _)) = by {
                set("by", json!(contact));
            }
            if let Some(day) = approved.on {
                set("on", json!(day));
            }
            waits_for = Some(plan);
            let clinician = by.map_or_else(String::new, |(clinician, ..)| format!(" of {clinician}"));
            format!("{name} says that the care plan has the in-house clinical approval{clinician}.")
        } else if let Some(attested) = &deed.attest_signature {
            let plan = self.label(&attested.plan).map_or(String::new(), |plan| plan.id.clone());
            let (signer, contact, organization) = self.stage.story.signer(&attested.by);
            set("plan", json!(plan));
            set("signer", json!(contact));
            if let Some(organization) = organization {
                set("organization", json!(organization));
            }
            set("how", json!(attested.how));
            set("on", json!(attested.on));
            if let Some(page) = &attested.scan {
                let data = STANDARD.encode(format!("%PDF-1.4 {page}"));
                set("scan", json!({ "content_type": "application/pdf", "data": data }));
            }
            waits_for = Some(plan);
            let scan = if attested.scan.is_some() { " The scan is with it." } else { "" };
            format!(
                "{name} attests that {signer} signed the care plan {} on {}.{scan}",
                attested.how, attested.on
            )
        } else if let Some(copied) = &deed.plan_copied {
            let plan = self.label(&copied.plan).map_or(String::new(), |plan| plan.id.clone());
            let (to, contact, organization) = self.stage.story.signer(&copied.to);
            set("plan", json!(plan));
            set("to", json!(contact));
            if let Some(organization) = organization {
                set("organization", json!(organization));
            }
            set("how", json!(copied.how));
            set("on", json!(copied.on));
            waits_for = Some(plan);
            format!(
                "{name} attests that {to} was given a copy of the care plan {} on {}.",
                copied.how, copied.on
            )
        } else {
            let returned = deed.return_plan.as_ref();
            let label = deed
                .acknowledge_plan
                .as_ref()
                .or(deed.approve_plan.as_ref())
                .or(returned.map(|returned| &returned.plan));
            let plan = label.and_then(|label| self.label(label));
            let plan = plan.map_or(String::new(), |plan| plan.id.clone());
            set("plan", json!(plan));
            if let Some(returned) = returned {
                set("changes", json!(returned.changes));
            }
            waits_for = Some(plan);
            match (verb, returned) {
                ("acknowledge_plan", _) => format!("{name} has received the care plan."),
                ("approve_plan", _) => format!("{name} approves the care plan."),
                (_, Some(returned)) => format!("{name} returns the care plan: “{}”", returned.changes),
                (other, None) => format!("{name}: {other}"),
            }
        };
        let plan = waits_for.as_deref().map(|plan| ("plans", "plan", plan));
        self.until_there(who, case, plan, within)?;
        Ok((fields, says))
    }
}
