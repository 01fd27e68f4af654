//! The proof: what both records hold, that the audit chains are whole, and that no server has a word of the member's.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::actor::LATER;
use super::play::{Played, settle};
use super::seen::{list, text};
use super::stage::Stage;
use super::table::Table;
use super::transcript::Transcript;
use super::trouble::{Doing, Trouble};
use crate::scan::{self, Scan};

/// The kinds of resources that the proof counts.
const KINDS: [&str; 14] = [
    "Patient",
    "CareTeam",
    "CarePlan",
    "Goal",
    "Communication",
    "Consent",
    "EpisodeOfCare",
    "Flag",
    "ServiceRequest",
    "Task",
    "Encounter",
    "Appointment",
    "Provenance",
    "AuditEvent",
];
/// A single word of a story's texts is looked for where it is longer.
const SHORT: usize = 12;
/// Those of which it prints the ids.
const WITH_IDS: [&str; 3] = ["CareTeam", "CarePlan", "Communication"];

/// Proves what the play promised.
/// Writes what the cases wrote into both records into the folder `into`, where there is one.
pub(super) fn prove(
    stage: &mut Stage<'_>,
    transcript: &Transcript,
    played: &Played,
    into: Option<&Path>,
) -> Result<(), Trouble> {
    settle(stage)?;
    transcript.heading("Proof");
    records(stage, played, into)?;
    audit(stage)?;
    nothing_said(stage, &played.texts)
}

/// Counts the resources of each organisation's record: the FHIR server's, or the embedded one of somebody who took part. What
/// the story has sent must be there, written by its cases.
fn records(stage: &mut Stage<'_>, played: &Played, into: Option<&Path>) -> Result<(), Trouble> {
    let story = stage.story;
    let of_cases = [
        ("CareTeam", played.cases()),
        ("CarePlan", played.plans),
        ("Communication", played.messages),
        ("Task", played.tasks),
    ];
    let of_office = [("Communication", played.concerns)];
    for (key, organization) in &story.organizations {
        let expected: &[(&str, usize)] = match key.as_str() {
            "office" => &of_office,
            // What it holds depends on whether a referral reached it.
            "agency" => &[],
            _ => &of_cases,
        };
        let Some(reader) = reader(stage, key)? else { continue };
        let place = if stage.on_fhir(key) {
            stage
                .backend
                .record(key)
                .map_or(String::new(), |record| format!("the FHIR server {}", record.url))
        } else {
            format!("the embedded record on the device of {}", story.name_of(&reader))
        };
        Transcript::says(&format!("{}: {place}", organization.name));
        let mut table = Table::new(&["resource", "count", "by the cases", "ids"]);
        let mut missing = None;
        for kind in KINDS {
            let answer = stage.actor(&reader)?.call("record", json!({ "kind": kind }), LATER)?;
            let count = answer.get("count").and_then(Value::as_u64).unwrap_or(0);
            let asked = json!({ "kind": kind, "written": true, "texts": into.is_some() });
            let answer = stage.actor(&reader)?.call("record", asked, LATER)?;
            let written = answer.get("count").and_then(Value::as_u64).unwrap_or(0);
            let least = expected.iter().find(|(of, _)| *of == kind).map_or(0, |(_, least)| *least as u64);
            if written < least {
                missing.get_or_insert_with(|| {
                    format!("{place} has {written} resources {kind} of the cases, and the story makes at least {least}")
                });
            }
            if count == 0 {
                continue;
            }
            let ids: Vec<&str> = list(&answer, "ids").iter().filter_map(Value::as_str).collect();
            if let Some(folder) = into {
                let texts = list(&answer, "texts").iter().filter_map(Value::as_str);
                keep(&folder.join(key), kind, ids.iter().copied().zip(texts))?;
            }
            let shown: &[&str] = if WITH_IDS.contains(&kind) && !ids.is_empty() { &ids } else { &[""] };
            for (n, id) in shown.iter().enumerate() {
                let cells = match n {
                    0 => [kind.to_owned(), count.to_string(), written.to_string()],
                    _ => Default::default(),
                };
                table.row(cells.into_iter().chain([(*id).to_owned()]));
            }
        }
        Transcript::shows(&table);
        if let Some(missing) = missing {
            return Err(Trouble::Proof(missing));
        }
    }
    if let Some(folder) = into {
        Transcript::says(&format!("What the cases wrote is in {}.", folder.display()));
    }
    Ok(())
}

