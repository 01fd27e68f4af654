//! FHIR R4: what the record holds, read into the domain's words and written from them.
//!
//! What is read is checked against R4's own structure; what is new is built in R4's element order and
//! checked against the same structure. What somebody else wrote is updated by edits of the JSON text, so that unknown elements,
//! extensions and a decimal's digits stay as they were.

mod agreement;
mod alert;
mod apply;
mod audit_event;
mod availability;
mod bundle;
mod capability_statement;
mod care_plan;
mod care_team;
mod check;
pub mod codes;
mod compare;
mod concern;
mod consent;
mod diff;
mod directory;
mod documents;
mod dropped;
#[cfg(feature = "store")]
mod found;
#[cfg(feature = "store")]
mod importing;
pub(crate) mod json;
mod labels;
mod meeting;
mod merge;
#[cfg(feature = "store")]
pub(crate) mod moving;
mod outreach;
mod patient;
mod project;
mod referral;
#[cfg(feature = "fhir-rest")]
pub(crate) mod rest;
mod rules;
mod save;
// Without a record to embed, values are only spelled for others' records.
#[cfg_attr(not(feature = "store"), allow(dead_code))]
pub(crate) mod search;
#[cfg(feature = "store")]
pub(crate) mod transaction;
#[cfg(any(feature = "store", test))]
pub(crate) mod watch;
pub mod workflow;
mod write;

pub use agreement::agreements;
pub use apply::{Applied, apply, gather};
#[cfg(feature = "store")]
pub(crate) use apply::{gather_from, heads, is_found_by};
pub use audit_event::audit_event;
pub use bundle::{Import, Resource};
pub use capability_statement::capabilities;
pub use care_plan::{MEMBER_APPROVED, member_approved};
#[cfg(feature = "store")]
pub(crate) use care_plan::{is_projected_plan, must_be_of};
pub use care_team::{CareTeamProposal, care_team};
#[cfg(feature = "store")]
pub(crate) use care_team::{keeper, team_member};
#[cfg(feature = "store")]
pub(crate) use check::is_id;
pub use compare::{Became, PlanDifference, PlanPart, compare_plans};
pub use concern::concerns;
pub use diff::{Change, ChangedBy, changes};
pub use directory::directory;
pub use documents::documents;
pub use dropped::dropped;
#[cfg(feature = "store")]
pub use found::CarePlanFound;
#[cfg(feature = "store")]
pub(crate) use found::{care_plan_found, team_head};
#[cfg(feature = "store")]
pub(crate) use importing::importable;
#[cfg(feature = "store")]
pub(crate) use labels::labels_in;
pub use meeting::{meeting, meetings};
pub use merge::merge;
#[cfg(feature = "store")]
pub(crate) use patient::member_token;
pub use patient::{is_member, member};
#[cfg(feature = "store")]
pub(crate) use project::knows;
pub use project::{Own, project};
pub use referral::{referral, referral_fields};
#[cfg(feature = "fhir-rest")]
pub use rest::{
    BackendServices, BackendServicesBuilder, FixedToken, HostToken, RestRecord, RestRecordBuilder, SCOPES,
    Scopes, SigningKeys, Token, TokenSource,
};
pub use rules::{Broken, check, check_change};
#[cfg(feature = "store")]
pub(crate) use save::named;
pub use save::{Conflict, Unsaved, create, edit, save};
pub use write::event_value;
