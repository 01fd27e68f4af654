//! A homeserver that puts a room key of its own into an account's backup, and an event encrypted with it into a room.

use caseline::id::{MatrixEventId, RoomId};
use matrix_sdk::Client;
use matrix_sdk::ruma::api::client::backup::{add_backup_keys_for_session, get_latest_backup_info};
use matrix_sdk::ruma::api::client::keys::get_keys;
use matrix_sdk::ruma::api::client::message::send_message_event;
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::{self, OwnedTransactionId};
use matrix_sdk_base::crypto::vodozemac::megolm::{GroupSession, InboundGroupSession, SessionConfig};
use matrix_sdk_base::crypto::vodozemac::pk_encryption::PkEncryption;
use matrix_sdk_base::crypto::vodozemac::{Curve25519PublicKey, base64_encode};
use serde_json::{Value, json};

use super::person::Person;

async fn client(of: &Person) -> Client {
    let client = Client::builder().homeserver_url(of.homeserver.url()).build().await.unwrap();
    client.matrix_auth().login_username(&of.account.user_id, &of.account.password).send().await.unwrap();
    client
}

/// Puts a message into the room that names the sender's own device as its maker, and its key into the reader's backup.
pub(super) async fn forge(sender: &Person, reader: &Person, room: &RoomId, body: &str) -> MatrixEventId {
    let (servers, readers) = (client(sender).await, client(reader).await);
    let room = ruma::RoomId::parse(room.as_str()).unwrap();
    let user = ruma::UserId::parse(sender.user().as_str()).unwrap();
    let device = sender.transport.device_id().unwrap();

    let mut query = get_keys::v3::Request::new();
    query.device_keys.insert(user.clone(), Vec::new());
    let devices = readers.send(query).await.unwrap().device_keys;
    let devices: Value = serde_json::to_value(&devices[&user]).unwrap();
    let keys = &devices[&device]["keys"];
    let (curve, ed) = (&keys[format!("curve25519:{device}")], &keys[format!("ed25519:{device}")]);

    let mut session = GroupSession::new(SessionConfig::version_1());
    let mut inbound = InboundGroupSession::new(&session.session_key(), SessionConfig::version_1());
    let content = json!({ "msgtype": "m.text", "body": body });
    let inner = json!({ "type": "m.room.message", "room_id": room, "content": content });
    let ciphertext = session.encrypt(inner.to_string());
    let key = json!({
        "algorithm": "m.megolm.v1.aes-sha2",
        "sender_key": curve,
        "session_key": inbound.export_at(0).unwrap().to_base64(),
        "sender_claimed_keys": { "ed25519": ed },
        "forwarding_curve25519_key_chain": [],
    });

    let backup = readers.send(get_latest_backup_info::v3::Request::new()).await.unwrap();
    let algorithm: Value = serde_json::from_str(backup.algorithm.json().get()).unwrap();
    let public = algorithm["auth_data"]["public_key"].as_str().unwrap();
    let sealed = PkEncryption::from_key(Curve25519PublicKey::from_base64(public).unwrap())
        .encrypt(key.to_string().as_bytes())
        .unwrap();
    let data = json!({
        "first_message_index": 0,
        "forwarded_count": 0,
        "is_verified": true,
        "session_data": {
            "ephemeral": sealed.ephemeral_key.to_base64(),
            "ciphertext": base64_encode(sealed.ciphertext),
            "mac": base64_encode(sealed.mac),
        },
    });
    let data = Raw::new(&data).unwrap().cast_unchecked();
    let put = add_backup_keys_for_session::v3::Request::new(
        backup.version,
        room.clone(),
        session.session_id(),
        data,
    );
    readers.send(put).await.unwrap();

    let encrypted = json!({
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": ciphertext.to_base64(),
        "device_id": device,
        "sender_key": curve,
        "session_id": session.session_id(),
    });
    let send = send_message_event::v3::Request::new_raw(
        room,
        OwnedTransactionId::from("forged"),
        "m.room.encrypted".into(),
        Raw::new(&encrypted).unwrap().cast_unchecked(),
    );
    servers.send(send).await.unwrap().event_id.as_str().parse().unwrap()
}
