//! People who speak the transport alone.

use std::future::Future;
use std::time::{Duration, Instant};

use caseline::id::{MatrixEventId, RoomId, UserId};
use caseline::matrix::MatrixTransport;
use caseline::ports::{Arrived, ArrivedWhat, CaseTransport, Outgoing, PortError, Recipient, RoomMake};
use caseline::store::{Db, StoreKey};
use caseline_backend::Homeserver;
use caseline_tests::{Account, account};
use serde_json::json;
use tempfile::TempDir;

pub(super) const PATIENCE: Duration = Duration::from_secs(90);
/// When it is said what there is, in place of what is waited for.
const LONG: Duration = Duration::from_secs(80);

/// Somebody at their device.
pub(super) struct Person {
    pub(super) transport: MatrixTransport,
    pub(super) account: Account,
    pub(super) homeserver: &'static Homeserver,
    pub(super) folder: TempDir,
}

pub(super) fn key() -> StoreKey {
    StoreKey::new([7; 32])
}

pub(super) async fn device(homeserver: &'static Homeserver, account: Account) -> Person {
    let folder = TempDir::new().unwrap();
    let db = Db::open(folder.path(), &key()).unwrap();
    let transport =
        MatrixTransport::sign_in(db, &key(), homeserver.url(), &account.user_id, &account.password)
            .await
            .unwrap();
    Person { transport, account, homeserver, folder }
}

pub(super) async fn person(homeserver: &'static Homeserver, name: &str) -> Person {
    device(homeserver, account(homeserver, name)).await
}

impl Person {
    pub(super) fn user(&self) -> UserId {
        self.transport.user()
    }

    pub(super) async fn send(
        &self,
        room: &RoomId,
        text: &str,
        readers: &[&Person],
    ) -> Result<MatrixEventId, PortError> {
        let readers: Vec<UserId> = readers.iter().map(|reader| reader.user()).collect();
        // News of a device may come just between the judging and the sending: judged again, as the outbox does.
        for _ in 0..5 {
            let judged = self.readable(&readers).await?;
            match self.send_to(room, text, judged).await {
                Err(PortError::Unavailable { code: "identity-moved", .. }) => {}
                outcome => return outcome,
            }
        }
        panic!("no end of news of devices");
    }

    /// The readers, once everybody can read. Who cannot yet gets it handed over by their case; the transport alone has none.
    async fn readable(&self, readers: &[UserId]) -> Result<Vec<Recipient>, PortError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let judged = self.transport.recipients(readers).await?;
            if judged.iter().all(|reader| reader.devices > 0) || Instant::now() > deadline {
                return Ok(judged);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    pub(super) async fn send_to(
        &self,
        room: &RoomId,
        text: &str,
        readers: Vec<Recipient>,
    ) -> Result<MatrixEventId, PortError> {
        let content = json!({ "msgtype": "m.text", "body": text });
        self.transport
            .send(&Outgoing {
                room: room.clone(),
                transaction: format!("test-{text}"),
                content: serde_json::value::to_raw_value(&content).unwrap(),
                readers,
            })
            .await
    }

    /// The whole history, oldest first.
    pub(super) async fn history(&self, room: &RoomId) -> Vec<Arrived> {
        let mut events = Vec::new();
        let mut from = None;
        loop {
            let page = self.transport.page(room, from.as_deref(), 100, &|_| false).await.unwrap();
            events.extend(page.events);
            from = page.older;
            if from.is_none() {
                events.reverse();
                return events;
            }
        }
    }

    /// The texts that can be read, oldest first.
    pub(super) async fn texts(&self, room: &RoomId) -> Vec<String> {
        self.history(room).await.iter().filter_map(text).collect()
    }

    /// Waits for hints until `look` gives something.
    pub(super) async fn until<T, F: Future<Output = Option<T>>>(
        &self,
        what: &str,
        look: impl Fn() -> F,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left, self.transport.next_hint()).await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("shut down while waiting for {what}"),
                Err(elapsed) => panic!("no {what} within {PATIENCE:?}: {elapsed}"),
            }
        }
    }

    pub(super) async fn until_read(&self, room: &RoomId, expected: &[&str]) {
        let what = format!("{expected:?}");
        let read = self.until(&what, || async {
            let texts = self.texts(room).await;
            expected.iter().all(|text| texts.iter().any(|have| have == text)).then_some(())
        });
        // Looked at once more without a hint, before the wait is over: was it not there, or was nobody told?
        let late = async {
            tokio::time::sleep(LONG).await;
            let what: Vec<_> = self.history(room).await.into_iter().map(|event| event.what).collect();
            eprintln!("waiting long for {expected:?}; there is {what:?}");
            std::future::pending::<()>().await;
        };
        tokio::select! { () = read => {}, () = late => {} }
    }

    pub(super) async fn until_invited(&self, room: &RoomId) -> UserId {
        self.until("an invitation", || async {
            let invitations = self.transport.invitations().await.unwrap();
            invitations.into_iter().find(|invited| invited.room == *room).map(|invited| invited.by)
        })
        .await
    }
}

pub(super) fn text(event: &Arrived) -> Option<String> {
    let ArrivedWhat::Message { content, .. } = &event.what else { return None };
    let content: serde_json::Value = serde_json::from_str(content.get()).unwrap();
    Some(content["body"].as_str()?.to_owned())
}

pub(super) fn make(leads: &[&Person], role_accounts: &[&Person]) -> RoomMake {
    let users = |people: &[&Person]| people.iter().map(|person| person.user()).collect();
    RoomMake {
        alias: format!("c{}", caseline::id::CaseId::new()),
        role_accounts: users(role_accounts),
        leads: users(leads),
    }
}

/// A room of the first person's, with the others joined.
pub(super) async fn room_with(creator: &Person, others: &[&Person]) -> RoomId {
    let room = creator.transport.create_room(&make(&[creator], &[])).await.unwrap();
    for other in others {
        creator.transport.invite(&room, &other.user()).await.unwrap();
        other.until_invited(&room).await;
        other.transport.join(&room).await.unwrap();
    }
    room
}
