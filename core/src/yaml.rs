//! YAML that people write (agreements, rule sets), read so that a mistake is named by its line and its field.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::civil::Date;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::error::{Error, InvalidInput};

/// A value of the text.
#[derive(Debug, Clone)]
enum Node {
    Nothing,
    Flag(bool),
    Whole(u64),
    OtherNumber,
    Text(String),
    List(Vec<Spanned<Node>>),
    Fields(Vec<(Spanned<Node>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;

        impl<'de> Visitor<'de> for Reads {
            type Value = Node;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("YAML")
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Nothing)
            }
            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Nothing)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
                Node::deserialize(deserializer)
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
                Ok(Node::Flag(flag))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
                Ok(u64::try_from(number).map_or(Node::OtherNumber, Node::Whole))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
                Ok(Node::Whole(number))
            }
            fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
                Ok(Node::OtherNumber)
            }
            fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
                Ok(Node::OtherNumber)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
                Ok(Node::OtherNumber)
            }
            fn visit_str<E>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    fields.push(entry);
                }
                Ok(Node::Fields(fields))
            }
        }

        deserializer.deserialize_any(Reads)
    }
}

/// A text that was read as YAML.
#[derive(Debug)]
pub(crate) struct Document {
    root: Spanned<Node>,
    strict: bool,
}

impl Document {
    /// Reads a text. Where not `strict`, it was taken once, perhaps by a newer release: what only a person who writes it now has to be
    /// told is no mistake.
    pub(crate) fn parse(text: &str, strict: bool) -> Result<Self, Error> {
        // The text may come from the other side: its aliases may not unfold into more than a person would write.
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! { max_depth: 32, max_nodes: 20_000, max_aliases: 100 },
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 5_000 },
        };
        serde_saphyr::from_str_with_options(text, options).map(|root| Self { root, strict }).map_err(
            |error| {
                let wrong = InvalidInput::new("yaml-syntax", "this is not YAML, or a field is written twice");
                match error.location().map(|at| at.line()).filter(|line| *line > 0) {
                    Some(line) => wrong.line(line).into(),
                    None => wrong.into(),
                }
            },
        )
    }

    /// The whole of it, which must be a list of fields.
    pub(crate) fn fields(&self) -> Result<Fields<'_>, Error> {
        Value { node: &self.root, path: String::new(), strict: self.strict }.fields()
    }
}

/// A value, with the place where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Value<'a> {
    node: &'a Spanned<Node>,
    path: String,
    strict: bool,
}

