//! Moving resources from one record into another: in which order, found there by what, and with references that hold there.

use std::collections::HashMap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use super::apply::references;
use super::codes;
use super::json::{self, Node};
use super::patient::{self, has_number, member_id};
use super::search::{encoded, token};
use super::write::{Object, coding, identifier};
use crate::error::Result;
use crate::id::MemberId;

/// A resource by its type and its record's id for it.
pub(crate) type Name = (String, String);

/// Where a reference of a resource that is moved points then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// At this resource of the record that it is moved to, whose id there is known.
    There(String),
    /// At this entry of the transaction by which both are moved.
    Entry(String),
    /// At nothing: the record does not take what it referred to, which is known by this identifier, if any.
    Nowhere(Option<(String, String)>),
}

/// A resource that is to be moved, and what it refers to.
pub(crate) struct Moving {
    /// Which.
    pub(crate) name: Name,
    /// What it refers to, in its own record.
    pub(crate) refers: Vec<Name>,
}

impl Moving {
    /// Reads what a resource refers to.
    ///
    /// # Errors
    /// `InvalidInput` where it is not JSON.
    pub(crate) fn new(name: Name, text: &str) -> Result<Self> {
        Ok(Self { name, refers: refers(text)? })
    }
}

/// What a resource refers to, in its own record.
///
/// # Errors
/// `InvalidInput` where it is not JSON.
pub(crate) fn refers(text: &str) -> Result<Vec<Name>> {
    references(text)
}

/// The order in which resources are moved: what something refers to goes before it. Resources that refer to each other in a circle
/// are one group, and go together.
pub(crate) fn order(all: &[Moving]) -> Vec<Vec<usize>> {
    let places: HashMap<&Name, usize> = all.iter().enumerate().map(|(n, one)| (&one.name, n)).collect();
    let mut graph = DiGraph::<usize, ()>::with_capacity(all.len(), all.len());
    let nodes: Vec<_> = (0..all.len()).map(|n| graph.add_node(n)).collect();
    for (n, one) in all.iter().enumerate() {
        for to in one.refers.iter().filter_map(|name| places.get(name)).filter(|to| **to != n) {
            if let (Some(from), Some(to)) = (nodes.get(n), nodes.get(*to)) {
                graph.update_edge(*from, *to, ());
            }
        }
    }
    // Components come in reverse topological order: what is referred to first.
    let groups = kosaraju_scc(&graph).into_iter();
    groups
        .map(|group| {
            let mut group: Vec<usize> =
                group.into_iter().filter_map(|node| graph.node_weight(node).copied()).collect();
            group.sort_unstable();
            group
        })
        .collect()
}

/// People, organisations and places: a record that has them already has them under the same identifiers.
const IDENTIFIED: [&str; 8] = [
    "Patient",
    "RelatedPerson",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
    "HealthcareService",
    "Endpoint",
];

/// Whether a record that has such a resource has it under the same identifier: what may not be made there may be found.
pub(crate) fn is_identified(kind: &str) -> bool {
    IDENTIFIED.contains(&kind)
}

/// What a resource is found by where it is moved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Find {
    /// The search parameters, all of which have to match; the first tells it from others of its type.
    pub(crate) params: Vec<(String, String)>,
    /// The value of the first as it stands in the resource: `system|value`.
    pub(crate) token: String,
    /// The person that a Patient is: the number and the date of birth.
    person: Option<(MemberId, String)>,
}

impl Find {
    fn by(param: &str, (system, value): (&str, &str)) -> Self {
        let params = vec![(param.to_owned(), token(system, value))];
        Self { params, token: format!("{system}|{value}"), person: None }
    }

    /// The parameters of a search or a condition.
    pub(crate) fn params(&self) -> Vec<(&str, &str)> {
        self.params.iter().map(|(param, value)| (param.as_str(), value.as_str())).collect()
    }

    /// Whether it is found by an identifier: there may be one that we did not make.
    pub(crate) fn is_by_identifier(&self) -> bool {
        self.params.first().is_some_and(|(param, _)| param == "identifier")
    }

    /// What the audit calls it: never by an identifier that others gave, which can be a member's.
    pub(crate) fn audited(&self, name: &Name) -> (String, String) {
        match self.params.first() {
            Some((param, _)) if codes::is_ours(&self.token) => (param.clone(), self.token.clone()),
            _ => ("_id".to_owned(), name.1.clone()),
        }
    }

