//! What became of a stay, from everything that was told of it: in the order in which it happened, whatever came first.

use std::fmt;

use jiff::Timestamp;

use crate::alert::owing::{ED_CLOCK, INPATIENT_CLOCK};
use crate::alert::{AlertRaised, FollowUpDone, Happening, StayClass};
use crate::care_plan::StepTaken;
use crate::id::{ContactId, OrganizationId, Sha256};
use crate::outreach::Outreach;

/// A stay in a hospital, or a visit to an emergency department: everything that was told of it is one. `Debug` shows its id only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stay {
    /// Its id in this case: [`crate::alert::StayKey::id`].
    pub id: Sha256,
    /// What was told of it, each thing once, in the case's order.
    pub alerts: Vec<(AlertRaised, StepTaken)>,
    /// How it was followed up.
    pub followed_up: Vec<(FollowUpDone, StepTaken)>,
}

impl fmt::Debug for Stay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stay({})", self.id)
    }
}

/// Where a stay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StayStatus {
    /// The member is there.
    InProgress,
    /// The member has left.
    Finished,
    /// It never was.
    Cancelled,
}

impl StayStatus {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The clock of a follow-up, and the date of the programme from which it counts. `Debug` shows its name only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FollowUpClock {
    /// Its name.
    pub name: &'static str,
    /// The discharge, or the emergency visit: as it was told, however late.
    pub from: Timestamp,
    /// Whether only a meeting stops it.
    pub face_to_face: bool,
}

impl fmt::Debug for FollowUpClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FollowUpClock({})", self.name)
    }
}

/// What came of all that was told.
struct Course {
    emergency: Option<Timestamp>,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    class: StayClass,
    cancelled: bool,
}

/// Something that was told, with its place among all that was.
type Told<'a> = (usize, &'a (AlertRaised, StepTaken));

impl AlertRaised {
    /// Whether a cancellation takes back such a thing. With an admission goes what followed from it; with an emergency visit its own
    /// end, and not the admission from there.
    pub(super) fn cancels(&self, told: &Self) -> bool {
        use Happening::{Admitted, Cancelled, Discharged, EdVisit, Transferred};
        if self.what != Cancelled || told.what == Cancelled {
            return false;
        }
        match self.cancels {
            Some(Admitted) => matches!(told.what, Admitted | Transferred | Discharged),
            Some(EdVisit) => {
                told.what == EdVisit || (told.what == Discharged && told.class == StayClass::Emergency)
            }
            Some(what) => told.what == what,
            None => true,
        }
    }

    /// Whether both tell the same.
    pub(super) fn same(&self, other: &Self) -> bool {
        (self.what, self.cancels, self.at, self.class) == (other.what, other.cancels, other.at, other.class)
    }
}

