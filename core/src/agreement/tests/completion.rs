//! When a care plan is complete, as a rule set says it. All data is synthetic.

use super::*;

#[test]
fn a_rule_set_says_when_a_plan_is_complete() {
    let with =
        |rows: &str| RuleSet::parse(&format!("id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: []\n{rows}"));
    let old = "plan_complete:\n  - { when: both-signed, until: 2023-04-01, mark: F }\n";
    let new = "  - { when: sent-approved, from: 2023-04-01, mark: F }\n";
    let both = with(&format!("{old}{new}")).unwrap();
    let none = with("").unwrap();
    for (day, expected) in [
        ("2019-01-01", Completion::BothSigned),
        ("2023-03-31", Completion::BothSigned),
        ("2023-04-01", Completion::SentApproved),
        ("2026-11-27", Completion::SentApproved),
    ] {
        assert_eq!(both.completion(day.parse().unwrap()), expected, "{day}");
        assert_eq!(none.completion(day.parse().unwrap()), Completion::BothSigned, "{day}");
    }
    for (new, code, field) in [
        ("  - { when: signed, from: 2023-04-01, mark: F }\n", "field-wrong", "plan_complete[1].when"),
        ("  - { from: 2023-04-01, mark: F }\n", "field-missing", "plan_complete[1].when"),
        ("  - { when: sent-approved, from: 2023-04-01 }\n", "field-missing", "plan_complete[1].mark"),
        ("  - { when: sent-approved, from: 2023-03-01, mark: F }\n", "rows-overlap", "plan_complete[1]"),
        (
            "  - { when: sent-approved, from: 2023-04-01, mark: F, days: 3 }\n",
            "field-unknown",
            "plan_complete[1].days",
        ),
    ] {
        let error = with(&format!("{old}{new}")).expect_err(new);
        assert_eq!(mistake(error), (code, Some(7), Some(field.to_owned())), "{new}");
    }
}
