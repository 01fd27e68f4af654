//! Referrals in a record. All data is synthetic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::case::fold::Fold;
use crate::case::fold::tests::world;
use crate::case::handover;
use crate::consent::ConsentRevoked;
use crate::crossing::Way;
use crate::fhir::check::check;
use crate::fhir::project::project;
use crate::id::EventId;
use crate::label::Label;
use crate::referral::tests::any_order::{IN_THE_CASE, acts, in_the_case, in_the_room, play};
use crate::referral::tests::{
    PEOPLE, Room, asked, case, declined, opening, outcome, sub_referred, told as telling,
};
use crate::referral::{
    Hold, OutcomeCode, ReferralAccepted, ReferralAsked, ReferralClosed, ReferralOpened, ReferralSent,
};

fn own() -> Own {
    Own { patient: "Patient/synthetic".into() }
}

fn of_case(state: &CaseState) -> Vec<RecordWrite> {
    let Some(opening) = state.opening() else { return Vec::new() };
    writes(state, opening, &own())
}

fn read(writes: &[RecordWrite]) -> Vec<Value> {
    for write in writes {
        check(&write.kind, &write.json).unwrap();
        assert_eq!(crate::fhir::check(&write.json).unwrap(), [], "{}", write.json);
    }
    writes.iter().map(|write| serde_json::from_str(&write.json).unwrap()).collect()
}

fn standing(writes: &[RecordWrite]) -> (String, String) {
    let read = read(writes);
    let of = |n: usize| read[n]["status"].as_str().unwrap().to_owned();
    (of(0), of(1))
}

fn stands(request: &str, task: &str) -> (String, String) {
    (request.to_owned(), task.to_owned())
}

#[test]
fn what_was_tried_to_take_a_referral_to_its_agency_is_noted_on_its_task() {
    let (mut case, consent) = case();
    case.act("jane", ReferralAsked { hold: Some(Hold::NoAccount), ..asked(consent) });
    let key = case.last();
    let carried = |reached, outcome: &str| crate::crossing::CrossingCarried {
        events: vec![key.clone()],
        how: Way::Fax,
        with: None,
        reached,
        outcome: outcome.into(),
    };
    assert_eq!(case.act("jane", carried(false, "The line was busy")), "");
    let heads = |writes: &[RecordWrite]| read(writes)[1]["extension"].clone();
    let before = of_case(case.fold.state());
    assert_eq!(standing(&before), stands("active", "requested"));
    assert_eq!(case.act("jane", carried(true, "It went through")), "");
    let written = of_case(case.fold.state());
    let notes = read(&written)[1]["note"].clone();
    assert_eq!(notes[0]["text"], "Tried by fax: The line was busy");
    assert_eq!(notes[1]["text"], "It went through");
    assert_eq!(notes[0]["authorReference"]["display"], "jane");
    assert_ne!(heads(&before), heads(&written), "it says which events it is of");
    // It is no Task of its own besides.
    let all = project(case.fold.state(), &own(), &|_| None);
    assert_eq!(all.iter().filter(|one| one.kind == "Task").count(), 1);
}

