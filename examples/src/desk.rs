//! A client behind lines of JSON: what the driver and the keeper answer with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use caseline::case::event::EventKey;
use caseline::error::InvalidInput;
use caseline::fhir::{BackendServices, FixedToken, RestRecord, SigningKeys};
use caseline::ports::Clock;
use caseline::store::StoreKey;
use caseline::{Caseline, Error, Message, Named, Record};
use serde_json::{Value, json};

use crate::alert;
use crate::protocol::{self, EditRecord, Failure, NamedContact, RecordPlace, SignIn, Verb, key_bytes};
use crate::view;

mod agreement;
mod comparing;
mod concern;
mod consent;
mod crossing;
mod referral;
mod task;

pub use caseline::ports::StoryClock;

mod meeting;
mod outreach;
mod pair;

/// Where a client keeps resources.
///
/// # Errors
/// `InvalidInput` (`invalid-record`) where not exactly one place is named.
pub fn record(place: &RecordPlace) -> caseline::Result<Record> {
    match (place.embedded, &place.fhir, place.none) {
        (true, None, false) => Ok(Record::Embedded),
        (false, None, true) => Ok(Record::None),
        (false, Some(url), false) => fhir(url, place),
        _ => {
            let detail = "name one place: {\"embedded\":true}, {\"fhir\":\"…\"} or {\"none\":true}";
            Err(InvalidInput::new("invalid-record", detail).field("record").into())
        }
    }
}

fn fhir(url: &str, place: &RecordPlace) -> caseline::Result<Record> {
    let mut record = RestRecord::builder(url);
    if place.plain {
        record = record.allow_plain_http();
    }
    let record = if let Some(system) = &place.system {
        let keys = SigningKeys::file(&system.keys);
        let mut tokens = BackendServices::builder(url, &system.client_id, keys).scopes(system.scopes.clone());
        if place.plain {
            tokens = tokens.allow_plain_http();
        }
        record.tokens(tokens.build()?)
    } else if let Some(token) = &place.token {
        record.tokens(FixedToken::new(token.clone()))
    } else {
        record
    };
    Ok(record.build()?.into())
}

/// Signs in. The second value: whether the store had a session already.
///
/// # Errors
/// Those of [`caseline::Builder::sign_in`], and `InvalidInput` for the fields.
pub async fn sign_in(how: &SignIn, clock: Arc<dyn Clock>) -> caseline::Result<(Caseline, bool)> {
    let key = key_bytes(&how.store_key).ok_or_else(|| {
        let detail = "the store's key is 64 hexadecimal digits";
        Error::from(InvalidInput::new("invalid-store-key", detail).field("store_key"))
    })?;
    let builder = Caseline::builder()
        .homeserver(&how.homeserver)
        .store(&how.store, StoreKey::new(key))
        .record(record(&how.record)?)
        .clock(clock);
    match builder.clone().restore().await {
        Err(Error::SignInRequired { code: "no-session", .. }) => {}
        Ok(restored) if restored.user().as_str() == how.user => return Ok((restored, true)),
        Ok(other) => {
            other.shutdown().await;
            let detail = "this store belongs to another account: use another folder";
            return Err(Error::Conflict { code: "other-account", detail });
        }
        Err(error) => return Err(error),
    }
    Ok((builder.sign_in(&how.user, &how.password).await?, false))
}

