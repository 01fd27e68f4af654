//! Waiting: how long, and for how long in all.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// The first wait after a failure without a word from the server, and the longest.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);

/// The longest wait that a server can ask of us.
const LONGEST_ASKED: Duration = Duration::from_mins(15);

/// The passing of time, so that a test need not wait.
#[async_trait]
pub(super) trait Time: Send + Sync + 'static {
    fn now(&self) -> Instant;
    async fn sleep(&self, wait: Duration);
}

/// Time as it passes.
pub(super) struct RealTime;

#[async_trait]
impl Time for RealTime {
    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

/// How long to wait after the n-th failure, counted from 0: twice as long each time, and less by up to a half, so that many
/// who failed together do not come back together.
pub(super) fn backoff(failures: u32) -> Duration {
    let whole = FIRST.saturating_mul(2u32.saturating_pow(failures)).min(LONGEST);
    let mut bytes = [0; 4];
    // Without a random number all wait for as long.
    let share = getrandom::fill(&mut bytes)
        .map_or(1.0, |()| f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX));
    whole.mul_f64(0.5 + share / 2.0)
}

/// Reads `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. `date` is the server's `Date`, by whose clock the date is meant.
pub(super) fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than can be counted are the longest wait.
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST_ASKED));
    }
    let at = http_date(value)?;
    let now = date.and_then(http_date).unwrap_or_else(Timestamp::now);
    let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
    Some(wait.min(LONGEST_ASKED))
}

/// Reads a date of HTTP (RFC 9110, 5.6.7, "IMF-fixdate").
fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn both_forms_of_retry_after_are_read_and_capped() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (value, expected) in [
            ("7", seconds(7)),
            (" 0 ", seconds(0)),
            ("99999999", seconds(900)),
            ("99999999999999999999999999", seconds(900)),
            ("Sun, 06 Nov 1994 08:49:49 GMT", seconds(12)),
            ("Sun, 06 Nov 1994 08:49:30 GMT", seconds(0)),
            ("Mon, 07 Nov 2094 08:49:30 GMT", seconds(900)),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
        ] {
            assert_eq!(retry_after(value, date), expected, "{value}");
        }
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:49 GMT", None), seconds(0), "by our own clock");
    }

    #[test]
    fn waits_grow_to_a_limit_and_differ() {
        for (failures, longest) in [(0, 250), (1, 500), (3, 2_000), (5, 8_000), (40, 8_000)] {
            let longest = Duration::from_millis(longest);
            let waits: Vec<Duration> = (0..50).map(|_| backoff(failures)).collect();
            assert!(waits.iter().all(|wait| *wait <= longest && *wait >= longest / 2), "{failures}");
            assert!(waits.iter().any(|wait| *wait != waits[0]), "{failures}");
        }
    }
}
