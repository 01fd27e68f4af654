//! Whom to call, and who invites, as somebody's directory tells it.

use serde_json::Value;

use super::{Part, contact_of, list, name, role, text};
use crate::demo::stage::Stage;
use crate::story::ContactSeen;

pub(super) fn contact_seen(stage: &Stage<'_>, answer: &Value, wanted: &ContactSeen) -> Part {
    let shown = |contact: &Value| {
        let phone = contact.get("phone").and_then(Value::as_str).unwrap_or("no telephone");
        format!("{}, {}, {phone}", text(contact, "name"), role(contact))
    };
    let contacts = list(answer, "contacts");
    match contacts.first() {
        Some(first)
            if text(first, "id") == contact_of(stage, &wanted.who)
                && wanted.phone.as_ref().is_none_or(|phone| text(first, "phone") == phone) =>
        {
            Ok((shown(first), None))
        }
        other => {
            let phone = wanted.phone.as_ref().map(|phone| format!(", {phone},")).unwrap_or_default();
            let wanted = format!("{}{phone} named by the directory", name(stage, &wanted.who));
            Err((wanted, other.map_or("nobody".into(), shown)))
        }
    }
}

pub(super) fn invitation_seen(stage: &Stage<'_>, answer: &Value, who: &str, from: &str) -> Part {
    let invitations = list(answer, "invitations");
    let of = |invitation: &Value| {
        invitation.get("contact").map_or_else(
            || format!("{}, whom the directory does not know", text(invitation, "by")),
            |contact| format!("{} ({})", text(contact, "name"), role(contact)),
        )
    };
    let wanted = contact_of(stage, from);
    let found = invitations.iter().find(|invitation| {
        invitation.get("known").and_then(Value::as_bool) != Some(false)
            && invitation.get("contact").is_some_and(|contact| text(contact, "id") == wanted)
    });
    if let Some(found) = found {
        return Ok((format!("{} sees an invitation from {}.", name(stage, who), of(found)), None));
    }
    let seen: Vec<String> = invitations.iter().map(of).collect();
    let seen = if seen.is_empty() { "no invitation".into() } else { seen.join("; ") };
    Err((format!("an invitation from {}", name(stage, from)), seen))
}
