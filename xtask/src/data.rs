//! `cargo xtask data`: records that others made, into the cache.

use std::process::ExitCode;

use caseline_backend::Population;
use lexopt::{Arg, Parser, ValueExt};

use crate::Failure;

/// More than this is no sample any more: a person is some 3 MB.
const MOST_PEOPLE: u32 = 10_000;

pub(crate) fn run(parser: &mut Parser) -> Result<ExitCode, Failure> {
    let (mut source, mut people, mut seed) = (None, None, 1_i64);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Value(name) if source.is_none() => source = Some(name.string()?),
            Arg::Long("people") => {
                let number = parser.value()?.parse::<u32>()?;
                if !(1..=MOST_PEOPLE).contains(&number) {
                    return Err(Failure::Usage(format!("--people is a number from 1 to {MOST_PEOPLE}")));
                }
                people = Some(number);
            }
            Arg::Long("seed") => seed = parser.value()?.parse()?,
            other => return Err(crate::unexpected(other)),
        }
    }
    match source.as_deref() {
        Some("synthea") => {}
        Some(other) => return Err(Failure::Usage(format!("there is no source {other}; there is: synthea"))),
        None => return Err(Failure::Usage("a source is missing; there is: synthea".into())),
    }
    let people = people.ok_or_else(|| Failure::Usage("--people N is missing".into()))?;
    let population = Population::make(people, seed)?;
    let count = population.people.len();
    eprintln!(
        "{count} people, {people} of them living; import hospitals first, then practitioners, then people."
    );
    println!("{}", population.folder.display());
    Ok(ExitCode::SUCCESS)
}
