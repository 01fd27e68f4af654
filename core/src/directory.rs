//! The directory: which organisations there are, and whom to call at each, about what.

use std::collections::BTreeMap;

use crate::contact::Contact;
use crate::error::{Error, InvalidInput, Result};
use crate::id::{ContactId, OrganizationId, UserId};
use crate::organization::Organization;

#[cfg(test)]
mod tests;

mod calling;
mod hours;

pub use calling::{Callee, Gap, GapKind, WhoToCall};
pub use hours::{Absence, Availability, Hours, Reach};

/// Organisations and their contacts. Read from FHIR Organization, Practitioner, PractitionerRole, HealthcareService and Location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// The organisations.
    pub organizations: Vec<Organization>,
    /// Their contacts, in the order in which one calls them.
    pub contacts: Vec<Contact>,
    /// When contacts can be reached, where that is known.
    pub availabilities: BTreeMap<(ContactId, OrganizationId), Availability>,
    /// For how many days a contact that somebody confirmed counts as confirmed; 90 unless it is set otherwise.
    pub stale_after_days: u16,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            organizations: Vec::new(),
            contacts: Vec::new(),
            availabilities: BTreeMap::new(),
            stale_after_days: 90,
        }
    }
}

impl Directory {
    /// A contact, by their id. Somebody can work for several organisations: then it takes the organisation to tell which of
    /// these contacts is meant.
    ///
    /// # Errors
    /// `NotFound` (`contact`), `InvalidInput` (`ambiguous-contact`, field `organization`).
    pub fn contact(&self, id: &ContactId, organization: Option<&OrganizationId>) -> Result<&Contact> {
        let meant = |contact: &&Contact| {
            contact.id == *id && organization.is_none_or(|organization| contact.organization == *organization)
        };
        let mut found = self.contacts.iter().filter(meant);
        let first = found.next().ok_or(Error::NotFound { what: "contact" })?;
        if found.any(|other| other.organization != first.organization) {
            return Err(ambiguous().into());
        }
        Ok(first)
    }

    /// Whether somebody no longer works for an organisation: their time there is over, as they are listed; or, where this is that
    /// organisation's own directory (`own`), which has its people, they are not in it.
    pub fn has_left(
        &self,
        contact: &ContactId,
        organization: &OrganizationId,
        own: bool,
        now: jiff::Timestamp,
    ) -> bool {
        let theirs = || self.contacts.iter().filter(|known| known.organization == *organization);
        match theirs().find(|known| known.id == *contact) {
            Some(known) => {
                let reach = self.availability(known).at(now);
                matches!(reach, Reach::Away { back: None, cover: None, .. })
            }
            None => own && theirs().next().is_some(),
        }
    }

    /// An organisation.
    pub fn organization(&self, id: &OrganizationId) -> Option<&Organization> {
        self.organizations.iter().find(|organization| organization.id == *id)
    }

    /// The contact who has this Matrix account.
    pub fn contact_of_user(&self, user: &UserId) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.user.as_ref() == Some(user))
    }

    /// The organisation whose role account, or whose contact's account, this is.
    pub fn organization_of_user(&self, user: &UserId) -> Option<&Organization> {
        self.organizations
            .iter()
            .find(|organization| organization.role_account.as_ref() == Some(user))
            .or_else(|| {
                self.contact_of_user(user).and_then(|contact| self.organization(&contact.organization))
            })
    }

    /// Takes over what another directory says: it replaces organisations of the same id, and contacts of the same id at
    /// the same organisation, in their place; the rest follows at the end.
    pub fn merge(&mut self, other: Self) {
        for organization in other.organizations {
            match self.organizations.iter_mut().find(|held| held.id == organization.id) {
                Some(held) => *held = organization,
                None => self.organizations.push(organization),
            }
        }
        for contact in other.contacts {
            let key = (contact.id.clone(), contact.organization.clone());
            self.availabilities.remove(&key);
            let same =
                |held: &&mut Contact| held.id == contact.id && held.organization == contact.organization;
            match self.contacts.iter_mut().find(same) {
                Some(held) => *held = contact,
                None => self.contacts.push(contact),
            }
        }
        self.availabilities.extend(other.availabilities);
    }
}

/// Somebody is meant who works for several organisations.
pub(crate) fn ambiguous() -> InvalidInput {
    let detail = "this person works for several organisations: say which";
    InvalidInput::new("ambiguous-contact", detail).field("organization")
}
