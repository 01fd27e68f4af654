//! The state of a case: what its events fold into, alike on every device that holds the same events.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::agreement::proposal::{self, Proposals};
use crate::alert::{self, AlertRaised, Alerts, VisitProposed};
use crate::care_plan::{self, CarePlans, Document, PlanApproved, PlanCopied, PlanSigned, StepTaken};
use crate::care_team::TeamProposals;
use crate::case::event::{Block, Content, EventData, EventKey, Head, Held, HeldBody, MAX_CLOCK, Receipt};
use crate::case::kind::RoomKind;
use crate::case::life::{Carried, Life, Opening, RungKey, RungPosted};
use crate::case::roster::Roster;
use crate::case::step::{Owed, Rules};
use crate::communication::{Message, Places, Superseded};
use crate::concern::{self, Concerns, SupersededConcern};
use crate::consent::{self, ConsentRecorded, Consents};
use crate::contact::Contact;
use crate::crossing::{self, Crossings};
use crate::due;
use crate::id::{AgreementId, OrganizationId, Sha256};
use crate::label::Labels;
use crate::meeting::{self, MeetingSet, Meetings};
use crate::outreach::{self, ContactRecorded, Outreach, Stage, SupersededAsk};
use crate::policy::Reason;
use crate::referral::{self, Referrals, SupersededReferral};
use crate::task::{self, SupersededTask, Tasks};

mod digest;
mod resource;

pub use resource::Resource;

/// How many predecessors one event names at most.
pub(crate) const MOST_NAMED: usize = 32;

/// The state of a case. Its `Debug` shows no member data.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct CaseState {
    /// The case itself: what it was opened with, its roster, its end, its reminders.
    pub life: Life,
    /// The messages, in order.
    pub messages: Vec<Message>,
    /// The care plans.
    pub plans: CarePlans,
    /// The stays in hospitals, and the joint visits.
    pub alerts: Alerts,
    /// Who does what.
    pub tasks: Tasks,
    /// Where the member stands, what was tried, and what was asked before.
    pub outreach: Outreach,
    /// What is to go across by other ways than Matrix.
    pub crossings: Crossings,
    /// What the member allows to be told, and what was told without it.
    pub consents: Consents,
    /// What an organisation brought to the programme office, and what everybody was answered.
    pub concerns: Concerns,
    /// The agreements that the two of a pair propose to each other.
    pub agreements: Proposals,
    /// The meetings of a pair.
    pub meetings: Meetings,
    /// The referrals of the case; in a referral's room, the one that it is.
    pub referrals: Referrals,
    /// What was proposed to the roster from a record.
    pub team_proposals: TeamProposals,
    /// Everything that came, in order, whether it counted or not.
    pub timeline: Vec<Entry>,
    /// How a side that had nobody on Matrix came to speak for itself.
    pub(crate) joining: Option<Joining>,
    /// The events that are named as somebody's predecessor and have not come.
    pub gaps: BTreeSet<EventKey>,
    /// Where each of the messages is among them.
    pub(crate) message_places: Places,
    pub(crate) links: BTreeMap<EventKey, Link>,
    pub(crate) heads: BTreeMap<EventKey, u64>,
    pub(crate) shaping: BTreeMap<Resource, BTreeSet<EventKey>>,
    pub(crate) stubs: BTreeSet<Resource>,
    /// How sensitive each event is, and whose it is, where it is labelled or must be.
    pub(crate) labels: BTreeMap<EventKey, (Labels, OrganizationId)>,
    /// The messages that took no step, in order.
    pub(crate) superseded_messages: Vec<Superseded>,
    /// The consents whose recording took no step, in order, with who recorded each.
    pub(crate) superseded_consents: Vec<(EventKey, ConsentRecorded, Option<Contact>)>,
    /// The contacts and attempts that took no step, in order, and who recorded them, where they ever had a seat.
    pub(crate) superseded_contacts: Vec<(EventKey, ContactRecorded, Option<Contact>)>,
    /// The contacts and attempts whose key another content counts for, as what they were written (an Encounter or not), and who
    /// recorded them: a device that heard of this content only may have written it.
    pub(crate) other_contacts: BTreeMap<(EventKey, bool), (ContactRecorded, Option<Contact>)>,
    /// The questions whether one may reach out whose asking took no step and may have counted somewhere.
    pub(crate) superseded_asks: BTreeMap<EventKey, SupersededAsk>,
    /// The documents of the care plans whose sending took no step, in order.
    pub(crate) superseded_plans: Vec<(EventKey, Document)>,
    /// The approvals that took no step, in order: of people who may approve, or might once.
    pub(crate) superseded_approvals: Vec<(PlanApproved, StepTaken)>,
    /// The copies whose giving took no step and may have counted somewhere.
    pub(crate) superseded_copies: BTreeMap<EventKey, PlanCopied>,
    /// The scans of signatures that took no step and may have counted somewhere.
    pub(crate) superseded_scans: BTreeMap<EventKey, PlanSigned>,
    /// Of each stay the first alert that took no step and may have counted somewhere.
    pub(crate) superseded_alerts: BTreeMap<Sha256, AlertRaised>,
    /// The visits whose proposal took no step, with who proposed each as far as the roster ever knew.
    pub(crate) superseded_visits: BTreeMap<EventKey, (VisitProposed, Option<Contact>)>,
    /// The tasks whose assignment took no step, in order.
    pub(crate) superseded_tasks: Vec<SupersededTask>,
    /// The referrals whose asking took no step, in order.
    pub(crate) superseded_referrals: Vec<SupersededReferral>,
    /// What was said of concerns and took no step, in order; never what may hold member data.
    pub(crate) superseded_concerns: Vec<SupersededConcern>,
    /// The agreements whose proposal took no step.
    pub(crate) superseded_agreements: BTreeMap<EventKey, Arc<Carried<AgreementId>>>,
    /// The meetings whose setting took no step, with who set each as far as the roster ever knew.
    pub(crate) superseded_meetings: BTreeMap<EventKey, (MeetingSet, Option<Contact>)>,
}

