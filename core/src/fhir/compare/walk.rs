//! What differs between two versions of one resource, element by element.

use std::collections::{HashMap, HashSet};

use super::words::{Names, sentence, title};
use super::{Became, PlanDifference, PlanPart};
use crate::fhir::diff::{in_order, names};
use crate::fhir::json::Node;
use crate::fhir::merge::identities;

/// A resource in both versions, or the Bundle around them.
pub(super) struct Pair<'p> {
    /// Its type, with which paths begin.
    pub(super) kind: &'p str,
    /// How the document names it; nothing of the plan itself.
    pub(super) name: Option<&'p str>,
    /// What it is in words.
    pub(super) title: Option<&'p str>,
    /// What the references of the two versions are in words.
    pub(super) names: [&'p Names<'p>; 2],
}

impl Pair<'_> {
    /// Says everything that differs below a path. `path` is empty for the whole.
    pub(super) fn walk(
        &self,
        (path, key): (&str, &str),
        was: Option<&Node<'_>>,
        is: Option<&Node<'_>>,
        found: &mut Vec<PlanDifference>,
    ) {
        match (was, is) {
            (Some(was), Some(is)) if was.same(is) => {}
            (Some(was), Some(is)) if was.is_object() && is.is_object() => {
                self.members((path, &[]), was, is, found);
            }
            (Some(was), Some(is)) if was.is_array() && is.is_array() => {
                self.items((path, key), was, is, found);
            }
            (None, None) => {}
            (was, is) => {
                let became = match (was, is) {
                    (None, _) => Became::Added,
                    (_, None) => Became::Removed,
                    _ => Became::Changed,
                };
                found.push(self.change(became, path, was, is));
            }
        }
    }

    /// Says everything that differs in the members of two objects, but those that are compared otherwise.
    pub(super) fn members(
        &self,
        (path, but): (&str, &[&str]),
        was: &Node<'_>,
        is: &Node<'_>,
        found: &mut Vec<PlanDifference>,
    ) {
        let mut known = HashSet::new();
        let both = was.members().iter().chain(is.members());
        for name in both.map(|(name, _)| &**name).filter(|name| !but.contains(name)) {
            if known.insert(name) {
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                self.walk((&path, name), was.get(name), is.get(name), found);
            }
        }
    }

    fn items(
        &self,
        (path, key): (&str, &str),
        was: &Node<'_>,
        is: &Node<'_>,
        found: &mut Vec<PlanDifference>,
    ) {
        let (old, new) = (was.items(), is.items());
        // Items that go by one name cannot be told apart: then the list is one thing.
        let Some([before, after, _]) = names(key, [old, new, &[]]) else {
            found.push(self.change(Became::Changed, path, Some(was), Some(is)));
            return;
        };
        if !in_order(&before, &after) {
            found.push(self.change(Became::Reordered, path, Some(was), Some(is)));
        }
        let places: HashMap<&str, usize> = after.iter().enumerate().map(|(n, name)| (&**name, n)).collect();
        let there: HashSet<&str> = before.iter().map(String::as_str).collect();
        let mut gone: Vec<(usize, &Node<'_>)> = Vec::new();
        let mut pairs: Vec<(usize, &Node<'_>, &Node<'_>)> = Vec::new();
        for (n, (item, name)) in old.iter().zip(&before).enumerate() {
            match places.get(name.as_str()).and_then(|place| new.get(*place)) {
                Some(other) => pairs.push((n, item, other)),
                None => gone.push((n, item)),
            }
        }
        let come = new.iter().zip(&after).enumerate().filter(|(_, (_, name))| !there.contains(name.as_str()));
        let mut come: Vec<(usize, &Node<'_>)> = come.map(|(n, (item, _))| (n, item)).collect();
        // What is known by what it says only is the same under its title, too; and where one alone is another, it was changed.
        let by_saying = |item: &Node<'_>| item.is_object() && identities(key, item).is_empty();
        if gone.iter().chain(&come).all(|(_, item)| by_saying(item)) {
            self.alike(&mut gone, &mut come, &mut pairs);
        }
        pairs.sort_by_key(|(n, ..)| *n);
        for (n, was, is) in pairs {
            self.walk((&format!("{path}[{n}]"), key), Some(was), Some(is), found);
        }
        for (n, item) in gone {
            found.push(self.change(Became::Removed, &format!("{path}[{n}]"), Some(item), None));
        }
        for (n, item) in come {
            found.push(self.change(Became::Added, &format!("{path}[{n}]"), None, Some(item)));
        }
    }

    fn alike<'n, 'a>(
        &self,
        gone: &mut Vec<(usize, &'n Node<'a>)>,
        come: &mut Vec<(usize, &'n Node<'a>)>,
        pairs: &mut Vec<(usize, &'n Node<'a>, &'n Node<'a>)>,
    ) {
        let titles = |items: &[(usize, &'n Node<'a>)], names: &Names<'_>| -> Vec<Option<String>> {
            items.iter().map(|(_, item)| title(item, names)).collect()
        };
        let (old, new) = (titles(gone, self.names[0]), titles(come, self.names[1]));
        let once = |titles: &[Option<String>]| -> HashMap<String, usize> {
            let mut places = HashMap::new();
            let mut twice = HashSet::new();
            for (n, title) in titles.iter().enumerate().filter_map(|(n, title)| Some((n, title.clone()?))) {
                if places.insert(title.clone(), n).is_some() {
                    twice.insert(title);
                }
            }
            places.retain(|title, _| !twice.contains(title));
            places
        };
        let (old, new) = (once(&old), once(&new));
        let mut paired: Vec<(usize, usize)> =
            old.iter().filter_map(|(title, one)| Some((*one, *new.get(title)?))).collect();
        if paired.is_empty() && gone.len() == 1 && come.len() == 1 {
            paired.push((0, 0));
        }
        for (one, other) in &paired {
            if let (Some((n, was)), Some((_, is))) = (gone.get(*one), come.get(*other)) {
                pairs.push((*n, was, is));
            }
        }
        let left = |items: &mut Vec<(usize, &'n Node<'a>)>, taken: HashSet<usize>| {
            let mut n = 0;
            items.retain(|_| {
                n += 1;
                !taken.contains(&(n - 1))
            });
        };
        left(gone, paired.iter().map(|(one, _)| *one).collect());
        left(come, paired.iter().map(|(_, other)| *other).collect());
    }

    /// A change as it is told.
    pub(super) fn change(
        &self,
        became: Became,
        path: &str,
        was: Option<&Node<'_>>,
        is: Option<&Node<'_>>,
    ) -> PlanDifference {
        PlanDifference {
            part: part(self.kind, self.name.is_none(), path),
            became,
            path: if path.is_empty() { self.kind.to_owned() } else { format!("{}.{path}", self.kind) },
            resource: self.name.map(str::to_owned),
            was: was.map(|node| node.raw().to_owned()),
            is: is.map(|node| node.raw().to_owned()),
            text: sentence(self, became, path, was, is),
        }
    }
}

