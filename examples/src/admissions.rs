//! Admissions out of a folder into which a hospital or the state puts its messages: HL7 v2, a table, or a FHIR notification.
//!
//! What is in a file is a *record*: a row of a table, or the whole message. Each is told to the cases of its member, and says what
//! became of it. A record that is not told waits in a folder of the keeper's own until it is, or until somebody takes it away:
//!
//! | folder       | what is in it                                                                                             |
//! |--------------|-----------------------------------------------------------------------------------------------------------|
//! | `taking`     | what was taken out of the feed's folder and not told yet                                                  |
//! | `to-confirm` | found by name and date of birth, and no case has its number: a person raises it there, then it goes       |
//! | `no-case`    | of nobody who has a case: looked at again whenever there are other cases, and each hour                   |
//! | `held`       | what was not allowed, with the reason in a `.txt` beside it: tried again likewise                         |
//! | `refused`    | what cannot be read, likewise; it is not tried again                                                      |
//! | `done`       | the files as they came, in plain text: they are for whoever runs the bot to remove                        |
//!
//! No name of a file says anything: each is the SHA-256 of what is in it, or a number of ours.

mod folder;
mod hl7;
mod line;
mod notification;
mod table;
mod tell;

use std::path::PathBuf;

use caseline::AlertInput;
use caseline::alert::{AlertRaised, Happening, Matched, StayClass, StayKey};
use caseline::communication::Priority;
use caseline::id::MemberId;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use folder::{Folder, Looked, Trouble};
pub use tell::{Became, tell};

/// What is known of a feed besides what its messages say.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Where its files are put: the feed's, in which the keeper makes nothing and takes everything away.
    pub folder: PathBuf,
    /// Where what waits and what is done is kept: the keeper's alone.
    pub kept: PathBuf,
    /// What it is called, for people.
    pub source: String,
    /// The system of the members' numbers, as the cases have them.
    pub member_system: String,
    /// The time zone of what it says without one.
    pub zone: TimeZone,
    /// Who gives out the members' numbers (HL7 v2: PID-3.4 of a number of type MA). None: it is not looked at.
    pub authorities: Vec<String>,
    /// The payers (HL7 v2: IN1-3 or IN1-4) whose policy number (IN1-36) is that number.
    pub payers: Vec<String>,
}

/// Why something cannot be read. It holds nothing of what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Unread {
    /// Where: a column, a field of a segment, an element.
    pub field: &'static str,
    /// What is wrong there.
    pub problem: &'static str,
}

impl Unread {
    fn new(field: &'static str, problem: &'static str) -> Self {
        Self { field, problem }
    }
}

/// What a record says, in the order in which it happened. None: nothing that cases are told of.
pub type Read = Result<Vec<AlertInput>, Unread>;

/// A row of a table, or a message. `Debug` shows none of it.
pub struct Record {
    /// Its text, which can stand in a file by itself.
    pub text: String,
    /// What it says.
    pub read: Read,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Record(…)")
    }
}

/// The form of a file, which is the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `.csv`: a table with a line of headings (RFC 4180).
    Table,
    /// `.hl7`: HL7 v2 ADT messages, one after another, in a batch (FHS, BHS) or with MLLP's marks around them too.
    Hl7,
    /// `.json`: a message Bundle of Da Vinci's notifications, as it is posted to `$process-message`.
    Notification,
}

impl Form {
    /// The end of the name of a file of this form.
    pub fn end(self) -> &'static str {
        match self {
            Self::Table => "csv",
            Self::Hl7 => "hl7",
            Self::Notification => "json",
        }
    }

    fn of(end: &str) -> Option<Self> {
        [Self::Table, Self::Hl7, Self::Notification].into_iter().find(|form| form.end() == end)
    }

    /// The records of a text.
    pub fn read(self, text: &str, feed: &Feed) -> Vec<Record> {
        let one = |read| vec![Record { text: text.to_owned(), read }];
        match self {
            Self::Table => table::read(text, feed).unwrap_or_else(|unread| one(Err(unread))),
            Self::Hl7 => {
                let messages = hl7::messages(text);
                messages.into_iter().map(|text| Record { read: hl7::read(&text, feed), text }).collect()
            }
            Self::Notification => one(notification::read(text, feed)),
        }
    }
}

/// Whom a record is of.
#[derive(Default)]
struct Of {
    number: Option<String>,
    name: Option<String>,
    birth_date: Option<Date>,
}

/// What a record says of a stay.
struct Said {
    facility: String,
    facility_name: Option<String>,
    visit: String,
    class: StayClass,
    message: Option<String>,
}

impl Feed {
    fn input(
        &self,
        of: &Of,
        said: &Said,
        what: Happening,
        cancels: Option<Happening>,
        at: Timestamp,
    ) -> Result<AlertInput, Unread> {
        let number = of.number.as_deref().map(str::trim).filter(|number| !number.is_empty());
        let member = number.map(|number| MemberId::from_parts(&self.member_system, number)).transpose();
        let member = member.map_err(|_| Unread::new("member", "is a number without spaces"))?;
        if member.is_none() && (of.name.is_none() || of.birth_date.is_none()) {
            return Err(Unread::new("member", "has neither a number nor a name with a date of birth"));
        }
        Ok(AlertInput {
            member,
            name: of.name.clone(),
            birth_date: of.birth_date,
            alert: AlertRaised {
                stay: StayKey::Named { facility: said.facility.clone(), visit: said.visit.clone() },
                what,
                cancels,
                at,
                class: said.class,
                facility_name: said.facility_name.clone(),
                source: self.source.clone(),
                message: said.message.clone(),
                matched: Matched::ByMemberId,
                priority: urgency(what),
            },
        })
    }
}

/// Somebody who comes in is to be heard of soon.
fn urgency(what: Happening) -> Priority {
    match what {
        Happening::Admitted | Happening::EdVisit => Priority::Urgent,
        _ => Priority::Routine,
    }
}

#[cfg(test)]
mod tests;
