//! The tasks of a client: one reads the directory at the start, one looks at the record, and at the directory in it, one follows hints into the inbox, one fetches what events carry outside of themselves, one drains the
//! outbox.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::error::Result;
use crate::id::{MatrixEventId, RoomId};
use crate::inbox::Below;
use crate::notice::Notice;
use crate::ports::Hint;
use crate::store::cases::RoomStage;
use crate::store::outbox::hurry;

/// How often everything is read again, hints or not.
const LOOK_AGAIN: Duration = Duration::from_mins(5);
/// How often the record is asked what others changed in it.
const LOOK_AT_RECORD: Duration = Duration::from_mins(1);
/// At how many of these looks a server is asked what is new of the directory: the embedded record is asked at each.
const LOOKS_AT_DIRECTORY: u32 = 5;
/// At how many of them everybody is read anew: what was deleted is told by nothing else.
const LOOKS_AT_EVERYBODY: u32 = 60;
/// How soon after a failure.
const TRY_AGAIN: Duration = Duration::from_secs(3);
/// The longest wait of the outbox without being woken.
const IDLE: Duration = Duration::from_mins(1);

/// The tasks, and how to stop them.
pub(crate) struct Running {
    suspended: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Running {
    /// Starts them. `current`: the directory has just been read from the record.
    pub(crate) fn start(engine: &Arc<Engine>, current: bool) -> Self {
        let (suspended, watched) = watch::channel(false);
        let mut tasks = vec![
            tokio::spawn(receive(Arc::clone(engine), watched.clone())),
            tokio::spawn(fetch(Arc::clone(engine), watched.clone())),
            tokio::spawn(look(Arc::clone(engine), watched.clone())),
            tokio::spawn(send(Arc::clone(engine), watched.clone())),
        ];
        if !current {
            tasks.push(tokio::spawn(read_directory(Arc::clone(engine), watched)));
        }
        Self { suspended, tasks: Mutex::new(tasks) }
    }

    pub(crate) fn suspend(&self, suspended: bool) {
        self.suspended.send_replace(suspended);
    }

    pub(crate) async fn stop(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // Every step is safe to interrupt: it is as if the process had been killed there.
            task.abort();
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn awake(suspended: &mut watch::Receiver<bool>) {
    // The sender is dropped only with the tasks.
    let _ = suspended.wait_for(|suspended| !suspended).await;
}

async fn receive(engine: Arc<Engine>, mut suspended: watch::Receiver<bool>) {
    // `below`: a hint may have been missed since everything was read last.
    let (mut all, mut below, mut keys) = (true, true, false);
    let mut rooms = BTreeMap::<RoomId, BTreeSet<MatrixEventId>>::new();
    // However many hints come.
    let mut look_again = Instant::now() + LOOK_AGAIN;
    loop {
        awake(&mut suspended).await;
        let mut failed = false;
        if all {
            failed |= engine.find_own_cases().await.is_err();
            let how_far = if below { Below::some_way() } else { Below::default() };
            failed |= engine.catch_up_all(&how_far).await.is_err();
            (all, below) = (failed, below && failed);
            look_again = Instant::now() + LOOK_AGAIN;
            rooms.retain(|_, named| !named.is_empty());
        }
        for (room, named) in std::mem::take(&mut rooms) {
            let until = Below::until(named);
            if engine.catch_up(&room, &until).await.is_err() {
                failed = true;
                rooms.insert(room, until.named());
            }
        }
        if keys {
            keys = read_waiting(&engine).await.is_err();
            failed |= keys;
        }
        let until = if failed { Instant::now() + TRY_AGAIN } else { look_again };
        let hint = tokio::select! {
            hint = tokio::time::timeout_at(until, engine.transport.next_hint()) => hint,
            () = engine.known.notified() => {
                let _ = engine.find_own_cases().await;
                for room in engine.db.rooms_to_read().unwrap_or_default() {
                    rooms.entry(room).or_default();
                }
                continue;
            }
        };
        let hint = match hint {
            Ok(Some(hint)) => hint,
            Ok(None) => return,
            Err(_) => {
                all |= !failed;
                continue;
            }
        };
        match hint {
            Hint::Room { room, events } => {
                if !engine.is_known(&room) {
                    // Another device of this account may have joined it, or made it.
                    let _ = engine.find_own_cases().await;
                }
                if engine.is_known(&room) {
                    rooms.entry(room).or_default().extend(events);
                }
            }
            Hint::Invitations => {
                for invited in engine.transport.invitations().await.unwrap_or_default() {
                    if engine.waits_for_answer(&invited.room).unwrap_or_default() {
                        engine.tell(Notice::Invitation { room: invited.room, by: invited.by });
                    }
                }
            }
            Hint::Again => keys = true,
            Hint::Keys => {
                keys = true;
                if engine.db.rooms_at(RoomStage::Found).is_ok_and(|found| !found.is_empty()) {
                    engine.known.notify_one();
                }
                // An identity that changed back, or a device that was verified, may be what the outbox waits for.
                wake(&engine);
            }
            Hint::Online(true) => {
                (all, below) = (true, true);
                engine.fetching.ask_again();
                wake(&engine);
            }
            Hint::Online(false) => {}
            Hint::SignedOut => engine.tell(Notice::SignedOut),
        }
    }
}

/// Tries again what could not be read, everywhere.
pub(super) async fn read_waiting(engine: &Engine) -> Result<()> {
    let mut outcome = Ok(());
    for row in engine.db.cases()? {
        if let Some(room) = row.room {
            outcome = engine.read_again(&room).await.and(outcome);
            outcome = engine.serve_unreached(&room).await.and(outcome);
        }
    }
    for room in engine.db.rooms_to_read()? {
        outcome = engine.read_again(&room).await.and(outcome);
    }
    outcome
}

pub(super) fn wake(engine: &Engine) {
    let _ = engine.db.write(|t| hurry(t, None));
    engine.outgoing.notify_one();
}

async fn fetch(engine: Arc<Engine>, mut suspended: watch::Receiver<bool>) {
    loop {
        awake(&mut suspended).await;
        // What was not given waits until it is due.
        let _ = engine.fetch_all_documents().await;
        let mut next_round = engine.fetching.next_round(LOOK_AGAIN);
        while engine.fetching.something_new(next_round).await {
            awake(&mut suspended).await;
            let _ = engine.fetch_documents().await;
            next_round = next_round.min(engine.fetching.next_round(LOOK_AGAIN));
        }
    }
}

/// Reads the directory from the record, once it answers.
async fn read_directory(engine: Arc<Engine>, mut suspended: watch::Receiver<bool>) {
    let mut wait = TRY_AGAIN;
    loop {
        awake(&mut suspended).await;
        match engine.refresh_directory().await {
            Ok(()) => return,
            Err(error) => tracing::debug!(code = error.code(), "the directory could not be read"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LOOK_AGAIN);
    }
}

/// Looks at the record again and again: nothing tells when somebody else has changed it.
async fn look(engine: Arc<Engine>, mut suspended: watch::Receiver<bool>) {
    let mut looks: u32 = 0;
    loop {
        awake(&mut suspended).await;
        if let Err(error) = engine.move_record().await {
            tracing::debug!(code = error.code(), "the record does not take what is to move there yet");
        }
        tokio::time::sleep(LOOK_AT_RECORD).await;
        awake(&mut suspended).await;
        // What the record does not answer now it answers at the next look.
        if let Err(error) = engine.look_at_record().await {
            tracing::debug!(code = error.code(), "the record could not be looked at");
        }
        looks = looks.wrapping_add(1);
        let read = look_for_people(&engine, looks).await;
        if let Err(error) = read {
            tracing::debug!(code = error.code(), "what is new of the directory could not be read");
        }
        // A consent ends on its day, though nothing happens.
        if let Err(error) = engine.follow_due_referrals() {
            tracing::error!(code = error.code(), "what follows for referrals could not be done");
        }
    }
}

/// Reads the directory where it has changed: at this many looks after the start.
pub(super) async fn look_for_people(engine: &Engine, looks: u32) -> Result<()> {
    if engine.elsewhere && looks.is_multiple_of(LOOKS_AT_EVERYBODY) {
        return engine.refresh_directory().await;
    }
    if !engine.elsewhere || looks.is_multiple_of(LOOKS_AT_DIRECTORY) {
        engine.look_at_directory().await?;
    }
    Ok(())
}

async fn send(engine: Arc<Engine>, mut suspended: watch::Receiver<bool>) {
    loop {
        awake(&mut suspended).await;
        let wait = match engine.drain().await {
            Ok(next) => next.unwrap_or(IDLE).min(IDLE),
            Err(_) => TRY_AGAIN,
        };
        let _ = tokio::time::timeout(wait, engine.outgoing.notified()).await;
    }
}
