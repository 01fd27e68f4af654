//! Changing a resource that others change too: nothing of theirs is written over, and what we wanted is there once.

use std::fmt;
#[cfg(any(feature = "store", feature = "fhir-rest"))]
use std::time::Duration;

use super::diff::{Change, ChangedBy, changes};
use super::json::{self, Node};
use super::rules;
use super::search;
use crate::error::{Error, InvalidInput, Result};
use crate::ports::{CareRecord, Created, PortError, Stored};

/// How often [`edit`] begins again after somebody else was first.
const TRIES: u32 = 20;

/// Somebody else changed the resource since it was read, and our change is not in what they made of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The version that we began from.
    pub base: Stored,
    /// What we wanted to write.
    pub ours: String,
    /// What the record holds now.
    pub theirs: Stored,
    /// What both changed, element by element.
    pub changes: Vec<Change>,
}

impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conflict({:?}, {:?}, {:?})", self.base, self.theirs, self.changes)
    }
}

impl Conflict {
    /// The elements that both changed, each to something else: what a person has to decide. With none, [`edit`] would have put
    /// both together.
    pub fn contested(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.by == ChangedBy::BothDifferently)
    }
}

/// Why a change is not in the record.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Unsaved {
    /// Look at both versions and decide. Nothing was written.
    #[error("somebody else changed this {} meanwhile: look at both versions and decide", .kind)]
    Conflict {
        /// The resource type.
        kind: String,
        /// Both versions, and what changed.
        conflict: Box<Conflict>,
    },
    /// The change itself cannot be made. Nothing was written.
    #[error(transparent)]
    Invalid(Error),
    /// The record does not take it, or does not answer. Where it did not answer, the outcome is unknown. The same [`create`] or
    /// [`save`] of the same base is safe to repeat; [`edit`] makes its change on what is there by then, which may hold it already.
    #[error("the record: {0}")]
    Record(#[from] PortError),
}

/// The search token by which a new resource is found again: its first identifier, else its first tag, for types that R4 gives no
/// identifier. A create on this condition (FHIR R4, 3.1.0.8.1) can be repeated and makes one resource.
///
/// # Errors
/// `InvalidInput`: `invalid-json`; `wrong-kind`; `create-unnamed` where it has neither.
pub(crate) fn named(kind: &str, text: &str) -> Result<(&'static str, String)> {
    let node = json::parse(text)?;
    if node.str("resourceType").as_deref() != Some(kind) {
        let detail = "the resource is of another type than it is to be written as";
        return Err(InvalidInput::new("wrong-kind", detail).field("resourceType").into());
    }
    let token = |one: &Node<'_>, value: &str| Some(search::token(&one.str("system")?, &one.str(value)?));
    // Most types list their identifiers; of some there can be but one.
    let single = node.get("identifier").filter(|one| one.is_object());
    let mut identifiers = node.list("identifier").iter().chain(single);
    if let Some(found) = identifiers.find_map(|one| token(one, "value")) {
        return Ok(("identifier", found));
    }
    let mut tags = node.get("meta").map_or(&[][..], |meta| meta.list("tag")).iter();
    tags.find_map(|one| token(one, "code")).map(|found| ("_tag", found)).ok_or_else(|| {
        let detail = "give it an identifier with a system and a value, or a tag where its type has none, so that it is made once";
        InvalidInput::new("create-unnamed", detail).field("identifier").into()
    })
}

/// Creates a resource, unless one of its first identifier (or tag) is there: then that one is the answer.
///
/// # Errors
/// [`Unsaved::Invalid`] with the rule that it breaks, or `create-unnamed`; [`Unsaved::Record`], with `Conflict` where several are
/// there.
pub async fn create(record: &dyn CareRecord, kind: &str, json: &str) -> Result<Created, Unsaved> {
    let (param, token) = named(kind, json).map_err(Unsaved::Invalid)?;
    let text = rules::sound(json.to_owned()).map_err(Unsaved::Invalid)?;
    Ok(record.create(kind, &text, &[(param, &token)]).await?)
}

/// Writes what became of a version that was read before. Where the record holds another version by now (`409` or `412` to an
/// `If-Match`, FHIR R4, 3.1.0.5), it is done if our change is in that one already, as after an answer that was lost; else
/// nothing is written.
///
/// # Errors
/// [`Unsaved::Conflict`]; [`Unsaved::Invalid`] where `ours` is not JSON; [`Unsaved::Record`].
pub async fn save(record: &dyn CareRecord, kind: &str, base: &Stored, ours: &str) -> Result<Stored, Unsaved> {
    if changes(&base.json, ours, &base.json).map_err(Unsaved::Invalid)?.is_empty() {
        return Ok(base.clone());
    }
    let ours = &rules::sound_change(&base.json, ours.to_owned()).map_err(Unsaved::Invalid)?;
    match record.update(kind, &base.id, &base.version, ours).await {
        Err(PortError::Conflict) => {}
        updated => return updated.map_err(Unsaved::Record),
    }
    let theirs = record.read(kind, &base.id).await?;
    let changes = changes(&base.json, ours, &theirs.json)
        .map_err(|_| PortError::NotUnderstood { code: "stored-resource" })?;
    if changes.iter().all(|change| matches!(change.by, ChangedBy::Them | ChangedBy::BothAlike)) {
        return Ok(theirs);
    }
    let conflict = Box::new(Conflict { base: base.clone(), ours: ours.to_owned(), theirs, changes });
    Err(Unsaved::Conflict { kind: kind.to_owned(), conflict })
}

/// Reads a resource, changes it and writes it; where somebody else was first, reads theirs and makes the change anew, so that
/// nobody's is lost. `change` is given the JSON text and returns what becomes of it; it may be called several times.
///
/// # Errors
/// [`Unsaved::Invalid`] with what `change` fails with; [`Unsaved::Conflict`] where others were first again and again;
/// [`Unsaved::Record`].
pub async fn edit(
    record: &dyn CareRecord,
    kind: &str,
    id: &str,
    change: impl Fn(&str) -> Result<String> + Send + Sync,
) -> Result<Stored, Unsaved> {
    let mut base = record.read(kind, id).await?;
    let mut tries = 0;
    loop {
        let ours = change(&base.json).map_err(Unsaved::Invalid)?;
        let conflict = match save(record, kind, &base, &ours).await {
            Err(Unsaved::Conflict { conflict, kind }) if tries >= TRIES => {
                return Err(Unsaved::Conflict { kind, conflict });
            }
            Err(Unsaved::Conflict { conflict, .. }) => conflict,
            done => return done,
        };
        tries += 1;
        base = conflict.theirs;
        // Without an adapter there is no record but a fake, and no runtime to wait in.
        #[cfg(any(feature = "store", feature = "fhir-rest"))]
        pause(tries).await;
    }
}

/// Writers that met once part: each waits another time.
#[cfg(any(feature = "store", feature = "fhir-rest"))]
async fn pause(tries: u32) {
    let mut bytes = [0u8; 2];
    // Without randomness they part a little later.
    let _ = getrandom::fill(&mut bytes);
    let most = 10u64 << tries.min(6);
    tokio::time::sleep(Duration::from_millis(u64::from(u16::from_le_bytes(bytes)) % most)).await;
}

#[cfg(all(test, feature = "testing"))]
#[path = "save_tests.rs"]
mod tests;
