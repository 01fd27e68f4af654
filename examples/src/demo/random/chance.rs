//! What happens by chance, the same for the same seed.

use jiff::civil::Date;
use jiff::{Span, Timestamp, ToSpan};

/// Numbers that look random (SplitMix64): nothing here is a secret.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where that is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// Whether it happens: `percent` times in a hundred.
    pub(super) fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let n = usize::try_from(self.below(of.len() as u64)).ok()?;
        of.get(n)
    }

    /// One of several words; none of none.
    pub(super) fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.one(of).copied().unwrap_or_default()
    }

    /// The id of an event (a UUIDv7) that a caller chooses at this time.
    pub(super) fn id(&mut self, now: Timestamp) -> String {
        let (high, low) = (self.next(), self.next());
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let time = format!("{:012x}", millis & 0xFFFF_FFFF_FFFF);
        let (first, second) = time.split_at(8);
        format!(
            "{first}-{second}-7{:03x}-{:04x}-{:012x}",
            high & 0xFFF,
            0x8000 | (low >> 50) & 0x3FFF,
            low & 0xFFFF_FFFF_FFFF
        )
    }

    /// How far the clock moves: mostly minutes or hours, at times months.
    pub(super) fn span(&mut self) -> Span {
        let many = i64::try_from(self.below(40)).unwrap_or(0) + 1;
        match self.below(20) {
            0..=6 => many.minutes(),
            7..=12 => many.hours(),
            13..=16 => many.days().hours(many),
            17..=18 => many.weeks(),
            _ => (many % 14 + 1).months().minutes(many),
        }
    }

    /// A day: mostly near this one, at times years away, or the day that not every year has.
    pub(super) fn day(&mut self, today: Date) -> Date {
        let many = i64::try_from(self.below(40)).unwrap_or(0);
        let day = match self.below(24) {
            0..=11 => today.checked_sub((many % 10).days()),
            12..=18 => today.checked_add(many.days()),
            19..=20 => today.checked_sub((many * 20).days()),
            21 => today.checked_add((many * 30).days()),
            22 => Date::new(today.year() - today.year().rem_euclid(4) + 4, 2, 29),
            _ => Ok(Date::MAX),
        };
        day.unwrap_or(today)
    }

    /// An instant: mostly the last days.
    pub(super) fn instant(&mut self, now: Timestamp) -> Timestamp {
        let many = i64::try_from(self.below(60)).unwrap_or(0);
        let at = match self.below(20) {
            0..=11 => now.checked_sub((many * 3).hours()),
            12..=16 => now.checked_add(many.hours()),
            17..=18 => now.checked_sub((many * 24 * 20).hours()),
            _ => now.checked_add((many * 24 * 30).hours()),
        };
        at.unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_again_and_another_seed_something_else() {
        let some = |seed| {
            let mut chance = Chance::of(seed);
            (0..8).map(|_| chance.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(some(7), some(7));
        assert_ne!(some(7), some(8));
    }

    #[test]
    fn a_chosen_id_is_one_of_the_seventh_version() {
        let id = Chance::of(3).id(Timestamp::UNIX_EPOCH);
        assert!(id.parse::<caseline::id::EventId>().is_ok(), "{id}");
    }
}
