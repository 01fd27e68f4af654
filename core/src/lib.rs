//! Caseline.
#![recursion_limit = "256"]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod agreement;
pub mod audit;
pub mod care_plan;
pub mod case;
#[cfg(feature = "store")]
mod client;
#[cfg(feature = "store")]
mod commands;
pub mod communication;
pub mod contact;
pub mod directory;
#[cfg(feature = "store")]
mod documents;
pub mod due;
#[cfg(feature = "store")]
mod engine;
pub mod error;
pub mod fhir;
pub mod id;
#[cfg(feature = "store")]
mod inbox;
#[cfg(feature = "matrix")]
pub mod matrix;
pub mod member;
#[cfg(feature = "store")]
mod notice;
pub mod organization;
#[cfg(feature = "store")]
mod outbox;
#[cfg(feature = "store")]
mod point;
pub mod policy;
pub mod ports;
#[cfg(feature = "store")]
mod records;
#[cfg(feature = "store")]
mod room;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod yaml;

#[cfg(feature = "store")]
pub use client::{AuditStatus, Builder, Case, Caseline, Invitation, Message, OpenCase, OutboxStatus, Record};
pub use error::{Error, Result};
#[cfg(feature = "store")]
pub use notice::Notice;