/// Answers what needs a session.
///
/// # Errors
/// [`Failure`].
pub async fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    match verb {
        Verb::SignIn(_) => Err(Failure::Invalid("there is a session already".into())),
        // Answered where the process is run.
        Verb::Shutdown {} | Verb::Clock { .. } => Ok(json!({})),
        Verb::RecoveryKey {} => Ok(json!({ "key": caseline.recovery_key().await? })),
        Verb::ConfirmRecoveryKey {} => done(caseline.confirm_recovery_key().await),
        Verb::ReplaceRecoveryKey {} => Ok(json!({ "key": caseline.replace_recovery_key().await? })),
        Verb::Recover { key } => done(caseline.recover(&key).await),
        Verb::Verified {} => Ok(json!({ "verified": caseline.verified().await? })),
        Verb::Identity { user } => {
            let Some(identity) = caseline.identity(&user).await? else { return Ok(json!({ "key": null })) };
            let mut told = json!({ "key": identity.key });
            if let (Some(before), Some(fields)) = (identity.changed_from, told.as_object_mut()) {
                fields.insert("changed_from".into(), json!(before));
            }
            Ok(told)
        }
        Verb::TrustIdentity { user, key } => done(caseline.trust_identity(&user, &key).await),
        Verb::Suspend {} => {
            caseline.suspend().await;
            Ok(json!({}))
        }
        Verb::Resume {} => {
            caseline.resume().await;
            Ok(json!({}))
        }
        Verb::Import { bundle, path } => {
            let created = caseline.import(&paper(bundle, path, "bundle").await?).await?;
            Ok(json!({ "created": created }))
        }
        Verb::AddAgreement { text, path } => {
            let agreement = caseline.add_agreement(&paper(text, path, "text").await?)?;
            Ok(json!({ "id": agreement.id, "version": agreement.version }))
        }
        Verb::AddRules { text, path } => {
            let rules = caseline.add_rules(&paper(text, path, "text").await?)?;
            Ok(json!({ "id": rules.id, "version": rules.version }))
        }
        Verb::Directory {} => {
            let directory = caseline.directory();
            let contacts: Vec<Value> = directory.contacts.iter().map(view::contact).collect();
            Ok(json!({ "organizations": directory.organizations, "contacts": contacts }))
        }
        Verb::WhoToCall { organization, topic } => {
            let found = caseline.who_to_call(&organization, topic)?;
            let contacts: Vec<Value> =
                std::iter::once(&found.primary).chain(&found.backups).map(view::callee).collect();
            Ok(json!({ "contacts": contacts }))
        }
        Verb::ContactGaps {} => {
            let gaps: Vec<Value> = caseline.contact_gaps()?.iter().map(view::gap).collect();
            Ok(json!({ "gaps": gaps }))
        }
        Verb::CareTeams { member } => {
            let teams = caseline.care_teams(&member).await?;
            Ok(json!({ "care_teams": teams.iter().map(view::care_team).collect::<Vec<_>>() }))
        }
        Verb::CarePlans { member } => {
            let plans = caseline.care_plans(&member).await?;
            Ok(json!({ "care_plans": plans.iter().map(view::care_plan).collect::<Vec<_>>() }))
        }
        Verb::Open { care_team, case, contacts } => {
            let mut proposed = if contacts.is_empty() {
                caseline.propose(&care_team).await?
            } else {
                let named: Vec<Named> = contacts
                    .into_iter()
                    .map(|NamedContact { contact, lead }| Named { contact, lead })
                    .collect();
                caseline.complete(caseline.proposal(&care_team).await?, &named)?
            };
            proposed.id = case;
            Ok(json!({ "case": caseline.open(proposed)?.id() }))
        }
        Verb::Invitations {} => {
            let invitations: Vec<Value> =
                caseline.invitations().await?.iter().map(view::invitation).collect();
            Ok(json!({ "invitations": invitations }))
        }
        Verb::Accept { room, despite_warning } => {
            Ok(json!({ "case": caseline.accept(&room, despite_warning).await?.id() }))
        }
        Verb::Cases {} => {
            let cases: Vec<Value> =
                caseline.cases()?.iter().map(|case| json!({ "case": case.id() })).collect();
            Ok(json!({ "cases": cases }))
        }
        Verb::State { case } => Ok(view::state(case, &caseline.case(case)?.state()?)),
        Verb::Timeline { case } => Ok(view::timeline(&caseline.case(case)?.state()?)),
        Verb::Messages { case } => Ok(view::messages(&caseline.case(case)?.state()?)),
        Verb::Tasks { case } => Ok(view::tasks(&caseline.case(case)?.tasks()?)),
        Verb::Due { case } => {
            let due = caseline.due()?;
            let of = |item: &&caseline::due::DueItem| case.is_none_or(|case| item.case == case);
            let due: Vec<Value> = due.iter().filter(of).map(view::due).collect();
            Ok(json!({ "due": due }))
        }
        Verb::Outbox {} => {
            let status = caseline.outbox()?;
            let notes: Vec<Value> = status
                .notes
                .iter()
                .map(|(lane, kind, code)| json!({ "lane": lane, "kind": kind, "code": code }))
                .collect();
            Ok(json!({ "waiting": status.waiting, "notes": notes }))
        }
        Verb::Settle { timeout_s } => {
            Ok(json!({ "settled": caseline.settle(Duration::from_secs(timeout_s)).await? }))
        }
        Verb::Audit {} => {
            let status = caseline.audit()?;
            let mut chain =
                json!({ "chain": status.chain, "length": status.length, "ok": status.fault.is_none() });
            if let (Some(fault), Some(fields)) = (&status.fault, chain.as_object_mut()) {
                fields.insert("problem".into(), json!(fault.code()));
            }
            Ok(json!({ "entries": status.length, "chains": [chain] }))
        }
        Verb::Record { kind, written, texts } => {
            let mut stored = caseline.resources(&kind).await?;
            stored.retain(|stored| !written || view::is_written(&stored.json));
            let ids: Vec<&str> = stored.iter().map(|stored| stored.id.as_str()).collect();
            let mut told = json!({ "count": stored.len(), "ids": ids });
            if let Some(fields) = told.as_object_mut().filter(|_| texts) {
                let texts: Vec<&str> = stored.iter().map(|stored| stored.json.as_str()).collect();
                fields.insert("texts".into(), json!(texts));
            }
            Ok(told)
        }
        Verb::LookAtRecord {} => {
            caseline.look_at_record().await?;
            // The directory is part of the record, and read at a start alone, or where a host asks.
            done(caseline.refresh_directory().await)
        }
        Verb::Kept {} => {
            let kept: Vec<Value> = caseline.kept()?.iter().map(view::kept).collect();
            Ok(json!({ "kept": kept }))
        }
        Verb::EditRecord(edit) => edit_record(caseline, edit).await,
        asked @ (Verb::ComparePlans(_) | Verb::Scan(_)) => comparing::ask(caseline, asked),
        said @ (Verb::Crossings { .. } | Verb::Carried(_)) => crossing::ask(caseline, said),
        asked @ (Verb::Panel(_)
        | Verb::SideBySide {}
        | Verb::Agenda(_)
        | Verb::Decide(_)
        | Verb::SaveAppointment(_)) => meeting::ask(caseline, asked).await,
        asked @ (Verb::OpenPair(_)
        | Verb::Meetings(_)
        | Verb::MeetingAgenda { .. }
        | Verb::SetMeeting(_)
        | Verb::PrepareMeeting(_)
        | Verb::AnswerMeeting(_)
        | Verb::MoveMeeting(_)
        | Verb::CancelMeeting(_)
        | Verb::HoldMeeting(_)
        | Verb::BringToMeeting(_)
        | Verb::DecideAtMeeting(_)
        | Verb::DecideAnew(_)
        | Verb::DropDecision(_)) => pair::ask(caseline, asked),
        asked @ (Verb::ProposedAgreements(_)
        | Verb::ProposeAgreement(_)
        | Verb::AcceptAgreement(_)
        | Verb::DeclineAgreement(_)
        | Verb::WithdrawAgreement(_)) => agreement::ask(caseline, asked),
        Verb::HandOverForAbsent {} => Ok(json!({ "handed": caseline.hand_over_for_absent()? })),
        said @ (Verb::Consents { .. }
        | Verb::Denied { .. }
        | Verb::MayTell { .. }
        | Verb::RecordConsent(_)
        | Verb::RevokeConsent(_)
        | Verb::ReviewOverride(_)) => consent::ask(caseline, said),
        asked @ (Verb::OpenProgramme(_)
        | Verb::Rooms { .. }
        | Verb::Concerns { .. }
        | Verb::CheckConcern { .. }
        | Verb::AnsweredConcerns { .. }) => concern::ask(caseline, asked),
        said @ (Verb::Referrals { .. }
        | Verb::Refer(_)
        | Verb::SendReferral(_)
        | Verb::CarryReferral(_)
        | Verb::TellReferral(_)
        | Verb::WithdrawReferral(_)
        | Verb::AskCapacity(_)
        | Verb::TellCapacity(_)
        | Verb::AcceptReferral(_)
        | Verb::DeclineReferral(_)
        | Verb::SubRefer(_)
        | Verb::ReferralOutcome(_)
        | Verb::CloseReferral(_)
        | Verb::CancelReferral(_)) => referral::ask(caseline, said).await,
        said @ (Verb::Outreach { .. }
        | Verb::MayReachOut { .. }
        | Verb::Stage { .. }
        | Verb::RecordContact { .. }
        | Verb::AskOutreach { .. }
        | Verb::GrantOutreach { .. }
        | Verb::RefuseOutreach { .. }
        | Verb::WithdrawContact(_)
        | Verb::ProhibitContact(_)
        | Verb::PermitContact(_)
        | Verb::ReopenCase(_)
        | Verb::CloseCase { .. }) => outreach::ask(caseline, said),
        said => say(caseline, said).await,
    }
}

