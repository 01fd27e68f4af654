//! The client: one device of one account, its cases and its directory.

mod agreement;
mod alert;
mod builder;
mod case;
mod concern;
mod covering;
mod identity;
mod invitation;
mod meeting;
mod open;
mod pair;
mod programme;
mod propose;
#[cfg(feature = "testing")]
mod received;
mod referral;
mod resource;
mod running;
mod task;
#[cfg(all(test, feature = "testing"))]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use crate::agreement::{Agreement, RuleSet};
use crate::audit::{AuditFault, verify};
use crate::case::event::{Block, HeldBody};
use crate::case::kind::RoomKind;
use crate::contact::Topic;
use crate::directory::{Directory, Gap, WhoToCall};
use crate::due::{self, DueItem};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{CaseId, OrganizationId, UserId};
use crate::inbox::Below;
use crate::notice::Notice;
use crate::panel::{Panel, PanelQuery};
use crate::ports::Stored;
pub use crate::records::Kept;
use crate::store::papers::Paper;

pub use alert::{AlertInput, AlertOutcome};
pub use builder::{Builder, Record};
pub use case::{BringPoint, Case, Message, PlanComparison, PlanVersion, RoomAgenda, SetMeeting};
pub use concern::{Answer, Concern};
pub use identity::Identity;
pub use invitation::Invitation;
pub use meeting::Decision;
pub use open::OpenCase;
pub use pair::OpenPair;
pub use programme::OpenProgramme;
pub use propose::{Missing, Named, ProposedCase};
pub use referral::{Refer, Referred};
pub use task::{Task, TaskTo};

/// A signed-in device. Clones are the same device.
///
/// It is to be dropped inside the runtime in which it was made; [`Caseline::shutdown`] ends its tasks first.
#[derive(Clone)]
pub struct Caseline {
    engine: Arc<Engine>,
    running: Arc<running::Running>,
}

impl std::fmt::Debug for Caseline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Caseline({})", self.engine.user())
    }
}

/// How far the queues are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxStatus {
    /// How many items wait to go out: events, room set-up, membership, record writes.
    pub waiting: u64,
    /// Why they wait, as far as an attempt has shown: lane, kind, and a code.
    pub notes: Vec<(String, String, String)>,
}

/// What the audit says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditStatus {
    /// The chain.
    pub chain: uuid::Uuid,
    /// How many entries it has.
    pub length: u64,
    /// What is wrong with it.
    pub fault: Option<AuditFault>,
}

impl Caseline {
    /// Begins to make a client.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The Matrix id of this device's account.
    pub fn user(&self) -> UserId {
        self.engine.user()
    }

    /// Keeps an agreement (YAML), which cases between its two organisations are opened under. Returns it.
    ///
    /// # Errors
    /// `InvalidInput`, naming line and field.
    pub fn add_agreement(&self, text: &str) -> Result<Agreement> {
        let agreement = Agreement::parse(text)?;
        self.engine.db.put_paper(Paper::Agreement, agreement.id.as_str(), &agreement.version, text)?;
        self.engine.known.notify_one();
        Ok(agreement)
    }

    /// Keeps a rule set (YAML), whose clocks run in cases that are opened with it. Returns it.
    ///
    /// # Errors
    /// `InvalidInput`, naming line and field.
    pub fn add_rules(&self, text: &str) -> Result<RuleSet> {
        let rules = RuleSet::parse(text)?;
        self.engine.db.put_paper(Paper::Rules, rules.id.as_str(), &rules.version, text)?;
        Ok(rules)
    }

    /// Whom there is to call: the organisations and contacts of the record, as last read.
    pub fn directory(&self) -> Directory {
        self.engine.directory()
    }

    /// Whom to call at an organisation about a topic now, and why: see [`Directory::who_to_call`]. Answered from what was last read
    /// of the record; nothing is asked.
    ///
    /// # Errors
    /// `NotFound` (`organization`, or `contact` where nobody is designated for the topic).
    pub fn who_to_call(&self, organization: &OrganizationId, topic: Topic) -> Result<WhoToCall> {
        self.engine.directory().who_to_call(organization, topic, self.engine.now())
    }

    /// For which topics one cannot get a live person, at either side of each agreement in force.
    pub fn contact_gaps(&self) -> Result<Vec<Gap>> {
        let (directory, now) = (self.engine.directory(), self.engine.now());
        let mut gaps: Vec<Gap> = Vec::new();
        for agreement in self.in_force()?.into_iter().filter(|one| one.room == RoomKind::Case) {
            let pair = [&agreement.plan_side.id, &agreement.community_side.id];
            let found = directory.gaps(pair, now);
            gaps.extend(found.into_iter().filter(|gap| !gaps.contains(gap)).collect::<Vec<_>>());
        }
        Ok(gaps)
    }

