//! How a system signs in.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::Mutex;

use super::super::address;
use super::super::http::client;
use super::super::keys::SigningKeys;
use super::super::scopes::Scopes;
use super::{BackendServices, State};
use crate::error::{InvalidInput, Result};
use crate::ports::{Clock, SystemClock};

/// The settings of [`BackendServices`].
pub struct BackendServicesBuilder {
    base: String,
    client_id: String,
    keys: SigningKeys,
    scopes: Scopes,
    clock: Arc<dyn Clock>,
    plain: bool,
}

impl fmt::Debug for BackendServicesBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackendServicesBuilder(…)")
    }
}

impl BackendServicesBuilder {
    pub(super) fn new(base: &str, client_id: &str, keys: SigningKeys) -> Self {
        Self {
            base: base.to_owned(),
            client_id: client_id.to_owned(),
            keys,
            scopes: Scopes::default(),
            clock: Arc::new(SystemClock),
            plain: false,
        }
    }

    /// What to ask to be allowed; without this, what the SDK itself uses.
    #[must_use]
    pub fn scopes(self, scopes: Scopes) -> Self {
        Self { scopes, ..self }
    }

    /// What time it is.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Permits that the record is asked where its token endpoint is by HTTP without TLS: see
    /// [`RestRecordBuilder::allow_plain_http`](super::super::RestRecordBuilder::allow_plain_http). The token endpoint itself still needs TLS.
    #[must_use]
    pub fn allow_plain_http(self) -> Self {
        Self { plain: true, ..self }
    }

    /// The source of tokens. Nothing is asked before one is needed.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-record-address`; `invalid-client-id` where it is empty; `invalid-signing-keys` or
    /// `no-signing-key` as [`SigningKeys::public`].
    pub fn build(self) -> Result<BackendServices> {
        let Some(base) = address::base(&self.base, self.plain) else {
            let detail = "a record's address is an https URL without user, query or fragment; http only on this machine";
            return Err(InvalidInput::new("invalid-record-address", detail).into());
        };
        if self.client_id.is_empty() {
            let detail = "the client id is the one under which the authorization server knows this system";
            return Err(InvalidInput::new("invalid-client-id", detail).into());
        }
        let keys = self.keys.read()?;
        Ok(BackendServices {
            base,
            client_id: self.client_id,
            keys: self.keys,
            scopes: self.scopes.text(),
            clock: self.clock,
            near: client(true, true)?,
            far: client(self.plain, false)?,
            state: Mutex::new(State { keys: Arc::new(keys), ..State::default() }),
            tries: AtomicU64::new(0),
        })
    }
}
