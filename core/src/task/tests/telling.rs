//! What a person reads of tasks.

use super::*;
use jiff::tz::TimeZone;

#[test]
fn a_person_reads_what_happened_and_debug_shows_none_of_it() {
    let (tasks, id) = assigned(owner("joe"));
    let roster = roster(&ALL);
    let zone = TimeZone::get("America/New_York").unwrap();
    let told = |who: &str, event| tell(event, &seat(who), &roster, &tasks, &zone);
    let by_instant =
        TaskAssigned { due: "2019-03-08T20:00:00Z".parse().unwrap(), ..assignment(owner("joe")) };
    let text = told("jane", TaskEvent::Assigned(&by_instant));
    assert!(text.contains("a task, due 2019-03-08 15:00 EST: "), "{text}");
    let event = assignment(owner("joe"));
    assert_eq!(
        told("jane", TaskEvent::Assigned(&event)),
        "jane (CP care coordinator) gave joe a task, due 2019-03-08: “Secret housing form”. Secret detail"
    );
    let [_, accept, decline, hand_over, complete, cancel] = &deeds(&id, pool("aco"));
    for (deed, end) in [
        (accept, "accepted the task “Secret housing form”."),
        (decline, "declined the task “Secret housing form”: Secret reason"),
        (hand_over, "handed the task “Secret housing form” over to the team of aco-bot: Secret reason"),
        (complete, "completed the task “Secret housing form”: Secret outcome"),
        (cancel, "cancelled the task “Secret housing form”: Secret reason"),
    ] {
        assert_eq!(told("joe", deed.event()), format!("joe (ACO care manager) {end}"));
        let after =
            take(&tasks, if matches!(deed, EventDeed::Cancel(_)) { "jane" } else { "joe" }, deed.event());
        let shown = format!(
            "{deed:?} {event:?} {:?} {:?}",
            after.as_ref().unwrap().all(),
            after.as_ref().unwrap().all()[0].steps
        );
        assert!(!shown.contains("Secret"), "{shown}");
    }
}
