//! Our projection laid over what a record holds: what we say is set, what others said stays, byte for byte.
//!
//! Members of ours replace or go into the stored ones. Lists go together by what their items are: identifiers by system and
//! value, codings by system and code, extensions by URL, references by their target, participants by their member. An item
//! that we once wrote and no longer write goes away, so that a record is a function of the state alone; it is known by
//! its system or URL, which is ours. Whatever else stands in the record was put there by others and stays.

use std::collections::{HashMap, VecDeque};

use super::codes;
use super::json::{self, Node};
use crate::error::Result;

/// The statuses that an EpisodeOfCare of a case had before: of all that we write, only it has them, and nobody else writes them there.
const HISTORY: &str = "statusHistory";

/// How many values are compared to find items that nothing names. What is not found by then is taken by its place.
const MOST_COMPARED: usize = 10_000_000;

/// Lays `ours` over `stored`. `None` where that changes nothing, so that no version is written for nothing.
///
/// # Errors
/// `InvalidInput` where either is not JSON.
pub fn merge(stored: &str, ours: &str) -> Result<Option<String>> {
    let (stored, ours) = (json::parse(stored)?, json::parse(ours)?);
    let mut left = MOST_COMPARED;
    merged("", &stored, &ours, &mut left)
}

fn merged(key: &str, stored: &Node<'_>, ours: &Node<'_>, left: &mut usize) -> Result<Option<String>> {
    if stored.same(ours) {
        Ok(None)
    } else if stored.is_object() && ours.is_object() {
        merged_object(key, stored, ours, left)
    } else if stored.is_array() && ours.is_array() {
        merged_list(key, stored, ours, left)
    } else {
        Ok(Some(ours.raw().to_owned()))
    }
}

fn merged_object(key: &str, stored: &Node<'_>, ours: &Node<'_>, left: &mut usize) -> Result<Option<String>> {
    // Half of a reference to somebody else is a wrong reference.
    let (old, new) = (target(stored), target(ours));
    if !old.is_empty() && !new.is_empty() && !old.iter().any(|one| new.contains(one)) {
        return Ok(Some(ours.raw().to_owned()));
    }
    let mut edits = Vec::new();
    let mut stale = Vec::new();
    for (name, value) in ours.members() {
        match stored.get(name) {
            None => edits.push((name.as_ref(), value.raw().to_owned())),
            Some(old) => edits.extend(merged(name, old, value, left)?.map(|text| (name.as_ref(), text))),
        }
    }
    // Half of a period of another time is a wrong period; and an end that the state no longer has must go.
    let gone = |name: &&str| key == "period" && stored.get(name).is_some() && ours.get(name).is_none();
    stale.extend(["start", "end"].into_iter().filter(gone));
    // A list that we no longer write at all loses what only we put there.
    let mut named = ours.list("identifier").iter();
    let episode = named.any(|one| one.str("system").as_deref() == Some(codes::EPISODE));
    for (name, old) in
        stored.members().iter().filter(|(name, old)| old.is_array() && ours.get(name).is_none())
    {
        let gone = |item: &&Node<'_>| is_ours(name, item) || (episode && name == HISTORY);
        let left: Vec<&str> = old.items().iter().filter(|item| !gone(item)).map(Node::raw).collect();
        if left.is_empty() && !old.items().is_empty() {
            stale.push(name.as_ref());
        } else if left.len() < old.items().len() {
            edits.push((name.as_ref(), format!("[{}]", left.join(","))));
        }
    }
    if edits.is_empty() && stale.is_empty() {
        return Ok(None);
    }
    let text = stored.with(&edits);
    if stale.is_empty() { Ok(Some(text)) } else { Ok(Some(json::parse(&text)?.without(&stale))) }
}

fn merged_list(key: &str, stored: &Node<'_>, ours: &Node<'_>, left: &mut usize) -> Result<Option<String>> {
    // How an episode came to where it is follows from the case alone, from its beginning.
    if key == HISTORY {
        return Ok(Some(ours.raw().to_owned()));
    }
    // US Core lets a participant have one role: what others call it and what we call it are codes of that one.
    let one_role = key == "role" && stored.items().len() == 1 && ours.items().len() == 1;
    if one_role || ours.items().iter().any(|item| identities(key, item).is_empty()) {
        return merged_by_place(key, stored, ours, left);
    }
    let mut taken = vec![false; stored.items().len()];
    // The stored items by what they are, in their order.
    let mut known: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (place, old) in stored.items().iter().enumerate() {
        for identity in identities(key, old) {
            known.entry(identity).or_default().push_back(place);
        }
    }
    // For each of ours the first stored item that it is and that none before it took, if any.
    let mut places: Vec<Option<usize>> = Vec::with_capacity(ours.items().len());
    for item in ours.items() {
        let free = identities(key, item).into_iter().filter_map(|identity| {
            let these = known.get_mut(&identity)?;
            while these.front().is_some_and(|place| taken.get(*place) == Some(&true)) {
                these.pop_front();
            }
            these.front().copied()
        });
        let place = free.min();
        if let Some(taken) = place.and_then(|place| taken.get_mut(place)) {
            *taken = true;
        }
        places.push(place);
    }
    let mut texts = Vec::with_capacity(places.len());
    for (item, place) in ours.items().iter().zip(&places) {
        let old = place.and_then(|place| stored.items().get(place));
        texts.push(match old {
            Some(old) => merged(key, old, item, left)?.unwrap_or_else(|| old.raw().to_owned()),
            None => item.raw().to_owned(),
        });
    }
    let gone = |place: usize, old: &Node<'_>| taken.get(place) == Some(&false) && is_ours(key, old);
    let removes = stored.items().iter().enumerate().any(|(place, old)| gone(place, old));
    let in_order = places.iter().all(Option::is_some) && places.is_sorted();
    if in_order && !removes {
        let edits: Vec<(usize, String)> = places
            .iter()
            .zip(texts)
            .filter_map(|(place, text)| place.map(|place| (place, text)))
            .filter(|(place, text)| stored.items().get(*place).is_some_and(|old| old.raw() != text))
            .collect();
        return Ok((!edits.is_empty()).then(|| stored.with_items(&edits)));
    }
    // Ours in our order, in the places that ours had; the others where they were.
    let last = taken.iter().rposition(|taken| *taken);
    let mut texts = texts.into_iter();
    let mut out: Vec<String> = Vec::new();
    for (place, old) in stored.items().iter().enumerate() {
        if taken.get(place) == Some(&true) {
            out.extend(texts.next());
            if Some(place) == last {
                out.extend(texts.by_ref());
            }
        } else if !gone(place, old) {
            out.push(old.raw().to_owned());
        }
    }
    out.extend(texts);
    Ok(Some(format!("[{}]", out.join(","))))
}

