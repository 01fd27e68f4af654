//! Lossless JSON text: read as a tree of slices, edited by splicing.
//!
//! Every node knows its own text, so what an edit does not name stays byte for byte as it was: order, white space, a
//! decimal's digits, elements that we have never heard of. (RFC 8259; FHIR R4, 2.6.2 "JSON representation".)
//!
//! A text is read in time linear in its length. What its tree may take of memory is bounded and counted before it is taken.

mod edit;
mod path;
mod scan;

use std::borrow::Cow;

use scan::{Scan, Stop};
use serde_json::value::RawValue;

pub(crate) use path::Change;

use crate::error::{InvalidInput, Result};

/// The longest text that is read, in bytes.
const MAX_SIZE: usize = 50 * 1024 * 1024;

/// What the tree of a whole text may take of memory, in bytes.
const MAX_TREE: usize = 56 * 1024 * 1024;

/// What the tree of one item may take where items are read one by one.
const MAX_ITEM: usize = 6 * 1024 * 1024;

/// A member of an object.
pub(crate) type Member<'a> = (Cow<'a, str>, Node<'a>);

/// A JSON value with the text that it was read from.
pub(crate) struct Node<'a> {
    raw: &'a str,
    parts: Parts<'a>,
}

enum Parts<'a> {
    /// A string, a number or a literal; or a container that was not read.
    None,
    Array(Box<[Node<'a>]>),
    Object(Box<[Member<'a>]>),
    Large(Box<Large<'a>>),
}

/// An object with many members.
struct Large<'a> {
    members: Box<[Member<'a>]>,
    // The members' places in the order of their names.
    by_name: Box<[u32]>,
}

/// Reads a whole text.
///
/// # Errors
/// `InvalidInput`: `invalid-json` where it is not JSON or names a member twice; `json-too-large`; `json-too-deep`. With the
/// line.
pub(crate) fn parse(text: &str) -> Result<Node<'_>> {
    let text = sized(text)?;
    let node = Scan::new(text, MAX_TREE).tree();
    // What nests too deeply or is too large is refused before anything else looks at it.
    if !matches!(node, Err(Stop::Deep(_) | Stop::Large(_))) {
        is_json(text)?;
    }
    Ok(node.map_err(|stop| said(text, stop))?)
}

/// Reads bytes that came from somewhere, as [`parse`] does.
///
/// # Errors
/// `InvalidInput`: `not-utf-8` with the line (RFC 8259, section 8.1).
pub(crate) fn utf_8(bytes: &[u8]) -> Result<&str, InvalidInput> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + memchr::memchr_iter(b'\n', before).count() as u64;
        InvalidInput::new("not-utf-8", "the text is not UTF-8; save it as UTF-8").line(line)
    })
}

