//! The audit: one entry for each event that left this device and each resource that it wrote, in a keyed chain.
//!
//! Each entry's code is `HMAC-SHA256(key, code of the entry before ‖ entry as canonical JSON)` (RFC 2104; FIPS 180-4); the
//! first follows the SHA-256 of the chain's id. So an entry that was changed, left out or put elsewhere is found. A cut-off
//! end is found by the head that the device's last event carries.
//!
//! An entry holds ids and labels only: no name, no text, no identifier of a member. The one exception is why somebody told
//! something without consent, or without its label: the law has that written down, in their words.

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::case::event::{AuditHead, EventKey, write_canonical};
use crate::error::{Error, Result};
use crate::id::{AgreementId, CaseId, EventId, Sha256, UserId};
use crate::label::Marks;

#[cfg(test)]
mod tests;

/// The key of a device's chain. Wiped from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct AuditKey([u8; 32]);

impl AuditKey {
    /// A key that the store keeps.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditKey(…)")
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// An event was sent.
    Disclosed,
    /// A resource was written to the record.
    RecordWritten,
}

/// Why it was done: a code of HL7 v3-ActReason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Purpose {
    /// Treatment.
    #[serde(rename = "TREAT")]
    Treatment,
    /// Care management.
    #[serde(rename = "CAREMGT")]
    CareManagement,
    /// Coordination of care.
    #[default]
    #[serde(rename = "COC")]
    Coordination,
    /// Payment.
    #[serde(rename = "HPAYMT")]
    Payment,
    /// Operations.
    #[serde(rename = "HOPERAT")]
    Operations,
    /// An emergency, in which what a consent would have to allow is told without one.
    #[serde(rename = "BTG")]
    BreakTheGlass,
}

impl Purpose {
    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Treatment => "TREAT",
            Self::CareManagement => "CAREMGT",
            Self::Coordination => "COC",
            Self::Payment => "HPAYMT",
            Self::Operations => "HOPERAT",
            Self::BreakTheGlass => "BTG",
        }
    }

    /// What a consent can name: an emergency needs none.
    pub const OF_CONSENTS: [Self; 5] =
        [Self::Treatment, Self::CareManagement, Self::Coordination, Self::Payment, Self::Operations];

    /// Whether a consent for this lets something be told for that: treatment is also coordinated and managed.
    pub fn includes(self, other: Self) -> bool {
        self == other
            || (self == Self::Treatment && matches!(other, Self::Coordination | Self::CareManagement))
    }
}

/// A resource of the record, by what finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceFound {
    /// Its type.
    pub kind: String,
    /// The search token (`identifier=system|value`, `_tag=system|code`), which is derived from an event's id; `_id` in the embedded
    /// record for what moved from there and has no such token.
    pub find: (String, String),
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audited {
    /// What was done.
    pub action: Action,
    /// In which case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The event that was sent, or from which the resource follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventKey>,
    /// The resource that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceFound>,
    /// To whom it went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<UserId>,
    /// The agreement on which it went, with its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<(AgreementId, String)>,
    /// The codes of the reasons that allowed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Why.
    pub purpose: Purpose,
    /// The security labels of what was disclosed (v3-Confidentiality, v3-ActCode).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The consents on which it went, by their events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<EventId>,
    /// Why it was told without consent, or without its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
}

/// Why somebody told something without consent (42 CFR 2.51), or without the label that it would have. `Debug` shows no words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// An emergency.
    Emergency(String),
    /// The label was taken off.
    Unlabelled(String),
}

impl Why {
    /// Why an event was told so, if it says.
    pub fn of(marks: &Marks) -> Option<Self> {
        let emergency = marks.btg.as_ref().map(|emergency| Self::Emergency(emergency.reason.clone()));
        emergency.or_else(|| marks.unlabelled.clone().map(Self::Unlabelled))
    }

    /// A stable code, and the words.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Emergency(words) => ("emergency", words),
            Self::Unlabelled(words) => ("unlabelled", words),
        }
    }
}

impl std::fmt::Debug for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Why({})", self.parts().0)
    }
}

impl Audited {
    /// A resource that no case asked for is written to one's own record.
    #[cfg(feature = "store")]
    pub(crate) fn written(resource: ResourceFound) -> Self {
        Self {
            action: Action::RecordWritten,
            case: None,
            event: None,
            resource: Some(resource),
            recipients: Vec::new(),
            agreement: None,
            reasons: Vec::new(),
            purpose: Purpose::Coordination,
            labels: Vec::new(),
            consents: Vec::new(),
            why: None,
        }
    }
}

