#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::contact::{Role, Topic};
use crate::organization::OrganizationKind;

// Synthetic.
fn organization(value: &str) -> Organization {
    Organization {
        id: format!("urn:example:org|{value}").parse().unwrap(),
        name: value.to_owned(),
        kind: OrganizationKind::AccountableCareOrganization,
        role_account: Some(format!("@keeper:{value}.example").parse().unwrap()),
        phone: None,
    }
}

fn contact(who: &str, of: &str, role: Role, topics: &[Topic], reach: &str) -> Contact {
    Contact {
        id: format!("urn:example:staff|{who}").parse().unwrap(),
        name: who.to_owned(),
        role,
        organization: format!("urn:example:org|{of}").parse().unwrap(),
        user: reach.contains('m').then(|| format!("@{who}:{of}.example").parse().unwrap()),
        phone: reach.contains('p').then(|| "+1 617 555 0100".to_owned()),
        topics: topics.to_vec(),
    }
}

fn directory() -> Directory {
    let plan = &[Topic::CarePlan][..];
    Directory {
        organizations: vec![organization("aco"), organization("cp")],
        contacts: vec![
            contact("keeper", "aco", Role::Keeper, plan, "m"),
            contact("nobody", "aco", Role::Nurse, plan, ""),
            contact("joe", "aco", Role::AcoCareManager, plan, "m"),
            contact("ann", "aco", Role::Nurse, &[Topic::Admission], "mp"),
            contact("lee", "aco", Role::Supervisor, plan, "p"),
            contact("jane", "cp", Role::CpCareCoordinator, plan, "mp"),
        ],
        ..Directory::default()
    }
}

/// A Monday in winter, 14:00 in Boston.
const MONDAY: &str = "2019-03-04T14:00:00-05:00";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn know(directory: &mut Directory, who: &str, of: &str, availability: Availability) {
    let key = (
        format!("urn:example:staff|{who}").parse().unwrap(),
        format!("urn:example:org|{of}").parse().unwrap(),
    );
    directory.availabilities.insert(key, availability);
}

fn office_hours() -> Availability {
    use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    Availability {
        zone: Some(TimeZone::get("America/New_York").unwrap()),
        hours: vec![Hours {
            days: vec![Monday, Tuesday, Wednesday, Thursday, Friday],
            from: Some("09:00".parse().unwrap()),
            until: Some("17:00".parse().unwrap()),
        }],
        ..Availability::default()
    }
}

fn away(from: &str, until: Option<&str>, cover: Option<&str>) -> Absence {
    let cover = cover.map(|who| format!("urn:example:staff|{who}").parse().unwrap());
    Absence { from: Some(at(from)), until: until.map(at), cover }
}

/// Each who is called, with the codes of why.
fn called(directory: &Directory, topic: Topic, now: &str) -> Vec<String> {
    let found = directory.who_to_call(&organization("aco").id, topic, at(now)).unwrap();
    let all = std::iter::once(found.primary).chain(found.backups);
    all.map(|callee| {
        let why: Vec<_> = callee.why.iter().map(|reason| &*reason.code).collect();
        format!("{}: {}", callee.contact.name, why.join(", "))
    })
    .collect()
}

#[test]
fn one_calls_a_person_who_is_designated_and_can_be_reached() {
    let directory = directory();
    assert_eq!(
        called(&directory, Topic::CarePlan, MONDAY),
        [
            "lee: designated, hours-unknown, never-confirmed",
            "joe: designated, hours-unknown, never-confirmed, no-phone"
        ]
    );
    assert_eq!(
        called(&directory, Topic::Admission, MONDAY),
        ["ann: designated, hours-unknown, never-confirmed"]
    );
}

