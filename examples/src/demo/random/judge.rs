//! What must hold once everybody has settled, whatever happened before.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Accepted;
use crate::demo::actor::{LATER, SOON};
use crate::demo::alike::{Known, look};
use crate::demo::seen::{list, text};
use crate::demo::stage::Stage;
use crate::demo::trouble::Trouble;

/// How long they may take to come to one state.
const SETTLED: Duration = Duration::from_mins(4);

/// Waits until all who have a seat hold one state of each room. Returns the digests.
pub(super) fn converge(stage: &mut Stage<'_>) -> Result<BTreeMap<String, String>, Trouble> {
    let until = Instant::now() + SETTLED;
    loop {
        let mut busy = Vec::new();
        for (key, answer) in stage.ask_all("settle", &json!({ "timeout_s": 60 }))? {
            if answer.get("settled").and_then(Value::as_bool) != Some(true) {
                let outbox = stage.actor(&key)?.call("outbox", json!({}), SOON)?;
                busy.push(format!("{key} has still work to do: {outbox}"));
            }
        }
        let rooms = look(stage)?;
        let apart: Vec<String> = rooms
            .iter()
            .filter(|(_, known)| known.is_apart())
            .map(|(room, known)| format!("of {room} they hold {:?}", known.digests))
            .collect();
        if busy.is_empty() && apart.is_empty() {
            let digest = |known: &Known| known.seated().find_map(|who| known.digests.get(who).cloned());
            return Ok(rooms
                .iter()
                .filter_map(|(room, known)| Some((room.clone(), digest(known)?)))
                .collect());
        }
        if Instant::now() > until {
            let differs = differences(stage, &rooms)?;
            return Err(Trouble::Proof(format!("{}{differs}", [busy, apart].concat().join("\n  "))));
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Which events one has and another has not, or has otherwise, in the rooms of which they hold different states.
fn differences(stage: &mut Stage<'_>, rooms: &BTreeMap<String, Known>) -> Result<String, Trouble> {
    let mut told = String::new();
    for (room, known) in rooms {
        let seated: Vec<&String> = known.seated().collect();
        let mut seen: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for who in &seated {
            let answer = stage.actor(who)?.call("timeline", json!({ "case": room }), SOON)?;
            for event in list(&answer, "events") {
                let name = format!("{} {}", text(event, "sender"), text(event, "id"));
                let how =
                    format!("{} {}", text(event, "kind"), event.get("standing").unwrap_or(&Value::Null));
                seen.entry(name).or_default().insert((*who).clone(), how);
            }
        }
        for (name, by) in seen {
            let hows: BTreeSet<&String> = by.values().collect();
            if by.len() < seated.len() || hows.len() > 1 {
                let _ = write!(told, "\n  {name}: {by:?}");
            }
        }
    }
    Ok(told)
}

/// What is owed has somebody who owes it, a due time, and a ladder that ends in a telephone number; and whoever has a seat is shown
/// the same.
pub(super) fn owed(stage: &mut Stage<'_>) -> Result<usize, Trouble> {
    let mut many = 0;
    for (who, answer) in stage.ask_all("due", &json!({}))? {
        for item in list(&answer, "due") {
            let wrong = |what: &str| Err(Trouble::Proof(format!("{what}, as {who} is shown it: {item}")));
            if text(item, "owner").is_empty() {
                return wrong("nobody owes it");
            }
            if text(item, "due").parse::<jiff::Timestamp>().is_err() {
                return wrong("it has no due time");
            }
            match list(item, "ladder") {
                [] => return wrong("its ladder is empty"),
                [.., last] if text(last, "phone").is_empty() => {
                    return wrong("its ladder ends without a telephone");
                }
                _ => many += 1,
            }
        }
    }
    Ok(many)
}

/// Whatever was accepted is in its room once, of everybody who has a seat there; or whoever said it is told why it is not.
pub(super) fn accepted(stage: &mut Stage<'_>, accepted: &[Accepted]) -> Result<(), Trouble> {
    let rooms = look(stage)?;
    for (room, known) in &rooms {
        for who in known.seated() {
            let answer = stage.actor(who)?.call("timeline", json!({ "case": room }), SOON)?;
            let mut counted: BTreeMap<(&str, &str), usize> = BTreeMap::new();
            for event in list(&answer, "events") {
                *counted.entry((text(event, "sender"), text(event, "id"))).or_default() += 1;
            }
            if let Some((name, times)) = counted.iter().find(|(_, times)| **times > 1) {
                return Err(Trouble::Proof(format!("{who} has {name:?} {times} times in {room}")));
            }
            for said in accepted.iter().filter(|said| said.room == *room) {
                if counted.contains_key(&(said.sender.as_str(), said.id.as_str())) {
                    continue;
                }
                // Who no longer runs as themselves cannot be asked; everybody does here.
                let denied = stage.actor(&said.who)?.call("denied", json!({ "case": room }), SOON)?;
                if !list(&denied, "denied").iter().any(|one| text(one, "id") == said.id) {
                    return Err(Trouble::Proof(format!(
                        "what {} said ({}, {}) was accepted, and {who} has it not in {room}; nor was it denied",
                        said.who, said.verb, said.id
                    )));
                }
            }
        }
    }
    Ok(())
}

/// Everybody is killed and started again, and holds what they held.
pub(super) fn restarted(stage: &mut Stage<'_>, before: &BTreeMap<String, String>) -> Result<(), Trouble> {
    let keys: Vec<String> = stage.actors.keys().cloned().collect();
    for key in &keys {
        stage.kill(key)?;
        stage.start(key)?;
    }
    let after = converge(stage)?;
    for (room, digest) in before {
        if after.get(room).is_some_and(|now| now != digest) {
            return Err(Trouble::Proof(format!(
                "after everybody was killed and started, {room} is another state"
            )));
        }
    }
    for (key, answer) in stage.ask_all("audit", &json!({}))? {
        if let Some(broken) =
            list(&answer, "chains").iter().find(|chain| chain.get("ok") != Some(&json!(true)))
        {
            return Err(Trouble::Proof(format!("an audit chain of {key} is broken: {broken}")));
        }
        let outbox = stage.actor(&key)?.call("outbox", json!({}), LATER)?;
        if outbox.get("waiting").and_then(Value::as_u64) != Some(0) {
            return Err(Trouble::Proof(format!("the outbox of {key} is not empty: {outbox}")));
        }
    }
    Ok(())
}
