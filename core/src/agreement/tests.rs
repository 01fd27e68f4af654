#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

mod completion;
mod mistakes;

// Synthetic. The line numbers of the tables below count from its first line.
const AGREEMENT: &str = r#"id: harbor-bay
version: "2019-1"
title: Synthetic agreement
plan_side:
  id: urn:example:org|harbor
  name: Harbor ACO
  keeper: true
community_side: { id: urn:example:org|bay, name: Bay Community Care }
in_force:
  from: 2019-01-01
  until: 2021-01-01
zone: America/Chicago
share:
  both: [message, roster]
  community_side: [care-plan]
quiet: 20 d
grace: 12 h
clocks:
  plan-return: { days: 14 }
ladder:
  care-plan:
    - contact: urn:example:staff|joe
      name: Joe Alvarez
      organization: urn:example:org|harbor
      role: aco-care-manager
    - contact: urn:example:staff|lee
      name: Lee Chen
      organization: urn:example:org|harbor
      role: supervisor
      phone: "+1 617 555 0142"
      after: 2 d
  admission:
    - contact: urn:example:staff|jane
      name: Jane Miller
      organization: urn:example:org|bay
      role: cp-care-coordinator
      phone: "+1 617 555 0100"
handover:
  history: since-naming
  withhold: [message]
"#;

const RULES: &str = r#"id: masshealth/bh-cp
version: "2023-04"
title: Synthetic rule set
clocks:
  - clock: inpatient-follow-up
    days: 3
    business: true
    until: 2023-04-01
    mark: F
  - clock: inpatient-follow-up
    days: 7
    from: 2023-04-01
    mark: F
  - { clock: ed-follow-up, days: 7, counts_from: same-day, mark: F }
  - { clock: engagement, days: 90, counts_from: next-month, mark: F }
  - { clock: plan-renewal, months: 12, mark: S }
"#;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn all_of_an_agreement_is_read() {
    let read = Agreement::parse(AGREEMENT).unwrap();
    assert_eq!((read.id.as_str(), read.version.as_str()), ("harbor-bay", "2019-1"));
    assert!(read.plan_side.keeper && !read.community_side.keeper);
    assert_eq!(read.side_of(&"urn:example:org|bay".parse().unwrap()), Some(Side::Community));
    assert_eq!(read.side_of(&"urn:example:org|other".parse().unwrap()), None);
    for (date, expected) in
        [("2018-12-31", false), ("2019-01-01", true), ("2020-12-31", true), ("2021-01-01", false)]
    {
        assert_eq!(read.in_force_on(day(date)), expected, "{date}");
    }
    let shared = [Side::Plan, Side::Community].map(|side| {
        let all = Category::ALL.into_iter().filter(|category| read.may_share(side, *category));
        all.map(Category::code).collect::<Vec<_>>()
    });
    assert_eq!(shared, [vec!["message", "roster"], vec!["message", "care-plan", "roster"]]);
    assert_eq!((read.quiet, read.grace), (Delay::Days(20), Delay::Hours(12)));
    let clock = Clock { length: Length::Days(14), counts_from: CountsFrom::DayAfter };
    assert_eq!((read.clock("plan-return"), read.clock("other")), (Some(clock), None));
    let ladder = read.ladder(Topic::CarePlan);
    assert_eq!(ladder.iter().map(|rung| rung.after).collect::<Vec<_>>(), [Delay::Days(0), Delay::Days(2)]);
    assert_eq!((ladder[0].phone.as_deref(), ladder[1].phone.as_deref()), (None, Some("+1 617 555 0142")));
    assert_eq!((read.ladder(Topic::Admission).len(), read.ladder(Topic::Referral).len()), (1, 0));
    assert_eq!(read.handover.history, History::SinceNaming);
    assert_eq!(read.handover.withhold, BTreeSet::from([Category::Message]));
    assert_eq!(read.zone, TimeZone::get("America/Chicago").unwrap());
    assert!(!read.story_clock);
    assert!(Agreement::parse(&format!("{AGREEMENT}clock: story\n")).unwrap().story_clock);
}

