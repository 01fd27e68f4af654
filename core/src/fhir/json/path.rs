//! An edit at a path, as errors spell it: `participant[1].period.end`.

use super::edit::{Splice, splice};
use super::{Node, parse, quote};
use crate::error::{InvalidInput, Result};

/// What is to be done at a path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'c> {
    /// The value becomes this; what it needs around it is made.
    Set(&'c str),
    /// The list gets this behind its last item.
    Append(&'c str),
    /// The value goes, and with it whatever would be left empty: FHIR has no empty lists or objects (2.6.2).
    Remove,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'p> {
    Member(&'p str),
    Item(usize),
}

fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return None;
        }
        steps.push(Step::Member(name));
        let mut rest = indexes;
        while !rest.is_empty() {
            let (index, tail) = rest.strip_prefix('[')?.split_once(']')?;
            steps.push(Step::Item(index.parse().ok()?));
            rest = tail;
        }
    }
    Some(steps)
}

impl<'a> Node<'a> {
    /// The text with one thing changed, and all else as it was.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-path`; `no-such-element` where the path leads nowhere; `invalid-json` and its like for the
    /// new value.
    pub(crate) fn at(&self, path: &str, change: Change<'_>) -> Result<String> {
        let wrong = |code, detail| InvalidInput::new(code, detail).field(path);
        let missing = || wrong("no-such-element", "there is no such element to change");
        let steps = steps(path)
            .ok_or_else(|| wrong("invalid-path", "a path is spelled as participant[1].period.end"))?;
        let change = match change {
            Change::Set(value) => Change::Set(parse(value)?.raw()),
            Change::Append(value) => Change::Append(parse(value)?.raw()),
            Change::Remove => Change::Remove,
        };
        // Everything on the way, as far as it is there.
        let mut way = vec![self];
        for step in &steps {
            let Some(next) = way.last().and_then(|node| node.step(*step)) else { break };
            way.push(next);
        }
        let rest = steps.get(way.len() - 1..).unwrap_or_default();
        let here = way.last().copied().unwrap_or(self);
        match (change, rest) {
            (Change::Set(value), []) => Ok(self.spliced(here, value.to_owned())),
            (Change::Append(value), []) if here.is_array() => {
                Ok(self.spliced(here, here.with_appended(value)))
            }
            (Change::Append(_), []) => Err(wrong("no-such-element", "this is not a list").into()),
            (Change::Remove, []) => {
                let steps = steps.get(..way.len() - 1).unwrap_or_default();
                let lone = |node: &Node<'_>| node.members().len() + node.items().len() == 1;
                let mut from = way.len().saturating_sub(2);
                while from > 0 && way.get(from).copied().is_some_and(lone) {
                    from -= 1;
                }
                let holder = way.get(from).copied().unwrap_or(self);
                let text = match steps.get(from) {
                    Some(Step::Member(name)) => holder.without(&[name]),
                    Some(Step::Item(index)) => holder.without_item(*index),
                    None => return Err(missing().into()),
                };
                Ok(self.spliced(holder, text))
            }
            (Change::Remove, _) => Err(missing().into()),
            (Change::Set(value), rest) => self.grown(here, rest, value).ok_or_else(|| missing().into()),
            (Change::Append(value), rest) => {
                self.grown(here, rest, &format!("[{value}]")).ok_or_else(|| missing().into())
            }
        }
    }

    fn step(&self, step: Step<'_>) -> Option<&Node<'a>> {
        match step {
            Step::Member(name) => self.get(name),
            Step::Item(index) => self.items().get(index),
        }
    }

    /// The text with another text for one of its parts.
    fn spliced(&self, part: &Node<'_>, text: String) -> String {
        let (start, end) = self.range(part);
        splice(self.raw, vec![Splice { start, end, text }])
    }

    /// The text with something new below one of its parts, and what leads there.
    fn grown(&self, part: &Node<'_>, steps: &[Step<'_>], value: &str) -> Option<String> {
        let (first, rest) = steps.split_first()?;
        let mut new = value.to_owned();
        for step in rest.iter().rev() {
            new = match step {
                Step::Member(name) => format!("{{{}:{new}}}", quote(name)),
                Step::Item(0) => format!("[{new}]"),
                Step::Item(_) => return None,
            };
        }
        let text = match first {
            Step::Member(name) if part.is_object() => part.with(&[(name, new)]),
            Step::Item(index) if part.is_array() && *index == part.items().len() => part.with_appended(&new),
            _ => return None,
        };
        Some(self.spliced(part, text))
    }
}