/// One entry of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The chain.
    pub chain: Uuid,
    /// Its number in the chain, counted from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub what: Audited,
    /// Its code.
    pub mac: Sha256,
}

/// A chain, as far as it reaches: what one needs to append to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain(AuditHead);

impl Chain {
    /// A chain without entries.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self(AuditHead { chain: id, length: 0, head: start(id) })
    }

    /// A chain that reaches as far as this.
    #[must_use]
    pub fn resume(head: AuditHead) -> Self {
        Self(head)
    }

    /// How far it reaches: what the device's next event carries.
    pub fn head(&self) -> &AuditHead {
        &self.0
    }

    /// Appends an entry, which the caller stores in the transaction of what it speaks of.
    ///
    /// # Errors
    /// `Internal` where an entry cannot be written as JSON.
    pub fn append(&mut self, key: &AuditKey, at: Timestamp, what: Audited) -> Result<AuditEntry> {
        let seq = self.0.length + 1;
        let mut entry = AuditEntry { chain: self.0.chain, seq, at, what, mac: self.0.head };
        entry.mac = code(key, &self.0.head, &entry)?;
        self.0.length = seq;
        self.0.head = entry.mac;
        Ok(entry)
    }
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// An entry is not as it was written, or stands elsewhere than where it was written.
    #[error("audit entry {seq} was changed")]
    Changed {
        /// Which.
        seq: u64,
    },
    /// An entry is missing before the end.
    #[error("audit entry {seq} is missing")]
    Missing {
        /// Which: the first of them.
        seq: u64,
    },
    /// The end is missing.
    #[error("the audit ends at entry {held}, and reached {carried}")]
    CutOff {
        /// How many entries there are.
        held: u64,
        /// How many the device's last event says there were.
        carried: u64,
    },
    /// The head is another chain's.
    #[error("the audit is not the chain that the device's events carry")]
    OtherChain,
}

impl AuditFault {
    /// A stable code, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "audit-changed",
            Self::Missing { .. } => "audit-missing",
            Self::CutOff { .. } => "audit-cut-off",
            Self::OtherChain => "audit-other-chain",
        }
    }
}

/// Checks a whole chain, in the order of its entries, against the head that the device's last event carries.
///
/// # Errors
/// The first fault.
pub fn verify(entries: &[AuditEntry], key: &AuditKey, carried: Option<&AuditHead>) -> Result<(), AuditFault> {
    let held = entries.len() as u64;
    let Some(id) = entries.first().map(|entry| entry.chain) else {
        return match carried {
            Some(carried) if carried.length > 0 => Err(AuditFault::CutOff { held, carried: carried.length }),
            _ => Ok(()),
        };
    };
    let mut before = start(id);
    for (seq, entry) in (1..).zip(entries) {
        if entry.seq > seq {
            return Err(AuditFault::Missing { seq });
        }
        let expected = code(key, &before, entry).ok();
        if entry.seq < seq || entry.chain != id || expected != Some(entry.mac) {
            return Err(AuditFault::Changed { seq: entry.seq });
        }
        before = entry.mac;
        if carried
            .is_some_and(|carried| carried.chain == id && carried.length == seq && carried.head != before)
        {
            return Err(AuditFault::Changed { seq });
        }
    }
    match carried {
        Some(carried) if carried.chain != id => Err(AuditFault::OtherChain),
        Some(carried) if carried.length > held => Err(AuditFault::CutOff { held, carried: carried.length }),
        _ => Ok(()),
    }
}

fn start(chain: Uuid) -> Sha256 {
    Sha256::of(chain.as_bytes())
}

fn code(key: &AuditKey, before: &Sha256, entry: &AuditEntry) -> Result<Sha256> {
    let wrong = || Error::internal("audit-entry");
    let mut value = serde_json::to_value(entry).map_err(|_| wrong())?;
    value.as_object_mut().ok_or_else(wrong)?.remove("mac");
    let mut canonical = String::new();
    write_canonical(&value, &mut canonical);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key.0).map_err(|_| wrong())?;
    mac.update(before.as_bytes());
    mac.update(canonical.as_bytes());
    Ok(Sha256::from_bytes(mac.finalize().into_bytes().into()))
}
