//! Nothing sensitive goes to anybody whom no consent names, and nothing of Part 2 goes without its notice and the consent's scope.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::*;
use crate::agreement::Agreement;
use crate::audit::Purpose;
use crate::care_plan::SignedHow;
use crate::case::event::{EventData, EventKey, Held};
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{at, event, held, id, next, opening, organization, seat, user};
use crate::case::life::{Carried, CaseAccepted};
use crate::communication::{MessageCorrected, MessageSent};
use crate::consent::{ConsentRecorded, ConsentRevoked, ConsentStanding, Consents, Redisclosure, Scope};
use crate::contact::Seat;
use crate::id::{OrganizationId, UserId};
use crate::label::{Emergency, Label, Labels, Marks, STATEMENT, Under, are_sensitive};
use crate::task::TaskCompleted;

mod notes;

fn agreement(part2: &str) -> String {
    let text = opening().agreement.text;
    let (before, after) = text.split_once("part2:").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    format!("{before}{part2}\n{after}")
}

const TERMS: [&str; 4] = [
    "",
    "part2: { programs: [{ organization: urn:example:org|cp }], covered: [urn:example:org|aco] }",
    "part2: { programs: [{ organization: urn:example:org|cp, roles: [nurse] }] }",
    "part2: { programs: [{ organization: urn:example:org|aco }, { organization: urn:example:org|cp, staff: [\"urn:example:staff|jane\"] }], covered: [urn:example:org|aco, urn:example:org|cp] }",
];

static AGREEMENTS: LazyLock<[Agreement; 4]> =
    LazyLock::new(|| TERMS.map(|part2| Agreement::parse(&agreement(part2)).unwrap()));

fn today() -> Date {
    at(0).to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// A case under each of the agreements.
static CASES: LazyLock<[Fold; 4]> = LazyLock::new(|| {
    TERMS.map(|part2| {
        let mut open = opening();
        open.agreement = Carried::agreement(&agreement(part2)).unwrap();
        let mut fold = Fold::new();
        fold.insert(next(0, "jane", fold.state(), open));
        fold
    })
});

/// The consents that these recordings fold into; each may be revoked.
fn consents(recorded: &[(ConsentRecorded, bool)], terms: usize) -> Consents {
    let mut fold = CASES[terms].clone();
    for (n, (one, revoked)) in recorded.iter().enumerate() {
        let n = 2 * n + 1;
        let who = if one.source == "Joe's word" { "joe" } else { "jane" };
        fold.insert(next(n, who, fold.state(), one.clone()));
        if *revoked {
            let event =
                ConsentRevoked { consent: id(n), on: today(), reason: String::new(), source: String::new() };
            fold.insert(next(n + 1, "joe", fold.state(), event));
        }
    }
    fold.state().consents.clone()
}

fn consent() -> ConsentRecorded {
    ConsentRecorded {
        scope: Scope {
            categories: [Label::Part2].into(),
            disclosers: [organization("cp")].into(),
            recipients: [organization("aco")].into(),
            covered: false,
            purposes: vec![Purpose::Treatment],
            redisclosure: Redisclosure::Tpo,
            fields: std::collections::BTreeSet::new(),
            explanation: "Synthetic words of scope".into(),
        },
        from: today(),
        until: Some(today() + 30.days()),
        signed_on: today(),
        how: SignedHow::Paper,
        representative: false,
        source: "Synthetic".into(),
        document: None,
        renews: None,
    }
}

/// Asks as the queues do: what is said is labelled as the sender's seat has it.
fn ask<'a>(
    (disclosure, labelled): (&'a Disclosure, &'a [Labelled]),
    sender: &'a UserId,
    seats: &'a [&'a Seat],
    (agreement, consents): (&'a Agreement, &'a Consents),
    emergency: bool,
) -> Ask<'a> {
    let at: Timestamp = at(10);
    Ask { disclosure, sender, seats, agreement, labelled, consents, emergency, at, send: None }
}

