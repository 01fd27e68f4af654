//! What becomes of a record: it is told to the cases of its member, or it waits.

use std::collections::HashSet;

use caseline::alert::AlertRaised;
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
    /// Nobody of that number, or of that name and date of birth, has a case.
    NoCase,
    /// A person has to say whether it is the member of one of these cases.
    ToConfirm(Vec<CaseId>),
    /// It cannot be read, or may not be told: a code, and what to do.
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
        match &input.member {
            Some(number) => self.numbers.contains(number),
            None => input.birth_date.is_some_and(|born| self.born.contains(&born)),
        }
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
        Became::Refused(..) => 5,
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
            return Ok(Became::Refused(code.into(), text.into()));
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
    for case in &outcome.proposed {
        if is_confirmed(caseline, *case, input)? {
            return Ok(Became::Known);
        }
    }
    Ok(if outcome.proposed.is_empty() { Became::NoCase } else { Became::ToConfirm(outcome.proposed) })
}

/// Whether a person has told this case of it since.
fn is_confirmed(caseline: &Caseline, case: CaseId, input: &AlertInput) -> Result<bool, Error> {
    let state = caseline.case(case)?.state()?;
    let stay = state.alerts.stay(&input.alert.stay.id());
    let same = |told: &AlertRaised| told.what == input.alert.what && told.cancels == input.alert.cancels;
    Ok(stay.is_some_and(|stay| stay.alerts.iter().any(|(told, _)| same(told))))
}
