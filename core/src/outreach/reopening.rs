//! A closed case whose member is back: they had left when it was closed, and are re-enrolled.

use crate::agreement::Agreement;
use crate::care_plan::StepTaken;
use crate::case::life::{CaseReopened, Closed};
use crate::case::step::Step;
use crate::outreach::life::reached;
use crate::outreach::{Outreach, Stage, StageReached, StageState};
use crate::policy::Reason;

/// The state after a closed case was opened again: the member left on the day of its end, or on the one that is named, and is
/// re-enrolled. Whether the clocks begin anew follows from how long they were away, as after any re-enrolment.
///
/// # Errors
/// The reason, with source `outreach`: those of a stage (`stage-before`, `stage-left`, `stage-date`, …).
pub(crate) fn reopened(
    outreach: &Outreach,
    event: &CaseReopened,
    closed: &Closed,
    agreement: &Agreement,
    step: &Step<'_>,
) -> Result<Outreach, Reason> {
    let mut next = outreach.clone();
    let ended = closed.at.to_zoned(agreement.zone.clone()).date();
    let last = next.stages.last().map(|last| last.reached.clone());
    let away = last.as_ref().filter(|last| matches!(last.stage, Stage::Disenrolled | Stage::Moved));
    // Where the case knows since when they are away, it knows it still.
    let left = event.left.or_else(|| if away.is_some() { None } else { Some(ended) });
    if let (Some(last), None, Some(left)) = (&last, away, left) {
        if left < last.on {
            let text =
                "they left after the last stage of this case began: say on which day, or correct that stage";
            return Err(Reason::new("stage-before", text, "outreach"));
        }
        let gone = StageReached {
            stage: Stage::Disenrolled,
            on: left,
            source: String::new(),
            enrolled: None,
            left: None,
            to_aco: None,
            corrects: None,
        };
        // The event that closed the case is what corrections name.
        let (first, by) = (closed.event.clone(), StepTaken::of(step));
        next.stages.push(StageState { first, reached: gone, by, corrected: 0 });
    }
    let back = StageReached {
        stage: Stage::ReEnrolled,
        on: event.on,
        source: event.source.clone(),
        enrolled: event.enrolled,
        left,
        to_aco: None,
        corrects: None,
    };
    reached(&mut next, &back, step)?;
    Ok(next)
}
