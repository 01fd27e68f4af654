//! All cases at a glance, and all agreements side by side.

use std::time::{Duration, SystemTime};

use caseline::agreement::{Agreement as CoreAgreement, Category, Clock, CountsFrom, Length, Side};
use caseline::panel::{self, PanelQuery};

use crate::calling::{Callee, ContactGap};
use crate::client::Caseline;
use crate::error::{CaselineError, Result, parsed};
use crate::models::Topic;

/// How many cases there are of each kind. A case can be of several; of `due` and `overdue` it is of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct PanelCounts {
    /// Cases that are open.
    pub open: u64,
    /// In which something is owed, and all of it is still in time.
    pub due: u64,
    /// In which something is owed whose time has passed.
    pub overdue: u64,
    /// Whose care plan was sent and is not signed.
    pub unsigned: u64,
    /// Whose member is in a hospital.
    pub admitted: u64,
    /// In which nothing has happened for the agreement's number of days.
    pub quiet: u64,
    /// With messages that this device's person has not seen.
    pub unread: u64,
    /// All those messages.
    pub messages: u64,
    /// Tasks that are still to be done, in all of them.
    pub tasks: u64,
}

/// How many cases owe something about one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct TopicCounts {
    /// The topic.
    pub topic: Topic,
    /// In which something about it is owed, and all of it is still in time.
    pub due: u64,
    /// In which something about it is owed whose time has passed.
    pub overdue: u64,
}

/// How long something takes. Percentiles are by nearest rank.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TurnRound {
    /// `plan-return`, `follow-up` or `first-answer`.
    pub kind: String,
    /// How often it was measured.
    pub samples: u64,
    /// Half of them took no longer.
    pub median: Duration,
    /// Nine of ten took no longer.
    pub ninetieth: Duration,
}

/// One pair's part of a panel.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PairPanel {
    /// The plan side.
    pub plan_side: String,
    /// Its name.
    pub plan_name: String,
    /// The community side.
    pub community_side: String,
    /// Its name.
    pub community_name: String,
    /// Its cases.
    pub counts: PanelCounts,
    /// How long it takes, for each kind of which there is a sample.
    pub turn_rounds: Vec<TurnRound>,
}

/// What is owed first in a case.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NextDue {
    /// What it is about.
    pub topic: Topic,
    /// The clock's name.
    pub clock: String,
    /// By when.
    pub due: SystemTime,
    /// Whether that has passed.
    pub overdue: bool,
    /// The contact who owes it.
    pub owner: String,
    /// Whether that is this device's person.
    pub mine: bool,
}

/// One case of a panel.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PanelCase {
    /// The case.
    pub case_id: String,
    /// The member's name. Member data.
    pub member: String,
    /// The plan side.
    pub plan_side: String,
    /// The community side.
    pub community_side: String,
    /// What is owed first.
    pub next: Option<NextDue>,
    /// Since when its care plan is unsigned.
    pub unsigned_since: Option<SystemTime>,
    /// Since when the member is in a hospital.
    pub admitted_since: Option<SystemTime>,
    /// Whether it is quiet.
    pub quiet: bool,
    /// The messages that this device's person has not seen.
    pub unread: u32,
    /// The tasks that are still to be done.
    pub tasks: u32,
    /// Those of them that are this device's person's.
    pub own_tasks: u32,
    /// When something last happened.
    pub last: SystemTime,
    /// The time zone of its agreement (`America/New_York`), by which its days begin and end.
    pub zone: String,
}

/// All cases of a device at a glance.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Panel {
    /// When it was asked.
    pub at: SystemTime,
    /// All cases that were asked for.
    pub counts: PanelCounts,
    /// What is owed in them, by topic.
    pub topics: Vec<TopicCounts>,
    /// Each pair, in the order of their names.
    pub pairs: Vec<PairPanel>,
    /// The cases, what matters first.
    pub cases: Vec<PanelCase>,
    /// How many more there are than are listed.
    pub more: u64,
    /// It as a page that prints (HTML), the days of each case by its agreement's time zone. Member data.
    pub page: String,
}

/// A clock of an agreement, or of a rule set.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ClockBeside {
    /// Its name.
    pub clock: String,
    /// How long it runs.
    pub length: u32,
    /// In what: `days`, `business-days` or `months`.
    pub unit: String,
    /// From which day it counts: `day-after`, `same-day` or `next-month`.
    pub counts_from: String,
    /// The rule set that says so; nothing where the agreement does.
    pub of_rules: Option<String>,
}

