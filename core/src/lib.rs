//! Caseline puts the named people of two organisations around one member's case, in an end-to-end encrypted room, keeps what
//! they agree as FHIR resources, and does not let a case go quiet.
//!
//! # Concepts
//!
//! - A **case** ([`Case`]) is one member and two accountable sides: the plan side and the community side. It is one Matrix
//!   room and one FHIR CareTeam.
//! - A **seat** ([`contact::Seat`]) is a participant named as contact for the case. The roster of seats, folded from the
//!   case's events, says who may read; the homeserver's member list is not believed.
//! - A **case event** ([`case::event`]) is what happens: a message, a plan sent, an approval. Every device folds the same
//!   events into the same state ([`case::state::CaseState`]), in whatever order they come ([`case::fold`]).
//! - An **agreement** ([`agreement::Agreement`]) is what the two organisations settled. With the roster it decides what may
//!   be said ([`policy`]); with a **rule set** it says what is owed, by whom, until when ([`due`]). Both travel with the case,
//!   so that nobody computes from their own disk.
//! - A **record** ([`ports::CareRecord`]) is where resources are kept: the embedded one, or a FHIR R4 server.
//!
//! Data flows one way: command, policy, outbox, room, inbox, fold, state, record.
//!
//! # A first message
//!
//! ```no_run
//! # #[cfg(feature = "matrix")]
//! # async fn first(password: &str, store_key: [u8; 32], agreement: &str, rules: &str, bundle: &str) -> caseline::Result<()> {
//! use caseline::{Caseline, Message, store::StoreKey};
//!
//! let caseline = Caseline::builder()
//!     .homeserver("https://matrix.cp.example")
//!     .store("/var/lib/example/jane", StoreKey::new(store_key))
//!     .sign_in("@jane:cp.example", password)
//!     .await?;
//! caseline.import(bundle).await?;
//! caseline.add_agreement(agreement)?;
//! caseline.add_rules(rules)?;
//!
//! let case = caseline.open(caseline.propose("https://caseline.example/care-team|marty").await?)?;
//! case.send(None, Message::text("Marty is in the hospital again. Visit together?"))?;
//! # Ok(())
//! # }
//! ```
//!
//! What a command returns is on disk: it survives a kill at any instruction, a dead homeserver and a day offline, and goes out
//! once, in its order.
//!
//! # Features
//!
//! `matrix`, `fhir-rest` and `store` are on by default. Without them only the pure part is built: everything that decides.
//! `testing` adds fakes of the ports, named by their behaviour, and named points at which tests end the process.
#![recursion_limit = "256"]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod agreement;
pub mod alert;
pub mod audit;
pub mod care_plan;
pub mod care_team;
pub mod case;
#[cfg(feature = "store")]
mod client;
#[cfg(feature = "store")]
mod commands;
pub mod communication;
pub mod concern;
pub mod consent;
pub mod contact;
pub mod crossing;
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
pub mod label;
#[cfg(feature = "matrix")]
pub mod matrix;
pub mod meeting;
pub mod member;
#[cfg(feature = "store")]
mod notice;
pub mod organization;
#[cfg(feature = "store")]
mod outbox;
pub mod outreach;
pub mod panel;
#[cfg(feature = "store")]
mod point;
pub mod policy;
pub mod ports;
#[cfg(feature = "store")]
mod records;
pub mod referral;
#[cfg(feature = "store")]
mod room;
#[cfg(feature = "store")]
pub mod store;
pub mod task;
#[cfg(feature = "testing")]
pub mod testing;
mod yaml;

#[cfg(feature = "store")]
pub use client::{
    AlertInput, AlertOutcome, Answer, AuditStatus, BringPoint, Builder, Case, Caseline, Concern, Decision,
    Identity, Invitation, Kept, Message, Missing, Named, OpenCase, OpenPair, OpenProgramme, OutboxStatus,
    PlanComparison, PlanVersion, ProposedCase, Record, Refer, Referred, RoomAgenda, SetMeeting, Task, TaskTo,
};
pub use error::{Error, Result};
#[cfg(feature = "store")]
pub use notice::Notice;

/// Compiles what the README promises.
#[cfg(all(doctest, feature = "matrix"))]
#[doc = include_str!("../../README.md")]
struct Readme;
