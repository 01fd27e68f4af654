//! What a client answers with: plain records. Ids are text as the core writes them, times are instants.

use std::time::SystemTime;

use caseline::{contact, directory, due, organization};

use crate::error::{Reason, Result, parsed};

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Organization {
    /// Its identifier, `system|value`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is in the programme, as a code (`accountable-care-organization`).
    pub kind: String,
    /// Its role account.
    pub role_account: Option<String>,
    /// Its telephone number.
    pub phone: Option<String>,
}

impl From<&organization::Organization> for Organization {
    fn from(organization: &organization::Organization) -> Self {
        Self {
            id: organization.id.to_string(),
            name: organization.name.clone(),
            kind: organization.kind.code().to_owned(),
            role_account: organization.role_account.as_ref().map(ToString::to_string),
            phone: organization.phone.clone(),
        }
    }
}

/// Someone one can reach.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Contact {
    /// Their identifier, `system|value`.
    pub id: String,
    /// Their name.
    pub name: String,
    /// What they are, as a code (`pcp-designee`).
    pub role: String,
    /// The organisation they work for.
    pub organization: String,
    /// Their Matrix account.
    pub user: Option<String>,
    /// Their telephone number.
    pub phone: Option<String>,
    /// What they are the designated contact for.
    pub topics: Vec<Topic>,
}

impl From<&contact::Contact> for Contact {
    fn from(contact: &contact::Contact) -> Self {
        Self {
            id: contact.id.to_string(),
            name: contact.name.clone(),
            role: contact.role.code().to_owned(),
            organization: contact.organization.to_string(),
            user: contact.user.as_ref().map(ToString::to_string),
            phone: contact.phone.clone(),
            topics: contact.topics.iter().copied().map(Topic::from).collect(),
        }
    }
}

/// What one calls somebody about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Topic {
    /// Care plans and their signatures.
    CarePlan,
    /// Admissions and discharges.
    Admission,
    /// Referrals.
    Referral,
    /// Consent and privacy.
    Consent,
    /// Technical matters.
    Technical,
    /// What cannot wait.
    Urgent,
    /// What organisations bring to the programme office.
    Concern,
    /// Any other: newer than these bindings. Nobody is designated for it here.
    Other,
}

impl From<contact::Topic> for Topic {
    fn from(topic: contact::Topic) -> Self {
        match topic {
            contact::Topic::CarePlan => Self::CarePlan,
            contact::Topic::Admission => Self::Admission,
            contact::Topic::Referral => Self::Referral,
            contact::Topic::Consent => Self::Consent,
            contact::Topic::Technical => Self::Technical,
            contact::Topic::Urgent => Self::Urgent,
            contact::Topic::Concern => Self::Concern,
            _ => Self::Other,
        }
    }
}

impl Topic {
    pub(crate) fn known(self) -> Option<contact::Topic> {
        contact::Topic::ALL.into_iter().find(|topic| Self::from(*topic) == self)
    }
}

/// Whom there is to call.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Directory {
    /// The organisations.
    pub organizations: Vec<Organization>,
    /// Their contacts, in the order in which one calls them.
    pub contacts: Vec<Contact>,
}

impl From<directory::Directory> for Directory {
    fn from(directory: directory::Directory) -> Self {
        Self {
            organizations: directory.organizations.iter().map(Organization::from).collect(),
            contacts: directory.contacts.iter().map(Contact::from).collect(),
        }
    }
}

/// An agreement or a rule set that is kept.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Paper {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
}

/// An invitation that waits, in our own directory's words.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Invitation {
    /// The room.
    pub room: String,
    /// Who invites.
    pub by: String,
    /// Who that is in our directory.
    pub contact: Option<Contact>,
    /// Their organisation in our directory.
    pub organization: Option<Organization>,
    /// Why one should not accept.
    pub warning: Option<Reason>,
    /// Whether this account is in the room already, by another of its devices: declining only hides it here.
    pub joined: bool,
}

impl From<&caseline::Invitation> for Invitation {
    fn from(invitation: &caseline::Invitation) -> Self {
        Self {
            room: invitation.room.to_string(),
            by: invitation.by.to_string(),
            contact: invitation.contact.as_ref().map(Contact::from),
            organization: invitation.organization.as_ref().map(Organization::from),
            warning: invitation.warning.as_ref().map(Reason::from),
            joined: invitation.joined,
        }
    }
}

/// The cryptographic identity of somebody.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Identity {
    /// Whose.
    pub user: String,
    /// The cross-signing key that their homeserver gives for them now, in unpadded base64.
    pub key: String,
    /// The key that they had at first sight, where that is another one: what is sent to them is held meanwhile.
    pub changed_from: Option<String>,
}

