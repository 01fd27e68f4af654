//! How a record on a server is asked.

use std::fmt;
use std::time::Duration;

use super::http::{Http, Patience, client};
use super::token::{FixedToken, TokenSource};
use super::{RestRecord, address};
use crate::error::{InvalidInput, Result};

/// The settings of a [`RestRecord`].
pub struct RestRecordBuilder {
    base: String,
    tokens: Box<dyn TokenSource>,
    patience: Patience,
    plain: bool,
}

impl fmt::Debug for RestRecordBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RestRecordBuilder(…)")
    }
}

impl RestRecordBuilder {
    pub(super) fn new(base: &str) -> Self {
        let tokens = Box::new(FixedToken::none());
        Self { base: base.to_owned(), tokens, patience: Patience::default(), plain: false }
    }

    /// Where its access tokens come from; without this, none are sent.
    #[must_use]
    pub fn tokens(self, tokens: impl TokenSource) -> Self {
        Self { tokens: Box::new(tokens), ..self }
    }

    /// How long one exchange may take: one minute without this, and a second more for each 64 KiB that it sends.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.patience.timeout = timeout;
        self
    }

    /// How long one call may spend on what fails and is tried again, two and a half minutes without this. With zero,
    /// nothing is tried again.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience.again = patience;
        self
    }

    /// Permits HTTP without TLS to another machine, for a network that is trusted with what the record holds and with the
    /// access tokens: everybody on the way can read and change both.
    #[must_use]
    pub fn allow_plain_http(self) -> Self {
        Self { plain: true, ..self }
    }

    /// The record.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-record-address`) where its base is no address, or is plain HTTP to another machine and that was
    /// not permitted.
    pub fn build(self) -> Result<RestRecord> {
        let Some(base) = address::base(&self.base, self.plain) else {
            let detail = "a record's address is an https URL without user, query or fragment; http only on this machine";
            return Err(InvalidInput::new("invalid-record-address", detail).into());
        };
        let local = address::is_local(&base);
        let client = client(self.plain || local, local)?;
        Ok(RestRecord::of(Http::new(base, client, self.tokens, self.patience)))
    }
}
