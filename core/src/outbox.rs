//! The outbox: brings what was accepted to where it must go, once, in its order, however often it is interrupted.
//!
//! Each attempt looks first whether an earlier one succeeded. An event is judged again immediately before it is encrypted;
//! its place in the case, its audit entry and the mark that permits the sending are one transaction.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::agreement::Agreement;
use crate::audit::{Action, Audited};
use crate::case::event::{AuditHead, EventData, HeldBody};
use crate::case::state::CaseState;
use crate::contact::{Role, Seat};
use crate::engine::{Engine, InsteadOf};
use crate::error::{Error, Result};
use crate::id::{AgreementId, CaseId, EventId, RoomId, UserId};
use crate::notice::Notice;
use crate::point::point;
use crate::policy::{Ask, Decision, IdentityFacts, Reason, RoomFacts, decide};
use crate::ports::{Outgoing, PortError, Recipient, RoomView};
use crate::room::is_private;
use crate::store::audit::append;
use crate::store::cases::{RoomStage, Stage, put_case, put_room, unreached};
use crate::store::db::note;
use crate::store::inbox::{keep, take_back};
use crate::store::outbox::{Item, OutEvent, Row, State, case_lane, end, hurry, postpone, push, put};
use crate::store::papers::pin;

/// How an attempt ended.
pub(crate) enum Attempt {
    /// The item is done, or refused for good.
    Done,
    /// Not now.
    Later {
        /// When to try again.
        after: Duration,
        /// Why, for a person at three in the morning.
        note: String,
    },
}

impl Attempt {
    pub(crate) fn later(after: Duration, note: impl Into<String>) -> Self {
        Self::Later { after, note: note.into() }
    }
}

/// What waits for somebody else's doing is looked at again this often, besides whenever something happens in its room.
const HELD: Duration = Duration::from_secs(5);
/// The longest wait between two attempts.
const LONGEST: Duration = Duration::from_secs(30);
/// How long the other organisation's role account waits before it removes somebody whose own side has not.
const OTHER_SIDE_REMOVES_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// The wait after a failed attempt: doubled each time, with jitter, so that a server that comes back is not met by all at
/// once; never shorter than what the server asked for.
fn backoff(attempts: u32, asked: Option<Duration>) -> Duration {
    let doubled = Duration::from_millis(250).saturating_mul(1 << attempts.min(10)).min(LONGEST);
    let mut byte = [0u8; 1];
    // Without randomness there is no jitter; that is all.
    let _ = getrandom::fill(&mut byte);
    let [byte] = byte;
    let jittered = doubled.mul_f64(0.75 + f64::from(byte) / 512.0);
    jittered.max(asked.unwrap_or_default())
}

impl Engine {
    /// Tries everything whose time has come, until nothing more moves. Returns how long until something may.
    pub(crate) async fn drain(&self) -> Result<Option<Duration>> {
        let _one = self.sending.lock().await;
        loop {
            let (mut moved, mut next): (bool, Option<Duration>) = (false, None);
            for row in self.db.outbox_ready()? {
                let now = Timestamp::now();
                if let Some(not_before) = row.not_before
                    && not_before > now
                {
                    let wait = Duration::try_from(not_before.duration_since(now)).unwrap_or_default();
                    next = Some(next.map_or(wait, |next| next.min(wait)));
                    continue;
                }
                let attempt = match self.attempt(&row).await {
                    Ok(attempt) => attempt,
                    Err(Error::Unavailable { retry_after, .. }) => {
                        Attempt::later(backoff(row.attempts, retry_after), "unavailable")
                    }
                    Err(error) => Attempt::later(backoff(row.attempts.max(4), None), error.code()),
                };
                match attempt {
                    Attempt::Done => moved = true,
                    Attempt::Later { after, note } => {
                        let wait = SignedDuration::try_from(after).unwrap_or(SignedDuration::from_secs(1));
                        self.db.write(|t| postpone(t, row.seq, now + wait, &note))?;
                        next = Some(next.map_or(after, |next| next.min(after)));
                    }
                }
            }
            if !moved {
                return Ok(next);
            }
        }
    }

