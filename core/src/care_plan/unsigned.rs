//! What keeps a care plan from being signed, once it has come back, and what is owed because of it.

use jiff::Timestamp;

use crate::agreement::{Agreement, Completion, RuleSet};
use crate::care_plan::owing::{clock, community_side};
use crate::care_plan::{CarePlans, PlanState, PlanStatus, StepTaken};
use crate::case::step::{Owed, Rules};
use crate::contact::Topic;

/// The clock of the new version of a care plan that came back with changes, from its return.
pub const REVISION_CLOCK: &str = "plan-revision";
/// The clock of what a care plan lacks that the provider or the designee approved: the member's signature or, by the rule of its
/// day, the in-house approval; from the provider's.
pub const SIGNATURE_CLOCK: &str = "plan-signature";
/// The clock of a signed care plan that was changed since: from when that was told.
pub const CHANGED_CLOCK: &str = "plan-changed";

/// The clocks that stand still once the member has left the programme.
pub(crate) const ENDS_WITH_THE_PROGRAMME: [&str; 4] =
    [REVISION_CLOCK, SIGNATURE_CLOCK, CHANGED_CLOCK, super::RENEWAL_CLOCK];

/// Why the care plan that was sent last is not signed, though it does not wait for the plan side any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsigned<'a> {
    /// It came back with changes.
    Returned(&'a StepTaken),
    /// It was approved, and a record holds something else by now: whoever signed did not sign that.
    Changed(&'a StepTaken),
    /// It was approved, and the member has not signed it, which makes it complete.
    Member(&'a StepTaken),
    /// It was approved, and no clinician of the side that sent it has, which makes it complete.
    InHouse(&'a StepTaken),
}

impl Unsigned<'_> {
    /// Since when.
    pub fn since(&self) -> Timestamp {
        match self {
            Self::Returned(by) | Self::Changed(by) | Self::Member(by) | Self::InHouse(by) => by.at,
        }
    }
}

impl PlanState {
    /// Who told first of what a record holds in its place by now; nobody where every record has what was sent, as far as anybody told.
    pub fn changed_since(&self) -> Option<&StepTaken> {
        let stands = |n: usize| {
            let organization = self.changed.get(n).map(|(told, _)| &told.organization);
            let later = self.changed.iter().skip(n + 1);
            !later.map(|(told, _)| Some(&told.organization)).any(|other| other == organization)
        };
        let mut last = self.changed.iter().enumerate();
        last.find(|(n, (told, _))| told.sha256.is_some() && stands(*n)).map(|(_, (_, by))| by)
    }

    /// What keeps it from being signed, where it was returned or approved.
    pub fn unsigned(&self, agreement: &Agreement, rules: &RuleSet) -> Option<Unsigned<'_>> {
        let by = match &self.status {
            PlanStatus::Returned { by, .. } => return Some(Unsigned::Returned(by)),
            PlanStatus::Approved(by) => by,
            PlanStatus::Sent | PlanStatus::Acknowledged | PlanStatus::Replaced { .. } => return None,
        };
        if let Some(changed) = self.changed_since() {
            return Some(Unsigned::Changed(changed));
        }
        if self.completed(agreement, rules).is_some() {
            return None;
        }
        Some(match self.completion(agreement, rules) {
            Completion::BothSigned => Unsigned::Member(by),
            Completion::SentApproved => Unsigned::InHouse(by),
        })
    }
}

/// What the community side owes of the plan that was sent last, where it is not signed and does not wait for the plan side: by the
/// agreement's clock, else the rule set's, else when the case would count as quiet, so that no plan is left lying.
pub(super) fn owed(plans: &CarePlans, rules: &Rules<'_>) -> Option<Owed> {
    let plan = plans.all().last()?;
    let unsigned = plan.unsigned(rules.agreement, rules.rules)?;
    let (name, what, since) = match unsigned {
        Unsigned::Returned(by) => (
            REVISION_CLOCK,
            "make the changes that the care plan came back with, and send it anew",
            &by.event,
        ),
        Unsigned::Changed(by) => (
            CHANGED_CLOCK,
            "the care plan was changed after it was signed: send it anew for signature, or change it back",
            &by.event,
        ),
        Unsigned::Member(_) => {
            (SIGNATURE_CLOCK, "have the member, or their representative, sign the care plan", &plan.sent)
        }
        Unsigned::InHouse(_) => {
            (SIGNATURE_CLOCK, "have a clinician of your own organization approve the care plan", &plan.sent)
        }
    };
    let (owner, first) = community_side(rules)?;
    let (at, zone) = (unsigned.since(), &rules.agreement.zone);
    let due = match clock(name, plan, at.to_zoned(zone.clone()).date(), rules) {
        Some(clock) => clock.due(at, zone),
        None => rules.agreement.quiet.after(at, zone),
    };
    Some(Owed {
        since: since.owed(),
        clock: name.to_owned(),
        what: what.to_owned(),
        owner,
        from: None,
        until: None,
        due,
        ladder: rules.ladder(Topic::CarePlan, first, due),
    })
}
