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

/// The types, and their places by name.
pub(super) struct Structure {
    types: Vec<Type>,
    places: HashMap<&'static str, usize>,
}

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
    /// The type at this place.
    Type(usize),
    Resource,
}

impl Structure {
    /// A type.
    pub(super) fn get(&self, name: &str) -> Option<&Type> {
        self.at(*self.places.get(name)?)
    }

    /// The type at a place.
    pub(super) fn at(&self, place: usize) -> Option<&Type> {
        self.types.get(place)
    }

    /// A resource type.
    pub(super) fn resource(&self, kind: &str) -> Option<&Type> {
        let found = self.get(kind)?;
        let base = found.base?;
        (base == "DomainResource" || (base == "Resource" && kind != "DomainResource")).then_some(found)
    }

    fn read(text: &'static str) -> Self {
        let mut types: Vec<Type> = Vec::new();
        let mut places = HashMap::new();
        // An element's codes can go over several lines, so a type's elements are one stretch of the table.
        let mut rest = text.lines().filter(|line| !line.starts_with('#')).peekable();
        while let Some(head) = rest.next() {
            let (name, base) = head.split_once(" : ").map_or((head, None), |(name, base)| (name, Some(base)));
            let mut body: Option<&str> = None;
            while let Some(line) = rest.next_if(|line| line.starts_with(' ')) {
                body = Some(body.map_or(line, |body| spanned(text, body, line)));
            }
            let own = body.into_iter().flat_map(|body| body.split(','));
            let own = own.filter_map(|part| declared_element(part.trim())).collect();
            places.insert(name, types.len());
            types.push(Type { base, own, ..Type::default() });
        }
        for place in 0..types.len() {
            let mut all = Vec::new();
            let mut of = types.get(place);
            while let Some(found) = of {
                all.extend(found.own.iter().copied());
                of = found.base.and_then(|base| places.get(base)).and_then(|base| types.get(*base));
            }
            if let Some(found) = types.get_mut(place) {
                found.fill(&all, &places);
            }
        }
        Self { types, places }
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
        let found = self.elements.binary_search_by(|element| by_length(&element.name, name)).ok()?;
        self.elements.get(found)
    }

    fn fill(&mut self, all: &[Declared], places: &HashMap<&'static str, usize>) {
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
                    self.elements.push(Element {
                        name,
                        many,
                        filled,
                        of: Of::read(of, places),
                        choice: Some(choices),
                    });
                }
                choices += 1;
            } else {
                names.push(name.to_owned());
                let name = name.to_owned();
                self.elements.push(Element { name, many, filled, of: Of::read(of, places), choice: None });
            }
            if matches!(card, '!' | '+') {
                self.required.push(Required { called: name, names });
            }
        }
        self.elements.sort_by(|one, two| by_length(&one.name, &two.name));
    }
}

/// The order of an element among others: most names are told apart by their length, which is quick to compare.
fn by_length(one: &str, two: &str) -> std::cmp::Ordering {
    one.len().cmp(&two.len()).then_with(|| one.cmp(two))
}

impl Of {
    fn read(of: &'static str, places: &HashMap<&'static str, usize>) -> Self {
        if let Some(codes) = of.strip_prefix("code(").and_then(|codes| codes.strip_suffix(')')) {
            return Self::Codes(codes.split_ascii_whitespace().collect());
        }
        match (Primitive::named(of), places.get(of)) {
            (Some(primitive), _) => Self::Primitive(primitive),
            (None, Some(place)) if of != "Resource" => Self::Type(*place),
            (None, _) => Self::Resource,
        }
    }
}
