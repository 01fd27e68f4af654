//! The drivers' lines: what is asked, and how it is answered (`tests/DRIVER.md`).

use std::path::PathBuf;

use caseline::care_team::Whom;
use caseline::case::event::EventKey;
use caseline::case::life::CloseReason;
use caseline::communication::Priority;
use caseline::contact::Topic;
use caseline::id::{CaseId, ContactId, EventId, MemberId, OrganizationId, RoomId, Sha256, UserId};
use caseline::outreach::{Channel, NotMade, Stage};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::alert::{AlertTold, AnswerWord};
mod agreement;
mod answer;
mod concern;
mod consent;
mod copied;
mod crossing;
mod meeting;
mod pair;
mod plan;
mod record;
mod referral;
mod returning;
mod task;
#[cfg(test)]
mod tests;

pub use agreement::{DeclineAgreement, OfAgreement, ProposeAgreement};
pub use answer::{Failure, answer, reasons};
pub use concern::{AnswerConcern, OfConcern, OpenProgramme, RaiseConcern, ReopenConcern, RoomsOf};
pub use consent::{MarkedAs, RecordConsent, ReviewOverride, RevokeConsent};
pub use copied::{PlanCopied, recipient};
pub use crossing::Carried;
pub use meeting::{AskAgenda, AskPanel, Decide};
pub(crate) use pair::hour;
pub use pair::{
    AnswerMeeting, BringPoint, CancelMeeting, DecideAnew, DecideAt, DropDecision, HoldMeeting, MoveMeeting,
    OfMeeting, OfRoom, SetMeeting,
};
pub use plan::{AttestSignature, ComparePlans, OfScan, ScanTold, signer};
pub use record::{EditRecord, RecordPlace, System};
pub use referral::{
    CancelReferral, CarryReferral, DeclineReferral, InReferral, OutcomeOf, Refer, SendReferral, SubRefer,
    TellCapacity, TellReferral, WithdrawReferral,
};
pub use returning::{PermitContact, ProhibitContact, ReopenCase, WithdrawContact};
pub use task::{Assign, CompleteTask, HandOverTask, OfTask, ReasonedTask, task_to};

/// A request.
#[derive(Debug)]
pub struct Request {
    /// What its answer carries back.
    pub id: Value,
    /// What is asked.
    pub verb: Verb,
}

