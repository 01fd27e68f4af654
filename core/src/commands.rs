//! Commands: the events of tomorrow. Each is judged against the state as it will be, refused early, or accepted for good.

mod labelled;
mod refer;
mod watch;

pub(crate) use refer::is_room_of;

use crate::agreement::{Category, History};
use crate::care_plan::Document;
use crate::case::event::{Block, Content, EventData, EventKey, Held, HeldBody};
use crate::case::fold::Fold;
use crate::case::handover::{Crossed, Handover, crossed, make, pack};
use crate::case::life::{CaseAccepted, RungKey, RungPosted};
use crate::case::size::{CONTENT_LIMIT, longest};
use crate::case::state::{CaseState, Standing};
use crate::case::step::Rung;
use crate::case::tell::tell;
use crate::commands::labelled::{in_parts, may_be_handed, settled};
use crate::communication::Priority;
use crate::concern;
use crate::contact::Seat;
use crate::documents::{DOCUMENT_LIMIT, document, send_beside};
use crate::due;
use crate::engine::{Engine, InsteadOf};
use crate::error::{Error, InvalidInput, Result};
use crate::id::{CaseId, EventId, OrganizationId, UserId};
use crate::label::Marks;
use crate::outreach;
use crate::point::point;
use crate::policy::{Decision, Reason, decide};
use crate::referral;
use crate::store::Tx;
use crate::store::cases::{Stage, put_case, put_kind, reached};
use crate::store::inbox::keep_document;
use crate::store::outbox::{Item, Keyed, OutEvent, State, case_lane, end, push, push_event};

/// What a command asks to be sent.
#[derive(Clone)]
pub(crate) struct Command {
    /// The event's id: the caller's, so that a retry after a crash is safe, or a new one.
    pub(crate) id: EventId,
    pub(crate) data: EventData,
    /// What a message says; everything else tells itself.
    pub(crate) text: Option<String>,
    /// How sensitive its author says that it is.
    pub(crate) marks: Marks,
    /// The texts of documents that `data` names.
    pub(crate) document: Option<(Document, bool, String)>,
    /// For an opening: what must go out before it. The case is made in the same transaction.
    pub(crate) set_up: Option<Vec<Item>>,
    /// What follows once the event has gone out.
    pub(crate) then: Vec<Item>,
    /// What this command carries out: ended in the transaction that accepts it.
    pub(crate) instead_of: Option<InsteadOf>,
}

impl Command {
    pub(crate) fn new(id: Option<EventId>, data: impl Into<EventData>) -> Self {
        Self {
            id: id.unwrap_or_else(EventId::new),
            data: data.into(),
            text: None,
            marks: Marks::default(),
            document: None,
            set_up: None,
            then: Vec::new(),
            instead_of: None,
        }
    }
}

impl Engine {
    /// Accepts a command, or says why not. What was accepted is on disk when this returns.
    pub(crate) fn command(&self, case: CaseId, command: &Command) -> Result<EventKey> {
        let key = EventKey { sender: self.user(), id: command.id };
        self.accept_into(
            case,
            |fold| {
                // A repeated command is answered before it is judged: its own first attempt has changed the state.
                let repeated = self.db.outbox_fate(command.id)?.is_some();
                Ok((self.judge_command(fold, command, &key, repeated)?, repeated))
            },
            |t, (event, repeated)| {
                point("command-before-accept");
                write_down(t, case, command, &event, repeated)
            },
        )?;
        point("command-accepted");
        self.outgoing.notify_one();
        Ok(key)
    }

    /// Whether a command would be accepted now, or was before; nothing is accepted by this.
    pub(crate) fn judge_beforehand(&self, case: CaseId, command: &Command) -> Result<()> {
        if self.db.outbox_fate(command.id)?.is_some() {
            return Ok(());
        }
        let key = EventKey { sender: self.user(), id: command.id };
        let mut fold = self.with_expected(case, Fold::clone)?;
        self.judge_command(&mut fold, command, &key, false).map(drop)
    }

