//! What others change in the record comes in at the top of the line: as a command that tells the case of it.
//!
//! Every device with a record looks; an organisation's keeper tells, and its leads where the keeper has not by their next look.
//! Each event's id follows from what it tells, and what was told already is no valid step: the same change is told once.
//!
//! What fails is looked at again, and keeps nothing else from being looked at: not another resource, member or type.

mod tell;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::care_plan::PlanStatus;
use crate::case::roster::decides;
use crate::case::state::CaseState;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{CaseId, OrganizationId};
use crate::notice::Notice;
use crate::ports::{CareRecord, PortError, Stored};

/// What is looked at.
const KINDS: [&str; 2] = ["CareTeam", "CarePlan"];

/// Of up to how many members each is asked about alone. With more, the record is asked once what changed of anybody.
const MOST_ASKED: usize = 36;

/// After how many looks in a row that failed the host is told.
const FAILED: u32 = 3;

/// How often one resource that the record does not give is asked for. If it changes, it is told of anyway.
const TRIES: u32 = 10;

/// How many parts of what changed one look goes through. A record that changes faster than it is read would hold up all others; the
/// next look goes on.
const MOST_PARTS: u32 = 64;

/// How far a type was looked at, of one member or of all.
#[derive(Default, Serialize, Deserialize)]
struct Place {
    cursor: Option<String>,
    /// What the last look saw, which comes again.
    seen: BTreeSet<(String, String)>,
    /// What is to be looked at again.
    again: BTreeMap<String, Again>,
    /// The cases, and their plans, for which everything was looked at once.
    known: BTreeSet<String>,
    /// The last look failed: those that did not come first.
    failed: bool,
}

/// Why a resource is looked at again: this device, or its record, was behind, or a keeper is to tell first; or something in it
/// ends on a day.
#[derive(Default, Serialize, Deserialize)]
struct Again {
    from: Option<Date>,
    failed: u32,
    /// How often the record did not answer at all: what it answers for comes first.
    cut_off: u32,
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
    /// Everything for now; on that day it says something else.
    Until(Date),
}

/// One look at a type.
struct Look<'l> {
    record: &'l dyn CareRecord,
    kind: &'static str,
    watched: &'l [Watched],
    on: Date,
    /// What an earlier look of this place put off.
    put_off: BTreeSet<String>,
    /// The first thing that failed.
    failed: Option<Error>,
}

impl Look<'_> {
    fn failed(&mut self, error: impl Into<Error>) {
        self.failed.get_or_insert(error.into());
    }
}

/// Whether nothing else can be asked for now, either.
fn is_cut_off(error: &PortError) -> bool {
    matches!(error, PortError::Unavailable { .. } | PortError::SignedOut)
}

