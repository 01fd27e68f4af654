//! The record's side of the line: what is read from it, and the resources that a case's state is projected into.

mod answering;
mod moving;
mod news;

use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::audit::{Action, AuditEntry, Audited, Purpose, ResourceFound};
use crate::care_plan::Document;
use crate::case::event::{EventKey, Head};
use crate::case::kind::RoomKind;
use crate::case::state::CaseState;
use crate::directory::Directory;
use crate::engine::Engine;
use crate::error::{Error, InvalidInput, Result};
use crate::fhir::{self, Applied, Import, Own, is_member, member, member_token};
use crate::id::CaseId;
use crate::inbox::Below;
use crate::notice::Notice;
use crate::outbox::Attempt;
use crate::point::point;
use crate::policy::{Reason, may_record};
use crate::ports::{CareRecord, PortError, RecordWrite, Stored};
use crate::store::Tx;
use crate::store::audit::append;
use crate::store::cases::bind;
use crate::store::outbox::{
    ASIDE, Item, Row, State, end, end_record, mark_record, push, push_record, record_lane,
};
use crate::store::papers::project;

pub(crate) use answering::Answering;
pub use moving::Kept;
pub(crate) use news::Seen;

/// The types that the directory is read from.
pub(crate) const DIRECTORY: [&str; 4] = ["Organization", "Practitioner", "PractitionerRole", "Endpoint"];
/// What says more of when people can be reached. A record that has no such types, or does not show them, has a directory all
/// the same.
const HOURS: [&str; 2] = ["HealthcareService", "Location"];
/// The directory as last read, kept for when the record does not answer.
pub(crate) const DIRECTORY_META: &str = "directory";
/// How soon a write is tried again that the record did not take.
const BEHIND: Duration = Duration::from_secs(5);

/// After so many failed attempts, which is some ten minutes at least, it is asked whether the record fails at this write alone.
const FAILS_FOR_GOOD: u32 = 20;
/// What a server says that has too much to do.
const ASKS_TO_WAIT: [&str; 2] = ["http-429", "http-503"];
/// Another write took a write's place before it was permitted.
const REPLACED: &str = "record-replaced";

/// When a write is tried again that the record refuses: mostly somebody has to do something first.
fn refused_again(attempts: u32) -> Duration {
    BEHIND.saturating_mul(1 << attempts.min(10)).min(Duration::from_hours(1))
}

impl Engine {
    pub(crate) fn record(&self) -> Result<&Arc<dyn CareRecord>> {
        self.record.as_ref().ok_or(Error::NotFound { what: "record" })
    }

