//! The table of R4's structure says what the standard's StructureDefinitions say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::{TOUCHED, folder};

const TABLE: &str = include_str!("../../src/fhir/check/r4.txt");

/// Value sets with more codes than this are not listed.
const MANY: usize = 60;

/// A type: what it is based on, and its elements as the table spells them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Type {
    base: Option<String>,
    elements: Vec<String>,
}

/// The table, split anew.
fn table() -> BTreeMap<String, Type> {
    let mut types = BTreeMap::new();
    let mut body: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(' ') {
            body.entry(current.clone()).or_default().push_str(line);
        } else {
            let (name, base) = line.split_once(" : ").map_or((line, None), |(name, base)| (name, Some(base)));
            types.insert(name.to_owned(), Type { base: base.map(Into::into), elements: Vec::new() });
            current = name.to_owned();
        }
    }
    for (name, body) in body {
        let elements = body.split(',').map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
        types.get_mut(&name).unwrap().elements = elements.collect();
    }
    types
}

struct Standard {
    sets: BTreeMap<String, Value>,
}

fn json(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

impl Standard {
    fn read() -> Self {
        let mut sets = BTreeMap::new();
        for entry in fs::read_dir(folder()).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            if name.starts_with("ValueSet-") || name.starts_with("CodeSystem-") {
                let set = json(&name);
                sets.insert(set["url"].as_str().unwrap().to_owned(), set);
            }
        }
        Self { sets }
    }

    /// The codes of a value set, where it lists them.
    fn codes(&self, url: &str) -> Option<Vec<String>> {
        let set = self.sets.get(url.split('|').next()?)?;
        let mut out = Vec::new();
        if !set["compose"]["exclude"].is_null() {
            return None;
        }
        for include in set["compose"]["include"].as_array()? {
            if !include["filter"].is_null() {
                return None;
            }
            if let Some(of) = include["valueSet"].as_array() {
                for url in of {
                    out.extend(self.codes(url.as_str()?)?);
                }
            } else if let Some(listed) = include["concept"].as_array() {
                out.extend(listed.iter().filter_map(|one| one["code"].as_str().map(Into::into)));
            } else {
                let system = self.sets.get(include["system"].as_str()?)?;
                if system["content"] != "complete" {
                    return None;
                }
                concepts(&system["concept"], &mut out);
            }
        }
        let mut seen = BTreeSet::new();
        out.retain(|code| seen.insert(code.clone()));
        Some(out)
    }

    /// A type and the types within it.
    fn types(&self, name: &str) -> BTreeMap<String, Type> {
        let definition = json(&format!("StructureDefinition-{name}.json"));
        let base = definition["baseDefinition"].as_str().and_then(|url| url.rsplit('/').next());
        let elements = definition["snapshot"]["element"].as_array().unwrap();
        let paths: Vec<&str> = elements.iter().map(|element| element["path"].as_str().unwrap()).collect();
        let inherited = base.map(names).unwrap_or_default();
        let mut types = BTreeMap::new();
        types.insert(name.to_owned(), Type { base: base.map(Into::into), elements: Vec::new() });
        for (element, path) in elements.iter().zip(&paths).skip(1) {
            let (parent, last) = path.rsplit_once('.').unwrap();
            let known = if parent == name {
                inherited.contains(last)
            } else {
                ["id", "extension"].contains(&last) || (last == "modifierExtension")
            };
            let mut of = of(element);
            if ["BackboneElement", "Element"].contains(&of.as_str())
                && paths.iter().any(|one| one.starts_with(&format!("{path}.")))
            {
                types.insert((*path).to_owned(), Type { base: Some(of), elements: Vec::new() });
                of = (*path).to_owned();
            }
            if known {
                continue;
            }
            let binding = &element["binding"];
            if of == "code" && binding["strength"] == "required" {
                let codes = self.codes(binding["valueSet"].as_str().unwrap());
                if let Some(codes) = codes.filter(|codes| codes.len() <= MANY) {
                    of = format!("code({})", codes.join(" "));
                }
            }
            let card = match (element["min"].as_u64().unwrap(), element["max"].as_str().unwrap()) {
                (0, "1") => '?',
                (_, "1") => '!',
                (0, _) => '*',
                _ => '+',
            };
            types.get_mut(parent).unwrap().elements.push(format!("{last}{card} {of}"));
        }
        types
    }
}

fn concepts(of: &Value, out: &mut Vec<String>) {
    for concept in of.as_array().into_iter().flatten() {
        out.push(concept["code"].as_str().unwrap().to_owned());
        concepts(&concept["concept"], out);
    }
}

/// The names of a type's elements, those that it has from others among them.
fn names(name: &str) -> BTreeSet<String> {
    let definition = json(&format!("StructureDefinition-{name}.json"));
    let elements = definition["snapshot"]["element"].as_array().unwrap();
    elements
        .iter()
        .skip(1)
        .map(|one| one["path"].as_str().unwrap().rsplit('.').next().unwrap().into())
        .collect()
}

/// The types that an element can have.
fn of(element: &Value) -> String {
    if let Some(other) = element["contentReference"].as_str() {
        return other.trim_start_matches('#').to_owned();
    }
    let mut types: Vec<String> = Vec::new();
    for one in element["type"].as_array().unwrap() {
        let code = one["code"].as_str().unwrap();
        let code = if code.starts_with("http://hl7.org/fhirpath/") {
            one["extension"].as_array().unwrap().iter().find_map(|one| one["valueUrl"].as_str()).unwrap()
        } else {
            code
        };
        if !types.iter().any(|one| one == code) {
            types.push(code.to_owned());
        }
    }
    if types.len() > 40 { "any".into() } else { types.join("|") }
}

#[test]
fn the_table_is_the_standard() {
    let (table, standard) = (table(), Standard::read());
    for kind in TOUCHED {
        assert!(table.contains_key(kind), "{kind}");
    }
    let mut expected = BTreeMap::new();
    for name in table.keys().filter(|name| !name.contains('.')) {
        expected.extend(standard.types(name));
    }
    for (name, of) in &expected {
        assert_eq!(table.get(name), Some(of), "{name}");
    }
    assert_eq!(table.len(), expected.len());
    // Whatever an element consists of is in the table too.
    for (name, of) in &table {
        for element in &of.elements {
            let (_, of) = element.split_once(' ').unwrap();
            for one in of.split('|').filter(|one| one.starts_with(|c: char| c.is_ascii_uppercase())) {
                assert!(table.contains_key(one), "{name}.{element}");
            }
        }
    }
}
