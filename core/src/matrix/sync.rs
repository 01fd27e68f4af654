//! The sync loop: it carries keys in both directions, and gives hints. What the hints point at is read again elsewhere.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::BoxStream;
use matrix_sdk::deserialized_responses::TimelineEvent;
use matrix_sdk::ruma::api::client::sync::sync_events::v5::request as extension;
use matrix_sdk::ruma::api::error::ErrorKind;
use matrix_sdk::ruma::events::StateEventType;
use matrix_sdk::sync::RoomUpdates;
use matrix_sdk::{Client, RoomState, SlidingSync, SlidingSyncList, SlidingSyncMode, UpdateSummary};
use matrix_sdk_base::BaseClient;
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;

use super::proof::tell_makers;
use super::{error, sign_in};
use crate::id::{MatrixEventId, RoomId, UserId};
use crate::ports::{Hint, Invited, PortError};
use crate::store::Db;

/// How many of the events that came to a room since the last answer are named: the last ones. They are named to find late ones
/// of other homeservers; what came before those is named by the events themselves.
const NAMED: u32 = 10;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The sync loop and what it has to tell.
pub(super) struct Sync {
    told: Arc<Told>,
    // Where the end of the session is written down.
    db: Arc<Db>,
    task: tokio::sync::Mutex<Option<Running>>,
}

struct Running {
    stop: Arc<Notify>,
    sync: JoinHandle<()>,
    keys: JoinHandle<()>,
    makers: JoinHandle<()>,
}

/// What the loop has to tell, and nobody has heard yet.
#[derive(Default)]
pub(super) struct Told {
    state: Mutex<State>,
    more: Notify,
    // Says that `State::again` has changed.
    timer: Notify,
    // Says that there are makers of room keys to tell.
    makers: Notify,
}

#[derive(Default)]
struct State {
    // Each hint at most once, so that a reader who does not come leaves no more than one per room.
    hints: VecDeque<Hint>,
    invitations: BTreeMap<RoomId, UserId>,
    online: Option<bool>,
    // When to hint at keys without news of any: the backup may have by then what it did not have before.
    again: Option<Instant>,
    closed: bool,
}

impl Told {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hint(&self, hint: Hint) {
        let mut state = self.state();
        if !state.hints.iter_mut().any(|waiting| waiting.take_up(&hint)) {
            state.hints.push_back(hint);
        }
        drop(state);
        self.more.notify_one();
    }

    /// Hints after a while that what could not be read may be asked for again.
    pub(super) fn hint_at_keys_in(&self, after: Duration) {
        let at = Instant::now() + after;
        let mut state = self.state();
        if state.again.is_none_or(|again| at < again) {
            state.again = Some(at);
        }
        drop(state);
        self.timer.notify_one();
    }

    /// The makers of some room keys are to be told.
    pub(super) fn tell_makers(&self) {
        self.makers.notify_one();
    }

    /// Waits until there are makers of room keys to tell.
    pub(super) async fn makers_to_tell(&self) {
        self.makers.notified().await;
    }

    fn online(&self, online: bool) {
        let mut state = self.state();
        if state.online == Some(online) {
            return;
        }
        state.online = Some(online);
        // The last word counts.
        state.hints.retain(|hint| !matches!(hint, Hint::Online(_)));
        state.hints.push_back(Hint::Online(online));
        drop(state);
        self.more.notify_one();
    }

    /// Notes whether we are invited to a room; true where that is news.
    fn invited(&self, room: &RoomId, by: Option<UserId>) -> bool {
        let invitations = &mut self.state().invitations;
        match by {
            Some(by) => invitations.insert(room.clone(), by.clone()).as_ref() != Some(&by),
            None => invitations.remove(room).is_some(),
        }
    }

    /// An invitation to this room waits no longer, though the sync has not said so yet.
    pub(super) fn answered(&self, room: &RoomId) {
        self.invited(room, None);
    }

    async fn next(&self) -> Option<Hint> {
        loop {
            let more = self.more.notified();
            let waiting = {
                let mut state = self.state();
                if state.closed { None } else { Some(state.hints.pop_front()) }
            };
            match waiting {
                None => {
                    // Whoever else waits must wake too.
                    self.more.notify_one();
                    return None;
                }
                Some(Some(hint)) => return Some(hint),
                Some(None) => more.await,
            }
        }
    }
}

impl Sync {
    pub(super) fn new(db: Arc<Db>) -> Self {
        Self { told: Arc::default(), db, task: tokio::sync::Mutex::new(None) }
    }

    pub(super) fn told(&self) -> &Told {
        &self.told
    }

    pub(super) fn invitations(&self) -> Vec<Invited> {
        let state = self.told.state();
        state.invitations.iter().map(|(room, by)| Invited { room: room.clone(), by: by.clone() }).collect()
    }

    pub(super) async fn next_hint(&self) -> Option<Hint> {
        self.told.next().await
    }

