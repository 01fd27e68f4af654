//! A Bundle as it is imported: whole or not at all, and each of its resources once, however often it comes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;

use super::check::is_kind;
use super::codes;
use super::json::{self, Node, Text};
use super::patient::{self, member_token};
use super::search::encoded;
use super::write::coding;
use crate::error::Result;
use crate::id::Sha256;

/// The text of a Bundle as a record is to carry it out. A batch becomes a transaction (FHIR R4, 3.1.0.11), so that what comes in
/// it can refer to each other as well. What it creates without a condition of its own gets one, and for that, where it is no
/// Patient with an identifier, a tag of ours. All else stays byte for byte as it was.
///
/// # Errors
/// `InvalidInput`: `invalid-json` and what else reading fails with; `json-too-large` also where it is so with the conditions.
pub(crate) fn importable(bundle: &str) -> Result<String> {
    let read = Text::new(bundle)?;
    let whole = read.text();
    let top = read.shallow(whole)?;
    let kind = top.get("type").filter(|kind| kind.text().as_deref() == Some("batch"));
    let entries = top.get("entry").filter(|entries| entries.is_array());
    let mut out = Copy { whole, done: 0, out: String::with_capacity(whole.len() + whole.len() / 8) };
    let put_kind = |out: &mut Copy<'_>| {
        if let Some(kind) = kind {
            out.instead(kind.raw(), &json::quote("transaction"));
        }
    };
    let after = |kind: &Node<'_>, entries: &Node<'_>| {
        json::offset(whole, kind.raw()) > json::offset(whole, entries.raw())
    };
    let kind_is_last = kind.zip(entries).is_some_and(|(kind, entries)| after(kind, entries));
    if !kind_is_last {
        put_kind(&mut out);
    }
    if let Some(entries) = entries {
        let mut known = Known::default();
        read.items(entries.raw(), |_, entry| {
            known.add(&read.tree(entry)?);
            Ok(())
        })?;
        let mut taken = HashMap::new();
        read.items(entries.raw(), |_, entry| {
            if let Some(text) = once(&read.tree(entry)?, &known, &mut taken) {
                out.instead(entry, &text);
            }
            Ok(())
        })?;
    }
    if kind_is_last {
        put_kind(&mut out);
    }
    let told = out.finish();
    // The conditions and tags are read with it.
    json::sized(&told)?;
    Ok(told)
}

/// A copy of a text, some parts of which are replaced, in their order.
struct Copy<'a> {
    whole: &'a str,
    done: usize,
    out: String,
}

impl Copy<'_> {
    fn instead(&mut self, part: &str, text: &str) {
        let start = json::offset(self.whole, part);
        self.out.push_str(self.whole.get(self.done..start).unwrap_or_default());
        self.out.push_str(text);
        self.done = start + part.len();
    }

    fn finish(mut self) -> String {
        self.out.push_str(self.whole.get(self.done..).unwrap_or_default());
        self.out
    }
}

/// An entry that creates a resource without a condition, with one. `taken` counts how often a key was there before.
fn once(entry: &Node<'_>, known: &Known, taken: &mut HashMap<String, u32>) -> Option<String> {
    let (resource, request) = (entry.get("resource")?, entry.get("request")?);
    let kind = resource.str("resourceType").filter(|kind| is_kind(kind))?;
    let creates =
        request.str("method").as_deref() == Some("POST") && request.str("url") == Some(kind.clone());
    let has_condition = request.str("ifNoneExist").is_some_and(|query| !query.is_empty());
    let has_meta = resource.get("meta").is_none_or(Node::is_object);
    if !creates || has_condition || !has_meta {
        return None;
    }
    if let Some(condition) = person(resource) {
        return Some(entry.with(&[("request", request.with(&[("ifNoneExist", json::quote(&condition))]))]));
    }
    // What a Bundle calls a Patient is not who they are: a resource of the same content can be about another.
    let named = entry.str("fullUrl").or_else(|| resource.str("id"));
    let name = named.unwrap_or_else(|| content(resource).into());
    let name = format!("{name} {}", known.about(resource));
    let key = format!("{kind} {name}");
    let count = taken.entry(key.clone()).and_modify(|count| *count += 1).or_default();
    let code = Sha256::of(format!("{key} {count}")).to_string();
    let condition = format!("_tag={}|{code}", codes::IMPORTED);
    Some(entry.with(&[
        ("resource", tagged(resource, &code)),
        ("request", request.with(&[("ifNoneExist", json::quote(&condition))])),
    ]))
}

