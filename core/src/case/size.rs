//! How long an event may be, so that what is accepted can leave.

use jiff::Timestamp;

use crate::case::event::{AuditHead, Content, Event, EventData, MAX_CLOCK, VERSION};
use crate::case::state::MOST_NAMED;
use crate::error::Result;
use crate::id::{EventId, Sha256};
use crate::label::{MOST_CONSENTS, Marks, Under, are_sensitive};
use crate::policy::NOTICE_LIMIT;

/// The longest content of an event, in bytes of JSON.
///
/// A homeserver takes no event of more than 65,536 bytes (Matrix specification, "Size limits"), and counts the encrypted one
/// with all that servers add to it. Four KiB are left for what they add: room and sender of 255 bytes each, some thirty
/// references to other events, hashes and signatures. The rest is base64, which makes four bytes of three, of the content,
/// the room's name and the 90 bytes or so of a Megolm message's frame.
pub(crate) const CONTENT_LIMIT: usize = 44 * 1024;

/// The longest head that an event names: `["<user id>","<event id>",<clock>],`.
const HEAD: usize = 255 + 36 + 16 + r#"["","",],"#.len();

/// The longest description of an attachment: its address of twice 255 bytes, its key and its hash.
const FILE: usize = 1024;

/// How long an event's content can become until it leaves: with as many heads as it can come to name, and the widest clock
/// and audit head. `outside` says that its document is still to be uploaded and described.
pub(crate) fn longest(
    data: EventData,
    body: &str,
    at: Timestamp,
    notice: bool,
    outside: bool,
    marks: &Marks,
) -> Result<usize> {
    let audit = AuditHead { chain: uuid::Uuid::nil(), length: u64::MAX, head: Sha256::of("") };
    let id = EventId::from_uuid(uuid::Uuid::nil());
    let mut marks = marks.clone();
    let sensitive = are_sensitive(&marks.labels);
    if sensitive {
        // What permits it is known as it leaves.
        let consents = (0..MOST_CONSENTS as u128).map(|n| EventId::from_uuid(uuid::Uuid::from_u128(n)));
        marks.under = Some(Under { consents: consents.collect(), notice: u64::MAX });
    }
    let event =
        Event { v: VERSION, id, after: Vec::new(), clock: MAX_CLOCK, at, audit: Some(audit), marks, data };
    let content = Content::new(body.to_owned(), &event, notice)?;
    Ok(content.json.get().len()
        + MOST_NAMED * HEAD
        + if outside { FILE } else { 0 }
        + if sensitive { NOTICE_LIMIT } else { 0 })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::case::event::{EventKey, Head};
    use crate::communication::MessageSent;

    #[test]
    fn no_event_becomes_longer_than_was_foreseen() {
        let at: Timestamp = "2019-03-01T14:00:00.123456789Z".parse().unwrap();
        let user = format!("@{}:aco.example", "x".repeat(242));
        assert_eq!(user.len(), 255);
        let head = |_| Head {
            key: EventKey { sender: user.parse().unwrap(), id: EventId::new() },
            clock: MAX_CLOCK - 1,
        };
        let event = Event {
            v: VERSION,
            id: EventId::new(),
            after: (0..MOST_NAMED).map(head).collect(),
            clock: MAX_CLOCK,
            at,
            audit: Some(AuditHead { chain: uuid::Uuid::new_v4(), length: u64::MAX, head: Sha256::of("x") }),
            marks: Marks::default(),
            data: MessageSent::default().into(),
        };
        let body = "\"quoted\"\n".repeat(100);
        let real = Content::new(body.clone(), &event, true).unwrap().json.get().len();
        let foreseen =
            longest(MessageSent::default().into(), &body, at, true, false, &Marks::default()).unwrap();
        assert!(real <= foreseen && foreseen <= real + MOST_NAMED, "{real}, {foreseen}");
    }

    #[test]
    fn the_longest_content_leaves_room_for_what_servers_add() {
        // The content with its room's name and type, padded and framed by Megolm, in base64.
        let ciphertext = (CONTENT_LIMIT + 255 + 60 + 16 + 90) * 4 / 3 + 1;
        assert!(65_536 - ciphertext >= 4 * 1024);
    }
}