#[test]
fn whoever_is_there_and_has_a_telephone_comes_before_whoever_can_only_be_written_to() {
    let phoned = "+1 617 555 0100".to_owned();
    let later = || Availability { zone: Some(TimeZone::UTC), ..office_hours() };
    // Joe's phone and Lee's, whether they are there, and in which order they stand.
    for (joe, lee, joe_later, lee_later, expected) in [
        (false, true, false, false, ["lee", "joe"]),
        (true, true, false, false, ["joe", "lee"]),
        (true, false, false, false, ["joe", "lee"]),
        (false, false, false, false, ["joe", "lee"]),
        // Who is there and can be written to answers before who can be called on another day.
        (false, true, false, true, ["joe", "lee"]),
        (true, true, true, false, ["lee", "joe"]),
        (false, true, true, true, ["lee", "joe"]),
    ] {
        let mut directory = directory();
        for (index, who, phone, is_later) in [(2, "joe", joe, joe_later), (4, "lee", lee, lee_later)] {
            directory.contacts[index].phone = phone.then(|| phoned.clone());
            directory.contacts[index].user = Some(format!("@{who}:aco.example").parse().unwrap());
            know(&mut directory, who, "aco", if is_later { later() } else { office_hours() });
        }
        // 15:00 in Boston, 20:00 in UTC.
        let found = called(&directory, Topic::CarePlan, "2019-03-04T15:00:00-05:00");
        let (names, why): (Vec<_>, Vec<_>) = found.iter().map(|line| line.split_once(": ").unwrap()).unzip();
        assert_eq!(names, expected, "{joe} {lee} {joe_later} {lee_later}");
        for (name, why) in names.iter().zip(why) {
            let has_phone = if *name == "joe" { joe } else { lee };
            assert_eq!(why.ends_with("no-phone"), !has_phone, "{found:?}");
        }
    }
}

#[test]
fn who_is_there_now_comes_first() {
    let mut directory = directory();
    directory.contacts[2].phone = Some("+1 617 555 0101".to_owned());
    know(&mut directory, "joe", "aco", office_hours());
    let first = |directory: &Directory, now: &str| called(directory, Topic::CarePlan, now)[0].clone();
    assert_eq!(first(&directory, MONDAY), "joe: designated, reachable, never-confirmed");
    assert_eq!(
        first(&directory, "2019-03-04T17:00:00-05:00"),
        "lee: designated, hours-unknown, never-confirmed"
    );
    let evening = directory
        .who_to_call(&organization("aco").id, Topic::CarePlan, at("2019-03-08T18:00:00-05:00"))
        .unwrap();
    // The clocks change on that Sunday.
    let monday = Some(at("2019-03-11T09:00:00-04:00"));
    assert_eq!(evening.backups[0].reach, Reach::Later { at: monday });
    assert!(evening.backups[0].why[1].text.contains("Monday 2019-03-11 09:00 (America/New_York)"));
    // Of two who are not there, the one who is there sooner.
    let night = Availability {
        hours: vec![Hours {
            days: vec![],
            from: Some("22:00".parse().unwrap()),
            until: Some("06:00".parse().unwrap()),
        }],
        ..office_hours()
    };
    know(&mut directory, "lee", "aco", night);
    assert_eq!(
        first(&directory, "2019-03-08T18:00:00-05:00"),
        "lee: designated, out-of-hours, never-confirmed"
    );
    assert_eq!(first(&directory, "2019-03-09T05:59:59-05:00"), "lee: designated, reachable, never-confirmed");
}

