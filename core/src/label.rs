//! Labels: how sensitive something is, and which law speaks of it. Maps to `meta.security` (R4, 6.1): codes of
//! v3-Confidentiality and v3-ActCode.
//!
//! A label rides on an event, and on every resource that the event shapes. What one of a 42 CFR Part 2 program says is labelled
//! whether they say so or not: see [`Marks::labels_of`].

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::contact::Seat;
use crate::error::{InvalidInput, Result};
use crate::id::EventId;

/// The statement that goes with every disclosure of Part 2 records: 42 CFR 2.32(a)(2), in its own words.
pub const STATEMENT: &str = "42 CFR part 2 prohibits unauthorized use or disclosure of these records.";

/// The longest reason for an override or for taking a label off, in bytes.
pub const REASON_LIMIT: usize = 512;

/// How many consents one event rests on at most, so that what explains them fits beside it.
pub const MOST_CONSENTS: usize = 3;

/// The labels of something.
pub type Labels = BTreeSet<Label>;

/// A security label: a Coding of `meta.security` (R4, 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum Label {
    /// Confidentiality: normal.
    Normal,
    /// Confidentiality: restricted.
    Restricted,
    /// Confidentiality: very restricted.
    VeryRestricted,
    /// Substance abuse information.
    SubstanceAbuse,
    /// Substance use disorder information.
    SubstanceUseDisorder,
    /// Psychiatry information.
    Psychiatry,
    /// Mental health information.
    MentalHealth,
    /// Behavioural health information.
    BehaviouralHealth,
    /// Psychotherapy notes (45 CFR 164.501): kept apart from the rest, and told under a consent of their own.
    PsychotherapyNotes,
    /// Counselling notes of substance use disorder treatment (42 CFR 2.11): kept apart from the rest, and told under a consent of their
    /// own. HL7 has no code for them: it is one of ours.
    CounsellingNotes,
    /// HIV or AIDS information.
    Hiv,
    /// Sexual assault, abuse or domestic violence information.
    Violence,
    /// 42 CFR Part 2 holds.
    Part2,
    /// It may not be passed on without consent.
    NoRedisclosure,
    /// A label that this release does not know. No consent covers it.
    Unknown,
}

impl Label {
    /// Every one that has a code.
    pub const ALL: [Self; 14] = [
        Self::Normal,
        Self::Restricted,
        Self::VeryRestricted,
        Self::SubstanceAbuse,
        Self::SubstanceUseDisorder,
        Self::Psychiatry,
        Self::MentalHealth,
        Self::BehaviouralHealth,
        Self::PsychotherapyNotes,
        Self::CounsellingNotes,
        Self::Hiv,
        Self::Violence,
        Self::Part2,
        Self::NoRedisclosure,
    ];

    /// What a Part 2 program's records are labelled with where nobody says otherwise.
    pub const OF_PART_2: [Self; 4] =
        [Self::Restricted, Self::SubstanceUseDisorder, Self::Part2, Self::NoRedisclosure];

