//! Labels on resources: `meta.security` (R4, 6.1).

use super::json::{self, Node};
use super::workflow::Label;
use super::write::{Object, coding};
use crate::label::Labels;

/// The labels as codings.
pub(super) fn codings(labels: &Labels) -> Vec<String> {
    let coded = labels.iter().map(|label| label.coding());
    let coded =
        coded.map(|label| coding(&label.system.unwrap_or_default(), &label.code.unwrap_or_default(), ""));
    // One that this release does not know is restricted, which it may be said to be already.
    let mut codings: Vec<String> = Vec::new();
    for one in coded {
        if !codings.contains(&one) {
            codings.push(one);
        }
    }
    codings
}

impl Object {
    /// The same, with these labels: right after the type.
    pub(super) fn labelled(self, labels: &Labels) -> Self {
        if labels.is_empty() {
            return self;
        }
        self.raw("meta", &Object::new().list("security", &codings(labels)).done())
    }
}

/// The metadata of a resource, with these labels too.
pub(super) fn with_labels(meta: &str, labels: &Labels) -> crate::Result<String> {
    let node = json::parse(meta)?;
    let known = labels_of(&node);
    let more: Labels = labels.iter().copied().filter(|label| !known.contains(label)).collect();
    if more.is_empty() {
        return Ok(meta.to_owned());
    }
    let items = node.list("security").iter().map(|item| item.raw().to_owned());
    let items: Vec<String> = items.chain(codings(&more)).collect();
    Ok(node.with(&[("security", format!("[{}]", items.join(",")))]))
}

/// The labels that a resource carries, as far as this release knows them.
#[cfg(any(feature = "store", test))]
pub(crate) fn labels_in(text: &str) -> Labels {
    let node = json::parse(text);
    node.ok().and_then(|node| node.get("meta").map(labels_of)).unwrap_or_default()
}

fn labels_of(meta: &Node<'_>) -> Labels {
    let security = meta.list("security").iter();
    security
        .filter_map(|one| {
            let (system, code) = (one.str("system")?, one.str("code")?);
            Label::ALL.into_iter().find(|label| {
                let known = label.coding();
                known.system.as_deref() == Some(&*system) && known.code.as_deref() == Some(&*code)
            })
        })
        .collect()
}
