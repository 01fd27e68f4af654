//! The people of the example, each on a device of their own: accounts that no other test has, on the shared homeservers.
//! Everybody here is synthetic.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use caseline::contact::{Contact, Role, Seat};
use caseline::id::{ContactId, OrganizationId, RoomId, UserId};
use caseline::matrix::MatrixTransport;
use caseline::ports::CaseTransport;
use caseline::store::{Db, StoreKey};
use caseline::testing::ManualClock;
use caseline::{Case, Caseline, Error, Invitation, Notice, OpenCase};
use caseline_backend::Homeserver;
use caseline_tests::{Account, account, backend};
use tempfile::TempDir;
use tokio::sync::broadcast;

pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
const CARE_TEAM: &str = "https://caseline.example/care-team|marty";
const CP: &str = "https://caseline.example/organization|harbor-bridge";
const AGREEMENT: &str = include_str!("../../../examples/data/agreement.yaml");
const RULES: &str = include_str!("../../../examples/data/rules.yaml");
const BUNDLES: [&str; 2] =
    [include_str!("../../../examples/data/cp.json"), include_str!("../../../examples/data/aco.json")];

pub(crate) fn key() -> StoreKey {
    StoreKey::new([7; 32])
}

/// The example's accounts, by their names there: `jane`, `kim` (a colleague of hers whom no Bundle knows) and `cp-keeper`;
/// `joe`, `rao`, `lee` and `aco-keeper`.
pub(crate) struct Cast {
    pub(crate) clock: ManualClock,
    accounts: BTreeMap<&'static str, Account>,
}

impl Cast {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new("2019-03-04T14:00:00Z".parse().unwrap());
        let names = ["jane", "kim", "cp-keeper", "joe", "rao", "lee", "aco-keeper"];
        let accounts = names.map(|name| (name, account(home(name), name)));
        Self { clock, accounts: accounts.into() }
    }

    pub(crate) fn account(&self, name: &str) -> &Account {
        &self.accounts[name]
    }

    pub(crate) fn user(&self, name: &str) -> UserId {
        self.account(name).user_id.parse().unwrap()
    }

    /// Somebody's organisation's record, with this cast's accounts in it.
    pub(crate) fn bundle(&self, name: &str) -> String {
        let mut text = BUNDLES[usize::from(is_aco(name))].to_owned();
        for (name, account) in &self.accounts {
            let (local, server) = match *name {
                "cp-keeper" => ("keeper", "cp"),
                "aco-keeper" => ("keeper", "aco"),
                name => (name, if is_aco(name) { "aco" } else { "cp" }),
            };
            let running = account.user_id.trim_start_matches('@');
            text = text.replace(
                &format!("\"matrix:u/{local}:{server}.example\""),
                &format!("\"matrix:u/{running}\""),
            );
        }
        text
    }

    /// Somebody at a new device of theirs, with their organisation's record in it.
    pub(crate) async fn start(&self, name: &str) -> Player {
        let player = self.device(name).await;
        let caseline = player.caseline();
        caseline.add_agreement(AGREEMENT).unwrap();
        caseline.add_rules(RULES).unwrap();
        caseline.import(&self.bundle(name)).await.unwrap();
        player
    }

    /// Somebody at a new device that knows nothing yet.
    pub(crate) async fn device(&self, name: &str) -> Player {
        let mut player = Player {
            folder: TempDir::new().unwrap(),
            account: self.account(name).clone(),
            homeserver: home(name),
            clock: self.clock.clone(),
            caseline: None,
        };
        player.back().await;
        player
    }

    /// An account of this cast without a Caseline: who sends by it what no client of ours would.
    pub(crate) async fn transport(&self, name: &str) -> Bare {
        bare(home(name), self.account(name)).await
    }

    /// Jane's proposal for Marty's case, with these people and keepers in it; the first is a lead, as is `kim`.
    pub(crate) async fn proposal(&self, by: &Player, names: &[&str]) -> OpenCase {
        let mut open = by.caseline().propose(CARE_TEAM).await.unwrap();
        let users: Vec<UserId> = names.iter().map(|name| self.user(name)).collect();
        open.roster.retain(|seat| seat.contact.user.as_ref().is_some_and(|user| users.contains(user)));
        if names.contains(&"kim") {
            open.roster.push(self.kim());
        }
        assert_eq!(open.roster.len(), names.len());
        open
    }

    pub(crate) fn kim(&self) -> Seat {
        let contact = Contact {
            id: kim_id(),
            name: "Kim Colleague".to_owned(),
            role: Role::CpCareCoordinator,
            organization: cp(),
            user: Some(self.user("kim")),
            phone: None,
            topics: Vec::new(),
        };
        Seat { contact, lead: true }
    }
}

pub(crate) fn kim_id() -> ContactId {
    "https://caseline.example/staff|kim".parse().unwrap()
}

pub(crate) fn cp() -> OrganizationId {
    CP.parse().unwrap()
}

fn is_aco(name: &str) -> bool {
    ["joe", "rao", "lee", "aco-keeper"].contains(&name)
}

pub(crate) fn home(name: &str) -> &'static Homeserver {
    if is_aco(name) { &backend().aco } else { &backend().cp }
}

/// A device that speaks the transport alone.
pub(crate) struct Bare {
    pub(crate) transport: MatrixTransport,
    _folder: TempDir,
}

pub(crate) async fn bare(homeserver: &Homeserver, account: &Account) -> Bare {
    let folder = TempDir::new().unwrap();
    let db = Db::open(folder.path(), &key()).unwrap();
    let transport =
        MatrixTransport::sign_in(db, &key(), homeserver.url(), &account.user_id, &account.password)
            .await
            .unwrap();
    Bare { transport, _folder: folder }
}

