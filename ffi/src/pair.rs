//! The pair's own room: its meetings.

use std::sync::Arc;
use std::time::SystemTime;

use caseline::Error;
use caseline::error::InvalidInput;
use caseline::id::{CaseId, ContactId, OrganizationId};
use caseline::meeting::{self, MeetingAnswer};
use jiff::Timestamp;
use jiff::civil::Time;

use crate::case::Case;
use crate::client::Caseline;
use crate::error::{CaselineError, Result, parsed};
use crate::meeting::Agenda;
use crate::models::EventKey;
use crate::proposals::NamedContact;
use crate::signing::day;

/// A meeting of a pair's room.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PairMeeting {
    /// The id of the event that set it: what the commands about it take.
    pub meeting: String,
    /// The Matrix account that set it.
    pub sender: String,
    /// When it begins.
    pub begins: SystemTime,
    /// When it ends.
    pub ends: SystemTime,
    /// How long it takes.
    pub minutes: u32,
    /// `waiting`, `unsettled`, `agreed`, `held`, `recorded` or `cancelled`.
    pub status: String,
    /// The contact who set it.
    pub set_by: String,
    /// Who is asked to come, with what they answered to its time.
    pub people: Vec<MeetingGuest>,
    /// What is talked about, in order: by the cases' ids, and in codes why.
    pub agenda: Vec<AgendaEntry>,
    /// Whether somebody has said what is talked about.
    pub prepared: bool,
    /// Why it was called off; empty where a handover withheld it.
    pub cancelled: Option<String>,
    /// The contact who said first that it took place.
    pub held_by: Option<String>,
    /// The cases of which nothing was decided.
    pub nothing: Vec<String>,
    /// The cases that were not reached.
    pub not_reached: Vec<String>,
    /// The points that were brought to it, in order.
    pub points: Vec<MeetingPoint>,
    /// What was decided, in order.
    pub decisions: Vec<MeetingDecision>,
}

/// Somebody who is asked to a meeting.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MeetingGuest {
    /// Who.
    pub contact: String,
    /// Their organisation.
    pub organization: String,
    /// `accept`, `decline` or `another-time`.
    pub answer: Option<String>,
    /// The other time.
    pub another_time: Option<SystemTime>,
}

/// One case on an agenda, as it travels.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AgendaEntry {
    /// The case.
    pub case_id: String,
    /// Why it is talked about, what matters most first: as `Matter.kind`.
    pub why: Vec<String>,
    /// The minutes that it is given; none where it is not reached.
    pub minutes: u32,
}

/// What was decided of a case.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MeetingDecision {
    /// The case.
    pub case_id: String,
    /// `task` or `message`.
    pub kind: String,
    /// The event of the case that says it.
    pub key: EventKey,
    /// The contact who recorded it.
    pub by: String,
    /// What became of it where it did not come into its case: `not-carried-out`, `decided-anew` or `dropped`. Nothing where it did.
    pub fate: Option<String>,
    /// Why it did not: the codes of the reasons.
    pub why: Vec<String>,
}

/// A point that was brought to a meeting.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct MeetingPoint {
    /// Its event.
    pub key: EventKey,
    /// What it is, in a few words. Empty where a handover withheld it.
    pub title: String,
    /// More about it.
    pub text: String,
    /// The contact who brought it.
    pub by: String,
}

/// The agenda of a meeting in the pair's room, with the words of one's own cases.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct RoomAgenda {
    /// The agenda. Before anybody made one, as this device would make it now.
    pub agenda: Agenda,
    /// Whether somebody made it.
    pub prepared: bool,
    /// Where the meeting stands, as `PairMeeting.status`.
    pub status: String,
    /// The cases on it of which there is nothing to say any more.
    pub settled: Vec<String>,
    /// The cases on it that are not here.
    pub unknown: Vec<String>,
}

