//! A room as its homeserver describes it, from its state events.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::id::UserId;
use crate::ports::{Membership, PortError, RoomView};

/// Kinds that are no state: what their power is does not protect the room's make.
const NOT_STATE: [&str; 5] =
    ["m.room.message", "m.room.encrypted", "m.room.redaction", "m.reaction", "m.sticker"];

/// One state event.
#[derive(Deserialize)]
pub(super) struct StateEvent {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    state_key: String,
    sender: String,
    content: Map<String, Value>,
}

/// The room that these state events make.
pub(super) fn view(state: &[StateEvent]) -> Result<RoomView, PortError> {
    let find = |kind: &str| state.iter().find(|event| event.kind == kind && event.state_key.is_empty());
    let says = |kind: &str, field: &str, value: &str| {
        find(kind).and_then(|event| event.content.get(field)).and_then(Value::as_str) == Some(value)
    };
    let not_empty = |kind: &str, field: &str| {
        find(kind)
            .and_then(|event| event.content.get(field))
            .is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
    };
    let create = find("m.room.create").ok_or(PortError::NotUnderstood { code: "room-create" })?;
    let creator: UserId =
        create.sender.parse().map_err(|_| PortError::NotUnderstood { code: "room-creator" })?;
    let levels = find("m.room.power_levels").map(|event| &event.content);
    let level = |name: &str, default: i64| match levels {
        Some(levels) => levels.get(name).and_then(power).unwrap_or(default),
        // Without the event everybody may do anything (Matrix specification, "m.room.power_levels").
        None => 0,
    };
    let members = state
        .iter()
        .filter(|event| event.kind == "m.room.member")
        .filter_map(|event| {
            let standing = match event.content.get("membership")?.as_str()? {
                "join" => Membership::Joined,
                "invite" => Membership::Invited,
                _ => return None,
            };
            Some((event.state_key.parse().ok(), standing))
        })
        .map(|(user, standing)| {
            // Somebody whose id we cannot read is in the room all the same: the room must not look as if they were not.
            user.map(|user| (user, standing)).ok_or(PortError::NotUnderstood { code: "room-member" })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let kinds = levels.and_then(|levels| levels.get("events")).and_then(Value::as_object);
    let state_power = kinds
        .into_iter()
        .flatten()
        .filter(|(kind, _)| !NOT_STATE.contains(&kind.as_str()))
        .filter_map(|(_, value)| power(value))
        .chain([level("state_default", 50)])
        .min()
        .unwrap_or(0);
    let users = levels.and_then(|levels| levels.get("users")).and_then(Value::as_object);
    Ok(RoomView {
        version: create.content.get("room_version").and_then(Value::as_str).unwrap_or("1").to_owned(),
        encrypted: says("m.room.encryption", "algorithm", "m.megolm.v1.aes-sha2"),
        invite_only: says("m.room.join_rules", "join_rule", "invite"),
        guests_forbidden: !says("m.room.guest_access", "guest_access", "can_join"),
        history_from_invitation: says("m.room.history_visibility", "history_visibility", "invited"),
        has_public_words: not_empty("m.room.name", "name")
            || not_empty("m.room.topic", "topic")
            || not_empty("m.room.topic", "m.topic")
            || not_empty("m.room.avatar", "url"),
        power: match users {
            Some(users) => {
                users.iter().filter_map(|(user, value)| Some((user.parse().ok()?, power(value)?))).collect()
            }
            None if levels.is_none() => vec![(creator.clone(), 100)],
            None => Vec::new(),
        },
        creator,
        membership_power: level("invite", 0).min(level("kick", 50)).min(level("ban", 50)),
        state_power,
        members,
    })
}

/// A power level; older rooms write some as strings.
fn power(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn state(events: &[Value]) -> Vec<StateEvent> {
        events.iter().map(|event| serde_json::from_value(event.clone()).unwrap()).collect()
    }

    #[allow(clippy::needless_pass_by_value)] // Literals are handed to it.
    fn event(kind: &str, key: &str, content: Value) -> Value {
        json!({ "type": kind, "state_key": key, "sender": "@jane:cp.example", "content": content })
    }

    fn ours() -> Vec<Value> {
        vec![
            event("m.room.create", "", json!({ "room_version": "11" })),
            event("m.room.member", "@jane:cp.example", json!({ "membership": "join" })),
            event("m.room.member", "@joe:aco.example", json!({ "membership": "invite" })),
            event("m.room.member", "@lee:aco.example", json!({ "membership": "leave" })),
            event(
                "m.room.power_levels",
                "",
                json!({ "users": { "@jane:cp.example": 50 }, "invite": 50, "kick": 50, "ban": 60,
                        "state_default": 100, "events": { "m.room.message": 0, "m.room.name": 100 } }),
            ),
            event("m.room.encryption", "", json!({ "algorithm": "m.megolm.v1.aes-sha2" })),
            event("m.room.join_rules", "", json!({ "join_rule": "invite" })),
            event("m.room.history_visibility", "", json!({ "history_visibility": "invited" })),
            event("m.room.guest_access", "", json!({ "guest_access": "forbidden" })),
        ]
    }

    #[test]
    fn a_room_of_our_make_is_seen_as_one() {
        let view = view(&state(&ours())).unwrap();
        let jane: UserId = "@jane:cp.example".parse().unwrap();
        let joe: UserId = "@joe:aco.example".parse().unwrap();
        assert!(view.encrypted && view.invite_only && view.guests_forbidden && view.history_from_invitation);
        assert!(!view.has_public_words);
        assert_eq!((view.version.as_str(), view.power_of(&jane), view.power_of(&joe)), ("11", 50, 0));
        assert_eq!((view.membership_power, view.state_power), (50, 100));
        assert_eq!(view.membership(&joe), Some(Membership::Invited));
        assert_eq!(view.members.len(), 2);
    }

    #[test]
    fn what_differs_from_our_make_shows() {
        let with = |kind: &str, content: Value| {
            let mut events: Vec<_> =
                ours().into_iter().filter(|event| event.get("type").unwrap() != kind).collect();
            events.push(event(kind, "", content));
            view(&state(&events)).unwrap()
        };
        assert!(!with("m.room.encryption", json!({ "algorithm": "none" })).encrypted);
        assert!(!with("m.room.join_rules", json!({ "join_rule": "public" })).invite_only);
        assert!(!with("m.room.guest_access", json!({ "guest_access": "can_join" })).guests_forbidden);
        assert!(with("m.room.topic", json!({ "topic": "a word" })).has_public_words);
        assert!(
            !with("m.room.history_visibility", json!({ "history_visibility": "shared" }))
                .history_from_invitation
        );
        let lax = with(
            "m.room.power_levels",
            json!({ "state_default": 100, "events": { "m.room.encryption": 0 } }),
        );
        assert_eq!((lax.state_power, lax.membership_power), (0, 0));
    }

    #[test]
    fn nobody_in_the_room_is_overlooked() {
        let mut events = ours();
        events.push(event("m.room.member", "@Odd One:cp.example", json!({ "membership": "join" })));
        assert!(view(&state(&events)).is_err());
        assert!(view(&[]).is_err());
    }
}
