//! The embedded record drains to the organisation's own server once there is one, and keeps what that does not take.
//!
//! Each resource is moved once: created there on its identifier, after what it refers to. Until all was offered, the cases'
//! own writes wait, since they refer to resources of the embedded record. What the server does not take stays, is listed,
//! and is offered again at the next start.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::Engine;
use crate::audit::{Audited, ResourceFound};
use crate::error::Result;
use crate::fhir::moving::{self, Find, Moving, Name, Target};
use crate::fhir::{heads, is_projected_plan, knows};
use crate::id::Sha256;
use crate::point::point;
use crate::ports::{Capabilities, CareRecord, Interaction, PortError, RecordWrite, Stored};
use crate::store::audit::append;
use crate::store::cases::bind;
use crate::store::moved::{Unmoved, mark_audited, put_moved, put_refused};
use crate::store::outbox::unmark_records;

/// Whose ids the cases' bindings are of: `embedded`, or `elsewhere`.
const HOME: &str = "record-home";
const NOT_OFFERED: PortError = PortError::Refused { code: "not-offered" };
const OTHER_PERSON: PortError = PortError::Refused { code: "other-person" };
/// It was written over there by somebody who knew more.
const BEHIND: PortError = PortError::Refused { code: "behind" };

/// A resource that the organisation's server does not take, and that is kept in the embedded record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The resource type.
    pub kind: String,
    /// Its id in the embedded record.
    pub id: String,
    /// Why: `not-offered` (its CapabilityStatement does not offer to create it on a condition, and to update it in a known
    /// version), `other-person` (what it has under a Patient's number was born on another day), `behind` (a colleague wrote there what
    /// this device does not know yet), `conflict`, `not-found`, else the code of its refusal.
    pub reason: String,
}

impl Engine {
    /// The cases are bound to resources of the embedded record.
    pub(crate) fn at_home(&self) -> Result<()> {
        if self.db.meta(HOME)?.as_deref() == Some("embedded") {
            return Ok(());
        }
        self.db.set_meta(HOME, Some("embedded"))
    }

    /// Whether what the cases are bound to has yet to move.
    pub(crate) fn is_moving(&self) -> Result<bool> {
        Ok(self.elsewhere && self.db.meta(HOME)?.as_deref() == Some("embedded"))
    }

    /// What the record takes, as far as it has been asked.
    pub(crate) fn takes(&self) -> Capabilities {
        self.takes.read().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_else(Capabilities::all)
    }

    /// Whether the record takes a write, and what comes after it.
    pub(crate) fn takes_write(&self, write: &RecordWrite) -> bool {
        let takes = self.takes();
        match write.find.0.as_str() {
            "_tag" => can_be_made(&takes, &write.kind),
            _ => takes.keeps(&write.kind),
        }
    }

