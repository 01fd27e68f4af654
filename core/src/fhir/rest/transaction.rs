//! Transactions (FHIR R4, 3.1.0.11): carried out once, and what the server did not keep of them is noticed.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use reqwest::Method;

use super::http::{Ask, Call, refusal};
use super::write::{FHIR, LOOKS, located, taken};
use super::{RestRecord, parse, stored, version_of};
use crate::fhir::check::{is_id, is_kind};
use crate::fhir::dropped::says_the_same;
use crate::fhir::json::{self, Node, Text};
use crate::ports::{PortError, Stored};

/// How many resources one search reads back: fewer than a page holds.
const READ_BACK: usize = 100;

/// What an entry asks for.
enum Asks<'e> {
    /// To make a resource unless this finds one.
    Create(Vec<(String, String)>),
    /// To replace the resource of this id, in this version.
    Put(&'e str, Option<&'e str>),
    /// Nothing that changes anything.
    Read,
    /// Anything else.
    Other,
}

/// One entry of a transaction. Its resource is text: the trees of all of them at once would take many times its length.
struct Entry<'e> {
    resource: Option<&'e str>,
    own_id: Option<String>,
    full_url: Option<String>,
    method: String,
    url: String,
    version: Option<String>,
    condition: Option<String>,
}

impl<'e> Entry<'e> {
    fn new(node: &Node<'e>) -> Self {
        let request = |key: &str| Some(node.get("request")?.str(key)?.into_owned());
        let resource = node.get("resource");
        Self {
            resource: resource.map(Node::raw),
            own_id: resource.and_then(|resource| resource.str("id")).map(Cow::into_owned),
            full_url: node.str("fullUrl").map(Cow::into_owned),
            method: request("method").unwrap_or_default(),
            url: request("url").unwrap_or_default(),
            version: request("ifMatch"),
            condition: request("ifNoneExist"),
        }
    }

    fn asks(&self) -> Asks<'_> {
        match (self.method.as_str(), self.url.split_once('/')) {
            ("POST", None) => Asks::Create(query(self.condition.as_deref().unwrap_or_default())),
            ("PUT", Some((_, id))) if is_id(id) => {
                Asks::Put(id, self.version.as_deref().and_then(version_of))
            }
            ("GET" | "HEAD", _) => Asks::Read,
            _ => Asks::Other,
        }
    }

    /// Whether it does the same when it is sent twice: what is created on a condition, and what replaces a version that it
    /// names.
    fn can_be_repeated(&self) -> bool {
        match self.method.as_str() {
            "POST" => self.condition.as_ref().is_some_and(|query| !query.is_empty()),
            "PUT" => self.version.is_some(),
            "GET" | "HEAD" => true,
            _ => false,
        }
    }

    fn kind(&self) -> &str {
        self.url.split(['/', '?']).next().unwrap_or_default()
    }

    fn resource(&self) -> Result<Option<Node<'e>>, PortError> {
        let again = |text| json::again(text).map_err(|_| INVALID);
        self.resource.map(again).transpose()
    }
}

const INVALID: PortError = PortError::Refused { code: "invalid-json" };

/// The entries of a transaction. One of them is in memory as a tree at a time.
fn entries(bundle: &str) -> Result<Vec<Entry<'_>>, PortError> {
    let text = Text::new(bundle).map_err(|_| INVALID)?;
    let top = text.shallow(text.text()).map_err(|_| INVALID)?;
    let mut entries = Vec::new();
    if let Some(list) = top.get("entry").filter(|list| list.is_array()) {
        let read = text.items(list.raw(), |_, entry| {
            entries.push(Entry::new(&text.tree(entry)?));
            Ok(())
        });
        read.map_err(|_| INVALID)?;
    }
    Ok(entries)
}

/// What was written and not shown: its type, its id, and what was sent.
type Unseen<'e> = (String, String, &'e str);

/// What became of an attempt that was answered with a conflict.
enum Looked {
    /// All of it is there: the answer to an earlier attempt was lost.
    Done,
    /// What it replaces is as it was: only a create met another one, and finds it the next time.
    AsBefore,
    /// Somebody else changed something.
    Changed,
}

