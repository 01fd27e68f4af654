//! What somebody does about a meeting of a pair's room: what to ask for, and how to tell it.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Case, Line};
use crate::demo::fault::{Fault, no_case};
use crate::story::{Deed, Meet};

impl Line<'_, '_> {
    /// A case or a room of the story, by its name.
    pub(super) fn case_named(&self, name: &str) -> Option<&Case> {
        self.played.tellings.get(self.telling)?.cases.get(name)
    }

    /// The id of a meeting, once it is there.
    pub(super) fn meeting_there(
        &mut self,
        who: &str,
        room: &Case,
        name: &str,
        within: Duration,
    ) -> Result<String, Fault> {
        let id = self.label(name).map_or_else(String::new, |sent| sent.id.clone());
        self.until_there(who, room, Some(("meetings", "meeting", &id)), within)?;
        Ok(id)
    }

    /// The verb that is asked, its fields, and how to tell it.
    pub(super) fn meet(
        &mut self,
        who: &str,
        deed: &Deed,
        room: &Case,
        within: Duration,
    ) -> Result<(&'static str, Value, String), Fault> {
        let meet = deed.meet.as_ref().ok_or_else(no_case)?;
        let name = self.stage.story.name_of(who);
        let mut fields = Map::new();
        fields.insert("case".into(), json!(room.id));
        match meet.meeting() {
            Some(meeting) => {
                let id = self.meeting_there(who, room, meeting, within)?;
                fields.insert("meeting".into(), json!(id));
            }
            None => self.until_there(who, room, None, within)?,
        }
        if !matches!(meet, Meet::Read(_)) {
            fields.insert("key".into(), json!(Uuid::now_v7().to_string()));
        }
        let hour = |time: Option<jiff::civil::Time>| time.map(|time| time.strftime("%H:%M").to_string());
        let says = match meet {
            Meet::Set(set) => {
                let story = self.stage.story;
                let people = set.people.iter().filter_map(|who| story.people.get(who));
                let people: Vec<&str> = people.map(|person| person.contact.as_str()).collect();
                fields.insert("date".into(), json!(set.date));
                fields.insert("minutes".into(), json!(set.minutes));
                fields.insert("people".into(), json!(people));
                fields.insert("agenda".into(), json!(set.agenda));
                fields.extend(hour(set.time).map(|time| ("time".into(), json!(time))));
                format!("{name} sets a meeting on {} ({} minutes).", set.date, set.minutes)
            }
            Meet::Bring(said) => {
                fields.insert("title".into(), json!(said.title));
                fields.insert("text".into(), json!(said.text));
                let concern = said.concern.as_ref().and_then(|name| self.label(name));
                let concern = concern.map(|sent| json!({ "sender": sent.sender, "id": sent.id }));
                fields.extend(concern.map(|concern| ("concern".into(), concern)));
                format!("{name} brings a point to the meeting: “{}”", said.title)
            }
            Meet::Prepare(_) => format!("{name} makes the agenda of the meeting, and tells it in the room."),
            Meet::Read(_) => format!("{name} opens the agenda of the meeting."),
            Meet::Answer(said) => {
                fields.insert("answer".into(), json!(said.answer));
                let zone = &self.stage.story.time_zone;
                let to = said.to.and_then(|to| to.to_zoned(zone.clone()).ok());
                fields.extend(to.map(|to| ("to".into(), json!(to.timestamp()))));
                match (said.answer.as_str(), said.to) {
                    ("accept", _) => format!("{name} comes to the meeting."),
                    (_, Some(to)) => format!("{name} would come at another time: {to}."),
                    _ => format!("{name} does not come to the meeting."),
                }
            }
            Meet::Move(said) => {
                fields.insert("date".into(), json!(said.date));
                fields.extend(hour(said.time).map(|time| ("time".into(), json!(time))));
                format!("{name} moves the meeting to {}.", said.date)
            }
            Meet::Cancel(said) => {
                fields.insert("reason".into(), json!(said.reason));
                format!("{name} calls the meeting off: “{}”", said.reason)
            }
            Meet::Hold(said) => {
                let ids = |names: &[String]| -> Vec<String> {
                    names.iter().filter_map(|name| Some(self.case_named(name)?.id.clone())).collect()
                };
                fields.insert("nothing".into(), json!(ids(&said.nothing)));
                fields.insert("not_reached".into(), json!(ids(&said.not_reached)));
                format!("{name} says that the meeting took place.")
            }
        };
        Ok((meet.verb(), Value::Object(fields), says))
    }
}

/// What somebody wrote about meetings.
pub(super) fn said(deed: &Deed) -> impl Iterator<Item = String> + '_ {
    deed.meet.iter().filter_map(|meet| match meet {
        Meet::Cancel(said) => Some(said.reason.clone()),
        Meet::Bring(said) => Some(said.title.clone()),
        _ => None,
    })
}