    /// Asks the record what it takes, unless it is known.
    pub(crate) async fn know_what_it_takes(&self) -> Result<()> {
        let known = !self.elsewhere || self.takes.read().unwrap_or_else(PoisonError::into_inner).is_some();
        match &self.record {
            Some(record) if !known => self.ask_what_it_takes(record.as_ref()).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Asks the record what it takes.
    async fn ask_what_it_takes(&self, record: &dyn CareRecord) -> Result<Capabilities> {
        let takes = self.heard_all(record.capabilities().await)?;
        let mut known = self.takes.write().unwrap_or_else(PoisonError::into_inner);
        let first = known.replace(takes.clone()).is_none();
        drop(known);
        if first && !takes_all(&takes) {
            // What is written instead of what it does not take.
            self.look_at_all()?;
        }
        Ok(takes)
    }

    /// What the server does not take. Empty where the record is the embedded one.
    pub(crate) fn kept(&self) -> Result<Vec<Kept>> {
        if !self.elsewhere || self.is_moving()? {
            return Ok(Vec::new());
        }
        let kept = self.db.unmoved()?.into_iter();
        let reason = |one: &Unmoved| one.refused.clone().unwrap_or_else(|| "not-offered".to_owned());
        Ok(kept.map(|one| Kept { reason: reason(&one), kind: one.kind, id: one.id }).collect())
    }

    /// Offers the server all that the embedded record holds and that it has not been offered by this process.
    ///
    /// # Errors
    /// `Unavailable` where the server does not answer: what was moved stays moved, and the rest goes on the next time.
    pub(crate) async fn move_record(&self) -> Result<()> {
        let (Some(record), true) = (&self.record, self.elsewhere) else { return Ok(()) };
        let _one = self.moving.lock().await;
        if self.offered.load(Ordering::SeqCst) && !self.is_moving()? {
            return Ok(());
        }
        let takes = self.ask_what_it_takes(record.as_ref()).await?;
        let again = !self.offered.load(Ordering::SeqCst);
        let all = self.db.unmoved()?;
        let offered = all.iter().filter(|one| again || one.refused.is_none());
        let offered: Vec<&Unmoved> = offered.filter(|one| again || can_be_made(&takes, &one.kind)).collect();
        if !offered.is_empty() {
            Move {
                engine: self,
                record: record.as_ref(),
                takes: &takes,
                offered,
                here: all.iter().map(|one| (one.kind.as_str(), one.id.as_str())).collect(),
                there: self.db.moved()?,
            }
            .run()
            .await?;
        }
        self.offered.store(true, Ordering::SeqCst);
        if self.is_moving()? {
            self.bind_anew()?;
            // What waits refers to the resources of before: it is asked anew while it is still held.
            self.look_at_all()?;
            self.db.set_meta(HOME, Some("elsewhere"))?;
            point("record-moved-in");
            self.outgoing.notify_one();
            if let Err(error) = self.refresh_directory().await {
                // The one of the last time stands until the next start.
                tracing::debug!(
                    code = error.code(),
                    "the directory could not be read where the record is now"
                );
            }
        }
        Ok(())
    }

    /// Binds the cases to the resources where they are now. Safe to repeat after a kill: what is bound there stays.
    fn bind_anew(&self) -> Result<()> {
        let there = self.db.moved()?;
        let bound_there: HashSet<String> =
            there.iter().map(|((kind, _), id)| format!("{kind}/{id}")).collect();
        let moved = |reference: &str| {
            if bound_there.contains(reference) {
                return Some(reference.to_owned());
            }
            let (kind, id) = reference.split_once('/')?;
            Some(format!("{kind}/{}", there.get(&(kind.to_owned(), id.to_owned()))?))
        };
        let cases = self.db.cases()?;
        self.db.write(|t| {
            // A write that was permitted for the embedded record is permitted anew for this one.
            unmark_records(t)?;
            for row in &cases {
                let patient = row.patient.as_deref().and_then(moved);
                let proposed = row.proposed_patient.as_deref().and_then(moved);
                let was_known = row.patient.is_some() || row.proposed_patient.is_some();
                let is_lost = was_known && patient.is_none() && proposed.is_none();
                bind(t, row.case, patient.as_deref(), proposed.as_deref())?;
                if is_lost {
                    // The server has no such Patient: it is looked for there.
                    self.queue_binding(t, row.case)?;
                }
            }
            Ok(())
        })
    }
}

fn takes_all(takes: &Capabilities) -> bool {
    ["CareTeam", "CarePlan", "Communication"].iter().all(|kind| takes.keeps(kind))
}

/// Whether a resource of a type can be made, once.
fn can_be_made(takes: &Capabilities, kind: &str) -> bool {
    [Interaction::Create, Interaction::ConditionalCreate].iter().all(|one| takes.takes(kind, *one))
}

/// One offer.
struct Move<'m> {
    engine: &'m Engine,
    record: &'m dyn CareRecord,
    takes: &'m Capabilities,
    offered: Vec<&'m Unmoved>,
    /// All that the embedded record holds and that has not moved in its present version.
    here: HashSet<(&'m str, &'m str)>,
    /// The ids there of what has moved.
    there: HashMap<Name, String>,
}

/// What a stored resource says that ours was written without.
enum News {
    None,
    /// This device knows it by now.
    Known,
    Unknown,
}

/// A resource made ready for its way.
struct Ready {
    name: Name,
    version: i64,
    find: Find,
    text: String,
    there: Option<String>,
}

impl Ready {
    fn kind(&self) -> &str {
        &self.name.0
    }
}

impl Move<'_> {
    async fn run(mut self) -> Result<()> {
        let mut moving = Vec::with_capacity(self.offered.len());
        for one in &self.offered {
            let stored = self.engine.embedded.read(&one.kind, &one.id).await?;
            moving.push(Moving::new((one.kind.clone(), one.id.clone()), &stored.json)?);
        }
        for group in moving::order(&moving) {
            let offered: Vec<Unmoved> =
                group.iter().filter_map(|n| self.offered.get(*n).map(|one| (*one).clone())).collect();
            if let [one] = &offered[..] {
                self.one(one).await?;
            } else {
                self.circle(&offered).await?;
            }
        }
        Ok(())
    }

