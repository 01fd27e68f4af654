//! What the tests of the record need beside a FHIR server: a bad network, an authorization server, and keys. All on
//! loopback, and all ends with its value.

mod authorization;
mod keys;
mod proxy;
mod wire;

pub use authorization::{AuthorizationServer, Right};
pub use keys::{ec_key, key_set, public_half, rsa_key};
pub use proxy::{Fault, Proxy};
pub use wire::Request;
