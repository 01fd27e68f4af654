//! The inbox: takes over what each room's homeserver lists, in one unbroken stretch, and folds it.
//!
//! Hints only say where to look. What a room holds is read again from its end until what was taken over before, at each
//! hint and at every start, so that nothing depends on a hint having come.

use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use crate::care_plan::{Carriage, Document};
use crate::case::event::{Block, Content, Event, EventData, Held, HeldBody, Receipt};
use crate::case::handover::{HandedEvent, unpack};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{CaseId, EventId, MatrixEventId, RoomId, Sha256, UserId};
use crate::notice::Notice;
use crate::point::point;
use crate::policy::Reason;
use crate::ports::{Arrived, ArrivedWhat, Page};
use crate::store::cases::{RoomRow, RoomStage, Stage, put_case, put_room};
use crate::store::inbox::{keep, keep_document, readable, take};
use crate::store::outbox::{case_lane, hurry};

/// The first page asked for: a live message or two need no more.
const FIRST_PAGE: u32 = 30;
/// Every further page.
const NEXT_PAGE: u32 = 100;
/// The longest document that is fetched, in bytes.
const DOCUMENT_LIMIT: u64 = 32 * 1024 * 1024;
/// How long a room may be not of the make that a case's must be of, before it is left.
const STATE_MAY_TAKE: SignedDuration = SignedDuration::from_secs(8);
/// How many pages are read for a predecessor that is missing.
const GAP_PAGES: usize = 200;

