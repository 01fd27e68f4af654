//! The keeper's program, signed in to its record as a system: by an authorization server that checks every signature, in front of
//! a real FHIR server. Everybody here is synthetic.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use caseline::fhir::{FixedToken, RestRecord, SCOPES, Scopes};
use caseline::ports::CareRecord;
use caseline::{Message, testing::ManualClock};
use caseline_backend::FhirServer;
use caseline_examples::process::Process;
use caseline_record_tests::{
    AuthorizationServer, Fault, Proxy, Request, Right, ec_key, key_set, public_half, rsa_key,
};
use caseline_tests::driver;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cast::{Cast, PATIENCE, settle};

const CLIENT: &str = "caseline-keeper";

/// The record of an organisation: a FHIR server behind a gate that lets in who has a token for what they ask.
struct Gated {
    hapi: FhirServer,
    gate: Proxy,
    server: Arc<AuthorizationServer>,
    /// What somebody asked for without being allowed to.
    forbidden: Arc<Mutex<BTreeSet<String>>>,
}

impl Gated {
    fn start(keys: &[Value]) -> Self {
        let hapi = FhirServer::start("keeper").unwrap();
        let now = || jiff::Timestamp::now().as_second();
        let public: Vec<Value> = keys.iter().map(public_half).collect();
        let server =
            AuthorizationServer::start(CLIENT, &key_set(&public), &Scopes::default().text(), now).unwrap();
        let server = Arc::new(server);
        let (auth, forbidden) = (Arc::clone(&server), Arc::new(Mutex::new(BTreeSet::new())));
        let noted = Arc::clone(&forbidden);
        let decide = move |request: &Request| {
            if request.path().ends_with("/.well-known/smart-configuration") {
                return Some(Fault::json(&auth.configuration()));
            }
            let right = Right::of(request);
            let status = auth.refuses(request.bearer(), &right)?;
            if status == 403 {
                noted.lock().unwrap().insert(format!("{right:?}"));
            }
            Some(Fault::Refuse(status, None))
        };
        let gate = Proxy::start(hapi.url(), decide).unwrap();
        Self { hapi, gate, server, forbidden }
    }

    /// Waits until the record has so many resources of a type.
    async fn until_has(&self, kind: &str, many: usize) {
        let open = RestRecord::new(self.hapi.url(), FixedToken::none()).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            let found = open.search(kind, &[]).await.unwrap().len();
            if found == many {
                return;
            }
            assert!(Instant::now() < until, "{found} {kind}, and not {many}: {:?}", self.server.said());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Writes the keys, for their owner alone.
fn put(file: &Path, keys: &[Value]) {
    std::fs::write(file, key_set(keys)).unwrap();
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
}

fn command(config: &Path, password: &str) -> Command {
    let mut command = Command::new(driver::keeper());
    command.arg("--story-clock").arg(config);
    command.env("CASELINE_PASSWORD", password).env("CASELINE_STORE_KEY", "07".repeat(32));
    command
}

fn start(cast: &Cast, gated: &Gated, folder: &Path, clock: &ManualClock) -> Process {
    let account = cast.account("cp-keeper");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data");
    std::fs::write(folder.join("bundle.json"), cast.bundle("cp-keeper")).unwrap();
    // JSON is YAML.
    let config = json!({
        "homeserver": crate::cast::home("cp-keeper").url(), "user": account.user_id, "password_env": "CASELINE_PASSWORD",
        "store": "store", "store_key_env": "CASELINE_STORE_KEY", "organization": crate::cast::cp(),
        "record": { "fhir": {
            "url": gated.gate.url(), "backend_services": { "client_id": CLIENT, "keys_file": "keys.json" },
        } },
        "agreements": [data.join("agreement.yaml")], "rules": [data.join("rules.yaml")], "bundle": "bundle.json",
    });
    let file = folder.join("keeper.yaml");
    std::fs::write(&file, config.to_string()).unwrap();
    let check = command(&file, &account.password).arg("--check-config").output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let mut process =
        Process::start("keeper", &mut command(&file, &account.password), &folder.join("log")).unwrap();
    let now = caseline::ports::Clock::now(clock).to_string();
    process.call("clock", json!({ "now": now }), PATIENCE).unwrap();
    process
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_writes_its_record_as_a_system_and_its_keys_change_while_it_runs() {
    let (old, new) = (rsa_key("old"), ec_key("new"));
    let gated = {
        let old = old.clone();
        tokio::task::spawn_blocking(move || Gated::start(&[old])).await.unwrap()
    };
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("keys.json");
    put(&keys, std::slice::from_ref(&old));
    let cast = Cast::new();
    let (jane, joe) = (cast.start("jane").await, cast.start("joe").await);
    let keeper = tokio::task::block_in_place(|| start(&cast, &gated, folder.path(), &cast.clock));

    let names = ["jane", "joe", "cp-keeper"];
    let case = jane.caseline().open(cast.proposal(&jane, &names).await).unwrap();
    let say = async |text: &str| {
        case.send(None, Message::text(text)).unwrap();
        settle(&[&jane, &joe]).await;
    };
    say("Signed with the first key (synthetic)").await;
    // The thread's header, and the message.
    gated.until_has("Communication", 2).await;
    assert_eq!(gated.server.algorithms(), ["RS384"]);

    // Another key is put first, and published beside the old one.
    put(&keys, &[new.clone(), old.clone()]);
    gated.server.register(&key_set(&[public_half(&new), public_half(&old)]));
    gated.server.revoke();
    say("Signed with the second key (synthetic)").await;
    gated.until_has("Communication", 3).await;
    assert_eq!(gated.server.algorithms(), ["ES384", "RS384"]);

    // The old one is gone, here and there, and what was signed with it is worth nothing.
    put(&keys, std::slice::from_ref(&new));
    gated.server.register(&key_set(&[public_half(&new)]));
    gated.server.revoke();
    say("And without the first one (synthetic)").await;
    gated.until_has("Communication", 4).await;
    gated.until_has("CareTeam", 2).await;

    let said: BTreeSet<String> = gated.server.said().into_iter().collect();
    assert_eq!(said, BTreeSet::from(["granted".to_owned()]), "every assertion was believed");
    assert_eq!(*gated.forbidden.lock().unwrap(), BTreeSet::new(), "it asks for nothing but {SCOPES:?}");
    assert!(tokio::task::block_in_place(|| keeper.stop()), "it ends by itself");
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!log.contains("Marty") && !log.contains("Exampleton"), "{log}");
}
