//! What events carry outside of themselves: fetched, checked, and, where it is a handover, unpacked.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::care_plan::{Carriage, Document};
use crate::case::event::{Content, EventData, Held, HeldBody, Receipt};
use crate::case::handover::{read, unpack};
use crate::documents::DOCUMENT_LIMIT;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{RoomId, Sha256, UserId};
use crate::notice::Notice;
use crate::point::point;
use crate::ports::PortError;
use crate::store::Tx;
use crate::store::cases::Stage;
use crate::store::inbox::{keep, keep_document};

use super::event_of;

/// When a document is asked for again whose server did not give it.
#[derive(Debug, Default)]
pub(crate) struct Tries(HashMap<Sha256, (u32, Timestamp)>);

impl Tries {
    /// The wait after so many failures: doubled each time, since whoever has a seat can name any number of documents.
    fn wait(failures: u32) -> SignedDuration {
        SignedDuration::from_mins(1)
            .saturating_mul(1 << failures.saturating_sub(1).min(10))
            .min(SignedDuration::from_hours(1))
    }

    fn is_due(&self, document: &Sha256, now: Timestamp) -> bool {
        self.0.get(document).is_none_or(|(_, due)| *due <= now)
    }

    fn failed(&mut self, document: Sha256, now: Timestamp) {
        let (failures, due) = self.0.entry(document).or_default();
        *failures = failures.saturating_add(1);
        *due = now.saturating_add(Self::wait(*failures)).unwrap_or(now);
    }

    /// How long until one may be asked for again; nothing where none waits. Whose time has come was asked for in this round,
    /// or nobody wants it any more: a round for it would follow another without end.
    fn next(&self, now: Timestamp) -> Option<Duration> {
        let due = self.0.values().map(|(_, due)| *due).filter(|due| *due > now).min()?;
        Some(Duration::try_from(due.duration_since(now)).unwrap_or_default())
    }
}

/// Fetching, which has a task of its own: a server that says nothing holds up no message.
#[derive(Debug, Default)]
pub(crate) struct Fetching {
    /// Which documents could not be fetched, and when to try again. Forgotten with the process.
    tries: Mutex<Tries>,
    /// The rooms in which something new may carry a document.
    rooms: Mutex<BTreeSet<RoomId>>,
    more: Notify,
    /// One at a time.
    one: tokio::sync::Mutex<()>,
}

impl Fetching {
    /// Says that something new in a room may carry a document.
    pub(super) fn ask_for(&self, room: &RoomId) {
        self.rooms().insert(room.clone());
        self.more.notify_one();
    }

    /// Asks for every document at once that its server did not give before: the line was down, and is up again.
    pub(crate) fn ask_again(&self) {
        self.tries().0.clear();
    }

    /// When every document is to be asked for at the latest.
    pub(crate) fn next_round(&self, longest: Duration) -> Instant {
        // No sooner than after a failure, whatever is due.
        let due = self.tries().next(Timestamp::now());
        Instant::now() + due.map_or(longest, |due| due.clamp(SOONEST, longest))
    }

    /// Waits until something new may carry a document; false where the next round has come.
    pub(crate) async fn something_new(&self, next_round: Instant) -> bool {
        tokio::time::timeout_at(next_round, self.more.notified()).await.is_ok()
    }

    fn rooms(&self) -> MutexGuard<'_, BTreeSet<RoomId>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How soon a document is asked for again at the soonest.
const SOONEST: Duration = Duration::from_secs(3);

/// What came of fetching a document.
enum Fetched {
    Here(String),
    /// It is not what its event says, and never will be: the event stands, its document is missing, and that is shown.
    Wrong,
    /// Its server did not give it now; with the error where it did not answer.
    Later(Option<Error>),
}

impl Engine {
    /// Fetches what events carry outside of themselves, in the rooms in which that may be: where something is new, and where
    /// something was not given.
    pub(crate) async fn fetch_documents(&self) -> Result<()> {
        let _one = self.fetching.one.lock().await;
        let mut outcome = Ok(());
        loop {
            let Some(room) = self.fetching.rooms().pop_first() else { return outcome };
            // One room that fails does not hold up the others.
            outcome = self.follow_documents(&room).await.and(outcome);
        }
    }

    /// As [`Engine::fetch_documents`], everywhere.
    pub(crate) async fn fetch_all_documents(&self) -> Result<()> {
        let open = self.db.cases()?.into_iter().filter(|row| row.stage == Stage::Open);
        let rooms: Vec<_> = open.filter_map(|row| row.room).chain(self.db.rooms_to_read()?).collect();
        self.fetching.rooms().extend(rooms);
        self.fetch_documents().await
    }

