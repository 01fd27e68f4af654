//! What is to go across by other ways than Matrix, as somebody sees it.

use serde_json::Value;

use super::{Part, list, name, text};
use crate::demo::stage::Stage;
use crate::story::CrossingsSeen;

pub(super) fn crossings_seen(stage: &Stage<'_>, answer: &Value, who: &str, wanted: &CrossingsSeen) -> Part {
    let of_kind = |one: &&Value| wanted.what.as_ref().is_none_or(|what| text(one, "what") == what);
    let count = |standing: &str| {
        let all = list(answer, "crossings").iter().filter(of_kind);
        all.filter(|one| text(one, "standing") == standing).count()
    };
    let there =
        [("waits", count("waiting")), ("arrived", count("carried")), ("is read on Matrix", count("joined"))];
    let asked = [wanted.waiting, wanted.carried, wanted.joined];
    let told = |counts: Vec<(&str, usize)>| {
        counts.iter().map(|(word, many)| format!("{many} {word}")).collect::<Vec<_>>().join(", ")
    };
    let of_asked = || there.into_iter().zip(asked).filter_map(|(there, asked)| Some((there, asked?)));
    if of_asked().all(|((_, many), asked)| many == asked) {
        let seen = told(of_asked().map(|(there, _)| there).collect());
        return Ok((format!("{} sees of what goes across: {seen}.", name(stage, who)), None));
    }
    let wants = told(of_asked().map(|((word, _), asked)| (word, asked)).collect());
    Err((format!("of what goes across: {wants}"), told(there.to_vec())))
}
