//! Room keys whose maker is proven: they came from the maker's own device, or another device of this account says so.

use rusqlite::Transaction;

use super::Db;
use super::rows::{all, one, parsed, run};
use crate::error::Result;
use crate::id::{RoomId, UserId};

/// A Megolm session, and the device that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoomKey {
    pub(crate) room: RoomId,
    /// The session's id: the public half of what its maker signs each message with.
    pub(crate) session: String,
    pub(crate) sender: UserId,
    /// The sender's master key (Matrix specification, "Cross-signing"), with which the maker was signed.
    pub(crate) identity: String,
    /// The maker's Curve25519 key.
    pub(crate) identity_key: String,
    /// The maker's Ed25519 key.
    pub(crate) signing_key: String,
}

impl Db {
    /// Whether the maker of a room key is proven.
    pub(crate) fn is_proven(&self, key: &RoomKey) -> Result<bool> {
        let found = self.read(|t| {
            let sql = "SELECT 1 FROM room_keys WHERE room = ?1 AND session = ?2 AND sender = ?3 \
                       AND identity = ?4 AND identity_key = ?5 AND signing_key = ?6";
            one(t, "room-key", sql, columns(key), |_| Ok(()))
        })?;
        Ok(found.is_some())
    }

    /// Notes that the maker of a room key is proven; `told` is the backup under whose key the account's other devices can
    /// read that. Returns whether it is news.
    pub(crate) fn prove(&self, key: &RoomKey, told: Option<&str>) -> Result<bool> {
        let (room, session, sender, identity, identity_key, signing_key) = columns(key);
        self.write(|t| {
            let sql = "INSERT INTO room_keys (room, session, sender, identity, identity_key, signing_key, told) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                       ON CONFLICT (room, session) DO UPDATE SET sender = excluded.sender, identity = excluded.identity, \
                         identity_key = excluded.identity_key, signing_key = excluded.signing_key, told = excluded.told \
                       WHERE (sender, identity, identity_key, signing_key) <> \
                         (excluded.sender, excluded.identity, excluded.identity_key, excluded.signing_key)";
            let columns = (room, session, sender, identity, identity_key, signing_key, told);
            Ok(run(t, "room-key", sql, columns)? > 0)
        })
    }

    /// The proven room keys of which the account's other devices cannot read under this backup's key yet.
    pub(crate) fn untold(&self, backup: &str) -> Result<Vec<RoomKey>> {
        let rows = self.read(|t| {
            let sql = "SELECT room, session, sender, identity, identity_key, signing_key FROM room_keys \
                       WHERE told IS NULL OR told <> ?1 ORDER BY room";
            all(t, "room-keys-untold", sql, [backup], |row| {
                let (room, sender): (String, String) = (row.get(0)?, row.get(2)?);
                Ok((room, row.get(1)?, sender, row.get(3)?, row.get(4)?, row.get(5)?))
            })
        })?;
        rows.into_iter()
            .map(|(room, session, sender, identity, identity_key, signing_key)| {
                Ok(RoomKey {
                    room: parsed(&room)?,
                    session,
                    sender: parsed(&sender)?,
                    identity,
                    identity_key,
                    signing_key,
                })
            })
            .collect()
    }

    /// Notes that the account's other devices can read of these.
    pub(crate) fn told(&self, keys: &[RoomKey], backup: &str) -> Result<()> {
        self.write(|t| keys.iter().try_for_each(|key| told(t, key, backup)))
    }
}

fn told(t: &Transaction<'_>, key: &RoomKey, backup: &str) -> Result<()> {
    let sql = "UPDATE room_keys SET told = ?3 WHERE room = ?1 AND session = ?2";
    run(t, "room-key-told", sql, (key.room.as_str(), &key.session, backup)).map(drop)
}

fn columns(key: &RoomKey) -> (&str, &str, &str, &str, &str, &str) {
    let RoomKey { room, session, sender, identity, identity_key, signing_key } = key;
    (room.as_str(), session, sender.as_str(), identity, identity_key, signing_key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::StoreKey;

    #[test]
    fn one_maker_of_a_key_is_proven_and_told_anew_under_another_backup() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path(), &StoreKey::new([1; 32])).unwrap();
        let key = RoomKey {
            room: "!room:aco.example".parse().unwrap(),
            session: "session".into(),
            sender: "@jane:cp.example".parse().unwrap(),
            identity: "master".into(),
            identity_key: "curve".into(),
            signing_key: "ed".into(),
        };
        assert!(!db.is_proven(&key).unwrap());
        assert!(db.prove(&key, None).unwrap());
        assert!(!db.prove(&key, None).unwrap(), "known");
        assert!(db.is_proven(&key).unwrap());
        let others = RoomKey { sender: "@joe:aco.example".parse().unwrap(), ..key.clone() };
        assert!(!db.is_proven(&others).unwrap(), "another maker is not");
        assert_eq!(db.untold("1").unwrap(), std::slice::from_ref(&key));
        db.told(std::slice::from_ref(&key), "1").unwrap();
        assert!(db.untold("1").unwrap().is_empty());
        assert_eq!(db.untold("2").unwrap(), std::slice::from_ref(&key));
        // Under another identity of the same person it is another maker.
        let anew = RoomKey { identity: "another master".into(), ..key.clone() };
        assert!(!db.is_proven(&anew).unwrap());
        assert!(db.prove(&anew, None).unwrap());
        assert!(db.is_proven(&anew).unwrap() && !db.is_proven(&key).unwrap());
        assert_eq!(db.untold("1").unwrap(), [anew]);
    }
}
