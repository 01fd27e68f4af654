//! Whose turn it is in the outbox.

use std::collections::HashSet;

/// A row that is open, as far as its turn depends on it.
pub(super) struct Open {
    pub(super) seq: i64,
    pub(super) lane: String,
    pub(super) removal: bool,
    /// For a record write, the resource.
    pub(super) resource: Option<String>,
    pub(super) aside: bool,
    pub(super) not_before: Option<String>,
}

/// Whose turn it is, of the open rows by lane and order: the first of each lane; every removal, which waits for nothing, since
/// what is held waits for it; each that stepped aside, and the first after it that is for another resource. What is for the
/// resource of one that stepped aside stays behind it.
pub(super) fn ready(open: &[Open]) -> Vec<&Open> {
    let mut ready = Vec::new();
    let mut aside: HashSet<&str> = HashSet::new();
    let (mut lane, mut taken) = ("", false);
    for one in open {
        if one.lane != lane {
            (lane, taken) = (&one.lane, false);
            aside.clear();
        }
        let behind = one.resource.as_deref().is_some_and(|resource| aside.contains(resource));
        if !one.removal {
            if taken || behind {
                continue;
            }
            match one.resource.as_deref() {
                Some(resource) if one.aside => drop(aside.insert(resource)),
                _ => taken = true,
            }
        }
        ready.push(one);
    }
    ready
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(seq: i64, resource: Option<&str>, aside: bool) -> Open {
        let resource = resource.map(str::to_owned);
        Open { seq, lane: "record/1".to_owned(), removal: false, resource, aside, not_before: None }
    }

    fn seqs(open: &[Open]) -> Vec<i64> {
        ready(open).iter().map(|one| one.seq).collect()
    }

    #[test]
    fn what_steps_aside_holds_up_its_own_resource_alone() {
        let mut lane = vec![
            open(1, Some("a"), true),
            open(2, Some("b"), false),
            open(3, Some("a"), false),
            open(4, Some("c"), false),
        ];
        assert_eq!(seqs(&lane), [1, 2]);
        lane.remove(1);
        assert_eq!(seqs(&lane), [1, 4], "the later one of the same resource is passed over");
        lane.remove(2);
        assert_eq!(seqs(&lane), [1]);
        lane.remove(0);
        assert_eq!(seqs(&lane), [3]);
    }

    #[test]
    fn a_lane_goes_one_after_another_but_for_removals() {
        let other = Open { lane: "case/2".to_owned(), ..open(3, None, false) };
        let removal = Open { removal: true, ..open(2, None, false) };
        assert_eq!(seqs(&[open(1, None, false), removal, open(4, None, true), other]), [1, 2, 3]);
    }
}
