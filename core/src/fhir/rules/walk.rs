//! The way through a resource: every element is of a known name, as often as it may be, and of its form.

use std::fmt::Write as _;

use super::data::{CODING, EXTENSION, META, NARRATIVE, OPEN, REFERENCE};
use super::shape::{Element, Kind, Shape, Type};
use super::value::has_form;
use super::{Broken, invariants, profiles};
use crate::fhir::check::{is_id, is_kind};
use crate::fhir::json::Node;

pub(super) struct Walk {
    pub(super) found: Vec<Broken>,
    path: String,
    /// The contained resources: id and type.
    contained: Vec<(String, String)>,
    /// Every local reference or URI (`#id`) that was met.
    used: Vec<String>,
    inside: bool,
}

impl Walk {
    /// Everything that a resource breaks.
    pub(super) fn of(resource: &Node<'_>) -> Vec<Broken> {
        let contained = resource.list("contained").iter();
        let names = contained
            .filter_map(|one| Some((one.str("id")?.into_owned(), one.str("resourceType")?.into_owned())));
        let mut walk = Self {
            found: Vec::new(),
            path: String::new(),
            contained: names.collect(),
            used: Vec::new(),
            inside: false,
        };
        walk.resource(resource);
        walk.found
    }

    pub(super) fn broken(&mut self, rule: &'static str, detail: &'static str) {
        self.found.push(Broken { rule, path: self.path.clone(), detail });
    }

    /// The same, of a member of the element that one is at.
    pub(super) fn broken_at(&mut self, member: &str, rule: &'static str, detail: &'static str) {
        self.at(member, |walk| walk.broken(rule, detail));
    }

    fn at(&mut self, member: &str, then: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(member);
        then(self);
        self.path.truncate(length);
    }

    pub(super) fn item(&mut self, place: usize, then: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        let _ = write!(self.path, "[{place}]");
        then(self);
        self.path.truncate(length);
    }

    /// Each item of a member, with the path at it.
    pub(super) fn each<'n, 'a>(
        &mut self,
        node: &'n Node<'a>,
        member: &str,
        mut then: impl FnMut(&mut Self, &'n Node<'a>),
    ) {
        self.at(member, |walk| {
            for (place, one) in node.list(member).iter().enumerate() {
                walk.item(place, |walk| then(walk, one));
            }
        });
    }

    fn resource(&mut self, node: &Node<'_>) {
        let Some(kind) = node.str("resourceType").filter(|kind| is_kind(kind)) else {
            return self.broken_at("resourceType", "required-element", "a resource names its type");
        };
        let length = self.path.len();
        if !self.inside {
            self.path.push_str(&kind);
        }
        match super::shape_of(&kind) {
            Some(shape) => {
                self.object(node, shape);
                if !self.inside {
                    profiles::check(self, &kind, node);
                }
            }
            None => self.loose(node),
        }
        if !self.inside {
            self.contained(node);
        }
        self.path.truncate(length);
    }

    /// dom-2 to dom-5. (dom-6, a narrative, is advice.)
    fn contained(&mut self, node: &Node<'_>) {
        for (place, one) in node.list("contained").iter().enumerate() {
            self.at("contained", |walk| {
                walk.item(place, |walk| {
                    if one.get("contained").is_some() {
                        walk.broken("dom-2", "a contained resource contains no other");
                    }
                    let meta = one.get("meta");
                    if meta.is_some_and(|meta| meta.get("versionId").or(meta.get("lastUpdated")).is_some()) {
                        walk.broken("dom-4", "a contained resource has no version of its own");
                    }
                    if meta.is_some_and(|meta| meta.get("security").is_some()) {
                        walk.broken("dom-5", "a contained resource has no security label of its own");
                    }
                    // What refers to the resource that contains it need not be referred to.
                    let used = one
                        .str("id")
                        .is_some_and(|id| walk.used.iter().any(|used| used.strip_prefix('#') == Some(&id)));
                    let refers = one.raw().contains("\"#\"");
                    if !used && !refers {
                        walk.broken("dom-3", "a contained resource is referred to");
                    }
                });
            });
        }
    }

    /// An object of a known shape.
    pub(super) fn object(&mut self, node: &Node<'_>, shape: &'static Shape) {
        if !node.is_object() {
            return self.broken("wrong-form", "this is an object with elements");
        }
        if node.members().is_empty() {
            return self.broken("ele-1", "an element has a value or elements; what is empty is left out");
        }
        for (name, value) in node.members() {
            self.member(node, shape, name, value);
        }
        for element in shape.elements {
            match times(node, element) {
                0 if element.required => {
                    self.broken_at(element.name, "required-element", "FHIR R4 asks for this element");
                }
                0 | 1 => {}
                _ => self.broken_at(element.name, "one-of-several", "FHIR R4 takes one of these types"),
            }
        }
        invariants::check(self, shape.name, node);
    }

