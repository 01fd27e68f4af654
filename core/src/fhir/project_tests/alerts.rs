//! Stays, joint visits and the programme, in a record that was written at each step. All data is synthetic.

use super::*;
use crate::alert::{
    AlertRaised, Answer, Happening, Matched, StayClass, StayKey, VisitAnswered, VisitProposed,
};
use crate::care_team::Whom;
use crate::outreach::{Channel, ContactRecorded, Stage, StageReached};

fn told(what: Happening, cancels: Option<Happening>, class: StayClass, n: usize) -> AlertRaised {
    AlertRaised {
        stay: StayKey::Named { facility: "GENERAL".into(), visit: "V-1".into() },
        what,
        cancels,
        at: at(n),
        class,
        facility_name: Some("Synthetic General".into()),
        source: "feed".into(),
        message: None,
        matched: Matched::ByMemberId,
        priority: Priority::Routine,
    }
}

fn stage(stage: Stage, on: &str, corrects: Option<EventKey>) -> StageReached {
    let on = on.parse().unwrap();
    StageReached { stage, on, source: "list".into(), enrolled: None, left: None, to_aco: None, corrects }
}

fn whom(name: &str) -> Whom {
    let contact = seat(name).contact;
    Whom { contact: contact.id, organization: contact.organization }
}

/// An emergency visit that becomes an admission, whose discharge is cancelled and told again; a visit that is moved; a member who
/// comes and goes, and of whom an early day was wrong.
fn course() -> Vec<Held> {
    use Happening::{Admitted, Cancelled, Discharged, EdVisit};
    let (inpatient, emergency) = (StayClass::Inpatient, StayClass::Emergency);
    let visit = EventKey { sender: user("jane"), id: id(4) };
    let assigned = EventKey { sender: user("joe"), id: id(9) };
    let stay = StayKey::Named { facility: "GENERAL".into(), visit: "V-1".into() }.id();
    let time = at(900);
    let proposed =
        VisitProposed { stay, at: time, place: Some("Ward 3".into()), with: vec![whom("joe"), whom("rao")] };
    let moved = VisitAnswered { visit: visit.clone(), time, answer: Answer::Move { to: at(1000) } };
    let comes = VisitAnswered { visit, time: at(1000), answer: Answer::Accept };
    let acts: Vec<(&str, EventData)> = vec![
        ("jane", opening().into()),
        ("aco-bot", told(EdVisit, None, emergency, 0).into()),
        ("aco-bot", told(Admitted, None, inpatient, 1).into()),
        ("aco-bot", told(Discharged, None, inpatient, 2).into()),
        ("jane", proposed.into()),
        ("aco-bot", told(Cancelled, Some(Discharged), inpatient, 3).into()),
        ("joe", moved.into()),
        ("rao", comes.clone().into()),
        ("jane", comes.into()),
        ("joe", stage(Stage::Assigned, "2026-01-03", None).into()),
        ("jane", stage(Stage::Consented, "2026-01-04", None).into()),
        ("joe", stage(Stage::Assigned, "2026-01-02", Some(assigned.clone())).into()),
        ("joe", stage(Stage::Disenrolled, "2026-01-04", None).into()),
        ("joe", stage(Stage::ReEnrolled, "2026-01-05", None).into()),
        ("joe", stage(Stage::Assigned, "2026-01-01", Some(assigned)).into()),
        ("aco-bot", told(Discharged, None, inpatient, 4).into()),
        ("aco-bot", told(Cancelled, None, inpatient, 5).into()),
    ];
    let mut fold = Fold::new();
    let mut events = Vec::new();
    for (n, (who, data)) in acts.into_iter().enumerate() {
        let event = next(n, who, fold.state(), data);
        fold.insert(event.clone());
        events.push(event);
    }
    for entry in &fold.state().timeline {
        assert_eq!(entry.standing, Standing::Counted, "{}", entry.kind);
    }
    events
}

/// The resources of a kind, without the order of their members, which says nothing.
async fn values(record: &PlainRecord, kind: &str) -> Vec<serde_json::Value> {
    written(record, kind).await.iter().map(|json| serde_json::from_str(json).unwrap()).collect()
}

