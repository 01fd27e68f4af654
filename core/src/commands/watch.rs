//! What others change in the record comes in at the top of the line: as a command that tells the case of it.
//!
//! Every device with a record looks; an organisation's keeper tells, and its leads where the keeper has not by their next look.
//! Each event's id follows from what it tells, and what was told already is no valid step: the same change is told once.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Command;
use crate::care_plan::{PlanChanged, PlanState, PlanStatus};
use crate::care_team::TeamProposed;
use crate::case::roster::decides;
use crate::case::state::CaseState;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::fhir::watch::{self, Seen};
use crate::fhir::{self, Import, Own, Resource};
use crate::id::{CaseId, EventId, OrganizationId, Sha256};
use crate::ports::{CareRecord, PortError, Stored};
use crate::records::DIRECTORY_META;

/// What is looked at.
const KINDS: [&str; 2] = ["CareTeam", "CarePlan"];

/// How far a type was looked at.
#[derive(Default, Serialize, Deserialize)]
struct Place {
    cursor: Option<String>,
    /// What the last look saw, which comes again.
    seen: BTreeSet<(String, String)>,
    /// What is to be looked at again: this device, or its record, was behind, or a keeper is to tell first.
    again: BTreeSet<String>,
}

/// A case that is looked after.
struct Watched {
    case: CaseId,
    state: CaseState,
    patient: String,
    organization: OrganizationId,
    /// How soon this device tells what it sees.
    tells: Tells,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tells {
    AtOnce,
    AtTheNextLook,
    Never,
}

/// Whether everything that a resource said was told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looked {
    Done,
    Again,
}

impl Engine {
    /// Looks at what others changed in the record since it was looked at last, and tells the cases of it.
    ///
    /// # Errors
    /// `Unavailable` where the record does not answer; what was not looked at is looked at the next time.
    pub(crate) async fn look_at_record(&self) -> Result<()> {
        let Some(record) = &self.record else { return Ok(()) };
        let _one = self.looking.lock().await;
        let watched = self.watched()?;
        if watched.is_empty() {
            return Ok(());
        }
        for kind in KINDS {
            self.look_at_kind(record.as_ref(), kind, &watched).await?;
        }
        Ok(())
    }

    /// The cases that are going on and bound to a Patient of the record.
    fn watched(&self) -> Result<Vec<Watched>> {
        let me = self.user();
        let mut watched = Vec::new();
        for row in self.db.cases()? {
            let Some(patient) = row.patient else { continue };
            let state = self.state_in_room(row.case)?;
            if state.life.going_on().is_err() {
                continue;
            }
            let Some(seat) = state.roster().seat_of(&me) else { continue };
            let organization = seat.contact.organization.clone();
            let keeper = state.roster().keeper_of(&organization).is_some();
            let tells = match (seat.is_keeper(), decides(seat)) {
                (false, false) => Tells::Never,
                (false, true) if keeper => Tells::AtTheNextLook,
                _ => Tells::AtOnce,
            };
            watched.push(Watched { case: row.case, state, patient, organization, tells });
        }
        Ok(watched)
    }

