//! Admissions, joint visits and follow-ups, as they are played.

use std::time::{Duration, Instant};

use jiff::civil::DateTime;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Case, Line, blink};
use crate::alert::AnswerWord;
use crate::demo::actor::SOON;
use crate::demo::fault::{Fault, no_case};
use crate::demo::seen::{list, stay_id, text};
use crate::story::{AlertSaid, Deed};

/// The texts that a deed about alerts puts into a case.
pub(super) fn said(deed: &Deed) -> Vec<String> {
    let alerts = [&deed.raise_alert, &deed.alert].into_iter().flatten();
    let facilities = alerts.map(|told| told.facility.clone());
    let places = deed.propose_visit.iter().filter_map(|visit| visit.place.clone());
    let reasons = deed.answer_visit.iter().filter_map(|answer| answer.reason.clone());
    let outcomes = deed.follow_up_done.iter().filter_map(|done| done.outcome.clone());
    facilities.chain(places).chain(reasons).chain(outcomes).collect()
}

impl Line<'_, '_> {
    /// An instant on the story's wall clock.
    fn instant(&self, at: DateTime) -> Result<String, Fault> {
        self.stage.story.time_zone.to_timestamp(at).map(|at| at.to_string()).map_err(|_| no_case())
    }

    fn told_of(&self, said: &AlertSaid) -> Result<Value, Fault> {
        let mut alert = json!({
            "facility": crate::demo::seen::HOSPITAL, "visit": said.stay, "what": said.what,
            "at": self.instant(said.at)?, "class": said.class, "facility_name": said.facility,
            "source": said.source, "priority": said.priority.unwrap_or_default(),
        });
        if let (Some(cancels), Some(fields)) = (said.cancels, alert.as_object_mut()) {
            fields.insert("cancels".into(), json!(cancels));
        }
        Ok(alert)
    }

    /// What to ask for, and how to tell it, where a host hears of somebody and looks for their cases.
    pub(super) fn heard(&self, who: &str, said: &AlertSaid) -> Result<(Value, String), Fault> {
        let mut fields = Map::new();
        fields.insert("alert".into(), self.told_of(said)?);
        // Somebody in the member's place has a number of their own.
        let member =
            said.member.as_ref().map(|member| self.person().map_or(member, |other| &other.member.id));
        fields.extend(member.map(|member| ("member".into(), json!(member))));
        fields.extend(said.name.as_ref().map(|name| ("name".into(), json!(name))));
        fields.extend(said.birth_date.map(|day| ("birth_date".into(), json!(day))));
        let name = self.stage.story.name_of(who);
        let says =
            format!("{name}'s client hears from {}: {}, {}.", said.source, said.what.code(), said.facility);
        Ok((Value::Object(fields), says))
    }

    /// What to ask for, and how to tell it, where it is about a stay or a visit of a case.
    pub(super) fn about_stay(
        &mut self,
        who: &str,
        deed: &Deed,
        case: &Case,
        within: Duration,
    ) -> Result<(Value, String), Fault> {
        let name = self.stage.story.name_of(who);
        let mut fields = json!({ "case": case.id, "key": Uuid::now_v7().to_string() });
        let mut set = |field: &str, value: Value| {
            if let Some(fields) = fields.as_object_mut().filter(|_| !value.is_null()) {
                fields.insert(field.to_owned(), value);
            }
        };
        let says = if let Some(said) = &deed.alert {
            set("alert", self.told_of(said)?);
            set("confirmed", json!(true));
            format!(
                "{name} confirms that it is the member of this case: {}, {}.",
                said.what.code(),
                said.facility
            )
        } else if let Some(visit) = &deed.propose_visit {
            self.until_known(who, case, "stays", "stay", &stay_id(&visit.stay), within)?;
            let people = &self.stage.story.people;
            let with = visit.with.iter().filter_map(|who| people.get(who)).filter_map(|person| {
                let organization = self.stage.story.organizations.get(&person.organization)?;
                Some(json!({ "contact": person.contact, "organization": organization.id }))
            });
            set("with", with.collect());
            set("stay", json!(stay_id(&visit.stay)));
            set("at", json!(self.instant(visit.at)?));
            set("place", json!(visit.place));
            let others: Vec<String> = visit.with.iter().map(|who| self.stage.story.name_of(who)).collect();
            format!(
                "{name} asks {} to visit together, {}.",
                others.join(" and "),
                visit.at.strftime("%-d %b, %H:%M")
            )
        } else if let Some(said) = &deed.answer_visit {
            let visit = self.label(&said.visit).map_or(String::new(), |sent| sent.id.clone());
            self.until_known(who, case, "visits", "visit", &visit, within)?;
            set("visit", json!(visit));
            set("answer", json!(said.answer));
            set("reason", json!(said.reason));
            let to = said.to.map(|to| self.instant(to)).transpose()?;
            set("to", json!(to));
            match (said.answer, &said.reason, said.to) {
                (AnswerWord::Decline, Some(reason), _) => format!("{name} does not come: “{reason}”"),
                (AnswerWord::Move, _, Some(to)) => {
                    format!("{name} moves the visit to {}.", to.strftime("%-d %b, %H:%M"))
                }
                _ => format!("{name} comes along."),
            }
        } else if let Some(done) = &deed.follow_up_done {
            self.until_known(who, case, "stays", "stay", &stay_id(&done.stay), within)?;
            set("stay", json!(stay_id(&done.stay)));
            set("at", json!(self.instant(done.at)?));
            set("face_to_face", json!(done.face_to_face));
            set("outcome", json!(done.outcome));
            let how = if done.face_to_face { "has met the member" } else { "has called the member" };
            format!("{name} {how}: {}", done.outcome.as_deref().unwrap_or("."))
        } else {
            return Err(no_case());
        };
        Ok((fields, says))
    }

    /// Waits until somebody's client knows this stay or visit, at its latest time: nobody answers what they do not see.
    fn until_known(
        &mut self,
        who: &str,
        case: &Case,
        of: &str,
        field: &str,
        id: &str,
        within: Duration,
    ) -> Result<(), Fault> {
        self.until_there(who, case, None, within)?;
        let until = Instant::now() + within;
        loop {
            let state = self.stage.actor(who)?.call("state", json!({ "case": case.id }), SOON)?;
            if list(&state, of).iter().any(|one| text(one, field) == id) {
                return Ok(());
            }
            if Instant::now() >= until {
                let name = self.stage.story.name_of(who);
                return Err(Fault::Not {
                    wanted: format!("{name} knows the {field}"),
                    seen: "nothing of it".into(),
                });
            }
            blink()?;
        }
    }
}
