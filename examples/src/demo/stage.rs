//! The stage: servers, papers, and everybody who plays.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caseline_backend::{Backend, BackendDescription, BackendOptions, Step};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use super::actor::{Account, Actor, Furniture};
use super::options::{Language, Options};
use super::papers::{self, Papers};
use super::people::People;
use super::trouble::{Doing, Trouble};
use crate::story::Story;

/// The most that a FHIR server may answer to a Bundle.
const ANSWER: u64 = 64 * 1024 * 1024;

/// Everything that a story is played with. All of it ends with this value.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    // Clients end before servers, and servers before folders: fields are dropped in this order.
    pub(super) actors: BTreeMap<String, Actor>,
    _servers: Option<Backend>,
    pub(super) story: &'a Story,
    pub(super) backend: BackendDescription,
    pub(super) papers: Papers,
    /// Those in the member's place.
    pub(super) people: Option<People>,
    pub(super) fhir: bool,
    /// Where agendas and the panel are written to.
    pages: PathBuf,
    /// The story's time.
    pub(super) now: Timestamp,
    folder: TempDir,
    _papers: TempDir,
}

impl<'a> Stage<'a> {
    /// Writes an agenda as pages, where this is one: `agenda-2019-03-21.html` and so on.
    pub(super) fn write_agenda(&self, answer: &Value) -> Result<(), Trouble> {
        let Some(begins) = answer.get("begins").and_then(Value::as_str) else { return Ok(()) };
        let date = begins.get(..10).unwrap_or_default();
        let forms = [("markdown", "md"), ("page", "html"), ("calendar", "ics")];
        forms
            .into_iter()
            .try_for_each(|(form, end)| self.write_page(answer, form, &format!("agenda-{date}.{end}")))
    }

    /// Writes a panel as a page.
    pub(super) fn write_panel(&self, answer: &Value) -> Result<(), Trouble> {
        self.write_page(answer, "page", "panel.html")
    }

    fn write_page(&self, answer: &Value, form: &str, file: &str) -> Result<(), Trouble> {
        let text = answer.get(form).and_then(Value::as_str).unwrap_or_default();
        std::fs::create_dir_all(&self.pages).doing("making a folder for pages")?;
        std::fs::write(self.pages.join(file), text).doing("writing a page")
    }

    /// Starts the servers and everybody who is present from the beginning.
    pub(super) fn set(options: &Options, story: &'a Story, people: Option<People>) -> Result<Self, Trouble> {
        let (servers, backend) = if let Some(file) = &options.backend {
            (None, BackendDescription::from_file(file)?)
        } else {
            let servers = Backend::start(&accounts(story, options.fhir)?)?;
            let description = servers.describe();
            (Some(servers), description)
        };
        let folder = |prefix: &str| tempfile::Builder::new().prefix(prefix).tempdir();
        let papers_folder = folder("caseline-papers-").doing("making a folder")?;
        let own = folder("caseline-demo-").doing("making a folder")?;
        for inner in ["logs", "stores"] {
            std::fs::create_dir(own.path().join(inner)).doing("making a folder")?;
        }
        let papers = papers::prepare(story, people.as_ref(), &backend, papers_folder.path())?;
        let mut stage = Self {
            actors: BTreeMap::new(),
            _servers: servers,
            story,
            backend,
            papers,
            people,
            fhir: options.fhir,
            pages: options.pages.clone(),
            now: story.begins,
            folder: own,
            _papers: papers_folder,
        };
        if options.fhir {
            stage.load_records()?;
        }
        stage.cast(options)?;
        Step::run("Signing everybody in", || stage.start_all()).map_err(|trouble| {
            // An account that has signed in before lets in no new device without its recovery key.
            if trouble.to_string().contains("device-untrusted") {
                let text = "the story's people have signed in on these servers before; a story needs servers on which they \
                            never did: start `cargo xtask up` anew";
                return Trouble::Missing(text.into());
            }
            trouble
        })?;
        Ok(stage)
    }