    async fn attempt(&self, row: &Row) -> Result<Attempt> {
        let case = row.case();
        match &row.item {
            Item::CreateRoom(make) => {
                let Some(case) = case else { return self.finish(row) };
                point("room-before-create");
                let room = self.transport.create_room(&make.into()).await?;
                point("room-created");
                self.db.write(|t| {
                    put_case(t, case, Some(&room), Stage::Open)?;
                    end(t, row.seq, State::Sent, None)
                })?;
                point("room-stored");
                Ok(Attempt::Done)
            }
            Item::Join(room) => {
                match self.transport.join(room).await {
                    Ok(()) => {}
                    Err(PortError::Refused { .. } | PortError::NotFound) => {
                        let reason =
                            Reason::new("invitation-gone", "the invitation is no longer there", "room");
                        let note = serde_json::to_string(&reason).unwrap_or_default();
                        self.db.write(|t| {
                            put_room(t, room, RoomStage::Left, None, Some(&note))?;
                            end(t, row.seq, State::Sent, None)
                        })?;
                        self.tell(Notice::RoomLeft { room: room.clone(), reason });
                        return Ok(Attempt::Done);
                    }
                    Err(error) => return Err(error.into()),
                }
                point("room-joined");
                self.db.write(|t| {
                    put_room(t, room, RoomStage::Reading, None, None)?;
                    end(t, row.seq, State::Sent, None)
                })?;
                self.catch_up(room).await?;
                Ok(Attempt::Done)
            }
            Item::Invite(user) => {
                let Some(room) = self.room_of(case)? else { return Ok(Attempt::later(HELD, "no room yet")) };
                match self.transport.invite(&room, user).await {
                    Ok(()) => {}
                    // The account does not exist, or its server does not let us: the person is on the roster and not in the
                    // room, which is shown.
                    Err(PortError::Refused { .. } | PortError::NotFound) => {
                        if let Some(case) = case {
                            self.db.write(|t| unreached(t, case, user))?;
                            self.tell(Notice::NotReached { case, user: user.clone() });
                        }
                    }
                    Err(error) => return Err(error.into()),
                }
                point("membership-invited");
                self.finish(row)
            }
            Item::HandOver(user) => {
                let queued = match case {
                    Some(case) => {
                        self.queue_handover(case, std::slice::from_ref(user), InsteadOf::Item(row.seq))?
                    }
                    None => false,
                };
                point("membership-handover-queued");
                if queued { Ok(Attempt::Done) } else { self.finish(row) }
            }
            Item::Remove(user) => self.remove(row, case, user).await,
            Item::Event(event) => match case {
                Some(case) => self.send_event(row, case, event).await,
                None => self.finish(row),
            },
            Item::Bind => match case {
                Some(case) => self.bind_patient(row, case).await,
                None => self.finish(row),
            },
            Item::Record(write) => match case {
                Some(case) => self.write_record(row, case, write).await,
                None => self.finish(row),
            },
        }
    }

    pub(crate) fn finish(&self, row: &Row) -> Result<Attempt> {
        self.db.write(|t| end(t, row.seq, State::Sent, None))?;
        Ok(Attempt::Done)
    }

    fn room_of(&self, case: Option<CaseId>) -> Result<Option<RoomId>> {
        Ok(match case {
            Some(case) => self.db.case_row(case)?.and_then(|row| row.room),
            None => None,
        })
    }

    async fn remove(&self, row: &Row, case: Option<CaseId>, user: &UserId) -> Result<Attempt> {
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

    async fn send_event(&self, row: &Row, case: CaseId, event: &OutEvent) -> Result<Attempt> {
        let Some(room) = self.room_of(Some(case))? else { return Ok(Attempt::later(HELD, "no room yet")) };
        let me = self.user();
        let marked = row.state == State::Marked;
        if marked {
            // The earlier attempt's outcome is unknown: look first.
            self.catch_up(&room).await?;
        }
        // It left at an earlier attempt, or another device of this account has said the same: two keepers of one side.
        if self.db.is_in_room(&room, &me, event.id)? {
            return self.event_left(row, case, event);
        }
        let data = event.data()?;
        let view = self.transport.view(&room).await?;
        let grounds = self.grounds(&room, &data)?;
        let accounts = grounds.seats.iter().filter_map(|seat| seat.contact.user.clone());
        let readers: Vec<UserId> = accounts.filter(|user| *user != me).collect();
        let recipients = self.transport.recipients(&readers).await?;
        let identities = self.identities(&recipients).await?;
        match self.judge(&grounds, &data, &view, &identities) {
            Decision::Allowed { basis } => {
                let event = match &event.upload {
                    Some(_) => self.upload(row, event).await?,
                    None => event.clone(),
                };
                let event = if marked {
                    event
                } else {
                    self.mark(row, case, &room, &event, &grounds, &readers, &basis)?
                };
                self.note_unreached(case, &recipients)?;
                self.encrypt_and_send(row, case, &room, event, readers).await
            }
            Decision::Held { reasons } => {
                let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_ref()).collect();
                let note = format!("held: {}", codes.join(", "));
                if row.attempts == 0 {
                    self.tell(Notice::Held { case, id: event.id, reasons });
                }
                Ok(Attempt::later(HELD, note))
            }
            Decision::Denied { reasons } => self.take_out(row, case, &room, event.id, reasons),
        }
    }