    /// Its code: of v3-Confidentiality or v3-ActCode. `SUDCN` is one of ours, and `unknown` is none.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Normal => "N",
            Self::Restricted => "R",
            Self::VeryRestricted => "V",
            Self::SubstanceAbuse => "ETH",
            Self::SubstanceUseDisorder => "SUD",
            Self::Psychiatry => "PSY",
            Self::MentalHealth => "MH",
            Self::BehaviouralHealth => "BH",
            Self::PsychotherapyNotes => "PSYTHPN",
            Self::CounsellingNotes => "SUDCN",
            Self::Hiv => "HIV",
            Self::Violence => "SDV",
            Self::Part2 => "42CFRPart2",
            Self::NoRedisclosure => "NORDSCLCD",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a label that somebody gives.
    ///
    /// # Errors
    /// `InvalidInput` (`unknown-label`).
    pub fn parse(code: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|label| label.code() == code).ok_or_else(|| {
            let detail = "a label is N, R, V, SUD, ETH, MH, BH, PSY, PSYTHPN, SUDCN, HIV, SDV, 42CFRPart2 or NORDSCLCD";
            InvalidInput::new("unknown-label", detail).field("labels").into()
        })
    }

    /// Whether it names a category that is told only as a consent lets it be. The others say how confidential something is, and
    /// what whoever has it may do.
    pub const fn is_sensitive(self) -> bool {
        !matches!(self, Self::Normal | Self::Restricted | Self::VeryRestricted | Self::NoRedisclosure)
    }

    /// Whether only a consent that names this category alone lets it be told: one for counselling notes may not be combined with one
    /// for anything else (42 CFR 2.31(b), 45 CFR 164.508(b)(3)(ii)), and no other consent covers them.
    pub const fn needs_its_own_consent(self) -> bool {
        matches!(self, Self::PsychotherapyNotes | Self::CounsellingNotes)
    }

    /// Whether what bears this label is about that category by being what it is: a counselling note is a record of substance use
    /// disorder treatment, a psychotherapy note one of mental health. The consent for the note is then the one for it.
    pub(crate) fn implies(self, other: Self) -> bool {
        match self {
            Self::CounsellingNotes => Self::Part2.covers(other),
            Self::PsychotherapyNotes => {
                matches!(other, Self::MentalHealth | Self::BehaviouralHealth | Self::Psychiatry)
            }
            _ => false,
        }
    }

    /// Whether a consent that names this category covers that one: each covers itself; Part 2 what is told of substance use, which
    /// its records are about; substance abuse the disorder; behavioural health mental health, and nothing of substance use.
    pub fn covers(self, other: Self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Part2 => {
                matches!(other, Self::Part2 | Self::SubstanceAbuse | Self::SubstanceUseDisorder)
            }
            Self::SubstanceAbuse => matches!(other, Self::SubstanceAbuse | Self::SubstanceUseDisorder),
            Self::BehaviouralHealth => matches!(other, Self::BehaviouralHealth | Self::MentalHealth),
            own => own == other,
        }
    }
}

impl From<String> for Label {
    fn from(code: String) -> Self {
        Self::ALL.into_iter().find(|label| label.code() == code).unwrap_or(Self::Unknown)
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.code().to_owned()
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Whether any of them names a category that is told only as a consent lets it be.
pub fn are_sensitive(labels: &Labels) -> bool {
    labels.iter().any(|label| label.is_sensitive())
}

/// What an event says of its own sensitivity: part of its block, for every kind alike. `Debug` shows no reason.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub labels: Labels,
    /// Why one of a Part 2 program says it without the labels that it would have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlabelled: Option<String>,
    /// What permitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<Under>,
    /// The emergency in which it was said without consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub btg: Option<Emergency>,
}

/// On which consents an event was disclosed, and where its `body` says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Under {
    /// The `consent.recorded` events. None in an emergency, or where nobody of another organisation read it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub consents: BTreeSet<EventId>,
    /// How many bytes of the `body` come before the notice: the statement, and what the consents allow.
    pub notice: u64,
}

/// An emergency (v3-ActReason BTG; 42 CFR 2.51): what was said without consent, and why.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emergency {
    /// What the emergency is. Empty where a handover withholds it.
    pub reason: String,
}

impl fmt::Debug for Emergency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Emergency(…)")
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marks")
            .field("unlabelled", &self.unlabelled.is_some())
            .field("under", &self.under)
            .field("btg", &self.btg.is_some())
            .finish_non_exhaustive()
    }
}

impl Marks {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The labels of what somebody says: those that they gave; and where they are of a Part 2 program, those of its records, unless
    /// they took them off with a reason. Text without a label is never taken as free.
    pub fn labels_of(&self, seat: &Seat, agreement: &Agreement) -> Labels {
        let mut labels = self.labels.clone();
        let said = self.unlabelled.as_deref().is_some_and(|reason| !reason.trim().is_empty());
        if !said && agreement.part2.as_ref().is_some_and(|part2| part2.is_of_program(seat)) {
            labels.extend(Label::OF_PART_2);
        }
        labels
    }

    /// What of them a stub of a handover keeps: that there was an emergency, which somebody looks at; nothing of what it was, and
    /// no label, which would tell what is withheld.
    pub(crate) fn withheld(&self) -> Self {
        Self { btg: self.btg.as_ref().map(|_| Emergency::default()), ..Self::default() }
    }

