//! What crosses with a join between two homeservers.
//!
//! A homeserver sends an event to those homeservers that were in the room where the event stands. One that is made while another
//! server is on its way in (between `make_join` and `send_join`, Server-Server API 1.11, section 11) stands beside the join and not
//! after it: it is sent to nobody there, and nobody there knows of it, until an event that stands after both comes along. The
//! opening of a case is sent at just that time, and whoever joins waits for it and says nothing. So an event without content
//! follows each such join. Reading does not wait for that: where nothing can be sent it is tried again as the room is read again.

use std::collections::BTreeSet;

use matrix_sdk::ruma::api::client::message::send_message_event;
use matrix_sdk::ruma::events::{AnyMessageLikeEventContent, MessageLikeEventType};
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::{self, OwnedTransactionId};

use super::error::http;
use super::{MatrixTransport, Port};
use crate::id::{MatrixEventId, UserId};
use crate::ports::PortError;

/// The event that follows a join. It says nothing: that somebody joined is no secret of the room's.
pub(super) const FOLLOWS_A_JOIN: &str = "org.caseline.joined";

/// One event of the newest page of a room, as far as joins go.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen<'a> {
    pub(super) id: &'a MatrixEventId,
    pub(super) sender: &'a UserId,
    pub(super) joins: bool,
    /// It follows joins.
    pub(super) follows: bool,
    /// Who invited whoever joins, where the homeserver says so.
    pub(super) invited_by: Option<UserId>,
}

/// The joins that an event of ours is to follow: those of people of other homeservers whom we invited, and who have said nothing
/// since, and which none has followed. The page is the newest one, newest first: it is looked at each time it is read, so that nothing has
/// to be remembered.
pub(super) fn to_be_followed<'a>(me: &UserId, page: &[Seen<'a>]) -> Vec<&'a MatrixEventId> {
    let mut heard = BTreeSet::new();
    let mut follow = Vec::new();
    for event in page {
        if event.follows && event.sender == me {
            // It stands after every join that was there.
            break;
        }
        let from_elsewhere = event.joins && event.sender.server() != me.server();
        // Where the homeserver does not say who invited, one event too many is better than one too few.
        if from_elsewhere
            && event.invited_by.as_ref().is_none_or(|by| by == me)
            && !heard.contains(event.sender)
        {
            follow.push(event.id);
        }
        heard.insert(event.sender);
    }
    follow
}

impl MatrixTransport {
    /// Sends an event after each of these joins. Whether it can be sent or not keeps nobody from reading: what could not be is
    /// looked for in the room's newest page again.
    pub(super) async fn follow_joins(&self, room: &ruma::RoomId, joins: Vec<&MatrixEventId>) {
        for join in joins {
            if let Err(error) = self.follow_join(room, join).await {
                tracing::debug!(%error, "a join was not followed by an event");
                // Without the line the others are not tried now.
                if matches!(error, PortError::Unavailable { .. }) {
                    return;
                }
            }
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
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_join_from_elsewhere_is_followed_until_whoever_joined_is_heard() {
        let user = |name: &str| name.parse::<UserId>().unwrap();
        let (jane, dana) = (user("@jane:cp.example"), user("@dana:cp.example"));
        let (joe, lee) = (user("@joe:aco.example"), user("@lee:aco.example"));
        let ids: Vec<MatrixEventId> = (0..4).map(|n| format!("$event-{n}").parse().unwrap()).collect();
        let event =
            |n: usize, sender| Seen { id: &ids[n], sender, joins: false, follows: false, invited_by: None };
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
        let follows = |sender| Seen { follows: true, ..event(3, sender) };
        let once = [follows(&jane), join(2, &joe, Some(&jane))];
        assert!(to_be_followed(&jane, &once).is_empty(), "once");
        let another = [follows(&lee), join(2, &joe, Some(&jane))];
        assert_eq!(to_be_followed(&jane, &another), [&ids[2]], "what others send is not ours");
        let later = [join(2, &joe, Some(&jane)), follows(&jane), join(1, &lee, Some(&jane))];
        assert_eq!(to_be_followed(&jane, &later), [&ids[2]]);
        let both = [join(3, &lee, Some(&jane)), join(2, &joe, Some(&jane))];
        assert_eq!(to_be_followed(&jane, &both), [&ids[3], &ids[2]]);
    }
}