    /// What the devices keep and say.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends everything. With `keep`, stores and logs stay.
    pub(super) fn clear(mut self, keep: bool) {
        for actor in self.actors.values_mut() {
            // Their inputs close first, so that they end at the same time.
            if let Some(process) = &mut actor.process {
                process.close();
            }
        }
        self.actors.clear();
        if keep {
            let path = self.folder.keep();
            eprintln!("The stores and logs are in {}", path.display());
        }
    }

    /// Loads each organisation's Bundle into its FHIR server.
    fn load_records(&self) -> Result<(), Trouble> {
        Step::run("Loading both records", || {
            for (key, paths) in self.papers.bundles.iter().filter(|(key, _)| self.on_fhir(key)) {
                let record = self.backend.record(key).ok_or_else(|| {
                    Trouble::Missing(format!(
                        "the backend has no FHIR server for `{key}`: start it with `cargo xtask up`"
                    ))
                })?;
                for path in paths {
                    let bundle = std::fs::read_to_string(path).doing("reading a Bundle")?;
                    take(&record.url, bundle).map_err(|problem| {
                        Trouble::Missing(format!(
                            "the FHIR server of `{key}` did not take its Bundle: {problem}"
                        ))
                    })?;
                }
            }
            Ok(())
        })
    }

    /// Whether an organisation's record is on a FHIR server: there is one for each side of the case.
    pub(super) fn on_fhir(&self, organization: &str) -> bool {
        self.fhir && Story::server_of(organization) == organization
    }

    fn cast(&mut self, options: &Options) -> Result<(), Trouble> {
        let story = self.story;
        for (key, person) in &story.people {
            let account = self.account(key, &person.organization, &person.account)?;
            let language = if key == "joe" { options.joe } else { Language::Rust };
            self.actors.insert(key.clone(), Actor::person(account, language, self.folder.path())?);
        }
        for (key, organization) in &story.organizations {
            if let Some(localpart) = &organization.keeper {
                let name = format!("{key}-keeper");
                let account = self.account(&name, key, localpart)?;
                let actor = Actor::keeper(account, self.furniture(key), self.folder.path())?;
                self.actors.insert(name, actor);
            }
        }
        Ok(())
    }