    /// Fetches the documents that events of the room carry outside, and unpacks handovers.
    async fn follow_documents(&self, room: &RoomId) -> Result<()> {
        let wanted = self.with_fold(room, |fold| {
            let wanted = |held: &Held, handovers: bool| match &held.body {
                HeldBody::Whole(content) if is_handover(content) == handovers => {
                    let document = document_of(content)?.clone();
                    Some((held.sender.clone(), content.sha256, handovers, document))
                }
                _ => None,
            };
            let mut all = Vec::new();
            for key in fold.keys() {
                // A handover is unpacked whichever of its contents counts, so that devices which got them in another order
                // hold the same.
                let first_hand = |held: &&Held| matches!(held.receipt, Receipt::FirstHand { proven: true });
                let copies = fold.copies(key).iter().filter(first_hand);
                all.extend(copies.filter_map(|held| wanted(held, true)));
                all.extend(fold.counting(key).and_then(|held| wanted(held, false)));
            }
            all
        })?;
        let (mut fetched, mut unpacked, mut failed) = (false, false, None);
        for (sender, content, handover, document) in wanted {
            let unpacks = handover && sender != self.user();
            // Nothing is loaded that is not needed: this is done for every document at every event.
            let done = if unpacks {
                self.db.meta(&handover_mark(room, &sender, &content))?.is_some()
            } else {
                self.db.has_document(&document.sha256)?
            };
            if done {
                continue;
            }
            let text = match self.db.document(&document.sha256)? {
                Some(text) => text,
                None => match self.fetch_in_turn(&document).await? {
                    Some(Fetched::Here(text)) => {
                        fetched |= !handover;
                        text
                    }
                    Some(Fetched::Later(error)) => {
                        failed = error.or(failed);
                        continue;
                    }
                    Some(Fetched::Wrong) | None => continue,
                },
            };
            if unpacks {
                // What follows from it is done by one at a time, as it is where a stretch is taken over.
                let _one = self.receiving.lock().await;
                self.unpack_handover(room, &sender, &content, &text)?;
                unpacked = true;
            }
        }
        if unpacked {
            let _one = self.receiving.lock().await;
            self.settle_room(room).await?;
            self.serve_unreached(room).await?;
        }
        // The record waits for a plan's text. After a kill before this, the next start looks at every case.
        if fetched && let Some(case) = self.db.case_of_room(room)? {
            let _one = self.receiving.lock().await;
            self.case_changed(case)?;
        }
        failed.map_or(Ok(()), Err)
    }