#[test]
fn who_covers_stands_in_the_place_of_who_is_away() {
    let mut directory = directory();
    directory.contacts[2].phone = Some("+1 617 555 0101".to_owned());
    let absent = |cover| Availability {
        absences: vec![away("2019-03-01T00:00:00-05:00", Some("2019-03-09T00:00:00-05:00"), cover)],
        ..office_hours()
    };
    know(&mut directory, "joe", "aco", absent(Some("ann")));
    assert_eq!(
        called(&directory, Topic::CarePlan, MONDAY),
        [
            "ann: covers, hours-unknown, never-confirmed",
            "lee: designated, hours-unknown, never-confirmed",
            "joe: designated, away, never-confirmed",
        ]
    );
    let joe = directory.who_to_call(&organization("aco").id, Topic::CarePlan, at(MONDAY)).unwrap().backups[1]
        .clone();
    // Saturday is over, Sunday is none of his days.
    let cover = Some("urn:example:staff|ann".parse().unwrap());
    assert_eq!(joe.reach, Reach::Away { back: Some(at("2019-03-11T09:00:00-04:00")), cover });
    // Ann is away too, and Joe covers for her: nobody covers.
    know(&mut directory, "ann", "aco", absent(Some("joe")));
    let lee_first = called(&directory, Topic::CarePlan, MONDAY);
    assert_eq!(lee_first[0], "lee: designated, hours-unknown, never-confirmed");
    // Lee covers for Ann, who covers for Joe.
    know(&mut directory, "ann", "aco", absent(Some("lee")));
    let through = called(&directory, Topic::CarePlan, MONDAY);
    assert_eq!(through[0], "lee: covers, hours-unknown, never-confirmed");
    assert_eq!(through.len(), 2, "{through:?}");
    // Whom the directory does not know covers for nobody.
    know(&mut directory, "joe", "aco", absent(Some("nora")));
    assert_eq!(
        called(&directory, Topic::CarePlan, MONDAY)[0],
        "lee: designated, hours-unknown, never-confirmed"
    );
}

#[test]
fn a_confirmation_grows_stale() {
    let mut directory = directory();
    directory.contacts[2].phone = Some("+1 617 555 0101".to_owned());
    let confirmed = |day: &str| Availability { confirmed: Some(day.parse().unwrap()), ..office_hours() };
    for (day, days, expected) in [
        ("2019-03-04", 90, "confirmed"),
        ("2018-12-04", 90, "confirmed"),
        ("2018-12-03", 90, "stale"),
        ("2019-03-03", 0, "stale"),
    ] {
        directory.stale_after_days = days;
        know(&mut directory, "joe", "aco", confirmed(day));
        let found = directory.who_to_call(&organization("aco").id, Topic::CarePlan, at(MONDAY)).unwrap();
        assert_eq!(
            (&*found.primary.why[2].code, found.primary.stale),
            (expected, expected == "stale"),
            "{day}"
        );
    }
}

#[test]
fn a_gap_is_named() {
    let mut directory = directory();
    for (of, topic, missing) in
        [("aco", Topic::Consent, "contact"), ("hospital", Topic::CarePlan, "organization")]
    {
        let error = directory.who_to_call(&organization(of).id, topic, at(MONDAY)).unwrap_err();
        assert!(matches!(error, Error::NotFound { what } if what == missing), "{of}");
    }
    let (aco, cp) = (organization("aco").id, organization("cp").id);
    let missing = |directory: &Directory, topic: Topic| -> Vec<String> {
        let gaps = directory.gaps([&aco, &cp], at(MONDAY));
        let gaps = gaps.into_iter().filter(|gap| gap.topic == topic);
        gaps.map(|gap| format!("{} {}", gap.organization.value(), gap.missing.code())).collect()
    };
    assert_eq!(missing(&directory, Topic::CarePlan), Vec::<String>::new());
    assert_eq!(missing(&directory, Topic::Admission), ["cp contact"]);
    assert_eq!(missing(&directory, Topic::Urgent), ["aco contact", "cp contact"]);
    // Ann left, and Jane can only be written to.
    let left = Availability { absences: vec![away("2019-03-01T00:00:00Z", None, None)], ..office_hours() };
    know(&mut directory, "ann", "aco", left);
    directory.contacts[5].phone = None;
    assert_eq!(missing(&directory, Topic::Admission), ["aco present", "cp contact"]);
    assert_eq!(missing(&directory, Topic::CarePlan), ["cp phone"]);
}

