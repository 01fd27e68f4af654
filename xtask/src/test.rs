//! `cargo xtask test`: everything that must be true, in steps that say how long they took.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use caseline_backend::{
    Cache, Population, Step, Validator, install_fhir_server, install_r4_examples, install_synapse, seconds,
};
use lexopt::{Arg, Parser, ValueExt};

use crate::run::{EVERYTHING, cargo, check, check_build_tools};
use crate::{Failure, bindings};

/// One part of the tests.
struct Part {
    name: &'static str,
    title: &'static str,
    run: fn() -> Result<(), Failure>,
}

/// In this order: what fails quickest comes first.
const PARTS: [Part; 6] = [
    Part { name: "pure", title: "Testing the pure part, without servers or adapters", run: pure },
    Part { name: "examples", title: "Reading and changing FHIR R4's own examples", run: examples },
    Part { name: "servers", title: "Installing the servers that the tests start", run: servers },
    Part { name: "build", title: "Building everything", run: build },
    Part { name: "rust", title: "Testing everything", run: rust },
    Part { name: "bindings", title: "Testing the bindings", run: bindings::test },
];

fn pure() -> Result<(), Failure> {
    check(cargo(&["test", "--package", "caseline", "--no-default-features", "--features", "testing"])?)
}

fn examples() -> Result<(), Failure> {
    install_r4_examples(&Cache::open()?)?;
    // With the features of the pure part, so that nothing is built for it.
    check(cargo(&[
        "test",
        "--package",
        "caseline",
        "--no-default-features",
        "--features",
        "testing",
        "--test",
        "r4_examples",
    ])?)
}

fn servers() -> Result<(), Failure> {
    let cache = Cache::open()?;
    install_synapse(&cache)?;
    install_fhir_server(&cache)?;
    Validator::install()?;
    // Those who are imported, and of whom the demo plays one.
    Population::make(6, 1)?;
    Ok(())
}

fn build() -> Result<(), Failure> {
    check_build_tools()?;
    // The programs too: live tests start the drivers and bots, and cargo does not build those for them.
    check(cargo(&EVERYTHING)?)
}

fn rust() -> Result<(), Failure> {
    check(cargo(&["test"])?)
}

pub(crate) fn run(parser: &mut Parser) -> Result<ExitCode, Failure> {
    let mut chosen = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("list") => {
                for part in &PARTS {
                    println!("{:<10}{}", part.name, part.title);
                }
                return Ok(ExitCode::SUCCESS);
            }
            Arg::Value(name) => {
                let name = name.string()?;
                if PARTS.iter().all(|part| part.name != name) {
                    return Err(Failure::Usage(format!("the tests have no step {name}; --list shows them")));
                }
                chosen.push(name);
            }
            other => return Err(crate::unexpected(other)),
        }
    }
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let begun = Instant::now();
    for part in &PARTS {
        if !chosen.is_empty() && chosen.iter().all(|name| name != part.name) {
            continue;
        }
        let step = Step::start(part.title);
        (part.run)()?;
        times.push((part.title, step.done()));
    }
    eprintln!("\nAll tests passed:");
    for (title, time) in times {
        eprintln!("  {:>12}  {title}", seconds(time));
    }
    eprintln!("  {:>12}  in all", seconds(begun.elapsed()));
    Ok(ExitCode::SUCCESS)
}