/// What can be asked, by the public API's names.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub enum Verb {
    SignIn(Box<SignIn>),
    RecoveryKey {},
    ConfirmRecoveryKey {},
    ReplaceRecoveryKey {},
    Recover {
        key: String,
    },
    Verified {},
    Identity {
        user: UserId,
    },
    TrustIdentity {
        user: UserId,
        key: String,
    },
    Suspend {},
    Resume {},
    Shutdown {},
    Clock {
        now: Timestamp,
    },
    Import {
        bundle: Option<String>,
        path: Option<PathBuf>,
    },
    AddAgreement {
        text: Option<String>,
        path: Option<PathBuf>,
    },
    AddRules {
        text: Option<String>,
        path: Option<PathBuf>,
    },
    Directory {},
    WhoToCall {
        organization: OrganizationId,
        topic: Topic,
    },
    ContactGaps {},
    CareTeams {
        member: MemberId,
    },
    CarePlans {
        member: MemberId,
    },
    Open {
        care_team: String,
        case: Option<CaseId>,
        #[serde(default)]
        contacts: Vec<NamedContact>,
    },
    OpenProgramme(OpenProgramme),
    OpenPair(OpenProgramme),
    Invitations {},
    Accept {
        room: RoomId,
        #[serde(default)]
        despite_warning: bool,
    },
    Cases {},
    Panel(AskPanel),
    SideBySide {},
    Agenda(AskAgenda),
    Decide(Box<Decide>),
    SaveAppointment(AskAgenda),
    Meetings(OfRoom),
    MeetingAgenda {
        case: CaseId,
        meeting: EventId,
        #[serde(default)]
        for_both: bool,
    },
    BringToMeeting(BringPoint),
    SetMeeting(SetMeeting),
    PrepareMeeting(OfMeeting),
    AnswerMeeting(AnswerMeeting),
    MoveMeeting(MoveMeeting),
    CancelMeeting(CancelMeeting),
    HoldMeeting(HoldMeeting),
    DecideAtMeeting(Box<DecideAt>),
    DecideAnew(Box<DecideAnew>),
    DropDecision(DropDecision),
    ProposedAgreements(OfRoom),
    ProposeAgreement(ProposeAgreement),
    AcceptAgreement(OfAgreement),
    DeclineAgreement(DeclineAgreement),
    WithdrawAgreement(OfAgreement),
    HandOverForAbsent {},
    Rooms {
        kind: RoomsOf,
    },
    State {
        case: CaseId,
    },
    Timeline {
        case: CaseId,
    },
    Messages {
        case: CaseId,
    },
    Tasks {
        case: CaseId,
    },
    Concerns {
        case: CaseId,
    },
    CheckConcern {
        text: String,
    },
    AnsweredConcerns {
        #[serde(default)]
        query: String,
    },
    Due {
        case: Option<CaseId>,
    },
    Send {
        case: CaseId,
        text: String,
        #[serde(default)]
        priority: Priority,
        in_reply_to: Option<EventKey>,
        #[serde(default)]
        names_confirmed: bool,
        marks: Option<MarkedAs>,
        key: Option<EventId>,
    },
    Correct {
        case: CaseId,
        message: EventId,
        text: String,
        key: Option<EventId>,
    },
    Retract {
        case: CaseId,
        message: EventId,
        key: Option<EventId>,
    },
    Seen {
        case: CaseId,
        up_to: EventKey,
    },
    SendCarePlan {
        case: CaseId,
        care_plan: String,
        on: Option<Date>,
        marks: Option<MarkedAs>,
        key: Option<EventId>,
    },
    AcknowledgePlan {
        case: CaseId,
        plan: EventId,
        key: Option<EventId>,
    },
    ApprovePlan {
        case: CaseId,
        plan: EventId,
        sha256: Option<Sha256>,
        key: Option<EventId>,
    },
    ApprovePlanInHouse {
        case: CaseId,
        plan: EventId,
        by: Option<ContactId>,
        on: Option<Date>,
        key: Option<EventId>,
    },
    AttestSignature(Box<AttestSignature>),
    PlanCopied(PlanCopied),
    ComparePlans(ComparePlans),
    Scan(OfScan),
    ReturnPlan {
        case: CaseId,
        plan: EventId,
        changes: String,
        key: Option<EventId>,
    },
    RaiseAlert {
        member: Option<MemberId>,
        name: Option<String>,
        birth_date: Option<Date>,
        alert: AlertTold,
    },
    Alert {
        case: CaseId,
        alert: AlertTold,
        #[serde(default)]
        confirmed: bool,
        key: Option<EventId>,
    },
    ProposeVisit {
        case: CaseId,
        stay: Sha256,
        at: Timestamp,
        with: Vec<Whom>,
        place: Option<String>,
        key: Option<EventId>,
    },
    AnswerVisit {
        case: CaseId,
        visit: EventId,
        answer: AnswerWord,
        reason: Option<String>,
        to: Option<Timestamp>,
        key: Option<EventId>,
    },
    FollowUpDone {
        case: CaseId,
        stay: Sha256,
        at: Timestamp,
        face_to_face: bool,
        outcome: Option<String>,
        key: Option<EventId>,
    },
    Assign(Assign),
    ClaimTask(OfTask),
    AcceptTask(OfTask),
    DeclineTask(ReasonedTask),
    HandOverTask(HandOverTask),
    CompleteTask(CompleteTask),
    CancelTask(ReasonedTask),
    RaiseConcern(RaiseConcern),
    HearConcern(OfConcern),
    AnswerConcern(AnswerConcern),
    CloseConcern(OfConcern),
    ReopenConcern(ReopenConcern),
    Referrals {
        case: CaseId,
    },
    Refer(Box<Refer>),
    SendReferral(SendReferral),
    CarryReferral(CarryReferral),
    TellReferral(TellReferral),
    WithdrawReferral(WithdrawReferral),
    AskCapacity(InReferral),
    TellCapacity(TellCapacity),
    AcceptReferral(InReferral),
    DeclineReferral(DeclineReferral),
    SubRefer(SubRefer),
    ReferralOutcome(OutcomeOf),
    CloseReferral(InReferral),
    CancelReferral(CancelReferral),
    NameSeat {
        case: CaseId,
        contact: ContactId,
        #[serde(default)]
        lead: bool,
        organization: Option<OrganizationId>,
        key: Option<EventId>,
    },
    EndSeat {
        case: CaseId,
        contact: ContactId,
        organization: Option<OrganizationId>,
        key: Option<EventId>,
    },
    TakeUpTeam {
        case: CaseId,
        proposal: EventId,
    },
    DeclineTeam {
        case: CaseId,
        proposal: EventId,
        key: Option<EventId>,
    },
    Crossings {
        case: CaseId,
    },
    Carried(Carried),
    Consents {
        case: CaseId,
    },
    Denied {
        case: CaseId,
    },
    MayTell {
        case: CaseId,
        marks: Option<MarkedAs>,
    },
    RecordConsent(Box<RecordConsent>),
    RevokeConsent(RevokeConsent),
    ReviewOverride(ReviewOverride),
    Outreach {
        case: CaseId,
    },
    MayReachOut {
        case: CaseId,
        channel: Channel,
    },
    Stage {
        case: CaseId,
        stage: Stage,
        on: Date,
        source: String,
        enrolled: Option<Date>,
        left: Option<Date>,
        to_aco: Option<OrganizationId>,
        corrects: Option<EventId>,
        key: Option<EventId>,
    },
    RecordContact {
        case: CaseId,
        when: Timestamp,
        channel: Channel,
        face_to_face: bool,
        reached: bool,
        outcome: String,
        by: Option<ContactId>,
        about: Option<EventId>,
        not_made: Option<NotMade>,
        key: Option<EventId>,
    },
    AskOutreach {
        case: CaseId,
        channel: Channel,
        why: String,
        key: Option<EventId>,
    },
    GrantOutreach {
        case: CaseId,
        ask: EventId,
        until: Option<Date>,
        #[serde(default)]
        reason: String,
        key: Option<EventId>,
    },
    RefuseOutreach {
        case: CaseId,
        ask: EventId,
        reason: String,
        key: Option<EventId>,
    },
    CloseCase {
        case: CaseId,
        reason: CloseReason,
        key: Option<EventId>,
    },
    WithdrawContact(WithdrawContact),
    ProhibitContact(ProhibitContact),
    PermitContact(PermitContact),
    ReopenCase(ReopenCase),
    LookAtRecord {},
    Kept {},
    EditRecord(EditRecord),
    Outbox {},
    Settle {
        timeout_s: u64,
    },
    Audit {},
    Record {
        kind: String,
        #[serde(default)]
        written: bool,
        #[serde(default)]
        texts: bool,
    },
}