/// The consents and whether each was taken back, who asks, and the codes of the reasons.
type Row = (&'static str, Vec<(ConsentRecorded, bool)>, &'static str, Vec<&'static str>);

#[test]
fn each_reason_names_the_consent_that_came_nearest() {
    let change = |with: fn(&mut ConsentRecorded)| {
        let mut consent = consent();
        with(&mut consent);
        consent
    };
    let table: Vec<Row> = vec![
        ("none", vec![], "jane", vec!["consent-missing"]),
        ("one that covers it", vec![(consent(), false)], "jane", vec![]),
        ("revoked", vec![(consent(), true)], "jane", vec!["consent-revoked"]),
        (
            "expired",
            vec![(
                change(|c| {
                    c.from = today() - 9.days();
                    c.until = Some(today());
                }),
                false,
            )],
            "jane",
            vec!["consent-expired"],
        ),
        (
            "not begun",
            vec![(change(|c| c.from = today() + 3.days()), false)],
            "jane",
            vec!["consent-not-begun"],
        ),
        (
            "of another category",
            vec![(change(|c| c.scope.categories = [Label::MentalHealth].into()), false)],
            "jane",
            vec!["consent-not-for-category"],
        ),
        (
            "to another",
            vec![(change(|c| c.scope.recipients = [organization("hospital")].into()), false)],
            "jane",
            vec!["consent-not-for-organization"],
        ),
        (
            "to whom HIPAA covers",
            vec![(
                change(|c| {
                    c.scope.recipients.clear();
                    c.scope.covered = true;
                }),
                false,
            )],
            "jane",
            vec![],
        ),
        (
            "for payment",
            vec![(change(|c| c.scope.purposes = vec![Purpose::Payment]), false)],
            "jane",
            vec!["consent-not-for-purpose"],
        ),
        (
            "without words",
            vec![(change(|c| c.scope.explanation = " ".into()), false)],
            "jane",
            vec!["consent-without-explanation"],
        ),
        ("the recipient's answer to who told it", vec![(consent(), false)], "joe", vec![]),
        ("one revoked, another in force", vec![(consent(), true), (consent(), false)], "jane", vec![]),
        (
            "recorded by who would be told",
            vec![(change(|c| c.source = "Joe's word".into()), false)],
            "jane",
            vec!["consent-recipients-word"],
        ),
        (
            "recorded by who would be told, who names itself",
            vec![(
                change(|c| {
                    c.source = "Joe's word".into();
                    c.scope.disclosers = [organization("aco")].into();
                    c.scope.recipients = [organization("cp"), organization("aco")].into();
                }),
                false,
            )],
            "jane",
            vec!["consent-recipients-word"],
        ),
        (
            "recorded by who would be told, with its paper",
            vec![(
                change(|c| {
                    c.source = "Joe's word".into();
                    c.document = Some(crate::id::Sha256::of("synthetic paper"));
                }),
                false,
            )],
            "jane",
            vec![],
        ),
        (
            "recorded by who would be told, and by who tells",
            vec![(change(|c| c.source = "Joe's word".into()), false), (consent(), false)],
            "jane",
            vec![],
        ),
        (
            "passed on to others than who told it",
            vec![(change(|c| c.scope.disclosers = [organization("hospital")].into()), false)],
            "jane",
            vec!["consent-not-for-redisclosure"],
        ),
    ];
    let seats: Vec<Seat> = ["jane", "joe"].map(seat).into();
    let seats: Vec<&Seat> = seats.iter().collect();
    let agreement = &AGREEMENTS[1];
    let disclosure = EventData::from(MessageSent::default()).disclosure();
    for (what, recorded, sender, expected) in table {
        let consents = consents(&recorded, 1);
        let by = organization(if sender == "jane" { "cp" } else { "aco" });
        let labelled = [Labelled { labels: Label::OF_PART_2.into(), by }];
        let sender = user(sender);
        let ask = ask((&disclosure, &labelled), &sender, &seats, (agreement, &consents), false);
        let codes: Vec<String> = match decide(&ask) {
            Decision::Allowed { .. } => Vec::new(),
            Decision::Denied { reasons } | Decision::Held { reasons } => {
                reasons.iter().map(|reason| reason.code.to_string()).collect()
            }
        };
        assert_eq!(codes, expected, "{what}");
        let answer = may_tell(&ask).answer;
        assert_eq!(answer, if expected.is_empty() { Reach::Allowed } else { Reach::Ask }, "{what}");
        // In an emergency nothing of that stands in the way.
        let decision = decide(&Ask { emergency: true, ..ask });
        assert!(matches!(decision, Decision::Allowed { .. }), "{what}");
    }
}

/// The codes of why something may not be told to Jane and Joe both.
fn codes(labelled: &[Labelled], sender: &str, terms: usize, consents: &Consents) -> Vec<String> {
    let seats: Vec<Seat> = ["jane", "joe"].map(seat).into();
    let seats: Vec<&Seat> = seats.iter().collect();
    let disclosure = EventData::from(MessageSent::default()).disclosure();
    let sender = user(sender);
    match decide(&ask((&disclosure, labelled), &sender, &seats, (&AGREEMENTS[terms], consents), false)) {
        Decision::Allowed { .. } => Vec::new(),
        Decision::Denied { reasons } | Decision::Held { reasons } => {
            reasons.iter().map(|reason| reason.code.to_string()).collect()
        }
    }
}

#[test]
fn who_would_be_told_gains_nothing_by_naming_itself_as_who_tells() {
    let mut consent = consent();
    consent.scope.categories =
        [Label::MentalHealth, Label::Hiv, Label::Violence, Label::SubstanceUseDisorder, Label::Part2].into();
    consent.scope.disclosers = [organization("aco")].into();
    consent.scope.recipients = [organization("cp"), organization("aco")].into();
    let own = consent.clone();
    consent.source = "Joe's word".into();
    let paper =
        ConsentRecorded { document: Some(crate::id::Sha256::of("synthetic paper")), ..consent.clone() };
    let refused = vec!["consent-recipients-word".to_owned()];
    for terms in 0..3 {
        for label in [Label::MentalHealth, Label::Hiv, Label::Violence, Label::SubstanceUseDisorder] {
            let labelled = [Labelled { labels: [label].into(), by: organization("cp") }];
            let told = |one: &ConsentRecorded| {
                codes(&labelled, "jane", terms, &consents(&[(one.clone(), false)], terms))
            };
            assert_eq!(told(&consent), refused, "{label:?} under {terms}");
            assert!(told(&paper).is_empty() && told(&own).is_empty(), "{label:?} under {terms}");
        }
        let labelled = [Labelled { labels: Label::OF_PART_2.into(), by: organization("cp") }];
        let under = consents(&[(consent.clone(), false)], terms);
        assert_eq!(codes(&labelled, "jane", terms, &under), refused, "Part 2 under {terms}");
    }
}

#[test]
fn under_an_id_that_two_recorded_a_consent_with_nothing_is_told() {
    // Joe's may state the older place or the younger one, and allow more or less: nobody gains by it.
    for (first, second) in [("jane", "joe"), ("joe", "jane")] {
        let fold = CASES[1].clone();
        let recorded = |who: &str, at_place: usize| {
            let same =
                crate::case::event::Event { id: id(1), ..event(at_place, fold.state().heads(), consent()) };
            held(who, "words", &same, at(at_place))
        };
        let (one, two) = (recorded(first, 1), recorded(second, 2));
        let mut states = Vec::new();
        for order in [[&one, &two], [&two, &one]] {
            let mut fold = fold.clone();
            fold.insert(order[0].clone());
            fold.insert(order[1].clone());
            let labelled = [Labelled { labels: Label::OF_PART_2.into(), by: organization("cp") }];
            let told = |fold: &Fold| codes(&labelled, "jane", 1, &fold.state().consents);
            assert_eq!(told(&fold), ["consent-ambiguous"]);
            assert_eq!(fold.state().consents.get(id(1)), None);
            let notice = notice(&Label::OF_PART_2.into(), &[id(1)].into(), &fold.state().consents, None);
            assert_eq!(notice.as_deref(), Some(STATEMENT), "nobody's words are told for another's");
            states.push(fold.state().consents.clone());
            // Recorded anew it counts.
            fold.insert(next(3, "jane", fold.state(), consent()));
            assert!(told(&fold).is_empty());
        }
        assert_eq!(states[0], states[1]);
    }
}

#[test]
fn an_emergency_lets_nobody_pass_whom_the_agreement_does_not_name() {
    let mut stranger = seat("lee");
    stranger.contact.organization = organization("hospital");
    let seats = [seat("jane"), stranger];
    let seats: Vec<&Seat> = seats.iter().collect();
    let disclosure = EventData::from(MessageSent::default()).disclosure();
    let labelled = [Labelled { labels: Label::OF_PART_2.into(), by: organization("cp") }];
    let consents = Consents::default();
    let jane = user("jane");
    let ask = ask((&disclosure, &labelled), &jane, &seats, (&AGREEMENTS[1], &consents), true);
    assert!(
        matches!(decide(&ask), Decision::Denied { reasons } if reasons[0].code == "organization-not-party")
    );
    assert_eq!(may_tell(&ask).answer, Reach::Denied);
    let bot = user("cp-bot");
    let keeper = seat("cp-bot");
    let seats = [&keeper];
    let denied = decide(&Ask { sender: &bot, seats: &seats, ..ask });
    assert!(matches!(denied, Decision::Denied { reasons } if reasons[0].code == "override-by-keeper"));
}

fn labels() -> impl Strategy<Value = Labels> {
    prop::collection::btree_set(prop::sample::select(Label::ALL.to_vec()), 0..4)
}

fn organizations() -> impl Strategy<Value = BTreeSet<OrganizationId>> {
    prop::collection::btree_set(prop::sample::select(vec!["cp", "aco", "hospital"]), 0..3)
        .prop_map(|names| names.into_iter().map(organization).collect())
}

fn recorded() -> impl Strategy<Value = (ConsentRecorded, bool)> {
    let purposes = prop::collection::vec(prop::sample::select(Purpose::OF_CONSENTS.to_vec()), 0..3);
    let days = (-20_i64..5, prop::option::of(-5_i64..40));
    let words = prop::sample::select(vec!["Synthetic words of scope", ""]);
    (
        (labels(), organizations(), organizations(), any::<bool>()),
        (purposes, any::<bool>(), prop::bool::weighted(0.9), words),
        days,
        (prop::bool::weighted(0.2), prop::bool::weighted(0.3)),
        prop::option::of(prop::sample::select(vec![Label::PsychotherapyNotes, Label::CounsellingNotes])),
    )
        .prop_map(
            |(
                (categories, disclosers, recipients, covered),
                (purposes, tpo, treat, words),
                days,
                (revoked, joe),
                notes,
            )| {
                let from = today() + days.0.days();
                let mut consent =
                    ConsentRecorded { from, until: days.1.map(|n| today() + n.days()), ..consent() };
                consent.scope = Scope {
                    categories,
                    disclosers,
                    recipients,
                    covered,
                    purposes: if treat { vec![Purpose::Treatment] } else { purposes },
                    redisclosure: if tpo { Redisclosure::Tpo } else { Redisclosure::Named },
                    fields: std::collections::BTreeSet::new(),
                    explanation: words.to_owned(),
                };
                // One in three speaks of everything.
                if treat && tpo {
                    consent.scope.categories.extend([Label::Part2, Label::BehaviouralHealth]);
                    consent.scope.recipients.extend([organization("aco"), organization("cp")]);
                }
                // Now and then one of notes alone.
                if let (true, Some(notes)) = (words.is_empty() || !tpo, notes) {
                    consent.scope.categories = [notes].into();
                }
                if joe {
                    consent.source = "Joe's word".into();
                }
                (consent, revoked)
            },
        )
}

fn said() -> impl Strategy<Value = EventData> {
    prop_oneof![
        Just(MessageSent::default().into()),
        Just(MessageCorrected { message: id(1), text: "again".into() }.into()),
        Just(
            TaskCompleted { task: EventKey { sender: user("jane"), id: id(1) }, outcome: "done".into() }
                .into()
        ),
        Just(EventData::Unknown { kind: "meeting.held".into(), data: serde_json::Value::Null }),
        Just(CaseAccepted { case: opening().case }.into()),
    ]
}

const PEOPLE: [&str; 6] = ["jane", "kim", "joe", "rao", "cp-bot", "aco-bot"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Of ten thousand cases none lets something sensitive be told to an organisation for which no consent in force speaks,
    /// unless a person said that there is an emergency; and what of Part 2 is told carries the statement, and what it is told under.
    #[test]
    fn nothing_is_told_without_notice_and_scope(
        terms in 0..4_usize,
        recorded in prop::collection::vec(recorded(), 0..4),
        there in prop::collection::btree_set(0..PEOPLE.len(), 1..5),
        (sender, stated, off) in (0..PEOPLE.len(), labels(), any::<bool>()),
        emergency in prop::bool::weighted(0.3),
        data in said(),
        handed in prop::option::of((labels(), prop::sample::select(vec!["cp", "aco"]))),
    ) {
        let (agreement, consents) = (&AGREEMENTS[terms], consents(&recorded, terms));
        let all: Vec<Seat> = there.iter().map(|n| seat(PEOPLE[*n])).collect();
        let seats: Vec<&Seat> = all.iter().collect();
        let me = seat(PEOPLE[sender]);
        let marks = Marks {
            labels: stated.clone(),
            unlabelled: off.then(|| "It says nothing of that".to_owned()),
            under: None,
            btg: emergency.then(|| Emergency { reason: "Synthetic emergency".into() }),
        };
        let labels = marks.labels_of(&me, agreement);
        let of_program = agreement.part2.as_ref().is_some_and(|part2| part2.is_of_program(&me));
        prop_assert!(stated.is_subset(&labels));
        prop_assert!(!of_program || off || labels.contains(&Label::Part2));

        let mut disclosure = data.disclosure();
        let mut labelled = Vec::new();
        if disclosure.content {
            disclosure.labels = labels.clone();
            labelled.push(Labelled { labels, by: me.contact.organization.clone() });
        }
        // What somebody else said, as a handover has it.
        if let Some((labels, by)) = handed {
            disclosure.labels.extend(&labels);
            labelled.push(Labelled { labels, by: organization(by) });
        }
        let sender = user(PEOPLE[sender]);
        let ask = ask((&disclosure, &labelled), &sender, &seats, (agreement, &consents), emergency);
        let Decision::Allowed { under, .. } = decide(&ask) else { return Ok(()) };
        prop_assert!(!(emergency && me.is_keeper()));

        let is_program = |one: &OrganizationId| {
            let part2 = agreement.part2.as_ref();
            part2.is_some_and(|part2| part2.programs.iter().any(|of| of.organization == *one))
        };
        let mut others = BTreeSet::new();
        for part in &labelled {
            let sensitive = || part.labels.iter().filter(|label| label.is_sensitive());
            for reader in &all {
                let to = &reader.contact.organization;
                if *to == part.by || sensitive().next().is_none() {
                    continue;
                }
                others.insert(to.clone());
                let implied = |label: &Label| part.labels.iter().any(|other| other.implies(*label));
                let notes = |label: &Label| [Label::PsychotherapyNotes, Label::CounsellingNotes].contains(label);
                let speaks = |label: &Label| implied(label) || under.iter().filter_map(|id| consents.get(*id)).any(|consent| {
                    let scope = &consent.recorded.scope;
                    let hipaa = |one| agreement.part2.as_ref().is_some_and(|part2| part2.covered.contains(one));
                    consent.standing(today()) == ConsentStanding::Active
                        && scope.categories.iter().any(|category| category.covers(*label))
                        // A consent for notes is for nothing else, and lets nobody pass them on whom it does not name.
                        && (!notes(label) || (scope.categories == [*label].into()
                            && (scope.recipients.contains(to) || scope.disclosers.contains(to)
                                || (scope.covered && hipaa(to)))))
                        && (consent.by.organization == part.by || consent.recorded.document.is_some()
                            || (part.labels.contains(&Label::Part2)
                                && (Label::Part2.covers(*label) || *label == Label::CounsellingNotes)
                                && scope.disclosers.contains(&consent.by.organization)
                                && is_program(&consent.by.organization) && !is_program(&part.by)))
                        && (scope.recipients.contains(to) || scope.disclosers.contains(to) || hipaa(to))
                        && scope.purposes.iter().any(|purpose| purpose.includes(Purpose::Coordination))
                });
                prop_assert!(emergency || sensitive().all(speaks), "{to} is told what nothing covers");
            }
        }
        prop_assert!(under.len() <= crate::label::MOST_CONSENTS);
        let notice = notice(&disclosure.labels, &under, &consents, marks.btg.as_ref());
        prop_assert!(!are_sensitive(&disclosure.labels) || others.is_empty() || notice.is_some());
        let Some(notice) = notice else { return Ok(()) };
        prop_assert!(notice.len() <= NOTICE_LIMIT / 2);
        if disclosure.labels.contains(&Label::Part2) || disclosure.labels.contains(&Label::CounsellingNotes) {
            prop_assert!(notice.contains(STATEMENT));
            if !others.is_empty() {
                let scope = notice.contains("Synthetic words of scope");
                prop_assert!(scope || (emergency && notice.contains("Synthetic emergency")), "{notice}");
            }
        }
        // Whoever reads it, in whatever client, and whatever is made of it, has the notice.
        let body = format!("Said\n\n{notice}");
        let mut event = event(40, Vec::new(), data);
        event.marks = Marks { under: Some(Under { consents: under, notice: 4 }), ..marks };
        let held: Held = held("jane", &body, &event, at(40));
        let crate::case::event::HeldBody::Whole(content) = held.body else { panic!("whole") };
        let crate::case::event::Block::Event(read) = &content.block else { panic!("an event") };
        prop_assert_eq!(read.marks.split(&content.body), ("Said", Some(notice.as_str())));
    }
}
