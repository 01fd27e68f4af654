//! What somebody changes in a record beside their client, and what a lead makes of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Case, Line, blink};
use crate::demo::actor::{LATER, SOON};
use crate::demo::fault::{Fault, no_case};
use crate::demo::seen::{self, list, text};
use crate::protocol::EditRecord;
use crate::story::Deed;

/// What somebody wrote into a record, in words: a code of one word stands in many places.
pub(super) fn said(edit: &EditRecord) -> Option<String> {
    edit.set.values().filter_map(Value::as_str).find(|text| text.contains(' ')).map(str::to_owned)
}

impl Line<'_, '_> {
    /// What to ask for, and how to tell it, where somebody is at their organisation's record.
    pub(super) fn at_record(&mut self, who: &str, deed: &Deed) -> Result<(Value, String), Fault> {
        let name = self.stage.story.name_of(who);
        // What is changed now is news only to who has looked before; and where there is a keeper, a lead tells what that has not
        // told by her second look.
        self.stage.actor(who)?.call("look_at_record", json!({}), LATER)?;
        let Some(edit) = &deed.edit_record else {
            return Ok((json!({}), format!("{name}'s client looks at what others changed in the record.")));
        };
        let person = self.stage.story.people.get(who);
        let of = person.and_then(|person| self.stage.story.organizations.get(&person.organization));
        let of = of.map_or("the organization", |of| of.name.as_str());
        let says = format!("In the record of {of}, somebody changes the {}.", edit.kind);
        let fields = serde_json::to_value(edit).map_err(|_| no_case())?;
        Ok((fields, says))
    }

    /// What to ask for, and how to tell it, where a lead decides about a proposal, which they wait for.
    pub(super) fn proposal(
        &mut self,
        who: &str,
        deed: &Deed,
        case: &Case,
        within: Duration,
    ) -> Result<(Value, String), Fault> {
        let Some(wanted) = deed.take_up_team.as_ref().or(deed.decline_team.as_ref()) else {
            return Err(no_case());
        };
        self.until_there(who, case, None, within)?;
        let until = Instant::now() + within;
        loop {
            let state = self.stage.actor(who)?.call("state", json!({ "case": case.id }), SOON)?;
            let open = list(&state, "team_proposals");
            if let Some(found) = open.iter().find(|one| seen::proposes(self.stage, one, wanted)) {
                let name = self.stage.story.name_of(who);
                let what = if deed.take_up_team.is_some() { "takes up" } else { "declines" };
                let fields = json!({ "case": case.id, "proposal": text(found, "proposal") });
                return Ok((fields, format!("{name} {what} what the record proposes.")));
            }
            if Instant::now() >= until {
                let seen = format!("{} other proposals", open.len());
                return Err(Fault::Not { wanted: seen::proposal(self.stage, wanted), seen });
            }
            blink()?;
        }
    }
}
