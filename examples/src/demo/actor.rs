//! A person's driver or an organisation's keeper on the stage: its process, its store, its network.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::options::Language;
use super::trouble::{Doing, Trouble};
use crate::process::{CallError, Process};
use crate::proxy::Proxy;

/// How long a command may take.
pub(super) const SOON: Duration = Duration::from_mins(2);
/// How long what needs the network more than once may take.
pub(super) const LATER: Duration = Duration::from_mins(3);

/// Somebody who plays.
#[derive(Debug)]
pub(super) struct Actor {
    /// The name that steps use.
    pub(super) key: String,
    /// The organisation, by its name in the story.
    pub(super) organization: String,
    /// The whole Matrix id.
    pub(super) user: String,
    /// Whether it is a keeper.
    pub(super) keeper: bool,
    pub(super) proxy: Proxy,
    pub(super) process: Option<Process>,
    part: Part,
    log: PathBuf,
    /// Whether the store has what the story brings.
    furnished: bool,
}

/// How the process is started.
#[derive(Debug)]
enum Part {
    Driver { language: Language, sign_in: Value },
    Keeper { config: PathBuf, secrets: Vec<(String, String)> },
}

/// What an actor is made from.
#[derive(Debug)]
pub(super) struct Account<'a> {
    pub(super) key: String,
    pub(super) organization: String,
    pub(super) organization_id: &'a str,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) homeserver: &'a str,
    /// `None`: the embedded record.
    pub(super) fhir: Option<&'a str>,
    pub(super) store_key: String,
}

/// What the story brings into a store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Furniture<'a> {
    /// For a person's record, once; none where a FHIR server has them.
    pub(super) bundles: &'a [PathBuf],
    /// For a keeper's, at every start; `None` where a FHIR server has it.
    pub(super) for_keeper: Option<&'a Path>,
    pub(super) agreement: &'a Path,
    /// The agreements with the programme office.
    pub(super) programme: &'a [PathBuf],
    pub(super) rules: &'a Path,
}

impl Actor {
    /// A person's driver; it does not run yet.
    pub(super) fn person(account: Account<'_>, language: Language, folder: &Path) -> Result<Self, Trouble> {
        let (proxy, homeserver) = network(account.homeserver)?;
        let record = match account.fhir {
            Some(url) => json!({ "fhir": url }),
            None => json!({ "embedded": true }),
        };
        let sign_in = json!({
            "homeserver": homeserver, "user": account.user, "password": account.password,
            "store": folder.join("stores").join(&account.key), "store_key": account.store_key,
            "record": record, "organization": account.organization_id,
        });
        Ok(Self {
            log: log(folder, &account.key),
            key: account.key,
            organization: account.organization,
            user: account.user,
            keeper: false,
            proxy,
            process: None,
            part: Part::Driver { language, sign_in },
            furnished: false,
        })
    }

    /// An organisation's keeper; it does not run yet.
    pub(super) fn keeper(
        account: Account<'_>,
        furniture: Furniture<'_>,
        folder: &Path,
    ) -> Result<Self, Trouble> {
        let (proxy, homeserver) = network(account.homeserver)?;
        let record = match account.fhir {
            Some(url) => json!({ "fhir": { "url": url } }),
            None => json!("embedded"),
        };
        let mut agreements = vec![furniture.agreement];
        agreements.extend(furniture.programme.iter().map(PathBuf::as_path));
        // JSON is YAML.
        let mut config = json!({
            "homeserver": homeserver, "user": account.user, "password_env": "CASELINE_PASSWORD",
            "store": folder.join("stores").join(&account.key), "store_key_env": "CASELINE_STORE_KEY",
            "organization": account.organization_id, "record": record,
            "agreements": agreements, "rules": [furniture.rules],
        });
        if let (Some(bundle), Some(fields)) = (furniture.for_keeper, config.as_object_mut()) {
            fields.insert("bundle".into(), json!(bundle));
        }
        let path = folder.join(format!("{}.yaml", account.key));
        std::fs::write(&path, config.to_string()).doing("writing a keeper's configuration")?;
        Ok(Self {
            log: log(folder, &account.key),
            key: account.key,
            organization: account.organization,
            user: account.user,
            keeper: true,
            proxy,
            process: None,
            part: Part::Keeper {
                config: path,
                secrets: vec![
                    ("CASELINE_PASSWORD".into(), account.password),
                    ("CASELINE_STORE_KEY".into(), account.store_key),
                ],
            },
            furnished: false,
        })
    }

    /// Whether it runs and has a network.
    pub(super) fn is_reachable(&self) -> bool {
        self.process.is_some() && !self.proxy.is_cut()
    }

    /// The running process.
    pub(super) fn running(&mut self) -> Result<&mut Process, Trouble> {
        let key = self.key.clone();
        self.process.as_mut().ok_or_else(|| {
            Trouble::Missing(format!("{key} does not run: the story killed it, or has not started it"))
        })
    }

