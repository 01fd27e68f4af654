//! Which resource of one document is which of the other.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

use super::walk::Pair;
use super::words::{Names, title};
use super::{Became, PlanDifference};
use crate::fhir::diff::spelled;
use crate::fhir::json::Node;

/// One entry of a document, as both sides of a comparison need it.
struct Entry<'n, 'a> {
    node: &'n Node<'a>,
    resource: Option<&'n Node<'a>>,
    kind: String,
    title: Option<String>,
}

/// Everything that differs, in the order of the documents.
pub(super) fn compared(was: &Node<'_>, is: &Node<'_>) -> Vec<PlanDifference> {
    let mut found = Vec::new();
    let entries = |node: &Node<'_>| node.get("entry").is_some_and(Node::is_array);
    if !entries(was) || !entries(is) {
        let names = Names::new();
        let kind = [is, was].into_iter().find_map(|node| node.str("resourceType"));
        let kind = kind.map_or_else(|| "Bundle".to_owned(), Cow::into_owned);
        let pair = Pair { kind: &kind, name: None, title: None, names: [&names, &names] };
        pair.walk(("", ""), Some(was), Some(is), &mut found);
        return found;
    }
    let names = [named(was), named(is)];
    let names = [&names[0], &names[1]];
    let old: Vec<Entry<'_, '_>> = was.list("entry").iter().map(|node| entry(node, names[0])).collect();
    let new: Vec<Entry<'_, '_>> = is.list("entry").iter().map(|node| entry(node, names[1])).collect();
    let pairs = paired(&old, &new);
    let bundle = Pair { kind: "Bundle", name: None, title: None, names };
    for (n, one) in old.iter().enumerate() {
        let Some((other, place)) = pairs.get(&n).and_then(|place| Some((new.get(*place)?, *place))) else {
            found.push(whole(one, n, Became::Removed, names));
            continue;
        };
        if let (Some(was), Some(is)) = (one.resource, other.resource) {
            let name = resource_name(n, one).filter(|_| n > 0 || place > 0);
            let name = name.as_deref();
            let pair = Pair { kind: &other.kind, name, title: name.and(other.title.as_deref()), names };
            pair.walk(("", ""), Some(was), Some(is), &mut found);
        }
        // What stands around the resource; of what has none, all of it.
        let around: &[&str] =
            if one.resource.is_some() && other.resource.is_some() { &["resource"] } else { &[] };
        let path = format!("entry[{n}]");
        if one.node.is_object() && other.node.is_object() {
            bundle.members((&path, around), one.node, other.node, &mut found);
        } else {
            bundle.walk((&path, "entry"), Some(one.node), Some(other.node), &mut found);
        }
    }
    let taken: HashSet<usize> = pairs.values().copied().collect();
    for (n, one) in new.iter().enumerate().filter(|(n, _)| !taken.contains(n)) {
        found.push(whole(one, n, Became::Added, names));
    }
    let places: Vec<usize> = (0..old.len()).filter_map(|n| pairs.get(&n).copied()).collect();
    if !places.is_sorted() {
        found.push(bundle.change(Became::Reordered, "entry", was.get("entry"), is.get("entry")));
    }
    bundle.members(("", &["entry"]), was, is, &mut found);
    found
}

