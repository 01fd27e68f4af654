//! The example's case over homeservers in memory, its record where a test puts it. Everybody here is synthetic.

use std::sync::Arc;
use std::time::Duration;

use caseline::id::{CaseId, UserId};
use caseline::store::StoreKey;
use caseline::testing::{LoopbackHomeserver, ManualClock};
use caseline::{Case, Caseline, Record};
use jiff::SignedDuration;
use tempfile::TempDir;

pub(crate) const CP_DATA: &str = include_str!("../../../../examples/data/cp.json");
pub(crate) const ACO_DATA: &str = include_str!("../../../../examples/data/aco.json");
const AGREEMENT: &str = include_str!("../../../../examples/data/agreement.yaml");
const RULES: &str = include_str!("../../../../examples/data/rules.yaml");
pub(crate) const PLAN: &str = "https://caseline.example/care-plan|marty-2019";

const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct World {
    pub(crate) server: LoopbackHomeserver,
    pub(crate) clock: ManualClock,
    folder: TempDir,
}

pub(crate) fn user(name: &str) -> UserId {
    let server = if name == "jane" { "cp" } else { "aco" };
    format!("@{name}:{server}.example").parse().unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new("2019-03-04T14:00:00Z".parse().unwrap());
        Self { server: LoopbackHomeserver::new(clock.clone()), clock, folder: TempDir::new().unwrap() }
    }

    /// Somebody's device, which is the same each time.
    pub(crate) async fn start(&self, name: &str, record: Record) -> Caseline {
        let caseline = Caseline::builder()
            .store(self.folder.path().join(name), StoreKey::new([7; 32]))
            .record(record)
            .clock(Arc::new(self.clock.clone()))
            .with_transport(Arc::new(self.server.transport(&user(name))))
            .await
            .unwrap();
        caseline.add_agreement(AGREEMENT).unwrap();
        caseline.add_rules(RULES).unwrap();
        caseline
    }

    /// Opens the example's case, with the keepers left out: nobody plays them here.
    pub(crate) async fn open(&self, jane: &Caseline) -> Case {
        let mut open = jane.propose("https://caseline.example/care-team|marty").await.unwrap();
        open.roster.retain(|seat| !seat.is_keeper());
        let case = jane.open(open).unwrap();
        self.settle(&[jane]).await;
        case
    }

    /// A minute later everybody has everything.
    pub(crate) async fn settle(&self, everybody: &[&Caseline]) {
        for _ in 0..2 {
            for one in everybody {
                assert!(one.settle(PATIENCE).await.unwrap(), "{:?}", one.outbox().unwrap());
            }
        }
        self.clock.advance(SignedDuration::from_secs(60));
    }
}

pub(crate) async fn accept(one: &Caseline) -> CaseId {
    let invitations = one.invitations().await.unwrap();
    one.accept(&invitations[0].room, false).await.unwrap().id()
}
