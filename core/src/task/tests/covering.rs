//! Tasks of somebody who is out of office.

use super::*;

#[test]
fn a_keeper_gives_a_task_to_a_cover_of_its_own_organization_and_says_why() {
    let over = |tasks: &Tasks, id: &EventKey, to: Assignee, reason: Option<&str>| {
        let event = TaskHandedOver { task: id.clone(), to, reason: reason.map(str::to_owned) };
        code(take(tasks, "aco-bot", TaskEvent::HandedOver(&event)))
    };
    let (tasks, id) = assigned(owner("joe"));
    assert_eq!(over(&tasks, &id, owner("lee"), Some("away")), "requested lee");
    for (to, reason) in [
        (owner("lee"), None),
        (owner("lee"), Some(" ")),
        (owner("jane"), Some("away")),
        (pool("aco"), Some("away")),
    ] {
        assert_eq!(over(&tasks, &id, to, reason), "task-by-keeper");
    }
    for to in [owner("jane"), pool("aco")] {
        let (tasks, id) = assigned(to);
        assert_eq!(over(&tasks, &id, owner("lee"), Some("away")), "task-by-keeper");
    }
}
