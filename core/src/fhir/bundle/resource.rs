//! One resource of an import.

use std::borrow::Cow;
use std::fmt;

use crate::error::{InvalidInput, Result};
use crate::fhir::check::{check_node, is_kind};
use crate::fhir::json::{self, Change, Node};

/// A resource with its JSON text, byte for byte. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Resource {
    kind: Box<str>,
    id: Option<Box<str>>,
    full_url: Option<Box<str>>,
    json: Box<str>,
    // Where it stood, for errors that name it.
    entry: Option<u32>,
    line: u32,
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({} …)", self.kind)
    }
}

impl Resource {
    /// Reads one resource, of whatever type; of a Bundle, all of it as one.
    ///
    /// # Errors
    /// As for [`Import::parse`](super::Import::parse).
    pub fn parse(text: &str) -> Result<Self> {
        let node = json::parse(text)?;
        Self::read(&node, text, None, None, 1)
    }

    /// The resource type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The id, where it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The JSON text, as it came.
    pub fn json(&self) -> &str {
        &self.json
    }

    pub(super) fn full_url(&self) -> Option<&str> {
        self.full_url.as_deref()
    }

    /// How other resources of the same import refer to it: `Kind/id`, or the Bundle's `fullUrl`.
    pub fn reference(&self) -> Option<String> {
        match (&self.full_url, &self.id) {
            (Some(url), _) if url.starts_with("urn:") => Some(url.to_string()),
            (_, Some(id)) => Some(format!("{}/{id}", self.kind)),
            (url, None) => url.as_deref().map(Into::into),
        }
    }

    /// The resource with one element set to a JSON value, and every other byte as it was. What the element needs around it
    /// is made; a path is spelled as errors spell it: `participant[1].period.end`.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-path`; `no-such-element` where the path leads nowhere; `invalid-json` for the value; and
    /// `not-fhir` where the resource would no longer be what FHIR R4 has.
    pub fn with(&self, path: &str, value: &str) -> Result<Self> {
        self.changed(path, Change::Set(value))
    }

    /// The resource with another item at the end of a list, and every other byte as it was.
    ///
    /// # Errors
    /// As for [`Resource::with`].
    pub fn with_item(&self, path: &str, item: &str) -> Result<Self> {
        self.changed(path, Change::Append(item))
    }

    /// The resource without one element, and every other byte as it was. Whatever would be left empty around it goes too:
    /// FHIR has no empty lists or objects (R4, 2.6.2).
    ///
    /// # Errors
    /// As for [`Resource::with`].
    pub fn without(&self, path: &str) -> Result<Self> {
        self.changed(path, Change::Remove)
    }

    fn changed(&self, path: &str, change: Change<'_>) -> Result<Self> {
        let text = self.node()?.at(path, change)?;
        let node = json::again(&text)?;
        let mut changed = Self::read(&node, &text, None, None, 1)?;
        changed.full_url.clone_from(&self.full_url);
        (changed.entry, changed.line) = (self.entry, self.line);
        Ok(changed)
    }

    pub(crate) fn node(&self) -> Result<Node<'_>> {
        json::again(&self.json)
    }

    /// An error about one of its fields, named as the import spells it.
    pub(crate) fn wrong(&self, code: &'static str, detail: &'static str, field: &str) -> InvalidInput {
        InvalidInput::new(code, detail).field(named(self.entry, field)).line(u64::from(self.line))
    }

    /// Reads a resource, a part of `whole`.
    pub(super) fn read(
        node: &Node<'_>,
        whole: &str,
        full_url: Option<Cow<'_, str>>,
        entry: Option<u32>,
        line: u64,
    ) -> Result<Self> {
        let kind = node.str("resourceType").filter(|kind| is_kind(kind)).ok_or_else(|| {
            InvalidInput::new("not-fhir", "a FHIR resource names its resourceType")
                .field(named(entry, "resourceType"))
                .line(line)
        })?;
        check_node(&kind, node, whole).map_err(|invalid| {
            let field = named(entry, invalid.field.as_deref().unwrap_or_default());
            invalid.field(field)
        })?;
        Ok(Self {
            kind: kind.into(),
            id: node.str("id").map(Into::into),
            full_url: full_url.map(Into::into),
            json: node.raw().into(),
            entry,
            line: u32::try_from(line).unwrap_or(u32::MAX),
        })
    }
}

fn named(entry: Option<u32>, field: &str) -> String {
    match (entry, field) {
        (None, field) => field.to_owned(),
        (Some(entry), "") => format!("entry[{entry}].resource"),
        (Some(entry), field) => format!("entry[{entry}].resource.{field}"),
    }
}
