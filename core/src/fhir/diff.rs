//! What differs between versions of a resource, element by element, and how two people's changes to one version stand to each
//! other.
//!
//! Items of a list are known by what they are (an identifier by its system and value, a participant by its member), else by
//! what they say. So a participant that somebody put first does not make all others look changed.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::json::{self, Node};
use super::merge::identities;
use crate::error::Result;

/// Who changed an element since the version that both began from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedBy {
    /// Only we did: it is not in the record yet.
    Us,
    /// Only they did.
    Them,
    /// Both did, to the same.
    BothAlike,
    /// Both did, to something else each: somebody has to decide.
    BothDifferently,
}

/// One element that differs, with the JSON text of each version; `None` where a version has no such element. `Debug` shows
/// none of the texts.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it is, as in FHIRPath: `participant[1].period.end`. A place in a list is that of the version both began from; what
    /// was added since has a number behind those, in the order of ours and then theirs.
    pub path: String,
    /// Who changed it.
    pub by: ChangedBy,
    /// What it was.
    pub base: Option<String>,
    /// What we made of it.
    pub ours: Option<String>,
    /// What they made of it.
    pub theirs: Option<String>,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Change({:?}, {})", self.by, self.path)
    }
}

/// What two people made of one version. What a record sets by itself (`meta.versionId`, `meta.lastUpdated`, `meta.source`) and
/// the spelling (white space, the order of members) are no changes.
///
/// # Errors
/// `InvalidInput` where one of the texts is not JSON.
pub fn changes(base: &str, ours: &str, theirs: &str) -> Result<Vec<Change>> {
    let (base, ours, theirs) = (json::parse(base)?, json::parse(ours)?, json::parse(theirs)?);
    let mut found = Vec::new();
    Three { base: Some(&base), ours: Some(&ours), theirs: Some(&theirs) }.walk("", "", &mut found);
    Ok(found)
}

/// One element as the three versions have it.
#[derive(Clone, Copy)]
struct Three<'n, 'a> {
    base: Option<&'n Node<'a>>,
    ours: Option<&'n Node<'a>>,
    theirs: Option<&'n Node<'a>>,
}

fn same(one: Option<&Node<'_>>, two: Option<&Node<'_>>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => one.same(two),
        (one, two) => one.is_none() && two.is_none(),
    }
}