    /// The directory, as last read.
    pub(crate) fn directory(&self) -> Directory {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the directory from the record and keeps what it is read from.
    pub(crate) async fn refresh_directory(&self) -> Result<()> {
        if self.record.is_none() {
            return Ok(());
        }
        // One after another, so that what was read last is kept.
        let _one = self.reading_directory.lock().await;
        let mut texts = self.all_of(&DIRECTORY).await?;
        if texts.is_empty() {
            return Ok(());
        }
        // Only where something names one: a record can hold very many places.
        let named =
            HOURS.map(|kind| texts.iter().any(|text| text.contains(&format!("{kind}/"))).then_some(kind));
        for kind in named.into_iter().flatten() {
            match self.record()?.search(kind, &[]).await {
                Ok(found) => texts.extend(found.into_iter().map(|stored| stored.json)),
                Err(error @ PortError::Unavailable { code: "connect" | "timeout", .. }) => {
                    return Err(error.into());
                }
                Err(error) => tracing::warn!(kind, %error, "hours and places are not read"),
            }
        }
        let kept = serde_json::to_string(&texts).map_err(|_| Error::internal("directory-json"))?;
        self.db.set_meta(DIRECTORY_META, Some(&kept))?;
        self.read_directory()?;
        self.known.notify_one();
        Ok(())
    }

    /// Whether a directory was read before.
    pub(crate) fn knows_directory(&self) -> Result<bool> {
        Ok(self.db.meta(DIRECTORY_META)?.is_some())
    }

    /// Takes the directory as it was last read.
    pub(crate) fn read_directory(&self) -> Result<()> {
        let Some(kept) = self.db.meta(DIRECTORY_META)? else { return Ok(()) };
        let texts: Vec<String> =
            serde_json::from_str(&kept).map_err(|_| Error::internal("directory-json"))?;
        let directory = fhir::directory(&Import::of(texts.iter().map(String::as_str))?)?;
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = directory;
        Ok(())
    }

    /// Takes a directory's resources from a Bundle, where there is no record to read them from.
    pub(crate) fn learn_directory(&self, bundle: &str) -> Result<()> {
        let import = Import::parse(bundle)?;
        let kept = DIRECTORY.iter().flat_map(|kind| import.of_kind(kind)).count();
        if kept == 0 {
            let detail = "there is no Organization, Practitioner, PractitionerRole or Endpoint in it";
            return Err(InvalidInput::new("no-directory", detail).into());
        }
        let directory = fhir::directory(&import)?;
        self.directory.write().unwrap_or_else(PoisonError::into_inner).merge(directory);
        Ok(())
    }

    pub(crate) async fn all_of(&self, kinds: &[&str]) -> Result<Vec<String>> {
        let record = self.record()?;
        let mut texts = Vec::new();
        for kind in kinds {
            texts.extend(record.search(kind, &[]).await?.into_iter().map(|stored| stored.json));
        }
        Ok(texts)
    }

    pub(crate) async fn import(&self, bundle: &str) -> Result<usize> {
        // Read first, so that what cannot be used changes nothing.
        fhir::directory(&Import::parse(bundle)?)?;
        let Some(record) = &self.record else {
            self.learn_directory(bundle)?;
            return Ok(0);
        };
        let created = record.transaction(&fhir::importable(bundle)?).await.map_err(|error| match error {
            PortError::Refused { code } | PortError::NotUnderstood { code } => {
                InvalidInput::new(code, "the record does not take this Bundle: it must be a transaction")
                    .into()
            }
            other => Error::from(other),
        })?;
        self.tell_dropped();
        self.refresh_directory().await?;
        Ok(created)
    }

    /// Tells what the record did not keep of what it was sent.
    pub(crate) fn tell_dropped(&self) {
        for dropped in self.record.iter().flat_map(|record| record.take_dropped()) {
            tracing::warn!(kind = dropped.kind, paths = ?dropped.paths, "the record did not keep all of a resource");
            self.tell(Notice::RecordDropped { kind: dropped.kind, id: dropped.id, paths: dropped.paths });
        }
    }

    /// A care plan of our record with everything that it references, as one document. It is named by its identifier, or as the
    /// record refers to it: `CarePlan/{id}`.
    pub(crate) async fn plan_document(&self, care_plan: &str) -> Result<String> {
        let record = self.record()?;
        if let Some(id) = care_plan.strip_prefix("CarePlan/") {
            let gathered = fhir::gather(record.as_ref(), "CarePlan", id).await?;
            return gathered.plan_document(care_plan);
        }
        let token = fhir::search::written(care_plan).map_err(|wrong| wrong.field("care_plan"))?;
        let found = record.search("CarePlan", &[("identifier", &token)]).await?;
        // What a case wrote here of an earlier sending carries the plan's identifier too, and is not the plan.
        let mut originals = found.into_iter().filter(|stored| !fhir::is_projected_plan(&stored.json));
        let plan = match (originals.next(), originals.next()) {
            (Some(plan), None) => plan,
            (None, _) => return Err(Error::NotFound { what: "care-plan" }),
            (Some(_), Some(_)) => return Err(fhir::search::several().field("care_plan").into()),
        };
        let name = format!("CarePlan/{}", plan.id);
        fhir::gather_from(record.as_ref(), "CarePlan", plan).await?.plan_document(&name)
    }

    /// Queues the search for the Patient that a case is about.
    pub(crate) fn queue_binding(&self, t: &Tx<'_>, case: CaseId) -> Result<()> {
        if self.record.is_some() {
            push(t, &record_lane(case), &Item::Bind, None)?;
        }
        Ok(())
    }

    /// Binds a case to a Patient of our own record: by member id with agreeing birth date; else a person has to confirm.
    pub(crate) async fn bind_patient(&self, row: &Row, case: CaseId) -> Result<Attempt> {
        if self.is_moving()? {
            return Ok(Attempt::later(BEHIND, "record-moving"));
        }
        let state = self.state(case)?;
        let known = self.case_row(case)?;
        let about = state.opening().and_then(|opening| opening.member.as_ref());
        let (Some(wanted), None, None) = (about, known.patient, known.proposed_patient) else {
            return self.finish(row);
        };
        let found = self.record()?.search("Patient", &[("identifier", &member_token(&wanted.id))]).await;
        let found = self.heard_all(found)?;
        let certain = |stored: &Stored| {
            let Ok(import) = Import::parse(&stored.json) else { return false };
            import.patients().any(|patient| {
                is_member(patient, &wanted.id)
                    && member(patient).is_ok_and(|member| member.birth_date == wanted.birth_date)
            })
        };
        let reference = |stored: &Stored| format!("Patient/{}", stored.id);
        let (patient, proposed) = match found.as_slice() {
            [one] if certain(one) => (Some(reference(one)), None),
            [one, ..] => (None, Some(reference(one))),
            [] => (None, None),
        };
        self.db.write(|t| {
            bind(t, case, patient.as_deref(), proposed.as_deref())?;
            end(t, row.seq, State::Sent, None)
        })?;
        point("record-bound");
        if patient.is_none() {
            self.tell(Notice::ConfirmPatient { case });
        }
        self.case_changed(case)?;
        Ok(Attempt::Done)
    }

    /// Does for every case what follows from its state: an earlier run may have ended before it came to that.
    /// One that fails does not keep the others, nor the client, from starting.
    pub(crate) fn look_at_all(&self) -> Result<()> {
        if let Err(error) = self.publish_answers(None, None) {
            tracing::error!(code = error.code(), "what was answered for everybody could not be told");
        }
        if let Err(error) = self.undo_decisions() {
            tracing::error!(code = error.code(), "what a meeting decided in vain could not be told");
        }
        for row in self.db.cases()? {
            if let Err(error) = self.case_changed(row.case) {
                tracing::error!(case = %row.case, code = error.code(), "what follows from a case's state could not be done");
            }
        }
        Ok(())
    }

    /// Asks the record to hold what the state says, where that is not what was asked last. Only what is known to be in the room
    /// is written: what is taken out before it leaves never stands in a record.
    pub(crate) fn project(&self, case: CaseId) -> Result<()> {
        if self.record.is_none() {
            return Ok(());
        }
        let kind = self.db.kind(case)?;
        let patient = self.case_row(case)?.patient;
        if kind == RoomKind::Case && patient.is_none() {
            return Ok(());
        }
        let text = |document: &Document| self.document_text(&document.sha256).ok().flatten();
        // The state is read under the lock, so that nobody's older one takes a newer one's place.
        let mut cases = self.projected.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.state_in_room(case)?;
        let mut writes = fhir::concerns(&state);
        writes.extend(fhir::meetings(&state));
        if let Some(opening) = state.opening().filter(|_| kind == RoomKind::Pair) {
            writes.extend(fhir::agreements(&state, &self.proving(opening)));
        }
        // The referrer's record has its referrals from the case.
        let me = self.user();
        let own = state.roster().last_place_of(&me).map(|place| &place.seat.contact.organization);
        if state.opening().map(|opening| &opening.community_side.id) == own {
            writes.extend(fhir::referral(&state));
        }
        if let Some(patient) = patient {
            let own = Own { patient };
            writes.extend(fhir::project(&state, &own, &text));
            if self.elsewhere {
                writes.extend(fhir::documents(&state, &own, &text, &self.takes()));
            }
        }
        let known = match cases.entry(case) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(self.db.projected(case)?),
        };
        let find = |write: &RecordWrite| format!("{}?{}={}", write.kind, write.find.0, write.find.1);
        let mut news: Vec<(String, &RecordWrite)> = writes.iter().map(|write| (find(write), write)).collect();
        news.retain(|(find, write)| known.get(find) != Some(&write.sha256));
        if news.is_empty() {
            return Ok(());
        }
        self.db.write(|t| {
            for (find, write) in &news {
                if project(t, case, find, &write.sha256)? {
                    push_record(t, case, write)?;
                }
            }
            Ok(())
        })?;
        known.extend(news.into_iter().map(|(find, write)| (find, write.sha256)));
        Ok(())
    }

