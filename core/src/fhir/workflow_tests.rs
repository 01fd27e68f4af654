#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::status::Status;
use super::*;
use crate::Error;
use crate::Result;
use crate::fhir::json::{self, Node, parse, quote};
use crate::fhir::rules::check;
use crate::testing::shapes;

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn person(name: &str) -> Reference {
    Reference::identified("Practitioner", Identifier::new("urn:synthetic", name))
}

fn shape(name: &str) -> String {
    shapes().unwrap().into_iter().find(|(known, _)| *known == name).unwrap().1
}

fn refused(result: Result<String>) -> (&'static str, String) {
    match result {
        Err(Error::InvalidInput(invalid)) => (invalid.code, invalid.field.unwrap_or_default()),
        other => panic!("{other:?}"),
    }
}

/// Reads a resource and writes it again.
fn again(text: &str) -> Result<String> {
    let node = parse(text)?;
    let kind = node.str("resourceType").unwrap();
    macro_rules! one_of {
        ($($kind:ident)+) => {
            match &*kind {
                $(stringify!($kind) => $kind::read(text)?.to_fhir_json(),)+
                other => panic!("{other}"),
            }
        };
    }
    one_of!(CareTeam CarePlan Communication Task Consent DocumentReference Encounter ServiceRequest Appointment Provenance
        AuditEvent Organization Practitioner PractitionerRole Endpoint Patient RelatedPerson HealthcareService Location
        EpisodeOfCare Goal)
}

#[test]
fn every_type_is_written_soundly_and_read_as_it_was_written() {
    let mut kinds = BTreeMap::<String, usize>::new();
    for (name, text) in shapes().unwrap() {
        assert_eq!(check(&text).unwrap(), [], "{name}");
        let node = parse(&text).unwrap();
        *kinds.entry(node.str("resourceType").unwrap().into()).or_default() += 1;
        let text = again(&text).unwrap();
        assert!(parse(&text).unwrap().same(&node), "{name}: {text}");
    }
    assert_eq!(kinds.len(), 21, "{kinds:?}");
}

#[test]
fn what_a_type_is_not_is_refused() {
    assert_eq!(refused(CareTeam::step(&shape("task"), CareTeamStatus::Active)).0, "not-fhir");
    let no_status = r#"{"resourceType":"Task","intent":"order"}"#;
    let Err(Error::InvalidInput(error)) = Task::read(no_status) else { panic!() };
    assert_eq!((error.code, error.field.as_deref()), ("required-element", Some("Task.status")));
    let odd = r#"{"resourceType":"CareTeam","participant":[{},{"period":{"end":"soon"}}]}"#;
    let Err(Error::InvalidInput(error)) = CareTeam::read(odd) else { panic!() };
    assert_eq!(
        (error.code, error.field.as_deref()),
        ("wrong-form", Some("CareTeam.participant[1].period.end"))
    );
    let code = r#"{"resourceType":"Goal","lifecycleStatus":"done","description":{},"subject":{}}"#;
    let Err(Error::InvalidInput(error)) = Goal::read(code) else { panic!() };
    assert_eq!((error.code, error.field.as_deref()), ("required-binding", Some("Goal.lifecycleStatus")));
}

/// Every step of a status is taken or refused as its table says, and entered in error is where all can end.
fn steps<S: Status + std::fmt::Debug>(all: &[S], sample: &str) {
    let node = parse(sample).unwrap();
    for from in all {
        let text = node.with(&[(S::ELEMENT, quote(from.to_code()))]);
        for to in all {
            let stepped = status::step(&text, *to, &[]);
            if from == to {
                assert_eq!(stepped.unwrap(), text);
            } else if from.steps().contains(to) {
                assert_eq!(stepped.unwrap(), node.with(&[(S::ELEMENT, quote(to.to_code()))]));
            } else {
                let field = format!("{}.{}", S::KIND, S::ELEMENT);
                assert_eq!(refused(stepped), ("illegal-status-step", field), "{from:?} to {to:?}");
            }
        }
        if let Some(error) = S::of_code("entered-in-error") {
            assert!(from == &error || from.steps().contains(&error), "{from:?}");
            assert!(error.steps().is_empty());
        }
    }
}

