//! Waiting for what somebody must have before they can act.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Case, Line, blink};
use crate::demo::actor::SOON;
use crate::demo::fault::Fault;
use crate::demo::seen::{list, text};
use crate::process::CallError;

/// How long somebody waits for what was said before, who may never get it.
const HEARD: Duration = Duration::from_secs(8);

impl Line<'_, '_> {
    /// Waits a moment until somebody has what was said last in the case by others: a step follows the one before it.
    pub(super) fn until_heard(&mut self, who: &str, case: &str) -> Result<(), Fault> {
        let Some((of, last)) = self.told()?.last.clone() else { return Ok(()) };
        let user = self.stage.user(who).to_owned();
        if of != case || last.sender == user || !self.stage.actor(who)?.is_reachable() {
            return Ok(());
        }
        let until = Instant::now() + HEARD;
        while Instant::now() < until {
            match self.stage.actor(who)?.call("timeline", json!({ "case": case }), SOON) {
                Ok(timeline)
                    if list(&timeline, "events").iter().any(|event| text(event, "id") == last.id) =>
                {
                    break;
                }
                Ok(_) => blink()?,
                // They are not in it, and what they want to do will say so.
                Err(CallError::Refused(_)) => return Ok(()),
                Err(other) => return Err(other.into()),
            }
        }
        // It was refused on its way, or is withheld from them: nobody waits for it again.
        self.told()?.last = None;
        Ok(())
    }

    /// Waits until somebody's client has the case, and the plan or task that they want to answer (its list, the field of its id,
    /// its id): nobody answers what they do not see.
    pub(super) fn until_there(
        &mut self,
        who: &str,
        case: &Case,
        one: Option<(&str, &str, &str)>,
        within: Duration,
    ) -> Result<(), Fault> {
        let until = Instant::now() + within;
        loop {
            // Tasks, concerns, meetings and consents have lists of their own; plans are in the state.
            let verb = match one {
                Some((of @ ("tasks" | "concerns" | "meetings" | "referrals"), ..)) => of,
                Some(("consents" | "overrides", ..)) => "consents",
                Some(("agreements", ..)) => "proposed_agreements",
                _ => "state",
            };
            let state = match self.stage.actor(who)?.call(verb, json!({ "case": case.id }), SOON) {
                Ok(state) => Some(state),
                Err(CallError::Refused(_)) => None,
                Err(other) => return Err(other.into()),
            };
            let there = state.as_ref().is_some_and(|state| {
                one.is_none_or(|(of, field, id)| list(state, of).iter().any(|known| text(known, field) == id))
            });
            if there {
                return Ok(());
            }
            if Instant::now() >= until {
                let name = self.stage.story.name_of(who);
                return Err(match state {
                    None => {
                        Fault::Not { wanted: format!("{name} is in the case"), seen: "no such case".into() }
                    }
                    Some(_) => Fault::Not {
                        wanted: format!("{name} has what they want to answer"),
                        seen: "nothing of the kind".into(),
                    },
                });
            }
            blink()?;
        }
    }

    /// Waits for an invitation to a case, the latest first: its room, and who invites.
    pub(super) fn invited(
        &mut self,
        who: &str,
        case: &Case,
        within: Duration,
    ) -> Result<(String, String), Fault> {
        let inviters: Vec<(String, String)> =
            case.inviters.iter().map(|name| (self.stage.user(name).to_owned(), name.clone())).collect();
        let until = Instant::now() + within;
        loop {
            let answer = self.stage.actor(who)?.call("invitations", json!({}), SOON)?;
            let invitations = list(&answer, "invitations");
            let found = invitations.iter().rev().find_map(|invitation| {
                let (_, name) = inviters.iter().find(|(user, _)| text(invitation, "by") == user)?;
                Some((text(invitation, "room").to_owned(), name.clone()))
            });
            if let Some(found) = found {
                return Ok(found);
            }
            if Instant::now() >= until {
                let name = self.stage.story.name_of(who);
                let seen =
                    format!("{} invitations, none from who opened the case or named them", invitations.len());
                return Err(Fault::Not { wanted: format!("{name} is invited"), seen });
            }
            blink()?;
        }
    }
}
