//! Mutual member meetings: their agendas, and what they decide.

use std::time::SystemTime;

use caseline::error::InvalidInput;
use caseline::fhir;
use caseline::id::{CaseId, EventId};
use caseline::meeting::{self, AgendaOrder};
use caseline::panel::Pair;
use caseline::{Decision, Error};

use crate::client::Caseline;
use crate::error::{CaselineError, Result, parsed};
use crate::message::MessagePriority;
use crate::models::{Contact, EventKey};
use crate::resource::Resource;
use crate::signing::day;
use crate::task::task_to;

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
    fn parsed(&self) -> Result<meeting::Meeting> {
        let pair = Pair {
            plan_side: parsed(&self.plan_side, "plan_side")?,
            community_side: parsed(&self.community_side, "community_side")?,
        };
        Ok(meeting::Meeting::of(pair, day(&self.date, "date")?))
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
        let call = |one: &meeting::Call| AgendaCall {
            name: one.name.clone(),
            organization: one.organization.clone(),
            phone: one.phone.clone(),
        };
        Self {
            case_id: item.case.to_string(),
            member: item.member.clone(),
            birth_date: item.birth_date.to_string(),
            headline: item.headline().to_owned(),
            matters: item.matters.iter().map(matter).collect(),
            decide: item.decide.clone(),
            call: item.call.iter().map(call).collect(),
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
    /// out.
    ///
    /// # Errors
    /// `NotFound` (`shared-cases`) where the two share no case; `InvalidInput` (`meeting-minutes`, `invalid-date`, `invalid-time`).
    #[uniffi::method(default(time = None, since = None))]
    pub async fn agenda(
        &self,
        meeting: Meeting,
        minutes: u32,
        time: Option<String>,
        since: Option<String>,
    ) -> Result<Agenda> {
        let order = order(&meeting, minutes, time.as_deref(), since.as_deref())?;
        self.client().local(move |caseline| Ok(Agenda::from(&caseline.agenda(order)?))).await
    }

    /// Writes a meeting's Appointment into this organisation's record, unless it is there.
    ///
    /// # Errors
    /// Those of `agenda`, and `Unavailable` where the record does not answer.
    #[uniffi::method(default(time = None, since = None))]
    pub async fn save_appointment(
        &self,
        meeting: Meeting,
        minutes: u32,
        time: Option<String>,
        since: Option<String>,
    ) -> Result<Resource> {
        let order = order(&meeting, minutes, time.as_deref(), since.as_deref())?;
        let saved = |caseline: caseline::Caseline| async move {
            let agenda = caseline.agenda(order)?;
            let created = caseline.save_appointment(&agenda).await.map_err(Error::from)?;
            Ok(Resource::from(created.stored))
        };
        self.client().call(saved).await
    }

    /// Records a message that a meeting decided on in one of its cases. `decision` is an event id that the caller chose: the same
    /// again is answered as it was first.
    ///
    /// # Errors
    /// `InvalidInput` (`case-of-others`), and those of `send`.
    #[uniffi::method(default(priority = None, decision = None))]
    pub async fn decide_message(
        &self,
        meeting: Meeting,
        case_id: String,
        text: String,
        priority: Option<MessagePriority>,
        decision: Option<String>,
    ) -> Result<EventKey> {
        let mut message = caseline::Message::text(text);
        if let Some(priority) = priority {
            message = message.priority(priority.into());
        }
        self.decide(&meeting, &case_id, decision.as_deref(), Decision::Message(message)).await
    }

    /// Records a task that a meeting decided on in one of its cases: as `assign` does.
    ///
    /// # Errors
    /// `InvalidInput` (`case-of-others`), and those of `assign`.
    #[allow(clippy::too_many_arguments, reason = "named and with defaults in every language that calls it")]
    #[uniffi::method(default(owner = None, pool = None, organization = None, detail = None, priority = None, decision = None))]
    pub async fn decide_task(
        &self,
        meeting: Meeting,
        case_id: String,
        title: String,
        due: String,
        owner: Option<String>,
        pool: Option<String>,
        organization: Option<String>,
        detail: Option<String>,
        priority: Option<MessagePriority>,
        decision: Option<String>,
    ) -> Result<EventKey> {
        let to = task_to(owner.as_deref(), organization.as_deref(), pool.as_deref())?;
        let due: caseline::task::TaskDue = parsed(&due, "due")?;
        let mut task = caseline::Task::new(title).owner(to).due(due);
        if let Some(detail) = detail {
            task = task.detail(detail);
        }
        if let Some(priority) = priority {
            task = task.priority(priority.into());
        }
        self.decide(&meeting, &case_id, decision.as_deref(), Decision::Task(task)).await
    }
}

impl Caseline {
    async fn decide(
        &self,
        meeting: &Meeting,
        case: &str,
        decision: Option<&str>,
        what: Decision,
    ) -> Result<EventKey> {
        let (meeting, case) = (meeting.parsed()?, parsed::<CaseId>(case, "case_id")?);
        let decision = decision.map(|id| parsed::<EventId>(id, "decision")).transpose()?;
        let decided = move |caseline: &caseline::Caseline| {
            Ok(EventKey::from(&caseline.decide(&meeting, case, decision, what)?))
        };
        self.client().local(decided).await
    }
}
