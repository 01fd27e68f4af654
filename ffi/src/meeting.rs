//! Mutual member meetings: their agendas.

use std::time::SystemTime;

use caseline::Error;
use caseline::error::InvalidInput;
use caseline::fhir;
use caseline::meeting::{self, AgendaOrder};
use caseline::panel::Pair;

use crate::client::Caseline;
use crate::concern::ConcernAbout;
use crate::error::{CaselineError, Result, parsed};
use crate::message::MessagePriority;
use crate::models::{Contact, EventKey};
use crate::resource::Resource;
use crate::signing::day;

/// Which meeting: of a pair, on a day.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Meeting {
    /// The plan side.
    pub plan_side: String,
    /// The community side.
    pub community_side: String,
    /// On which day (`2019-04-02`), by the agreement's zone.
    pub date: String,
}

/// One reason to talk about a case.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Matter {
    /// What it is: `admitted`, `follow-up-overdue`, `plan-overdue`, `overdue`, `follow-up-due`, `plan-unsigned`, `plan-returned`,
    /// `task-declined`, `task-unclaimed`, `quiet`, `since-last` or `task-open`.
    pub kind: String,
    /// Since when, or by when it was due.
    pub since: SystemTime,
    /// It in one sentence. Member data.
    pub headline: String,
    /// More about it. Member data.
    pub detail: Vec<String>,
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AgendaCall {
    /// Their name.
    pub name: String,
    /// Their organisation's name.
    pub organization: String,
    /// Their telephone number.
    pub phone: String,
}

/// A case on an agenda.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct AgendaItem {
    /// The case.
    pub case_id: String,
    /// The member's name. Member data.
    pub member: String,
    /// The member's date of birth. Member data.
    pub birth_date: String,
    /// The first sentence of what matters most. Member data.
    pub headline: String,
    /// Why it is talked about, what matters most first.
    pub matters: Vec<Matter>,
    /// What is to be decided.
    pub decide: Vec<String>,
    /// Whom to call about it.
    pub call: Vec<AgendaCall>,
    /// The minutes that it is given; of one that is not reached, those that it would need.
    pub minutes: u32,
}

/// A point that was brought to a meeting.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct AgendaPoint {
    /// Its event.
    pub key: EventKey,
    /// What it is, in a few words. Empty where a handover withheld it.
    pub title: String,
    /// More about it.
    pub text: String,
    /// Who brought it, by name, with their organisation's.
    pub by: String,
    /// The minutes that it is given; of one that is not reached, those that it would need.
    pub minutes: u32,
}

/// A concern of one's own organisation about the other side, on one's own agenda.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct AgendaConcern {
    /// The programme room that it stands in.
    pub case_id: String,
    /// Its event.
    pub key: EventKey,
    /// What it is, in a few words. Empty where a handover withheld it.
    pub title: String,
    /// What it is about.
    pub topic: ConcernAbout,
    /// How urgent it is.
    pub priority: MessagePriority,
    /// `raised`, `heard`, `answered` or `closed`.
    pub status: String,
    /// Whether what is owed of it is overdue.
    pub overdue: bool,
    /// When it was raised, or opened again.
    pub since: SystemTime,
    /// Where it stands, in sentences.
    pub detail: Vec<String>,
    /// What is to be decided.
    pub decide: String,
    /// Whom to call about it.
    pub call: Vec<AgendaCall>,
    /// The minutes that it is given; of one that is not reached, those that it would need.
    pub minutes: u32,
}

/// An agenda.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Agenda {
    /// The meeting's id.
    pub meeting: String,
    /// The plan side's name.
    pub plan_name: String,
    /// The community side's name.
    pub community_name: String,
    /// When it begins.
    pub begins: SystemTime,
    /// When it ends.
    pub ends: SystemTime,
    /// How long it takes.
    pub minutes: u32,
    /// From which day on what happened is looked at.
    pub since: String,
    /// When it was made.
    pub at: SystemTime,
    /// What is talked about, what matters first.
    pub items: Vec<AgendaItem>,
    /// What does not fit into the time.
    pub not_reached: Vec<AgendaItem>,
    /// Cases that are not on it and have come up since it was made, of a meeting in the pair's room.
    pub come_up: Vec<AgendaItem>,
    /// The points that were brought to it, of a meeting in the pair's room.
    pub points: Vec<AgendaPoint>,
    /// The points that do not fit into the time.
    pub points_not_reached: Vec<AgendaPoint>,
    /// One's own organisation's concerns about the other side, what matters first: the other side does not have them.
    pub concerns: Vec<AgendaConcern>,
    /// The concerns that do not fit into the time.
    pub concerns_not_reached: Vec<AgendaConcern>,
    /// How answering and signing go, in sentences.
    pub process: Vec<String>,
    /// The minutes that are kept for that.
    pub process_minutes: u32,
    /// Who is asked to come.
    pub people: Vec<Contact>,
    /// It as Markdown. Member data.
    pub markdown: String,
    /// It as a page that prints well (HTML). Member data.
    pub page: String,
    /// It for a calendar (iCalendar): without a word about any member.
    pub calendar: String,
    /// It as a FHIR Appointment: without a word about any member.
    pub appointment: String,
}

impl Meeting {
    pub(crate) fn parsed(&self) -> Result<meeting::Meeting> {
        let pair = Pair {
            plan_side: parsed(&self.plan_side, "plan_side")?,
            community_side: parsed(&self.community_side, "community_side")?,
        };
        Ok(meeting::Meeting::of(pair, day(&self.date, "date")?))
    }
}

impl From<&meeting::Call> for AgendaCall {
    fn from(one: &meeting::Call) -> Self {
        Self { name: one.name.clone(), organization: one.organization.clone(), phone: one.phone.clone() }
    }
}

