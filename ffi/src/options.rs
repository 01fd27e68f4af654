//! How a client is made.

use std::sync::Arc;
use std::time::SystemTime;

use caseline::error::InvalidInput;
use caseline::{Builder, Record, ports};
use jiff::Timestamp;

use crate::error::{HostTokenError, Result};

/// The 32 bytes that a store is encrypted with. They come from the host's key store, and cannot be read back.
#[derive(uniffi::Object)]
pub struct StoreKey(caseline::store::StoreKey);

#[uniffi::export]
impl StoreKey {
    /// A key of exactly 32 bytes.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-store-key`).
    #[uniffi::constructor]
    pub fn new(bytes: Vec<u8>) -> Result<Arc<Self>> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| {
            InvalidInput::new("invalid-store-key", "the store's key is 32 bytes").field("store_key")
        })?;
        Ok(Arc::new(Self(caseline::store::StoreKey::new(bytes))))
    }
}

/// A clock that is moved, for stories and tests. Until it is, it shows the machine's time.
#[derive(Default, uniffi::Object)]
pub struct StoryClock(Arc<ports::StoryClock>);

#[uniffi::export]
impl StoryClock {
    /// A clock that shows the machine's time.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Moves the clock: from then on it runs on from there.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-time`) for a time that no calendar date has.
    pub fn set(&self, now: SystemTime) -> Result<()> {
        let now = Timestamp::try_from(now)
            .map_err(|_| InvalidInput::new("invalid-time", "a time of the years 1 to 9999").field("now"))?;
        self.0.set(now);
        Ok(())
    }
}

/// The host application, where it is asked for the access token of the user who is signed in there.
#[uniffi::export(with_foreign)]
pub trait HostToken: Send + Sync {
    /// A token that is fresh now, or nothing where the user has to sign in again: then nothing is read or written until they
    /// have. It is called on a thread of this library, when a token is needed first and whenever the record no longer takes
    /// the last one; however many requests wait for it, it is called once.
    ///
    /// # Errors
    /// Any: as if there were no token. What it says is not kept.
    fn token(&self) -> Result<Option<String>, HostTokenError>;
}

/// Where the resources of one's cases are kept.
#[derive(uniffi::Enum)]
pub enum RecordChoice {
    /// In the local store.
    Embedded,
    /// On a FHIR R4 server.
    Fhir {
        /// Its address (`https://ehr.example/fhir`).
        url: String,
        /// A bearer token, where it asks for one.
        token: Option<String>,
    },
    /// On a FHIR R4 server, as the user who is signed in to the host application.
    FhirAsUser {
        /// Its address.
        url: String,
        /// Where its access tokens come from.
        tokens: Arc<dyn HostToken>,
    },
    /// Nowhere on this device: the organisation's keeper writes.
    Nowhere,
}

/// How a client is made.
#[derive(uniffi::Record)]
pub struct Options {
    /// The folder of the store.
    pub store: String,
    /// What it is encrypted with.
    pub store_key: Arc<StoreKey>,
    /// The homeserver's address; a store with a session needs none.
    #[uniffi(default = None)]
    pub homeserver: Option<String>,
    /// Where resources are kept; left out, in the store.
    #[uniffi(default = None)]
    pub record: Option<RecordChoice>,
    /// Another clock than the machine's.
    #[uniffi(default = None)]
    pub story_clock: Option<Arc<StoryClock>>,
}

impl Options {
    pub(crate) fn builder(self) -> Result<Builder> {
        let mut builder = caseline::Caseline::builder().store(self.store, self.store_key.0.clone());
        if let Some(homeserver) = self.homeserver {
            builder = builder.homeserver(homeserver);
        }
        builder = builder.record(match self.record {
            None | Some(RecordChoice::Embedded) => Record::Embedded,
            Some(RecordChoice::Fhir { url, token }) => Record::fhir(&url, token)?,
            Some(RecordChoice::FhirAsUser { url, tokens }) => Record::fhir_as_user(&url, move || {
                let tokens = Arc::clone(&tokens);
                // A host may take its time: not on a thread that others wait for.
                async move { tokio::task::spawn_blocking(move || tokens.token()).await.ok()?.ok()? }
            })?,
            Some(RecordChoice::Nowhere) => Record::None,
        });
        if let Some(clock) = self.story_clock {
            builder = builder.clock(clock.0.clone());
        }
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;
    use crate::error::CaselineError;

    #[test]
    fn a_key_has_32_bytes() {
        assert!(StoreKey::new(vec![7; 32]).is_ok());
        for bytes in [vec![], vec![7; 31], vec![7; 33]] {
            let Err(CaselineError::InvalidInput { code, .. }) = StoreKey::new(bytes) else { panic!() };
            assert_eq!(code, "invalid-store-key");
        }
    }
}
