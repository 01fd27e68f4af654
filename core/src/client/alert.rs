//! Alerts and joint visits, as a host gives them: what happened is brought to the cases of whom it happened to.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::alert::{AlertRaised, Answer, FollowUpDone, Matched, StayKey, VisitAnswered, VisitProposed};
use crate::care_team::Whom;
use crate::case::event::{Block, Content, EventData, EventKey, HeldBody};
use crate::case::name::EventName;
use crate::client::{Case, Caseline};
use crate::commands::Command;
use crate::error::{Error, InvalidInput, Result};
use crate::id::{CaseId, EventId, MemberId, Sha256};
use crate::member::Member;

/// The longest of the short texts of an alert, in bytes.
const NAME_LIMIT: usize = 512;
/// The longest text of a reason or an outcome, in bytes: it travels twice, in the block and in what any client shows.
const TEXT_LIMIT: usize = 8 * 1024;

/// Something that happened to somebody, as a feed or a host tells it. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct AlertInput {
    /// The member's number, where the feed has it: it finds the cases exactly. It is compared with the number by which both sides know
    /// the member: of the Patient in one's own record a case keeps the reference only, not what other numbers that has.
    pub member: Option<MemberId>,
    /// The member's name, for where the feed has no number, or one that no case here knows. It only proposes cases, together with the
    /// date of birth.
    pub name: Option<String>,
    /// The member's date of birth.
    pub birth_date: Option<Date>,
    /// What happened. How it was matched is for the search to say.
    pub alert: AlertRaised,
}

impl std::fmt::Debug for AlertInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AlertInput(…)")
    }
}

/// What became of an alert.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertOutcome {
    /// The cases that were told, and by which event.
    pub raised: Vec<(CaseId, EventKey)>,
    /// The cases that knew it already: the same was told before, from here or by the other side.
    pub known: Vec<CaseId>,
    /// The cases whose member has that name and date of birth, where no case knows the number. Nothing was sent: a person confirms it with [`Case::raise_alert`].
    pub proposed: Vec<CaseId>,
}

impl Caseline {
    /// Brings an alert to the open cases of the member: by the member's number to each of them; by name and date of birth, where there is
    /// no number or one that no case knows (a hospital has numbers of its own), to none, but the cases are proposed. The number of a
    /// known case's member, even of a closed one, says who it is: nobody else is proposed by name. The same alert again, after a kill
    /// or by another bot of this account, is sent once. Where one case cannot be told, the others are; then it fails, and can be
    /// repeated.
    ///
    /// # Errors
    /// `InvalidInput` (`alert-without-member`: give the number, or name and date of birth; those of [`Case::raise_alert`]), besides the
    /// errors of every command.
    pub fn raise_alert(&self, input: &AlertInput) -> Result<AlertOutcome> {
        checked(&input.alert)?;
        let by_name = input.name.as_deref().map(words).zip(input.birth_date);
        if input.member.is_none() && by_name.is_none() {
            let detail = "say whom it happened to: the member's number, or name and date of birth";
            return Err(InvalidInput::new("alert-without-member", detail).field("member").into());
        }
        let mut outcome = AlertOutcome::default();
        let (mut failed, mut number_known) = (None, false);
        let alert = AlertRaised { matched: Matched::ByMemberId, ..input.alert.clone() };
        for case in self.cases()? {
            // With what is still on its way: the case may have been opened, or closed, a moment ago and offline.
            let state = case.expected()?;
            let Some(member) = state.opening().and_then(|opening| opening.member.as_ref()) else { continue };
            let is_exact = input.member.as_ref() == Some(&member.id);
            number_known |= is_exact;
            if state.life.going_on().is_err() {
                continue;
            }
            if is_exact {
                let own = state.roster().seat_of(&self.user()).map(|seat| &seat.contact.organization);
                let stay = state.alerts.stay(&alert.stay.id());
                // Told all the same: it stands by itself, should the other be taken back.
                let known = stay.zip(own).is_some_and(|(stay, own)| stay.is_told_by_another(&alert, own));
                match case.raise_alert(None, alert.clone()) {
                    Ok(_) if known => outcome.known.push(case.id()),
                    Ok(key) => outcome.raised.push((case.id(), key)),
                    Err(Error::NotAllowed { reasons })
                        if reasons.iter().any(|reason| reason.code == "alert-known") =>
                    {
                        outcome.known.push(case.id());
                    }
                    Err(error) => failed = failed.or(Some(error)),
                }
            } else if by_name.as_ref().is_some_and(|by| is_named(member, by)) {
                outcome.proposed.push(case.id());
            }
        }
        if number_known {
            outcome.proposed.clear();
        }
        failed.map_or(Ok(outcome), Err)
    }
}

