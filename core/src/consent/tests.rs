#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::ToSpan;
use jiff::civil::date;

use super::*;
use crate::audit::Purpose;
use crate::case::event::{EventData, Head, HeldBody};
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{at, event, held, id, next, opening, organization, user};
use crate::case::handover;
use crate::case::life::{Carried, CaseClosed, CloseReason, RungPosted, SeatEnded};
use crate::case::state::CaseState;
use crate::communication::MessageSent;
use crate::label::{Emergency, Marks};

fn today() -> Date {
    at(0).to_zoned(jiff::tz::TimeZone::UTC).date()
}

pub(crate) fn consent() -> ConsentRecorded {
    ConsentRecorded {
        scope: Scope {
            categories: [Label::Part2].into(),
            disclosers: [organization("cp")].into(),
            recipients: [organization("aco")].into(),
            covered: false,
            purposes: vec![Purpose::Treatment],
            redisclosure: Redisclosure::Tpo,
            fields: std::collections::BTreeSet::new(),
            explanation: "Synthetic: all of it, to Harbor ACO, for treatment".into(),
        },
        from: today(),
        until: Some(today() + 30.days()),
        signed_on: today(),
        how: SignedHow::Paper,
        representative: false,
        source: "Synthetic folder 7".into(),
        document: None,
        renews: None,
    }
}

fn revoked(consent: usize) -> ConsentRevoked {
    ConsentRevoked { consent: id(consent), on: today(), reason: "Secret".into(), source: "Secret".into() }
}

fn reviewed(by: &str, event: usize) -> OverrideReviewed {
    let event = EventKey { sender: user(by), id: id(event) };
    OverrideReviewed { event, justified: true, finding: "Secret".into() }
}

/// Plays one event after another; a message of the kind "urgent" is told in an emergency.
fn play(said: &[(&str, EventData)]) -> Fold {
    let mut fold = Fold::new();
    fold.insert(next(0, "jane", fold.state(), opening()));
    for (n, (who, data)) in said.iter().enumerate() {
        let mut event = event(n + 1, fold.state().heads(), data.clone());
        if matches!(data, EventData::MessageSent(_)) {
            event.marks = Marks { btg: Some(Emergency { reason: "Secret".into() }), ..Marks::default() };
        }
        fold.insert(held(who, "words", &event, at(n + 1)));
    }
    fold
}

fn last(state: &CaseState) -> &str {
    state.timeline.last().unwrap().standing.reason().map_or("counted", |reason| &reason.code)
}

fn urgent() -> EventData {
    MessageSent::default().into()
}

/// What is played, and what becomes of the last of it.
type Row = (&'static str, Vec<(&'static str, EventData)>, &'static str);

