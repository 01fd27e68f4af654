//! What keeps a care plan from being signed, once it has come back, and what is owed because of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::agreement::{Agreement, Completion, RuleSet};
use crate::care_plan::owing::{clock, community_side};
use crate::care_plan::{CarePlans, PlanState, PlanStatus, StepTaken};
use crate::case::step::{Owed, Rules};
use crate::contact::Topic;
use crate::id::OrganizationId;

/// The clock of the new version of a care plan that came back with changes, from its return.
pub const REVISION_CLOCK: &str = "plan-revision";
/// The clock of what a care plan lacks that the provider or the designee approved: the member's signature or, by the rule of its
/// day, the in-house approval; from the provider's.
pub const SIGNATURE_CLOCK: &str = "plan-signature";
/// The clock of a signed care plan that a record holds otherwise: from when that was told, or from the approval where that came later.
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
    Changed {
        /// Who told it first.
        told: &'a StepTaken,
        /// Since when it is so: since the approval, where the change was told before.
        since: Timestamp,
    },
    /// It was approved, and the member has not signed it, which makes it complete.
    Member(&'a StepTaken),
    /// It was approved, and no clinician of the side that sent it has, which makes it complete.
    InHouse(&'a StepTaken),
}

impl Unsigned<'_> {
    /// Since when.
    pub fn since(&self) -> Timestamp {
        match self {
            Self::Returned(by) | Self::Member(by) | Self::InHouse(by) => by.at,
            Self::Changed { since, .. } => *since,
        }
    }
}

impl PlanState {
    /// Who told first of what a record holds in its place by now: of each record since it last had what was sent, however often it was
    /// changed since; nobody where every record has that, as far as anybody told.
    pub fn changed_since(&self) -> Option<&StepTaken> {
        let mut runs: BTreeMap<&OrganizationId, usize> = BTreeMap::new();
        for (n, (told, _)) in self.changed.iter().enumerate() {
            if told.sha256.is_some() {
                runs.entry(&told.organization).or_insert(n);
            } else {
                runs.remove(&told.organization);
            }
        }
        let first = runs.into_values().min()?;
        self.changed.get(first).map(|(_, by)| by)
    }

    /// What keeps it from being signed, where it was returned or approved.
    pub fn unsigned(&self, agreement: &Agreement, rules: &RuleSet) -> Option<Unsigned<'_>> {
        let by = match &self.status {
            PlanStatus::Returned { by, .. } => return Some(Unsigned::Returned(by)),
            PlanStatus::Approved(by) => by,
            PlanStatus::Sent | PlanStatus::Acknowledged | PlanStatus::Replaced { .. } => return None,
        };
        if let Some(told) = self.changed_since() {
            return Some(Unsigned::Changed { told, since: told.at.max(by.at) });
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
        Unsigned::Changed { told, .. } => (
            CHANGED_CLOCK,
            "the care plan was changed since it was sent for signature: send it anew, or change it back",
            &told.event,
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
