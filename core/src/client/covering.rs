//! Tasks of somebody who goes out of office: they go to whoever covers, and say so.

use jiff::Timestamp;

use crate::care_team::Whom;
use crate::case::state::CaseState;
use crate::client::{Case, Caseline};
use crate::commands::Command;
use crate::contact::Seat;
use crate::error::{Error, Result};
use crate::id::EventId;
use crate::task::{Assignee, TaskDue, TaskHandedOver, TaskState, TaskStatus};

/// Who covers for somebody who is away. Without `Debug`: the names are people's.
pub(super) struct Cover {
    pub(super) whom: Whom,
    name: String,
    pub(super) away: String,
    /// ` until …`, or nothing where nobody knows when they are back.
    pub(super) until: String,
    since: Option<Timestamp>,
}

impl Caseline {
    /// Hands the tasks of who has gone out of office over to whoever covers for them, as the directory has it: what they had before
    /// they went, and what is due before they are back. A keeper does it for the people of its organisation, a person for themselves.
    /// What was given to them since they went was rerouted then, or is left to them. Returns how many were handed over.
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
        let Cover { whom, name, away, until, since } = self.cover(state, owner, task.due)?;
        if task.since_at >= since? {
            return None;
        }
        let reason = format!("{away} is away{until}; {name} covers.");
        // Of several devices each says the same under the same id.
        let (sender, since) = (task.since.sender.as_str(), task.since.id.to_string());
        let (case, stand_in) = (state.opening()?.case.to_string(), whom.contact.to_string());
        let id = EventId::derived(&["covered", &case, sender, &since, &stand_in]);
        Some((id, TaskHandedOver { task: task.key.clone(), to: Assignee::Owner(whom), reason: Some(reason) }))
    }

    /// Who does what is due then for somebody who is out of office, as the directory has it: what is due only once they are back
    /// waits for them, and who has no seat in the case covers nothing in it.
    pub(super) fn cover(&self, state: &CaseState, owner: &Whom, due: TaskDue) -> Option<Cover> {
        let (directory, now) = (self.caseline().directory(), self.caseline().engine.now());
        let away = directory.contact(&owner.contact, Some(&owner.organization)).ok()?;
        let (cover, back) = directory.stands_in(away, now)?;
        let zone = &state.opening()?.agreement.zone;
        if back.is_some_and(|back| due.instant(zone) > back) {
            return None;
        }
        state.roster().contact(&cover.id, &cover.organization)?;
        let until = back.map_or(String::new(), |back| {
            format!(" until {}", back.to_zoned(zone.clone()).date().strftime("%-d %B %Y"))
        });
        Some(Cover {
            whom: Whom { contact: cover.id.clone(), organization: cover.organization.clone() },
            name: cover.name.clone(),
            away: away.name.clone(),
            until,
            since: directory.availability(away).away_from(now),
        })
    }
}