impl PairMeeting {
    fn of(meeting: &meeting::MeetingState, sides: [&OrganizationId; 2]) -> Self {
        let ids = |cases: &[CaseId]| cases.iter().map(CaseId::to_string).collect();
        Self {
            meeting: meeting.key.id.to_string(),
            sender: meeting.key.sender.to_string(),
            begins: meeting.begins.into(),
            ends: meeting.ends().into(),
            minutes: meeting.minutes,
            status: meeting.status(sides).code().to_owned(),
            set_by: meeting.set_by.contact.to_string(),
            people: meeting.people.iter().map(MeetingGuest::from).collect(),
            agenda: meeting.agenda.iter().map(AgendaEntry::from).collect(),
            prepared: meeting.prepared.is_some(),
            cancelled: meeting.cancelled.as_ref().map(|(_, why)| why.clone()),
            held_by: meeting.held.as_ref().map(|by| by.contact.to_string()),
            nothing: ids(&meeting.nothing),
            not_reached: ids(&meeting.not_reached),
            points: meeting.points.iter().map(MeetingPoint::from).collect(),
            decisions: meeting.decisions.iter().map(MeetingDecision::from).collect(),
        }
    }
}

impl From<&meeting::Invited> for MeetingGuest {
    fn from(one: &meeting::Invited) -> Self {
        let answer = one.answer.as_ref().map(|(answer, _)| *answer);
        let another_time = match answer {
            Some(MeetingAnswer::AnotherTime(at)) => Some(at.into()),
            _ => None,
        };
        Self {
            contact: one.whom.contact.to_string(),
            organization: one.whom.organization.to_string(),
            answer: answer.map(|answer| answer.code().to_owned()),
            another_time,
        }
    }
}

impl From<&meeting::AgendaEntry> for AgendaEntry {
    fn from(entry: &meeting::AgendaEntry) -> Self {
        Self {
            case_id: entry.case.to_string(),
            why: entry.matters().iter().map(|kind| kind.code().to_owned()).collect(),
            minutes: entry.minutes,
        }
    }
}

impl From<&meeting::DecisionTaken> for MeetingDecision {
    fn from(one: &meeting::DecisionTaken) -> Self {
        Self {
            case_id: one.case.to_string(),
            kind: one.kind.code().to_owned(),
            key: EventKey::from(&one.event),
            by: one.by.contact.to_string(),
            fate: one.fate().map(str::to_owned),
            why: one.undone.as_ref().map(|undone| undone.why.clone()).unwrap_or_default(),
        }
    }
}

impl From<&meeting::PointBrought> for MeetingPoint {
    fn from(one: &meeting::PointBrought) -> Self {
        Self {
            key: EventKey::from(&one.key),
            title: one.title.clone(),
            text: one.text.clone(),
            by: one.by.contact.to_string(),
        }
    }
}

impl From<&caseline::RoomAgenda> for RoomAgenda {
    fn from(of: &caseline::RoomAgenda) -> Self {
        let ids = |cases: &[CaseId]| cases.iter().map(CaseId::to_string).collect();
        Self {
            agenda: Agenda::from(&of.agenda),
            prepared: of.prepared,
            status: of.agenda.standing.map_or("", meeting::MeetingStatus::code).to_owned(),
            settled: ids(&of.settled),
            unknown: ids(&of.unknown),
        }
    }
}

fn time_of(time: Option<&str>) -> Result<Time> {
    let Some(time) = time else { return Ok(Time::constant(10, 0, 0, 0)) };
    time.parse().map_err(|_| {
        let detail = "an hour is written hours:minutes: 10:00";
        CaselineError::from(Error::from(InvalidInput::new("invalid-time", detail).field("time")))
    })
}

/// What somebody answers to a meeting's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum MeetingReply {
    /// They come.
    Accept,
    /// They do not.
    Decline,
    /// They would come at this time.
    AnotherTime {
        /// When.
        at: SystemTime,
    },
}