fn tagged(resource: &Node<'_>, code: &str) -> String {
    let tag = coding(codes::IMPORTED, code, "");
    let meta = match resource.get("meta") {
        Some(meta) => {
            let tags = meta.get("tag").filter(|tags| tags.is_array());
            meta.with(&[("tag", tags.map_or_else(|| format!("[{tag}]"), |tags| tags.with_appended(&tag)))])
        }
        None => format!("{{\"tag\":[{tag}]}}"),
    };
    resource.with(&[("meta", meta)])
}

/// The condition by which a Patient is that person.
fn person(resource: &Node<'_>) -> Option<String> {
    let (id, born) = patient::person(resource)?;
    Some(format!("identifier={}&birthdate={born}", encoded(&member_token(&id))))
}

fn content(resource: &Node<'_>) -> String {
    Sha256::of(resource.raw()).to_string()
}

/// The first identifier of a resource, whatever it names.
fn identifier(resource: &Node<'_>) -> Option<String> {
    resource.list("identifier").iter().find_map(token)
}

fn token(identifier: &Node<'_>) -> Option<String> {
    Some(format!("{}|{}", identifier.str("system")?, identifier.str("value")?))
}

/// What the entries of a Bundle are, apart from how the Bundle calls them: by `fullUrl` and by `Kind/id`.
#[derive(Default)]
struct Known(HashMap<String, Identity>);

struct Identity {
    patient: bool,
    // Nothing where only its content tells it from others.
    name: Option<String>,
}

impl Known {
    fn add(&mut self, entry: &Node<'_>) {
        let Some(resource) = entry.get("resource") else { return };
        let kind = resource.str("resourceType").unwrap_or_default();
        let patient = kind == "Patient";
        let name = || match person(resource) {
            None if patient => Some(content(resource)),
            None => identifier(resource),
            person => person,
        };
        let own = resource.str("id").map(|id| format!("{kind}/{id}"));
        for called in [entry.str("fullUrl").map(Cow::into_owned), own].into_iter().flatten() {
            self.0.entry(called).or_insert_with(|| Identity { patient, name: name() });
        }
    }

    /// Whom or what a resource is about, so that what another Bundle calls the same is not taken for it: the first Patient that it
    /// refers to; else its own identifier; else the first that it refers to by a name that holds outside of the Bundle; else
    /// nothing but its content. All but the last stay when a later export says more of it.
    fn about(&self, resource: &Node<'_>) -> String {
        if resource.str("resourceType").as_deref() == Some("Patient") {
            return content(resource);
        }
        let (mut patient, mut other) = (None, None);
        let _: Result<_, Infallible> = resource.rewrite(&mut |_, node| {
            if patient.is_none()
                && node.is_object()
                && node.get("resourceType").is_none()
                && let Some((is_patient, name)) = self.referred(node)
            {
                let first = if is_patient { &mut patient } else { &mut other };
                first.get_or_insert(name);
            }
            Ok(None)
        });
        patient.or_else(|| identifier(resource)).or(other).unwrap_or_else(|| content(resource))
    }

    /// What a Reference goes to, and whether that is a Patient.
    fn referred(&self, reference: &Node<'_>) -> Option<(bool, String)> {
        if let Some(text) = reference.str("reference") {
            if let Some(Identity { patient, name }) = self.0.get(text.as_ref()) {
                return Some((*patient, name.clone()?));
            }
            let path = text.split(['?', '#']).next().unwrap_or_default();
            let path = path.split("/_history/").next().unwrap_or_default();
            let mut parts = path.rsplit('/');
            let kind = parts.nth(usize::from(!text.contains('?')));
            return kind.filter(|kind| is_kind(kind)).map(|kind| (kind == "Patient", text.to_string()));
        }
        let name = reference.get("identifier").filter(|one| one.is_object()).and_then(token)?;
        Some((reference.str("type").as_deref() == Some("Patient"), name))
    }
}

#[cfg(test)]
#[path = "importing_tests.rs"]
mod tests;
