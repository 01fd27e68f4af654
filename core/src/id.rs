//! Identifiers. Every one is a parsed type: a value of the type is a valid identifier, and a raw string never is one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, InvalidInput};

/// Declares an identifier that is a checked string.
macro_rules! string_id {
    ($(#[$doc:meta])* $name:ident, $check:path, $code:literal, $detail:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                if $check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidInput::new($code, $detail).into())
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

/// Adds `Display` and a plain `Debug` to an identifier that says nothing about a member.
macro_rules! shown {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

/// Declares an identifier that is a UUID.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $code:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier: a UUIDv7 (RFC 9562, 5.7), so that ids made later sort later.
            #[must_use]
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The identifier as a UUID.
            pub fn as_uuid(&self) -> &Uuid {
                &self.0
            }

            /// The identifier of an existing UUID.
            #[must_use]
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                // One spelling only (hyphenated, lower case): ids are compared and hashed as text elsewhere.
                Uuid::try_parse(text)
                    .ok()
                    .filter(|uuid| uuid.as_hyphenated().to_string() == text)
                    .map(Self)
                    .ok_or_else(|| InvalidInput::new($code, "an id must be a UUID in its hyphenated lower-case form").into())
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.as_hyphenated())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.as_hyphenated())
            }
        }
    };
}

uuid_id!(
    /// The id of a case event (a UUIDv7 that its author chose; UUIDv5 for another client's message). Together with the
    /// sender it is the event's key.
    EventId,
    "invalid-event-id"
);
uuid_id!(
    /// The id of a case: one Matrix room, one FHIR CareTeam. It says nothing about the member.
    CaseId,
    "invalid-case-id"
);

impl EventId {
    /// The id of an event that a device makes by itself and must make once: UUIDv5 of what makes it the one it is.
    pub(crate) fn derived(parts: &[&str]) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:caseline:{}", parts.join("/")).as_bytes()))
    }

    /// The id of a message that another Matrix client wrote: UUIDv5 (RFC 9562, 5.5) of its room and of which message of which
    /// room key it is (`session/index`). Not of its Matrix event id, which its homeserver chooses, and can choose twice.
    #[must_use]
    pub fn foreign(room: &RoomId, ratchet: &str) -> Self {
        let room = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("matrix:roomid/{}", room.as_str()).as_bytes());
        Self(Uuid::new_v5(&room, ratchet.as_bytes()))
    }
}

fn is_token(text: &str) -> bool {
    text.len() <= 512
        && text.split_once('|').is_some_and(|(system, value)| {
            !system.is_empty()
                && !value.is_empty()
                && !value.contains('|')
                && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        })
}

fn is_user_id(text: &str) -> bool {
    text.len() <= 255
        && text.strip_prefix('@').and_then(|rest| rest.split_once(':')).is_some_and(|(local, server)| {
            !local.is_empty()
                && local
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._=-/+".contains(&b))
                && is_server_name(server)
        })
}

fn is_server_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
}

