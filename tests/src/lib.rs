//! What the live tests share: one started backend for the whole test run.

pub mod driver;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use caseline_backend::{Backend, BackendOptions, Homeserver};

/// Both organisations' homeservers, started by whichever test comes first. They end with the test's process.
///
/// # Panics
/// Where they cannot be started; the message says what to do.
#[allow(clippy::panic)]
pub fn backend() -> &'static Backend {
    static BACKEND: OnceLock<Backend> = OnceLock::new();
    BACKEND.get_or_init(|| match Backend::start(&BackendOptions::default()) {
        Ok(backend) => backend,
        Err(error) => panic!("the backend did not start: {error}"),
    })
}

/// An account that no other test has.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its Matrix id.
    pub user_id: String,
    /// Its password.
    pub password: String,
}

/// Makes an account on a homeserver, its name beginning with `name`.
///
/// # Panics
/// Where the homeserver refuses.
#[allow(clippy::panic)]
pub fn account(homeserver: &Homeserver, name: &str) -> Account {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let localpart = format!("{name}{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let password = format!("a password of {localpart}");
    match homeserver.register(&localpart, &password) {
        Ok(user_id) => Account { user_id, password },
        Err(error) => panic!("no account for {localpart}: {error}"),
    }
}
