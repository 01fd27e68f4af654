//! The example's case, played over homeservers in memory: Jane and Kim write to one record, Joe to another. Everybody here
//! is synthetic.

use std::sync::Arc;
use std::time::Duration;

use caseline::case::life::CloseReason;
use caseline::case::state::{Entry, Standing};
use caseline::communication::Priority;
use caseline::contact::{Contact, Role, Seat};
use caseline::id::{RoomId, UserId};
use caseline::ports::{CareRecord, CaseTransport};
use caseline::store::{Db, EmbeddedRecord, StoreKey};
use caseline::testing::{LoopbackHomeserver, ManualClock, RecordLine};
use caseline::{Case, Caseline, Message, Record};
use jiff::SignedDuration;
use tempfile::TempDir;

const DATA: [&str; 4] = [
    include_str!("../../../../examples/data/cp.json"),
    include_str!("../../../../examples/data/aco.json"),
    include_str!("../../../../examples/data/agreement.yaml"),
    include_str!("../../../../examples/data/rules.yaml"),
];
/// What the community side's record begins with.
pub(crate) const CP_DATA: &str = DATA[0];
const CP: &str = "https://caseline.example/organization|harbor-bridge";
const ACO: &str = "https://caseline.example/organization|bay-river";
const PLAN: &str = "https://caseline.example/care-plan|marty-2019";
const PATIENCE: Duration = Duration::from_secs(90);

/// The case when it is over.
pub(crate) struct Played {
    pub(crate) jane: Caseline,
    pub(crate) kim: Caseline,
    pub(crate) case: Case,
    pub(crate) kims: Case,
    /// Joe's organisation's record, which no other device writes to.
    pub(crate) lone: Arc<EmbeddedRecord>,
    _folder: (TempDir, TempDir),
}

pub(crate) struct World {
    server: LoopbackHomeserver,
    clock: ManualClock,
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new("2019-03-04T14:00:00Z".parse().unwrap());
        let server = LoopbackHomeserver::new(clock.clone());
        Self { server, clock, folder: TempDir::new().unwrap() }
    }

    async fn start(&self, name: &str, record: Record) -> Caseline {
        self.start_with(name, record, DATA[usize::from(user(name).server() == "aco.example")]).await
    }

    /// A client whose record begins with this Bundle.
    pub(crate) async fn start_with(&self, name: &str, record: Record, bundle: &str) -> Caseline {
        let caseline = Caseline::builder()
            .store(self.folder.path().join(name), StoreKey::new([7; 32]))
            .record(record)
            .clock(Arc::new(self.clock.clone()))
            .with_transport(Arc::new(self.server.transport(&user(name))))
            .await
            .unwrap();
        caseline.add_agreement(DATA[2]).unwrap();
        caseline.add_rules(DATA[3]).unwrap();
        caseline.import(bundle).await.unwrap();
        caseline
    }

    /// A minute later everybody has everything.
    pub(crate) async fn settle(&self, everybody: &[&Caseline]) {
        for _ in 0..2 {
            for one in everybody {
                assert!(one.settle(PATIENCE).await.unwrap(), "{one:?}: {:?}", one.outbox().unwrap());
            }
        }
        self.clock.advance(SignedDuration::from_secs(60));
    }

    async fn room(&self) -> RoomId {
        self.server.transport(&user("jane")).rooms().await.unwrap().remove(0)
    }
}

fn user(name: &str) -> UserId {
    let server = if ["jane", "kim"].contains(&name) { "cp" } else { "aco" };
    format!("@{name}:{server}.example").parse().unwrap()
}

/// Jane's colleague, whom no Bundle knows.
fn kims_seat() -> Seat {
    let contact = Contact {
        id: "https://caseline.example/staff|kim".parse().unwrap(),
        name: "Kim (synthetic)".into(),
        role: Role::Nurse,
        organization: CP.parse().unwrap(),
        user: Some(user("kim")),
        phone: None,
        topics: Vec::new(),
    };
    Seat { contact, lead: false }
}

async fn accept(one: &Caseline) -> Case {
    let invitations = one.invitations().await.unwrap();
    one.accept(&invitations[0].room, false).await.unwrap()
}

/// A record of its own, with its folder.
pub(crate) fn record() -> (Arc<EmbeddedRecord>, TempDir) {
    let folder = TempDir::new().unwrap();
    let db = Db::open(folder.path(), &StoreKey::new([7; 32])).unwrap();
    (Arc::new(EmbeddedRecord::new(db)), folder)
}

