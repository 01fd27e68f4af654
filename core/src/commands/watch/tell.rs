//! What a resource that was looked at says to the cases that it is about.

use jiff::civil::Date;

use super::{Look, Looked, Tells, Watched};
use crate::care_plan::{PlanChanged, PlanState, PlanStatus};
use crate::care_team::{MOST_NAMED, MOST_OPEN, TeamProposed, Whom};
use crate::commands::Command;
use crate::contact::Contact;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::fhir::watch::{self, Seen};
use crate::fhir::{self, Import, Own, Resource};
use crate::id::{CaseId, EventId, Sha256};
use crate::notice::Notice;
use crate::ports::Stored;
use crate::records::DIRECTORY_META;

impl Engine {
    /// What cannot be read is nothing that a case could be told of: it keeps nothing else from being looked at.
    pub(super) fn look_at(&self, look: &Look<'_>, stored: &Stored, again: bool) -> Result<Looked> {
        let kind = look.kind;
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
        let about: Vec<&Watched> = look.watched.iter().filter(about).collect();
        if kind == "CareTeam" && !about.is_empty() {
            looked = self.look_at_team(look.on, stored, of_case.is_some(), &about, again)?;
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
        on: Date,
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
        let mut keep = None;
        for one in about {
            if projection && !self.is_as_projected(one, "CareTeam", &stored.json) {
                return Ok(Looked::Again);
            }
            let read = watch::team_changes(&import, team, &one.state, &one.organization, seen.as_ref(), on);
            let Ok((proposed, now)) = read else { return Ok(Looked::Done) };
            let proposed = proposed.map(|proposed| news(one, proposed, projection)).unwrap_or_default();
            if !proposed.is_empty() {
                match (one.tells, again) {
                    (Tells::AtOnce, _) | (Tells::AtTheNextLook, true) => {
                        if self.propose_team(one, stored, projection, &proposed)? == Looked::Again {
                            return Ok(Looked::Again);
                        }
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
        Ok(watch::next_end(team, on).map_or(Looked::Done, Looked::Until))
    }

    /// Proposes what is new, in as many proposals as it takes and as may wait at once: the rest when a lead has decided.
    fn propose_team(
        &self,
        one: &Watched,
        stored: &Stored,
        projection: bool,
        proposed: &[Named],
    ) -> Result<Looked> {
        let open =
            one.state.team_proposals.open().filter(|known| known.organization == one.organization).count();
        let parts: Vec<&[Named]> = proposed.chunks(MOST_NAMED).collect();
        let room = MOST_OPEN.saturating_sub(open);
        for part in parts.iter().take(room) {
            self.propose_part(one, stored, projection, part)?;
        }
        Ok(if parts.len() > room { Looked::Again } else { Looked::Done })
    }

    /// One proposal; where it is too long for an event, in halves.
    fn propose_part(&self, one: &Watched, stored: &Stored, projection: bool, part: &[Named]) -> Result<()> {
        let mut proposed =
            TeamProposed { organization: one.organization.clone(), add: Vec::new(), end: Vec::new() };
        for named in part {
            match named {
                Named::Add(contact) => proposed.add.push(contact.clone()),
                Named::End(whom) => proposed.end.push(whom.clone()),
            }
        }
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
        match self.tell_case(one.case, &Command::new(Some(id), proposed)) {
            Err(Error::InvalidInput(_)) if part.len() > 1 => {
                let (first, rest) = part.split_at(part.len() / 2);
                self.propose_part(one, stored, projection, first)?;
                self.propose_part(one, stored, projection, rest)
            }
            // Nobody can do anything about it here, but they can in the record.
            Err(Error::InvalidInput(wrong)) => {
                let (kind, code) = ("CareTeam".to_owned(), wrong.code.to_owned());
                self.tell(Notice::RecordNotWatched { kind, code });
                Ok(())
            }
            told => told,
        }
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
            // When its text is here, everything of the member is looked at once more.
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

/// Somebody whom a proposal is about.
enum Named {
    Add(Contact),
    End(Whom),
}

/// Whom a lead is to be asked about: not those about whom they are asked already. Of the projection what was declined once
/// stands there for good.
fn news(one: &Watched, proposed: TeamProposed, projection: bool) -> Vec<Named> {
    let news = one.state.team_proposals.news(proposed, projection).into_iter();
    news.flat_map(|news| news.add.into_iter().map(Named::Add).chain(news.end.into_iter().map(Named::End)))
        .collect()
}
