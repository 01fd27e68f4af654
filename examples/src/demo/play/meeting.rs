//! What somebody does at a meeting: its agenda, and what it decides.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Case, Line};
use crate::demo::fault::{Fault, no_case};
use crate::story::Deed;

/// What was said at a meeting, in words.
pub(super) fn said(deed: &Deed) -> impl Iterator<Item = String> + '_ {
    deed.decide.iter().flat_map(|decided| decided.say.iter().chain(&decided.title)).cloned()
}

impl Line<'_, '_> {
    /// Whose meeting it is: the story's two organisations.
    fn pair(&self) -> Map<String, Value> {
        let id =
            |key: &str| self.stage.story.organizations.get(key).map_or("", |of| of.id.as_str()).to_owned();
        let mut fields = Map::new();
        fields.insert("plan_side".into(), json!(id("aco")));
        fields.insert("community_side".into(), json!(id("cp")));
        fields
    }

    /// The verb that is asked, its fields, and how to tell it.
    pub(super) fn agenda(&mut self, who: &str, deed: &Deed) -> Result<(&'static str, Value, String), Fault> {
        let agenda = deed.agenda.as_ref().ok_or_else(no_case)?;
        let mut fields = self.pair();
        fields.insert("date".into(), json!(agenda.date));
        fields.insert("minutes".into(), json!(agenda.minutes));
        fields.extend(agenda.time.map(|time| ("time".into(), json!(time.strftime("%H:%M").to_string()))));
        fields.extend(agenda.since.map(|since| ("since".into(), json!(since))));
        let name = self.stage.story.name_of(who);
        let (verb, what) = if agenda.save {
            ("save_appointment", "writes the Appointment of the meeting into the record")
        } else {
            ("agenda", "makes the agenda of the meeting")
        };
        Ok((
            verb,
            Value::Object(fields),
            format!("{name} {what} on {} ({} minutes).", agenda.date, agenda.minutes),
        ))
    }

    /// What is decided in a case, and how to tell it.
    pub(super) fn decide(
        &mut self,
        who: &str,
        deed: &Deed,
        case: &Case,
        within: Duration,
    ) -> Result<(&'static str, Value, String), Fault> {
        self.until_there(who, case, None, within)?;
        let decided = deed.decide.as_ref().ok_or_else(no_case)?;
        let in_room = decided.room.as_ref().zip(decided.meeting.as_ref());
        let (verb, mut fields) = if let Some((room, meeting)) = in_room {
            let room = self.case_named(room).cloned().ok_or_else(no_case)?;
            let meeting = self.meeting_there(who, &room, meeting, within)?;
            let fields = [("case", &room.id), ("meeting", &meeting), ("of", &case.id)];
            let fields = fields.map(|(name, value)| (name.to_owned(), json!(value)));
            ("decide_at_meeting", fields.into_iter().collect())
        } else {
            let mut fields = self.pair();
            fields.insert("date".into(), json!(decided.date));
            fields.insert("case".into(), json!(case.id));
            ("decide", fields)
        };
        fields.insert("decision".into(), json!(Uuid::now_v7().to_string()));
        let name = self.stage.story.name_of(who);
        let says = if let Some(say) = &decided.say {
            fields.insert("text".into(), json!(say));
            format!("{name} writes down what the meeting decided: “{say}”")
        } else {
            let title = decided.title.clone().unwrap_or_default();
            fields.insert("title".into(), json!(title));
            fields.insert("due".into(), json!(decided.due));
            let whom = if let Some(owner) = &decided.owner {
                let contact = self.stage.story.people.get(owner).map_or("", |person| person.contact.as_str());
                fields.insert("owner".into(), json!(contact));
                self.stage.story.name_of(owner)
            } else {
                let of = decided.pool.as_ref().and_then(|pool| self.stage.story.organizations.get(pool));
                fields.insert("pool".into(), json!(of.map(|of| of.id.as_str())));
                of.map_or_else(String::new, |of| format!("the people of {}", of.name))
            };
            let due = decided.due.as_deref().unwrap_or_default();
            format!("{name} writes down what the meeting decided: {whom} has a task, due {due}: “{title}”")
        };
        Ok((verb, Value::Object(fields), says))
    }
}
