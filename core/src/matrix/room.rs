//! Rooms: making them, and who is in them.

use matrix_sdk::ruma::api::client::alias::get_alias;
use matrix_sdk::ruma::api::client::membership::{
    forget_room, invite_user, join_room_by_id, joined_rooms, kick_user, leave_room,
};
use matrix_sdk::ruma::api::client::room::create_room;
use matrix_sdk::ruma::api::client::state::{get_state_event_for_key, get_state_events, send_state_event};
use matrix_sdk::ruma::events::StateEventType;
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::{self, OwnedRoomId, RoomAliasId, RoomVersionId};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use super::error::{http, not_understood};
use super::keys::user_id;
use super::view::{StateEvent, view};
use super::{MatrixTransport, Port};
use crate::id::{RoomId, UserId};
use crate::ports::{PortError, RoomMake, RoomView};

/// Power of a role account, and of what only a role account may do.
const ROLE: i64 = 100;
/// Power of a lead, and of inviting and removing.
const LEAD: i64 = 50;

/// The room as the SDK writes it.
pub(super) fn room_id(room: &RoomId) -> Port<OwnedRoomId> {
    ruma::RoomId::parse(room.as_str()).map_err(|_| PortError::Refused { code: "room-id" })
}

fn ours(room: &ruma::RoomId) -> Port<RoomId> {
    room.as_str().parse().map_err(not_understood("room-id"))
}

fn raw<T>(value: &Value) -> Port<Raw<T>> {
    to_raw_value(value).map(Raw::from_json).map_err(|_| PortError::Internal { code: "room-make" })
}

/// The request for a room of this make, by its creator.
fn request(creator: &UserId, make: &RoomMake) -> Port<create_room::v3::Request> {
    let mut users = Map::new();
    for lead in &make.leads {
        users.insert(lead.as_str().to_owned(), LEAD.into());
    }
    for role in &make.role_accounts {
        users.insert(role.as_str().to_owned(), ROLE.into());
    }
    // The creator sets the room up with this, and steps down last.
    users.insert(creator.as_str().to_owned(), ROLE.into());
    let initial =
        |kind: &str, content: Value| raw(&json!({ "type": kind, "state_key": "", "content": content }));
    let mut request = create_room::v3::Request::new();
    request.room_version = Some(RoomVersionId::V11);
    request.preset = Some(create_room::v3::RoomPreset::PrivateChat);
    request.room_alias_name = Some(make.alias.clone());
    request.initial_state = vec![
        initial("m.room.encryption", json!({ "algorithm": "m.megolm.v1.aes-sha2" }))?,
        initial("m.room.history_visibility", json!({ "history_visibility": "invited" }))?,
        initial("m.room.guest_access", json!({ "guest_access": "forbidden" }))?,
        initial("m.room.join_rules", json!({ "join_rule": "invite" }))?,
    ];
    request.power_level_content_override = Some(raw(&json!({
        "users": users,
        "users_default": 0,
        "events_default": 0,
        "state_default": ROLE,
        "invite": LEAD,
        "kick": LEAD,
        "ban": LEAD,
        "redact": ROLE,
        "notifications": { "room": ROLE },
        // Named one by one, since a server's defaults for these are lower.
        "events": {
            "m.room.avatar": ROLE,
            "m.room.canonical_alias": ROLE,
            // A lead's, because their sender is one in the end. Servers that disagree about a room judge its state again
            // by the power that its sender holds now, and drop what they find without it: docs/adr/0008.
            "m.room.encryption": LEAD,
            "m.room.guest_access": LEAD,
            "m.room.history_visibility": LEAD,
            "m.room.join_rules": ROLE,
            "m.room.name": ROLE,
            "m.room.power_levels": ROLE,
            "m.room.server_acl": ROLE,
            "m.room.tombstone": ROLE,
            "m.room.topic": ROLE,
        },
    }))?);
    Ok(request)
}

impl MatrixTransport {
    pub(super) async fn make_room(&self, make: &RoomMake) -> Port<RoomId> {
        let alias = RoomAliasId::parse(format!("#{}:{}", make.alias, self.user.server()))
            .map_err(|_| PortError::Refused { code: "room-alias" })?;
        // `createRoom` has no transaction id: the alias tells whether an earlier attempt went through.
        let room = match self.room_at(&alias).await {
            Err(PortError::NotFound) => match self.client.send(request(&self.user, make)?).await {
                Ok(answer) => answer.room_id,
                Err(error) => match http(&error) {
                    PortError::Conflict => self.room_at(&alias).await?,
                    other => return Err(other),
                },
            },
            found => found?,
        };
        let others_hold_role = make.role_accounts.iter().any(|role| *role != self.user);
        if others_hold_role && !make.role_accounts.contains(&self.user) {
            self.step_down(&room).await?;
        }
        ours(&room)
    }

    async fn room_at(&self, alias: &RoomAliasId) -> Port<OwnedRoomId> {
        let request = get_alias::v3::Request::new(alias.to_owned());
        Ok(self.client.send(request).await.map_err(|error| http(&error))?.room_id)
    }

