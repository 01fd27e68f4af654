//! What others made of a record's CareTeam or CarePlan: read as what a case is to be told of it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bundle::{Import, Resource};
use super::care_team::{last_day, participant};
use super::codes;
use super::diff::{ChangedBy, changes, spelled};
use super::json::{self, Node};
use crate::care_plan::PlanState;
use crate::care_team::{TeamProposed, Whom};
use crate::case::state::CaseState;
use crate::contact::{Contact, Role};
use crate::error::{InvalidInput, Result};
use crate::id::{ContactId, OrganizationId, Sha256};

/// Who took part in a CareTeam when it was last looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen(BTreeSet<(ContactId, OrganizationId)>);

/// The id of the case that this CareTeam is the projection of.
pub(crate) fn case_of(team: &Resource) -> Option<String> {
    let node = team.node().ok()?;
    identifier(&node, codes::CASE)
}

/// What a CareTeam that somebody else changed proposes to the roster of a case, and who takes part in it now. `seen` is who took
/// part when it was last looked at, `organization` whose record it is, `on` the day.
///
/// The projection of the roster itself is compared with the roster. Any other CareTeam of the member can name people who have
/// nothing to do with the case: of it only what changed since it was last looked at is proposed, and at the first look who
/// carries the mark of a seat. Whoever works for no organisation of the case is not proposed: the roster cannot name them.
///
/// # Errors
/// `InvalidInput` where the CareTeam, or what it refers to, cannot be read.
pub(crate) fn team_changes(
    import: &Import,
    team: &Resource,
    state: &CaseState,
    organization: &OrganizationId,
    seen: Option<&Seen>,
    on: Date,
) -> Result<(Option<TeamProposed>, Seen)> {
    let node = team.node()?;
    let mut now = Seen::default();
    let (mut there, mut over) = (Vec::<(Contact, bool)>::new(), Vec::new());
    for one in node.list("participant") {
        let Some(one) = participant(import, one, on)? else { continue };
        if one.ended {
            over.push(one.key);
        } else {
            now.0.insert(one.key);
            there.extend(one.contact.map(|contact| (contact, one.marked)));
        }
    }
    let Some(opening) = state.opening() else { return Ok((None, now)) };
    let own = case_of(team).is_some();
    let takes_part = |id: &OrganizationId| opening.organizations().any(|one| one.id == *id);
    let (roster, mut add) = (state.roster(), Vec::<Contact>::new());
    for (contact, marked) in there {
        let news = match seen {
            _ if own => true,
            Some(seen) => !seen.0.contains(&(contact.id.clone(), contact.organization.clone())),
            None => marked,
        };
        if news
            && takes_part(&contact.organization)
            // Without an account it takes part in nothing, and was left out when the case was opened.
            && !(contact.role == Role::Keeper && contact.user.is_none())
            && roster.contact(&contact.id, &contact.organization).is_none()
            && !add.iter().any(|one| one.id == contact.id && one.organization == contact.organization)
        {
            add.push(contact);
        }
    }
    let mut end = Vec::new();
    for seat in roster.active() {
        let key = (seat.contact.id.clone(), seat.contact.organization.clone());
        let was_there = own || seen.is_some_and(|seen| seen.0.contains(&key));
        if was_there && over.contains(&key) && !now.0.contains(&key) {
            end.push(Whom { contact: key.0, organization: key.1 });
        }
    }
    let changed = !add.is_empty() || !end.is_empty();
    let proposed = changed.then(|| TeamProposed { organization: organization.clone(), add, end });
    Ok((proposed, now))
}

/// The next day after `on` on which the time of somebody in this CareTeam ends: no new version comes then that would tell of it.
pub(crate) fn next_end(team: &Resource, on: Date) -> Option<Date> {
    let node = team.node().ok()?;
    node.list("participant").iter().filter_map(last_day).filter(|day| *day > on).min()
}

