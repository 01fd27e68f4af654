//! One exchange with the server: bounded in time and size, its failures named by what to do next.

use std::fmt;
use std::time::{Duration, Instant};

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderValue, LOCATION,
    RETRY_AFTER, TRANSFER_ENCODING,
};
use reqwest::{Client, Method, Request, Response, Version, tls};
use serde::de::IgnoredAny;
use url::Url;
use zeroize::Zeroizing;

use super::token::{Token, TokenSource};
use super::version_of;
use super::wait::{RealTime, Time, backoff, retry_after};
use crate::error::{Error, Result};
use crate::ports::PortError;

/// The longest answer that is read, and how much of one that tells of a failure: its end frees the connection.
pub(super) const LIMIT: usize = 32 * 1024 * 1024;
const LIMIT_FAILED: usize = 64 * 1024;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a call may take in all, however many exchanges it needs.
const LONGEST_CALL: Duration = Duration::from_mins(15);

/// How often one thing is asked, and how long is waited for once. The queue above comes back later.
const TRIES: u32 = 5;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How much of a transaction a server is given a second for.
const BYTES_A_SECOND: usize = 64 * 1024;

/// What is asked of how long it may take.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// For one exchange.
    pub(super) timeout: Duration,
    /// For what fails and is tried again in one call, the waits between included.
    pub(super) again: Duration,
}

impl Patience {
    /// For one exchange that sends so many bytes: a server carries out a person's whole history, of tens of megabytes, before it
    /// answers.
    fn of(&self, sent: usize) -> Duration {
        let seconds = u64::try_from(sent / BYTES_A_SECOND).unwrap_or(u64::MAX);
        self.timeout.saturating_add(Duration::from_secs(seconds)).min(LONGEST_CALL)
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self { timeout: Duration::from_mins(1), again: Duration::from_secs(150) }
    }
}

/// What to ask.
pub(super) struct Ask(Request);

impl Ask {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self(Request::new(method, url))
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Result<Self, PortError> {
        let value =
            HeaderValue::from_str(value).map_err(|_| PortError::Refused { code: "invalid-header" })?;
        self.0.headers_mut().insert(name, value);
        Ok(self)
    }

    pub(super) fn body(mut self, kind: &'static str, body: String) -> Self {
        self.0.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        *self.0.body_mut() = Some(body.into());
        self
    }
}

/// What the server said. Only its success is ever read; what it says of a failure can hold member data. `Debug` shows nothing of
/// either.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    /// The version that its ETag names.
    pub(super) version: Option<String>,
    pub(super) body: String,
    retry_after: Option<Duration>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} …)", self.status)
    }
}

impl Answer {
    /// A success, or why not.
    pub(super) fn expect_success(self) -> Result<Self, PortError> {
        if matches!(self.status, 200..=299) { Ok(self) } else { Err(refusal(self.status, self.retry_after)) }
    }

    /// Why this answer means to come again, if it does.
    fn transient(&self) -> Option<Failure> {
        let after = match self.status {
            // The server says that it did nothing.
            429 => After::Nothing,
            408 | 500 | 502.. => After::Unknown,
            _ => return None,
        };
        let (code, retry_after) = match self.status {
            408 => ("http-408", self.retry_after),
            429 => ("http-429", self.retry_after),
            503 => ("http-503", self.retry_after),
            _ => ("http-500", self.retry_after),
        };
        Some(Failure { error: PortError::Unavailable { code, retry_after }, after })
    }
}

/// What a status that is no success comes to.
pub(super) fn refusal(status: u16, retry_after: Option<Duration>) -> PortError {
    let unavailable = |code| PortError::Unavailable { code, retry_after };
    match status {
        300..=399 => PortError::Refused { code: "redirect" },
        401 => PortError::SignedOut,
        403 => PortError::Refused { code: "forbidden" },
        404 | 410 => PortError::NotFound,
        405 => PortError::Refused { code: "http-405" },
        408 => unavailable("http-408"),
        409 | 412 => PortError::Conflict,
        413 => PortError::Refused { code: "http-413" },
        422 => PortError::Refused { code: "http-422" },
        429 => unavailable("http-429"),
        501 => PortError::Refused { code: "http-501" },
        503 => unavailable("http-503"),
        500.. => unavailable("http-500"),
        _ => PortError::Refused { code: "http-400" },
    }
}

/// Why an attempt has no answer that counts.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: PortError,
    pub(super) after: After,
}

/// What a failed attempt leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Nothing was done: it can be asked again whatever it is.
    Nothing,
    /// Nobody knows whether it was done.
    Unknown,
    /// Asking again does not help.
    Final,
}

impl Failure {
    fn last(error: PortError) -> Self {
        Self { error, after: After::Final }
    }
}

pub(super) struct Http {
    client: Client,
    base: Url,
    tokens: Box<dyn TokenSource>,
    patience: Patience,
    time: Box<dyn Time>,
}

