//! Tasks of somebody who goes out of office: they go to whoever covers, and say so.

use jiff::Timestamp;

use crate::care_team::Whom;
use crate::case::state::CaseState;
use crate::client::{Case, Caseline};
use crate::commands::Command;
use crate::contact::Seat;
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::task::{Assignee, TaskHandedOver, TaskState, TaskStatus};

impl Caseline {
    /// Hands the tasks of who has gone out of office over to whoever covers for them, as the directory has it: what they had before
    /// they went, and what is due before they are back. A keeper does it for the people of its organisation, a person for themselves.
    /// What somebody gave them since they went is left to them. Returns how many were handed over.
    ///
    /// # Errors
    /// The first of what could not be handed over: the others were handed over all the same.
    pub fn hand_over_for_absent(&self) -> Result<usize> {
        let (mut handed, mut failed) = (0, None);
        for case in self.cases()? {
            match case.hand_over_for_absent() {
                Ok(many) => handed += many,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(handed), Err)
    }
}

impl Case {
    fn hand_over_for_absent(&self) -> Result<usize> {
        let state = self.expected()?;
        let me = self.caseline().user();
        let Some(seat) = state.roster().seat_of(&me).filter(|_| state.life.going_on().is_ok()) else {
            return Ok(0);
        };
        let (mut handed, mut failed) = (0, None);
        for task in state.tasks.open() {
            let Some((id, event)) = self.covered(&state, seat, task) else { continue };
            match self.command(&Command::new(Some(id), event)) {
                Ok(_) => handed += 1,
                // Another device of this account handed it over already.
                Err(Error::Conflict { .. }) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(handed), Err)
    }

    /// That a task goes to whoever covers for its owner, where it does.
    fn covered(&self, state: &CaseState, seat: &Seat, task: &TaskState) -> Option<(EventId, TaskHandedOver)> {
        let Assignee::Owner(owner) = &task.assignee else { return None };
        let me = &seat.contact;
        let mine = me.id == owner.contact && me.organization == owner.organization;
        let for_them = seat.is_keeper() && me.organization == owner.organization;
        if task.status == TaskStatus::Declined || !(mine || for_them) {
            return None;
        }
        let (directory, now) = (self.caseline().directory(), self.caseline().engine.now());
        let away = directory.contact(&owner.contact, Some(&owner.organization)).ok()?;
        let (cover, back) = directory.stands_in(away, now)?;
        let since: Timestamp = directory.availability(away).away_from(now)?;
        let opening = state.opening()?;
        let zone = &opening.agreement.zone;
        let before_back = back.is_none_or(|back| task.due.instant(zone) <= back);
        if task.since_at >= since || !before_back {
            return None;
        }
        state.roster().contact(&cover.id, &cover.organization)?;
        let until = back.map_or(String::new(), |back| {
            format!(" until {}", back.to_zoned(zone.clone()).date().strftime("%-d %B %Y"))
        });
        let reason = format!("{} is away{until}; {} covers.", away.name, cover.name);
        // Of several devices each says the same under the same id.
        let (sender, since) = (task.since.sender.as_str(), task.since.id.to_string());
        let (case, stand_in) = (opening.case.to_string(), cover.id.to_string());
        let id = EventId::derived(&["covered", &case, sender, &since, &stand_in]);
        let to = Whom { contact: cover.id.clone(), organization: cover.organization.clone() };
        Some((id, TaskHandedOver { task: task.key.clone(), to: Assignee::Owner(to), reason: Some(reason) }))
    }
}