#[test]
fn what_an_agency_was_told_of_a_part_2_program_is_labelled_in_its_record() {
    let labelled = |opened| {
        let mut room = Room { fold: Fold::new(), events: Vec::new() };
        assert_eq!(room.act("jane", opened), "");
        let written = read(&referral(room.fold.state()));
        let codes = |one: &Value| -> Vec<String> {
            let security = one["meta"]["security"].as_array().cloned().unwrap_or_default();
            security.iter().map(|label| label["code"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!((written.len(), codes(&written[0])), (2, codes(&written[1])));
        codes(&written[0])
    };
    assert_eq!(labelled(opening()), Vec::<String>::new());
    let of_a_program: Vec<String> = Label::OF_PART_2.iter().map(|label| label.code().to_owned()).collect();
    let has_all = |codes: Vec<String>| of_a_program.iter().all(|code| codes.contains(code));
    assert!(has_all(labelled(ReferralOpened { labels: Label::OF_PART_2.into(), ..opening() })));
    // It was opened before openings had labels.
    let mut before = opening();
    before.consent.notice = Some("The statement of the rule".into());
    assert!(has_all(labelled(before)));
    let hiv = labelled(ReferralOpened { labels: [Label::Hiv].into(), ..opening() });
    assert_eq!(hiv, [Label::Hiv.code()]);
}

#[test]
fn a_referral_of_a_case_is_a_request_and_the_task_that_fulfils_it() {
    let (mut case, consent) = case();
    case.act("jane", ReferralAsked { hold: Some(Hold::NoAccount), ..asked(consent) });
    let key = case.last();
    let first = of_case(case.fold.state());
    assert_eq!(standing(&first), stands("active", "requested"));
    let all = read(&first);
    assert_eq!((all.len(), first[0].kind.as_str(), first[1].kind.as_str()), (2, "ServiceRequest", "Task"));
    assert_eq!(all[0]["code"]["coding"][0]["code"], "nutrition");
    assert_eq!(all[0]["category"][0]["coding"][0]["code"], "food-insecurity");
    assert_eq!(all[0]["subject"]["reference"], "Patient/synthetic");
    assert_eq!(all[0]["supportingInfo"][0]["identifier"]["value"], consent.to_string());
    assert_eq!(all[1]["focus"]["identifier"], all[0]["identifier"][0]);
    assert_eq!(all[1]["requester"]["identifier"]["value"], "cp");
    assert_eq!(all[1]["owner"]["identifier"]["value"], "pantry");
    assert_eq!(all[1]["statusReason"]["text"], "nobody there has an account: call");
    assert!(project(case.fold.state(), &own(), &|_| None).iter().any(|one| one.kind == "ServiceRequest"));
    let sent =
        ReferralSent { referral: key.clone(), room: None, by_hand: Some(Way::Phone), note: String::new() };
    case.act("jane", sent);
    for (step, request, task) in [
        (Told::CapacityAsked, "active", "requested"),
        (Told::Waitlist, "active", "requested"),
        (Told::Accepted, "active", "accepted"),
        (Told::SubReferred, "active", "in-progress"),
        (Told::Provided, "active", "completed"),
        (Told::Closed, "completed", "completed"),
    ] {
        assert_eq!(case.act("jane", telling(&key, step, None)), "");
        assert_eq!(standing(&of_case(case.fold.state())), stands(request, task), "{}", step.code());
    }
    let task = read(&of_case(case.fold.state()))[1].clone();
    assert_eq!(task["output"][0]["valueString"], "words");
    assert_eq!(task["businessStatus"]["coding"][0]["code"], "closed");
    assert_eq!(task["note"].as_array().unwrap().len(), 6);
    assert_eq!(task["note"][2]["authorReference"]["display"], "jane");
}

#[test]
fn an_agencys_record_has_what_the_consent_names_and_no_patient() {
    let mut room = Room::open(opening());
    let all = read(&referral(room.fold.state()));
    assert!(all[0]["subject"].get("reference").is_none());
    assert_eq!(all[0]["subject"]["display"], "Marty Synthetic");
    let notes = all[0]["note"].to_string();
    assert!(notes.contains("Address: 1 Nowhere Street") && notes.contains("consent"), "{notes}");
    room.act("pat", ReferralAccepted {});
    room.act("pat", sub_referred());
    room.act("pat", outcome(OutcomeCode::NotProvided));
    assert_eq!(standing(&referral(room.fold.state())), stands("active", "failed"));
    room.act("jane", ReferralClosed {});
    assert_eq!(standing(&referral(room.fold.state())), stands("revoked", "failed"));
    let mut room = Room::open(opening());
    room.act("pat", declined());
    let all = read(&referral(room.fold.state()));
    assert_eq!(all[1]["statusReason"]["text"], "No route there");
    assert!(project(room.fold.state(), &own(), &|_| None).is_empty(), "no CareTeam");
    assert!(referral(case().0.fold.state()).is_empty());
}

#[test]
fn one_whose_consent_was_taken_back_before_is_entered_in_error() {
    let (mut case, consent) = case();
    let mut other = Room { fold: case.fold.clone(), events: case.events.clone() };
    let on = "2026-01-05".parse().unwrap();
    case.act("joe", ConsentRevoked { consent, on, reason: String::new(), source: String::new() });
    other.act("rao", crate::communication::MessageSent::default());
    other.act("jane", asked(consent));
    let key = other.last();
    assert_eq!(standing(&of_case(other.fold.state())), stands("active", "requested"));
    other.fold.insert(case.events.last().unwrap().clone());
    assert_eq!(standing(&of_case(other.fold.state())), stands("entered-in-error", "entered-in-error"));
    let heads = other.fold.state().shaped_by(&Resource::Referral(key));
    assert_eq!(heads.len(), 2, "what superseded it shapes it too");
    assert!(
        other
            .fold
            .state()
            .referrals
            .get(&EventKey { sender: heads[0].key.sender.clone(), id: EventId::new() })
            .is_none()
    );
}

#[test]
fn a_consent_says_which_fields_it_names() {
    let (case, _) = case();
    let writes = project(case.fold.state(), &own(), &|_| None);
    let consent = read(&writes).into_iter().find(|one| one["resourceType"] == "Consent").unwrap();
    let extensions = consent["extension"].as_array().unwrap();
    let named: Vec<&str> = extensions
        .iter()
        .filter(|one| one["url"] == codes::FIELD)
        .map(|one| one["valueCode"].as_str().unwrap())
        .collect();
    assert_eq!(named, ["name", "address"]);
}

#[test]
fn fields_are_read_from_a_patient() {
    let patient = r#"{"resourceType":"Patient","name":[{"given":["Marty"],"family":"Synthetic"}],"birthDate":"1961-04-05",
        "identifier":[{"system":"urn:example:member","value":"1"}],
        "telecom":[{"system":"phone","value":"1","use":"old"},{"system":"email","value":"m@example.org"},{"system":"phone","value":"2"}],
        "address":[{"line":["1 Nowhere Street"],"city":"Boston","postalCode":"02100"}],
        "communication":[{"language":{"coding":[{"code":"pt","display":"Portuguese"}]}}]}"#;
    let fields = referral_fields(patient).unwrap();
    let all: Vec<(Field, &str)> = fields.iter().map(|(field, value)| (*field, value.as_str())).collect();
    assert_eq!(
        all,
        [
            (Field::Name, "Marty Synthetic"),
            (Field::BirthDate, "1961-04-05"),
            (Field::Phone, "2"),
            (Field::Address, "1 Nowhere Street, Boston, 02100"),
            (Field::Language, "Portuguese"),
        ]
    );
    assert!(referral_fields(r#"{"resourceType":"Patient"}"#).unwrap().is_empty());
    assert!(referral_fields("{").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_records_hold_what_may_be_written(
        in_case in acts(),
        in_room in acts(),
    ) {
        let events = play(world::opening(), IN_THE_CASE, in_the_case, &in_case);
        let mut whole = Fold::new();
        whole.extend(events.clone());
        for write in of_case(whole.state()) {
            prop_assert!(check(&write.kind, &write.json).is_ok(), "{}", write.json);
            prop_assert_eq!(crate::fhir::check(&write.json).unwrap(), [], "{}", write.json);
        }
        let (handed, _) = handover::make(&whole, |_| true, |_| true);
        let mut newcomer = Fold::invited(world::user("eve"), [world::user("jane")]);
        newcomer.extend(handover::unpack(handed, &world::user("jane")));
        prop_assert_eq!(of_case(newcomer.state()), []);

        let events = play(opening(), PEOPLE, in_the_room, &in_room);
        let mut whole = Fold::new();
        whole.extend(events);
        let writes = referral(whole.state());
        prop_assert_eq!(writes.len(), 2);
        for write in writes {
            prop_assert!(check(&write.kind, &write.json).is_ok(), "{}", write.json);
            prop_assert_eq!(crate::fhir::check(&write.json).unwrap(), [], "{}", write.json);
        }
    }
}
