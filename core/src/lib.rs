//! Caseline.
#![recursion_limit = "256"]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod agreement;
pub mod audit;
pub mod care_plan;
pub mod case;
pub mod communication;
pub mod contact;
pub mod directory;
pub mod due;
pub mod error;
pub mod fhir;
pub mod id;
pub mod member;
pub mod organization;
mod point;
pub mod policy;
pub mod ports;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod yaml;

pub use error::{Error, Result};
