//! What the demo prints: who did what, when, and what they saw.

use std::io::{IsTerminal, Write};

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};

use super::people::People;
use super::table::Table;
use crate::story::Story;

const WIDTH: usize = 92;
/// Under what somebody did.
const DEEPER: &str = "           ";

/// Prints to standard output.
#[derive(Debug)]
pub(super) struct Transcript {
    zone: jiff::tz::TimeZone,
    now: Timestamp,
    day: Option<Date>,
    bold: bool,
    last_table: Vec<String>,
}

impl Transcript {
    pub(super) fn of(story: &Story) -> Self {
        let bold = std::io::stdout().is_terminal();
        Self { zone: story.time_zone.clone(), now: story.begins, day: None, bold, last_table: Vec::new() }
    }

    /// The story's title and what it is about.
    pub(super) fn title(&self, story: &Story, people: Option<&People>) {
        // Of several the words of the story would not be right.
        let only = people.and_then(|people| match people.all.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        let about = |text: &str| match (&story.member, only) {
            (Some(member), Some(person)) => text.replace(&member.name, &person.name),
            _ => text.to_owned(),
        };
        put("");
        put(&self.strong(&about(&story.title)));
        if let Some(text) = &story.about {
            for line in wrap(about(text).trim(), WIDTH) {
                put(&line);
            }
        }
    }

    /// On whom it is played, where they stand in the place of the story's member.
    pub(super) fn people(people: Option<&People>, seed: i64) {
        let Some(people) = people else { return };
        let text = format!(
            "In the member's place, made up by Synthea with their whole records (seed {seed}): {}.",
            people.names()
        );
        put("");
        for line in wrap(&text, WIDTH) {
            put(&line);
        }
    }

    /// The story's time.
    pub(super) fn clock(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Something happens.
    pub(super) fn happens(&mut self, text: &str) {
        let now = self.now.to_zoned(self.zone.clone());
        if self.day != Some(now.date()) {
            self.day = Some(now.date());
            put("");
            put(&self.strong(&day(&now)));
        }
        let time = now.strftime("%H:%M").to_string();
        for (n, line) in wrap(text, WIDTH - 9).into_iter().enumerate() {
            put(&if n == 0 { format!("  {time}  {line}") } else { format!("         {line}") });
        }
    }

    /// What follows from it, or is seen.
    pub(super) fn follows(text: &str) {
        for (n, line) in wrap(text, WIDTH - DEEPER.len() - 2).into_iter().enumerate() {
            put(&format!("{DEEPER}{} {line}", if n == 0 { "→" } else { " " }));
        }
    }

    /// A table under what happened; the one that was printed last is not printed again.
    pub(super) fn table(&mut self, table: &Table) {
        let lines = table.lines();
        if lines == self.last_table {
            put(&format!("{DEEPER}  (the same ladder)"));
            return;
        }
        for line in &lines {
            put(&format!("{DEEPER}  {line}"));
        }
        self.last_table = lines;
    }

    /// Begins the proof.
    pub(super) fn heading(&self, text: &str) {
        put("");
        put(&self.strong(text));
    }

    /// One line of the proof.
    pub(super) fn says(text: &str) {
        put(&format!("  {text}"));
    }

    /// A table of the proof.
    pub(super) fn shows(table: &Table) {
        for line in table.lines() {
            put(&format!("    {line}"));
        }
    }

    /// The day of an instant, on the story's wall clock.
    pub(super) fn day_of(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    fn strong(&self, text: &str) -> String {
        if self.bold { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn day(at: &Zoned) -> String {
    at.strftime("%A, %-d %B %Y").to_string()
}

fn put(line: &str) {
    // Who closes our output early has seen enough.
    let _ = writeln!(std::io::stdout(), "{}", line.trim_end());
}

/// Breaks a text into lines of at most `width` characters, at spaces.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_at_spaces() {
        assert_eq!(wrap("one two  three", 8), ["one two", "three"]);
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(wrap("unbreakable", 4), ["unbreakable"]);
    }
}