    fn account(&self, key: &str, organization: &str, localpart: &str) -> Result<Account<'_>, Trouble> {
        let none = |what: String| Trouble::Missing(format!("the backend has no {what}"));
        let homeserver = self
            .backend
            .homeserver(Story::server_of(organization))
            .ok_or_else(|| none(format!("homeserver for `{organization}`")))?;
        let user = format!("@{localpart}:{}", homeserver.server_name);
        let found = homeserver.accounts.iter().find(|account| account.user_id == user);
        let account = found.ok_or_else(|| none(format!("account {user}, which the story needs")))?;
        let fhir = if self.on_fhir(organization) {
            let record = self.backend.record(organization);
            Some(record.ok_or_else(|| none(format!("FHIR server for `{organization}`")))?.url.as_str())
        } else {
            None
        };
        let id =
            self.story.organizations.get(organization).map_or("", |organization| organization.id.as_str());
        Ok(Account {
            key: key.to_owned(),
            organization: organization.to_owned(),
            organization_id: id,
            user,
            password: account.password.clone(),
            homeserver: &homeserver.url,
            fhir,
            store_key: secret()?,
        })
    }

    /// What the story brings into the store of somebody of this organisation.
    fn furniture(&self, organization: &str) -> Furniture<'_> {
        let papers = (!self.on_fhir(organization)).then_some(&self.papers);
        Furniture {
            bundles: papers.and_then(|papers| papers.bundles.get(organization)).map_or(&[], Vec::as_slice),
            for_keeper: papers.and_then(|papers| papers.for_keepers.get(organization)).map(PathBuf::as_path),
            agreement: &self.story.agreement,
            programme: &self.story.programme,
            rules: &self.story.rules,
        }
    }

    fn start_all(&mut self) -> Result<(), Trouble> {
        let absent = |key: &String| self.story.people.get(key).is_some_and(|person| !person.present);
        let present: Vec<String> = self.actors.keys().filter(|key| !absent(key)).cloned().collect();
        let mut asked = Vec::new();
        for key in present {
            let now = self.now;
            let id = self.actor(&key)?.start(now)?;
            asked.push((key, id));
        }
        for (key, id) in asked {
            self.settle_in(&key, id)?;
        }
        Ok(())
    }

    /// Starts one of them, on the store that it had.
    pub(super) fn start(&mut self, key: &str) -> Result<(), Trouble> {
        let now = self.now;
        let asked = self.actor(key)?.start(now)?;
        self.settle_in(key, asked)
    }

    fn settle_in(&mut self, key: &str, asked: Option<u64>) -> Result<(), Trouble> {
        let mut actor = self.actors.remove(key).ok_or_else(|| nobody(key))?;
        let settled = actor.settle_in(asked, self.furniture(&actor.organization), self.now);
        self.actors.insert(key.to_owned(), actor);
        settled
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self, key: &str) -> Result<(), Trouble> {
        if let Some(process) = self.actor(key)?.process.take() {
            process.kill();
        }
        Ok(())
    }

    /// Somebody who plays.
    pub(super) fn actor(&mut self, key: &str) -> Result<&mut Actor, Trouble> {
        self.actors.get_mut(key).ok_or_else(|| nobody(key))
    }

    /// The Matrix id of somebody who plays.
    pub(super) fn user(&self, key: &str) -> &str {
        self.actors.get(key).map_or("", |actor| actor.user.as_str())
    }

    /// Asks everybody who can be reached the same thing, and waits for all answers.
    pub(super) fn ask_all(&mut self, verb: &str, fields: &Value) -> Result<Vec<(String, Value)>, Trouble> {
        let mut asked = Vec::new();
        for (key, actor) in &mut self.actors {
            if let Some(process) = &mut actor.process {
                // A clock is told to everybody who runs; everything else needs a network to be answered well.
                if verb == "clock" || !actor.proxy.is_cut() {
                    asked.push((key.clone(), process.ask(verb, fields.clone())?));
                }
            }
        }
        let mut answers = Vec::new();
        for (key, id) in asked {
            let answer = self.actor(&key)?.running()?.answer(id, verb, super::actor::LATER)?;
            answers.push((key, answer));
        }
        Ok(answers)
    }
}

/// Has a FHIR server carry out a Bundle, every entry of it.
fn take(server: &str, bundle: String) -> Result<(), String> {
    let sent = ureq::post(server).content_type("application/fhir+json").send(bundle);
    let answer = sent.and_then(|mut answer| answer.body_mut().with_config().limit(ANSWER).read_to_string());
    let answer: Value = serde_json::from_str(&answer.map_err(|error| error.to_string())?)
        .map_err(|_| "its answer is not JSON".to_owned())?;
    // Of a batch it can refuse one entry and take the others.
    let entries = answer.get("entry").and_then(Value::as_array);
    let statuses =
        entries.into_iter().flatten().filter_map(|entry| entry.pointer("/response/status")?.as_str());
    statuses.map(str::to_owned).find(|status| !status.starts_with('2')).map_or(Ok(()), Err)
}

fn nobody(key: &str) -> Trouble {
    Trouble::Missing(format!("nobody plays {key}"))
}

/// The accounts that a story needs.
fn accounts(story: &Story, fhir: bool) -> Result<BackendOptions, Trouble> {
    let of = |organization: &str| -> Result<Vec<(String, String)>, Trouble> {
        let here = |of: &str| Story::server_of(of) == organization;
        let people = story.people.values().filter(|person| here(&person.organization));
        let keepers = story.organizations.iter().filter(|(key, _)| here(key));
        let keepers = keepers.filter_map(|(_, organization)| organization.keeper.clone());
        let mut names: Vec<String> = people.map(|person| person.account.clone()).chain(keepers).collect();
        names.sort();
        names.dedup();
        names.into_iter().map(|name| Ok((name, secret()?))).collect()
    };
    Ok(BackendOptions { fhir, aco: of("aco")?, cp: of("cp")? })
}

/// 32 random bytes, as 64 hexadecimal digits.
fn secret() -> Result<String, Trouble> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Trouble::Missing(format!("the system gives no random numbers: {error}")))?;
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    Ok(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}
