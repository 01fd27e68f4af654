//! The embedded record: FHIR R4 resources in the store, with versions, search and transactions.
//!
//! A resource is kept as the text that was given, with its `id` and `meta.versionId` set in it. `meta.lastUpdated` is not
//! written: what a record holds is a function of what was said, not of when a device wrote it down.

use std::collections::hash_map::Entry as Place;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, ToSql, Transaction, params, params_from_iter};

use super::Db;
use crate::Error;
use crate::fhir::json::{self, Node};
use crate::fhir::search::{self, Key, Wanted};
use crate::fhir::transaction::{self, Action, Entry, Names};
use crate::ports::{Capabilities, CareRecord, Changes, Created, Param, PortError, Stored};

/// The record of an installation that has no FHIR server: it is the store itself.
///
/// It answers the search parameters `_id`, `_tag`, `identifier`, `status`, `category`, `type`, `role`, `subject`, `patient`,
/// `part-of`, `target`, `practitioner` and `organization` (and `:identifier` of the first three references), and refuses
/// others, as a strict server does.
pub struct EmbeddedRecord {
    db: Arc<Db>,
}

impl std::fmt::Debug for EmbeddedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EmbeddedRecord(…)")
    }
}

type Outcome<T> = Result<T, PortError>;
/// The parameters of a search, each with its value.
type Query = Vec<(String, String)>;

impl EmbeddedRecord {
    /// The record of an open store.
    #[must_use]
    pub fn new(db: Arc<Db>) -> Self {
        Self { db }
    }

    /// Runs one transaction away from the threads that serve the network, since a commit waits for the disk.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let db = self.db.clone();
        let broken = || PortError::Internal { code: "record-task" };
        tokio::task::spawn_blocking(move || {
            let mut refusal = None;
            let done = db.write(|t| {
                work(t).map_err(|error| {
                    refusal = Some(error);
                    Error::internal("record")
                })
            });
            done.map_err(|_| refusal.unwrap_or(PortError::Internal { code: "record-store" }))
        })
        .await
        .map_err(|_| broken())?
    }
}

#[async_trait]
impl CareRecord for EmbeddedRecord {
    async fn read(&self, kind: &str, id: &str) -> Outcome<Stored> {
        let (kind, id) = (kind.to_owned(), id.to_owned());
        self.run(move |t| current(t, &kind, &id)?.ok_or(PortError::NotFound)).await
    }

