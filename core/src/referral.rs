//! The referral's life cycle: a social-service organisation (the *agency*) is asked to do something for the member, and says what
//! came of it. Maps to FHIR ServiceRequest and Task, after Gravity SDOH.
//!
//! It has two halves. In the member's **case** a referral is asked, sent, told of, and closed or withdrawn: both sides see it,
//! and it is owed until the loop is closed. In the **referral's own room**, between the referrer and the agency, stands what the
//! member's consent names, and nothing else: no case, no CareTeam, no member beyond the fields. What the agency does there, the
//! referrer's device tells in the case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::case::event::{EventData, EventKey};
use crate::case::life::Carried;
use crate::case::state::CaseState;
use crate::communication::Priority;
use crate::contact::Seat;
use crate::crossing::{CrossingCarried, Way, What};
use crate::id::{AgreementId, CaseId, EventId, RuleSetId};
use crate::label::{Label, Labels};
use crate::organization::Organization;

mod asking;
mod course;
mod owing;
mod telling;
#[cfg(test)]
pub(crate) mod tests;
mod words;

pub use asking::{MOST_REFERRALS, MOST_WAITING, ReferralState, ReferralStatus, SupersededReferral, ToldStep};
pub use course::{Course, CourseStatus, CourseStep, MOST_STEPS};
pub(crate) use owing::owed;
pub use owing::{
    ANSWER_CLOCK, CAPACITY_CLOCK, CARRY_CLOCK, CLOSE_CLOCK, CONTACT_CLOCK, LOOP_CLOCK, OUTCOME_CLOCK,
};
pub use telling::tell;
pub(crate) use telling::told;
pub use words::{Cancellation, Capacity, Field, Hold, OutcomeCode, ServiceCode, Told};

/// The longest text of a referral, in bytes: it travels twice, in the block and in what any client shows.
#[cfg(feature = "store")]
pub(crate) const TEXT_LIMIT: usize = 4 * 1024;

/// What is asked for. `Debug` does not show it: it tells what the member needs.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its kind.
    pub code: ServiceCode,
    /// What it is called, for example by the programme.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display: String,
}

impl Service {
    /// What a person reads of it.
    pub fn words(&self) -> &str {
        if self.display.is_empty() { self.code.words() } else { &self.display }
    }
}

/// `referral.asked`, in the case: a person of one side refers the member to an agency. `Debug` does not show for what.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralAsked {
    /// What is asked for.
    #[serde(default)]
    pub service: Service,
    /// The agency. Nothing in a handover's stub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Organization>,
    /// What the member needs: the agency reads it.
    pub need: String,
    /// The `consent.recorded` that it rests on.
    pub consent: EventId,
    /// Which of the member's fields the agency is to be told, of those that the consent names.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fields: BTreeSet<Field>,
    /// How urgent it is.
    #[serde(default, skip_serializing_if = "Priority::is_routine")]
    pub priority: Priority,
    /// By when it is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Why it cannot go to the agency yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
}

/// `referral.sent`, in the case: it is with the agency. `Debug` shows no words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralSent {
    /// The `referral.asked`.
    pub referral: EventKey,
    /// The room in which it is, between the referrer and the agency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<CaseId>,
    /// How a person took it there, where the agency has no account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<Way>,
    /// What was said there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// `referral.told`, in the case: what happened with the agency. `Debug` shows no words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralTold {
    /// The `referral.asked`.
    pub referral: EventKey,
    /// What happened.
    pub step: Told,
    /// When.
    pub at: Timestamp,
    /// The event of the referral's room that tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventKey>,
    /// How a person learned it, where no event tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<Way>,
    /// The agency's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// `referral.withdrawn`, in the case: it is not asked for any more. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralWithdrawn {
    /// The `referral.asked`.
    pub referral: EventKey,
    /// Why.
    pub why: String,
}

/// What the agency is told of the consent that it all rests on. `Debug` shows none of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentTerms {
    /// What the member allows, in words.
    pub explanation: String,
    /// The first day on which it holds no longer, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// The statement that must go with it, where one must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// `referral.opened`: the first event of a referral's room. `Debug` shows nothing of the member.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ReferralOpened {
    /// The room: it follows from the `referral.asked`, and says nothing of it to whoever does not hold that.
    pub room: CaseId,
    /// Who refers.
    pub referrer: Organization,
    /// The agency.
    pub agency: Organization,
    /// Everybody named for the room.
    pub roster: Vec<Seat>,
    /// What the two settled.
    pub agreement: Carried<AgreementId>,
    /// The dated clocks.
    pub rules: Carried<RuleSetId>,
    /// What is asked for.
    pub service: Service,
    /// What the member needs.
    pub need: String,
    /// The member's fields that the consent names, as the referrer's record had them when the room was opened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<Field, String>,
    /// What the member allows.
    pub consent: ConsentTerms,
    /// How sensitive it is, as it is labelled in the case: the agency's record says so of what it holds.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// How urgent it is.
    #[serde(default, skip_serializing_if = "Priority::is_routine")]
    pub priority: Priority,
    /// By when it is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
}

