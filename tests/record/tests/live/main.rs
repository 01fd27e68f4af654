//! The record against a real FHIR server: good ones and lesser ones, over a bad network, and signed in as a system. All data is
//! synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod case;
mod draining;
mod faults;
mod requests;
mod servers;
mod system;

use std::sync::OnceLock;

use caseline_backend::{FhirOptions, FhirServer};

/// A FHIR server as HAPI comes, started by whichever test comes first. It ends with the test's process.
fn server() -> &'static FhirServer {
    static SERVER: OnceLock<FhirServer> = OnceLock::new();
    SERVER.get_or_init(|| FhirServer::start("record").unwrap())
}

/// The same, away from the threads that serve the network.
async fn hapi() -> &'static FhirServer {
    tokio::task::spawn_blocking(server).await.unwrap()
}

/// One that no other test writes to.
async fn alone(options: FhirOptions) -> FhirServer {
    tokio::task::spawn_blocking(move || FhirServer::start_with("lesser", &options)).await.unwrap().unwrap()
}

/// Something that no other test finds.
fn unique(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::now_v7())
}
