//! How a case stands at an instant.

use super::PanelQuery;
use super::summary::{OwedRow, Summary};
use crate::contact::Topic;

/// How a case stands at an instant, as far as it was asked for.
pub(crate) struct Stands<'s> {
    /// Whether it is of the topic, or one's own, as was asked.
    pub(crate) asked_for: bool,
    /// What is owed first.
    pub(crate) next: Option<&'s OwedRow<'s>>,
    /// Whether that has passed.
    pub(crate) overdue: bool,
    /// Since when the care plan is unsigned.
    pub(crate) unsigned: Option<i64>,
    /// Since when the member is in a hospital.
    pub(crate) admitted: Option<i64>,
    pub(crate) quiet: bool,
    pub(crate) unread: u32,
    pub(crate) tasks: u32,
    /// What it is listed by: the lower, the sooner.
    pub(crate) class: u8,
    /// And of equals, since when.
    pub(crate) instant: i64,
}

/// Whether something that is owed is shown yet, and of the topic, or one's own, as was asked.
pub(super) fn is_asked_for(owed: &OwedRow<'_>, query: &PanelQuery, now: i64) -> bool {
    owed.is_shown(now)
        && query.topic.is_none_or(|topic| owed.topic() == topic)
        && (!query.mine_only || owed.mine)
}

impl<'s> Stands<'s> {
    /// How a case stands. What is owed, unsigned or admitted is nothing in a case that is closed.
    pub(crate) fn of(summary: &'s Summary<'_>, query: &PanelQuery, now: i64) -> Self {
        let asked_for = summary.owed.iter().filter(|owed| is_asked_for(owed, query, now));
        let next = asked_for.min_by_key(|owed| owed.due);
        let unsigned = summary.plan.unsigned_since().filter(|_| summary.open);
        let admitted = summary.admitted.filter(|_| summary.open);
        let of_topic = match query.topic {
            Some(Topic::CarePlan) => unsigned.is_some(),
            Some(Topic::Admission) => admitted.is_some(),
            _ => false,
        };
        let overdue = next.is_some_and(|owed| owed.due <= now);
        let quiet = summary.open && summary.quiet <= now;
        let (class, instant) = if let Some(owed) = next.filter(|_| overdue) {
            (0, owed.due)
        } else if let Some(since) = admitted {
            (1, since)
        } else if let Some(since) = unsigned {
            (2, since)
        } else if summary.unread > 0 {
            (3, summary.last)
        } else if let Some(owed) = next {
            (4, owed.due)
        } else if quiet {
            (5, summary.quiet)
        } else {
            (6, summary.last)
        };
        Self {
            asked_for: next.is_some() || (of_topic && !query.mine_only),
            next,
            overdue,
            unsigned,
            admitted,
            quiet,
            unread: summary.unread,
            tasks: summary.tasks,
            class,
            instant,
        }
    }
}