    /// Lowers our own power to a lead's.
    async fn step_down(&self, room: &ruma::RoomId) -> Port<()> {
        let kind = StateEventType::RoomPowerLevels;
        let request = get_state_event_for_key::v3::Request::new(room.to_owned(), kind.clone(), String::new());
        let answer = self.client.send(request).await.map_err(|error| http(&error))?;
        let mut levels: Value =
            serde_json::from_str(answer.event_or_content.get()).map_err(not_understood("power-levels"))?;
        let own = levels
            .get_mut("users")
            .and_then(|users| users.get_mut(self.user.as_str()))
            .ok_or(PortError::NotUnderstood { code: "power-levels" })?;
        if own.as_i64().is_some_and(|power| power <= LEAD) {
            return Ok(());
        }
        *own = LEAD.into();
        let request =
            send_state_event::v3::Request::new_raw(room.to_owned(), kind, String::new(), raw(&levels)?);
        self.client.send(request).await.map_err(|error| http(&error))?;
        Ok(())
    }

    pub(super) async fn view_room(&self, room: &RoomId) -> Port<RoomView> {
        let request = get_state_events::v3::Request::new(room_id(room)?);
        let answer = self.client.send(request).await.map_err(|error| http(&error))?;
        let state = answer
            .room_state
            .iter()
            .map(|event| serde_json::from_str(event.json().get()))
            .collect::<Result<Vec<StateEvent>, _>>()
            .map_err(not_understood("room-state"))?;
        view(&state)
    }

    /// A user's membership as the room's state has it: `join`, `invite`, `leave` and so on, empty where there is none.
    async fn membership(&self, room: &ruma::RoomId, user: &ruma::UserId) -> Port<String> {
        let kind = StateEventType::RoomMember;
        let request = get_state_event_for_key::v3::Request::new(room.to_owned(), kind, user.to_string());
        let content = match self.client.send(request).await.map_err(|error| http(&error)) {
            Ok(answer) => answer.event_or_content,
            Err(PortError::NotFound) => return Ok(String::new()),
            Err(other) => return Err(other),
        };
        let content: Value = serde_json::from_str(content.get()).map_err(not_understood("room-member"))?;
        Ok(content.get("membership").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    pub(super) async fn invite_member(&self, room: &RoomId, user: &UserId) -> Port<()> {
        let (room, user) = (room_id(room)?, user_id(user)?);
        if matches!(self.membership(&room, &user).await?.as_str(), "join" | "invite") {
            return Ok(());
        }
        let recipient =
            invite_user::v3::InvitationRecipient::UserId(invite_user::v3::InviteUserId::new(user));
        let request = invite_user::v3::Request::new(room, recipient);
        self.client.send(request).await.map_err(|error| http(&error))?;
        Ok(())
    }

    pub(super) async fn remove_member(&self, room: &RoomId, user: &UserId) -> Port<()> {
        let (room, user) = (room_id(room)?, user_id(user)?);
        if !matches!(self.membership(&room, &user).await?.as_str(), "join" | "invite" | "knock") {
            return Ok(());
        }
        let request = kick_user::v3::Request::new(room, user);
        self.client.send(request).await.map_err(|error| http(&error))?;
        Ok(())
    }

    pub(super) async fn join_room(&self, room: &RoomId) -> Port<()> {
        let request = join_room_by_id::v3::Request::new(room_id(room)?);
        self.client.send(request).await.map_err(|error| http(&error))?;
        self.sync.told().answered(room);
        Ok(())
    }

    pub(super) async fn leave_and_forget(&self, id: &RoomId) -> Port<()> {
        let room = room_id(id)?;
        let left = self.client.send(leave_room::v3::Request::new(room.clone())).await;
        // A homeserver answers anything at all to who leaves a room they are not in. Forgetting tells: it is refused while
        // one is joined or invited.
        let forgotten = self.client.send(forget_room::v3::Request::new(room)).await;
        match (left, forgotten) {
            (_, Ok(_)) => {
                self.sync.told().answered(id);
                Ok(())
            }
            (Err(error), _) | (Ok(_), Err(error)) => Err(http(&error)),
        }
    }

    pub(super) async fn joined_rooms(&self) -> Port<Vec<RoomId>> {
        let answer =
            self.client.send(joined_rooms::v3::Request::new()).await.map_err(|error| http(&error))?;
        answer.joined_rooms.iter().map(|room| ours(room)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// What a state resolution asks of each state event again: whether its sender, by the power that they hold in the end,
    /// may send it.
    #[test]
    fn what_the_creator_set_they_may_still_set_after_stepping_down() {
        let user = |name: &str| format!("@{name}:cp.example").parse::<UserId>().unwrap();
        let make = RoomMake {
            alias: "opaque".to_owned(),
            role_accounts: vec![user("keeper")],
            leads: vec![user("jane")],
        };
        let request = request(&user("jane"), &make).unwrap();
        let levels: Value =
            serde_json::from_str(request.power_level_content_override.unwrap().json().get()).unwrap();
        let needs =
            |kind: &str| levels["events"][kind].as_i64().or(levels["state_default"].as_i64()).unwrap();
        let set: Vec<String> = request
            .initial_state
            .iter()
            .map(|event| event.get_field::<String>("type").unwrap().unwrap())
            .collect();
        assert_eq!(set.len(), 4);
        for kind in set {
            // A resolution looks at the rules of joining before the power levels that came after them.
            let holds = if kind == "m.room.join_rules" { ROLE } else { LEAD };
            assert!(needs(&kind) <= holds, "{kind}");
        }
        for kind in ["m.room.power_levels", "m.room.name", "m.room.topic", "m.room.tombstone"] {
            assert_eq!(needs(kind), ROLE, "{kind}");
        }
    }
}
