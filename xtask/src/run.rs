//! Running cargo and looking for what a build needs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Failure;

/// The folder of the workspace.
pub(crate) fn root() -> Result<PathBuf, Failure> {
    let start =
        std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).or_else(|| std::env::current_dir().ok());
    let found = start
        .iter()
        .flat_map(|start| start.ancestors())
        .find(|folder| folder.join("xtask/Cargo.toml").exists());
    found.map(PathBuf::from).ok_or_else(|| Failure::Work("run this inside the repository".into()))
}

/// How everything is built: programs, libraries and tests in one go, so that cargo gives all of them the same dependencies
/// and builds each once.
pub(crate) const EVERYTHING: [&str; 4] = ["build", "--lib", "--bins", "--tests"];

/// A cargo command in the workspace. In CI the lock file must fit: what is tested is what was committed.
pub(crate) fn cargo(arguments: &[&str]) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let (first, rest) = arguments.split_first().unwrap_or((&"help", &[]));
    command.arg(first);
    if std::env::var_os("CI").is_some() && *first != "fmt" {
        command.arg("--locked");
    }
    command.args(rest).current_dir(root()?).stdin(Stdio::null());
    Ok(command)
}

/// Runs a command to its end; it prints for itself.
pub(crate) fn check(mut command: Command) -> Result<(), Failure> {
    let told = told(&command);
    let status = command.status().map_err(|error| Failure::Work(format!("{told}: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::Work(format!("{told} failed"))) }
}

/// Runs a command to its end and returns what it printed.
pub(crate) fn output(mut command: Command) -> Result<String, Failure> {
    let told = told(&command);
    let answer = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::Work(format!("{told}: {error}")))?;
    if answer.status.success() {
        Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
    } else {
        Err(Failure::Work(format!("{told} failed")))
    }
}

fn told(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let mut words = vec![program.file_stem().unwrap_or_default().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Fails with one line that says what to install, before a long build fails with many that do not.
pub(crate) fn check_build_tools() -> Result<(), Failure> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let tools = [("A C compiler", compiler.as_str()), ("make", "make"), ("Perl", "perl")];
    for (name, program) in tools {
        let there = Command::new(program)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok();
        if !there {
            let hint =
                "it builds the encrypted store (on Debian and Ubuntu: apt install build-essential perl)";
            return Err(Failure::Work(format!(
                "{name} is missing: install it so that `{program}` runs; {hint}"
            )));
        }
    }
    Ok(())
}