impl RestRecord {
    pub(super) async fn transaction_in(&self, call: &mut Call<'_>, bundle: &str) -> Result<usize, PortError> {
        let entries = entries(bundle)?;
        let ask = Ask::new(Method::POST, self.http.at(&[])?).body(FHIR, bundle.to_owned());
        let answer = if entries.iter().all(Entry::can_be_repeated) {
            let mut tries = 0;
            loop {
                tries += 1;
                let answer = call.again(&ask).await?;
                if !matches!(answer.status, 409 | 412) {
                    break answer;
                }
                match self.look(call, &entries).await? {
                    // How much of it was new, the answer that was lost has told.
                    Looked::Done => return Ok(0),
                    Looked::AsBefore if tries < LOOKS => call.pause(taken()).await?,
                    Looked::AsBefore | Looked::Changed => return Err(PortError::Conflict),
                }
            }
        } else {
            call.once(&ask).await?
        };
        let answer = answer.expect_success()?;
        let done = parse(&answer.body)?;
        if done.str("resourceType").as_deref() != Some("Bundle") {
            return Err(PortError::NotUnderstood { code: "not-a-bundle" });
        }
        let (created, unseen) = self.seen(&entries, done.list("entry"))?;
        self.read_back(call, unseen).await;
        Ok(created)
    }

    /// Reads the answer to a transaction: how much was created, and which of what was written it does not show.
    fn seen<'e>(
        &self,
        entries: &[Entry<'e>],
        done: &[Node<'_>],
    ) -> Result<(usize, Vec<Unseen<'e>>), PortError> {
        let (mut created, mut unseen) = (0, Vec::new());
        // An answer has an entry for each that was sent, in the same order (3.1.0.11.2).
        for (sent, done) in entries.iter().zip(done) {
            let said = |key: &str| done.get("response").and_then(|response| response.str(key));
            let status = said("status").unwrap_or_default();
            // Whole or not at all: where one part was refused, it is not whole, whatever the server calls it.
            match status.get(..3).and_then(|status| status.parse().ok()) {
                None | Some(200..=299 | 304) => {}
                Some(status) => return Err(refusal(status, None)),
            }
            let new = status.starts_with("201");
            created += usize::from(new);
            let (true, Some(resource)) = (new || sent.method == "PUT", sent.resource) else { continue };
            let kind = sent.kind();
            let etag = said("etag");
            let shown = done
                .get("resource")
                .and_then(|shown| stored(shown, kind, etag.as_deref().and_then(version_of)).ok());
            if let Some(shown) = shown {
                self.compare(resource, &shown);
                continue;
            }
            let location = said("location");
            let id = location.as_deref().and_then(|location| located(location, kind));
            let id = match sent.asks() {
                Asks::Put(id, _) => Some(id),
                _ => id,
            };
            if let Some(id) = id.filter(|_| is_kind(kind)) {
                unseen.push((kind.to_owned(), id.to_owned(), resource));
            }
        }
        Ok((created, unseen))
    }

    /// Reads what a transaction wrote and its answer does not show, and notices what is not in it. The transaction is done,
    /// whatever becomes of this.
    async fn read_back(&self, call: &mut Call<'_>, unseen: Vec<Unseen<'_>>) {
        let mut kinds: BTreeMap<String, Vec<(String, &str)>> = BTreeMap::new();
        for (kind, id, text) in unseen {
            kinds.entry(kind).or_default().push((id, text));
        }
        for (kind, all) in &kinds {
            for some in all.chunks(READ_BACK) {
                match self.those(call, kind, some).await {
                    Ok(found) => {
                        for (id, text) in some {
                            found.iter().filter(|stored| stored.id == *id).for_each(|stored| {
                                self.compare(text, stored);
                            });
                        }
                    }
                    Err(error) => {
                        tracing::warn!(kind, %error, "what a transaction wrote could not be read back");
                        return;
                    }
                }
            }
        }
    }

    /// Resources of a type by their ids, by one request.
    async fn those(
        &self,
        call: &mut Call<'_>,
        kind: &str,
        some: &[(String, &str)],
    ) -> Result<Vec<Stored>, PortError> {
        if let [(id, _)] = some {
            return Ok(vec![self.read_in(call, kind, id).await?]);
        }
        let ids: Vec<&str> = some.iter().map(|(id, _)| id.as_str()).collect();
        self.search_in(call, kind, &[("_id", &ids.join(","))]).await
    }

    /// Looks whether what a transaction asks for is there.
    async fn look(&self, call: &mut Call<'_>, entries: &[Entry<'_>]) -> Result<Looked, PortError> {
        let mut puts = Vec::new();
        let mut as_before = true;
        for entry in entries {
            let (Asks::Put(id, version), Some(resource)) = (entry.asks(), entry.resource()?) else {
                continue;
            };
            match self.read_in(call, entry.kind(), id).await {
                Ok(now) => {
                    as_before &= version == Some(now.version.as_str());
                    puts.push((resource, now));
                }
                Err(PortError::NotFound) => return Ok(Looked::Changed),
                Err(error) => return Err(error),
            }
        }
        if as_before {
            return Ok(Looked::AsBefore);
        }
        let Some(mut names) = self.names(call, entries).await? else { return Ok(Looked::Changed) };
        for (resource, now) in &puts {
            self.find_conditional(call, resource, &mut names).await?;
            let text = renamed(resource, &names);
            if !says_the_same(text.as_deref().unwrap_or(resource.raw()), &now.json).unwrap_or(false) {
                return Ok(Looked::Changed);
            }
        }
        Ok(Looked::Done)
    }