/// The commands: what is said in a case.
async fn say(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    let key = match verb {
        Verb::Send { case, text, priority, in_reply_to, names_confirmed, marks, key } => {
            let mut message = Message::text(text).priority(priority).names_confirmed(names_confirmed);
            if let Some(earlier) = in_reply_to {
                message = message.in_reply_to(earlier);
            }
            marks.unwrap_or_default().on(&caseline.case(case)?)?.send(key, message)?
        }
        Verb::Correct { case, message, text, key } => caseline.case(case)?.correct(key, message, &text)?,
        Verb::Retract { case, message, key } => caseline.case(case)?.retract(key, message)?,
        Verb::Seen { case, up_to } => {
            let said = caseline.case(case)?.seen(&up_to)?;
            return Ok(json!({ "event": said.as_ref().map(sent) }));
        }
        Verb::SendCarePlan { case, care_plan, on, marks, key } => {
            let case = marks.unwrap_or_default().on(&caseline.case(case)?)?;
            let (sent, sha256) = case.send_care_plan_of(key, &care_plan, on).await?;
            return Ok(json!({ "sender": sent.sender, "id": sent.id, "sha256": sha256 }));
        }
        Verb::AcknowledgePlan { case, plan, key } => caseline.case(case)?.acknowledge_plan(key, plan)?,
        Verb::ApprovePlan { case, plan, sha256, key } => {
            caseline.case(case)?.approve_plan(key, plan, sha256)?
        }
        Verb::ApprovePlanInHouse { case, plan, by, on, key } => {
            caseline.case(case)?.approve_plan_in_house(key, plan, by, on)?
        }
        Verb::AttestSignature(said) => comparing::attest(caseline, *said)?,
        Verb::PlanCopied(said) => {
            let to = protocol::recipient(&said.to, said.organization)?;
            caseline.case(said.case)?.plan_copied(said.key, said.plan, to, (said.how, said.on))?
        }
        Verb::ReturnPlan { case, plan, changes, key } => {
            caseline.case(case)?.return_plan(key, plan, &changes)?
        }
        verb @ (Verb::Assign(_)
        | Verb::ClaimTask(_)
        | Verb::AcceptTask(_)
        | Verb::DeclineTask(_)
        | Verb::HandOverTask(_)
        | Verb::CompleteTask(_)
        | Verb::CancelTask(_)) => task::act(caseline, verb)?,
        verb @ (Verb::RaiseConcern(_)
        | Verb::HearConcern(_)
        | Verb::AnswerConcern(_)
        | Verb::CloseConcern(_)
        | Verb::ReopenConcern(_)) => concern::act(caseline, verb)?,
        Verb::NameSeat { case, contact, lead, organization, key } => {
            caseline.case(case)?.name_contact(key, &contact, organization.as_ref(), lead)?
        }
        Verb::EndSeat { case, contact, organization, key } => {
            caseline.case(case)?.end_seat(key, contact, organization)?
        }
        Verb::TakeUpTeam { case, proposal } => {
            return done(caseline.case(case)?.take_up_team_proposal(proposal));
        }
        Verb::DeclineTeam { case, proposal, key } => {
            caseline.case(case)?.decline_team_proposal(key, proposal)?
        }
        about => return alert::say(caseline, about),
    };
    Ok(sent(&key))
}