    /// Judges a command against the fold of its case as it will be, and puts its event into it.
    fn judge_command(
        &self,
        fold: &mut Fold,
        command: &Command,
        key: &EventKey,
        repeated: bool,
    ) -> Result<OutEvent> {
        let data = command.data.to_value().map_err(|_| Error::internal("command-data"))?;
        if repeated {
            // Its first attempt was judged, and went out as it was then: nothing of the state that it made speaks against it.
            return Ok(OutEvent {
                id: command.id,
                kind: command.data.kind().to_owned(),
                data,
                body: String::new(),
                notice: false,
                marks: command.marks.clone(),
                at: self.now(),
                upload: None,
                content: None,
                readers: Vec::new(),
            });
        }
        let state = fold.state();
        let seat = self.sender(state, &command.data)?;
        let told = || {
            let told = concern::told(state, &command.data, &seat);
            let told = told
                .or_else(|| referral::told(state, &command.data, &seat))
                .unwrap_or_else(|| tell(&command.data, "", &seat, state.roster(), state));
            told + outreach::remark(state, &command.data, &seat).as_deref().unwrap_or_default()
        };
        let body = command.text.clone().unwrap_or_else(told);
        let mut event = OutEvent {
            id: command.id,
            kind: command.data.kind().to_owned(),
            data,
            body,
            notice: seat.is_keeper() && !is_urgent(state, &command.data, &seat),
            marks: settled(state, &seat, command)?,
            at: self.now(),
            upload: command
                .document
                .as_ref()
                .and_then(|(document, outside, _)| outside.then_some(document.sha256)),
            content: None,
            readers: Vec::new(),
        };
        if let EventData::Handover(_) = &command.data {
            // What it tells is labelled: room is left for the notice.
            let text = command.document.as_ref().map(|(.., text)| text.as_str());
            let told = self.labelled(state, &command.data, &event.marks, text)?;
            event.marks.labels = told.into_iter().flat_map(|part| part.labels).collect();
        }
        let fits = fit(&mut event, command.document.as_ref().map(|(document, ..)| document))?;
        if command.document.as_ref().is_some_and(|(document, ..)| document.size > DOCUMENT_LIMIT) {
            let detail = "a document has 8 MiB at most";
            return Err(InvalidInput::new("document-too-long", detail).into());
        }
        if !fits {
            let detail = "as JSON, with its names and texts, an event has 34 KiB at most: say less at once";
            return Err(InvalidInput::new("event-too-long", detail).into());
        }
        // Before the agreement, which knows nothing of what has no place here.
        if let Some(opening) = state.opening().filter(|_| command.data.opens().is_none()) {
            opening.kind.takes(&command.data).map_err(Error::not_allowed)?;
        }
        self.may(state, command, &event.marks)?;
        let held = self.held_of(&event, state, None)?;
        fold.insert(held);
        match fold.state().entry(key).map(|entry| entry.standing.clone()) {
            Some(Standing::Counted) => Ok(event),
            Some(Standing::Superseded { reason } | Standing::Refused { reason }) => {
                Err(Error::not_allowed(reason))
            }
            _ => Err(Error::internal("command-standing")),
        }
    }

    /// The seat from which the command is given.
    fn sender(&self, state: &CaseState, data: &EventData) -> Result<Seat> {
        let me = self.user();
        if let Some(opened) = data.opens() {
            let seat = opened.roster.iter().find(|seat| seat.contact.user.as_ref() == Some(&me));
            return seat.cloned().ok_or_else(|| not_named("roster"));
        }
        state.roster().seat_of(&me).cloned().ok_or_else(|| not_named("roster"))
    }

    /// What the policy says when a command is given: the room and the readers' identities are judged before the sending.
    fn may(&self, state: &CaseState, command: &Command, marks: &Marks) -> Result<()> {
        let document = command.document.as_ref().map(|(_, _, text)| text.as_str());
        match self.asked(state, &command.data, marks, document, decide)? {
            Decision::Allowed { .. } => Ok(()),
            Decision::Held { reasons } | Decision::Denied { reasons } => Err(Error::NotAllowed { reasons }),
        }
    }

