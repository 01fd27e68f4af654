//! Drivers for the live tests: the real program, built to end itself at a named write point.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use caseline_backend::Homeserver;
use caseline_examples::process::{CallError, Process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Account, account, backend};

/// How long any one answer may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// The signal of a process that ended itself at a point.
const ABORTED: i32 = 6;
/// When the stories here begin, by everybody's clock: the agreement is in force then.
const BEGINS: &str = "2019-03-04T15:00:00Z";
/// The key of every store here.
pub const STORE_KEY: [u8; 32] = [7; 32];

/// The driver's program, with its kill points: this package asks for the core's feature `testing`, and what is built with it
/// has that too. Built once for each test run, and kept apart: another build elsewhere does not change it.
///
/// # Panics
/// Where it cannot be built.
pub fn program() -> &'static Path {
    &programs().1
}

/// The keeper's program, built with the driver's.
///
/// # Panics
/// Where it cannot be built.
pub fn keeper() -> PathBuf {
    programs().0.path().join("keeper")
}

#[allow(clippy::panic)]
fn programs() -> &'static (TempDir, PathBuf) {
    static PROGRAMS: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    PROGRAMS.get_or_init(|| match build() {
        Ok(built) => built,
        Err(problem) => panic!("the programs were not built: {problem}"),
    })
}

fn build() -> Result<(TempDir, PathBuf), String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
    cargo
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(["build", "--quiet", "--message-format=json-render-diagnostics"])
        // As `cargo xtask test` has built it: nothing is left to do then.
        .args(["--lib", "--bins", "--tests"]);
    // The same target folder as this test's own: `target/debug/deps/live-…`.
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    if let Some(target) = own.ancestors().nth(3) {
        cargo.env("CARGO_TARGET_DIR", target);
    }
    let output = cargo.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    for name in ["driver", "keeper"] {
        let built = lines.iter().find_map(|line| {
            let is_it = line.pointer("/target/name").and_then(Value::as_str) == Some(name)
                && line.pointer("/profile/test") == Some(&Value::Bool(false));
            is_it.then(|| line.get("executable")?.as_str().map(PathBuf::from)).flatten()
        });
        let built = built.ok_or("cargo named no program")?;
        std::fs::copy(&built, folder.path().join(name)).map_err(|error| error.to_string())?;
    }
    let driver = folder.path().join("driver");
    Ok((folder, driver))
}

/// Somebody's client as a process, which goes on after a kill where it was.
#[derive(Debug)]
pub struct Driver {
    /// The name in the directory: `jane`.
    pub name: String,
    /// The account.
    pub account: Account,
    /// The points at which the process is still to end itself, one after another: each start is given the next.
    pub kill_at: VecDeque<String>,
    /// The points at which it did.
    pub died_at: Vec<String>,
    // The point that the running process was given.
    dies_at: Option<String>,
    sign_in: Value,
    process: Option<Process>,
    log: PathBuf,
    began: Instant,
    folder: TempDir,
}

impl Driver {
    /// A new account with an empty store; nothing runs yet.
    ///
    /// # Panics
    /// Where there is no disk, or the homeserver refuses.
    #[must_use]
    #[allow(clippy::panic)]
    pub fn new(name: &str, homeserver: &Homeserver, organization: &str) -> Self {
        Self::of(name, account(homeserver, name), homeserver, organization)
    }

    /// Another device of an account.
    ///
    /// # Panics
    /// Where there is no disk.
    #[must_use]
    #[allow(clippy::panic)]
    pub fn of(name: &str, account: Account, homeserver: &Homeserver, organization: &str) -> Self {
        let Ok(folder) = TempDir::new() else { panic!("there is no disk for {name}") };
        let mut key = String::new();
        for byte in STORE_KEY {
            let _ = write!(key, "{byte:02x}");
        }
        let sign_in = json!({
            "homeserver": homeserver.url(), "user": account.user_id, "password": account.password,
            "store": folder.path().join("store"), "store_key": key,
            "record": { "embedded": true },
            "organization": format!("https://caseline.example/organization|{organization}"),
        });
        let log = folder.path().join("log");
        Self {
            name: name.to_owned(),
            account,
            kill_at: VecDeque::new(),
            died_at: Vec::new(),
            dies_at: None,
            sign_in,
            process: None,
            log,
            began: Instant::now(),
            folder,
        }
    }

