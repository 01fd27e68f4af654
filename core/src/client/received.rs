//! Cases that a device has received, put into its store by the functions that reception uses: for tests of scale.

use crate::client::Caseline;
use crate::error::Result;
use crate::notice::Notice;
use crate::store::cases::{RoomStage, Stage, accept_room, put_case, put_room};
use crate::store::inbox::keep;
use crate::testing::Received;

impl Caseline {
    /// Keeps these cases as if their rooms had been taken over, in one transaction.
    pub fn keep_received(&self, cases: &[Received]) -> Result<()> {
        self.engine.db.write(|t| {
            for one in cases {
                accept_room(t, &one.room, &[one.opener.clone()].into())?;
                for held in &one.events {
                    keep(t, &one.room, held, None)?;
                }
                put_case(t, one.case, Some(&one.room), Stage::Open)?;
                put_room(t, &one.room, RoomStage::Known, Some(one.case), None)?;
            }
            Ok(())
        })?;
        for one in cases {
            self.engine.tell(Notice::Changed { case: one.case });
        }
        Ok(())
    }
}
