//! An accepted room is judged once its opening can be read: it becomes a case, or is left.

use crate::case::kind::RoomKind;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::RoomId;
use crate::notice::Notice;
use crate::point::point;
use crate::policy::Reason;
use crate::store::cases::{RoomStage, Stage, put_case, put_kind, put_room, was_found};

impl Engine {
    /// Judges an accepted room as soon as its opening can be read: it becomes a case, or is left.
    pub(super) async fn settle_room(&self, room: &RoomId) -> Result<()> {
        let Some(row) = self.db.room_row(room)? else { return Ok(()) };
        if row.stage != RoomStage::Reading {
            return Ok(());
        }
        let me = self.user();
        let state = self.with_fold(room, |fold| fold.state().clone())?;
        let Some((case, kind)) = state.opening().map(|opening| (opening.case, opening.kind)) else {
            // Nothing readable yet, or the opening is not, or a handover whose events are on their way.
            let foreign =
                !state.timeline.is_empty() && !state.timeline.iter().any(|entry| entry.kind == "handover");
            if foreign && state.gaps.is_empty() && self.db.waiting(room)?.is_empty() {
                let reason = Reason::new(
                    "not-a-case-room",
                    "its first event opens neither a case nor a room of another kind",
                    "room",
                );
                return self.refuse_room(room, reason).await;
            }
            return Ok(());
        };
        if !state.roster().contains(&me) {
            // Invited again: the handover that tells of it is on its way.
            let again = row.case == Some(case) || state.roster().ever_contained(&me);
            // Of a room that was read in part it is not known who is on its roster.
            let in_part =
                !state.gaps.is_empty() || !self.db.waiting(room)?.is_empty() || self.handovers_wait(room)?;
            if again || in_part {
                return Ok(());
            }
            let reason = Reason::new("not-on-roster", "its roster does not name this account", "roster");
            return self.refuse_room(room, reason).await;
        }
        let view = self.transport.view(room).await?;
        if let Some(part) = crate::room::not_of_make(&view, &state) {
            let text = "the room is not of the make that a case's room must be of";
            let reason = Reason::new("room-not-of-make", text, part);
            return self.refuse_room(room, reason).await;
        }
        if self.db.case_row(case)?.is_some_and(|known| known.room.is_some_and(|known| known != *room)) {
            let reason = Reason::new("case-known", "this case has another room", "room");
            return self.refuse_room(room, reason).await;
        }
        // From now on no other case's opening counts in this room.
        self.refold(room, || {
            self.db.write(|t| {
                put_case(t, case, Some(room), Stage::Open)?;
                put_kind(t, case, kind)?;
                if kind == RoomKind::Case { self.queue_binding(t, case) } else { Ok(()) }
            })
        })?;
        point("inbox-case-known");
        // The room is known once the case was taken up: a kill in between comes back here. Who opened the case takes
        // nothing up, though their room can come this way too: from another device, or after a kill as it was made.
        let opened_it = state.opening().is_some_and(|opening| opening.event.sender == me);
        if !opened_it {
            match self.accept_case(case) {
                Ok(()) | Err(Error::NotAllowed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.db.write(|t| put_room(t, room, RoomStage::Known, Some(case), None))?;
        point("inbox-case-accepted");
        self.tell(Notice::Changed { case });
        if kind == RoomKind::Programme {
            self.publish_answers(None, Some(case))?;
        }
        self.case_changed(case)
    }

    /// Leaves a room that was accepted as a case's and is none. One that this account was in already is none of ours: it is
    /// only looked at no more.
    async fn refuse_room(&self, room: &RoomId, reason: Reason) -> Result<()> {
        let found = self.db.meta(&was_found(room))?.is_some();
        if !found {
            self.transport.leave(room).await?;
        }
        let note = serde_json::to_string(&reason).map_err(|_| Error::internal("inbox-reason"))?;
        self.db.write(|t| put_room(t, room, RoomStage::Left, None, Some(&note)))?;
        if !found {
            self.tell(Notice::RoomLeft { room: room.clone(), reason });
        }
        Ok(())
    }
}