    /// The folder of the store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Starts it and signs in, to end at the next of its points. Returns what `sign_in` answered.
    ///
    /// # Errors
    /// What went wrong. That it ended at a point is no error: it is started again.
    pub fn start(&mut self) -> Result<Value, String> {
        self.kill();
        loop {
            let mut command = Command::new(program());
            command.arg("--story-clock");
            self.dies_at = self.kill_at.pop_front();
            match &self.dies_at {
                Some(point) => command.env("CASELINE_KILL_AT", point),
                None => command.env_remove("CASELINE_KILL_AT"),
            };
            let process = Process::start(&self.name, &mut command, &self.log).map_err(|e| e.to_string())?;
            self.process = Some(process);
            let now =
                BEGINS.parse::<jiff::Timestamp>().map_err(|error| error.to_string())? + self.began.elapsed();
            let asked = self.once("clock", json!({ "now": now.to_string() }))?;
            let answered = match asked {
                Some(_) => self.once("sign_in", self.sign_in.clone())?,
                None => None,
            };
            if let Some(answer) = answered {
                return Ok(answer);
            }
        }
    }

    /// The points that it has not come to yet.
    #[must_use]
    pub fn not_reached(&self) -> Vec<&String> {
        self.dies_at.iter().chain(&self.kill_at).collect()
    }

    /// Asks for something; where the process ends at its point, it is started again and asked again.
    ///
    /// # Errors
    /// What went wrong.
    #[allow(clippy::needless_pass_by_value)] // Literals are handed to it.
    pub fn call(&mut self, verb: &str, fields: Value) -> Result<Value, String> {
        loop {
            if self.process.is_none() {
                self.start()?;
            }
            if let Some(answer) = self.once(verb, fields.clone())? {
                return Ok(answer);
            }
        }
    }

    /// `None`: it ended at its point.
    fn once(&mut self, verb: &str, fields: Value) -> Result<Option<Value>, String> {
        let Some(process) = &mut self.process else { return Ok(None) };
        let answer = process.call(verb, fields, PATIENCE);
        self.heard(verb, answer)
    }

    fn heard(&mut self, verb: &str, answer: Result<Value, CallError>) -> Result<Option<Value>, String> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(ended @ CallError::Ended { .. }) => {
                let signal = self.process.as_mut().and_then(Process::exit).and_then(|status| status.signal());
                if signal != Some(ABORTED) {
                    let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                    return Err(format!("{ended}\n{log}"));
                }
                self.died_at.extend(self.dies_at.take());
                self.process = None;
                Ok(None)
            }
            Err(other) => Err(format!("{}: {verb}: {other}", self.name)),
        }
    }

    /// Asks for something, or goes on waiting for an answer to it, but not for long: `None` where it is not there yet, so
    /// that others can be looked after meanwhile.
    fn patiently(
        &mut self,
        verb: &str,
        fields: Value,
        asked: &mut Option<u64>,
    ) -> Result<Option<Value>, String> {
        if self.process.is_none() {
            *asked = None;
            self.start()?;
        }
        let Some(process) = &mut self.process else { return Ok(None) };
        let id = match *asked {
            Some(id) => Ok(id),
            None => process.ask(verb, fields),
        };
        let answer = match id {
            Ok(id) => {
                *asked = Some(id);
                process.answer(id, verb, Duration::from_millis(100))
            }
            Err(error) => Err(error),
        };
        if let Err(CallError::Silent { .. }) = answer {
            return Ok(None);
        }
        *asked = None;
        self.heard(verb, answer)
    }

    /// Starts it again where it ended at its point meanwhile.
    ///
    /// # Errors
    /// What went wrong.
    pub fn revive(&mut self) -> Result<(), String> {
        self.call("cases", json!({})).map(drop)
    }

    /// `kill -9`, wherever it is.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// The events of a case, in the fold's order.
    ///
    /// # Errors
    /// What went wrong.
    pub fn timeline(&mut self, case: &str) -> Result<Vec<Value>, String> {
        let mut answer = self.call("timeline", json!({ "case": case }))?;
        match answer.get_mut("events").map(Value::take) {
            Some(Value::Array(events)) => Ok(events),
            _ => Err("the timeline has no events".into()),
        }
    }
}

