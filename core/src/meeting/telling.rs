//! What a person reads of a meeting, in any Matrix client and in the room's history. No member data, and no words about a case.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::event::is_code;
use super::words::many;
use crate::contact::Seat;
use crate::id::EventId;
use crate::meeting::{MeetingAnswer, MeetingEvent, Meetings};

/// The event as a person reads it in any Matrix client. `meetings` are those of the room before it, `zone` the agreement's.
pub fn tell(event: MeetingEvent<'_>, by: &Seat, meetings: &Meetings, zone: &TimeZone) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    // Without the year: a whole date has no place in a room without member data.
    let hour = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%A, %-d %B at %H:%M").to_string();
    let the = |id: EventId| match meetings.get(id) {
        Some(meeting) => format!("the meeting of {}", hour(meeting.begins)),
        None => "a meeting".to_owned(),
    };
    let cases = |n: usize| many(i64::try_from(n).unwrap_or(i64::MAX), "case");
    match event {
        MeetingEvent::Set(event) => {
            let about = match event.agenda.len() {
                0 => String::new(),
                n => format!(" {} to look at.", cases(n)),
            };
            format!("{who} set a meeting for {}, {} min.{about}", hour(event.begins), event.minutes)
        }
        MeetingEvent::Prepared(event) => {
            let n = event.agenda.len();
            format!("{who} made the agenda of {}: {}.", the(event.meeting), cases(n))
        }
        MeetingEvent::Brought(event) => {
            let more = if event.text.is_empty() { String::new() } else { format!(" {}", event.text) };
            format!("{who} brings a point to {}: \u{201c}{}\u{201d}.{more}", the(event.meeting), event.title)
        }
        MeetingEvent::Answered(event) => match event.answer {
            MeetingAnswer::Accept => format!("{who} comes to {}.", the(event.meeting)),
            MeetingAnswer::Decline => format!("{who} does not come to {}.", the(event.meeting)),
            MeetingAnswer::AnotherTime(at) => {
                format!("{who} would come on {} in place of {}.", hour(at), the(event.meeting))
            }
        },
        MeetingEvent::Moved(event) => {
            format!("{who} moved a meeting to {}, {} min.", hour(event.begins), event.minutes)
        }
        MeetingEvent::Cancelled(event) => {
            let why =
                if event.reason.is_empty() { String::new() } else { format!(" Because: {}", event.reason) };
            format!("{who} called off {}.{why}", the(event.meeting))
        }
        MeetingEvent::Held(event) => {
            let of =
                |what: &str, n: usize| if n == 0 { String::new() } else { format!(" {what}: {}.", cases(n)) };
            let (nothing, not_reached) = (event.nothing.len(), event.not_reached.len());
            format!(
                "{who} says that {} took place.{}{}",
                the(event.meeting),
                of("Nothing was decided", nothing),
                of("Not reached", not_reached)
            )
        }
        MeetingEvent::Decided(event) => {
            let what = event.kind.code();
            let anew =
                if event.instead.is_some() { " anew, in place of what was not carried out" } else { "" };
            format!("{who} recorded what {} decided, as a {what} in its case{anew}.", the(event.meeting))
        }
        MeetingEvent::Undone(event) => {
            let codes: Vec<&str> =
                event.why.iter().map(String::as_str).filter(|code| is_code(code)).collect();
            let why = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
            let of = the(event.meeting);
            format!("What {of} decided did not come into its case{why}. {who} decides it anew, or drops it.")
        }
        MeetingEvent::Dropped(event) => {
            format!("{who} drops what {} decided and what was not carried out.", the(event.meeting))
        }
    }
}