    /// What the case says about who may send what to whom. For the opening event that is in the event itself; somebody
    /// whose participation an event ends still reads that event.
    fn grounds(&self, room: &RoomId, data: &EventData) -> Result<Grounds> {
        if let EventData::CaseOpened(opened) = data {
            let agreement = opened.agreement.read()?;
            let id = (opened.agreement.id.clone(), opened.agreement.version.clone());
            return Ok(Grounds { agreement, agreement_id: id, seats: in_room(opened.roster.iter()) });
        }
        self.with_fold(room, |fold| {
            let state = fold.state();
            let opening = state.opening().ok_or(Error::internal("outbox-case-not-open"))?;
            let mut seats = in_room(state.roster().active());
            if let EventData::SeatEnded(ended) = data {
                let ends = |seat: &Seat| {
                    seat.contact.id == ended.contact && seat.contact.organization == ended.organization
                };
                if !seats.iter().any(ends) {
                    let places = state.roster().all().iter().rev();
                    seats.extend(places.map(|place| &place.seat).find(|seat| ends(seat)).cloned());
                }
            }
            Ok(Grounds {
                agreement: opening.agreement.clone(),
                agreement_id: (opening.agreement_text.id.clone(), opening.agreement_text.version.clone()),
                seats,
            })
        })?
    }

    async fn identities(&self, recipients: &[Recipient]) -> Result<IdentityFacts> {
        let unverified_self = !self.transport.verified().await?;
        let changed = self.db.write(|t| {
            let mut changed = Vec::new();
            for recipient in recipients {
                let Some(identity) = &recipient.identity else { continue };
                if pin(t, &recipient.user, identity)? != *identity {
                    changed.push(recipient.user.clone());
                }
            }
            Ok(changed)
        })?;
        Ok(IdentityFacts { changed, unverified_self })
    }

    fn judge(
        &self,
        grounds: &Grounds,
        data: &EventData,
        view: &RoomView,
        identities: &IdentityFacts,
    ) -> Decision {
        let room = RoomFacts {
            encrypted: view.encrypted,
            make_ok: is_private(view),
            members: view.members.iter().map(|(user, _)| user.clone()).collect(),
        };
        let seats: Vec<&Seat> = grounds.seats.iter().collect();
        decide(&Ask {
            disclosure: &data.disclosure(),
            sender: &self.user(),
            seats: &seats,
            agreement: &grounds.agreement,
            at: self.now(),
            send: Some((&room, identities)),
        })
    }

    async fn upload(&self, row: &Row, event: &OutEvent) -> Result<OutEvent> {
        let Some(sha256) = event.upload else { return Ok(event.clone()) };
        let text = self.document_text(&sha256)?.ok_or(Error::internal("outbox-document"))?;
        let file = self.transport.upload(text.as_bytes()).await?;
        point("attachment-uploaded");
        let mut event = event.clone();
        event.upload = None;
        crate::documents::set_file(&mut event.data, file);
        self.db.write(|t| put(t, row.seq, &Item::Event(event.clone()), State::Queued))?;
        point("attachment-stored");
        Ok(event)
    }

