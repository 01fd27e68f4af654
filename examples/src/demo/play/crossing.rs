//! What somebody takes across by other ways than Matrix.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Case, Line, blink};
use crate::demo::actor::SOON;
use crate::demo::fault::{Fault, no_case};
use crate::demo::seen::{list, text};
use crate::story::Deed;

impl Line<'_, '_> {
    /// What to ask for, once there is something to take across, and how to tell it.
    pub(super) fn carry(
        &mut self,
        who: &str,
        deed: &Deed,
        case: &Case,
        within: Duration,
    ) -> Result<(Value, String), Fault> {
        let carry = deed.carry.as_ref().ok_or_else(no_case)?;
        self.until_there(who, case, None, within)?;
        let deadline = Instant::now() + within;
        let waits = |one: &&Value| {
            text(one, "standing") == "waiting"
                && carry.what.as_ref().is_none_or(|what| text(one, "what") == what)
        };
        let events: Vec<String> = loop {
            let answer = self.stage.actor(who)?.call("crossings", json!({ "case": case.id }), SOON)?;
            let there: Vec<String> = list(&answer, "crossings")
                .iter()
                .filter(waits)
                .map(|one| text(one, "id").to_owned())
                .collect();
            if !there.is_empty() || Instant::now() >= deadline {
                break there;
            }
            blink()?;
        };
        let name = self.stage.story.name_of(who);
        let with = carry.with.as_ref().and_then(|with| self.stage.story.people.get(with));
        let mut fields = json!({
            "case": case.id, "key": Uuid::now_v7().to_string(), "events": events, "how": carry.how,
            "reached": carry.reached, "outcome": carry.outcome,
        });
        if let (Some(with), Some(fields)) = (with, fields.as_object_mut()) {
            fields.insert("reached_contact".into(), json!(with.contact.as_str()));
        }
        let whom = with.map_or("the other side", |with| &with.name);
        let what = if carry.what.as_deref() == Some("call") { "calls" } else { "takes what waits to" };
        let tried = if carry.reached { "" } else { "tries, and does not reach anybody: " };
        let says = format!("{name} {tried}{what} {whom} {}: “{}”", carry.how, carry.outcome);
        Ok((fields, says))
    }
}