    /// Starts the process at the story's time and asks it to sign in; [`Actor::settle_in`] waits for the answer. It never has the
    /// machine's time: by that, a consent may have ended, and everything be late.
    pub(super) fn start(&mut self, now: Timestamp) -> Result<Option<u64>, Trouble> {
        if self.process.is_some() {
            return Ok(None);
        }
        let mut command = match &self.part {
            Part::Driver { language, .. } => driver_command(*language)?,
            Part::Keeper { config, secrets } => {
                let mut command = Command::new(binary("keeper")?);
                command
                    .arg(format!("--story-clock={now}"))
                    .arg(config)
                    .envs(secrets.iter().map(|(name, value)| (name, value)));
                command
            }
        };
        let mut process = Process::start(&self.key, &mut command, &self.log)?;
        let asked = match &self.part {
            Part::Driver { sign_in, .. } => {
                process.ask("clock", json!({ "now": now.to_string() }))?;
                Some(process.ask("sign_in", sign_in.clone())?)
            }
            Part::Keeper { .. } => None,
        };
        self.process = Some(process);
        Ok(asked)
    }

    /// Waits until it is signed in, gives it the story's papers, once, and the time.
    pub(super) fn settle_in(
        &mut self,
        asked: Option<u64>,
        furniture: Furniture<'_>,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let keeper = self.keeper;
        let furnished = self.furnished;
        let key = self.key.clone();
        let process = self.running()?;
        if let Some(asked) = asked {
            let answer = process.answer(asked, "sign_in", LATER)?;
            if answer.get("verified").and_then(Value::as_bool) == Some(false) {
                return Err(Trouble::Missing(format!(
                    "{key}'s account has an identity from another device already: start a fresh backend with `cargo xtask up`, or give the accounts new names"
                )));
            }
        }
        // A keeper answers once it has signed in and read its papers.
        process.call("clock", json!({ "now": now.to_string() }), LATER)?;
        if !keeper && !furnished {
            for bundle in furniture.bundles {
                process.call("import", json!({ "path": bundle }), SOON)?;
            }
            process.call("add_agreement", json!({ "path": furniture.agreement }), SOON)?;
            for agreement in furniture.programme {
                process.call("add_agreement", json!({ "path": agreement }), SOON)?;
            }
            process.call("add_rules", json!({ "path": furniture.rules }), SOON)?;
        }
        self.furnished = true;
        Ok(())
    }

    /// Asks for something.
    pub(super) fn call(&mut self, verb: &str, fields: Value, within: Duration) -> Result<Value, CallError> {
        match &mut self.process {
            Some(process) => process.call(verb, fields, within),
            None => Err(CallError::NotStarted { who: self.key.clone(), problem: "it does not run".into() }),
        }
    }
}

fn log(folder: &Path, key: &str) -> PathBuf {
    folder.join("logs").join(format!("{key}.log"))
}

/// A proxy before the homeserver, and the address behind which it stands.
fn network(homeserver: &str) -> Result<(Proxy, String), Trouble> {
    let (address, https) = match (homeserver.strip_prefix("http://"), homeserver.strip_prefix("https://")) {
        (Some(rest), _) => (rest, false),
        (_, Some(rest)) => (rest, true),
        _ => (homeserver, false),
    };
    let address = address.trim_end_matches('/');
    let upstream = match address.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => address.to_owned(),
        _ => format!("{address}:{}", if https { 443 } else { 80 }),
    };
    let proxy = Proxy::start(&upstream).doing("standing in for the network before a homeserver")?;
    // Behind TLS the host's name must stay what its certificate says: such a network cannot be cut.
    let seen = if https { homeserver.to_owned() } else { format!("http://127.0.0.1:{}", proxy.port()) };
    Ok((proxy, seen))
}

/// The program that plays a person.
fn driver_command(language: Language) -> Result<Command, Trouble> {
    let mut command = match language {
        Language::Rust => Command::new(binary("driver")?),
        Language::Python => {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings/python/driver.py");
            if !script.exists() {
                return Err(Trouble::Missing(
                    "the Python driver is not there: bindings/python/driver.py".into(),
                ));
            }
            let python = std::env::var_os("CASELINE_PYTHON").unwrap_or_else(|| "python3".into());
            let mut command = Command::new(python);
            command.arg("-u").arg(script);
            command
        }
    };
    command.arg("--story-clock");
    Ok(command)
}

/// A program that was built beside this one.
fn binary(name: &str) -> Result<PathBuf, Trouble> {
    let own = std::env::current_exe().doing("looking for the programs beside the demo")?;
    // A test runs from `deps`, one folder below.
    let found = own.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| {
        Trouble::Missing(format!(
            "the program `{name}` is not built: run `cargo build -p caseline-examples`, or start the demo with `cargo xtask demo`"
        ))
    })
}
