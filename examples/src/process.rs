//! A driver or a keeper as a process of its own: lines of JSON in, lines of JSON out (`tests/DRIVER.md`).

use std::collections::VecDeque;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::interrupt;

/// How long a process has to end by itself once its input is closed.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// The error of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// Its stable code.
    pub code: String,
    /// Its text.
    #[serde(default)]
    pub detail: String,
    /// Its reasons, where there are some.
    #[serde(default)]
    pub reasons: Vec<RefusalReason>,
}

/// One reason of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RefusalReason {
    /// Its stable code.
    pub code: String,
    /// Its text.
    #[serde(default)]
    pub text: String,
    /// What it follows from.
    #[serde(default)]
    pub source: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)?;
        for reason in &self.reasons {
            write!(f, " [{}, {}]", reason.code, reason.source)?;
        }
        Ok(())
    }
}

/// Why a process did not answer as it should.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// It answered with an error.
    #[error("{0}")]
    Refused(Refusal),
    /// It ended.
    #[error("the process of {who} ended by itself{}; its log is {}", .last.as_ref().map(|line| format!(" ({line})")).unwrap_or_default(), .log.display())]
    Ended {
        /// Whose it is.
        who: String,
        /// The last line of its log.
        last: Option<String>,
        /// Its log.
        log: PathBuf,
    },
    /// It did not answer in time.
    #[error("the process of {who} did not answer `{verb}` within {} s", .after.as_secs())]
    Silent {
        /// Whose it is.
        who: String,
        /// What was asked.
        verb: String,
        /// How long it had.
        after: Duration,
    },
    /// It could not be started.
    #[error("the process of {who} could not be started: {problem}")]
    NotStarted {
        /// Whose it is.
        who: String,
        /// What the system said.
        problem: String,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

/// A running driver or keeper. It ends with this value.
#[derive(Debug)]
pub struct Process {
    who: String,
    log: PathBuf,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    events: VecDeque<Value>,
    next: u64,
}

impl Process {
    /// Starts it, with its log added to `log`.
    ///
    /// # Errors
    /// [`CallError::NotStarted`].
    pub fn start(who: &str, command: &mut Command, log: &Path) -> Result<Self, CallError> {
        let wrong = |problem: std::io::Error| CallError::NotStarted {
            who: who.to_owned(),
            problem: format!("{}: {problem}", command.get_program().display()),
        };
        let stderr = OpenOptions::new().create(true).append(true).open(log).map_err(wrong)?;
        let program = command.get_program().display().to_string();
        // In a group of its own: Ctrl-C is the story's to hear, which then ends its people in order.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).process_group(0);
        let mut child = command.spawn().map_err(|problem| CallError::NotStarted {
            who: who.to_owned(),
            problem: format!("{program}: {problem}"),
        })?;
        let (send, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(stdout).lines() {
                    let Ok(line) = line else { return };
                    let Ok(value) = serde_json::from_str(&line) else { continue };
                    if send.send(value).is_err() {
                        return;
                    }
                }
            });
        }
        let stdin = child.stdin.take();
        Ok(Self {
            who: who.to_owned(),
            log: log.to_owned(),
            child,
            stdin,
            lines,
            events: VecDeque::new(),
            next: 1,
        })
    }

    /// Asks for something and waits for the answer.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn call(&mut self, verb: &str, fields: Value, within: Duration) -> Result<Value, CallError> {
        let id = self.ask(verb, fields)?;
        self.answer(id, verb, within)
    }

    /// Asks for something without waiting. Returns the id under which [`Process::answer`] finds the answer.
    ///
    /// # Errors
    /// [`CallError::Ended`].
    pub fn ask(&mut self, verb: &str, fields: Value) -> Result<u64, CallError> {
        let id = self.next;
        self.next += 1;
        let mut request = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        request.insert("id".into(), json!(id));
        request.insert("do".into(), json!(verb));
        let line = format!("{}\n", Value::Object(request));
        let written = self
            .stdin
            .as_mut()
            .is_some_and(|stdin| stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()).is_ok());
        if written { Ok(id) } else { Err(self.ended()) }
    }

    /// Waits for the answer to an earlier request; answers to others that come before are dropped.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn answer(&mut self, id: u64, verb: &str, within: Duration) -> Result<Value, CallError> {
        let until = Instant::now() + within;
        loop {
            if interrupt::is_asked() {
                return Err(CallError::Interrupted);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(CallError::Silent {
                    who: self.who.clone(),
                    verb: verb.to_owned(),
                    after: within,
                });
            }
            match self.lines.recv_timeout(left.min(Duration::from_millis(200))) {
                Ok(mut line) => {
                    if let Some(event) = line.get_mut("event") {
                        self.events.push_back(event.take());
                    } else if line.get("id").and_then(Value::as_u64) == Some(id) {
                        return answered(&mut line);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        }
    }

    /// The events that it told of since the last time, oldest first.
    pub fn events(&mut self) -> Vec<Value> {
        for mut line in self.lines.try_iter() {
            if let Some(event) = line.get_mut("event") {
                self.events.push_back(event.take());
            }
        }
        self.events.drain(..).collect()
    }

    /// How it ended, once its output did; `None` where it does not end within ten seconds.
    pub fn exit(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + LAST_WORDS;
        while Instant::now() < until {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(_) => break,
            }
        }
        None
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.kill_now();
    }

    /// Asks it to end, by closing its input, and waits. Returns whether it ended by itself and without an error.
    pub fn stop(mut self) -> bool {
        self.stop_now()
    }

    /// Closes its input, so that it begins to end.
    pub fn close(&mut self) {
        drop(self.stdin.take());
    }

    fn stop_now(&mut self) -> bool {
        drop(self.stdin.take());
        let until = Instant::now() + LAST_WORDS;
        while Instant::now() < until {
            match self.child.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(_) => break,
            }
        }
        self.kill_now();
        false
    }

    fn kill_now(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn ended(&mut self) -> CallError {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last = text.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned);
        CallError::Ended { who: self.who.clone(), last, log: self.log.clone() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.stop_now();
        }
    }
}