#[test]
fn what_may_be_left_out_has_the_value_that_is_documented() {
    let mut short = AGREEMENT.to_owned();
    for line in ["zone: America/Chicago\n", "quiet: 20 d\n", "grace: 12 h\n", "  until: 2021-01-01\n"] {
        short = short.replace(line, "");
    }
    let (before, _) = short.split_once("handover:").unwrap();
    let read = Agreement::parse(before).unwrap();
    assert_eq!((read.quiet, read.grace), (Delay::Days(30), Delay::Days(1)));
    assert_eq!(read.zone, TimeZone::get("America/New_York").unwrap());
    assert_eq!(read.handover, HandoverTerms::default());
    assert!(read.in_force_on(day("2999-01-01")));
}

fn mistake(error: Error) -> (&'static str, Option<u64>, Option<String>) {
    let Error::InvalidInput(wrong) = error else { panic!("InvalidInput") };
    (wrong.code, wrong.line, wrong.field)
}

#[test]
fn a_mistake_in_an_agreement_is_named_by_line_and_field() {
    let phone = "      phone: \"+1 617 555 0142\"\n";
    let table: &[(&str, &str, &str, u64, &str)] = &[
        ("id: harbor-bay\n", "id: Harbor Bay\n", "invalid-agreement-id", 1, "id"),
        ("id: harbor-bay\n", "", "field-missing", 1, "id"),
        ("version: \"2019-1\"", "version: 2019", "field-wrong", 2, "version"),
        ("version: \"2019-1\"", "version: 1.10", "field-wrong", 2, "version"),
        ("title: Synthetic agreement", "title:", "field-missing", 1, "title"),
        ("plan_side:\n", "plan-side:\n", "field-missing", 1, "plan_side"),
        ("  name: Harbor ACO\n", "", "field-missing", 5, "plan_side.name"),
        (
            "id: urn:example:org|harbor\n  name",
            "id: harbor\n  name",
            "invalid-organization-id",
            5,
            "plan_side.id",
        ),
        ("keeper: true", "keeper: yes please", "field-wrong", 7, "plan_side.keeper"),
        ("urn:example:org|bay, name", "urn:example:org|harbor, name", "same-sides", 8, "community_side"),
        ("  from: 2019-01-01\n", "", "field-missing", 10, "in_force"),
        ("from: 2019-01-01", "from: 1 March", "field-wrong", 10, "in_force.from"),
        ("until: 2021-01-01", "until: 2019-01-01", "field-wrong", 11, "in_force.until"),
        ("zone: America/Chicago", "zone: Boston", "unknown-time-zone", 12, "zone"),
        ("  both: [message, roster]", "  both: [message, gossip]", "field-wrong", 14, "share.both[1]"),
        ("  both: [message, roster]", "  both: message", "field-wrong", 14, "share.both"),
        ("  both: [message, roster]", "  all: [message, roster]", "field-unknown", 14, "share.all"),
        ("quiet: 20 d", "quiet: 20 days", "invalid-delay", 16, "quiet"),
        ("quiet: 20 d", "quiet: 20", "field-wrong", 16, "quiet"),
        ("grace: 12 h", "grace: -1 h", "invalid-delay", 17, "grace"),
        ("days: 14", "days: 14.5", "field-wrong", 19, "clocks.plan-return.days"),
        ("days: 14", "days: -1", "field-wrong", 19, "clocks.plan-return.days"),
        ("days: 14", "days: 14, months: 1", "field-wrong", 19, "clocks.plan-return"),
        ("days: 14", "weeks: 2", "field-wrong", 19, "clocks.plan-return"),
        ("days: 14", "days: 14, weeks: 2", "field-unknown", 19, "clocks.plan-return.weeks"),
        (
            "    - contact: urn:example:staff|joe",
            "    - contact: joe",
            "invalid-contact-id",
            22,
            "ladder.care-plan[0].contact",
        ),
        ("role: aco-care-manager", "role: Care Manager", "invalid-role", 25, "ladder.care-plan[0].role"),
        (phone, "", "ladder-without-phone", 26, "ladder.care-plan[1].phone"),
        ("phone: \"+1 617 555 0142\"", "phone: 6175550142", "field-wrong", 30, "ladder.care-plan[1].phone"),
        (
            "phone: \"+1 617 555 0142\"",
            "fone: \"1\"\n      phone: \"555-0100\"",
            "field-unknown",
            30,
            "ladder.care-plan[1].fone",
        ),
        (
            "      role: aco-care-manager\n",
            "      role: aco-care-manager\n      after: 3 d\n",
            "ladder-order",
            32,
            "ladder.care-plan[1].after",
        ),
        (
            "    - contact: urn:example:staff|joe\n",
            "    - contact: urn:example:staff|joe\n      name: Joe\n      organization: urn:example:org|harbor\n      role: aco-care-manager\n    - contact: urn:example:staff|joe\n",
            "ladder-twice",
            26,
            "ladder.care-plan[1]",
        ),
        ("  admission:\n", "  admissions:\n", "field-unknown", 32, "ladder.admissions"),
        (
            "      organization: urn:example:org|bay",
            "      organization: urn:example:org|else",
            "ladder-of-another",
            35,
            "ladder.admission[0].organization",
        ),
        ("history: since-naming", "history: some", "field-wrong", 39, "handover.history"),
        ("withhold: [message]", "withhold: [message]\nclock: moved", "field-wrong", 41, "clock"),
        ("withhold: [message]", "withhold: [message]\nextra: 1", "field-unknown", 41, "extra"),
    ];
    for (from, to, code, line, field) in table {
        assert!(AGREEMENT.contains(from), "{from}");
        let error = Agreement::parse(&AGREEMENT.replacen(from, to, 1)).expect_err(to);
        assert_eq!(mistake(error), (*code, Some(*line), Some((*field).to_owned())), "{to}");
    }
    let error = Agreement::parse(&AGREEMENT.replacen("  admission:\n", "  admissions:\n", 1)).unwrap_err();
    assert!(error.to_string().contains("there are: care-plan, admission, referral,"), "{error}");
}