    /// Reads the directory from the record again. It happens by itself: what others write of it in the embedded record is read within
    /// a minute, on a server within five, and within the hour everything.
    ///
    /// # Errors
    /// `Unavailable` where the record does not answer.
    pub async fn refresh_directory(&self) -> Result<()> {
        self.engine.refresh_directory().await
    }

    /// Carries out a FHIR Bundle of type `transaction` or `batch` in the record, whole or not at all; returns how many resources
    /// were created. References by `urn:uuid` and by condition (`Practitioner?identifier=…`) become references of the record: what
    /// they go to is in the Bundle, or was imported before.
    ///
    /// The same again creates nothing: an import that was cut off is repeated. What a Bundle creates without an `ifNoneExist` is
    /// known again by us, a Patient by member number and date of birth, all else by `fullUrl` and whom it is about (a tag in its
    /// `meta` says so). So a later export of the same people adds what is new in it. What the record has already it leaves as it
    /// is, since people may have gone on with it there; what is to replace it comes as `PUT`, or is saved with `fhir::save`.
    ///
    /// # Errors
    /// `InvalidInput` where it is no such Bundle; then nothing is changed. `json-too-large` is one of more than 50 MiB: split it, a
    /// Bundle for each person. `NotFound` without a record.
    pub async fn import(&self, bundle: &str) -> Result<usize> {
        self.engine.import(bundle).await
    }

    /// Looks at what others changed in the record since the last look: a CareTeam of a case's member becomes a proposal to its
    /// roster, a care plan that was sent is told to have changed. It happens by itself every minute while this client runs.
    ///
    /// # Errors
    /// `Unavailable` where the record does not answer.
    pub async fn look_at_record(&self) -> Result<()> {
        self.engine.look_at_record().await
    }

    /// What the organisation's server does not take, and is kept in the embedded record instead. It is offered again at each
    /// start.
    pub fn kept(&self) -> Result<Vec<Kept>> {
        self.engine.kept()
    }

    /// Resources of one type in the record.
    ///
    /// # Errors
    /// `Unavailable` where the record does not answer; `NotFound` without a record.
    pub async fn resources(&self, kind: &str) -> Result<Vec<Stored>> {
        let record = self.engine.record.as_ref().ok_or(Error::NotFound { what: "record" })?;
        Ok(record.search(kind, &[]).await?)
    }

    /// The cases of this device, the oldest first.
    pub fn cases(&self) -> Result<Vec<Case>> {
        self.rooms(RoomKind::Case)
    }

    /// The rooms of one kind, the oldest first.
    pub fn rooms(&self, kind: RoomKind) -> Result<Vec<Case>> {
        let rooms = self.engine.db.of_kind(kind)?;
        Ok(rooms.into_iter().map(|room| Case::new(self.clone(), room)).collect())
    }

    /// One case, or room of another kind.
    ///
    /// # Errors
    /// `NotFound` (`case`).
    pub fn case(&self, case: CaseId) -> Result<Case> {
        self.engine.case_row(case).map(|row| Case::new(self.clone(), row.case))
    }

    /// What is owed in all cases, by whom, who is next on the ladder; what is due first comes first. Nothing in a pair's room whose own
    /// agreement is over: nobody can say anything in it any more.
    pub fn due(&self) -> Result<Vec<DueItem>> {
        let mut owed = Vec::new();
        for row in self.engine.db.cases()? {
            let state = self.engine.state(row.case)?;
            if !self.engine.is_mute(&state) {
                owed.extend(state.owed().into_iter().map(|owed| (row.case, owed)));
            }
        }
        Ok(due::list(owed, self.engine.now()))
    }

    /// All cases at a glance, as they are now. It is answered from the store, in one pass; cases that changed since it was last
    /// asked are looked at first.
    pub fn panel(&self, query: &PanelQuery) -> Result<Panel> {
        self.engine.panel(query)
    }

    /// Posts the reminders that are due from this organisation; for a keeper. Returns how many were posted.
    ///
    /// # Errors
    /// The first of those that could not be posted (`NotAllowed` where the agreement does not let reminders be sent): the others
    /// were posted all the same.
    pub fn post_due_rungs(&self) -> Result<usize> {
        self.engine.post_due_rungs()
    }

    /// How far the queues are.
    pub fn outbox(&self) -> Result<OutboxStatus> {
        Ok(OutboxStatus { waiting: self.engine.db.outbox_waiting()?, notes: self.engine.db.outbox_notes()? })
    }