/// A text that is JSON, of which only what is asked for is read into trees.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// Reads a text without making its tree.
    ///
    /// # Errors
    /// As for [`parse`]; a member that is named twice is found where its object's tree is made.
    pub(crate) fn new(text: &'a str) -> Result<Self> {
        let text = sized(text)?;
        match Scan::new(text, 0).skip() {
            Err(stop @ Stop::Deep(_)) => return Err(said(text, stop).into()),
            scanned => {
                is_json(text)?;
                scanned.map_err(|stop| said(text, stop))?;
            }
        }
        Ok(Self(text))
    }

    /// The text, without what may stand before it.
    pub(crate) fn text(self) -> &'a str {
        self.0
    }

    /// A part of the text, and what is directly in it. What that consists of is not known.
    ///
    /// # Errors
    /// As for [`parse`].
    pub(crate) fn shallow(self, part: &'a str) -> Result<Node<'a>, InvalidInput> {
        Scan::new(part, MAX_ITEM).shallow().map_err(|stop| said(self.0, moved(stop, offset(self.0, part))))
    }

    /// The tree of one part of the text.
    ///
    /// # Errors
    /// As for [`parse`]; a part is `json-too-large` sooner than a text.
    pub(crate) fn tree(self, part: &'a str) -> Result<Node<'a>, InvalidInput> {
        Scan::new(part, MAX_ITEM).tree().map_err(|stop| said(self.0, moved(stop, offset(self.0, part))))
    }

    /// Goes through the items of a list, a part of the text.
    ///
    /// # Errors
    /// Those of `each`.
    pub(crate) fn items(
        self,
        list: &'a str,
        mut each: impl FnMut(usize, &'a str) -> Result<()>,
    ) -> Result<()> {
        let wrong = |stop| said(self.0, moved(stop, offset(self.0, list)));
        let mut scan = Scan::new(list, 0);
        scan.enter().map_err(wrong)?;
        let mut index = 0;
        while let Some(item) = scan.item().map_err(wrong)? {
            each(index, item)?;
            index += 1;
        }
        Ok(())
    }
}

/// The tree of a text that was read before.
///
/// # Errors
/// As for [`parse`].
pub(crate) fn again(text: &str) -> Result<Node<'_>> {
    Ok(Scan::new(text, MAX_TREE).tree().map_err(|stop| said(text, stop))?)
}

/// A text that is not too long to be read.
///
/// # Errors
/// `InvalidInput` (`json-too-large`).
pub(crate) fn sized(text: &str) -> Result<&str, InvalidInput> {
    if text.len() > MAX_SIZE {
        return Err(InvalidInput::new(
            "json-too-large",
            "the text is longer than 50 MiB; split it, for example by person",
        ));
    }
    // Some editors put a byte order mark first; RFC 8259, section 8.1, lets a reader pass over it.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn is_json(text: &str) -> Result<(), InvalidInput> {
    let read: Result<&RawValue, _> = serde_json::from_str(text);
    read.map(|_| ()).map_err(|error| {
        InvalidInput::new("invalid-json", "this is not JSON").line(error.line().max(1) as u64)
    })
}

fn said(text: &str, stop: Stop) -> InvalidInput {
    let (code, detail, at) = match stop {
        Stop::Malformed(at) => ("invalid-json", "this is not JSON", at),
        Stop::Twice(at) => ("invalid-json", "an object names one member twice", at),
        Stop::Deep(at) => ("json-too-deep", "the text is nested too deeply", at),
        Stop::Large(at) => ("json-too-large", "the text holds too many values to be read at once", at),
    };
    InvalidInput::new(code, detail).line(line_of(text, at))
}

/// The same at the place of the whole text.
fn moved(stop: Stop, start: usize) -> Stop {
    match stop {
        Stop::Malformed(at) => Stop::Malformed(start + at),
        Stop::Twice(at) => Stop::Twice(start + at),
        Stop::Deep(at) => Stop::Deep(start + at),
        Stop::Large(at) => Stop::Large(start + at),
    }
}

/// Where `part`, a slice of `whole`, begins in it.
pub(crate) fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize).min(whole.len())
}

/// The line of a byte, counted from 1.
pub(crate) fn line_of(text: &str, at: usize) -> u64 {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    1 + memchr::memchr_iter(b'\n', before).count() as u64
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
    pub(crate) fn members(&self) -> &[Member<'a>] {
        match &self.parts {
            Parts::Object(members) => members,
            Parts::Large(object) => &object.members,
            _ => &[],
        }
    }

    /// The items of an array; none of anything else.
    pub(crate) fn items(&self) -> &[Node<'a>] {
        match &self.parts {
            Parts::Array(items) => items,
            _ => &[],
        }
    }

    /// The items of an array, or the node itself: for FHIR elements that repeat in one resource and not in another.
    pub(crate) fn each(&self) -> &[Node<'a>] {
        match &self.parts {
            Parts::Array(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.raw.starts_with('{')
    }

    /// Whether it is an array.
    pub(crate) fn is_array(&self) -> bool {
        self.raw.starts_with('[')
    }

    /// A member of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        let object = match &self.parts {
            Parts::Object(members) => {
                return members.iter().find(|(name, _)| name == key).map(|(_, value)| value);
            }
            Parts::Large(object) => object,
            _ => return None,
        };
        let member = |place: &u32| object.members.get(*place as usize);
        let found = object
            .by_name
            .binary_search_by(|place| member(place).map_or("", |(name, _)| name.as_ref()).cmp(key))
            .ok()?;
        object.by_name.get(found).and_then(member).map(|(_, value)| value)
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
        if self.is_object() && other.is_object() {
            let members = self.members();
            return members.len() == other.members().len()
                && members
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|theirs| value.same(theirs)));
        }
        if self.is_array() && other.is_array() {
            let (one, two) = (self.items(), other.items());
            return one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.same(two));
        }
        self.text().is_some_and(|text| Some(text) == other.text())
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
pub(crate) mod tests;