/// A name's words as they are compared: without case, and without the dots of initials.
fn words(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let words =
        name.split(|c: char| c.is_whitespace() || matches!(c, ',' | '^')).map(|word| word.trim_matches('.'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether two names may be one person's, in any order of their words, since feeds write `EXAMPLE, Marty`, too: they are the same, or
/// all words of the one are among the other's, two at least. A single letter is an initial: it agrees with a word that begins so,
/// and may be absent. What is found so is only proposed.
fn names_agree(one: &[String], other: &[String]) -> bool {
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort_unstable();
        words
    };
    let same = !one.is_empty() && sorted(one) == sorted(other);
    same || are_among(one, other) || are_among(other, one)
}

fn are_among(few: &[String], many: &[String]) -> bool {
    let is_initial = |word: &str| word.chars().count() == 1;
    let mut left: Vec<&String> = many.iter().collect();
    let mut take = |agrees: &dyn Fn(&str) -> bool| {
        let place = left.iter().position(|word| agrees(word));
        place.map(|place| left.swap_remove(place)).is_some()
    };
    // Whole words first: no initial may take the place of one.
    let (same, others): (Vec<&String>, Vec<&String>) =
        few.iter().partition(|word| take(&|known| known == **word));
    let whole = same.iter().filter(|word| !is_initial(word)).count();
    let mut agreeing = same.len();
    for word in others {
        let begins = |known: &str| {
            (is_initial(word) && known.starts_with(word.as_str()))
                || (is_initial(known) && word.starts_with(known))
        };
        if take(&begins) {
            agreeing += 1;
        } else if !is_initial(word) {
            return false;
        }
    }
    whole >= 1 && agreeing >= 2
}

fn is_named(member: &Member, (name, birth_date): &(Vec<String>, Date)) -> bool {
    member.birth_date == *birth_date && names_agree(&words(&member.name), name)
}

fn checked(alert: &AlertRaised) -> Result<()> {
    let wrong = |field: &str| {
        let detail =
            "an alert names the facility, its number of the stay and its source, in 512 bytes each at most";
        Err(InvalidInput::new("invalid-alert", detail).field(field).into())
    };
    let StayKey::Named { facility, visit } = &alert.stay else { return wrong("facility") };
    for (field, text) in [("facility", facility), ("visit", visit), ("source", &alert.source)] {
        if text.trim().is_empty() || text.len() > NAME_LIMIT {
            return wrong(field);
        }
    }
    for (field, text) in [("facility_name", &alert.facility_name), ("message", &alert.message)] {
        if text.as_ref().is_some_and(|text| text.len() > NAME_LIMIT) {
            return wrong(field);
        }
    }
    Ok(())
}

fn short(field: &'static str, text: &str, limit: usize) -> Result<()> {
    if text.len() <= limit {
        return Ok(());
    }
    Err(InvalidInput::new("text-too-long", "this text is too long: say less").field(field).into())
}

impl Case {
    /// Tells this case of an admission, a discharge, a transfer, an emergency visit, or that one was cancelled. Where the alert was found
    /// by name and date of birth, a person has confirmed that it is this case's member
    /// ([`Matched::ConfirmedByPerson`]). Without an id the event has one that follows from what happened, so that the same again,
    /// after a kill, is sent once.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-alert`, with the field), `NotAllowed` (`alert-known`, `alert-date`, `alert-confirmed-by-keeper`),
    /// besides the errors of every command.
    pub fn raise_alert(&self, id: Option<EventId>, alert: AlertRaised) -> Result<EventKey> {
        checked(&alert)?;
        let said = serde_json::to_string(&alert).map_err(|_| Error::internal("alert-serialize"))?;
        let (case, user, said) =
            (self.id().to_string(), self.caseline().user(), Sha256::of(said).to_string());
        let id = id.unwrap_or_else(|| EventId::derived(&["alert", &case, user.as_str(), &said]));
        self.command(&Command::new(Some(id), alert))
    }

    /// Proposes to visit the member together, because of a stay: who proposes it comes, and everybody else who is named answers.
    ///
    /// # Errors
    /// `NotAllowed` (`stay-unknown`, `visit-nobody`, `visit-time`, `visit-stay-cancelled`), besides the errors of every command.
    pub fn propose_visit(
        &self,
        id: Option<EventId>,
        stay: Sha256,
        at: Timestamp,
        place: Option<String>,
        with: Vec<Whom>,
    ) -> Result<EventKey> {
        short("place", place.as_deref().unwrap_or_default(), NAME_LIMIT)?;
        self.command(&Command::new(id, VisitProposed { stay, at, place, with }))
    }

    /// Answers a proposed visit, at the time that this device knows it to have: comes, does not, or moves it, whereupon everybody else
    /// answers again. Who proposed it and does not come calls it off.
    ///
    /// # Errors
    /// `NotFound` (`visit`), `NotAllowed` (`visit-not-asked`, `visit-called-off`, `visit-time`), besides the errors of every command.
    pub fn answer_visit(
        &self,
        id: Option<EventId>,
        visit: impl Into<EventName>,
        answer: Answer,
    ) -> Result<EventKey> {
        if let Answer::Decline { reason } = &answer {
            if reason.trim().is_empty() {
                return Err(InvalidInput::new("visit-without-reason", "say why").field("reason").into());
            }
            short("reason", reason, TEXT_LIMIT)?;
        }
        let state = self.expected()?;
        let proposed = state.alerts.visits().iter().map(|visit| &visit.proposed);
        let visit = visit.into().among(proposed, "visit", &self.caseline().user())?;
        let found = state.alerts.visit(&visit).ok_or(Error::NotFound { what: "visit" })?;
        // Repeated: it answers the time that its first attempt did, whatever the visit has by now.
        let first = id.map(|id| self.answered_time(id)).transpose()?.flatten();
        let time = first.unwrap_or(found.at);
        self.command(&Command::new(id, VisitAnswered { visit, time, answer }))
    }

    /// Says that somebody followed up with the member after a stay. It stops the stay's clock where it is what the clock asks for: after
    /// a discharge, a meeting.
    ///
    /// # Errors
    /// `NotAllowed` (`stay-unknown`, `follow-up-date`, `follow-up-stay-cancelled`), besides the errors of every command.
    pub fn follow_up_done(
        &self,
        id: Option<EventId>,
        stay: Sha256,
        at: Timestamp,
        face_to_face: bool,
        outcome: Option<String>,
    ) -> Result<EventKey> {
        short("outcome", outcome.as_deref().unwrap_or_default(), TEXT_LIMIT)?;
        self.command(&Command::new(id, FollowUpDone { stay, at, face_to_face, outcome }))
    }

    /// Which time of a visit an answer of ours was for.
    fn answered_time(&self, id: EventId) -> Result<Option<Timestamp>> {
        let key = EventKey { sender: self.caseline().user(), id };
        self.caseline().engine.with_expected(self.id(), |fold| match &fold.counting(&key)?.body {
            HeldBody::Whole(Content { block: Block::Event(event), .. }) => match &event.data {
                EventData::VisitAnswered(answered) => Some(answered.time),
                _ => None,
            },
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{names_agree, words};

    #[test]
    fn names_agree_where_one_person_may_have_both() {
        for (one, other, expected) in [
            ("Marty Example", "marty  EXAMPLE", true),
            ("Marty Example", "EXAMPLE, Marty", true),
            ("Marty Example", "EXAMPLE^MARTY^Q", true),
            ("Marty Example", "Marty Q. Example", true),
            ("Marty Quincy Example", "Marty Q Example", true),
            ("Marty Quincy Example", "Marty Example", true),
            ("Marty Example", "M. Example", true),
            ("J Marie Example", "Jane M Example", true),
            ("Maria Sample Example", "Maria Example", true),
            ("Marty Example Jr.", "Marty Example", true),
            // A contradicting initial is often a mistake of whoever typed it.
            ("Marty Q Example", "Marty R Example", true),
            ("Cher", "CHER", true),
            ("Marty Example", "Somebody Else", false),
            ("Marty Example", "Mary Example", false),
            ("Marty Example", "Marty", false),
            ("Marty Example", "Example", false),
            ("Marty Example", "Marty Q", false),
            ("Marty Example", "J Example", false),
            ("Marty Example", "M E", false),
            ("Marty Marty", "Marty Example", false),
            ("Marty Quincy Example", "Marty Robert Example", false),
            ("Example", "", false),
            ("", "", false),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(names_agree(&words(one), &words(other)), expected, "{one} / {other}");
            }
        }
    }
}
