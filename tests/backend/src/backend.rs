//! What an app developer needs: both organisations' servers, started together.

use crate::cache::Cache;
use crate::description::BackendDescription;
use crate::error::{Error, Result};
use crate::fhir::{FhirServer, install_fhir_server};
use crate::homeserver::Homeserver;
use crate::step::Step;
use crate::synapse::install as install_synapse;

/// What to start.
#[derive(Debug, Clone, Default)]
pub struct BackendOptions {
    /// Whether each organisation gets a FHIR server too.
    pub fhir: bool,
    /// The accounts of the ACO: localpart and password.
    pub aco: Vec<(String, String)>,
    /// The accounts of the Community Partner: localpart and password.
    pub cp: Vec<(String, String)>,
}

impl BackendOptions {
    /// The people of the demo's story, all with this password, and each organisation's role account.
    pub fn sample(password: &str) -> Self {
        let accounts =
            |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), password.to_owned())).collect();
        Self {
            fhir: false,
            aco: accounts(&["joe", "rao", "lee", "ann", "eve", "pat", "keeper", "office-keeper"]),
            cp: accounts(&["jane", "keeper"]),
        }
    }
}

/// Two homeservers that federate and, if asked for, two FHIR servers. All end when this is dropped.
#[derive(Debug)]
pub struct Backend {
    /// The ACO's homeserver.
    pub aco: Homeserver,
    /// The Community Partner's homeserver.
    pub cp: Homeserver,
    /// The FHIR servers, if they were asked for.
    pub records: Option<Records>,
}

/// Each organisation's FHIR server.
#[derive(Debug)]
pub struct Records {
    /// The ACO's.
    pub aco: FhirServer,
    /// The Community Partner's.
    pub cp: FhirServer,
}

impl Backend {
    /// Installs what is missing and starts everything.
    pub fn start(options: &BackendOptions) -> Result<Self> {
        // First, so that what is missing is said once and not by two at a time.
        let cache = Cache::open()?;
        install_synapse(&cache)?;
        if options.fhir {
            install_fhir_server(&cache)?;
        }
        let (aco, cp) = Step::run("Starting two homeservers", || {
            both(|| homeserver("aco", &options.aco), || homeserver("cp", &options.cp))
        })?;
        let records = if options.fhir { Some(records()?) } else { None };
        Ok(Self { aco, cp, records })
    }

    /// What others need to know to use it.
    pub fn describe(&self) -> BackendDescription {
        let records = self.records.iter().flat_map(|records| [records.aco.describe(), records.cp.describe()]);
        BackendDescription {
            homeservers: vec![self.aco.describe(), self.cp.describe()],
            records: records.collect(),
        }
    }
}

fn homeserver(organization: &str, accounts: &[(String, String)]) -> Result<Homeserver> {
    let homeserver = Homeserver::start(organization)?;
    for (localpart, password) in accounts {
        homeserver.register(localpart, password)?;
    }
    Ok(homeserver)
}

fn records() -> Result<Records> {
    let (aco, cp) = if enough_memory() {
        both(|| FhirServer::start("aco"), || FhirServer::start("cp"))?
    } else {
        (FhirServer::start("aco")?, FhirServer::start("cp")?)
    };
    Ok(Records { aco, cp })
}

/// Whether two FHIR servers may start at once: each takes 600 MB, and more while it starts.
fn enough_memory() -> bool {
    const KILOBYTES: u64 = 3_000_000;
    let told = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = told.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = available.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    // Where the system does not say, it is a developer's machine.
    kilobytes.is_none_or(|kilobytes| kilobytes > KILOBYTES)
}

/// Does two things at once.
fn both<T: Send>(
    one: impl FnOnce() -> Result<T> + Send,
    other: impl FnOnce() -> Result<T>,
) -> Result<(T, T)> {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        let one = one.join().unwrap_or_else(|_| {
            Err(Error::Start {
                what: "A server".into(),
                reason: "the thread that started it panicked".into(),
            })
        });
        Ok((one?, other?))
    })
}
