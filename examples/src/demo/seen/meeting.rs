//! All cases at a glance, and the agenda of a meeting, as somebody sees them.

use serde_json::{Value, json};

use super::{Part, ask, list, name, text};
use crate::demo::stage::Stage;
use crate::process::CallError;
use crate::story::{AgendaSeen, BesideSeen, Expected, PanelSeen};

/// What is expected of all cases, of a meeting, and of all agreements.
pub(super) fn parts(
    stage: &mut Stage<'_>,
    who: &str,
    expected: &Expected,
    answer: &Value,
    parts: &mut Vec<Part>,
) -> Result<(), CallError> {
    if let Some(wanted) = &expected.panel {
        let query = json!({ "topic": wanted.topic, "mine_only": wanted.mine_only });
        let answer = ask(stage, who, "panel", query)?;
        let seen = panel_seen(stage, &answer, who, wanted);
        // Where it cannot be written, whoever looks for the page finds none: the story goes on.
        let _ = stage.write_panel(&answer);
        parts.push(seen);
    }
    if let Some(wanted) = &expected.agenda {
        parts.push(agenda_seen(stage, answer, who, wanted));
    }
    if let Some(wanted) = &expected.beside {
        let answer = ask(stage, who, "side_by_side", json!({}))?;
        parts.push(beside_seen(stage, &answer, who, wanted));
    }
    Ok(())
}

fn panel_seen(stage: &Stage<'_>, answer: &Value, who: &str, wanted: &PanelSeen) -> Part {
    let count =
        |what: &str| answer.pointer(&format!("/counts/{what}")).and_then(Value::as_u64).unwrap_or_default();
    let said = |of: &mut dyn Iterator<Item = (&'static str, u64)>| {
        of.map(|(what, many)| format!("{many} {what}")).collect::<Vec<_>>().join(", ")
    };
    let seen = said(&mut wanted.counts().map(|(what, _)| (what, count(what))));
    if wanted.counts().all(|(what, many)| count(what) == many) {
        return Ok((format!("{} sees all cases at a glance: {seen}.", name(stage, who)), None));
    }
    Err((format!("a panel with {}", said(&mut wanted.counts())), seen))
}

fn agenda_seen(stage: &Stage<'_>, answer: &Value, who: &str, wanted: &AgendaSeen) -> Part {
    let kind =
        |item: &Value| list(item, "matters").first().map_or("", |first| text(first, "kind")).to_owned();
    let items: Vec<String> = list(answer, "items").iter().map(kind).collect();
    let later = list(answer, "not_reached").len();
    let page = text(answer, "markdown");
    let says = wanted.says.as_ref().is_none_or(|says| page.contains(says))
        && wanted.says_not.as_ref().is_none_or(|says| !page.contains(says));
    let both = |of: &str, later: &str| list(answer, of).len() + list(answer, later).len();
    let talk = wanted.points.is_none_or(|many| many == both("points", "points_not_reached"))
        && wanted.concerns.is_none_or(|many| many == both("concerns", "concerns_not_reached"));
    let shown = format!("{} ({later} not reached)", items.join(", "));
    let about = wanted.items.as_ref().is_none_or(|wanted| items == *wanted);
    if about && wanted.not_reached.is_none_or(|many| many == later) && says && talk {
        let first = list(answer, "items").first().map_or("Nothing today.", |first| text(first, "headline"));
        return Ok((
            format!("{} reads the agenda ({later} not reached). First: {first}", name(stage, who)),
            None,
        ));
    }
    let seen = if says && talk { shown } else { page.to_owned() };
    let says = wanted.says.as_ref().map_or(String::new(), |says| format!(", which says “{says}”"));
    let of = wanted.items.as_ref().map_or(String::new(), |items| format!(" of {}", items.join(", ")));
    Err((format!("an agenda{of}{says}"), seen))
}

fn beside_seen(stage: &Stage<'_>, answer: &Value, who: &str, wanted: &BesideSeen) -> Part {
    let of = stage.story.organizations.get(&wanted.of).map_or("", |of| of.id.as_str());
    let Some(beside) = list(answer, "agreements").iter().find(|one| text(one, "other") == of) else {
        return Err((format!("an agreement with {}", wanted.of), "there is none".into()));
    };
    let open = beside.pointer("/counts/open").and_then(Value::as_u64).unwrap_or_default();
    let in_force = beside.get("in_force").and_then(Value::as_bool).unwrap_or_default();
    let clocks: Vec<(String, String)> = list(beside, "clocks")
        .iter()
        .map(|clock| {
            let length = clock.get("length").and_then(Value::as_u64).unwrap_or_default();
            (text(clock, "clock").to_owned(), format!("{length} {}", text(clock, "unit")))
        })
        .collect();
    let shown = format!(
        "{} by {}, {}, {open} open",
        text(beside, "title"),
        text(beside, "transport"),
        if in_force { "in force" } else { "not in force" }
    );
    let is = wanted.transport.as_ref().is_none_or(|transport| transport == text(beside, "transport"))
        && wanted.in_force.is_none_or(|wanted| wanted == in_force)
        && wanted.open.is_none_or(|wanted| wanted == open)
        && wanted.clock.as_ref().is_none_or(|clock| clocks.contains(clock));
    if is {
        return Ok((format!("{} sees side by side: {shown}.", name(stage, who)), None));
    }
    Err((format!("an agreement as {wanted:?}"), format!("{shown}, {clocks:?}")))
}
