//! A synthetic resource of every type that the workflow writes, with every element that it can set, and what their lives make
//! of them.

mod care;
mod papers;
mod people;
mod work;

use jiff::civil::Date;

use crate::Result;
use crate::fhir::workflow::{Concept, Identifier, Note, Reference, Time};

/// Resources by a name that says what they are, each as text that was just written. All of it is synthetic.
///
/// # Errors
/// What breaks a rule: then something here is wrong.
pub fn shapes() -> Result<Vec<(&'static str, String)>> {
    let mut all = Vec::new();
    all.extend(people::people()?);
    all.extend(care::teams()?);
    all.extend(care::plans()?);
    all.extend(care::messages()?);
    all.extend(work::work()?);
    all.extend(work::visits()?);
    all.extend(papers::papers()?);
    Ok(all)
}

fn name(value: &str) -> Identifier {
    Identifier::new("urn:synthetic:names", value)
}

fn at(text: &str) -> Result<Time> {
    text.parse()
}

fn day(year: i16, month: i8, day: i8) -> Option<Date> {
    Date::new(year, month, day).ok()
}

fn marty() -> Reference {
    Reference::to("Patient/synthetic-marty").display("Marty Specimen")
}

fn jane() -> Reference {
    Reference::identified("Practitioner", name("jane")).display("Jane Sample")
}

fn joe() -> Reference {
    Reference::identified("Practitioner", name("joe")).display("Joe Sample")
}

fn cp() -> Reference {
    Reference::identified("Organization", name("cp")).display("Example Community Partner")
}

fn aco() -> Reference {
    Reference::identified("Organization", name("aco")).display("Example ACO")
}

fn words(text: &str) -> Concept {
    Concept::text(text)
}

fn note(text: &str) -> Result<Note> {
    Ok(Note { author: Some(jane()), time: Some(at("2019-03-01T10:00:00-05:00")?), text: text.into() })
}