    /// Permits the sending: the event's place, its audit entry and the mark, in one transaction.
    #[allow(clippy::too_many_arguments)]
    fn mark(
        &self,
        row: &Row,
        case: CaseId,
        room: &RoomId,
        event: &OutEvent,
        grounds: &Grounds,
        readers: &[UserId],
        basis: &[Reason],
    ) -> Result<OutEvent> {
        let data = event.data()?;
        let disclosure = data.disclosure();
        let audited = Audited {
            action: Action::Disclosed,
            case: Some(case),
            event: Some(crate::case::event::EventKey { sender: self.user(), id: event.id }),
            resource: None,
            recipients: readers.to_vec(),
            agreement: Some(grounds.agreement_id.clone()),
            reasons: basis.iter().map(|reason| reason.code.to_string()).collect(),
            purpose: disclosure.purpose,
            labels: disclosure.labels.iter().map(ToString::to_string).collect(),
        };
        let state = self.with_fold(room, |fold| fold.state().clone())?;
        let mut event = event.clone();
        point("event-before-mark");
        let held = self.db.write(|t| {
            let entry = append(t, self.now(), audited)?;
            let head = AuditHead { chain: entry.chain, length: entry.seq, head: entry.mac };
            let held = self.held_of(&event, &state, Some(head))?;
            self.queue_audit_event(t, case, &entry)?;
            let HeldBody::Whole(content) = &held.body else { return Err(Error::internal("outbox-content")) };
            event.content = Some(content.json.clone());
            keep(t, room, &held, None)?;
            put(t, row.seq, &Item::Event(event.clone()), State::Marked)?;
            Ok(held)
        })?;
        point("event-marked");
        let key = held.key();
        self.with_fold(room, |fold| fold.insert(held))?;
        self.tell(Notice::Event { case, key, kind: event.kind.clone() });
        Ok(event)
    }

    async fn encrypt_and_send(
        &self,
        row: &Row,
        case: CaseId,
        room: &RoomId,
        event: OutEvent,
        readers: Vec<UserId>,
    ) -> Result<Attempt> {
        let content = event.content.clone().ok_or(Error::internal("outbox-content"))?;
        let transaction = event.id.to_string();
        let sent = self.transport.send(&Outgoing { room: room.clone(), transaction, content, readers }).await;
        point("event-sent");
        match sent {
            Ok(matrix_id) => {
                self.db.write(|t| crate::store::inbox::sent(t, room, &self.user(), event.id, &matrix_id))?;
                self.event_left(row, case, &event)
            }
            Err(PortError::Refused { .. }) => {
                let reason =
                    Reason::new("room-refuses", "the homeserver does not let this account send here", "room");
                self.take_out(row, case, room, event.id, vec![reason])
            }
            Err(error) => Err(error.into()),
        }
    }

    fn event_left(&self, row: &Row, case: CaseId, event: &OutEvent) -> Result<Attempt> {
        let data = event.data()?;
        let to_remove = match &data {
            EventData::SeatEnded(ended) => {
                let state = self.state(case)?;
                let mut seats = state.roster().all().iter().map(|place| &place.seat.contact);
                seats
                    .find(|seat| seat.id == ended.contact && seat.organization == ended.organization)
                    .and_then(|seat| seat.user.clone())
            }
            _ => None,
        };
        // What follows from the event's leaving is queued as it leaves.
        self.db.write(|t| {
            end(t, row.seq, State::Sent, None)?;
            if let EventData::CaseOpened(_) = data {
                self.queue_binding(t, case)?;
            }
            if let Some(user) = to_remove {
                push(t, &case_lane(case), &Item::Remove(user), None)?;
            }
            Ok(())
        })?;
        point("event-done");
        self.case_changed(case)?;
        Ok(Attempt::Done)
    }

    fn take_out(
        &self,
        row: &Row,
        case: CaseId,
        room: &RoomId,
        id: EventId,
        reasons: Vec<Reason>,
    ) -> Result<Attempt> {
        let note = serde_json::to_string(&reasons).map_err(|_| Error::internal("outbox-reasons"))?;
        self.db.write(|t| {
            take_back(t, room, &self.user(), id)?;
            end(t, row.seq, State::Denied, Some(&note))
        })?;
        self.forget_fold(room);
        self.tell(Notice::Refused { case, id, reasons });
        Ok(Attempt::Done)
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
        if !back.is_empty() {
            self.queue_handover(case, &back, InsteadOf::Unreached(back.clone()))?;
        }
        Ok(())
    }
}

/// Seats as they count in the room: a member, or a member's representative, is never in it.
fn in_room<'s>(seats: impl Iterator<Item = &'s Seat>) -> Vec<Seat> {
    seats
        .map(|seat| {
            let mut seat = seat.clone();
            if matches!(seat.contact.role, Role::Member | Role::MemberRepresentative) {
                seat.contact.user = None;
            }
            seat
        })
        .collect()
}

/// On what grounds an event is judged.
struct Grounds {
    agreement: Agreement,
    agreement_id: (AgreementId, String),
    seats: Vec<Seat>,
}
