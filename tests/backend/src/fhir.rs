//! A FHIR R4 server of one organisation, on this machine, for as long as it is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::cache::Cache;
use crate::description::RecordDescription;
use crate::error::{Doing, Error, Result};
use crate::http::Http;
use crate::maven::Program;
use crate::process::{Leashed, free_port, is_free, last_line};
use crate::step::Step;

/// How long a server may take to start: 20 s are usual, two at once on a busy machine need a minute and more.
const ALLOWANCE: Duration = Duration::from_mins(3);

const PROGRAM: Program = Program {
    name: "fhir-server",
    title: "HAPI FHIR 8.8.0 (about 340 MB)",
    sources: &[
        ("pom.xml", include_str!("../fhir-server/pom.xml")),
        (
            "src/main/java/org/caseline/backend/FhirServer.java",
            include_str!("../fhir-server/src/main/java/org/caseline/backend/FhirServer.java"),
        ),
        ("src/main/resources/logback.xml", include_str!("../fhir-server/src/main/resources/logback.xml")),
    ],
    libraries: include_str!("../fhir-server/libs.sha256"),
};

/// How a FHIR server behaves where servers differ.
#[derive(Debug, Clone)]
pub struct FhirOptions {
    /// Refuses elements that FHIR does not know; HAPI drops them silently otherwise.
    pub strict: bool,
    /// Refuses references to what is not there.
    pub references: bool,
    /// The bearer token that requests need.
    pub token: Option<String>,
    /// The resource types that cannot be written: HAPI does not offer it, and refuses it.
    pub read_only: Vec<String>,
}

impl Default for FhirOptions {
    /// As HAPI comes: unknown elements are dropped, references must resolve, everybody is let in.
    fn default() -> Self {
        Self { strict: false, references: true, token: None, read_only: Vec::new() }
    }
}

/// A HAPI FHIR R4 server on loopback, with its data in a folder of its own that goes when this is dropped.
///
/// A write that was answered survives [`FhirServer::kill9`]. The process ends with this value, and with this
/// process, however that ends.
#[derive(Debug)]
pub struct FhirServer {
    organization: String,
    jar: PathBuf,
    options: FhirOptions,
    port: u16,
    http: Http,
    // The process must end before its folder is removed: fields are dropped in this order.
    process: Mutex<Option<Leashed>>,
    folder: TempDir,
}

/// Builds the FHIR server into the cache, unless it is there.
pub fn install_fhir_server(cache: &Cache) -> Result<()> {
    PROGRAM.install(cache).map(drop)
}

impl FhirServer {
    /// Builds the server if need be, and starts one for this organisation.
    pub fn start(organization: &str) -> Result<Self> {
        Self::start_with(organization, &FhirOptions::default())
    }

    /// The same with other options.
    pub fn start_with(organization: &str, options: &FhirOptions) -> Result<Self> {
        let jar = PROGRAM.install(&Cache::open()?)?;
        Step::run(format!("Starting the FHIR server of {organization}"), || {
            let mut tries = 0;
            loop {
                tries += 1;
                match Self::start_on_a_free_port(organization, jar.clone(), options.clone()) {
                    // Somebody was quicker between our look and the server's.
                    Err(Error::PortTaken { .. }) if tries < 3 => {}
                    other => return other,
                }
            }
        })
    }

    fn start_on_a_free_port(organization: &str, jar: PathBuf, options: FhirOptions) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("caseline-record-")
            .tempdir()
            .doing(|| "creating a FHIR server's folder".into())?;
        let port = free_port()?;
        let server = Self {
            organization: organization.to_owned(),
            jar,
            options,
            port,
            http: Http::new(format!("http://127.0.0.1:{port}/fhir")),
            process: Mutex::new(None),
            folder,
        };
        server.launch(&mut server.lock())?;
        Ok(server)
    }

    fn launch(&self, process: &mut Option<Leashed>) -> Result<()> {
        let what = format!("The FHIR server of {}", self.organization);
        if !is_free(self.port) {
            return Err(Error::PortTaken { what, port: self.port });
        }
        // The server writes this file when it is ready.
        let ready = self.folder.path().join("port");
        if ready.exists() {
            fs::remove_file(&ready).doing(|| format!("removing {}", ready.display()))?;
        }
        let mut command = Command::new("java");
        command
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx768m", "-jar"])
            .arg(&self.jar)
            .arg(self.folder.path())
            .arg(self.port.to_string());
        if self.options.strict {
            command.arg("strict");
        }
        if !self.options.references {
            command.arg("dangling");
        }
        if !self.options.read_only.is_empty() {
            command.arg(format!("read-only={}", self.options.read_only.join(",")));
        }
        // In the environment, because everybody may read a command line.
        match &self.options.token {
            Some(token) => command.env("CASELINE_FHIR_TOKEN", token),
            None => command.env_remove("CASELINE_FHIR_TOKEN"),
        };
        let mut server = Leashed::start(&what, command.current_dir(self.folder.path()), &self.log())?;
        let begun = Instant::now();
        while begun.elapsed() < ALLOWANCE {
            if server.ended().is_some() {
                if !is_free(self.port) {
                    return Err(Error::PortTaken { what, port: self.port });
                }
                return Err(Error::Start { what, reason: last_line(&self.log()) });
            }
            if ready.exists() {
                *process = Some(server);
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(Error::Start { what, reason: format!("not ready within {} s", ALLOWANCE.as_secs()) })
    }

    /// The organisation whose record this is.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// The base URL.
    pub fn url(&self) -> &str {
        self.http.base()
    }

    /// Its folder, with everything that it ever wrote.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its log.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("output.log")
    }

    /// Any request, with a path such as `/Patient/1`; an answer that is not 2xx is [`Error::Refused`].
    ///
    /// For tests that need no more: it sends no headers but the options' token.
    pub fn api(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        self.http.api(method, path, self.options.token.as_deref(), body)
    }

    /// Stops it, in order; its data and port are kept for [`FhirServer::restart`].
    pub fn stop(&self) {
        if let Some(mut server) = self.lock().take() {
            server.stop();
        }
    }

    /// Ends it at once, as a power cut would; its data and port are kept for [`FhirServer::restart`].
    pub fn kill9(&self) {
        if let Some(mut server) = self.lock().take() {
            server.kill9();
        }
    }

    /// Starts it again on its data and its port, stopping it first if it runs.
    pub fn restart(&self) -> Result<()> {
        let mut process = self.lock();
        if let Some(mut server) = process.take() {
            server.stop();
        }
        Step::run(format!("Starting the FHIR server of {} again", self.organization), || {
            self.launch(&mut process)
        })
    }

    /// What others need to know to use it.
    pub fn describe(&self) -> RecordDescription {
        RecordDescription { organization: self.organization.clone(), url: self.url().to_owned() }
    }

    /// A test that panicked while it held the process does not stop the others.
    fn lock(&self) -> MutexGuard<'_, Option<Leashed>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