    /// Takes a case up, once.
    pub(crate) fn accept_case(&self, case: CaseId) -> Result<()> {
        let me = self.user();
        // Once for each naming.
        let waits = |fold: &Fold| {
            let place = fold.state().roster().last_place_of(&me)?;
            (place.ended.is_none() && place.accepted.is_none()).then(|| place.since.id.to_string())
        };
        let Some(named) = self.with_expected(case, waits)? else { return Ok(()) };
        let id = EventId::derived(&["accepted", &case.to_string(), me.as_str(), &named]);
        self.command(case, &Command::new(Some(id), CaseAccepted { case })).map(drop)
    }

    /// Queues a handover of the case's events for newcomers, as far as the agreement gives them, in the place of what asked
    /// for it. False where there is nothing to hand over.
    pub(crate) fn queue_handover(&self, case: CaseId, to: &[UserId], instead_of: InsteadOf) -> Result<bool> {
        match self.hand_over(case, None, to, |_| true, Some(instead_of)) {
            // The agreement gives newcomers nothing any more, or we have left: there is nothing of ours to hand over, and what
            // waits behind it goes on.
            Err(Error::NotAllowed { reasons }) if !reasons.iter().any(|r| r.code == "consents-too-many") => {
                Ok(false)
            }
            outcome => outcome,
        }
    }

