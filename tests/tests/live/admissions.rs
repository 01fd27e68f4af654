//! A hospital's feed, put into the folder of a keeper that is a process of its own and is killed between. Everybody is synthetic.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use caseline::Case;
use caseline::alert::{AlertRaised, Happening, Matched, StayClass, StayKey};
use caseline::communication::Priority;
use caseline_examples::process::Process;
use caseline_tests::driver;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cast::{Cast, PATIENCE, Player, settle};

/// By his number, as a hospital says it.
const ADMITTED: &str = "MSH|^~\\&|ADT1|SYNTHETIC GENERAL|||20190305224500||ADT^A01|M1|P|2.5.1\r\
    EVN|A01|20190305224400\r\
    PID|1||100044071903^^^MA^MA||EXAMPLETON^MARTY||19610317|M\r\
    PV1|1|I|||||||||||||||||V-190305|||||||||||||||||||||||||201903052240\r";
/// By his name, and of somebody whom no case knows.
const TABLE: &str = "Name,Date of Birth,Admit Date,Class,Facility,Visit Number\n\
    \"Exampleton, Marty\",1961-03-17,2019-03-06 01:10,ED,Other Hospital,V-9\n\
    Nora Nobody,1980-01-01,2019-03-06 02:00,ED,Other Hospital,V-10\n";

fn start(cast: &Cast, folder: &Path) -> Process {
    let account = cast.account("cp-keeper");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data");
    std::fs::write(folder.join("bundle.json"), cast.bundle("cp-keeper")).unwrap();
    std::fs::create_dir_all(folder.join("adt")).unwrap();
    // JSON is YAML.
    let config = json!({
        "homeserver": crate::cast::home("cp-keeper").url(), "user": account.user_id, "password_env": "CASELINE_PASSWORD",
        "store": "store", "store_key_env": "CASELINE_STORE_KEY", "organization": crate::cast::cp(), "record": "embedded",
        "agreements": [data.join("agreement.yaml")], "rules": [data.join("rules.yaml")], "bundle": "bundle.json",
        "admissions": {
            "folder": "adt", "kept": "kept", "source": "a synthetic feed", "time_zone": "America/New_York",
            "member_system": "https://caseline.example/masshealth-id",
        },
    });
    let file = folder.join("keeper.yaml");
    std::fs::write(&file, config.to_string()).unwrap();
    let mut command = Command::new(driver::keeper());
    command.arg("--story-clock").arg(&file);
    command.env("CASELINE_PASSWORD", &account.password).env("CASELINE_STORE_KEY", "07".repeat(32));
    let mut process = Process::start("keeper", &mut command, &folder.join("log")).unwrap();
    look(cast, &mut process);
    process
}

/// Has it look into its folder, as a moved clock does.
fn look(cast: &Cast, process: &mut Process) {
    let now = caseline::ports::Clock::now(&cast.clock).to_string();
    process.call("clock", json!({ "now": now }), PATIENCE).unwrap();
}

/// Puts a file there as a feed should: whole, or not at all.
fn put(folder: &Path, name: &str, text: &str) {
    let hidden = folder.join("adt").join(format!(".{name}"));
    std::fs::write(&hidden, text).unwrap();
    std::fs::rename(hidden, folder.join("adt").join(name)).unwrap();
}

fn count(folder: &Path, place: &str, end: &str) -> usize {
    let files = std::fs::read_dir(folder.join(place)).unwrap();
    files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|it| it == end)).count()
}

fn emergency() -> AlertRaised {
    AlertRaised {
        stay: StayKey::Named { facility: "Other Hospital".into(), visit: "V-9".into() },
        what: Happening::EdVisit,
        cancels: None,
        at: "2019-03-06T06:10:00Z".parse().unwrap(),
        class: StayClass::Emergency,
        facility_name: None,
        source: "a person who called there".into(),
        message: None,
        matched: Matched::ConfirmedByPerson,
        priority: Priority::Urgent,
    }
}

async fn until_stays(player: &Player, case: &Case, many: usize) {
    player.until("its stays", || (case.state().unwrap().alerts.stays().len() == many).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feeds_files_reach_the_case_once_and_what_cannot_be_told_waits() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let cast = Cast::new();
    let (jane, joe) = (cast.start("jane").await, cast.start("joe").await);
    cast.clock.set("2019-03-06T13:00:00Z".parse().unwrap());
    let mut keeper = tokio::task::block_in_place(|| start(&cast, folder));
    let case = jane.caseline().open(cast.proposal(&jane, &["jane", "joe", "cp-keeper"]).await).unwrap();
    let (his, _) = joe.accept().await;
    settle(&[&jane, &joe]).await;
    let until = Instant::now() + PATIENCE;
    while tokio::task::block_in_place(|| keeper.call("cases", json!({}), PATIENCE)).unwrap()["cases"]
        .as_array()
        .is_none_or(Vec::is_empty)
    {
        assert!(Instant::now() < until, "the keeper takes the case up");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }

    put(folder, "0305-exampleton.hl7", ADMITTED);
    put(folder, "night.csv", TABLE);
    put(folder, "broken.json", "{");
    tokio::task::block_in_place(|| look(&cast, &mut keeper));
    until_stays(&joe, &his, 1).await;
    let told: Vec<Value> =
        keeper.events().into_iter().filter(|event| event["kind"] == "admissions").collect();
    assert_eq!(told.iter().map(|line| line["told"].as_u64().unwrap()).sum::<u64>(), 1, "{told:?}");
    assert!(told.iter().any(|line| line["to_confirm"] == json!([case.id()])), "{told:?}");
    assert!(told.iter().any(|line| line["refused"] == json!(["unread"])), "{told:?}");
    let waiting = |place| {
        (count(folder, &format!("kept/{place}"), "csv"), count(folder, &format!("kept/{place}"), "json"))
    };
    assert_eq!((waiting("to-confirm"), waiting("no-case"), waiting("refused")), ((1, 0), (1, 0), (0, 1)));
    assert_eq!(count(folder, "kept/refused", "txt"), 1, "with its reason beside it");
    assert_eq!((count(folder, "adt", "hl7"), count(folder, "kept/done", "hl7")), (0, 1));

    // Killed as if before it could move the file: the same again is told once.
    keeper.kill();
    put(folder, "0306-exampleton.hl7", ADMITTED);
    case.raise_alert(None, emergency()).unwrap();
    settle(&[&jane, &joe]).await;
    let mut keeper = tokio::task::block_in_place(|| start(&cast, folder));
    until_stays(&joe, &his, 2).await;
    let until = Instant::now() + PATIENCE;
    while count(folder, "kept/to-confirm", "csv") > 0 {
        assert!(Instant::now() < until, "a person confirmed it, and it waits still");
        // Started again, it looks at once; afterwards each minute.
        keeper.kill();
        keeper = tokio::task::block_in_place(|| start(&cast, folder));
    }
    settle(&[&jane, &joe]).await;
    let stays = his.state().unwrap().alerts.stays().to_vec();
    assert_eq!(stays.iter().map(|stay| stay.alerts.len()).collect::<Vec<_>>(), [1, 1]);
    assert!(tokio::task::block_in_place(|| keeper.stop()), "it ends by itself");
    let log = std::fs::read_to_string(folder.join("log")).unwrap();
    assert!(!log.to_lowercase().contains("exampleton"), "{log}");
    assert!(!told.iter().any(|line| line.to_string().to_lowercase().contains("exampleton")), "{told:?}");
}