    async fn search(&self, kind: &str, params: &[Param<'_>]) -> Outcome<Vec<Stored>> {
        let (kind, params) = (kind.to_owned(), owned(params));
        self.run(move |t| found(t, &kind, &params)).await
    }

    async fn create(&self, kind: &str, json: &str, if_none_exist: &[Param<'_>]) -> Outcome<Created> {
        let (kind, json, query) = (kind.to_owned(), json.to_owned(), owned(if_none_exist));
        self.run(move |t| {
            if !query.is_empty()
                && let Some(stored) = one(found(t, &kind, &query)?)?
            {
                return Ok(Created { stored, created: false });
            }
            let stored = write(t, &kind, &new_id(), None, &json)?;
            Ok(Created { stored, created: true })
        })
        .await
    }

    async fn update(&self, kind: &str, id: &str, version: &str, json: &str) -> Outcome<Stored> {
        let (kind, id, json) = (kind.to_owned(), id.to_owned(), json.to_owned());
        let version = version.to_owned();
        self.run(move |t| {
            let stored = current(t, &kind, &id)?.ok_or(PortError::NotFound)?;
            if stored.version != version {
                return Err(PortError::Conflict);
            }
            write(t, &kind, &id, Some(stored), &json)
        })
        .await
    }

    async fn history(&self, kind: &str, id: &str) -> Outcome<Vec<Stored>> {
        let (kind, id) = (kind.to_owned(), id.to_owned());
        self.run(move |t| {
            let sql =
                "SELECT id, version, json FROM record_version WHERE kind = ?1 AND id = ?2 ORDER BY version";
            let versions = stored(t, sql, vec![Value::from(kind), Value::from(id)])?;
            if versions.is_empty() { Err(PortError::NotFound) } else { Ok(versions) }
        })
        .await
    }

    async fn transaction(&self, bundle: &str) -> Outcome<usize> {
        let bundle = bundle.to_owned();
        self.run(move |t| carry_out(t, &bundle)).await
    }

    async fn capabilities(&self) -> Outcome<Capabilities> {
        Ok(Capabilities::all())
    }

    async fn changes(&self, kind: &str, since: Option<&str>) -> Outcome<Changes> {
        let invalid = |_| PortError::Refused { code: "invalid-cursor" };
        let since: i64 = since.map_or(Ok(0), str::parse).map_err(invalid)?;
        let kind = kind.to_owned();
        self.run(move |t| {
            let sql =
                "SELECT id, version, json FROM record_version JOIN record_current USING (kind, id, version)
                JOIN record_change USING (kind, id) WHERE kind = ?1 AND seq > ?2 ORDER BY seq";
            let resources = stored(t, sql, vec![kind.clone().into(), since.into()])?;
            let sql = "SELECT coalesce(max(seq), 0) FROM record_change WHERE kind = ?1";
            let last: i64 = t.query_row(sql, [kind], |row| row.get(0)).map_err(failed)?;
            Ok(Changes { resources, cursor: last.to_string() })
        })
        .await
    }
}

fn owned(params: &[Param<'_>]) -> Vec<(String, String)> {
    params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn failed(_: rusqlite::Error) -> PortError {
    PortError::Internal { code: "record-sql" }
}

/// The only one of a search; none; or a conflict, since a query of an identity must not find several.
fn one(mut found: Vec<Stored>) -> Outcome<Option<Stored>> {
    if found.len() > 1 { Err(PortError::Conflict) } else { Ok(found.pop()) }
}

fn stored(t: &Transaction<'_>, sql: &str, values: Vec<Value>) -> Outcome<Vec<Stored>> {
    let mut statement = t.prepare_cached(sql).map_err(failed)?;
    let rows = statement
        .query_map(params_from_iter(values), |row| {
            let version: i64 = row.get(1)?;
            Ok(Stored { id: row.get(0)?, version: version.to_string(), json: row.get(2)? })
        })
        .map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

fn current(t: &Transaction<'_>, kind: &str, id: &str) -> Outcome<Option<Stored>> {
    let sql = "SELECT id, version, json FROM record_version JOIN record_current USING (kind, id, version)
        WHERE kind = ?1 AND id = ?2";
    Ok(stored(t, sql, vec![kind.to_owned().into(), id.to_owned().into()])?.pop())
}

fn found(t: &Transaction<'_>, kind: &str, params: &[(String, String)]) -> Outcome<Vec<Stored>> {
    let mut sql = "SELECT id, version, json FROM record_version JOIN record_current USING (kind, id, version)
        WHERE kind = ?"
        .to_owned();
    let mut values: Vec<Value> = vec![kind.to_owned().into()];
    for (name, text) in params {
        let wanted = search::wanted(name, text);
        let refused = PortError::Refused { code: "unknown-search-parameter" };
        if name == "_id" {
            sql.push_str(" AND id IN (");
        } else {
            let param = search::param(name).ok_or(refused.clone())?;
            // Of dates, those that are whole are answered: all others mean a range.
            let is_whole = |wanted: &Wanted| wanted.value.as_deref().is_some_and(search::is_whole_date);
            if param == "birthdate" && !wanted.iter().all(is_whole) {
                return Err(refused);
            }
            sql.push_str(" AND id IN (SELECT id FROM record_index WHERE kind = ? AND param = ? AND (");
            values.extend([Value::from(kind.to_owned()), Value::from(param.to_owned())]);
        }
        let mut alternatives = Vec::new();
        for Wanted { system, value } in wanted {
            let mut terms = Vec::new();
            if name == "_id" {
                terms.push("?");
                values.extend(value.map(Value::from));
            } else {
                for (term, wanted) in [("value = ?", value), ("system = ?", system)] {
                    terms.extend(wanted.as_ref().map(|_| term));
                    values.extend(wanted.map(Value::from));
                }
            }
            alternatives.push(terms.join(" AND "));
        }
        match (name == "_id", alternatives.is_empty()) {
            (true, _) => sql.extend([&alternatives.join(", "), ")"]),
            (false, true) => sql.push_str("FALSE))"),
            (false, false) => sql.extend(["(", &alternatives.join(") OR ("), ")))"]),
        }
    }
    sql.push_str(" ORDER BY id");
    stored(t, &sql, values)
}

/// The text with the record's id and version in it.
fn stamped(resource: &Node<'_>, id: &str, version: &str) -> String {
    let version = [("versionId", json::quote(version))];
    let meta = match resource.get("meta").filter(|meta| meta.is_object()) {
        Some(meta) => meta.with(&version),
        None => format!("{{\"versionId\":{}}}", version[0].1),
    };
    resource.with(&[("id", json::quote(id)), ("meta", meta)])
}

/// Writes a version, unless it says what the present one says.
fn write(t: &Transaction<'_>, kind: &str, id: &str, old: Option<Stored>, text: &str) -> Outcome<Stored> {
    let invalid = |_| PortError::Refused { code: "invalid-json" };
    let resource = json::parse(text).map_err(invalid)?;
    if transaction::kind_of(&resource)? != kind {
        return Err(PortError::Refused { code: "wrong-resource-type" });
    }
    let version = match old {
        None => 1,
        Some(old) => {
            let same = stamped(&resource, id, &old.version);
            if json::parse(&same).map_err(invalid)?.same(&json::parse(&old.json).map_err(invalid)?) {
                return Ok(old);
            }
            old.version.parse::<i64>().map_err(|_| PortError::Internal { code: "record-version" })? + 1
        }
    };
    let stored = Stored {
        id: id.to_owned(),
        version: version.to_string(),
        json: stamped(&resource, id, &version.to_string()),
    };
    let execute = |sql, params: &[&dyn ToSql]| {
        t.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).map_err(failed)
    };
    execute(
        "INSERT INTO record_version (kind, id, version, json) VALUES (?1, ?2, ?3, ?4)",
        params![kind, id, version, stored.json],
    )?;
    execute(
        "INSERT OR REPLACE INTO record_current (kind, id, version) VALUES (?1, ?2, ?3)",
        params![kind, id, version],
    )?;
    if version > 1 {
        execute("DELETE FROM record_index WHERE kind = ?1 AND id = ?2", params![kind, id])?;
    }
    let mut insert = t
        .prepare_cached(
            "INSERT INTO record_index (kind, id, param, system, value) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .map_err(failed)?;
    for key in search::keys(&resource) {
        insert.execute(params![kind, id, key.param, key.system, key.value]).map_err(failed)?;
    }
    Ok(stored)
}

/// Carries out a transaction; returns how many resources it created. Its time grows with the number of its entries, and no
/// faster.
fn carry_out(t: &Transaction<'_>, bundle: &str) -> Outcome<usize> {
    let entries = transaction::entries(bundle)?;
    let mut names = Names::default();
    // What each entry becomes: its id, and whether there is something to write.
    let mut places: Vec<(String, bool)> = Vec::with_capacity(entries.len());
    // Two entries that are created on one condition are one resource.
    let mut conditions: HashMap<(&str, &Query), String> = HashMap::new();
    for entry in &entries {
        let (query, create) = match &entry.action {
            Action::Put(id, version) => {
                let old = version_in(t, &entry.kind, id)?;
                if version.is_some() && *version != old {
                    return Err(PortError::Conflict);
                }
                names.add(entry, id);
                places.push((id.clone(), true));
                continue;
            }
            Action::Create(query) => (query, true),
            Action::PutWhere(query) => (query, false),
        };
        let condition = (entry.kind.as_str(), query);
        let place = match conditions.get(&condition).filter(|_| create) {
            Some(id) => (id.clone(), false),
            None if query.is_empty() => (new_id(), true),
            None => match one(found(t, &entry.kind, query)?)? {
                Some(stored) => (stored.id, !create),
                None => (new_id(), true),
            },
        };
        if create && !query.is_empty() {
            conditions.entry(condition).or_insert_with(|| place.0.clone());
        }
        names.add(entry, &place.0);
        places.push(place);
    }
    let mut here = Here::new(&entries);
    let mut created = 0;
    for (entry, (id, writes)) in entries.iter().zip(&places) {
        if !writes {
            continue;
        }
        let resource = entry.node()?;
        let text = names.rewrite(&resource, &mut |kind, query| here.find(t, kind, query, &places))?;
        let old = current(t, &entry.kind, id)?;
        created += usize::from(old.is_none());
        write(t, &entry.kind, id, old, text.as_deref().unwrap_or(entry.resource))?;
    }
    Ok(created)
}

/// What the conditional references of a transaction find: a resource of this very transaction, else one that was there.
struct Here<'e, 'b> {
    entries: &'e [Entry<'b>],
    /// The entries of each type that a condition has named, read when the first of them comes up.
    kinds: HashMap<String, OfKind>,
    /// What was found before: thousands of references go to a handful of people.
    known: HashMap<String, Option<String>>,
}

/// The entries of one type, by the values of their keys, and with all of these.
#[derive(Default)]
struct OfKind {
    by_value: HashMap<String, Vec<usize>>,
    keys: BTreeMap<usize, Vec<Key>>,
}

impl<'e, 'b> Here<'e, 'b> {
    fn new(entries: &'e [Entry<'b>]) -> Self {
        Self { entries, kinds: HashMap::new(), known: HashMap::new() }
    }

    fn find(
        &mut self,
        t: &Transaction<'_>,
        kind: &str,
        query: &[(String, String)],
        places: &[(String, bool)],
    ) -> Outcome<Option<String>> {
        let name = format!("{kind}?{query:?}");
        if let Some(known) = self.known.get(&name) {
            return Ok(known.clone());
        }
        let here = self.of_kind(kind)?.first(query).and_then(|index| places.get(index));
        let found = match here {
            Some((id, _)) => Some(id.clone()),
            None => one(found(t, kind, query)?)?.map(|stored| stored.id),
        };
        self.known.insert(name, found.clone());
        Ok(found)
    }

    fn of_kind(&mut self, kind: &str) -> Outcome<&OfKind> {
        let entries = self.entries;
        Ok(match self.kinds.entry(kind.to_owned()) {
            Place::Occupied(known) => known.into_mut(),
            Place::Vacant(place) => {
                let mut of_kind = OfKind::default();
                for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.kind == kind) {
                    let keys = search::keys(&entry.node()?);
                    for key in &keys {
                        of_kind.by_value.entry(key.value.clone()).or_default().push(index);
                    }
                    of_kind.keys.insert(index, keys);
                }
                place.insert(of_kind)
            }
        })
    }
}

impl OfKind {
    /// The first entry for which every parameter of a query holds.
    fn first(&self, query: &[(String, String)]) -> Option<usize> {
        let wanted: Vec<(&str, Vec<Wanted>)> =
            query.iter().map(|(name, text)| (name.as_str(), search::wanted(name, text))).collect();
        let holds = |keys: &[Key]| {
            wanted.iter().all(|(name, alternatives)| {
                alternatives.iter().any(|wanted| {
                    keys.iter().any(|key| {
                        key.param == *name
                            && wanted.value.as_ref().is_none_or(|value| *value == key.value)
                            && wanted.system.as_ref().is_none_or(|system| *system == key.system)
                    })
                })
            })
        };
        // The first parameter narrows them down, where it names values.
        let values = wanted.first().map_or(&[][..], |(_, alternatives)| alternatives.as_slice());
        if values.is_empty() || values.iter().any(|wanted| wanted.value.is_none()) {
            return self.keys.iter().find(|(_, keys)| holds(keys)).map(|(index, _)| *index);
        }
        let named = values.iter().filter_map(|wanted| self.by_value.get(wanted.value.as_ref()?)).flatten();
        named.copied().filter(|index| self.keys.get(index).is_some_and(|keys| holds(keys))).min()
    }
}

fn version_in(t: &Transaction<'_>, kind: &str, id: &str) -> Outcome<Option<String>> {
    t.query_row("SELECT version FROM record_current WHERE kind = ?1 AND id = ?2", params![kind, id], |row| {
        row.get::<_, i64>(0)
    })
    .optional()
    .map(|version| version.map(|version| version.to_string()))
    .map_err(failed)
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
