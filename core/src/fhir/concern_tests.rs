//! Concerns in a record. All data is synthetic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::case::fold::Fold;
use crate::case::handover;
use crate::concern::tests::any_order::{acts, play};
use crate::concern::tests::{Room, answered, raised, reopened};
use crate::concern::{AnswerPublished, ConcernClosed, ConcernHeard};
use crate::fhir::check::check;

fn told(fold: &Fold) -> Vec<Value> {
    let writes = concerns(fold.state());
    for write in &writes {
        check("Communication", &write.json).unwrap();
        assert_eq!(crate::fhir::check(&write.json).unwrap(), [], "{}", write.json);
    }
    writes.iter().map(|write| serde_json::from_str(&write.json).unwrap()).collect()
}

#[test]
fn a_concern_is_a_communication_without_a_subject_and_its_answer_one_in_response() {
    let mut room = Room::open();
    room.act("jane", raised("Since March they come late"));
    let concern = room.last();
    let first = told(&room.fold)[0].clone();
    assert_eq!(
        (first["status"].as_str(), first.get("subject"), first.get("received")),
        (Some("in-progress"), None, None)
    );
    assert_eq!(first["category"][1]["coding"][0]["code"], "enrolment");
    assert_eq!(first["topic"]["text"], "Late lists");
    assert_eq!(first["payload"][0]["contentString"], "Since March they come late");
    assert_eq!(first["sender"]["identifier"]["value"], "jane");
    assert_eq!(first["recipient"][0]["identifier"]["value"], "office");
    room.act("ann", ConcernHeard { concern });
    assert!(told(&room.fold)[0]["received"].is_string());
    room.act("ann", answered(concern, "On the first"));
    room.act("jane", ConcernClosed { concern });
    let closed = told(&room.fold);
    assert_eq!((closed.len(), closed[0]["status"].as_str()), (2, Some("on-hold")));
    assert_eq!(closed[1]["inResponseTo"][0]["identifier"], closed[0]["identifier"][0]);
    assert_eq!(
        (closed[1]["status"].as_str(), closed[1]["payload"][0]["contentString"].as_str()),
        (Some("completed"), Some("On the first"))
    );
    room.act("jane", reopened(concern, "Late again"));
    let again = told(&room.fold)[0].clone();
    assert_eq!(again["status"], "in-progress");
    let notes: Vec<&str> =
        again["note"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap()).collect();
    assert_eq!(notes, ["Closed", "Opened again: Late again"]);
    let published = AnswerPublished {
        question: "When?".into(),
        text: "On the first".into(),
        topic: ConcernTopic::Enrolment,
        member_data: false,
    };
    room.act("ann", published);
    let all = told(&room.fold);
    assert_eq!(
        (all.len(), all[2]["topic"]["text"].as_str(), all[2].get("inResponseTo")),
        (3, Some("When?"), None)
    );
}

#[test]
fn what_was_superseded_is_entered_in_error() {
    // The office answers while the organisation closes, each without knowing of the other: the later in the order is superseded.
    let mut room = Room::open();
    room.act("jane", raised("Late"));
    let concern = room.last();
    let mut other = Room { fold: room.fold.clone(), events: room.events.clone() };
    room.act("jane", ConcernClosed { concern });
    other.act("ann", ConcernHeard { concern });
    other.act("ann", answered(concern, "On the first"));
    assert_eq!(told(&other.fold).len(), 2);
    other.fold.extend(room.events.clone());
    let state = other.fold.state();
    assert_eq!(state.superseded_concerns.len(), 1);
    let all = told(&other.fold);
    let wrong = all.iter().find(|one| one["status"] == "entered-in-error").unwrap();
    assert_eq!(wrong["payload"][0]["contentString"], "On the first");
    let key = state.superseded_concerns[0].key.clone();
    assert_eq!(
        state.shaped_by(&Resource::Answer(key)).len(),
        2,
        "the answer, and what closed the concern before it"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// In whatever order it came, a record says the same, by the rules, and nothing that looks like member data; who holds stubs writes
    /// nothing.
    #[test]
    fn a_record_says_the_same_whatever_came_first(acts in acts()) {
        let events = play(&acts);
        let (mut whole, mut one_by_one) = (Fold::new(), Fold::new());
        whole.extend(events.clone());
        for event in events.iter().rev() {
            one_by_one.insert(event.clone());
        }
        let texts = |fold: &Fold| concerns(fold.state()).into_iter().map(|write| write.json).collect::<Vec<_>>();
        prop_assert_eq!(texts(&whole), texts(&one_by_one));
        for text in texts(&whole) {
            prop_assert!(!text.contains("4/5/1961"));
            prop_assert_eq!(crate::fhir::check(&text).unwrap(), []);
        }
        let (handed, _) = handover::make(&whole, |_| true, |held| held.id != events[0].id);
        let jane = events[0].sender.clone();
        let mut newcomer = Fold::invited(crate::case::fold::tests::world::user("eve"), [jane.clone()]);
        newcomer.extend(handover::unpack(handed, &jane));
        prop_assert!(texts(&newcomer).is_empty());
    }
}
