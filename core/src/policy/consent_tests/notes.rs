//! Notes that need a consent of their own. All data is synthetic.

use super::*;

#[test]
fn counselling_notes_are_told_under_a_consent_of_their_own_alone() {
    let with = |categories: &[Label], tpo: bool| {
        let mut consent = consent();
        consent.scope.categories = categories.iter().copied().collect();
        consent.scope.redisclosure = if tpo { Redisclosure::Tpo } else { Redisclosure::Named };
        (consent, false)
    };
    let (notes, therapy) = (Label::CounsellingNotes, Label::PsychotherapyNotes);
    let mut of_part_2: Labels = Label::OF_PART_2.into();
    of_part_2.insert(notes);
    let of_therapy: Labels = [therapy, Label::MentalHealth, Label::Restricted].into();
    let mut with_hiv = of_part_2.clone();
    with_hiv.insert(Label::Hiv);
    let own = |label| with(&[label], false);
    let refused = vec!["consent-not-for-notes"];
    let table = [
        (&of_part_2, vec![with(&[Label::Part2], true)], refused.clone()),
        // Combined with anything else it is none for notes.
        (&of_part_2, vec![with(&[Label::Part2, notes], false)], refused.clone()),
        (&of_part_2, vec![with(&[notes, therapy], false)], refused.clone()),
        (&of_part_2, vec![own(therapy)], refused.clone()),
        (&of_part_2, vec![own(notes)], vec![]),
        (&of_part_2, vec![own(notes), with(&[Label::Part2], true)], vec![]),
        (&of_therapy, vec![with(&[Label::MentalHealth, Label::BehaviouralHealth], true)], refused.clone()),
        (&of_therapy, vec![own(notes)], refused),
        (&of_therapy, vec![own(therapy)], vec![]),
        // What else it holds needs its own, too.
        (&with_hiv, vec![own(notes)], vec!["consent-not-for-category"]),
        (&with_hiv, vec![own(notes), with(&[Label::Hiv], false)], vec![]),
    ];
    for (n, (labels, recorded, expected)) in table.into_iter().enumerate() {
        let labelled = [Labelled { labels: labels.clone(), by: organization("cp") }];
        assert_eq!(codes(&labelled, "jane", 1, &consents(&recorded, 1)), expected, "{n}");
    }
    // The consent for notes is for nothing but notes.
    let labelled = [Labelled { labels: Label::OF_PART_2.into(), by: organization("cp") }];
    let told = codes(&labelled, "jane", 1, &consents(&[own(notes)], 1));
    assert!(told.iter().all(|code| code == "consent-not-for-category") && !told.is_empty(), "{told:?}");
    // Whoever was told a note passes it on to nobody, whatever HIPAA lets them do with records.
    let mut passed = with(&[notes], true);
    passed.0.scope.recipients = [organization("aco")].into();
    passed.0.scope.disclosers = [organization("hospital")].into();
    passed.0.scope.recipients.insert(organization("cp"));
    let labelled = [Labelled { labels: [notes].into(), by: organization("cp") }];
    assert_eq!(codes(&labelled, "jane", 3, &consents(&[passed], 3)), ["consent-not-for-redisclosure"]);
    let said = notice(&[notes].into(), &BTreeSet::new(), &Consents::default(), None);
    assert_eq!(said.as_deref(), Some(STATEMENT));
}
