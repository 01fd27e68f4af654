//! `cargo xtask bench`: how fast FHIR is read and written, beside serde_json and Python's fhir.resources; how fast all cases are
//! counted, beside plain SQL and folding. In one run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use caseline_backend::{Cache, Step, python_environment, seconds};
use serde_json::Value;

use crate::Failure;
use crate::run::{cargo, check, output, root};

const REQUIREMENTS: &str = include_str!("../../benches/peer/requirements.txt");
const PEER: &str = include_str!("../../benches/peer/peer.py");

/// What is read, changed and written.
const TEXTS: [&str; 4] = ["CarePlan", "CareTeam", "Communication", "Bundle"];

/// What is promised: so many times as fast as each.
const OF_VALUE: f64 = 0.4;
const OF_PEER: f64 = 10.0;
/// And the panel over so many cases within so many milliseconds.
const WITHIN_5_000: f64 = 10.0;
const WITHIN_50_000: f64 = 100.0;

pub(crate) fn run() -> Result<ExitCode, Failure> {
    let cache = Cache::open()?;
    let title = "Python's fhir.resources 8.3.0 (about 10 MB, 60 MB on disk)";
    let python = python_environment(&cache, "fhir-resources-8.3.0", title, REQUIREMENTS)?;
    let target = target()?;
    Step::run("Measuring Caseline and serde_json", || {
        check(cargo(&["bench", "--package", "caseline-benches", "--bench", "reading"])?)
    })?;
    let data = target.join("bench-data");
    fs::create_dir_all(&data).map_err(|error| Failure::Work(format!("{}: {error}", data.display())))?;
    let mut write = cargo(&["run", "--quiet", "--release", "--package", "caseline-benches", "--"])?;
    write.arg(&data);
    check(write)?;
    let theirs = Step::run("Measuring fhir.resources", || {
        let mut peer = Command::new(&python);
        peer.args(["-I", "-c", PEER]).arg(&data);
        output(peer)
    })?;
    let theirs: BTreeMap<String, f64> = serde_json::from_str(&theirs)
        .map_err(|_| Failure::Work("fhir.resources printed no figures".into()))?;
    let mut all_well = true;
    println!("\nRead, changed in one thing, written (median):\n");
    println!("{:<16}{:>12}{:>20}{:>20}", "", "Caseline", "serde_json::Value", "fhir.resources");
    for text in TEXTS {
        let ours = median(&target, text, "caseline")?;
        let value = median(&target, text, "value")?;
        let peer =
            *theirs.get(text).ok_or_else(|| Failure::Work(format!("fhir.resources read no {text}")))?;
        println!(
            "{text:<16}{:>12}{:>20}{:>20}",
            time(ours),
            format!("{} ({:.2} ×)", time(value), value / ours),
            format!("{} ({:.0} ×)", time(peer), peer / ours),
        );
        all_well &= value / ours >= OF_VALUE && peer / ours >= OF_PEER;
    }
    let (small, large) = (median(&target, "import", "1000")?, median(&target, "import", "10000")?);
    println!("\nImported (median):\n");
    println!("{:<16}{:>12}", "5 MB", time(median(&target, "import", "5MB")?));
    println!("{:<16}{:>12}", "1,000 entries", time(small));
    println!(
        "{:<16}{:>12}  ({:.1} × the time for 10 × the entries)",
        "10,000 entries",
        time(large),
        large / small
    );
    all_well &= panel(&target)?;
    let verdict = if all_well { "kept" } else { "NOT kept" };
    println!(
        "\nThe promises, {OF_VALUE} × as fast as serde_json::Value and {OF_PEER:.0} × as fast as fhir.resources, {WITHIN_5_000:.0} ms and {WITHIN_50_000:.0} ms for the panel, are {verdict}."
    );
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Counts all cases of a programme, from an encrypted store. Returns whether what is promised is kept.
fn panel(target: &Path) -> Result<bool, Failure> {
    Step::run("Building programmes of 5,000 and 50,000 cases, and measuring the panel", || {
        check(cargo(&["bench", "--package", "caseline-benches", "--bench", "panel"])?)
    })?;
    println!("\nAll cases at a glance, from the encrypted store (median):\n");
    println!(
        "{:<16}{:>12}{:>12}{:>12}{:>26}{:>16}",
        "", "panel", "one pair", "agenda", "SQL, not encrypted", "folded"
    );
    let mut all_well = true;
    for (cases, within) in [(5_000, WITHIN_5_000), (50_000, WITHIN_50_000)] {
        let of = |what: &str| median(target, "panel", &format!("{cases}_{what}"));
        let ours = of("caseline")?;
        let folds = of("folds").map_or_else(|_| String::new(), time);
        println!(
            "{:<16}{:>12}{:>12}{:>12}{:>26}{folds:>16}",
            format!("{cases} cases"),
            time(ours),
            time(of("pair")?),
            time(of("agenda")?),
            time(of("sql")?)
        );
        all_well &= ours / 1e6 < within;
    }
    Ok(all_well)
}

fn time(nanoseconds: f64) -> String {
    let time = Duration::from_secs_f64(nanoseconds / 1e9);
    if time.as_millis() < 1 {
        format!("{:.1} µs", nanoseconds / 1e3)
    } else if time.as_secs() < 1 {
        format!("{:.1} ms", nanoseconds / 1e6)
    } else {
        seconds(time)
    }
}

/// Where cargo builds.
fn target() -> Result<std::path::PathBuf, Failure> {
    let metadata = output(cargo(&["metadata", "--no-deps", "--format-version", "1"])?)?;
    let metadata: Value = serde_json::from_str(&metadata)
        .map_err(|_| Failure::Work("cargo metadata printed no JSON".into()))?;
    match metadata.get("target_directory").and_then(Value::as_str) {
        Some(folder) => Ok(folder.into()),
        None => Ok(root()?.join("target")),
    }
}

/// What criterion wrote down of one benchmark, in nanoseconds.
fn median(target: &Path, group: &str, name: &str) -> Result<f64, Failure> {
    let path = target.join("criterion").join(group).join(name).join("new/estimates.json");
    let missing = || Failure::Work(format!("there is no figure at {}", path.display()));
    let text = fs::read_to_string(&path).map_err(|_| missing())?;
    let value: Value = serde_json::from_str(&text).map_err(|_| missing())?;
    value.pointer("/median/point_estimate").and_then(Value::as_f64).ok_or_else(missing)
}
