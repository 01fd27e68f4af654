//! In which order people are reminded of a task. All data is synthetic.

use super::*;
use crate::contact::Topic;

/// The agreement's ladder for care plans with these people on it, a day between each and the next.
fn reminded(owes: &str, named: &[(&str, Option<&str>)]) -> Vec<(String, i64)> {
    let (mut agreement, rules) = papers("");
    let ladder = agreement.ladders.get_mut(&Topic::CarePlan).unwrap();
    let pattern = ladder[1].clone();
    ladder.clear();
    for (n, (who, phone)) in named.iter().enumerate() {
        let mut rung = pattern.clone();
        let contact = seat(who).contact;
        (rung.contact, rung.organization, rung.name) = (contact.id, contact.organization, contact.name);
        rung.phone = phone.map(str::to_owned);
        rung.after = format!("{n} d").parse().unwrap();
        ladder.push(rung);
    }
    let (tasks, _) = assigned(owner(owes));
    let due = owed(&tasks, &Rules { agreement: &agreement, rules: &rules, roster: &roster(&ALL) });
    assert_eq!((due.len(), due[0].owner.value()), (1, owes));
    assert!(due[0].ladder.last().unwrap().phone.is_some());
    // Days of that zone, one of which has 23 hours.
    let hours = |rung: &crate::case::step::Rung| (rung.at.as_second() - due[0].due.as_second()) / 3600;
    let days = |rung| (hours(rung) + 1) / 24;
    due[0].ladder.iter().map(|rung| (rung.contact.value().to_owned(), days(rung))).collect()
}

#[test]
fn who_owes_it_is_reminded_first_wherever_the_ladder_names_them() {
    let named = [("rao", None), ("joe", None), ("lee", Some("2"))];
    let shown = |owes, named: &[_]| -> Vec<String> {
        reminded(owes, named).into_iter().map(|(who, days)| format!("{who} {days}")).collect()
    };
    assert_eq!(shown("rao", &named), ["rao 0", "joe 1", "lee 2"]);
    assert_eq!(shown("joe", &named), ["joe 0", "rao 0", "lee 2"]);
    assert_eq!(shown("jane", &named), ["jane 0", "rao 0", "joe 1", "lee 2"]);
    // The one telephone number of a ladder stays at its end.
    assert_eq!(shown("lee", &named), ["rao 0", "joe 1", "lee 2"]);
    assert_eq!(
        shown("lee", &[("rao", None), ("joe", Some("3")), ("lee", Some("2"))]),
        ["lee 0", "rao 0", "joe 1"]
    );
}
