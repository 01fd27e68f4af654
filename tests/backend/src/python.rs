//! The Python that runs Synapse, and the leash of every installer; what is installed for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cache::{Cache, fingerprint};
use crate::error::{Doing, Error, Result};
use crate::process::{last_line, run_to_end};
use crate::synapse::no_network;

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

/// Installs Python packages into the cache, unless they are there, and returns the Python that has them. `requirements`
/// pins each by its hashes.
pub fn environment(cache: &Cache, name: &str, title: &str, requirements: &str) -> Result<PathBuf> {
    let python = find()?;
    let minor = python.minor;
    let name = format!("{name}-py3.{minor}-{}", fingerprint(&[requirements]));
    let place = cache.root().join(&name);
    let program = |venv: &Path| venv.join("bin/python");
    // A system upgrade may have taken away the Python that the environment points to.
    if place.exists() && !program(&place).exists() {
        fs::remove_dir_all(&place).doing(|| format!("removing {}", place.display()))?;
    }
    let venv = cache.install(&name, title, requirements, |venv| {
        python.check_venv()?;
        let log = cache.log(&name);
        let what = title.split(" (").next().unwrap_or(title);
        let fail =
            |reason: String| Error::Install { what: what.to_owned(), reason, log: log.display().to_string() };
        let path = venv.display().to_string();
        let own = python.program.display().to_string();
        if !run_to_end(&python.program, &[&own, "-I", "-m", "venv", &path], venv, &log)?.success() {
            return Err(fail(last_line(&log)));
        }
        let list = venv.join("requirements.txt");
        fs::write(&list, requirements).doing(|| format!("writing {}", list.display()))?;
        let pip = program(venv).display().to_string();
        let list = list.display().to_string();
        let mut command =
            vec![pip.as_str(), "-I", "-m", "pip", "install", "--no-input", "--progress-bar=off"];
        command.extend([
            "--disable-pip-version-check",
            "--only-binary=:all:",
            "--require-hashes",
            "-r",
            &list,
        ]);
        if run_to_end(&python.program, &command, venv, &log)?.success() {
            return Ok(());
        }
        let output = fs::read_to_string(&log).unwrap_or_default();
        if no_network(&output) {
            return Err(Error::NoNetwork { what: what.to_owned(), log: log.display().to_string() });
        }
        if output.contains("(from versions: none)") {
            let reason = "the package registry has none of it for this machine, or cannot be reached";
            return Err(fail(reason.to_owned()));
        }
        let error = output.lines().find(|line| line.starts_with("ERROR"));
        Err(fail(error.map_or_else(|| last_line(&log), |line| line.chars().take(200).collect())))
    })?;
    Ok(program(&venv))
}
