//! A record in memory.

mod bundle;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;

use super::faults::Faults;
use super::lock;
use crate::fhir::search;
use crate::ports::{Capabilities, CareRecord, Changes, Created, Offer, Param, PortError, Stored};

/// The calls of [`CareRecord`], each by its method's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum RecordEndpoint {
    Read,
    Search,
    Create,
    Update,
    History,
    Transaction,
    Capabilities,
    Changes,
}

/// A record of FHIR resources in memory. It keeps the JSON text as it came, without writing `id` or `meta.versionId` into it,
/// and searches by `_id`, `identifier`, `_tag` and the Patient whom it is about. Clones are the same record.
#[derive(Clone, Default)]
pub struct PlainRecord(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    resources: Resources,
    read_only: BTreeSet<String>,
    silently: BTreeSet<String>,
    broken: BTreeSet<String>,
    offline: bool,
    faults: Faults<RecordEndpoint>,
}

/// The resources, apart from how the server is doing, so that a transaction can work on a copy.
#[derive(Clone, Default)]
struct Resources {
    /// Every version of each resource, oldest first, by type and id.
    versions: BTreeMap<(String, String), Vec<Stored>>,
    serial: u64,
    /// When each was last written, counted in writes.
    written: BTreeMap<(String, String), usize>,
    writes: usize,
    passed_over: BTreeSet<String>,
    restless: bool,
}

impl fmt::Debug for PlainRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainRecord(…)")
    }
}

impl PlainRecord {
    /// An empty record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next call of this kind fails so, and nothing happens. Several wait in line.
    pub fn fail_next(&self, endpoint: RecordEndpoint, error: PortError) {
        lock(&self.0).faults.fail_next(endpoint, error);
    }

    /// The next call of this kind does its work, and its answer is lost: the caller sees a time-out.
    pub fn lose_answer_next(&self, endpoint: RecordEndpoint) {
        lock(&self.0).faults.lose_answer_next(endpoint);
    }

    /// How many calls of this kind came, failed ones included.
    pub fn requests(&self, endpoint: RecordEndpoint) -> u64 {
        lock(&self.0).faults.requests(endpoint)
    }

    /// Refuses to write resources of this type from now on.
    pub fn read_only(&self, kind: &str) {
        lock(&self.0).read_only.insert(kind.to_owned());
    }

    /// The same, and its capabilities say nothing of it: the server offers what this user may not do.
    pub fn forbid(&self, kind: &str) {
        let state = &mut lock(&self.0);
        state.read_only.insert(kind.to_owned());
        state.silently.insert(kind.to_owned());
    }

    /// Fails from now on at each writing of a resource of this type, as a server does that stumbles over it.
    pub fn break_at(&self, kind: &str) {
        lock(&self.0).broken.insert(kind.to_owned());
    }

    /// Writes resources of this type again.
    pub fn writable(&self, kind: &str) {
        let state = &mut lock(&self.0);
        state.read_only.remove(kind);
        state.silently.remove(kind);
        state.broken.remove(kind);
    }

    /// Passes over this search parameter from now on, as a server may that does not know it (FHIR R4, 3.1.1).
    pub fn pass_over(&self, param: &str) {
        lock(&self.0).resources.passed_over.insert(param.to_owned());
    }

    /// Makes a new version of everything from now on whenever it is asked what changed, as nothing but a lying server does.
    pub fn restless(&self, restless: bool) {
        lock(&self.0).resources.restless = restless;
    }

    /// Takes the record off the network, or puts it back.
    pub fn offline(&self, offline: bool) {
        lock(&self.0).offline = offline;
    }

    /// Changes a resource as another writer of the record does: to its next version, whatever its version is.
    pub fn change_by_another(&self, kind: &str, id: &str, json: &str) -> Result<Stored, PortError> {
        let resources = &mut lock(&self.0).resources;
        let version = resources.latest(kind, id)?.version.clone();
        resources.update(kind, id, &version, json)
    }

    /// All resources as they now are, with their types, in the order of type and id.
    pub fn all(&self) -> Vec<(String, Stored)> {
        let state = lock(&self.0);
        let versions = state.resources.versions.iter();
        versions.filter_map(|((kind, _), versions)| Some((kind.clone(), versions.last()?.clone()))).collect()
    }