#[test]
fn each_step_is_taken_or_refused_with_why() {
    let recorded = |change: fn(&mut ConsentRecorded)| {
        let mut consent = consent();
        change(&mut consent);
        EventData::from(consent)
    };
    let plain = || recorded(|_| {});
    let table: Vec<Row> = vec![
        ("recorded by the community side", vec![("jane", plain())], "counted"),
        ("recorded by the plan side", vec![("rao", plain())], "counted"),
        ("by a keeper", vec![("cp-bot", plain())], "consent-by-keeper"),
        ("signed ahead", vec![("jane", recorded(|c| c.signed_on = today() + 9.days()))], "consent-date"),
        ("in no year", vec![("jane", recorded(|c| c.from = date(1, 1, 1)))], "consent-date"),
        ("that ends first", vec![("jane", recorded(|c| c.until = Some(c.from)))], "consent-period"),
        (
            "that renews nothing",
            vec![("jane", recorded(|c| c.renews = Some(id(77))))],
            "consent-renews-unknown",
        ),
        (
            "that renews the first",
            vec![("jane", plain()), ("jane", recorded(|c| c.renews = Some(id(1))))],
            "counted",
        ),
        ("revoked by the other side", vec![("jane", plain()), ("joe", revoked(1).into())], "counted"),
        ("revoked by a keeper", vec![("jane", plain()), ("cp-bot", revoked(1).into())], "consent-by-keeper"),
        ("revoked, unknown", vec![("jane", revoked(9).into())], "consent-unknown"),
        (
            "revoked twice",
            vec![("jane", plain()), ("joe", revoked(1).into()), ("jane", revoked(1).into())],
            "consent-revoked-before",
        ),
        (
            "revoked ahead",
            vec![("jane", plain()), ("joe", ConsentRevoked { on: today() + 9.days(), ..revoked(1) }.into())],
            "consent-date",
        ),
        (
            "revoked after the end of the case",
            vec![
                ("jane", plain()),
                ("jane", CaseClosed { reason: CloseReason::Moved, continued_in: None }.into()),
                ("jane", revoked(1).into()),
            ],
            "counted",
        ),
        ("reviewed, unknown", vec![("jane", reviewed("joe", 9).into())], "override-unknown"),
        (
            "reviewed by themselves",
            vec![("joe", urgent()), ("joe", reviewed("joe", 1).into())],
            "override-own",
        ),
        ("by the other lead", vec![("joe", urgent()), ("lee", reviewed("joe", 1).into())], "counted"),
        (
            "by nobody to do so",
            vec![("joe", urgent()), ("rao", reviewed("joe", 1).into())],
            "override-reviewer",
        ),
        // Nobody else of the community side decides: who is on the ladder looks.
        ("by who is on the ladder", vec![("jane", urgent()), ("lee", reviewed("jane", 1).into())], "counted"),
        (
            "reviewed twice",
            vec![("joe", urgent()), ("lee", reviewed("joe", 1).into()), ("lee", reviewed("joe", 1).into())],
            "override-reviewed-before",
        ),
    ];
    for (what, said, code) in table {
        let fold = play(&said);
        assert_eq!(last(fold.state()), code, "{what}");
    }
}

#[test]
fn a_consent_holds_from_its_first_day_until_its_last_or_the_rule_s_or_its_end() {
    let fold = play(&[("jane", consent().into())]);
    let known = fold.state().consents.get(id(1)).unwrap();
    let standing = |days: i64| known.standing(today() + days.days()).code();
    assert_eq!([-1, 0, 29, 30].map(standing), ["not-begun", "active", "active", "expired"]);

    let mut open = opening();
    let text = "id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: [{ clock: release-of-information, months: 24, mark: F }]\n";
    open.rules = Carried::rule_set(text).unwrap();
    let mut fold = Fold::new();
    fold.insert(next(0, "jane", fold.state(), open));
    fold.insert(next(1, "jane", fold.state(), ConsentRecorded { until: None, ..consent() }));
    let ends = fold.state().consents.get(id(1)).unwrap().ends.unwrap();
    assert_eq!(ends, today() + 2.years() + 1.day());

    fold.insert(next(2, "joe", fold.state(), revoked(1)));
    let known = fold.state().consents.get(id(1)).unwrap();
    assert_eq!(known.standing(today() - 1.day()), ConsentStanding::Revoked);
}

#[test]
fn what_was_signed_so_long_ago_that_it_holds_on_no_day_is_not_kept() {
    let mut open = opening();
    let text = "id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: [{ clock: release-of-information, months: 24, mark: F }]\n";
    open.rules = Carried::rule_set(text).unwrap();
    let mut fold = Fold::new();
    fold.insert(next(0, "jane", fold.state(), open));
    let old = ConsentRecorded { signed_on: today() - 3.years(), until: None, ..consent() };
    fold.insert(next(1, "jane", fold.state(), old));
    assert_eq!((last(fold.state()), fold.state().consents.all().len()), ("never-could-count", 0));
}

