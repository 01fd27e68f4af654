//! One exchange with the server: bounded in time and size, its failures named by what to do next.

use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Client, Method};
use url::Url;
use zeroize::Zeroizing;

use super::TokenSource;
use crate::error::{Error, Result};
use crate::ports::PortError;

/// The longest answer that is read.
const LIMIT: usize = 32 * 1024 * 1024;

/// How long one exchange may take, and its connecting.
const TIMEOUT: Duration = Duration::from_mins(1);
const CONNECT: Duration = Duration::from_secs(10);

/// The longest wait that a server can ask of us.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// What to ask.
#[derive(Clone)]
pub(super) struct Ask {
    method: Method,
    url: Url,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Ask {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: Vec::new(), body: None }
    }

    pub(super) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn body(self, kind: &str, body: String) -> Self {
        Self { body: Some(body), ..self.header(CONTENT_TYPE.as_str(), kind.to_owned()) }
    }
}

/// What the server said. Only its success is ever read; what it says of a failure can hold member data.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: String,
    retry_after: Option<Duration>,
}

impl Answer {
    /// A success, or why not.
    pub(super) fn expect_success(self) -> Result<Self, PortError> {
        let unavailable = |code| PortError::Unavailable { code, retry_after: self.retry_after };
        Err(match self.status {
            200..=299 => return Ok(self),
            300..=399 => PortError::Refused { code: "redirect" },
            401 => PortError::SignedOut,
            403 => PortError::Refused { code: "forbidden" },
            404 | 410 => PortError::NotFound,
            408 => unavailable("http-408"),
            409 | 412 => PortError::Conflict,
            413 => PortError::Refused { code: "http-413" },
            422 => PortError::Refused { code: "http-422" },
            429 => unavailable("http-429"),
            503 => unavailable("http-503"),
            500.. => unavailable("http-500"),
            _ => PortError::Refused { code: "http-400" },
        })
    }
}

pub(super) struct Http {
    client: Client,
    base: Url,
    tokens: Box<dyn TokenSource>,
}

impl Http {
    pub(super) fn new(base: Url, local: bool, tokens: Box<dyn TokenSource>) -> Result<Self> {
        // reqwest by itself repeats nothing but what a server refused unprocessed (HTTP/2); a POST is never sent twice.
        let mut client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(TIMEOUT);
        if local {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|_| Error::internal("record-client"))?;
        Ok(Self { client, base, tokens })
    }

    /// The address of something below the base. The parts are checked names, so they need no escaping.
    pub(super) fn at(&self, parts: &[&str]) -> Result<Url, PortError> {
        self.base.join(&parts.join("/")).map_err(|_| PortError::Internal { code: "record-address" })
    }

    /// An address that the server gave us, if it is the server's own: tokens go nowhere else.
    pub(super) fn same_origin(&self, url: &str) -> Option<Url> {
        self.base.join(url).ok().filter(|url| url.origin() == self.base.origin())
    }

    pub(super) async fn exchange(&self, ask: Ask) -> Result<Answer, PortError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/fhir+json"));
        // HAPI answers a repeated search from its cache, which another writer has outrun.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert("prefer", HeaderValue::from_static("return=representation"));
        if let Some(token) = self.tokens.token().await? {
            let bearer = Zeroizing::new(format!("Bearer {}", token.as_str()));
            let mut value = HeaderValue::from_str(&bearer).map_err(|_| PortError::SignedOut)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        for (name, value) in ask.headers {
            let value =
                HeaderValue::from_str(&value).map_err(|_| PortError::Refused { code: "invalid-header" })?;
            headers.insert(name, value);
        }
        let mut request = self.client.request(ask.method, ask.url).headers(headers);
        if let Some(body) = ask.body {
            request = request.body(body);
        }
        let mut response = request.send().await.map_err(|error| failure(&error))?;
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let is_json = header(CONTENT_TYPE).is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/fhir+json")
                || kind.eq_ignore_ascii_case("application/json")
        });
        let location = header(LOCATION).map(Into::into);
        let retry_after = header(RETRY_AFTER)
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + chunk.len() > LIMIT {
                return Err(PortError::NotUnderstood { code: "answer-too-large" });
            }
            body.extend_from_slice(&chunk);
        }
        // A sign-in page, a proxy's error page: something answers, but not a FHIR server.
        if !body.is_empty() && !is_json && matches!(status, 200..=299 | 404) {
            return Err(PortError::Unavailable { code: "not-fhir", retry_after });
        }
        let body = String::from_utf8(body).map_err(|_| PortError::NotUnderstood { code: "not-utf-8" });
        let body = if (200..=299).contains(&status) { body? } else { String::new() };
        Ok(Answer { status, location, body, retry_after })
    }
}

/// Names a failure without its text, which can hold an address.
fn failure(error: &reqwest::Error) -> PortError {
    let code = if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connect"
    } else if error.is_builder() {
        return PortError::Internal { code: "record-request" };
    } else {
        "not-http"
    };
    PortError::Unavailable { code, retry_after: None }
}
