//! Somebody in the member's place: which care team and care plan of theirs stand where the story's do.

use serde_json::{Value, json};

use super::Line;
use crate::demo::actor::SOON;
use crate::demo::fault::Fault;
use crate::demo::people::Person;
use crate::demo::seen::{list, text};
use crate::story::Open;

impl Line<'_, '_> {
    /// Who is in the member's place.
    pub(super) fn person(&self) -> Option<&Person> {
        self.stage.people.as_ref()?.all.get(self.telling)
    }

    /// From which care team a case is opened, and with whom. Somebody in the member's place has one of another system, which knows
    /// nobody of the story: whom the story's own team names is named beside it.
    pub(super) fn care_team(&mut self, who: &str, open: &Open) -> Result<Value, Fault> {
        let member = match (self.person(), &self.stage.story.member) {
            (Some(person), Some(of_story)) if of_story.care_team == open.care_team => {
                person.member.id.clone()
            }
            _ => return Ok(json!({ "care_team": open.care_team })),
        };
        let answer = self.stage.actor(who)?.call("care_teams", json!({ "member": member }), SOON)?;
        // What goes on comes first.
        let team = list(&answer, "care_teams").first().map(|team| text(team, "care_team").to_owned());
        let team = team.ok_or_else(|| Fault::Not {
            wanted: "the record has a care team of this member".into(),
            seen: "none".into(),
        })?;
        self.told()?.care_team = Some(team.clone());
        let contacts = self.stage.people.as_ref().map_or(&[][..], |people| &people.contacts);
        Ok(json!({ "care_team": team, "contacts": contacts }))
    }

    /// Which care plan is sent: of somebody in the member's place the one that the case's care team carries out.
    pub(super) fn care_plan(&mut self, who: &str, written: &str) -> Result<String, Fault> {
        let member = match (self.person(), &self.stage.story.member) {
            (Some(person), Some(of_story)) if of_story.care_plan == written => person.member.id.clone(),
            _ => return Ok(written.to_owned()),
        };
        let answer = self.stage.actor(who)?.call("care_plans", json!({ "member": member }), SOON)?;
        let team = self.told()?.care_team.clone();
        let plans = list(&answer, "care_plans");
        let of_team = |plan: &&Value| {
            list(plan, "care_teams")
                .iter()
                .any(|one| one.as_str().is_some() && one.as_str() == team.as_deref())
        };
        let plan = plans.iter().find(of_team).or(plans.first());
        plan.map(|plan| text(plan, "care_plan").to_owned()).ok_or_else(|| Fault::Not {
            wanted: "the record has a care plan of this member".into(),
            seen: "none".into(),
        })
    }
}
