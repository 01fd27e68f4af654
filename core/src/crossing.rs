//! What crosses by other ways than Matrix: what one side says while the other has nobody on Matrix, and the telephone calls at
//! the end of a ladder. Each is somebody's to take across (call, fax, put in the folder), and what came of it is recorded.
//! Maps to FHIR Task.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::care_plan::StepTaken;
use crate::care_team::Whom;
use crate::case::event::EventKey;
use crate::communication::Priority;
use crate::id::{EventId, OrganizationId};

mod life;
mod owing;
#[cfg(test)]
mod tests;

pub(crate) use life::{arise, joined, may_arise, referred};
pub use life::{step, tell};
pub use owing::{CALL_CLOCK, CLOCK, owed};
pub(crate) use owing::{calling, due};

/// How many things one `crossing.carried` names at most.
pub const MOST_CARRIED: usize = 200;
/// How many attempts are kept of one thing: later ones are recorded all the same, in the case's history.
pub const MOST_ATTEMPTS: usize = 50;

/// `crossing.carried`: somebody took things across, or tried to. `Debug` does not show what came of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossingCarried {
    /// The events that were to go across.
    pub events: Vec<EventKey>,
    /// How.
    pub how: Way,
    /// Whom they reached, where that is somebody named for the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Whom>,
    /// Whether it arrived: somebody was reached, or the fax or the folder took it.
    pub reached: bool,
    /// What came of it, in words.
    pub outcome: String,
}

impl fmt::Debug for CrossingCarried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrossingCarried")
            .field("events", &self.events)
            .field("how", &self.how)
            .field("reached", &self.reached)
            .finish_non_exhaustive()
    }
}

impl CrossingCarried {
    /// What `step` reads of it.
    pub(crate) fn withheld(&self) -> Self {
        Self { outcome: String::new(), ..self.clone() }
    }
}

/// How something goes across.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
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

impl Way {
    /// Every way.
    pub const ALL: [Self; 5] = [Self::Phone, Self::Fax, Self::Folder, Self::Letter, Self::InPerson];

    /// A stable code: `phone`, `fax`, `folder`, `letter` or `in-person`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Fax => "fax",
            Self::Folder => "folder",
            Self::Letter => "letter",
            Self::InPerson => "in-person",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phone => "by telephone",
            Self::Fax => "by fax",
            Self::Folder => "through the folder",
            Self::Letter => "by letter",
            Self::InPerson => "in person",
        })
    }
}

/// What is to go across.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// That the case is open, and who is named for it.
    Case,
    /// A message.
    Message,
    /// A care plan, or the answer to one.
    Plan,
    /// An alert.
    Alert,
    /// A proposed visit.
    Visit,
    /// A task that was given to them, or handed over.
    Task,
    /// A question whether one may reach out to the member, or its answer.
    Outreach,
    /// A referral whose agency has nobody on Matrix. Once it is there, it goes on by hand: see [`crate::referral`].
    Referral,
    /// A telephone call: the last person on a ladder was reminded of what is owed, or somebody who has no Matrix account.
    Call {
        /// What is owed: the event from which its clock runs.
        owed: EventId,
        /// The clock's name.
        clock: String,
        /// Whom to call.
        contact: Whom,
    },
}

impl What {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Message => "message",
            Self::Plan => "plan",
            Self::Alert => "alert",
            Self::Visit => "visit",
            Self::Task => "task",
            Self::Outreach => "outreach",
            Self::Referral => "referral",
            Self::Call { .. } => "call",
        }
    }
}

/// One thing that is to go across.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Crossing {
    /// The event that it tells of.
    pub event: EventKey,
    /// What it is.
    pub what: What,
    /// How urgent it is.
    pub priority: Priority,
    /// To which organisation. Of a referral whose agency a handover withheld: whose it is.
    pub to: OrganizationId,
    /// Who said it, and when: it is theirs to take across. Of a call, who posted the reminder.
    pub by: StepTaken,
    /// What was tried, in order; the last of what is done is how it arrived.
    pub attempts: Vec<Attempt>,
    /// Where it stands.
    pub standing: CrossingStanding,
}

/// An attempt to take something across. `Debug` does not show what came of it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Who tried, and when.
    pub by: StepTaken,
    /// How.
    pub how: Way,
    /// Whom they reached.
    pub with: Option<Whom>,
    /// Whether it arrived.
    pub reached: bool,
    /// What came of it. Empty where a handover withheld it.
    pub outcome: Arc<str>,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("by", &self.by)
            .field("how", &self.how)
            .field("reached", &self.reached)
            .finish_non_exhaustive()
    }
}

/// Where something stands that is to go across.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrossingStanding {
    /// It is still to go across.
    Waiting,
    /// It arrived.
    Carried,
    /// Somebody of the other side has taken the case up on Matrix since, and reads it there.
    Joined,
    /// It is not to go across any more: the referral was withdrawn.
    Off,
}

impl CrossingStanding {
    /// A stable code: `waiting`, `carried`, `joined` or `off`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Carried => "carried",
            Self::Joined => "joined",
            Self::Off => "off",
        }
    }
}

/// What is to go across in one case, in the order in which it was said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Crossings {
    /// Each shared, since a step changes few of them.
    list: Vec<Arc<Crossing>>,
    places: BTreeMap<EventKey, usize>,
}

impl Crossings {
    /// Everything, in the order in which it was said.
    pub fn all(&self) -> &[Arc<Crossing>] {
        &self.list
    }

    /// What is still to go across. A call that is no longer needed, since what was owed is done, is among it: see
    /// [`owed`].
    pub fn waiting(&self) -> impl Iterator<Item = &Crossing> {
        self.list.iter().map(AsRef::as_ref).filter(|one| one.standing == CrossingStanding::Waiting)
    }

    /// What is to go across of this event.
    pub fn get(&self, event: &EventKey) -> Option<&Crossing> {
        self.places.get(event).and_then(|place| self.list.get(*place)).map(AsRef::as_ref)
    }

    fn push(&mut self, crossing: Crossing) {
        self.places.insert(crossing.event.clone(), self.list.len());
        self.list.push(Arc::new(crossing));
    }

    fn get_mut(&mut self, event: &EventKey) -> Option<&mut Crossing> {
        let place = self.places.get(event)?;
        self.list.get_mut(*place).map(Arc::make_mut)
    }
}

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CrossingEvent<'a> {
    /// `crossing.carried`.
    Carried(&'a CrossingCarried),
}
