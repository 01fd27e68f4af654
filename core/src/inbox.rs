//! The inbox: takes over what each room's homeserver lists, in one unbroken stretch, and folds it.
//!
//! Hints only say where to look. What a room holds is read again from its end until what was taken over before, at each
//! hint and at every start, so that nothing depends on a hint having come.

mod documents;
mod gaps;
mod room;

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::case::event::{Block, Content, Event, Held, HeldBody, Receipt};
use crate::case::state::{CaseState, Standing};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{CaseId, EventId, MatrixEventId, RoomId, UserId};
use crate::notice::Notice;
use crate::point::point;
use crate::policy::Reason;
use crate::ports::{Arrived, ArrivedWhat, Page};
use crate::store::cases::Stage;
use crate::store::inbox::{keep, take};
use crate::store::outbox::{case_lane, hurry};

pub(crate) use self::documents::Fetching;
use self::documents::keep_inline;

/// The first page asked for: a live message or two need no more.
const FIRST_PAGE: u32 = 30;
/// Every further page.
const NEXT_PAGE: u32 = 100;
/// How many known events in a row are passed before nothing late is expected below them.
const KNOWN_IN_A_ROW: usize = 200;
/// How many pages below what was taken over are read at most.
const PAGES_BELOW: usize = 20;

/// How far to read below what was taken over. A late event of another homeserver is listed where its predecessors are, which
/// can be any number of pages below the room's end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Below {
    named: BTreeSet<MatrixEventId>,
    known_in_a_row: usize,
}

impl Below {
    /// Until these are found.
    pub(crate) fn until(named: BTreeSet<MatrixEventId>) -> Self {
        Self { named, known_in_a_row: 0 }
    }

    /// What is to be found.
    pub(crate) fn named(self) -> BTreeSet<MatrixEventId> {
        self.named
    }

    /// Some way, for whoever may have missed a hint.
    pub(crate) fn some_way() -> Self {
        Self { named: BTreeSet::new(), known_in_a_row: KNOWN_IN_A_ROW }
    }
}

impl Engine {
    /// Takes over everything: every room that is open or waits to be read, and what could not be read before.
    pub(crate) async fn catch_up_all(&self, below: &Below) -> Result<()> {
        let mut rooms = self.db.rooms_to_read()?;
        rooms.extend(
            self.db.cases()?.into_iter().filter(|row| row.stage == Stage::Open).filter_map(|row| row.room),
        );
        let mut failed = None;
        for room in rooms {
            // One room that fails does not hold up the others.
            let caught_up = async {
                self.catch_up(&room, below).await?;
                self.read_again(&room).await
            };
            failed = match caught_up.await {
                // It is looked at again when everything is: a server that does not let us in will not soon.
                Ok(()) | Err(Error::Conflict { .. } | Error::NotFound { .. }) => failed,
                Err(error) => Some(error),
            };
        }
        failed.map_or(Ok(()), Err)
    }

    /// Takes over what is new in a room, and does what follows from it.
    pub(crate) async fn catch_up(&self, room: &RoomId, below: &Below) -> Result<()> {
        let _one = self.receiving.lock().await;
        self.read_new(room, below).await?;
        self.fetching.ask_for(room);
        self.settle_room(room).await?;
        self.serve_unreached(room).await
    }

    /// Takes over what is new in a room, and nothing more: for whoever looks for an event of their own.
    pub(crate) async fn look(&self, room: &RoomId) -> Result<()> {
        let _one = self.receiving.lock().await;
        self.read_new(room, &Below::default()).await
    }

    async fn read_new(&self, room: &RoomId, below: &Below) -> Result<()> {
        let (mut from, mut limit, mut new) = (None, FIRST_PAGE, Vec::new());
        let known = |id: &MatrixEventId| self.db.is_taken(room, id);
        let mut sought: BTreeSet<&MatrixEventId> = below.named.iter().filter(|id| !known(id)).collect();
        let (mut known_in_a_row, mut pages_below) = (0, 0);
        loop {
            let Page { events, older } = self.transport.page(room, from.as_deref(), limit, &known).await?;
            // A page can hold a late event below one that was taken: the stretch is whole where its oldest event is known.
            let whole = events.last().is_some_and(is_known);
            for event in &events {
                known_in_a_row = if is_known(event) { known_in_a_row + 1 } else { 0 };
                sought.remove(&event.matrix_id);
            }
            pages_below += usize::from(whole);
            let far_enough = sought.is_empty() && known_in_a_row >= below.known_in_a_row;
            let done = whole && (far_enough || pages_below > PAGES_BELOW);
            new.extend(events.into_iter().filter(|event| !is_known(event)));
            match older {
                Some(older) if !done => (from, limit) = (Some(older), NEXT_PAGE),
                _ => break,
            }
        }
        new.reverse();
        self.take_over(room, &new)?;
        self.fill_gaps(room).await
    }

    /// Hands over to those who could not read before, once they have a device that can.
    pub(crate) async fn serve_unreached(&self, room: &RoomId) -> Result<()> {
        let Some(case) = self.db.case_of_room(room)? else { return Ok(()) };
        let missed = self.db.unreached(case)?;
        if missed.is_empty() {
            return Ok(());
        }
        let recipients = self.transport.recipients(&missed).await?;
        self.note_unreached(case, &recipients)
    }