    /// Whether a handover of somebody else's is here whose events are not: its document was not given yet.
    pub(super) fn handovers_wait(&self, room: &RoomId) -> Result<bool> {
        let me = self.user();
        let handovers = self.with_fold(room, |fold| {
            let copies = fold.keys().filter(|key| key.sender != me).flat_map(|key| fold.copies(key));
            let first_hand =
                copies.filter(|held| matches!(held.receipt, Receipt::FirstHand { proven: true }));
            first_hand
                .filter_map(|held| match &held.body {
                    HeldBody::Whole(content) if is_handover(content) => {
                        Some((held.sender.clone(), content.sha256, document_of(content)?.clone()))
                    }
                    _ => None,
                })
                .collect::<Vec<_>>()
        })?;
        for (sender, content, document) in handovers {
            let unpacked = self.db.meta(&handover_mark(room, &sender, &content))?.is_some();
            if !unpacked && self.db.meta(&wrong_mark(&document)?)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Fetches a document whose turn it is. One that was wrong is never asked for again; one that its server did not give
    /// only after a while.
    async fn fetch_in_turn(&self, document: &Document) -> Result<Option<Fetched>> {
        let Carriage::File(Value::Object(file)) = &document.carriage else { return Ok(None) };
        if document.size > DOCUMENT_LIMIT {
            return Ok(None);
        }
        let (named, mark) = (described(document)?, wrong_mark(document)?);
        // A server that says nothing holds up the documents of others each time it is asked: one try for all of its own.
        let server = Sha256::of(format!("server/{}", server_of(file)));
        let now = Timestamp::now();
        let due = self.fetching.tries().is_due(&named, now) && self.fetching.tries().is_due(&server, now);
        if !due || self.db.meta(&mark)?.is_some() {
            return Ok(None);
        }
        let fetched = self.fetch(document, file).await?;
        match &fetched {
            Fetched::Here(_) => drop(self.fetching.tries().0.remove(&named)),
            Fetched::Wrong => self.db.set_meta(&mark, Some("wrong"))?,
            Fetched::Later(error) => {
                let now = Timestamp::now();
                self.fetching.tries().failed(named, now);
                if error.is_some() {
                    self.fetching.tries().failed(server, now);
                }
            }
        }
        if let Fetched::Here(_) = fetched {
            self.fetching.tries().0.remove(&server);
        }
        Ok(Some(fetched))
    }

    async fn fetch(&self, document: &Document, file: &Map<String, Value>) -> Result<Fetched> {
        let bytes = match self.transport.download(file, document.size).await {
            Ok(bytes) => bytes,
            Err(PortError::NotUnderstood { .. } | PortError::Refused { code: "too-long" }) => {
                return Ok(Fetched::Wrong);
            }
            Err(error @ PortError::Unavailable { .. }) => return Ok(Fetched::Later(Some(error.into()))),
            // Gone may be not there yet: a server that has just come back knows less for a while.
            Err(_) => return Ok(Fetched::Later(None)),
        };
        let Ok(text) = String::from_utf8(bytes) else { return Ok(Fetched::Wrong) };
        if Sha256::of(&text) != document.sha256 {
            return Ok(Fetched::Wrong);
        }
        self.db.write(|t| keep_document(t, &document.sha256, &text))?;
        point("inbox-document");
        Ok(Fetched::Here(text))
    }

    fn unpack_handover(&self, room: &RoomId, by: &UserId, content: &Sha256, text: &str) -> Result<()> {
        let mark = handover_mark(room, by, content);
        let Some((events, unreadable)) = read(text) else {
            return self.db.set_meta(&mark, Some("no handover"));
        };
        if unreadable > 0 {
            tracing::warn!(unreadable, "events of a handover have not the form of one");
        }
        let mut handed = unpack(events, by);
        self.db.write(|t| {
            handed.iter_mut().try_for_each(|held| {
                if let HeldBody::Whole(content) = &held.body {
                    keep_inline(t, content)?;
                }
                held.server_at = keep(t, room, held, None)?;
                Ok(())
            })
        })?;
        // A long document travels beside its event.
        self.fetching.ask_for(room);
        point("inbox-handover");
        self.change_fold(room, |fold| fold.extend(handed))?;
        self.db.set_meta(&mark, Some("unpacked"))?;
        if let Some(case) = self.db.case_of_room(room)? {
            self.tell(Notice::Changed { case });
            self.case_changed(case)?;
        }
        Ok(())
    }

    /// The text of a document, if it is here.
    pub(crate) fn document_text(&self, sha256: &Sha256) -> Result<Option<String>> {
        self.db.document(sha256)
    }
}

/// The server that keeps an attachment (Matrix specification, "Matrix Content (mxc://) URIs").
fn server_of(file: &Map<String, Value>) -> &str {
    let url = file.get("url").and_then(Value::as_str).unwrap_or_default();
    url.strip_prefix("mxc://").and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

/// A document by its whole description: another event may name the same text, and rightly where it is.
fn described(document: &Document) -> Result<Sha256> {
    let described = serde_json::to_string(document).map_err(|_| Error::internal("inbox-document"))?;
    Ok(Sha256::of(described))
}

/// Under which name it is noted that a document is not what its event says.
fn wrong_mark(document: &Document) -> Result<String> {
    Ok(format!("document/{}", described(document)?))
}

/// Under which name it is noted that a content of a handover was unpacked.
fn handover_mark(room: &RoomId, by: &UserId, content: &Sha256) -> String {
    format!("handover/{}/{by}/{content}", room.as_str())
}

fn is_handover(content: &Content) -> bool {
    event_of(content).is_some_and(|event| matches!(event.data, EventData::Handover(_)))
}

/// Keeps the text of the document that an event carries in itself.
pub(super) fn keep_inline(t: &Tx<'_>, content: &Content) -> Result<()> {
    match document_of(content) {
        Some(Document { carriage: Carriage::Inline(text), sha256, .. }) if Sha256::of(text) == *sha256 => {
            keep_document(t, sha256, text)
        }
        _ => Ok(()),
    }
}

/// The document that an event carries.
pub(super) fn document_of(content: &Content) -> Option<&Document> {
    match &event_of(content)?.data {
        EventData::PlanSent(sent) => Some(&sent.document),
        EventData::PlanSigned(signed) => signed.scan.as_ref(),
        EventData::Handover(handover) => Some(&handover.events),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_asked_for_ever_more_rarely() {
        let (document, other) = (Sha256::of("one"), Sha256::of("other"));
        let mut now = Timestamp::UNIX_EPOCH;
        let mut tries = Tries::default();
        assert_eq!(tries.next(now), None);
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert!(tries.is_due(&document, now));
            tries.failed(document, now);
            let wait = SignedDuration::from_mins(minutes);
            assert_eq!(tries.next(now), Some(wait.unsigned_abs()));
            assert!(!tries.is_due(&document, now + wait - SignedDuration::from_secs(1)));
            now += wait;
        }
        assert!(tries.is_due(&other, Timestamp::UNIX_EPOCH));
        assert_eq!(tries.next(now), None, "nobody waits for what is due and was not asked for");
    }
}
