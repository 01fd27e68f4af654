//! Whether all who have a seat in a room hold one state of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::json;

use super::actor::SOON;
use super::seen::{list, text};
use super::stage::Stage;
use super::trouble::Trouble;

/// How long what is sent is on its way between two homeservers on one machine, and a little more.
const PATIENCE: Duration = Duration::from_secs(15);
const KINDS: [&str; 4] = ["case", "pair", "programme", "referral"];

/// What each client knows of one room.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By who knows it: the digest of its state.
    pub(super) digests: BTreeMap<String, String>,
    /// Whose account each of them has.
    users: BTreeMap<String, String>,
    /// The users of its roster, as each has it.
    rosters: BTreeMap<String, BTreeSet<String>>,
}

impl Known {
    /// Those whom everybody who knows the room has on its roster, themselves included; of others it is not known what they missed.
    pub(super) fn seated(&self) -> impl Iterator<Item = &String> {
        self.digests.keys().filter(|who| {
            self.users.get(*who).is_some_and(|user| self.rosters.values().all(|roster| roster.contains(user)))
        })
    }

    /// Whether they hold different states.
    pub(super) fn is_apart(&self) -> bool {
        let digests: BTreeSet<&String> = self.seated().filter_map(|who| self.digests.get(who)).collect();
        digests.len() > 1
    }
}

/// What each who can be reached has of each room.
pub(super) fn look(stage: &mut Stage<'_>) -> Result<BTreeMap<String, Known>, Trouble> {
    let mut rooms: BTreeMap<String, Known> = BTreeMap::new();
    let reachable = stage.actors.iter().filter(|(_, actor)| actor.is_reachable());
    let all: Vec<(String, String)> =
        reachable.map(|(key, actor)| (key.clone(), actor.user.clone())).collect();
    for (key, user) in all {
        for kind in KINDS {
            let answer = stage.actor(&key)?.call("rooms", json!({ "kind": kind }), SOON)?;
            for room in list(&answer, "rooms") {
                let id = text(room, "case");
                let folded = stage.actor(&key)?.call("state", json!({ "case": id }), SOON)?;
                let known = rooms.entry(id.to_owned()).or_default();
                known.digests.insert(key.clone(), text(&folded, "digest").to_owned());
                known.users.insert(key.clone(), user.clone());
                let roster = list(&folded, "roster").iter().map(|seat| text(seat, "user").to_owned());
                known.rosters.insert(key.clone(), roster.collect());
            }
        }
    }
    Ok(rooms)
}

/// Waits until all who have a seat hold one state of each room: what the one homeserver has may still be on its way to the other, or its
/// keys. Whoever is kept from it for longer does not come to it by waiting: that is for the story's own lines to say.
pub(super) fn wait(stage: &mut Stage<'_>) -> Result<(), Trouble> {
    let until = Instant::now() + PATIENCE;
    while look(stage)?.values().any(Known::is_apart) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(200));
        stage.ask_all("settle", &json!({ "timeout_s": SOON.as_secs() }))?;
    }
    Ok(())
}
