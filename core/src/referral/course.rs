//! A referral in its own room: what the agency was asked, and what it does.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use crate::care_plan::StepTaken;
use crate::case::step::Step;
use crate::communication::Priority;
use crate::label::Labels;
use crate::policy::Reason;
use crate::referral::{
    Cancellation, Capacity, ConsentTerms, Field, OutcomeCode, ReferralEvent, ReferralOpened, Service, Told,
};

/// How many steps of one referral are kept before it can only be ended.
pub const MOST_STEPS: usize = 100;

/// A referral in its own room. `Debug` shows nothing of the member.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Course {
    /// Who opened it, and when.
    pub opened_by: StepTaken,
    /// What is asked for.
    pub service: Service,
    /// What the member needs. Empty where a handover withheld it.
    pub need: String,
    /// The member's fields that the consent names.
    pub fields: BTreeMap<Field, String>,
    /// What the member allows.
    pub consent: ConsentTerms,
    /// How sensitive it is, as it is labelled in the case.
    pub labels: Labels,
    /// How urgent it is.
    pub priority: Priority,
    /// By when it is needed.
    pub due: Option<Date>,
    /// Where it stands.
    pub status: CourseStatus,
    /// Every step after it was opened, in order.
    pub steps: Vec<CourseStep>,
}

impl fmt::Debug for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Course").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Where a referral stands in its own room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CourseStatus {
    /// The agency has it, and owes an answer.
    Asked,
    /// The agency owes whether there is a place.
    CapacityAsked,
    /// There is a place, and the agency owes an answer.
    Places,
    /// One waits for a place, and the agency owes an answer from this day on, or from when it said so.
    Waitlist(Option<Date>),
    /// There is no place: the referrer says what is to be.
    NoPlaces,
    /// The agency does it, and owes the outcome.
    Accepted,
    /// Another one does it, and the agency owes the outcome.
    SubReferred,
    /// The agency does not do it: the referrer closes it.
    Declined,
    /// The outcome is there: the referrer closes it.
    Outcome(OutcomeCode),
    /// The referrer has the outcome: the loop is closed.
    Closed,
    /// The agency is to stop.
    Cancelled(Cancellation),
}

impl CourseStatus {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::CapacityAsked => "capacity-asked",
            Self::Places => "places",
            Self::Waitlist(_) => "waitlist",
            Self::NoPlaces => "no-places",
            Self::Accepted => "accepted",
            Self::SubReferred => "sub-referred",
            Self::Declined => "declined",
            Self::Outcome(code) => code.code(),
            Self::Closed => "closed",
            Self::Cancelled(_) => "cancelled",
        }
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled(_))
    }

    /// Whether the agency has not said yet whether it does it.
    fn waits(self) -> bool {
        matches!(self, Self::Asked | Self::CapacityAsked | Self::Places | Self::Waitlist(_) | Self::NoPlaces)
    }
}

/// One step of a referral in its own room. `Debug` does not show what it says.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct CourseStep {
    /// Who took it, and when.
    pub by: StepTaken,
    /// What it is.
    pub told: Told,
    /// Until when one waits for a place.
    pub until: Option<Date>,
    /// The words.
    pub text: String,
}

impl fmt::Debug for CourseStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CourseStep").field("by", &self.by).field("told", &self.told).finish_non_exhaustive()
    }
}

impl Course {
    /// A referral as it is opened.
    ///
    /// # Errors
    /// `referral-by-keeper`, `referral-not-referrer`.
    pub(super) fn begin(opened: &ReferralOpened, step: &Step<'_>) -> Result<Self, Reason> {
        if step.seat.is_keeper() {
            return Err(by_keeper());
        }
        if step.seat.contact.organization != *step.plan_side {
            let text = "the referrer opens the room of its referral";
            return Err(refused("referral-not-referrer", text));
        }
        Ok(Self {
            opened_by: StepTaken::of(step),
            service: opened.service.clone(),
            need: opened.need.clone(),
            fields: opened.fields.clone(),
            consent: opened.consent.clone(),
            labels: opened.labels(),
            priority: opened.priority,
            due: opened.due,
            status: CourseStatus::Asked,
            steps: Vec::new(),
        })
    }

    /// Who does it at the agency: whoever accepted it.
    pub fn accepted_by(&self) -> Option<&StepTaken> {
        self.steps.iter().find(|step| step.told == Told::Accepted).map(|step| &step.by)
    }
}

