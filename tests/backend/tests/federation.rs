//! Two homeservers federate, outlive a kill, and let their operator do what operators can do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::{Duration, Instant};

use caseline_backend::{Backend, BackendOptions, Error, Homeserver};
use serde_json::{Value, json};

/// A user of plain HTTP, without encryption.
struct User<'a> {
    server: &'a Homeserver,
    token: String,
}

impl User<'_> {
    fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.server.api("POST", &format!("/_matrix/client/v3/{path}"), Some(&self.token), Some(body))
    }

    fn send(&self, room: &str, text: &str) {
        let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/{text}");
        let body = json!({ "msgtype": "m.text", "body": text });
        self.server.api("PUT", &path, Some(&self.token), Some(&body)).unwrap();
    }

    fn texts(&self, room: &str) -> Vec<String> {
        let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=50");
        let page = self.server.api("GET", &path, Some(&self.token), None).unwrap();
        let events = page["chunk"].as_array().unwrap();
        events.iter().filter_map(|event| event["content"]["body"].as_str().map(str::to_owned)).collect()
    }

    fn waits_for(&self, room: &str, text: &str) {
        let begun = Instant::now();
        while !self.texts(room).iter().any(|seen| seen == text) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{text} did not arrive");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn two_homeservers_carry_a_room_between_them() {
    let options = BackendOptions {
        aco: vec![("joe".into(), "joe-secret".into())],
        cp: vec![("jane".into(), "jane-secret".into()), ("mallory".into(), "m-secret".into())],
        ..BackendOptions::default()
    };
    let backend = Backend::start(&options).unwrap();
    let described = backend.describe();
    let user_id = |organization: &str, index: usize| {
        described.homeserver(organization).unwrap().accounts[index].user_id.clone()
    };
    let jane = User { server: &backend.cp, token: backend.cp.login("jane", "jane-secret").unwrap() };
    let joe = User { server: &backend.aco, token: backend.aco.login("joe", "joe-secret").unwrap() };

    // Simplified sliding sync is on.
    let sync = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";
    let lists =
        json!({ "lists": { "all": { "ranges": [[0, 9]], "required_state": [], "timeline_limit": 1 } } });
    assert!(backend.cp.api("POST", sync, Some(&jane.token), Some(&lists)).unwrap()["pos"].is_string());
    let versions = backend.cp.api("GET", "/_matrix/client/versions", None, None).unwrap();
    assert_eq!(versions["unstable_features"]["org.matrix.simplified_msc3575"], true);

    // A room of version 11, an invitation across, a message each way.
    let joe_id = user_id("aco", 0);
    let made = jane.post("createRoom", &json!({ "room_version": "11", "preset": "private_chat" })).unwrap();
    let room = made["room_id"].as_str().unwrap();
    jane.post(&format!("rooms/{room}/invite"), &json!({ "user_id": joe_id })).unwrap();
    let via = backend.cp.server_name();
    joe.post(&format!("join/{room}?via={via}"), &json!({})).unwrap();
    jane.send(room, "from-jane");
    joe.waits_for(room, "from-jane");
    joe.send(room, "from-joe");
    jane.waits_for(room, "from-joe");

    // A server that is killed comes back with its data, at the same address, and catches up.
    backend.aco.kill9();
    jane.send(room, "while-joe-is-away");
    backend.aco.restart().unwrap();
    joe.waits_for(room, "while-joe-is-away");

    // The operator of a server puts somebody in.
    let mallory_id = user_id("cp", 1);
    backend.cp.admin_join(room, &mallory_id).unwrap();
    let members = jane.server.api(
        "GET",
        &format!("/_matrix/client/v3/rooms/{room}/joined_members"),
        Some(&jane.token),
        None,
    );
    assert!(members.unwrap()["joined"].get(&mallory_id).is_some());

    // Rate limits are out of the way.
    for index in 0..40 {
        jane.send(room, &format!("burst-{index}"));
    }
    assert!(backend.cp.database().is_file() && backend.cp.log().is_file());
    let refused = backend.cp.login("jane", "wrong").unwrap_err();
    assert!(matches!(refused, Error::Refused { status: 403, .. }), "{refused}");

    let folder = backend.cp.folder().to_owned();
    drop(backend);
    assert!(!folder.exists());
}
