//! Alerts: what happened to a member, the joint visits and the follow-ups.

use std::time::SystemTime;

use caseline::alert;
use caseline::care_team;
use caseline::error::InvalidInput;
use caseline::outreach::Outreach;

use crate::error::{Result, parsed};
use crate::message::MessagePriority;
use crate::models::EventKey;
use crate::state::Whom;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Happening {
    /// A visit to an emergency department.
    EdVisit,
    /// The member was admitted.
    Admitted,
    /// To another ward or hospital.
    Transferred,
    /// The member left.
    Discharged,
    /// What was told before did not happen.
    Cancelled,
}

impl From<Happening> for alert::Happening {
    fn from(what: Happening) -> Self {
        match what {
            Happening::EdVisit => Self::EdVisit,
            Happening::Admitted => Self::Admitted,
            Happening::Transferred => Self::Transferred,
            Happening::Discharged => Self::Discharged,
            Happening::Cancelled => Self::Cancelled,
        }
    }
}

/// Of what class a stay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum StayClass {
    /// A bed in a hospital.
    Inpatient,
    /// An emergency department.
    Emergency,
}

impl From<StayClass> for alert::StayClass {
    fn from(class: StayClass) -> Self {
        match class {
            StayClass::Inpatient => Self::Inpatient,
            StayClass::Emergency => Self::Emergency,
        }
    }
}

/// An admission, a discharge, a transfer, an emergency visit, or that one was cancelled, as a feed or a host tells it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Alert {
    /// The facility, as its feed names it.
    pub facility: String,
    /// Its number for the stay: what is told of the same number is of one stay.
    pub visit: String,
    /// What happened.
    pub what: Happening,
    /// When it happened: the date from which deadlines count, however late the alert arrives.
    pub at: SystemTime,
    /// Of what class the stay is since then.
    pub stay_class: StayClass,
    /// Who says so: the name of a feed, or of a person who called.
    pub source: String,
    /// Of `Cancelled`: what did not happen. Nothing: the whole stay.
    #[uniffi(default = None)]
    pub cancels: Option<Happening>,
    /// The facility's name, for people.
    #[uniffi(default = None)]
    pub facility_name: Option<String>,
    /// The message's own id in that feed.
    #[uniffi(default = None)]
    pub message_id: Option<String>,
    /// How urgent it is to hear of it; nothing is `Routine`.
    #[uniffi(default = None)]
    pub priority: Option<MessagePriority>,
}

impl Alert {
    /// The same in the core's words, matched in this way.
    pub(crate) fn raised(self, matched: alert::Matched) -> Result<alert::AlertRaised> {
        Ok(alert::AlertRaised {
            stay: alert::StayKey::Named { facility: self.facility, visit: self.visit },
            what: self.what.into(),
            cancels: self.cancels.map(Into::into),
            at: instant(self.at, "at")?,
            class: self.stay_class.into(),
            facility_name: self.facility_name,
            source: self.source,
            message: self.message_id,
            matched,
            priority: self.priority.map_or_else(Default::default, Into::into),
        })
    }
}

/// What became of an alert.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AlertOutcome {
    /// The cases that were told, and by which event.
    pub raised: Vec<RaisedAlert>,
    /// The cases that knew it already.
    pub known: Vec<String>,
    /// The cases whose member has that name and date of birth: nothing was sent, a person confirms it by `Case.raise_alert`.
    pub proposed: Vec<String>,
}

/// A case that was told of an alert.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RaisedAlert {
    /// The case.
    pub case: String,
    /// The event.
    pub key: EventKey,
}

impl From<caseline::AlertOutcome> for AlertOutcome {
    fn from(outcome: caseline::AlertOutcome) -> Self {
        let raised = outcome.raised.iter();
        let texts = |cases: &[caseline::id::CaseId]| cases.iter().map(ToString::to_string).collect();
        Self {
            raised: raised
                .map(|(case, key)| RaisedAlert { case: case.to_string(), key: EventKey::from(key) })
                .collect(),
            known: texts(&outcome.known),
            proposed: texts(&outcome.proposed),
        }
    }
}

/// What somebody answers to a proposed visit.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum VisitAnswer {
    /// They come.
    Accept,
    /// They do not. Of whoever proposed it: it is called off.
    Decline {
        /// Why.
        reason: String,
    },
    /// Another time, which everybody else answers anew.
    Move {
        /// When instead.
        to: SystemTime,
    },
}