impl From<&meeting::Point> for AgendaPoint {
    fn from(one: &meeting::Point) -> Self {
        Self {
            key: EventKey::from(&one.key),
            title: one.title.clone(),
            text: one.text.clone(),
            by: one.by.clone(),
            minutes: one.minutes,
        }
    }
}

impl From<&meeting::AgendaConcern> for AgendaConcern {
    fn from(one: &meeting::AgendaConcern) -> Self {
        Self {
            case_id: one.room.to_string(),
            key: EventKey::from(&one.key),
            title: one.title.clone(),
            topic: one.topic.into(),
            priority: one.priority.into(),
            status: one.status.code().to_owned(),
            overdue: one.overdue,
            since: one.since.into(),
            detail: one.detail.clone(),
            decide: one.decide.clone(),
            call: one.call.iter().map(AgendaCall::from).collect(),
            minutes: one.minutes,
        }
    }
}

impl From<&meeting::Item> for AgendaItem {
    fn from(item: &meeting::Item) -> Self {
        let matter = |one: &meeting::Matter| Matter {
            kind: one.kind.code().to_owned(),
            since: one.since.into(),
            headline: one.headline.clone(),
            detail: one.detail.clone(),
        };
        Self {
            case_id: item.case.to_string(),
            member: item.member.clone(),
            birth_date: item.birth_date.to_string(),
            headline: item.headline().to_owned(),
            matters: item.matters.iter().map(matter).collect(),
            decide: item.decide.clone(),
            call: item.call.iter().map(AgendaCall::from).collect(),
            minutes: item.minutes,
        }
    }
}

impl From<&meeting::Agenda> for Agenda {
    fn from(agenda: &meeting::Agenda) -> Self {
        Self {
            meeting: agenda.meeting.id.to_string(),
            plan_name: agenda.of.plan_name.clone(),
            community_name: agenda.of.community_name.clone(),
            begins: agenda.begins.into(),
            ends: agenda.ends().into(),
            minutes: agenda.minutes,
            since: agenda.since.to_string(),
            at: agenda.at.into(),
            items: agenda.items.iter().map(AgendaItem::from).collect(),
            not_reached: agenda.not_reached.iter().map(AgendaItem::from).collect(),
            come_up: agenda.come_up.iter().map(AgendaItem::from).collect(),
            points: agenda.points.iter().map(AgendaPoint::from).collect(),
            points_not_reached: agenda.points_not_reached.iter().map(AgendaPoint::from).collect(),
            concerns: agenda.concerns.iter().map(AgendaConcern::from).collect(),
            concerns_not_reached: agenda.concerns_not_reached.iter().map(AgendaConcern::from).collect(),
            process: agenda.process.clone(),
            process_minutes: agenda.process_minutes,
            people: agenda.people.iter().map(Contact::from).collect(),
            markdown: meeting::markdown(agenda),
            page: meeting::page(agenda),
            calendar: meeting::calendar(agenda),
            appointment: fhir::meeting(agenda),
        }
    }
}

/// When a meeting begins: `10:00`.
fn order(meeting: &Meeting, minutes: u32, time: Option<&str>, since: Option<&str>) -> Result<AgendaOrder> {
    let mut order = AgendaOrder::new(meeting.parsed()?, minutes);
    if let Some(time) = time {
        order.time = time.parse().map_err(|_| {
            let detail = "an hour is written hours:minutes: 10:00";
            CaselineError::from(Error::from(InvalidInput::new("invalid-time", detail).field("time")))
        })?;
    }
    order.since = since.map(|since| day(since, "since")).transpose()?;
    Ok(order)
}

#[uniffi::export]
impl Caseline {
    /// The agenda of a meeting that takes so many minutes, from `time` (`10:00` where left out), over the cases that the two share:
    /// in an order that puts what matters first, sized to the time. `since` is the day of the last meeting, a month before where left
    /// out. With `for_both` it is without one's own organisation's concerns, for a page that the other side sees, too.
    ///
    /// # Errors
    /// `NotFound` (`shared-cases`) where the two share no case; `InvalidInput` (`meeting-minutes`, `invalid-date`, `invalid-time`).
    #[uniffi::method(default(time = None, since = None, for_both = false))]
    pub async fn agenda(
        &self,
        meeting: Meeting,
        minutes: u32,
        time: Option<String>,
        since: Option<String>,
        for_both: bool,
    ) -> Result<Agenda> {
        let order = order(&meeting, minutes, time.as_deref(), since.as_deref())?;
        let made = move |caseline: &caseline::Caseline| {
            let agenda = caseline.agenda(order)?;
            Ok(Agenda::from(&if for_both { agenda.for_both() } else { agenda }))
        };
        self.client().local(made).await
    }

    /// Writes a meeting's Appointment into this organisation's record, unless it is there.
    ///
    /// # Errors
    /// Those of `agenda`, and `Unavailable` where the record does not answer.
    #[uniffi::method(default(time = None, since = None, for_both = false))]
    pub async fn save_appointment(
        &self,
        meeting: Meeting,
        minutes: u32,
        time: Option<String>,
        since: Option<String>,
        for_both: bool,
    ) -> Result<Resource> {
        let order = order(&meeting, minutes, time.as_deref(), since.as_deref())?;
        let saved = move |caseline: caseline::Caseline| async move {
            let agenda = caseline.agenda(order)?;
            let agenda = if for_both { agenda.for_both() } else { agenda };
            let created = caseline.save_appointment(&agenda).await.map_err(Error::from)?;
            Ok(Resource::from(created.stored))
        };
        self.client().call(saved).await
    }
}
