//! What of a command is labelled, and whether the member's consents let it be told.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::case::event::{EventData, EventKey};
use crate::case::handover::{self, HandedBody, HandedEvent};
use crate::case::life::Opening;
use crate::case::roster::room_user;
use crate::case::state::CaseState;
use crate::commands::Command;
use crate::consent::MOST_OVERRIDES;
use crate::contact::Seat;
use crate::engine::Engine;
use crate::error::{Error, InvalidInput, Result};
use crate::id::UserId;
use crate::label::{Label, Marks, are_sensitive};
use crate::policy::{Ask, Labelled, Reason, consents_let};

/// The marks that an event travels with: what its author says of it, and what follows from who they are. What nothing of can be
/// labelled has none.
pub(super) fn settled(state: &CaseState, seat: &Seat, command: &Command) -> Result<Marks> {
    let mut marks = command.marks.clone();
    marks.check()?;
    if !command.data.has_content() {
        if marks.is_empty() {
            return Ok(marks);
        }
        let detail = "this says nothing of the member that could be labelled, or be an emergency";
        return Err(InvalidInput::new("nothing-to-label", detail).field("labels").into());
    }
    let waiting = state
        .consents
        .overrides()
        .iter()
        .filter(|one| one.review.is_none() && one.by.organization == seat.contact.organization);
    if marks.btg.is_some() && waiting.count() >= MOST_OVERRIDES {
        let text =
            "too much was told without consent that nobody has looked at yet: have somebody look at it";
        return Err(Error::not_allowed(Reason::new("override-too-many", text, "consent")));
    }
    if let Some(opening) = state.opening() {
        // What follows something is as sensitive, unless its author says why it is not.
        if marks.unlabelled.is_none() {
            marks.labels.extend(state.labels_followed(&command.data, seat));
        }
        marks.labels = marks.labels_of(seat, &opening.agreement);
    }
    Ok(marks)
}

/// Whether a consent in force lets an event be handed over to everybody who is in the room now, as if its author said it to them
/// now. Before the case is open, and of what is not labelled, nothing is asked.
pub(super) fn may_be_handed(state: &CaseState, key: &EventKey, me: &UserId, at: Timestamp) -> bool {
    let (Some(opening), Some((labels, by))) = (state.opening(), state.labels.get(key)) else { return true };
    // It may not be passed on without consent, and names no category that a consent could speak of: nobody but its own passes it on.
    if labels.contains(&Label::NoRedisclosure) && !are_sensitive(labels) {
        return state.roster().seat_of(me).is_some_and(|seat| seat.contact.organization == *by);
    }
    let labelled = [Labelled { labels: labels.clone(), by: by.clone() }];
    let seats: Vec<&Seat> = state.roster().active().collect();
    consents_let(&labelled, &seats, &opening.agreement, &state.consents, at)
}

/// The events of a handover in as many parts as it takes for none to rest on more consents than can be explained beside it. Each
/// event may be handed over by itself; whoever takes part gets them all.
pub(super) fn in_parts(state: &CaseState, events: Vec<HandedEvent>, at: Timestamp) -> Vec<Vec<HandedEvent>> {
    let Some(opening) = state.opening() else { return vec![events] };
    let seats: Vec<&Seat> = state.roster().active().collect();
    let mut parts: Vec<(BTreeSet<Labelled>, Vec<HandedEvent>)> = vec![Default::default()];
    for event in events {
        let key = EventKey { sender: event.sender.clone(), id: event.id };
        let own = match &event.body {
            HandedBody::Content(_) => state.labels.get(&key),
            HandedBody::Stub(_) => None,
        };
        let own = own.map(|(labels, by)| Labelled { labels: labels.clone(), by: by.clone() });
        let has_room = |told: &BTreeSet<Labelled>| {
            let Some(own) = own.as_ref().filter(|own| !told.contains(*own)) else { return true };
            let union: Vec<Labelled> = told.iter().chain([own]).cloned().collect();
            consents_let(&union, &seats, &opening.agreement, &state.consents, at)
        };
        match parts.iter_mut().find(|(told, _)| has_room(told)) {
            Some((told, part)) => {
                told.extend(own);
                part.push(event);
            }
            None => parts.push((own.into_iter().collect(), vec![event])),
        }
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

impl Engine {
    /// What of an event is labelled, and whose it is: of a handover each event that it tells, still of who said it. `document` is the
    /// text of its document, where that is not kept yet.
    pub(crate) fn labelled(
        &self,
        state: &CaseState,
        data: &EventData,
        marks: &Marks,
        document: Option<&str>,
    ) -> Result<Vec<Labelled>> {
        let Some(opening) = state.opening() else { return Ok(Vec::new()) };
        if let EventData::Handover(handover) = data {
            let kept = match document {
                Some(_) => None,
                None => self.document_text(&handover.events.sha256)?,
            };
            let text = document.or(kept.as_deref()).ok_or(Error::internal("handover-document"))?;
            let (events, _) = handover::read(text).ok_or(Error::internal("handover-document"))?;
            let whole = events.into_iter().filter(|event| matches!(event.body, HandedBody::Content(_)));
            let keys = whole.map(|event| EventKey { sender: event.sender, id: event.id });
            let labelled: BTreeSet<Labelled> = keys
                .filter_map(|key| state.labels.get(&key))
                .map(|(labels, by)| Labelled { labels: labels.clone(), by: by.clone() })
                .collect();
            return Ok(labelled.into_iter().collect());
        }
        Ok(self.own(state, opening, data, marks).into_iter().collect())
    }

    /// What one says oneself.
    fn own(&self, state: &CaseState, opening: &Opening, data: &EventData, marks: &Marks) -> Option<Labelled> {
        let me = self.user();
        let seat = state.roster().all().iter().rev().map(|place| &place.seat);
        let seat = state.roster().seat_of(&me).or_else(|| {
            let mut seats = seat.into_iter();
            seats.find(|seat| room_user(seat) == Some(&me))
        })?;
        let labels = marks.labels_of(seat, &opening.agreement);
        (data.has_content() && !labels.is_empty())
            .then(|| Labelled { labels, by: seat.contact.organization.clone() })
    }

    /// Asks the policy as a command is given.
    pub(crate) fn asked<T>(
        &self,
        state: &CaseState,
        data: &EventData,
        marks: &Marks,
        document: Option<&str>,
        how: impl FnOnce(&Ask<'_>) -> T,
    ) -> Result<T> {
        let (agreement, seats): (_, Vec<&Seat>) = match (data.opens(), state.opening()) {
            (Some(opened), _) => (opened.agreement.read()?, opened.roster.iter().collect()),
            (_, Some(opening)) => (opening.agreement.clone(), state.roster().active().collect()),
            (_, None) => {
                let text = "the case is not open yet on this device";
                return Err(Error::not_allowed(Reason::new("case-not-open", text, "case")));
            }
        };
        let me = self.user();
        let labelled = self.labelled(state, data, marks, document)?;
        let mut disclosure = data.disclosure();
        disclosure.labels = labelled.iter().flat_map(|part| part.labels.iter().copied()).collect();
        Ok(how(&Ask {
            disclosure: &disclosure,
            sender: &me,
            seats: &seats,
            agreement: &agreement,
            labelled: &labelled,
            consents: &state.consents,
            emergency: marks.btg.is_some(),
            at: self.now(),
            send: None,
        }))
    }
}
