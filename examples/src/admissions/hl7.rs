//! HL7 v2 ADT messages (HL7 v2.5.1, chapter 3): MSH, EVN, PID, PV1, IN1.

use caseline::alert::{Happening, StayClass};
use hl7_parser::Message;
use hl7_parser::datetime::{DateTime as _, TimeStamp};
use hl7_parser::message::Separators;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use super::{Feed, Of, Read, Said, Unread};

/// The type of a Medicaid number (HL7 table 0203).
const MEDICAID: &str = "MA";

/// What an event tells: what happened, what did not, and where its time stands.
enum Told {
    Happened(Happening),
    Cancelled(Option<Happening>),
}

/// The messages of a text. Where there is none, the text itself, which is then refused as it is.
pub(super) fn messages(text: &str) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    let lines = text.split(['\r', '\n']).map(|line| line.trim_matches(|c: char| c.is_control()));
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let segment = line.get(..3).unwrap_or("");
        match messages.last_mut() {
            _ if segment == "MSH" => messages.push(line.to_owned()),
            // A batch's own segments are about no message.
            _ if matches!(segment, "FHS" | "BHS" | "BTS" | "FTS") => {}
            Some(message) => {
                message.push('\r');
                message.push_str(line);
            }
            None => return vec![text.to_owned()],
        }
    }
    messages
}

pub(super) fn read(text: &str, feed: &Feed) -> Read {
    let no_message = Unread::new("MSH", "is no HL7 v2 message that begins with MSH, its separators in ASCII");
    // The parser cuts the separators out by their bytes.
    if !text.as_bytes().get(..9).is_some_and(<[u8]>::is_ascii) {
        return Err(no_message);
    }
    let message = Message::parse_with_lenient_newlines(text, true).map_err(|_| no_message)?;
    let at = |segment: &str, field: usize, component: usize| part(&message, segment, field, component);
    if at("MSH", 9, 1).as_deref() != Some("ADT") {
        return Err(Unread::new("MSH-9", "is no ADT message"));
    }
    let event = at("MSH", 9, 2).or_else(|| at("EVN", 1, 1));
    let class = at("PV1", 2, 1);
    let emergency = class.as_deref() == Some("E");
    let told = match event.as_deref() {
        Some("A01" | "A04") if emergency => Told::Happened(Happening::EdVisit),
        Some("A01" | "A06") => Told::Happened(Happening::Admitted),
        Some("A02") => Told::Happened(Happening::Transferred),
        Some("A03") => Told::Happened(Happening::Discharged),
        // Back to the emergency department, or home from it: the bed was none.
        Some("A07") => Told::Cancelled(Some(Happening::Admitted)),
        Some("A11") => {
            Told::Cancelled(Some(if emergency { Happening::EdVisit } else { Happening::Admitted }))
        }
        Some("A12") => Told::Cancelled(Some(Happening::Transferred)),
        Some("A13") => Told::Cancelled(Some(Happening::Discharged)),
        Some("A40") => {
            return Err(Unread::new(
                "MSH-9",
                "two patients were made one: a person looks at what was told of them",
            ));
        }
        _ => return Ok(Vec::new()),
    };
    let class = match class.as_deref() {
        Some("E") => StayClass::Emergency,
        Some("I") => StayClass::Inpatient,
        // An A06 says with PV1-2 what it became; what is no bed and no emergency is not told.
        _ if event.as_deref() == Some("A06") => StayClass::Inpatient,
        _ if event.as_deref() == Some("A07") => StayClass::Emergency,
        _ => return Ok(Vec::new()),
    };
    let time = |segment: &str, field: usize| {
        let Some(text) = at(segment, field, 1) else { return Ok(None) };
        instant(&text, &feed.zone)
            .map(Some)
            .ok_or(Unread::new("EVN, PV1, MSH", "names a time that is none, or a day without its hour"))
    };
    // The time of what happened stands in PV1 where it is a coming or a going, else in EVN.
    let own = match told {
        Told::Happened(Happening::Admitted | Happening::EdVisit) if event.as_deref() != Some("A06") => {
            time("PV1", 44)?
        }
        Told::Happened(Happening::Discharged) => time("PV1", 45)?,
        _ => None,
    };
    let mut happened = own;
    for (segment, field) in [("EVN", 6), ("EVN", 2), ("MSH", 7)] {
        if happened.is_none() {
            happened = time(segment, field)?;
        }
    }
    let happened = happened.ok_or(Unread::new("EVN-2", "says nowhere when it happened"))?;
    let facility = at("MSH", 4, 1).ok_or(Unread::new("MSH-4", "names no facility"))?;
    let visit = at("PV1", 19, 1).or_else(|| at("PID", 18, 1));
    let visit = visit.ok_or(Unread::new("PV1-19", "has no number of the visit, nor has PID-18"))?;
    // A message is known by application, facility and control id.
    let id: Vec<String> = [3, 4, 10].iter().filter_map(|field| at("MSH", *field, 1)).collect();
    let said = Said {
        facility_name: at("PV1", 39, 1).or_else(|| at("MSH", 4, 1)),
        facility,
        visit,
        class,
        message: (!id.is_empty()).then(|| id.join("|")),
    };
    let of = Of {
        number: number(&message, feed),
        name: name(&message),
        birth_date: at("PID", 7, 1).and_then(|text| day(&text)),
    };
    let (what, cancels) = match told {
        Told::Happened(what) => (what, None),
        Told::Cancelled(cancels) => (Happening::Cancelled, cancels),
    };
    feed.input(&of, &said, what, cancels, happened).map(|input| vec![input])
}

