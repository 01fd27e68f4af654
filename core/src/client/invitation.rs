//! Invitations: shown by our own directory's words, never by display names.

use std::time::Duration;

use crate::agreement::Agreement;
use crate::client::{Case, Caseline};
use crate::contact::Contact;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{RoomId, UserId};
use crate::notice::Notice;
use crate::organization::Organization;
use crate::policy::Reason;
use crate::room::not_private;
use crate::store::cases::{RoomStage, Stage, accept_room, find_room, hide_found, read_found};
use crate::store::outbox::{Item, push};

/// How long [`Caseline::accept`] waits for the case to be readable. It goes on by itself after that.
const ACCEPT_WITHIN: Duration = Duration::from_secs(30);

/// An invitation that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// The room.
    pub room: RoomId,
    /// Who invites.
    pub by: UserId,
    /// Who that is in our directory.
    pub contact: Option<Contact>,
    /// Their organisation in our directory.
    pub organization: Option<Organization>,
    /// Why one should not accept: nobody in our directory, or no agreement in force with their organisation. A bot never
    /// accepts such an invitation.
    pub warning: Option<Reason>,
    /// Whether this account is in the room already, by another of its devices: accepting reads it here, too, and declining only
    /// hides it here. Such a room has a warning; one that has none is read by itself.
    pub joined: bool,
}

impl Caseline {
    /// The invitations that wait.
    pub async fn invitations(&self) -> Result<Vec<Invitation>> {
        let mut invitations = Vec::new();
        for invited in self.engine.transport.invitations().await? {
            if !self.engine.waits_for_answer(&invited.room)? {
                continue;
            }
            invitations.push(self.engine.introduce(invited.room, invited.by)?);
        }
        invitations.extend(self.engine.found()?);
        Ok(invitations)
    }

    /// Accepts an invitation: joins its room, reads its opening, and takes the case up.
    ///
    /// # Errors
    /// `NotFound` (`invitation`); `NotAllowed` where the invitation has a warning and `despite_warning` is false, and where
    /// the room turned out not to be what it should be: it was left then; `Unavailable` where it takes longer than half a
    /// minute: it goes on by itself.
    pub async fn accept(&self, room: &RoomId, despite_warning: bool) -> Result<Case> {
        let engine = &self.engine;
        let mut notices = self.notices();
        let row = engine.db.room_row(room)?;
        let (invitation, by) = if engine.waits_for_answer(room)? {
            let invitations = engine.transport.invitations().await?;
            let invited = invitations.into_iter().find(|invited| invited.room == *room);
            let by = invited.iter().map(|invited| invited.by.clone()).collect();
            (invited.map(|invited| engine.introduce(invited.room, invited.by)).transpose()?, by)
        } else {
            let found = engine.found()?.into_iter().find(|found| found.room == *room);
            let by = found.iter().map(|found| found.by.clone()).collect();
            (found, by)
        };
        if invitation.is_none() && row.is_none() {
            return Err(Error::NotFound { what: "invitation" });
        }
        if let Some(invitation) = invitation {
            if let Some(warning) = invitation.warning
                && !despite_warning
            {
                return Err(Error::not_allowed(warning));
            }
            // Whom its fold believes has changed.
            engine.refold(room, || {
                engine.db.write(|t| {
                    if accept_room(t, room, &by)? {
                        push(t, &format!("room/{room}"), &Item::Join(room.clone()), None)?;
                    }
                    Ok(())
                })
            })?;
            engine.outgoing.notify_one();
        }
        let deadline = tokio::time::Instant::now() + ACCEPT_WITHIN;
        loop {
            if let Some(row) = engine.db.room_row(room)? {
                match (row.stage, row.case) {
                    (RoomStage::Known, Some(case)) => return self.case(case),
                    (RoomStage::Left, _) => {
                        let reason = row.reason.and_then(|reason| serde_json::from_str(&reason).ok());
                        let gone = || Reason::new("room-left", "the room was left", "room");
                        return Err(Error::not_allowed(reason.unwrap_or_else(gone)));
                    }
                    _ => {}
                }
            }
            if tokio::time::timeout_at(deadline, notices.recv()).await.is_err() {
                return Err(Error::Unavailable { what: "homeserver", retry_after: None });
            }
        }
    }

    /// Declines an invitation. A room that another device of this account has joined stays as it is, and is hidden here.
    ///
    /// # Errors
    /// `NotFound` (`invitation`) where none waits: nobody leaves a case by declining.
    pub async fn decline(&self, room: &RoomId) -> Result<()> {
        let engine = &self.engine;
        if engine.db.room_row(room)?.is_some_and(|row| row.stage == RoomStage::Found) {
            return engine.db.write(|t| hide_found(t, room));
        }
        let waiting = engine.transport.invitations().await?;
        if !engine.waits_for_answer(room)? || !waiting.iter().any(|invited| invited.room == *room) {
            return Err(Error::NotFound { what: "invitation" });
        }
        Ok(engine.transport.leave(room).await?)
    }
}

