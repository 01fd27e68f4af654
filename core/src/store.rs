//! The store: everything that a device keeps, in one SQLCipher database.

mod db;
mod schema;
pub use db::{Db, StoreKey};
