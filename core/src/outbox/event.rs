//! Sending an event: judged again, permitted in one transaction, encrypted for those who may read it, and sent once.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::agreement::Agreement;
use crate::audit::{Action, Audited, Purpose, Why};
use crate::case::event::{AuditHead, EventData, EventKey, HeldBody};
use crate::case::kind::RoomKind;
use crate::case::state::{CaseState, Resource};
use crate::consent::Consents;
use crate::contact::{Role, Seat};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{AgreementId, CaseId, EventId, RoomId, UserId};
use crate::label::{Labels, Under, are_sensitive};
use crate::notice::Notice;
use crate::outbox::{Attempt, HELD};
use crate::point::point;
use crate::policy::{
    Ask, Decision, Disclosure, IdentityFacts, Labelled, Reason, RoomFacts, UnderConsent, decide, notice,
};
use crate::ports::{Outgoing, PortError, Recipient, RoomView};
use crate::room::not_private;
use crate::store::audit::append;
use crate::store::inbox::{keep, take_back};
use crate::store::outbox::{Item, OutEvent, Row, State, case_lane, end, push, put};
use crate::store::papers::pin;

impl Engine {
    pub(super) async fn send_event(&self, row: &Row, case: CaseId, event: &OutEvent) -> Result<Attempt> {
        let Some(room) = self.room_of(Some(case))? else { return Ok(Attempt::later(HELD, "no room yet")) };
        let me = self.user();
        let marked = row.state == State::Marked;
        if marked || event.may_be_sensitive() {
            // The earlier attempt's outcome is unknown: look first. And what the member took back meanwhile must be known.
            self.look(&room).await?;
        }
        // It left at an earlier attempt, or another device of this account has said the same: two keepers of one side.
        if self.db.is_in_room(&room, &me, event.id)? {
            return self.event_left(row, case, event);
        }
        let data = event.data()?;
        // Judged when the command was given; a member can have become known since.
        if let Some(reason) = self.member_data_in(case, &data, &event.body)? {
            return self.take_out(row, case, &room, event.id, vec![reason], &[]);
        }
        // A referral goes as the member's consent has it now, which stands in another room.
        if let Some(case) = self.room_of_consent(case, &data)? {
            self.look(&case).await?;
        }
        let consent = match self.under_consent(case, &data)? {
            UnderConsent::Refused(reason) => {
                return self.take_out(row, case, &room, event.id, vec![reason], &[]);
            }
            UnderConsent::By(consent) => Some(consent),
            UnderConsent::NotAsked => None,
        };
        let view = self.transport.view(&room).await?;
        let referred = match consent {
            Some(_) => self.labels_of_referral(case)?,
            None => Labels::new(),
        };
        let mut grounds = self.grounds(&room, event, &data)?;
        if marked && let Some(under) = &event.marks.under {
            // What it says it is told under is what it is judged by.
            grounds.consents = grounds.consents.only(&under.consents);
        }
        let accounts = grounds.seats.iter().filter_map(|seat| seat.contact.user.clone());
        let mut readers: Vec<UserId> =
            accounts.filter(|user| *user != me && (!marked || event.readers.contains(user))).collect();
        let mut recipients = self.transport.recipients(&readers).await?;
        // Whose server answers nobody is to be ended all the same.
        let staying = grounds.staying(&data);
        recipients.retain(|recipient| !recipient.silent || staying.contains(&recipient.user));
        readers.retain(|user| recipients.iter().any(|recipient| recipient.user == *user));
        if !self.silence().is_over(&recipients) {
            return Err(Error::Unavailable { what: "homeserver", retry_after: None });
        }
        let identities = self.identities(&recipients).await?;
        match self.judge(&grounds, &data, &view, &identities) {
            Decision::Allowed { mut basis, mut under } => {
                if let Some(consent) = consent {
                    let text = "a consent of the member's lets this be told";
                    basis.push(Reason::new("consent-covers", text, format!("consent {consent}")));
                    under.insert(consent);
                }
                let event = match &event.upload {
                    Some(_) => match self.upload(row, event).await? {
                        Some(event) => event,
                        // Too long for it, or not let in: it would wait for good, and with it all that follows.
                        None => return self.take_out(row, case, &room, event.id, vec![not_taken()], &[]),
                    },
                    None => event.clone(),
                };
                let event = if marked {
                    event
                } else {
                    let permitted = Permitted {
                        case,
                        grounds: &grounds,
                        readers: &readers,
                        basis: &basis,
                        under: &under,
                        referred: &referred,
                    };
                    match self.mark(row, &room, &event, &permitted)? {
                        Some(event) => event,
                        // Somebody was named, or left, since it was judged: judged again at once.
                        None => return Ok(Attempt::later(Duration::ZERO, "roster changed")),
                    }
                };
                self.note_unreached(case, &recipients)?;
                self.encrypt_and_send(row, case, &room, event, recipients).await
            }
            Decision::Held { reasons } => {
                let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_ref()).collect();
                let note = format!("held: {}", codes.join(", "));
                if row.attempts == 0 {
                    self.tell(Notice::Held { case, id: event.id, reasons });
                }
                Ok(Attempt::later(HELD, note))
            }
            Decision::Denied { reasons } => {
                // Newcomers are told of the rest all the same.
                let then: Vec<Item> = match &data {
                    EventData::Handover(handover) if !grounds.labelled.is_empty() => {
                        handover.to.iter().cloned().map(Item::HandOver).collect()
                    }
                    _ => Vec::new(),
                };
                self.take_out(row, case, &room, event.id, reasons, &then)
            }
        }
    }

    fn grounds(&self, room: &RoomId, event: &OutEvent, data: &EventData) -> Result<Grounds> {
        self.with_fold(room, |fold| self.grounds_of(fold.state(), event, data))?
    }

    /// How a referral is labelled in its case.
    fn labels_of_referral(&self, room: CaseId) -> Result<Labels> {
        let found = self.case_of_referral(room)?;
        Ok(found
            .map_or_else(Labels::new, |found| found.state.labels(&Resource::Referral(found.referral.key))))
    }

    /// On what grounds an event is judged, with what of it is labelled.
    fn grounds_of(&self, state: &CaseState, event: &OutEvent, data: &EventData) -> Result<Grounds> {
        let mut grounds = Grounds::of(state, data)?;
        grounds.labelled = self.labelled(state, data, &event.marks, None)?;
        grounds.emergency = event.marks.btg.is_some();
        // The revocation waits behind what it is to stop.
        if let Some(opening) = state.opening()
            && grounds.labelled.iter().any(|part| are_sensitive(&part.labels))
        {
            for (id, revoked) in self.db.outbox_revocations(opening.case)? {
                grounds.consents.take_back(&EventKey { sender: self.user(), id }, &revoked);
            }
        }
        Ok(grounds)
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
            make_ok: not_private(view).is_none(),
            members: view.members.iter().map(|(user, _)| user.clone()).collect(),
        };
        let seats: Vec<&Seat> = grounds.seats.iter().collect();
        decide(&Ask {
            disclosure: &grounds.disclosure(data),
            sender: &self.user(),
            seats: &seats,
            agreement: &grounds.agreement,
            labelled: &grounds.labelled,
            consents: &grounds.consents,
            emergency: grounds.emergency,
            at: self.now(),
            send: Some((&room, identities)),
        })
    }

    /// Uploads what goes beside an event. Nothing where the homeserver refuses it for good.
    async fn upload(&self, row: &Row, event: &OutEvent) -> Result<Option<OutEvent>> {
        let Some(sha256) = event.upload else { return Ok(Some(event.clone())) };
        let text = self.document_text(&sha256)?.ok_or(Error::internal("outbox-document"))?;
        let file = match self.transport.upload(text.as_bytes()).await {
            Err(PortError::Refused { .. }) => return Ok(None),
            answer => answer?,
        };
        point("attachment-uploaded");
        let mut event = event.clone();
        event.upload = None;
        crate::documents::set_file(&mut event.data, file);
        self.db.write(|t| put(t, row.seq, &Item::Event(event.clone()), State::Queued))?;
        point("attachment-stored");
        Ok(Some(event))
    }

    /// Permits the sending: the event's place, its audit entry and the mark, in one transaction. Nothing where it was
    /// permitted for other readers than those that the case has at that place: who is named meanwhile must either read it or
    /// be seen not to have.
    fn mark(
        &self,
        row: &Row,
        room: &RoomId,
        event: &OutEvent,
        permitted: &Permitted<'_>,
    ) -> Result<Option<OutEvent>> {
        let Permitted { case, grounds, readers, basis, under, referred } = *permitted;
        let data = event.data()?;
        let disclosure = grounds.disclosure(&data);
        let mut event = event.clone();
        event.marks.labels.clone_from(&disclosure.labels);
        let told = notice(&disclosure.labels, under, &grounds.consents, event.marks.btg.as_ref());
        if let Some(told) = told {
            event.marks.under = Some(Under { consents: under.clone(), notice: event.body.len() as u64 });
            event.body = format!("{}\n\n{told}", event.body);
        }
        let audited = Audited {
            action: Action::Disclosed,
            case: Some(case),
            event: Some(EventKey { sender: self.user(), id: event.id }),
            resource: None,
            recipients: readers.to_vec(),
            agreement: Some(grounds.agreement_id.clone()),
            reasons: basis.iter().map(|reason| reason.code.to_string()).collect(),
            purpose: disclosure.purpose,
            labels: disclosure.labels.union(referred).map(ToString::to_string).collect(),
            consents: under.iter().copied().collect(),
            why: Why::of(&event.marks),
        };
        point("event-before-mark");
        let marked = self.change_fold(room, |fold| {
            let now = self.grounds_of(fold.state(), &event, &data)?;
            if now.seats != grounds.seats
                || now.consents != grounds.consents
                || now.labelled != grounds.labelled
            {
                return Ok(None);
            }
            let held = self.db.write(|t| {
                let entry = append(t, self.now(), audited)?;
                let audit = AuditHead { chain: entry.chain, length: entry.seq, head: entry.mac };
                let held = self.held_of(&event, fold.state(), Some(audit))?;
                self.queue_audit_event(t, case, &entry)?;
                let HeldBody::Whole(content) = &held.body else {
                    return Err(Error::internal("outbox-content"));
                };
                event.content = Some(content.json.clone());
                event.readers = readers.to_vec();
                keep(t, room, &held, None)?;
                put(t, row.seq, &Item::Event(event.clone()), State::Marked)?;
                Ok(held)
            })?;
            point("event-marked");
            let key = held.key();
            fold.insert(held);
            let superseded = fold.state().superseded(&key).cloned();
            Ok::<_, Error>(Some((key, superseded)))
        })??;
        Ok(marked.map(|(key, superseded)| {
            let id = key.id;
            self.tell(Notice::Event { case, key, kind: event.kind.clone() });
            // Something of somebody else's came while it waited.
            if let Some(reason) = superseded {
                self.tell(Notice::Superseded { case, id, reasons: vec![reason] });
            }
            event
        }))
    }

    async fn encrypt_and_send(
        &self,
        row: &Row,
        case: CaseId,
        room: &RoomId,
        event: OutEvent,
        readers: Vec<Recipient>,
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
                self.take_out(row, case, room, event.id, vec![reason], &[])
            }
            Err(error) => Err(error.into()),
        }
    }

    fn event_left(&self, row: &Row, case: CaseId, event: &OutEvent) -> Result<Attempt> {
        let data = event.data()?;
        let to_remove = match &data {
            // The account that the participation was on which this event ended: a person can have had another before.
            EventData::SeatEnded(_) => {
                let (state, key) = (self.state(case)?, EventKey { sender: self.user(), id: event.id });
                let mut places = state.roster().all().iter();
                places
                    .find(|place| place.ended.as_ref() == Some(&key))
                    .and_then(|place| place.seat.contact.user.clone())
            }
            _ => None,
        };
        // What follows from the event's leaving is queued as it leaves.
        self.db.write(|t| {
            end(t, row.seq, State::Sent, None)?;
            if data.opens().is_some_and(|opens| opens.kind == RoomKind::Case) {
                self.queue_binding(t, case)?;
            }
            if let Some(user) = to_remove {
                push(t, &case_lane(case), &Item::Remove(user), None)?;
            }
            Ok(())
        })?;
        point("event-done");
        if matches!(&data, EventData::ConcernAnswered(answered) if answered.shared_as.is_some()) {
            self.publish_answers(Some(case), None)?;
        }
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
        then: &[Item],
    ) -> Result<Attempt> {
        let note = serde_json::to_string(&reasons).map_err(|_| Error::internal("outbox-reasons"))?;
        self.refold(room, || {
            self.db.write(|t| {
                take_back(t, room, &self.user(), id)?;
                then.iter().try_for_each(|item| push(t, &case_lane(case), item, None).map(drop))?;
                end(t, row.seq, State::Denied, Some(&note))
            })
        })?;
        self.tell(Notice::Refused { case, id, reasons });
        // A kill in between is made good at the next start, and so is a failure.
        if let Err(error) = self.undo_decisions() {
            tracing::error!(code = error.code(), "what a meeting decided in vain could not be told");
        }
        Ok(Attempt::Done)
    }
}