    /// Whether what was found by it is that: some numbers are a family's, and a server may pass over a parameter that it does
    /// not know. Of all but people the parameters tell enough.
    pub(crate) fn is(&self, found: &str) -> bool {
        let Some((id, born)) = &self.person else { return true };
        json::parse(found).is_ok_and(|node| {
            node.str("birthDate").as_deref() == Some(born.as_str()) && has_number(&node, id)
        })
    }
}

/// A Patient as the person that it is.
fn person(node: &Node<'_>) -> Option<Find> {
    let (id, born) = patient::person(node)?;
    let mut find = Find::by("identifier", (id.system(), id.value()));
    find.params.push(("birthdate".to_owned(), born.clone()));
    Some(Find { person: Some((id, born)), ..find })
}

/// What a resource is found by where it is moved to: our own identifier, else the first that names something; for a type
/// without one, our tag. What was imported about somebody is found by the tag of its import before an identifier of others, which
/// can name several things, as the group of a claim does. A Patient is found as the person, or by nothing that others gave. One that
/// has nothing is given a tag of ours, so that it is moved once however often that is tried: the text comes back with it.
///
/// # Errors
/// `InvalidInput` where it is not JSON.
pub(crate) fn findable(name: &Name, text: &str) -> Result<(Find, String)> {
    let node = json::parse(text)?;
    let token =
        |one: &Node<'_>, value: &str| Some((one.str("system")?.into_owned(), one.str(value)?.into_owned()));
    let pick = |param: &str, list: &[Node<'_>], value: &str, any: bool| {
        let tokens: Vec<(String, String)> = list.iter().filter_map(|one| token(one, value)).collect();
        let ours = tokens.iter().find(|(system, _)| codes::is_ours(system));
        ours.or(if any { tokens.first() } else { None })
            .map(|(system, value)| Find::by(param, (system, value)))
    };
    let tags = node.get("meta").map_or(&[][..], |meta| meta.list("tag"));
    let identifiers = node.list("identifier");
    let tag = || pick("_tag", tags, "code", false);
    let theirs = || pick("identifier", identifiers, "value", true);
    let found = match name.0.as_str() {
        "Patient" => person(&node).or_else(tag),
        kind => pick("identifier", identifiers, "value", false)
            .or_else(|| if is_identified(kind) { theirs().or_else(tag) } else { tag().or_else(theirs) }),
    };
    if let Some(found) = found {
        return Ok((found, text.to_owned()));
    }
    let tag = coding(codes::MOVED, &name.1, "");
    let tags: Vec<String> = tags.iter().map(|one| one.raw().to_owned()).chain([tag]).collect();
    let tags = [("tag", format!("[{}]", tags.join(",")))];
    let meta = match node.get("meta") {
        Some(meta) => meta.with(&tags),
        None => format!("{{\"tag\":{}}}", tags[0].1),
    };
    let text = node.with(&[("meta", meta)]);
    Ok((Find::by("_tag", (codes::MOVED, &name.1)), text))
}

/// The text of a resource for the record that it is moved to: without what its own record set, and with references that hold
/// there. `target` says where what it refers to is; `None` leaves a reference as it is.
///
/// # Errors
/// `InvalidInput` where it is not JSON.
pub(crate) fn moved(text: &str, target: &dyn Fn(&Name) -> Option<Target>) -> Result<String> {
    let node = json::parse(text)?;
    let rewritten = node.rewrite::<crate::Error>(&mut |_, one| {
        let Some(reference) = one.get("reference").and_then(Node::text) else { return Ok(None) };
        let path = reference.split("/_history/").next().unwrap_or(&reference);
        let Some((kind, id)) = path.split_once('/') else { return Ok(None) };
        let Some(target) = target(&(kind.to_owned(), id.to_owned())) else { return Ok(None) };
        Ok(Some(match target {
            Target::There(there) => one.with(&[("reference", json::quote(&format!("{kind}/{there}")))]),
            Target::Entry(url) => one.with(&[("reference", json::quote(&url))]),
            Target::Nowhere(known) => {
                let text = one.without(&["reference"]);
                let rest = json::parse(&text)?;
                match known {
                    Some((system, value)) if rest.get("identifier").is_none() => {
                        rest.with(&[("type", json::quote(kind)), ("identifier", identifier(&system, &value))])
                    }
                    None if rest.get("identifier").is_none() && rest.get("display").is_none() => {
                        rest.with(&[("display", json::quote("not in this record"))])
                    }
                    _ => text,
                }
            }
        }))
    })?;
    let text = rewritten.unwrap_or_else(|| text.to_owned());
    let node = json::parse(&text)?;
    let text = match node.get("meta") {
        Some(meta) => {
            let meta = meta.without(&["versionId", "lastUpdated", "source"]);
            if json::parse(&meta)?.members().is_empty() {
                node.without(&["id", "meta"])
            } else {
                let text = node.without(&["id"]);
                json::parse(&text)?.with(&[("meta", meta)])
            }
        }
        None => node.without(&["id"]),
    };
    Ok(text)
}