/// An entry that only one version has.
fn whole(one: &Entry<'_, '_>, n: usize, became: Became, names: [&Names<'_>; 2]) -> PlanDifference {
    let node = one.resource.unwrap_or(one.node);
    let (was, is) = if became == Became::Removed { (Some(node), None) } else { (None, Some(node)) };
    let name = resource_name(n, one).unwrap_or_else(|| format!("entry[{n}]"));
    let pair = Pair { kind: &one.kind, name: Some(&name), title: None, names };
    pair.change(became, "", was, is)
}

/// How the document names a resource.
fn resource_name(n: usize, entry: &Entry<'_, '_>) -> Option<String> {
    let resource = entry.resource?;
    let id = resource.str("id").map(|id| format!("{}/{id}", entry.kind));
    id.or_else(|| entry.node.str("fullUrl").map(Into::into)).or_else(|| Some(format!("entry[{n}]")))
}

fn entry<'n, 'a>(node: &'n Node<'a>, names: &Names<'_>) -> Entry<'n, 'a> {
    let resource = node.get("resource").filter(|resource| resource.is_object());
    let kind = resource.and_then(|resource| resource.str("resourceType"));
    let title = resource.and_then(|resource| title(resource, names));
    Entry { node, resource, kind: kind.map_or_else(|| "Bundle".to_owned(), Cow::into_owned), title }
}

/// What the resources of a document are in words.
fn named(bundle: &Node<'_>) -> Names<'static> {
    let none = Names::new();
    let mut names = Names::new();
    for node in bundle.list("entry") {
        let Some(resource) = node.get("resource") else { continue };
        let Some(title) = title(resource, &none) else { continue };
        if let (Some(kind), Some(id)) = (resource.str("resourceType"), resource.str("id")) {
            names.insert(format!("{kind}/{id}"), title.clone());
        }
        if let Some(url) = node.str("fullUrl") {
            names.insert(url.into_owned(), title);
        }
    }
    names
}

/// The names by which entries may be the same.
type By<'b> = &'b dyn Fn(&Entry<'_, '_>) -> Vec<String>;

/// The place in the later version of each entry that both have.
fn paired(old: &[Entry<'_, '_>], new: &[Entry<'_, '_>]) -> HashMap<usize, usize> {
    let mut pairs = HashMap::new();
    let mut taken = HashSet::new();
    // The plan itself is the first of each.
    if let (Some(one), Some(other)) = (old.first(), new.first())
        && one.kind == other.kind
    {
        pairs.insert(0, 0);
        taken.insert(0);
    }
    let id = |entry: &Entry<'_, '_>| -> Vec<String> {
        let id = entry.resource.and_then(|resource| resource.str("id"));
        id.map(|id| format!("{}/{id}", entry.kind)).into_iter().collect()
    };
    let url = |entry: &Entry<'_, '_>| -> Vec<String> {
        let url = entry.node.str("fullUrl").map(|url| format!("{} {url}", entry.kind));
        url.into_iter().collect()
    };
    let identifiers = |entry: &Entry<'_, '_>| -> Vec<String> {
        let all = entry.resource.map(|resource| resource.list("identifier")).unwrap_or_default();
        let of = |one: &Node<'_>| {
            Some(format!("{} {}|{}", entry.kind, one.str("system").unwrap_or_default(), one.str("value")?))
        };
        all.iter().filter_map(of).collect()
    };
    for by in [&id as By<'_>, &url, &identifiers] {
        let there = once(new.iter().enumerate().filter(|(n, _)| !taken.contains(n)), by);
        let here = once(old.iter().enumerate().filter(|(n, _)| !pairs.contains_key(n)), by);
        let mut both: Vec<(usize, usize)> =
            here.iter().filter_map(|(name, n)| Some((*n, *there.get(name)?))).collect();
        both.sort_unstable();
        for (one, other) in both {
            if !pairs.contains_key(&one) && taken.insert(other) {
                pairs.insert(one, other);
            }
        }
    }
    // What has no name, or shares it, is the same where it says the same; of several that do, the first is the first.
    let mut saying: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (n, entry) in new.iter().enumerate().filter(|(n, _)| !taken.contains(n)) {
        saying.entry(spelled(entry.node)).or_default().push_back(n);
    }
    for (n, entry) in old.iter().enumerate() {
        if !pairs.contains_key(&n)
            && let Some(other) = saying.get_mut(&spelled(entry.node)).and_then(VecDeque::pop_front)
        {
            pairs.insert(n, other);
        }
    }
    pairs
}

/// The names by which exactly one of these entries goes.
fn once<'e, 'n: 'e, 'a: 'n>(
    entries: impl Iterator<Item = (usize, &'e Entry<'n, 'a>)>,
    by: By<'_>,
) -> HashMap<String, usize> {
    let mut places: HashMap<String, Option<usize>> = HashMap::new();
    for (n, entry) in entries {
        for name in by(entry) {
            places
                .entry(name)
                .and_modify(|place| *place = place.filter(|known| *known == n))
                .or_insert(Some(n));
        }
    }
    places.into_iter().filter_map(|(name, place)| Some((name, place?))).collect()
}
