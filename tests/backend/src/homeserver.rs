//! A Matrix homeserver of one organisation, on this machine, for as long as it is needed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;
use tempfile::TempDir;

use crate::cache::{Cache, hex};
use crate::description::{Account, HomeserverDescription};
use crate::error::{Doing, Error, Result};
use crate::http::{Http, escape};
use crate::process::{Leashed, free_port, is_free, last_line};
use crate::synapse::{Settings, install};

/// How long a homeserver may take to answer first: four seconds are usual, a busy machine needs more.
const ALLOWANCE: Duration = Duration::from_mins(2);
const RUN: &str = include_str!("../synapse/run.py");
const ADMIN: &str = "operator";

/// A Synapse on loopback, with its data in a folder of its own that goes when this is dropped.
///
/// Two of them federate. The process ends with this value, and with this process, however that ends.
#[derive(Debug)]
pub struct Homeserver {
    organization: String,
    python: PathBuf,
    http: Http,
    server_name: String,
    ports: [u16; 2],
    registration_secret: String,
    admin: Mutex<Option<String>>,
    accounts: Mutex<Vec<Account>>,
    // The process must end before its folder is removed: fields are dropped in this order.
    process: Mutex<Option<Leashed>>,
    folder: TempDir,
}

impl Homeserver {
    /// Installs Synapse if need be, and starts one for this organisation.
    pub fn start(organization: &str) -> Result<Self> {
        let python = install(&Cache::open()?)?;
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::start_on_free_ports(organization, python.clone()) {
                // Somebody was quicker between our look and Synapse's.
                Err(Error::PortTaken { .. }) if tries < 5 => {}
                other => return other,
            }
        }
    }

    fn start_on_free_ports(organization: &str, python: PathBuf) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("caseline-homeserver-")
            .tempdir()
            .doing(|| "creating a homeserver's folder".into())?;
        let mut ports = [free_port()?; 2];
        while ports[0] == ports[1] {
            ports[1] = free_port()?;
        }
        let [client_port, federation_port] = ports;
        let server_name = format!("localhost:{federation_port}");
        let registration_secret = random()?;
        Settings {
            folder: folder.path(),
            server_name: &server_name,
            client_port,
            federation_port,
            registration_secret: &registration_secret,
            secret: &random()?,
        }
        .write()?;
        let homeserver = Self {
            organization: organization.to_owned(),
            python,
            http: Http::new(format!("http://127.0.0.1:{client_port}")),
            server_name,
            ports,
            registration_secret,
            admin: Mutex::new(None),
            accounts: Mutex::new(Vec::new()),
            process: Mutex::new(None),
            folder,
        };
        homeserver.launch(&mut lock(&homeserver.process))?;
        Ok(homeserver)
    }

    fn launch(&self, process: &mut Option<Leashed>) -> Result<()> {
        let what = format!("The homeserver of {}", self.organization);
        let taken = || self.ports.into_iter().find(|port| !is_free(*port));
        if let Some(port) = taken() {
            return Err(Error::PortTaken { what, port });
        }
        let output = self.folder.path().join("output.log");
        let mut command = Command::new(&self.python);
        command.args(["-I", "-c", RUN]).arg(self.folder.path()).arg(&self.server_name);
        let mut server = Leashed::start(&what, command.current_dir(self.folder.path()), &output)?;
        let begun = Instant::now();
        while begun.elapsed() < ALLOWANCE {
            if server.ended().is_some() {
                if let Some(port) = taken() {
                    return Err(Error::PortTaken { what, port });
                }
                let log = if self.log().exists() { self.log() } else { output };
                return Err(Error::Start { what, reason: last_line(&log) });
            }
            // Another's may answer on a port that ours could not have.
            if self.http.answers("/_matrix/client/versions") && self.listens() {
                *process = Some(server);
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(Error::Start { what, reason: format!("no answer within {} s", ALLOWANCE.as_secs()) })
    }

    /// Whether it says that it listens on its ports.
    fn listens(&self) -> bool {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        self.ports.iter().all(|port| log.contains(&format!("now listening on TCP port {port}")))
    }

    /// The organisation whose server this is.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// Where clients reach it, over plain HTTP.
    pub fn url(&self) -> &str {
        self.http.base()
    }

    /// What stands behind the colon in its users' ids: `localhost:PORT`, the port being the one for federation.
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    /// Its SQLite file. What was written last may still be in the file with `-wal` added to the name.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("homeserver.db")
    }

    /// The folder of its media.
    pub fn media(&self) -> PathBuf {
        self.folder.path().join("media")
    }

    /// Its log.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("homeserver.log")
    }

    /// Its folder, with everything that it ever wrote.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes an account and returns its user id.
    pub fn register(&self, localpart: &str, password: &str) -> Result<String> {
        let user_id = self.register_as(localpart, password, false)?;
        lock(&self.accounts).push(Account { user_id: user_id.clone(), password: password.to_owned() });
        Ok(user_id)
    }

    fn register_as(&self, localpart: &str, password: &str, admin: bool) -> Result<String> {
        const PATH: &str = "/_synapse/admin/v1/register";
        let nonce = self.api("GET", PATH, None, None)?;
        let nonce = text(&nonce, "nonce")?;
        let standing = if admin { "admin" } else { "notadmin" };
        let mut mac = Hmac::<Sha1>::new_from_slice(self.registration_secret.as_bytes())
            .map_err(|_| Error::Start { what: "An account".into(), reason: "no secret".into() })?;
        mac.update([nonce.as_str(), localpart, password, standing].join("\0").as_bytes());
        let request = json!({
            "nonce": nonce, "username": localpart, "password": password, "admin": admin,
            "inhibit_login": true, "mac": hex(&mac.finalize().into_bytes()),
        });
        text(&self.api("POST", PATH, None, Some(&request))?, "user_id")
    }

    /// Signs in on a new device and returns its access token.
    pub fn login(&self, user: &str, password: &str) -> Result<String> {
        let request = json!({
            "type": "m.login.password", "password": password,
            "identifier": { "type": "m.id.user", "user": user },
        });
        text(&self.api("POST", "/_matrix/client/v3/login", None, Some(&request))?, "access_token")
    }

    /// Any request of the client or the admin API; an answer that is not 2xx is [`Error::Refused`].
    pub fn api(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Result<Value> {
        self.http.api(method, path, token, body)
    }

    /// The access token of the server's administrator.
    pub fn admin_token(&self) -> Result<String> {
        let mut admin = lock(&self.admin);
        if let Some(token) = &*admin {
            return Ok(token.clone());
        }
        let password = random()?;
        self.register_as(ADMIN, &password, true)?;
        let token = self.login(ADMIN, &password)?;
        *admin = Some(token.clone());
        Ok(token)
    }

    /// Puts a user of this server into a room by the server's own means, as a dishonest operator would.
    ///
    /// The operator acts as the most powerful of the server's own users in the room, to invite, and then as the
    /// user, to join. It fails if the room's rules stop even that.
    pub fn admin_join(&self, room: &str, user: &str) -> Result<()> {
        let admin = self.admin_token()?;
        let room = escape(room);
        let state = self.api("GET", &format!("/_synapse/admin/v1/rooms/{room}/state"), Some(&admin), None)?;
        let inviter = self.most_powerful(&state).ok_or_else(|| Error::Start {
            what: format!("An invitation of {user}"),
            reason: "nobody of this server is joined to the room".into(),
        })?;
        let act_as = |user: &str| -> Result<String> {
            let path = format!("/_synapse/admin/v1/users/{}/login", escape(user));
            text(&self.api("POST", &path, Some(&admin), Some(&json!({})))?, "access_token")
        };
        let invite = format!("/_matrix/client/v3/rooms/{room}/invite");
        self.api("POST", &invite, Some(&act_as(&inviter)?), Some(&json!({ "user_id": user })))?;
        let join = format!("/_matrix/client/v3/rooms/{room}/join");
        self.api("POST", &join, Some(&act_as(user)?), Some(&json!({})))?;
        Ok(())
    }

    fn most_powerful(&self, state: &Value) -> Option<String> {
        let events = state.get("state")?.as_array()?;
        let is = |event: &Value, kind: &str| event.get("type").and_then(Value::as_str) == Some(kind);
        let levels = events.iter().find(|event| is(event, "m.room.power_levels"));
        let power = |user: &str| {
            let users = levels.and_then(|event| event.pointer("/content/users"));
            users.and_then(|users| users.get(user)).and_then(Value::as_i64).unwrap_or(0)
        };
        events
            .iter()
            .filter(|event| is(event, "m.room.member"))
            .filter(|event| event.pointer("/content/membership").and_then(Value::as_str) == Some("join"))
            .filter_map(|event| event.get("state_key")?.as_str())
            .filter(|user| user.ends_with(&format!(":{}", self.server_name)))
            .max_by_key(|user| power(user))
            .map(str::to_owned)
    }

    /// Stops it, in order; its data and ports are kept for [`Homeserver::restart`].
    pub fn stop(&self) {
        if let Some(mut server) = lock(&self.process).take() {
            server.stop();
        }
    }

    /// Ends it at once, as a power cut would; its data and ports are kept for [`Homeserver::restart`].
    pub fn kill9(&self) {
        if let Some(mut server) = lock(&self.process).take() {
            server.kill9();
        }
    }

    /// Starts it again on its data and its ports, stopping it first if it runs.
    pub fn restart(&self) -> Result<()> {
        let mut process = lock(&self.process);
        if let Some(mut server) = process.take() {
            server.stop();
        }
        self.launch(&mut process)
    }

    /// What others need to know to use it.
    pub fn describe(&self) -> HomeserverDescription {
        HomeserverDescription {
            organization: self.organization.clone(),
            url: self.url().to_owned(),
            server_name: self.server_name.clone(),
            database: Some(self.database()),
            media: Some(self.media()),
            log: Some(self.log()),
            accounts: lock(&self.accounts).clone(),
        }
    }
}

/// The value in a mutex; a test that panicked while it held it does not stop the others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn text(answer: &Value, field: &str) -> Result<String> {
    answer.get(field).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| Error::Unreachable {
        url: "The homeserver".into(),
        reason: format!("its answer has no {field}"),
    })
}

/// A secret of 32 hexadecimal digits.
fn random() -> Result<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .doing(|| "reading /dev/urandom".into())?;
    Ok(hex(&bytes))
}
