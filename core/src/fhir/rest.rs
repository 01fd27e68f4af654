//! A record on a FHIR R4 server, over REST (FHIR R4, 3.1.0 "RESTful API").

mod changes;
mod http;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use http::{Answer, Ask, Http};
use reqwest::Method;
use url::Url;
use zeroize::Zeroizing;

use super::check::{is_id, is_kind};
use super::json::{self, Node};
use crate::error::{InvalidInput, Result};
use crate::ports::{Capabilities, CareRecord, Changes, Created, Param, PortError, Stored};

/// How often a conditional create that lost a race looks again. Each look is a search, which changes nothing.
const LOOKS: u32 = 5;

/// How many pages of one search are read.
const PAGES: usize = 200;

/// Where the access tokens for a record come from.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// A bearer token (RFC 6750) that is taken now, or `None` where the server asks for none.
    async fn token(&self) -> Result<Option<Zeroizing<String>>, PortError>;
}

/// One token that stays, or none.
#[derive(Clone, Default)]
pub struct FixedToken(Option<Zeroizing<String>>);

impl FixedToken {
    /// This token.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(Some(Zeroizing::new(token)))
    }

    /// None: the server asks for no token.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }
}

impl fmt::Debug for FixedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FixedToken(…)")
    }
}

#[async_trait]
impl TokenSource for FixedToken {
    async fn token(&self) -> Result<Option<Zeroizing<String>>, PortError> {
        Ok(self.0.clone())
    }
}

/// A record on a FHIR R4 server.
///
/// What is asked for goes into bodies, not addresses (`POST [type]/_search`), so that a server's access log holds no
/// identifier of a member. No redirect is followed, and no answer longer than 32 MiB is read.
pub struct RestRecord {
    http: Http,
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
        let wrong = || {
            InvalidInput::new(
                "invalid-record-address",
                "a record's address is an https URL without user, query or fragment; http only on this machine",
            )
        };
        let mut base = Url::parse(base).map_err(|_| wrong())?;
        let local = match base.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(wrong().into()),
        };
        let safe = base.scheme() == "https" || (base.scheme() == "http" && local);
        let plain = base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !safe || !plain {
            return Err(wrong().into());
        }
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Ok(Self { http: Http::new(base, local, Box::new(tokens))? })
    }

    /// The resources of a Bundle that are of one type and were asked for, over all its pages.
    async fn pages(&self, first: Answer, kind: &str) -> Result<Vec<Stored>, PortError> {
        let mut found = Vec::new();
        let mut answer = first;
        for _ in 0..PAGES {
            let bundle = parse(&answer.body)?;
            if bundle.str("resourceType").as_deref() != Some("Bundle") {
                return Err(PortError::NotUnderstood { code: "not-a-bundle" });
            }
            for entry in bundle.list("entry") {
                let Some(resource) = entry.get("resource") else { continue };
                if resource.str("resourceType").as_deref() == Some(kind) {
                    found.push(stored(resource)?);
                }
            }
            let next =
                bundle.list("link").iter().find(|link| link.str("relation").as_deref() == Some("next"));
            let Some(url) = next.and_then(|link| link.str("url")) else {
                return Ok(found);
            };
            let url = self.http.same_origin(&url).ok_or(PortError::NotUnderstood { code: "next-link" })?;
            drop(bundle);
            answer = self.http.exchange(Ask::new(Method::GET, url)).await?.expect_success()?;
        }
        Err(PortError::NotUnderstood { code: "too-many-pages" })
    }

    async fn only(&self, kind: &str, params: &[Param<'_>]) -> Result<Option<Stored>, PortError> {
        let mut found = self.search(kind, params).await?;
        if found.len() > 1 { Err(PortError::Conflict) } else { Ok(found.pop()) }
    }

    /// The resource that an answer holds, or that it points at where the server keeps its answers short.
    async fn answered(&self, answer: &Answer, kind: &str) -> Result<Stored, PortError> {
        if let Ok(node) = json::parse(&answer.body)
            && node.str("resourceType").as_deref() == Some(kind)
        {
            return stored(&node);
        }
        let location = answer.location.as_deref().ok_or(PortError::NotUnderstood { code: "no-location" })?;
        let path = location.split("/_history/").next().unwrap_or(location);
        let mut parts = path.rsplit('/');
        match (parts.next(), parts.next()) {
            (Some(id), Some(of)) if of == kind && is_id(id) => self.read(kind, id).await,
            _ => Err(PortError::NotUnderstood { code: "no-location" }),
        }
    }
}

#[async_trait]
impl CareRecord for RestRecord {
    async fn read(&self, kind: &str, id: &str) -> Result<Stored, PortError> {
        let url = self.http.at(&[named(kind)?, identified(id)?])?;
        let answer = self.http.exchange(Ask::new(Method::GET, url)).await?.expect_success()?;
        stored(&parse(&answer.body)?)
    }