impl ReferralOpened {
    /// How sensitive it is. One of a Part 2 program's that was opened before openings had labels is known by its statement.
    pub(crate) fn labels(&self) -> Labels {
        let mut labels = self.labels.clone();
        if labels.is_empty() && self.consent.notice.is_some() {
            labels.extend(Label::OF_PART_2);
        }
        labels
    }
}

/// `referral.capacity-asked`, in the room: the referrer asks whether there is a place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralCapacityAsked {}

/// `referral.capacity`, in the room: the agency says whether there is a place. `Debug` shows no words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralCapacity {
    /// Whether there is.
    pub capacity: Capacity,
    /// Until when one waits for a place, on a waiting list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// What there is to say of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// `referral.accepted`, in the room: the agency will do it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralAccepted {}

/// `referral.declined`, in the room: the agency will not do it. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralDeclined {
    /// Why.
    pub reason: String,
}

/// `referral.sub-referred`, in the room: the agency has another one do it, and still answers for it. `Debug` shows no words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralSubReferred {
    /// Who does it.
    pub to: String,
    /// How one reaches them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contact: String,
}

/// `referral.outcome`, in the room: what came of it. `Debug` shows no words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralOutcome {
    /// What came of it.
    pub code: OutcomeCode,
    /// What was done.
    pub text: String,
}

/// `referral.closed`, in the room: the referrer has the outcome. The loop is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralClosed {}

/// `referral.cancelled`, in the room: the agency is to stop. It says nothing of the member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralCancelled {
    /// Why, by its code alone.
    pub reason: Cancellation,
}

