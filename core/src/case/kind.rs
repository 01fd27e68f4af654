//! The kinds of rooms: the case, the programme room of an organisation and the programme office, the pair's own room, and a
//! referral's.
//!
//! All are of the same make, with one roster, one agreement and one rule set. What belongs to a kind is decided here and nowhere
//! else: which event opens such a room, between whom it stands, and which events take a step in it.

use serde::{Deserialize, Serialize};

use crate::agreement::proposal::AgreementEvent;
use crate::case::event::EventData;
use crate::case::life::{Carried, CaseOpened, CloseReason};
use crate::contact::{Role, Seat};
use crate::id::{AgreementId, CaseId, RuleSetId};
use crate::meeting::MeetingEvent;
use crate::member::Member;
use crate::organization::{Organization, OrganizationKind};
use crate::policy::Reason;
use crate::referral::{ReferralEvent, ReferralOpened};

/// What kind a room is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RoomKind {
    /// One member's case, between a plan side and a community side.
    #[default]
    Case,
    /// An organisation and the programme office: concerns, no member data.
    Programme,
    /// A referrer and one social-service organisation: one referral, only the fields that the consent names.
    Referral,
    /// A plan side and a community side: their meetings and technical matters, no member data.
    Pair,
}

impl RoomKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Case, Self::Programme, Self::Pair, Self::Referral];

    /// A stable code: `case`, `programme`, `pair` or `referral`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Programme => "programme",
            Self::Pair => "pair",
            Self::Referral => "referral",
        }
    }

    /// The kind of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind of the room that an event of this kind opens.
    pub fn opened_by(kind: &str) -> Option<Self> {
        match kind {
            "case.opened" => Some(Self::Case),
            "programme.opened" => Some(Self::Programme),
            "pair.opened" => Some(Self::Pair),
            "referral.opened" => Some(Self::Referral),
            _ => None,
        }
    }

    /// The kind of agreement that a room of this kind is opened with: the pair's is the one that governs their cases.
    pub(crate) fn agreed_as(self) -> Self {
        if self == Self::Pair { Self::Case } else { self }
    }

    /// Whether a room of this kind holds no member data, so that what may be some takes no step there and is not shown.
    pub(crate) fn is_without_members(self) -> bool {
        matches!(self, Self::Programme | Self::Pair)
    }

    /// Whether an event takes a step in a room of this kind.
    ///
    /// # Errors
    /// The reason, with source `room`: `room-kind`; in a programme room and in a pair's `room-close-reason`; in those and a
    /// referral's `room-seat-member`.
    pub fn takes(self, data: &EventData) -> Result<(), Reason> {
        if let Some(opens) = data.opens() {
            return if opens.kind == self { Ok(()) } else { Err(another(self)) };
        }
        let concern = matches!(
            data,
            EventData::ConcernRaised(_)
                | EventData::ConcernHeard(_)
                | EventData::ConcernAnswered(_)
                | EventData::ConcernClosed(_)
                | EventData::ConcernReopened(_)
                | EventData::AnswerPublished(_)
        );
        // What belongs into a pair's room alone.
        let meeting = MeetingEvent::of(data).is_some() || AgreementEvent::of(data).is_some();
        let referral = ReferralEvent::of(data);
        match self {
            Self::Case if concern || meeting || referral.is_some_and(|event| !event.is_of_case()) => {
                Err(another(self))
            }
            Self::Case => Ok(()),
            Self::Programme if concern => Ok(()),
            Self::Programme => programme_takes(data),
            Self::Pair if meeting => Ok(()),
            Self::Pair => pair_takes(data),
            Self::Referral if referral.is_some_and(|event| !event.is_of_case()) => Ok(()),
            Self::Referral => referral_takes(data),
        }
    }

    /// Whether people write messages in a room of this kind: another client's counts as one, too.
    pub(crate) fn takes_messages(self) -> Result<(), Reason> {
        if self == Self::Case { Ok(()) } else { Err(another(self)) }
    }

    /// Whether two organisations can be the sides of a room of this kind, in this order.
    pub(crate) fn stands_between(self, first: &Organization, second: &Organization) -> Result<(), Reason> {
        let (fits, text) = match self {
            Self::Case => (
                first.kind.is_plan_side() && second.kind.is_community_side(),
                "a case stands between an ACO, an MCO or an ACCS provider and a CP or a CSA",
            ),
            Self::Pair => (
                first.kind.is_plan_side() && second.kind.is_community_side(),
                "a pair's room stands between an ACO, an MCO or an ACCS provider and a CP or a CSA",
            ),
            Self::Programme => (
                first.kind == OrganizationKind::ProgrammeOffice
                    && second.kind != OrganizationKind::ProgrammeOffice,
                "a programme room stands between the programme office and one organization of the programme",
            ),
            Self::Referral => (
                (first.kind.is_plan_side() || first.kind.is_community_side())
                    && second.kind == OrganizationKind::SocialService,
                "a referral's room stands between a side of a case and one social-service organization",
            ),
        };
        if fits { Ok(()) } else { Err(Reason::new("side-kind", text, "case")) }
    }

    /// Whether somebody can have a seat in a room of this kind.
    pub(crate) fn seats(self, seat: &Seat) -> Result<(), Reason> {
        if self != Self::Case && is_member(seat) { Err(seat_of_member()) } else { Ok(()) }
    }
}

