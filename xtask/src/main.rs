//! The commands of the working day, alike on a developer's machine and in CI: `cargo xtask`.

mod bench;
mod bindings;
mod data;
mod demo;
mod layers;
mod lint;
mod nightly;
mod run;
mod test;
mod up;

use std::process::ExitCode;

use lexopt::{Arg, Parser, ValueExt};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  demo [ARGUMENTS]          play the story; --help shows the demo's own arguments
  up [--json] [--no-fhir]   start the local servers and keep them until Ctrl-C
  data synthea --people N [--seed S]
                            make so many people who do not exist, with their records, and print the folder
  test [STEP ...]           run all tests, or these steps of them; --list shows the steps
  nightly [--seed S]        what takes too long for test: a minute of fuzzing, and clients driven against each other at random
  bench                     measure reading and writing, beside serde_json and Python's fhir.resources
  bindings                  build the Python package and print its folder, for PYTHONPATH
  lint                      formatting, clippy, layers, and cargo deny
  layers                    check which part may name which, and what the pure part depends on
";

fn main() -> ExitCode {
    let mut parser = Parser::from_env();
    match command(&mut parser) {
        Ok(code) => code,
        Err(Failure::Help) => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Err(Failure::Usage(problem)) => {
            eprintln!("{problem}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(Failure::Work(problem)) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was asked what there is.
    Help,
    /// It was called wrongly.
    Usage(String),
    /// It was called rightly and failed.
    Work(String),
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<caseline_backend::Error> for Failure {
    fn from(error: caseline_backend::Error) -> Self {
        Self::Work(error.to_string())
    }
}

fn command(parser: &mut Parser) -> Result<ExitCode, Failure> {
    let Some(first) = parser.next()? else {
        return Err(Failure::Usage("a command is missing".into()));
    };
    match first {
        Arg::Value(command) => match command.string()?.as_str() {
            "data" => data::run(parser),
            "demo" => demo::run(parser),
            "up" => up::run(parser),
            "test" => test::run(parser),
            "nightly" => nightly::run(parser),
            "bench" => no_arguments(parser).and_then(|()| bench::run()),
            "bindings" => no_arguments(parser).and_then(|()| bindings::run()),
            "lint" => no_arguments(parser).and_then(|()| lint::run()),
            "layers" => no_arguments(parser).and_then(|()| layers::run()),
            "help" => help(),
            other => Err(Failure::Usage(format!("there is no command {other}"))),
        },
        Arg::Long("help") | Arg::Short('h') => help(),
        other => Err(other.unexpected().into()),
    }
}

/// What a command does not know; a question for help is answered, wherever it stands.
pub(crate) fn unexpected(argument: Arg<'_>) -> Failure {
    match argument {
        Arg::Long("help") | Arg::Short('h') => Failure::Help,
        other => other.unexpected().into(),
    }
}

fn no_arguments(parser: &mut Parser) -> Result<(), Failure> {
    match parser.next()? {
        None => Ok(()),
        Some(other) => Err(unexpected(other)),
    }
}

#[allow(clippy::unnecessary_wraps)] // It is one of the commands.
fn help() -> Result<ExitCode, Failure> {
    print!("{USAGE}");
    Ok(ExitCode::SUCCESS)
}
