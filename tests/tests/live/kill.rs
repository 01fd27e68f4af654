//! Clients that are killed at every write point, sending and receiving, and go on as if nothing had happened.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::{Duration, Instant};

use caseline::id::{CaseId, EventId};
use caseline::ports::CareRecord;
use caseline::store::{Db, EmbeddedRecord, StoreKey};
use caseline_tests::backend;
use caseline_tests::driver::{Cast, Driver, STORE_KEY, program, settle, settle_within};
use serde_json::{Value, json};

/// A case that was played through, and what its events are called.
struct Played {
    case: String,
    /// Who sent what, by their keys: the caller wrote them down before each request.
    said: Vec<(&'static str, &'static str, String)>,
}

/// Says everything that the stories here say, in one case, while one of them dies at each of these points in turn.
fn play(cast: &mut Cast, who: &str, points: &[&str]) -> Result<Played, String> {
    let dies = cast.of(who)?;
    dies.kill_at = points.iter().map(|point| (*point).to_owned()).collect();
    dies.died_at.clear();
    dies.start()?;
    let case = CaseId::new().to_string();
    let mut said = Vec::new();
    let mut key = |who, kind| {
        let key = EventId::new().to_string();
        said.push((who, kind, key.clone()));
        key
    };
    let text = |text: &str, key: String| json!({ "case": case, "text": text, "key": key });

    let team = "https://caseline.example/care-team|marty";
    cast.jane.call("open", json!({ "care_team": team, "case": case }))?;
    cast.jane.call("send", text("before anybody is there", key("jane", "message.sent")))?;
    cast.accept("joe")?;
    cast.joe.call("send", text("I am here", key("joe", "message.sent")))?;
    let plan = json!({
        "case": case, "care_plan": "https://caseline.example/care-plan|marty-2019", "key": key("jane", "plan.sent")
    });
    cast.jane.call("send_care_plan", plan)?;
    cast.joe.call("send", text("I read it", key("joe", "message.sent")))?;
    // What crosses with the naming of somebody would make a second handover, which is not counted on here.
    settle(&case, &mut [&mut cast.jane, &mut cast.joe])?;
    let lee = "https://caseline.example/staff|lee";
    cast.joe.call("name_seat", json!({ "case": case, "contact": lee, "key": key("joe", "seat.added") }))?;
    cast.accept("lee")?;
    settle(&case, &mut [&mut cast.jane, &mut cast.joe, &mut cast.lee])?;
    cast.lee.call("send", text("I read it too", key("lee", "message.sent")))?;
    settle(&case, &mut [&mut cast.jane, &mut cast.joe, &mut cast.lee])?;
    cast.joe.call("end_seat", json!({ "case": case, "contact": lee, "key": key("joe", "seat.ended") }))?;
    cast.jane.call("send", text("only for Joe", key("jane", "message.sent")))?;
    settle(&case, &mut [&mut cast.jane, &mut cast.joe])?;

    let dies = cast.of(who)?;
    if !dies.not_reached().is_empty() {
        return Err(format!("{who} died at {:?} and never came to {:?}", dies.died_at, dies.not_reached()));
    }
    Ok(Played { case, said })
}