    /// Verifies the audit chain: each entry, their order, and that its end is not before what this device's last event
    /// carries.
    pub fn audit(&self) -> Result<AuditStatus> {
        let (key, chain, entries) = self.engine.db.audit()?;
        let mut carried = None;
        for row in self.engine.db.cases()? {
            let Some(room) = row.room else { continue };
            let me = self.user();
            let heads = self.engine.with_fold(&room, |fold| {
                let own = fold.keys().filter(|key| key.sender == me).flat_map(|key| fold.copies(key));
                own.filter_map(|held| match &held.body {
                    HeldBody::Whole(content) => match &content.block {
                        Block::Event(event) => event.audit.clone().filter(|head| head.chain == chain),
                        _ => None,
                    },
                    HeldBody::Stub(_) => None,
                })
                .max_by_key(|head| head.length)
            })?;
            carried = carried
                .into_iter()
                .chain(heads)
                .max_by_key(|head: &crate::case::event::AuditHead| head.length);
        }
        let fault = verify(&entries, &key, carried.as_ref()).err();
        Ok(AuditStatus { chain, length: entries.len() as u64, fault })
    }

    /// Hints that something happened, from now on.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.engine.notices.subscribe()
    }

    /// Takes over what the homeserver has and sends what waits, until nothing waits or `within` is over. True where nothing
    /// waits.
    pub async fn settle(&self, within: Duration) -> Result<bool> {
        let deadline = tokio::time::Instant::now() + within;
        let mut notices = self.notices();
        loop {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            let settled = async {
                self.engine.catch_up_all(&Below::default()).await?;
                self.engine.fetch_all_documents().await?;
                // What waits for the record shows in the outbox; the rest goes on without it.
                let moved = self.engine.move_record().await;
                self.engine.drain().await?;
                moved?;
                Ok::<_, Error>(self.engine.db.outbox_waiting()? == 0 && !self.engine.is_moving()?)
            };
            match tokio::time::timeout(left, settled).await {
                Ok(Ok(true)) => return Ok(true),
                Ok(Ok(false) | Err(Error::Unavailable { .. })) => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => return Ok(false),
            }
            // Until something happens, or it is time to look again.
            let _ = tokio::time::timeout(left.min(Duration::from_millis(500)), notices.recv()).await;
        }
    }

    /// The key that opens this account on another device, until the host has confirmed that it is saved.
    pub async fn recovery_key(&self) -> Result<Option<String>> {
        Ok(self.engine.transport.recovery_key().await?)
    }

    /// Makes another recovery key, for somebody who has lost theirs or shown it to somebody: the old one opens nothing any
    /// more. The new one is offered until the host has confirmed that it is saved. After a kill in between,
    /// [`Caseline::recovery_key`] makes another.
    ///
    /// # Errors
    /// `DeviceUntrusted` on a device that is not verified; `Unavailable` where the homeserver does not answer.
    pub async fn replace_recovery_key(&self) -> Result<String> {
        Ok(self.engine.transport.replace_recovery_key().await?)
    }

    /// The host has saved the recovery key: it is not offered again.
    pub async fn confirm_recovery_key(&self) -> Result<()> {
        Ok(self.engine.transport.confirm_recovery_key().await?)
    }

    /// Verifies this device with the recovery key, restores the backup, and reads what could not be read before.
    ///
    /// # Errors
    /// `InvalidInput` (`wrong-recovery-key`).
    pub async fn recover(&self, key: &str) -> Result<()> {
        self.engine.transport.recover(key).await?;
        self.engine.find_own_cases().await?;
        self.engine.catch_up_all(&Below::some_way()).await?;
        self.engine.fetch_all_documents().await
    }

    /// Whether this device is verified: cross-signed by its own account.
    pub async fn verified(&self) -> Result<bool> {
        Ok(self.engine.transport.verified().await?)
    }

    /// Stops syncing and sending, for example while an app is in the background. What is accepted meanwhile is kept. The token of a
    /// user of the record is forgotten: the host is asked for one when it is next needed.
    pub async fn suspend(&self) {
        self.running.suspend(true);
        self.engine.transport.suspend().await;
        if let Ok(record) = self.engine.record() {
            record.forget_sign_in();
        }
    }

    /// Goes on after [`Caseline::suspend`].
    pub async fn resume(&self) {
        self.engine.transport.resume().await;
        self.running.suspend(false);
    }

    /// Ends this client: its tasks stop, its store is closed when the last clone is dropped. What was accepted goes on at the
    /// next start.
    pub async fn shutdown(&self) {
        self.engine.transport.shutdown().await;
        self.running.stop().await;
    }
}
