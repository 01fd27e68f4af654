//! Who is in a case's room: those whose participation ended are removed, and who missed something gets a handover.

use jiff::{SignedDuration, Timestamp};

use crate::case::state::CaseState;
use crate::engine::{Engine, InsteadOf};
use crate::error::Result;
use crate::id::{CaseId, UserId};
use crate::notice::Notice;
use crate::outbox::Attempt;
use crate::point::point;
use crate::ports::{PortError, Recipient};
use crate::store::cases::{reached, unreached};
use crate::store::db::note;
use crate::store::outbox::{Item, Row, State, case_lane, end, hurry, push};

/// How long the other organisation's role account waits before it removes somebody whose own side has not.
const OTHER_SIDE_REMOVES_AFTER: SignedDuration = SignedDuration::from_secs(5);

impl Engine {
    pub(super) async fn remove(&self, row: &Row, case: Option<CaseId>, user: &UserId) -> Result<Attempt> {
        let Some((case, room)) = case.zip(self.room_of(case)?) else { return self.finish(row) };
        // Named again meanwhile: nobody is removed for an old reason.
        if self.with_fold(&room, |fold| fold.state().roster().contains(user))? {
            return self.finish(row);
        }
        match self.transport.remove(&room, user).await {
            Ok(()) => point("membership-removed"),
            // Our power does not reach: a role account removes them.
            Err(PortError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.db.write(|t| {
            end(t, row.seq, State::Sent, None)?;
            hurry(t, Some(&case_lane(case)))
        })?;
        Ok(Attempt::Done)
    }

    /// Queues the removal of those whose participation ended, if we are a role account: at once for our own side's people,
    /// for the other's after a while, should their own keeper be stopped.
    pub(crate) fn remove_the_ended(&self, case: CaseId, state: &CaseState) -> Result<()> {
        let Some(own) = crate::room::role_account_of(state, &self.user()).cloned() else { return Ok(()) };
        for place in state.roster().all().iter().filter(|place| place.ended.is_some()) {
            let contact = &place.seat.contact;
            let Some(user) = contact.user.as_ref().filter(|user| !state.roster().contains(user)) else {
                continue;
            };
            // Once for each ending.
            let mark = format!("removal/{case}/{user}/{:?}", place.ended.as_ref().map(|ended| ended.id));
            if self.db.meta(&mark)?.is_some() {
                continue;
            }
            let wait = (contact.organization != own).then(|| Timestamp::now() + OTHER_SIDE_REMOVES_AFTER);
            self.db.write(|t| {
                push(t, &case_lane(case), &Item::Remove(user.clone()), wait)?;
                note(t, &mark, "queued")
            })?;
        }
        Ok(())
    }

    /// Who cannot read this now is noted; who could not before and can now gets a handover.
    pub(crate) fn note_unreached(&self, case: CaseId, recipients: &[Recipient]) -> Result<()> {
        let missed = self.db.unreached(case)?;
        let mut back = Vec::new();
        for recipient in recipients {
            if recipient.devices == 0 {
                if self.db.write(|t| unreached(t, case, &recipient.user))? {
                    self.tell(Notice::NotReached { case, user: recipient.user.clone() });
                }
            } else if missed.contains(&recipient.user) {
                back.push(recipient.user.clone());
            }
        }
        if !back.is_empty() && !self.queue_handover(case, &back, InsteadOf::Unreached(back.clone()))? {
            self.db.write(|t| back.iter().try_for_each(|user| reached(t, case, user)))?;
        }
        Ok(())
    }
}
