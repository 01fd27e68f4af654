//! Making a client.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::client::Caseline;
use crate::client::running::Running;
use crate::engine::Engine;
use crate::error::{InvalidInput, Result};
use crate::ports::{CareRecord, CaseTransport, Clock, SystemClock};
use crate::store::{Db, EmbeddedRecord, StoreKey};

/// How long a start waits for the first directory.
const FIRST_DIRECTORY: Duration = Duration::from_secs(10);

/// Where the resources of one's cases are kept.
///
/// A device gets the token of its user from the host; a server process, which can keep a private key, signs in as a system:
///
/// ```no_run
/// # #[cfg(feature = "fhir-rest")]
/// # fn records() -> caseline::Result<()> {
/// # async fn token_of_the_user() -> Option<String> { None }
/// use caseline::{Caseline, Record};
///
/// // An app: the host is asked for a token, and asked again when the record no longer takes it.
/// let record = Record::fhir_as_user("https://ehr.example/fhir", token_of_the_user)?;
/// let app = Caseline::builder().record(record);
///
/// // A server process: SMART Backend Services, with the private keys of a JWK Set.
/// let record = Record::fhir_as_system("https://ehr.example/fhir", "our-client-id", "/etc/caseline/keys.json")?;
/// let keeper = Caseline::builder().record(record);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub enum Record {
    /// In the local store. Nothing to install; works offline.
    #[default]
    Embedded,
    /// Nowhere on this device: the organisation's keeper writes.
    None,
    /// In a record of the host's: a FHIR server, or any other [`CareRecord`].
    Other(Arc<dyn CareRecord>),
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Embedded => "Record::Embedded",
            Self::None => "Record::None",
            Self::Other(_) => "Record::Other(…)",
        })
    }
}

#[cfg(feature = "fhir-rest")]
impl Record {
    /// A FHIR R4 server (`https://ehr.example/fhir`), with a bearer token where it asks for one.
    ///
    /// # Errors
    /// `InvalidInput` where the address cannot be used: plain HTTP goes to this machine only.
    pub fn fhir(url: &str, token: Option<String>) -> Result<Self> {
        use crate::fhir::{FixedToken, RestRecord};
        let tokens = token.map_or_else(FixedToken::none, FixedToken::new);
        Ok(RestRecord::new(url, tokens)?.into())
    }

    /// A FHIR R4 server, as the user who is signed in to the host application: the way of a device. `ask` gives a token that is
    /// fresh when it is called, or `None` where the user has to sign in again; see [`HostToken`](crate::fhir::HostToken).
    ///
    /// # Errors
    /// `InvalidInput` where the address cannot be used, as for [`Record::fhir`].
    pub fn fhir_as_user<F, T>(url: &str, ask: F) -> Result<Self>
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Option<String>> + Send + 'static,
    {
        use crate::fhir::{HostToken, RestRecord};
        Ok(RestRecord::new(url, HostToken::new(ask))?.into())
    }

    /// A FHIR R4 server, signed in as a system (SMART Backend Services): for server processes only. `client_id` is the one that
    /// the record's authorization server knows it by, `keys` the file with its private JWK Set, which is read again for each
    /// access token. Other settings, such as fewer scopes: [`BackendServices`](crate::fhir::BackendServices), and
    /// `Record::from` of the [`RestRecord`](crate::fhir::RestRecord) that asks with it.
    ///
    /// # Errors
    /// `InvalidInput` where the address, the client id or the keys cannot be used.
    pub fn fhir_as_system(url: &str, client_id: &str, keys: impl Into<PathBuf>) -> Result<Self> {
        use crate::fhir::{BackendServices, RestRecord, SigningKeys};
        let system = BackendServices::builder(url, client_id, SigningKeys::file(keys)).build()?;
        Ok(RestRecord::new(url, system)?.into())
    }
}

#[cfg(feature = "fhir-rest")]
impl From<crate::fhir::RestRecord> for Record {
    fn from(record: crate::fhir::RestRecord) -> Self {
        Self::Other(Arc::new(record))
    }
}

/// A client in the making; see [`Caseline::builder`].
#[derive(Clone)]
pub struct Builder {
    homeserver: Option<String>,
    store: Option<(PathBuf, StoreKey)>,
    record: Record,
    clock: Arc<dyn Clock>,
}