macro_rules! shows_no_words {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

shows_no_words!(
    Service,
    ReferralAsked,
    ReferralSent,
    ReferralTold,
    ReferralWithdrawn,
    ConsentTerms,
    ReferralOpened,
    ReferralCapacity,
    ReferralDeclined,
    ReferralSubReferred,
    ReferralOutcome
);

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReferralEvent<'a> {
    /// `referral.asked`.
    Asked(&'a ReferralAsked),
    /// `referral.sent`.
    Sent(&'a ReferralSent),
    /// `referral.told`.
    Told(&'a ReferralTold),
    /// `referral.withdrawn`.
    Withdrawn(&'a ReferralWithdrawn),
    /// `referral.opened`.
    Opened(&'a ReferralOpened),
    /// `referral.capacity-asked`.
    CapacityAsked,
    /// `referral.capacity`.
    Capacity(&'a ReferralCapacity),
    /// `referral.accepted`.
    Accepted,
    /// `referral.declined`.
    Declined(&'a ReferralDeclined),
    /// `referral.sub-referred`.
    SubReferred(&'a ReferralSubReferred),
    /// `referral.outcome`.
    Outcome(&'a ReferralOutcome),
    /// `referral.closed`.
    Closed,
    /// `referral.cancelled`.
    Cancelled(&'a ReferralCancelled),
}

impl<'a> ReferralEvent<'a> {
    /// An event, where it is one of this life cycle.
    pub fn of(data: &'a EventData) -> Option<Self> {
        Some(match data {
            EventData::ReferralAsked(e) => Self::Asked(e),
            EventData::ReferralSent(e) => Self::Sent(e),
            EventData::ReferralTold(e) => Self::Told(e),
            EventData::ReferralWithdrawn(e) => Self::Withdrawn(e),
            EventData::ReferralOpened(e) => Self::Opened(e),
            EventData::ReferralCapacityAsked(_) => Self::CapacityAsked,
            EventData::ReferralCapacity(e) => Self::Capacity(e),
            EventData::ReferralAccepted(_) => Self::Accepted,
            EventData::ReferralDeclined(e) => Self::Declined(e),
            EventData::ReferralSubReferred(e) => Self::SubReferred(e),
            EventData::ReferralOutcome(e) => Self::Outcome(e),
            EventData::ReferralClosed(_) => Self::Closed,
            EventData::ReferralCancelled(e) => Self::Cancelled(e),
            _ => return None,
        })
    }

    /// Whether it stands in the member's case; the others stand in the referral's own room.
    pub fn is_of_case(self) -> bool {
        matches!(self, Self::Asked(_) | Self::Sent(_) | Self::Told(_) | Self::Withdrawn(_))
    }
}

/// The referral in a case that an event is a step of.
pub(crate) fn referral_of(data: &EventData) -> Option<&EventKey> {
    match data {
        EventData::ReferralSent(e) => Some(&e.referral),
        EventData::ReferralTold(e) => Some(&e.referral),
        EventData::ReferralWithdrawn(e) => Some(&e.referral),
        _ => None,
    }
}

/// What a handover tells of an event of this life cycle whose text it withholds: what `step` and `owed` read.
pub(crate) fn withheld(data: &EventData) -> Option<EventData> {
    let none = String::new;
    Some(match data {
        EventData::ReferralAsked(e) => ReferralAsked {
            service: Service::default(),
            organization: None,
            need: none(),
            fields: BTreeSet::new(),
            due: None,
            ..e.clone()
        }
        .into(),
        EventData::ReferralSent(e) => ReferralSent { note: none(), ..e.clone() }.into(),
        EventData::ReferralTold(e) => ReferralTold { text: none(), ..e.clone() }.into(),
        EventData::ReferralWithdrawn(e) => ReferralWithdrawn { why: none(), ..e.clone() }.into(),
        EventData::ReferralOpened(e) => ReferralOpened {
            service: Service::default(),
            need: none(),
            fields: BTreeMap::new(),
            consent: ConsentTerms::default(),
            labels: Labels::new(),
            due: None,
            ..e.clone()
        }
        .into(),
        EventData::ReferralCapacity(e) => ReferralCapacity { text: none(), ..e.clone() }.into(),
        EventData::ReferralDeclined(_) => ReferralDeclined { reason: none() }.into(),
        EventData::ReferralSubReferred(_) => ReferralSubReferred { to: none(), contact: none() }.into(),
        EventData::ReferralOutcome(e) => ReferralOutcome { text: none(), ..e.clone() }.into(),
        _ => return None,
    })
}

/// The room of a referral. It follows from the `referral.asked`, so that a referral has one room, whichever device opens it. Where somebody
/// else had made one under that id, it is in another: `ReferralState::room` says in which.
pub fn room_of(referral: &EventKey) -> CaseId {
    let id = EventId::derived(&["referral-room", referral.sender.as_str(), &referral.id.to_string()]);
    CaseId::from_uuid(*id.as_uuid())
}

/// How many rooms a referral can be tried to have, one after the other, where somebody else has made one under the id that it was to have.
#[cfg_attr(not(feature = "store"), allow(dead_code))]
const MOST_ROOMS: u8 = 8;

/// The rooms that a referral can have: the first is [`room_of`] it, and each other one is for where those before it were taken.
#[cfg_attr(not(feature = "store"), allow(dead_code))]
pub(crate) fn rooms_of(referral: &EventKey) -> impl Iterator<Item = CaseId> {
    (0..MOST_ROOMS).map(|n| match n {
        0 => room_of(referral),
        n => {
            let (id, n) = (referral.id.to_string(), n.to_string());
            let parts = ["referral-room", referral.sender.as_str(), id.as_str(), n.as_str()];
            CaseId::from_uuid(*EventId::derived(&parts).as_uuid())
        }
    })
}

/// The referrals of one case, in the order in which they were asked; in a referral's room, the referral that it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Referrals {
    asked: Vec<std::sync::Arc<ReferralState>>,
    course: Option<std::sync::Arc<Course>>,
}

impl Referrals {
    /// Every referral of the case.
    pub fn all(&self) -> &[std::sync::Arc<ReferralState>] {
        &self.asked
    }

    /// The referrals of the case whose loop is not closed.
    pub fn open(&self) -> impl Iterator<Item = &ReferralState> {
        self.asked.iter().map(AsRef::as_ref).filter(|one| one.is_open())
    }

    /// The referral that this `referral.asked` opened.
    pub fn get(&self, key: &EventKey) -> Option<&ReferralState> {
        self.asked.iter().map(AsRef::as_ref).find(|one| one.key == *key)
    }

    /// In a referral's room, how far it has come.
    pub fn course(&self) -> Option<&Course> {
        self.course.as_deref()
    }
}

/// Somebody took referrals to their agencies by hand.
pub(crate) fn carried(
    referrals: &mut Referrals,
    event: &CrossingCarried,
    step: &crate::case::step::Step<'_>,
) {
    for key in &event.events {
        asking::carried(&mut referrals.asked, key, event, step);
    }
}

impl CrossingCarried {
    /// Those of what it takes across that are referrals.
    pub(crate) fn referrals<'a>(&'a self, state: &'a CaseState) -> impl Iterator<Item = &'a EventKey> {
        let is = |key: &&EventKey| state.crossings.get(key).is_some_and(|one| one.what == What::Referral);
        self.events.iter().filter(is)
    }
}

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `referral`: those of [`asking::step`] in a case and of [`course::step`] in a referral's room.
pub(crate) fn step(
    referrals: &Referrals,
    event: ReferralEvent<'_>,
    consents: &crate::consent::Consents,
    today: Date,
    step: &crate::case::step::Step<'_>,
) -> Result<Referrals, crate::policy::Reason> {
    let mut next = referrals.clone();
    if event.is_of_case() {
        asking::step(&mut next.asked, event, consents, today, step)?;
    } else if let ReferralEvent::Opened(opened) = event {
        next.course = Some(std::sync::Arc::new(Course::begin(opened, step)?));
    } else {
        let course = next.course.as_mut().ok_or_else(|| {
            crate::policy::Reason::new("referral-unknown", "this room has no referral", "referral")
        })?;
        course::step(std::sync::Arc::make_mut(course), event, step)?;
    }
    Ok(next)
}
