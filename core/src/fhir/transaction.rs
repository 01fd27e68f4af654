//! What a transaction Bundle asks for (FHIR R4, 3.1.0.11 "batch/transaction").

use std::collections::HashMap;

use super::check::{check, is_id, is_kind};
use super::json::{self, Node, Text};
use super::search;
use crate::ports::PortError;

/// One entry of a transaction.
pub(crate) struct Entry<'a> {
    /// The resource type.
    pub(crate) kind: String,
    /// The resource's text.
    pub(crate) resource: &'a str,
    /// What to do with it.
    pub(crate) action: Action,
    full_url: Option<String>,
    own_id: Option<String>,
}

impl<'a> Entry<'a> {
    /// The resource.
    ///
    /// # Errors
    /// `Refused` (`invalid-json`).
    pub(crate) fn node(&self) -> Result<Node<'a>, PortError> {
        json::again(self.resource).map_err(|_| PortError::Refused { code: "invalid-json" })
    }
}

/// What an entry asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Create it, unless this query finds one.
    Create(Vec<(String, String)>),
    /// Make it the resource of this id, whose version is this one, if one is named.
    Put(String, Option<String>),
    /// Make it the resource that this query finds.
    PutWhere(Vec<(String, String)>),
}

/// Reads a transaction. Of its entries one is in memory as a tree at a time.
///
/// # Errors
/// `Refused`: `invalid-json`, `not-fhir`, `not-a-transaction`, or what is wrong with an entry.
pub(crate) fn entries(bundle: &str) -> Result<Vec<Entry<'_>>, PortError> {
    let refused = |code| PortError::Refused { code };
    let invalid = |_| PortError::Refused { code: "invalid-json" };
    let text = Text::new(bundle).map_err(invalid)?;
    let top = text.shallow(text.text()).map_err(|_| refused("invalid-json"))?;
    if top.str("resourceType").as_deref() != Some("Bundle")
        || top.str("type").as_deref() != Some("transaction")
    {
        return Err(refused("not-a-transaction"));
    }
    let Some(list) = top.get("entry") else { return Ok(Vec::new()) };
    let (mut entries, mut refusal) = (Vec::new(), None);
    let read = text.items(list.raw(), |_, part| match entry(&text.tree(part)?) {
        Ok(entry) => {
            entries.push(entry);
            Ok(())
        }
        Err(error) => {
            refusal = Some(error);
            Err(crate::Error::internal("transaction"))
        }
    });
    match (read, refusal) {
        (_, Some(refusal)) => Err(refusal),
        (Err(_), None) => Err(refused("invalid-json")),
        (Ok(()), None) => Ok(entries),
    }
}

fn entry<'a>(entry: &Node<'a>) -> Result<Entry<'a>, PortError> {
    let refused = |code| PortError::Refused { code };
    let resource = entry.get("resource").ok_or(refused("entry-without-resource"))?;
    let kind = kind_of(resource)?;
    let request = entry.get("request").ok_or(refused("entry-without-request"))?;
    let url = request.str("url").ok_or(refused("entry-without-request"))?;
    let action = match (request.str("method").as_deref(), url.split_once('?'), url.split_once('/')) {
        (Some("POST"), None, None) if *url == *kind => Action::Create(
            request.str("ifNoneExist").map(|text| search::query(&text)).transpose()?.unwrap_or_default(),
        ),
        (Some("PUT"), None, Some((of, id))) if of == kind && is_id(id) => {
            Action::Put(id.to_owned(), request.str("ifMatch").map(|text| version_of(&text)))
        }
        (Some("PUT"), Some((of, text)), _) if of == kind => Action::PutWhere(search::query(text)?),
        _ => return Err(refused("unsupported-request")),
    };
    Ok(Entry {
        kind,
        resource: resource.raw(),
        action,
        full_url: entry.str("fullUrl").map(Into::into),
        own_id: resource.str("id").map(Into::into),
    })
}

/// The resource type of something that a record is to hold.
///
/// # Errors
/// `Refused` (`not-fhir`).
pub(crate) fn kind_of(resource: &Node<'_>) -> Result<String, PortError> {
    let refused = PortError::Refused { code: "not-fhir" };
    let kind = resource.str("resourceType").filter(|kind| is_kind(kind)).ok_or(refused.clone())?;
    check(&kind, resource.raw()).map_err(|_| refused)?;
    Ok(kind.into_owned())
}

/// The version that an ETag names: `W/"3"`.
pub(crate) fn version_of(etag: &str) -> String {
    etag.trim_start_matches("W/").trim_matches('"').to_owned()
}

/// Whether an element of this name is of type uri, url, uuid or oid: these refer as references do (3.1.0.11.2). An identifier
/// that has the same text does not, nor does what somebody wrote.
fn is_uri(key: &str) -> bool {
    matches!(key, "uri" | "url") || ["Uri", "Url", "Uuid", "Oid"].iter().any(|kind| key.ends_with(kind))
}

/// Finds the id of the one resource of a type that a query names.
type Find<'f> = dyn FnMut(&str, &[(String, String)]) -> Result<Option<String>, PortError> + 'f;

/// How references between the entries are spelled, and what they are to become.
#[derive(Default)]
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    /// The record's id of an entry is known.
    pub(crate) fn add(&mut self, entry: &Entry<'_>, id: &str) {
        let target = format!("{}/{id}", entry.kind);
        if let Some(url) = &entry.full_url {
            self.0.insert(url.clone(), target.clone());
        }
        if let Some(own) = &entry.own_id {
            self.0.entry(format!("{}/{own}", entry.kind)).or_insert(target);
        }
    }

    /// The resource with its references to other entries, and to what `find` finds by a query, spelled as the record
    /// needs them. `None` where there are none.
    ///
    /// # Errors
    /// `Refused` (`reference-not-found`), and what `find` fails with.
    pub(crate) fn rewrite(
        &self,
        resource: &Node<'_>,
        find: &mut Find<'_>,
    ) -> Result<Option<String>, PortError> {
        let missing = PortError::Refused { code: "reference-not-found" };
        resource.rewrite(&mut |key, node| {
            let Some(text) = node.text() else { return Ok(None) };
            if (key == "reference" || is_uri(key))
                && let Some(target) = self.0.get(text.as_ref())
            {
                return Ok((*target != text).then(|| json::quote(target)));
            }
            if key != "reference" {
                return Ok(None);
            }
            if text.starts_with("urn:uuid:") || text.starts_with("urn:oid:") {
                return Err(missing.clone());
            }
            match text.split_once('?') {
                Some((kind, query)) if is_kind(kind) => {
                    let id = find(kind, &search::query(query)?)?.ok_or(missing.clone())?;
                    Ok(Some(json::quote(&format!("{kind}/{id}"))))
                }
                _ => Ok(None),
            }
        })
    }
}