impl Default for Builder {
    fn default() -> Self {
        Self { homeserver: None, store: None, record: Record::default(), clock: Arc::new(SystemClock) }
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("homeserver", &self.homeserver)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// The homeserver's address, for example `https://matrix.cp.example`.
    #[must_use]
    pub fn homeserver(mut self, url: impl Into<String>) -> Self {
        self.homeserver = Some(url.into());
        self
    }

    /// The folder of the store, and the key that it is encrypted with, from the host's key store.
    #[must_use]
    pub fn store(mut self, folder: impl Into<PathBuf>, key: StoreKey) -> Self {
        self.store = Some((folder.into(), key));
        self
    }

    /// Where resources are kept. Left out: in the store.
    #[must_use]
    pub fn record(mut self, record: Record) -> Self {
        self.record = record;
        self
    }

    /// Another clock than the machine's: a story's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn open(&self) -> Result<(Arc<Db>, StoreKey)> {
        let (folder, key) = self.store.clone().ok_or_else(|| {
            InvalidInput::new("no-store", "name a folder and a key for the store").field("store")
        })?;
        Ok((Db::open(&folder, &key)?, key))
    }

    /// Signs in. A store with a session of this account restores it: the same device, and the password is not used.
    ///
    /// It returns once the device is cross-signed and the key backup is on; for an account that has an identity already,
    /// the device is unverified until [`Caseline::recover`].
    ///
    /// # Errors
    /// `SignInRequired` (`wrong-password`), `Unavailable` (`homeserver`), `Conflict` (`store-in-use`, `other-account`),
    /// `InvalidInput` (`wrong-store-key`, …).
    #[cfg(feature = "matrix")]
    pub async fn sign_in(self, user: &str, secret: &str) -> Result<Caseline> {
        use crate::error::Error;
        use crate::matrix::MatrixTransport;
        let (db, key) = self.open()?;
        if let Some(transport) = MatrixTransport::restore(Arc::clone(&db), &key).await? {
            let known = transport.user();
            if known.as_str() != user && known.localpart() != user {
                transport.shutdown().await;
                let detail = "this store belongs to another account: use another folder";
                return Err(Error::Conflict { code: "other-account", detail });
            }
            return self.start(db, Arc::new(transport)).await;
        }
        let homeserver = self.homeserver.clone().ok_or_else(|| {
            InvalidInput::new("no-homeserver", "name the homeserver's address").field("homeserver")
        })?;
        let transport = MatrixTransport::sign_in(Arc::clone(&db), &key, &homeserver, user, secret).await?;
        self.start(db, Arc::new(transport)).await
    }

    /// Restores the store's session: the same device, no password, no homeserver's address needed.
    ///
    /// # Errors
    /// `SignInRequired` (`no-session`).
    #[cfg(feature = "matrix")]
    pub async fn restore(self) -> Result<Caseline> {
        use crate::error::Error;
        use crate::matrix::MatrixTransport;
        let (db, key) = self.open()?;
        let Some(transport) = MatrixTransport::restore(Arc::clone(&db), &key).await? else {
            return Err(Error::SignInRequired {
                code: "no-session",
                detail: "this store has no session: sign in",
            });
        };
        self.start(db, Arc::new(transport)).await
    }

    /// A client over another transport, for tests.
    #[cfg(feature = "testing")]
    pub async fn with_transport(self, transport: Arc<dyn CaseTransport>) -> Result<Caseline> {
        let (db, _) = self.open()?;
        self.start(db, transport).await
    }

    #[cfg_attr(not(any(feature = "matrix", feature = "testing")), allow(dead_code))]
    async fn start(self, db: Arc<Db>, transport: Arc<dyn CaseTransport>) -> Result<Caseline> {
        let record: (Option<Arc<dyn CareRecord>>, bool) = match self.record {
            Record::Embedded => (Some(Arc::new(EmbeddedRecord::new(Arc::clone(&db)))), false),
            Record::None => (None, false),
            Record::Other(record) => (Some(record), true),
        };
        let embedded = matches!(record, (Some(_), false));
        let engine = Arc::new(Engine::new(db, transport, record, self.clock));
        if embedded {
            engine.at_home()?;
        }
        // Without the record the directory of the last time stands. A server is waited for only where there is none, and not
        // for long: it is asked on in the background.
        let mut current = false;
        if !engine.elsewhere || !engine.knows_directory()? {
            let asked = tokio::time::timeout(FIRST_DIRECTORY, engine.refresh_directory()).await;
            current = matches!(asked, Ok(Ok(())));
        }
        engine.read_directory()?;
        let _ = engine.find_own_cases().await;
        engine.look_at_all()?;
        let running = Arc::new(Running::start(&engine, current));
        Ok(Caseline { engine, running })
    }
}