fn not_taken() -> Reason {
    Reason::new(
        "document-refused",
        "the homeserver does not take this document: it may be too long",
        "homeserver",
    )
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

/// On what grounds an event is judged: what the case says about who may send what to whom.
struct Grounds {
    agreement: Agreement,
    agreement_id: (AgreementId, String),
    seats: Vec<Seat>,
    consents: Consents,
    /// What of it is labelled, and whose it is.
    labelled: Vec<Labelled>,
    emergency: bool,
}

impl Grounds {
    /// For the opening event they are in the event itself; somebody whose participation an event ends still reads that
    /// event.
    fn of(state: &CaseState, data: &EventData) -> Result<Self> {
        if let Some(opened) = data.opens() {
            let agreement = opened.agreement.read()?;
            let id = (opened.agreement.id.clone(), opened.agreement.version.clone());
            let seats = in_room(opened.roster.iter());
            return Ok(Self {
                agreement,
                agreement_id: id,
                seats,
                consents: Consents::default(),
                labelled: Vec::new(),
                emergency: false,
            });
        }
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
        Ok(Self {
            agreement: opening.agreement.clone(),
            agreement_id: (opening.agreement_text.id.clone(), opening.agreement_text.version.clone()),
            seats,
            consents: state.consents.clone(),
            labelled: Vec::new(),
            emergency: false,
        })
    }

    /// What an event discloses, with its labels and its purpose.
    fn disclosure(&self, data: &EventData) -> Disclosure {
        let mut disclosure = data.disclosure();
        disclosure.labels = self.labelled.iter().flat_map(|part| part.labels.iter().copied()).collect();
        if self.emergency && are_sensitive(&disclosure.labels) {
            disclosure.purpose = Purpose::BreakTheGlass;
        }
        disclosure
    }
}

impl Grounds {
    /// The accounts of those whose participation an event does not end.
    fn staying(&self, data: &EventData) -> BTreeSet<UserId> {
        let stays = |seat: &&Seat| match data {
            EventData::SeatEnded(ended) => {
                seat.contact.id != ended.contact || seat.contact.organization != ended.organization
            }
            _ => true,
        };
        self.seats.iter().filter(stays).filter_map(|seat| seat.contact.user.clone()).collect()
    }
}

/// What the policy permitted, to whom, and why.
struct Permitted<'a> {
    case: CaseId,
    grounds: &'a Grounds,
    readers: &'a [UserId],
    basis: &'a [Reason],
    under: &'a BTreeSet<EventId>,
    /// How what a referral tells is labelled in the member's case: a referral's room knows no labels.
    referred: &'a Labels,
}
