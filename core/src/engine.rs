//! What the two queues share: the store, the ports, and each case's fold.

mod folds;
mod panel;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;
use tokio::sync::{Notify, broadcast};

use crate::case::event::{Content, Event, Held, HeldBody, Receipt, VERSION};
use crate::case::state::CaseState;
use crate::directory::Directory;
use crate::error::{Error, InvalidInput, Result};
use crate::id::{CaseId, Sha256, UserId};
use crate::inbox::Fetching;
use crate::notice::Notice;
use crate::outbox::Silence;
use crate::ports::{Capabilities, CareRecord, CaseTransport, Clock, PortError};
use crate::records::{Answering, Seen};
use crate::store::cases::CaseRow;
use crate::store::outbox::OutEvent;
use crate::store::{Db, EmbeddedRecord};
use folds::Folds;

/// The device: its store, its ports, and the state of its cases.
pub(crate) struct Engine {
    pub(crate) db: Arc<Db>,
    pub(crate) transport: Arc<dyn CaseTransport>,
    pub(crate) record: Option<Arc<dyn CareRecord>>,
    /// The record in the store: the record itself, or what keeps what the record does not take.
    pub(crate) embedded: Arc<EmbeddedRecord>,
    /// Whether the record is another than the embedded one.
    pub(crate) elsewhere: bool,
    /// What the record takes, once it has been asked.
    pub(crate) takes: RwLock<Option<Capabilities>>,
    /// Whether this process has offered the record all that the embedded one holds.
    pub(crate) offered: AtomicBool,
    /// One at a time moves what the embedded record holds.
    pub(crate) moving: tokio::sync::Mutex<()>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) directory: RwLock<Directory>,
    /// One at a time reads the directory from the record.
    pub(crate) reading_directory: tokio::sync::Mutex<()>,
    /// Up to where what is new of the directory was looked at.
    pub(crate) directory_seen: tokio::sync::Mutex<Seen>,
    pub(crate) notices: broadcast::Sender<Notice>,
    /// Something was put into the outbox, or what held it back is gone.
    pub(crate) outgoing: Notify,
    /// The directory or an agreement has changed: a room that was found may be one of somebody known.
    pub(crate) known: Notify,
    folds: Mutex<Folds>,
    /// What the record was last asked to hold of each case, by where it is found; as in the store.
    pub(crate) projected: Mutex<HashMap<CaseId, HashMap<String, Sha256>>>,
    /// The case's send lock, for all cases: what is judged is sent before anything else is judged.
    pub(crate) sending: tokio::sync::Mutex<()>,
    /// The documents that events carry outside of themselves, and are fetched beside reception.
    pub(crate) fetching: Fetching,
    silence: Mutex<Silence>,
    /// What others changed in the record is looked at by one at a time. How many looks in a row failed, by type.
    pub(crate) looking: tokio::sync::Mutex<HashMap<&'static str, u32>>,
    /// How the record is doing.
    pub(crate) answering: Answering,
    /// One stretch at a time is taken over.
    pub(crate) receiving: tokio::sync::Mutex<()>,
    /// How often a case was looked at as it will be.
    #[cfg(test)]
    pub(crate) looks: std::sync::atomic::AtomicUsize,
}

impl Engine {
    pub(crate) fn new(
        db: Arc<Db>,
        transport: Arc<dyn CaseTransport>,
        (record, elsewhere): (Option<Arc<dyn CareRecord>>, bool),
        clock: Arc<dyn Clock>,
    ) -> Self {
        let embedded = Arc::new(EmbeddedRecord::new(Arc::clone(&db)));
        Self {
            db,
            transport,
            elsewhere,
            record,
            embedded,
            takes: RwLock::default(),
            offered: AtomicBool::default(),
            moving: tokio::sync::Mutex::default(),
            clock,
            directory: RwLock::default(),
            reading_directory: tokio::sync::Mutex::default(),
            directory_seen: tokio::sync::Mutex::default(),
            notices: broadcast::channel(1024).0,
            outgoing: Notify::new(),
            known: Notify::new(),
            folds: Mutex::default(),
            projected: Mutex::default(),
            sending: tokio::sync::Mutex::default(),
            fetching: Fetching::default(),
            silence: Mutex::default(),
            answering: Answering::default(),
            looking: tokio::sync::Mutex::default(),
            receiving: tokio::sync::Mutex::default(),
            #[cfg(test)]
            looks: std::sync::atomic::AtomicUsize::default(),
        }
    }