async fn written(record: &PlainRecord, kind: &str) -> Vec<String> {
    let mut all: Vec<String> =
        record.search(kind, &[]).await.unwrap().into_iter().map(|one| one.json).collect();
    all.sort();
    all
}

#[tokio::test]
async fn what_is_written_at_each_step_is_what_is_written_late() {
    let steps = PlainRecord::new();
    let events = course();
    let mut fold = Fold::new();
    for (n, event) in events.iter().enumerate() {
        fold.insert(event.clone());
        drain(&steps, &fold).await;
        let late = PlainRecord::new();
        drain(&late, &fold).await;
        for kind in ["Encounter", "Appointment", "EpisodeOfCare"] {
            assert_eq!(values(&steps, kind).await, values(&late, kind).await, "{kind} after {n}");
        }
    }
    let stay = values(&steps, "Encounter").await.remove(0);
    assert_eq!((&stay["status"], &stay["class"]["code"]), (&"entered-in-error".into(), &"IMP".into()));
    assert_eq!(stay["period"]["start"], at(0).to_string(), "when it was told to have been");
    let visit = values(&steps, "Appointment").await.remove(0);
    assert_eq!(visit["participant"].as_array().unwrap().len(), 5);
    let episode = values(&steps, "EpisodeOfCare").await.remove(0);
    assert_eq!(episode["statusHistory"][0]["period"]["start"], "2026-01-01");
}

#[tokio::test]
async fn what_others_wrote_of_who_takes_part_stays() {
    let record = PlainRecord::new();
    let events = course();
    let fold = folded(&events[..5]);
    drain(&record, &fold).await;
    let stored = record.search("Appointment", &[]).await.unwrap().remove(0);
    let theirs = r#"{"actor":{"reference":"HealthcareService/ward"},"status":"accepted"}"#;
    let json = stored.json.replacen(r#""participant":["#, &format!(r#""participant":[{theirs},"#), 1);
    let ours = project(folded(&events[..8]).state(), &own(), &inline);
    let merged = crate::fhir::merge(&json, &of(&ours, "Appointment")[0].json).unwrap().unwrap();
    let merged: serde_json::Value = serde_json::from_str(&merged).unwrap();
    let participants = merged["participant"].as_array().unwrap();
    assert_eq!(participants.len(), 6, "{participants:?}");
    assert_eq!(participants[0], serde_json::from_str::<serde_json::Value>(theirs).unwrap());
}

/// Two contents under one key: which counts, their hashes say. A device may have heard of the other one only.
#[tokio::test]
async fn of_two_contents_of_a_key_one_is_taken_back() {
    let base = folded(&course()[..2]);
    let stay = |visit: &str| AlertRaised {
        stay: StayKey::Named { facility: "GENERAL".into(), visit: visit.into() },
        ..told(Happening::Admitted, None, StayClass::Inpatient, 1)
    };
    let contact = |met: bool| ContactRecorded {
        when: at(1),
        by: None,
        channel: Channel::Visit,
        face_to_face: met,
        reached: true,
        outcome: "Talked".into(),
        about: None,
        not_made: None,
    };
    let pairs: [(&str, EventData, EventData); 2] = [
        ("aco-bot", stay("A").into(), stay("B").into()),
        ("jane", contact(true).into(), contact(false).into()),
    ];
    for (who, one, other) in pairs {
        let (one, other) = (next(30, who, base.state(), one), next(30, who, base.state(), other));
        let mut last = Vec::new();
        for (first, second) in [(&one, &other), (&other, &one)] {
            let record = PlainRecord::new();
            let mut fold = base.clone();
            fold.insert(first.clone());
            drain(&record, &fold).await;
            fold.insert(second.clone());
            drain(&record, &fold).await;
            let mut all = written(&record, "Encounter").await;
            all.extend(written(&record, "Communication").await);
            let stand = all.iter().filter(|json| {
                (json.contains("Talked") || json.contains("Synthetic General"))
                    && !json.contains("entered-in-error")
            });
            // The emergency visit of before is there too.
            assert_eq!(stand.count(), 2, "{all:#?}");
            for json in &all {
                assert_eq!(crate::fhir::check(json).unwrap(), []);
            }
            last.push(all);
        }
        assert_eq!(last[0], last[1], "{who}");
    }
}