impl Bare {
    /// What this account can read in a room, oldest first.
    pub(crate) async fn reads(&self, room: &RoomId) -> Vec<String> {
        let page = self.transport.page(room, None, 100, &|_| false).await.unwrap();
        let texts = page.events.iter().rev().filter_map(|event| match &event.what {
            caseline::ports::ArrivedWhat::Message { content, .. } => {
                let content: serde_json::Value = serde_json::from_str(content.get()).unwrap();
                Some(content["body"].as_str()?.to_owned())
            }
            _ => None,
        });
        texts.collect()
    }
}

/// Somebody at their device.
pub(crate) struct Player {
    pub(crate) folder: TempDir,
    pub(crate) account: Account,
    pub(crate) homeserver: &'static Homeserver,
    clock: ManualClock,
    caseline: Option<Caseline>,
}

impl Player {
    pub(crate) fn caseline(&self) -> &Caseline {
        self.caseline.as_ref().expect("the device is on")
    }

    pub(crate) fn user(&self) -> UserId {
        self.account.user_id.parse().unwrap()
    }

    pub(crate) fn builder(&self) -> caseline::Builder {
        Caseline::builder()
            .homeserver(self.homeserver.url())
            .store(self.folder.path(), key())
            .clock(Arc::new(self.clock.clone()))
    }

    /// The device is switched off.
    pub(crate) async fn off(&mut self) {
        if let Some(caseline) = self.caseline.take() {
            caseline.shutdown().await;
        }
    }

    /// It is switched on, again.
    pub(crate) async fn back(&mut self) {
        assert!(self.caseline.is_none(), "the device is on");
        let signed_in = self.builder().sign_in(&self.account.user_id, &self.account.password).await;
        self.caseline = Some(signed_in.unwrap());
    }

    /// Waits until `look` gives something, looking again whenever something happened.
    pub(crate) async fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut notices = self.caseline().notices();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(
                Instant::now() < deadline,
                "no {what} at {:?}: {:?}",
                self.user(),
                self.caseline().outbox()
            );
            let _ = tokio::time::timeout(Duration::from_millis(500), notices.recv()).await;
        }
    }

    /// Waits for an invitation.
    pub(crate) async fn invitation(&self) -> Invitation {
        let deadline = Instant::now() + PATIENCE;
        let mut notices = self.caseline().notices();
        loop {
            if let Some(invitation) = self.caseline().invitations().await.unwrap().into_iter().next() {
                return invitation;
            }
            assert!(Instant::now() < deadline, "no invitation for {:?}", self.user());
            let _ = tokio::time::timeout(Duration::from_millis(500), notices.recv()).await;
        }
    }

    /// Accepts the invitation that waits, or comes.
    pub(crate) async fn accept(&self) -> (Case, RoomId) {
        let invitation = self.invitation().await;
        assert_eq!(invitation.warning, None);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.caseline().accept(&invitation.room, false).await {
                Ok(case) => return (case, invitation.room),
                // It takes longer than a person waits, and goes on by itself.
                Err(Error::Unavailable { .. }) if Instant::now() < deadline => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Waits until these texts are the case's messages.
    pub(crate) async fn until_reads(&self, case: &Case, expected: &[&str]) {
        let case = self.caseline().case(case.id()).unwrap();
        self.until(&format!("{expected:?} but {:?}", texts(&case)), || {
            (texts(&case) == expected).then_some(())
        })
        .await;
    }
}

/// What the case's messages say, in order.
pub(crate) fn texts(case: &Case) -> Vec<String> {
    case.state().unwrap().messages.iter().filter_map(|message| message.text.clone()).collect()
}

/// Everybody has sent and received what there is. What one sends at last can be news for another, so it takes two rounds.
pub(crate) async fn settle(everybody: &[&Player]) {
    for _ in 0..2 {
        for player in everybody {
            let caseline = player.caseline();
            assert!(
                caseline.settle(PATIENCE).await.unwrap(),
                "{caseline:?}: {:?}",
                caseline.outbox().unwrap()
            );
        }
    }
}

/// Waits until these devices hold the same state: what one server has the other gets in its own time.
pub(crate) async fn until_alike(cases: &[(&Player, &Case)]) {
    let [(player, first), others @ ..] = cases else { return };
    let digest = |case: &Case| case.state().unwrap().digest();
    player
        .until("same state", || others.iter().all(|(_, other)| digest(other) == digest(first)).then_some(()))
        .await;
}

/// Waits for the notice that an event of ours waits, and gives the codes of its causes.
pub(crate) async fn held(notices: &mut broadcast::Receiver<Notice>) -> Vec<String> {
    let told = async {
        loop {
            if let Notice::Held { reasons, .. } = notices.recv().await.unwrap() {
                return reasons.iter().map(|reason| reason.code.to_string()).collect();
            }
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("told in time")
}

/// Waits for the notice that a room was left, and gives the code of its cause.
pub(crate) async fn left(notices: &mut broadcast::Receiver<Notice>) -> String {
    let told = async {
        loop {
            if let Notice::RoomLeft { reason, .. } = notices.recv().await.unwrap() {
                return reason.code.to_string();
            }
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("told in time")
}

/// The codes of the reasons of a refusal.
pub(crate) fn reasons(error: Error) -> Vec<String> {
    let Error::NotAllowed { reasons } = error else { panic!("{error}") };
    reasons.iter().map(|reason| reason.code.to_string()).collect()
}