impl Stay {
    /// How many things were told of it: what both sides tell alike is one.
    pub fn things_told(&self) -> usize {
        let anew = |(place, (alert, by)): &Told<'_>| {
            let mut before = self.alerts.iter().take(*place);
            !before.any(|(known, teller)| known.same(alert) && teller.organization != by.organization)
        };
        self.told().filter(anew).count()
    }

    fn told(&self) -> impl Iterator<Item = Told<'_>> {
        self.alerts.iter().enumerate()
    }

    /// Whether who told this has cancelled it since it happened. Nobody else can: else who owes a follow-up would be rid of it. What
    /// was cancelled and is told once more is not cancelled by what was said before.
    pub(super) fn is_cancelled(&self, (place, (raised, by)): Told<'_>) -> bool {
        let same =
            |(one, who): &(AlertRaised, StepTaken)| one.same(raised) && who.organization == by.organization;
        let first = self.alerts.iter().take(place).position(same);
        self.told().any(|(cancelled, (other, who))| {
            let told_anew = cancelled < place && first.is_some_and(|first| first < cancelled);
            other.cancels(raised)
                && other.at >= raised.at
                && who.organization == by.organization
                && !told_anew
        })
    }

    /// Whether another organisation told the same, and it stands: then this is no news to anybody, and is told so that it stays if
    /// the other is taken back.
    #[cfg_attr(not(feature = "store"), allow(dead_code))]
    pub(crate) fn is_told_by_another(&self, raised: &AlertRaised, own: &OrganizationId) -> bool {
        self.told().any(|told| {
            let (_, (known, by)) = told;
            by.organization != *own
                && raised.what != Happening::Cancelled
                && known.same(raised)
                && !self.is_cancelled(told)
        })
    }

    /// What was told to have happened, in the order in which it did. Of what happened at once, an end comes last.
    fn happened(&self) -> Vec<Told<'_>> {
        let mut all: Vec<Told<'_>> =
            self.told().filter(|(_, (raised, _))| raised.what != Happening::Cancelled).collect();
        let place = |what: Happening| match what {
            Happening::EdVisit => 0,
            Happening::Admitted => 1,
            Happening::Transferred => 2,
            Happening::Discharged => 3,
            Happening::Cancelled => 4,
        };
        // Stable: of two alike, the case's order decides.
        all.sort_by_key(|(_, (raised, _))| (raised.at, place(raised.what)));
        all
    }

    fn course(&self) -> Course {
        let all = self.happened();
        let standing: Vec<Told<'_>> = all.iter().copied().filter(|told| !self.is_cancelled(*told)).collect();
        let cancelled = standing.is_empty();
        // Of a stay that never was, a record keeps when it was told to have been.
        let mut course = Self::passed(if cancelled { &all } else { &standing });
        if cancelled && let Some((last, _)) = self.alerts.last() {
            course.class = last.class;
        }
        Course { cancelled, ..course }
    }

    fn passed(told: &[Told<'_>]) -> Course {
        let mut course = Course {
            emergency: None,
            began: None,
            ended: None,
            class: StayClass::Inpatient,
            cancelled: false,
        };
        // The discharge that counts: its place among what was told, and who told it.
        let mut discharged: Option<(usize, &OrganizationId)> = None;
        for (place, (raised, by)) in told {
            let by = &by.organization;
            if raised.what == Happening::Discharged {
                // Of several discharges the one that was told first counts, until it is cancelled: a clock runs from it.
                if discharged.is_none_or(|(known, _)| place < &known) {
                    discharged = Some((*place, by));
                    course.ended = Some(raised.at);
                    course.class = raised.class;
                }
                continue;
            }
            // Likewise, only who told that the member left tells that they are there all the same.
            if discharged.is_some_and(|(_, teller)| teller != by) {
                continue;
            }
            discharged = None;
            course.ended = None;
            let emergency = raised.what == Happening::EdVisit;
            if emergency {
                course.emergency.get_or_insert(raised.at);
            }
            course.began.get_or_insert(raised.at);
            course.class = if emergency { StayClass::Emergency } else { raised.class };
        }
        course
    }

    /// Where it stands.
    pub fn status(&self) -> StayStatus {
        let course = self.course();
        match course.ended {
            _ if course.cancelled => StayStatus::Cancelled,
            Some(_) => StayStatus::Finished,
            None => StayStatus::InProgress,
        }
    }

    /// When it began, as far as anybody told.
    pub fn began(&self) -> Option<Timestamp> {
        self.course().began
    }

    /// When it ended.
    pub fn ended(&self) -> Option<Timestamp> {
        self.course().ended
    }

    /// Of what class it is by now.
    pub fn class(&self) -> StayClass {
        self.course().class
    }

    /// The facility's name, else what its feed calls it. Nothing where a handover withheld it.
    pub fn facility(&self) -> Option<&str> {
        let mut happened = self.happened().into_iter().rev();
        let named = happened.find_map(|(_, (raised, _))| raised.facility_name.as_deref());
        named.or_else(|| {
            self.alerts.iter().find_map(|(raised, _)| match &raised.stay {
                super::StayKey::Named { facility, .. } => Some(facility.as_str()),
                super::StayKey::Withheld { .. } => None,
            })
        })
    }

    /// The follow-up clock that it started: a discharge's, an emergency visit's. None while an inpatient is there, and none for a
    /// stay that never was.
    pub fn clock(&self) -> Option<FollowUpClock> {
        let course = self.course();
        if course.cancelled {
            return None;
        }
        match course.class {
            StayClass::Inpatient => {
                course.ended.map(|from| FollowUpClock { name: INPATIENT_CLOCK, from, face_to_face: true })
            }
            StayClass::Emergency => {
                let from = course.emergency.or(course.began).or(course.ended)?;
                Some(FollowUpClock { name: ED_CLOCK, from, face_to_face: false })
            }
        }
    }

    /// The follow-up that stopped the clock.
    pub fn followed_up(&self) -> Option<&(FollowUpDone, StepTaken)> {
        let clock = self.clock()?;
        self.followed_up.iter().find(|(done, _)| clock.is_met_by(done))
    }
}

/// Who followed up after a stay, and when: what stopped its clock.
#[derive(Clone, PartialEq, Eq)]
pub struct FollowedUp {
    /// Who: of a recorded contact with the member, whoever was there.
    pub by: ContactId,
    /// When it was.
    pub at: Timestamp,
}

impl fmt::Debug for FollowedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FollowedUp({})", self.by)
    }
}

/// What stopped a stay's clock: a follow-up that was told, else the first contact with the member that meets the rule, whoever
/// recorded it for whatever else it was.
pub fn followed_up(stay: &Stay, outreach: &Outreach) -> Option<FollowedUp> {
    if let Some((done, by)) = stay.followed_up() {
        return Some(FollowedUp { by: by.contact.clone(), at: done.at });
    }
    let clock = stay.clock()?;
    let met = outreach.first_meeting(clock.from, Timestamp::MAX, clock.face_to_face)?;
    Some(FollowedUp { by: met.contact.id.clone(), at: met.recorded.when })
}

impl FollowUpClock {
    /// Whether this follow-up is what the clock asks for.
    pub fn is_met_by(&self, done: &FollowUpDone) -> bool {
        done.at >= self.from && (done.face_to_face || !self.face_to_face)
    }
}
