//! What an app developer needs: both organisations' servers, started together.

use crate::description::BackendDescription;
use crate::error::{Error, Result};
use crate::homeserver::Homeserver;
use crate::step::Step;

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
            aco: accounts(&["joe", "rao", "lee", "keeper"]),
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
}

impl Backend {
    /// Installs what is missing and starts everything.
    pub fn start(options: &BackendOptions) -> Result<Self> {
        let (aco, cp) = Step::run("Starting two homeservers", || {
            let (aco, cp) = std::thread::scope(|scope| {
                let aco = scope.spawn(|| homeserver("aco", &options.aco));
                let cp = homeserver("cp", &options.cp);
                (joined(aco.join()), cp)
            });
            Ok::<_, Error>((aco?, cp?))
        })?;
        Ok(Self { aco, cp })
    }

    /// What others need to know to use it.
    pub fn describe(&self) -> BackendDescription {
        BackendDescription { homeservers: vec![self.aco.describe(), self.cp.describe()], records: Vec::new() }
    }
}

fn homeserver(organization: &str, accounts: &[(String, String)]) -> Result<Homeserver> {
    let homeserver = Homeserver::start(organization)?;
    for (localpart, password) in accounts {
        homeserver.register(localpart, password)?;
    }
    Ok(homeserver)
}

fn joined<T>(result: std::thread::Result<Result<T>>) -> Result<T> {
    result.unwrap_or_else(|_| {
        Err(Error::Start { what: "A server".into(), reason: "the thread that started it panicked".into() })
    })
}
