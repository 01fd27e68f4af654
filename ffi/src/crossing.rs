//! What goes across by other ways than Matrix.

use std::time::SystemTime;

use caseline::crossing;

use crate::case::Case;
use crate::error::{Result, parsed};
use crate::models::EventKey;

/// How something goes across.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CrossingWay {
    /// By telephone.
    Phone,
    /// By fax.
    Fax,
    /// Into a shared folder.
    Folder,
    /// By letter.
    Letter,
    /// Told in person.
    InPerson,
}

/// Where something stands that is to go across.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CrossingStanding {
    /// It is still to go across.
    Waiting,
    /// It arrived.
    Carried,
    /// Somebody of the other side has taken the case up on Matrix since, and reads it there.
    Joined,
    /// It is not to go across any more.
    Off,
}

/// An attempt to take something across. `Debug` does not show what came of it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CrossingAttempt {
    /// The event that recorded it.
    pub key: EventKey,
    /// The contact who tried.
    pub by: String,
    /// When.
    pub at: SystemTime,
    /// How.
    pub how: CrossingWay,
    /// The contact whom they reached, where that is somebody named for the case.
    pub reached_contact: Option<String>,
    /// Whether it arrived.
    pub reached: bool,
    /// What came of it. Member data.
    pub outcome: String,
}

impl std::fmt::Debug for CrossingAttempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CrossingAttempt")
            .field("key", &self.key)
            .field("how", &self.how)
            .field("reached", &self.reached)
            .finish_non_exhaustive()
    }
}

/// One thing that is to go across.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Crossing {
    /// The event that it tells of.
    pub event: EventKey,
    /// What it is: `case`, `message`, `plan`, `alert`, `visit`, `task`, `outreach`, `referral` or `call`.
    pub what: String,
    /// To which organisation.
    pub organization: String,
    /// Of a call: whom to call.
    pub contact: Option<String>,
    /// The contact who said it.
    pub by: String,
    /// When.
    pub at: SystemTime,
    /// Where it stands.
    pub standing: CrossingStanding,
    /// What was tried, in order.
    pub attempts: Vec<CrossingAttempt>,
}

impl From<CrossingWay> for crossing::Way {
    fn from(way: CrossingWay) -> Self {
        match way {
            CrossingWay::Phone => Self::Phone,
            CrossingWay::Fax => Self::Fax,
            CrossingWay::Folder => Self::Folder,
            CrossingWay::Letter => Self::Letter,
            CrossingWay::InPerson => Self::InPerson,
        }
    }
}

impl From<&crossing::Attempt> for CrossingAttempt {
    fn from(attempt: &crossing::Attempt) -> Self {
        Self {
            key: (&attempt.by.event).into(),
            by: attempt.by.contact.to_string(),
            at: attempt.by.at.into(),
            how: match attempt.how {
                crossing::Way::Phone => CrossingWay::Phone,
                crossing::Way::Fax => CrossingWay::Fax,
                crossing::Way::Folder => CrossingWay::Folder,
                crossing::Way::Letter => CrossingWay::Letter,
                crossing::Way::InPerson => CrossingWay::InPerson,
            },
            reached_contact: attempt.with.as_ref().map(|with| with.contact.to_string()),
            reached: attempt.reached,
            outcome: attempt.outcome.to_string(),
        }
    }
}

impl From<&crossing::Crossing> for Crossing {
    fn from(one: &crossing::Crossing) -> Self {
        let contact = match &one.what {
            crossing::What::Call { contact, .. } => Some(contact.contact.to_string()),
            _ => None,
        };
        Self {
            event: (&one.event).into(),
            what: one.what.code().to_owned(),
            organization: one.to.to_string(),
            contact,
            by: one.by.contact.to_string(),
            at: one.by.at.into(),
            standing: match one.standing {
                crossing::CrossingStanding::Carried => CrossingStanding::Carried,
                crossing::CrossingStanding::Joined => CrossingStanding::Joined,
                crossing::CrossingStanding::Off => CrossingStanding::Off,
                _ => CrossingStanding::Waiting,
            },
            attempts: one.attempts.iter().map(Into::into).collect(),
        }
    }
}

#[uniffi::export]
impl Case {
    /// What is, or was, to go across by other ways than Matrix, in the order in which it was said.
    pub async fn crossings(&self) -> Result<Vec<Crossing>> {
        self.local(|case| Ok(case.crossings()?.iter().map(Into::into).collect())).await
    }

    /// Records that these were taken across (called, faxed, put into the folder), or that it was tried: `events` are the ids of
    /// those that are to go across, `reached_contact` whom one reached, where that is somebody named for the case.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-outcome`), `NotFound` (`crossing`), besides the errors of every command.
    #[uniffi::method(default(reached_contact = None, key = None))]
    pub async fn carried(
        &self,
        events: Vec<String>,
        how: CrossingWay,
        reached: bool,
        outcome: String,
        reached_contact: Option<String>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let events = events.iter().map(|event| parsed(event, "events")).collect::<Result<Vec<_>>>()?;
        let with = reached_contact.map(|contact| parsed(&contact, "reached_contact")).transpose()?;
        self.command(key, move |case, key| {
            Ok(case.carried(key, &events, how.into(), with, reached, &outcome)?)
        })
        .await
    }
}
