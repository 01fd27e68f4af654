//! Lossless JSON text: read as a tree of slices, edited by splicing.
//!
//! Every node knows its own text, so what an edit does not name stays byte for byte as it was: order, white space, a
//! decimal's digits, elements that we have never heard of. (RFC 8259; FHIR R4, 2.6.2 "JSON representation".)

use std::borrow::Cow;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{InvalidInput, Result};

/// The longest text that is read, in bytes.
const MAX_SIZE: usize = 50 * 1024 * 1024;

/// The deepest nesting that is read. FHIR resources stay far below; `serde_json`'s own limit is 128.
const MAX_DEPTH: usize = 100;

/// A JSON value with the text that it was read from.
pub(crate) struct Node<'a> {
    raw: &'a str,
    shape: Shape<'a>,
}

enum Shape<'a> {
    Object(Vec<(String, Node<'a>)>),
    Array(Vec<Node<'a>>),
    Leaf,
}

/// What an edit makes of a node, which has this name where it is a member: another text, or `None`.
type Change<'c, 'a, E> = dyn FnMut(&str, &Node<'a>) -> Result<Option<String>, E> + 'c;

/// Reads a whole text.
///
/// # Errors
/// `InvalidInput`: `invalid-json` where it is not JSON or names a member twice; `json-too-large`; `json-too-deep`. With the
/// line.
pub(crate) fn parse(text: &str) -> Result<Node<'_>> {
    if text.len() > MAX_SIZE {
        return Err(InvalidInput::new("json-too-large", "the text is longer than 50 MiB").into());
    }
    // Some editors put a byte order mark first; RFC 8259, section 8.1, lets a reader pass over it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
        InvalidInput::new("invalid-json", "this is not JSON").line(error.line().max(1) as u64)
    })?;
    Ok(node(text, raw.get(), 0)?)
}

fn node<'a>(whole: &str, raw: &'a str, depth: usize) -> Result<Node<'a>, InvalidInput> {
    let here = || line_of(whole, offset(whole, raw));
    if depth > MAX_DEPTH {
        return Err(InvalidInput::new("json-too-deep", "the text is nested too deeply").line(here()));
    }
    let wrong = |_| InvalidInput::new("invalid-json", "this is not JSON").line(here());
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    let shape = match raw.as_bytes().first() {
        Some(b'{') => {
            let entries = deserializer.deserialize_map(Members).map_err(wrong)?;
            let mut members: Vec<(String, Node<'a>)> = Vec::with_capacity(entries.len());
            let mut seen = std::collections::HashSet::with_capacity(entries.len());
            for (key, value) in entries {
                if !seen.insert(key.clone()) {
                    return Err(InvalidInput::new("invalid-json", "an object names one member twice")
                        .line(line_of(whole, offset(whole, value.get()))));
                }
                members.push((key, node(whole, value.get(), depth + 1)?));
            }
            Shape::Object(members)
        }
        Some(b'[') => {
            let items = deserializer.deserialize_seq(Items).map_err(wrong)?;
            Shape::Array(
                items.into_iter().map(|item| node(whole, item.get(), depth + 1)).collect::<Result<_, _>>()?,
            )
        }
        _ => Shape::Leaf,
    };
    Ok(Node { raw, shape })
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(entry) = map.next_entry()? {
            members.push(entry);
        }
        Ok(members)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
}

/// Where `part`, a slice of `whole`, begins in it.
fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize).min(whole.len())
}

/// The line of a byte, counted from 1.
pub(crate) fn line_of(text: &str, at: usize) -> u64 {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count() as u64
}

