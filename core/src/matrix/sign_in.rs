//! Signing in, and going on where an earlier sign-in was stopped.
//!
//! Each step is written down before the next begins, and each looks first, so that a kill anywhere is gone on from: the
//! device id before the login, the session after it, that the identity is ours before it is published, the recovery key
//! before it is offered, and last that all is done.

use std::sync::Arc;

use matrix_sdk::authentication::matrix::MatrixSession;
use matrix_sdk::ruma::OwnedDeviceId;
use matrix_sdk::ruma::api::client::session::login;
use matrix_sdk::ruma::api::client::uiaa;
use matrix_sdk::store::RoomLoadSettings;
use matrix_sdk::{Client, reqwest};
use serde_json::Value;
use url::Url;

use super::error::{self, http, internal, public, sdk};
use super::{MatrixTransport, Port, open, sync};
use crate::error::{Error, InvalidInput, Result};
use crate::point::point;
use crate::ports::PortError;
use crate::store::{Db, StoreKey};

const HOMESERVER: &str = "matrix.homeserver";
const DEVICE: &str = "matrix.device";
const SESSION: &str = "matrix.session";
/// Set while the account's identity is one that this device made and has not finished setting up.
const FOUNDING: &str = "matrix.founding";
/// Set once the homeserver no longer takes the session.
const ENDED: &str = "matrix.ended";
const READY: &str = "matrix.ready";

impl MatrixTransport {
    /// Signs in with a password, or goes on with the session that the store has.
    ///
    /// When this returns, the device is cross-signed and the key backup is on. An account that already has an identity is
    /// the exception: its device is not verified until [`recover`](crate::ports::CaseTransport::recover) is called with the recovery key.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-homeserver`); `Unavailable` where it does not answer; `Incompatible` (`not-a-homeserver`,
    /// `no-sliding-sync`, `no-password-sign-in`); `SignInRequired` (`wrong-password`, `account-deactivated`); `Conflict` (`other-account`)
    /// where the store has another account's session.
    pub async fn sign_in(
        db: Arc<Db>,
        key: &StoreKey,
        homeserver: &str,
        user: &str,
        secret: &str,
    ) -> Result<Self> {
        let url = address(homeserver)?;
        probe(&url).await?;
        let mut session = stored(&db)?;
        if let Some(known) = &session {
            let id = &known.meta.user_id;
            if user != id.as_str() && user != id.localpart() {
                return Err(Error::Conflict {
                    code: "other-account",
                    detail: "this store belongs to another account: use another store",
                });
            }
            match ask_token(&url, known).await? {
                Token::Good => db.set_meta(ENDED, None)?,
                Token::Renew => session = None,
                Token::Gone => {
                    forget_device(&db).await?;
                    session = None;
                }
            }
        }
        db.set_meta(HOMESERVER, Some(url.as_str()))?;
        let (client, base) = open::client(&db, key, &url).await?;
        let session = match session {
            Some(session) => session,
            None => log_in(&db, &client, user, secret).await?,
        };
        let transport = Self::assemble(db, client, base, session).await?;
        transport.set_up(secret).await?;
        transport.sync.start(&transport.client, &transport.base).await;
        Ok(transport)
    }

    /// The device of an earlier, finished sign-in: no password, no network. `None` where there is none, or the homeserver
    /// has ended its session.
    pub async fn restore(db: Arc<Db>, key: &StoreKey) -> Result<Option<Self>> {
        let (Some(homeserver), Some(session), Some(_)) =
            (db.meta(HOMESERVER)?, stored(&db)?, db.meta(READY)?)
        else {
            return Ok(None);
        };
        if db.meta(ENDED)?.is_some() {
            return Ok(None);
        }
        let (client, base) = open::client(&db, key, &address(&homeserver)?).await?;
        let transport = Self::assemble(db, client, base, session).await?;
        transport.sync.start(&transport.client, &transport.base).await;
        Ok(Some(transport))
    }

    async fn assemble(
        db: Arc<Db>,
        client: Client,
        base: matrix_sdk_base::BaseClient,
        session: MatrixSession,
    ) -> Result<Self> {
        let me = session.meta.user_id.clone();
        let user = me.as_str().parse()?;
        client
            .matrix_auth()
            .restore_session(session, RoomLoadSettings::default())
            .await
            .map_err(|_| Error::internal("matrix-restore"))?;
        Ok(Self {
            sync: sync::Sync::new(Arc::clone(&db)),
            client,
            base,
            db,
            user,
            me,
            sending: tokio::sync::Mutex::default(),
            asked_backup: std::sync::Mutex::default(),
            asked_keys: std::sync::Mutex::default(),
            asked_rest: std::sync::Mutex::default(),
            read_codes: std::sync::Mutex::default(),
        })
    }

