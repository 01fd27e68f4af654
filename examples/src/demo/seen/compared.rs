//! What two versions of a care plan say differently, as somebody sees it.

use serde_json::json;

use super::{Labels, Part, ask, list, name, text};
use crate::demo::stage::Stage;
use crate::process::CallError;
use crate::story::ComparedSeen;

pub(super) fn compared_seen(
    stage: &mut Stage<'_>,
    labels: &Labels,
    who: &str,
    case: &str,
    wanted: &ComparedSeen,
) -> Result<Part, CallError> {
    let id = |label: &str| labels.get(label).map_or(String::new(), |sent| sent.id.clone());
    let fields = json!({ "case": case, "was": id(&wanted.was), "now": id(&wanted.now) });
    let found = ask(stage, who, "compare_plans", fields)?;
    let differences = list(&found, "differences").iter().filter(|one| text(one, "part") != "record");
    let says: Vec<&str> = differences.map(|one| text(one, "text")).collect();
    let undone: Vec<&str> = list(&found, "undone").iter().map(|one| text(one, "signer")).collect();
    let signers = |people: &[String]| -> Vec<(String, String)> {
        let of = |who: &String| {
            let (called, contact, _) = stage.story.signer(who);
            (called.to_owned(), contact.to_owned())
        };
        people.iter().map(of).collect()
    };
    let wanted_undone = signers(&wanted.undone);
    let names: Vec<&str> = wanted_undone.iter().map(|(called, _)| called.as_str()).collect();
    let more = match names.as_slice() {
        [] => String::new(),
        names => format!(" What {} signed was the earlier text.", names.join(" and ")),
    };
    let told = |says: &[&str]| if says.is_empty() { "nothing".to_owned() } else { says.join("; ") };
    let expected: Vec<&str> = wanted.says.iter().map(String::as_str).collect();
    let contacts = wanted_undone.iter().map(|(_, contact)| contact.as_str());
    if says == expected && contacts.eq(undone.iter().copied()) {
        let line = format!(
            "{} sees what differs between the two versions: {}.{more}",
            name(stage, who),
            told(&says)
        );
        return Ok(Ok((line, None)));
    }
    let seen = format!("{}; undone: {}", told(&says), undone.join(", "));
    Ok(Err((
        format!("that between the two versions differs: {}; undone: {}", told(&expected), names.join(", ")),
        seen,
    )))
}