#[test]
fn what_holds_of_reaching_out_is_read_and_a_mistake_in_it_is_named() {
    use crate::outreach::Channel;
    assert_eq!(Agreement::parse(AGREEMENT).unwrap().outreach, None);
    let with = |block: &str| Agreement::parse(&format!("{AGREEMENT}outreach:\n{block}"));
    let terms = with("  default: ask-first\n").unwrap().outreach.unwrap();
    assert_eq!((terms.default, terms.attempts_before_unreachable), (OutreachRule::AskFirst, 3));
    let block = "  default: allowed\n  channels:\n    phone: { rule: prohibited, until: 2019-07-01 }\n    visit: { rule: ask-first }\n  attempts_before_unreachable: 5\n";
    let terms = with(block).unwrap().outreach.unwrap();
    assert_eq!(terms.attempts_before_unreachable, 5);
    for (channel, on, rule, until) in [
        (Channel::Phone, "2019-06-30", OutreachRule::Prohibited, Some(day("2019-07-01"))),
        (Channel::Phone, "2019-07-01", OutreachRule::Allowed, None),
        (Channel::Visit, "2019-07-01", OutreachRule::AskFirst, None),
        (Channel::Letter, "2019-07-01", OutreachRule::Allowed, None),
    ] {
        assert_eq!(terms.on(channel, day(on)), (rule, until), "{channel:?} {on}");
    }
    for (from, to, code, line, field) in [
        ("  default: allowed\n", "", "field-missing", 42, "outreach.default"),
        ("default: allowed", "default: maybe", "field-wrong", 42, "outreach.default"),
        ("phone:", "fax:", "field-unknown", 44, "outreach.channels.fax"),
        ("rule: prohibited", "rule: never", "field-wrong", 44, "outreach.channels.phone.rule"),
        ("rule: prohibited, ", "", "field-missing", 44, "outreach.channels.phone.rule"),
        ("2019-07-01", "July", "field-wrong", 44, "outreach.channels.phone.until"),
        ("unreachable: 5", "unreachable: -1", "field-wrong", 46, "outreach.attempts_before_unreachable"),
        ("  attempts_before", "  tries_before", "field-unknown", 46, "outreach.tries_before_unreachable"),
    ] {
        assert!(block.contains(from), "{from}");
        let error = with(&block.replacen(from, to, 1)).expect_err(to);
        assert_eq!(mistake(error), (code, Some(line), Some(field.to_owned())), "{to}");
    }
}