proptest! {
    // Hours that overlap, pass midnight or are the wrong way round, absences of all kinds: the next hour is one, and none is skipped.
    #[test]
    fn the_next_hour_is_an_hour_and_in_no_absence(
        spans in proptest::collection::vec((0i8..7, 0i8..24, 0i8..24), 0..5),
        gone in proptest::collection::vec((0i64..400, 1i64..200), 0..5),
        hour in 0i64..600,
    ) {
        let start = at("2019-03-01T00:00:00Z");
        let plus = |hours: i64| start + jiff::SignedDuration::from_hours(hours);
        let availability = Availability {
            zone: Some(TimeZone::get("America/New_York").unwrap()),
            hours: spans.iter().map(|(day, from, until)| Hours {
                days: vec![Weekday::from_monday_zero_offset(*day).unwrap()],
                from: Some(jiff::civil::time(*from, 0, 0, 0)),
                until: Some(jiff::civil::time(*until, 0, 0, 0)),
            }).collect(),
            absences: gone.iter().map(|(from, length)| Absence {
                from: Some(plus(*from)), until: Some(plus(from + length)), cover: None,
            }).collect(),
            ..Availability::default()
        };
        let now = plus(hour);
        let next = match availability.at(now) {
            Reach::Now | Reach::Unknown => Some(now),
            Reach::Later { at } => at,
            Reach::Away { back, .. } => back,
        };
        let there = |instant| matches!(availability.at(instant), Reach::Now | Reach::Unknown);
        let next = next.unwrap();
        prop_assert!(there(next));
        let mut before = now;
        while before < next {
            prop_assert!(!there(before), "{before} is before {next}");
            before += jiff::SignedDuration::from_mins(30);
        }
    }
}

#[test]
fn an_account_belongs_to_an_organisation() {
    let directory = directory();
    for (user, expected) in [
        ("@keeper:cp.example", Some("cp")),
        ("@jane:cp.example", Some("cp")),
        ("@joe:aco.example", Some("aco")),
        ("@joe:cp.example", None),
        ("@eve:aco.example", None),
    ] {
        let found = directory.organization_of_user(&user.parse().unwrap());
        assert_eq!(found.map(|organization| organization.name.as_str()), expected, "{user}");
    }
    let joe = directory.contact_of_user(&"@joe:aco.example".parse().unwrap()).unwrap();
    assert_eq!(joe.name, "joe");
}

#[test]
fn a_merge_replaces_in_place_and_appends() {
    let mut merged = directory();
    let newer = Organization { name: "renamed".into(), ..organization("aco") };
    let joe = contact("joe", "aco", Role::AcoCareManager, &[], "p");
    // The same person at another organisation is another contact.
    let joe_too = contact("joe", "cp", Role::Nurse, &[Topic::Technical], "p");
    merged.merge(Directory {
        organizations: vec![newer.clone(), organization("practice")],
        contacts: vec![joe.clone(), joe_too.clone()],
        ..Directory::default()
    });
    assert_eq!(merged.organizations, [newer, organization("cp"), organization("practice")]);
    let mut expected = directory().contacts;
    expected[2] = joe;
    expected.push(joe_too);
    assert_eq!(merged.contacts, expected);
    let before = merged.clone();
    merged.merge(before.clone());
    assert_eq!(merged, before);
}

#[test]
fn who_works_for_several_organisations_is_found_by_one_of_them() {
    let mut directory = directory();
    let found = |directory: &Directory, who: &str, of: Option<&str>| {
        let of = of.map(|of| format!("urn:example:org|{of}").parse().unwrap());
        match directory.contact(&format!("urn:example:staff|{who}").parse().unwrap(), of.as_ref()) {
            Ok(contact) => contact.organization.value().to_owned(),
            Err(Error::InvalidInput(invalid)) => invalid.code.to_owned(),
            Err(Error::NotFound { what }) => what.to_owned(),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(found(&directory, "joe", None), "aco");
    assert_eq!(found(&directory, "joe", Some("cp")), "contact");
    directory.contacts.push(contact("joe", "cp", Role::Nurse, &[], "p"));
    assert_eq!(found(&directory, "joe", None), "ambiguous-contact");
    assert_eq!(found(&directory, "joe", Some("cp")), "cp");
    assert_eq!(found(&directory, "nora", None), "contact");
}