/// What somebody changes in the record by another way than a case.
async fn edit_record(caseline: &Caseline, edit: EditRecord) -> Result<Value, Failure> {
    let id = match (&edit.resource, &edit.identifier) {
        (Some(id), None) => id.clone(),
        (None, Some(identifier)) => {
            let all = caseline.resources(&edit.kind).await?;
            let found = all.into_iter().filter(|stored| view::is_identified(&stored.json, identifier));
            // A case's copy of a plan has the identifiers of what was sent.
            let (copies, own): (Vec<_>, Vec<_>) = found.partition(|stored| view::is_written(&stored.json));
            match (&own[..], &copies[..]) {
                ([one], _) | ([], [one]) => one.id.clone(),
                _ => return Err(Error::NotFound { what: "resource" }.into()),
            }
        }
        _ => return Err(Failure::Invalid("give either `resource` or `identifier`".into())),
    };
    let kind = edit.kind.clone();
    let stored = caseline.edit_resource(&kind, &id, move |text| edit.of(text)).await.map_err(Error::from)?;
    Ok(json!({ "id": stored.id, "version": stored.version }))
}

fn sent(key: &EventKey) -> Value {
    json!({ "sender": key.sender, "id": key.id })
}

fn done(outcome: caseline::Result<()>) -> Result<Value, Failure> {
    Ok(outcome.map(|()| json!({}))?)
}

/// The text of a paper, given as such or as the path of its file.
async fn paper(text: Option<String>, path: Option<PathBuf>, field: &str) -> Result<String, Failure> {
    match (text, path) {
        (Some(text), None) => Ok(text),
        (None, Some(path)) => tokio::task::spawn_blocking(move || std::fs::read_to_string(path))
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| {
                Error::from(InvalidInput::new("unreadable-file", "the file cannot be read").field("path"))
                    .into()
            }),
        _ => Err(Failure::Invalid(format!("give either `{field}` or `path`"))),
    }
}