    /// Brings the device from "logged in" to "verified, with backup", from wherever an earlier attempt stopped.
    async fn set_up(&self, secret: &str) -> Result<()> {
        if self.db.meta(READY)?.is_some() {
            return Ok(());
        }
        let encryption = self.client.encryption();
        encryption.wait_for_e2ee_initialization_tasks().await;
        let founded = self.publish_device().await.map_err(public)?;
        point("sign-in-device-published");
        if founded {
            if self.db.meta(FOUNDING)?.is_none() || !self.holds_identity().await? {
                // The account has an identity that is not this device's to set up.
                self.db.set_meta(FOUNDING, None)?;
                return self.db.set_meta(READY, Some("joined"));
            }
        } else {
            self.db.set_meta(FOUNDING, Some("yes"))?;
            point("sign-in-founding");
            self.found_identity(secret).await?;
            point("sign-in-founded");
        }
        if !self.is_verified().await.map_err(public)? {
            self.sign_own_device().await.map_err(public)?;
        }
        point("sign-in-verified");
        if !encryption.backups().are_enabled().await {
            // One that an earlier attempt made and did not get to keep the key of is empty: this one takes its place.
            encryption.backups().create().await.map_err(|error| public(sdk(&error, "key-backup")))?;
            point("sign-in-backup");
        }
        if self.offered().map_err(public)?.is_none() {
            self.make_recovery_key().await.map_err(public)?;
        }
        self.db.set_meta(READY, Some("founded"))?;
        point("sign-in-ready");
        self.db.set_meta(FOUNDING, None)
    }

    /// Uploads our device's keys; true where the account has an identity already, as the homeserver has it now.
    pub(super) async fn publish_device(&self) -> Port<bool> {
        let machine = self.machine().await?;
        if let Some((id, request)) = machine.upload_device_keys().await.map_err(internal("device-keys"))? {
            let answer = self.client.send(request).await.map_err(|error| http(&error))?;
            machine.mark_request_as_sent(&id, &answer).await.map_err(internal("device-keys"))?;
        }
        let answer = self.query_keys(&machine, std::iter::once(self.me.clone())).await?;
        Ok(answer.master_keys.contains_key(&self.me))
    }

    async fn holds_identity(&self) -> Result<bool> {
        let machine = self.machine().await.map_err(public)?;
        Ok(machine.cross_signing_status().await.is_complete())
    }

    /// Makes the account's identity; one that an earlier attempt made and did not publish is published.
    async fn found_identity(&self, secret: &str) -> Result<()> {
        let encryption = self.client.encryption();
        let mut outcome = encryption.bootstrap_cross_signing(None).await;
        if let Err(error) = &outcome
            && let Some(asked) = error.as_uiaa_response()
        {
            let who = uiaa::UserIdentifier::Matrix(uiaa::MatrixUserIdentifier::new(self.me.to_string()));
            let mut password = uiaa::Password::new(who, secret.to_owned());
            password.session.clone_from(&asked.session);
            outcome = encryption.bootstrap_cross_signing(Some(uiaa::AuthData::Password(password))).await;
        }
        match outcome {
            Ok(()) => {}
            Err(error) if error.as_uiaa_response().is_some() => return Err(wrong_password()),
            Err(error) => return Err(public(sdk(&error, "cross-signing"))),
        }
        let machine = self.machine().await.map_err(public)?;
        self.query_keys(&machine, std::iter::once(self.me.clone())).await.map_err(public)?;
        Ok(())
    }

    async fn sign_own_device(&self) -> Port<()> {
        let own = self.client.encryption().get_own_device().await.map_err(internal("own-device"))?;
        let own = own.ok_or(PortError::Internal { code: "own-device" })?;
        own.verify().await.map_err(|_| PortError::Unavailable { code: "sign-device", retry_after: None })?;
        let machine = self.machine().await?;
        self.query_keys(&machine, std::iter::once(self.me.clone())).await?;
        if self.is_verified().await? { Ok(()) } else { Err(PortError::Internal { code: "own-device" }) }
    }
}

fn address(homeserver: &str) -> Result<Url> {
    Url::parse(homeserver)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            InvalidInput::new("invalid-homeserver", "a homeserver is written `https://matrix.example`").into()
        })
}

fn stored(db: &Db) -> Result<Option<MatrixSession>> {
    db.meta(SESSION)?
        .map(|json| serde_json::from_str(&json).map_err(|_| Error::internal("matrix-session")))
        .transpose()
}

/// Writes down that the homeserver ended the session, so that the next start asks for the password.
pub(super) fn note_end(db: &Db) -> Result<()> {
    db.set_meta(ENDED, Some("yes"))
}

fn endpoint(url: &Url, path: &[&str]) -> Result<Url> {
    let mut url = url.clone();
    url.path_segments_mut()
        .map_err(|()| Error::internal("homeserver-url"))?
        .pop_if_empty()
        .extend(["_matrix", "client"].iter().chain(path));
    Ok(url)
}