#[test]
fn a_ladder_names_who_owes_the_return() {
    let (before, rest) = AGREEMENT.split_once("  care-plan:\n").unwrap();
    let (_, admission) = rest.split_once("  admission:\n").unwrap();
    let without = format!("{before}  admission:\n{admission}");
    let community_only = format!("{before}  care-plan:\n{admission}");
    for text in [without, community_only] {
        let (code, line, field) = mistake(Agreement::parse(&text).expect_err("nobody owes"));
        assert_eq!((code, line, field.as_deref()), ("ladder-without-owner", Some(21), Some("ladder")));
    }
    let empty = AGREEMENT.split_once("  care-plan:\n").unwrap().0.to_owned() + "  care-plan: []\n";
    assert_eq!(mistake(Agreement::parse(&empty).expect_err("empty")).0, "ladder-empty");
}

#[test]
fn what_is_no_yaml_is_refused_with_its_line() {
    for (text, line) in [("id: a\nid: b\n", Some(2)), ("id: [a\nversion: \"1\"\n", Some(2))] {
        let (code, found, _) = mistake(Agreement::parse(text).expect_err(text));
        assert_eq!((code, found), ("yaml-syntax", line), "{text:?}");
    }
    for text in ["", "- a\n", "just words", "1", "~"] {
        assert!(matches!(Agreement::parse(text), Err(Error::InvalidInput(_))), "{text:?}");
    }
}

#[test]
fn a_text_from_the_other_side_cannot_exhaust_the_device() {
    let deep = format!("id: {}", "[".repeat(200_000));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let again = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb = format!("{bomb}a{n}: &a{n} [{again}]\n");
    }
    for text in [deep, bomb] {
        assert_eq!(mistake(Agreement::parse(&text).expect_err("refused")).0, "yaml-syntax");
    }
}

#[test]
fn a_mistake_never_repeats_what_was_written() {
    let secret = "Marty Synthetic 1960";
    for text in [
        AGREEMENT.replace("id: harbor-bay", &format!("id: {secret}")),
        AGREEMENT.replace("zone: America/Chicago", &format!("zone: {secret}")),
        AGREEMENT.replace("role: aco-care-manager", &format!("role: {secret}")),
        AGREEMENT.replace("quiet: 20 d", &format!("{secret}: 20 d")),
        AGREEMENT.replace("  plan-return: {", &format!("  {secret}: {{")),
        AGREEMENT.replace("quiet: 20 d", &format!("quiet: [{secret}")),
        AGREEMENT.replace("quiet: 20 d", &format!("quiet: *{secret}")),
    ] {
        let error = Agreement::parse(&text).expect_err("a mistake");
        assert!(!format!("{error} {error:?}").contains("Marty"), "{error:?}");
    }
}

#[test]
fn a_dated_rule_holds_from_its_first_day_to_before_its_last() {
    let rules = RuleSet::parse(RULES).unwrap();
    let length = |on| rules.clock("inpatient-follow-up", day(on)).unwrap().length;
    assert_eq!(length("2023-03-31"), Length::BusinessDays(3));
    assert_eq!(length("2023-04-01"), Length::Days(7));
    assert_eq!(rules.clock("plan-return", day("2023-04-01")), None);
}

