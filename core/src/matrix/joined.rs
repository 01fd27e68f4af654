//! What crosses with a join between two homeservers.
//!
//! A homeserver sends an event to those homeservers that were in the room where the event stands. One that is made while another
//! server is on its way in (between `make_join` and `send_join`, Server-Server API 1.11, section 11) stands beside the join and not
//! after it: it is sent to nobody there, and nobody there knows of it, until an event that stands after both comes along. The
//! opening of a case is sent at just that time, and whoever joins waits for it and says nothing. So an event without content
//! follows each such join. Reading does not wait for that: where nothing can be sent it is tried again with the room's next page.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use matrix_sdk::ruma::api::client::message::send_message_event;
use matrix_sdk::ruma::events::{AnyMessageLikeEventContent, MessageLikeEventType};
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::{self, OwnedTransactionId};

use super::error::http;
use super::{MatrixTransport, Port};
use crate::id::{MatrixEventId, UserId};
use crate::ports::PortError;

/// The event that follows a join. It says nothing: that somebody joined is no secret of the room's.
const FOLLOWS_A_JOIN: &str = "org.caseline.joined";

/// One event of the newest page of a room, as far as joins go.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen<'a> {
    pub(super) id: &'a MatrixEventId,
    pub(super) sender: &'a UserId,
    /// It was taken over before.
    pub(super) known: bool,
    pub(super) joins: bool,
    /// Who invited whoever joins, where the homeserver says so.
    pub(super) invited_by: Option<UserId>,
}

/// The joins that an event of ours is to follow: those of people of other homeservers whom we invited, and who have said nothing
/// since. The page is the newest one, newest first.
pub(super) fn to_be_followed<'a>(me: &UserId, page: &[Seen<'a>]) -> Vec<&'a MatrixEventId> {
    let mut heard = BTreeSet::new();
    let mut follow = Vec::new();
    for event in page {
        let anew = event.joins && !event.known && event.sender.server() != me.server();
        // Where the homeserver does not say who invited, one event too many is better than one too few.
        if anew && event.invited_by.as_ref().is_none_or(|by| by == me) && !heard.contains(event.sender) {
            follow.push(event.id);
        }
        heard.insert(event.sender);
    }
    follow
}

/// How many joins are remembered that no event could follow yet.
const MOST_UNFOLLOWED: usize = 256;

/// The joins that no event could follow yet, each with its room: by the time the line is there the page that had them counts as read.
#[derive(Debug, Default)]
pub(super) struct Unfollowed(BTreeSet<(ruma::OwnedRoomId, MatrixEventId)>);

impl Unfollowed {
    /// The joins of a room that an event is to follow now: those of before, and these.
    fn of(&self, room: &ruma::RoomId, anew: Vec<&MatrixEventId>) -> BTreeSet<MatrixEventId> {
        let before = self.0.iter().filter(|(of, _)| of == room).map(|(_, join)| join);
        before.chain(anew).cloned().collect()
    }

    /// Notes of a join whether an event is still to follow it. Where too many are remembered this one is not: whatever else is said
    /// in its room serves as well.
    fn note(&mut self, room: &ruma::RoomId, join: MatrixEventId, waits: bool) {
        let one = (room.to_owned(), join);
        if !waits {
            self.0.remove(&one);
        } else if self.0.len() < MOST_UNFOLLOWED {
            self.0.insert(one);
        }
    }
}

impl MatrixTransport {
    /// Sends an event after each of these joins, and after those of the room that none could follow before. Whether it can be sent
    /// or not keeps nobody from reading.
    pub(super) async fn follow_joins(&self, room: &ruma::RoomId, anew: Vec<&MatrixEventId>) {
        let joins = self.unfollowed.lock().unwrap_or_else(PoisonError::into_inner).of(room, anew);
        let mut line = true;
        for join in joins {
            if line && let Err(error) = self.follow_join(room, &join).await {
                tracing::debug!(%error, "a join was not followed by an event");
                // Refused for good is not tried again; without the line the others are not tried now.
                line = !matches!(error, PortError::Unavailable { .. });
            }
            self.unfollowed.lock().unwrap_or_else(PoisonError::into_inner).note(room, join, !line);
        }
    }

