//! People who do not exist, with the whole of their records: Synthea's, made once for each number and seed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cache::{Cache, fingerprint};
use crate::error::{Doing, Error, Result};
use crate::maven::Program;
use crate::process::{last_line, run_to_end};
use crate::python;

const VERSION: &str = "3.2.0";

const PROGRAM: Program = Program {
    name: "synthea",
    title: "Synthea 3.2.0 (about 150 MB)",
    sources: &[("pom.xml", include_str!("../synthea/pom.xml"))],
    libraries: include_str!("../synthea/libs.sha256"),
};

/// What is made, beside number and seed. The dates are fixed, so that the same seed gives the same people on every day, and are
/// those of the demo's story; the files are named by ids, since not every file system takes every name of a person.
const SETTINGS: &[&str] = &[
    "-r",
    "20190301",
    "-e",
    "20190301",
    "--exporter.fhir.export=true",
    "--exporter.fhir.use_us_core_ig=true",
    "--exporter.hospital.fhir.export=true",
    "--exporter.practitioner.fhir.export=true",
    "--exporter.pretty_print=false",
    "--exporter.use_uuid_filenames=true",
    "--exporter.metadata.export=false",
];
const STATE: &str = "Massachusetts";

/// A population of Massachusetts, in FHIR R4 with US Core: transaction Bundles, which refer to hospitals and practitioners
/// by identifier. Those two Bundles go first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// Where all the files are.
    pub folder: PathBuf,
    /// The Bundle of the organisations and their locations.
    pub hospitals: PathBuf,
    /// The Bundle of the practitioners and their roles.
    pub practitioners: PathBuf,
    /// One Bundle for each person, in the order of their ids. Who died is among them beside those who were asked for.
    pub people: Vec<PathBuf>,
}

impl Population {
    /// Makes so many living people with this seed, unless they are in the cache.
    pub fn make(people: u32, seed: i64) -> Result<Self> {
        Self::make_in(&Cache::open()?, people, seed)
    }

    fn make_in(cache: &Cache, people: u32, seed: i64) -> Result<Self> {
        let (people, seed) = (people.to_string(), seed.to_string());
        let pinned = [PROGRAM.libraries, &SETTINGS.join(" "), STATE].concat();
        let name = format!("synthea-{VERSION}-people-{people}-seed-{seed}-{}", fingerprint(&[&pinned]));
        let title = format!("{people} people made by Synthea {VERSION} with seed {seed}");
        if !cache.has(&name) {
            // A step of its own, so that its time is its own.
            PROGRAM.install(cache)?;
        }
        let folder = cache.install(&name, &title, &SETTINGS.join(" "), |folder| {
            make(cache, &name, &title, folder, &people, &seed)
        })?;
        Self::of(&folder)
    }

    /// The population that lies in a folder.
    fn of(folder: &Path) -> Result<Self> {
        let entries = fs::read_dir(folder).doing(|| format!("reading {}", folder.display()))?;
        let (mut hospitals, mut practitioners, mut people) = (None, None, Vec::new());
        for entry in entries {
            let path = entry.doing(|| format!("reading {}", folder.display()))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("hospitalInformation") {
                hospitals = Some(path);
            } else if name.starts_with("practitionerInformation") {
                practitioners = Some(path);
            } else {
                people.push(path);
            }
        }
        people.sort();
        let missing = || Error::Start {
            what: "Synthea".into(),
            reason: format!(
                "it left no people in {}; remove that folder and run this again",
                folder.display()
            ),
        };
        match (hospitals, practitioners) {
            (Some(hospitals), Some(practitioners)) if !people.is_empty() => {
                Ok(Self { folder: folder.to_owned(), hospitals, practitioners, people })
            }
            _ => Err(missing()),
        }
    }

    /// All Bundles, in the order in which they are to be imported.
    pub fn bundles(&self) -> impl Iterator<Item = &Path> {
        [&self.hospitals, &self.practitioners].into_iter().chain(&self.people).map(PathBuf::as_path)
    }
}

fn make(cache: &Cache, name: &str, title: &str, folder: &Path, people: &str, seed: &str) -> Result<()> {
    let jar = PROGRAM.install(cache)?;
    let python = python::find()?.program;
    let log = cache.log(name);
    let jar = jar.display().to_string();
    let out = format!("--exporter.baseDirectory={}", folder.join("made").display());
    let mut command = vec!["java", "-Xmx2g", "-jar", &jar, "-p", people, "-s", seed, "-cs", seed];
    command.extend(SETTINGS.iter().chain([&out.as_str(), &STATE]));
    let failed =
        |reason: String| Error::Install { what: title.to_owned(), reason, log: log.display().to_string() };
    if !run_to_end(&python, &command, folder, &log)?.success() {
        return Err(failed(last_line(&log)));
    }
    let made = folder.join("made/fhir");
    let entries = fs::read_dir(&made).map_err(|_| failed("it wrote no FHIR".into()))?;
    for entry in entries {
        let path = entry.doing(|| format!("reading {}", made.display()))?.path();
        let place = folder.join(path.file_name().unwrap_or_default());
        fs::rename(&path, place).doing(|| format!("moving {}", path.display()))?;
    }
    fs::remove_dir_all(folder.join("made")).doing(|| format!("tidying {}", folder.display()))?;
    // It says so little when it makes nobody that this is where it shows.
    Population::of(folder).map(|_| ()).map_err(|_| failed("it made nobody".into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_files_of_a_population_are_told_apart_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["b.json", "hospitalInformation1.json", "a.json", "practitionerInformation1.json", "INSTALLED"]
        {
            fs::write(folder.path().join(name), "{}").unwrap();
        }
        let population = Population::of(folder.path()).unwrap();
        let names: Vec<_> = population.bundles().map(|path| path.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["hospitalInformation1.json", "practitionerInformation1.json", "a.json", "b.json"]);
        fs::remove_file(population.hospitals).unwrap();
        assert!(Population::of(folder.path()).unwrap_err().to_string().contains("run this again"));
    }
}
