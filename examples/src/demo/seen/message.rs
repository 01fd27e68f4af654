//! Messages, as somebody sees them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Part, contact_of, list, name, text};
use crate::demo::stage::Stage;
use crate::story::MessageSeen;

pub(super) fn message_seen(stage: &Stage<'_>, messages: &[Value], who: &str, wanted: &MessageSeen) -> Part {
    let is = |message: &&Value| {
        text(message, "text") == wanted.text
            && wanted.from.as_ref().is_none_or(|from| text(message, "sender") == stage.user(from))
            && wanted.is.as_ref().is_none_or(|is| text(message, "standing") == is)
            && wanted.notice.is_none_or(|there| message.get("notice").is_some() == there)
            && wanted.labels.as_ref().is_none_or(|labels| {
                let has: BTreeSet<&str> = list(message, "labels").iter().filter_map(Value::as_str).collect();
                has == labels.iter().map(String::as_str).collect()
            })
            && wanted.seen_by.as_ref().is_none_or(|by| {
                let seen: BTreeSet<&str> =
                    list(message, "seen").iter().map(|seen| text(seen, "contact")).collect();
                seen == by.iter().map(|who| contact_of(stage, who)).collect()
            })
    };
    match messages.iter().filter(is).count() {
        1 => Ok((format!("{} {}.", name(stage, who), reads(stage, wanted)), None)),
        many => {
            let from =
                wanted.from.as_ref().map_or(String::new(), |from| format!(" from {}", name(stage, from)));
            let how = wanted.is.as_ref().map_or(String::new(), |is| format!(", {is}"));
            let by = wanted.seen_by.as_ref().map_or(String::new(), |by| {
                let by: Vec<String> = by.iter().map(|who| name(stage, who)).collect();
                format!(", seen by {}", if by.is_empty() { "nobody".into() } else { by.join(" and ") })
            });
            let shown = messages.iter().rev().take(5).rev().map(|message| {
                let seen: Vec<&str> =
                    list(message, "seen").iter().map(|seen| text(seen, "contact")).collect();
                let (sender, said) = (text(message, "sender"), text(message, "text"));
                format!("{sender}: “{said}” ({}, seen by {seen:?})", text(message, "standing"))
            });
            let shown: Vec<String> = shown.collect();
            let seen = match (many, shown.is_empty()) {
                (0, true) => "no message".to_owned(),
                (0, false) => format!("the latest messages are {}", shown.join("; ")),
                _ => format!("the message {many} times"),
            };
            Err((format!("one message{from}{how}{by}: “{}”", wanted.text), seen))
        }
    }
}

/// How somebody finds a message.
fn reads(stage: &Stage<'_>, wanted: &MessageSeen) -> String {
    if wanted.notice == Some(true) {
        return "reads it, and under it what it is told under".into();
    }
    match (wanted.is.as_deref(), wanted.seen_by.as_deref()) {
        (Some("corrected"), _) => "sees that it was corrected".into(),
        (Some("retracted"), _) => "sees that it was taken back".into(),
        (_, Some([])) => "sees that nobody has read it yet".into(),
        (_, Some(by)) => {
            let by: Vec<String> = by.iter().map(|who| name(stage, who)).collect();
            format!("sees that {} read it", by.join(" and "))
        }
        _ => "reads it".into(),
    }
}
