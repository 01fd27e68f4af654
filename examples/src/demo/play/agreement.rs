//! Agreements that are proposed in a pair's room: what to ask for, and how to tell it.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Case, Line};
use crate::demo::fault::{Fault, no_case};
use crate::demo::trouble::Trouble;
use crate::story::{Agree, Deed};
use crate::yaml;

impl Line<'_, '_> {
    /// The verb that is asked, its fields, and how to tell it.
    pub(super) fn agree(
        &mut self,
        who: &str,
        deed: &Deed,
        room: &Case,
        within: Duration,
    ) -> Result<(&'static str, Value, String), Fault> {
        let agree = deed.agree.as_ref().ok_or_else(no_case)?;
        let name = self.stage.story.name_of(who);
        let mut fields = Map::new();
        fields.insert("case".into(), json!(room.id));
        fields.insert("key".into(), json!(Uuid::now_v7().to_string()));
        match agree.agreement() {
            Some(agreement) => {
                let (sender, id) = self.label(agreement).map_or_else(
                    || (String::new(), String::new()),
                    |sent| (sent.sender.clone(), sent.id.clone()),
                );
                self.until_there(who, room, Some(("agreements", "proposal", &id)), within)?;
                fields.insert("proposal".into(), json!({ "sender": sender, "id": id }));
            }
            None => self.until_there(who, room, None, within)?,
        }
        let says = match agree {
            Agree::Propose(file) => {
                let text = yaml::text(&self.stage.story.beside(file)).map_err(Trouble::from)?;
                fields.insert("text".into(), json!(text));
                format!("{name} proposes an agreement ({}).", file.display())
            }
            Agree::Accept(_) => format!("{name} accepts the agreement: new cases open with it."),
            Agree::Decline(said) => {
                fields.insert("reason".into(), json!(said.reason));
                format!("{name} declines the agreement: “{}”", said.reason)
            }
            Agree::Withdraw(_) => format!("{name} takes the agreement back."),
        };
        Ok((agree.verb(), Value::Object(fields), says))
    }
}

/// What somebody wrote about agreements.
pub(super) fn said(deed: &Deed) -> impl Iterator<Item = String> + '_ {
    deed.agree.iter().filter_map(|agree| match agree {
        Agree::Decline(said) => Some(said.reason.clone()),
        _ => None,
    })
}
