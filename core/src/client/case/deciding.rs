//! What a meeting decides, as the host records it: in its case, and in the pair's room that there is a decision.

use super::meeting::{found, of, pair};
use crate::case::event::EventKey;
use crate::client::meeting::carried_by;
use crate::client::{Case, Decision};
use crate::commands::Command;
use crate::error::{Error, Result};
use crate::id::{CaseId, EventId};
use crate::meeting::{self, DecisionKind, MeetingDecided, MeetingDropped, Settled};

impl Case {
    /// Records what a meeting of this room decided on in one of the cases that the two share: in the case as a task or a message, as
    /// [`Caseline::decide`](crate::Caseline::decide), and here that there is one. Returns the case's event. `decision` is the decision's own id: repeated after
    /// a kill, what is missing of the two is done.
    ///
    /// # Errors
    /// `NotFound` (`meeting`); those of [`Caseline::decide`](crate::Caseline::decide); `NotAllowed` (`meeting-cancelled`), besides the
    /// errors of every command.
    pub fn decide(
        &self,
        meeting: EventId,
        case: CaseId,
        decision: Option<EventId>,
        what: Decision,
    ) -> Result<EventKey> {
        self.decide_on(meeting, case, (decision, None), what)
    }

    fn decide_on(
        &self,
        meeting: EventId,
        case: CaseId,
        (decision, instead): (Option<EventId>, Option<EventKey>),
        what: Decision,
    ) -> Result<EventKey> {
        let state = self.expected()?;
        let opening = of(&state)?;
        let known = found(&state, meeting)?;
        if known.cancelled.is_some() && instead.is_none() {
            let text = "that meeting was called off: set a new one";
            return Err(Error::not_allowed(crate::policy::Reason::new("meeting-cancelled", text, "meeting")));
        }
        let named = known.meeting(pair(opening), &opening.agreement.zone);
        let kind = match &what {
            Decision::Task(_) => DecisionKind::Task,
            Decision::Message(_) => DecisionKind::Message,
        };
        let decision = decision.unwrap_or_else(EventId::new);
        let event = EventKey { sender: self.caseline().user(), id: carried_by(named.id, case, decision) };
        let parts = ["recorded", &self.id().to_string(), event.sender.as_str(), &event.id.to_string()];
        let id = Some(EventId::derived(&parts));
        let recorded = Command::new(id, MeetingDecided { meeting, case, kind, event, instead });
        // Nothing comes into the case that the room would not take.
        self.caseline().engine.judge_beforehand(self.id(), &recorded)?;
        let event = self.caseline().decide(&named, case, Some(decision), what)?;
        self.command(&recorded)?;
        Ok(event)
    }

    /// Decides anew what a meeting decided on and what did not come into its case ([`MeetingState::undone`](crate::meeting::MeetingState::undone)), as [`Case::decide`]:
    /// `undone` is its event of the case. Until then it is owed.
    ///
    /// # Errors
    /// `NotFound` (`meeting`, `decision`); those of [`Case::decide`]; `NotAllowed` (`meeting-decision-settled`).
    pub fn decide_anew(
        &self,
        meeting: EventId,
        undone: EventKey,
        decision: Option<EventId>,
        what: Decision,
    ) -> Result<EventKey> {
        let state = self.expected()?;
        let opening = of(&state)?;
        let set = found(&state, meeting)?;
        let named = set.meeting(pair(opening), &opening.agreement.zone);
        let mut decisions = set.decisions.iter();
        let known = decisions.find(|one| one.event == undone).ok_or(Error::NotFound { what: "decision" })?;
        // Settled by this very decision, and by nobody else's or by another one.
        let repeated = || {
            let id = carried_by(named.id, known.case, decision?);
            let (_, how) = known.undone.as_ref()?.settled.as_ref()?;
            let own = EventKey { sender: self.caseline().user(), id };
            (*how == Settled::Instead(own)).then_some(())
        };
        if !known.waits() && repeated().is_none() {
            return Err(Error::not_allowed(meeting::settled_already()));
        }
        self.decide_on(meeting, known.case, (decision, Some(undone)), what)
    }

    /// Drops what a meeting decided on and what did not come into its case: it is not to be done any more. `undone` is its event of
    /// the case.
    ///
    /// # Errors
    /// `NotAllowed` (`meeting-decision-settled`, `meeting-decision-unknown`, `meeting-unknown`), besides the errors of every command.
    pub fn drop_decision(&self, id: Option<EventId>, meeting: EventId, undone: EventKey) -> Result<EventKey> {
        self.command(&Command::new(id, MeetingDropped { meeting, event: undone }))
    }
}
