//! The warnings that are as they should be, each with its reason.

use std::collections::BTreeMap;

use super::{FileResult, Severity};

/// What is listed in `fhir-validator/warnings.txt`.
const LIST: &str = include_str!("../../fhir-validator/warnings.txt");

/// The reviewed list of warnings.
#[derive(Debug, Clone)]
pub struct Reviewed {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    kind: String,
    message: String,
}

/// What the list says of some results.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// What is against the specification, each finding once, with how often it was there.
    pub errors: BTreeMap<String, usize>,
    /// The warnings that are not on the list, in the same way.
    pub unlisted: BTreeMap<String, usize>,
    /// The entries of the list that no warning needed.
    pub unused: Vec<String>,
    /// How many warnings are on the list.
    pub listed: usize,
}

impl Reviewed {
    /// The list.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn list() -> Result<Self, String> {
        Self::read(LIST)
    }

    fn read(text: &str) -> Result<Self, String> {
        let mut entries = Vec::new();
        let mut reason = true;
        for (n, line) in text.lines().enumerate() {
            let wrong = |what: &str| Err(format!("warnings.txt, line {}: {what}", n + 1));
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with(' ') {
                reason = true;
                continue;
            }
            let Some((kind, message)) = line.split_once(" | ") else {
                return wrong("an entry is `type | what stands in the message`");
            };
            if !reason {
                return wrong("the entry before it says no reason");
            }
            reason = false;
            entries.push(Entry { kind: kind.trim().to_owned(), message: message.trim().to_owned() });
        }
        if reason { Ok(Self { entries }) } else { Err("warnings.txt: the last entry says no reason".into()) }
    }

    /// Judges results. `kind` tells a file's resource type.
    pub fn judge(&self, results: &[FileResult], kind: impl Fn(&FileResult) -> String) -> Judged {
        let mut judged = Judged::default();
        let mut used = vec![false; self.entries.len()];
        for result in results {
            let kind = kind(result);
            for issue in result.issues.iter().filter(|issue| issue.severity >= Severity::Warning) {
                let what = format!("{kind}: {}: {}", issue.location, issue.message);
                if issue.severity >= Severity::Error {
                    *judged.errors.entry(what).or_default() += 1;
                    continue;
                }
                let fits = |entry: &Entry| {
                    (entry.kind == "*" || entry.kind == kind) && issue.message.contains(&entry.message)
                };
                if let Some(place) = self.entries.iter().position(fits) {
                    used.iter_mut().skip(place).take(1).for_each(|used| *used = true);
                    judged.listed += 1;
                } else {
                    *judged.unlisted.entry(what).or_default() += 1;
                }
            }
        }
        let unused = self.entries.iter().zip(used).filter(|(_, used)| !used);
        judged.unused = unused.map(|(entry, _)| format!("{} | {}", entry.kind, entry.message)).collect();
        judged
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Issue;

    fn result(issues: &[(Severity, &str)]) -> FileResult {
        let issue = |(severity, message): &(Severity, &str)| Issue {
            severity: *severity,
            message: (*message).to_owned(),
            location: "X.y".into(),
        };
        FileResult { file: "X-1.json".into(), issues: issues.iter().map(issue).collect() }
    }

    #[test]
    fn what_is_not_on_the_list_is_told_and_what_the_list_has_for_nothing_too() {
        let list =
            Reviewed::read("# about\nX | odd\n  because\n* | strange\n  so\nY | odd\n  because\n").unwrap();
        let results = [
            result(&[(Severity::Warning, "an odd thing"), (Severity::Warning, "a new thing")]),
            result(&[(Severity::Information, "unknown"), (Severity::Error, "odd and wrong")]),
        ];
        let judged = list.judge(&results, |_| "X".into());
        assert_eq!(judged.errors.keys().collect::<Vec<_>>(), ["X: X.y: odd and wrong"]);
        assert_eq!(judged.unlisted.keys().collect::<Vec<_>>(), ["X: X.y: a new thing"]);
        assert_eq!(judged.unused, ["* | strange", "Y | odd"]);
        assert_eq!(judged.listed, 1);
    }

    #[test]
    fn every_entry_has_a_reason() {
        Reviewed::list().unwrap();
        for (text, says) in [
            ("X odd\n", "line 1"),
            ("X | odd\nY | odd\n  so\n", "line 2: the entry before"),
            ("X | odd\n", "last entry"),
        ] {
            assert!(Reviewed::read(text).unwrap_err().contains(says), "{text}");
        }
    }
}
