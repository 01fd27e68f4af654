//! A meeting of a pair's room, as somebody sees it.

use serde_json::Value;

use super::{Labels, Part, list, name, text};
use crate::demo::stage::Stage;
use crate::story::MeetingSeen;

pub(super) fn meeting_seen(
    stage: &Stage<'_>,
    answer: &Value,
    labels: &Labels,
    who: &str,
    wanted: &MeetingSeen,
) -> Part {
    let id = labels.get(&wanted.name).map_or("", |sent| sent.id.as_str());
    let of = |meeting: &Value| (list(meeting, "agenda").len(), list(meeting, "decisions").len());
    let shown = |meeting: &Value| {
        let (cases, decisions) = of(meeting);
        let status = text(meeting, "status");
        format!("the meeting is {status}, cases on its agenda: {cases}, decisions: {decisions}")
    };
    let wants = format!("the meeting {} {}", wanted.name, wanted.is);
    match list(answer, "meetings").iter().find(|meeting| text(meeting, "meeting") == id) {
        Some(meeting)
            if text(meeting, "status") == wanted.is
                && wanted.points.is_none_or(|points| points == list(meeting, "points").len())
                && wanted.cases.is_none_or(|cases| cases == of(meeting).0)
                && wanted.decisions.is_none_or(|decisions| decisions == of(meeting).1) =>
        {
            Ok((format!("{} sees: {}.", name(stage, who), shown(meeting)), None))
        }
        Some(meeting) => Err((wants, shown(meeting))),
        None => Err((wants, "no such meeting".into())),
    }
}
