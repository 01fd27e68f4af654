//! A table: a line of headings, then a row for each stay (RFC 4180).

use caseline::alert::{Happening, StayClass};
use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::{Feed, Of, Read, Record, Said, Unread};

/// The columns, and the headings under which feeds have them: without case, spaces, dashes and underscores.
const NUMBER: &[&str] = &["medicaidid", "memberid", "masshealthid"];
const NAME: &[&str] = &["name", "membername", "patientname"];
const FIRST: &[&str] = &["firstname", "givenname", "first"];
const LAST: &[&str] = &["lastname", "familyname", "last"];
const BIRTH_DATE: &[&str] = &["dateofbirth", "birthdate", "dob"];
const ADMITTED: &[&str] = &["admitdate", "admissiondate", "admitdatetime", "admitted"];
const DISCHARGED: &[&str] = &["dischargedate", "dischargedatetime", "discharged"];
const CLASS: &[&str] = &["class", "patientclass"];
const FACILITY: &[&str] = &["facility", "facilityname", "hospital"];
const VISIT: &[&str] = &["visitnumber", "visitid", "encounterid", "accountnumber"];

/// The headings of a table, as they are compared.
struct Headings(Vec<String>);

impl Headings {
    fn has(&self, names: &[&str]) -> bool {
        self.0.iter().any(|heading| names.contains(&heading.as_str()))
    }

    fn of<'r>(&self, row: &'r StringRecord, names: &[&str]) -> Option<&'r str> {
        let place = self.0.iter().position(|heading| names.contains(&heading.as_str()))?;
        row.get(place).map(str::trim).filter(|text| !text.is_empty())
    }
}

pub(super) fn read(text: &str, feed: &Feed) -> Result<Vec<Record>, Unread> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let first = reader.headers().map_err(|_| Unread::new("headings", "cannot be read"))?.clone();
    let plain = |heading: &str| {
        heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let headings = Headings(first.iter().map(plain).collect());
    for (column, names) in [("admit date", ADMITTED), ("class", CLASS), ("facility", FACILITY)] {
        if !headings.has(names) {
            return Err(Unread::new(column, "is no column of this table"));
        }
    }
    let mut records = Vec::new();
    for row in reader.records() {
        // What follows cannot be told from this row.
        let row = row.map_err(|_| Unread::new("rows", "cannot be read: a quotation mark is not closed"))?;
        if row.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let read = if row.len() == first.len() {
            of_row(&headings, &row, feed)
        } else {
            Err(Unread::new("row", "has another number of fields than the headings"))
        };
        records.push(Record { text: alone(&first, &row), read });
    }
    Ok(records)
}

/// A row as a table of its own.
fn alone(headings: &StringRecord, row: &StringRecord) -> String {
    let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
    // Writing to memory does not fail; were it to, the whole file is in `done` still.
    let _ = writer.write_record(headings).and_then(|()| writer.write_record(row));
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn of_row(headings: &Headings, row: &StringRecord, feed: &Feed) -> Read {
    let of = |names| headings.of(row, names);
    let class = match of(CLASS).map(str::to_lowercase).as_deref() {
        Some("inpatient" | "inp" | "ip" | "i" | "imp") => StayClass::Inpatient,
        Some("emergency" | "ed" | "er" | "e" | "emer") => StayClass::Emergency,
        Some(_) => return Ok(Vec::new()),
        None => return Err(Unread::new("class", "is empty")),
    };
    let admitted = of(ADMITTED).ok_or(Unread::new("admit date", "is empty"))?;
    let wrong = |column| Unread::new(column, "is no date: 2019-03-05, 2019-03-05 22:40 or 03/05/2019 22:40");
    let began = instant(admitted, &feed.zone).ok_or(wrong("admit date"))?;
    let ended = of(DISCHARGED).map(|text| instant(text, &feed.zone).ok_or(wrong("discharge date")));
    let ended = ended.transpose()?;
    if ended.is_some_and(|ended| ended < began) {
        return Err(Unread::new("discharge date", "is before the admission"));
    }
    let facility = of(FACILITY).ok_or(Unread::new("facility", "is empty"))?.to_owned();
    let both = of(FIRST).zip(of(LAST)).map(|(first, last)| format!("{first} {last}"));
    let birth_date = of(BIRTH_DATE).map(|text| day(text).ok_or(wrong("date of birth"))).transpose()?;
    let who = Of { number: of(NUMBER).map(str::to_owned), name: of(NAME).map(in_order).or(both), birth_date };
    let said = Said {
        facility_name: Some(facility.clone()),
        facility,
        // Without a number of its own, a stay is known by the day on which it began: nobody is admitted twice on one day by one table.
        visit: of(VISIT).map_or_else(|| began.to_zoned(feed.zone.clone()).date().to_string(), str::to_owned),
        class,
        message: None,
    };
    let came = match class {
        StayClass::Emergency => Happening::EdVisit,
        StayClass::Inpatient => Happening::Admitted,
    };
    let mut told = vec![feed.input(&who, &said, came, None, began)?];
    if let Some(ended) = ended {
        told.push(feed.input(&who, &said, Happening::Discharged, None, ended)?);
    }
    Ok(told)
}

/// `Exampleton, Marty` is Marty Exampleton.
fn in_order(name: &str) -> String {
    match name.split_once(',') {
        Some((last, first)) => format!("{} {}", first.trim(), last.trim()),
        None => name.to_owned(),
    }
}

fn day(text: &str) -> Option<Date> {
    // Not `parse`, which takes a time after the day and drops it.
    ["%Y-%m-%d", "%m/%d/%Y"].iter().find_map(|form| Date::strptime(form, text).ok())
}

/// A day, or a time of a day, in the feed's zone; or an instant that says its own offset.
fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let american = ["%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"];
    let local = day(text)
        .map(|day| day.at(0, 0, 0, 0))
        .or_else(|| text.parse::<DateTime>().ok())
        .or_else(|| american.iter().find_map(|form| DateTime::strptime(form, text).ok()))?;
    Some(local.to_zoned(zone.clone()).ok()?.timestamp())
}