#[test]
fn clocks_count_days_as_they_say() {
    let rules = RuleSet::parse(RULES).unwrap();
    for (clock, event, due) in [
        ("inpatient-follow-up", "2020-02-03", "2020-02-06"), // Monday to Thursday
        ("inpatient-follow-up", "2020-02-07", "2020-02-12"), // Friday to Wednesday
        ("inpatient-follow-up", "2020-02-08", "2020-02-12"), // Saturday to Wednesday
        ("inpatient-follow-up", "2023-04-01", "2023-04-08"),
        ("ed-follow-up", "2020-02-01", "2020-02-07"),
        ("engagement", "2020-01-17", "2020-05-01"),
        ("engagement", "2020-12-31", "2021-04-01"),
        ("plan-renewal", "2020-02-29", "2021-02-28"),
    ] {
        assert_eq!(rules.clock(clock, day(event)).unwrap().due_date(day(event)), day(due), "{clock} {event}");
    }
}

#[test]
fn a_due_time_is_the_end_of_the_day_in_the_agreements_zone() {
    let clock = Clock { length: Length::Days(14), counts_from: CountsFrom::DayAfter };
    let zone = TimeZone::get("America/New_York").unwrap();
    for (event, due) in [
        // Still the first of March in New York; the clocks change on the tenth.
        ("2019-03-02T04:30:00Z", "2019-03-16T04:00:00Z"),
        ("2019-03-02T05:00:00Z", "2019-03-17T04:00:00Z"),
        ("2019-10-25T12:00:00Z", "2019-11-09T05:00:00Z"),
    ] {
        assert_eq!(clock.due(instant(event), &zone), instant(due), "{event}");
    }
    assert_eq!(Delay::Days(1).after(instant("2019-03-09T17:00:00Z"), &zone), instant("2019-03-10T16:00:00Z"));
    assert_eq!(
        Delay::Hours(24).after(instant("2019-03-09T17:00:00Z"), &zone),
        instant("2019-03-10T17:00:00Z")
    );
    assert_eq!(
        Delay::Minutes(30).after(instant("2019-03-09T17:00:00Z"), &zone),
        instant("2019-03-09T17:30:00Z")
    );
}

#[test]
fn a_carried_text_is_the_one_that_is_named() {
    let agreement = Carried::<AgreementId>::agreement(AGREEMENT).unwrap();
    assert_eq!(agreement.read().unwrap(), Agreement::parse(AGREEMENT).unwrap());
    let rules = Carried::<RuleSetId>::rule_set(RULES).unwrap();
    assert_eq!(rules.read().unwrap(), RuleSet::parse(RULES).unwrap());

    let other_text = Carried { text: AGREEMENT.replace("grace: 12 h", "grace: 13 h"), ..agreement.clone() };
    let other_version = Carried { version: "2".into(), ..agreement.clone() };
    let other_id = Carried { id: "other".parse().unwrap(), ..agreement };
    for carried in [other_text, other_version, other_id] {
        assert_eq!(carried.read().expect_err("not the one").code(), "carried-text");
    }
}

