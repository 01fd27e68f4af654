//! How the elements of a type are written down: name, how many, of which type.

/// A resource type, a part of one, or a data type.
pub(super) struct Shape {
    /// Its name: `Task`, `Task.restriction`, `Period`.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) elements: &'static [Element],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Resource,
    /// A part of a resource (`BackboneElement`), which can have modifier extensions.
    Part,
    Data,
}

/// An element of a type.
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) repeats: bool,
    pub(super) of: Type,
}

/// What an element holds.
#[derive(Clone, Copy)]
pub(super) enum Type {
    Bool,
    Integer,
    Unsigned,
    Positive,
    Decimal,
    Text,
    Uri,
    Code,
    /// A code of this list, and no other.
    Bound(&'static [&'static str]),
    Id,
    Date,
    DateTime,
    Instant,
    Time,
    Base64,
    Of(&'static Shape),
    /// A Reference to one of these types; to any where none is named.
    Refers(&'static [&'static str]),
    /// One of several types, each with the ending that it gives the element's name (`value[x]`).
    Choice(&'static [(&'static str, Type)]),
    /// Of almost any type (`value[x]` of an extension).
    Open,
    /// Of a type that we never write: only what holds everywhere is looked at.
    Any,
}

pub(super) const fn resource(name: &'static str, elements: &'static [Element]) -> Shape {
    Shape { name, kind: Kind::Resource, elements }
}

pub(super) const fn part(name: &'static str, elements: &'static [Element]) -> Shape {
    Shape { name, kind: Kind::Part, elements }
}

pub(super) const fn data(name: &'static str, elements: &'static [Element]) -> Shape {
    Shape { name, kind: Kind::Data, elements }
}

/// 0..1
pub(super) const fn one(name: &'static str, of: Type) -> Element {
    Element { name, required: false, repeats: false, of }
}

/// 1..1
pub(super) const fn must(name: &'static str, of: Type) -> Element {
    Element { name, required: true, repeats: false, of }
}

/// 0..*
pub(super) const fn many(name: &'static str, of: Type) -> Element {
    Element { name, required: false, repeats: true, of }
}

/// 1..*
pub(super) const fn some(name: &'static str, of: Type) -> Element {
    Element { name, required: true, repeats: true, of }
}
