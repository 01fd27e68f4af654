//! What a driver's answers show of agreements that were proposed.

use caseline::agreement::proposal::Proposal;
use serde_json::{Value, json};

/// What was proposed in a pair's room, in order.
pub fn agreements(all: &[Proposal]) -> Value {
    json!({ "agreements": all.iter().map(agreement).collect::<Vec<_>>() })
}

fn agreement(of: &Proposal) -> Value {
    let mut told = json!({
        "sender": of.key.sender, "proposal": of.key.id, "agreement": of.agreement.id,
        "version": of.agreement.version, "from": of.from, "sha256": of.agreement.sha256,
        "status": of.status.code(), "by": of.by.contact, "organization": of.by.organization,
    });
    if let Some(fields) = told.as_object_mut() {
        fields.extend(of.read().map(|agreement| ("title".into(), json!(agreement.title))));
        fields.extend(of.settled.as_ref().map(|by| ("settled_by".into(), json!(by.contact))));
        fields.extend(of.reason.as_ref().map(|reason| ("reason".into(), json!(reason))));
        let key = of.replaced_by.as_ref().map(|key| json!({ "sender": key.sender, "id": key.id }));
        fields.extend(key.map(|key| ("replaced_by".into(), key)));
    }
    told
}