/// Plays the case. Kim is a day behind in its middle: first what she has to write waits, then she hears nothing.
pub(crate) async fn play(shared: Arc<dyn CareRecord>) -> Played {
    let world = World::new();
    let (lone, lones) = record();
    let wire = RecordLine::new(Arc::clone(&shared));
    let jane = world.start("jane", Record::Other(shared)).await;
    let kim = world.start("kim", Record::Other(Arc::new(wire.clone()))).await;
    let joe = world.start("joe", Record::Other(lone.clone())).await;
    let rao = world.start("rao", Record::None).await;

    let mut open = jane.propose("https://caseline.example/care-team|marty").await.unwrap();
    // Nobody plays the keepers here: who has no device cannot be waited for.
    open.roster.retain(|seat| !seat.is_keeper());
    let lee = open.roster.iter().find(|seat| seat.contact.id.value() == "lee").cloned().unwrap();
    let case = jane.open(open).unwrap();
    world.settle(&[&jane]).await;
    let (joes, raos) = (accept(&joe).await, accept(&rao).await);
    world.settle(&[&joe, &rao, &jane]).await;
    let asked =
        case.send(None, Message::text("Marty is in the hospital again").priority(Priority::Urgent)).unwrap();
    case.name_seat(None, kims_seat()).unwrap();
    world.settle(&[&jane, &joe, &rao]).await;
    let kims = accept(&kim).await;
    world.settle(&[&kim, &jane, &joe, &rao]).await;

    wire.cut(true);
    kims.send(None, Message::text("On my way")).unwrap();
    joes.send(None, Message::text("I am there").in_reply_to(asked)).unwrap();
    assert!(!kim.settle(Duration::from_secs(1)).await.unwrap(), "what she has to write waits");
    world.server.offline(&user("kim"), true);
    world.clock.advance(SignedDuration::from_hours(24));
    let everybody = [&jane, &joe, &rao];
    world.server.send_foreign(&world.room().await, &user("joe"), "From another client").unwrap();
    world.settle(&everybody).await;
    let (first, _) = case.send_care_plan(None, PLAN).await.unwrap();
    world.settle(&everybody).await;
    joes.acknowledge_plan(None, first.id).unwrap();
    joes.return_plan(None, first.id, "Say who walks with him").unwrap();
    world.settle(&everybody).await;
    let (second, _) = case.send_care_plan(None, PLAN).await.unwrap();
    world.settle(&everybody).await;
    raos.approve_plan(None, second.id, None).unwrap();
    joes.end_seat(None, lee.contact.id, ACO.parse::<caseline::id::OrganizationId>().unwrap()).unwrap();
    world.settle(&everybody).await;

    wire.cut(false);
    assert!(!kim.settle(Duration::from_secs(2)).await.unwrap(), "she cannot catch up yet");
    world.server.offline(&user("kim"), false);
    kims.send(None, Message::text("Back again")).unwrap();
    case.send(None, Message::text("Welcome back")).unwrap();
    let (one, other) = tokio::join!(jane.settle(PATIENCE), kim.settle(PATIENCE));
    assert!(one.unwrap() && other.unwrap(), "{:?}", kim.outbox().unwrap());
    world.settle(&[&jane, &kim, &joe, &rao]).await;

    // Joe writes twice before the others' homeserver has it, and Jane closes the case: the second is superseded.
    for name in ["jane", "kim"] {
        world.server.offline(&user(name), true);
    }
    joes.send(None, Message::text("One more thing")).unwrap();
    joes.send(None, Message::text("And another")).unwrap();
    world.settle(&[&joe]).await;
    let room = world.room().await;
    let sent = world.server.messages(&room).unwrap();
    let late: Vec<_> = sent.into_iter().rev().take(2).map(|(id, ..)| id).collect();
    for id in &late {
        world.server.drop_history_event(&room, id).unwrap();
    }
    for name in ["jane", "kim"] {
        world.server.offline(&user(name), false);
    }
    case.close(None, CloseReason::Graduated).unwrap();
    world.settle(&[&jane]).await;
    for id in &late {
        world.server.restore_history_event(&room, id).unwrap();
    }
    world.settle(&[&joe, &jane, &kim]).await;
    let superseded = |entry: &Entry| matches!(entry.standing, Standing::Superseded { .. });
    assert!(case.state().unwrap().timeline.iter().any(superseded));
    assert_eq!(case.state().unwrap().digest(), joes.state().unwrap().digest());
    assert_eq!(case.state().unwrap().digest(), kims.state().unwrap().digest());
    for one in [joe, rao] {
        one.shutdown().await;
    }
    Played { jane, kim, case, kims, lone, _folder: (world.folder, lones) }
}
