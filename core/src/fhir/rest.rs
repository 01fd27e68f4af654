//! A record on a FHIR R4 server, over REST (FHIR R4, 3.1.0 "RESTful API").

mod address;
mod backend_services;
mod builder;
mod changes;
mod http;
mod keys;
mod pages;
mod scopes;
#[cfg(test)]
mod tests;
mod token;
mod transaction;
mod wait;
mod write;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http::{Ask, Http};
use reqwest::Method;

use super::check::{is_id, is_kind};
use super::json::{self, Node};
use crate::error::Result;
use crate::ports::{Capabilities, CareRecord, Changes, Created, Dropped, Param, PortError, Stored};
pub use backend_services::{BackendServices, BackendServicesBuilder};
pub use builder::RestRecordBuilder;
pub use keys::SigningKeys;
pub use scopes::{SCOPES, Scopes};
pub use token::{FixedToken, HostToken, Token, TokenSource};

/// How long it is believed what a server says of itself.
const CAPABILITIES: Duration = Duration::from_hours(6);

/// How long it is believed that a server does not say: all who wait for it fail together, and not one after another.
const CAPABILITIES_FAILED: Duration = Duration::from_secs(10);

/// How many writes that lost something are remembered until somebody asks.
const DROPPED: usize = 1000;

/// A record on a FHIR R4 server.
///
/// What is asked for goes into bodies, not addresses (`POST [type]/_search`), so that a server's access log holds no
/// identifier of a member. No redirect is followed, and no answer longer than 32 MiB is read. An access token goes to the
/// record's own address and nowhere else, over TLS 1.2 or later.
///
/// What fails for a moment (a time-out, 429, 5xx) is asked again with growing waits, or when the server says; for two and a half
/// minutes at most, then it is `Unavailable`. What must not be done twice, a create without a condition, is not sent again
/// once it may have been done.
pub struct RestRecord {
    http: Http,
    capabilities: tokio::sync::Mutex<Option<(Instant, Result<Capabilities, PortError>)>>,
    dropped: Mutex<Vec<Dropped>>,
}

impl fmt::Debug for RestRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RestRecord(…)")
    }
}