#[test]
fn nobody_takes_a_consents_place_under_its_id() {
    let mut fold = play(&[("jane", consent().into())]);
    // Joe states a place from before, under the same id: each is by its sender, neither counts, and both can be taken back.
    let heads = vec![fold.state().timeline[0].key.clone()];
    let heads = heads.into_iter().map(|key| Head { key, clock: 1 }).collect();
    let same = crate::case::event::Event { id: id(1), ..event(1, heads, consent()) };
    fold.insert(held("joe", "words", &same, at(1)));
    let all = fold.state().consents.all();
    let by: Vec<&str> = all.iter().map(|one| one.key.sender.as_str()).collect();
    assert_eq!(by.len(), 2);
    assert!(by.contains(&"@jane:cp.example") && by.contains(&"@joe:aco.example"));
    assert_eq!(fold.state().consents.get(id(1)), None);
    fold.insert(next(3, "jane", fold.state(), revoked(1)));
    assert!(fold.state().consents.all().iter().all(|one| one.revoked.is_some()));
    fold.insert(next(4, "jane", fold.state(), revoked(1)));
    assert_eq!(last(fold.state()), "consent-revoked-before");
}

#[test]
fn a_renewal_and_a_review_are_owed_until_they_are_done() {
    let owed = |fold: &Fold| -> Vec<(String, String)> {
        let owed = fold.state().owed();
        assert!(owed.iter().all(|one| one.ladder.last().unwrap().phone.is_some()));
        owed.into_iter().map(|one| (one.clock, one.owner.to_string())).collect()
    };
    let line = |clock: &str, who: &str| (clock.to_owned(), format!("urn:example:staff|{who}"));
    let fold = play(&[("jane", consent().into()), ("joe", urgent())]);
    assert_eq!(owed(&fold), [line(RENEWAL_CLOCK, "jane"), line(REVIEW_CLOCK, "lee")]);
    let due = fold.state().owed()[0].due;
    assert_eq!(due.to_zoned(crate::agreement::default_zone()).date(), today() + 30.days());

    // Nobody else of the side decides: who is on the ladder does.
    assert_eq!(owed(&play(&[("jane", urgent())])), [line(REVIEW_CLOCK, "joe")]);
    let renewed = ConsentRecorded { renews: Some(id(1)), until: None, ..consent() };
    let fold = play(&[
        ("jane", consent().into()),
        ("joe", urgent()),
        ("jane", renewed.into()),
        ("lee", reviewed("joe", 2).into()),
    ]);
    assert!(owed(&fold).is_empty());
    let given_up = play(&[("jane", consent().into()), ("joe", revoked(1).into())]);
    assert!(owed(&given_up).is_empty());
}

#[test]
fn nobody_makes_us_hold_more_than_so_many() {
    let mut said = vec![("rao", urgent()); MOST_OVERRIDES + 3];
    said.push(("jane", urgent()));
    let fold = play(&said);
    assert_eq!(fold.state().consents.overrides().len(), MOST_OVERRIDES + 1);
    let fold = play(&vec![("jane", consent().into()); MOST_CONSENTS + 1]);
    assert_eq!(last(fold.state()), "consents-too-many");
}

#[test]
fn what_a_handover_withholds_of_a_consent_allows_nothing_and_folds_alike() {
    let fold = play(&[("jane", consent().into()), ("joe", urgent()), ("joe", revoked(1).into())]);
    let (handed, _) = handover::make(
        &fold,
        |_| true,
        |held| match &held.body {
            HeldBody::Whole(content) => !content.json.get().contains("case.opened"),
            HeldBody::Stub(_) => true,
        },
    );
    let text = serde_json::to_string(&handed).unwrap();
    assert!(!text.contains("Secret") && !text.contains("42CFR") && !text.contains("folder"), "{text}");
    let mut newcomer = Fold::invited(user("kim"), [user("jane")]);
    newcomer.extend(handover::unpack(serde_json::from_str(&text).unwrap(), &user("jane")));
    assert_eq!(newcomer.state().digest(), fold.state().digest());
    assert_eq!(newcomer.state().owed(), fold.state().owed());
    let known = newcomer.state().consents.get(id(1)).unwrap();
    assert!(!known.covers(Label::SubstanceUseDisorder));
    assert_eq!(newcomer.state().consents.overrides().len(), 1);
}

#[test]
fn nothing_of_a_member_is_in_what_shows_them() {
    let fold = play(&[
        ("jane", consent().into()),
        ("joe", urgent()),
        ("joe", revoked(1).into()),
        ("lee", reviewed("joe", 2).into()),
    ]);
    let shown =
        format!("{:?} {:?} {:?} {:?}", fold.state().consents, consent(), revoked(1), reviewed("joe", 2));
    assert!(!shown.contains("Secret") && !shown.contains("Synthetic") && !shown.contains("Part2"), "{shown}");
}