    fn call<T>(
        &self,
        endpoint: RecordEndpoint,
        writes: Option<&str>,
        work: impl FnOnce(&mut Resources) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        let mut state = lock(&self.0);
        state.faults.count(endpoint);
        if state.offline {
            return Err(PortError::Unavailable { code: "connect", retry_after: None });
        }
        let answer = state.faults.take(endpoint)?;
        if writes.is_some_and(|kind| state.broken.contains(kind)) {
            return answer.to(Err(PortError::Unavailable { code: "http-500", retry_after: None }));
        }
        if writes.is_some_and(|kind| state.read_only.contains(kind)) {
            return answer.to(Err(FORBIDDEN));
        }
        answer.to(work(&mut state.resources))
    }
}

impl Resources {
    fn latest(&self, kind: &str, id: &str) -> Result<&Stored, PortError> {
        let versions = self.versions.get(&(kind.to_owned(), id.to_owned()));
        versions.and_then(|versions| versions.last()).ok_or(PortError::NotFound)
    }

    fn search(&self, kind: &str, params: &[Param<'_>]) -> Result<Vec<Stored>, PortError> {
        let mut found = Vec::new();
        for ((of, _), versions) in &self.versions {
            let Some(stored) = versions.last().filter(|_| of == kind) else { continue };
            let json = parse(kind, &stored.json)?;
            let mut all = true;
            for param in params.iter().filter(|(name, _)| !self.passed_over.contains(*name)) {
                all &= matches(stored, &json, param)?;
            }
            if all {
                found.push(stored.clone());
            }
        }
        Ok(found)
    }

    fn changes(&mut self, kind: &str, since: Option<&str>) -> Result<Changes, PortError> {
        if self.restless {
            let all: Vec<String> =
                self.written.keys().filter(|(of, _)| of == kind).map(|(_, id)| id.clone()).collect();
            for id in all {
                let json = self.latest(kind, &id)?.json.clone();
                self.put(kind, &id, &json);
            }
        }
        let invalid = |_| PortError::Refused { code: "invalid-cursor" };
        let since: usize = since.map_or(Ok(0), str::parse).map_err(invalid)?;
        let mut found: Vec<(usize, Stored)> = Vec::new();
        for ((of, id), at) in &self.written {
            if of == kind && *at > since {
                found.push((*at, self.latest(kind, id)?.clone()));
            }
        }
        found.sort_by_key(|(at, _)| *at);
        let resources = found.into_iter().map(|(_, stored)| stored).collect();
        Ok(Changes { resources, cursor: self.writes.to_string() })
    }

    fn create(&mut self, kind: &str, json: &str, unless: &[Param<'_>]) -> Result<Created, PortError> {
        parse(kind, json)?;
        if !unless.is_empty() {
            let mut there = self.search(kind, unless)?.into_iter();
            match (there.next(), there.next()) {
                (Some(_), Some(_)) => return Err(PortError::Conflict),
                (Some(stored), None) => return Ok(Created { stored, created: false }),
                (None, _) => {}
            }
        }
        let id = self.next_id();
        let stored = self.put(kind, &id, json);
        Ok(Created { stored, created: true })
    }

    fn update(&mut self, kind: &str, id: &str, version: &str, json: &str) -> Result<Stored, PortError> {
        parse(kind, json)?;
        let latest = self.latest(kind, id)?;
        if latest.version != version {
            return Err(PortError::Conflict);
        }
        // As HAPI does: an update that changes nothing makes no version.
        if latest.json == json { Ok(latest.clone()) } else { Ok(self.put(kind, id, json)) }
    }

    fn next_id(&mut self) -> String {
        self.serial += 1;
        // Servers refuse ids of digits only from their clients; in this form ids sort in the order of creation.
        format!("r{:06}", self.serial)
    }

    fn put(&mut self, kind: &str, id: &str, json: &str) -> Stored {
        let versions = self.versions.entry((kind.to_owned(), id.to_owned())).or_default();
        let version = (versions.len() + 1).to_string();
        let stored = Stored { id: id.to_owned(), version, json: json.to_owned() };
        versions.push(stored.clone());
        self.writes += 1;
        self.written.insert((kind.to_owned(), id.to_owned()), self.writes);
        stored
    }
}

#[async_trait]
impl CareRecord for PlainRecord {
    async fn read(&self, kind: &str, id: &str) -> Result<Stored, PortError> {
        self.call(RecordEndpoint::Read, None, |resources| resources.latest(kind, id).cloned())
    }

    async fn search(&self, kind: &str, params: &[Param<'_>]) -> Result<Vec<Stored>, PortError> {
        self.call(RecordEndpoint::Search, None, |resources| resources.search(kind, params))
    }

    async fn create(
        &self,
        kind: &str,
        json: &str,
        if_none_exist: &[Param<'_>],
    ) -> Result<Created, PortError> {
        self.call(RecordEndpoint::Create, Some(kind), |resources| resources.create(kind, json, if_none_exist))
    }

    async fn update(&self, kind: &str, id: &str, version: &str, json: &str) -> Result<Stored, PortError> {
        self.call(RecordEndpoint::Update, Some(kind), |resources| resources.update(kind, id, version, json))
    }

    async fn history(&self, kind: &str, id: &str) -> Result<Vec<Stored>, PortError> {
        self.call(RecordEndpoint::History, None, |resources| {
            let versions = resources.versions.get(&(kind.to_owned(), id.to_owned()));
            versions.cloned().ok_or(PortError::NotFound)
        })
    }

    async fn transaction(&self, bundle: &str) -> Result<usize, PortError> {
        let read_only = lock(&self.0).read_only.clone();
        self.call(RecordEndpoint::Transaction, None, |resources| {
            let mut copy = resources.clone();
            let created = bundle::carry_out(&mut copy, bundle, &read_only)?;
            *resources = copy;
            Ok(created)
        })
    }

    async fn capabilities(&self) -> Result<Capabilities, PortError> {
        let read_only: Vec<String> = {
            let state = lock(&self.0);
            state.read_only.difference(&state.silently).cloned().collect()
        };
        let all =
            read_only.iter().fold(Capabilities::all(), |all, kind| all.with(kind, Offer::all().read_only()));
        self.call(RecordEndpoint::Capabilities, None, |_| Ok(all))
    }

    async fn changes(&self, kind: &str, since: Option<&str>) -> Result<Changes, PortError> {
        self.call(RecordEndpoint::Changes, None, |resources| resources.changes(kind, since))
    }

    async fn changes_of(&self, kind: &str, patient: &str, since: Option<&str>) -> Result<Changes, PortError> {
        self.call(RecordEndpoint::Changes, None, |resources| {
            let mut changes = resources.changes(kind, since)?;
            let of: Vec<Stored> = resources.search(kind, &[("patient", patient)])?;
            changes.resources.retain(|one| of.contains(one));
            Ok(changes)
        })
    }
}

const FORBIDDEN: PortError = PortError::Refused { code: "forbidden" };
const INVALID: PortError = PortError::Refused { code: "invalid-resource" };

/// Reads a resource, refusing what is not one of this type.
fn parse(kind: &str, json: &str) -> Result<Value, PortError> {
    let value: Value = serde_json::from_str(json).map_err(|_| INVALID)?;
    if value.get("resourceType").and_then(Value::as_str) == Some(kind) { Ok(value) } else { Err(INVALID) }
}

/// Whether a resource matches one search parameter (FHIR R4, "Search", token parameters).
fn matches(stored: &Stored, json: &Value, (name, wanted): &Param<'_>) -> Result<bool, PortError> {
    match *name {
        "_id" => Ok(wanted.split(',').any(|wanted| stored.id == wanted)),
        "identifier" => Ok(any_token(name, json.get("identifier"), "value", wanted)),
        "_tag" => Ok(any_token(name, json.get("meta").and_then(|meta| meta.get("tag")), "code", wanted)),
        "patient" => {
            let of = |field: &str| json.get(field)?.get("reference")?.as_str();
            Ok(["subject", "patient", "for"].into_iter().any(|field| of(field) == Some(wanted)))
        }
        "birthdate" => Ok(json.get("birthDate").and_then(Value::as_str) == Some(wanted)),
        _ => Err(PortError::Refused { code: "unknown-search-parameter" }),
    }
}

/// Whether any of these identifiers or codings is one of those that the searched value spells (3.1.1.4.10 "token").
fn any_token(name: &str, tokens: Option<&Value>, value: &str, wanted: &str) -> bool {
    let one_or_many = match tokens {
        Some(Value::Array(many)) => many.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let wanted = search::wanted(name, wanted);
    one_or_many.into_iter().any(|token| {
        let text = |field: &str| token.get(field).and_then(Value::as_str);
        wanted.iter().any(|wanted| {
            wanted.system.as_deref().is_none_or(|system| text("system").unwrap_or_default() == system)
                && wanted.value.as_deref().is_none_or(|code| text(value) == Some(code))
        })
    })
}