impl Engine {
    /// Takes over everything: every room that is open or waits to be read, and what could not be read before.
    pub(crate) async fn catch_up_all(&self) -> Result<()> {
        let mut rooms = self.db.rooms_to_read()?;
        rooms.extend(
            self.db.cases()?.into_iter().filter(|row| row.stage == Stage::Open).filter_map(|row| row.room),
        );
        let mut failed = None;
        for room in rooms {
            // One room that fails does not hold up the others.
            let caught_up = async {
                self.catch_up(&room).await?;
                self.read_again(&room).await
            };
            failed = caught_up.await.err().or(failed);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Takes over what is new in a room, and does what follows from it.
    pub(crate) async fn catch_up(&self, room: &RoomId) -> Result<()> {
        let _one = self.receiving.lock().await;
        self.read_new(room).await?;
        // A document whose server does not answer is asked for again; it holds up nothing else.
        let documents = self.follow_documents(room).await;
        self.settle_room(room).await?;
        self.serve_unreached(room).await?;
        documents
    }

    /// Takes over what is new in a room, and nothing more: for whoever looks for an event of their own.
    pub(crate) async fn look(&self, room: &RoomId) -> Result<()> {
        let _one = self.receiving.lock().await;
        self.read_new(room).await
    }

    async fn read_new(&self, room: &RoomId) -> Result<()> {
        let (mut from, mut limit, mut new) = (None, FIRST_PAGE, Vec::new());
        let known = |id: &MatrixEventId| self.db.is_taken(room, id);
        loop {
            let Page { events, older } = self.transport.page(room, from.as_deref(), limit, &known).await?;
            // A page can hold a late event below one that was taken: the stretch is whole where its oldest event is known.
            let whole = events.last().is_some_and(is_known);
            new.extend(events.into_iter().filter(|event| !is_known(event)));
            match older {
                Some(older) if !whole => (from, limit) = (Some(older), NEXT_PAGE),
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

    /// Reads on, below what was taken over, for predecessors that an event names and that are not there.
    async fn fill_gaps(&self, room: &RoomId) -> Result<()> {
        let gaps = self.with_fold(room, |fold| fold.state().gaps.clone())?;
        // Once for each set of gaps: what the server withholds now it may give later, at the next event or start.
        let mark = format!("gaps/{}", room.as_str());
        let digest = Sha256::of(serde_json::to_string(&gaps).unwrap_or_default()).to_string();
        if gaps.is_empty() || self.db.meta(&mark)?.as_ref() == Some(&digest) {
            return Ok(());
        }
        let known = |id: &MatrixEventId| self.db.is_taken(room, id);
        let mut from = None;
        for _ in 0..GAP_PAGES {
            let Page { mut events, older } =
                self.transport.page(room, from.as_deref(), NEXT_PAGE, &known).await?;
            events.retain(|event| !is_known(event));
            events.reverse();
            self.take_over(room, &events)?;
            let open = self.with_fold(room, |fold| !fold.state().gaps.is_empty())?;
            match older {
                Some(older) if open => from = Some(older),
                _ => break,
            }
        }
        self.db.set_meta(&mark, Some(&digest))
    }

    /// Tries again what could not be decrypted.
    pub(crate) async fn read_again(&self, room: &RoomId) -> Result<()> {
        let _one = self.receiving.lock().await;
        let mut any = false;
        for waiting in self.db.waiting(room)? {
            let raw = RawValue::from_string(waiting.raw).map_err(|_| Error::internal("inbox-raw"))?;
            let what = self.transport.decrypt(room, &raw).await?;
            if matches!(what, ArrivedWhat::Undecryptable { .. }) {
                continue;
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
            self.follow_documents(room).await?;
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
                let ArrivedWhat::Message { content, proven } = &arrived.what else { continue };
                readable(t, room, &arrived.matrix_id)?;
                let Ok(content) = Content::parse(content) else { continue };
                let mut held = received(room, arrived, content, *proven);
                if let HeldBody::Whole(content) = &held.body
                    && let Some(document) = document_of(content)
                    && let Carriage::Inline(text) = &document.carriage
                    && Sha256::of(text) == document.sha256
                {
                    keep_document(t, &document.sha256, text)?;
                }
                held.server_at = keep(t, room, &held, Some(&arrived.matrix_id))?;
                came.push(held);
            }
            Ok(())
        })?;
        point("inbox-taken");
        let told: Vec<_> = came.iter().map(|held| (held.key(), kind_of(held))).collect();
        self.change_fold(room, |fold| {
            // Our own events were folded with our own time when they were marked; the homeserver's is the one that counts.
            let (own, mut others): (Vec<_>, Vec<_>) = came.into_iter().partition(|held| held.sender == me);
            fold.settle(own);
            match others.pop() {
                Some(one) if others.is_empty() => fold.insert(one),
                last => fold.extend(others.into_iter().chain(last)),
            }
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
            self.case_changed(case)?;
        }
        Ok(())
    }

    /// Fetches the documents that events of the room carry outside, and unpacks handovers.
    async fn follow_documents(&self, room: &RoomId) -> Result<()> {
        let wanted = self.with_fold(room, |fold| {
            let keys: Vec<_> = fold.keys().cloned().collect();
            let counting = keys.iter().filter_map(|key| fold.counting(key));
            let whole = counting.filter_map(|held| match &held.body {
                HeldBody::Whole(content) => Some((held, content)),
                HeldBody::Stub(_) => None,
            });
            whole
                .filter_map(|(held, content)| {
                    let first_hand = matches!(held.receipt, Receipt::FirstHand { proven: true });
                    let document = document_of(content)?.clone();
                    Some((held.sender.clone(), held.id, is_handover(content) && first_hand, document))
                })
                .collect::<Vec<_>>()
        })?;
        let (mut fetched, mut failed) = (false, None);
        for (sender, id, handover, document) in wanted {
            let text = match self.db.document(&document.sha256)? {
                Some(text) => text,
                None => match self.fetch(&document).await {
                    Ok(Some(text)) => {
                        fetched |= !handover;
                        text
                    }
                    Ok(None) => continue,
                    Err(error) => {
                        failed = Some(error);
                        continue;
                    }
                },
            };
            if handover && sender != self.user() {
                self.unpack_handover(room, &sender, id, &text)?;
            }
        }
        // The record waits for a plan's text. After a kill before this, the next start looks at every case.
        match self.db.case_of_room(room)? {
            Some(case) if fetched => self.case_changed(case)?,
            _ => {}
        }
        failed.map_or(Ok(()), Err)
    }

    async fn fetch(&self, document: &Document) -> Result<Option<String>> {
        let Carriage::File(file) = &document.carriage else { return Ok(None) };
        let Some(file) = file.as_object() else { return Ok(None) };
        if document.size > DOCUMENT_LIMIT {
            return Ok(None);
        }
        let bytes = match self.transport.download(file, document.size).await {
            Ok(bytes) => bytes,
            Err(crate::ports::PortError::Unavailable { code, retry_after }) => {
                return Err(crate::ports::PortError::Unavailable { code, retry_after }.into());
            }
            // Not what it is said to be, or gone: the event stands, its document is missing, and that is shown.
            Err(_) => return Ok(None),
        };
        let Ok(text) = String::from_utf8(bytes) else { return Ok(None) };
        if Sha256::of(&text) != document.sha256 {
            return Ok(None);
        }
        self.db.write(|t| keep_document(t, &document.sha256, &text))?;
        point("inbox-document");
        Ok(Some(text))
    }

    fn unpack_handover(&self, room: &RoomId, by: &UserId, id: EventId, text: &str) -> Result<()> {
        let mark = format!("handover/{}/{by}/{id}", room.as_str());
        if self.db.meta(&mark)?.is_some() {
            return Ok(());
        }
        let Ok(events) = serde_json::from_str::<Vec<HandedEvent>>(text) else { return Ok(()) };
        let handed = unpack(events, by);
        self.db.write(|t| handed.iter().try_for_each(|held| keep(t, room, held, None).map(drop)))?;
        point("inbox-handover");
        self.change_fold(room, |fold| fold.extend(handed))?;
        self.db.set_meta(&mark, Some("unpacked"))?;
        if let Some(case) = self.db.case_of_room(room)? {
            self.tell(Notice::Changed { case });
            self.case_changed(case)?;
        }
        Ok(())
    }

    /// Judges an accepted room as soon as its opening can be read: it becomes a case, or is left.
    async fn settle_room(&self, room: &RoomId) -> Result<()> {
        let Some(row) = self.db.room_row(room)? else { return Ok(()) };
        if row.stage != RoomStage::Reading {
            return Ok(());
        }
        let me = self.user();
        let state = self.with_fold(room, |fold| fold.state().clone())?;
        let Some(case) = state.opening().map(|opening| opening.case) else {
            // Nothing readable yet, or the opening is not, or a handover whose events are on their way.
            let foreign =
                !state.timeline.is_empty() && !state.timeline.iter().any(|entry| entry.kind == "handover");
            if foreign && state.gaps.is_empty() && self.db.waiting(room)?.is_empty() {
                let reason = Reason::new("not-a-case-room", "its first event does not open a case", "room");
                return self.refuse_room(room, &row, reason).await;
            }
            return Ok(());
        };
        if !state.roster().contains(&me) {
            let reason = Reason::new("not-on-roster", "its roster does not name this account", "roster");
            return self.refuse_room(room, &row, reason).await;
        }
        let view = self.transport.view(room).await?;
        if let Some(part) = crate::room::not_of_make(&view, &state) {
            self.give_time(room)?;
            let text = "the room is not of the make that a case's room must be of";
            let reason = Reason::new("room-not-of-make", text, part);
            return self.refuse_room(room, &row, reason).await;
        }
        if self.db.case_row(case)?.is_some_and(|known| known.room.is_some_and(|known| known != *room)) {
            let reason = Reason::new("case-known", "this case has another room", "room");
            return self.refuse_room(room, &row, reason).await;
        }
        self.db.write(|t| {
            put_case(t, case, Some(room), Stage::Open)?;
            self.queue_binding(t, case)
        })?;
        point("inbox-case-known");
        // The room is known once the case was taken up: a kill in between comes back here. Who opened the case takes
        // nothing up, though their room can come this way too: from another device, or after a kill as it was made.
        let opened_it =
            state.timeline.iter().any(|entry| entry.kind == "case.opened" && entry.key.sender == me);
        if !opened_it {
            match self.accept_case(case) {
                Ok(()) | Err(Error::NotAllowed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.db.write(|t| put_room(t, room, RoomStage::Known, Some(case), None))?;
        point("inbox-case-accepted");
        self.tell(Notice::Changed { case });
        self.case_changed(case)
    }

    /// A homeserver that has just joined a room of another may for a moment not know all of its state: it is asked again
    /// before the room is left for what its state is. Fails until the time is over, so that it is looked at again.
    fn give_time(&self, room: &RoomId) -> Result<()> {
        let mark = format!("not-of-make/{room}");
        let now = Timestamp::now();
        let since = match self.db.meta(&mark)?.and_then(|since| since.parse::<Timestamp>().ok()) {
            Some(since) => since,
            None => {
                self.db.set_meta(&mark, Some(&now.to_string()))?;
                now
            }
        };
        if now.duration_since(since) < STATE_MAY_TAKE {
            return Err(Error::Unavailable { what: "room state", retry_after: None });
        }
        self.db.set_meta(&mark, None)
    }

    /// Leaves a room that was accepted as a case's and is none. One that this account was in already is none of ours: it is
    /// only looked at no more.
    async fn refuse_room(&self, room: &RoomId, row: &RoomRow, reason: Reason) -> Result<()> {
        let found = row.inviter == self.user();
        if !found {
            self.transport.leave(room).await?;
        }
        let note = serde_json::to_string(&reason).map_err(|_| Error::internal("inbox-reason"))?;
        self.db.write(|t| put_room(t, room, RoomStage::Left, None, Some(&note)))?;
        if !found {
            self.tell(Notice::RoomLeft { room: room.clone(), reason });
        }
        Ok(())
    }

    /// What follows from a change of a case's state: people to remove, what crossed with a
    /// naming to hand over, resources to write, and a new look at what waits.
    pub(crate) fn case_changed(&self, case: CaseId) -> Result<()> {
        let state = self.state(case)?;
        self.remove_the_ended(case, &state)?;
        self.hand_over_what_crossed(case)?;
        self.project(case, &state)?;
        self.db.write(|t| hurry(t, Some(&case_lane(case))))?;
        self.outgoing.notify_one();
        Ok(())
    }

    /// The text of a document, if it is here.
    pub(crate) fn document_text(&self, sha256: &Sha256) -> Result<Option<String>> {
        self.db.document(sha256)
    }
}

fn is_known(arrived: &Arrived) -> bool {
    matches!(arrived.what, ArrivedWhat::Known)
}

/// An event as it is kept: its id is the block's, or follows from the room and the Matrix id.
fn received(room: &RoomId, arrived: &Arrived, content: Content, proven: bool) -> Held {
    let id = match &content.block {
        Block::Event(event) => event.id,
        Block::Absent | Block::Malformed => EventId::foreign(room, &arrived.matrix_id),
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

fn is_handover(content: &Content) -> bool {
    event_of(content).is_some_and(|event| matches!(event.data, EventData::Handover(_)))
}

/// The document that an event carries.
pub(crate) fn document_of(content: &Content) -> Option<&Document> {
    match &event_of(content)?.data {
        EventData::PlanSent(sent) => Some(&sent.document),
        EventData::Handover(handover) => Some(&handover.events),
        _ => None,
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