    /// Queues a handover of what crossed with somebody's naming, where this device handed over to them before.
    pub(crate) fn hand_over_what_crossed(&self, case: CaseId) -> Result<()> {
        let me = self.user();
        let Some(room) = self.case_row(case)?.room else { return Ok(()) };
        let ours = |id| self.db.outbox_fate(id).is_ok_and(|fate| fate.is_some());
        let text = |document: &Document| self.document_text(&document.sha256).ok().flatten();
        for Crossed { user, events } in self.with_fold(&room, |fold| crossed(fold, &me, ours, text))? {
            let known: Vec<String> =
                events.iter().flat_map(|key| [key.sender.to_string(), key.id.to_string()]).collect();
            let case_id = case.to_string();
            let mut parts = vec!["crossed", &case_id, user.as_str()];
            parts.extend(known.iter().map(String::as_str));
            let id = EventId::derived(&parts);
            // It waits to go out.
            if self.db.outbox_fate(id)?.is_some() {
                continue;
            }
            match self.hand_over(case, Some(id), &[user], |key| events.contains(key), None) {
                // Who named somebody may have left meanwhile.
                Ok(_) | Err(Error::NotAllowed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn hand_over(
        &self,
        case: CaseId,
        id: Option<EventId>,
        to: &[UserId],
        which: impl Fn(&EventKey) -> bool,
        instead_of: Option<InsteadOf>,
    ) -> Result<bool> {
        let Some(room) = self.case_row(case)?.room else { return Ok(false) };
        let made = self.with_fold(&room, |fold| {
            let opening = fold.state().opening()?;
            let terms = &opening.agreement.handover;
            let withheld = &terms.withhold;
            let nothing = terms.history == History::Nothing;
            // What took no step in a room without member data is told to nobody.
            let bare = opening.kind.is_without_members();
            let counts = |held: &Held| {
                let entry = fold.state().entry(&held.key());
                let counted = entry.is_some_and(|entry| entry.standing == Standing::Counted);
                // What another client shows of a concern is its author's word, too.
                counted && !concern::says_member_data(held, &fold.state().agreements)
            };
            let (events, heads) = make(fold, which, |held| {
                if bare && !counts(held) {
                    return true;
                }
                let data = match &held.body {
                    HeldBody::Whole(content) => match &content.block {
                        Block::Event(event) => event.data.disclosure().category,
                        _ => Some(Category::Message),
                    },
                    HeldBody::Stub(_) => None,
                };
                // Why a member took something back tells what it was; and so does what was found of an emergency that was withheld
                // from us, too.
                let says_why = match &held.body {
                    HeldBody::Whole(Content { block: Block::Event(event), .. }) => match &event.data {
                        EventData::ConsentRevoked(revoked) => !revoked.reason.is_empty(),
                        EventData::OverrideReviewed(reviewed) => {
                            fold.state().entry(&reviewed.event).is_none_or(|entry| entry.withheld)
                        }
                        _ => false,
                    },
                    _ => false,
                };
                if says_why || !may_be_handed(fold.state(), &held.key(), &self.user(), self.now()) {
                    return true;
                }
                // The opening and the roster are what a newcomer takes part in; the rest is as the agreement has it.
                data != Some(Category::Roster)
                    && (nothing || data.is_none_or(|data| withheld.contains(&data)))
            });
            let limit = usize::try_from(DOCUMENT_LIMIT).unwrap_or(usize::MAX);
            let parts = in_parts(fold.state(), events, self.now());
            let texts: Option<Vec<Vec<String>>> = parts.iter().map(|part| pack(part, limit)).collect();
            Some((texts?.concat(), heads))
        })?;
        let Some((texts, heads)) = made else { return Ok(false) };
        // A very long one goes in parts, the first under the id that was given. What asked for it is done with the last, so
        // that a kill in between hands over anew.
        let last = texts.len().saturating_sub(1);
        let mut instead_of = instead_of;
        for (n, text) in texts.into_iter().enumerate() {
            let id = match id {
                Some(id) if n > 0 => Some(EventId::derived(&["part", &id.to_string(), &n.to_string()])),
                id => id,
            };
            let (events, outside) = document(&text);
            let part = Handover { to: to.to_vec(), heads: heads.clone(), events: events.clone() };
            let mut command = Command::new(id, part);
            command.document = Some((events, outside, text));
            if n == last {
                command.instead_of = instead_of.take();
            }
            self.command(case, &command)?;
        }
        Ok(true)
    }

    /// Posts every reminder that is due from the organisation whose role account this is. Returns how many.
    pub(crate) fn post_due_rungs(&self) -> Result<usize> {
        let (mut posted, mut failed) = (0, None);
        // One that cannot be posted keeps no other from being posted, in this case or another.
        let mut note = |outcome: Result<bool>| match outcome {
            Ok(new) => posted += usize::from(new),
            Err(error) => failed = failed.take().or(Some(error)),
        };
        for row in self.db.cases()? {
            // Whose turn comes after somebody's who has left is reminded with it: a ladder has an end.
            let mut again = true;
            while std::mem::take(&mut again) {
                match self.due_rungs(row.case) {
                    Ok(rungs) => {
                        for (rung, text) in rungs {
                            let left = rung.left;
                            let outcome = self.post_rung(row.case, rung, text);
                            again |= left && matches!(outcome, Ok(true));
                            note(outcome);
                        }
                    }
                    Err(error) => note(Err(error)),
                }
            }
        }
        failed.map_or(Ok(posted), Err)
    }

    /// The reminders of one case that are due from this account's organisation, and their words.
    fn due_rungs(&self, case: CaseId) -> Result<Vec<(RungPosted, String)>> {
        let state = self.with_expected(case, |fold| fold.state().clone())?;
        let (Some(opening), Some(own)) = (state.opening(), keeper_of(&state, &self.user())) else {
            return Ok(Vec::new());
        };
        if self.is_mute(&state) {
            return Ok(Vec::new());
        }
        let mut rungs = Vec::new();
        for owed in state.owed() {
            for mut rung in due::rungs_to_post(&owed, &own, &opening.agreement, self.now()) {
                let Some(n) = usize::try_from(rung.rung).ok() else { continue };
                let Some(person) = owed.ladder.get(n) else { continue };
                rung.left = self.has_left(&state, person, &own);
                let zone = &opening.agreement.zone;
                let text = if rung.left {
                    due::tell_left(&owed, person, owed.ladder.get(n + 1), zone)
                } else {
                    due::tell(&owed, person, zone)
                };
                rungs.push((rung, text));
            }
        }
        Ok(rungs)
    }

    /// Whether somebody on a ladder has left: this organisation, as its directory says, or this case. Of another organisation's people
    /// nobody would believe it.
    fn has_left(&self, state: &CaseState, rung: &Rung, own: &OrganizationId) -> bool {
        let own = rung.organization == *own;
        state.roster().has_left(&rung.contact, &rung.organization)
            || (own && self.directory().has_left(&rung.contact, &rung.organization, own, self.now()))
    }

    fn post_rung(&self, case: CaseId, rung: RungPosted, text: String) -> Result<bool> {
        // The same id at every attempt, and at both of two keepers of one organisation.
        let RungKey { owed, clock, contact, organization } = rung.key();
        let parts =
            [&case.to_string(), &owed.to_string(), &clock, &contact.to_string(), &organization.to_string()];
        let id = EventId::derived(&[&["rung"], &parts.map(String::as_str)[..]].concat());
        if self.db.outbox_fate(id)?.is_some() {
            return Ok(false);
        }
        let mut command = Command::new(Some(id), rung);
        command.text = Some(text);
        self.command(case, &command).map(|_| true)
    }
}

/// What a keeper says is a notice, for which no telephone rings; of an alert that is urgent, it does, once.
fn is_urgent(state: &CaseState, data: &EventData, seat: &Seat) -> bool {
    let EventData::AlertRaised(raised) = data else { return false };
    let stay = state.alerts.stay(&raised.stay.id());
    let known = stay.is_some_and(|stay| stay.is_told_by_another(raised, &seat.contact.organization));
    raised.priority != Priority::Routine && !known
}

fn write_down(t: &Tx<'_>, case: CaseId, command: &Command, event: &OutEvent, repeated: bool) -> Result<()> {
    if let Some((document, _, text)) = &command.document {
        keep_document(t, &document.sha256, text)?;
    }
    if let Some(items) = &command.set_up
        && !repeated
    {
        put_case(t, case, None, Stage::SettingUp)?;
        if let Some(opens) = command.data.opens() {
            put_kind(t, case, opens.kind)?;
        }
        items.iter().try_for_each(|item| push(t, &case_lane(case), item, None).map(drop))?;
    }
    let asked = (&command.data.to_value().map_err(|_| Error::internal("command-data"))?, &command.marks);
    match push_event(t, case, event, command.text.as_deref(), asked)? {
        Keyed::New => {
            command.then.iter().try_for_each(|item| push(t, &case_lane(case), item, None).map(drop))?;
        }
        Keyed::Same => {}
        Keyed::Other => {
            return Err(Error::Conflict {
                code: "id-taken",
                detail: "another event was accepted under this id: choose a new one",
            });
        }
    }
    match &command.instead_of {
        Some(InsteadOf::Item(seq)) => end(t, *seq, State::Sent, None),
        Some(InsteadOf::Unreached(users)) => users.iter().try_for_each(|user| reached(t, case, user)),
        None => Ok(()),
    }
}

fn keeper_of(state: &CaseState, me: &UserId) -> Option<OrganizationId> {
    let seat = state.roster().seat_of(me)?;
    seat.is_keeper().then(|| seat.contact.organization.clone())
}

/// Whether an event will fit into a Matrix event, whatever it has to name by the time it leaves. A document that does not fit
/// into it goes beside it.
fn fit(event: &mut OutEvent, document: Option<&Document>) -> Result<bool> {
    let fits = |event: &OutEvent| {
        let length = longest(
            event.data()?,
            &event.body,
            event.at,
            event.notice,
            event.upload.is_some(),
            &event.marks,
        )?;
        Ok::<_, Error>(length <= CONTENT_LIMIT)
    };
    if !fits(event)?
        && event.upload.is_none()
        && let Some(document) = document
    {
        send_beside(&mut event.data);
        event.upload = Some(document.sha256);
    }
    fits(event)
}

fn not_named(source: &'static str) -> Error {
    let text = "you are not named for this case, or your participation has ended";
    Error::not_allowed(Reason::new("sender-not-on-roster", text, source))
}
