//! Caseline for other languages: UniFFI objects and listeners over the crate `caseline`, and nothing else. What decides
//! anything is there; here its types become records that every language has.
//!
//! - [`Caseline`] is a signed-in device, [`Case`] one of its cases. Every call that touches the store or a server is
//!   asynchronous and runs on threads of this library: the host needs no runtime, and none of its threads is held up.
//! - Cancelling a pending call drops it. A command that was on its way to the store by then may have been accepted: who has
//!   to know gives it a key and repeats it.
//! - [`Caseline::shutdown`] ends the client at once, whoever still holds an object of it; pending calls end with
//!   `SignInRequired` (`shut-down`).
//! - What happens unasked is pulled from [`Events`], or told to a [`Listener`].
#![recursion_limit = "256"]

mod agreement;
mod alert;
mod calling;
mod case;
mod client;
mod comparing;
mod completing;
mod concern;
mod consent;
mod copying;
mod crossing;
mod deciding;
mod error;
mod events;
mod meeting;
mod message;
mod models;
mod no_contact;
mod options;
mod outreach;
mod pair;
mod panel;
mod proposals;
mod referral;
mod resource;
mod returning;
mod runtime;
mod signing;
mod state;
mod task;

pub use agreement::AgreementProposal;
pub use alert::{Alert, AlertOutcome, Asked, Happening, RaisedAlert, Stay, StayClass, Visit, VisitAnswer};
pub use calling::{CallList, Callee, ContactGap, Reach};
pub use case::Case;
pub use client::Caseline;
pub use comparing::{PlanComparison, PlanDifference};
pub use completing::{InHouseApproval, PlanCompleted};
pub use concern::{
    AnsweredConcern, Concern, ConcernAbout, ConcernStep, DataFound, PublishedAnswer, RoomKind,
};
pub use consent::{Consent, ConsentInput, Consents, Denied, EmergencyTold, MayTell};
pub use copying::{CopiedHow, PlanCopy, PlanCopyTo};
pub use crossing::{Crossing, CrossingAttempt, CrossingStanding, CrossingWay};
pub use deciding::{DecidedTask, WhatIsDecided};
pub use error::{CaselineError, HostTokenError, ListenerError, Reason};
pub use events::{Events, Listener, Notice, Subscription};
pub use meeting::{Agenda, AgendaCall, AgendaConcern, AgendaItem, AgendaPoint, Matter, Meeting};
pub use message::{Message, MessagePriority, MessageStanding, Seen};
pub use models::{
    AuditStatus, Contact, Directory, Due, EventKey, Invitation, Organization, OutboxNote, OutboxStatus,
    Paper, Rung, Topic,
};
pub use no_contact::{NoContact, NotMade};
pub use options::{HostToken, Options, RecordChoice, StoreKey, StoryClock};
pub use outreach::{
    CloseReason, ContactTakenBack, MayReachOut, MemberContact, Outreach, OutreachAnswer, OutreachAsk,
    OutreachChannel, OutreachStage, ProgrammeClock, StageOf,
};
pub use pair::{
    AgendaEntry, MeetingDecision, MeetingGuest, MeetingPoint, MeetingReply, PairMeeting, RoomAgenda,
};
pub use panel::{
    AgreementBeside, ClockBeside, ContactBeside, NextDue, PairPanel, Panel, PanelCase, PanelCounts,
    ReachOutTerm, TopicCounts, TurnRound,
};
pub use proposals::{CarePlanFound, NamedContact, NamedOn, ProposedCase};
pub use referral::{Referral, ReferralCourse, ReferralInput, ReferralStep, Referred};
pub use resource::{Kept, Resource, ResourceEdit, SearchParam};
pub use runtime::end_threads;
pub use signing::{PlanSignature, PlanSigner, Scan, SignedHow};
pub use state::{CaseState, Plan, PlanChange, Reminder, Seat, SentPlan, TeamProposal, TimelineEntry, Whom};
pub use task::{Task, TaskStep};

uniffi::setup_scaffolding!();
