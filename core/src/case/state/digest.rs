//! What two devices that hold the same events have alike.

use std::fmt;

use crate::case::event::EventKey;
use crate::case::life::RungKey;
use crate::case::state::{CaseState, Standing};
use crate::crossing::What;
use crate::id::Sha256;
use crate::meeting::Settled;

impl CaseState {
    /// A digest of what the case has come to: the order of its events, what became of each, its people, its reminders and
    /// its heads. Two devices that hold the same events, whole or as stubs, have the same; what only differs in how it is
    /// shown does not enter it.
    pub fn digest(&self) -> Sha256 {
        let mut text = String::new();
        let mut line = |words: &[&dyn fmt::Display]| {
            for word in words {
                text.push_str(&word.to_string());
                text.push(' ');
            }
            text.push('\n');
        };
        for entry in &self.timeline {
            if matches!(entry.standing, Standing::Refused { .. } | Standing::Unproven) {
                continue;
            }
            let reason = entry.standing.reason().map_or("", |reason| &reason.code);
            let EventKey { sender, id } = &entry.key;
            line(&[sender, id, &entry.sha256, &entry.standing.code(), &reason, &entry.after_gap]);
        }
        for place in self.life.roster.all() {
            let contact = &place.seat.contact;
            let user = contact.user.as_ref().map_or("", |user| user.as_str());
            let accepted = place.accepted.map_or(String::new(), |at| at.to_string());
            let active = place.ended.is_none();
            line(&[&contact.id, &contact.organization, &contact.role.code(), &user, &accepted, &active]);
        }
        for plan in self.plans.all() {
            let in_house = plan.in_house.as_ref().map(|approval| &approval.attested.event.id);
            line(&[&plan.sent.id, &in_house.map_or(String::new(), ToString::to_string)]);
        }
        for task in self.tasks.all() {
            line(&[
                &task.key.sender,
                &task.key.id,
                &task.status.code(),
                &task.since.sender,
                &task.since.id,
                &task.steps.len(),
            ]);
        }
        for one in self.crossings.all() {
            let (code, standing) = (one.what.code(), one.standing.code());
            // Whose agency it is a handover can withhold.
            let to = if one.what == What::Referral { "" } else { one.to.as_str() };
            line(&[&one.event.sender, &one.event.id, &code, &to, &standing, &one.attempts.len()]);
        }
        for stage in self.outreach.stages() {
            let (first, by) = (&stage.first, &stage.by.event);
            line(&[
                &stage.reached.stage.code(),
                &stage.reached.on,
                &first.sender,
                &first.id,
                &by.sender,
                &by.id,
            ]);
        }
        for contact in self.outreach.contacts() {
            let against = contact.against_terms.as_ref().map_or("", |reason| &reason.code);
            let withdrawn =
                contact.withdrawn.as_ref().map_or(String::new(), |one| one.by.event.id.to_string());
            line(&[&contact.key.sender, &contact.key.id, &contact.contact.id, &against, &withdrawn]);
        }
        for ask in self.outreach.asks() {
            let granted =
                ask.answer.as_ref().map_or("", |answer| if answer.granted { "granted" } else { "refused" });
            line(&[&ask.asked.sender, &ask.asked.id, &granted]);
        }
        for one in self.outreach.prohibitions() {
            let lifted = one.lifted.as_ref().map_or(String::new(), |lifted| lifted.by.event.id.to_string());
            line(&[&one.key.sender, &one.key.id, &one.prohibited.on, &lifted]);
        }
        for concern in self.concerns.all() {
            let EventKey { sender, id } = &concern.key;
            line(&[sender, id, &concern.status.code(), &concern.since, &concern.steps.len()]);
        }
        for answer in self.concerns.published() {
            line(&[&answer.key.sender, &answer.key.id, &answer.topic.code()]);
        }
        for one in self.agreements.all() {
            let replaced = one.replaced_by.as_ref().map_or(String::new(), |key| key.id.to_string());
            line(&[&one.key.sender, &one.key.id, &one.agreement.sha256, &one.status.code(), &replaced]);
        }
        for meeting in self.meetings.all() {
            let EventKey { sender, id } = &meeting.key;
            let (held, off) = (meeting.held.is_some(), meeting.cancelled.is_some());
            let (cases, left) = (meeting.agenda.len(), meeting.unrecorded().count());
            line(&[sender, id, &meeting.begins, &held, &off, &cases, &left, &meeting.steps]);
            for one in &meeting.decisions {
                let undone = one.undone.as_ref().map_or("", |undone| match undone.settled {
                    None => "undone",
                    Some((_, Settled::Dropped)) => "dropped",
                    Some((_, Settled::Instead(_))) => "instead",
                });
                line(&[&one.event.sender, &one.event.id, &undone]);
            }
            for point in &meeting.points {
                line(&[&point.key.sender, &point.key.id]);
            }
            for one in &meeting.people {
                let answer = one.answer.as_ref().map_or("", |(answer, _)| answer.code());
                line(&[&one.whom.contact, &one.whom.organization, &answer]);
            }
        }
        for one in self.referrals.all() {
            let room = one.room.map_or(String::new(), |room| room.to_string());
            line(&[&one.key.sender, &one.key.id, &one.status.code(), &room, &one.steps.len()]);
        }
        if let Some(course) = self.referrals.course() {
            line(&[&course.status.code(), &course.steps.len()]);
        }
        for consent in self.consents.all() {
            let ends = consent.ends.map_or(String::new(), |ends| ends.to_string());
            let revoked = consent.revoked.as_ref().map_or(String::new(), |one| one.by.event.id.to_string());
            line(&[&consent.key.sender, &consent.key.id, &ends, &revoked]);
        }
        for one in self.consents.overrides() {
            let justified =
                one.review.as_ref().map_or("", |review| if review.justified { "yes" } else { "no" });
            line(&[&one.key.sender, &one.key.id, &one.by.contact, &justified]);
        }
        for (rung, posted) in &self.life.rungs {
            let RungKey { owed, clock, contact, organization } = rung;
            line(&[owed, clock, contact, organization, &posted.event.sender, &posted.at, &posted.left]);
        }
        for (key, clock) in &self.heads {
            line(&[&key.sender, &key.id, clock]);
        }
        Sha256::of(text)
    }
}