fn is_room_id(text: &str) -> bool {
    text.len() > 1 && text.len() <= 255 && text.starts_with('!') && text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_matrix_event_id(text: &str) -> bool {
    text.len() > 1 && text.len() <= 255 && text.starts_with('$') && text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._/".contains(&b))
}

string_id!(
    /// An organisation, by one of its identifiers as a FHIR token, `system|value` (for example its NPI). Maps to
    /// `Organization.identifier`.
    OrganizationId, is_token, "invalid-organization-id",
    "an organisation id is written `system|value`, without spaces"
);
string_id!(
    /// A person one can reach, by one of their identifiers as a FHIR token, `system|value`. Maps to
    /// `Practitioner.identifier`; for a keeper, to its `Organization.identifier`.
    ContactId, is_token, "invalid-contact-id", "a contact id is written `system|value`, without spaces"
);
string_id!(
    /// The member of a case, by one of their identifiers as a FHIR token, `system|value`. Maps to `Patient.identifier`.
    /// It is member data: its `Debug` does not show it, and it has no `Display`.
    MemberId, is_token, "invalid-member-id", "a member id is written `system|value`, without spaces"
);
string_id!(
    /// A Matrix user id, `@local:server` (Matrix specification, appendix "User Identifiers").
    UserId, is_user_id, "invalid-user-id", "a Matrix id is written `@name:server`, in lower case"
);
string_id!(
    /// A Matrix room id.
    RoomId, is_room_id, "invalid-room-id", "a Matrix room id begins with `!`"
);
string_id!(
    /// A Matrix event id: what the homeserver calls an event, not what its author called it (see [`EventId`]).
    MatrixEventId, is_matrix_event_id, "invalid-matrix-event-id", "a Matrix event id begins with `$`"
);
string_id!(
    /// The id of an agreement between two organisations.
    AgreementId, is_slug, "invalid-agreement-id",
    "an agreement id has lower-case letters, digits and `-._/`, 64 characters at most"
);
string_id!(
    /// The id of a rule set, for example `masshealth/bh-cp`.
    RuleSetId, is_slug, "invalid-rule-set-id",
    "a rule set id has lower-case letters, digits and `-._/`, 64 characters at most"
);

shown!(OrganizationId, ContactId, UserId, RoomId, MatrixEventId, AgreementId, RuleSetId);

impl fmt::Debug for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemberId(…)")
    }
}

impl UserId {
    /// The part between `@` and the first `:`.
    pub fn localpart(&self) -> &str {
        self.0.split_once(':').map_or("", |(local, _)| local.trim_start_matches('@'))
    }

    /// The server's name: all that follows the first `:`.
    pub fn server(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, server)| server)
    }
}

macro_rules! token_parts {
    ($($name:ident),*) => {$(
        impl $name {
            /// The identifier of a FHIR `Identifier.system` and `Identifier.value`.
            pub fn from_parts(system: &str, value: &str) -> Result<Self, Error> {
                format!("{system}|{value}").parse()
            }

            /// The FHIR `Identifier.system`.
            pub fn system(&self) -> &str {
                self.0.split_once('|').map_or("", |(system, _)| system)
            }

            /// The FHIR `Identifier.value`.
            pub fn value(&self) -> &str {
                self.0.split_once('|').map_or("", |(_, value)| value)
            }
        }
    )*};
}
token_parts!(OrganizationId, ContactId, MemberId);

/// A SHA-256 digest (FIPS 180-4), written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The digest of these bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        use sha2::Digest;
        Self(sha2::Sha256::digest(bytes.as_ref()).into())
    }

    /// A digest computed elsewhere.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl FromStr for Sha256 {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || InvalidInput::new("invalid-sha256", "a SHA-256 is 64 lower-case hexadecimal digits");
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(wrong().into());
        }
        let mut bytes = [0u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> String {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_are_parsed_not_believed() {
        assert!("@joe:aco.example".parse::<UserId>().is_ok());
        assert!("@joe:localhost:8448".parse::<UserId>().is_ok());
        for wrong in ["joe:aco.example", "@:aco.example", "@joe", "@Joe:aco.example", "@joe:", "@j e:x"] {
            assert!(wrong.parse::<UserId>().is_err(), "{wrong}");
        }
        assert!("http://hl7.org/fhir/sid/us-npi|1234567893".parse::<OrganizationId>().is_ok());
        for wrong in ["1234567893", "|x", "x|", "a|b|c", "a|b c"] {
            assert!(wrong.parse::<OrganizationId>().is_err(), "{wrong}");
        }
        assert!("0190A0B0-0000-7000-8000-000000000000".parse::<EventId>().is_err(), "one spelling only");
    }

    #[test]
    fn a_member_id_is_not_printed() {
        let id: MemberId = "urn:example:masshealth|100000000001".parse().unwrap();
        assert!(!format!("{id:?}").contains("1000"));
    }

    #[test]
    fn a_digest_survives_its_text() {
        let digest = Sha256::of(b"caseline");
        assert_eq!(digest.to_string().parse::<Sha256>().unwrap(), digest);
        assert!("ab".parse::<Sha256>().is_err());
    }
}