#[test]
fn every_status_goes_where_it_may() {
    steps(CareTeamStatus::ALL, &shape("team-grown"));
    steps(CarePlanStatus::ALL, &shape("plan-draft"));
    steps(CommunicationStatus::ALL, &shape("message"));
    steps(TaskStatus::ALL, &shape("task"));
    steps(ConsentStatus::ALL, &shape("consent"));
    steps(DocumentReferenceStatus::ALL, &shape("document"));
    steps(EncounterStatus::ALL, &shape("stay"));
    steps(ServiceRequestStatus::ALL, &shape("request"));
    steps(AppointmentStatus::ALL, &shape("visit-booked"));
    steps(EndpointStatus::ALL, &shape("endpoint"));
    steps(LocationStatus::ALL, &shape("location"));
    steps(EpisodeOfCareStatus::ALL, &shape("episode"));
    steps(GoalStatus::ALL, &shape("goal"));
}

#[test]
fn the_lists_of_codes_are_those_that_the_rules_know() {
    // A code that R4 does not have would be refused by its rule; one that is missing here could not be read.
    let known: &[(&str, &str, usize)] = &[
        ("CareTeam", "status", CareTeamStatus::ALL.len()),
        ("CarePlan", "status", CarePlanStatus::ALL.len()),
        ("Communication", "status", CommunicationStatus::ALL.len()),
        ("Task", "status", TaskStatus::ALL.len()),
        ("Consent", "status", ConsentStatus::ALL.len()),
        ("Encounter", "status", EncounterStatus::ALL.len()),
        ("Appointment", "status", AppointmentStatus::ALL.len()),
        ("Endpoint", "status", EndpointStatus::ALL.len()),
        ("EpisodeOfCare", "status", EpisodeOfCareStatus::ALL.len()),
        ("Goal", "lifecycleStatus", GoalStatus::ALL.len()),
    ];
    for (kind, element, length) in known {
        assert_eq!(crate::fhir::rules::codes_of(kind, element).unwrap().len(), *length, "{kind}");
    }
}

#[test]
fn a_team_keeps_who_took_part() {
    let team = CareTeam::read(&shape("team-replaced")).unwrap();
    let on =
        |day: &str| team.on(at(day)).filter_map(|one| one.role[0].coding[0].code.clone()).collect::<Vec<_>>();
    assert_eq!(on("2019-03-15"), ["cp-care-coordinator", "keeper", "member"]);
    assert_eq!(on("2019-05-01"), ["keeper", "member", "aco-care-manager"]);
    assert_eq!(on("2019-02-01"), Vec::<String>::new());

    let text = shape("team-grown");
    assert_eq!(refused(CareTeam::end(&text, &person("nobody"), &at("2019"))).0, "no-such-participant");
    let jane = team.participant[0].member.clone().unwrap();
    let early = CareTeam::end(&text, &jane, &at("2019-02-01"));
    assert_eq!(refused(early), ("per-1", "CareTeam.participant[0].period".into()));
    // A planned end is brought forward, and never put off.
    let planned = CareTeam::end(&text, &jane, &at("2019-12-31")).unwrap();
    let sooner = CareTeam::end(&planned, &jane, &at("2019-06-30")).unwrap();
    assert!(sooner.contains("2019-06-30") && !sooner.contains("2019-12-31"));
    assert_eq!(CareTeam::end(&sooner, &jane, &at("2019-12-31")).unwrap(), sooner);

    // Who has left can come back.
    let back = Participant { period: Some(Period::since(at("2020-01-01"))), ..team.participant[0].clone() };
    let returned = CareTeam::add(&sooner, &back).unwrap();
    assert_eq!(CareTeam::read(&returned).unwrap().participant.len(), 4);
    assert_eq!(CareTeam::add(&returned, &back).unwrap(), returned);
}

