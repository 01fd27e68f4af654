//! The due list: what each life cycle says is owed, whose turn it is, and which reminders a keeper posts.

use jiff::{SignedDuration, Timestamp};

/// How far an author's clock may be from the homeserver's before it is no longer believed.
pub const BELIEVED: SignedDuration = SignedDuration::from_mins(5);

/// When something happened, alike on every device: the author's time, as long as it is within [`BELIEVED`] of the
/// homeserver's; else the homeserver's. In a story, whose agreement says so, the author's.
pub fn believed(at: Timestamp, server_at: Timestamp, story_clock: bool) -> Timestamp {
    if story_clock || at.duration_since(server_at).abs() <= BELIEVED { at } else { server_at }
}