    /// Makes a resource ready. `circle` are those that go with it.
    async fn ready(&self, one: &Unmoved, circle: &HashMap<Name, String>) -> Result<Ready> {
        let stored = self.engine.embedded.read(&one.kind, &one.id).await?;
        let mut staying = HashMap::new();
        for name in moving::refers(&stored.json)? {
            if self.here.contains(&(name.0.as_str(), name.1.as_str())) && !self.there.contains_key(&name) {
                let text = self.engine.embedded.read(&name.0, &name.1).await?.json;
                let known = moving::known_by(&name.0, &text);
                staying.insert(name, known);
            }
        }
        let target = |name: &Name| {
            let there = self.there.get(name).cloned().map(Target::There);
            there
                .or_else(|| circle.get(name).cloned().map(Target::Entry))
                .or_else(|| staying.get(name).cloned().map(Target::Nowhere))
        };
        let name = (one.kind.clone(), one.id.clone());
        let (find, text) = moving::findable(&name, &stored.json)?;
        let text = moving::moved(&text, &target)?;
        Ok(Ready { name, version: one.version, find, text, there: one.there.clone() })
    }

    async fn one(&mut self, one: &Unmoved) -> Result<()> {
        let ready = self.ready(one, &HashMap::new()).await?;
        let moved = match &ready.there {
            Some(there) => self.again(&ready, there).await,
            None => self.place(&ready).await,
        };
        self.note(&ready, moved)
    }

    /// Makes a resource there, or finds it: its id there.
    async fn place(&self, ready: &Ready) -> Result<String, PortError> {
        if let Some(found) = self.known_person(ready).await {
            return found;
        }
        let kind = ready.kind();
        if !can_be_made(self.takes, kind) {
            return self.found_instead(ready, NOT_OFFERED).await;
        }
        self.permit(ready)?;
        point("record-moving");
        match self.record.create(kind, &ready.text, &ready.find.params()).await {
            Ok(created) if created.created || ready.find.is(&created.stored.json) => Ok(created.stored.id),
            Ok(_) => Err(OTHER_PERSON),
            Err(PortError::Conflict) => match self.found(ready).await {
                Err(PortError::NotFound) => Err(PortError::Conflict),
                found => found,
            },
            Err(PortError::Refused { code }) if moving::is_identified(kind) => {
                self.found_instead(ready, PortError::Refused { code }).await
            }
            Err(error) => Err(error),
        }
    }

    /// The Patient that the server has: it is found, and made only where there is none. `None` where there is none.
    async fn known_person(&self, ready: &Ready) -> Option<Result<String, PortError>> {
        if ready.kind() != "Patient" || !self.can_be_found(ready) {
            return None;
        }
        match self.found(ready).await {
            Err(PortError::NotFound) => None,
            found => Some(found),
        }
    }

    fn can_be_found(&self, ready: &Ready) -> bool {
        ready.find.is_by_identifier() && self.takes.searches(ready.kind(), "identifier")
    }

    /// What cannot be made there may be there: many servers have their own people, and let nobody make any.
    async fn found_instead(&self, ready: &Ready, refusal: PortError) -> Result<String, PortError> {
        if !self.can_be_found(ready) {
            return Err(refusal);
        }
        match self.found(ready).await {
            Err(PortError::NotFound | PortError::Refused { .. }) => Err(refusal),
            found => found,
        }
    }

    /// The only one that a resource is found by. Of several, the one that is not what a case wrote of it: that carries the plan's
    /// identifier, too.
    async fn found(&self, ready: &Ready) -> Result<String, PortError> {
        let mut params = ready.find.params();
        // What the server is not asked for is compared here.
        let mut first = true;
        params.retain(|(param, _)| {
            std::mem::replace(&mut first, false) || self.takes.searches(ready.kind(), param)
        });
        let mut found = self.record.search(ready.kind(), &params).await?;
        found.retain(|stored| ready.find.is(&stored.json));
        if found.len() > 1 {
            found.retain(|stored| !is_projected_plan(&stored.json));
            if found.len() != 1 {
                return Err(PortError::Conflict);
            }
        }
        found.pop().map(|stored| stored.id).ok_or(PortError::NotFound)
    }

    /// Lays what has changed here over what has moved before, unless somebody wrote there what this device did not know then.
    async fn again(&self, ready: &Ready, there: &str) -> Result<String, PortError> {
        let stored = self.record.read(ready.kind(), there).await?;
        if !ready.find.is(&stored.json) {
            return Err(OTHER_PERSON);
        }
        match self.news(ready, &stored)? {
            News::None => {}
            // What this device says by now has a write of its own, and this version is of before.
            News::Known => return Ok(there.to_owned()),
            News::Unknown => return Err(BEHIND),
        }
        let merged = crate::fhir::merge(&stored.json, &ready.text)
            .map_err(|_| PortError::NotUnderstood { code: "stored-resource" })?;
        if let Some(merged) = merged {
            self.permit(ready)?;
            point("record-moving");
            self.record.update(ready.kind(), there, &stored.version, &merged).await?;
        }
        Ok(there.to_owned())
    }

