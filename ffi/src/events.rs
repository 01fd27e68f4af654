//! What happens unasked: pulled, or told.

use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, watch};

use crate::calling::ContactGap;
use crate::error::{ListenerError, Reason, Result};
use crate::runtime::runtime;

/// A hint that something happened. Who missed one asks: the state is the source. A kind that one does not know is passed
/// over; later releases have more.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Notice {
    /// The kind of a case's event (`message.sent`), or `changed`, `invitation`, `held`, `refused`, `superseded`, `not_reached`,
    /// `room_left`, `not_encrypted`, `confirm_patient`, `record_conflict`, `record_dropped`, `record_not_watched`,
    /// `record_signed_out`, `record_unavailable`, `no_role_account`, `nobody_to_call`,
    /// `signed_out`; `missed` where the host was so slow that hints were dropped.
    pub kind: String,
    /// The case.
    pub case: Option<String>,
    /// The room.
    pub room: Option<String>,
    /// Who did it, or whom it is about: a Matrix id.
    pub user: Option<String>,
    /// The event's id; with `user` its key.
    pub event: Option<String>,
    /// The type of the resource.
    pub resource: Option<String>,
    /// The record's own id for it.
    pub resource_id: Option<String>,
    /// The elements that the record did not keep, as FHIR names them (`CareTeam.participant[1].onBehalfOf`).
    pub paths: Vec<String>,
    /// Why the record is unavailable or not watched: `connect`, `timeout`, `http-500`, `forbidden`, ….
    pub code: Option<String>,
    /// For what there is nobody to call.
    pub gaps: Vec<ContactGap>,
    /// Every reason.
    pub reasons: Vec<Reason>,
}

impl Notice {
    fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..Self::default() }
    }

    fn of(notice: caseline::Notice) -> Self {
        use caseline::Notice as Core;
        let told = |reasons: &[caseline::policy::Reason]| reasons.iter().map(Reason::from).collect();
        match notice {
            Core::Event { case, key, kind } => Self {
                kind,
                case: Some(case.to_string()),
                user: Some(key.sender.to_string()),
                event: Some(key.id.to_string()),
                ..Self::default()
            },
            Core::Changed { case } => Self { case: Some(case.to_string()), ..Self::new("changed") },
            Core::Invitation { room, by } => {
                Self { room: Some(room.to_string()), user: Some(by.to_string()), ..Self::new("invitation") }
            }
            Core::Held { case, id, reasons } => Self {
                case: Some(case.to_string()),
                event: Some(id.to_string()),
                reasons: told(&reasons),
                ..Self::new("held")
            },
            Core::Refused { case, id, reasons } => Self {
                case: Some(case.to_string()),
                event: Some(id.to_string()),
                reasons: told(&reasons),
                ..Self::new("refused")
            },
            Core::Superseded { case, id, reasons } => Self {
                case: Some(case.to_string()),
                event: Some(id.to_string()),
                reasons: told(&reasons),
                ..Self::new("superseded")
            },
            Core::NotReached { case, user } => Self {
                case: Some(case.to_string()),
                user: Some(user.to_string()),
                ..Self::new("not_reached")
            },
            Core::RoomLeft { room, reason } => {
                Self { room: Some(room.to_string()), reasons: told(&[reason]), ..Self::new("room_left") }
            }
            Core::NotEncrypted { room, sender } => Self {
                room: Some(room.to_string()),
                user: Some(sender.to_string()),
                ..Self::new("not_encrypted")
            },
            Core::ConfirmPatient { case } => {
                Self { case: Some(case.to_string()), ..Self::new("confirm_patient") }
            }
            Core::RecordConflict { case, kind } => {
                Self { case: Some(case.to_string()), resource: Some(kind), ..Self::new("record_conflict") }
            }
            Core::RecordDropped { kind, id, paths } => {
                Self { resource: Some(kind), resource_id: Some(id), paths, ..Self::new("record_dropped") }
            }
            Core::RecordNotWatched { kind, code } => {
                Self { resource: Some(kind), code: Some(code), ..Self::new("record_not_watched") }
            }
            Core::RecordSignedOut => Self::new("record_signed_out"),
            Core::RecordUnavailable { code } => {
                Self { code: Some(code.to_owned()), ..Self::new("record_unavailable") }
            }
            Core::NoRoleAccount { case } => {
                Self { case: Some(case.to_string()), ..Self::new("no_role_account") }
            }
            Core::NobodyToCall { case, gaps } => Self {
                case: Some(case.to_string()),
                gaps: gaps.iter().map(ContactGap::from).collect(),
                ..Self::new("nobody_to_call")
            },
            Core::SignedOut => Self::new("signed_out"),
            _ => Self::new("other"),
        }
    }
}

