//! `cargo xtask demo`: builds the demo and all that it starts, then becomes it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use caseline_backend::Step;
use lexopt::Parser;
use serde_json::Value;

use crate::Failure;
use crate::run::{cargo, check_build_tools, output};

pub(crate) fn run(parser: &mut Parser) -> Result<ExitCode, Failure> {
    let arguments: Vec<OsString> = parser.raw_args()?.collect();
    check_build_tools()?;
    let demo = Step::run("Building the demo, its drivers and bots", build)?;
    // From here on it is the demo that gets the signals and ends with its own code.
    let error = Command::new(&demo).args(arguments).exec();
    Err(Failure::Work(format!("starting {}: {error}", demo.display())))
}

fn build() -> Result<PathBuf, Failure> {
    let arguments = ["build", "--package", "caseline-examples", "--bins"];
    let mut command = cargo(&arguments)?;
    command.arg("--message-format=json-render-diagnostics");
    executable(&output(command)?, "demo")
        .ok_or_else(|| Failure::Work("caseline-examples has no program named demo yet".into()))
}

/// Where cargo says that it put this program.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let named = |message: &Value| message.pointer("/target/name").and_then(Value::as_str) == Some(name);
    let path = |message: Value| message.get("executable").and_then(Value::as_str).map(PathBuf::from);
    messages.filter(named).find_map(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_where_cargo_says() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"driver"},"executable":"/t/driver"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"demo"},"executable":"/t/demo"}"#,
            "\n{\"reason\":\"build-finished\",\"success\":true}",
        );
        assert_eq!(executable(messages, "demo"), Some("/t/demo".into()));
        assert_eq!(executable(messages, "keeper"), None);
    }
}