/// The first repeat's component of a field, decoded, if it says anything.
fn part(message: &Message<'_>, segment: &str, field: usize, component: usize) -> Option<String> {
    let field = message.segment(segment)?.field(field)?;
    said(message, field.repeat(1)?.component(component)?.raw_value())
}

/// A text as it is meant. `""` is HL7's word for nothing.
fn said(message: &Message<'_>, raw: &str) -> Option<String> {
    let text = unescaped(&message.separators, raw);
    let text = text.trim();
    (!text.is_empty() && text != "\"\"").then(|| text.to_owned())
}

/// Resolves the escapes of the separators (HL7 v2.5.1, 2.7.1). Others, which are about type and colour, stay as they are. Not the parser's
/// own, which takes the place of a letter for that of a byte.
fn unescaped(separators: &Separators, raw: &str) -> String {
    let escape = separators.escape;
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once(escape) {
        text.push_str(before);
        let known = after.split_once(escape).and_then(|(name, after)| {
            let meant = match name {
                "F" => separators.field,
                "S" => separators.component,
                "T" => separators.subcomponent,
                "R" => separators.repetition,
                "E" => escape,
                _ => return None,
            };
            Some((meant, after))
        });
        if let Some((meant, after)) = known {
            text.push(meant);
            rest = after;
        } else {
            text.push(escape);
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

/// The member's number: of PID-3 what is of type MA, else IN1-36 of a payer that the feed names.
fn number(message: &Message<'_>, feed: &Feed) -> Option<String> {
    let ids = message.segment("PID").and_then(|pid| pid.field(3));
    for id in ids.into_iter().flat_map(hl7_parser::message::Field::repeats) {
        let of = |number| id.component(number).and_then(|part| said(message, part.raw_value()));
        let ours = || feed.authorities.is_empty() || of(4).is_some_and(|by| feed.authorities.contains(&by));
        if of(5).as_deref() == Some(MEDICAID) && ours() {
            return of(1);
        }
    }
    let insurances = message.segments().filter(|segment| segment.name == "IN1");
    for insurance in insurances {
        let of = |field: usize| {
            let part = insurance.field(field)?.repeat(1)?.component(1)?;
            said(message, part.raw_value())
        };
        if [of(3), of(4)].into_iter().flatten().any(|payer| feed.payers.contains(&payer)) {
            return of(36);
        }
    }
    None
}

/// PID-5: given and family name, as a person writes them.
fn name(message: &Message<'_>) -> Option<String> {
    let parts: Vec<String> = [2, 1].iter().filter_map(|part_of| part(message, "PID", 5, *part_of)).collect();
    (parts.len() == 2).then(|| parts.join(" "))
}

fn stamp(text: &str) -> Option<TimeStamp> {
    TimeStamp::parse_strict(text).ok()
}

fn day_of(stamp: &TimeStamp) -> Option<Date> {
    let (month, day) = (i8::try_from(stamp.month?).ok()?, i8::try_from(stamp.day?).ok()?);
    Date::new(i16::try_from(stamp.year).ok()?, month, day).ok()
}

fn day(text: &str) -> Option<Date> {
    day_of(&stamp(text)?)
}

/// A time that says at least its hour, in its own offset or else in the feed's zone.
fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let stamp = stamp(text)?;
    let part = |part: Option<u8>| i8::try_from(part.unwrap_or(0)).ok();
    let hour = i8::try_from(stamp.hour?).ok()?;
    let time = jiff::civil::Time::new(hour, part(stamp.minute)?, part(stamp.second)?, 0).ok()?;
    let local = DateTime::from_parts(day_of(&stamp)?, time);
    let zone = match stamp.offset {
        None => zone.clone(),
        Some(offset) => {
            let minutes = i32::from(offset.minutes) * if offset.hours < 0 { -1 } else { 1 };
            Offset::from_seconds(i32::from(offset.hours) * 3600 + minutes * 60).ok()?.to_time_zone()
        }
    };
    Some(local.to_zoned(zone).ok()?.timestamp())
}