/// Lists whose items name nothing that they could be known by.
fn merged_by_place(
    key: &str,
    stored: &Node<'_>,
    ours: &Node<'_>,
    left: &mut usize,
) -> Result<Option<String>> {
    if all_included(stored, ours, left) {
        return Ok(None);
    }
    let (mut out, mut news) = (Vec::new(), false);
    for (place, item) in ours.items().iter().enumerate() {
        let old = stored.items().get(place);
        let text = match old {
            Some(old) => merged(key, old, item, left)?,
            None => Some(item.raw().to_owned()),
        };
        news |= text.is_some();
        out.extend(text.or_else(|| old.map(|old| old.raw().to_owned())));
    }
    out.extend(stored.items().iter().skip(out.len()).map(|old| old.raw().to_owned()));
    Ok(news.then(|| format!("[{}]", out.join(","))))
}

/// Whether the stored list has, for each item of ours, one that says all that it says. Lists are mostly in the same order, so each
/// is looked for from where the one before it was found.
fn all_included(stored: &Node<'_>, ours: &Node<'_>, left: &mut usize) -> bool {
    let stored = stored.items();
    let mut next = 0;
    ours.items().iter().all(|item| {
        let from_here = stored.iter().enumerate().skip(next).chain(stored.iter().enumerate().take(next));
        let found = from_here.into_iter().find(|(_, old)| includes(old, item, left));
        next = found.map_or(0, |(place, _)| place + 1);
        found.is_some()
    })
}

/// Whether the stored item says all that ours says; not, once too much was compared.
fn includes(stored: &Node<'_>, ours: &Node<'_>, left: &mut usize) -> bool {
    let Some(rest) = left.checked_sub(1) else { return false };
    *left = rest;
    if stored.is_object() && ours.is_object() {
        ours.members()
            .iter()
            .all(|(key, value)| stored.get(key).is_some_and(|old| includes(old, value, left)))
    } else if stored.is_array() && ours.is_array() {
        all_included(stored, ours, left)
    } else {
        stored.same(ours)
    }
}

/// What an item of a list is known by; nothing where it has no such thing.
pub(super) fn identities(key: &str, item: &Node<'_>) -> Vec<String> {
    let pair = |node: &Node<'_>, value: &str| {
        let value = node.str(value)?;
        Some(format!("{}|{value}", node.str("system").unwrap_or_default()))
    };
    match key {
        "identifier" => pair(item, "value").into_iter().collect(),
        "tag" | "security" | "coding" => pair(item, "code").into_iter().collect(),
        "extension" | "modifierExtension" => item.str("url").map(Into::into).into_iter().collect(),
        "profile" => item.text().map(Into::into).into_iter().collect(),
        "participant" => participant(item),
        "output" => item.get("type").map(|kind| identities("type", kind)).unwrap_or_default(),
        _ if item.get("coding").is_some() => {
            item.list("coding").iter().filter_map(|coding| pair(coding, "code")).collect()
        }
        _ => target(item),
    }
}

/// Who takes part: a CareTeam's member, an Appointment's actor, an Encounter's individual. Of a place, which is nothing of ours,
/// only its name is known.
fn participant(item: &Node<'_>) -> Vec<String> {
    let who = ["member", "actor", "individual"].into_iter().find_map(|name| item.get(name));
    let Some(who) = who else { return Vec::new() };
    let named = || who.str("display").map(|name| format!("display {name}"));
    match target(who) {
        target if target.is_empty() => named().into_iter().collect(),
        target => target,
    }
}

/// What a reference points at.
fn target(reference: &Node<'_>) -> Vec<String> {
    let literal = reference.str("reference").map(|text| format!("reference {text}"));
    let logical = reference.get("identifier").and_then(|identifier| {
        let value = identifier.str("value")?;
        Some(format!("identifier {}|{value}", identifier.str("system").unwrap_or_default()))
    });
    literal.into_iter().chain(logical).collect()
}

/// Whether only we write such an item, so that one which we no longer write is to go.
fn is_ours(key: &str, item: &Node<'_>) -> bool {
    let ours = |node: &Node<'_>, member: &str| node.str(member).is_some_and(|text| codes::is_ours(&text));
    match key {
        "recipient" => true,
        "identifier" | "tag" | "security" | "coding" => ours(item, "system"),
        "extension" | "modifierExtension" => ours(item, "url"),
        "participant" => item
            .list("extension")
            .iter()
            .any(|extension| extension.str("url").as_deref() == Some(codes::SEAT)),
        "output" => item
            .get("type")
            .is_some_and(|kind| kind.list("coding").iter().any(|coding| ours(coding, "system"))),
        _ => item.list("coding").iter().any(|coding| ours(coding, "system")),
    }
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