    /// Starts the loop, unless it runs or was closed.
    pub(super) async fn start(&self, client: &Client, base: &BaseClient) {
        let mut task = self.task.lock().await;
        if self.told.state().closed || task.as_ref().is_some_and(|running| !running.sync.is_finished()) {
            return;
        }
        if let Some(ended) = task.take() {
            ended.stop().await;
        }
        let stop = Arc::new(Notify::new());
        // Before anything is synced, so that no key that comes with the first answer is missed.
        let news = key_news(client).await;
        *task = Some(Running {
            sync: tokio::spawn(run(
                client.clone(),
                Arc::clone(&self.told),
                Arc::clone(&self.db),
                Arc::clone(&stop),
            )),
            keys: tokio::spawn(watch_keys(news, Arc::clone(&self.told))),
            makers: tokio::spawn(tell_makers(
                client.clone(),
                base.clone(),
                Arc::clone(&self.db),
                Arc::clone(&self.told),
            )),
            stop,
        });
    }

    /// Stops the loop; what it was writing is written when this returns.
    pub(super) async fn stop(&self) {
        if let Some(running) = self.task.lock().await.take() {
            running.stop().await;
        }
    }

    /// Stops the loop for good.
    pub(super) async fn close(&self) {
        self.stop().await;
        self.told.state().closed = true;
        self.told.more.notify_one();
    }
}

impl Running {
    async fn stop(mut self) {
        self.keys.abort();
        self.makers.abort();
        self.stop.notify_one();
        let _ = (&mut self.sync).await;
        let _ = (&mut self.keys).await;
        let _ = (&mut self.makers).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Without this a transport that was dropped without `shutdown` would go on syncing.
        self.keys.abort();
        self.makers.abort();
        self.sync.abort();
    }
}

async fn run(client: Client, told: Arc<Told>, db: Arc<Db>, stop: Arc<Notify>) {
    let Some(sliding) = build(&client).await else {
        tracing::error!("the sync could not be set up");
        return;
    };
    // Before anything is synced, so that nothing is missed.
    let mut news = client.subscribe_to_all_room_updates();
    let mut failures: u32 = 0;
    let mut stopped = pin!(stop.notified());
    // The server tells all invitations anew at the beginning of a session, and not after a line that was down: until its first
    // answer those that are known wait on.
    let mut anew = true;
    'session: loop {
        let failure = {
            let mut updates = pin!(sliding.sync());
            loop {
                match select(stopped.as_mut(), updates.next()).await {
                    Either::Left(_) => break 'session,
                    Either::Right((Some(Ok(update)), _)) => {
                        failures = 0;
                        told.online(true);
                        if std::mem::take(&mut anew) {
                            told.state().invitations.clear();
                        }
                        tell(&client, &told, &update, &mut news).await;
                    }
                    Either::Right((Some(Err(failure)), _)) => break Some(failure),
                    Either::Right((None, _)) => break None,
                }
            }
        };
        if failure.as_ref().and_then(matrix_sdk::Error::client_api_error_kind) == Some(&ErrorKind::UnknownPos)
        {
            anew = true;
            continue;
        }
        let meaning = failure.as_ref().map(|failure| error::sdk(failure, "sync"));
        if meaning == Some(PortError::SignedOut) {
            if let Err(error) = sign_in::note_end(&db) {
                tracing::error!(%error, "the end of the session could not be written down");
            }
            told.hint(Hint::SignedOut);
            break;
        }
        told.online(false);
        failures = failures.saturating_add(1);
        let pause = pin!(tokio::time::sleep(pause(failures, meaning.as_ref())));
        if let Either::Left(_) = select(stopped.as_mut(), pause).await {
            break;
        }
    }
    // An answer that came while we stopped is still being written: this waits until it is, and the next session begins
    // anew, as after a restart.
    sliding.expire_session().await;
}

/// How long to wait after so many failures in a row: doubled each time, up to half of it random, so that the devices of a
/// homeserver that comes back do not all come at once.
fn pause(failures: u32, meaning: Option<&PortError>) -> Duration {
    if let Some(PortError::Unavailable { retry_after: Some(asked), .. }) = meaning {
        return (*asked).min(LONGEST_PAUSE);
    }
    let whole = Duration::from_millis(500).saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE);
    let mut random = [0u8; 1];
    let _ = getrandom::fill(&mut random);
    let [random] = random;
    whole / 2 + whole / 512 * u32::from(random)
}

