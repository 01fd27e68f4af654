//! A JSON text as a list of its values with their places, by serde_json's raw values: nothing of this is Caseline's.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// One part of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Member(String),
    Item(usize),
}

/// A value and where it stands in the text.
#[derive(Debug, Clone)]
pub(crate) struct Value<'t> {
    pub(crate) path: Vec<Step>,
    pub(crate) raw: &'t str,
    pub(crate) range: Range<usize>,
    /// How many are directly in it.
    pub(crate) size: usize,
}

impl Value<'_> {
    /// The path as Caseline spells it.
    pub(crate) fn spelled(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            match step {
                Step::Member(name) if out.is_empty() => out.push_str(name),
                Step::Member(name) => out.extend([".", name]),
                Step::Item(index) => out.push_str(&format!("[{index}]")),
            }
        }
        out
    }

    pub(crate) fn is_list(&self) -> bool {
        self.raw.starts_with('[')
    }

    pub(crate) fn is_leaf(&self) -> bool {
        !self.raw.starts_with(['[', '{'])
    }
}

/// All values of a text, the outermost first.
pub(crate) fn values(text: &str) -> Vec<Value<'_>> {
    let raw: &RawValue = serde_json::from_str(text).unwrap();
    let mut out = Vec::new();
    add(text, raw.get(), &mut Vec::new(), &mut out);
    out
}

/// The leaves of a text by their paths, each with its bytes.
pub(crate) fn leaves(text: &str) -> BTreeMap<String, String> {
    values(text)
        .into_iter()
        .filter(|value| value.is_leaf() || value.size == 0)
        .map(|value| (value.spelled(), value.raw.to_owned()))
        .collect()
}

fn add<'t>(text: &'t str, raw: &'t str, path: &mut Vec<Step>, out: &mut Vec<Value<'t>>) {
    let start = raw.as_ptr() as usize - text.as_ptr() as usize;
    let mut parts = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(raw);
    if raw.starts_with('{') {
        parts = (&mut reader).deserialize_map(Parts).unwrap();
    } else if raw.starts_with('[') {
        parts = (&mut reader).deserialize_seq(Parts).unwrap();
    }
    out.push(Value { path: path.clone(), raw, range: start..start + raw.len(), size: parts.len() });
    for (step, part) in parts {
        path.push(step);
        add(text, part, path, out);
        path.pop();
    }
}

struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Vec<(Step, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            out.push((Step::Member(name), value.get()));
        }
        Ok(out)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some(value) = seq.next_element::<&RawValue>()? {
            out.push((Step::Item(out.len()), value.get()));
        }
        Ok(out)
    }
}