/// How a side that had nobody on Matrix came to speak for itself: by the first acceptance of one of its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Joining {
    /// The side.
    pub(crate) side: OrganizationId,
    /// The acceptance.
    pub(crate) by: EventKey,
    /// What its author had folded.
    pub(crate) past: Arc<BTreeSet<EventKey>>,
}

/// How one event stands among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The clock that its author stated.
    pub(crate) stated: u64,
    /// The clock that follows from the events held.
    pub(crate) computed: u64,
    /// The predecessors that count.
    pub(crate) after: Vec<EventKey>,
    /// Whether something before it is missing.
    pub(crate) after_gap: bool,
}

/// One line of a case's history. Its text is member data: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The event.
    pub key: EventKey,
    /// The hash of its content.
    pub sha256: Sha256,
    /// Its kind; [`Entry::FOREIGN`] for a message without our block, empty where the block cannot be read.
    pub kind: String,
    /// The author's time; for a message without our block the homeserver's.
    pub at: Timestamp,
    /// The homeserver's timestamp.
    pub server_at: Timestamp,
    /// The name of the sender's seat; the Matrix id of who had none.
    pub from: String,
    /// What a person reads.
    pub text: String,
    /// What became of it.
    pub standing: Standing,
    /// Whether something before it is missing.
    pub after_gap: bool,
    /// How it came.
    pub receipt: Receipt,
    /// Whether a handover withheld its text.
    pub withheld: bool,
}

impl Entry {
    /// The kind under which another client's message is listed.
    pub const FOREIGN: &'static str = "m.room.message";
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key)
            .field("kind", &self.kind)
            .field("standing", &self.standing)
            .finish_non_exhaustive()
    }
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It took its step.
    Counted,
    /// This release does not know its kind or version: kept, shown, no step.
    Unknown,
    /// Restored from backup, its author not proven: shown, no step until another participant vouches for it.
    Unproven,
    /// It is no valid step from the state before it.
    Superseded {
        /// Why.
        reason: Reason,
    },
    /// It is no event of this case: not of the form, with an impossible clock, or another content of its key counts.
    Refused {
        /// Why.
        reason: Reason,
    },
}

impl Standing {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Unknown => "unknown",
            Self::Unproven => "unproven",
            Self::Superseded { .. } => "superseded",
            Self::Refused { .. } => "refused",
        }
    }

    /// Why it did not count.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Superseded { reason } | Self::Refused { reason } => Some(reason),
            _ => None,
        }
    }
}

static UTC: TimeZone = TimeZone::UTC;

impl CaseState {
    /// What the case was opened with.
    pub fn opening(&self) -> Option<&Opening> {
        self.life.opening.as_deref()
    }

    /// The time zone of the agreement, in which people read its times; UTC before the case is open.
    pub(crate) fn zone(&self) -> &TimeZone {
        self.opening().map_or(&UTC, |opening| &opening.agreement.zone)
    }

    /// What a reminder is of, as long as it is owed.
    pub(crate) fn owed_of(&self, rung: &RungPosted) -> Option<Owed> {
        self.owed().into_iter().find(|owed| owed.since == rung.owed && owed.clock == rung.clock)
    }

    /// Who takes part.
    pub fn roster(&self) -> &Roster {
        &self.life.roster
    }

