//! Programme rooms and concerns: what to ask for, and how to tell it.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Case, Line};
use crate::demo::fault::{Fault, no_case};
use crate::story::{Deed, OpenedProgramme};

impl Line<'_, '_> {
    /// What to ask for to open a room of another kind, and how to tell it.
    pub(super) fn programme(&self, who: &str, open: &OpenedProgramme, what: &str) -> (Value, String) {
        let story = self.stage.story;
        let with = story.organizations.get(&open.with);
        let people = open.people.iter().filter_map(|name| story.people.get(name));
        let contacts: Vec<Value> =
            people.map(|person| json!({ "contact": person.contact, "lead": true })).collect();
        let fields = json!({ "with": with.map(|with| with.id.as_str()), "contacts": contacts });
        let called = with.map_or("", |with| with.name.as_str());
        (fields, format!("{} opens {what} with {called}.", story.name_of(who)))
    }

    /// What to ask for about a concern, once it is there, and how to tell it.
    pub(super) fn concern(
        &mut self,
        who: &str,
        deed: &Deed,
        case: &Case,
        within: Duration,
    ) -> Result<(Value, String), Fault> {
        let name = self.stage.story.name_of(who);
        let mut fields = Map::new();
        let (label, says) = if let Some(raised) = &deed.raise_concern {
            fields.insert("title".into(), json!(raised.title));
            fields.insert("text".into(), json!(raised.text));
            fields.extend(raised.topic.map(|topic| ("topic".into(), json!(topic))));
            fields.extend(raised.priority.map(|priority| ("priority".into(), json!(priority))));
            let organizations = &self.stage.story.organizations;
            let about = raised.about.iter().filter_map(|name| organizations.get(name));
            let about: Vec<&str> = about.map(|of| of.id.as_str()).collect();
            fields.insert("about".into(), json!(about));
            fields.insert("names_confirmed".into(), json!(raised.names_confirmed));
            (None, format!("{name} raises a concern, “{}”: “{}”", raised.title, raised.text))
        } else if let Some(answered) = &deed.answer_concern {
            fields.insert("text".into(), json!(answered.text));
            fields.extend(answered.shared_as.as_ref().map(|question| ("shared_as".into(), json!(question))));
            let shared = answered.shared_as.as_ref();
            let shared = shared.map_or(String::new(), |question| format!(" Everybody is told: “{question}”"));
            (Some(&answered.concern), format!("{name} answers the concern: “{}”{shared}", answered.text))
        } else if let Some(reopened) = &deed.reopen_concern {
            fields.insert("why".into(), json!(reopened.why));
            (Some(&reopened.concern), format!("{name} opens the concern again: “{}”", reopened.why))
        } else if let Some(heard) = &deed.hear_concern {
            (Some(heard), format!("{name} has heard the concern."))
        } else {
            let closed = deed.close_concern.as_ref().ok_or_else(no_case)?;
            (Some(closed), format!("{name} closes the concern."))
        };
        let concern = label.map(|label| self.label(label).map_or_else(String::new, |sent| sent.id.clone()));
        fields.extend(concern.as_ref().map(|concern| ("concern".into(), json!(concern))));
        fields.insert("case".into(), json!(case.id));
        fields.insert("key".into(), json!(Uuid::now_v7().to_string()));
        let there = concern.as_deref().map(|concern| ("concerns", "concern", concern));
        self.until_there(who, case, there, within)?;
        Ok((Value::Object(fields), says))
    }
}

/// What somebody wrote about concerns.
pub(super) fn said(deed: &Deed) -> impl Iterator<Item = String> + '_ {
    let raised = deed.raise_concern.iter().flat_map(|one| [&one.title, &one.text]);
    let answered =
        deed.answer_concern.iter().flat_map(|one| std::iter::once(&one.text).chain(&one.shared_as));
    raised.chain(answered).chain(deed.reopen_concern.iter().map(|one| &one.why)).cloned()
}
