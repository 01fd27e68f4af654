//! Where access tokens come from.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::future::{BoxFuture, FutureExt, Shared};
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
/// when the record no longer takes it, and after [`TokenSource::forget`]; however many requests wait for that, it is asked once. A host that waits for its user
/// is not asked again meanwhile, though the requests give up waiting.
pub struct HostToken {
    ask: Box<Asks>,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    token: Option<Token>,
    asking: Option<Shared<BoxFuture<'static, Option<Token>>>>,
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
        Self { ask: Box::new(ask), now: Mutex::default() }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token; the host's next where there is none, or it is the one that was rejected.
    async fn other_than(&self, rejected: Option<&str>) -> Option<Token> {
        let asking = {
            let mut now = self.now();
            if let Some(token) = &now.token
                && rejected != Some(token.as_str())
            {
                return Some(token.clone());
            }
            now.asking.get_or_insert_with(|| (self.ask)().shared()).clone()
        };
        let token = asking.clone().await;
        let mut now = self.now();
        // The first who hears of the answer keeps it.
        if now.asking.take_if(|now| now.ptr_eq(&asking)).is_some() {
            now.token.clone_from(&token);
        }
        token
    }
}

#[async_trait]
impl TokenSource for HostToken {
    async fn token(&self) -> Result<Option<Token>, PortError> {
        self.other_than(None).await.map(Some).ok_or(PortError::SignedOut)
    }

    async fn refresh(&self, rejected: &str) -> Result<Option<Token>, PortError> {
        // The same again is no other.
        Ok(self.other_than(Some(rejected)).await.filter(|token| token.as_str() != rejected))
    }

    fn forget(&self) {
        // Where the host is being asked, those who wait for it get its answer, and nobody keeps it.
        *self.now() = Now::default();
    }
}
