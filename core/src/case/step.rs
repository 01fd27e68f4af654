//! What every life cycle's `step` and `owed` work with.

use jiff::Timestamp;

use crate::agreement::{Agreement, RuleSet};
use crate::case::event::EventKey;
use crate::case::roster::Roster;
use crate::contact::{Contact, Seat, Topic};
use crate::id::{ContactId, EventId, OrganizationId, UserId};

/// The circumstances of a step: who, when, and what the case has settled by then.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The event's key.
    pub key: &'a EventKey,
    /// The sender's seat, as the roster has it at this place in the order.
    pub seat: &'a Seat,
    /// The author's clock.
    pub at: Timestamp,
    /// The homeserver's timestamp.
    pub server_at: Timestamp,
    /// The roster, as it is at this place in the order.
    pub roster: &'a Roster,
    /// The case's plan side; in a programme room the programme office.
    pub plan_side: &'a OrganizationId,
    /// The case's community side; in a programme room the organisation of the programme.
    pub community_side: &'a OrganizationId,
    /// Whether the case is a story's ([`Agreement::story_clock`]): then `at` is believed as it is.
    pub story_clock: bool,
}

impl Step<'_> {
    /// When it happened, as far as the author's clock is believed: see [`crate::due::believed`].
    pub fn when(&self) -> Timestamp {
        crate::due::believed(self.at, self.server_at, self.story_clock)
    }

    /// Whether the other side speaks for this one: it has nobody in the room, and had not joined by then.
    pub fn is_away(&self, side: &OrganizationId) -> bool {
        self.roster.is_away(side) && !self.roster.speaks_for_itself(side)
    }
}

/// What the case carries to compute what is owed from; never a device's own disk.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// The rule set.
    pub rules: &'a RuleSet,
    /// The roster as it is now.
    pub roster: &'a Roster,
}

impl Rules<'_> {
    /// Whom to remind about a topic of what is due then: the agreement's ladder for it, else the one for care plans, which every
    /// agreement has and whose last person has a telephone number. Who owes it comes `first`, at the due time, wherever the ladder
    /// names them; whom it names first anyway comes after the time that it says. Only where nobody else at its end is there and has a
    /// telephone number do they keep their place there.
    pub(crate) fn ladder(&self, topic: Topic, first: Option<&Contact>, due: Timestamp) -> Vec<Rung> {
        let agreement = self.agreement;
        // A programme room has concerns only, and its agreement always has their ladder.
        let named = match agreement.ladder(topic) {
            [] => agreement.ladder(Topic::CarePlan),
            ladder => ladder,
        };
        let named = named.iter().map(|rung| {
            // The roster is younger than the agreement: what it says of a person's account and telephone counts.
            let seat = self.roster.contact(&rung.contact, &rung.organization).map(|seat| &seat.contact);
            Rung {
                contact: rung.contact.clone(),
                name: rung.name.clone(),
                organization: rung.organization.clone(),
                user: seat.and_then(|contact| contact.user.clone()),
                phone: seat.and_then(|contact| contact.phone.clone()).or_else(|| rung.phone.clone()),
                at: rung.after.after(due, &agreement.zone),
                posted: None,
            }
        });
        let mut ladder: Vec<Rung> = named.collect();
        let Some(owner) = first else { return ladder };
        let is = |rung: &Rung| rung.contact == owner.id && rung.organization == owner.organization;
        match ladder.iter().position(is) {
            Some(0) => {}
            Some(place) => {
                // The ladder's one telephone stays at its end.
                let (above, below) = (ladder.get(..place), ladder.get(place + 1..));
                let last = below.and_then(<[Rung]>::last).or_else(|| above.and_then(<[Rung]>::last));
                let is_there = |rung: &Rung| !self.roster.has_left(&rung.contact, &rung.organization);
                if last.is_some_and(|rung| rung.phone.is_some() && is_there(rung)) {
                    let own = ladder.remove(place);
                    ladder.insert(0, Rung { at: due, ..own });
                }
            }
            None => ladder.insert(
                0,
                Rung {
                    contact: owner.id.clone(),
                    name: owner.name.clone(),
                    organization: owner.organization.clone(),
                    user: owner.user.clone(),
                    phone: owner.phone.clone(),
                    at: due,
                    posted: None,
                },
            ),
        }
        ladder
    }
}

/// Something that somebody owes: the due list is made of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// What is owed, the same as long as the same is: derived from the event from which the clock runs, or from what it counts from,
    /// and no event's own id.
    pub since: EventId,
    /// The clock's name, for example `plan-return`.
    pub clock: String,
    /// What is owed, as a sentence for a person, without member data.
    pub what: String,
    /// Who owes it.
    pub owner: ContactId,
    /// From when on it is shown as due: what is owed a year ahead is nobody's work yet. Never after the due time; nothing where it is
    /// shown at once. Computed and reminded of it is all the same.
    pub from: Option<Timestamp>,
    /// From when on it is not owed any more, though nobody did it: what it was asked for is past. Never before the due time; nothing
    /// where it stays owed until it is done.
    pub until: Option<Timestamp>,
    /// The instant by which it is due (exclusive: from then on it is overdue).
    pub due: Timestamp,
    /// Whom to remind, in order. Never empty; the last has a telephone number.
    pub ladder: Vec<Rung>,
}

impl Owed {
    /// Whether it is shown as due then.
    pub fn is_shown(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && !self.is_past(now)
    }

    /// Whether what it was asked for is past by then: nobody is reminded of it any more.
    pub fn is_past(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// One person on a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Who.
    pub contact: ContactId,
    /// Their name.
    pub name: String,
    /// Their organisation, whose keeper posts the rung.
    pub organization: OrganizationId,
    /// Their Matrix account.
    pub user: Option<UserId>,
    /// Their telephone number.
    pub phone: Option<String>,
    /// When it is their turn.
    pub at: Timestamp,
    /// Who reminded them, and when, once somebody has: the first post in the fold's order counts.
    pub posted: Option<(UserId, Timestamp)>,
}