    /// What the stored resource was shaped by, of that which ours was written without.
    fn news(&self, ready: &Ready, stored: &Stored) -> Result<News, PortError> {
        let ours = heads(&ready.text)?;
        let mut theirs = heads(&stored.json)?;
        theirs.retain(|head| !ours.iter().any(|known| known.key == head.key));
        if theirs.is_empty() {
            return Ok(News::None);
        }
        let write = RecordWrite {
            kind: ready.kind().to_owned(),
            find: ("identifier".to_owned(), ready.find.token.clone()),
            json: String::new(),
            sha256: Sha256::of(""),
        };
        let failed = |_| PortError::Internal { code: "record-moving" };
        for row in self.engine.db.cases().map_err(failed)? {
            let state = self.engine.state_in_room(row.case).map_err(failed)?;
            if !ours.iter().any(|head| state.folded(&head.key)) {
                continue;
            }
            theirs.retain(|head| !knows(&state, &write, &ours, &head.key));
            return Ok(match theirs.iter().all(|head| state.folded(&head.key)) {
                _ if theirs.is_empty() => News::None,
                true => News::Known,
                false => News::Unknown,
            });
        }
        Ok(News::Unknown)
    }

    /// Resources that refer to each other are made together, but for those that are there: these refer to what was made.
    async fn circle(&mut self, group: &[Unmoved]) -> Result<()> {
        let (there, mut new): (Vec<&Unmoved>, Vec<&Unmoved>) =
            group.iter().partition(|one| one.there.is_some());
        for person in new.extract_if(.., |one| one.kind == "Patient").collect::<Vec<_>>() {
            let ready = self.ready(person, &HashMap::new()).await?;
            match self.known_person(&ready).await {
                Some(found) => self.note(&ready, found)?,
                None => new.push(person),
            }
        }
        if let [one] = new[..] {
            self.one(one).await?;
        } else if !new.is_empty() {
            self.together(&new).await?;
        }
        for one in there {
            self.one(one).await?;
        }
        Ok(())
    }

    async fn together(&mut self, group: &[&Unmoved]) -> Result<()> {
        let url = |one: &Unmoved| {
            let name = format!("urn:caseline:{}/{}", one.kind, one.id);
            format!("urn:uuid:{}", uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, name.as_bytes()))
        };
        let circle: HashMap<Name, String> =
            group.iter().map(|one| ((one.kind.clone(), one.id.clone()), url(one))).collect();
        let mut all = Vec::new();
        for one in group {
            all.push((self.ready(one, &circle).await?, url(one)));
        }
        let offered = self.takes.transactions() && group.iter().all(|one| can_be_made(self.takes, &one.kind));
        let made = if offered { self.make(&all).await } else { Err(NOT_OFFERED) };
        for (ready, _) in &all {
            let moved = match &made {
                Ok(()) => self.found(ready).await,
                Err(PortError::Refused { code }) if moving::is_identified(ready.kind()) => {
                    self.found_instead(ready, PortError::Refused { code }).await
                }
                Err(error) => Err(error.clone()),
            };
            self.note(ready, moved)?;
        }
        Ok(())
    }

    async fn make(&self, all: &[(Ready, String)]) -> Result<(), PortError> {
        for (ready, _) in all {
            self.permit(ready)?;
        }
        let bundle = moving::transaction(
            all.iter().map(|(ready, url)| (url.as_str(), ready.kind(), ready.text.as_str(), &ready.find)),
        );
        point("record-moving");
        self.record.transaction(&bundle).await.map(drop)
    }

    /// The audit entry of what is about to be written there: one for each version, however often that is tried.
    fn permit(&self, ready: &Ready) -> Result<(), PortError> {
        let (kind, id) = (ready.kind(), &ready.name.1);
        if kind == "AuditEvent" {
            return Ok(());
        }
        let resource = ResourceFound { kind: kind.to_owned(), find: ready.find.audited(&ready.name) };
        let permitted = self.engine.db.write(|t| {
            if mark_audited(t, kind, id, ready.version)? {
                append(t, self.engine.now(), Audited::written(resource))?;
            }
            Ok(())
        });
        permitted.map_err(|_| PortError::Internal { code: "record-mark" })
    }

    fn note(&mut self, ready: &Ready, moved: Result<String, PortError>) -> Result<()> {
        let (kind, id) = (&ready.name.0, &ready.name.1);
        let code = match moved {
            Ok(there) => {
                self.engine.db.write(|t| put_moved(t, kind, id, ready.version, &there))?;
                point("record-moved");
                self.there.insert(ready.name.clone(), there);
                return Ok(());
            }
            Err(PortError::Refused { code } | PortError::NotUnderstood { code }) => code,
            Err(PortError::Conflict) => "conflict",
            Err(PortError::NotFound) => "not-found",
            Err(error) => return Err(error.into()),
        };
        self.engine.db.write(|t| put_refused(t, kind, id, ready.version, code))
    }
}
