//! `cargo xtask demo`: builds the demo and all that it starts, then becomes it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use caseline_backend::Step;
use lexopt::Parser;
use serde_json::Value;

use crate::run::{EVERYTHING, cargo, check, check_build_tools, output};
use crate::{Failure, bindings};

pub(crate) fn run(parser: &mut Parser) -> Result<ExitCode, Failure> {
    let arguments: Vec<OsString> = parser.raw_args()?.collect();
    check_build_tools()?;
    if arguments.iter().any(|argument| argument == "--scale") {
        // Nothing of Matrix is needed for it, and it is to be as fast as it can.
        let mut scale = cargo(&[
            "run",
            "--quiet",
            "--release",
            "--package",
            "caseline-benches",
            "--bin",
            "caseline-scale",
            "--",
        ])?;
        scale.args(&arguments);
        return check(scale).map(|()| ExitCode::SUCCESS);
    }
    let demo = Step::run("Building the demo, its drivers and bots", build)?;
    let mut command = Command::new(&demo);
    if wants_python(&arguments) {
        let package = Step::run("Building the Python package", bindings::python)?;
        command.env("PYTHONPATH", bindings::python_path(&package));
    }
    // From here on it is the demo that gets the signals and ends with its own code.
    let error = command.args(arguments).exec();
    Err(Failure::Work(format!("starting {}: {error}", demo.display())))
}

/// Whether `--joe python` is among the demo's arguments, which it reads itself.
fn wants_python(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == "--joe=python")
        || arguments
            .windows(2)
            .any(|pair| matches!(pair, [name, value] if name == "--joe" && value == "python"))
}

/// Builds the demo with all that it starts, and says where it is.
pub(crate) fn build() -> Result<PathBuf, Failure> {
    // Together with all the rest, so that the tests find the dependencies built.
    let mut command = cargo(&EVERYTHING)?;
    command.arg("--message-format=json-render-diagnostics");
    executable(&output(command)?, "demo")
        .ok_or_else(|| Failure::Work("caseline-examples has no program named demo yet".into()))
}

/// Where cargo says that it put this program; not where it put the tests of it, which go by its name too.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let named = |message: &Value| message.pointer("/target/name").and_then(Value::as_str) == Some(name);
    let program = |message: &Value| message.pointer("/profile/test").and_then(Value::as_bool) != Some(true);
    let path = |message: Value| message.get("executable").and_then(Value::as_str).map(PathBuf::from);
    messages.filter(named).filter(program).find_map(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_is_built_for_a_joe_who_speaks_it() {
        let wants =
            |arguments: &[&str]| wants_python(&arguments.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(wants(&["--fhir", "--joe", "python"]) && wants(&["--joe=python"]));
        assert!(!wants(&[]) && !wants(&["--joe", "rust"]) && !wants(&["--story", "python"]));
    }

    #[test]
    fn the_program_is_where_cargo_says() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"driver"},"executable":"/t/driver"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"demo"},"profile":{"test":true},"executable":"/t/deps/demo-1"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"demo"},"profile":{"test":false},"executable":"/t/demo"}"#,
            "\n{\"reason\":\"build-finished\",\"success\":true}",
        );
        assert_eq!(executable(messages, "demo"), Some("/t/demo".into()));
        assert_eq!(executable(messages, "keeper"), None);
    }
}
