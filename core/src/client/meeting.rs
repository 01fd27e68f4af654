//! Mutual member meetings, as the host works with them: an agenda, what is decided, and the pair's view of the other side.

use std::collections::BTreeSet;

use crate::agreement::{Agreement, RuleSet};
use crate::case::event::EventKey;
use crate::case::kind::RoomKind;
use crate::client::{Caseline, Message, Task};
use crate::commands::Command;
use crate::engine::Engine;
use crate::error::{Error, InvalidInput, Result};
use crate::fhir::{self, Unsaved};
use crate::id::{CaseId, EventId, OrganizationId};
use crate::meeting::{
    self, Agenda, AgendaConcern, AgendaOrder, Frame, MOST_MINUTES, Meeting, MeetingUndone, Point,
};
use crate::panel::{Beside, Pair, PanelQuery, TurnRound, side_by_side};
use crate::policy::Reason;
use crate::ports::Created;
use crate::store::papers::Paper;

/// What of the reasons for which a decision did not leave is said in the pair's room: of everything else only that it was not allowed,
/// since not everybody there has a seat in the case, and that its member has something to consent to is nothing for them.
const TOLD: [&str; 3] = ["agreement-not-in-force", "case-closed", "no-seat"];
/// What is said in the place of every other reason.
const NOT_TOLD: &str = "not-allowed";

/// What a meeting decided on in a case.
#[derive(Debug, Clone)]
pub enum Decision {
    /// Somebody is to do something.
    Task(Task),
    /// Something that everybody in the case is told.
    Message(Message),
}