/// Whom to call about a topic.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContactBeside {
    /// At which organisation.
    pub organization: String,
    /// About what.
    pub topic: Topic,
    /// Whom to call first.
    pub primary: Callee,
}

/// Whether one may reach out to members by a channel.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReachOutTerm {
    /// The channel; nothing for every one that is not named.
    pub channel: Option<String>,
    /// `allowed`, `ask-first` or `prohibited`.
    pub rule: String,
    /// The first day on which it no longer holds.
    pub until: Option<String>,
}

/// One agreement beside the others.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct AgreementBeside {
    /// The agreement's id.
    pub agreement: String,
    /// Its version.
    pub version: String,
    /// What it is, for a person.
    pub title: String,
    /// The plan side.
    pub plan_side: String,
    /// Its name.
    pub plan_name: String,
    /// The community side.
    pub community_side: String,
    /// Its name.
    pub community_name: String,
    /// The other organisation; nothing where one's own is neither.
    pub other: Option<String>,
    /// Whether it is in force now.
    pub in_force: bool,
    /// The first day on which it is over.
    pub until: Option<String>,
    /// What the plan side may send.
    pub plan_side_shares: Vec<String>,
    /// What the community side may send.
    pub community_side_shares: Vec<String>,
    /// Whether one may reach out to members; empty where nothing was settled.
    pub outreach: Vec<ReachOutTerm>,
    /// After how many attempts in vain a case may be closed as unreachable.
    pub attempts_before_unreachable: Option<u32>,
    /// After so long without an event a case is quiet (`30 d`).
    pub quiet: String,
    /// The clocks that count now.
    pub clocks: Vec<ClockBeside>,
    /// Whom to call there, of each topic for which there is somebody.
    pub contacts: Vec<ContactBeside>,
    /// For which topics one cannot get a live person.
    pub gaps: Vec<ContactGap>,
    /// `matrix-with-keeper`, `matrix` or `by-hand`.
    pub transport: String,
    /// The cases that the two share.
    pub counts: PanelCounts,
}