/// Notices from the moment it was made, until it is cancelled or the client is shut down.
#[derive(uniffi::Object)]
pub struct Events {
    stream: Mutex<Stream>,
    cancelled: watch::Sender<bool>,
}

struct Stream {
    notices: Receiver<caseline::Notice>,
    cancelled: watch::Receiver<bool>,
    closed: watch::Receiver<bool>,
}

impl Stream {
    async fn next(&mut self) -> Option<Notice> {
        tokio::select! {
            biased;
            _ = self.cancelled.wait_for(|cancelled| *cancelled) => None,
            _ = self.closed.wait_for(|closed| *closed) => None,
            notice = self.notices.recv() => match notice {
                Ok(notice) => Some(Notice::of(notice)),
                Err(RecvError::Lagged(_)) => Some(Notice::new("missed")),
                Err(RecvError::Closed) => None,
            },
        }
    }
}

impl Events {
    pub(crate) fn new(notices: Receiver<caseline::Notice>, closed: watch::Receiver<bool>) -> Arc<Self> {
        let cancelled = watch::Sender::new(false);
        let stream = Stream { notices, cancelled: cancelled.subscribe(), closed };
        Arc::new(Self { stream: Mutex::new(stream), cancelled })
    }
}

#[uniffi::export]
impl Events {
    /// The next notice; nothing at the end. Dropping the call loses none.
    pub async fn next(&self) -> Option<Notice> {
        self.stream.lock().await.next().await
    }

    /// Ends it: a pending [`Events::next`] and every later one returns nothing.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }
}

/// What a host tells itself with. It is called on a thread of this library, one notice at a time, and holds up those after
/// it until it returns.
#[uniffi::export(with_foreign)]
pub trait Listener: Send + Sync {
    /// Something happened.
    ///
    /// # Errors
    /// Any: the listener is not called again.
    fn on_notice(&self, notice: Notice) -> Result<(), ListenerError>;
}

/// A listener at work, until this is cancelled or let go of.
#[derive(uniffi::Object)]
pub struct Subscription {
    cancelled: watch::Sender<bool>,
}

impl Subscription {
    pub(crate) fn start(
        notices: Receiver<caseline::Notice>,
        closed: watch::Receiver<bool>,
        listener: Arc<dyn Listener>,
    ) -> Result<Arc<Self>> {
        let cancelled = watch::Sender::new(false);
        let mut stream = Stream { notices, cancelled: cancelled.subscribe(), closed };
        // Called synchronously, from a thread of the host's: it is this runtime that the task needs.
        runtime()?.spawn(async move {
            while let Some(notice) = stream.next().await {
                let listener = Arc::clone(&listener);
                // A host may take its time: not on a thread that others wait for.
                let heard = tokio::task::spawn_blocking(move || listener.on_notice(notice)).await;
                if !matches!(heard, Ok(Ok(()))) {
                    return;
                }
            }
        });
        Ok(Arc::new(Self { cancelled }))
    }
}

#[uniffi::export]
impl Subscription {
    /// Ends it: the listener is not called again once a call that is under way has returned.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.cancel();
    }
}
