//! Da Vinci Unsolicited Notifications 1.0.0: a message Bundle whose MessageHeader has an Encounter in focus.

// A JSON value that is asked for what it has not answers `null`: an index into one cannot fail.
#![allow(clippy::indexing_slicing)]

use caseline::alert::{Happening, StayClass};
use caseline::fhir::Import;
use jiff::Timestamp;
use serde_json::Value;

use super::{Feed, Of, Read, Said, Unread};

pub(super) const EVENTS: &str = "http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event";
const VISIT_NUMBER: &str = "VN";

pub(super) fn read(text: &str, feed: &Feed) -> Read {
    // It is bounded and checked first: what stands twice, is too deep or too large.
    Import::parse(text).map_err(|_| Unread::new("Bundle", "is no FHIR R4 in JSON"))?;
    let bundle: Value = serde_json::from_str(text).map_err(|_| Unread::new("Bundle", "is no JSON"))?;
    let bundle = Bundle(&bundle);
    if bundle.0["resourceType"] != "Bundle" || bundle.0["type"] != "message" {
        return Err(Unread::new("Bundle.type", "is not `message`"));
    }
    let header = bundle.0["entry"].as_array().and_then(|entries| entries.first());
    let header = header.map(|entry| &entry["resource"]).filter(|it| it["resourceType"] == "MessageHeader");
    let header = header.ok_or(Unread::new("Bundle.entry[0]", "is no MessageHeader"))?;
    let event = &header["eventCoding"];
    if event["system"] != EVENTS {
        return Err(Unread::new("MessageHeader.eventCoding", "is not of Da Vinci's notification events"));
    }
    let focus = &header["focus"][0]["reference"];
    let encounter = bundle.find(focus, "Encounter");
    let encounter =
        encounter.ok_or(Unread::new("MessageHeader.focus", "names no Encounter of this Bundle"))?;
    let class = match encounter["class"]["code"].as_str() {
        Some("EMER") => StayClass::Emergency,
        Some("IMP" | "ACUTE" | "NONAC") => StayClass::Inpatient,
        _ => return Ok(Vec::new()),
    };
    let came = if class == StayClass::Emergency { Happening::EdVisit } else { Happening::Admitted };
    let what = match event["code"].as_str() {
        Some("notification-admit") => came,
        Some("notification-discharge") => Happening::Discharged,
        Some("notification-transfer") => Happening::Transferred,
        _ => return Ok(Vec::new()),
    };
    let undone = matches!(encounter["status"].as_str(), Some("cancelled" | "entered-in-error"));
    let period = &encounter["period"];
    let sent = &bundle.0["timestamp"];
    let at = match what {
        _ if undone => sent,
        Happening::Discharged => &period["end"],
        Happening::Transferred => Bundle::moved(encounter).unwrap_or(sent),
        _ => &period["start"],
    };
    let at = at.as_str().and_then(|at| at.parse::<Timestamp>().ok());
    let at = at.ok_or(Unread::new("Encounter.period", "does not say when, with hour and offset"))?;
    let numbers = encounter["identifier"].as_array().map_or(&[][..], Vec::as_slice);
    let of_visit = |number: &&Value| {
        number["type"]["coding"]
            .as_array()
            .is_some_and(|types| types.iter().any(|it| it["code"] == VISIT_NUMBER))
    };
    let visit = numbers.iter().find(of_visit).or(numbers.first());
    let visit = text_of(visit.map(|visit| &visit["value"]));
    let visit = visit.ok_or(Unread::new("Encounter.identifier", "has no number of the visit"))?;
    let provider = &encounter["serviceProvider"];
    let organization = bundle.find(&provider["reference"], "Organization");
    let known_as = organization.and_then(|it| text_of(Some(&it["identifier"][0]["value"])));
    let called = organization.and_then(|it| text_of(Some(&it["name"])));
    let called = called.or_else(|| text_of(Some(&provider["display"])));
    let source = &header["source"];
    let facility = known_as.or_else(|| text_of(Some(&source["name"])));
    let facility = facility.or_else(|| text_of(Some(&source["endpoint"])));
    let facility = facility.ok_or(Unread::new("Encounter.serviceProvider", "names no facility"))?;
    let patient = bundle.find(&encounter["subject"]["reference"], "Patient");
    let patient = patient.ok_or(Unread::new("Encounter.subject", "names no Patient of this Bundle"))?;
    let said = Said {
        facility_name: called.or_else(|| Some(facility.clone())),
        facility,
        visit,
        class,
        message: text_of(Some(&header["id"])).or_else(|| text_of(Some(&bundle.0["id"]))),
    };
    let (what, cancels) = if undone { (Happening::Cancelled, Some(what)) } else { (what, None) };
    feed.input(&of(patient, feed), &said, what, cancels, at).map(|input| vec![input])
}

fn text_of(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn of(patient: &Value, feed: &Feed) -> Of {
    let list = |key: &str| patient[key].as_array().map_or(&[][..], Vec::as_slice);
    let number = list("identifier").iter().find(|it| it["system"] == feed.member_system.as_str());
    let names = list("name");
    let name = names.iter().find(|name| name["use"] == "official").or(names.first());
    let name = name.and_then(|name| {
        let parts = [&name["given"][0], &name["family"]].map(|part| text_of(Some(part)));
        match parts {
            [Some(given), Some(family)] => Some(format!("{given} {family}")),
            _ => text_of(Some(&name["text"])),
        }
    });
    let birth_date = patient["birthDate"].as_str().and_then(|day| day.parse().ok());
    Of { number: number.and_then(|it| text_of(Some(&it["value"]))), name, birth_date }
}

struct Bundle<'b>(&'b Value);

impl<'b> Bundle<'b> {
    /// What a reference names in this Bundle: by `fullUrl`, or by type and id (R4, Bundle, section 2.36.4).
    fn find(&self, reference: &Value, kind: &str) -> Option<&'b Value> {
        let reference = reference.as_str()?;
        let named = |entry: &&Value| {
            let resource = &entry["resource"];
            let local = || resource["id"].as_str().is_some_and(|id| reference == format!("{kind}/{id}"));
            let ends = || {
                entry["fullUrl"]
                    .as_str()
                    .is_some_and(|url| url == reference || url.ends_with(&format!("/{reference}")))
            };
            resource["resourceType"] == kind && (ends() || local())
        };
        let entry = self.0["entry"].as_array()?.iter().find(named)?;
        Some(&entry["resource"])
    }

    /// Since when the member is where they are now.
    fn moved(encounter: &'b Value) -> Option<&'b Value> {
        let places = encounter["location"].as_array()?;
        let since = places.iter().map(|place| &place["period"]["start"]).filter(|since| since.is_string());
        since.max_by_key(|since| since.as_str().and_then(|since| since.parse::<Timestamp>().ok()))
    }
}
