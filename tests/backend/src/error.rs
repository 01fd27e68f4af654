//! What can go wrong with a local backend, each in one line that says what to do.

use std::io;

/// A failure of the backend. Its text is one line for a person.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program that must be on this machine is not.
    #[error("{tool} is missing: {hint}")]
    MissingTool {
        /// The program.
        tool: &'static str,
        /// What to do.
        hint: String,
    },
    /// A package could not be fetched.
    #[error(
        "{what} could not be fetched: no connection to the package registry. Check the network or the proxy settings, then run this again (log: {log})"
    )]
    NoNetwork {
        /// What was being installed.
        what: String,
        /// Where the installer's output is.
        log: String,
    },
    /// An installation failed for another reason.
    #[error("{what} could not be installed: {reason} (log: {log})")]
    Install {
        /// What was being installed.
        what: String,
        /// The installer's last words.
        reason: String,
        /// Where the installer's output is.
        log: String,
    },
    /// A server did not come up.
    #[error("{what} did not start: {reason}")]
    Start {
        /// The server.
        what: String,
        /// Why not.
        reason: String,
    },
    /// Another program holds the port that this server must have.
    #[error(
        "{what} cannot start: port {port} is taken by another program; end that program, or start afresh"
    )]
    PortTaken {
        /// The server.
        what: String,
        /// The port.
        port: u16,
    },
    /// A server answered a request with an error.
    #[error("{method} {path} was answered with {status}{}{detail}", if .detail.is_empty() { "" } else { ": " })]
    Refused {
        /// The request's method.
        method: String,
        /// The request's path.
        path: String,
        /// The HTTP status.
        status: u16,
        /// What the server said about it.
        detail: String,
    },
    /// A server could not be asked.
    #[error("{url} does not answer: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why not.
        reason: String,
    },
    /// Something on this machine's file system.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

/// A result with the backend's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Names what was being done when the system refused.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io { what: what(), source })
    }
}