impl VisitAnswer {
    pub(crate) fn known(self) -> Result<alert::Answer> {
        Ok(match self {
            Self::Accept => alert::Answer::Accept,
            Self::Decline { reason } => alert::Answer::Decline { reason },
            Self::Move { to } => alert::Answer::Move { to: instant(to, "to")? },
        })
    }
}

/// A stay in a hospital, or a visit to an emergency department: everything that was told of it is one.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Stay {
    /// Its id in this case.
    pub stay: String,
    /// `in-progress`, `finished` or `cancelled`.
    pub status: String,
    /// `inpatient` or `emergency`.
    pub stay_class: String,
    /// The facility; nothing where it is withheld.
    pub facility: Option<String>,
    /// When it began, as far as anybody told.
    pub began: Option<SystemTime>,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// The clock of its follow-up, once it runs.
    pub clock: Option<String>,
    /// From which date that counts: the programme's own, however late it was told.
    pub counts_from: Option<SystemTime>,
    /// The contact who followed up so that the clock stopped.
    pub followed_up_by: Option<String>,
    /// How often it was told, each thing once.
    pub told: u32,
}

impl Stay {
    pub(crate) fn of(stay: &alert::Stay, outreach: &Outreach) -> Self {
        let clock = stay.clock();
        Self {
            stay: stay.id.to_string(),
            status: stay.status().code().to_owned(),
            stay_class: stay.class().code().to_owned(),
            facility: stay.facility().map(str::to_owned),
            began: stay.began().map(SystemTime::from),
            ended: stay.ended().map(SystemTime::from),
            clock: clock.map(|clock| clock.name.to_owned()),
            counts_from: clock.map(|clock| clock.from.into()),
            followed_up_by: alert::followed_up(stay, outreach).map(|by| by.by.to_string()),
            told: u32::try_from(stay.things_told()).unwrap_or(u32::MAX),
        }
    }
}

/// A joint visit.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Visit {
    /// The id of the event that proposed it.
    pub visit: String,
    /// Because of which stay.
    pub stay: String,
    /// When, as it was last moved.
    pub at: SystemTime,
    /// Where.
    pub place: Option<String>,
    /// The contact who proposed it.
    pub by: String,
    /// `waiting`, `settled`, `declined` or `called-off`.
    pub status: String,
    /// Everybody who is asked: who proposed it, then the others.
    pub asked: Vec<Asked>,
}

/// Somebody who is asked to come.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Asked {
    /// Who.
    pub contact: String,
    /// Their organisation.
    pub organization: String,
    /// `waiting`, `accepted` or `declined`.
    pub answer: String,
    /// Why they do not come.
    pub reason: Option<String>,
}

impl From<&alert::Visit> for Visit {
    fn from(visit: &alert::Visit) -> Self {
        let asked = |asked: &alert::Asked| Asked {
            contact: asked.whom.contact.to_string(),
            organization: asked.whom.organization.to_string(),
            answer: asked.answer.code().to_owned(),
            reason: match &asked.answer {
                alert::Answered::Declined { reason, .. } => Some(reason.clone()),
                _ => None,
            },
        };
        Self {
            visit: visit.proposed.id.to_string(),
            stay: visit.stay.to_string(),
            at: visit.at.into(),
            place: visit.place.clone(),
            by: visit.by.contact.to_string(),
            status: visit.status().code().to_owned(),
            asked: visit.asked.iter().map(asked).collect(),
        }
    }
}

/// Who is asked to come, in the core's words.
pub(crate) fn whom(others: Vec<Whom>) -> Result<Vec<care_team::Whom>> {
    others
        .into_iter()
        .map(|whom| {
            Ok(care_team::Whom {
                contact: parsed(&whom.contact, "others.contact")?,
                organization: parsed(&whom.organization, "others.organization")?,
            })
        })
        .collect()
}

pub(crate) fn instant(at: SystemTime, field: &str) -> Result<jiff::Timestamp> {
    let wrong = || InvalidInput::new("invalid-time", "a time of the years 1 to 9999").field(field);
    let at = jiff::Timestamp::try_from(at).map_err(|_| wrong())?;
    // FHIR's calendar begins with the year 1.
    if at.to_zoned(jiff::tz::TimeZone::UTC).year() < 1 { Err(wrong().into()) } else { Ok(at) }
}