/// What an element of a resource is about.
fn part(kind: &str, of_the_plan: bool, path: &str) -> PlanPart {
    // What stands beside a primitive value is about that value.
    let path = path.strip_prefix('_').unwrap_or(path);
    let element = path.split(['.', '[']).next().unwrap_or_default();
    match element {
        "id" | "meta" | "identifier" | "implicitRules" => return PlanPart::Record,
        _ => {}
    }
    match (kind, element) {
        ("Bundle", _) => PlanPart::Record,
        ("CarePlan", _) if of_the_plan => match element {
            "goal" => PlanPart::Goal,
            "activity" => PlanPart::Activity,
            "addresses" => PlanPart::Addresses,
            "period" => PlanPart::Period,
            "note" => PlanPart::Note,
            "status" | "intent" | "title" | "description" | "category" | "text" | "created" => PlanPart::Plan,
            "subject" | "author" | "contributor" | "careTeam" => PlanPart::People,
            _ => PlanPart::Other,
        },
        ("Goal", _) => PlanPart::Goal,
        (
            "Task"
            | "ServiceRequest"
            | "Appointment"
            | "CommunicationRequest"
            | "DeviceRequest"
            | "MedicationRequest"
            | "NutritionOrder"
            | "RequestGroup"
            | "VisionPrescription",
            _,
        ) => PlanPart::Activity,
        ("Condition", _) => PlanPart::Addresses,
        (
            "CareTeam" | "Patient" | "Practitioner" | "PractitionerRole" | "Organization" | "RelatedPerson",
            _,
        ) => PlanPart::People,
        _ => PlanPart::Other,
    }
}
