//! People who do not exist in the place of the story's member: Synthea's, each with a care team and a care plan of theirs.

use std::path::{Path, PathBuf};

use caseline::fhir::{Import, care_team, member};
use caseline::member::Member;
use caseline_backend::Population;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::trouble::{Doing, Trouble};
use crate::scan::Words;
use crate::story::{self, Story};
use crate::yaml;

/// The types that make up a directory: what of a story's Bundle stays where others take its member's place.
const DIRECTORY: [&str; 4] = ["Organization", "Practitioner", "PractitionerRole", "Endpoint"];

/// Those in the member's place, and where their records are.
#[derive(Debug, Default)]
pub(super) struct People {
    /// Each of them.
    pub(super) all: Vec<Person>,
    /// The organisation, by its name in the story, whose record has all of them; the other has their Patients.
    pub(super) home: String,
    /// The Bundles of hospitals and of practitioners, which come first.
    pub(super) first: Vec<PathBuf>,
    /// Whom the story's own care team names: they are named for each case.
    pub(super) contacts: Vec<Value>,
}

/// Somebody in the member's place.
#[derive(Debug)]
pub(super) struct Person {
    /// What the transcript and the story's people call them.
    pub(super) name: String,
    /// Who they are.
    pub(super) member: Member,
    /// Their Bundle.
    bundle: PathBuf,
    /// Their Patient.
    patient: Value,
}

impl People {
    /// Chooses so many of a population of this seed.
    pub(super) fn choose(story: &Story, many: u32, seed: i64) -> Result<Self, Trouble> {
        let Some(of_story) = &story.member else {
            let text = "--people needs a story with a `member:` whose place they take (examples/STORIES.md)";
            return Err(Trouble::Usage(text.into()));
        };
        let (home, contacts) = named(story, of_story)?;
        // Not everybody has a team that goes on.
        let population = Population::make(many.saturating_mul(2).saturating_add(4), seed)?;
        let mut found = Vec::new();
        for path in &population.people {
            let length = std::fs::metadata(path).doing("reading a person's Bundle")?.len();
            found.push((length, path));
        }
        // The shortest lives first: what the demo shows does not grow with somebody's illnesses.
        found.sort();
        let mut people = Vec::new();
        for (_, path) in found {
            if people.len() == many as usize {
                break;
            }
            people.extend(Person::of(path)?);
        }
        if people.len() < many as usize {
            return Err(Trouble::Missing(format!(
                "of the people of seed {seed} only {} have a care team and a care plan that go on: ask for fewer, or another --seed",
                people.len()
            )));
        }
        Ok(Self { all: people, home, first: vec![population.hospitals, population.practitioners], contacts })
    }

    /// The Bundles for the record of an organisation that is to have all of them, beside its directory.
    pub(super) fn bundles(&self) -> impl Iterator<Item = &Path> {
        self.first.iter().chain(self.all.iter().map(|person| &person.bundle)).map(PathBuf::as_path)
    }

    /// A story's Bundle with its directory alone; with the Patients of these people, if asked for, which no second import
    /// doubles.
    pub(super) fn in_place(&self, story: &Value, patients: bool) -> Value {
        let entries = story.get("entry").and_then(Value::as_array);
        let kind = |entry: &&Value| {
            let kind = entry.pointer("/resource/resourceType").and_then(Value::as_str);
            kind.is_some_and(|kind| DIRECTORY.contains(&kind))
        };
        let mut kept: Vec<Value> = entries.into_iter().flatten().filter(kind).cloned().collect();
        if patients {
            kept.extend(self.all.iter().map(|person| {
                json!({
                    "fullUrl": person.patient.get("id").and_then(Value::as_str).map(|id| format!("urn:uuid:{id}")),
                    "resource": person.patient,
                    "request": {
                        "method": "POST", "url": "Patient",
                        "ifNoneExist": format!("identifier={}", person.member.id.as_str()),
                    },
                })
            }));
        }
        json!({ "resourceType": "Bundle", "type": "transaction", "entry": kept })
    }

    /// The members' own words in their Bundles.
    pub(super) fn words(&self) -> Result<Words, Trouble> {
        let mut words = Words::default();
        for person in &self.all {
            words.extend(Words::of_bundle(&json!({ "entry": [{ "resource": person.patient }] })));
            let bundle: Value = serde_json::from_str(&yaml::text(&person.bundle)?)
                .map_err(|_| Trouble::Missing("a person's Bundle is not JSON".into()))?;
            words.extend(Words::of_bundle(&bundle));
        }
        Ok(words)
    }

    /// Their names, in words.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.all.iter().map(|person| person.name.as_str()).collect();
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => names.join(""),
        }
    }
}

impl Person {
    /// Whoever a Bundle is about, if they are living and have a care team and a care plan that go on.
    fn of(path: &Path) -> Result<Option<Self>, Trouble> {
        let text = yaml::text(path)?;
        let Ok(bundle) = serde_json::from_str::<Value>(&text) else { return Ok(None) };
        let entries = bundle.get("entry").and_then(Value::as_array);
        let resources: Vec<&Value> =
            entries.into_iter().flatten().filter_map(|entry| entry.get("resource")).collect();
        let of_kind = |kind: &'static str| {
            resources.iter().copied().filter(move |one| string(one, "/resourceType") == Some(kind))
        };
        let goes_on = |one: &Value| string(one, "/status") == Some("active");
        let team = |plan: &Value| {
            let team = string(plan, "/careTeam/0/reference").unwrap_or_default().to_owned();
            of_kind("CareTeam").any(|one| {
                goes_on(one) && string(one, "/id").is_some_and(|id| team == format!("urn:uuid:{id}"))
            })
        };
        let Some(patient) = of_kind("Patient").next() else { return Ok(None) };
        let died = patient.as_object().is_some_and(|it| it.keys().any(|key| key.starts_with("deceased")));
        if died || !of_kind("CarePlan").any(|plan| goes_on(plan) && team(plan)) {
            return Ok(None);
        }
        let name = string(patient, "/name/0/given/0").unwrap_or("somebody").to_owned();
        let read = Import::parse(&patient.to_string()).and_then(|import| match import.patients().next() {
            Some(patient) => member(patient),
            None => Err(caseline::Error::NotFound { what: "member" }),
        });
        // Whoever cannot be a case's member is passed over.
        let Ok(member) = read else { return Ok(None) };
        Ok(Some(Self { name, member, bundle: path.to_owned(), patient: patient.clone() }))
    }
}

/// Whose record has the story's care team, and whom that team names.
fn named(story: &Story, of_story: &story::Member) -> Result<(String, Vec<Value>), Trouble> {
    let wrong = |text: String| Trouble::Missing(text);
    for (key, organization) in &story.organizations {
        let import = Import::parse(&yaml::text(&organization.bundle)?)
            .map_err(|error| wrong(format!("{}: {error}", organization.bundle.display())))?;
        let Some(team) = import.identified("CareTeam", &of_story.care_team) else { continue };
        let day = Timestamp::to_zoned(story.begins, TimeZone::UTC).date();
        let proposal = care_team(&import, team, None, day)
            .map_err(|error| wrong(format!("{}: {error}", organization.bundle.display())))?;
        // The keepers are named with both sides.
        let people = proposal.seats.iter().filter(|seat| !seat.is_keeper());
        let contacts = people.map(|seat| json!({ "contact": seat.contact.id, "lead": seat.lead })).collect();
        return Ok((key.clone(), contacts));
    }
    Err(wrong(format!("no Bundle of the story has the care team {}", of_story.care_team)))
}

fn string<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}