    async fn search(&self, kind: &str, params: &[Param<'_>]) -> Result<Vec<Stored>, PortError> {
        let url = self.http.at(&[named(kind)?, "_search"])?;
        let mut form = encoded(params);
        form.push_str(if form.is_empty() { "_count=200" } else { "&_count=200" });
        let ask = Ask::new(Method::POST, url).body("application/x-www-form-urlencoded", form);
        let answer = self.http.exchange(ask).await?.expect_success()?;
        let mut found = self.pages(answer, kind).await?;
        found.sort_by(|one, two| one.id.cmp(&two.id));
        // A resource that moved from page to page while we read is one resource.
        found.dedup_by(|one, two| one.id == two.id);
        Ok(found)
    }

    async fn create(
        &self,
        kind: &str,
        json: &str,
        if_none_exist: &[Param<'_>],
    ) -> Result<Created, PortError> {
        let url = self.http.at(&[named(kind)?])?;
        let mut ask = Ask::new(Method::POST, url).body("application/fhir+json", json.to_owned());
        if !if_none_exist.is_empty() {
            ask = ask.header("if-none-exist", encoded(if_none_exist));
        }
        for look in 1..=LOOKS {
            let answer = self.http.exchange(ask.clone()).await?;
            match answer.status {
                201 => return Ok(Created { stored: self.answered(&answer, kind).await?, created: true }),
                200 => return Ok(Created { stored: self.answered(&answer, kind).await?, created: false }),
                // Somebody was first, or is at it: what they made is what we want. HAPI says 409 and rolls ours back.
                409 | 412 if !if_none_exist.is_empty() => {
                    if let Some(stored) = self.only(kind, if_none_exist).await? {
                        return Ok(Created { stored, created: false });
                    }
                    tokio::time::sleep(Duration::from_millis(50) * 2u32.pow(look)).await;
                }
                _ => {
                    answer.expect_success()?;
                    return Err(PortError::NotUnderstood { code: "create-status" });
                }
            }
        }
        Err(PortError::Conflict)
    }

    async fn update(&self, kind: &str, id: &str, version: &str, json: &str) -> Result<Stored, PortError> {
        let url = self.http.at(&[named(kind)?, identified(id)?])?;
        let text = parse(json)?.with(&[("id", json::quote(id))]);
        let ask = Ask::new(Method::PUT, url)
            .header("if-match", format!("W/\"{version}\""))
            .body("application/fhir+json", text);
        let answer = self.http.exchange(ask).await?.expect_success()?;
        self.answered(&answer, kind).await
    }

    async fn history(&self, kind: &str, id: &str) -> Result<Vec<Stored>, PortError> {
        let mut url = self.http.at(&[named(kind)?, identified(id)?, "_history"])?;
        url.set_query(Some("_count=200"));
        let answer = self.http.exchange(Ask::new(Method::GET, url)).await?.expect_success()?;
        let mut versions = self.pages(answer, kind).await?;
        // A server lists the newest first (3.1.0.16).
        versions.reverse();
        Ok(versions)
    }

    async fn transaction(&self, bundle: &str) -> Result<usize, PortError> {
        let url = self.http.at(&[])?;
        let ask = Ask::new(Method::POST, url).body("application/fhir+json", bundle.to_owned());
        let answer = self.http.exchange(ask).await?.expect_success()?;
        let done = parse(&answer.body)?;
        let created = done
            .list("entry")
            .iter()
            .filter(|entry| {
                let status = entry.get("response").and_then(|response| response.str("status"));
                status.is_some_and(|status| status.starts_with("201"))
            })
            .count();
        Ok(created)
    }

    async fn capabilities(&self) -> Result<Capabilities, PortError> {
        let url = self.http.at(&["metadata"])?;
        let answer = self.http.exchange(Ask::new(Method::GET, url)).await?.expect_success()?;
        super::capabilities(&answer.body).map_err(|_| PortError::NotUnderstood { code: "no-capabilities" })
    }

    async fn changes(&self, kind: &str, since: Option<&str>) -> Result<Changes, PortError> {
        self.changes_of(kind, since).await
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

fn stored(resource: &Node<'_>) -> Result<Stored, PortError> {
    let version = resource.get("meta").and_then(|meta| meta.str("versionId"));
    match (resource.str("id"), version) {
        (Some(id), Some(version)) => {
            Ok(Stored { id: id.into_owned(), version: version.into_owned(), json: resource.raw().to_owned() })
        }
        // Without versions an update could undo what somebody else wrote meanwhile.
        _ => Err(PortError::NotUnderstood { code: "no-version" }),
    }
}
