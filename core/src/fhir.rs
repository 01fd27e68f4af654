//! FHIR R4: what the record holds, read into the domain's words and written from them.
//!
//! Reading goes through a typed check ([`fhir_sdk`]'s R4B types, which carry R4 unchanged for every resource used here);
//! writing back what somebody else wrote never does: updates are edits of the JSON text, so that unknown elements,
//! extensions and a decimal's digits stay as they were.

mod apply;
mod audit_event;
#[cfg(feature = "store")]
mod batch;
mod bundle;
mod capability_statement;
mod care_plan;
mod care_team;
mod check;
pub mod codes;
mod diff;
mod directory;
mod found;
pub(crate) mod json;
mod merge;
mod patient;
mod project;
#[cfg(feature = "fhir-rest")]
pub(crate) mod rest;
mod save;
#[cfg(feature = "store")]
pub(crate) mod search;
#[cfg(feature = "store")]
pub(crate) mod transaction;
#[cfg(any(feature = "store", test))]
pub(crate) mod watch;
mod write;

pub use apply::{Applied, apply, gather};
#[cfg(feature = "store")]
pub(crate) use apply::{heads, is_found_by};
pub use audit_event::audit_event;
#[cfg(feature = "store")]
pub(crate) use batch::as_transaction;
pub use bundle::{Import, Resource};
pub use capability_statement::capabilities;
#[cfg(feature = "store")]
pub(crate) use care_plan::is_projected_plan;
pub use care_plan::{MEMBER_APPROVED, member_approved};
pub use care_team::{CareTeamProposal, care_team};
#[cfg(feature = "store")]
pub(crate) use care_team::{keeper, team_member};
pub use diff::{Change, ChangedBy, changes};
pub use directory::directory;
pub use found::CarePlanFound;
#[cfg(feature = "store")]
pub(crate) use found::{care_plan_found, team_head};
pub use merge::merge;
pub use patient::{is_member, member};
#[cfg(feature = "store")]
pub(crate) use project::knows;
pub use project::{Own, project};
#[cfg(feature = "fhir-rest")]
pub use rest::{FixedToken, RestRecord, TokenSource};
pub use save::{Conflict, Unsaved, edit, save};
pub use write::event_value;
