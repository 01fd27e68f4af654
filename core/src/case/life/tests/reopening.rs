//! A closed case whose member is back.

use super::*;
use crate::case::life::CaseReopened;
use crate::outreach::{Stage, StageReached};

fn back(on: &str) -> CaseReopened {
    let on = on.parse().unwrap();
    CaseReopened { reason: "secret words".into(), on, source: "list".into(), enrolled: None, left: None }
}

fn assigned(on: &str) -> StageReached {
    StageReached {
        stage: Stage::Assigned,
        on: on.parse().unwrap(),
        source: "list".into(),
        enrolled: None,
        left: None,
        to_aco: None,
        corrects: None,
    }
}

fn close(reason: CloseReason) -> CaseClosed {
    CaseClosed { reason, continued_in: None }
}

/// The days from which the engagement counts.
fn engagement(table: &Table) -> Vec<String> {
    let state = table.fold.state();
    let opening = state.opening().unwrap();
    let clocks = crate::outreach::dates(&state.outreach, &opening.agreement, &opening.rules);
    clocks.iter().filter(|one| one.clock == "engagement").map(|one| one.from.to_string()).collect()
}

#[test]
fn a_lead_opens_a_closed_case_again_and_its_clocks_count_from_the_programmes_date() {
    let mut table = Table::new();
    assert_eq!(table.does("jane", back("2026-01-05")), "case-not-closed");
    assert_eq!(table.does("joe", assigned("2026-01-02")), "counted");
    assert_eq!(table.does("joe", close(CloseReason::Disengaged)), "counted");
    assert!(table.fold.state().owed().is_empty());
    // More than the 90 days of the rules later.
    table.n = 120 * 24 * 60;
    assert_eq!(table.does("kim", back("2026-05-01")), "no-seat");
    assert_eq!(table.does("rao", back("2026-05-01")), "reopener");
    assert_eq!(table.does("aco-bot", back("2026-05-01")), "reopener");
    assert_eq!(table.does("jane", back("2026-01-03")), "stage-before");
    assert_eq!(
        table.does("jane", CaseReopened { left: Some("2026-01-01".parse().unwrap()), ..back("2026-05-01") }),
        "stage-before"
    );
    assert_eq!(table.does("jane", back("2027-01-01")), "stage-date");
    assert_eq!(table.does("jane", back("2026-05-01")), "counted");
    assert_eq!(
        table.text(),
        "jane (CP care coordinator) opened the case again, since 2026-05-01 (source: list): secret words"
    );
    assert_eq!(table.does("jane", back("2026-05-01")), "case-not-closed");
    let state = table.fold.state();
    assert!(state.life.closed.is_none() && state.life.reopened.len() == 1);
    let stages: Vec<Stage> = state.outreach.stages().iter().map(|stage| stage.reached.stage).collect();
    assert_eq!(stages, [Stage::Assigned, Stage::Disenrolled, Stage::ReEnrolled]);
    assert_eq!(engagement(&table), ["2026-05-01"]);
    let owed = state.owed();
    assert!(owed.iter().any(|item| item.clock == "engagement"), "{owed:?}");
    assert!(owed.iter().all(|item| item.ladder.last().unwrap().phone.is_some()));
    assert_eq!(table.does("jane", crate::communication::MessageSent::default()), "counted");
    assert!(!format!("{:?} {:?}", back("2026-05-01"), table.fold.state().outreach).contains("secret"));
    // The end and the beginning can come again.
    assert_eq!(table.does("joe", close(CloseReason::Moved)), "counted");
    assert_eq!(table.does("joe", back("2026-05-05")), "counted");
    assert_eq!(engagement(&table), ["2026-05-01"], "after a short time away the clocks go on");
}

#[test]
fn what_goes_on_elsewhere_is_not_opened_again() {
    let mut table = Table::new();
    assert_eq!(table.does("jane", close(CloseReason::Duplicate)), "counted");
    assert_eq!(table.does("jane", back("2026-01-05")), "case-continued");
}

#[test]
fn who_had_left_by_the_programmes_word_is_back_since_then() {
    let mut table = Table::new();
    assert_eq!(table.does("joe", assigned("2025-06-01")), "counted");
    let left = StageReached { stage: Stage::Disenrolled, ..assigned("2025-08-01") };
    assert_eq!(table.does("joe", left), "counted");
    assert_eq!(table.does("joe", close(CloseReason::EligibilityLoss)), "counted");
    assert_eq!(
        table.does("joe", CaseReopened { left: Some("2025-09-01".parse().unwrap()), ..back("2026-01-04") }),
        "stage-left"
    );
    assert_eq!(table.does("joe", back("2026-01-04")), "counted");
    assert_eq!(engagement(&table), ["2026-01-04"], "five months are more than 90 days");
}
