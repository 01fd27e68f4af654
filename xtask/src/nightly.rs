//! `cargo xtask nightly`: what takes too long for `test`, in steps that say how long they took.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use caseline_backend::{Step, seconds};

use crate::Failure;
use crate::run::{check, root};

/// How long each fuzz target runs.
const SECONDS: u32 = 60;

/// The longest input that is tried.
const LONGEST: u32 = 8192;

const TARGETS: [&str; 1] = ["reading"];

pub(crate) fn run() -> Result<ExitCode, Failure> {
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
    let mut times = Vec::new();
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