impl Engine {
    /// Says in the pairs' rooms which of this device's decisions did not leave for their cases, once of each.
    pub(crate) fn undo_decisions(&self) -> Result<()> {
        let me = self.user();
        for room in self.db.of_kind(RoomKind::Pair)? {
            // That there is a decision may still wait to be said, too.
            let state = self.with_expected(room, |fold| fold.state().clone())?;
            if state.life.going_on().is_err() {
                continue;
            }
            for meeting in state.meetings.all() {
                // Of its own decisions alone: whatever others write of an event that is none of these.
                let ours = meeting.decisions.iter().filter(|one| {
                    one.event.sender == me && one.by.event.sender == me && one.undone.is_none()
                });
                for decision in ours {
                    let denied = self.db.outbox_denied_in(decision.case, decision.event.id)?;
                    let Some(reasons) = denied else { continue };
                    let undone = MeetingUndone {
                        meeting: meeting.key.id,
                        case: decision.case,
                        event: decision.event.clone(),
                        why: told(&reasons),
                    };
                    let id = EventId::derived(&["undone", &room.to_string(), &decision.event.id.to_string()]);
                    match self.command(room, &Command::new(Some(id), undone)) {
                        // Whoever has no part in the room any more says nothing in it.
                        Ok(_) | Err(Error::NotAllowed { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(())
    }
}

/// What is said of why a decision did not leave, each once.
fn told(reasons: &[Reason]) -> Vec<String> {
    let code = |reason: &Reason| TOLD.into_iter().find(|code| *code == reason.code).unwrap_or(NOT_TOLD);
    let codes: BTreeSet<&str> = reasons.iter().map(code).collect();
    codes.into_iter().map(str::to_owned).collect()
}

/// The id of the event of a case by which a meeting's decision is carried out.
pub(super) fn carried_by(meeting: EventId, case: CaseId, decision: EventId) -> EventId {
    EventId::derived(&["decision", &meeting.to_string(), &case.to_string(), &decision.to_string()])
}

impl Caseline {
    /// All organisations that this device's own has an agreement with, side by side: what was settled, whom to call, how one reaches
    /// them, which clocks count, for which topics there is nobody. Of agreements that are over, too.
    pub fn side_by_side(&self) -> Result<Vec<Beside>> {
        let engine = &self.engine;
        let agreements = engine.agreements()?;
        let agreements = agreements.iter().map(|text| Agreement::kept(text)).collect::<Result<Vec<_>>>()?;
        let rules = engine.db.papers(Paper::Rules)?;
        let rules = rules.iter().map(|text| RuleSet::kept(text)).collect::<Result<Vec<_>>>()?;
        let panel = engine.panel(&PanelQuery { most: Some(0), ..PanelQuery::default() })?;
        let counts = panel.pairs.into_iter().map(|pair| (pair.of.pair, pair.counts)).collect();
        let directory = engine.directory();
        let own = directory.organization_of_user(&engine.user()).map(|organization| organization.id.clone());
        Ok(side_by_side(agreements, &rules, &directory, &counts, own.as_ref(), engine.now()))
    }

    /// The agenda of a pair's meeting, over the cases that they share and this device knows: why each is talked about, in an order
    /// that puts what matters first, sized to the time; and one's own organisation's concerns about the other side, which the other
    /// side's agenda has not ([`Agenda::for_both`](crate::meeting::Agenda::for_both) is without them). What happened since the last meeting that the pair's room knows as held is looked
    /// at, where the order names no day.
    ///
    /// # Errors
    /// `NotFound` (`shared-cases`) where the two share no case; `InvalidInput` (`meeting-minutes`, field `minutes`).
    pub fn agenda(&self, order: AgendaOrder) -> Result<Agenda> {
        self.agenda_with(order, Vec::new(), |_| false)
    }

    /// The same with these points, and without the concerns that were brought as one.
    pub(super) fn agenda_with(
        &self,
        order: AgendaOrder,
        points: Vec<Point>,
        brought: impl Fn(&AgendaConcern) -> bool,
    ) -> Result<Agenda> {
        if !(1..=MOST_MINUTES).contains(&order.minutes) {
            let detail = "a meeting takes from one minute to eight hours";
            return Err(InvalidInput::new("meeting-minutes", detail).field("minutes").into());
        }
        let engine = &self.engine;
        let pair = &order.meeting.pair;
        let (of, summaries) = engine.summaries(pair)?.ok_or(Error::NotFound { what: "shared-cases" })?;
        let first = summaries.first().ok_or(Error::NotFound { what: "shared-cases" })?;
        let zone = match engine.state(first.case())?.opening() {
            Some(opening) => opening.agreement.zone.clone(),
            None => jiff::tz::TimeZone::UTC,
        };
        let at = engine.now();
        let turn_rounds = self.turn_rounds(pair)?;
        let mut order = order;
        let concerns = Vec::new();
        let own = self.own_side(&order.meeting.pair);
        let begins =
            Frame { order: order.clone(), of: of.clone(), zone, at, turn_rounds, points, concerns, own };
        order.since = order.since.or(self.last_meeting(&order.meeting.pair, begins.begins())?);
        let mut frame = Frame { order, ..begins };
        frame.concerns = self.concerns_for(&frame)?;
        frame.concerns.retain(|one| !brought(one));
        let since = frame.since_instant();
        let mut items = Vec::new();
        for summary in summaries.iter().filter(|summary| summary.concerns(at, since)) {
            items.extend(meeting::look(&engine.state(summary.case())?, &frame));
        }
        Ok(meeting::agenda(frame, items))
    }

    /// This account's own organisation, where it is one of the two.
    pub(super) fn own_side(&self, pair: &Pair) -> Option<OrganizationId> {
        let directory = self.engine.directory();
        let own = directory.organization_of_user(&self.engine.user())?.id.clone();
        (own == pair.plan_side || own == pair.community_side).then_some(own)
    }

    /// The concerns of one's own organisation about the other side of a pair, from its programme rooms. The office's own people, who
    /// have them too, are no side of a pair.
    pub(super) fn concerns_for(&self, frame: &Frame) -> Result<Vec<AgendaConcern>> {
        let pair = &frame.order.meeting.pair;
        let Some(own) = &frame.own else { return Ok(Vec::new()) };
        let other = if *own == pair.plan_side { &pair.community_side } else { &pair.plan_side };
        let mut found = Vec::new();
        for room in self.rooms(RoomKind::Programme)? {
            let state = room.expected()?;
            if state.life.going_on().is_ok_and(|opening| opening.community_side.id == *own) {
                found.extend(meeting::concerns(&state, other, frame));
            }
        }
        Ok(found)
    }

    pub(super) fn turn_rounds(&self, pair: &Pair) -> Result<Vec<TurnRound>> {
        let query = PanelQuery {
            plan_side: Some(pair.plan_side.clone()),
            community_side: Some(pair.community_side.clone()),
            most: Some(0),
            ..PanelQuery::default()
        };
        let found = self.engine.panel(&query)?.pairs.into_iter().next();
        Ok(found.map(|pair| pair.turn_rounds).unwrap_or_default())
    }

    /// Records what a meeting decided on in one of its cases: as a task of the case, or as a message in it, which say that it was
    /// decided there. `decision` is the decision's own id: the same again is answered as it was first, so that a retry after a crash
    /// is safe. Of a meeting in the pair's room [`Case::decide`](crate::Case::decide) says there, too, that there is a decision.
    ///
    /// # Errors
    /// `InvalidInput` (`case-of-others`, field `case`, where the case is not one that the two share), and those of
    /// [`Case::assign`](crate::Case::assign) or [`Case::send`](crate::Case::send).
    pub fn decide(
        &self,
        meeting: &Meeting,
        case: CaseId,
        decision: Option<EventId>,
        what: Decision,
    ) -> Result<EventKey> {
        let known = self.case(case)?;
        let state = known.expected()?;
        let opening = state.opening().ok_or(Error::NotFound { what: "case" })?;
        let of = Pair {
            plan_side: opening.plan_side.id.clone(),
            community_side: opening.community_side.id.clone(),
        };
        if of != meeting.pair {
            let detail = "this case is not one that the two organizations of the meeting share: name one on its agenda";
            return Err(InvalidInput::new("case-of-others", detail).field("case").into());
        }
        let decision = decision.unwrap_or_else(EventId::new);
        let id = Some(carried_by(meeting.id, case, decision));
        let said = meeting::decided(meeting.date);
        match what {
            Decision::Task(task) => known.assign(id, task.decided(&said)),
            Decision::Message(message) => known.send(id, message.after(&said)),
        }
    }

    /// Writes the Appointment of a meeting that has no room (the pair's room writes those of its own by itself) into this organisation's record, unless it is there: see [`fhir::meeting`]. It is entered in
    /// the audit before it is tried.
    ///
    /// # Errors
    /// [`Unsaved::Record`] where the record does not take it, or does not answer.
    pub async fn save_appointment(&self, agenda: &Agenda) -> Result<Created, Unsaved> {
        self.create_resource("Appointment", &fhir::meeting(agenda)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_case_may_know_is_not_told_in_the_pairs_room() {
        let reason = |code: &'static str, source: &'static str| Reason::new(code, "why", source);
        let consents = [reason("consent-revoked", "consent x"), reason("consent-missing", "consent")];
        assert_eq!(told(&consents), ["not-allowed"]);
        let others = [reason("task-owner-unseated", "task"), reason("category-not-shared", "agreement")];
        assert_eq!(told(&others), ["not-allowed"], "so that this alone says nothing of consents");
        let plain = [reason("agreement-not-in-force", "agreement x"), reason("consent-revoked", "consent")];
        assert_eq!(told(&plain), ["agreement-not-in-force", "not-allowed"]);
    }
}