fn many(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

impl From<panel::Counts> for PanelCounts {
    fn from(counts: panel::Counts) -> Self {
        Self {
            open: many(counts.open),
            due: many(counts.due),
            overdue: many(counts.overdue),
            unsigned: many(counts.unsigned),
            admitted: many(counts.admitted),
            quiet: many(counts.quiet),
            unread: many(counts.unread),
            messages: counts.messages,
            tasks: counts.tasks,
        }
    }
}

impl From<&panel::TurnRound> for TurnRound {
    fn from(turn: &panel::TurnRound) -> Self {
        Self {
            kind: turn.kind.code().to_owned(),
            samples: many(turn.samples),
            median: turn.median.unsigned_abs(),
            ninetieth: turn.ninetieth.unsigned_abs(),
        }
    }
}

impl From<panel::PairPanel> for PairPanel {
    fn from(pair: panel::PairPanel) -> Self {
        Self {
            plan_side: pair.of.pair.plan_side.to_string(),
            plan_name: pair.of.plan_name,
            community_side: pair.of.pair.community_side.to_string(),
            community_name: pair.of.community_name,
            counts: pair.counts.into(),
            turn_rounds: pair.turn_rounds.iter().map(TurnRound::from).collect(),
        }
    }
}

impl From<panel::PanelCase> for PanelCase {
    fn from(case: panel::PanelCase) -> Self {
        let next = case.next.map(|next| NextDue {
            topic: next.topic.into(),
            clock: next.clock,
            due: next.due.into(),
            overdue: next.overdue,
            owner: next.owner,
            mine: next.mine,
        });
        Self {
            case_id: case.case.to_string(),
            member: case.member,
            plan_side: case.pair.plan_side.to_string(),
            community_side: case.pair.community_side.to_string(),
            next,
            unsigned_since: case.unsigned_since.map(SystemTime::from),
            admitted_since: case.admitted_since.map(SystemTime::from),
            quiet: case.quiet,
            unread: case.unread,
            tasks: case.tasks,
            own_tasks: case.own_tasks,
            last: case.last.into(),
            zone: case.zone.iana_name().unwrap_or("UTC").to_owned(),
        }
    }
}

impl From<panel::Panel> for Panel {
    fn from(panel: panel::Panel) -> Self {
        let topic = |one: &panel::TopicCounts| TopicCounts {
            topic: one.topic.into(),
            due: many(one.due),
            overdue: many(one.overdue),
        };
        Self {
            page: panel::page(&panel),
            at: panel.at.into(),
            counts: panel.counts.into(),
            topics: panel.topics.iter().map(topic).collect(),
            pairs: panel.pairs.into_iter().map(PairPanel::from).collect(),
            cases: panel.cases.into_iter().map(PanelCase::from).collect(),
            more: many(panel.more),
        }
    }
}

fn clock(name: &str, of: &panel::ClockBeside) -> ClockBeside {
    let Clock { length, counts_from } = of.clock;
    let (length, unit) = match length {
        Length::Days(n) => (n, "days"),
        Length::BusinessDays(n) => (n, "business-days"),
        Length::Months(n) => (n, "months"),
    };
    let counts_from = match counts_from {
        CountsFrom::DayAfter => "day-after",
        CountsFrom::SameDay => "same-day",
        CountsFrom::NextMonth => "next-month",
    };
    ClockBeside {
        clock: name.to_owned(),
        length,
        unit: unit.to_owned(),
        counts_from: counts_from.to_owned(),
        of_rules: of.of_rules.clone(),
    }
}

fn outreach(agreement: &CoreAgreement) -> Vec<ReachOutTerm> {
    let Some(terms) = &agreement.outreach else { return Vec::new() };
    let named = terms.channels.iter().map(|(channel, term)| ReachOutTerm {
        channel: Some(channel.code().to_owned()),
        rule: term.rule.code().to_owned(),
        until: term.until.map(|day| day.to_string()),
    });
    let rest = ReachOutTerm { channel: None, rule: terms.default.code().to_owned(), until: None };
    named.chain([rest]).collect()
}

impl From<&panel::Beside> for AgreementBeside {
    fn from(beside: &panel::Beside) -> Self {
        let agreement = &beside.agreement;
        let shares = |side: Side| -> Vec<String> {
            let may = Category::ALL.into_iter().filter(|category| agreement.may_share(side, *category));
            may.map(|category| category.code().to_owned()).collect()
        };
        let contact = |one: &panel::ContactBeside| ContactBeside {
            organization: one.organization.to_string(),
            topic: one.topic.into(),
            primary: Callee::from(&one.primary),
        };
        Self {
            agreement: agreement.id.to_string(),
            version: agreement.version.clone(),
            title: agreement.title.clone(),
            plan_side: agreement.plan_side.id.to_string(),
            plan_name: agreement.plan_side.name.clone(),
            community_side: agreement.community_side.id.to_string(),
            community_name: agreement.community_side.name.clone(),
            other: beside.other.as_ref().map(ToString::to_string),
            in_force: beside.in_force,
            until: agreement.in_force.until.map(|day| day.to_string()),
            plan_side_shares: shares(Side::Plan),
            community_side_shares: shares(Side::Community),
            outreach: outreach(agreement),
            attempts_before_unreachable: agreement
                .outreach
                .as_ref()
                .map(|terms| terms.attempts_before_unreachable),
            quiet: agreement.quiet.to_string(),
            clocks: beside.clocks.iter().map(|(name, of)| clock(name, of)).collect(),
            contacts: beside.contacts.iter().map(contact).collect(),
            gaps: beside.gaps.iter().map(ContactGap::from).collect(),
            transport: beside.transport.code().to_owned(),
            counts: beside.counts.into(),
        }
    }
}

#[uniffi::export]
impl Caseline {
    /// All cases at a glance, as they are now: of a plan side, of a community side, of a topic, or those alone in which this device's
    /// person owes something. `most` cases are listed (100 where left out), what matters first; all are counted.
    #[uniffi::method(default(plan_side = None, community_side = None, topic = None, mine_only = false, most = None))]
    pub async fn panel(
        &self,
        plan_side: Option<String>,
        community_side: Option<String>,
        topic: Option<Topic>,
        mine_only: bool,
        most: Option<u32>,
    ) -> Result<Panel> {
        let organization = |id: Option<String>, field| id.map(|id| parsed(&id, field)).transpose();
        let unknown = || CaselineError::not_found("topic");
        let query = PanelQuery {
            plan_side: organization(plan_side, "plan_side")?,
            community_side: organization(community_side, "community_side")?,
            topic: topic.map(|topic| topic.known().ok_or_else(unknown)).transpose()?,
            mine_only,
            most: most.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
        };
        self.client().local(move |caseline| Ok(caseline.panel(&query)?.into())).await
    }

    /// All organisations that this device's own has an agreement with, side by side: what was settled, whom to call, how one reaches
    /// them, which clocks count, for which topics there is nobody.
    pub async fn side_by_side(&self) -> Result<Vec<AgreementBeside>> {
        let all = |caseline: &caseline::Caseline| {
            Ok(caseline.side_by_side()?.iter().map(AgreementBeside::from).collect())
        };
        self.client().local(all).await
    }
}
