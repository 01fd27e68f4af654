//! What a person reads of tasks.

use super::*;

#[test]
fn a_person_reads_what_happened_and_debug_shows_none_of_it() {
    let (tasks, id) = assigned(owner("joe"));
    let roster = roster(&ALL);
    let told = |who: &str, event| tell(event, &seat(who), &roster, &tasks);
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
