//! A member who must not be contacted, and outreach that was not made because of that.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::case::step::Step;
use crate::due;
use crate::outreach::life::refused;
use crate::outreach::{Channel, ContactRecorded, Outreach};
use crate::policy::{Reach, Reason, may_reach_out};

/// How often one organisation says that the member must not be contacted.
const MOST_PROHIBITIONS: usize = 100;

/// `contact.prohibited`: the member must not be contacted: they, or whoever speaks for them, said so. `Debug` shows neither since when nor
/// why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactProhibited {
    /// Since which day.
    pub on: Date,
    /// Whether somebody said it who speaks for the member.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub representative: bool,
    /// What was said, and how one is to arrange with them instead. Empty where a handover withheld it.
    pub reason: String,
}

impl fmt::Debug for ContactProhibited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactProhibited(…)")
    }
}

impl ContactProhibited {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { reason: String::new(), ..self.clone() }
    }
}

/// `contact.permitted`: the member may be contacted again. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPermitted {
    /// The `contact.prohibited` that holds no longer.
    pub prohibition: EventKey,
    /// What was said. Empty where a handover withheld it.
    pub reason: String,
}

impl fmt::Debug for ContactPermitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContactPermitted({})", self.prohibition.id)
    }
}

impl ContactPermitted {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { reason: String::new(), ..self.clone() }
    }
}

/// Why somebody did not reach out who would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotMade {
    /// The member must not be contacted: they said so, or who speaks for them.
    Member,
    /// The agreement, or the plan side when it was asked, does not let it be.
    Agreement,
    /// The member's consent does not let it be.
    Consent,
}

impl NotMade {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Member, Self::Agreement, Self::Consent];

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Agreement => "agreement",
            Self::Consent => "consent",
        }
    }

    /// Why, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Member => "the member must not be contacted",
            Self::Agreement => "the agreement does not let it be",
            Self::Consent => "the member's consent does not let it be",
        }
    }
}

/// That the member must not be contacted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoContact {
    /// Its `contact.prohibited`.
    pub key: EventKey,
    /// What was said.
    pub prohibited: ContactProhibited,
    /// Who said so, and when.
    pub by: StepTaken,
    /// Who said that it holds no longer, and when, with what was said.
    pub lifted: Option<Lifted>,
}

/// That the member may be contacted again. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lifted {
    /// What was said. Empty where a handover withheld it.
    pub reason: String,
    /// Who said so, and when.
    pub by: StepTaken,
}

impl fmt::Debug for Lifted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lifted({})", self.by.event.id)
    }
}

impl Outreach {
    /// How often, and when, it was said that the member must not be contacted.
    pub fn prohibitions(&self) -> &[NoContact] {
        &self.prohibitions
    }

    /// That the member must not be contacted, as far as anybody has said.
    pub fn no_contact(&self) -> Option<&NoContact> {
        self.prohibitions.iter().find(|one| one.lifted.is_none())
    }

    /// The same, as it was at an instant.
    pub(crate) fn no_contact_at(&self, at: Timestamp) -> Option<&NoContact> {
        let over = |one: &NoContact| one.lifted.as_ref().is_some_and(|lifted| lifted.by.at <= at);
        self.prohibitions.iter().find(|one| one.by.at <= at && !over(one))
    }
}

/// Says that the member must not be contacted. Either side may: whoever they said it to.
pub(super) fn prohibited(
    outreach: &mut Outreach,
    event: &ContactProhibited,
    step: &Step<'_>,
) -> Result<(), Reason> {
    of_a_side(step)?;
    if !due::is_a_date(event.on) || event.on > due::latest_day(step.when()) {
        let text = "it was said on a day after 1899, and not on one ahead";
        return Err(refused("no-contact-date", text));
    }
    if outreach.no_contact().is_some() {
        return Err(refused("no-contact-known", "that the member must not be contacted was said before"));
    }
    let organization = &step.seat.contact.organization;
    if outreach.prohibitions.iter().filter(|one| one.by.organization == *organization).count()
        >= MOST_PROHIBITIONS
    {
        let text = "your organization has said this very often in this case: open a new one";
        return Err(refused("no-contact-too-often", text));
    }
    let (key, by) = (step.key.clone(), StepTaken::of(step));
    outreach.prohibitions.push(NoContact { key, prohibited: event.clone(), by, lifted: None });
    Ok(())
}

/// Says that the member may be contacted again.
pub(super) fn permitted(
    outreach: &mut Outreach,
    event: &ContactPermitted,
    step: &Step<'_>,
) -> Result<(), Reason> {
    of_a_side(step)?;
    let one = outreach.prohibitions.iter_mut().find(|one| one.key == event.prohibition);
    let one = one.ok_or_else(|| {
        refused("no-contact-unknown", "nobody said here that the member must not be contacted")
    })?;
    if one.lifted.is_some() {
        return Err(refused("no-contact-lifted", "that the member may be contacted again was said before"));
    }
    one.lifted = Some(Lifted { reason: event.reason.clone(), by: StepTaken::of(step) });
    Ok(())
}

fn of_a_side(step: &Step<'_>) -> Result<(), Reason> {
    let organization = &step.seat.contact.organization;
    if organization == step.community_side || organization == step.plan_side {
        return Ok(());
    }
    let text = "one of the two sides of the case says whether the member may be contacted";
    Err(refused("outreach-not-a-side", text))
}

/// Whether what was not made could not be, as far as the case knows: of the consents whoever says it knows.
pub(super) fn not_made(
    outreach: &Outreach,
    event: &ContactRecorded,
    agreement: &Agreement,
) -> Result<(), Reason> {
    let Some(why) = event.not_made else { return Ok(()) };
    if event.reached || event.face_to_face {
        let text = "what was not made reached nobody: record a contact, or that there was none";
        return Err(refused("contact-not-made", text));
    }
    let prohibited = match why {
        NotMade::Member => outreach.no_contact_at(event.when).is_some(),
        NotMade::Agreement => denied(outreach, event.channel, event.when, agreement),
        NotMade::Consent => true,
    };
    if prohibited {
        return Ok(());
    }
    let text = "nothing in this case prohibited it then: say first that the member must not be contacted, or record an attempt";
    Err(refused("contact-not-prohibited", text))
}

/// Whether the agreement, or the plan side by it, did not let it be.
fn denied(outreach: &Outreach, channel: Channel, at: Timestamp, agreement: &Agreement) -> bool {
    let of_member = |reason: &Reason| reason.code == "outreach-no-contact";
    let judged = may_reach_out(agreement, outreach, channel, at);
    let mut others = judged.reasons.iter().filter(|reason| !of_member(reason));
    judged.answer == Reach::Denied
        && others.next_back().is_some_and(|reason| {
            ["outreach-prohibited", "outreach-refused", "agreement-not-in-force"].contains(&&*reason.code)
        })
}
