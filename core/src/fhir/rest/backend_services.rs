//! Signed in as a system: SMART Backend Services (HL7 SMART App Launch 2.x, "Backend Services", with "Client Authentication:
//! Asymmetric"). For server processes only, which can keep a private key: a keeper, an EHR.

mod builder;
mod discovery;
mod exchange;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use tokio::sync::Mutex;
use url::Url;

use super::address::is_local;
use super::keys::{SigningKey, SigningKeys};
use super::token::{Token, TokenSource};
use crate::ports::{Clock, PortError};
pub use builder::BackendServicesBuilder;
use discovery::Endpoint;
use exchange::{Granted, Refusal};

/// How long what the server says of its sign-in is believed.
const DISCOVERED: SignedDuration = SignedDuration::from_hours(1);

/// How long before its end a token is replaced: this, or a quarter of its life where that is less.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);

/// The longest that a token is believed to live.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// How many of our keys are tried where the server does not know one.
const KEYS: usize = 3;

/// Access tokens for a system: asked for with a signed assertion, kept until shortly before they end, and replaced when the
/// record refuses one. However many requests wait for a token, it is asked for once.
///
/// The token endpoint comes from `[base]/.well-known/smart-configuration`. It may be on another host than the record, and is
/// https; where the record is on this machine, plain HTTP on this machine will do. What it gives goes to the record only.
pub struct BackendServices {
    base: Url,
    client_id: String,
    keys: SigningKeys,
    scopes: String,
    clock: Arc<dyn Clock>,
    near: Client,
    far: Client,
    state: Mutex<State>,
    /// How often a token was asked for.
    tries: AtomicU64,
}

#[derive(Default)]
struct State {
    endpoint: Option<(Timestamp, Endpoint)>,
    /// The keys as they were last read.
    keys: Arc<Vec<SigningKey>>,
    token: Option<Kept>,
    failed: Option<PortError>,
}

struct Kept {
    token: Token,
    replace_at: Timestamp,
    ends_at: Timestamp,
}

impl fmt::Debug for BackendServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackendServices(…)")
    }
}

impl BackendServices {
    /// The system `client_id`, as it is registered with the authorization server of the record at `base`, with its keys.
    #[must_use]
    pub fn builder(base: &str, client_id: &str, keys: SigningKeys) -> BackendServicesBuilder {
        BackendServicesBuilder::new(base, client_id, keys)
    }

    fn client(&self, url: &Url) -> &Client {
        if is_local(url) { &self.near } else { &self.far }
    }

    async fn fetch(&self, state: &mut State) -> Result<Token, PortError> {
        let fetched = self.ask(state).await;
        self.tries.fetch_add(1, Ordering::SeqCst);
        state.failed = fetched.as_ref().err().cloned();
        fetched
    }

    /// Whether somebody asked in vain while we waited: all who wait fail together, and not one after another.
    fn failed_since(&self, state: &State, tries: u64) -> Result<(), PortError> {
        if self.tries.load(Ordering::SeqCst) == tries {
            return Ok(());
        }
        state.failed.clone().map_or(Ok(()), Err)
    }

    async fn ask(&self, state: &mut State) -> Result<Token, PortError> {
        let now = self.clock.now();
        let known = state.endpoint.take().filter(|(at, _)| now.duration_since(*at).abs() < DISCOVERED);
        let endpoint = match known {
            Some((_, endpoint)) => endpoint,
            None => self.discover().await?,
        };
        self.read_keys(state).await?;
        let keys = state.keys.clone();
        let mut tried = 0;
        for key in keys.iter() {
            if tried == KEYS || !endpoint.takes(key.algorithm()) {
                continue;
            }
            tried += 1;
            match self.exchange(&endpoint, key).await {
                Ok(granted) => {
                    state.endpoint = Some((now, endpoint));
                    return Ok(keep(state, granted, now));
                }
                // It may not have read our new keys yet.
                Err(Refusal::UnknownClient) => {}
                Err(Refusal::Other(error)) => {
                    // An endpoint that answers nonsense may have moved: it is looked up again.
                    if matches!(error, PortError::Unavailable { .. }) {
                        state.endpoint = Some((now, endpoint));
                    }
                    return Err(error);
                }
            }
        }
        if tried == 0 {
            Err(PortError::Refused { code: "no-common-algorithm" })
        } else {
            Err(PortError::SignedOut)
        }
    }

    /// Reads the keys again, so that what is put into their file is used from now on. While that cannot be read, the last ones are
    /// used.
    async fn read_keys(&self, state: &mut State) -> Result<(), PortError> {
        let keys = self.keys.clone();
        let read = tokio::task::spawn_blocking(move || keys.read()).await;
        match read {
            Ok(Ok(keys)) => state.keys = Arc::new(keys),
            _ if state.keys.is_empty() => return Err(PortError::Internal { code: "signing-keys" }),
            _ => tracing::warn!(
                code = "signing-keys",
                "the signing keys cannot be read: the last ones are used"
            ),
        }
        Ok(())
    }
}

fn keep(state: &mut State, granted: Granted, now: Timestamp) -> Token {
    let life = granted.life.clamp(SignedDuration::ZERO, LONGEST_LIFE);
    let after = |time: SignedDuration| now.checked_add(time).unwrap_or(now);
    let kept =
        Kept { token: granted.token, replace_at: after(life - MARGIN.min(life / 4)), ends_at: after(life) };
    state.token.insert(kept).token.clone()
}

#[async_trait]
impl TokenSource for BackendServices {
    async fn token(&self) -> Result<Option<Token>, PortError> {
        let tries = self.tries.load(Ordering::SeqCst);
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Some(kept) = state.token.as_ref().filter(|kept| now < kept.replace_at) {
            return Ok(Some(kept.token.clone()));
        }
        self.failed_since(&state, tries)?;
        match self.fetch(&mut state).await {
            Err(error @ PortError::Unavailable { .. }) => {
                let still = state.token.as_ref().filter(|kept| now < kept.ends_at);
                still.map(|kept| Some(kept.token.clone())).ok_or(error)
            }
            fetched => fetched.map(Some),
        }
    }

    async fn refresh(&self, rejected: &str) -> Result<Option<Token>, PortError> {
        let tries = self.tries.load(Ordering::SeqCst);
        let mut state = self.state.lock().await;
        let other = |token: &Token| token.as_str() != rejected;
        // Somebody was first.
        if let Some(token) = state.token.as_ref().map(|kept| &kept.token).filter(|token| other(token)) {
            return Ok(Some(token.clone()));
        }
        state.token = None;
        self.failed_since(&state, tries)?;
        Ok(Some(self.fetch(&mut state).await?).filter(other))
    }
}
