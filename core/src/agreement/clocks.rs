//! The names of the clocks that an agreement or a rule set can set. A misspelt one would be kept and shown, and count nothing: what
//! two organisations settled would not hold, and nobody would see it.

use crate::agreement::proposal;
use crate::error::Result;
use crate::yaml::Value;
use crate::{alert, care_plan, concern, consent, crossing, meeting, outreach, referral, task};

/// Every clock whose length is looked up by this name. A task's own day and the end of a consent are no lengths that one could set.
const COUNTED: &[&str] = &[
    care_plan::CLOCK,
    care_plan::RENEWAL_CLOCK,
    care_plan::COPIES_CLOCK,
    care_plan::REVISION_CLOCK,
    care_plan::SIGNATURE_CLOCK,
    care_plan::CHANGED_CLOCK,
    outreach::ENGAGEMENT,
    outreach::PLAN_COMPLETED,
    outreach::RE_ENROLMENT_GAP,
    outreach::ANSWER,
    alert::INPATIENT_CLOCK,
    alert::ED_CLOCK,
    alert::ANSWER_CLOCK,
    alert::VISIT_CLOCK,
    task::CLAIM_CLOCK,
    task::REASSIGN_CLOCK,
    consent::RELEASE_CLOCK,
    consent::REVIEW_CLOCK,
    crossing::CLOCK,
    crossing::CALL_CLOCK,
    concern::HEARD_CLOCK,
    concern::ANSWER_CLOCK,
    concern::CLOSE_CLOCK,
    meeting::ANSWER_CLOCK,
    meeting::AGENDA_CLOCK,
    meeting::RECORD_CLOCK,
    meeting::CARRY_CLOCK,
    proposal::ANSWER_CLOCK,
    referral::CONTACT_CLOCK,
    referral::CARRY_CLOCK,
    referral::LOOP_CLOCK,
    referral::CAPACITY_CLOCK,
    referral::ANSWER_CLOCK,
    referral::OUTCOME_CLOCK,
    referral::CLOSE_CLOCK,
];

/// What the programme had once: a rule set may tell of it, and nothing here counts it.
const TOLD_ONLY: &[&str] = &["participation-form"];

/// How many letters may be wrong in a name for it to be taken for another.
const SLIPS: usize = 2;

/// A clock's name; a mistake in it is a mistake of `value`.
pub(super) fn clock_name(name: &str, value: &Value<'_>) -> Result<String> {
    let names = || COUNTED.iter().chain(TOLD_ONLY).copied();
    if names().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    // A newer release may know it.
    let has_form = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !value.is_strict() && !name.is_empty() && name.len() <= 64 && name.bytes().all(has_form) {
        return Ok(name.to_owned());
    }
    // Nobody is near to a name that is as long as a page: it is not measured.
    let slips = |known: &&str| if name.len() <= 64 { slips(name, known) } else { usize::MAX };
    let nearest = names().min_by_key(slips).filter(|known| slips(known) <= SLIPS);
    let detail = match nearest {
        Some(nearest) => format!("there is no such clock: did you mean `{nearest}`?"),
        None => format!("there is no such clock; there are: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(value.wrong("field-wrong", detail))
}

/// How many letters one adds, leaves out or changes to make the one word of the other.
fn slips(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (n, a) in one.bytes().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(n + 1);
        let mut left = n + 1;
        for ((before, above), b) in row.iter().zip(row.iter().skip(1)).zip(other.bytes()) {
            left = (before + usize::from(a != b)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use super::*;

    /// The clocks' names in a source text: `pub const …CLOCK: &str = "plan-return";`, and outreach's four.
    fn written(text: &str, clocks_only: bool) -> Vec<String> {
        let of = |line: &str| {
            let (name, value) = line.strip_prefix("pub const ")?.split_once(": &str = \"")?;
            let value = value.strip_suffix("\";").filter(|value| !value.contains(':'))?;
            (!clocks_only || name.ends_with("CLOCK")).then(|| value.to_owned())
        };
        text.lines().filter_map(of).collect()
    }

    fn below(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, found);
            } else {
                let of_outreach = path.ends_with("outreach/clocks.rs");
                found.extend(written(&std::fs::read_to_string(&path).unwrap(), !of_outreach));
            }
        }
    }

    #[test]
    fn every_clock_of_a_life_cycle_can_be_set() {
        let mut found = Vec::new();
        below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        // Their ends are days of their own.
        found.retain(|name| ![task::CLOCK, consent::RENEWAL_CLOCK].contains(&name.as_str()));
        found.sort_unstable();
        let mut known = COUNTED.to_vec();
        known.sort_unstable();
        assert_eq!(found, known);
    }

    #[test]
    fn slips_are_counted() {
        for (one, other, expected) in [
            ("plan-return", "plan-return", 0),
            ("plan-retrun", "plan-return", 2),
            ("in-patient-follow-up", "inpatient-follow-up", 1),
            ("", "call", 4),
            ("carry", "", 5),
        ] {
            assert_eq!((slips(one, other), slips(other, one)), (expected, expected), "{one}");
        }
    }
}
