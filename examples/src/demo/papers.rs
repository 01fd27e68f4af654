//! The files of a story as its clients get them: with the running servers' names in place of the written ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caseline_backend::BackendDescription;
use serde_json::Value;

use super::people::People;
use super::trouble::{Doing, Trouble};
use crate::scan::Words;
use crate::story::Story;
use crate::yaml::{self, Mistake};

/// The Bundles, agreement and rule set, ready to load.
#[derive(Debug)]
pub(super) struct Papers {
    /// The Bundles for each organisation's record, in the order in which they are imported.
    pub(super) bundles: BTreeMap<String, Vec<PathBuf>>,
    /// What a keeper imports at every start: it changes nothing the second time.
    pub(super) for_keepers: BTreeMap<String, PathBuf>,
    /// The members' own words in them.
    pub(super) words: Words,
}

/// Writes the Bundles into `folder`, the running servers' names put in the place of the written ones, and others in the place of
/// the story's member where there are any.
pub(super) fn prepare(
    story: &Story,
    people: Option<&People>,
    backend: &BackendDescription,
    folder: &Path,
) -> Result<Papers, Trouble> {
    let names: Vec<(String, String)> = story
        .organizations
        .iter()
        .filter_map(|(key, organization)| {
            let running = backend.homeserver(Story::server_of(key))?.server_name.clone();
            Some((organization.server.clone(), running))
        })
        .collect();
    let mut papers = Papers {
        bundles: BTreeMap::new(),
        for_keepers: BTreeMap::new(),
        words: people.map_or(Ok(Words::default()), People::words)?,
    };
    for (key, organization) in &story.organizations {
        let text = yaml::text(&organization.bundle)?;
        let parsed: Value = serde_json::from_str(&text)
            .map_err(|error| Mistake::new(&organization.bundle, "is not JSON").at(error.line() as u64, ""))?;
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, with_servers(text, &parsed, &names)).doing("writing a Bundle")?;
            Ok::<PathBuf, Trouble>(path)
        };
        let known = || {
            organization
                .directory
                .iter()
                .enumerate()
                .map(|(n, directory)| {
                    let text = yaml::text(directory)?;
                    let parsed: Value = serde_json::from_str(&text).map_err(|error| {
                        Mistake::new(directory, "is not JSON").at(error.line() as u64, "")
                    })?;
                    let path = folder.join(format!("{key}-directory-{n}.json"));
                    std::fs::write(&path, with_servers(&text, &parsed, &names)).doing("writing a Bundle")?;
                    Ok::<PathBuf, Trouble>(path)
                })
                .collect::<Result<Vec<_>, _>>()
        };
        let Some(people) = people else {
            papers.words.extend(Words::of_bundle(&parsed));
            let path = write(&format!("{key}.json"), &text)?;
            papers.for_keepers.insert(key.clone(), path.clone());
            let bundles = std::iter::once(path).chain(known()?).collect();
            papers.bundles.insert(key.clone(), bundles);
            continue;
        };
        // Who is no side of the case has no Patient, in the story and here.
        let of_patient = |entry: &Value| {
            entry.pointer("/resource/resourceType").and_then(Value::as_str) == Some("Patient")
        };
        let side =
            parsed.get("entry").and_then(Value::as_array).is_some_and(|all| all.iter().any(of_patient));
        let patients = write(&format!("{key}-patients.json"), &people.in_place(&parsed, side).to_string())?;
        papers.for_keepers.insert(key.clone(), patients.clone());
        let mut bundles: Vec<PathBuf> = if people.home == *key {
            let directory = write(&format!("{key}.json"), &people.in_place(&parsed, false).to_string())?;
            std::iter::once(directory).chain(people.bundles().map(Path::to_owned)).collect()
        } else {
            vec![patients]
        };
        bundles.extend(known()?);
        papers.bundles.insert(key.clone(), bundles);
    }
    for paper in [&story.agreement, &story.rules].into_iter().chain(&story.programme) {
        yaml::text(paper)?;
    }
    Ok(papers)
}

/// The text with other servers in the Endpoints' addresses. Everything else keeps its bytes, numbers included.
fn with_servers(text: &str, parsed: &Value, names: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    let entries = parsed.get("entry").and_then(Value::as_array);
    let endpoints = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("resource"))
        .filter(|resource| resource.get("resourceType").and_then(Value::as_str) == Some("Endpoint"));
    for address in endpoints.filter_map(|endpoint| endpoint.get("address")?.as_str()) {
        let Some((local, server)) = address.split_once(':').and_then(|(scheme, rest)| {
            let (local, server) = rest.rsplit_once(':')?;
            Some((format!("{scheme}:{local}"), server))
        }) else {
            continue;
        };
        if let Some((_, running)) = names.iter().find(|(written, _)| written == server) {
            text = text.replace(&format!("\"{address}\""), &format!("\"{local}:{running}\""));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn only_the_addresses_change() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cp.json");
        let text = std::fs::read_to_string(file).unwrap();
        let parsed = serde_json::from_str(&text).unwrap();
        let names = [
            ("cp.example".to_owned(), "localhost:4001".to_owned()),
            ("aco.example".to_owned(), "localhost:4002".to_owned()),
        ];
        let changed = with_servers(&text, &parsed, &names);
        assert!(changed.contains("\"matrix:u/jane:localhost:4001\""));
        assert!(changed.contains("\"matrix:u/keeper:localhost:4002\""));
        assert!(!changed.contains("matrix:u/joe:aco.example"));
        assert!(changed.contains("1.50"), "a decimal keeps its digits");
        assert_eq!(changed.lines().count(), text.lines().count());
        let differing = changed.lines().zip(text.lines()).filter(|(new, old)| new != old);
        assert!(differing.map(|(new, _)| new).all(|line| line.contains("\"address\"")));
    }
}