    async fn look_at_kind(&self, record: &dyn CareRecord, kind: &str, watched: &[Watched]) -> Result<()> {
        let name = format!("look/{kind}");
        let mut place: Place =
            self.db.meta(&name)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let keep = |place: &Place| -> Result<()> {
            let text = serde_json::to_string(place).map_err(|_| Error::internal("look-json"))?;
            self.db.set_meta(&name, Some(&text))
        };
        for id in std::mem::take(&mut place.again) {
            match record.read(kind, &id).await {
                Ok(stored) => {
                    if self.look_at(kind, &stored, watched, true)? == Looked::Again {
                        place.again.insert(id);
                    }
                }
                Err(PortError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        loop {
            let changes = match record.changes(kind, place.cursor.as_deref()).await {
                Ok(changes) => changes,
                // Not every server can tell what changed: then what is there of each member is looked at.
                Err(PortError::Refused { .. }) => return self.look_at_each(record, kind, watched).await,
                Err(error) => return Err(error.into()),
            };
            let of = |stored: &Stored| (stored.id.clone(), stored.version.clone());
            let news = changes.resources.iter().filter(|stored| !place.seen.contains(&of(stored)));
            let mut any = false;
            for stored in news {
                any = true;
                if self.look_at(kind, stored, watched, false)? == Looked::Again {
                    place.again.insert(stored.id.clone());
                }
            }
            place.seen = changes.resources.iter().map(of).collect();
            place.cursor = Some(changes.cursor);
            keep(&place)?;
            if !any {
                return Ok(());
            }
        }
    }

    async fn look_at_each(&self, record: &dyn CareRecord, kind: &str, watched: &[Watched]) -> Result<()> {
        let patients: BTreeSet<&str> = watched.iter().map(|one| one.patient.as_str()).collect();
        for patient in patients {
            for stored in record.search(kind, &[("patient", patient)]).await? {
                let _ = self.look_at(kind, &stored, watched, true)?;
            }
        }
        Ok(())
    }

    /// What cannot be read is nothing that a case could be told of: it keeps nothing else from being looked at.
    fn look_at(&self, kind: &str, stored: &Stored, watched: &[Watched], again: bool) -> Result<Looked> {
        let Ok(import) = Import::parse(&stored.json) else { return Ok(Looked::Done) };
        let Some(resource) = import.resources().first().filter(|one| one.kind() == kind) else {
            return Ok(Looked::Done);
        };
        let subject = watch::subject(resource);
        let of_case = watch::case_of(resource);
        let about = |one: &&Watched| match &of_case {
            Some(case) => one.case.to_string() == *case,
            None => subject.as_ref() == Some(&one.patient),
        };
        let mut looked = Looked::Done;
        let about: Vec<&Watched> = watched.iter().filter(about).collect();
        if kind == "CareTeam" && !about.is_empty() {
            looked = self.look_at_team(stored, of_case.is_some(), &about, again)?;
        }
        for one in about.iter().filter(|_| kind == "CarePlan") {
            if self.look_at_plan(resource, stored, one, again)? == Looked::Again {
                looked = Looked::Again;
            }
        }
        Ok(looked)
    }

    fn look_at_team(
        &self,
        stored: &Stored,
        projection: bool,
        about: &[&Watched],
        again: bool,
    ) -> Result<Looked> {
        let kept: Vec<String> = match self.db.meta(DIRECTORY_META)? {
            Some(kept) => serde_json::from_str(&kept).map_err(|_| Error::internal("directory-json"))?,
            None => Vec::new(),
        };
        let Ok(import) = Import::of(kept.iter().map(String::as_str).chain([&*stored.json])) else {
            return Ok(Looked::Done);
        };
        let Some(team) = import.of_kind("CareTeam").next() else { return Ok(Looked::Done) };
        let name = format!("look/CareTeam/{}", stored.id);
        let seen: Option<Seen> = self.db.meta(&name)?.and_then(|text| serde_json::from_str(&text).ok());
        let on = self.now().to_zoned(TimeZone::UTC).date();
        let mut keep = None;
        for one in about {
            if projection && !self.is_as_projected(one, "CareTeam", &stored.json) {
                return Ok(Looked::Again);
            }
            let read = watch::team_changes(&import, team, &one.state, &one.organization, seen.as_ref(), on);
            let Ok((proposed, now)) = read else { return Ok(Looked::Done) };
            if let Some(proposed) = proposed {
                if one.state.team_proposals.are_many(&one.organization) {
                    return Ok(Looked::Again);
                }
                match (one.tells, again) {
                    (Tells::AtOnce, _) | (Tells::AtTheNextLook, true) => {
                        self.propose_team(one, stored, projection, proposed)?;
                    }
                    (Tells::AtTheNextLook, false) => return Ok(Looked::Again),
                    (Tells::Never, _) => {}
                }
            }
            keep = Some(now);
        }
        if let Some(seen) = keep.filter(|_| !projection) {
            let text = serde_json::to_string(&seen).map_err(|_| Error::internal("look-json"))?;
            self.db.set_meta(&name, Some(&text))?;
        }
        Ok(Looked::Done)
    }

    fn propose_team(
        &self,
        one: &Watched,
        stored: &Stored,
        projection: bool,
        proposed: TeamProposed,
    ) -> Result<()> {
        // Of the projection what was declined once stands there for good.
        let Some(proposed) = one.state.team_proposals.news(proposed, projection) else { return Ok(()) };
        let case = one.case.to_string();
        let said = serde_json::to_string(&proposed).map_err(|_| Error::internal("look-json"))?;
        let said = Sha256::of(said).to_string();
        let id = if projection {
            // What was asked and settled can be asked anew.
            let nth = one.state.team_proposals.of(&one.organization).count().to_string();
            EventId::derived(&["team-proposed", &case, &said, &nth])
        } else {
            EventId::derived(&["team-proposed", &case, &stored.id, &stored.version, &said])
        };
        self.tell_case(one.case, &Command::new(Some(id), proposed))
    }

    fn look_at_plan(
        &self,
        resource: &Resource,
        stored: &Stored,
        one: &Watched,
        again: bool,
    ) -> Result<Looked> {
        if one.tells == Tells::Never {
            return Ok(Looked::Done);
        }
        let counts = |plan: &&PlanState| !matches!(plan.status, PlanStatus::Replaced { .. });
        for plan in one.state.plans.all().iter().filter(counts) {
            let Some(document) = self.document_text(&plan.document.sha256)? else { continue };
            if !watch::is_of(resource, plan, &document) {
                continue;
            }
            let written = if fhir::is_projected_plan(&stored.json) {
                if !self.is_as_projected(one, "CarePlan", &stored.json) {
                    return Ok(Looked::Again);
                }
                self.projection(one, "CarePlan", &stored.json)
            } else if plan.sent_by.organization == one.organization {
                watch::sent_plan(&document)
            } else {
                None
            };
            let Some(written) = written else { continue };
            let Ok(sha256) = watch::plan_change(&stored.json, &written) else { continue };
            let told = plan.changed_in(&one.organization);
            // A record can hold a plan twice: as it was written there, and as the case writes it. Only the one that was changed
            // can be changed back.
            let name = format!("look/CarePlan/{}/{}", stored.id, plan.sent.id);
            if sha256.is_none()
                && self.db.meta(&name)?.is_none_or(|seen| Some(seen) != told.map(|it| it.to_string()))
            {
                continue;
            }
            if let Some(sha256) = sha256 {
                self.db.set_meta(&name, Some(&sha256.to_string()))?;
            }
            if told == sha256 {
                continue;
            }
            if one.tells == Tells::AtTheNextLook && !again {
                return Ok(Looked::Again);
            }
            let (case, id) = (one.case.to_string(), plan.sent.id.to_string());
            let nth = plan.changed.len().to_string();
            let now = sha256.map_or_else(String::new, |sha256| sha256.to_string());
            let id = EventId::derived(&["plan-changed", &case, &id, &now, &nth]);
            let changed = PlanChanged { plan: plan.sent.id, organization: one.organization.clone(), sha256 };
            self.tell_case(one.case, &Command::new(Some(id), changed))?;
        }
        Ok(Looked::Done)
    }

    /// What this device would write in the place of a stored resource.
    fn projection(&self, one: &Watched, kind: &str, stored: &str) -> Option<String> {
        let text =
            |document: &crate::care_plan::Document| self.document_text(&document.sha256).ok().flatten();
        let writes = fhir::project(&one.state, &Own { patient: one.patient.clone() }, &text);
        let mut writes = writes.into_iter().filter(|write| write.kind == kind);
        writes.find(|write| fhir::is_found_by(stored, &write.find)).map(|write| write.json)
    }

    /// Whether a stored resource was written from what this device has folded, neither more nor less: else what differs may be a
    /// colleague's, or one's own that is on its way.
    fn is_as_projected(&self, one: &Watched, kind: &str, stored: &str) -> bool {
        let Some(written) = self.projection(one, kind, stored) else { return false };
        let heads = |text: &str| fhir::heads(text).unwrap_or_default();
        let theirs = heads(stored);
        // Somebody wrote it without what it was marked with.
        theirs.is_empty() || theirs == heads(&written)
    }

    /// What the policy or the case does not allow is not told: nobody can do anything about it here.
    fn tell_case(&self, case: CaseId, command: &Command) -> Result<()> {
        match self.command(case, command) {
            Ok(_) | Err(Error::NotAllowed { .. } | Error::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
