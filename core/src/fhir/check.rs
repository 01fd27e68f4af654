//! Is it FHIR R4? The standard's own structure decides: [`structure`]. (ADR 0012.)
//!
//! What the structure does not name is passed over: a record keeps what it does not know.

mod primitive;
mod structure;

use structure::{Element, Of, STRUCTURE, Type};

use super::json::{self, Node};
use crate::error::InvalidInput;

/// What is not as FHIR R4 has it, and where.
struct Wrong<'a> {
    at: &'a str,
    detail: &'static str,
    // From the inside out.
    path: Vec<String>,
}

const FORM: &str = "this does not have the form that FHIR R4 gives it";
const MISSING: &str = "FHIR R4 asks for this field";
const TWO: &str = "FHIR R4 allows one of these fields, and there are two";

/// As [`check_node`], of a text that was read before.
///
/// # Errors
/// `InvalidInput` (`not-fhir`) with the path of the element and its line.
#[cfg(any(test, feature = "store"))]
pub(crate) fn check(kind: &str, text: &str) -> crate::error::Result<()> {
    Ok(check_node(kind, &json::again(text)?, text)?)
}

/// Refuses a resource of a type that we read if one of its elements does not have the form that FHIR gives it. A type that
/// we do not read is taken as it is: a record keeps what it does not know. Lines are counted from the beginning of `whole`,
/// of which the resource is a part.
///
/// # Errors
/// `InvalidInput` (`not-fhir`) with the path of the element and its line.
pub(crate) fn check_node(kind: &str, node: &Node<'_>, whole: &str) -> Result<(), InvalidInput> {
    let Some(of) = STRUCTURE.resource(kind) else { return Ok(()) };
    object(of, node).map_err(|wrong| {
        let mut path = String::new();
        for part in wrong.path.iter().rev() {
            if !path.is_empty() && !part.starts_with('[') {
                path.push('.');
            }
            path.push_str(part);
        }
        let line = json::line_of(whole, json::offset(whole, wrong.at));
        InvalidInput::new("not-fhir", wrong.detail).field(path).line(line)
    })
}

/// Whether we read resources of this type, so that they are checked.
pub(crate) fn is_known(kind: &str) -> bool {
    STRUCTURE.resource(kind).is_some()
}

fn object<'a>(of: &Type, node: &Node<'a>) -> Result<(), Wrong<'a>> {
    if !node.is_object() {
        return Err(wrong(node, FORM));
    }
    // Which choices are made, by their bits; no type has 64.
    let mut choices = 0u64;
    for (name, value) in node.members() {
        let (plain, sibling) = match name.strip_prefix('_') {
            Some(plain) => (plain, true),
            None => (name.as_ref(), false),
        };
        let Some(element) = of.element(plain) else { continue };
        if value.raw() == "null" {
            continue;
        }
        if let (Some(choice), false) = (element.choice, sibling) {
            let bit = 1u64.checked_shl(choice).unwrap_or(0);
            if choices & bit != 0 {
                return Err(wrong(value, TWO).within(name));
            }
            choices |= bit;
        }
        let checked = if sibling { siblings(element, value) } else { values(element, value) };
        checked.map_err(|wrong| wrong.within(name))?;
    }
    for required in &of.required {
        // A primitive element can have an extension in place of its value: `_status` (2.6.2.3).
        let there = |name: &String| {
            let is = |value: &Node<'_>| value.raw() != "null";
            node.get(name).is_some_and(is) || node.get(&format!("_{name}")).is_some_and(is)
        };
        if !required.names.iter().any(there) {
            return Err(wrong(node, MISSING).within(required.called));
        }
    }
    Ok(())
}

/// One value, or a list of them where the element repeats.
fn values<'a>(element: &Element, node: &Node<'a>) -> Result<(), Wrong<'a>> {
    if node.is_array() != element.many || (element.filled && node.items().is_empty()) {
        return Err(wrong(node, FORM));
    }
    if !element.many {
        return value(&element.of, node);
    }
    for (index, item) in node.items().iter().enumerate() {
        // A primitive item can be null, where its sibling says the rest.
        let null = item.raw() == "null" && matches!(element.of, Of::Primitive(_) | Of::Codes(_));
        if !null {
            value(&element.of, item).map_err(|wrong| wrong.within(&format!("[{index}]")))?;
        }
    }
    Ok(())
}

fn value<'a>(of: &Of, node: &Node<'a>) -> Result<(), Wrong<'a>> {
    let fits = match of {
        Of::Primitive(primitive) => primitive.takes(node),
        Of::Codes(codes) => node.text().is_some_and(|text| codes.iter().any(|code| *code == text)),
        Of::Type(place) => return STRUCTURE.at(*place).map_or(Ok(()), |of| object(of, node)),
        Of::Resource => {
            let kind = node.str("resourceType").filter(|kind| is_kind(kind));
            let kind = kind.ok_or_else(|| wrong(node, MISSING).within("resourceType"))?;
            return STRUCTURE.resource(&kind).map_or(Ok(()), |of| object(of, node));
        }
    };
    if fits { Ok(()) } else { Err(wrong(node, FORM)) }
}

/// What a primitive element has beside its value: id and extensions.
fn siblings<'a>(element: &Element, node: &Node<'a>) -> Result<(), Wrong<'a>> {
    if !matches!(element.of, Of::Primitive(_) | Of::Codes(_)) {
        return Ok(());
    }
    if node.is_array() != element.many {
        return Err(wrong(node, FORM));
    }
    let of = STRUCTURE.get("Element");
    for item in node.each().iter().filter(|item| item.raw() != "null") {
        of.map_or(Ok(()), |of| object(of, item))?;
    }
    Ok(())
}

fn wrong<'a>(node: &Node<'a>, detail: &'static str) -> Wrong<'a> {
    Wrong { at: node.raw(), detail, path: Vec::new() }
}

impl Wrong<'_> {
    fn within(mut self, part: &str) -> Self {
        self.path.push(part.to_owned());
        self
    }
}

/// Whether this can be the name of a resource type (FHIR R4, 2.1.27.1: letters, the first upper-case).
pub(crate) fn is_kind(kind: &str) -> bool {
    kind.len() <= 64
        && kind.bytes().next().is_some_and(|b| b.is_ascii_uppercase())
        && kind.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Whether this can be a resource's id (FHIR R4, 2.24.0.1 "id").
pub(crate) fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 64
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
