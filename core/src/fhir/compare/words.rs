//! Values and changes in words.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Became;
use super::walk::Pair;
use crate::fhir::json::Node;

/// What the resources of a document are in words, by what references name them by.
pub(super) type Names<'n> = HashMap<String, String>;

/// A value as a person reads it; its JSON where there are no words for it.
fn words(node: &Node<'_>, names: &Names<'_>) -> String {
    if let Some(text) = node.text() {
        return text.into_owned();
    }
    if node.is_object() {
        return title(node, names).unwrap_or_else(|| node.raw().to_owned());
    }
    node.raw().to_owned()
}

/// What an object is in words: a resource, an activity, a concept, a reference, a note, a period.
pub(super) fn title(node: &Node<'_>, names: &Names<'_>) -> Option<String> {
    if let Some(reference) = node.str("reference") {
        let known = names.get(&*reference).cloned();
        return known
            .or_else(|| node.str("display").map(Into::into))
            .or_else(|| Some(reference.into_owned()));
    }
    let text = |key: &str| node.str(key).map(Cow::into_owned);
    let below = |key: &str| node.get(key).filter(|part| part.is_object()).and_then(|part| title(part, names));
    let first = |key: &str| {
        node.list(key).first().filter(|part| part.is_object()).and_then(|part| title(part, names))
    };
    if let Some(amount) =
        node.get("value").filter(|value| value.raw().starts_with(|c: char| c == '-' || c.is_ascii_digit()))
    {
        let unit = text("unit").or_else(|| text("code"));
        return Some(unit.map_or_else(|| amount.raw().to_owned(), |unit| format!("{} {unit}", amount.raw())));
    }
    // A narrative is an object under the name that a concept's or a note's text has.
    let called = text("text").or_else(|| text("display")).or_else(|| text("title"));
    let called = called.or_else(|| text("name")).or_else(|| text("description"));
    let coded = || {
        below("description").or_else(|| below("code")).or_else(|| first("coding")).or_else(|| text("code"))
    };
    let within = || {
        below("reference")
            .or_else(|| below("detail"))
            .or_else(|| below("member"))
            .or_else(|| first("name"))
            .or_else(|| text("family"))
    };
    let period = || match (text("start"), text("end")) {
        (Some(start), Some(end)) => Some(format!("{start} to {end}")),
        (Some(start), None) => Some(format!("from {start}")),
        (None, Some(end)) => Some(format!("until {end}")),
        (None, None) => None,
    };
    called.or_else(coded).or_else(within).or_else(period).or_else(|| text("value"))
}

/// A change as a sentence.
pub(super) fn sentence(
    pair: &Pair<'_>,
    became: Became,
    path: &str,
    was: Option<&Node<'_>>,
    is: Option<&Node<'_>>,
) -> String {
    let kind = kind(pair.kind);
    let of = match (path, pair.title) {
        ("", _) => kind.to_owned(),
        (path, Some(title)) => format!("{kind} \u{201c}{title}\u{201d}, {path}"),
        (path, None) => format!("{kind}, {path}"),
    };
    let [old, new] = [was.map(|node| words(node, pair.names[0])), is.map(|node| words(node, pair.names[1]))];
    match became {
        Became::Added => format!("{of} added: {}", new.unwrap_or_default()),
        Became::Removed => format!("{of} removed: {}", old.unwrap_or_default()),
        Became::Reordered => format!("{of}: the same in another order"),
        // What is the same in words is told by its JSON, so that nothing looks as if it had not changed.
        Became::Changed if old == new => {
            let raw = |node: Option<&Node<'_>>| node.map_or(String::new(), |node| node.raw().to_owned());
            format!("{of}: {} \u{2192} {}", raw(was), raw(is))
        }
        Became::Changed => format!("{of}: {} \u{2192} {}", old.unwrap_or_default(), new.unwrap_or_default()),
    }
}

/// A resource's type in words.
fn kind(kind: &str) -> &str {
    match kind {
        "CarePlan" => "Care plan",
        "CareTeam" => "Care team",
        "ServiceRequest" => "Order",
        "Bundle" => "Document",
        other => other,
    }
}