/// What must be true of a case in everybody's client.
fn check(cast: &mut Cast, played: &Played) -> Result<(), String> {
    for who in ["jane", "joe"] {
        let one = cast.of(who)?;
        let events = one.timeline(&played.case)?;
        let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let not_counted: Vec<_> = events.iter().filter(|event| event["standing"] != "counted").collect();
        if !not_counted.is_empty() {
            return Err(format!("{who} holds what does not count: {not_counted:?}"));
        }
        let ids: Vec<String> = events.iter().map(|event| text(event, "id")).collect();
        for speaker in ["jane", "joe", "lee"] {
            let said: Vec<&String> =
                played.said.iter().filter(|(by, ..)| *by == speaker).map(|(.., key)| key).collect();
            let held: Vec<&String> = ids.iter().filter(|id| said.contains(id)).collect();
            if said != held {
                return Err(format!("{who} holds {held:?} of {speaker}, who said {said:?}"));
            }
        }
        let mut kinds = BTreeMap::<String, usize>::new();
        for event in &events {
            *kinds.entry(text(event, "kind")).or_default() += 1;
        }
        let expected: BTreeMap<String, usize> = [
            ("case.opened", 1),
            ("case.accepted", 2),
            ("message.sent", 5),
            ("plan.sent", 1),
            ("seat.added", 1),
            ("handover", 1),
            ("seat.ended", 1),
        ]
        .map(|(kind, n)| (kind.to_owned(), n))
        .into();
        if kinds != expected {
            return Err(format!("{who} holds {kinds:?}"));
        }
        let audit = one.call("audit", json!({}))?;
        if audit.pointer("/chains/0/ok") != Some(&Value::Bool(true)) {
            return Err(format!("the audit of {who}: {audit}"));
        }
    }
    Ok(())
}

