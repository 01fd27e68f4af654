//! The panel: all cases of a device at a glance. What is due, overdue, unsigned, admitted, quiet, unread; by plan side, community
//! side and topic; and how long each pair takes to answer.
//!
//! Each case has a [`Summary`], which is a function of its events and of whose device it is. What depends on the time of asking
//! is decided when it is asked, from the instants in the summaries, so that a summary never grows old.

use std::collections::{BTreeMap, BinaryHeap};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::contact::Topic;
use crate::id::{CaseId, OrganizationId};

mod beside;
mod page;
#[cfg(feature = "store")]
mod people;
mod stands;
mod summary;
#[cfg(test)]
mod tests;
mod turn;

pub use beside::{Beside, ClockBeside, ContactBeside, Transport, side_by_side};
pub use page::page;
#[cfg(feature = "store")]
pub(crate) use people::CasePeople;
pub(crate) use stands::Stands;
pub use summary::{OwedRow, PlanRow, Summary, Turn, topic_of};
pub use turn::{TurnKind, TurnRound};

use turn::Samples;

/// What is asked of the panel. Left out, nothing is narrowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PanelQuery {
    /// Cases of this plan side alone.
    pub plan_side: Option<OrganizationId>,
    /// Cases of this community side alone.
    pub community_side: Option<OrganizationId>,
    /// Cases in which something about this topic is owed; for care plans also those whose plan is unsigned, for admissions also
    /// those whose member is in a hospital. What is due counts of this topic alone.
    pub topic: Option<Topic>,
    /// Cases in which this device's own person owes something. What is due counts of theirs alone.
    pub mine_only: bool,
    /// How many cases are listed at most; [`PanelQuery::MOST`] where left out. All are counted.
    pub most: Option<usize>,
}

impl PanelQuery {
    /// How many cases are listed where nothing else is asked.
    pub const MOST: usize = 100;
}

/// Two organisations that share cases.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// The plan side.
    pub plan_side: OrganizationId,
    /// The community side.
    pub community_side: OrganizationId,
}

/// A pair, and what its organisations are called in the case that was opened last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPair {
    /// The two.
    pub pair: Pair,
    /// The plan side's name.
    pub plan_name: String,
    /// The community side's name.
    pub community_name: String,
}

/// How many cases there are of each kind. A case can be of several; of `due` and `overdue` it is of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Cases that are open.
    pub open: usize,
    /// In which something is owed, and all of it is still in time.
    pub due: usize,
    /// In which something is owed whose time has passed.
    pub overdue: usize,
    /// Whose care plan was sent and is not signed: it waits for the plan side, or came back with changes.
    pub unsigned: usize,
    /// Whose member is in a hospital.
    pub admitted: usize,
    /// In which nothing has happened for the agreement's number of days.
    pub quiet: usize,
    /// With messages that this device's person has not seen.
    pub unread: usize,
    /// All those messages.
    pub messages: u64,
    /// Tasks that are still to be done, in all of them.
    pub tasks: u64,
}

/// How many cases owe something about one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicCounts {
    /// The topic.
    pub topic: Topic,
    /// In which something about it is owed, and all of it is still in time.
    pub due: usize,
    /// In which something about it is owed whose time has passed.
    pub overdue: usize,
}

/// One pair's part of the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PairPanel {
    /// The pair.
    pub of: NamedPair,
    /// Its cases.
    pub counts: Counts,
    /// How long it takes, for each kind of which there is a sample; closed cases count too.
    pub turn_rounds: Vec<TurnRound>,
}

/// One case of the panel. `Debug` shows no member data.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PanelCase {
    /// The case.
    pub case: CaseId,
    /// The member's name.
    pub member: String,
    /// Between whom it is.
    pub pair: Pair,
    /// What is owed first.
    pub next: Option<NextDue>,
    /// Since when its care plan is unsigned.
    pub unsigned_since: Option<Timestamp>,
    /// Since when the member is in a hospital.
    pub admitted_since: Option<Timestamp>,
    /// Whether it is quiet.
    pub quiet: bool,
    /// The messages that this device's person has not seen.
    pub unread: u32,
    /// The tasks that are still to be done.
    pub tasks: u32,
    /// Those of them that are this device's person's.
    pub own_tasks: u32,
    /// When something last happened.
    pub last: Timestamp,
    /// Where its days begin and end, by its agreement.
    pub zone: TimeZone,
}

