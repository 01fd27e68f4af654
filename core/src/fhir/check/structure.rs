//! The structure of FHIR R4, as `r4.txt` spells it.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::primitive::Primitive;

/// Read once, when it is first asked for.
pub(super) static STRUCTURE: LazyLock<Structure> = LazyLock::new(|| Structure::read(include_str!("r4.txt")));

/// What an `any` can be (FHIR R4, 2.24.0.1 "Open Type Element").
const ANY: &str = "base64Binary|boolean|canonical|code|date|dateTime|decimal|id|instant|integer|markdown|oid|positiveInt|\
                   string|time|unsignedInt|uri|url|uuid|Address|Age|Annotation|Attachment|CodeableConcept|Coding|\
                   ContactPoint|Count|Distance|Duration|HumanName|Identifier|Money|Period|Quantity|Range|Ratio|Reference|\
                   SampledData|Signature|Timing|ContactDetail|Contributor|DataRequirement|Expression|\
                   ParameterDefinition|RelatedArtifact|TriggerDefinition|UsageContext|Dosage|Meta";

/// The types by name.
pub(super) struct Structure(HashMap<&'static str, Type>);

/// A type: its elements by name, and those of which it must have one.
#[derive(Default)]
pub(super) struct Type {
    base: Option<&'static str>,
    own: Vec<Declared>,
    elements: Vec<Element>,
    pub(super) required: Vec<Required>,
}

/// An element as the table declares it.
#[derive(Clone, Copy)]
struct Declared {
    name: &'static str,
    card: char,
    of: &'static str,
}

/// Names of which one must be there; and how that is called.
pub(super) struct Required {
    pub(super) called: &'static str,
    pub(super) names: Vec<String>,
}

/// An element under one of the names that it can have.
pub(super) struct Element {
    name: String,
    pub(super) many: bool,
    /// Whether a list of it must not be empty.
    pub(super) filled: bool,
    pub(super) of: Of,
    /// Which of its type's choices it belongs to.
    pub(super) choice: Option<u32>,
}

/// What an element consists of.
pub(super) enum Of {
    Primitive(Primitive),
    Codes(Vec<&'static str>),
    Type(&'static str),
    Resource,
}

impl Structure {
    /// A type.
    pub(super) fn get(&self, name: &str) -> Option<&Type> {
        self.0.get(name)
    }

    /// A resource type.
    pub(super) fn resource(&self, kind: &str) -> Option<&Type> {
        let found = self.get(kind)?;
        let base = found.base?;
        (base == "DomainResource" || (base == "Resource" && kind != "DomainResource")).then_some(found)
    }

    fn read(text: &'static str) -> Self {
        let mut declared: HashMap<&'static str, Type> = HashMap::new();
        let mut current = "";
        let mut body: Vec<(&'static str, &'static str)> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(' ') {
                body.push((current, line));
            } else {
                let (name, base) = line.split_once(" : ").map_or((line, None), |(name, base)| (name, Some(base)));
                declared.insert(name, Type { base, ..Type::default() });
                current = name;
            }
        }
        // An element's codes can go over several lines, so an element is a slice of the table from its name on.
        let mut rest = body.as_slice();
        while let Some((name, _)) = rest.first().copied() {
            let lines = rest.iter().take_while(|(of, _)| *of == name).count();
            let (own, others) = rest.split_at(lines);
            rest = others;
            let slice = spanned(text, own.first().map_or("", |line| line.1), own.last().map_or("", |line| line.1));
            if let Some(of) = declared.get_mut(name) {
                of.own = slice.split(',').filter_map(|part| declared_element(part.trim())).collect();
            }
        }
        let names: Vec<&'static str> = declared.keys().copied().collect();
        for name in names {
            let mut all = Vec::new();
            let mut of = Some(name);
            while let Some(found) = of.and_then(|of| declared.get(of)) {
                all.extend(found.own.iter().copied());
                of = found.base;
            }
            if let Some(found) = declared.get_mut(name) {
                found.fill(&all);
            }
        }
        Self(declared)
    }
}

/// The text from the first of two of its lines to the end of the second.
fn spanned(text: &'static str, first: &'static str, last: &'static str) -> &'static str {
    let start = crate::fhir::json::offset(text, first);
    let end = crate::fhir::json::offset(text, last) + last.len();
    text.get(start..end).unwrap_or_default()
}

fn declared_element(part: &'static str) -> Option<Declared> {
    let (head, of) = part.split_once(' ')?;
    let card = head.chars().next_back()?;
    Some(Declared { name: head.strip_suffix(card)?, card, of })
}

impl Type {
    /// An element by the name that it has in JSON.
    pub(super) fn element(&self, name: &str) -> Option<&Element> {
        let found = self.elements.binary_search_by(|element| element.name.as_str().cmp(name)).ok()?;
        self.elements.get(found)
    }

    fn fill(&mut self, all: &[Declared]) {
        let mut choices = 0;
        for Declared { name, card, of } in all.iter().copied() {
            let (many, filled) = (matches!(card, '*' | '+'), card == '+');
            let mut names = Vec::new();
            if let Some(stem) = name.strip_suffix("[x]") {
                for of in if of == "any" { ANY } else { of }.split('|') {
                    let mut letters = of.chars();
                    let first = letters.next().map(|first| first.to_ascii_uppercase());
                    let name: String = stem.chars().chain(first).chain(letters).collect();
                    names.push(name.clone());
                    self.elements.push(Element { name, many, filled, of: Of::read(of), choice: Some(choices) });
                }
                choices += 1;
            } else {
                names.push(name.to_owned());
                let name = name.to_owned();
                self.elements.push(Element { name, many, filled, of: Of::read(of), choice: None });
            }
            if matches!(card, '!' | '+') {
                self.required.push(Required { called: name, names });
            }
        }
        self.elements.sort_by(|one, two| one.name.cmp(&two.name));
    }
}

impl Of {
    fn read(of: &'static str) -> Self {
        if let Some(codes) = of.strip_prefix("code(").and_then(|codes| codes.strip_suffix(')')) {
            return Self::Codes(codes.split_ascii_whitespace().collect());
        }
        match Primitive::named(of) {
            Some(primitive) => Self::Primitive(primitive),
            None if of == "Resource" => Self::Resource,
            None => Self::Type(of),
        }
    }
}
