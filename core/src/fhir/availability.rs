//! When a contact can be reached, read from a PractitionerRole and from the HealthcareService and Location that it names.
//!
//! What cannot be read is left out: hours that nobody can make sense of are hours that nobody knows, and keep nobody out of a
//! directory.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::bundle::{Import, Resource};
use super::codes;
use super::directory::token;
use super::json::Node;
use crate::directory::{Absence, Availability, Hours};
use crate::id::ContactId;

/// The elements of hours: of a PractitionerRole or HealthcareService, and of a Location.
const AVAILABLE: [&str; 3] = ["availableTime", "availableStartTime", "availableEndTime"];
const OPERATION: [&str; 3] = ["hoursOfOperation", "openingTime", "closingTime"];

/// What a PractitionerRole says of when its person can be reached. Hours are the role's own, else those of its services, else
/// those of its places; the zone is the first that any of them names.
pub(super) fn availability(import: &Import, role: &Node<'_>, person: &Node<'_>) -> Availability {
    let targets = |element: &str| -> Vec<Node<'_>> {
        let found = role.list(element).iter().filter_map(|reference| import.target(reference));
        found.filter_map(|resource| resource.node().ok()).collect()
    };
    let (services, places) = (targets("healthcareService"), targets("location"));
    let all = || std::iter::once(role).chain(&services).chain(&places);
    let zone = all().find_map(zone);
    let within = zone.clone().unwrap_or_else(crate::agreement::default_zone);
    let mut hours = read_hours(role, AVAILABLE);
    if hours.is_empty() {
        hours = services.iter().flat_map(|service| read_hours(service, AVAILABLE)).collect();
    }
    if hours.is_empty() {
        hours = places.iter().flat_map(|place| read_hours(place, OPERATION)).collect();
    }
    let mut absences: Vec<Absence> = std::iter::once(role)
        .chain(&services)
        .flat_map(|node| node.list("notAvailable"))
        .filter_map(|absence| read_absence(import, absence, &within))
        .collect();
    absences.extend(role.get("period").into_iter().flat_map(|period| outside(period, &within)));
    let languages = person.list("communication").iter().chain(role.list("communication"));
    let mut languages: Vec<String> = languages.filter_map(language).collect();
    languages.dedup();
    let confirmed = extension(role, codes::CONFIRMED).and_then(|one| one.str("valueDate")?.parse().ok());
    Availability { zone, hours, absences, languages, confirmed }
}

fn extension<'n>(node: &'n Node<'n>, url: &str) -> Option<&'n Node<'n>> {
    node.list("extension").iter().find(|extension| extension.str("url").as_deref() == Some(url))
}

fn zone(node: &Node<'_>) -> Option<TimeZone> {
    TimeZone::get(&extension(node, codes::TIME_ZONE)?.str("valueCode")?).ok()
}

fn language(concept: &Node<'_>) -> Option<String> {
    let code = concept.list("coding").iter().find_map(|coding| coding.str("code"));
    code.or_else(|| concept.str("text")).map(Into::into)
}

fn read_hours(node: &Node<'_>, [element, from, until]: [&str; 3]) -> Vec<Hours> {
    node.list(element).iter().filter_map(|hours| read_span(hours, from, until)).collect()
}

fn read_span(hours: &Node<'_>, from: &str, until: &str) -> Option<Hours> {
    let days: Option<Vec<Weekday>> =
        hours.list("daysOfWeek").iter().map(|day| weekday(&day.text()?)).collect();
    let all_day = hours.get("allDay").is_some_and(|all_day| all_day.raw() == "true");
    let time = |element: &str| -> Option<Option<Time>> {
        match hours.str(element) {
            Some(text) if !all_day => text.parse().ok().map(Some),
            _ => Some(None),
        }
    };
    let (from, until) = (time(from)?, time(until)?);
    // Neither hours nor all day: it says nothing.
    (all_day || from.is_some() || until.is_some()).then_some(Hours { days: days?, from, until })
}

fn weekday(code: &str) -> Option<Weekday> {
    Some(match code {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

fn read_absence(import: &Import, absence: &Node<'_>, zone: &TimeZone) -> Option<Absence> {
    let during = absence.get("during")?;
    let (from, until) = (bound(during, "start", zone).ok()?, bound(during, "end", zone).ok()?);
    let cover = extension(absence, codes::COVER).and_then(|one| one.get("valueReference"));
    Some(Absence {
        from,
        until,
        cover: cover.and_then(|reference| contact(import, import.target(reference)?)),
    })
}

/// The contact that a Practitioner or PractitionerRole names.
fn contact(import: &Import, named: &Resource) -> Option<ContactId> {
    let node = named.node().ok()?;
    match node.get("practitioner") {
        Some(person) => token(&import.target(person)?.node().ok()?),
        None => token(&node),
    }
}

/// A role is held within its period: before and after it nobody is there.
fn outside(period: &Node<'_>, zone: &TimeZone) -> Vec<Absence> {
    let start = bound(period, "start", zone).ok().flatten();
    let end = bound(period, "end", zone).ok().flatten();
    let before = start.map(|start| Absence { from: None, until: Some(start), cover: None });
    let after = end.map(|end| Absence { from: Some(end), until: None, cover: None });
    before.into_iter().chain(after).collect()
}

/// One end of a Period as an instant, where it has one: its end holds to the end of what it names, a day, a month or a year
/// (FHIR R4, 2.24.0.10).
fn bound(period: &Node<'_>, element: &str, zone: &TimeZone) -> Result<Option<Timestamp>, jiff::Error> {
    let Some(text) = period.str(element) else { return Ok(None) };
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(Some(instant));
    }
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_string(),
    };
    let day: Date = whole.parse()?;
    let day = match (element, text.len()) {
        ("end", 4) => day.checked_add(1.year())?,
        ("end", 7) => day.checked_add(1.month())?,
        ("end", _) => day.tomorrow()?,
        _ => day,
    };
    let start = DateTime::from_parts(day, Time::midnight()).to_zoned(zone.clone())?;
    Ok(Some(start.timestamp()))
}