    /// The events that the next one names in its `after`, sorted.
    ///
    /// An event whose stated clock nothing can follow is left out, so that nobody can end a case by stating it. Of very many
    /// the highest are named, and the others by later events: else who sends very many at once would make every next event
    /// too long to be sent.
    pub fn heads(&self) -> Vec<Head> {
        let mut heads: Vec<Head> =
            self.heads.iter().map(|(key, clock)| Head { key: key.clone(), clock: *clock }).collect();
        if heads.len() > MOST_NAMED {
            heads.sort_by(|a, b| (b.clock, &a.key).cmp(&(a.clock, &b.key)));
            heads.truncate(MOST_NAMED);
            heads.sort();
        }
        heads
    }

    /// The clock of the next event.
    pub fn next_clock(&self) -> u64 {
        1 + self.heads.values().max().copied().unwrap_or(0)
    }

    /// Whether an event is held and has its place, whether it took its step or not. Another client's message has one too,
    /// though nothing names it as its predecessor.
    pub fn folded(&self, key: &EventKey) -> bool {
        self.links.contains_key(key) || self.timeline.iter().any(|entry| entry.key == *key)
    }

    /// Whether a representation that carries these heads was made before this event shaped the resource anew: then it is not
    /// to be written over one that carries the event.
    #[cfg(any(feature = "store", test))]
    pub(crate) fn is_news_to(&self, heads: &[Head], resource: &Resource, event: &EventKey) -> bool {
        let shapes = self.shaping.get(resource).is_some_and(|shaping| shaping.contains(event));
        shapes
            && !heads.iter().any(|head| head.key == *event)
            && !self.all_before(heads.iter().map(|head| &head.key)).contains(event)
    }

    /// The line of an event that is not refused.
    pub fn entry(&self, key: &EventKey) -> Option<&Entry> {
        let mut lines = self.timeline.iter().filter(|line| line.key == *key);
        lines.find(|line| !matches!(line.standing, Standing::Refused { .. }))
    }

    /// Why an event takes no step, where it takes none.
    #[cfg_attr(not(feature = "store"), allow(dead_code))]
    pub(crate) fn superseded(&self, key: &EventKey) -> Option<&Reason> {
        match &self.entry(key)?.standing {
            Standing::Superseded { reason } => Some(reason),
            _ => None,
        }
    }

    /// The heads among the events that shaped a resource, sorted: what its representation in a record carries, and what a
    /// device must have folded before it writes it.
    ///
    /// A resource is shaped by the event that opened it, even where that was superseded since; then by the event that
    /// superseded it, too; and by each step after.
    pub fn shaped_by(&self, resource: &Resource) -> Vec<Head> {
        let Some(shaping) = self.shaping.get(resource) else { return Vec::new() };
        // What comes before an event has a lower clock: below the lowest of these there is none of these.
        let lowest = shaping.iter().map(|key| self.stated(key)).min().unwrap_or(0);
        let before = self.before_down_to(shaping.iter(), lowest);
        let heads = shaping.iter().filter(|key| !before.contains(key));
        heads.map(|key| Head { key: key.clone(), clock: self.stated(key) }).collect()
    }

