//! A keeper's configuration: YAML, with secrets from the environment.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use caseline::agreement::{Agreement, RuleSet};
use caseline::fhir::Scopes;
use caseline::id::{MemberId, OrganizationId, UserId};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::admissions::Feed;
use crate::desk;
use crate::protocol::{RecordPlace, SignIn, System, key_bytes};
use crate::yaml::{self, Mistake};

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    homeserver: Spanned<String>,
    user: UserId,
    password_env: Spanned<String>,
    store: PathBuf,
    store_key_env: Spanned<String>,
    #[serde(default)]
    record: RecordWritten,
    organization: OrganizationId,
    agreements: Spanned<Vec<PathBuf>>,
    rules: Vec<PathBuf>,
    #[serde(default)]
    bundle: Option<PathBuf>,
    #[serde(default, deserialize_with = "whole")]
    admissions: Option<FeedWritten>,
}

/// What is written is there whole: a field with nothing after it is a mistake, and not one left out.
fn whole<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<FeedWritten>, D::Error> {
    FeedWritten::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedWritten {
    folder: Spanned<PathBuf>,
    kept: Spanned<PathBuf>,
    source: Spanned<String>,
    member_system: Spanned<String>,
    time_zone: Spanned<String>,
    #[serde(default)]
    authorities: Vec<Spanned<String>>,
    #[serde(default)]
    payers: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum RecordWritten {
    #[default]
    Embedded,
    None,
    Fhir(Box<FhirWritten>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FhirWritten {
    url: Spanned<String>,
    #[serde(default)]
    token_env: Option<Spanned<String>>,
    #[serde(default)]
    backend_services: Option<SystemWritten>,
    #[serde(default)]
    allow_plain_http: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemWritten {
    client_id: Spanned<String>,
    keys_file: Spanned<PathBuf>,
    #[serde(default)]
    scopes: Option<Vec<Spanned<String>>>,
}

/// What a keeper works with. `Debug` shows no text of it: its Bundle can hold member data.
pub struct Keeping {
    /// How it signs in.
    pub sign_in: SignIn,
    /// The texts of its agreements.
    pub agreements: Vec<String>,
    /// The texts of its rule sets.
    pub rules: Vec<String>,
    /// A transaction Bundle for its record: the directory, above all.
    pub bundle: Option<String>,
    /// The feed whose admissions it tells to the cases.
    pub admissions: Option<Feed>,
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeping").field("sign_in", &self.sign_in).finish_non_exhaustive()
    }
}

impl Keeping {
    /// Reads a configuration, the files that it names, and its secrets by `environment`.
    ///
    /// # Errors
    /// Every mistake, with its file, line and field; where the file is no configuration at all, the first. A secret's value is
    /// never part of it.
    pub fn read(file: &Path, environment: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<Mistake>> {
        let written: Written =
            yaml::text(file).and_then(|text| yaml::parse(file, &text)).map_err(|mistake| vec![mistake])?;
        let mut reading = Reading { file, environment: &environment, mistakes: Vec::new() };
        let homeserver = reading.web(&written.homeserver, "homeserver");
        let password = reading.secret(&written.password_env, "password_env");
        let store_key = reading.secret(&written.store_key_env, "store_key_env");
        if store_key.as_ref().is_some_and(|key| key_bytes(key).is_none()) {
            let problem = "names an environment variable that has not 64 hexadecimal digits";
            reading.wrong(&written.store_key_env, "store_key_env", problem);
        }
        if written.agreements.value.is_empty() {
            let problem = "is empty: a keeper accepts cases only under an agreement";
            reading.wrong(&written.agreements, "agreements", problem);
        }
        let mut record = RecordPlace::default();
        match &written.record {
            RecordWritten::Embedded => record.embedded = true,
            RecordWritten::None => record.none = true,
            RecordWritten::Fhir(fhir) => record = reading.fhir(fhir),
        }
        let agreements = written.agreements.value.iter().map(|path| reading.beside(path)).collect();
        let agreements = reading.papers(agreements, |text| Agreement::parse(text).map(drop));
        let rules = written.rules.iter().map(|path| reading.beside(path)).collect();
        let rules = reading.papers(rules, |text| RuleSet::parse(text).map(drop));
        let bundle = written.bundle.as_ref().map(|path| yaml::text(&reading.beside(path)));
        let bundle = bundle.and_then(|bundle| reading.keep(bundle));
        let store = reading.beside(&written.store);
        let admissions = written.admissions.as_ref().and_then(|feed| reading.feed(feed, &store));
        match (homeserver, password, store_key, reading.mistakes) {
            (Some(homeserver), Some(password), Some(store_key), mistakes) if mistakes.is_empty() => {
                let user = written.user.as_str().to_owned();
                let organization = Some(written.organization);
                let sign_in = SignIn { homeserver, user, password, store, store_key, record, organization };
                Ok(Self { sign_in, agreements, rules, bundle, admissions })
            }
            (.., mistakes) => Err(mistakes),
        }
    }
}

/// A configuration that is read to its end, whatever is wrong with it.
struct Reading<'a> {
    file: &'a Path,
    environment: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<Mistake>,
}

impl Reading<'_> {
    /// A path, taken as beside the file.
    fn beside(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    fn wrong<T>(&mut self, at: &Spanned<T>, field: &str, problem: impl Into<String>) {
        self.mistakes.push(Mistake::new(self.file, problem).at(at.referenced.line(), field));
    }

    fn keep<T>(&mut self, read: Result<T, Mistake>) -> Option<T> {
        read.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }

    fn feed(&mut self, written: &FeedWritten, store: &Path) -> Option<Feed> {
        let folder = self.beside(&written.folder.value);
        if !folder.is_dir() {
            self.wrong(&written.folder, "admissions.folder", "names a folder that is not there");
        }
        let kept = self.beside(&written.kept.value);
        let (feeds, own, store) = (real(&folder), real(&kept), real(store));
        let apart = |one: &Path, other: &Path| !one.starts_with(other) && !other.starts_with(one);
        if !apart(&own, &feeds) || !apart(&own, &store) {
            let problem = "is a folder of its own: neither within nor around the one that the feed writes to, or the store";
            self.wrong(&written.kept, "admissions.kept", problem);
        } else if let Some(problem) = open_to_others(&kept) {
            self.wrong(&written.kept, "admissions.kept", problem);
        }
        let source = &written.source;
        if source.value.trim().is_empty() || source.value.len() > 200 {
            self.wrong(source, "admissions.source", "is a text of 200 bytes at most, and not empty");
        }
        let system = &written.member_system;
        if MemberId::from_parts(&system.value, "1").is_err() || system.value.contains('|') {
            let problem =
                "is the system of an identifier, as the cases have it, without spaces and without `|`";
            self.wrong(system, "admissions.member_system", problem);
        }
        let zone = TimeZone::get(&written.time_zone.value).ok();
        let zone = zone.filter(|_| written.time_zone.value.contains('/') || written.time_zone.value == "UTC");
        if zone.is_none() {
            let problem = "is the time zone of a place, like America/New_York";
            self.wrong(&written.time_zone, "admissions.time_zone", problem);
        }
        for (list, name) in [(&written.authorities, "authorities"), (&written.payers, "payers")] {
            for (n, one) in list.iter().enumerate().filter(|(_, one)| one.value.trim().is_empty()) {
                self.wrong(one, &format!("admissions.{name}[{n}]"), "is empty");
            }
        }
        let texts = |list: &[Spanned<String>]| list.iter().map(|one| one.value.clone()).collect();
        Some(Feed {
            folder,
            kept,
            source: source.value.clone(),
            member_system: system.value.clone(),
            zone: zone?,
            authorities: texts(&written.authorities),
            payers: texts(&written.payers),
        })
    }

    fn web(&mut self, url: &Spanned<String>, field: &str) -> Option<String> {
        if ["http://", "https://"].iter().any(|scheme| url.value.starts_with(scheme)) {
            return Some(url.value.clone());
        }
        self.wrong(url, field, "is an address that begins with https:// (or http:// on this machine)");
        None
    }

    fn secret(&mut self, name: &Spanned<String>, field: &str) -> Option<String> {
        let secret = (self.environment)(&name.value).filter(|secret| !secret.is_empty());
        if secret.is_none() {
            self.wrong(name, field, "names an environment variable that is not set");
        }
        secret
    }

    /// A record on a FHIR server. What core finds wrong with it is told where it is written.
    fn fhir(&mut self, written: &FhirWritten) -> RecordPlace {
        let before = self.mistakes.len();
        let mut place = RecordPlace {
            fhir: self.web(&written.url, "record.fhir.url"),
            plain: written.allow_plain_http,
            ..RecordPlace::default()
        };
        if let Some(name) = &written.token_env {
            place.token = self.secret(name, "record.fhir.token_env");
            if written.backend_services.is_some() {
                let problem = "is not wanted beside backend_services: a system asks for its tokens itself";
                self.wrong(name, "record.fhir.token_env", problem);
            }
        }
        place.system = written.backend_services.as_ref().map(|system| self.system(system));
        if self.mistakes.len() > before {
            return place;
        }
        if let Err(error) = desk::record(&place) {
            let (code, problem) = (error.code(), error.to_string());
            let system = written.backend_services.as_ref();
            match (code, system) {
                ("invalid-client-id", Some(system)) => {
                    self.wrong(&system.client_id, "record.fhir.backend_services.client_id", problem);
                }
                ("invalid-signing-keys" | "no-signing-key", Some(system)) => {
                    self.wrong(&system.keys_file, "record.fhir.backend_services.keys_file", problem);
                }
                _ => self.wrong(&written.url, "record.fhir.url", problem),
            }
        }
        place
    }

    fn system(&mut self, written: &SystemWritten) -> System {
        let keys = self.beside(&written.keys_file.value);
        if let Some(problem) = exposed(&keys) {
            self.wrong(&written.keys_file, "record.fhir.backend_services.keys_file", problem);
        }
        let scopes = written.scopes.as_ref().map_or_else(Scopes::default, |scopes| {
            let mut asked = Scopes::none();
            for (n, scope) in scopes.iter().enumerate() {
                let parts = scope.value.strip_prefix("system/").and_then(|rest| rest.split_once('.'));
                if let Some(Ok(more)) = parts.map(|(kind, rights)| asked.clone().with(kind, rights)) {
                    asked = more;
                } else {
                    let field = format!("record.fhir.backend_services.scopes[{n}]");
                    self.wrong(scope, &field, "is a scope like system/CareTeam.crus: one resource type");
                }
            }
            asked
        });
        System { client_id: written.client_id.value.clone(), keys, scopes }
    }

    /// Reads papers that core can parse; a mistake is told with the paper's own file, line and field.
    fn papers(&mut self, files: Vec<PathBuf>, parse: impl Fn(&str) -> caseline::Result<()>) -> Vec<String> {
        let read = |file: PathBuf| {
            let text = yaml::text(&file)?;
            parse(&text).map_err(|error| Mistake::of(&file, error))?;
            Ok(text)
        };
        files.into_iter().filter_map(|file| self.keep(read(file))).collect()
    }
}

/// Where a path leads, links followed as far as it is there.
fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut real = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                real.pop();
            }
            part => {
                real.push(part);
                real = real.canonicalize().unwrap_or(real);
            }
        }
    }
    real
}

/// Why a folder that is the keeper's own cannot be used. One that is not there is made.
fn open_to_others(folder: &Path) -> Option<&'static str> {
    let found = std::fs::metadata(folder).ok()?;
    if !found.is_dir() {
        return Some("names a file: it is a folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if found.permissions().mode() & 0o077 != 0 {
            return Some("names a folder that others than its owner can read or change: chmod 700");
        }
    }
    None
}

/// Why a file of private keys cannot be used: it is not there, or others than its owner can read or change it.
fn exposed(file: &Path) -> Option<String> {
    let found = match std::fs::metadata(file) {
        Ok(found) => found,
        Err(error) => return Some(format!("names a file that cannot be read: {error}")),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if found.permissions().mode() & 0o077 != 0 {
            let problem = "names a file that others than its owner can read or change: chmod 600";
            return Some(problem.to_owned());
        }
    }
    #[cfg(not(unix))]
    let _ = found;
    None
}

#[cfg(test)]
mod tests;