    fn member(&mut self, node: &Node<'_>, shape: &'static Shape, name: &str, value: &Node<'_>) {
        let resource = shape.kind == Kind::Resource;
        match name {
            "resourceType" if resource => {}
            "id" => self.at("id", |walk| walk.value(value, if resource { Type::Id } else { Type::Text })),
            "meta" if resource => self.at("meta", |walk| walk.object(value, &META)),
            "implicitRules" if resource => self.at("implicitRules", |walk| walk.value(value, Type::Uri)),
            "language" if resource => self.at("language", |walk| walk.value(value, Type::Code)),
            "text" if resource => self.at("text", |walk| walk.object(value, &NARRATIVE)),
            "contained" if resource => {
                let inside = std::mem::replace(&mut self.inside, true);
                self.at("contained", |walk| walk.list(value, Self::resource));
                self.inside = inside;
            }
            "extension" => {
                self.at("extension", |walk| walk.list(value, |walk, one| walk.object(one, &EXTENSION)));
            }
            "modifierExtension" if shape.kind != Kind::Data => {
                self.at("modifierExtension", |walk| {
                    walk.list(value, |walk, one| walk.object(one, &EXTENSION));
                });
            }
            _ if name.starts_with('_') => {
                let plain = name.get(1..).unwrap_or_default();
                let known =
                    matches!(plain, "id" | "implicitRules" | "language") || element(shape, plain).is_some();
                if known {
                    let members = |walk: &mut Self, one: &Node<'_>| {
                        if one.raw() != "null" {
                            walk.loose(one);
                        }
                    };
                    self.at(name, |walk| value.each().iter().for_each(|one| members(walk, one)));
                } else {
                    self.broken("unknown-element", "FHIR R4 has no such element here");
                }
            }
            _ => match element(shape, name) {
                Some((element, of)) if element.repeats => {
                    // Where a list of primitives has siblings, `null` keeps a place in it.
                    let keeps = node.get(&format!("_{name}")).is_some();
                    self.at(name, |walk| {
                        walk.list(value, |walk, one| {
                            if !(keeps && one.raw() == "null") {
                                walk.value(one, of);
                            }
                        });
                    });
                }
                Some((_, of)) => self.at(name, |walk| walk.value(value, of)),
                // Its name may be anything, and is not said.
                None => self.broken("unknown-element", "FHIR R4 has no such element here"),
            },
        }
    }

    fn list(&mut self, node: &Node<'_>, mut then: impl FnMut(&mut Self, &Node<'_>)) {
        if !node.is_array() {
            return self.broken("wrong-form", "this element repeats: it is a list");
        }
        if node.items().is_empty() {
            return self.broken("ele-1", "an element has a value or elements; what is empty is left out");
        }
        for (place, one) in node.items().iter().enumerate() {
            self.item(place, |walk| then(walk, one));
        }
    }

    fn value(&mut self, node: &Node<'_>, of: Type) {
        if !matches!(of, Type::Any) && !has_form(of, node) {
            if node.text().is_some_and(|text| text.is_empty()) {
                return self.broken("ele-1", "an element has a value or elements; what is empty is left out");
            }
            return self.broken("wrong-form", "this does not have the form that FHIR R4 gives it");
        }
        match of {
            Type::Bound(codes) if !node.text().is_some_and(|code| codes.contains(&&*code)) => {
                self.broken("required-binding", "R4 takes none but the codes of its own list here");
            }
            Type::Uri => self.used.extend(node.text().filter(|text| text.starts_with('#')).map(Into::into)),
            Type::Of(shape) => self.object(node, shape),
            Type::Refers(kinds) => self.reference(node, kinds),
            Type::Any => self.loose(node),
            _ => {}
        }
    }

    fn reference(&mut self, node: &Node<'_>, kinds: &[&str]) {
        self.object(node, &REFERENCE);
        if let Some(kind) = self.kind_of(node)
            && !kinds.is_empty()
            && !kinds.contains(&kind.as_str())
        {
            self.broken("reference-target", "this element does not refer to resources of that type");
        }
    }

    /// The type of resource that a Reference points at, as far as it says.
    pub(super) fn kind_of(&self, reference: &Node<'_>) -> Option<String> {
        let text = reference.str("reference").unwrap_or_default();
        if let Some(id) = text.strip_prefix('#') {
            return self.contained.iter().find(|(known, _)| known == id).map(|(_, kind)| kind.clone());
        }
        let path = text.split("/_history/").next().unwrap_or_default();
        let mut parts = path.rsplit('/');
        match (parts.next(), parts.next()) {
            (Some(id), Some(kind)) if is_kind(kind) && is_id(id) => Some(kind.to_owned()),
            _ => reference.str("type").map(Into::into),
        }
    }

    /// What holds of every Reference (2.3): see [`invariants`].
    pub(super) fn reference_form(&mut self, node: &Node<'_>) {
        let Some(text) = node.str("reference") else {
            let says = ["identifier", "display", "extension", "_reference"];
            if !says.iter().any(|member| node.get(member).is_some()) {
                self.broken("reference-form", "a Reference has a reference, an identifier or a display");
            }
            return;
        };
        let whole = |path: &str| {
            let (path, version) =
                path.split_once("/_history/").map_or((path, None), |(path, v)| (path, Some(v)));
            version.is_none_or(is_id)
                && path.split_once('/').is_some_and(|(kind, id)| is_kind(kind) && is_id(id))
        };
        if let Some(id) = text.strip_prefix('#') {
            self.used.push(text.clone().into_owned());
            let there =
                if id.is_empty() { self.inside } else { self.contained.iter().any(|(known, _)| known == id) };
            if !there {
                self.broken_at("reference", "ref-1", "a local reference points at a contained resource");
            }
        } else if text.contains('?') {
            let detail = "a conditional reference holds in a transaction only: refer by `identifier`";
            self.broken_at("reference", "reference-form", detail);
        } else {
            let absolute = ["http://", "https://", "urn:uuid:", "urn:oid:"];
            let named =
                absolute.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
            if !(whole(&text) || named && !text.contains(char::is_whitespace)) {
                let detail = "a reference is `Type/id`, `#id`, or an absolute URL";
                self.broken_at("reference", "reference-form", detail);
            }
        }
    }

    /// What holds everywhere, of elements whose type is not known here.
    fn loose(&mut self, node: &Node<'_>) {
        if node.is_object() {
            if node.members().is_empty() {
                self.broken("ele-1", "an element has a value or elements; what is empty is left out");
            }
            for (name, value) in node.members() {
                match name.as_ref() {
                    "extension" | "modifierExtension" => {
                        self.at(name, |walk| walk.list(value, |walk, one| walk.object(one, &EXTENSION)));
                    }
                    "coding" if value.is_array() => {
                        self.at(name, |walk| walk.list(value, |walk, one| walk.object(one, &CODING)));
                    }
                    // Its name may be anything, and is not said.
                    _ => self.loose(value),
                }
            }
            if node.get("reference").is_some_and(|reference| reference.text().is_some()) {
                self.reference_form(node);
            }
        } else if node.is_array() {
            if node.items().is_empty() {
                self.broken("ele-1", "an element has a value or elements; what is empty is left out");
            }
            node.items().iter().for_each(|one| self.loose(one));
        } else if node.raw() == "\"\"" {
            self.broken("ele-1", "an element has a value or elements; what is empty is left out");
        }
    }
}

