//! Carrying out a write against a record: looked up first, merged, never over what somebody else changed meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use super::bundle::Import;
use super::codes;
use super::json;
use super::merge::merge;
use super::rules;
use crate::case::event::{EventKey, Head};
use crate::error::Result;
use crate::ports::{CareRecord, PortError, RecordWrite, Stored};

/// How often an update that lost a race reads again and merges anew.
const TRIES: usize = 5;

/// The largest number of resources that one document is gathered from.
const GATHERED: usize = 500;

/// How many of one type one request asks for: fewer than a page of most servers holds.
const GATHERED_AT_ONCE: usize = 50;

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Applied {
    /// The resource is new.
    Created(Stored),
    /// The resource has a new version.
    Updated(Stored),
    /// The resource said it already.
    Unchanged(Stored),
    /// The stored resource was shaped by events that this write does not know of: the device must catch up first.
    Behind(Vec<Head>),
}

/// Carries out a write. Safe to repeat after any failure. `known` tells, for the heads of the write and a head of what is stored,
/// whether the write was made with that event folded: else it is not written over it. `permit` is called once, immediately before the record would be
/// changed; its error ends the write.
///
/// # Errors
/// What the record fails with; `Conflict` where several resources are found, or an update loses every race.
pub async fn apply(
    record: &dyn CareRecord,
    write: &RecordWrite,
    known: &(dyn Fn(&[Head], &EventKey) -> bool + Sync),
    permit: &(dyn Fn() -> Result<(), PortError> + Sync),
) -> Result<Applied, PortError> {
    let find = [(write.find.0.as_str(), write.find.1.as_str())];
    let ours = heads(&write.json)?;
    let mut permitted = false;
    let mut permit_once = || if std::mem::replace(&mut permitted, true) { Ok(()) } else { permit() };
    for _ in 0..TRIES {
        // An AuditEvent is written by one device and never changed: the condition of its create is look enough.
        let mut found =
            if write.kind == "AuditEvent" { Vec::new() } else { record.search(&write.kind, &find).await? };
        if found.len() > 1 {
            return Err(PortError::Conflict);
        }
        let stored = if let Some(stored) = found.pop() {
            stored
        } else {
            rules::permit(None, &write.json)?;
            permit_once()?;
            let created = record.create(&write.kind, &write.json, &find).await?;
            if created.created {
                return Ok(Applied::Created(created.stored));
            }
            created.stored
        };
        // What carries no heads (a Provenance, an AuditEvent) says what it says once and for all.
        if write.find.0 == "_tag" {
            return Ok(Applied::Unchanged(stored));
        }
        let unknown: Vec<Head> =
            heads(&stored.json)?.into_iter().filter(|head| !known(&ours, &head.key)).collect();
        if !unknown.is_empty() {
            return Ok(Applied::Behind(unknown));
        }
        let not_understood = |_| PortError::NotUnderstood { code: "stored-resource" };
        let Some(text) = merge(&stored.json, &write.json).map_err(not_understood)? else {
            return Ok(Applied::Unchanged(stored));
        };
        rules::permit(Some(&stored.json), &text)?;
        permit_once()?;
        match record.update(&write.kind, &stored.id, &stored.version, &text).await {
            Err(PortError::Conflict) => {}
            updated => return updated.map(Applied::Updated),
        }
    }
    Err(PortError::Conflict)
}

/// The heads that a stored resource carries. What cannot be read as heads is none of ours.
pub(crate) fn heads(text: &str) -> Result<Vec<Head>, PortError> {
    let node = json::parse(text).map_err(|_| PortError::NotUnderstood { code: "stored-resource" })?;
    let extension = node.list("extension").iter().find(|one| one.str("url").as_deref() == Some(codes::HEADS));
    let value = extension.and_then(|one| one.str("valueString"));
    Ok(value.and_then(|value| serde_json::from_str(&value).ok()).unwrap_or_default())
}

/// Whether a resource is found by the search token of a write.
#[cfg(feature = "store")]
pub(crate) fn is_found_by(text: &str, find: &(String, String)) -> bool {
    json::parse(text).is_ok_and(|node| {
        let (list, value) = match find.0.as_str() {
            "_tag" => (node.get("meta").map_or(&[][..], |meta| meta.list("tag")), "code"),
            _ => (node.list("identifier"), "value"),
        };
        let token = |one: &json::Node<'_>| Some(format!("{}|{}", one.str("system")?, one.str(value)?));
        list.iter().any(|one| token(one).as_deref() == Some(&*find.1))
    })
}

/// Reads a resource from a record with everything that it refers to, directly or through others; what only a Patient refers
/// to is left out. What is not there is passed over.
///
/// # Errors
/// What the record fails with; `NotFound` where the resource itself is not there; `NotUnderstood` where what it holds is
/// not FHIR.
pub async fn gather(record: &dyn CareRecord, kind: &str, id: &str) -> Result<Import, PortError> {
    gather_from(record, kind, record.read(kind, id).await?).await
}

/// The same from a resource that was read. What is needed next of one type comes by one request.
pub(crate) async fn gather_from(
    record: &dyn CareRecord,
    kind: &str,
    first: Stored,
) -> Result<Import, PortError> {
    let not_understood = |_| PortError::NotUnderstood { code: "stored-resource" };
    let mut known = BTreeSet::from([(kind.to_owned(), first.id)]);
    let mut texts = vec![first.json];
    let mut next = if kind == "Patient" { 0..0 } else { 0..1 };
    while !next.is_empty() {
        let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for text in texts.get(next.clone()).unwrap_or_default() {
            for (kind, id) in references(text).map_err(not_understood)? {
                if known.len() < GATHERED && known.insert((kind.clone(), id.clone())) {
                    wanted.entry(kind).or_default().push(id);
                }
            }
        }
        // What only a Patient refers to is left out.
        let patients = wanted.remove("Patient");
        for id in patients.iter().flatten() {
            texts.extend(read_one(record, "Patient", id).await?);
        }
        next.start = texts.len();
        for (kind, ids) in &wanted {
            texts.extend(read_all(record, kind, ids).await?);
        }
        next.end = texts.len();
    }
    Import::of(texts.iter().map(String::as_str)).map_err(not_understood)
}

async fn read_one(record: &dyn CareRecord, kind: &str, id: &str) -> Result<Option<String>, PortError> {
    match record.read(kind, id).await {
        Ok(stored) => Ok(Some(stored.json)),
        Err(PortError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Those of these resources of a type that are there.
async fn read_all(record: &dyn CareRecord, kind: &str, ids: &[String]) -> Result<Vec<String>, PortError> {
    let mut texts = Vec::new();
    for some in ids.chunks(GATHERED_AT_ONCE) {
        if some.len() > 1 {
            match record.search(kind, &[("_id", &some.join(","))]).await {
                Ok(found) => {
                    texts.extend(found.into_iter().map(|stored| stored.json));
                    continue;
                }
                // A server can let somebody read what it does not let them search.
                Err(PortError::Refused { .. } | PortError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        for id in some {
            texts.extend(read_one(record, kind, id).await?);
        }
    }
    Ok(texts)
}

/// The resources of the same record that a resource refers to.
pub(super) fn references(text: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    json::parse(text)?.rewrite::<crate::Error>(&mut |key, node| {
        if key == "reference"
            && let Some(text) = node.text()
            && let Some((kind, rest)) = text.split_once('/')
        {
            let id = rest.split("/_history/").next().unwrap_or(rest);
            if super::check::is_kind(kind) && super::check::is_id(id) {
                found.push((kind.to_owned(), id.to_owned()));
            }
        }
        Ok(None)
    })?;
    Ok(found)
}