    /// Sends an event after a join: once, however often it is tried.
    async fn follow_join(&self, room: &ruma::RoomId, join: &MatrixEventId) -> Port<()> {
        let request = send_message_event::v3::Request::new_raw(
            room.to_owned(),
            OwnedTransactionId::from(format!("joined-{}", join.as_str())),
            MessageLikeEventType::from(FOLLOWS_A_JOIN),
            Raw::<AnyMessageLikeEventContent>::from_json_string("{}".to_owned())
                .map_err(|_| PortError::Internal { code: "join-content" })?,
        );
        self.client.send(request).await.map_err(|error| http(&error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_join_from_elsewhere_is_followed_until_whoever_joined_is_heard() {
        let user = |name: &str| name.parse::<UserId>().unwrap();
        let (jane, dana) = (user("@jane:cp.example"), user("@dana:cp.example"));
        let (joe, lee) = (user("@joe:aco.example"), user("@lee:aco.example"));
        let ids: Vec<MatrixEventId> = (0..4).map(|n| format!("$event-{n}").parse().unwrap()).collect();
        let event =
            |n: usize, sender| Seen { id: &ids[n], sender, known: false, joins: false, invited_by: None };
        let join = |n, sender, by: Option<&UserId>| Seen {
            joins: true,
            invited_by: by.cloned(),
            ..event(n, sender)
        };

        let crossed = [event(3, &jane), join(2, &joe, Some(&jane)), event(1, &jane)];
        assert_eq!(to_be_followed(&jane, &crossed), [&ids[2]], "beside or after: nobody can tell");
        assert!(to_be_followed(&dana, &crossed).is_empty(), "who invited follows it");
        let unsaid = [join(2, &joe, None)];
        assert_eq!(to_be_followed(&dana, &unsaid), [&ids[2]]);
        assert!(to_be_followed(&lee, &unsaid).is_empty(), "of one's own homeserver");
        let heard = [event(3, &joe), join(2, &joe, Some(&jane))];
        assert!(to_be_followed(&jane, &heard).is_empty(), "who speaks has the opening");
        let known = [Seen { known: true, ..join(2, &joe, Some(&jane)) }];
        assert!(to_be_followed(&jane, &known).is_empty(), "once");
        let both = [join(3, &lee, Some(&jane)), join(2, &joe, Some(&jane))];
        assert_eq!(to_be_followed(&jane, &both), [&ids[3], &ids[2]]);
    }

    #[test]
    fn a_join_that_nothing_could_follow_is_remembered_until_something_can() {
        let rooms = ["!one:cp.example", "!two:cp.example"].map(|room| ruma::RoomId::parse(room).unwrap());
        let join = |n: usize| format!("$join-{n}").parse::<MatrixEventId>().unwrap();
        let mut unfollowed = Unfollowed::default();
        unfollowed.note(&rooms[0], join(1), true);
        unfollowed.note(&rooms[1], join(2), true);
        let new = join(3);
        assert_eq!(unfollowed.of(&rooms[0], vec![&new]), BTreeSet::from([join(1), join(3)]));
        assert_eq!(unfollowed.of(&rooms[0], Vec::new()), BTreeSet::from([join(1)]), "at whatever page");
        unfollowed.note(&rooms[0], join(1), false);
        assert!(unfollowed.of(&rooms[0], Vec::new()).is_empty(), "once");
        assert_eq!(unfollowed.of(&rooms[1], Vec::new()), BTreeSet::from([join(2)]));
        for n in 0..2 * MOST_UNFOLLOWED {
            unfollowed.note(&rooms[0], join(n), true);
        }
        assert_eq!(unfollowed.0.len(), MOST_UNFOLLOWED);
    }
}
