//! Programs that end when this process does, however it ends.
//!
//! Every program gets a pipe as its standard input, the *leash*: the system closes it when this process is gone,
//! `kill -9` included, and the program (or the script that runs it) then ends itself. This needs no signals, no
//! `unsafe`, and does not depend on the thread that started it.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::{Doing, Error, Result};

/// How long a server may take to stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Variables that would send a local server or a local request elsewhere, or change how Python runs.
const UNWANTED: [&str; 11] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
];

/// A running program on its leash.
#[derive(Debug)]
pub(crate) struct Leashed {
    child: Child,
}

impl Leashed {
    /// Starts a server; what it prints goes to the end of `output`.
    pub(crate) fn start(what: &str, command: &mut Command, output: &Path) -> Result<Self> {
        let opened = || File::options().create(true).append(true).open(output);
        let out = opened().doing(|| format!("opening {}", output.display()))?;
        let err = opened().doing(|| format!("opening {}", output.display()))?;
        for name in UNWANTED {
            command.env_remove(name);
        }
        // A group of its own: Ctrl-C in the terminal reaches us alone, and we stop the servers in order.
        let child = command
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            .process_group(0)
            .spawn()
            .doing(|| format!("starting {what}"))?;
        Ok(Self { child })
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to stop, and makes it if it does not.
    pub(crate) fn stop(&mut self) {
        if let Some(mut leash) = self.child.stdin.take() {
            // If it is gone already there is nobody to tell.
            let _ = leash.write_all(b"stop");
        }
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if self.ended().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill9();
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill9(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Leashed {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs a program to its end with its output in a log. It is killed if this process dies meanwhile.
pub(crate) fn run_to_end(python: &Path, command: &[&str], folder: &Path, log: &Path) -> Result<ExitStatus> {
    let what = command.first().copied().unwrap_or_default();
    let file = File::create(log).doing(|| format!("creating {}", log.display()))?;
    let copy = file.try_clone().doing(|| format!("opening {}", log.display()))?;
    let mut child = Command::new(python)
        .args(["-c", include_str!("../leash.py")])
        .args(command)
        .current_dir(folder)
        .env_remove("PYTHONHOME")
        .env_remove("PYTHONPATH")
        .stdin(Stdio::piped())
        .stdout(file)
        .stderr(copy)
        .process_group(0)
        .spawn()
        .doing(|| format!("starting {what}"))?;
    // `wait` would close the leash first.
    let leash = child.stdin.take();
    let status = child.wait().doing(|| format!("waiting for {what}"));
    drop(leash);
    status
}

/// A loopback port that is free now.
///
/// It lies below the range from which systems take ports for outgoing connections, so that a server that is down
/// for a while finds its port free when it comes back.
pub(crate) fn free_port() -> Result<u16> {
    const FIRST: u16 = 18_000;
    const COUNT: u32 = 14_000;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos());
    let mut seed = now ^ std::process::id().rotate_left(16);
    for _ in 0..200 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let port = FIRST + u16::try_from((seed >> 8) % COUNT).unwrap_or_default();
        if is_free(port) {
            return Ok(port);
        }
    }
    Err(Error::Start {
        what: "A server".into(),
        reason: "no free port on 127.0.0.1 between 18000 and 32000; end other servers".into(),
    })
}

/// Whether nobody listens on this loopback port.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The last line of a log that says something, to be shown in an error.
pub(crate) fn last_line(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("(no output)").to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_port_is_free_until_it_is_taken() {
        let port = free_port().unwrap();
        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!is_free(port));
    }

    #[test]
    fn a_program_that_ignores_its_leash_is_killed_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut cat = Leashed::start("cat", &mut Command::new("cat"), &folder.path().join("out")).unwrap();
        assert!(cat.ended().is_none());
        cat.stop();
        assert!(cat.ended().is_some());
        assert_eq!(last_line(&folder.path().join("out")), "stop");
    }
}
