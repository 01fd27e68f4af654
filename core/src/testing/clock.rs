//! A clock that a test moves.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use super::lock;
use crate::ports::Clock;

/// A clock that stands still until it is set or advanced. Clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Sets the time, also backwards.
    pub fn set(&self, now: Timestamp) {
        *lock(&self.0) = now;
    }

    /// Moves the time on; at the end of what a timestamp can say it stops.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = lock(&self.0);
        *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_moves_only_when_it_is_moved() {
        let start: Timestamp = "2019-03-04T09:00:00Z".parse().unwrap();
        let clock = ManualClock::new(start);
        let seen = clock.clone();
        assert_eq!(seen.now(), start);
        clock.advance(SignedDuration::from_hours(24));
        assert_eq!(seen.now(), "2019-03-05T09:00:00Z".parse().unwrap());
        clock.set(start);
        assert_eq!(seen.now(), start);
    }
}