    /// Queues an entry of the audit for the record.
    pub(crate) fn queue_audit_event(&self, t: &Tx<'_>, case: CaseId, entry: &AuditEntry) -> Result<()> {
        if self.record.is_some() {
            push_record(t, case, &fhir::audit_event(entry, &self.user()))?;
        }
        Ok(())
    }

    /// Writes one resource. Its audit entry and the mark that permits the writing are one transaction.
    pub(crate) async fn write_record(&self, row: &Row, case: CaseId, write: &RecordWrite) -> Result<Attempt> {
        let Some(record) = &self.record else { return self.finish(row) };
        if self.is_moving()? {
            return Ok(Attempt::later(BEHIND, "record-moving"));
        }
        self.know_what_it_takes().await?;
        // What the server does not take is kept here.
        let record: &dyn CareRecord =
            if !self.elsewhere || self.takes_write(write) { record.as_ref() } else { self.embedded.as_ref() };
        let state = self.state_in_room(case)?;
        let audited = write.kind == "AuditEvent" || row.state == State::Marked;
        let took_part = state.roster().last_place_of(&self.user()).is_some();
        let basis = match may_record(took_part, &fhir::labels_in(&write.json)) {
            Ok(basis) => basis,
            // The audit itself is no copy of anything, and what was permitted once is done.
            Err(_) if audited => Vec::new(),
            Err(_) => {
                self.db.write(|t| end_record(t, row.seq, write))?;
                return Ok(Attempt::Done);
            }
        };
        let permit = || {
            if audited {
                return Ok(());
            }
            point("record-before-mark");
            self.db
                .write(|t| {
                    let entry = append(t, self.now(), record_written(case, &state, write, &basis))?;
                    self.queue_audit_event(t, case, &entry)?;
                    mark_record(t, row.seq, write)
                })
                .map_err(|error| match error {
                    // What is asked by now is another write, which has its own turn.
                    Error::Conflict { .. } => PortError::Unavailable { code: REPLACED, retry_after: None },
                    _ => PortError::Internal { code: "record-mark" },
                })?;
            point("record-marked");
            Ok(())
        };
        let known = |heads: &[Head], event: &EventKey| fhir::knows(&state, write, heads, event);
        let applied = fhir::apply(record, write, &known, &permit).await;
        point("record-written");
        self.tell_dropped();
        // Not a failure of the record's: what is asked by now has its own turn at once.
        let replaced = matches!(&applied, Err(PortError::Unavailable { code: REPLACED, .. }));
        // Of one that stepped aside it is known that it says nothing of the record.
        match if row.aside { applied } else { self.heard(applied) } {
            Ok(Applied::Created(_) | Applied::Updated(_) | Applied::Unchanged(_)) => {
                self.db.write(|t| end_record(t, row.seq, write))?;
                point("record-done");
                Ok(Attempt::Done)
            }
            // This device knows it too, and this write is of before: what is asked now takes its place.
            Ok(Applied::Behind(news)) if news.iter().all(|head| state.folded(&head.key)) => {
                self.project(case)?;
                self.db.write(|t| end_record(t, row.seq, write))?;
                Ok(Attempt::Done)
            }
            // A colleague's device knows more: what this one has is written when it has caught up, if it is still news.
            Ok(Applied::Behind(_)) => {
                let room = self.case_row(case)?.room;
                if let Some(room) = room {
                    self.catch_up(&room, &Below::default()).await?;
                }
                // What is for other resources does not wait for it.
                Ok(Attempt::later(refused_again(row.attempts).min(Duration::from_mins(1)), ASIDE))
            }
            Err(
                PortError::Conflict
                | PortError::Refused { .. }
                | PortError::NotFound
                | PortError::NotUnderstood { .. },
            ) => {
                if !row.aside {
                    self.tell(Notice::RecordConflict { case, kind: write.kind.clone() });
                }
                Ok(Attempt::later(refused_again(row.attempts), ASIDE))
            }
            // What stepped aside stays there, whatever fails now.
            Err(PortError::SignedOut | PortError::Unavailable { .. }) if row.aside && !replaced => {
                Ok(Attempt::later(refused_again(row.attempts), ASIDE))
            }
            // At this one alone the record fails: what is for other resources need not wait.
            Err(PortError::Unavailable { code, .. })
                if row.attempts >= FAILS_FOR_GOOD
                    && !replaced
                    && !ASKS_TO_WAIT.contains(&code)
                    && self.answers_otherwise(&state).await =>
            {
                self.tell(Notice::RecordConflict { case, kind: write.kind.clone() });
                Ok(Attempt::later(refused_again(row.attempts), ASIDE))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn record_written(case: CaseId, state: &CaseState, write: &RecordWrite, basis: &[Reason]) -> Audited {
    Audited {
        action: Action::RecordWritten,
        case: Some(case),
        event: None,
        resource: Some(ResourceFound { kind: write.kind.clone(), find: write.find.clone() }),
        recipients: Vec::new(),
        agreement: state
            .opening()
            .map(|opening| (opening.agreement_text.id.clone(), opening.agreement_text.version.clone())),
        reasons: basis.iter().map(|reason| reason.code.to_string()).collect(),
        purpose: Purpose::Coordination,
        labels: fhir::labels_in(&write.json).iter().map(ToString::to_string).collect(),
        consents: Vec::new(),
        why: None,
    }
}
