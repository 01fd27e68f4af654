//! What a story expects of an invitation, a contact, a message and a plan.

use jiff::civil::Date;
use serde::Deserialize;

/// An invitation as its reader sees it: by the directory's words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationSeen {
    /// The person it comes from.
    pub from: String,
}

/// A contact of the directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactSeen {
    /// Who it is.
    pub who: String,
    /// Their telephone number.
    pub phone: Option<String>,
}

/// A message as its reader sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageSeen {
    /// The whole text.
    pub text: String,
    /// Who wrote it.
    pub from: Option<String>,
    /// What became of it: `said`, `corrected` or `retracted`.
    pub is: Option<String>,
    /// Who has said that they saw it.
    pub seen_by: Option<Vec<String>>,
    /// Whether a notice stands with it.
    pub notice: Option<bool>,
    /// How it is labelled, no more and no less.
    pub labels: Option<Vec<String>>,
}

/// A plan as its reader sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSeen {
    /// The plan, by its name.
    pub name: String,
    /// `sent`, `acknowledged`, `approved` or `returned`.
    pub is: String,
    /// Who made it so.
    pub by: Option<String>,
    /// Who signed it elsewhere, as somebody attests, in order.
    pub signed_by: Option<Vec<String>>,
    /// Of whose signature there is a scan, in order.
    pub scanned: Option<Vec<String>>,
    /// Who was given a copy, as somebody attests, in order.
    pub copies: Option<Vec<String>>,
    /// By which rule it is complete (`both-signed`, `sent-approved`), or `no`.
    pub complete: Option<String>,
    /// Since which day it is.
    pub complete_on: Option<Date>,
    /// The organisation in whose record it was changed after it was sent.
    pub changed_in: Option<String>,
}
