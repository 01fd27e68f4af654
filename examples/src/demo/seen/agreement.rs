//! An agreement that was proposed in a pair's room, as somebody sees it.

use serde_json::Value;

use super::{Labels, Part, list, name, text};
use crate::demo::stage::Stage;
use crate::story::AgreementSeen;

pub(super) fn agreement_seen(
    stage: &Stage<'_>,
    answer: &Value,
    labels: &Labels,
    who: &str,
    wanted: &AgreementSeen,
) -> Part {
    let id = labels.get(&wanted.name).map_or("", |sent| sent.id.as_str());
    let wants = format!("the agreement {} {}", wanted.name, wanted.is);
    let Some(known) = list(answer, "agreements").iter().find(|one| text(one, "proposal") == id) else {
        return Err((wants, "no such agreement".into()));
    };
    let shown = format!("the agreement, version {}, is {}", text(known, "version"), text(known, "status"));
    let version = wanted.version.as_ref().is_none_or(|version| text(known, "version") == version);
    if text(known, "status") == wanted.is && version {
        Ok((format!("{} sees: {shown}.", name(stage, who)), None))
    } else {
        Err((wants, shown))
    }
}
