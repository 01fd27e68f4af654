//! A Bundle of type `transaction` (FHIR R4, "RESTful API", 3.1.0.11), as far as our files need it: `POST`, with or without
//! `ifNoneExist`, and `PUT` to an id; references between its entries by `fullUrl`.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{FORBIDDEN, INVALID, Resources, parse};
use crate::fhir::search;
use crate::ports::{Param, PortError};

#[derive(Deserialize)]
struct Bundle {
    #[serde(rename = "resourceType")]
    resource_type: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "fullUrl")]
    full_url: Option<String>,
    resource: Box<RawValue>,
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: String,
    #[serde(rename = "ifNoneExist")]
    if_none_exist: Option<String>,
}

/// What becomes of one entry.
struct Placed<'a> {
    entry: &'a Entry,
    kind: &'a str,
    id: String,
    writes: bool,
}

/// Carries a Bundle out on a copy of the resources. Returns how many it created.
pub(super) fn carry_out(
    resources: &mut Resources,
    bundle: &str,
    read_only: &BTreeSet<String>,
) -> Result<usize, PortError> {
    let bundle: Bundle = serde_json::from_str(bundle).map_err(|_| INVALID)?;
    if bundle.resource_type != "Bundle" || bundle.kind != "transaction" {
        return Err(INVALID);
    }
    // First every entry gets its id, since an entry may refer to a later one.
    let placed = bundle
        .entry
        .iter()
        .map(|entry| place(resources, entry))
        .collect::<Result<Vec<Placed<'_>>, PortError>>()?;
    let mut created = 0;
    for this in placed.iter().filter(|this| this.writes) {
        if read_only.contains(this.kind) {
            return Err(FORBIDDEN);
        }
        // In the text, so that its digits survive.
        let mut json = this.entry.resource.get().to_owned();
        for other in &placed {
            if let Some(url) = &other.entry.full_url {
                json = json.replace(&format!("\"{url}\""), &format!("\"{}/{}\"", other.kind, other.id));
            }
        }
        parse(this.kind, &json)?;
        match resources.latest(this.kind, &this.id) {
            Ok(there) if there.json == json => {}
            Ok(_) => drop(resources.put(this.kind, &this.id, &json)),
            Err(_) => {
                resources.put(this.kind, &this.id, &json);
                created += 1;
            }
        }
    }
    Ok(created)
}

fn place<'a>(resources: &mut Resources, entry: &'a Entry) -> Result<Placed<'a>, PortError> {
    let request = &entry.request;
    match (request.method.as_str(), request.url.split_once('/')) {
        ("PUT", Some((kind, id))) if !id.contains(['?', '/']) => {
            Ok(Placed { entry, kind, id: id.to_owned(), writes: true })
        }
        ("POST", None) if !request.url.contains('?') => {
            let kind = request.url.as_str();
            let there = match &request.if_none_exist {
                None => None,
                Some(query) => {
                    let query = search::query(query)?;
                    let params: Vec<Param<'_>> =
                        query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                    let mut there = resources.search(kind, &params)?.into_iter();
                    let first = there.next();
                    if there.next().is_some() {
                        return Err(PortError::Conflict);
                    }
                    first
                }
            };
            Ok(match there {
                Some(stored) => Placed { entry, kind, id: stored.id, writes: false },
                None => Placed { entry, kind, id: resources.next_id(), writes: true },
            })
        }
        _ => Err(PortError::Refused { code: "unsupported-request" }),
    }
}