impl MeetingReply {
    fn answer(self) -> Result<MeetingAnswer> {
        Ok(match self {
            Self::Accept => MeetingAnswer::Accept,
            Self::Decline => MeetingAnswer::Decline,
            Self::AnotherTime { at } => {
                MeetingAnswer::AnotherTime(Timestamp::try_from(at).map_err(|_| {
                    let wrong =
                        InvalidInput::new("invalid-time", "this time is beyond the calendar").field("at");
                    CaselineError::from(Error::from(wrong))
                })?)
            }
        })
    }
}

#[uniffi::export]
impl Caseline {
    /// Opens the room of a pair: for the meetings of one's own organisation with another that it shares cases with, and for technical
    /// matters, for `contacts` of the directory of both. The one that there is under the same agreement is returned. It holds no member data.
    ///
    /// # Errors
    /// `NotFound` (`contact`, `organization`, `agreement`, `rules`), `NotAllowed`, with every reason.
    #[uniffi::method(default(contacts = [], case = None))]
    pub async fn open_pair(
        &self,
        with_organization: String,
        contacts: Vec<NamedContact>,
        case: Option<String>,
    ) -> Result<Arc<Case>> {
        let with: OrganizationId = parsed(&with_organization, "with_organization")?;
        let id = case.map(|case| parsed(&case, "case")).transpose()?;
        let mut named = Vec::new();
        for NamedContact { contact, lead } in contacts {
            named.push(caseline::Named { contact: parsed(&contact, "contacts")?, lead });
        }
        let opened = move |caseline: &caseline::Caseline| {
            let mut open = caseline::OpenPair::new(with, named);
            open.id = id;
            Ok(caseline.open_pair(open)?.id())
        };
        Ok(Case::new(&self.client, self.client.local(opened).await?))
    }
}

#[uniffi::export]
impl Case {
    /// The meetings of a pair's room, in the order in which they were set.
    pub async fn meetings(&self) -> Result<Vec<PairMeeting>> {
        self.local(|case| {
            let state = case.state()?;
            let Some(opening) = state.opening() else { return Ok(Vec::new()) };
            let sides = [&opening.plan_side.id, &opening.community_side.id];
            Ok(state.meetings.all().iter().map(|one| PairMeeting::of(one, sides)).collect())
        })
        .await
    }

    /// Sets a meeting on a day (`2019-04-02`) at a time (`10:00` where left out), by the agreement's zone. `people` are contacts with a
    /// seat here; the leads of both sides where none is named. With `agenda` its agenda is made and told at once: else it is owed.
    ///
    /// # Errors
    /// `NotFound` (`seat`, `shared-cases`), `InvalidInput` (`invalid-date`, `invalid-time`), besides the errors of every command.
    #[uniffi::method(default(time = None, people = [], agenda = false, key = None))]
    pub async fn set_meeting(
        &self,
        date: String,
        minutes: u32,
        time: Option<String>,
        people: Vec<String>,
        agenda: bool,
        key: Option<String>,
    ) -> Result<EventKey> {
        let people: Vec<ContactId> =
            people.iter().map(|who| parsed(who, "people")).collect::<Result<Vec<_>>>()?;
        let mut set =
            caseline::SetMeeting::new(day(&date, "date")?, time_of(time.as_deref())?, minutes).people(people);
        if agenda {
            set = set.with_agenda();
        }
        self.command(key, move |case, key| Ok(case.set_meeting(key, set)?)).await
    }

    /// Makes the agenda of a meeting from what this device knows, and tells it: by the cases' ids, and in codes why.
    #[uniffi::method(default(key = None))]
    pub async fn prepare_meeting(&self, meeting: String, key: Option<String>) -> Result<EventKey> {
        let meeting = parsed(&meeting, "meeting")?;
        self.command(key, move |case, key| Ok(case.prepare_meeting(key, meeting)?)).await
    }