/// Whether an event that is not about a concern takes a step in a programme room.
fn programme_takes(data: &EventData) -> Result<(), Reason> {
    match data {
        EventData::CaseClosed(closed) if closed.reason != CloseReason::Duplicate => {
            let text =
                "a programme room is closed only where another one of the same two organizations goes on";
            Err(Reason::new("room-close-reason", text, "room"))
        }
        EventData::SeatAdded(added) => RoomKind::Programme.seats(&added.seat),
        EventData::CaseAccepted(_)
        | EventData::CaseClosed(_)
        | EventData::SeatEnded(_)
        | EventData::RungPosted(_)
        | EventData::Handover(_)
        | EventData::Unknown { .. } => Ok(()),
        _ => Err(another(RoomKind::Programme)),
    }
}

/// Whether an event that is not about a meeting takes a step in a pair's room: who is in it, what they write, and its end.
fn pair_takes(data: &EventData) -> Result<(), Reason> {
    match data {
        EventData::CaseClosed(closed) if closed.reason != CloseReason::Duplicate => {
            let text = "a pair's room is closed only where another one of the same two organizations goes on";
            Err(Reason::new("room-close-reason", text, "room"))
        }
        EventData::SeatAdded(added) => RoomKind::Pair.seats(&added.seat),
        // Technical matters, in words: whether they hold member data, the fold looks at.
        EventData::MessageSent(_)
        | EventData::MessageCorrected(_)
        | EventData::MessageRetracted(_)
        | EventData::MessageSeen(_)
        | EventData::CaseAccepted(_)
        | EventData::CaseClosed(_)
        | EventData::SeatEnded(_)
        | EventData::RungPosted(_)
        | EventData::Handover(_)
        | EventData::Unknown { .. } => Ok(()),
        _ => Err(another(RoomKind::Pair)),
    }
}

/// Whether an event that is not about the referral takes a step in its room.
fn referral_takes(data: &EventData) -> Result<(), Reason> {
    match data {
        EventData::SeatAdded(added) => RoomKind::Referral.seats(&added.seat),
        EventData::CaseAccepted(_)
        | EventData::SeatEnded(_)
        | EventData::RungPosted(_)
        | EventData::Handover(_)
        | EventData::Unknown { .. } => Ok(()),
        _ => Err(another(RoomKind::Referral)),
    }
}

fn is_member(seat: &Seat) -> bool {
    matches!(seat.contact.role, Role::Member | Role::MemberRepresentative)
}

fn seat_of_member() -> Reason {
    let text = "this room is no member's case: neither a member nor a representative has a seat in it";
    Reason::new("room-seat-member", text, "room")
}

fn another(kind: RoomKind) -> Reason {
    let text = match kind {
        RoomKind::Case => "this belongs into another room than a case's: use the room that is of its kind",
        RoomKind::Programme => {
            "a programme room takes concerns and their answers, and no member data: use the member's case"
        }
        RoomKind::Pair => {
            "a pair's room takes meetings, agreements and messages, and no member data: use the member's case"
        }
        RoomKind::Referral => {
            "a referral's room takes the steps of its referral and nothing else: use the member's case"
        }
    };
    Reason::new("room-kind", text, "room")
}