#[test]
fn a_team_takes_nobody_whom_the_rules_do_not_let_in() {
    let text = shape("team-grown");
    let good = CareTeam::read(&text).unwrap().participant[0].clone();
    let new = Participant { member: Some(person("new")), ..good };
    let path = "CareTeam.participant[3]";
    let cases = [
        (Participant { role: Vec::new(), ..new.clone() }, "us-core-careteam", ".role"),
        (
            Participant { role: vec![Concept::text("a"), Concept::text("b")], ..new.clone() },
            "us-core-careteam",
            ".role",
        ),
        (Participant { member: None, ..new.clone() }, "us-core-careteam", ".member"),
        (Participant { member: Some(Reference::to("PractitionerRole/1")), ..new.clone() }, "ctm-1", ""),
        (
            Participant { member: Some(Reference::to("Device/1")), on_behalf_of: None, ..new.clone() },
            "reference-target",
            ".member",
        ),
        (
            Participant {
                role: vec![Coding::new("http://hl7.org/fhir/ValueSet/participant-role", "x").into()],
                ..new
            },
            "value-set-as-system",
            ".role[0].coding[0].system",
        ),
    ];
    for (participant, rule, member) in cases {
        assert_eq!(refused(CareTeam::add(&text, &participant)), (rule, format!("{path}{member}")));
    }
}

