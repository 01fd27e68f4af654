//! How long a message waits for somebody whose homeserver does not answer.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::id::UserId;
use crate::ports::Recipient;

/// How long is waited: a homeserver that is started anew is back by then. After that the others get the message, and whoever
/// could not be reached gets it handed over when they can: nobody waits for a server that is gone.
const PATIENCE: Duration = Duration::from_mins(2);

/// Whom nobody can encrypt for since their homeserver does not answer, and since when. Forgotten with the process.
///
/// By person: for one of a server's people we can have a session from before, and for another none.
#[derive(Debug)]
pub(crate) struct Silence {
    since: HashMap<UserId, Instant>,
    pub(crate) patience: Duration,
}

impl Default for Silence {
    fn default() -> Self {
        Self { since: HashMap::new(), patience: PATIENCE }
    }
}

impl Silence {
    /// Whether everybody could be looked at, or was waited for long enough.
    pub(super) fn is_over(&mut self, recipients: &[Recipient]) -> bool {
        self.is_over_at(recipients, Instant::now())
    }

    fn is_over_at(&mut self, recipients: &[Recipient], now: Instant) -> bool {
        let mut over = true;
        for recipient in recipients {
            if recipient.silent {
                let since = *self.since.entry(recipient.user.clone()).or_insert(now);
                over &= now.saturating_duration_since(since) >= self.patience;
            } else {
                self.since.remove(&recipient.user);
            }
        }
        over
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn who_cannot_be_reached_is_waited_for_anew_each_time_they_were() {
        let recipient = |name: &str, silent: bool| Recipient {
            user: format!("@{name}:aco.example").parse().unwrap(),
            identity: None,
            devices: usize::from(!silent),
            silent,
        };
        let (mut silence, start) = (Silence::default(), Instant::now());
        assert!(silence.is_over_at(&[recipient("joe", false)], start));
        assert!(!silence.is_over_at(&[recipient("joe", true)], start));
        assert!(!silence.is_over_at(&[recipient("joe", true)], start + PATIENCE / 2));
        // Of one server, with a session from before: that says nothing of Joe.
        let both = [recipient("lee", false), recipient("joe", true)];
        assert!(!silence.is_over_at(&both, start + PATIENCE / 2));
        assert!(silence.is_over_at(&both, start + PATIENCE));
        assert!(silence.is_over_at(&[recipient("joe", false)], start + PATIENCE));
        assert!(!silence.is_over_at(&[recipient("joe", true)], start + PATIENCE));
    }
}