    /// Every event that comes before one of these, as far as the events themselves say.
    pub(crate) fn all_before<'a>(
        &'a self,
        keys: impl Iterator<Item = &'a EventKey>,
    ) -> BTreeSet<&'a EventKey> {
        self.before_down_to(keys, 0)
    }

    fn before_down_to<'a>(
        &'a self,
        keys: impl Iterator<Item = &'a EventKey>,
        lowest: u64,
    ) -> BTreeSet<&'a EventKey> {
        let mut before: BTreeSet<&EventKey> = BTreeSet::new();
        let mut next: Vec<&EventKey> = keys.collect();
        while let Some(key) = next.pop() {
            for key in self.before(key).iter().filter(|key| self.stated(key) >= lowest) {
                if before.insert(key) {
                    next.push(key);
                }
            }
        }
        before
    }

    /// An event, and those whose authors had folded it. The timeline stands in an order in which no event comes before one
    /// that it names.
    pub(crate) fn and_after<'a>(&'a self, key: &'a EventKey) -> HashSet<&'a EventKey> {
        let mut reached: HashSet<&EventKey> = HashSet::from([key]);
        for entry in &self.timeline {
            if self.before(&entry.key).iter().any(|before| reached.contains(before)) {
                reached.insert(&entry.key);
            }
        }
        reached
    }

    fn before(&self, key: &EventKey) -> &[EventKey] {
        self.links.get(key).map_or(&[], |link| link.after.as_slice())
    }

    fn stated(&self, key: &EventKey) -> u64 {
        self.links.get(key).map_or(0, |link| link.stated)
    }

    /// What is owed now, with the reminders that were posted. In a case that is closed it is that somebody looks at each emergency;
    /// in one that is not open, nothing.
    pub fn owed(&self) -> Vec<Owed> {
        let Some(opening) = self.opening() else { return Vec::new() };
        let closed = self.life.closed.is_some();
        let rules = Rules { agreement: &opening.agreement, rules: &opening.rules, roster: &self.life.roster };
        let mut owed = match opening.kind {
            RoomKind::Case if closed => consent::reviews_owed(&self.consents, &rules),
            RoomKind::Programme | RoomKind::Pair | RoomKind::Referral if closed => Vec::new(),
            RoomKind::Case => {
                let mut owed = care_plan::owed(&self.plans, &rules);
                // Whoever has left the programme needs no plan of its any more.
                if self.outreach.stage().is_some_and(Stage::has_left) {
                    owed.retain(|owed| !care_plan::ENDS_WITH_THE_PROGRAMME.contains(&owed.clock.as_str()));
                }
                owed.extend(alert::owed(&self.alerts, &self.outreach, &rules));
                owed.extend(task::owed(&self.tasks, &rules));
                owed.extend(outreach::owed(&self.outreach, &self.plans, &rules));
                owed.extend(consent::owed(&self.consents, &rules));
                owed.extend(referral::owed(&self.referrals, opening.kind, &self.consents, &rules));
                owed.extend(crossing::owed(&self.crossings, &owed, &rules));
                owed
            }
            RoomKind::Programme => concern::owed(&self.concerns, &rules),
            RoomKind::Pair => {
                let agreements = proposal::owed(&self.agreements, &rules);
                meeting::owed(&self.meetings, &rules).into_iter().chain(agreements).collect()
            }
            RoomKind::Referral => referral::owed(&self.referrals, opening.kind, &self.consents, &rules),
        };
        for item in &mut owed {
            // Whose turn comes after somebody's who has left is whose turn it is.
            let mut turn: Option<Timestamp> = None;
            for rung in &mut item.ladder {
                rung.at = turn.map_or(rung.at, |turn| rung.at.min(turn));
                let posted = self.life.rungs.get(&RungKey::of(item.since, &item.clock, rung));
                turn = posted.filter(|posted| posted.left).map(|_| rung.at);
                rung.posted = posted.map(|posted| (posted.event.sender.clone(), posted.at));
                if rung.user.is_none() {
                    let seat = self.life.roster.contact(&rung.contact, &rung.organization);
                    rung.user = seat.and_then(|seat| seat.contact.user.clone());
                }
            }
        }
        owed
    }

    /// Takes the homeserver's timestamp of an event that stood by another one, where that changes nothing else.
    pub(crate) fn settle(&mut self, held: &Held, before: Timestamp) -> bool {
        let HeldBody::Whole(Content { block: Block::Event(event), .. }) = &held.body else { return false };
        let story = self.opening().is_some_and(|opening| opening.agreement.story_clock);
        let believed = |server_at| due::believed(event.at, server_at, story);
        let joins = matches!(event.data, EventData::CaseAccepted(_)) && self.began_with_a_side_away();
        if joins || believed(before) != believed(held.server_at) {
            return false;
        }
        let key = held.key();
        let Some(entry) = self.timeline.iter_mut().rev().find(|entry| entry.key == key) else { return false };
        entry.server_at = held.server_at;
        let place = self.message_places.get(&key);
        if let Some(message) = place.and_then(|place| self.messages.get_mut(*place)) {
            message.server_at = held.server_at;
        }
        if let Some(message) = self.superseded_messages.iter_mut().rev().find(|message| message.key == key) {
            message.server_at = held.server_at;
        }
        true
    }

    /// Whether a side had nobody on Matrix when the case was opened: then an acceptance can change what came before it.
    pub(crate) fn began_with_a_side_away(&self) -> bool {
        self.opening().is_some_and(|opening| {
            let sides = [&opening.plan_side.id, &opening.community_side.id];
            sides.into_iter().any(|side| self.life.roster.began_away(side, &opening.event))
        })
    }

    /// Takes in a message, after the others.
    pub(crate) fn say(&mut self, message: Message) {
        self.message_places.insert(message.key.clone(), self.messages.len());
        self.messages.push(message);
    }

    /// The message that this event brought, if it counts as one.
    pub(crate) fn message(&self, key: &EventKey) -> Option<&Message> {
        self.message_places.get(key).and_then(|place| self.messages.get(*place))
    }

    pub(crate) fn link(&mut self, key: &EventKey, link: Link, named: bool) {
        // What is not proven is neither named nor takes the place of what it names.
        if named && link.stated < MAX_CLOCK {
            for before in &link.after {
                self.heads.remove(before);
            }
            self.heads.insert(key.clone(), link.stated);
        }
        self.links.insert(key.clone(), link);
    }
}

impl fmt::Debug for CaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaseState")
            .field("case", &self.opening().map(|opening| opening.case))
            .field("timeline", &self.timeline)
            .field("heads", &self.heads)
            .field("gaps", &self.gaps)
            .finish_non_exhaustive()
    }
}
