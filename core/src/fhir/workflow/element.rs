//! How the words of the workflow stand in JSON, and the one shape that every resource here has.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::communication::Priority;
use crate::error::InvalidInput;
use crate::fhir::json::{Node, quote};

/// Something that an element can hold.
pub(crate) trait Value: Sized {
    /// Its JSON; empty where there is nothing, since FHIR leaves out what is empty (2.6.2).
    fn write(&self) -> String;

    /// Reads the element, which may not be there. Errors name the field within it.
    fn read(node: Option<&Node<'_>>) -> Result<Self, InvalidInput>;
}

pub(crate) fn wrong_form() -> InvalidInput {
    InvalidInput::new("wrong-form", "this does not have the form that FHIR R4 gives it").field("")
}

pub(crate) fn missing() -> InvalidInput {
    InvalidInput::new("required-element", "FHIR R4 asks for this element").field("")
}

/// The same error, seen from the element that holds the field.
pub(crate) fn within(mut error: InvalidInput, element: &str) -> InvalidInput {
    error.field = Some(match error.field.as_deref() {
        None | Some("") => element.to_owned(),
        Some(rest) if rest.starts_with('[') => format!("{element}{rest}"),
        Some(rest) => format!("{element}.{rest}"),
    });
    error
}

fn text<'a>(node: Option<&Node<'a>>) -> Result<Cow<'a, str>, InvalidInput> {
    node.ok_or_else(missing)?.text().ok_or_else(wrong_form)
}

impl Value for String {
    fn write(&self) -> String {
        if self.is_empty() { String::new() } else { quote(self) }
    }

    fn read(node: Option<&Node<'_>>) -> Result<Self, InvalidInput> {
        text(node).map(Into::into)
    }
}

impl Value for bool {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(node: Option<&Node<'_>>) -> Result<Self, InvalidInput> {
        node.ok_or_else(missing)?.raw().parse().map_err(|_| wrong_form())
    }
}

impl Value for u32 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(node: Option<&Node<'_>>) -> Result<Self, InvalidInput> {
        node.ok_or_else(missing)?.raw().parse().map_err(|_| wrong_form())
    }
}

impl Value for Date {
    fn write(&self) -> String {
        quote(&self.to_string())
    }

    fn read(node: Option<&Node<'_>>) -> Result<Self, InvalidInput> {
        text(node)?.parse().map_err(|_| wrong_form())
    }
}

impl Value for Priority {
    fn write(&self) -> String {
        let code = match self {
            Self::Routine => "routine",
            Self::Urgent => "urgent",
            Self::Asap => "asap",
            Self::Stat => "stat",
        };
        quote(code)
    }

    fn read(node: Option<&Node<'_>>) -> Result<Self, InvalidInput> {
        Ok(match &*text(node)? {
            "routine" => Self::Routine,
            "urgent" => Self::Urgent,
            "asap" => Self::Asap,
            "stat" => Self::Stat,
            _ => return Err(unknown_code()),
        })
    }
}

pub(crate) fn unknown_code() -> InvalidInput {
    InvalidInput::new("required-binding", "R4 takes none but the codes of its own list here").field("")
}

impl<T: Value> Value for Option<T> {
    fn write(&self) -> String {
        self.as_ref().map(T::write).unwrap_or_default()
    }

    fn read(node: Option<&Node<'_>>) -> Result<Self, InvalidInput> {
        node.map(|node| T::read(Some(node))).transpose()
    }
}

impl<T: Value> Value for Vec<T> {
    fn write(&self) -> String {
        let items: Vec<String> = self.iter().map(T::write).filter(|item| !item.is_empty()).collect();
        if items.is_empty() { String::new() } else { format!("[{}]", items.join(",")) }
    }

    fn read(node: Option<&Node<'_>>) -> Result<Self, InvalidInput> {
        let items = node.map_or(&[][..], Node::each);
        let read = |(place, item)| T::read(Some(item)).map_err(|error| within(error, &format!("[{place}]")));
        items.iter().enumerate().map(read).collect()
    }
}

/// An object's JSON; nothing where it holds nothing.
pub(crate) fn or_nothing(object: String) -> String {
    if object == "{}" { String::new() } else { object }
}

/// Declares a part of a resource or a data type: a struct whose fields are elements. What it holds may be member data:
/// `Debug` shows none of it.
macro_rules! part {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $of:ty = $element:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $of,)+
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl $crate::fhir::workflow::element::Value for $name {
            fn write(&self) -> String {
                let object = $crate::fhir::write::Object::new();
                $(let object = object.raw($element, &self.$field.write());)+
                $crate::fhir::workflow::element::or_nothing(object.done())
            }

            fn read(
                node: Option<&$crate::fhir::json::Node<'_>>,
            ) -> Result<Self, $crate::error::InvalidInput> {
                use $crate::fhir::workflow::element::{Value, missing, within, wrong_form};
                let node = node.ok_or_else(missing)?;
                if !node.is_object() {
                    return Err(wrong_form());
                }
                Ok(Self {
                    $($field: Value::read(node.get($element)).map_err(|error| within(error, $element))?,)+
                })
            }
        }
    };
}

/// Declares a resource: a struct whose fields are elements, in FHIR's order, with `read` and `to_fhir_json`, and a
/// rule of ours (`where`) that the text cannot tell. What it holds
/// may be member data: `Debug` shows none of it.
macro_rules! resource {
    ($(#[$meta:meta])* $name:ident $(where $ours:path)? {
        $($(#[$doc:meta])* $field:ident: $of:ty = $element:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct $name {
            /// The record's own id for it; nothing before it is written.
            pub id: Option<String>,
            /// Labels and tags.
            pub meta: $crate::fhir::workflow::Meta,
            $($(#[$doc])* pub $field: $of,)+
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl $name {
            /// The resource type.
            pub const KIND: &'static str = stringify!($name);

            /// Reads what the workflow needs of such a resource. The rest of it is not lost where one edits the text.
            ///
            /// # Errors
            /// `InvalidInput`, with the field: `not-fhir` where it is another type; `required-element`, `wrong-form`,
            /// `required-binding`; `invalid-json`.
            pub fn read(text: &str) -> $crate::error::Result<Self> {
                use $crate::fhir::workflow::element::{Value, within};
                let node = $crate::fhir::json::parse(text)?;
                let node = $crate::fhir::workflow::edit::of_kind(node, Self::KIND)?;
                Ok(Self {
                    id: node.str("id").map(Into::into),
                    meta: node.get("meta").map(|meta| Value::read(Some(meta))).transpose()?.unwrap_or_default(),
                    $($field: Value::read(node.get($element))
                        .map_err(|error| within(error, concat!(stringify!($name), ".", $element)))?,)+
                })
            }

            /// The resource as FHIR R4 JSON, in FHIR's order of elements, once it breaks no rule.
            ///
            /// # Errors
            /// `InvalidInput` with the rule that it breaks as its code, and the element's path as its field.
            pub fn to_fhir_json(&self) -> $crate::error::Result<String> {
                use $crate::fhir::workflow::element::Value;
                $($ours(self)?;)?
                let object = $crate::fhir::write::Object::resource(Self::KIND);
                let object = object.raw("id", &self.id.write()).raw("meta", &self.meta.write());
                $(let object = object.raw($element, &self.$field.write());)+
                $crate::fhir::rules::sound(object.done())
            }
        }
    };
}

pub(crate) use {part, resource};
