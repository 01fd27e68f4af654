//! The clock of a story.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::{Clock, SystemClock};

/// The machine's clock, until a story moves it: from then on it runs on from there. For demos and tests; a case counts
/// deadlines by it only where its agreement says that it is a story's.
#[derive(Debug, Default)]
pub struct StoryClock(Mutex<Option<(Timestamp, Instant)>>);

impl StoryClock {
    /// Moves it.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Instant::now()));
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None => SystemClock.now(),
            Some((from, since)) => {
                let run = SignedDuration::try_from(since.elapsed()).unwrap_or(SignedDuration::MAX);
                from.checked_add(run).unwrap_or(Timestamp::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_shows_the_machines_time_until_it_is_moved_and_then_runs_on() {
        let clock = StoryClock::default();
        assert!(Timestamp::now().duration_since(clock.now()).abs() < SignedDuration::from_mins(1));
        let start: Timestamp = "2019-03-04T09:00:00Z".parse().unwrap();
        clock.set(start);
        let first = clock.now();
        let second = clock.now();
        assert!(start <= first && first <= second);
        assert!(second.duration_since(start) < SignedDuration::from_mins(1));
        clock.set(Timestamp::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