/// A transaction that makes resources together, each unless it is there (FHIR R4, 3.1.0.11.1): its `fullUrl`, its type, its text,
/// and what it is found by.
pub(crate) fn transaction<'t>(all: impl Iterator<Item = (&'t str, &'t str, &'t str, &'t Find)>) -> String {
    let entries: Vec<String> = all
        .map(|(url, kind, text, find)| {
            let condition: Vec<String> =
                find.params.iter().map(|(param, value)| format!("{param}={}", encoded(value))).collect();
            let request = Object::new()
                .text("method", "POST")
                .text("url", kind)
                .text("ifNoneExist", &condition.join("&"))
                .done();
            Object::new().text("fullUrl", url).raw("resource", text).raw("request", &request).done()
        })
        .collect();
    Object::resource("Bundle").text("type", "transaction").list("entry", &entries).done()
}

/// The first identifier of a resource that names something; of a Patient, that by which a case would know the member.
pub(crate) fn known_by(kind: &str, text: &str) -> Option<(String, String)> {
    let node = json::parse(text).ok()?;
    if kind == "Patient" {
        return member_id(&node).map(|id| (id.system().to_owned(), id.value().to_owned()));
    }
    node.list("identifier")
        .iter()
        .find_map(|one| Some((one.str("system")?.into_owned(), one.str("value")?.into_owned())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn name(kind: &str, id: &str) -> Name {
        (kind.to_owned(), id.to_owned())
    }

    #[test]
    fn what_is_referred_to_goes_first_and_a_circle_goes_together() {
        let one = |kind: &str, id: &str, to: &[&str]| {
            let references: Vec<String> = to.iter().map(|to| format!(r#"{{"reference":"{to}"}}"#)).collect();
            Moving::new(name(kind, id), &format!(r#"{{"x":[{}]}}"#, references.join(","))).unwrap()
        };
        let all = [
            one("CareTeam", "t", &["Patient/p", "Practitioner/d", "Practitioner/elsewhere"]),
            one("Patient", "p", &["Practitioner/d", "Patient/p"]),
            one("Organization", "a", &["Endpoint/e"]),
            one("Endpoint", "e", &["Organization/a"]),
            one("Practitioner", "d", &["Organization/a/_history/2"]),
        ];
        let order = order(&all);
        let place = |n: usize| order.iter().position(|group| group.contains(&n)).unwrap();
        assert_eq!(place(2), place(3), "a circle");
        assert!(place(2) < place(4) && place(4) < place(1) && place(1) < place(0), "{order:?}");
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let all: Vec<Moving> = (0..100_000)
            .map(|n| Moving {
                name: name("Communication", &n.to_string()),
                refers: vec![name("Communication", &(n + 1).to_string())],
            })
            .collect();
        assert_eq!(order(&all).first(), Some(&vec![99_999]));
    }

    #[test]
    fn it_is_found_there_by_what_it_carries_or_is_given_something() {
        let by = |param: &str, token: &str| vec![(param.to_owned(), token.to_owned())];
        let find = |kind: &str, text: &str| {
            let (find, told) = findable(&name(kind, "7"), text).unwrap();
            (find.params, told)
        };
        let both =
            r#"{"identifier":[{"system":"urn:x","value":"1"},{"system":"urn:caseline:event","value":"2"}]}"#;
        assert_eq!(find("Basic", both), (by("identifier", "urn:caseline:event|2"), both.to_owned()));
        let theirs = r#"{"identifier":[{"value":"0"},{"system":"urn:x","value":"1,2"}]}"#;
        assert_eq!(find("Basic", theirs).0, by("identifier", "urn:x|1\\,2"));
        let tagged = r#"{"meta":{"tag":[{"system":"urn:caseline:audit","code":"a"}]}}"#;
        assert_eq!(find("Basic", tagged).0, by("_tag", "urn:caseline:audit|a"));
        let imported = r#"{"meta":{"tag":[{"system":"urn:caseline:imported","code":"a"}]},"identifier":[{"system":"urn:x","value":"shared"}]}"#;
        assert_eq!(find("Basic", imported).0, by("_tag", "urn:caseline:imported|a"));
        assert_eq!(find("Organization", imported).0, by("identifier", "urn:x|shared"));
        let nothing = r#"{"resourceType":"Basic","meta":{"tag":[{"system":"urn:y","code":"b"}]}, "x":1.50}"#;
        let (found, text) = find("Basic", nothing);
        assert_eq!(found, by("_tag", "urn:caseline:moved|7"));
        assert!(text.contains("urn:y") && text.contains("urn:caseline:moved") && text.contains("1.50"));
    }

    #[test]
    fn a_patient_is_found_as_the_person_or_by_nothing_that_others_gave() {
        let text = r#"{"resourceType":"Patient","identifier":[{"system":"urn:family","value":"1"},
            {"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MA"}]},"system":"urn:m","value":"2"}],
            "birthDate":"1961-04-05"}"#;
        let (find, told) = findable(&name("Patient", "7"), text).unwrap();
        assert_eq!(find.params(), [("identifier", "urn:m|2"), ("birthdate", "1961-04-05")]);
        assert!(told == text && find.is(text));
        let others =
            [("urn:m", "2", "1990-01-01"), ("urn:family", "1", "1961-04-05"), ("urn:m", "3", "1961-04-05")];
        for (system, value, born) in others {
            let other = format!(
                r#"{{"identifier":[{{"system":"{system}","value":"{value}"}}],"birthDate":"{born}"}}"#
            );
            assert!(!find.is(&other), "{other}");
        }
        assert!(!find.is(r#"{"identifier":[{"system":"urn:m","value":"2"}]}"#), "not known is not agreed");
        let bundle = transaction([("urn:uuid:p", "Patient", text, &find)].into_iter());
        assert!(bundle.contains("identifier=urn:m|2&birthdate=1961-04-05"), "{bundle}");
        assert_eq!(known_by("Patient", text), Some(("urn:m".into(), "2".into())));
        assert_eq!(known_by("Basic", text), Some(("urn:family".into(), "1".into())));
        assert_eq!(find.audited(&name("Patient", "7")), ("_id".into(), "7".into()), "no member's number");
        let young = text.replace("1961-04-05", "1961");
        let (find, told) = findable(&name("Patient", "7"), &young).unwrap();
        assert_eq!(find.params(), [("_tag", "urn:caseline:moved|7")]);
        assert!(told.contains("urn:caseline:moved") && !find.is_by_identifier());
    }

    #[test]
    fn references_hold_where_it_is_moved_to() {
        let text = r##"{"resourceType":"CareTeam","id":"1","meta":{"versionId":"3"},"x": 1.50,
            "subject":{"reference":"Patient/p","display":"Synthetic"},"a":{"reference":"Goal/g/_history/2"},
            "b":{"reference":"Goal/h"},"c":{"reference":"Endpoint/e"},"d":[{"reference":"#c"},{"reference":"Patient/unknown"}]}"##;
        let target = |name: &Name| match (name.0.as_str(), name.1.as_str()) {
            ("Patient", "p") => Some(Target::There("77".into())),
            ("Goal", "g") => Some(Target::Nowhere(Some(("urn:g".into(), "1".into())))),
            ("Goal", _) => Some(Target::Nowhere(None)),
            ("Endpoint", _) => Some(Target::Entry("urn:uuid:e".into())),
            _ => None,
        };
        let text = moved(text, &target).unwrap();
        let node = json::parse(&text).unwrap();
        assert!(node.get("id").is_none() && node.get("meta").is_none() && text.contains("1.50"));
        let raw = |key: &str| node.get(key).unwrap().raw();
        assert_eq!(raw("subject"), r#"{"reference":"Patient/77","display":"Synthetic"}"#);
        assert_eq!(raw("a"), r#"{"type":"Goal","identifier":{"system":"urn:g","value":"1"}}"#);
        assert_eq!(raw("b"), r#"{"display":"not in this record"}"#);
        assert_eq!(raw("c"), r#"{"reference":"urn:uuid:e"}"#);
        assert_eq!(raw("d"), r##"[{"reference":"#c"},{"reference":"Patient/unknown"}]"##);
    }
}
