//! Edits of a resource's text: what is not named stays byte for byte.

use super::element::Value;
use super::parts::Reference;
use crate::error::{InvalidInput, Result};
use crate::fhir::json::{self, Node};
use crate::fhir::rules;

/// The resource, if it is of this type.
pub(crate) fn of_kind<'a>(node: Node<'a>, kind: &str) -> Result<Node<'a>> {
    if node.str("resourceType").as_deref() == Some(kind) {
        return Ok(node);
    }
    let wrong = InvalidInput::new("not-fhir", "this is a resource of another type");
    Err(wrong.field(format!("{kind}.resourceType")).into())
}

/// A changed resource, unless the change breaks a rule.
pub(crate) fn changed(before: &str, after: String) -> Result<String> {
    rules::sound_change(before, after)
}

/// A list with one more item at its end.
pub(crate) fn appended(list: Option<&Node<'_>>, item: &str) -> String {
    let body = list.filter(|list| !list.items().is_empty()).and_then(|list| list.raw().strip_suffix(']'));
    match body {
        Some(body) => format!("{body},{item}]"),
        None => format!("[{item}]"),
    }
}

/// The text with one more reference in a list; as it was where the list has it.
pub(crate) fn with_reference(text: &str, kind: &str, element: &str, to: &Reference) -> Result<String> {
    let node = of_kind(json::parse(text)?, kind)?;
    if node.list(element).iter().any(|one| Reference::read(Some(one)).is_ok_and(|one| one.is_same(to))) {
        return Ok(text.to_owned());
    }
    changed(text, node.with(&[(element, appended(node.get(element), &to.write()))]))
}

/// The text with an element set.
pub(crate) fn with(text: &str, kind: &str, element: &str, value: &impl Value) -> Result<String> {
    let node = of_kind(json::parse(text)?, kind)?;
    changed(text, node.with(&[(element, value.write())]))
}
