//! What became of a stay, from everything that was told of it: in the order in which it happened, whatever came first.

use std::fmt;

use jiff::Timestamp;

use crate::alert::owing::{ED_CLOCK, INPATIENT_CLOCK};
use crate::alert::{AlertRaised, FollowUpDone, Happening, StayClass};
use crate::care_plan::StepTaken;
use crate::id::Sha256;

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

/// The clock of a follow-up, and the date of the programme from which it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowUpClock {
    /// Its name.
    pub name: &'static str,
    /// The discharge, or the emergency visit: as it was told, however late.
    pub from: Timestamp,
    /// Whether only a meeting stops it.
    pub face_to_face: bool,
}

/// What came of all that was told.
struct Course {
    emergency: Option<Timestamp>,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    class: StayClass,
    cancelled: bool,
}

impl Stay {
    /// What was told, in the order in which it happened. Of what happened at once, an end comes last.
    fn happened(&self) -> Vec<&AlertRaised> {
        let mut all: Vec<&AlertRaised> = self.alerts.iter().map(|(raised, _)| raised).collect();
        let place = |what: Happening| match what {
            Happening::EdVisit => 0,
            Happening::Admitted => 1,
            Happening::Transferred => 2,
            Happening::Discharged => 3,
            Happening::Cancelled => 4,
        };
        // Stable: of two alike, the case's order decides.
        all.sort_by_key(|raised| (raised.at, place(raised.what)));
        all
    }

    fn course(&self) -> Course {
        let mut course = Course {
            emergency: None,
            began: None,
            ended: None,
            class: StayClass::Inpatient,
            cancelled: false,
        };
        for raised in self.happened() {
            match (raised.what, raised.cancels) {
                (Happening::Cancelled, Some(Happening::Discharged)) => course.ended = None,
                (Happening::Cancelled, Some(Happening::Transferred)) => {}
                // An admission from the emergency department that was none: the emergency visit was one.
                (Happening::Cancelled, Some(Happening::Admitted)) if course.emergency.is_some() => {
                    course.began = course.emergency;
                    course.ended = None;
                    course.class = StayClass::Emergency;
                }
                (Happening::Cancelled, _) => {
                    course = Course {
                        emergency: None,
                        began: None,
                        ended: None,
                        class: raised.class,
                        cancelled: true,
                    };
                }
                (Happening::Discharged, _) => {
                    course.ended = Some(raised.at);
                    course.class = raised.class;
                    course.cancelled = false;
                }
                (what, _) => {
                    if what == Happening::EdVisit {
                        course.emergency.get_or_insert(raised.at);
                    }
                    course.began.get_or_insert(raised.at);
                    course.ended = None;
                    course.class =
                        if what == Happening::EdVisit { StayClass::Emergency } else { raised.class };
                    course.cancelled = false;
                }
            }
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
        let named = self.happened().into_iter().rev().find_map(|raised| raised.facility_name.as_deref());
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

impl FollowUpClock {
    /// Whether this follow-up is what the clock asks for.
    pub fn is_met_by(&self, done: &FollowUpDone) -> bool {
        done.at >= self.from && (done.face_to_face || !self.face_to_face)
    }
}