/// Whether a stored CarePlan is the projection of this plan, or the plan that its document was made from.
pub(crate) fn is_of(stored: &Resource, plan: &PlanState, document: &str) -> bool {
    let Ok(node) = stored.node() else { return false };
    if let Some(value) = identifier(&node, codes::PLAN) {
        return value == super::event_value(&plan.sent);
    }
    let Ok(import) = Import::parse(document) else { return false };
    let Some(sent) = import.resources().first() else { return false };
    let Ok(sent) = sent.node() else { return false };
    let pairs = |node: &Node<'_>| -> Vec<(String, String)> {
        let pair = |one: &Node<'_>| Some((one.str("system")?.into_owned(), one.str("value")?.into_owned()));
        node.list("identifier").iter().filter_map(pair).collect()
    };
    // One without any identifier is known by its record's id for it, which its document carries.
    let known = pairs(&sent);
    if known.is_empty() {
        return sent.str("id").is_some_and(|id| Some(id) == node.str("id"));
    }
    pairs(&node).iter().any(|pair| known.contains(pair))
}

/// What a record made of a plan, by its hash, where that says something else than what was sent: `written` is the plan as it was
/// written there, or as it was read from there. What a record adds for itself (`id`, `meta`, identifiers, extensions, a narrative)
/// says nothing else, and is not in the hash; nor is the spelling, which can be another one in a Bundle.
///
/// # Errors
/// `InvalidInput` where one of the texts is not JSON.
pub(crate) fn plan_change(stored: &str, written: &str) -> Result<Option<Sha256>> {
    const ASIDE: [&str; 5] = ["id", "meta", "text", "identifier", "extension"];
    let aside = |path: &str| ASIDE.contains(&path.split(['.', '[']).next().unwrap_or(path));
    // Another copy of the record names the same people and goals by other ids: each device's embedded one does.
    let other_copy = subject_of(written) != subject_of(stored);
    let (written, compared) = if other_copy {
        (without_references(written)?, without_references(stored)?)
    } else {
        (written.to_owned(), stored.to_owned())
    };
    let changed = changes(&written, &written, &compared)?
        .iter()
        .any(|change| change.by == ChangedBy::Them && !aside(&change.path));
    if !changed {
        return Ok(None);
    }
    let said = json::parse(stored)?.without(&ASIDE);
    Ok(Some(Sha256::of(spelled(&json::parse(&said)?))))
}

fn subject_of(plan: &str) -> Option<String> {
    json::parse(plan).ok()?.get("subject")?.str("reference").map(Into::into)
}

/// The same without the ids that its record gave to what it refers to.
fn without_references(plan: &str) -> Result<String> {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("reference");
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let wrong = |_| InvalidInput::new("invalid-json", "this is not JSON");
    let mut value: Value = serde_json::from_str(plan).map_err(wrong)?;
    strip(&mut value);
    Ok(value.to_string())
}

/// The CarePlan of a plan's document, as it was read from the record that it was sent from.
pub(crate) fn sent_plan(document: &str) -> Option<String> {
    let import = Import::parse(document).ok()?;
    let first = import.resources().first().filter(|first| first.kind() == "CarePlan")?;
    Some(first.json().to_owned())
}

/// The Patient that a resource is about, as a reference of its record.
#[cfg(feature = "store")]
pub(crate) fn subject(resource: &Resource) -> Option<String> {
    let node = resource.node().ok()?;
    let reference = node.get("subject")?.str("reference")?;
    reference.starts_with("Patient/").then(|| reference.into_owned())
}

fn identifier(node: &Node<'_>, system: &str) -> Option<String> {
    let mut identifiers = node.list("identifier").iter();
    let one = identifiers.find(|one| one.str("system").as_deref() == Some(system))?;
    one.str("value").map(Into::into)
}

#[cfg(all(test, feature = "testing"))]
#[path = "watch_tests.rs"]
mod tests;
