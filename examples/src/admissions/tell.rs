//! What becomes of a record: it is told to the cases of its member, or it waits.

use std::collections::HashSet;

use caseline::alert::{AlertRaised, Happening};
use caseline::id::{CaseId, MemberId};
use caseline::{AlertInput, Caseline, Error};
use jiff::civil::Date;

use super::Record;

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// It says nothing that cases are told of.
    Nothing,
    /// The cases knew it already.
    Known,
    /// It was told.
    Told,
    /// Nobody of that number, nor of that name and date of birth, has a case.
    NoCase,
    /// A person has to say whether it is the member of one of these cases.
    ToConfirm(Vec<CaseId>),
    /// It may not be told now: a code, and why.
    Held(String, String),
    /// It cannot be read: a code, and what to do.
    Refused(String, String),
}

/// Whose cases there are, so that of a long table only a few rows are looked for.
pub struct Members {
    numbers: HashSet<MemberId>,
    born: HashSet<Date>,
}

impl Members {
    /// Those of the cases that go on.
    ///
    /// # Errors
    /// Those of reading a case.
    pub fn of(caseline: &Caseline) -> Result<Self, Error> {
        let mut members = Self { numbers: HashSet::new(), born: HashSet::new() };
        for case in caseline.cases()? {
            let state = case.state()?;
            let member = state.life.going_on().ok().and_then(|opening| opening.member.as_ref());
            if let Some(member) = member {
                members.numbers.insert(member.id.clone());
                members.born.insert(member.birth_date);
            }
        }
        Ok(members)
    }

    fn may_have(&self, input: &AlertInput) -> bool {
        // A number that no case knows proposes by what is beside it: a hospital has numbers of its own.
        let by_name =
            || input.name.is_some() && input.birth_date.is_some_and(|born| self.born.contains(&born));
        input.member.as_ref().is_some_and(|number| self.numbers.contains(number)) || by_name()
    }
}

/// Tells what a record says. The same again is told once.
///
/// # Errors
/// Those after which it is tried again: what cannot be told at all is [`Became::Refused`].
pub fn tell(caseline: &Caseline, members: &Members, record: &Record) -> Result<Became, Error> {
    let inputs = match &record.read {
        Ok(inputs) => inputs,
        Err(unread) => return Ok(Became::Refused("unread".into(), unread.to_string())),
    };
    let mut worst = Became::Nothing;
    for input in inputs {
        let became = tell_one(caseline, members, input)?;
        if weight(&became) > weight(&worst) {
            worst = became;
        }
    }
    Ok(worst)
}

/// A record of two stands where the one of them that is further from being told has to be looked for.
fn weight(became: &Became) -> u8 {
    match became {
        Became::Nothing => 0,
        Became::Known => 1,
        Became::Told => 2,
        Became::NoCase => 3,
        Became::ToConfirm(_) => 4,
        Became::Held(..) => 5,
        Became::Refused(..) => 6,
    }
}

fn tell_one(caseline: &Caseline, members: &Members, input: &AlertInput) -> Result<Became, Error> {
    if !members.may_have(input) {
        return Ok(Became::NoCase);
    }
    let outcome = match caseline.raise_alert(input) {
        Ok(outcome) => outcome,
        Err(Error::NotAllowed { reasons }) => {
            let text = reasons.first().map_or("it may not be told", |reason| &reason.text);
            let code = reasons.first().map_or("not-allowed", |reason| &reason.code);
            return Ok(Became::Held(code.into(), text.into()));
        }
        Err(error @ (Error::InvalidInput(_) | Error::Conflict { .. })) => {
            return Ok(Became::Refused(error.code().into(), error.to_string()));
        }
        Err(error) => return Err(error),
    };
    if !outcome.raised.is_empty() {
        return Ok(Became::Told);
    }
    if !outcome.known.is_empty() {
        return Ok(Became::Known);
    }
    let mut open = outcome.proposed;
    for case in open.clone() {
        if let Some(number) = confirmed(caseline, case, input)? {
            // It is this member, and nobody else's: of the others only those of the same member are still to be told.
            let mut theirs = Vec::new();
            for other in open {
                if of_member(caseline, other, &number)? && confirmed(caseline, other, input)?.is_none() {
                    theirs.push(other);
                }
            }
            return Ok(if theirs.is_empty() { Became::Known } else { Became::ToConfirm(theirs) });
        }
    }
    if open.is_empty() {
        return Ok(Became::NoCase);
    }
    open.sort_unstable();
    Ok(Became::ToConfirm(open))
}

/// Whose case it is, if a person told it the same since, and nothing takes it back.
fn confirmed(caseline: &Caseline, case: CaseId, input: &AlertInput) -> Result<Option<MemberId>, Error> {
    let state = caseline.case(case)?.state()?;
    let alert = &input.alert;
    let same = |told: &AlertRaised| {
        (told.what, told.cancels, told.at, told.class) == (alert.what, alert.cancels, alert.at, alert.class)
    };
    let Some(stay) = state.alerts.stay(&alert.stay.id()) else { return Ok(None) };
    let Some(place) = stay.alerts.iter().position(|(told, _)| same(told)) else { return Ok(None) };
    let back = |told: &AlertRaised| {
        told.what == Happening::Cancelled && told.cancels.is_none_or(|cancelled| cancelled == alert.what)
    };
    if stay.alerts.iter().skip(place + 1).any(|(told, _)| back(told)) {
        return Ok(None);
    }
    let member = state.opening().and_then(|opening| opening.member.as_ref());
    Ok(member.map(|member| member.id.clone()))
}

fn of_member(caseline: &Caseline, case: CaseId, number: &MemberId) -> Result<bool, Error> {
    let state = caseline.case(case)?.state()?;
    Ok(state.opening().and_then(|opening| opening.member.as_ref()).is_some_and(|member| member.id == *number))
}