    pub(crate) fn user(&self) -> UserId {
        self.transport.user()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn tell(&self, notice: Notice) {
        // Nobody listening is fine: notices are hints.
        let _ = self.notices.send(notice);
    }

    pub(crate) fn silence(&self) -> MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folds(&self) -> MutexGuard<'_, Folds> {
        // A panic while it was held can leave a fold behind the store: it is then read anew.
        self.folds.lock().unwrap_or_else(|poisoned| {
            self.folds.clear_poison();
            let mut folds = poisoned.into_inner();
            *folds = Folds::default();
            folds
        })
    }

    /// A case's row.
    pub(crate) fn case_row(&self, case: CaseId) -> Result<CaseRow> {
        self.db.case_row(case)?.ok_or(Error::NotFound { what: "case" })
    }

    /// An event of ours as it stands in the fold, with the place that the state gives it now.
    pub(crate) fn held_of(
        &self,
        out: &OutEvent,
        state: &CaseState,
        audit: Option<crate::case::event::AuditHead>,
    ) -> Result<Held> {
        let event = Event {
            v: VERSION,
            id: out.id,
            after: state.heads(),
            clock: state.next_clock(),
            at: out.at,
            audit,
            marks: out.marks.clone(),
            data: out.data()?,
        };
        Ok(Held {
            sender: self.user(),
            id: out.id,
            server_at: out.at,
            receipt: Receipt::FirstHand { proven: true },
            body: HeldBody::Whole(Content::new(out.body.clone(), &event, out.notice)?),
        })
    }
}

/// What a command carries out.
#[derive(Clone)]
pub(crate) enum InsteadOf {
    /// An item of the outbox.
    Item(i64),
    /// A note of whom an event did not reach.
    Unreached(Vec<UserId>),
}

/// What was asked or written wrongly is the caller's to mend; else it is something else over there.
fn refused(code: &'static str) -> Error {
    let detail = match code {
        "wrong-recovery-key" => {
            "this recovery key opens nothing here: check it, or use the one that was made last"
        }
        "unknown-search-parameter" => "the record does not know this search parameter",
        "invalid-json" => "this is no JSON",
        "reference-not-found" => "what it refers to is not in the record",
        "http-400" | "http-422" | "invalid-resource" => {
            "the record refuses this as wrong: look at its elements and codes, and whether what it refers to is there"
        }
        "forbidden" => return Error::Conflict { code, detail: "the server does not let this account do it" },
        _ => return Error::Conflict { code, detail: "the server refuses it" },
    };
    InvalidInput::new(code, detail).into()
}

/// What a caller does about a port's error. The one place where they are converted.
impl From<PortError> for Error {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Unavailable { retry_after, .. } => Self::Unavailable { what: "server", retry_after },
            PortError::SignedOut => Self::SignInRequired {
                code: "session-ended",
                detail: "the server no longer takes this session: sign in again",
            },
            PortError::Refused { code } => refused(code),
            PortError::NotFound => Self::NotFound { what: "resource" },
            PortError::Conflict => Self::Conflict {
                code: "changed-meanwhile",
                detail: "somebody else changed it meanwhile: read it again",
            },
            PortError::NotUnderstood { code } => {
                Self::Incompatible { code, detail: "the server's answer is not what the standard says" }
            }
            PortError::DeviceUntrusted => Self::DeviceUntrusted,
            PortError::Internal { code } => Self::Internal { code },
        }
    }
}