#[test]
fn an_agreement_with_the_programme_office_is_for_another_kind_of_room() {
    use crate::case::kind::RoomKind;
    let text = crate::concern::tests::AGREEMENT;
    let read = Agreement::parse(text).unwrap();
    assert_eq!(read.room, RoomKind::Programme);
    assert_eq!((read.plan_side.name.as_str(), read.ladder(Topic::Concern).len()), ("Programme office", 2));
    assert!(read.may_share(Side::Plan, Category::Concern) && !read.may_share(Side::Plan, Category::Message));
    assert_eq!(Agreement::parse(AGREEMENT).unwrap().room, RoomKind::Case);
    for (from, to, code) in [
        ("kind: programme", "kind: pair", "field-wrong"),
        ("kind: programme\n", "", "field-missing"),
        ("programme_office:", "plan_side:", "field-missing"),
        ("  concern:\n", "  urgent:\n", "ladder-without-owner"),
        ("phone: \"555-0102\", ", "", "ladder-without-phone"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Agreement::parse(&text.replace(from, to)).unwrap_err();
        assert_eq!(error.code(), code, "{from}");
    }
}

proptest! {
    #[test]
    fn business_days_are_counted_one_by_one(start in 0i64..4000, days in 0u32..400, same in any::<bool>()) {
        let event = day("2015-01-01").saturating_add(jiff::Span::new().days(start));
        let counts_from = if same { CountsFrom::SameDay } else { CountsFrom::DayAfter };
        prop_assume!(!same || days > 0);
        let due = Clock { length: Length::BusinessDays(days), counts_from }.due_date(event);
        let weekday = |d: &Date| d.weekday().to_monday_zero_offset() < 5;
        let first = if same { event } else { event.tomorrow().unwrap() };
        let counted = first.series(jiff::Span::new().days(1)).take_while(|d| *d <= due).filter(weekday).count();
        prop_assert_eq!(counted, usize::try_from(days).unwrap());
        prop_assert!(days == 0 || weekday(&due));
    }

    #[test]
    fn no_clock_and_no_delay_fails(seconds in -300_000_000_000i64..250_000_000_000, n in any::<u32>()) {
        let instant = Timestamp::from_second(seconds).unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        for length in [Length::Days(n), Length::Months(n), Length::BusinessDays(n)] {
            for counts_from in [CountsFrom::DayAfter, CountsFrom::SameDay, CountsFrom::NextMonth] {
                let due = Clock { length, counts_from }.due(instant, &zone);
                prop_assert!(n == 0 || due > instant || due == Timestamp::MAX);
            }
        }
        for delay in [Delay::Days(n), Delay::Hours(n), Delay::Minutes(n)] {
            prop_assert!(delay.after(instant, &zone) >= instant);
            prop_assert_eq!(delay.to_string().parse::<Delay>().unwrap(), delay);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let _ = Agreement::parse(&text);
        let _ = RuleSet::parse(&text);
    }

    #[test]
    fn any_line_left_out_is_read_or_refused(left_out in 0usize..41) {
        let text: Vec<&str> =
            AGREEMENT.lines().enumerate().filter(|(n, _)| *n != left_out).map(|(_, line)| line).collect();
        if let Err(error) = Agreement::parse(&text.join("\n")) {
            prop_assert!(matches!(error, Error::InvalidInput(wrong) if wrong.line.is_some()));
        }
    }
}

#[test]
fn who_is_a_part_2_program_is_read_and_a_mistake_in_it_is_named() {
    let text = |part2: &str| format!("{}\n{part2}\n", AGREEMENT.trim_end());
    let read = |part2: &str| Agreement::parse(&text(part2));
    let first = Agreement::parse(AGREEMENT).unwrap();
    let (cp, aco) = (first.community_side.id.clone(), first.plan_side.id.clone());
    let all = read(&format!("part2: {{ programs: [{{ organization: {cp} }}], covered: [{aco}] }}")).unwrap();
    let part2 = all.part2.unwrap();
    assert_eq!(part2.covered, [aco.clone()].into());
    let seat = |organization: &crate::id::OrganizationId, role: &str| crate::contact::Seat {
        contact: crate::contact::Contact {
            id: "urn:example:staff|ann".parse().unwrap(),
            name: "Ann".into(),
            role: role.parse().unwrap(),
            organization: organization.clone(),
            user: None,
            phone: None,
            topics: Vec::new(),
        },
        lead: false,
    };
    assert!(part2.is_of_program(&seat(&cp, "nurse")) && !part2.is_of_program(&seat(&aco, "nurse")));
    let some = format!("part2: {{ programs: [{{ organization: {cp}, roles: [supervisor] }}] }}");
    let part2 = read(&some).unwrap().part2.unwrap();
    assert!(part2.is_of_program(&seat(&cp, "supervisor")) && !part2.is_of_program(&seat(&cp, "nurse")));
    let staff =
        format!("part2: {{ programs: [{{ organization: {cp}, staff: ['urn:example:staff|ann'] }}] }}");
    assert!(read(&staff).unwrap().part2.unwrap().is_of_program(&seat(&cp, "nurse")));
    for (part2, code) in [
        ("part2: {}", "field-missing"),
        ("part2: { programs: [] }", "field-missing"),
        ("part2: { programs: [{ organization: urn:example:org|nobody }] }", "part2-of-another"),
        ("part2: { programs: 7 }", "field-wrong"),
        ("part2: { programs: [{}] }", "field-missing"),
    ] {
        assert_eq!(read(part2).unwrap_err().code(), code, "{part2}");
    }
}