/// `programme.opened`: the first event of a programme room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgrammeOpened {
    /// The room.
    pub room: CaseId,
    /// The programme office.
    pub office: Organization,
    /// The organisation of the programme whose concerns it takes.
    pub organization: Organization,
    /// Everybody named for the room.
    pub roster: Vec<Seat>,
    /// What the two settled.
    pub agreement: Carried<AgreementId>,
    /// The dated clocks.
    pub rules: Carried<RuleSetId>,
}

/// `pair.opened`: the first event of a pair's room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairOpened {
    /// The room.
    pub room: CaseId,
    /// The plan side.
    pub plan_side: Organization,
    /// The community side.
    pub community_side: Organization,
    /// Everybody named for the room.
    pub roster: Vec<Seat>,
    /// What the two settled: the agreement that governs their cases.
    pub agreement: Carried<AgreementId>,
    /// The dated clocks.
    pub rules: Carried<RuleSetId>,
}

/// What an opening event says, of whatever kind the room is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Opens<'a> {
    /// The kind of the room.
    pub kind: RoomKind,
    /// The room.
    pub room: CaseId,
    /// Whose care it is about, in a case.
    pub member: Option<&'a Member>,
    /// The plan side; in a programme room the programme office, in a referral's the referrer.
    pub plan_side: &'a Organization,
    /// The community side; in a programme room the organisation of the programme, in a referral's the agency.
    pub community_side: &'a Organization,
    /// Others that take part.
    pub others: &'a [Organization],
    /// Everybody named for the room.
    pub roster: &'a [Seat],
    /// What the two sides settled.
    pub agreement: &'a Carried<AgreementId>,
    /// The dated clocks.
    pub rules: &'a Carried<RuleSetId>,
}

impl<'a> From<&'a CaseOpened> for Opens<'a> {
    fn from(opened: &'a CaseOpened) -> Self {
        Self {
            kind: RoomKind::Case,
            room: opened.case,
            member: Some(&opened.member),
            plan_side: &opened.plan_side,
            community_side: &opened.community_side,
            others: &opened.others,
            roster: &opened.roster,
            agreement: &opened.agreement,
            rules: &opened.rules,
        }
    }
}

impl<'a> From<&'a ProgrammeOpened> for Opens<'a> {
    fn from(opened: &'a ProgrammeOpened) -> Self {
        Self {
            kind: RoomKind::Programme,
            room: opened.room,
            member: None,
            plan_side: &opened.office,
            community_side: &opened.organization,
            others: &[],
            roster: &opened.roster,
            agreement: &opened.agreement,
            rules: &opened.rules,
        }
    }
}

impl<'a> From<&'a PairOpened> for Opens<'a> {
    fn from(opened: &'a PairOpened) -> Self {
        Self {
            kind: RoomKind::Pair,
            room: opened.room,
            member: None,
            plan_side: &opened.plan_side,
            community_side: &opened.community_side,
            others: &[],
            roster: &opened.roster,
            agreement: &opened.agreement,
            rules: &opened.rules,
        }
    }
}

impl<'a> From<&'a ReferralOpened> for Opens<'a> {
    fn from(opened: &'a ReferralOpened) -> Self {
        Self {
            kind: RoomKind::Referral,
            room: opened.room,
            member: None,
            plan_side: &opened.referrer,
            community_side: &opened.agency,
            others: &[],
            roster: &opened.roster,
            agreement: &opened.agreement,
            rules: &opened.rules,
        }
    }
}

impl EventData {
    /// What the event opens a room with, where it opens one.
    pub fn opens(&self) -> Option<Opens<'_>> {
        match self {
            Self::CaseOpened(opened) => Some(opened.into()),
            Self::ProgrammeOpened(opened) => Some(opened.into()),
            Self::ReferralOpened(opened) => Some(opened.into()),
            Self::PairOpened(opened) => Some(opened.into()),
            _ => None,
        }
    }
}
