//! `cargo xtask lint`: what a reviewer should not have to say.

use std::process::{Command, ExitCode, Stdio};

use caseline_backend::Step;

use crate::run::{cargo, check, root};
use crate::{Failure, layers};

pub(crate) fn run() -> Result<ExitCode, Failure> {
    Step::run("Formatting", || check(cargo(&["fmt", "--all", "--check"])?))?;
    Step::run("Layers and features", layers::check)?;
    Step::run("Clippy", || {
        check(cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?)
    })?;
    if has_deny() {
        // The index that it needs is fetched by cargo's own means.
        Step::run("Licences, bans, sources, advisories", || {
            let mut deny = Command::new("cargo");
            deny.args(["deny", "--workspace", "check"]).current_dir(root()?);
            check(deny)
        })?;
    } else {
        eprintln!(
            "! Licences and bans were not checked: install cargo-deny with `cargo install --locked cargo-deny`."
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn has_deny() -> bool {
    Command::new("cargo")
        .args(["deny", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
