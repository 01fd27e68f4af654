//! The panel as a page: one HTML text that needs nothing else, and prints.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Counts, Panel, PanelCase, TurnKind};
use crate::meeting::{html, length};

const STYLE: &str = "\
body{font:15px/1.4 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:1.4rem 0 .3rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ccc;vertical-align:top}\
td.n,th.n{text-align:right}.over{color:#a00;font-weight:600}tr{break-inside:avoid}\
@media print{body{font-size:10pt;margin:0;max-width:none}@page{margin:15mm}}";

/// The panel as a page. The days of each case are those of its agreement's time zone, as in an agenda or a list of what is due; as of
/// when the page is, is said in the zone of the first case.
pub fn page(panel: &Panel) -> String {
    let mut out = String::new();
    let zone = panel.cases.first().map_or(TimeZone::UTC, |case| case.zone.clone());
    let at = panel.at.to_zoned(zone).strftime("%A, %-d %B %Y, %H:%M %Z").to_string();
    let _ = writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>All cases</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>All cases</h1>\n<p>As things stood on {at}: {}.</p>",
        words(&panel.counts)
    );
    out.push_str("<h2>By pair</h2>\n<table>\n<tr><th>Plan side</th><th>Community side</th>");
    for head in ["Open", "Overdue", "Due", "Unsigned", "In hospital", "Quiet", "Unread"] {
        let _ = write!(out, "<th class=\"n\">{head}</th>");
    }
    out.push_str("<th>How long it takes</th></tr>\n");
    for pair in &panel.pairs {
        let counts = &pair.counts;
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td>",
            html(&pair.of.plan_name),
            html(&pair.of.community_name)
        );
        for (n, over) in [
            (counts.open, false),
            (counts.overdue, counts.overdue > 0),
            (counts.due, false),
            (counts.unsigned, false),
            (counts.admitted, false),
            (counts.quiet, false),
            (counts.unread, false),
        ] {
            let _ = write!(out, "<td class=\"n{}\">{n}</td>", if over { " over" } else { "" });
        }
        let turns = pair.turn_rounds.iter().map(|turn| {
            let what = match turn.kind {
                TurnKind::PlanReturn => "plans come back",
                TurnKind::FollowUp => "follow-ups",
                TurnKind::FirstAnswer => "first answers",
            };
            format!(
                "{what}: half within {}, nine of ten within {}",
                length(turn.median),
                length(turn.ninetieth)
            )
        });
        let _ = writeln!(out, "<td>{}</td></tr>", turns.collect::<Vec<_>>().join("<br>"));
    }
    out.push_str("</table>\n<h2>What matters first</h2>\n<table>\n<tr><th>Member</th><th>What is owed first</th><th>And</th></tr>\n");
    for case in &panel.cases {
        let (owed, over) = owed(case);
        let class = if over { " class=\"over\"" } else { "" };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td{class}>{}</td><td>{}</td></tr>",
            html(&case.member),
            html(&owed),
            html(&rest(case))
        );
    }
    out.push_str("</table>\n");
    if panel.more > 0 {
        let _ = writeln!(out, "<p>And {} more.</p>", panel.more);
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn words(counts: &Counts) -> String {
    format!(
        "{} open; {} overdue, {} due; {} with an unsigned plan; {} in a hospital; {} quiet; {} with unread messages",
        counts.open,
        counts.overdue,
        counts.due,
        counts.unsigned,
        counts.admitted,
        counts.quiet,
        counts.unread
    )
}

fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %B %Y").to_string()
}

fn owed(case: &PanelCase) -> (String, bool) {
    let Some(next) = &case.next else { return ("nothing".to_owned(), false) };
    let what = match next.clock.as_str() {
        "plan-return" => "the care plan's return",
        "plan-renewal" => "the care plan's renewal",
        "plan-revision" => "the new version of the care plan",
        "plan-signature" => "a signature under the care plan",
        "plan-changed" => "the care plan that was changed since it was sent",
        "plan-copies" => "the member's copy of the care plan",
        "consent-renewal" => "the renewal of a consent",
        "inpatient-follow-up" | "ed-follow-up" => "the follow-up after the hospital",
        "task" => "a task",
        "task-claim" => "that somebody takes a task",
        "task-reassign" => "another owner for a task",
        "referral-contact" | "referral-carry" => "that a referral gets to its organization",
        "referral-loop" => "the outcome of a referral",
        other if other.starts_with("visit-answer") => "an answer to a visit",
        other => other,
    };
    // The day's end counts: what is due at midnight was due the day before.
    let last = next.due.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(next.due);
    let mine = if next.mine { ", by you" } else { "" };
    if next.overdue {
        (format!("overdue: {what}, by {}{mine}", day(last, &case.zone)), true)
    } else {
        (format!("{what}, by {}{mine}", day(last, &case.zone)), false)
    }
}

fn rest(case: &PanelCase) -> String {
    let mut all = Vec::new();
    all.extend(case.admitted_since.map(|since| format!("in a hospital since {}", day(since, &case.zone))));
    all.extend(case.unsigned_since.map(|since| format!("plan unsigned since {}", day(since, &case.zone))));
    if case.quiet {
        all.push(format!("quiet since {}", day(case.last, &case.zone)));
    }
    if case.unread > 0 {
        all.push(format!("{} unread", case.unread));
    }
    if case.tasks > 0 {
        all.push(format!("{} open task{}", case.tasks, if case.tasks == 1 { "" } else { "s" }));
    }
    all.join("; ")
}
