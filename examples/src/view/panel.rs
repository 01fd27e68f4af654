//! What a driver's answers show of all cases, and of all agreements.

use caseline::agreement::{Category, CountsFrom, Length, Side};
use caseline::panel::{Beside, Counts, PairPanel, Panel, PanelCase, TurnRound, page};
use serde_json::{Map, Value, json};

use super::{callee, gap};

fn counts(of: &Counts) -> Value {
    json!({
        "open": of.open, "due": of.due, "overdue": of.overdue, "unsigned": of.unsigned, "admitted": of.admitted,
        "quiet": of.quiet, "unread": of.unread, "messages": of.messages, "tasks": of.tasks,
    })
}

fn turn_round(of: &TurnRound) -> Value {
    json!({
        "kind": of.kind.code(), "samples": of.samples, "median_s": of.median.as_secs(),
        "ninetieth_s": of.ninetieth.as_secs(),
    })
}

fn pair(of: &PairPanel) -> Value {
    json!({
        "plan_side": of.of.pair.plan_side, "plan_name": of.of.plan_name,
        "community_side": of.of.pair.community_side, "community_name": of.of.community_name,
        "counts": counts(&of.counts), "turn_rounds": of.turn_rounds.iter().map(turn_round).collect::<Vec<_>>(),
    })
}

fn case(of: &PanelCase) -> Value {
    let mut shown = json!({
        "case": of.case, "member": of.member, "plan_side": of.pair.plan_side,
        "community_side": of.pair.community_side, "quiet": of.quiet, "unread": of.unread, "tasks": of.tasks,
        "own_tasks": of.own_tasks, "last": of.last,
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(of.next.as_ref().map(|next| {
            let next = json!({
                "topic": next.topic.code(), "clock": next.clock, "due": next.due, "overdue": next.overdue,
                "owner": next.owner, "mine": next.mine,
            });
            ("next".into(), next)
        }));
        fields.extend(of.unsigned_since.map(|since| ("unsigned_since".into(), json!(since))));
        fields.extend(of.admitted_since.map(|since| ("admitted_since".into(), json!(since))));
    }
    shown
}

/// All cases at a glance.
pub fn panel(of: &Panel) -> Value {
    let topics = of.topics.iter();
    let topics =
        topics.map(|one| json!({ "topic": one.topic.code(), "due": one.due, "overdue": one.overdue }));
    json!({
        "at": of.at, "counts": counts(&of.counts), "topics": topics.collect::<Vec<_>>(),
        "pairs": of.pairs.iter().map(pair).collect::<Vec<_>>(), "cases": of.cases.iter().map(case).collect::<Vec<_>>(),
        "more": of.more, "page": page(of),
    })
}

/// An agreement beside the others.
pub fn beside(of: &Beside) -> Value {
    let agreement = &of.agreement;
    let shares = |side: Side| -> Vec<&str> {
        let may = Category::ALL.into_iter().filter(|category| agreement.may_share(side, *category));
        may.map(Category::code).collect()
    };
    let clock = |(name, of): (&String, &caseline::panel::ClockBeside)| {
        let (length, unit) = match of.clock.length {
            Length::Days(n) => (n, "days"),
            Length::BusinessDays(n) => (n, "business-days"),
            Length::Months(n) => (n, "months"),
        };
        let counts_from = match of.clock.counts_from {
            CountsFrom::DayAfter => "day-after",
            CountsFrom::SameDay => "same-day",
            CountsFrom::NextMonth => "next-month",
        };
        let mut shown = json!({ "clock": name, "length": length, "unit": unit, "counts_from": counts_from });
        add(&mut shown, "of_rules", of.of_rules.as_ref());
        shown
    };
    let mut outreach: Vec<Value> = Vec::new();
    if let Some(terms) = &agreement.outreach {
        outreach.extend(terms.channels.iter().map(|(channel, term)| {
            let mut shown = json!({ "channel": channel.code(), "rule": term.rule.code() });
            add(&mut shown, "until", term.until.as_ref());
            shown
        }));
        outreach.push(json!({ "rule": terms.default.code() }));
    }
    let contact = |one: &caseline::panel::ContactBeside| json!({ "organization": one.organization, "topic": one.topic.code(), "primary": callee(&one.primary) });
    let mut shown = json!({
        "agreement": agreement.id, "version": agreement.version, "title": agreement.title,
        "plan_side": agreement.plan_side.id, "plan_name": agreement.plan_side.name,
        "community_side": agreement.community_side.id, "community_name": agreement.community_side.name,
        "in_force": of.in_force, "plan_side_shares": shares(Side::Plan),
        "community_side_shares": shares(Side::Community), "outreach": outreach, "quiet": agreement.quiet.to_string(),
        "clocks": of.clocks.iter().map(clock).collect::<Vec<_>>(),
        "contacts": of.contacts.iter().map(contact).collect::<Vec<_>>(),
        "gaps": of.gaps.iter().map(gap).collect::<Vec<_>>(), "transport": of.transport.code(),
        "counts": counts(&of.counts),
    });
    add(&mut shown, "other", of.other.as_ref());
    add(&mut shown, "until", agreement.in_force.until.as_ref());
    let attempts = agreement.outreach.as_ref().map(|terms| terms.attempts_before_unreachable);
    add(&mut shown, "attempts_before_unreachable", attempts.as_ref());
    shown
}

fn add(shown: &mut Value, name: &str, value: Option<&impl serde::Serialize>) {
    let fields: Option<&mut Map<String, Value>> = shown.as_object_mut();
    if let (Some(fields), Some(value)) = (fields, value) {
        fields.insert(name.to_owned(), json!(value));
    }
}