async fn fetch(request: reqwest::RequestBuilder) -> Result<(u16, Option<Value>)> {
    let answer =
        request.timeout(open::TIMEOUT).send().await.map_err(|error| public(error::request(&error)))?;
    let status = answer.status().as_u16();
    if status == 429 || status >= 500 {
        return Err(public(error::status(status, true)));
    }
    let text = answer.text().await.map_err(|error| public(error::request(&error)))?;
    Ok((status, serde_json::from_str(&text).ok()))
}

/// Whether a homeserver answers at this address, and one that we can work with.
async fn probe(url: &Url) -> Result<()> {
    let request = open::http()?.get(endpoint(url, &["versions"])?);
    let (status, answer) = fetch(request).await?;
    let answer = answer.filter(|answer| status == 200 && answer.get("versions").is_some_and(Value::is_array));
    let answer = answer.ok_or_else(error::not_a_homeserver)?;
    let sliding_sync = answer
        .get("unstable_features")
        .and_then(|features| features.get("org.matrix.simplified_msc3575"))
        .and_then(Value::as_bool);
    if sliding_sync == Some(true) {
        return Ok(());
    }
    Err(Error::Incompatible {
        code: "no-sliding-sync",
        detail: "this homeserver has no simplified sliding sync (MSC4186): update it",
    })
}

/// What has become of a session's token.
enum Token {
    Good,
    /// A new login as the same device is asked for.
    Renew,
    /// The device was removed.
    Gone,
}

async fn ask_token(url: &Url, session: &MatrixSession) -> Result<Token> {
    let request = open::http()?
        .get(endpoint(url, &["v3", "account", "whoami"])?)
        .bearer_auth(&session.tokens.access_token);
    let (status, answer) = fetch(request).await?;
    let field = |name: &str| answer.as_ref().and_then(|answer| answer.get(name));
    match (status, field("errcode").and_then(Value::as_str)) {
        (200, None) if field("user_id").is_some() => Ok(Token::Good),
        (401, Some("M_UNKNOWN_TOKEN")) if field("soft_logout").and_then(Value::as_bool) == Some(true) => {
            Ok(Token::Renew)
        }
        (401, Some("M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN")) => Ok(Token::Gone),
        _ => Err(error::not_a_homeserver()),
    }
}

/// A device that the homeserver removed cannot come back: its keys are gone there. The next one begins with empty stores;
/// what was received is in our own.
async fn forget_device(db: &Db) -> Result<()> {
    match tokio::fs::remove_dir_all(open::folder(db)).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::internal("matrix-stores"));
        }
        _ => {}
    }
    for name in [READY, FOUNDING, DEVICE, SESSION] {
        db.set_meta(name, None)?;
    }
    Ok(())
}

async fn log_in(db: &Db, client: &Client, user: &str, secret: &str) -> Result<MatrixSession> {
    let device = if let Some(device) = db.meta(DEVICE)? {
        device
    } else {
        let device = new_device_id()?;
        db.set_meta(DEVICE, Some(&device))?;
        point("sign-in-device-chosen");
        device
    };
    let who = uiaa::UserIdentifier::Matrix(uiaa::MatrixUserIdentifier::new(user.to_owned()));
    let password = login::v3::Password::new(who, secret.to_owned());
    let mut request = login::v3::Request::new(login::v3::LoginInfo::Password(password));
    request.device_id = Some(OwnedDeviceId::from(device));
    let answer = client.send(request).await.map_err(|error| not_logged_in(&error))?;
    point("sign-in-logged-in");
    let session = MatrixSession::from(&answer);
    let json = serde_json::to_string(&session).map_err(|_| Error::internal("matrix-session"))?;
    db.set_meta(SESSION, Some(&json))?;
    point("sign-in-session-kept");
    db.set_meta(ENDED, None)?;
    Ok(session)
}

fn not_logged_in(error: &matrix_sdk::HttpError) -> Error {
    use matrix_sdk::ruma::api::error::ErrorKind;
    match error.client_api_error_kind() {
        Some(ErrorKind::Forbidden | ErrorKind::InvalidUsername | ErrorKind::InvalidParam) => wrong_password(),
        Some(ErrorKind::UserDeactivated) => Error::SignInRequired {
            code: "account-deactivated",
            detail: "this account was closed on its homeserver",
        },
        Some(ErrorKind::Unknown | ErrorKind::Unrecognized) => Error::Incompatible {
            code: "no-password-sign-in",
            detail: "this homeserver takes no passwords from apps",
        },
        _ => public(http(error)),
    }
}

fn wrong_password() -> Error {
    Error::SignInRequired {
        code: "wrong-password",
        detail: "the account or its password is not right: check the server name after the colon, too",
    }
}

/// Ten random letters: a device id says nothing about its device.
fn new_device_id() -> Result<String> {
    let mut random = [0u8; 10];
    getrandom::fill(&mut random).map_err(|_| Error::internal("random"))?;
    Ok(random.iter().map(|byte| char::from(b'A' + byte % 26)).collect())
}
