//! Whom to call now, and why; and for which topics there is nobody.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::contact::{Contact, Role, Topic};
use crate::directory::{Availability, Directory, Reach};
use crate::error::{Error, Result};
use crate::id::OrganizationId;
use crate::policy::Reason;

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoToCall {
    /// Whom to call now.
    pub primary: Callee,
    /// Whom else, in order.
    pub backups: Vec<Callee>,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Callee {
    /// Who.
    pub contact: Contact,
    /// Whether they can be reached now.
    pub reach: Reach,
    /// What is known of their hours, languages and confirmation.
    pub availability: Availability,
    /// Whether nobody has confirmed this contact for longer than the directory's `stale_after_days`, or ever.
    pub stale: bool,
    /// Why they stand in this place: `designated`, `covers`, then `reachable`, `hours-unknown`, `out-of-hours`, `away`, then
    /// `confirmed`, `stale`, `never-confirmed`, then `no-phone` where one can only write to them.
    pub why: Vec<Reason>,
}

/// A topic for which one cannot get a live person at one side of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The organisation.
    pub organization: OrganizationId,
    /// The topic.
    pub topic: Topic,
    /// What is missing.
    pub missing: GapKind,
}

/// What is missing where one cannot get a live person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapKind {
    /// Nobody is designated.
    Contact,
    /// Who is designated has no telephone number.
    Phone,
    /// Who is designated has left, or is away and nobody knows until when, and nobody covers.
    Present,
}

impl GapKind {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Phone => "phone",
            Self::Present => "present",
        }
    }
}

impl Directory {
    /// Whom to call at an organisation about a topic at an instant: people designated for it who can be reached, never a keeper.
    /// First come those who are there, or whose hours nobody knows; then those who are not at this hour, the next one first;
    /// then those who are away. Among these, whoever has a telephone number comes before whoever has none, since one calls to get a
    /// live person. Of equals, the order is the directory's. Who covers for somebody stands in their place.
    ///
    /// # Errors
    /// `NotFound` (`organization`, or `contact` where nobody is designated for the topic).
    pub fn who_to_call(
        &self,
        organization: &OrganizationId,
        topic: Topic,
        now: Timestamp,
    ) -> Result<WhoToCall> {
        if self.organization(organization).is_none() {
            return Err(Error::NotFound { what: "organization" });
        }
        let mut callees: Vec<Callee> = Vec::new();
        let mut later: Vec<Callee> = Vec::new();
        for (n, contact) in self.designated(organization, topic).enumerate() {
            let text =
                format!("designated for this topic ({}), number {} in the directory", topic.code(), n + 1);
            let callee = self.callee(contact, reason("designated", text), now);
            match self.cover(contact, now) {
                Some(cover) => {
                    let text = format!("covers for {}, who is away", contact.name);
                    callees.push(self.callee(cover, reason("covers", text), now));
                    later.push(callee);
                }
                None => callees.push(callee),
            }
        }
        callees.extend(later);
        callees.sort_by_key(|callee| {
            let (turn, at) = match &callee.reach {
                Reach::Now | Reach::Unknown => (0, Timestamp::MIN),
                Reach::Later { at } => (1, at.unwrap_or(Timestamp::MAX)),
                Reach::Away { back, .. } => (2, back.unwrap_or(Timestamp::MAX)),
            };
            (turn, callee.contact.phone.is_none(), at)
        });
        let mut seen = BTreeSet::new();
        callees.retain(|callee| seen.insert(callee.contact.id.clone()));
        let mut callees = callees.into_iter();
        let primary = callees.next().ok_or(Error::NotFound { what: "contact" })?;
        Ok(WhoToCall { primary, backups: callees.collect() })
    }

