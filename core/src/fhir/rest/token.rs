//! Where access tokens come from.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::ports::PortError;

/// An access token: removed from memory when it is dropped.
pub type Token = Zeroizing<String>;

/// Where the access tokens for a record come from.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// A bearer token (RFC 6750) that is taken now, or `None` where the server asks for none.
    async fn token(&self) -> Result<Option<Token>, PortError>;

    /// Another token in the place of one that the server answered with 401, or `None` where there is no other: then the
    /// record is signed out. Called once for a request.
    async fn refresh(&self, rejected: &str) -> Result<Option<Token>, PortError> {
        let _ = rejected;
        Ok(None)
    }

    /// Forgets the token of a user who may have signed out meanwhile: the next request asks for one anew. A system has nothing to
    /// forget.
    fn forget(&self) {}
}

#[async_trait]
impl<T: TokenSource + ?Sized> TokenSource for Arc<T> {
    async fn token(&self) -> Result<Option<Token>, PortError> {
        (**self).token().await
    }

    async fn refresh(&self, rejected: &str) -> Result<Option<Token>, PortError> {
        (**self).refresh(rejected).await
    }

    fn forget(&self) {
        (**self).forget();
    }
}

/// One token that stays, or none.
#[derive(Clone, Default)]
pub struct FixedToken(Option<Token>);

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
    async fn token(&self) -> Result<Option<Token>, PortError> {
        Ok(self.0.clone())
    }
}

type Asks = dyn Fn() -> BoxFuture<'static, Option<Token>> + Send + Sync;

/// The token of a user who is signed in to the host application: the way of a device. The host is asked for it, and asked again
/// when the record no longer takes it, and after [`TokenSource::forget`]; however many requests wait for that, it is asked once.
pub struct HostToken {
    ask: Box<Asks>,
    now: Mutex<Kept>,
    /// How often the token was to be forgotten.
    forgotten: AtomicU64,
}

/// What the host gave, and how often it was to be forgotten before the host was asked.
#[derive(Default)]
struct Kept {
    token: Option<Token>,
    forgotten: u64,
}

impl fmt::Debug for HostToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostToken(…)")
    }
}

impl HostToken {
    /// Asks the host by this callback. It gives a token that is fresh when it is called, or `None` where the user has to
    /// sign in again: then the record is [`PortError::SignedOut`].
    pub fn new<F, T>(ask: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Option<String>> + Send + 'static,
    {
        let ask = move || -> BoxFuture<'static, Option<Token>> {
            let answer = ask();
            Box::pin(async move { answer.await.map(Zeroizing::new) })
        };
        Self { ask: Box::new(ask), now: Mutex::default(), forgotten: AtomicU64::new(0) }
    }

    /// The token that is kept, unless it is this one or was to be forgotten: then another, if the host has one.
    async fn other_than(&self, rejected: Option<&str>) -> Option<Token> {
        let mut now = self.now.lock().await;
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let stays = |token: &Token| rejected != Some(token.as_str());
        if now.forgotten != forgotten || !now.token.as_ref().is_some_and(stays) {
            *now = Kept { token: (self.ask)().await, forgotten };
        }
        // The same again is no other.
        now.token.clone().filter(stays)
    }
}

#[async_trait]
impl TokenSource for HostToken {
    async fn token(&self) -> Result<Option<Token>, PortError> {
        self.other_than(None).await.map(Some).ok_or(PortError::SignedOut)
    }

    async fn refresh(&self, rejected: &str) -> Result<Option<Token>, PortError> {
        Ok(self.other_than(Some(rejected)).await)
    }

    fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        // Where the host is being asked, what it says is not used again.
        if let Ok(mut now) = self.now.try_lock() {
            now.token = None;
        }
    }
}
