//! How long it takes: turn-round times, and what most of them keep to.

use jiff::SignedDuration;

use super::length;
use super::summary::Turn;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TurnKind {
    /// From a care plan's sending until it is approved, or comes back with changes.
    PlanReturn,
    /// From a discharge, or a visit to an emergency department, until somebody followed up.
    FollowUp,
    /// From a case's opening by one side until a person of the other first writes in it.
    FirstAnswer,
}

impl TurnKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PlanReturn, Self::FollowUp, Self::FirstAnswer];

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::PlanReturn => "plan-return",
            Self::FollowUp => "follow-up",
            Self::FirstAnswer => "first-answer",
        }
    }

    /// How it is kept in a summary.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::PlanReturn => 0,
            Self::FollowUp => 1,
            Self::FirstAnswer => 2,
        }
    }
}

/// How long something takes. Percentiles are by nearest rank: the time within which at least so many of the samples lie, which is
/// always one that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnRound {
    /// What is measured.
    pub kind: TurnKind,
    /// How often it was.
    pub samples: usize,
    /// Half of them took no longer.
    pub median: SignedDuration,
    /// Nine of ten took no longer.
    pub ninetieth: SignedDuration,
}

/// What was measured of a pair.
#[derive(Default)]
pub(super) struct Samples([Vec<u32>; 3]);

impl Samples {
    pub(super) fn extend(&mut self, turns: &[Turn]) {
        for turn in turns {
            if let Some(kind) = self.0.get_mut(usize::from(turn.kind)) {
                kind.push(turn.seconds);
            }
        }
    }

    pub(super) fn turn_rounds(mut self) -> Vec<TurnRound> {
        let of = |kind: TurnKind, seconds: &mut Vec<u32>| {
            Some(TurnRound {
                kind,
                samples: seconds.len(),
                median: length(nearest_rank(seconds, 50)?),
                ninetieth: length(nearest_rank(seconds, 90)?),
            })
        };
        TurnKind::ALL.into_iter().zip(&mut self.0).filter_map(|(kind, seconds)| of(kind, seconds)).collect()
    }
}

/// The value within which so many of a hundred lie, by nearest rank.
fn nearest_rank(values: &mut [u32], percent: usize) -> Option<u32> {
    let rank = (values.len() * percent).div_ceil(100).max(1) - 1;
    (rank < values.len()).then(|| *values.select_nth_unstable(rank).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        for (values, percent, is) in [
            (&mut [][..], 50, None),
            (&mut [7][..], 50, Some(7)),
            (&mut [7][..], 90, Some(7)),
            (&mut [3, 1, 2][..], 50, Some(2)),
            (&mut [4, 1, 3, 2][..], 50, Some(2)),
            (&mut [10, 9, 8, 7, 6, 5, 4, 3, 2, 1][..], 90, Some(9)),
            (&mut [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1][..], 90, Some(10)),
        ] {
            assert_eq!(nearest_rank(values, percent), is, "{values:?} {percent}");
        }
    }
}