/// What must be true of somebody's record: each message once, one CareTeam and one thread for the case, and one entry of the
/// audit for each event that left.
async fn check_record(one: &mut Driver, played: &Played) -> Vec<String> {
    let mut wrong = Vec::new();
    let entries = one.call("audit", json!({})).unwrap()["entries"].as_u64().unwrap();
    one.kill();
    let record = EmbeddedRecord::new(Db::open(&one.store(), &StoreKey::new(STORE_KEY)).unwrap());
    let all = async |kind: &str| -> Vec<Value> {
        let stored = record.search(kind, &[]).await.unwrap();
        stored.iter().map(|one| serde_json::from_str(&one.json).unwrap()).collect()
    };
    let identified = |resources: &[Value], system: &str, value: &str| {
        let is = |identifier: &Value| {
            identifier["system"] == system
                && identifier["value"].as_str().is_some_and(|held| held.starts_with(value))
        };
        let all = resources.iter().filter_map(|one| one["identifier"].as_array());
        all.filter(|identifiers| identifiers.iter().any(is)).count()
    };
    let (communications, teams, audit) =
        (all("Communication").await, all("CareTeam").await, all("AuditEvent").await);
    let mut sent = BTreeMap::<String, usize>::new();
    for entity in audit.iter().filter_map(|event| event["entity"].as_array()).flatten() {
        let what = &entity["what"];
        if what["identifier"]["system"] == "urn:caseline:event" && what.get("type").is_none() {
            *sent.entry(what["identifier"]["value"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    if let Some((event, n)) = sent.iter().find(|(_, n)| **n != 1) {
        wrong.push(format!("{}: the audit has {n} entries for {event}", one.name));
    }
    if u64::try_from(audit.len()).unwrap() != entries {
        wrong.push(format!("{}: {entries} entries in the audit, {} AuditEvents", one.name, audit.len()));
    }
    let mut expect = |what: &str, found: usize, expected: usize| {
        if found != expected {
            wrong.push(format!("{}: {found} {what} of {}", one.name, played.case));
        }
    };
    expect("CareTeams", identified(&teams, "urn:caseline:case", &played.case), 1);
    expect("threads", identified(&communications, "urn:caseline:thread", &played.case), 1);
    for (by, kind, key) in &played.said {
        if *kind == "message.sent" {
            let found = identified(&communications, "urn:caseline:event", key);
            expect(&format!("Communications of {key}"), found, 1);
        }
        let audited = sent.keys().filter(|event| event.starts_with(key.as_str())).count();
        expect(&format!("disclosures of {kind} {key}"), audited, usize::from(*by == one.name));
    }
    wrong
}

/// Plays a case in which one of them dies at each of these points, in this order. `CASELINE_POINT=name` (or `name:2`, for the
/// second time that a process comes there) plays only the deaths at that point.
async fn dies_at(who: &'static str, points: &[&'static str]) {
    let points: Vec<&str> = match std::env::var("CASELINE_POINT") {
        Ok(only) => match points.iter().find(|point| **point == only) {
            Some(point) => vec![point],
            None => return,
        },
        Err(_) => points.to_vec(),
    };
    let (mut cast, played) = tokio::task::spawn_blocking(move || {
        let mut cast = Cast::new().unwrap();
        for name in ["jane", "joe", "lee"] {
            cast.furnish(name).unwrap();
        }
        let began = Instant::now();
        let outcome = play(&mut cast, who, &points);
        println!("{who} died at {:?}: {:.1} s", cast.of(who).unwrap().died_at, began.elapsed().as_secs_f32());
        let problem = outcome.as_ref().err().cloned();
        let problem = problem.or_else(|| check(&mut cast, outcome.as_ref().ok()?).err());
        if let Some(problem) = problem {
            let mut told = problem;
            for one in [&mut cast.jane, &mut cast.joe, &mut cast.lee] {
                let outbox = one.call("outbox", json!({}));
                let _ = write!(told, "\n    {}: {outbox:?}", one.name);
            }
            panic!("{told}");
        }
        (cast, outcome.unwrap())
    })
    .await
    .unwrap();
    let mut wrong = Vec::new();
    for one in [&mut cast.jane, &mut cast.joe] {
        wrong.extend(check_record(one, &played).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_a_case_is_killed() {
    dies_at(
        "jane",
        &[
            "command-before-accept",
            "command-accepted",
            "room-before-create",
            "room-created",
            "room-stored",
            "membership-invited",
            "event-before-mark",
            "event-marked",
            "event-sent",
            "event-done",
            "command-accepted",
            "event-done",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_a_plan_is_killed() {
    dies_at(
        "jane",
        &[
            "event-key-shared",
            "event-encrypted",
            "record-bound",
            "record-before-mark",
            "record-marked",
            "record-written",
            "record-done",
            "attachment-uploaded",
            "attachment-stored",
            "event-sent:2",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_is_killed() {
    dies_at(
        "joe",
        &[
            "room-joined",
            "devices-told",
            "room-key-proven",
            "room-key-told",
            "inbox-before-take",
            "inbox-taken",
            "inbox-case-known",
            "inbox-case-accepted",
            "inbox-folded",
            "inbox-document",
            "event-done",
            "membership-invited",
            "membership-handover-queued",
            "membership-removed",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_and_writes_the_record_is_killed() {
    dies_at(
        "joe",
        &[
            "record-bound",
            "record-before-mark",
            "record-marked:2",
            "record-written:2",
            "record-done:3",
            "inbox-taken:2",
            "inbox-folded:3",
            "event-marked",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_later_is_killed() {
    dies_at("lee", &["room-joined", "inbox-taken", "inbox-handover", "inbox-case-known"]).await;
}

/// A first sign-in that was killed anywhere goes on on the same device, which ends verified, with a recovery key that works.
#[test]
fn a_first_sign_in_is_killed() {
    let homeserver = &backend().cp;
    let admin = homeserver.admin_token().unwrap();
    for point in [
        "sign-in-device-chosen",
        "sign-in-logged-in",
        "sign-in-session-kept",
        "sign-in-device-published",
        "sign-in-founding",
        "sign-in-founded",
        "sign-in-verified",
        "sign-in-backup",
        "sign-in-recovery-made",
        "sign-in-recovery-kept",
        "sign-in-ready",
    ] {
        let began = Instant::now();
        let mut jane = Driver::new("jane", homeserver, "harbor-bridge");
        jane.kill_at = [point.to_owned()].into();
        let answer = jane.start().unwrap();
        assert_eq!(jane.died_at, [point], "the sign-in never came to {point}");
        assert_eq!(answer["verified"], true, "{point}: {answer}");
        let path = format!("/_synapse/admin/v2/users/{}/devices", jane.account.user_id);
        let devices = homeserver.api("GET", &path, Some(&admin), None).unwrap();
        let devices = devices["devices"].as_array().unwrap().iter();
        // What cross-signing publishes is listed as devices without a session in some releases.
        let signed_in: BTreeSet<_> = devices
            .filter(|device| !device["last_seen_ts"].is_null())
            .map(|d| d["device_id"].to_string())
            .collect();
        assert_eq!(signed_in.len(), 1, "{point}: {signed_in:?}");
        let key = jane.call("recovery_key", json!({})).unwrap()["key"].clone();
        assert!(key.is_string(), "{point}: no recovery key");
        let mut phone = Driver::of("jane", jane.account.clone(), homeserver, "harbor-bridge");
        assert_eq!(phone.start().unwrap()["verified"], false);
        phone.call("recover", json!({ "key": key })).unwrap();
        assert_eq!(phone.call("verified", json!({})).unwrap()["verified"], true, "{point}");
        println!("{point}: {:.1} s", began.elapsed().as_secs_f32());
    }
}

const BURST: usize = 500;
const KILLS: usize = 10;
/// On a machine that builds something else beside.
const BURST_MAY_TAKE: Duration = Duration::from_mins(6);

/// 500 messages are sent while the reader is away; it is killed ten times as it takes them over.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_arrives_whole_at_a_reader_that_is_killed() {
    let (mut joe, keys) = tokio::task::spawn_blocking(|| {
        program();
        let mut cast = Cast::new().unwrap();
        cast.furnish("jane").unwrap();
        cast.furnish("joe").unwrap();
        let case = CaseId::new().to_string();
        let team = "https://caseline.example/care-team|marty";
        cast.jane.call("open", json!({ "care_team": team, "case": case })).unwrap();
        cast.accept("joe").unwrap();
        settle(&case, &mut [&mut cast.jane, &mut cast.joe]).unwrap();
        cast.joe.kill();

        let began = Instant::now();
        let keys: Vec<String> = (0..BURST).map(|_| EventId::new().to_string()).collect();
        for (n, key) in keys.iter().enumerate() {
            let message = json!({ "case": case, "text": format!("message {n}"), "key": key });
            cast.jane.call("send", message).unwrap();
        }
        println!("{BURST} accepted in {:.1} s", began.elapsed().as_secs_f32());
        settle_within(BURST_MAY_TAKE, &case, &mut [&mut cast.jane]).unwrap();
        println!("{BURST} sent in {:.1} s", began.elapsed().as_secs_f32());

        let began = Instant::now();
        let held = |joe: &mut Driver| {
            let events = joe.timeline(&case).unwrap();
            let ids = events.iter().map(|event| event["id"].as_str().unwrap().to_owned());
            ids.filter(|id| keys.contains(id)).collect::<Vec<_>>()
        };
        for kill in 0..KILLS {
            cast.joe.start().unwrap();
            // A different moment of the catching up each time: at once at first, well into the record's writing at last.
            std::thread::sleep(Duration::from_millis(250) * u32::try_from(kill).unwrap());
            println!("kill {kill}: {} there", held(&mut cast.joe).len());
            cast.joe.kill();
        }
        settle_within(BURST_MAY_TAKE, &case, &mut [&mut cast.jane, &mut cast.joe]).unwrap();
        println!("{BURST} read through {KILLS} kills in {:.1} s", began.elapsed().as_secs_f32());
        assert_eq!(held(&mut cast.joe), keys, "whole, once, and in order");
        (cast.joe, keys)
    })
    .await
    .unwrap();
    joe.kill();
    let record = EmbeddedRecord::new(Db::open(&joe.store(), &StoreKey::new(STORE_KEY)).unwrap());
    let stored = record.search("Communication", &[]).await.unwrap();
    assert_eq!(stored.len(), BURST + 1, "the messages and the header of their thread");
    for key in &keys {
        let told = stored.iter().filter(|one| one.json.contains(&format!("\"{key}-")));
        assert_eq!(told.count(), 1, "{key} in the record");
    }
}
