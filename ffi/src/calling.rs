//! Whom to call, when, and why.

use std::time::SystemTime;

use caseline::directory::{self, Reach as Core};

use crate::error::Reason;
use crate::models::{Contact, Topic};

/// Whom to call.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CallList {
    /// Whom to call now.
    pub primary: Callee,
    /// Whom else, in order.
    pub backups: Vec<Callee>,
}

/// Somebody to call.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Callee {
    /// Who.
    pub contact: Contact,
    /// Whether they can be reached now.
    pub reach: Reach,
    /// When they are next there; nothing where they are now, or nobody knows.
    pub at: Option<SystemTime>,
    /// The contact who stands in while they are away.
    pub cover: Option<String>,
    /// The time zone of their hours, a name of the IANA database; nothing where the record names none.
    pub zone: Option<String>,
    /// What they speak.
    pub languages: Vec<String>,
    /// The day on which somebody last confirmed this contact (`2019-03-04`).
    pub confirmed: Option<String>,
    /// Whether that is too long ago, or never was.
    pub stale: bool,
    /// Why they stand in this place.
    pub why: Vec<Reason>,
}

/// Whether somebody can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Reach {
    /// They are there now.
    Now,
    /// Nobody knows their hours.
    Unknown,
    /// Not at this hour.
    Later,
    /// They are away.
    Away,
}

/// A topic for which one cannot get a live person at one side.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContactGap {
    /// The organisation.
    pub organization: String,
    /// The topic.
    pub topic: Topic,
    /// What is missing: `contact` (nobody is designated), `phone` (who is has no telephone number) or `present` (who is has left, or
    /// is away for nobody knows how long).
    pub missing: String,
}

impl From<directory::WhoToCall> for CallList {
    fn from(found: directory::WhoToCall) -> Self {
        Self {
            primary: Callee::from(&found.primary),
            backups: found.backups.iter().map(Callee::from).collect(),
        }
    }
}

impl From<&directory::Callee> for Callee {
    fn from(callee: &directory::Callee) -> Self {
        let (reach, at, cover) = match &callee.reach {
            Core::Now => (Reach::Now, None, None),
            Core::Later { at } => (Reach::Later, *at, None),
            Core::Away { back, cover } => (Reach::Away, *back, cover.as_ref()),
            _ => (Reach::Unknown, None, None),
        };
        let known = &callee.availability;
        Self {
            contact: Contact::from(&callee.contact),
            reach,
            at: at.map(SystemTime::from),
            cover: cover.map(ToString::to_string),
            zone: known.zone.as_ref().and_then(|zone| zone.iana_name()).map(str::to_owned),
            languages: known.languages.clone(),
            confirmed: known.confirmed.map(|day| day.to_string()),
            stale: callee.stale,
            why: callee.why.iter().map(Reason::from).collect(),
        }
    }
}

impl From<&directory::Gap> for ContactGap {
    fn from(gap: &directory::Gap) -> Self {
        Self {
            organization: gap.organization.to_string(),
            topic: gap.topic.into(),
            missing: gap.missing.code().to_owned(),
        }
    }
}