    /// What the entries are called in the record. `None` where one of them is not there, or asks for something else.
    async fn names(
        &self,
        call: &mut Call<'_>,
        entries: &[Entry<'_>],
    ) -> Result<Option<HashMap<String, String>>, PortError> {
        let mut names = HashMap::new();
        for entry in entries {
            let kind = entry.kind();
            let id = match entry.asks() {
                Asks::Read => continue,
                Asks::Put(id, _) => id.to_owned(),
                Asks::Create(condition) if !condition.is_empty() => {
                    let condition: Vec<(&str, &str)> =
                        condition.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                    match self.only_in(call, kind, &condition).await? {
                        Some(stored) => stored.id,
                        None => return Ok(None),
                    }
                }
                Asks::Create(_) | Asks::Other => return Ok(None),
            };
            let target = format!("{kind}/{id}");
            if let Some(own) = &entry.own_id {
                names.entry(format!("{kind}/{own}")).or_insert_with(|| target.clone());
            }
            if let Some(url) = &entry.full_url {
                names.insert(url.clone(), target);
            }
        }
        Ok(Some(names))
    }

    /// Adds what the conditional references of a resource find (3.1.0.11.4).
    async fn find_conditional(
        &self,
        call: &mut Call<'_>,
        resource: &Node<'_>,
        names: &mut HashMap<String, String>,
    ) -> Result<(), PortError> {
        for text in references(resource) {
            let Some((kind, condition)) = text.split_once('?').filter(|(kind, _)| is_kind(kind)) else {
                continue;
            };
            if names.contains_key(&text) {
                continue;
            }
            let condition = query(condition);
            let condition: Vec<(&str, &str)> =
                condition.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            if let Some(stored) = self.only_in(call, kind, &condition).await? {
                let target = format!("{kind}/{}", stored.id);
                names.insert(text, target);
            }
        }
        Ok(())
    }
}

/// The parameters of a query.
fn query(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.trim_start_matches('?').as_bytes()).into_owned().collect()
}

/// What a resource refers to, as it spells it.
fn references(resource: &Node<'_>) -> Vec<String> {
    let mut found = Vec::new();
    // Nothing is rewritten, so that nothing fails.
    let _ = resource.rewrite::<PortError>(&mut |key, node| {
        if key == "reference" {
            found.extend(node.text().map(Cow::into_owned));
        }
        Ok(None)
    });
    found
}

/// The resource with the names that the record has for what it refers to; `None` where there is nothing to rename.
fn renamed(resource: &Node<'_>, names: &HashMap<String, String>) -> Option<String> {
    let rewritten = resource.rewrite::<PortError>(&mut |key, node| {
        let Some(text) = node.text() else { return Ok(None) };
        let is_name = key == "reference" || text.starts_with("urn:");
        Ok(names.get(text.as_ref()).filter(|_| is_name).map(|target| json::quote(target)))
    });
    rewritten.ok().flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_bundle_whose_tree_would_be_too_large_is_read_entry_by_entry() {
        let items = format!("[{}0]", "0,".repeat(50_000));
        let entry = format!(
            r#"{{"fullUrl":"urn:uuid:a","resource":{{"resourceType":"Basic","id":"b","x":{items}}},
            "request":{{"method":"POST","url":"Basic","ifNoneExist":"_tag=a|b"}}}}"#
        );
        let all = vec![entry; 40].join(",");
        let bundle = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{all}]}}"#);
        assert!(json::parse(&bundle).is_err());
        let entries = entries(&bundle).unwrap();
        assert!(entries.len() == 40 && entries.iter().all(Entry::can_be_repeated));
        let resource = entries[39].resource().unwrap().unwrap();
        assert_eq!((resource.str("id").as_deref(), entries[39].own_id.as_deref()), (Some("b"), Some("b")));
        assert!(matches!(super::entries("{"), Err(INVALID)));
    }
}