/// Somebody of the directory, to be named for a case that is opened.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedContact {
    /// Who.
    pub contact: ContactId,
    /// Whether they decide for their side.
    #[serde(default)]
    pub lead: bool,
}

/// How to sign in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The homeserver's address.
    pub homeserver: String,
    /// The whole Matrix id.
    pub user: String,
    /// The password.
    pub password: String,
    /// The folder of the store.
    pub store: PathBuf,
    /// Its key, as 64 hexadecimal digits.
    pub store_key: String,
    /// Where resources are kept.
    pub record: RecordPlace,
    /// The client's own organisation, where the directory does not say it.
    #[serde(default)]
    pub organization: Option<OrganizationId>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Request {
    /// Reads a line.
    ///
    /// # Errors
    /// The id, as far as it can be read, and what is wrong.
    pub fn parse(line: &str) -> Result<Self, (Value, Failure)> {
        let wrong = |id: &Value, what: &str| (id.clone(), Failure::Invalid(what.to_owned()));
        let mut fields: Map<String, Value> = serde_json::from_str(line)
            .map_err(|_| wrong(&Value::Null, "a request is one JSON object on one line"))?;
        let id = fields.remove("id").unwrap_or(Value::Null);
        if !(id.is_number() || id.is_string()) {
            return Err(wrong(&Value::Null, "a request has an `id`: a number or a string"));
        }
        serde_path_to_error::deserialize(Value::Object(fields))
            .map(|verb| Self { id: id.clone(), verb })
            .map_err(|error| {
                // The words of the parser name fields and verbs, and quote values: only the first are passed on.
                let told = error.inner().to_string();
                let safe =
                    ["unknown field", "missing field", "unknown variant"].iter().any(|w| told.starts_with(w));
                let told =
                    if safe { told } else { "a field has not the form that it should have".to_owned() };
                wrong(&id, &told)
            })
    }
}

/// 64 hexadecimal digits as bytes.
pub fn key_bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
