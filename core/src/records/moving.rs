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
use crate::fhir::is_projected_plan;
use crate::fhir::moving::{self, Moving, Name, Target};
use crate::point::point;
use crate::ports::{Capabilities, CareRecord, Interaction, PortError, RecordWrite};
use crate::store::audit::append;
use crate::store::cases::bind;
use crate::store::moved::{Unmoved, put_moved, put_refused};
use crate::store::outbox::unmark_records;

/// Whose ids the cases' bindings are of: `embedded`, or `elsewhere`.
const HOME: &str = "record-home";

/// A resource that the organisation's server does not take, and that is kept in the embedded record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The resource type.
    pub kind: String,
    /// Its id in the embedded record.
    pub id: String,
    /// Why: `not-offered` (its CapabilityStatement does not offer to create it on a condition, and to update it in a known
    /// version), else the code of its refusal.
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
                all: &all,
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
                let bound = row.patient.as_deref().map(moved);
                let proposed = row.proposed_patient.as_deref().and_then(moved);
                match bound {
                    // The server has no such Patient: it is looked for there.
                    Some(None) => {
                        bind(t, row.case, None, None)?;
                        self.queue_binding(t, row.case)?;
                    }
                    bound => bind(t, row.case, bound.flatten().as_deref(), proposed.as_deref())?,
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
    all: &'m [Unmoved],
    /// The ids there of what has moved.
    there: HashMap<Name, String>,
}

/// A resource made ready for its way.
struct Ready {
    name: Name,
    version: i64,
    find: (String, String),
    text: String,
    there: Option<String>,
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
        let here: HashSet<(&str, &str)> =
            self.all.iter().map(|one| (one.kind.as_str(), one.id.as_str())).collect();
        let mut staying = HashMap::new();
        for name in moving::refers(&stored.json)? {
            if here.contains(&(name.0.as_str(), name.1.as_str())) && !self.there.contains_key(&name) {
                let text = self.engine.embedded.read(&name.0, &name.1).await?.json;
                staying.insert(name, moving::known_by(&text));
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
        let (kind, find) = (one.kind.as_str(), [(ready.find.0.as_str(), ready.find.1.as_str())]);
        let moved = if let Some(there) = &ready.there {
            self.again(kind, there, &ready.text).await
        } else if can_be_made(self.takes, kind) {
            self.permit(&ready)?;
            point("record-moving");
            match self.record.create(kind, &ready.text, &find).await {
                Err(PortError::Conflict) => self.only_original(kind, &find).await,
                created => created.map(|created| created.stored.id),
            }
        } else if ready.find.0 == "identifier" && self.takes.searches(kind, "identifier") {
            // Many servers have their own people, and let nobody make any.
            match self.record.search(kind, &find).await {
                Ok(found) if found.len() == 1 => {
                    Ok(found.into_iter().next().map(|stored| stored.id).unwrap_or_default())
                }
                Ok(_) => Err(PortError::Refused { code: "not-offered" }),
                Err(error) => Err(error),
            }
        } else {
            Err(PortError::Refused { code: "not-offered" })
        };
        self.note(&ready, moved)
    }

    /// Of several that are found, the one that is not what a case wrote of it: that carries the plan's identifier, too.
    async fn only_original(&self, kind: &str, find: &[(&str, &str)]) -> Result<String, PortError> {
        let found = self.record.search(kind, find).await?.into_iter();
        let mut originals = found.filter(|stored| !is_projected_plan(&stored.json));
        match (originals.next(), originals.next()) {
            (Some(one), None) => Ok(one.id),
            _ => Err(PortError::Conflict),
        }
    }

    /// Lays what has changed here over what has moved before.
    async fn again(&self, kind: &str, there: &str, text: &str) -> Result<String, PortError> {
        let stored = self.record.read(kind, there).await?;
        let merged = crate::fhir::merge(&stored.json, text)
            .map_err(|_| PortError::NotUnderstood { code: "stored-resource" })?;
        if let Some(merged) = merged {
            self.record.update(kind, there, &stored.version, &merged).await?;
        }
        Ok(there.to_owned())
    }

    /// Resources that refer to each other are made together.
    async fn circle(&mut self, group: &[Unmoved]) -> Result<()> {
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
        if !offered {
            for (ready, _) in &all {
                self.note(ready, Err(PortError::Refused { code: "not-offered" }))?;
            }
            return Ok(());
        }
        for (ready, _) in &all {
            self.permit(ready)?;
        }
        let bundle = moving::transaction(
            all.iter()
                .map(|(ready, url)| (url.as_str(), ready.name.0.as_str(), ready.text.as_str(), &ready.find)),
        );
        point("record-moving");
        let made = self.record.transaction(&bundle).await;
        for (ready, _) in &all {
            let moved = match &made {
                Ok(_) => {
                    let find = [(ready.find.0.as_str(), ready.find.1.as_str())];
                    let found = self.record.search(&ready.name.0, &find).await;
                    found.and_then(|found| {
                        found.into_iter().next().map(|one| one.id).ok_or(PortError::NotFound)
                    })
                }
                Err(error) => Err(error.clone()),
            };
            self.note(ready, moved)?;
        }
        Ok(())
    }

    /// The audit entry of what is about to be written there.
    fn permit(&self, ready: &Ready) -> Result<()> {
        if ready.name.0 == "AuditEvent" {
            return Ok(());
        }
        let resource = ResourceFound { kind: ready.name.0.clone(), find: ready.find.clone() };
        let written = Audited::written(resource);
        self.engine.db.write(|t| append(t, self.engine.now(), written).map(drop))
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
