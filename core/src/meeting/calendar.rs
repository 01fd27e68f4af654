//! An agenda as iCalendar (RFC 5545). A calendar is kept on servers and telephones that are nobody's record, so nothing in it says who
//! a member is: cases are named by their opaque ids.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Agenda, MeetingStatus};

/// The longest line, in octets, without its end (RFC 5545, 3.1).
const LINE: usize = 75;

/// The agenda as an iCalendar object with one event. It is the same text whoever makes it of the same agenda.
/// Always of the agenda for both sides: a calendar goes to both, and one's own concerns are nothing for the other.
pub fn calendar(agenda: &Agenda) -> String {
    let agenda = &agenda.for_both();
    let cases =
        |items: &[super::Item]| items.iter().map(|item| format!("case {}", item.case)).collect::<Vec<_>>();
    let mut description = vec![agenda.cases()];
    for (n, (case, item)) in (1..).zip(cases(&agenda.items).iter().zip(&agenda.items)) {
        description.push(format!("{n}. {case}, {} min", item.minutes));
    }
    if !agenda.not_reached.is_empty() {
        description.push(format!("Not reached this time: {}", cases(&agenda.not_reached).join(", ")));
    }
    let summary = format!("Mutual member meeting: {} and {}", agenda.of.plan_name, agenda.of.community_name);
    let lines = [
        ("BEGIN".to_owned(), "VCALENDAR".to_owned()),
        ("VERSION".to_owned(), "2.0".to_owned()),
        ("PRODID".to_owned(), "-//Caseline//Mutual member meeting//EN".to_owned()),
        ("CALSCALE".to_owned(), "GREGORIAN".to_owned()),
        ("METHOD".to_owned(), "PUBLISH".to_owned()),
        ("BEGIN".to_owned(), "VEVENT".to_owned()),
        ("UID".to_owned(), format!("{}@caseline", agenda.meeting.id)),
        ("DTSTAMP".to_owned(), utc(agenda.at)),
        ("DTSTART".to_owned(), utc(agenda.begins)),
        ("DTEND".to_owned(), utc(agenda.ends())),
        ("SUMMARY".to_owned(), text(&summary)),
        ("DESCRIPTION".to_owned(), text(&description.join("\n"))),
        ("CLASS".to_owned(), "CONFIDENTIAL".to_owned()),
        ("STATUS".to_owned(), status(agenda.standing).to_owned()),
        ("END".to_owned(), "VEVENT".to_owned()),
        ("END".to_owned(), "VCALENDAR".to_owned()),
    ];
    lines.iter().fold(String::new(), |mut out, (name, value)| {
        fold(&format!("{name}:{value}"), &mut out);
        out
    })
}

fn status(standing: Option<MeetingStatus>) -> &'static str {
    match standing {
        Some(MeetingStatus::Agreed | MeetingStatus::Held | MeetingStatus::Recorded) => "CONFIRMED",
        Some(MeetingStatus::Cancelled) => "CANCELLED",
        Some(MeetingStatus::Waiting | MeetingStatus::Unsettled) | None => "TENTATIVE",
    }
}

fn utc(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A text value (RFC 5545, 3.3.11).
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A content line, folded where it is longer than 75 octets, and never within a character.
fn fold(line: &str, out: &mut String) {
    let mut length = 0;
    for c in line.chars() {
        if length + c.len_utf8() > LINE {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(c);
        length += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_characters() {
        let line = format!("DESCRIPTION:{}", "ä€".repeat(60));
        let mut out = String::new();
        fold(&line, &mut out);
        assert!(out.ends_with("\r\n") && out.split("\r\n").all(|line| line.len() <= LINE));
        assert_eq!(out.replace("\r\n ", "").trim_end(), line);
    }

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(text("a, b; c\\d\ne\r\u{7}"), "a\\, b\\; c\\\\d\\ne");
    }
}
