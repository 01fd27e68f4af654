//! What a story says of what is due, and of reminders.

use serde::Deserialize;

/// What is due in a case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DueSeen {
    /// The persons on the ladder, in order; none where nothing is due.
    pub ladder: Vec<DueRung>,
    /// Of this clock alone, where there is more than one.
    pub clock: Option<String>,
    /// Whether it is overdue by now.
    pub overdue: Option<bool>,
    /// The day by which it is due, on the story's wall clock.
    pub by: Option<jiff::civil::Date>,
}

/// One person on the ladder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DueRung {
    /// Who.
    pub who: String,
    /// Their telephone number.
    pub phone: Option<String>,
}

/// A reminder that a keeper posted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReminderSeen {
    /// Whom it reminds.
    pub to: String,
    /// The organisation whose keeper posted it.
    pub by: Option<String>,
}