impl<'a> Value<'a> {
    /// Whether somebody writes it now, and is to be told what they cannot have meant.
    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    /// An error about this value.
    pub(crate) fn wrong(&self, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Error {
        let wrong = InvalidInput::new(code, detail).line(self.node.referenced.line());
        if self.path.is_empty() { wrong.into() } else { wrong.field(self.path.clone()).into() }
    }

    /// An error about a field of this value that should be there.
    pub(crate) fn wrong_in(&self, name: &str, code: &'static str, detail: &'static str) -> Error {
        Self { node: self.node, path: format!("{}.{name}", self.path), strict: self.strict }
            .wrong(code, detail)
    }

    fn not(&self, detail: &'static str) -> Error {
        self.wrong("field-wrong", detail)
    }

    /// Fields with names.
    pub(crate) fn fields(&self) -> Result<Fields<'a>, Error> {
        let Node::Fields(entries) = &self.node.value else {
            return Err(self.not("this must be fields, each `name: value` on a line of its own"));
        };
        let mut named = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Node::Text(name) = &key.value else {
                return Err(Value { node: key, path: self.path.clone(), strict: self.strict }
                    .not("a field's name must be text"));
            };
            named.push((name.as_str(), key, value));
        }
        Ok(Fields { whole: self.clone(), left: named, known: Vec::new() })
    }

    /// A list.
    pub(crate) fn list(&self) -> Result<Vec<Value<'a>>, Error> {
        let Node::List(items) = &self.node.value else {
            return Err(self.not("this must be a list, each entry after a `-`"));
        };
        Ok(items
            .iter()
            .enumerate()
            .map(|(n, node)| Value { node, path: format!("{}[{n}]", self.path), strict: self.strict })
            .collect())
    }

    /// A text that is not empty.
    pub(crate) fn text(&self) -> Result<&'a str, Error> {
        match &self.node.value {
            Node::Text(text) if !text.trim().is_empty() => Ok(text),
            Node::Whole(_) | Node::OtherNumber | Node::Flag(_) => {
                Err(self.not("this must be text: write it between quotation marks"))
            }
            _ => Err(self.not("this must be text, and not empty")),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self) -> Result<bool, Error> {
        match self.node.value {
            Node::Flag(flag) => Ok(flag),
            _ => Err(self.not("this must be `true` or `false`")),
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn whole(&self) -> Result<u32, Error> {
        match self.node.value {
            Node::Whole(number) => u32::try_from(number).ok(),
            _ => None,
        }
        .ok_or_else(|| self.not("this must be a whole number, not negative"))
    }

    /// A date.
    pub(crate) fn date(&self) -> Result<Date, Error> {
        self.text()?
            .parse()
            .map_err(|_| self.not("this must be a date, written year-month-day: `2019-03-01`"))
    }

    /// A text that has a form of its own.
    pub(crate) fn parsed<T: FromStr<Err = Error>>(&self) -> Result<T, Error> {
        self.text()?.parse().map_err(|error| match error {
            Error::InvalidInput(wrong) => {
                wrong.line(self.node.referenced.line()).field(self.path.clone()).into()
            }
            other => other,
        })
    }

    /// One of these words.
    pub(crate) fn one_of<T: Copy>(&self, words: &[(&str, T)], detail: &'static str) -> Result<T, Error> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        found.ok_or_else(|| self.not(detail))
    }
}

/// Named fields, taken one by one; what is left at the end is unknown.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    whole: Value<'a>,
    left: Vec<(&'a str, &'a Spanned<Node>, &'a Spanned<Node>)>,
    /// What was looked for.
    known: Vec<String>,
}

impl<'a> Fields<'a> {
    /// The path of a field. A name that nobody here chose is shown only if it looks like one.
    fn path(&self, name: &str) -> String {
        let sound =
            name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
        let name = if sound { name } else { "…" };
        if self.whole.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.whole.path) }
    }

    /// Takes a field, if it is there and not empty.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value<'a>> {
        self.known.push(name.to_owned());
        let at = self.left.iter().position(|(key, _, _)| *key == name)?;
        let (_, _, node) = self.left.remove(at);
        (!matches!(node.value, Node::Nothing)).then(|| Value {
            node,
            path: self.path(name),
            strict: self.whole.strict,
        })
    }

    /// Takes a field that must be there.
    pub(crate) fn need(&mut self, name: &str) -> Result<Value<'a>, Error> {
        let path = self.path(name);
        let line = self.whole.node.referenced.line();
        self.take(name).ok_or_else(|| {
            InvalidInput::new("field-missing", "this field is missing or empty").line(line).field(path).into()
        })
    }

    /// Takes all fields, whatever their names: each name, as text and as a value of which one can say that it is wrong, and its value.
    pub(crate) fn all(&mut self) -> Vec<(&'a str, Value<'a>, Value<'a>)> {
        let left = std::mem::take(&mut self.left).into_iter();
        left.map(|(name, key, node)| {
            let at = |node| Value { node, path: self.path(name), strict: self.whole.strict };
            (name, at(key), at(node))
        })
        .collect()
    }

    /// Refuses what nobody took.
    pub(crate) fn end(self) -> Result<(), Error> {
        match self.left.first() {
            None => Ok(()),
            Some((name, key, _)) => {
                let known = self.known.join(", ");
                let detail = format!("there is no such field here; there are: {known}");
                let wrong = InvalidInput::new("field-unknown", detail).line(key.referenced.line());
                Err(wrong.field(self.path(name)).into())
            }
        }
    }
}