impl RestRecord {
    /// The record at a server's base address (`https://fhir.aco.example/fhir`).
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-record-address`) where it is no address, or is plain HTTP to another machine.
    pub fn new(base: &str, tokens: impl TokenSource) -> Result<Self> {
        Self::builder(base).tokens(tokens).build()
    }

    /// The same with other settings.
    #[must_use]
    pub fn builder(base: &str) -> RestRecordBuilder {
        RestRecordBuilder::new(base)
    }

    fn of(http: Http) -> Self {
        Self { http, capabilities: tokio::sync::Mutex::default(), dropped: Mutex::default() }
    }

    async fn ask_capabilities(&self) -> Result<Capabilities, PortError> {
        let ask = Ask::new(Method::GET, self.http.at(&["metadata"])?);
        let answer = self.http.call().again(&ask).await?.expect_success()?;
        super::capabilities(&answer.body).map_err(|_| PortError::NotUnderstood { code: "no-capabilities" })
    }

    /// Remembers what is not in what the server stored.
    fn compare(&self, sent: &str, stored: &Stored) {
        let kind = json::parse(sent).ok().and_then(|sent| Some(sent.str("resourceType")?.into_owned()));
        let (Some(kind), Ok(paths)) = (kind, super::dropped(sent, &stored.json)) else { return };
        if paths.is_empty() {
            return;
        }
        let mut dropped = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        if dropped.len() == DROPPED {
            dropped.remove(0);
        }
        dropped.push(Dropped { kind, id: stored.id.clone(), paths });
    }
}

#[async_trait]
impl CareRecord for RestRecord {
    async fn read(&self, kind: &str, id: &str) -> Result<Stored, PortError> {
        self.read_in(&mut self.http.call(), kind, id).await
    }

    async fn search(&self, kind: &str, params: &[Param<'_>]) -> Result<Vec<Stored>, PortError> {
        self.search_in(&mut self.http.call(), kind, params).await
    }

    async fn create(
        &self,
        kind: &str,
        json: &str,
        if_none_exist: &[Param<'_>],
    ) -> Result<Created, PortError> {
        self.create_in(&mut self.http.call(), kind, json, if_none_exist).await
    }

    async fn update(&self, kind: &str, id: &str, version: &str, json: &str) -> Result<Stored, PortError> {
        self.update_in(&mut self.http.call(), kind, id, version, json).await
    }

    async fn history(&self, kind: &str, id: &str) -> Result<Vec<Stored>, PortError> {
        let mut call = self.http.call();
        let mut url = self.http.at(&[named(kind)?, identified(id)?, "_history"])?;
        url.set_query(Some("_count=200"));
        let mut versions = self.pages(&mut call, Ask::new(Method::GET, url), kind).await?;
        if versions.iter().any(|version| version.id != id) {
            return Err(PortError::NotUnderstood { code: "other-resource" });
        }
        // A server lists the newest first (3.1.0.16).
        versions.reverse();
        Ok(versions)
    }

    async fn transaction(&self, bundle: &str) -> Result<usize, PortError> {
        self.transaction_in(&mut self.http.call(), bundle).await
    }

    async fn capabilities(&self) -> Result<Capabilities, PortError> {
        // Held while the server is asked, so that it is asked once.
        let mut known = self.capabilities.lock().await;
        if let Some((at, outcome)) = &*known {
            let believed = if outcome.is_ok() { CAPABILITIES } else { CAPABILITIES_FAILED };
            if self.http.now().saturating_duration_since(*at) < believed {
                return outcome.clone();
            }
        }
        let outcome = self.ask_capabilities().await;
        *known = Some((self.http.now(), outcome.clone()));
        outcome
    }

    async fn changes(&self, kind: &str, since: Option<&str>) -> Result<Changes, PortError> {
        self.changes_in(&mut self.http.call(), kind, None, since).await
    }

    async fn changes_of(&self, kind: &str, patient: &str, since: Option<&str>) -> Result<Changes, PortError> {
        self.changes_in(&mut self.http.call(), kind, Some(patient), since).await
    }

    fn take_dropped(&self) -> Vec<Dropped> {
        std::mem::take(&mut *self.dropped.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn forget_sign_in(&self) {
        self.http.forget_sign_in();
    }
}

fn encoded(params: &[Param<'_>]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

fn named(kind: &str) -> Result<&str, PortError> {
    if is_kind(kind) { Ok(kind) } else { Err(PortError::Refused { code: "invalid-resource-type" }) }
}

fn identified(id: &str) -> Result<&str, PortError> {
    if is_id(id) { Ok(id) } else { Err(PortError::NotFound) }
}

fn parse(text: &str) -> Result<Node<'_>, PortError> {
    json::parse(text).map_err(|_| PortError::NotUnderstood { code: "not-json" })
}

/// A resource as the server answered it, if it is of the type that was asked for. `version` is what its ETag said, for a server
/// that writes no version into the resource (FHIR R4, 3.1.0.1.3).
fn stored(resource: &Node<'_>, kind: &str, version: Option<&str>) -> Result<Stored, PortError> {
    if resource.str("resourceType").as_deref() != Some(kind) {
        return Err(PortError::NotUnderstood { code: "other-resource" });
    }
    let own = resource.get("meta").and_then(|meta| meta.str("versionId"));
    match (resource.str("id"), own.or(version.map(Into::into))) {
        (Some(id), Some(version)) => {
            Ok(Stored { id: id.into_owned(), version: version.into_owned(), json: resource.raw().to_owned() })
        }
        // Without versions an update could undo what somebody else wrote meanwhile.
        _ => Err(PortError::NotUnderstood { code: "no-version" }),
    }
}

/// The version that an ETag names, weak or strong: `W/"3"`, `"3"`.
fn version_of(etag: &str) -> Option<&str> {
    let etag = etag.trim();
    let version = etag.strip_prefix("W/").unwrap_or(etag).strip_prefix('"')?.strip_suffix('"')?;
    Some(version).filter(|version| !version.is_empty())
}