/// Settles everybody until all hold the same state of the case.
///
/// # Errors
/// Where they do not come to the same state, with what each holds.
pub fn settle(case: &str, everybody: &mut [&mut Driver]) -> Result<(), String> {
    settle_within(PATIENCE, case, everybody)
}

/// The same, where it may take longer.
///
/// # Errors
/// Where they do not come to the same state, with what each holds.
pub fn settle_within(patience: Duration, case: &str, everybody: &mut [&mut Driver]) -> Result<(), String> {
    let until = Instant::now() + patience;
    loop {
        let mut digests = Vec::new();
        let mut settled = true;
        for one in everybody.iter_mut() {
            let answer = one.call("settle", json!({ "timeout_s": 30 }));
            settled &= answer.is_ok_and(|answer| answer.get("settled") == Some(&Value::Bool(true)));
            digests.push(one.call("state", json!({ "case": case }))?.get("digest").cloned());
        }
        if settled && digests.windows(2).all(|pair| pair.first() == pair.last()) {
            return Ok(());
        }
        if Instant::now() > until {
            let mut what = String::from("they do not settle:");
            for one in everybody.iter_mut() {
                let outbox = one.call("outbox", json!({}))?;
                let kinds: Vec<Value> =
                    one.timeline(case)?.iter().filter_map(|event| event.get("kind").cloned()).collect();
                let _ = write!(what, "\n  {}: {outbox} {kinds:?}", one.name);
            }
            return Err(what);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Two organisations' people and their papers: Jane of the Community Partner, Joe and Lee of the ACO. The sample data of
/// the demo (synthetic), with these accounts, Jane and Joe in the CareTeam, no role accounts, and a care plan that is too
/// long to travel inside an event.
#[derive(Debug)]
pub struct Cast {
    /// The community side's lead.
    pub jane: Driver,
    /// The plan side's lead.
    pub joe: Driver,
    /// Somebody of the plan side who is named later.
    pub lee: Driver,
    papers: BTreeMap<&'static str, String>,
}

impl Cast {
    /// Makes the accounts and the papers; nobody runs yet.
    ///
    /// # Errors
    /// Where the sample data is not as it should be.
    pub fn new() -> Result<Self, String> {
        let backend = backend();
        let jane = Driver::new("jane", &backend.cp, "harbor-bridge");
        let joe = Driver::new("joe", &backend.aco, "bay-river");
        let lee = Driver::new("lee", &backend.aco, "bay-river");
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data");
        let read = |name: &str| std::fs::read_to_string(data.join(name)).map_err(|error| error.to_string());
        let mut papers = BTreeMap::new();
        for (name, file) in [("cp", "cp.json"), ("aco", "aco.json")] {
            let mut text = read(file)?;
            for (one, server) in [(&jane, "cp"), (&joe, "aco"), (&lee, "aco")] {
                let running = one.account.user_id.trim_start_matches('@');
                text = text.replace(
                    &format!("matrix:u/{}:{server}.example", one.name),
                    &format!("matrix:u/{running}"),
                );
            }
            papers.insert(name, staged(&text)?);
        }
        papers.insert("agreement", read("agreement.yaml")?.replace("  keeper: true\n", ""));
        papers.insert("rules", read("rules.yaml")?);
        Ok(Self { jane, joe, lee, papers })
    }

    /// Everybody by name.
    ///
    /// # Errors
    /// Where there is nobody of this name.
    pub fn of(&mut self, name: &str) -> Result<&mut Driver, String> {
        match name {
            "jane" => Ok(&mut self.jane),
            "joe" => Ok(&mut self.joe),
            "lee" => Ok(&mut self.lee),
            _ => Err(format!("there is no {name}")),
        }
    }

    /// Somebody is invited and accepts, while whoever ends at a point meanwhile is started again.
    ///
    /// # Errors
    /// Where no invitation comes, or it does not lead to a case.
    pub fn accept(&mut self, name: &str) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        let (mut room, mut asked) = (None, None);
        loop {
            for other in ["jane", "joe", "lee"].into_iter().filter(|other| *other != name) {
                let other = self.of(other)?;
                if other.process.is_some() {
                    other.revive()?;
                }
            }
            let one = self.of(name)?;
            if let Some(room) = &room {
                match one.patiently("accept", json!({ "room": room }), &mut asked) {
                    Ok(Some(_)) => return Ok(()),
                    Ok(None) => {}
                    // It goes on by itself, once who is to let it read runs again.
                    Err(error) if error.contains("unavailable") => {}
                    Err(error) => return Err(error),
                }
            } else {
                let answer = one.call("invitations", json!({}))?;
                room = answer.pointer("/invitations/0/room").and_then(Value::as_str).map(str::to_owned);
                std::thread::sleep(Duration::from_millis(100));
            }
            if Instant::now() > until {
                let mut what = match room {
                    Some(_) => format!("{name} could not accept, though invited:"),
                    None => format!("{name} was not invited:"),
                };
                for name in ["jane", "joe", "lee"] {
                    let one = self.of(name)?;
                    if one.process.is_some() {
                        let _ = write!(what, "\n  {name}: {}", one.call("outbox", json!({}))?);
                    }
                }
                return Err(what);
            }
        }
    }

    /// Starts somebody for the first time and gives them their papers.
    ///
    /// # Errors
    /// What went wrong.
    pub fn furnish(&mut self, name: &str) -> Result<(), String> {
        let paper = |papers: &BTreeMap<_, String>, name| papers.get(name).cloned().unwrap_or_default();
        let bundle = paper(&self.papers, if name == "jane" { "cp" } else { "aco" });
        let (agreement, rules) = (paper(&self.papers, "agreement"), paper(&self.papers, "rules"));
        let one = self.of(name)?;
        one.start()?;
        one.call("import", json!({ "bundle": bundle }))?;
        one.call("add_agreement", json!({ "text": agreement }))?;
        one.call("add_rules", json!({ "text": rules }))?;
        Ok(())
    }
}

fn staged(bundle: &str) -> Result<String, String> {
    let mut bundle: Value = serde_json::from_str(bundle).map_err(|error| error.to_string())?;
    let entries = bundle.get_mut("entry").and_then(Value::as_array_mut).ok_or("a Bundle without entries")?;
    for resource in entries.iter_mut().filter_map(|entry| entry.get_mut("resource")?.as_object_mut()) {
        match resource.get("resourceType").and_then(Value::as_str) {
            Some("Organization") => {
                resource.remove("endpoint");
            }
            Some("CareTeam") => {
                if let Some(participants) = resource.get_mut("participant").and_then(Value::as_array_mut) {
                    participants.truncate(2);
                }
            }
            Some("CarePlan") => {
                resource.insert("note".into(), json!([{ "text": "synthetic ".repeat(6000) }]));
            }
            _ => {}
        }
    }
    Ok(bundle.to_string())
}
