//! What a server was sent and did not keep: a lenient one drops silently what it does not know (FHIR R4, 3.1.0.1.6 leaves it
//! to the server).

use super::json::{self, Node};
use crate::error::Result;

/// How many paths are named of one resource.
const MOST: usize = 100;

/// Up to how many items the two arrays are compared each with each: a server can keep another order.
const EACH_WITH_EACH: usize = 500;

/// What a server says of a resource itself.
const SERVERS: [&str; 3] = ["versionId", "lastUpdated", "source"];

/// The elements of `sent` that are not in `stored`, as FHIR names them (`CareTeam.participant[1].onBehalfOf`), without any
/// value. What the server adds, its own `id`, version and time, another order, and another value (a reference that it
/// resolved, a date that it wrote in another form) are no loss.
///
/// # Errors
/// `InvalidInput` (`invalid-json`, `json-too-deep`, `json-too-large`) where one of them is not JSON.
pub fn dropped(sent: &str, stored: &str) -> Result<Vec<String>> {
    let (sent, stored) = (json::parse(sent)?, json::parse(stored)?);
    let path = sent.str("resourceType").map_or_else(|| "?".to_owned(), |kind| name(&kind).to_owned());
    let mut lost = Vec::new();
    object(&sent, &stored, &path, &mut |path| {
        if lost.len() < MOST {
            lost.push(path);
        }
    });
    Ok(lost)
}

/// Whether a stored resource says what was sent, apart from what a server says of it itself.
#[cfg(any(test, feature = "fhir-rest"))]
pub(crate) fn says_the_same(sent: &str, stored: &str) -> Result<bool> {
    let (sent, stored) = (bare(&json::parse(sent)?)?, bare(&json::parse(stored)?)?);
    Ok(json::parse(&sent)?.same(&json::parse(&stored)?))
}

/// The resource without `id` and what its server says in `meta`.
#[cfg(any(test, feature = "fhir-rest"))]
fn bare(resource: &Node<'_>) -> Result<String> {
    let Some(meta) = resource.get("meta").filter(|meta| meta.is_object()) else {
        return Ok(resource.without(&["id"]));
    };
    let meta = meta.without(&SERVERS);
    let rest = resource.without(&["id", "meta"]);
    if json::parse(&meta)?.members().is_empty() {
        return Ok(rest);
    }
    Ok(json::parse(&rest)?.with(&[("meta", meta)]))
}

type Lost<'l> = dyn FnMut(String) + 'l;

/// Compares two resources.
fn object(sent: &Node<'_>, stored: &Node<'_>, path: &str, lost: &mut Lost<'_>) {
    for (key, value) in sent.members() {
        match (key.as_ref(), stored.get(key)) {
            ("id", _) => {}
            ("meta", kept) => {
                let path = format!("{path}.meta");
                for (key, value) in value.members().iter().filter(|(key, _)| !SERVERS.contains(&key.as_ref()))
                {
                    member(key, value, kept.and_then(|kept| kept.get(key)), &path, lost);
                }
            }
            (key, kept) => member(key, value, kept, path, lost),
        }
    }
}

fn member(key: &str, sent: &Node<'_>, stored: Option<&Node<'_>>, path: &str, lost: &mut Lost<'_>) {
    if is_empty(sent) {
        return;
    }
    let path = format!("{path}.{}", name(key.strip_prefix('_').unwrap_or(key)));
    match stored {
        Some(stored) => value(sent, stored, &path, lost),
        // `_status` holds what belongs to the primitive `status`, which may well be there.
        None if key.starts_with('_') => {
            for (place, item) in sent.each().iter().enumerate() {
                let path = if sent.is_array() { format!("{path}[{place}]") } else { path.clone() };
                item.members().iter().for_each(|(key, _)| lost(format!("{path}.{}", name(key))));
            }
        }
        None => lost(path),
    }
}

fn value(sent: &Node<'_>, stored: &Node<'_>, path: &str, lost: &mut Lost<'_>) {
    if sent.is_array() || stored.is_array() {
        items(sent.each(), stored.each(), path, lost);
    } else if sent.is_object() {
        if !stored.is_object() {
            return lost(path.to_owned());
        }
        for (key, value) in sent.members() {
            member(key, value, stored.get(key), path, lost);
        }
    }
}

/// Finds each item its counterpart: one that is the same, else one that lacks nothing, else one that nothing else claims.
fn items(sent: &[Node<'_>], stored: &[Node<'_>], path: &str, lost: &mut Lost<'_>) {
    let mut taken = vec![false; stored.len()];
    let mut open: Vec<usize> = Vec::new();
    let far = sent.len() <= EACH_WITH_EACH && stored.len() <= EACH_WITH_EACH;
    for (place, item) in sent.iter().enumerate().filter(|(_, item)| !is_empty(item)) {
        if !claim(place, stored, &mut taken, far, &|kept| item.same(kept)) {
            open.push(place);
        }
    }
    open.retain(|place| {
        sent.get(*place)
            .is_some_and(|item| !claim(*place, stored, &mut taken, far, &|kept| keeps(item, kept)))
    });
    let mut left = stored.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(kept, _)| kept);
    for place in open {
        let Some(item) = sent.get(place) else { continue };
        let path = format!("{path}[{place}]");
        match left.next() {
            Some(kept) => value(item, kept, &path, lost),
            None => lost(path),
        }
    }
}

/// Takes the first free item that fits, its own place before others.
fn claim(
    place: usize,
    stored: &[Node<'_>],
    taken: &mut [bool],
    far: bool,
    fits: &dyn Fn(&Node<'_>) -> bool,
) -> bool {
    let others = if far { 0..stored.len() } else { 0..0 };
    for at in std::iter::once(place).chain(others) {
        if let (Some(kept), Some(taken)) = (stored.get(at), taken.get_mut(at))
            && !*taken
            && fits(kept)
        {
            *taken = true;
            return true;
        }
    }
    false
}

/// Whether nothing of an item is lost in another. A primitive fits none but its own: see [`items`].
fn keeps(sent: &Node<'_>, stored: &Node<'_>) -> bool {
    let mut whole = sent.is_object() && stored.is_object();
    value(sent, stored, "", &mut |_| whole = false);
    whole
}

/// What says nothing: FHIR has no empty elements (2.6.2.1), and `null` only keeps a place in an array.
fn is_empty(node: &Node<'_>) -> bool {
    if node.is_array() {
        node.items().iter().all(is_empty)
    } else if node.is_object() {
        node.members().is_empty()
    } else {
        node.raw() == "null"
    }
}

/// A member's name, if it can be an element's: what somebody else wrote can hold anything in the place of one.
fn name(key: &str) -> &str {
    let fine = key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fine && !key.is_empty() { key } else { "?" }
}

#[cfg(test)]
#[path = "dropped_tests.rs"]
mod tests;
