//! Edits: some ranges of a text are replaced, all other bytes stay.

use super::{Member, Node, offset, quote};

/// What an edit makes of a node, which has this name where it is a member: another text, or `None`.
type Change<'c, 'a, E> = dyn FnMut(&str, &Node<'a>) -> Result<Option<String>, E> + 'c;

/// A range of a text and what is to stand there.
pub(super) struct Splice {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text: String,
}

/// Replaces ranges of a text; ranges do not overlap.
pub(super) fn splice(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| splice.start);
    let mut out = String::with_capacity(text.len() + splices.iter().map(|s| s.text.len()).sum::<usize>());
    let mut done = 0;
    for Splice { start, end, text: new } in splices {
        out.push_str(text.get(done..start).unwrap_or_default());
        out.push_str(&new);
        done = end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

impl<'a> Node<'a> {
    /// The object with these members set, and all else as it was. A new member comes last, but `id` and `meta` stand
    /// behind `resourceType`, where people look for them.
    pub(crate) fn with(&self, edits: &[(&str, String)]) -> String {
        let members = self.members();
        let mut splices: Vec<Splice> = Vec::new();
        for (key, value) in edits {
            if let Some(old) = self.get(key) {
                let (start, end) = self.range(old);
                splices.push(Splice { start, end, text: value.clone() });
                continue;
            }
            let anchor = match *key {
                "id" => self.get("resourceType"),
                "meta" => self.get("id").or_else(|| self.get("resourceType")),
                _ => None,
            };
            let added = format!("{}:{value}", quote(key));
            let (at, text) = match anchor.or(members.last().map(|(_, last)| last)) {
                Some(before) => (self.range(before).1, format!(",{added}")),
                None if splices.is_empty() => (1, added),
                None => (1, format!(",{added}")),
            };
            splices.push(Splice { start: at, end: at, text });
        }
        splice(self.raw, splices)
    }

    /// The object without these members; what stood between the others stays.
    pub(crate) fn without(&self, keys: &[&str]) -> String {
        let goes = |(name, _): &Member<'a>| keys.contains(&name.as_ref());
        splice(self.raw, self.gaps(self.members(), |(_, value)| value, goes))
    }

    /// The array without these items; what stood between the others stays.
    pub(super) fn without_item(&self, index: usize) -> String {
        let mut place = 0;
        let goes = |_: &Node<'a>| {
            place += 1;
            place == index + 1
        };
        splice(self.raw, self.gaps(self.items(), |item| item, goes))
    }

    /// What is to be cut so that some parts go, each with one comma.
    fn gaps<T>(
        &self,
        parts: &[T],
        value: fn(&T) -> &Node<'a>,
        mut goes: impl FnMut(&T) -> bool,
    ) -> Vec<Splice> {
        let mut cuts = Vec::new();
        // Where a cut begins: behind what stays; or, as long as nothing does, at the first part.
        let mut kept = None;
        let mut last = None;
        let mut from = None;
        for part in parts {
            let begins = match last {
                None => self.next(1),
                Some(end) => self.next(end),
            };
            let end = self.range(value(part)).1;
            if goes(part) {
                from.get_or_insert(kept.unwrap_or(begins));
            } else {
                if let Some(start) = from.take() {
                    // Behind a part that stays, the comma before this one goes on serving.
                    let end = if kept.is_some() { last.unwrap_or(begins) } else { begins };
                    cuts.push(Splice { start, end, text: String::new() });
                }
                kept = Some(end);
            }
            last = Some(end);
        }
        if let (Some(start), Some(end)) = (from, last) {
            cuts.push(Splice { start, end, text: String::new() });
        }
        cuts
    }

    /// Where the next part begins: past white space and a comma.
    fn next(&self, at: usize) -> usize {
        let rest = self.raw.get(at..).unwrap_or_default();
        at + rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t', ',']).len()
    }

    /// The array with some items replaced, and all else as it was.
    pub(crate) fn with_items(&self, edits: &[(usize, String)]) -> String {
        let splices = edits.iter().filter_map(|(index, text)| {
            let (start, end) = self.range(self.items().get(*index)?);
            Some(Splice { start, end, text: text.clone() })
        });
        splice(self.raw, splices.collect())
    }

    /// The array with another item behind the last, and all else as it was.
    pub(crate) fn with_appended(&self, item: &str) -> String {
        let (at, text) = match self.items().last() {
            Some(last) => (self.range(last).1, format!(",{item}")),
            None => (1, item.to_owned()),
        };
        splice(self.raw, vec![Splice { start: at, end: at, text }])
    }

    /// Replaces every node for which `change` has another text; the outermost counts. `None` where nothing changes.
    pub(crate) fn rewrite<E>(&self, change: &mut Change<'_, 'a, E>) -> Result<Option<String>, E> {
        // Ranges of the whole text, so that each byte is copied once however deep a change is.
        let mut splices = Vec::new();
        let whole = change("", self)?;
        if whole.is_some() {
            return Ok(whole);
        }
        self.rewrite_parts("", self.raw, change, &mut splices)?;
        Ok((!splices.is_empty()).then(|| splice(self.raw, splices)))
    }

    fn rewrite_parts<E>(
        &self,
        key: &str,
        whole: &str,
        change: &mut Change<'_, 'a, E>,
        splices: &mut Vec<Splice>,
    ) -> Result<(), E> {
        let mut visit = |key: &str, child: &Node<'a>| match change(key, child)? {
            Some(text) => {
                let start = offset(whole, child.raw);
                splices.push(Splice { start, end: start + child.raw.len(), text });
                Ok(())
            }
            None => child.rewrite_parts(key, whole, change, splices),
        };
        self.members().iter().try_for_each(|(key, child)| visit(key.as_ref(), child))?;
        self.items().iter().try_for_each(|child| visit(key, child))
    }

    /// Where a part stands in this node's text.
    pub(super) fn range(&self, part: &Node<'_>) -> (usize, usize) {
        let start = offset(self.raw, part.raw);
        (start, start + part.raw.len())
    }
}