/// The types that an element can have, each with the ending that it gives the element's name.
fn endings(of: Type) -> Option<&'static [(&'static str, Type)]> {
    match of {
        Type::Choice(types) => Some(types),
        Type::Open => Some(OPEN),
        _ => None,
    }
}

/// The element of a shape that a member is, and its type: of a choice, the one that its name ends with.
fn element(shape: &'static Shape, name: &str) -> Option<(&'static Element, Type)> {
    shape.elements.iter().find_map(|element| match endings(element.of) {
        Some(types) => {
            let ending = name.strip_prefix(element.name)?;
            types.iter().find(|(known, _)| *known == ending).map(|(_, of)| (element, *of))
        }
        None => (element.name == name).then_some((element, element.of)),
    })
}

/// How many members are this element: of a choice there can be several, and none is too many.
fn times(node: &Node<'_>, element: &Element) -> usize {
    let is = |name: &str| match endings(element.of) {
        Some(types) => name
            .strip_prefix(element.name)
            .is_some_and(|ending| types.iter().any(|(known, _)| *known == ending)),
        None => name == element.name,
    };
    let sibling =
        |name: &str| name.strip_prefix('_').is_some_and(|plain| is(plain) && node.get(plain).is_none());
    node.members().iter().filter(|(name, _)| is(name) || sibling(name)).count()
}
