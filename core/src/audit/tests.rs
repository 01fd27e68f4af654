#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;
use crate::id::EventId;

fn key() -> AuditKey {
    AuditKey::new([7; 32])
}

fn disclosed(n: u32) -> Audited {
    Audited {
        action: Action::Disclosed,
        case: Some(CaseId::new()),
        event: Some(EventKey { sender: "@jane:cp.example".parse().unwrap(), id: EventId::new() }),
        resource: None,
        recipients: vec!["@joe:aco.example".parse().unwrap()],
        agreement: Some(("harbor-bay".parse().unwrap(), format!("{n}"))),
        reasons: vec!["agreement-in-force".into()],
        purpose: Purpose::Coordination,
        labels: vec!["R".into()],
        consents: Vec::new(),
        why: None,
    }
}

/// A chain of so many entries, and where it reaches.
fn chain(length: u32) -> (Vec<AuditEntry>, AuditHead) {
    let mut chain = Chain::new(Uuid::from_u128(1));
    let at: Timestamp = "2019-03-01T15:00:00Z".parse().unwrap();
    let entries = (0..length).map(|n| chain.append(&key(), at, disclosed(n)).unwrap()).collect();
    (entries, chain.head().clone())
}

#[test]
fn a_whole_chain_holds_and_goes_on_after_a_restart() {
    for length in 0..4 {
        let (mut entries, head) = chain(length);
        assert_eq!(verify(&entries, &key(), None), Ok(()));
        assert_eq!(verify(&entries, &key(), Some(&head)), Ok(()));

        let mut resumed = Chain::resume(head.clone());
        entries.push(resumed.append(&key(), Timestamp::UNIX_EPOCH, disclosed(9)).unwrap());
        assert_eq!(verify(&entries, &key(), Some(&head)), Ok(()), "what an earlier event carries");
        assert_eq!(verify(&entries, &key(), Some(resumed.head())), Ok(()));
    }
}

#[test]
fn a_changed_entry_is_found_and_named() {
    let changes: [fn(&mut AuditEntry); 12] = [
        |entry| entry.at = Timestamp::UNIX_EPOCH,
        |entry| entry.chain = Uuid::from_u128(2),
        |entry| entry.mac = Sha256::of("other"),
        |entry| entry.what.action = Action::RecordWritten,
        |entry| entry.what.case = None,
        |entry| entry.what.event = None,
        |entry| entry.what.recipients.clear(),
        |entry| entry.what.agreement = None,
        |entry| entry.what.reasons.push("more".into()),
        |entry| entry.what.purpose = Purpose::Treatment,
        |entry| entry.what.labels.clear(),
        |entry| {
            entry.what.resource = Some(ResourceFound {
                kind: "CarePlan".into(),
                find: ("identifier".into(), "urn:x|y".into()),
            });
        },
    ];
    let (whole, head) = chain(4);
    for (n, change) in changes.into_iter().enumerate() {
        let mut entries = whole.clone();
        change(&mut entries[2]);
        assert_eq!(verify(&entries, &key(), Some(&head)), Err(AuditFault::Changed { seq: 3 }), "change {n}");
    }
    let mut swapped = whole.clone();
    swapped.swap(1, 2);
    assert_eq!(verify(&swapped, &key(), Some(&head)), Err(AuditFault::Missing { seq: 2 }));
    let mut doubled = whole;
    doubled.insert(2, doubled[1].clone());
    assert_eq!(verify(&doubled, &key(), Some(&head)), Err(AuditFault::Changed { seq: 2 }));
}

#[test]
fn a_missing_entry_is_found_and_named() {
    let (whole, head) = chain(4);
    for missing in 0..3 {
        let mut entries = whole.clone();
        entries.remove(missing);
        let seq = missing as u64 + 1;
        assert_eq!(verify(&entries, &key(), Some(&head)), Err(AuditFault::Missing { seq }));
        // Numbers given anew do not hide it.
        for (n, entry) in (1..).zip(&mut entries) {
            entry.seq = n;
        }
        assert_eq!(verify(&entries, &key(), Some(&head)), Err(AuditFault::Changed { seq }));
    }
}

#[test]
fn a_cut_off_end_is_found_and_named() {
    let (mut entries, head) = chain(4);
    for held in (0..4).rev() {
        entries.pop();
        let fault = AuditFault::CutOff { held, carried: 4 };
        assert_eq!(verify(&entries, &key(), Some(&head)), Err(fault), "{held}");
        assert_eq!(verify(&entries, &key(), None), Ok(()), "nothing else tells");
    }
}

#[test]
fn a_chain_written_anew_is_not_the_one_that_events_carry() {
    let (_, head) = chain(3);
    let (same_id, _) = chain(3);
    // Its events have other ids, so its codes differ, though every link of it is sound.
    assert_eq!(verify(&same_id, &key(), None), Ok(()));
    assert_eq!(verify(&same_id, &key(), Some(&head)), Err(AuditFault::Changed { seq: 3 }));
    let other_id = AuditHead { chain: Uuid::from_u128(2), ..head };
    assert_eq!(verify(&same_id, &key(), Some(&other_id)), Err(AuditFault::OtherChain));
    assert_eq!(verify(&same_id, &AuditKey::new([8; 32]), None), Err(AuditFault::Changed { seq: 1 }));
}

#[test]
fn an_entry_survives_its_json_and_its_key_is_not_printed() {
    let (entries, head) = chain(2);
    let json = serde_json::to_string(&entries).unwrap();
    let read: Vec<AuditEntry> = serde_json::from_str(&json).unwrap();
    assert_eq!(read, entries);
    assert_eq!(verify(&read, &key(), Some(&head)), Ok(()));
    assert!(json.contains(r#""purpose":"COC""#));
    assert_eq!(format!("{:?}", key()), "AuditKey(…)");
}

proptest! {
    #[test]
    fn whatever_is_left_of_a_chain_is_whole_or_found_wanting(
        length in 1u32..8,
        keep in proptest::collection::vec(any::<bool>(), 8),
    ) {
        let (entries, head) = chain(length);
        let left: Vec<AuditEntry> =
            entries.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(entry, _)| entry.clone()).collect();
        let first_missing = keep.iter().take(entries.len()).position(|keep| !keep).map(|n| n as u64 + 1);
        let fault = match first_missing {
            None => None,
            Some(seq) if seq > left.len() as u64 => {
                Some(AuditFault::CutOff { held: left.len() as u64, carried: u64::from(length) })
            }
            Some(seq) => Some(AuditFault::Missing { seq }),
        };
        prop_assert_eq!(verify(&left, &key(), Some(&head)).err(), fault);
    }
}