impl Engine {
    /// Looks at what others changed in the record since it was looked at last, and tells the cases of it.
    ///
    /// # Errors
    /// The first thing that failed, `Unavailable` where the record does not answer; everything else was looked at, and what was
    /// not is looked at the next time.
    pub(crate) async fn look_at_record(&self) -> Result<()> {
        let Some(record) = &self.record else { return Ok(()) };
        let mut failures = self.looking.lock().await;
        let watched = self.watched()?;
        let mut outcome = Ok(());
        for kind in KINDS.into_iter().filter(|_| !watched.is_empty()) {
            let on = self.now().to_zoned(TimeZone::UTC).date();
            let (record, put_off) = (record.as_ref(), BTreeSet::new());
            let mut look = Look { record, kind, watched: &watched, on, put_off, failed: None };
            let looked = self.look_at_kind(&mut look).await;
            let looked = looked.and(look.failed.map_or(Ok(()), Err));
            let failed = failures.entry(kind).or_default();
            *failed = if looked.is_err() { failed.saturating_add(1) } else { 0 };
            if let Err(error) = &looked
                && *failed == FAILED
            {
                self.tell(Notice::RecordNotWatched { kind: kind.to_owned(), code: error.code().to_owned() });
            }
            outcome = outcome.and(looked);
        }
        outcome
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

    async fn look_at_kind(&self, look: &mut Look<'_>) -> Result<()> {
        let patients: BTreeSet<&str> = look.watched.iter().map(|one| one.patient.as_str()).collect();
        let mut places = Vec::new();
        if patients.len() > MOST_ASKED {
            places.push((None, self.place(look.kind, None)?));
        } else {
            for patient in patients {
                places.push((Some(patient), self.place(look.kind, Some(patient))?));
            }
        }
        places.sort_by_key(|(_, place)| place.failed);
        for (of, mut place) in places {
            let looked = self.look_at_place(look, of, &mut place).await;
            place.failed = looked.is_err();
            self.keep(look.kind, of, &place)?;
            if let Err(error) = looked {
                let cut_off = is_cut_off(&error);
                look.failed(error);
                if cut_off {
                    break;
                }
            }
        }
        Ok(())
    }

    fn place(&self, kind: &str, of: Option<&str>) -> Result<Place> {
        let text = self.db.meta(&place_name(kind, of))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    fn keep(&self, kind: &str, of: Option<&str>, place: &Place) -> Result<()> {
        let text = serde_json::to_string(place).map_err(|_| Error::internal("look-json"))?;
        self.db.set_meta(&place_name(kind, of), Some(&text))
    }

    async fn look_at_place(
        &self,
        look: &mut Look<'_>,
        of: Option<&str>,
        place: &mut Place,
    ) -> Result<(), PortError> {
        let put_off = place.again.iter().filter(|(_, again)| again.from.is_none());
        look.put_off = put_off.map(|(id, _)| id.clone()).collect();
        self.look_again(look, place).await;
        let there = |one: &&Watched| of.is_none_or(|of| one.patient == of);
        let mut known = BTreeMap::<&str, BTreeSet<String>>::new();
        let watched = look.watched;
        for one in watched.iter().filter(there) {
            known.entry(&one.patient).or_default().extend(self.to_know(look.kind, one));
        }
        // What was there before a case or a plan came to be watched is not told of as a change.
        if place.cursor.is_some() {
            for (patient, to_know) in &known {
                if !to_know.is_subset(&place.known) && self.look_at_all_of(look, patient, place).await? {
                    place.known.extend(to_know.iter().cloned());
                }
            }
        }
        match self.look_at_changes(look, of, place).await {
            Ok(true) => place.known.extend(known.into_values().flatten()),
            Ok(false) => {}
            // Not every server can tell what changed: then what is there of each member is looked at.
            Err(PortError::Refused { .. } | PortError::NotUnderstood { .. }) => {
                for patient in known.keys() {
                    self.look_at_all_of(look, patient, place).await?;
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What a case has that everything is looked at for once: itself, and each plan whose text is here to be compared.
    fn to_know(&self, kind: &str, one: &Watched) -> Vec<String> {
        let mut to_know = vec![one.case.to_string()];
        let plans = one.state.plans.all().iter().filter(|_| kind == "CarePlan");
        for plan in plans.filter(|plan| !matches!(plan.status, PlanStatus::Replaced { .. })) {
            if self.document_text(&plan.document.sha256).is_ok_and(|text| text.is_some()) {
                to_know.push(format!("{}/{}", one.case, plan.sent.id));
            }
        }
        to_know
    }

    /// Looks at what was not told in full, or has come to its day.
    async fn look_again(&self, look: &mut Look<'_>, place: &mut Place) {
        let is_due = |again: &Again| again.from.is_none_or(|from| from <= look.on);
        let due = place.again.iter().filter(|(_, again)| is_due(again));
        let mut due: Vec<(u32, String)> = due.map(|(id, again)| (again.cut_off, id.clone())).collect();
        due.sort();
        for (_, id) in due {
            match look.record.read(look.kind, &id).await {
                Ok(stored) => self.look_at_one(look, &stored, place),
                Err(PortError::NotFound) => {
                    place.again.remove(&id);
                }
                Err(error) => {
                    let again = place.again.entry(id.clone()).or_default();
                    if is_cut_off(&error) {
                        again.cut_off = again.cut_off.saturating_add(1);
                        return look.failed(error);
                    }
                    again.failed += 1;
                    if again.failed >= TRIES {
                        place.again.remove(&id);
                    }
                    look.failed(error);
                }
            }
        }
    }

    /// Whether everything that changed was looked at.
    async fn look_at_changes(
        &self,
        look: &mut Look<'_>,
        of: Option<&str>,
        place: &mut Place,
    ) -> Result<bool, PortError> {
        let key = |stored: &Stored| (stored.id.clone(), stored.version.clone());
        let mut told = place.seen.clone();
        for _ in 0..MOST_PARTS {
            let since = place.cursor.as_deref();
            let changes = match of {
                Some(patient) => look.record.changes_of(look.kind, patient, since).await?,
                None => look.record.changes(look.kind, since).await?,
            };
            let mut any = false;
            for stored in &changes.resources {
                if told.insert(key(stored)) {
                    any = true;
                    self.look_at_one(look, stored, place);
                }
            }
            place.seen = changes.resources.iter().map(key).collect();
            place.cursor = Some(changes.cursor);
            if !any {
                return Ok(true);
            }
            // A first look can be long: what was seen of it need not be seen again.
            if let Err(error) = self.keep(look.kind, of, place) {
                look.failed(error);
            }
        }
        Ok(false)
    }

    /// Whether it could be looked at. What the record does not tell of one member it can tell of another.
    async fn look_at_all_of(
        &self,
        look: &mut Look<'_>,
        patient: &str,
        place: &mut Place,
    ) -> Result<bool, PortError> {
        match look.record.search(look.kind, &[("patient", patient)]).await {
            Ok(found) => found.iter().for_each(|stored| self.look_at_one(look, stored, place)),
            Err(error) if is_cut_off(&error) => return Err(error),
            Err(error) => {
                look.failed(error);
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn look_at_one(&self, look: &mut Look<'_>, stored: &Stored, place: &mut Place) {
        let again = place.again.remove(&stored.id);
        match self.look_at(look, stored, look.put_off.contains(&stored.id)) {
            Ok(Looked::Done) => {}
            Ok(Looked::Again) => {
                place.again.insert(stored.id.clone(), Again::default());
            }
            Ok(Looked::Until(day)) => {
                place.again.insert(stored.id.clone(), Again { from: Some(day), ..Again::default() });
            }
            Err(error) => {
                let failed = again.map_or(0, |again| again.failed) + 1;
                if failed < TRIES {
                    place.again.insert(stored.id.clone(), Again { failed, ..Again::default() });
                }
                look.failed(error);
            }
        }
    }
}

/// The place is kept under this name.
fn place_name(kind: &str, of: Option<&str>) -> String {
    of.map_or_else(|| format!("look/{kind}"), |of| format!("look-of/{kind}/{of}"))
}
