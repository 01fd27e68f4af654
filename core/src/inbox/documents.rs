//! What events carry outside of themselves: fetched, checked, and, where it is a handover, unpacked.

use crate::care_plan::{Carriage, Document};
use crate::case::event::{Content, EventData, HeldBody, Receipt};
use crate::case::handover::{read, unpack};
use crate::engine::Engine;
use crate::error::Result;
use crate::id::{EventId, RoomId, Sha256, UserId};
use crate::notice::Notice;
use crate::point::point;
use crate::store::inbox::{keep, keep_document};

use super::event_of;

/// The longest document that is fetched, in bytes.
const DOCUMENT_LIMIT: u64 = 32 * 1024 * 1024;

impl Engine {
    /// Fetches the documents that events of the room carry outside, and unpacks handovers.
    pub(super) async fn follow_documents(&self, room: &RoomId) -> Result<()> {
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
        let Some((events, unreadable)) = read(text) else { return Ok(()) };
        if unreadable > 0 {
            tracing::warn!(unreadable, "events of a handover have not the form of one");
        }
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

    /// The text of a document, if it is here.
    pub(crate) fn document_text(&self, sha256: &Sha256) -> Result<Option<String>> {
        self.db.document(sha256)
    }
}

fn is_handover(content: &Content) -> bool {
    event_of(content).is_some_and(|event| matches!(event.data, EventData::Handover(_)))
}

/// The document that an event carries.
pub(super) fn document_of(content: &Content) -> Option<&Document> {
    match &event_of(content)?.data {
        EventData::PlanSent(sent) => Some(&sent.document),
        EventData::Handover(handover) => Some(&handover.events),
        _ => None,
    }
}
