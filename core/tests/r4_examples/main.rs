//! Every example that HL7 published with FHIR R4 (the npm package `hl7.fhir.r4.examples` 4.0.1), read, changed in one thing
//! and written. What changed is judged by code of this test's own, from the texts alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod edits;
mod flat;
mod grafts;
mod structure;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use caseline::fhir::{Import, Resource};

/// The types that Caseline reads or writes.
const TOUCHED: [&str; 22] = [
    "Appointment",
    "AuditEvent",
    "Bundle",
    "CarePlan",
    "CareTeam",
    "Communication",
    "Consent",
    "DocumentReference",
    "Encounter",
    "Endpoint",
    "EpisodeOfCare",
    "Goal",
    "HealthcareService",
    "Location",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "RelatedPerson",
    "ServiceRequest",
    "Task",
];

fn folder() -> PathBuf {
    caseline_backend::r4_examples().unwrap_or_else(|error| panic!("{error}"))
}

/// Name and text of each example.
fn examples() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .filter(|(name, _)| name != "package.json" && !name.starts_with('.'))
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
        .collect();
    found.sort();
    found
}

/// The examples of the types that are touched: those of the package, and those in its Bundles.
fn touched() -> Vec<(String, Resource)> {
    let mut found = Vec::new();
    for (name, text) in examples() {
        let kind = name.split('-').next().unwrap();
        if kind == "Bundle" {
            for (place, resource) in Import::parse(&text).unwrap().resources().iter().enumerate() {
                if TOUCHED.contains(&resource.kind()) {
                    found.push((format!("{name} {place}"), resource.clone()));
                }
            }
        }
        if TOUCHED.contains(&kind) && text.len() < 2_000_000 {
            found.push((
                name.clone(),
                Resource::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}")),
            ));
        }
    }
    found
}

#[test]
fn every_example_is_read_and_keeps_its_bytes() {
    let (mut files, mut resources) = (0, 0);
    let mut refused = BTreeMap::new();
    for (name, text) in examples() {
        files += 1;
        match Import::parse(&text) {
            Ok(import) => {
                // One after the other they stand in the text, byte for byte.
                let mut rest = text.as_str();
                for resource in import.resources() {
                    resources += 1;
                    let at = rest.find(resource.json()).unwrap_or_else(|| panic!("{name}: {resource:?}"));
                    rest = &rest[at + resource.json().len()..];
                }
            }
            Err(error) => {
                refused.insert(name, error.to_string());
            }
        }
    }
    println!("{files} files, {resources} resources");
    assert!(refused.is_empty(), "{refused:#?}");
    assert_eq!(files, 5306);
}
