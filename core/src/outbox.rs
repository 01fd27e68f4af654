//! The outbox: brings what was accepted to where it must go, once, in its order, however often it is interrupted.
//!
//! Each attempt looks first whether an earlier one succeeded. An event is judged again immediately before it is encrypted;
//! its place in the case, its audit entry and the mark that permits the sending are one transaction.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};

use crate::engine::{Engine, InsteadOf};
use crate::error::{Error, Result};
use crate::id::{CaseId, RoomId, UserId};
use crate::inbox::Below;
use crate::notice::Notice;
use crate::point::point;
use crate::policy::Reason;
use crate::ports::PortError;
use crate::store::cases::{RoomStage, Stage, put_case, put_room, unreached};
use crate::store::outbox::{Item, Row, Slots, State, end, postpone, push};

mod event;
mod membership;
mod silence;

pub(crate) use self::silence::Silence;

/// How an attempt ended.
pub(crate) enum Attempt {
    /// The item is done, or refused for good.
    Done,
    /// Not now.
    Later {
        /// When to try again.
        after: Duration,
        /// Why, for a person at three in the morning.
        note: String,
    },
}

impl Attempt {
    pub(crate) fn later(after: Duration, note: impl Into<String>) -> Self {
        Self::Later { after, note: note.into() }
    }
}

/// What waits for somebody else's doing is looked at again this often, besides whenever something happens in its room.
const HELD: Duration = Duration::from_secs(5);
/// How many lanes go out beside each other. A record that takes minutes to fail leaves the rooms their own.
const AT_ONCE: Slots = Slots { rooms: 8, record: 8 };
/// The longest wait between two attempts.
const LONGEST: Duration = Duration::from_secs(30);

/// The longest wait that a server can ask for.
const LONGEST_ASKED: Duration = Duration::from_mins(15);

