//! Fakes, named by how they behave, for fast tests without a homeserver, a record server or a network.
//!
//! - [`ManualClock`] stands still until a test moves it.
//! - [`LoopbackHomeserver`] is the world's homeservers in memory; [`LoopbackTransport`] is one person's client of it. It
//!   keeps rooms, powers, memberships, history in order, and who could decrypt what, and it fails in the ways that a
//!   homeserver fails.
//! - [`PlainRecord`] is a record of FHIR resources in memory, with conditional creates, versions and conflicts.
//! - [`Programme`] is a whole programme of organisations and cases, for tests of scale.
//! - [`shapes`] are a resource of every type that the workflow writes.
//! - [`RecordLine`] is one device's line to a record that others use too, and can be cut.
//!
//! None of them encrypts anything: they are for tests with synthetic data.

mod clock;
mod faults;
mod hints;
mod homeserver;
mod line;
mod programme;
mod record;
mod room;
mod shapes;
mod transport;

pub use clock::ManualClock;
pub use homeserver::LoopbackHomeserver;
pub use line::RecordLine;
pub use programme::{Programme, RULES, Received};
pub use record::{PlainRecord, RecordEndpoint};
pub use shapes::shapes;
pub use transport::{Endpoint, LoopbackTransport};

#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod record_tests;
#[cfg(test)]
mod room_tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a panic of another test thread does not hide what this one would show.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