/// The client that everything here asks with. `plain`: HTTP without TLS is permitted. `local`: only this machine is asked.
pub(super) fn client(plain: bool, local: bool) -> Result<Client> {
    // reqwest by itself repeats nothing but what a server refused unprocessed (HTTP/2); a POST is never sent twice.
    let mut client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tls_version_min(tls::Version::TLS_1_2)
        .https_only(!plain)
        .connect_timeout(CONNECT);
    if local {
        client = client.no_proxy();
    }
    client.build().map_err(|_| Error::internal("record-client"))
}

/// Reads a body, unless it is longer than this.
pub(super) async fn body(response: &mut Response, limit: usize) -> Result<Vec<u8>, PortError> {
    let too_large = PortError::NotUnderstood { code: "answer-too-large" };
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_large);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error).error)? {
        if body.len() + chunk.len() > limit {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Whether an answer is JSON, FHIR's or any.
pub(super) fn is_json(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/fhir+json") || kind.eq_ignore_ascii_case("application/json")
    })
}

/// How long the server asks us to wait.
pub(super) fn asked_wait(headers: &HeaderMap) -> Option<Duration> {
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    retry_after(header(RETRY_AFTER)?, header(DATE))
}

/// Names a failure without its text, which can hold an address.
pub(super) fn failed(error: &reqwest::Error) -> Failure {
    let unavailable =
        |code, after| Failure { error: PortError::Unavailable { code, retry_after: None }, after };
    if error.is_connect() {
        // Also where connecting took too long.
        unavailable("connect", After::Nothing)
    } else if error.is_timeout() {
        unavailable("timeout", After::Unknown)
    } else if error.is_builder() {
        Failure::last(PortError::Internal { code: "record-request" })
    } else if error.is_body() || error.is_decode() {
        unavailable("cut-off", After::Unknown)
    } else {
        unavailable("not-http", After::Unknown)
    }
}

impl Http {
    pub(super) fn new(base: Url, client: Client, tokens: Box<dyn TokenSource>, patience: Patience) -> Self {
        Self { client, base, tokens, patience, time: Box::new(RealTime) }
    }

    #[cfg(test)]
    pub(super) fn with_time(self, time: impl Time) -> Self {
        Self { time: Box::new(time), ..self }
    }

    pub(super) fn forget_sign_in(&self) {
        self.tokens.forget();
    }

    pub(super) fn now(&self) -> Instant {
        self.time.now()
    }

    /// The address of something below the base. The parts are checked names, so they need no escaping.
    pub(super) fn at(&self, parts: &[&str]) -> Result<Url, PortError> {
        self.base.join(&parts.join("/")).map_err(|_| PortError::Internal { code: "record-address" })
    }

    /// An address that the server gave us, if it is the record's own: tokens go nowhere else.
    pub(super) fn own(&self, url: &str) -> Option<Url> {
        let base = self.base.path();
        self.base.join(url).ok().filter(|url| {
            let below = url.path().starts_with(base) || url.path() == base.trim_end_matches('/');
            url.origin() == self.base.origin()
                && below
                && url.username().is_empty()
                && url.password().is_none()
        })
    }

    /// One call of the record, in which several things can be asked.
    pub(super) fn call(&self) -> Call<'_> {
        Call { http: self, begun: self.time.now(), spent: Duration::ZERO, failures: 0 }
    }

    async fn exchange(&self, ask: &Ask, token: Option<&Zeroizing<String>>) -> Result<Answer, Failure> {
        let internal = || Failure::last(PortError::Internal { code: "record-request" });
        let mut request = ask.0.try_clone().ok_or_else(internal)?;
        let sent = request.body().and_then(reqwest::Body::as_bytes).map_or(0, <[u8]>::len);
        *request.timeout_mut() = Some(self.patience.of(sent));
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/fhir+json"));
        // HAPI answers a repeated search from its cache, which another writer has outrun.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert("prefer", HeaderValue::from_static("return=representation"));
        if let Some(token) = token {
            let bearer = Zeroizing::new(format!("Bearer {}", token.as_str()));
            let mut value =
                HeaderValue::from_str(&bearer).map_err(|_| Failure::last(PortError::SignedOut))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut response = self.client.execute(request).await.map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let location = header(LOCATION).map(Into::into);
        let version = header(ETAG).and_then(version_of).map(Into::into);
        let retry_after = asked_wait(response.headers());
        let answer = Answer { status, location, version, body: String::new(), retry_after };
        let is_json = is_json(&response);
        // Such an answer ends where its connection ends, so that nobody sees that its end is missing.
        let open_ended = response.content_length().is_none()
            && response.version() <= Version::HTTP_11
            && !response.headers().contains_key(TRANSFER_ENCODING);
        let limit = if (200..=299).contains(&status) { LIMIT } else { LIMIT_FAILED };
        let body = match body(&mut response, limit).await {
            Ok(body) => body,
            // Of a failure its status is enough.
            Err(_) if limit == LIMIT_FAILED => return Ok(answer),
            Err(error @ PortError::Unavailable { .. }) => {
                return Err(Failure { error, after: After::Unknown });
            }
            Err(error) => return Err(Failure::last(error)),
        };
        // A sign-in page, a proxy's error page: something answers, but not a FHIR server.
        if !body.is_empty() && !is_json && matches!(status, 200..=299 | 404) {
            let error = PortError::Unavailable { code: "not-fhir", retry_after };
            return Err(Failure { error, after: After::Unknown });
        }
        if limit == LIMIT_FAILED {
            return Ok(answer);
        }
        let not_utf_8 = |_| Failure::last(PortError::NotUnderstood { code: "not-utf-8" });
        let body = String::from_utf8(body).map_err(not_utf_8)?;
        if open_ended && ends_early(&body) {
            let error = PortError::Unavailable { code: "cut-off", retry_after: None };
            return Err(Failure { error, after: After::Unknown });
        }
        Ok(Answer { body, ..answer })
    }
}