impl From<caseline::Identity> for Identity {
    fn from(identity: caseline::Identity) -> Self {
        Self { user: identity.user.to_string(), key: identity.key, changed_from: identity.changed_from }
    }
}

/// The key of an event: who sent it, and its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
pub struct EventKey {
    /// The Matrix sender.
    pub sender: String,
    /// The id that its author chose, a UUID.
    pub id: String,
}

impl From<&caseline::case::event::EventKey> for EventKey {
    fn from(key: &caseline::case::event::EventKey) -> Self {
        Self { sender: key.sender.to_string(), id: key.id.to_string() }
    }
}

impl EventKey {
    /// The key itself; an error names the field under `within`.
    pub(crate) fn parsed(&self, within: &str) -> Result<caseline::case::event::EventKey> {
        Ok(caseline::case::event::EventKey {
            sender: parsed(&self.sender, &format!("{within}.sender"))?,
            id: parsed(&self.id, &format!("{within}.id"))?,
        })
    }
}

/// Something that somebody owes.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Due {
    /// In which case.
    pub case: String,
    /// What is owed: the same as long as the same is. No event has this id.
    pub since: String,
    /// The clock's name (`plan-return`).
    pub clock: String,
    /// What is owed, as a sentence for a person.
    pub what: String,
    /// The contact who owes it.
    pub owner: String,
    /// When it is due.
    pub due: SystemTime,
    /// Whether that has passed.
    pub overdue: bool,
    /// Whom to remind, in order; the last has a telephone number.
    pub ladder: Vec<Rung>,
    /// The rung whose turn it is, counted from 0; none before the first.
    pub current: Option<u32>,
}

impl From<&due::DueItem> for Due {
    fn from(item: &due::DueItem) -> Self {
        Self {
            case: item.case.to_string(),
            since: item.owed.since.to_string(),
            clock: item.owed.clock.clone(),
            what: item.owed.what.clone(),
            owner: item.owed.owner.to_string(),
            due: item.owed.due.into(),
            overdue: item.overdue,
            ladder: item.owed.ladder.iter().map(Rung::from).collect(),
            current: item.current.and_then(|current| u32::try_from(current).ok()),
        }
    }
}

/// One person on a ladder.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Rung {
    /// Who.
    pub contact: String,
    /// Their name.
    pub name: String,
    /// Their organisation.
    pub organization: String,
    /// Their telephone number.
    pub phone: Option<String>,
    /// When it is their turn.
    pub at: SystemTime,
    /// Who reminded them, once somebody has.
    pub posted_by: Option<String>,
    /// When.
    pub posted_at: Option<SystemTime>,
}

impl From<&caseline::case::step::Rung> for Rung {
    fn from(rung: &caseline::case::step::Rung) -> Self {
        let (posted_by, posted_at) =
            rung.posted.as_ref().map(|(by, at)| (by.to_string(), (*at).into())).unzip();
        Self {
            contact: rung.contact.to_string(),
            name: rung.name.clone(),
            organization: rung.organization.to_string(),
            phone: rung.phone.clone(),
            at: rung.at.into(),
            posted_by,
            posted_at,
        }
    }
}

/// How far the queues are.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxStatus {
    /// How many items wait to go out.
    pub waiting: u64,
    /// Why they wait, as far as an attempt has shown.
    pub notes: Vec<OutboxNote>,
}

/// Why an item waits.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxNote {
    /// Its place among the queues.
    pub lane: String,
    /// What it is.
    pub kind: String,
    /// The cause.
    pub code: String,
}

impl From<caseline::OutboxStatus> for OutboxStatus {
    fn from(status: caseline::OutboxStatus) -> Self {
        let note = |(lane, kind, code)| OutboxNote { lane, kind, code };
        Self { waiting: status.waiting, notes: status.notes.into_iter().map(note).collect() }
    }
}

/// What the audit says of itself.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AuditStatus {
    /// The chain.
    pub chain: String,
    /// How many entries it has.
    pub length: u64,
    /// What is wrong with it, as a code; nothing where every entry is verified.
    pub problem: Option<String>,
}

impl From<&caseline::AuditStatus> for AuditStatus {
    fn from(status: &caseline::AuditStatus) -> Self {
        Self {
            chain: status.chain.to_string(),
            length: status.length,
            problem: status.fault.as_ref().map(|fault| fault.code().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_of_the_core_has_its_own() {
        for topic in contact::Topic::ALL {
            assert_eq!(Topic::from(topic).known(), Some(topic));
        }
        assert_eq!(Topic::Other.known(), None);
    }
}