impl std::fmt::Debug for PanelCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PanelCase({})", self.case)
    }
}

/// What is owed first in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextDue {
    /// What it is about.
    pub topic: Topic,
    /// The clock's name.
    pub clock: String,
    /// By when.
    pub due: Timestamp,
    /// Whether that has passed.
    pub overdue: bool,
    /// The contact who owes it.
    pub owner: String,
    /// Whether that is this device's person.
    pub mine: bool,
}

/// All cases of a device at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Panel {
    /// When it was asked.
    pub at: Timestamp,
    /// All cases that were asked for.
    pub counts: Counts,
    /// What is owed in them, by topic.
    pub topics: Vec<TopicCounts>,
    /// Each pair, in the order of their names.
    pub pairs: Vec<PairPanel>,
    /// The cases, what matters first: overdue, in a hospital, unsigned, unread, due, quiet, then the rest; of equals, what waits
    /// longest.
    pub cases: Vec<PanelCase>,
    /// How many more there are than are listed.
    pub more: usize,
}

/// The panel of these summaries at an instant.
pub fn panel<'a>(
    pairs: Vec<NamedPair>,
    rows: impl IntoIterator<Item = (usize, Summary<'a>)>,
    query: &PanelQuery,
    now: Timestamp,
) -> Panel {
    let mut tally = Tally::new(pairs, query, now);
    for (pair, summary) in rows {
        tally.add(pair, &summary);
    }
    tally.panel()
}

/// A panel in the making: it takes one summary after the other, and keeps the few that are listed.
pub(crate) struct Tally<'q> {
    query: &'q PanelQuery,
    now: i64,
    at: Timestamp,
    pairs: Vec<PairTally>,
    counts: Counts,
    topics: BTreeMap<Topic, (usize, usize)>,
    listed: BinaryHeap<Listed>,
    most: usize,
}

struct PairTally {
    of: NamedPair,
    wanted: bool,
    cases: usize,
    counts: Counts,
    samples: Samples,
}

/// A case that is listed, as long as none that matters more takes its place.
struct Listed {
    key: (u8, i64, [u8; 16]),
    pair: usize,
    summary: Summary<'static>,
}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for Listed {}
impl PartialOrd for Listed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Listed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

impl<'q> Tally<'q> {
    /// An empty panel. A summary names its pair by its place among these.
    pub(crate) fn new(pairs: Vec<NamedPair>, query: &'q PanelQuery, now: Timestamp) -> Self {
        let wanted = |pair: &Pair| {
            query.plan_side.as_ref().is_none_or(|side| *side == pair.plan_side)
                && query.community_side.as_ref().is_none_or(|side| *side == pair.community_side)
        };
        let pairs = pairs
            .into_iter()
            .map(|of| PairTally {
                wanted: wanted(&of.pair),
                of,
                cases: 0,
                counts: Counts::default(),
                samples: Samples::default(),
            })
            .collect();
        Self {
            query,
            now: now.as_second(),
            at: now,
            pairs,
            counts: Counts::default(),
            topics: BTreeMap::new(),
            listed: BinaryHeap::new(),
            most: query.most.unwrap_or(PanelQuery::MOST),
        }
    }

    /// Whether cases of this pair are asked for: others need not be read.
    #[cfg_attr(not(feature = "store"), allow(dead_code))]
    pub(crate) fn wants(&self, pair: usize) -> bool {
        self.pairs.get(pair).is_some_and(|pair| pair.wanted)
    }