#[test]
fn an_emergency_is_looked_at_after_the_end_of_the_case_too() {
    let closed = CaseClosed { reason: CloseReason::Moved, continued_in: None };
    let fold = play(&[("jane", consent().into()), ("joe", urgent()), ("jane", closed.into())]);
    let owed = fold.state().owed();
    assert_eq!((owed.len(), owed[0].clock.as_str()), (1, REVIEW_CLOCK));
    assert!(owed[0].ladder.last().unwrap().phone.is_some());
    // A keeper reminds them still, of that and of nothing else.
    let rung = |of: &crate::case::step::Owed| RungPosted {
        owed: of.since,
        clock: of.clock.clone(),
        rung: 0,
        contact: of.ladder[0].contact.clone(),
        organization: of.ladder[0].organization.clone(),
        due: of.ladder[0].at,
        left: false,
    };
    let mut fold = fold;
    let (late, mine) = (owed[0].ladder[0].at, rung(&owed[0]));
    let mut event = event(9, fold.state().heads(), mine);
    event.at = late;
    fold.insert(held("aco-bot", "words", &event, late));
    assert_eq!(last(fold.state()), "counted");
    assert!(fold.state().owed()[0].ladder[0].posted.is_some());
    fold.insert(next(10, "lee", fold.state(), reviewed("joe", 2)));
    assert!(fold.state().owed().is_empty());
}

#[test]
fn what_is_shown_of_a_revocation_or_a_review_says_neither_why_nor_what_was_found() {
    let fold = play(&[
        ("jane", consent().into()),
        ("joe", urgent()),
        ("joe", revoked(1).into()),
        ("lee", reviewed("joe", 2).into()),
    ]);
    let told = fold.state().timeline.iter().filter(|entry| !entry.kind.starts_with("message"));
    assert!(told.clone().count() == 4 && told.clone().all(|entry| !entry.text.contains("Secret")));
}

#[test]
fn who_has_no_seat_any_more_said_it_all_the_same() {
    let mut fold = Fold::new();
    fold.insert(next(0, "jane", fold.state(), opening()));
    fold.insert(next(1, "jane", fold.state(), consent()));
    let old = fold.state().heads();
    let contact = crate::case::fold::tests::world::seat("rao").contact;
    let ended = SeatEnded { contact: contact.id, organization: contact.organization };
    fold.insert(next(2, "joe", fold.state(), ended));
    // She had not heard of it, and said more.
    fold.insert(held("rao", "words", &event(6, old.clone(), MessageSent::default()), at(3)));
    let own = EventKey { sender: user("rao"), id: id(6) };
    let old = vec![Head { clock: 1 + old[0].clock, key: own }];
    let mut said = event(3, old.clone(), MessageSent::default());
    said.marks = Marks {
        labels: [Label::MentalHealth].into(),
        btg: Some(Emergency { reason: "Secret".into() }),
        ..Marks::default()
    };
    fold.insert(held("rao", "words", &said, at(3)));
    fold.insert(held("rao", "words", &event(4, old, revoked(1)), at(4)));
    let state = fold.state();
    let key = |n| EventKey { sender: user("rao"), id: id(n) };
    assert_eq!(state.entry(&key(3)).unwrap().standing.reason().unwrap().code, "no-seat");
    assert_eq!(state.labels_of(&key(3)), Some(&[Label::MentalHealth].into()));
    assert_eq!(state.consents.overrides().len(), 1);
    assert!(state.consents.get(id(1)).unwrap().revoked.is_some());
    // Whoever never had one: what they say of it themselves.
    said.id = id(5);
    fold.insert(held("stranger", "words", &said, at(5)));
    let key = EventKey { sender: user("stranger"), id: id(5) };
    assert_eq!(fold.state().labels_of(&key), Some(&[Label::MentalHealth].into()));
    assert_eq!(fold.state().consents.overrides().len(), 1);
}