async fn build(client: &Client) -> Option<SlidingSync> {
    // Member lists come from `view`, at the moment they matter; our own membership is what the SDK needs.
    let required = [
        (StateEventType::RoomCreate, ""),
        (StateEventType::RoomEncryption, ""),
        (StateEventType::RoomHistoryVisibility, ""),
        (StateEventType::RoomMember, "$ME"),
    ];
    let list = SlidingSyncList::builder("rooms")
        .sync_mode(SlidingSyncMode::new_growing(50))
        .timeline_limit(NAMED)
        .required_state(required.into_iter().map(|(kind, key)| (kind, key.to_owned())).collect());
    let mut e2ee = extension::E2EE::default();
    e2ee.enabled = Some(true);
    let mut to_device = extension::ToDevice::default();
    to_device.enabled = Some(true);
    client
        .sliding_sync("caseline")
        .ok()?
        .with_e2ee_extension(e2ee)
        .with_to_device_extension(to_device)
        .add_list(list)
        .build()
        .await
        .ok()
}

async fn tell(
    client: &Client,
    told: &Told,
    update: &UpdateSummary,
    news: &mut broadcast::Receiver<RoomUpdates>,
) {
    let mut came: BTreeMap<RoomId, Vec<MatrixEventId>> = BTreeMap::new();
    loop {
        match news.try_recv() {
            Ok(updates) => {
                for (room, joined) in updates.joined {
                    let Ok(room) = room.as_str().parse() else { continue };
                    let ids = joined.timeline.events.iter().filter_map(TimelineEvent::event_id);
                    came.entry(room).or_default().extend(ids.filter_map(|id| id.as_str().parse().ok()));
                }
            }
            // The oldest are gone; their rooms are hinted at all the same.
            Err(broadcast::error::TryRecvError::Lagged(_)) => {}
            Err(_) => break,
        }
    }
    let mut invitations_changed = false;
    for id in &update.rooms {
        let Ok(room_id) = id.as_str().parse::<RoomId>() else { continue };
        let room = client.get_room(id);
        let by = match &room {
            Some(room) if room.state() == RoomState::Invited => room
                .invite_details()
                .await
                .ok()
                .and_then(|invite| invite.inviter_id.as_str().parse::<UserId>().ok()),
            _ => None,
        };
        let invited = by.is_some();
        invitations_changed |= told.invited(&room_id, by);
        if !invited {
            let events = came.remove(&room_id).unwrap_or_default();
            told.hint(Hint::Room { room: room_id, events });
        }
    }
    if invitations_changed {
        told.hint(Hint::Invitations);
    }
}

/// News of room keys, and of devices and identities that changed. It ends with the client, which it does not keep.
async fn key_news(client: &Client) -> BoxStream<'static, ()> {
    let encryption = client.encryption();
    let (Some(room_keys), Ok(devices), Ok(identities)) = (
        encryption.room_keys_received_stream().await,
        encryption.devices_stream().await,
        encryption.user_identities_stream().await,
    ) else {
        return futures_util::stream::empty().boxed();
    };
    let owners = futures_util::stream::select(devices.map(|_| ()), identities.map(|_| ()));
    futures_util::stream::select(room_keys.map(|_| ()), owners).boxed()
}

/// Hints at what news there is of keys, and at what is to be tried again.
async fn watch_keys(mut all: BoxStream<'static, ()>, told: Arc<Told>) {
    loop {
        let again = told.state().again;
        let timer = async {
            match again {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            news = all.next() => match news {
                Some(()) => told.hint(Hint::Keys),
                None => return,
            },
            () = timer => {
                told.state().again = None;
                told.hint(Hint::Again);
            }
            () = told.timer.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_hint_waits_once_and_closing_wakes_who_waits() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path(), &crate::store::StoreKey::new([1; 32])).unwrap();
        let sync = Arc::new(Sync::new(db));
        for _ in 0..3 {
            sync.told().hint(Hint::Keys);
        }
        let event = |n: u32| format!("$event-{n}").parse::<MatrixEventId>().unwrap();
        let room: RoomId = "!room:aco.example".parse().unwrap();
        for n in [1, 2, 2] {
            sync.told().hint(Hint::Room { room: room.clone(), events: vec![event(n)] });
        }
        sync.told().online(true);
        sync.told().online(false);
        assert_eq!(sync.next_hint().await, Some(Hint::Keys));
        let both = vec![event(1), event(2)];
        assert_eq!(sync.next_hint().await, Some(Hint::Room { room, events: both }), "of one room one hint");
        assert_eq!(sync.next_hint().await, Some(Hint::Online(false)), "the last word counts");
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let sync = Arc::clone(&sync);
                tokio::spawn(async move { sync.next_hint().await })
            })
            .collect();
        tokio::task::yield_now().await;
        sync.close().await;
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), None);
        }
    }

    #[test]
    fn pauses_grow_and_stay_below_the_cap() {
        for failures in 1..40 {
            let pause = pause(failures, None);
            assert!(pause >= Duration::from_millis(500) && pause <= LONGEST_PAUSE, "{failures}: {pause:?}");
        }
        let asked = PortError::Unavailable { code: "http-429", retry_after: Some(Duration::from_secs(7)) };
        assert_eq!(super::pause(1, Some(&asked)), Duration::from_secs(7));
    }
}
