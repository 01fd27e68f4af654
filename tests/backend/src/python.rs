//! The Python that runs Synapse, and the leash of every installer.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// The user's Python 3.
#[derive(Debug)]
pub(crate) struct Python {
    pub(crate) program: PathBuf,
    pub(crate) minor: u32,
}

/// Finds `python3`, 3.10 or newer.
pub(crate) fn find() -> Result<Python> {
    let missing = |hint: &str| Error::MissingTool { tool: "Python 3", hint: hint.into() };
    let answer = Command::new("python3")
        .args(["-I", "-c", "import sys; print(sys.version_info[0], sys.version_info[1], sys.executable)"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|_| missing("install Python 3.10 or newer so that `python3` runs it"))?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let mut words = text.trim().splitn(3, ' ');
    let mut number = || words.next().and_then(|word| word.parse::<u32>().ok());
    match (number(), number(), words.next()) {
        (Some(3), Some(minor), Some(program)) if minor >= 10 => Ok(Python { program: program.into(), minor }),
        (Some(major), Some(minor), _) => {
            Err(missing(&format!("`python3` is {major}.{minor}, install 3.10 or newer")))
        }
        _ => Err(missing("`python3` does not run; install Python 3.10 or newer")),
    }
}

impl Python {
    /// Fails with one line if virtual environments cannot be made with it.
    pub(crate) fn check_venv(&self) -> Result<()> {
        let can = Command::new(&self.program)
            .args(["-I", "-c", "import venv, ensurepip"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if can {
            return Ok(());
        }
        Err(Error::MissingTool {
            tool: "Python's venv module",
            hint: format!("install it (on Debian and Ubuntu: apt install python3.{}-venv)", self.minor),
        })
    }
}