    /// What is said, and the notice after it.
    pub(crate) fn split<'b>(&self, body: &'b str) -> (&'b str, Option<&'b str>) {
        let at = self.under.as_ref().and_then(|under| usize::try_from(under.notice).ok());
        match at.and_then(|at| body.split_at_checked(at)) {
            Some((said, notice)) if !notice.trim().is_empty() => (said, Some(notice.trim_start())),
            _ => (body, None),
        }
    }

    /// Whether the reasons have the form that they need.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`).
    pub fn check(&self) -> Result<()> {
        let wrong = |text: &str| {
            text.trim().is_empty() || text.len() > REASON_LIMIT || text.chars().any(char::is_control)
        };
        let reasons = self.unlabelled.as_deref().into_iter().chain(self.btg.as_ref().map(|e| &*e.reason));
        for reason in reasons {
            if wrong(reason) {
                let detail = "say why, in 512 bytes at most and without line breaks";
                return Err(InvalidInput::new("invalid-reason", detail).field("reason").into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn labels_travel_as_their_codes_and_one_of_a_later_release_is_sensitive() {
        for label in Label::ALL {
            let text = serde_json::to_string(&label).unwrap();
            assert_eq!(serde_json::from_str::<Label>(&text).unwrap(), label);
            assert_eq!(Label::parse(label.code()).unwrap(), label);
        }
        let later: Label = serde_json::from_str("\"GDIS\"").unwrap();
        assert_eq!(later, Label::Unknown);
        assert!(later.is_sensitive() && !Label::ALL.iter().any(|label| label.covers(later)));
        assert!(!Label::Unknown.covers(later));
        assert_eq!(Label::parse("unknown").unwrap_err().code(), "unknown-label");
    }

    #[test]
    fn a_category_covers_no_more_than_it_says() {
        assert!(Label::Part2.covers(Label::SubstanceUseDisorder));
        assert!(!Label::SubstanceUseDisorder.covers(Label::Part2));
        assert!(Label::BehaviouralHealth.covers(Label::MentalHealth));
        assert!(!Label::BehaviouralHealth.covers(Label::SubstanceUseDisorder));
        assert!(!Label::BehaviouralHealth.covers(Label::Psychiatry));
        let sensitive = |label: &&Label| label.is_sensitive();
        assert!(Label::ALL.iter().filter(sensitive).all(|label| label.covers(*label)));
    }

    #[test]
    fn no_other_category_covers_notes_that_are_kept_apart() {
        for notes in [Label::PsychotherapyNotes, Label::CounsellingNotes] {
            assert!(notes.needs_its_own_consent() && notes.is_sensitive());
            for label in Label::ALL {
                assert_eq!(label.covers(notes), label == notes, "{label}");
                assert_eq!(notes.covers(label), label == notes, "{label}");
            }
        }
    }

    #[test]
    fn a_notice_stands_where_its_event_says_and_nowhere_else() {
        let marks = |notice| Marks { under: Some(Under { notice, ..Under::default() }), ..Marks::default() };
        assert_eq!(marks(2).split("ab\n\nSay"), ("ab", Some("Say")));
        // What a peer says of it does no harm.
        for notice in [3, 99, u64::MAX] {
            assert_eq!(marks(notice).split("aé"), ("aé", None), "{notice}");
        }
        assert_eq!(marks(2).split("aé"), ("aé", None));
        assert_eq!(Marks::default().split("ab"), ("ab", None));
    }

    #[test]
    fn what_shows_a_mark_shows_no_reason() {
        let marks = Marks {
            labels: Label::OF_PART_2.into(),
            unlabelled: Some("Marty".into()),
            btg: Some(Emergency { reason: "Marty".into() }),
            under: None,
        };
        let shown = format!("{marks:?} {:?}", marks.btg);
        assert!(!shown.contains("Marty") && !shown.contains("Part2"), "{shown}");
        let kept = marks.withheld();
        assert!(kept.labels.is_empty() && kept.unlabelled.is_none() && kept.btg.unwrap().reason.is_empty());
    }
}
