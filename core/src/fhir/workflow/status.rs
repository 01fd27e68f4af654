//! Codes of R4's required bindings as enums, and the legal steps of those that are a status.

use super::edit::{changed, of_kind};
use crate::error::{InvalidInput, Result};
use crate::fhir::json;

/// A status with its legal steps.
pub(crate) trait Status: Copy + PartialEq + 'static {
    /// The resource type that it is of.
    const KIND: &'static str;
    /// The element that it stands in.
    const ELEMENT: &'static str;
    fn to_code(self) -> &'static str;
    fn of_code(code: &str) -> Option<Self>;
    fn steps(self) -> &'static [Self];
}

/// The text with another status and these other members; as it was where it has that status already.
///
/// # Errors
/// `InvalidInput`: `illegal-status-step`, with the statuses that it could take; `required-binding` where its status is none
/// of R4's; the rule that the change breaks.
pub(crate) fn step<S: Status>(text: &str, to: S, more: &[(&str, String)]) -> Result<String> {
    let node = of_kind(json::parse(text)?, S::KIND)?;
    let field = || format!("{}.{}", S::KIND, S::ELEMENT);
    if let Some(code) = node.str(S::ELEMENT) {
        let from = S::of_code(&code).ok_or_else(|| super::element::unknown_code().field(field()))?;
        if from == to {
            return Ok(text.to_owned());
        }
        if !from.steps().contains(&to) {
            let steps: Vec<&str> = from.steps().iter().map(|one| one.to_code()).collect();
            let next = if steps.is_empty() { "nothing else".to_owned() } else { steps.join(", ") };
            let detail = format!("{} that is {} can become: {next}", S::KIND, from.to_code());
            return Err(InvalidInput::new("illegal-status-step", detail).field(field()).into());
        }
    }
    let mut edits = vec![(S::ELEMENT, json::quote(to.to_code()))];
    edits.extend(more.iter().map(|(name, value)| (*name, value.clone())));
    changed(text, node.with(&edits))
}

/// Declares an enum of codes.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every one, in R4's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as FHIR writes it.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The one of this code.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }

        impl Default for $name {
            /// The first.
            fn default() -> Self {
                [$(Self::$variant,)+][0]
            }
        }

        impl $crate::fhir::workflow::element::Value for $name {
            fn write(&self) -> String {
                $crate::fhir::json::quote(self.code())
            }

            fn read(node: Option<&$crate::fhir::json::Node<'_>>) -> Result<Self, $crate::error::InvalidInput> {
                use $crate::fhir::workflow::element::{missing, unknown_code, wrong_form};
                let text = node.ok_or_else(missing)?.text().ok_or_else(wrong_form)?;
                Self::from_code(&text).ok_or_else(unknown_code)
            }
        }
    };
}

/// Declares the statuses of a resource, each with those that it can become.
macro_rules! status {
    ($(#[$meta:meta])* $name:ident of $kind:literal in $element:literal {
        $($(#[$doc:meta])* $variant:ident = $code:literal => [$($next:ident),*],)+
    }) => {
        $crate::fhir::workflow::status::codes! {
            $(#[$meta])*
            $name { $($(#[$doc])* $variant = $code,)+ }
        }

        impl $name {
            /// The statuses that it can become.
            pub const fn next(self) -> &'static [Self] {
                match self {
                    $(Self::$variant => &[$(Self::$next),*],)+
                }
            }
        }

        impl $crate::fhir::workflow::status::Status for $name {
            const KIND: &'static str = $kind;
            const ELEMENT: &'static str = $element;

            fn to_code(self) -> &'static str {
                self.code()
            }

            fn of_code(code: &str) -> Option<Self> {
                Self::from_code(code)
            }

            fn steps(self) -> &'static [Self] {
                self.next()
            }
        }
    };
}

pub(crate) use {codes, status};
