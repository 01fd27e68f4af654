//! What goes across by other ways than Matrix: what was taken to a side without it, and calls at the end of a ladder.

use crate::case::event::EventKey;
use crate::client::case::{CHANGES_LIMIT, Case};
use crate::crossing::{Crossing, CrossingCarried, Way, What};
use crate::error::{Error, InvalidInput, Result};
use crate::id::{ContactId, EventId};

use crate::care_team::Whom;

impl Case {
    /// What is, or was, to go across by other ways than Matrix, in the order in which it was said.
    pub fn crossings(&self) -> Result<Vec<Crossing>> {
        Ok(self.expected()?.crossings.all().iter().map(|one| Crossing::clone(one)).collect())
    }

    /// Records that these were taken across (called, faxed, put into the folder), or that it was tried: by the events that are to
    /// go across, and whom one reached, where that is somebody named for the case.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-outcome`, field `outcome`), `NotFound` (`crossing`: one of these is no event that has anything to go
    /// across), `NotAllowed` (of a referral that reached its agency those of the consent), besides the errors of every command; the reasons of `NotAllowed` are those of [`crate::crossing::step`].
    pub fn carried(
        &self,
        id: Option<EventId>,
        events: &[EventId],
        how: Way,
        with: Option<ContactId>,
        reached: bool,
        outcome: &str,
    ) -> Result<EventKey> {
        if outcome.trim().is_empty() || outcome.len() > CHANGES_LIMIT {
            let detail = "say what came of it, in 16 KiB at most";
            return Err(InvalidInput::new("invalid-outcome", detail).field("outcome").into());
        }
        let state = self.expected()?;
        let all = state.crossings.all();
        let found = events.iter().map(|event| {
            let named = all.iter().find(|one| one.event.id == *event);
            named.ok_or(Error::NotFound { what: "crossing" })
        });
        let found = found.collect::<Result<Vec<_>>>()?;
        let engine = &self.caseline().engine;
        let repeated = id.is_some_and(|id| engine.db.outbox_fate(id).is_ok_and(|fate| fate.is_some()));
        // Who reaches an agency tells it of the member.
        for one in found.iter().filter(|one| one.what == What::Referral && reached && !repeated) {
            if let Some(referral) = state.referrals.get(&one.event) {
                engine
                    .consent_lets(&state, referral, &one.to, &referral.fields)
                    .map_err(Error::not_allowed)?;
            }
        }
        let to = found.first().map(|one| one.to.clone());
        let with = with.zip(to).map(|(contact, organization)| Whom { contact, organization });
        let events = found.iter().map(|one| one.event.clone()).collect();
        self.say(id, CrossingCarried { events, how, with, reached, outcome: outcome.to_owned() })
    }
}