impl<'n, 'a> Three<'n, 'a> {
    fn all(&self, is: impl Fn(&Node<'a>) -> bool) -> bool {
        [self.base, self.ours, self.theirs].into_iter().flatten().all(is)
    }

    fn each<T>(&self, of: impl Fn(&'n Node<'a>) -> T) -> [Option<T>; 3] {
        [self.base.map(&of), self.ours.map(&of), self.theirs.map(&of)]
    }

    fn walk(self, path: &str, key: &str, found: &mut Vec<Change>) {
        let (by_us, by_them) = (!same(self.base, self.ours), !same(self.base, self.theirs));
        if !by_us && !by_them {
            return;
        }
        // Somebody took it out or put it in: it is one change, however much is in it. Two who put it in may have meant parts.
        let there = self.base.is_some() && self.ours.is_some() && self.theirs.is_some();
        let put_in_by_both = self.base.is_none() && self.ours.is_some() && self.theirs.is_some();
        if (there || put_in_by_both) && self.all(Node::is_object) {
            return self.walk_members(path, found);
        }
        if (there || put_in_by_both) && self.all(Node::is_array) && self.walk_items(path, key, found) {
            return;
        }
        let by = match (by_us, by_them) {
            (true, false) => ChangedBy::Us,
            (false, _) => ChangedBy::Them,
            (true, true) if same(self.ours, self.theirs) => ChangedBy::BothAlike,
            (true, true) => ChangedBy::BothDifferently,
        };
        let [base, ours, theirs] = self.each(|node| node.raw().to_owned());
        found.push(Change { path: path.to_owned(), by, base, ours, theirs });
    }

    fn walk_members(self, path: &str, found: &mut Vec<Change>) {
        let versions = [self.base, self.ours, self.theirs].into_iter().flatten();
        let mut names: Vec<&str> = versions.flat_map(Node::members).map(|(name, _)| &**name).collect();
        let mut known = HashSet::new();
        names.retain(|name| known.insert(*name));
        for name in names {
            if path == "meta" && ["versionId", "lastUpdated", "source"].contains(&name) {
                continue;
            }
            let of = |node: Option<&'n Node<'a>>| node.and_then(|node| node.get(name));
            let below = Three { base: of(self.base), ours: of(self.ours), theirs: of(self.theirs) };
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            below.walk(&path, name, found);
        }
    }

    /// The items of lists, each known by what it is. False where they cannot be told apart, or their order changed: then the list
    /// is one thing.
    fn walk_items(self, path: &str, key: &str, found: &mut Vec<Change>) -> bool {
        let lists = self.each(Node::items).map(Option::unwrap_or_default);
        let Some([base, ours, theirs]) = names(key, lists) else { return false };
        if !in_order(&base, &ours) || !in_order(&base, &theirs) {
            return false;
        }
        let mut known = HashSet::new();
        let mut order: Vec<&str> = base.iter().chain(&ours).chain(&theirs).map(String::as_str).collect();
        order.retain(|name| known.insert(*name));
        let places = [places(&base), places(&ours), places(&theirs)];
        for (n, name) in order.into_iter().enumerate() {
            let [base, ours, theirs] = [0, 1, 2].map(|version: usize| {
                let place = places.get(version).and_then(|places| places.get(name))?;
                lists.get(version).and_then(|items| items.get(*place))
            });
            Three { base, ours, theirs }.walk(&format!("{path}[{n}]"), key, found);
        }
        true
    }
}

fn places(names: &[String]) -> HashMap<&str, usize> {
    names.iter().enumerate().map(|(n, name)| (name.as_str(), n)).collect()
}

/// A name for each item of the three lists, the same for what is the same item; `None` where two items of one list go by one
/// name.
pub(super) fn names(key: &str, lists: [&[Node<'_>]; 3]) -> Option<[Vec<String>; 3]> {
    let known = lists.iter().flat_map(|items| items.iter()).all(|item| !identities(key, item).is_empty());
    let of = |items: &[Node<'_>]| -> Option<Vec<String>> {
        let names: Vec<String> = items
            .iter()
            .map(|item| if known { identities(key, item).join(" ") } else { spelled(item) })
            .collect();
        (places(&names).len() == names.len()).then_some(names)
    };
    Some([of(lists[0])?, of(lists[1])?, of(lists[2])?])
}

/// What an item says, spelled in one way.
pub(super) fn spelled(node: &Node<'_>) -> String {
    if node.is_object() {
        let mut members: Vec<String> =
            node.members().iter().map(|(name, value)| format!("{name}:{}", spelled(value))).collect();
        members.sort();
        format!("{{{}}}", members.join(","))
    } else if node.is_array() {
        format!("[{}]", node.items().iter().map(spelled).collect::<Vec<_>>().join(","))
    } else {
        node.text().map_or_else(|| node.raw().to_owned(), |text| json::quote(&text))
    }
}

/// Whether what both lists have is in the same order in both.
pub(super) fn in_order(one: &[String], two: &[String]) -> bool {
    let places = places(two);
    let common = one.iter().filter_map(|name| places.get(name.as_str()));
    common.is_sorted()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(base: &str, ours: &str, theirs: &str) -> Vec<(String, ChangedBy)> {
        changes(base, ours, theirs).unwrap().into_iter().map(|change| (change.path, change.by)).collect()
    }

    fn team(participants: &[(&str, &str)]) -> String {
        let participants: Vec<String> = participants
            .iter()
            .map(|(who, rest)| format!(r#"{{"member":{{"reference":"Practitioner/{who}"}}{rest}}}"#))
            .collect();
        format!(
            r#"{{"resourceType":"CareTeam","status":"active","participant":[{}]}}"#,
            participants.join(",")
        )
    }

    #[test]
    fn each_change_has_its_path_and_its_author() {
        use ChangedBy::{BothAlike, BothDifferently, Them, Us};
        let base = team(&[("a", ""), ("b", "")]);
        let ended = |who: &str| format!(r#","period":{{"end":"2019-0{who}-01"}}"#);
        let named = |paths: &[(&str, ChangedBy)]| -> Vec<(String, ChangedBy)> {
            paths.iter().map(|(path, by)| ((*path).to_owned(), *by)).collect()
        };
        for (ours, theirs, expected) in [
            (base.clone(), base.clone(), named(&[])),
            (
                team(&[("a", ""), ("b", ""), ("c", "")]),
                team(&[("d", ""), ("a", ""), ("b", "")]),
                named(&[("participant[2]", Us), ("participant[3]", Them)]),
            ),
            (
                team(&[("a", &ended("1")), ("b", "")]),
                team(&[("a", &ended("2")), ("b", &ended("3"))]),
                named(&[("participant[0].period.end", BothDifferently), ("participant[1].period", Them)]),
            ),
            (
                team(&[("a", &ended("1")), ("b", "")]),
                team(&[("a", &ended("1"))]),
                named(&[("participant[0].period.end", BothAlike), ("participant[1]", Them)]),
            ),
            (
                base.replace("active", "inactive"),
                base.replace("active", "suspended"),
                named(&[("status", BothDifferently)]),
            ),
            // They took out what we changed.
            (
                team(&[("a", ""), ("b", &ended("1"))]),
                team(&[("a", "")]),
                named(&[("participant[1]", BothDifferently)]),
            ),
            // The order is something that is said, too.
            (team(&[("b", ""), ("a", "")]), base.clone(), named(&[("participant", Us)])),
        ] {
            assert_eq!(told(&base, &ours, &theirs), expected, "{ours} {theirs}");
        }
    }

    #[test]
    fn spelling_and_what_a_record_sets_are_no_changes() {
        let base =
            r#"{"resourceType":"Goal","meta":{"versionId":"1"},"note":[{"text":"a\u0062"},{"text":"c"}]}"#;
        let theirs = r#"{ "note" : [{"text":"ab"}, {"text":"c"}], "meta":{"versionId":"2","lastUpdated":"2019-01-01T00:00:00Z"}, "resourceType":"Goal" }"#;
        assert_eq!(told(base, base, theirs), []);
        let digits = |text: &str| format!(r#"{{"valueDecimal":{text}}}"#);
        assert_eq!(
            told(&digits("1.5"), &digits("1.50"), &digits("1.5")),
            [("valueDecimal".to_owned(), ChangedBy::Us)],
            "a decimal's digits are something that is said"
        );
    }

    #[test]
    fn long_lists_and_many_members_are_compared_in_good_time() {
        // Each item by every other would be 10^10 comparisons.
        const MANY: usize = 100_000;
        let list = |first: usize, item: fn(usize) -> String| -> String {
            let items: Vec<String> = (first..MANY).map(item).collect();
            items.join(",")
        };
        let texts = |first: usize| format!(r#"{{"x":[{}]}}"#, list(first, |n| n.to_string()));
        let named = |first: usize| {
            format!(r#"{{"identifier":[{}]}}"#, list(first, |n| format!(r#"{{"system":"s","value":"{n}"}}"#)))
        };
        let members = |first: usize| format!("{{{}}}", list(first, |n| format!(r#""m{n}":{n}"#)));
        for (whole, fewer, path) in [
            (texts(0), texts(1), "x[0]"),
            (named(0), named(1), "identifier[0]"),
            (members(0), members(1), "m0"),
        ] {
            assert_eq!(told(&whole, &fewer, &whole), [(path.to_owned(), ChangedBy::Us)]);
        }
    }

    #[test]
    fn a_change_shows_no_value_in_debug() {
        let base = r#"{"note":"secret"}"#;
        assert!(!format!("{:?}", changes(base, r#"{"note":"other"}"#, base).unwrap()).contains("secret"));
    }
}
