//! May what a case has come to be written into one's own organisation's record?

use crate::label::{Label, Labels, are_sensitive};
use crate::policy::Reason;

/// Whether one's own organisation may keep its copy of something in its record, and on what grounds.
///
/// Whoever took part when it was said was told it lawfully, or its sending would have been denied ([`decide`](crate::policy::decide)), and
/// keeps it: writing it down tells nobody else. A consent that ended or was taken back since ends what may be told, not what was told in
/// reliance on it (42 CFR 2.31(a)(6), 45 CFR 164.508(b)(5)); both laws ask that a record be kept whole. So neither a label nor a
/// consent denies it. What a handover withheld is not there to be written: of that the record has nothing.
///
/// # Errors
/// The reason, with source `roster`: `record-not-told`, where one's organisation never took part.
pub fn may_record(took_part: bool, labels: &Labels) -> Result<Vec<Reason>, Reason> {
    if !took_part {
        let text =
            "your organization never took part here: there is nothing that it was told, and could keep";
        return Err(Reason::new("record-not-told", text, "roster"));
    }
    let text = "your organization took part, and keeps its own copy of what it said or was told";
    let mut basis = vec![Reason::new("record-own-copy", text, "roster")];
    if labels.contains(&Label::Part2) || labels.contains(&Label::CounsellingNotes) {
        let text = "what was told under a consent is kept, whatever becomes of the consent: it ends what may be told";
        basis.push(Reason::new("record-kept-part-2", text, "42 CFR 2.31(a)(6)"));
    } else if are_sensitive(labels) {
        let text =
            "what was told under an authorization is kept, whatever becomes of it: it ends what may be told";
        basis.push(Reason::new("record-kept", text, "45 CFR 164.508(b)(5)"));
    }
    Ok(basis)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ones_own_copy_is_kept_whatever_it_is_labelled_with() {
        for (labels, expected) in [
            (Labels::new(), vec!["record-own-copy"]),
            ([Label::Normal, Label::Restricted].into(), vec!["record-own-copy"]),
            ([Label::Hiv].into(), vec!["record-own-copy", "record-kept"]),
            ([Label::Unknown].into(), vec!["record-own-copy", "record-kept"]),
            (Label::OF_PART_2.into(), vec!["record-own-copy", "record-kept-part-2"]),
            ([Label::CounsellingNotes].into(), vec!["record-own-copy", "record-kept-part-2"]),
        ] {
            let basis = may_record(true, &labels).unwrap();
            let codes: Vec<&str> = basis.iter().map(|reason| &*reason.code).collect();
            assert_eq!(codes, expected, "{labels:?}");
            assert!(basis.iter().all(|reason| !reason.source.is_empty()));
            assert_eq!(may_record(false, &labels).unwrap_err().code, "record-not-told");
        }
    }
}