    /// Counts a case in.
    pub(crate) fn add(&mut self, place: usize, summary: &Summary<'_>) {
        let Some(pair) = self.pairs.get_mut(place).filter(|pair| pair.wanted) else { return };
        let stands = Stands::of(summary, self.query, self.now);
        let asked_for = self.query.topic.is_none() && !self.query.mine_only;
        if asked_for || stands.asked_for {
            pair.cases += 1;
            pair.samples.extend(&summary.turns);
        }
        if !summary.open || !(asked_for || stands.asked_for) {
            return;
        }
        self.counts.add(&stands);
        pair.counts.add(&stands);
        for topic in Topic::ALL {
            let mut of = summary
                .owed
                .iter()
                .filter(|owed| owed.topic() == topic && stands::is_asked_for(owed, self.query, self.now));
            let Some(first) = of.next() else { continue };
            let due = of.fold(first.due, |due, owed| due.min(owed.due));
            let counts = self.topics.entry(topic).or_default();
            if due <= self.now { counts.1 += 1 } else { counts.0 += 1 }
        }
        let key = (stands.class, stands.instant, summary.case);
        let full = self.listed.len() >= self.most;
        if full && self.listed.peek().is_none_or(|last| last.key <= key) {
            return;
        }
        if full {
            self.listed.pop();
        }
        self.listed.push(Listed { key, pair: place, summary: summary.kept() });
    }

    /// The panel.
    pub(crate) fn panel(self) -> Panel {
        let (query, now) = (self.query, self.now);
        let names: Vec<Pair> = self.pairs.iter().map(|pair| pair.of.pair.clone()).collect();
        let listed = self.listed.into_sorted_vec();
        let cases: Vec<PanelCase> = listed
            .iter()
            .filter_map(|one| {
                let stands = Stands::of(&one.summary, query, now);
                Some(PanelCase::of(&one.summary, &stands, names.get(one.pair)?.clone(), now))
            })
            .collect();
        let mut pairs: Vec<PairPanel> = self
            .pairs
            .into_iter()
            .filter(|pair| pair.cases > 0)
            .map(|pair| PairPanel {
                of: pair.of,
                counts: pair.counts,
                turn_rounds: pair.samples.turn_rounds(),
            })
            .collect();
        let name = |pair: &PairPanel| (pair.of.plan_name.clone(), pair.of.community_name.clone());
        pairs.sort_by_cached_key(|pair| (name(pair), pair.of.pair.clone()));
        let topic = |(topic, (due, overdue))| TopicCounts { topic, due, overdue };
        Panel {
            at: self.at,
            more: self.counts.open.saturating_sub(cases.len()),
            counts: self.counts,
            topics: self.topics.into_iter().map(topic).collect(),
            pairs,
            cases,
        }
    }
}

impl Counts {
    fn add(&mut self, stands: &Stands<'_>) {
        self.open += 1;
        self.due += usize::from(stands.next.is_some() && !stands.overdue);
        self.overdue += usize::from(stands.overdue);
        self.unsigned += usize::from(stands.unsigned.is_some());
        self.admitted += usize::from(stands.admitted.is_some());
        self.quiet += usize::from(stands.quiet);
        self.unread += usize::from(stands.unread > 0);
        self.messages += u64::from(stands.unread);
        self.tasks += u64::from(stands.tasks);
    }
}

impl PanelCase {
    fn of(summary: &Summary<'_>, stands: &Stands<'_>, pair: Pair, now: i64) -> Self {
        let next = stands.next.map(|owed| NextDue {
            topic: owed.topic(),
            clock: owed.clock.clone().into_owned(),
            due: instant(owed.due),
            overdue: owed.due <= now,
            owner: owed.owner.clone().into_owned(),
            mine: owed.mine,
        });
        Self {
            case: summary.case(),
            member: summary.member.clone().into_owned(),
            pair,
            next,
            unsigned_since: stands.unsigned.map(instant),
            admitted_since: stands.admitted.map(instant),
            quiet: stands.quiet,
            unread: summary.unread,
            tasks: summary.tasks,
            own_tasks: summary.own_tasks,
            last: instant(summary.last),
            // One that this device's database lacks cannot have been read from an agreement.
            zone: TimeZone::get(&summary.zone).unwrap_or(TimeZone::UTC),
        }
    }
}

/// An instant of a summary, which counts in seconds.
pub(crate) fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// A number of seconds as a length of time.
fn length(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(seconds))
}