/// The wait after a failed attempt: doubled each time, with jitter, so that a server that comes back is not met by all at
/// once; never shorter than what the server asked for, as far as that is sensible.
fn backoff(attempts: u32, asked: Option<Duration>) -> Duration {
    let doubled = Duration::from_millis(250).saturating_mul(1 << attempts.min(10)).min(LONGEST);
    let mut byte = [0u8; 1];
    // Without randomness there is no jitter; that is all.
    let _ = getrandom::fill(&mut byte);
    let [byte] = byte;
    let jittered = doubled.mul_f64(0.75 + f64::from(byte) / 512.0);
    jittered.max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

impl Engine {
    /// Tries everything whose time has come, until nothing more moves. Lanes go out beside each other, so that a server that
    /// does not answer holds up only what is for it: what becomes due meanwhile is tried meanwhile. Returns how long until
    /// something may move.
    pub(crate) async fn drain(&self) -> Result<Option<Duration>> {
        let _one = self.sending.lock().await;
        let mut under_way = FuturesUnordered::new();
        let mut tried = HashMap::new();
        loop {
            let now = Timestamp::now();
            let ready = self.db.outbox_ready(now, &tried, AT_ONCE)?;
            for row in ready.rows {
                tried.insert(row.seq, row.is_for_record());
                under_way.push(async move {
                    let attempt = self.attempt(&row).await;
                    (row, attempt)
                });
            }
            let wait = |next: Timestamp| Duration::try_from(next.duration_since(now)).unwrap_or_default();
            let wait = ready.next.map(wait);
            if under_way.is_empty() {
                return Ok(wait);
            }
            tokio::select! {
                Some((row, attempt)) = under_way.next() => {
                    tried.remove(&row.seq);
                    self.note_attempt(&row, attempt)?;
                }
                // Something new waits, which need not wait for what is under way.
                () = self.outgoing.notified() => {}
                () = tokio::time::sleep(wait.unwrap_or(LONGEST)) => {}
            }
        }
    }

    fn note_attempt(&self, row: &Row, attempt: Result<Attempt>) -> Result<()> {
        let (after, note) = match attempt {
            Ok(Attempt::Done) => return Ok(()),
            Ok(Attempt::Later { after, note }) => (after, note),
            Err(Error::Unavailable { retry_after, .. }) => {
                (backoff(row.attempts, retry_after), "unavailable".to_owned())
            }
            Err(error) => (backoff(row.attempts.max(4), None), error.code().to_owned()),
        };
        let wait = SignedDuration::try_from(after).unwrap_or(SignedDuration::from_secs(1));
        self.db.write(|t| postpone(t, row.seq, Timestamp::now() + wait, &note))
    }

    async fn attempt(&self, row: &Row) -> Result<Attempt> {
        let case = row.case();
        match &row.item {
            Item::CreateRoom(make) => {
                let Some(case) = case else { return self.finish(row) };
                point("room-before-create");
                let room = self.transport.create_room(&make.into()).await?;
                point("room-created");
                self.db.write(|t| {
                    put_case(t, case, Some(&room), Stage::Open)?;
                    end(t, row.seq, State::Sent, None)
                })?;
                point("room-stored");
                Ok(Attempt::Done)
            }
            Item::Join(room) => {
                match self.transport.join(room).await {
                    Ok(()) => {}
                    Err(PortError::Refused { .. } | PortError::NotFound) => {
                        let reason =
                            Reason::new("invitation-gone", "the invitation is no longer there", "room");
                        let note = serde_json::to_string(&reason).unwrap_or_default();
                        self.db.write(|t| {
                            put_room(t, room, RoomStage::Left, None, Some(&note))?;
                            end(t, row.seq, State::Sent, None)
                        })?;
                        self.tell(Notice::RoomLeft { room: room.clone(), reason });
                        return Ok(Attempt::Done);
                    }
                    Err(error) => return Err(error.into()),
                }
                point("room-joined");
                self.db.write(|t| {
                    put_room(t, room, RoomStage::Reading, None, None)?;
                    push(t, &format!("devices/{room}"), &Item::TellDevices(room.clone()), None)?;
                    end(t, row.seq, State::Sent, None)
                })?;
                self.outgoing.notify_one();
                self.catch_up(room, &Below::default()).await?;
                Ok(Attempt::Done)
            }
            Item::TellDevices(room) => {
                if let Some(known) = self.db.room_row(room)?
                    && known.stage != RoomStage::Left
                {
                    match self.transport.tell_accepted(room, &known.inviters).await {
                        // Another device then reads the room by its own directory, or asks a person.
                        Ok(()) | Err(PortError::Refused { .. } | PortError::NotFound) => {}
                        // An account without a key backup has no secret to tell by, now or later.
                        Err(PortError::DeviceUntrusted) if self.transport.verified().await? => {}
                        Err(error) => return Err(error.into()),
                    }
                    point("devices-told");
                }
                self.finish(row)
            }
            Item::Invite(user) => {
                let Some(room) = self.room_of(case)? else { return Ok(Attempt::later(HELD, "no room yet")) };
                if !self.is_named(case, user)? {
                    return self.finish(row);
                }
                match self.transport.invite(&room, user).await {
                    Ok(()) => {}
                    // The account does not exist, or its server does not let us: the person is on the roster and not in the
                    // room, which is shown.
                    Err(PortError::Refused { .. } | PortError::NotFound) => {
                        if let Some(case) = case {
                            self.db.write(|t| unreached(t, case, user))?;
                            self.tell(Notice::NotReached { case, user: user.clone() });
                        }
                    }
                    Err(error) => return Err(error.into()),
                }
                point("membership-invited");
                self.finish(row)
            }
            Item::HandOver(user) => {
                let queued = match case {
                    Some(case) if self.is_named(Some(case), user)? => {
                        self.queue_handover(case, std::slice::from_ref(user), InsteadOf::Item(row.seq))?
                    }
                    _ => false,
                };
                point("membership-handover-queued");
                if queued { Ok(Attempt::Done) } else { self.finish(row) }
            }
            Item::Remove(user) => self.remove(row, case, user).await,
            Item::Event(event) => match case {
                Some(case) => self.send_event(row, case, event).await,
                None => self.finish(row),
            },
            Item::Bind => match case {
                Some(case) => self.bind_patient(row, case).await,
                None => self.finish(row),
            },
            Item::Record(write) => match case {
                Some(case) => self.write_record(row, case, write).await,
                None => self.finish(row),
            },
        }
    }

    pub(crate) fn finish(&self, row: &Row) -> Result<Attempt> {
        self.db.write(|t| end(t, row.seq, State::Sent, None))?;
        Ok(Attempt::Done)
    }

    /// Whether somebody is named for a case, or will be once what waits has gone out: their naming may have been refused as
    /// it was to leave, and nobody who is not on the roster is invited.
    fn is_named(&self, case: Option<CaseId>, user: &UserId) -> Result<bool> {
        let Some(case) = case else { return Ok(false) };
        self.with_expected(case, |fold| fold.state().roster().contains(user))
    }

    fn room_of(&self, case: Option<CaseId>) -> Result<Option<RoomId>> {
        Ok(match case {
            Some(case) => self.db.case_row(case)?.and_then(|row| row.room),
            None => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_no_server_makes_one_longer_than_is_sensible() {
        for attempts in 0..40 {
            assert!(backoff(attempts, None) <= LONGEST * 2);
        }
        assert!(backoff(1, Some(Duration::from_mins(1))) >= Duration::from_mins(1));
        assert_eq!(backoff(1, Some(Duration::MAX)), LONGEST_ASKED);
    }
}