    /// Judges again what could not be decrypted, and what nothing proved the author of.
    pub(crate) async fn read_again(&self, room: &RoomId) -> Result<()> {
        let _one = self.receiving.lock().await;
        let mut any = false;
        for waiting in self.db.waiting(room)? {
            let raw = RawValue::from_string(waiting.raw).map_err(|_| Error::internal("inbox-raw"))?;
            let what = self.transport.decrypt(room, &raw).await?;
            match &what {
                ArrivedWhat::Undecryptable { .. } => continue,
                ArrivedWhat::Message { unproven: Some(_), .. } if waiting.readable => continue,
                _ => {}
            }
            any = true;
            let arrived = Arrived {
                matrix_id: waiting.matrix_id,
                sender: waiting.sender,
                server_at: waiting.server_at,
                what,
            };
            self.take_over(room, &[arrived])?;
        }
        if any {
            self.fill_gaps(room).await?;
            self.fetching.ask_for(room);
            self.settle_room(room).await?;
        }
        Ok(())
    }

    /// Keeps a stretch of events, oldest first, and folds them.
    fn take_over(&self, room: &RoomId, stretch: &[Arrived]) -> Result<()> {
        if stretch.is_empty() {
            return Ok(());
        }
        let me = self.user();
        let mut came: Vec<Held> = Vec::new();
        point("inbox-before-take");
        self.db.write(|t| {
            for arrived in stretch {
                take(t, room, arrived)?;
                let ArrivedWhat::Message { content, ratchet, unproven } = &arrived.what else { continue };
                let Ok(content) = Content::parse(content) else { continue };
                let mut held = received(room, arrived, content, ratchet, unproven.is_none());
                if let HeldBody::Whole(content) = &held.body {
                    keep_inline(t, content)?;
                }
                held.server_at = keep(t, room, &held, Some(&arrived.matrix_id))?;
                came.push(held);
            }
            Ok(())
        })?;
        point("inbox-taken");
        let told: Vec<_> = came.iter().map(|held| (held.key(), kind_of(held))).collect();
        let superseded = self.change_fold(room, |fold| {
            let known: BTreeSet<EventId> = superseded_of(fold.state(), &me).map(|(id, _)| id).collect();
            let new: BTreeSet<EventId> = came
                .iter()
                .filter(|held| held.sender == me && fold.copies(&held.key()).is_empty())
                .map(|held| held.id)
                .collect();
            // Our own events were folded with our own time when they were marked; the homeserver's is the one that counts.
            let (own, mut others): (Vec<_>, Vec<_>) = came.into_iter().partition(|held| held.sender == me);
            fold.settle(own);
            match others.pop() {
                Some(one) if others.is_empty() => fold.insert(one),
                last => fold.extend(others.into_iter().chain(last)),
            };
            // Only what counted here until now: of what a new device reads nobody waits to hear.
            superseded_of(fold.state(), &me)
                .filter(|(id, _)| !known.contains(id) && !new.contains(id))
                .map(|(id, reason)| (id, reason.clone()))
                .collect::<Vec<_>>()
        })?;
        point("inbox-folded");
        for arrived in stretch {
            if let ArrivedWhat::Plain { .. } = arrived.what {
                self.tell(Notice::NotEncrypted { room: room.clone(), sender: arrived.sender.clone() });
            }
        }
        if let Some(case) = self.db.case_of_room(room)? {
            for (key, kind) in told {
                self.tell(Notice::Event { case, key, kind });
            }
            for (id, reason) in superseded {
                self.tell(Notice::Superseded { case, id, reasons: vec![reason] });
            }
            self.case_changed(case)?;
        }
        Ok(())
    }

    /// What follows from a change of a case's state: people to remove, what crossed with a
    /// naming to hand over, resources to write, and a new look at what waits.
    pub(crate) fn case_changed(&self, case: CaseId) -> Result<()> {
        // By what is in the room: what is marked and never leaves ends nobody's participation.
        let state = self.state_in_room(case)?;
        self.keep_proofs(&state);
        self.remove_the_ended(case, &state)?;
        self.hand_over_what_crossed(case)?;
        self.follow_referrals(case)?;
        self.project(case)?;
        self.db.write(|t| hurry(t, Some(&case_lane(case))))?;
        self.outgoing.notify_one();
        Ok(())
    }
}

/// Our events that take no step, and why.
fn superseded_of<'s>(state: &'s CaseState, me: &UserId) -> impl Iterator<Item = (EventId, &'s Reason)> {
    state.timeline.iter().filter(move |entry| entry.key.sender == *me).filter_map(|entry| {
        let Standing::Superseded { reason } = &entry.standing else { return None };
        Some((entry.key.id, reason))
    })
}

fn is_known(arrived: &Arrived) -> bool {
    matches!(arrived.what, ArrivedWhat::Known)
}

/// An event as it is kept: its id is the block's, or follows from the room and the key's message that it is.
fn received(room: &RoomId, arrived: &Arrived, content: Content, ratchet: &str, proven: bool) -> Held {
    let id = match &content.block {
        Block::Event(event) => event.id,
        Block::Absent | Block::Malformed => EventId::foreign(room, ratchet),
    };
    Held {
        sender: arrived.sender.clone(),
        id,
        server_at: arrived.server_at,
        receipt: Receipt::FirstHand { proven },
        body: HeldBody::Whole(content),
    }
}

fn event_of(content: &Content) -> Option<&Event> {
    match &content.block {
        Block::Event(event) => Some(event),
        Block::Absent | Block::Malformed => None,
    }
}

fn kind_of(held: &Held) -> String {
    match &held.body {
        HeldBody::Whole(content) => {
            event_of(content).map_or("m.room.message", |event| event.data.kind()).to_owned()
        }
        HeldBody::Stub(stub) => stub.kind.clone(),
    }
}
