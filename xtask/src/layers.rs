//! `cargo xtask layers`: which part may name which, and what the pure part may depend on.
//!
//! Inside the core: client → queues → domain → ports ← adapters. The queues lie in the store, so they may name it.

mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::Failure;
use crate::run::{cargo, output, root};
use source::{Names, names};

/// The folders that may name a crate of the world outside.
const HOMES: [(&str, &[&str]); 7] = [
    ("aws_lc_rs", &["core/src/fhir", "tests/record"]),
    ("matrix_sdk", &["core/src/matrix"]),
    ("matrix_sdk_base", &["core/src/matrix"]),
    ("matrix_sdk_ui", &["core/src/matrix"]),
    ("matrix_sdk_sqlite", &["core/src/matrix"]),
    // The Matrix adapter hands the SDK a client of our own settings.
    ("reqwest", &["core/src/fhir", "core/src/matrix"]),
    ("rusqlite", &["core/src/store"]),
];

/// Crates that a quick build of the pure part must not contain.
const TOO_HEAVY: [&str; 6] =
    ["matrix-sdk", "matrix-sdk-base", "reqwest", "openssl-sys", "libsqlite3-sys", "uniffi"];

/// Where a module of the core belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Front,
    Queue,
    Domain,
    Adapter,
    Fakes,
}

fn layer(module: &str) -> Layer {
    match module {
        "lib" | "client" | "commands" => Layer::Front,
        // The engine is what the queues share, `records` the outbox's way into the record.
        "outbox" | "inbox" | "engine" | "records" => Layer::Queue,
        "fhir" | "matrix" | "store" => Layer::Adapter,
        "testing" => Layer::Fakes,
        // A new module is pure until somebody says otherwise here.
        _ => Layer::Domain,
    }
}

/// Whether a module of the core may name another.
fn may_name(from: &str, to: &str) -> bool {
    match (layer(from), layer(to)) {
        (Layer::Front, _) | (_, Layer::Domain) | (Layer::Queue, Layer::Queue) => true,
        (Layer::Queue, Layer::Adapter) => matches!(to, "store" | "fhir"),
        // The session's store key and the embedded record's FHIR rules; otherwise adapters know nothing of each other.
        (Layer::Adapter, Layer::Adapter) => {
            from == to || matches!((from, to), ("matrix", "store") | ("store", "fhir"))
        }
        (Layer::Fakes, Layer::Queue | Layer::Adapter | Layer::Fakes) => to != "matrix",
        _ => false,
    }
}

pub(crate) fn run() -> Result<ExitCode, Failure> {
    check()?;
    println!("The layers are in order.");
    Ok(ExitCode::SUCCESS)
}

/// Fails with one line for each thing that goes against the layers.
pub(crate) fn check() -> Result<(), Failure> {
    let root = root()?;
    let mut problems = Vec::new();
    let mut files = BTreeMap::new();
    for folder in ["core/src", "ffi/src", "examples/src"] {
        read(&root, Path::new(folder), &mut files)?;
    }
    problems.extend(in_sources(&files));
    problems.extend(in_features()?);
    if problems.is_empty() {
        return Ok(());
    }
    for problem in &problems {
        eprintln!("  {problem}");
    }
    Err(Failure::Work(format!("{} against the layers", problems.len())))
}

/// Reads all Rust files below a folder, by their paths in the repository.
fn read(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, String>) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| Failure::Work(format!("{}: {error}", path.display()));
    let full = root.join(folder);
    if !full.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(&full).map_err(|error| failed(folder, error))? {
        let path = folder.join(entry.map_err(|error| failed(folder, error))?.file_name());
        if root.join(&path).is_dir() {
            read(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(root.join(&path)).map_err(|error| failed(&path, error))?;
            files.insert(path, text);
        }
    }
    Ok(())
}

/// What the sources name against the rules.
fn in_sources(files: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let core = Path::new("core/src");
    let parsed: BTreeMap<&PathBuf, Names> = files
        .iter()
        .map(|(path, text)| (path, names(text, &module(path.strip_prefix(core).unwrap_or(path)))))
        .collect();
    // The front page's list of re-exports: `crate::Name` names the module that Name comes from.
    let front = parsed.get(&core.join("lib.rs")).map(|names| names.exported.clone()).unwrap_or_default();
    let mut problems = Vec::new();
    for (path, names) in &parsed {
        for (name, line) in &names.crates {
            let homes = HOMES.iter().find(|(of, _)| of == name).map(|(_, homes)| *homes);
            let is_home =
                |home: &&str| path.starts_with(home) || **path == Path::new(home).with_extension("rs");
            if let Some(homes) = homes.filter(|homes| !homes.iter().any(is_home)) {
                let homes = homes.join(" and ");
                problems.push(format!("{}:{line}: only {homes} may name {name}", path.display()));
            }
        }
        let Ok(inside) = path.strip_prefix(core) else { continue };
        let from = module(inside).into_iter().next().unwrap_or_else(|| "lib".into());
        for (name, line) in &names.modules {
            let to = front.get(name).unwrap_or(name);
            // A file of tests may use the fakes, whatever it tests.
            let of_tests = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("_tests"));
            if of_tests && to == "testing" {
                continue;
            }
            if !may_name(&from, to) {
                let told = if to == name { String::new() } else { format!(" (by {name})") };
                problems.push(format!("{}:{line}: {from} may not name {to}{told}", path.display()));
            }
        }
    }
    problems.dedup();
    problems
}

