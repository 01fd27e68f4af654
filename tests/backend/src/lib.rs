//! Local servers for Caseline's tests, its demo and the developers of apps.
//!
//! - [`Cache`]: where installations go, once per user; [`Step`]: how they tell what they do.
//! - [`Homeserver`]: a Synapse on loopback; two of them federate.
//! - [`FhirServer`]: a HAPI FHIR R4 server on loopback; [`Validator`]: HAPI's validator, offline.
//! - [`install_r4_examples`]: the resources that HL7 published as examples of FHIR R4.
//! - [`Population`]: people who do not exist, with their records, made by Synthea.
//! - [`Backend`]: the servers of both organisations; [`BackendDescription`]: the same in words, as
//!   `cargo xtask up --json` prints it and `--backend FILE` reads it.
//!
//! Whatever is started here ends with its value, and with this process, `kill -9` included. Nothing listens on
//! anything but loopback, and nothing has a fixed port.
//!
//! ```no_run
//! # fn main() -> caseline_backend::Result<()> {
//! let homeserver = caseline_backend::Homeserver::start("cp")?;
//! let jane = homeserver.register("jane", "a password")?;
//! println!("{jane} signs in at {}", homeserver.url());
//! # Ok(())
//! # }
//! ```

mod backend;
mod cache;
mod description;
mod error;
mod fhir;
mod homeserver;
mod http;
mod maven;
mod npm;
mod process;
mod python;
mod step;
mod synapse;
mod synthea;
mod validator;

pub use backend::{Backend, BackendOptions, Records};
pub use cache::Cache;
pub use description::{
    Account, BackendDescription, DescriptionError, HomeserverDescription, RecordDescription,
};
pub use error::{Error, Result};
pub use fhir::{FhirOptions, FhirServer, install_fhir_server};
pub use homeserver::Homeserver;
pub use http::get;
pub use npm::{install_r4_examples, r4_examples};
pub use python::environment as python_environment;
pub use step::{Step, seconds};
pub use synapse::install as install_synapse;
pub use synthea::Population;
pub use validator::{FileResult, Issue, Judged, Reviewed, Severity, Validator};