    /// For which topics one cannot get a live person at one of two organisations that share a case: nobody is designated, who is
    /// has no telephone number, or has left.
    pub fn gaps(&self, pair: [&OrganizationId; 2], now: Timestamp) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for organization in pair {
            // Concerns go to the programme office, which shares no case.
            for topic in Topic::ALL.into_iter().filter(|topic| *topic != Topic::Concern) {
                let missing = match self.who_to_call(organization, topic, now) {
                    Err(_) => Some(GapKind::Contact),
                    Ok(found) => Self::lack(&found),
                };
                let organization = organization.clone();
                gaps.extend(missing.map(|missing| Gap { organization, topic, missing }));
            }
        }
        gaps
    }

    fn lack(found: &WhoToCall) -> Option<GapKind> {
        let all = std::iter::once(&found.primary).chain(&found.backups);
        let mut with_phone = all.filter(|callee| callee.contact.phone.is_some());
        if with_phone.clone().next().is_none() {
            return Some(GapKind::Phone);
        }
        let gone = |callee: &Callee| matches!(callee.reach, Reach::Away { back: None, .. });
        // Who is there without a telephone is no live person whom one gets.
        with_phone.all(gone).then_some(GapKind::Present)
    }

    fn designated<'a>(
        &'a self,
        organization: &'a OrganizationId,
        topic: Topic,
    ) -> impl Iterator<Item = &'a Contact> {
        self.contacts.iter().filter(move |contact| {
            contact.organization == *organization && contact.topics.contains(&topic) && can_be_called(contact)
        })
    }

    /// Who covers for somebody who is away; who covers can be away and covered, too.
    fn cover(&self, contact: &Contact, now: Timestamp) -> Option<&Contact> {
        let mut passed = BTreeSet::from([&contact.id]);
        let mut away = contact;
        loop {
            let Reach::Away { cover: Some(cover), .. } = self.availability(away).at(now) else { return None };
            let cover = self.contact(&cover, Some(&contact.organization)).ok()?;
            if !passed.insert(&cover.id) {
                return None;
            }
            if can_be_called(cover) && !matches!(self.availability(cover).at(now), Reach::Away { .. }) {
                return Some(cover);
            }
            away = cover;
        }
    }

    /// Who covers for somebody who is away, and when they are back, where that is known.
    #[cfg(feature = "store")]
    pub(crate) fn stands_in(
        &self,
        contact: &Contact,
        now: Timestamp,
    ) -> Option<(&Contact, Option<Timestamp>)> {
        let Reach::Away { back, .. } = self.availability(contact).at(now) else { return None };
        Some((self.cover(contact, now)?, back))
    }

    /// What is known of when a contact can be reached.
    pub fn availability(&self, contact: &Contact) -> Availability {
        let key = (contact.id.clone(), contact.organization.clone());
        self.availabilities.get(&key).cloned().unwrap_or_default()
    }

    fn callee(&self, contact: &Contact, first: Reason, now: Timestamp) -> Callee {
        let availability = self.availability(contact);
        let reach = availability.at(now);
        let zone = availability.zone();
        let today = now.to_zoned(zone.clone()).date();
        let stale = availability.confirmed.is_none_or(|day| self.is_stale(day, today));
        let confirmed = match availability.confirmed {
            Some(day) if stale => {
                reason("stale", format!("last confirmed on {day}: ask whether it is still right"))
            }
            Some(day) => reason("confirmed", format!("last confirmed on {day}")),
            None => reason("never-confirmed", "nobody has confirmed this contact"),
        };
        let mut why = vec![first, told(&reach, &availability, &zone), confirmed];
        if contact.phone.is_none() {
            why.push(reason("no-phone", "has no telephone number in the directory: write to them"));
        }
        Callee { contact: contact.clone(), reach, availability, stale, why }
    }

    fn is_stale(&self, confirmed: Date, today: Date) -> bool {
        today.duration_since(confirmed) > SignedDuration::from_hours(24 * i64::from(self.stale_after_days))
    }
}

fn can_be_called(contact: &Contact) -> bool {
    contact.role != Role::Keeper && (contact.phone.is_some() || contact.user.is_some())
}

fn reason(code: &'static str, text: impl Into<String>) -> Reason {
    Reason::new(code, text.into(), "directory")
}

/// Whether they can be reached, in words.
fn told(reach: &Reach, availability: &Availability, zone: &TimeZone) -> Reason {
    let at = |instant: &Timestamp| {
        let zoned = instant.to_zoned(zone.clone());
        let assumed =
            if availability.zone.is_some() { "" } else { ", a time zone that its record does not name" };
        format!("{} ({}{assumed})", zoned.strftime("%A %Y-%m-%d %H:%M"), zone.iana_name().unwrap_or("UTC"))
    };
    match reach {
        Reach::Now => reason("reachable", "within their hours now"),
        Reach::Unknown => reason("hours-unknown", "nobody knows their hours"),
        Reach::Later { at: Some(next) } => {
            reason("out-of-hours", format!("not at this hour: from {}", at(next)))
        }
        Reach::Later { at: None } => {
            reason("out-of-hours", "not at this hour, nor at any other within a year")
        }
        Reach::Away { back: Some(back), .. } => reason("away", format!("away until {}", at(back))),
        Reach::Away { back: None, .. } => reason("away", "away, and nobody knows until when"),
    }
}
