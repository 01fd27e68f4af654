//! A room as the homeservers keep it: its facts, its history in order, and who may see and who can read each event.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::id::{MatrixEventId, UserId};
use crate::ports::{Arrived, ArrivedWhat, Membership, Page, PortError, RoomView};

/// One event of a room's history.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: MatrixEventId,
    pub(super) sender: UserId,
    pub(super) at: Timestamp,
    pub(super) what: EntryWhat,
    /// Who was joined or invited when it came: `history_visibility: invited`.
    seen_by: BTreeSet<UserId>,
    /// The server does not serve it any more.
    pub(super) dropped: bool,
}

#[derive(Debug)]
pub(super) enum EntryWhat {
    /// Encrypted.
    Message {
        content: Box<RawValue>,
        /// To whom its key was sent.
        readers: BTreeSet<UserId>,
        /// Whose key is on its way and has not arrived.
        withheld: BTreeSet<UserId>,
        proven: bool,
        /// The event that it is a replay of.
        ratchet: Option<MatrixEventId>,
    },
    /// Not encrypted.
    Plain(String),
    /// State and the like.
    Other,
}

/// A room.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) facts: RoomView,
    pub(super) history: Vec<Entry>,
    /// Who was a member and is not: they may still read what came while they were, until they forget the room.
    left: BTreeSet<UserId>,
    /// Who invited whom, of the invitations that wait.
    pub(super) inviters: Vec<(UserId, UserId)>,
    /// Who was ever invited, and by whom.
    pub(super) all_inviters: Vec<(UserId, UserId)>,
}

impl Room {
    pub(super) fn new(facts: RoomView) -> Self {
        Self {
            facts,
            history: Vec::new(),
            left: BTreeSet::new(),
            inviters: Vec::new(),
            all_inviters: Vec::new(),
        }
    }

    pub(super) fn is_joined(&self, user: &UserId) -> bool {
        self.facts.membership(user) == Some(Membership::Joined)
    }

    pub(super) fn require_joined(&self, user: &UserId) -> Result<(), PortError> {
        if self.is_joined(user) { Ok(()) } else { Err(FORBIDDEN) }
    }

    pub(super) fn set_membership(&mut self, user: &UserId, standing: Option<Membership>) {
        if self.is_joined(user) && standing.is_none() {
            self.left.insert(user.clone());
        }
        self.facts.members.retain(|(who, _)| who != user);
        self.inviters.retain(|(who, _)| who != user);
        if let Some(standing) = standing {
            self.facts.members.push((user.clone(), standing));
        }
    }

    pub(super) fn forget(&mut self, user: &UserId) {
        self.left.remove(user);
    }

    /// Appends an event. `also` sees it without being a member any more: it is the end of their own membership.
    pub(super) fn append(
        &mut self,
        id: MatrixEventId,
        sender: &UserId,
        at: Timestamp,
        what: EntryWhat,
        also: Option<&UserId>,
    ) {
        let members = self.facts.members.iter().map(|(who, _)| who);
        let seen_by = members.chain(also).cloned().collect();
        self.history.push(Entry { id, sender: sender.clone(), at, what, seen_by, dropped: false });
    }

    pub(super) fn entry_mut(&mut self, id: &MatrixEventId) -> Option<&mut Entry> {
        self.history.iter_mut().find(|entry| entry.id == *id)
    }

    /// One page for somebody. As on a real server, what is left out of a page counts towards its limit, so that a page can
    /// be short, or empty, and yet name an older one.
    pub(super) fn page(
        &self,
        user: &UserId,
        has_keys: bool,
        from: Option<&str>,
        limit: u32,
    ) -> Result<Page, PortError> {
        if !self.is_joined(user) && !self.left.contains(user) {
            return Err(FORBIDDEN);
        }
        let end = match from {
            None => self.history.len(),
            Some(token) => token
                .strip_prefix('t')
                .and_then(|n| n.parse().ok())
                .filter(|end| *end <= self.history.len())
                .ok_or(PortError::Refused { code: "unknown-token" })?,
        };
        let mut visible =
            self.history.iter().enumerate().take(end).rev().filter(|(_, entry)| entry.seen_by.contains(user));
        let mut page = Page::default();
        for (_, entry) in visible.by_ref().take(limit as usize) {
            if !entry.dropped {
                page.events.push(entry.arrived(user, has_keys)?);
            }
        }
        page.older = visible.next().map(|(n, _)| format!("t{}", n + 1));
        Ok(page)
    }
}

impl Entry {
    /// The event as it arrives at somebody.
    pub(super) fn arrived(&self, user: &UserId, has_keys: bool) -> Result<Arrived, PortError> {
        let what = match &self.what {
            EntryWhat::Other => ArrivedWhat::Other,
            EntryWhat::Plain(body) => ArrivedWhat::Plain { body: body.clone() },
            EntryWhat::Message { content, readers, withheld, proven, ratchet }
                if has_keys && readers.contains(user) && !withheld.contains(user) =>
            {
                ArrivedWhat::Message {
                    content: content.clone(),
                    ratchet: format!("session/{}", ratchet.as_ref().unwrap_or(&self.id)),
                    unproven: if *proven { None } else { Some(self.raw()?) },
                }
            }
            EntryWhat::Message { .. } => ArrivedWhat::Undecryptable { raw: self.raw()? },
        };
        Ok(Arrived { matrix_id: self.id.clone(), sender: self.sender.clone(), server_at: self.at, what })
    }

    /// The event as it came, with nothing of its content.
    fn raw(&self) -> Result<Box<RawValue>, PortError> {
        to_raw_value(&json!({
            "type": "m.room.encrypted",
            "event_id": self.id,
            "sender": self.sender,
            "origin_server_ts": self.at.as_millisecond(),
            "content": { "algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "unreadable" },
        }))
        .map_err(|_| PortError::Internal { code: "loopback-raw" })
    }
}

pub(super) const FORBIDDEN: PortError = PortError::Refused { code: "forbidden" };