/// The module that a file below `src` holds: `case/fold.rs` is `case`, `fold`.
fn module(file: &Path) -> Vec<String> {
    let mut parts: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// What cargo's features pull in against the rules.
fn in_features() -> Result<Vec<String>, Failure> {
    let pure = ["--package", "caseline", "--no-default-features", "--features", "testing"];
    let tree = [&["tree", "--prefix", "none", "--format", "{p}"][..], &pure[..]].concat();
    let mut problems = heavy(&output(cargo(&tree)?)?);
    let features = ["tree", "--workspace", "--prefix", "none", "--edges", "features"];
    if output(cargo(&features)?)?.contains("serde_json feature \"arbitrary_precision\"") {
        problems.push(
            "serde_json's arbitrary_precision is on: it breaks tagged enums in the whole workspace".into(),
        );
    }
    Ok(problems)
}

fn heavy(tree: &str) -> Vec<String> {
    let crates: std::collections::BTreeSet<_> =
        tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let found = TOO_HEAVY.iter().filter(|name| crates.contains(*name));
    found.map(|name| format!("the pure part of the core depends on {name}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        in_sources(&files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect())
    }

    #[test]
    fn crates_of_the_world_stay_at_home() {
        for (path, text, allowed) in [
            ("core/src/fhir/rest/keys.rs", "use aws_lc_rs::signature::EcdsaKeyPair;", true),
            ("core/src/fhir.rs", "use reqwest::Url;", true),
            ("core/src/care_plan.rs", "fn f() { reqwest::get(\"\") }", false),
            ("core/src/care_plan.rs", "//! reqwest::Client is not used here", true),
            ("core/src/care_plan.rs", "const S: &str = \"use matrix_sdk::Client\";", true),
            ("core/src/client.rs", "use matrix_sdk::Client;", false),
            ("core/src/outbox.rs", "pub(crate) use rusqlite::Transaction;", false),
            ("ffi/src/lib.rs", "use matrix_sdk::Client;", false),
            ("examples/src/bin/keeper.rs", "use rusqlite as sql;", false),
        ] {
            assert_eq!(problems(&[(path, text)]).is_empty(), allowed, "{path}: {text}");
        }
    }

    #[test]
    fn dependencies_point_one_way() {
        for (path, text, allowed) in [
            ("core/src/client.rs", "use crate::matrix::Session; use crate::outbox::Outbox;", true),
            ("core/src/outbox.rs", "use crate::{case::Event, store::Db, ports::Clock};", true),
            ("core/src/outbox.rs", "use crate::matrix::Session;", false),
            ("core/src/outbox/drain.rs", "use crate::client::Caseline;", false),
            ("core/src/case/fold.rs", "use crate::{id::CaseId, store::Db};", false),
            ("core/src/case/fold.rs", "use super::super::inbox::Inbox;", false),
            ("core/src/case/fold.rs", "use super::roster::Roster;", true),
            ("core/src/case/fold.rs", "mod tests { use super::*; use super::super::roster::Roster; }", true),
            ("core/src/case/fold.rs", "mod tests { use super::super::super::store::Db; }", false),
            ("core/src/policy.rs", "fn f(db: &crate::store::Db) {}", false),
            ("core/src/policy.rs", "mod store {} use self::store::X;", true),
            ("core/src/store/db.rs", "use crate::fhir::edit; use crate::case::event::Event;", true),
            ("core/src/store/db.rs", "use crate::outbox::Entry;", false),
            ("core/src/fhir/rest.rs", "use crate::matrix::Session;", false),
            ("core/src/lib.rs", "pub use client::Caseline; mod store;", true),
            ("core/src/testing.rs", "use crate::store::Db;", true),
        ] {
            assert_eq!(problems(&[(path, text)]).is_empty(), allowed, "{path}: {text}");
        }
    }

    #[test]
    fn a_detour_over_the_front_page_is_seen() {
        let front = (
            "core/src/lib.rs",
            "mod store;\npub use crate::store::{Db, key::StoreKey as Key};\npub use case::Case;",
        );
        let told = problems(&[front, ("core/src/policy.rs", "use crate::Case;\nuse crate::Key;")]);
        assert_eq!(told, ["core/src/policy.rs:2: policy may not name store (by Key)"]);
    }

    #[test]
    fn heavy_crates_are_found_by_their_whole_name() {
        assert!(heavy("caseline v0.1.0\nmatrix-sdk-crypto-ffi v1\nuniffi_core v0.32.2").is_empty());
        assert_eq!(heavy("caseline v0.1.0\nuniffi v0.32.2 (*)").len(), 1);
    }
}
