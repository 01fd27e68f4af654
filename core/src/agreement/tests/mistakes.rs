//! What one would only notice when it counts: a misspelt clock, a telephone number that is none, a rule that never holds.

use super::*;

#[test]
fn a_mistake_in_a_rule_set_is_named_by_line_and_field() {
    let table: &[(&str, &str, &str, u64, &str)] = &[
        ("masshealth/bh-cp", "MassHealth", "invalid-rule-set-id", 1, "id"),
        (
            "clock: inpatient-follow-up\n    days: 3",
            "clock: Follow up\n    days: 3",
            "field-wrong",
            5,
            "clocks[0].clock",
        ),
        (
            "clock: inpatient-follow-up\n    days: 3",
            "clock: in-patient-follow-up\n    days: 3",
            "field-wrong",
            5,
            "clocks[0].clock",
        ),
        ("business: true", "business: 1", "field-wrong", 7, "clocks[0].business"),
        ("until: 2023-04-01", "until: 2023-04-02", "rows-overlap", 10, "clocks[1]"),
        ("    until: 2023-04-01\n", "", "rows-overlap", 9, "clocks[1]"),
        ("mark: F\n  - {", "mark: X\n  - {", "field-wrong", 13, "clocks[1].mark"),
        ("counts_from: same-day", "counts_from: yesterday", "field-wrong", 14, "clocks[2].counts_from"),
        ("days: 7, counts", "days: 0, counts", "field-wrong", 14, "clocks[2]"),
        ("months: 12", "months: 12, business: true", "field-wrong", 16, "clocks[4]"),
        ("mark: S", "", "field-missing", 16, "clocks[4].mark"),
        ("mark: S", "mark: S, note: x", "field-unknown", 16, "clocks[4].note"),
    ];
    for (from, to, code, line, field) in table {
        assert!(RULES.contains(from), "{from}");
        let error = RuleSet::parse(&RULES.replacen(from, to, 1)).expect_err(to);
        assert_eq!(mistake(error), (*code, Some(*line), Some((*field).to_owned())), "{to}");
    }
}

#[test]
fn a_clock_that_nothing_counts_is_refused_with_the_name_that_is_near() {
    let all = ["plan-return", "inpatient-follow-up", "engagement", "task-claim", "referral-close"];
    for (name, near) in [
        ("plan-retrun", Some("plan-return")),
        ("plan_return", Some("plan-return")),
        ("Plan-Return", Some("plan-return")),
        ("in-patient-follow-up", Some("inpatient-follow-up")),
        ("plan-renewals", Some("plan-renewal")),
        ("follow-up", None),
        ("quiet", None),
        ("task", None),
        ("consent-renewal", None),
    ] {
        let agreement = AGREEMENT.replace("plan-return:", &format!("{name}:"));
        let rules = RULES.replacen("clock: inpatient-follow-up", &format!("clock: {name}"), 1);
        for (error, line) in [
            (Agreement::parse(&agreement).expect_err(name), 19),
            (RuleSet::parse(&rules).expect_err(name), 5),
        ] {
            let text = error.to_string();
            match near {
                Some(near) => assert!(text.contains(&format!("did you mean `{near}`")), "{text}"),
                None => assert!(all.iter().all(|known| text.contains(known)), "{text}"),
            }
            let (code, found, field) = mistake(error);
            assert_eq!((code, found), ("field-wrong", Some(line)), "{name}");
            assert!(field.is_some_and(|field| field.starts_with("clocks")), "{name}");
        }
    }
    // In lines of its own, the mistake is in the line of the name.
    let block = AGREEMENT.replace("plan-return: { days: 14 }", "plan-retrun:\n    days: 14");
    let expected = ("field-wrong", Some(19), Some("clocks.plan-retrun".to_owned()));
    assert_eq!(mistake(Agreement::parse(&block).unwrap_err()), expected);
    for known in all {
        Agreement::parse(&AGREEMENT.replace("plan-return:", &format!("{known}:"))).unwrap();
    }
    // The programme had it once.
    RuleSet::parse(&RULES.replacen("clock: ed-follow-up", "clock: participation-form", 1)).unwrap();
}

#[test]
fn a_ladders_telephone_number_can_be_dialled() {
    let with = |number: &str| Agreement::parse(&AGREEMENT.replace("+1 617 555 0142", number));
    for number in [
        "+1 617 555 0142",
        "(617) 555-0142",
        "617.555.0142",
        "555-0142",
        "6175550142 ext 5",
        "617-555-0142 Ext. 5",
        "617-555-0142x5",
    ] {
        assert!(with(number).is_ok(), "{number}");
    }
    for number in [
        "1",
        "555-014",
        "ask Lee",
        "617-555-0142 or pager",
        "617-555-CARE",
        "555 ext 0142000",
        "lee@bay.example",
    ] {
        let error = with(number).expect_err(number);
        assert!(error.to_string().contains("+1 617 555 0142"), "{error}");
        let expected = ("field-wrong", Some(30), Some("ladder.care-plan[1].phone".to_owned()));
        assert_eq!(mistake(error), expected, "{number}");
    }
}

#[test]
fn nothing_is_quiet_at_once_and_nobody_is_unreachable_untried() {
    for nothing in ["0 d", "0 h", "0 min"] {
        let error = Agreement::parse(&AGREEMENT.replace("20 d", nothing)).expect_err(nothing);
        assert_eq!(mistake(error), ("field-wrong", Some(16), Some("quiet".to_owned())), "{nothing}");
    }
    Agreement::parse(&AGREEMENT.replace("20 d", "1 min")).unwrap();
    let with = |block: &str| Agreement::parse(&format!("{AGREEMENT}outreach:\n  default: allowed\n{block}"));
    with("  attempts_before_unreachable: 1\n").unwrap();
    let error = with("  attempts_before_unreachable: 0\n").unwrap_err();
    let field = "outreach.attempts_before_unreachable".to_owned();
    assert_eq!(mistake(error), ("field-wrong", Some(43), Some(field)));
}

#[test]
fn what_holds_of_a_channel_ends_after_the_agreements_first_day() {
    let with = |until: &str| {
        let block = format!("  channels:\n    phone: {{ rule: prohibited, until: {until} }}\n");
        Agreement::parse(&format!("{AGREEMENT}outreach:\n  default: allowed\n{block}"))
    };
    with("2019-01-02").unwrap();
    for until in ["2019-01-01", "2018-07-01"] {
        let field = "outreach.channels.phone.until".to_owned();
        assert_eq!(mistake(with(until).expect_err(until)), ("field-wrong", Some(44), Some(field)), "{until}");
    }
}

#[test]
fn what_was_taken_once_is_read_whatever_a_release_knows() {
    // A newer release's clock, and what this one tells whoever writes it: a case that was opened with it goes on.
    let later = AGREEMENT
        .replace("quiet: 20 d", "quiet: 0 d")
        .replace("clocks:\n", "clocks:\n  plan-of-tomorrow: { days: 3 }\n");
    assert!(Agreement::parse(&later).is_err());
    let kept = Agreement::kept(&later).unwrap();
    assert!(kept.clock("plan-of-tomorrow").is_some());
    let rules = "id: r\nversion: \"1\"\ntitle: t\nclocks: [{ clock: plan-of-tomorrow, days: 3, mark: U }]\n";
    assert!(RuleSet::parse(rules).is_err() && RuleSet::kept(rules).is_ok());
    // What has no form is no name for anybody.
    assert!(RuleSet::kept(&rules.replace("plan-of-tomorrow", "Plan of tomorrow")).is_err());
}
