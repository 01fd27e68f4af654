//! `cargo xtask nightly`: what takes too long for `test`, in steps that say how long they took.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use caseline_backend::{Step, seconds};
use lexopt::{Arg, Parser, ValueExt};

use crate::run::{check, check_build_tools, root};
use crate::{Failure, demo, unexpected};

/// How long each fuzz target runs.
const SECONDS: u32 = 60;

/// The longest input that is tried.
const LONGEST: u32 = 8192;

const TARGETS: [&str; 1] = ["reading"];

/// How many times clients are driven against each other at random, and for how many seconds each.
const DRIVES: u64 = 3;
const DRIVEN: &str = "180";

/// The seed of the first, and how it was chosen: another each day.
fn seed(parser: &mut Parser) -> Result<u64, Failure> {
    match parser.next()? {
        None => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Ok(since.as_secs() / (24 * 60 * 60) * DRIVES)
        }
        Some(Arg::Long("seed")) => Ok(parser.value()?.parse()?),
        Some(other) => Err(unexpected(other)),
    }
}

pub(crate) fn run(parser: &mut Parser) -> Result<ExitCode, Failure> {
    let seed = seed(parser)?;
    let mut times = Vec::new();
    check_build_tools()?;
    let demo = Step::run("Building the demo, its drivers and bots", demo::build)?;
    for seed in (seed..).take(usize::try_from(DRIVES).unwrap_or(1)) {
        let step = Step::start(format!("Driving clients against each other at random, from the seed {seed}"));
        let mut command = Command::new(&demo);
        command.args(["--steps", "100000", "--for", DRIVEN, "--random"]).arg(seed.to_string());
        check(command)?;
        times.push((format!("driving at random from the seed {seed}"), step.done()));
    }
    if !runs(&["+nightly", "--version"]) {
        let hint = "install it with `rustup toolchain install nightly`";
        return Err(Failure::Work(format!("the nightly toolchain, which fuzzing needs, is missing: {hint}")));
    }
    if !runs(&["fuzz", "--version"]) {
        Step::run("Installing cargo-fuzz", || {
            check(cargo(&["install", "--locked", "cargo-fuzz"], &root()?))
        })?;
    }
    let fuzz = root()?.join("fuzz");
    for target in TARGETS {
        let build = Step::start(format!("Building the fuzz target {target}"));
        check(cargo(&["+nightly", "fuzz", "build", target], &fuzz))?;
        times.push((format!("building {target}"), build.done()));
        // What is found goes here; what is committed is only read.
        let found = fuzz.join("target/corpus").join(target);
        fs::create_dir_all(&found).map_err(|error| Failure::Work(format!("{}: {error}", found.display())))?;
        let step = Step::start(format!("Fuzzing {target} for {SECONDS} s"));
        let mut command = cargo(&["+nightly", "fuzz", "run", target], &fuzz);
        command.arg(&found).arg(fuzz.join("corpus").join(target));
        command.arg("--").arg(format!("-max_total_time={SECONDS}")).arg(format!("-max_len={LONGEST}"));
        check(command)?;
        times.push((format!("fuzzing {target}"), step.done()));
    }
    eprintln!("\nNothing was found:");
    for (title, time) in times {
        eprintln!("  {:>12}  {title}", seconds(time));
    }
    Ok(ExitCode::SUCCESS)
}

/// Cargo by its name, since the one that runs us is of another toolchain.
fn cargo(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command
}

fn runs(arguments: &[&str]) -> bool {
    let mut command = cargo(arguments, Path::new("."));
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