/// Writes resources of one type into a folder, each into a file of its own.
fn keep<'t>(
    folder: &Path,
    kind: &str,
    resources: impl Iterator<Item = (&'t str, &'t str)>,
) -> Result<(), Trouble> {
    std::fs::create_dir_all(folder).doing("making a folder for the records")?;
    for (id, text) in resources {
        std::fs::write(folder.join(format!("{kind}-{id}.json")), text).doing("writing a resource")?;
    }
    Ok(())
}

/// Whoever of an organisation shows its record: of those who run, the one with the most cases; a person before a keeper.
fn reader(stage: &mut Stage<'_>, organization: &str) -> Result<Option<String>, Trouble> {
    let mut best: Option<(usize, String)> = None;
    let of = |keeper: bool| {
        let found = stage.actors.values().filter(move |actor| {
            actor.organization == organization && actor.keeper == keeper && actor.is_reachable()
        });
        found.map(|actor| actor.key.clone()).collect::<Vec<_>>()
    };
    for key in [of(false), of(true)].concat() {
        let answer = stage.actor(&key)?.call("cases", json!({}), LATER)?;
        let cases = list(&answer, "cases").len();
        if best.as_ref().is_none_or(|(most, _)| cases > *most) {
            best = Some((cases, key));
        }
    }
    Ok(best.map(|(_, key)| key))
}

fn audit(stage: &mut Stage<'_>) -> Result<(), Trouble> {
    let mut entries = 0;
    let mut chains = 0;
    for (key, answer) in stage.ask_all("audit", &json!({}))? {
        for chain in list(&answer, "chains") {
            if chain.get("ok").and_then(Value::as_bool) != Some(true) {
                let name = stage.story.name_of(&key);
                let problem = text(chain, "problem");
                return Err(Trouble::Proof(format!(
                    "an audit chain on the device of {name} is broken: {problem}"
                )));
            }
            chains += 1;
            entries += chain.get("length").and_then(Value::as_u64).unwrap_or(0);
        }
    }
    Transcript::says(&format!(
        "Audit: {chains} chains verified, {entries} disclosures on record, each chained to the one before."
    ));
    Ok(())
}

/// Looks for the member's words in everything that the servers keep, and in everything that the devices keep and say.
pub(super) fn nothing_said(stage: &mut Stage<'_>, texts: &[String]) -> Result<(), Trouble> {
    let mut words = std::mem::take(&mut stage.papers.words);
    // One short word (a facility that is called General) can stand in any database.
    for text in texts.iter().filter(|text| text.len() > SHORT || text.contains(char::is_whitespace)) {
        words.add(text);
    }
    let mut servers: Vec<PathBuf> = Vec::new();
    for homeserver in &stage.backend.homeservers {
        servers.extend(homeserver.database.iter().flat_map(|path| scan::database(path)));
        servers.extend(homeserver.media.clone());
        servers.extend(homeserver.log.clone());
    }
    let asked = words.len();
    for (what, paths) in [
        ("both homeservers' databases, media and logs", servers),
        ("the devices' stores and logs", vec![stage.folder().join("stores"), stage.folder().join("logs")]),
    ] {
        let scan = words.scan(paths.iter().map(PathBuf::as_path)).doing("looking for the member's words")?;
        clean(&scan)?;
        if scan.files == 0 {
            Transcript::says(&format!("Scan: {what} are not on this machine."));
        } else {
            Transcript::says(&format!(
                "Scan: {what}: {} files, {} KiB, {asked} words and texts of the member looked for, none found.",
                scan.files,
                scan.bytes / 1024,
            ));
        }
    }
    Ok(())
}

fn clean(scan: &Scan) -> Result<(), Trouble> {
    match scan.found.first() {
        None => Ok(()),
        Some((path, count)) => Err(Trouble::Proof(format!(
            "{count} of the member's words or texts stand in {}",
            Path::new(path).display()
        ))),
    }
}