fn answered(line: &mut Value) -> Result<Value, CallError> {
    if let Some(ok) = line.get_mut("ok") {
        return Ok(ok.take());
    }
    let error = line.get_mut("error").map(Value::take).unwrap_or_default();
    Err(CallError::Refused(serde_json::from_value(error).unwrap_or_else(|_| Refusal {
        code: "invalid-answer".into(),
        detail: "the driver's answer has neither `ok` nor `error`".into(),
        reasons: Vec::new(),
    })))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn shell(script: &str) -> (Process, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let process =
            Process::start("jane", Command::new("sh").args(["-c", script]), &folder.path().join("log"))
                .unwrap();
        (process, folder)
    }

    #[test]
    fn answers_are_told_from_events_and_from_other_answers() {
        let (mut jane, _folder) = shell(
            r#"read line; echo '{"event":{"kind":"message.sent"}}'; echo 'not JSON'; echo '{"id":99,"ok":{}}'
               echo '{"id":1,"ok":{"case":"c"}}'; read line; echo '{"id":2,"error":{"code":"not-allowed","detail":"no"}}'; read line; exit 0"#,
        );
        assert_eq!(jane.call("open", json!({}), SOON).unwrap(), json!({"case": "c"}));
        assert_eq!(jane.events(), [json!({"kind": "message.sent"})]);
        let Err(CallError::Refused(refusal)) = jane.call("send", json!({}), SOON) else { panic!("refused") };
        assert_eq!((refusal.code.as_str(), refusal.detail.as_str()), ("not-allowed", "no"));
        assert!(jane.stop(), "it ends when its input ends");
    }

    #[test]
    fn a_process_that_ends_is_told_with_its_last_words() {
        let (mut jane, _folder) = shell("read line; echo 'the disk is full' >&2; exit 3");
        let error = jane.call("open", json!({}), SOON).unwrap_err();
        assert!(error.to_string().contains("jane ended by itself (the disk is full)"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let error = Process::start("jane", &mut Command::new("/no/such/driver"), &folder.path().join("log"))
            .unwrap_err();
        assert!(error.to_string().contains("/no/such/driver"), "{error}");
    }
}