/// A text as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'a> Node<'a> {
    /// The node's text, byte for byte.
    pub(crate) fn raw(&self) -> &'a str {
        self.raw
    }

    /// The members of an object, in their order; none of anything else.
    pub(crate) fn members(&self) -> &[(String, Node<'a>)] {
        match &self.shape {
            Shape::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of an array; none of anything else.
    pub(crate) fn items(&self) -> &[Node<'a>] {
        match &self.shape {
            Shape::Array(items) => items,
            _ => &[],
        }
    }

    /// The items of an array, or the node itself: for FHIR elements that repeat in one resource and not in another.
    pub(crate) fn each(&self) -> &[Node<'a>] {
        match &self.shape {
            Shape::Array(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self.shape, Shape::Object(_))
    }

    /// Whether it is an array.
    pub(crate) fn is_array(&self) -> bool {
        matches!(self.shape, Shape::Array(_))
    }

    /// A member of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The items of a member, or none.
    pub(crate) fn list(&self, key: &str) -> &[Node<'a>] {
        self.get(key).map_or(&[], Node::each)
    }

    /// The text of a string.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        let inner = self.raw.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            serde_json::from_str::<String>(self.raw).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// The text of a string member.
    pub(crate) fn str(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key)?.text()
    }

    /// Whether both say the same: members in any order, items in order, numbers by their digits.
    pub(crate) fn same(&self, other: &Node<'_>) -> bool {
        if self.raw == other.raw {
            return true;
        }
        match (&self.shape, &other.shape) {
            (Shape::Object(one), Shape::Object(two)) => {
                one.len() == two.len()
                    && one.iter().all(|(key, value)| other.get(key).is_some_and(|theirs| value.same(theirs)))
            }
            (Shape::Array(one), Shape::Array(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.same(two))
            }
            (Shape::Leaf, Shape::Leaf) => self.text().is_some_and(|text| Some(text) == other.text()),
            _ => false,
        }
    }

    /// The object with these members set, and all else as it was. A new member comes last, but `id` and `meta` stand
    /// behind `resourceType`, where people look for them.
    pub(crate) fn with(&self, edits: &[(&str, String)]) -> String {
        let members = self.members();
        let mut splices: Vec<Splice> = Vec::new();
        let end_of = |node: &Node<'_>| offset(self.raw, node.raw) + node.raw.len();
        for (key, value) in edits {
            if let Some(old) = self.get(key) {
                let start = offset(self.raw, old.raw);
                splices.push(Splice { start, end: start + old.raw.len(), text: value.clone() });
                continue;
            }
            let anchor = match *key {
                "id" => self.get("resourceType"),
                "meta" => self.get("id").or_else(|| self.get("resourceType")),
                _ => None,
            };
            let added = format!("{}:{value}", quote(key));
            let (at, text) = match anchor.or(members.last().map(|(_, last)| last)) {
                Some(before) => (end_of(before), format!(",{added}")),
                None if splices.is_empty() => (1, added),
                None => (1, format!(",{added}")),
            };
            splices.push(Splice { start: at, end: at, text });
        }
        splice(self.raw, splices)
    }

    /// The object without these members.
    pub(crate) fn without(&self, keys: &[&str]) -> String {
        let kept: Vec<String> = self
            .members()
            .iter()
            .filter(|(key, _)| !keys.contains(&key.as_str()))
            .map(|(key, value)| format!("{}:{}", quote(key), value.raw))
            .collect();
        if kept.len() == self.members().len() {
            self.raw.to_owned()
        } else {
            format!("{{{}}}", kept.join(","))
        }
    }

    /// The array with some items replaced, and all else as it was.
    pub(crate) fn with_items(&self, edits: &[(usize, String)]) -> String {
        let splices = edits.iter().filter_map(|(index, text)| {
            let old = self.items().get(*index)?;
            let start = offset(self.raw, old.raw);
            Some(Splice { start, end: start + old.raw.len(), text: text.clone() })
        });
        splice(self.raw, splices.collect())
    }

    /// Replaces every node for which `change` has another text; the outermost counts. `None` where nothing changes.
    pub(crate) fn rewrite<E>(&self, change: &mut Change<'_, 'a, E>) -> Result<Option<String>, E> {
        self.rewrite_member("", change)
    }

    fn rewrite_member<E>(&self, key: &str, change: &mut Change<'_, 'a, E>) -> Result<Option<String>, E> {
        if let Some(text) = change(key, self)? {
            return Ok(Some(text));
        }
        let mut splices = Vec::new();
        let mut visit = |key: &str, child: &Node<'a>| {
            if let Some(text) = child.rewrite_member(key, change)? {
                let start = offset(self.raw, child.raw);
                splices.push(Splice { start, end: start + child.raw.len(), text });
            }
            Ok(())
        };
        match &self.shape {
            Shape::Object(members) => {
                members.iter().try_for_each(|(key, child)| visit(key.as_str(), child))?;
            }
            Shape::Array(items) => items.iter().try_for_each(|child| visit(key, child))?,
            Shape::Leaf => {}
        }
        Ok((!splices.is_empty()).then(|| splice(self.raw, splices)))
    }
}

struct Splice {
    start: usize,
    end: usize,
    text: String,
}

/// Replaces ranges of a text; ranges do not overlap.
fn splice(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| splice.start);
    let mut out = String::with_capacity(text.len() + splices.iter().map(|s| s.text.len()).sum::<usize>());
    let mut done = 0;
    for Splice { start, end, text: new } in splices {
        out.push_str(text.get(done..start).unwrap_or_default());
        out.push_str(&new);
        done = end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
#[path = "json_tests.rs"]
pub(crate) mod tests;