    /// Answers whether one comes to a meeting, at the time that it has now.
    #[uniffi::method(default(key = None))]
    pub async fn answer_meeting(
        &self,
        meeting: String,
        answer: MeetingReply,
        key: Option<String>,
    ) -> Result<EventKey> {
        let (meeting, answer) = (parsed(&meeting, "meeting")?, answer.answer()?);
        self.command(key, move |case, key| Ok(case.answer_meeting(key, meeting, answer)?)).await
    }

    /// Moves a meeting to another day and time: everybody is asked anew.
    #[uniffi::method(default(time = None, minutes = None, key = None))]
    pub async fn move_meeting(
        &self,
        meeting: String,
        date: String,
        time: Option<String>,
        minutes: Option<u32>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let meeting = parsed(&meeting, "meeting")?;
        let to = (day(&date, "date")?, time_of(time.as_deref())?);
        self.command(key, move |case, key| Ok(case.move_meeting(key, meeting, to, minutes)?)).await
    }

    /// Calls a meeting off.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-text`, `concern-member-data` and `concern-name` as `raise_concern`; besides the errors of every command.
    #[uniffi::method(default(names_confirmed = false, key = None))]
    pub async fn cancel_meeting(
        &self,
        meeting: String,
        reason: String,
        names_confirmed: bool,
        key: Option<String>,
    ) -> Result<EventKey> {
        let meeting = parsed(&meeting, "meeting")?;
        self.command(key, move |case, key| Ok(case.cancel_meeting(key, meeting, &reason, names_confirmed)?))
            .await
    }

    /// Says that a meeting took place, of which cases of its agenda nothing was decided, and which were not reached.
    #[uniffi::method(default(nothing = [], not_reached = [], key = None))]
    pub async fn hold_meeting(
        &self,
        meeting: String,
        nothing: Vec<String>,
        not_reached: Vec<String>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let meeting = parsed(&meeting, "meeting")?;
        let cases = |ids: &[String], field| {
            ids.iter().map(|id| parsed::<CaseId>(id, field)).collect::<Result<Vec<_>>>()
        };
        let (nothing, not_reached) = (cases(&nothing, "nothing")?, cases(&not_reached, "not_reached")?);
        self.command(key, move |case, key| Ok(case.hold_meeting(key, meeting, nothing, not_reached)?)).await
    }

    /// The agenda of a meeting of this room, with the words of the cases that this device knows; with `for_both` without one's own
    /// organisation's concerns.
    ///
    /// # Errors
    /// `NotFound` (`meeting`, `shared-cases`).
    #[uniffi::method(default(for_both = false))]
    pub async fn meeting_agenda(&self, meeting: String, for_both: bool) -> Result<RoomAgenda> {
        let meeting = parsed(&meeting, "meeting")?;
        let made = move |case: &caseline::Case| {
            let mut made = case.meeting_agenda(meeting)?;
            if for_both {
                made.agenda = made.agenda.for_both();
            }
            Ok(RoomAgenda::from(&made))
        };
        self.local(made).await
    }

    /// Brings a point to a meeting that is to come: both sides have it on their agenda. A `concern` of one's own organisation is brought
    /// so, by its event, in words for both: nothing else of it goes along.
    ///
    /// # Errors
    /// `NotFound` (`meeting`), `InvalidInput` (`invalid-title`, `invalid-text`, `concern-member-data` and `concern-name` as
    /// `raise_concern`), besides the errors of every command.
    #[uniffi::method(default(text = "", concern = None, names_confirmed = false, key = None))]
    pub async fn bring_to_meeting(
        &self,
        meeting: String,
        title: String,
        text: String,
        concern: Option<EventKey>,
        names_confirmed: bool,
        key: Option<String>,
    ) -> Result<EventKey> {
        let meeting = parsed(&meeting, "meeting")?;
        let mut point = caseline::BringPoint::new(title).text(text).names_confirmed(names_confirmed);
        if let Some(concern) = concern {
            point = point.concern(concern.parsed("concern")?);
        }
        self.command(key, move |case, key| Ok(case.bring_to_meeting(key, meeting, point)?)).await
    }
}
