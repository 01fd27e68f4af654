//! The store: everything that a device keeps, in one SQLCipher database.

pub(crate) mod audit;
pub(crate) mod cases;
pub(crate) mod db;
mod fate;
pub(crate) mod inbox;
pub(crate) mod moved;
pub(crate) mod outbox;
pub(crate) mod panel;
pub(crate) mod papers;
mod record;
pub(crate) mod referrals;
#[cfg(feature = "matrix")]
pub(crate) mod room_keys;
mod rows;
mod schema;
mod turn;

pub use db::{Db, StoreKey};
pub use record::EmbeddedRecord;

/// One write transaction.
pub(crate) type Tx<'t> = rusqlite::Transaction<'t>;