#[test]
fn a_new_version_of_a_plan_says_all_that_the_plan_says() {
    // Another's plan, with what they say in place.
    let theirs = r#"{ "resourceType":"CarePlan", "id":"7", "meta":{"versionId":"2","source":"s","tag":[{"code":"t"}]},
        "identifier":[{"system":"urn:theirs","value":"1"}],"replaces":[{"reference":"CarePlan/6"}],"status":"active","intent":"plan",
        "category":[{"text":"theirs"}],"subject":{"reference":"Patient/1"},"vendor":{"dose": 1.50},
        "activity":[{"detail":{"code":{"text":"Walk"},"status":"scheduled","description":"Every day"}}]}"#;
    let plan = CarePlan::read(theirs).unwrap();
    let detail = plan.activity[0].detail.as_ref().unwrap();
    assert_eq!(
        (detail.title(), &*detail.status, detail.description.as_deref()),
        (Some("Walk"), "scheduled", Some("Every day"))
    );
    assert_eq!(refused(plan.to_fhir_json()), ("activity-by-reference", "CarePlan.activity[0].detail".into()));

    let text =
        CarePlan::new_version(theirs, Succession::Replaces, &Reference::to("CarePlan/7"), &at("2020-03-01"))
            .unwrap();
    let (old, new) = (parse(theirs).unwrap(), parse(&text).unwrap());
    for kept in ["identifier", "intent", "category", "subject", "vendor", "activity"] {
        assert_eq!(new.get(kept).map(Node::raw), old.get(kept).map(Node::raw), "{kept}");
    }
    assert_eq!(new.get("meta").unwrap().raw(), r#"{"tag":[{"code":"t"}]}"#);
    assert_eq!(new.get("replaces").unwrap().raw(), r#"[{"reference":"CarePlan/7"}]"#);
    assert!(new.get("id").is_none() && new.str("status").unwrap() == "draft");
}

#[test]
fn a_new_version_is_not_the_sending_that_it_comes_from() {
    let sent = r#"{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient/1"},
        "identifier":[{"system":"urn:theirs","value":"1"},{"system":"urn:caseline:plan","value":"2"}],
        "extension":[{"url":"https://caseline.org/fhir/StructureDefinition/heads","valueString":"[]"}]}"#;
    let text =
        CarePlan::new_version(sent, Succession::BasedOn, &Reference::to("CarePlan/1"), &at("2020")).unwrap();
    let new = parse(&text).unwrap();
    assert_eq!(new.get("identifier").unwrap().raw(), r#"[{"system":"urn:theirs","value":"1"}]"#);
    assert!(new.get("extension").is_none());
}

#[test]
fn clocks_that_differ_keep_nothing_from_being_written() {
    let early = at("2018-01-01T00:00:00Z");
    let task = Task::step(&shape("task"), TaskStatus::Accepted, None, &early).unwrap();
    assert_eq!(Task::read(&task).unwrap().last_modified, Some(at("2019-03-01T10:00:00-05:00")));
    let stay = Encounter::step(&shape("stay"), EncounterStatus::Triaged, &early).unwrap();
    assert_eq!(Encounter::read(&stay).unwrap().status_history, []);
    let consent = Consent::read(&Consent::revoke(&shape("consent-given"), &early).unwrap()).unwrap();
    assert_eq!(consent.status, ConsentStatus::Inactive);
    let message = Communication::receive(&shape("message-right"), &early).unwrap();
    assert!(Communication::read(&message).unwrap().received.is_some());
}

#[test]
fn a_signature_is_of_a_version_and_of_its_text() {
    let signed = Provenance::read(&shape("plan-signature")).unwrap();
    assert_eq!(signed.target[0].reference.as_deref(), Some("CarePlan/synthetic-plan/_history/3"));
    assert!(!signed.signs(&crate::id::Sha256::of("another text")));
    let told = signed.entity[0].what.identifier.clone().unwrap();
    assert_eq!(told.system.as_deref(), Some(crate::fhir::codes::SHA256));
    assert!(told.value.is_some_and(|value| value.len() == 64));
    assert!(signed.signature[0].kind[0].is("urn:iso-astm:E1762-95:2013", "1.2.840.10065.1.12.1.5"));
    // The same for a Practitioner without an organisation is refused.
    let mut alone = signed;
    alone.agent[0].on_behalf_of = None;
    assert_eq!(refused(alone.to_fhir_json()), ("provenance-1", "Provenance.agent[0]".into()));
}

#[test]
fn a_thread_is_read_in_order_with_what_was_corrected() {
    let all: Vec<String> = ["message-right", "message-wrong", "thread"].map(shape).into();
    let thread = Thread::read(all.iter().map(String::as_str)).unwrap();
    assert_eq!(thread.header.unwrap().status, CommunicationStatus::InProgress);
    let [wrong, right] = &thread.messages[..] else { panic!() };
    assert_eq!((wrong.message.status, wrong.corrected_by), (CommunicationStatus::EnteredInError, Some(1)));
    assert_eq!((right.message.status, right.corrected_by), (CommunicationStatus::Completed, None));
    assert_eq!(right.message.payload.len(), 4);
    let labels: Vec<_> = right.message.meta.security.iter().map(Label::of).collect();
    assert_eq!(labels, Label::ALL.map(Some));

    let two = [shape("thread"), shape("thread-over")];
    assert!(Thread::read(two.iter().map(String::as_str)).is_err());
    // A correction that is made again, after a crash, is the same.
    let made = Communication::correct(&shape("message-wrong"), right.message.clone()).unwrap();
    assert_eq!(made, (shape("message-wrong"), shape("message-right")));
    // It came once.
    let text = shape("message");
    assert_eq!(Communication::receive(&text, &at("2030")).unwrap(), text);
}

#[test]
fn a_reason_is_of_the_status_that_it_came_with() {
    let (resting, done) = (shape("task-resting"), shape("task-done"));
    assert!(resting.contains("Marty is asleep") && !done.contains("Marty is asleep"));
    let now = at("2019-03-02T10:00:00Z");
    let referral = shape("referral-task");
    let path = "Task.statusReason.text".to_owned();
    let rule = "SDOHCC-TaskForReferralManagement";
    assert_eq!(refused(Task::step(&referral, TaskStatus::Rejected, None, &now)), (rule, path));
    let received = Task::step(&referral, TaskStatus::Received, None, &now);
    assert_eq!(refused(received), (rule, "Task.status".into()));
}

#[test]
fn a_revoked_consent_ended_then() {
    let consent = Consent::read(&shape("consent-revoked")).unwrap();
    let period = consent.provision.unwrap().period.unwrap();
    assert_eq!((consent.status, period.end), (ConsentStatus::Inactive, Some(at("2019-09-01"))));
    let nobodys = Consent { patient: None, ..Consent::read(&shape("consent")).unwrap() };
    assert_eq!(refused(nobodys.to_fhir_json()), ("consent-patient", "Consent.patient".into()));
}

#[test]
fn a_stay_remembers_how_it_stood() {
    let back = Encounter::read(&shape("stay-back")).unwrap();
    let past: Vec<_> = back.status_history.iter().map(|past| past.status).collect();
    assert_eq!(past, [EncounterStatus::Arrived, EncounterStatus::InProgress, EncounterStatus::Finished]);
    assert_eq!(back.status_history[1].period.start, Some(at("2019-03-01T09:00:00-05:00")));
}

type Edit = fn(&str) -> Result<String>;

/// Edits of the shapes, with the members that they name.
fn edits() -> Vec<(&'static str, &'static [&'static str], Edit)> {
    const NOW: &str = "2026-01-01T00:00:00Z";
    vec![
        ("team-grown", &["status"], |text| CareTeam::step(text, CareTeamStatus::Suspended)),
        ("team-grown", &["participant"], |text| {
            let jane = CareTeam::read(text)?.participant[0].member.clone().unwrap();
            CareTeam::end(text, &jane, &at(NOW))
        }),
        ("team-grown", &["participant"], |text| {
            CareTeam::add(
                text,
                &Participant {
                    role: vec![Concept::text("r")],
                    member: Some(person("new")),
                    ..Participant::default()
                },
            )
        }),
        ("plan-draft", &["status"], |text| CarePlan::step(text, CarePlanStatus::Active)),
        ("plan-draft", &["goal"], |text| CarePlan::add_goal(text, &Reference::to("Goal/2"))),
        ("plan-draft", &["activity"], |text| CarePlan::add_activity(text, &Reference::to("Task/2"))),
        ("plan-draft", &["supportingInfo"], |text| CarePlan::support(text, &Reference::to("Task/2"))),
        ("plan-draft", &["contributor"], |text| CarePlan::add_contributor(text, &person("new"))),
        ("message-not-sent", &["received"], |text| Communication::receive(text, &at(NOW))),
        ("message", &["status"], |text| Communication::step(text, CommunicationStatus::EnteredInError)),
        ("task", &["owner", "lastModified"], |text| Task::assign(text, &person("new"), &at(NOW))),
        ("task", &["status", "statusReason", "lastModified"], |text| {
            Task::step(text, TaskStatus::Rejected, Some("why"), &at(NOW))
        }),
        ("task", &["output", "lastModified"], |text| {
            let output = Output { kind: Concept::text("o"), text: Some("t".into()), ..Output::default() };
            Task::add_output(text, &output, &at(NOW))
        }),
        ("consent-given", &["status", "provision"], |text| Consent::revoke(text, &at("2020-01-01"))),
        ("document", &["status"], |text| {
            DocumentReference::step(text, DocumentReferenceStatus::EnteredInError)
        }),
        ("stay-inside", &["status", "statusHistory", "period", "hospitalization"], |text| {
            Encounter::discharge(text, &at(NOW), Some(&Concept::text("home")))
        }),
        ("request", &["status"], |text| ServiceRequest::step(text, ServiceRequestStatus::Active)),
        ("visit", &["participant"], |text| {
            let joe = Appointment::read(text)?.participant[1].actor.clone().unwrap();
            Appointment::answer(text, &joe, Answer::Declined)
        }),
        ("visit", &["status", "start", "end"], |text| {
            Appointment::book(text, &at(NOW), &at("2026-01-01T01:00:00Z"))
        }),
        ("visit", &["status", "cancelationReason"], |text| {
            Appointment::cancel(text, Some(&Concept::text("c")))
        }),
        ("role", &["active", "period"], |text| PractitionerRole::end(text, &at(NOW))),
        ("organization", &["active"], |text| Organization::set_active(text, false)),
        ("practitioner", &["active"], |text| Practitioner::set_active(text, false)),
        ("related-person", &["active"], |text| RelatedPerson::set_active(text, false)),
        ("healthcare-service", &["active"], |text| HealthcareService::set_active(text, false)),
        ("endpoint", &["status"], |text| Endpoint::step(text, EndpointStatus::Suspended)),
        ("location", &["status"], |text| Location::step(text, LocationStatus::Inactive)),
        ("patient", &["identifier"], |text| Patient::identify(text, &Patient::medicaid("urn:other", "1"))),
        ("episode", &["status", "statusHistory", "period"], |text| {
            EpisodeOfCare::step(text, EpisodeOfCareStatus::Cancelled, &at(NOW))
        }),
        ("goal", &["lifecycleStatus", "statusDate"], |text| {
            Goal::step(text, GoalStatus::Accepted, "2026-01-01".parse().unwrap())
        }),
    ]
}

/// The text with a stranger's member in some of its objects, told by the bits of `where_to`.
fn grafted(text: &str, value: &str, mut where_to: u64) -> String {
    fn graft(node: &Node<'_>, value: &str, where_to: &mut u64) -> String {
        if node.is_array() {
            let items: Vec<String> = node.items().iter().map(|one| graft(one, value, where_to)).collect();
            return format!("[ {} ]", items.join(" , "));
        }
        if !node.is_object() {
            return node.raw().to_owned();
        }
        let here = *where_to & 1 == 1;
        *where_to = where_to.rotate_right(1);
        let members = node.members().iter();
        let mut members: Vec<String> =
            members.map(|(name, one)| format!("{} : {}", quote(name), graft(one, value, where_to))).collect();
        if here {
            members.insert(members.len() / 2, format!("\"x-stranger\":{{\"graft\":{value}}}"));
        }
        format!("{{ {} }}", members.join(",\n"))
    }
    graft(&parse(text).unwrap(), value, &mut where_to)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn an_edit_keeps_what_strangers_wrote(value in json::tests::json_text(), where_to in any::<u64>()) {
        let all: BTreeMap<_, _> = shapes().unwrap().into_iter().collect();
        for (name, named, edit) in edits() {
            let before = grafted(&all[name], &value, where_to);
            let after = edit(&before).unwrap();
            prop_assert_ne!(&after, &before, "{} {:?}", name, named);
            let (old, new) = (parse(&before).unwrap(), parse(&after).unwrap());
            // A task's owner is replaced, with all that was said of them.
            let strangers = |node: &Node<'_>| {
                let kept = node.members().iter().filter(|(member, _)| member != "owner");
                kept.map(|(_, value)| value.raw().matches("\"x-stranger\"").count()).sum::<usize>()
            };
            prop_assert_eq!(strangers(&new), strangers(&old), "{} {:?}: {}", name, named, after);
            for (member, value) in old.members() {
                if !named.contains(&member.as_ref()) {
                    prop_assert_eq!(new.get(member).map(Node::raw), Some(value.raw()), "{} {}", name, member);
                }
            }
            for (member, _) in new.members() {
                prop_assert!(old.get(member).is_some() || named.contains(&member.as_ref()), "{} {}", name, member);
            }
            // What is done is done.
            let twice = edit(&after);
            prop_assert_eq!(twice.unwrap(), after, "{} {:?}", name, named);
        }
    }
}