/// The steps in a referral's room.
///
/// # Errors
/// `referral-by-keeper` (a keeper cancels, and takes no other step), `referral-not-agency` (the agency says whether there is a place, accepts, declines, sub-refers and returns
/// the outcome), `referral-not-referrer` (the referrer asks for a place, closes and cancels), `referral-over`, `referral-answered`
/// (it was accepted or declined already), `referral-not-accepted`, `referral-no-outcome`, `referral-steps-too-many`.
pub(super) fn step(course: &mut Course, event: ReferralEvent<'_>, step: &Step<'_>) -> Result<(), Reason> {
    // That it is to stop says whoever of the referrer's is there.
    if step.seat.is_keeper() && !matches!(event, ReferralEvent::Cancelled(_)) {
        return Err(by_keeper());
    }
    let own = &step.seat.contact.organization;
    let by_referrer =
        matches!(event, ReferralEvent::CapacityAsked | ReferralEvent::Closed | ReferralEvent::Cancelled(_));
    if by_referrer && own != step.plan_side {
        let text = "the referrer asks for a place, closes the referral and calls it off";
        return Err(refused("referral-not-referrer", text));
    }
    if !by_referrer && own != step.community_side {
        let text = "the agency says whether there is a place, accepts or declines, and returns the outcome";
        return Err(refused("referral-not-agency", text));
    }
    if course.status.is_over() {
        return Err(refused("referral-over", "this referral is over: nothing more is done for it"));
    }
    let ends = matches!(event, ReferralEvent::Closed | ReferralEvent::Cancelled(_));
    if !ends && course.steps.len() >= MOST_STEPS {
        let text = "that referral went back and forth very often: have it closed, and asked for anew";
        return Err(refused("referral-steps-too-many", text));
    }
    let waits = || {
        let text = "the agency has accepted or declined this referral already";
        if course.status.waits() { Ok(()) } else { Err(refused("referral-answered", text)) }
    };
    let accepted = || {
        let text = "the agency has not accepted this referral, or has returned its outcome already";
        let is = matches!(course.status, CourseStatus::Accepted | CourseStatus::SubReferred);
        if is { Ok(()) } else { Err(refused("referral-not-accepted", text)) }
    };
    let (status, told, until, text) = match event {
        ReferralEvent::CapacityAsked => {
            waits()?;
            (CourseStatus::CapacityAsked, Told::CapacityAsked, None, String::new())
        }
        ReferralEvent::Capacity(event) => {
            waits()?;
            let (status, told) = match event.capacity {
                Capacity::Yes => (CourseStatus::Places, Told::Places),
                Capacity::Waitlist => (CourseStatus::Waitlist(event.until), Told::Waitlist),
                Capacity::No => (CourseStatus::NoPlaces, Told::NoPlaces),
            };
            (status, told, event.until, event.text.clone())
        }
        ReferralEvent::Accepted => {
            waits()?;
            (CourseStatus::Accepted, Told::Accepted, None, String::new())
        }
        ReferralEvent::Declined(event) => {
            waits()?;
            (CourseStatus::Declined, Told::Declined, None, event.reason.clone())
        }
        ReferralEvent::SubReferred(event) => {
            accepted()?;
            let to = match event.contact.as_str() {
                "" => event.to.clone(),
                contact => format!("{} ({contact})", event.to),
            };
            (CourseStatus::SubReferred, Told::SubReferred, None, to)
        }
        ReferralEvent::Outcome(event) => {
            accepted()?;
            let told = match event.code {
                OutcomeCode::Provided => Told::Provided,
                OutcomeCode::Partly => Told::Partly,
                OutcomeCode::NotProvided => Told::NotProvided,
            };
            (CourseStatus::Outcome(event.code), told, None, event.text.clone())
        }
        ReferralEvent::Closed => {
            if !matches!(
                course.status,
                CourseStatus::Outcome(_) | CourseStatus::Declined | CourseStatus::NoPlaces
            ) {
                let text =
                    "the agency has not said yet what came of it: wait for it, or call the referral off";
                return Err(refused("referral-no-outcome", text));
            }
            (CourseStatus::Closed, Told::Closed, None, String::new())
        }
        ReferralEvent::Cancelled(event) => {
            let why = event.reason.words().to_owned();
            (CourseStatus::Cancelled(event.reason), Told::Cancelled, None, why)
        }
        ReferralEvent::Asked(_)
        | ReferralEvent::Sent(_)
        | ReferralEvent::Told(_)
        | ReferralEvent::Withdrawn(_)
        | ReferralEvent::Opened(_) => {
            return Err(refused("referral-unknown", "this stands in the member's case"));
        }
    };
    course.status = status;
    course.steps.push(CourseStep { by: StepTaken::of(step), told, until, text });
    Ok(())
}

fn by_keeper() -> Reason {
    refused("referral-by-keeper", "a person takes the steps of a referral, never a keeper")
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "referral")
}