/// Whether a JSON text breaks off.
fn ends_early(body: &str) -> bool {
    !body.is_empty() && serde_json::from_str::<IgnoredAny>(body).is_err_and(|error| error.is_eof())
}

/// One call of the record: what it may still spend on trying again.
pub(super) struct Call<'h> {
    http: &'h Http,
    begun: Instant,
    spent: Duration,
    failures: u32,
}

impl Call<'_> {
    /// Asks once. A 401 is answered with another token, once: a call of many pages can outlive one that was taken before.
    pub(super) async fn attempt(&mut self, ask: &Ask) -> Result<Answer, Failure> {
        let begun = self.http.time.now();
        if begun.saturating_duration_since(self.begun) > LONGEST_CALL {
            return Err(Failure::last(PortError::Unavailable { code: "timeout", retry_after: None }));
        }
        let outcome = self.signed_in(ask).await;
        let outcome = outcome.and_then(|answer| answer.transient().map_or(Ok(answer), Err));
        if outcome.is_err() {
            self.spent += self.http.time.now().saturating_duration_since(begun);
        }
        outcome
    }

    /// The answer of the source of tokens. One that waits for somebody to sign in holds up no call for longer than two
    /// exchanges could, which are what it takes to find out where tokens are given and to get one.
    async fn in_time(
        &self,
        token: impl Future<Output = Result<Option<Token>, PortError>>,
    ) -> Result<Option<Token>, PortError> {
        // That it does not answer says nothing of the server.
        let late = |_| Err(PortError::SignedOut);
        tokio::time::timeout(self.http.patience.timeout.saturating_mul(2), token).await.unwrap_or_else(late)
    }

    async fn signed_in(&self, ask: &Ask) -> Result<Answer, Failure> {
        let no_token = |error: PortError| {
            let after =
                if matches!(error, PortError::Unavailable { .. }) { After::Nothing } else { After::Final };
            Failure { error, after }
        };
        let tokens = &self.http.tokens;
        let token = self.in_time(tokens.token()).await.map_err(no_token)?;
        let answer = self.http.exchange(ask, token.as_ref()).await?;
        let Some(rejected) = token.filter(|_| answer.status == 401) else { return Ok(answer) };
        match self.in_time(tokens.refresh(&rejected)).await.map_err(no_token)? {
            Some(token) => self.http.exchange(ask, Some(&token)).await,
            None => Ok(answer),
        }
    }

    /// Waits after a failure; gives it back where it is not worth waiting for.
    pub(super) async fn pause(&mut self, failure: Failure) -> Result<(), PortError> {
        let asked = match &failure.error {
            PortError::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        };
        let wait = asked.unwrap_or_else(|| backoff(self.failures));
        self.failures += 1;
        let worth = failure.after != After::Final
            && self.failures < TRIES
            && wait <= LONGEST_WAIT
            && self.spent + wait < self.http.patience.again;
        if !worth {
            return Err(failure.error);
        }
        self.http.time.sleep(wait).await;
        self.spent += wait;
        Ok(())
    }

    /// Asks until there is an answer: for what can be done twice.
    pub(super) async fn again(&mut self, ask: &Ask) -> Result<Answer, PortError> {
        loop {
            match self.attempt(ask).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => self.pause(failure).await?,
            }
        }
    }

    /// Asks until it was done or may have been: for what must not be done twice.
    pub(super) async fn once(&mut self, ask: &Ask) -> Result<Answer, PortError> {
        loop {
            match self.attempt(ask).await {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.after == After::Nothing => self.pause(failure).await?,
                Err(failure) => return Err(failure.error),
            }
        }
    }
}