impl Engine {
    /// Whether an invitation to a room waits for an answer: the first, or one after this account was removed or has left.
    pub(crate) fn waits_for_answer(&self, room: &RoomId) -> Result<bool> {
        let row = self.db.room_row(room)?;
        Ok(row.is_none_or(|row| matches!(row.stage, RoomStage::Known | RoomStage::Left)))
    }

    fn introduce(&self, room: RoomId, by: UserId) -> Result<Invitation> {
        let directory = self.directory();
        let contact = directory.contact_of_user(&by).cloned();
        let organization = directory.organization_of_user(&by).cloned();
        let warning = match &organization {
            None => {
                let text =
                    "the invitation comes from nobody in your directory, as far as it names Matrix accounts";
                Some(Reason::new("stranger", text, "directory"))
            }
            Some(organization) if !self.agreed_with(organization)? => {
                let text = "there is no agreement in force with the organisation that invites";
                Some(Reason::new("no-agreement", text, "agreement"))
            }
            Some(_) => None,
        };
        Ok(Invitation { room, by, contact, organization, warning, joined: false })
    }

    /// The rooms that another device of this account is in, and that nobody known here has invited to.
    fn found(&self) -> Result<Vec<Invitation>> {
        let mut found = Vec::new();
        for room in self.db.rooms_at(RoomStage::Found)? {
            let Some(by) = self.db.room_row(&room)?.and_then(|row| row.inviters.into_iter().next()) else {
                continue;
            };
            found.push(Invitation { joined: true, ..self.introduce(room, by)? });
        }
        Ok(found)
    }

    /// Whether an agreement in force names an organisation.
    fn agreed_with(&self, organization: &Organization) -> Result<bool> {
        for text in self.agreements()? {
            let agreement = Agreement::kept(&text)?;
            let today = self.now().to_zoned(agreement.zone.clone()).date();
            if agreement.side_of(&organization.id).is_some() && agreement.in_force_on(today) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a room is a case's, or may become one.
    pub(crate) fn is_known(&self, room: &RoomId) -> bool {
        let case = self.db.case_of_room(room).ok().flatten().is_some();
        case || self.db.room_row(room).ok().flatten().is_some_and(|row| row.stage == RoomStage::Reading)
    }

    /// Finds the rooms that another device of this account has joined or made, and reads those that somebody has invited to
    /// from whom an invitation could be accepted without a warning. A homeserver could list any room.
    pub(crate) async fn find_own_cases(&self) -> Result<()> {
        let rooms = self.transport.rooms().await?;
        // Of a room of these that this device is making, the case is either still being set up now, or known by its room.
        let making = self.db.cases()?.iter().any(|row| row.stage == Stage::SettingUp);
        let mut outcome = Ok(());
        for room in rooms {
            if self.db.case_of_room(&room)?.is_some() || self.db.room_row(&room)?.is_some() {
                continue;
            }
            // One room that fails does not hold up the others.
            outcome = self.find(&room, making).await.and(outcome);
        }
        for room in self.db.rooms_at(RoomStage::Found)? {
            outcome = self.read_if_known(&room).await.and(outcome);
        }
        outcome
    }

    async fn find(&self, room: &RoomId, making: bool) -> Result<()> {
        // A newcomer's handover counts by who invited them, on each of their devices.
        let inviters = self.transport.inviters(room).await?;
        let view = self.transport.view(room).await?;
        // Its homeserver does not give the invitation: it may another time. Or it is the room that this device is just making.
        if inviters.is_empty() && (view.creator != self.user() || making) {
            return Ok(());
        }
        // While its homeserver was asked it can have become a case's.
        if self.db.case_of_room(room)?.is_some() {
            return Ok(());
        }
        self.db.write(|t| find_room(t, room, &inviters))?;
        self.read_if_known(room).await?;
        if self.db.room_row(room)?.is_some_and(|row| row.stage == RoomStage::Found) {
            // What is nobody's whom we know, and cannot be a case's, is left alone and not looked at again.
            if not_private(&view).is_some() {
                self.db.write(|t| hide_found(t, room))?;
            } else if let Some(by) = inviters.into_iter().next() {
                self.tell(Notice::Invitation { room: room.clone(), by });
            }
        }
        Ok(())
    }

    /// Reads a room that was found, where another device says that it has accepted it, or somebody known has invited to it, or
    /// this account has made it: then nobody else could open a case there.
    async fn read_if_known(&self, room: &RoomId) -> Result<()> {
        let Some(row) = self.db.room_row(room)? else { return Ok(()) };
        let mut known = self.transport.told_accepted(room, &row.inviters).await?;
        for inviter in &row.inviters {
            if self.introduce(room.clone(), inviter.clone())?.warning.is_none() {
                known.insert(inviter.clone());
            }
        }
        if known.is_empty() && !row.inviters.is_empty() {
            return Ok(());
        }
        // Whom its fold believes has changed.
        self.refold(room, || self.db.write(|t| read_found(t, room, &known)))
    }
}
