//! Signing in: what is restored, what is refused, and what a second device may.

use std::process::{Command, Stdio};

use caseline::store::{Db, StoreKey};
use caseline::{Caseline, Error, Message};
use caseline_tests::account;
use tempfile::TempDir;

use crate::cast::{Cast, Player, held, home, key, settle, texts, until_alike};
use crate::transport::html_server;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_a_session_needs_no_password() {
    let cast = Cast::new();
    let (mut jane, joe) = (cast.start("jane").await, cast.start("joe").await);
    let case = jane.caseline().open(cast.proposal(&jane, &["jane", "joe"]).await).unwrap().id();
    settle(&[&jane]).await;
    let (joes, _) = joe.accept().await;
    let key = jane.caseline().recovery_key().await.unwrap();
    assert!(key.is_some());
    jane.off().await;
    joes.send(None, Message::text("While you were off")).unwrap();
    settle(&[&joe]).await;

    let again = jane.builder().sign_in(&jane.account.user_id, "not the password").await.unwrap();
    assert!(again.verified().await.unwrap());
    assert_eq!(again.recovery_key().await.unwrap(), key, "the same device");
    let read = || (texts(&again.case(case).unwrap()) == ["While you were off"]).then_some(());
    joe.until("what was written meanwhile", read).await;
    again.shutdown().await;
    drop(again);
    let restored = jane.builder().restore().await.unwrap();
    assert_eq!(restored.user(), jane.user());
    restored.case(case).unwrap().send(None, Message::text("Back")).unwrap();
    assert!(restored.settle(crate::cast::PATIENCE).await.unwrap());
    restored.shutdown().await;
    drop(restored);
    joe.until_reads(&joes, &["While you were off", "Back"]).await;

    let other = jane.builder().sign_in("@somebody:else.example", "password").await.unwrap_err();
    assert_eq!(other.code(), "other-account");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_sign_in_says_why_and_leaves_nothing_half_done() {
    let account = account(home("jane"), "jane");
    let folder = TempDir::new().unwrap();
    let client = |url: &str| Caseline::builder().homeserver(url).store(folder.path(), key());
    let url = home("jane").url();
    let (user, password) = (account.user_id.as_str(), account.password.as_str());

    let wrong = client(url).sign_in(user, "a wrong password").await.unwrap_err();
    assert_eq!(wrong.code(), "wrong-password");
    assert!(matches!(wrong, Error::SignInRequired { .. }), "{wrong}");
    let silent = client("http://127.0.0.1:9").sign_in(user, password).await.unwrap_err();
    assert!(matches!(silent, Error::Unavailable { what: "homeserver", .. }), "{silent}");
    let html = client(&html_server().await).sign_in(user, password).await.unwrap_err();
    assert_eq!(html.code(), "not-a-homeserver");
    let nowhere = client("matrix.example").sign_in(user, password).await.unwrap_err();
    assert_eq!(nowhere.code(), "invalid-homeserver");
    let homeless = Caseline::builder().store(folder.path(), key()).sign_in(user, password).await.unwrap_err();
    assert_eq!(homeless.code(), "no-homeserver");
    let storeless = Caseline::builder().homeserver(url).sign_in(user, password).await.unwrap_err();
    assert_eq!(storeless.code(), "no-store");
    assert_eq!(client(url).restore().await.unwrap_err().code(), "no-session");

    // None of this is in the way of the next attempt.
    let jane = client(url).sign_in(user, password).await.unwrap();
    assert!(jane.verified().await.unwrap());
    jane.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_opens_with_its_key_and_for_one_process() {
    let cast = Cast::new();
    let mut jane = cast.device("jane").await;
    let (user, password) = (jane.account.user_id.clone(), jane.account.password.clone());
    let twice = jane.builder().sign_in(&user, &password).await.unwrap_err();
    assert_eq!(twice.code(), "store-in-use");
    assert_eq!(other_process(&jane), "store-in-use");
    jane.off().await;

    let wrong = jane.builder().store(jane.folder.path(), StoreKey::new([8; 32]));
    assert_eq!(wrong.sign_in(&user, &password).await.unwrap_err().code(), "wrong-store-key");
    assert_eq!(other_process(&jane), "open", "a refusal keeps no lock");
    jane.back().await;
    assert!(jane.caseline().verified().await.unwrap(), "a wrong key has changed nothing");
}

const STORE: &str = "CASELINE_TEST_STORE";

/// Opens the store in a process of its own, and says how that went.
fn other_process(player: &Player) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sign_in::opens_a_store_for_another_test", "--nocapture", "--ignored"])
        .env(STORE, player.folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let line = said.lines().find_map(|line| line.split("outcome=").nth(1));
    line.unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[test]
#[ignore = "run by `other_process` in a process of its own"]
fn opens_a_store_for_another_test() {
    let folder = std::env::var(STORE).expect("a folder");
    let outcome = match Db::open(folder.as_ref(), &key()) {
        Ok(_) => "open",
        Err(error) => error.code(),
    };
    println!("outcome={outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_device_shows_the_case_by_the_recovery_key_alone_and_can_send() {
    let cast = Cast::new();
    let (jane, mut joe) = (cast.start("jane").await, cast.start("joe").await);
    let case = jane.caseline().open(cast.proposal(&jane, &["jane", "joe"]).await).unwrap();
    case.send(None, Message::text("One")).unwrap();
    settle(&[&jane]).await;
    let (joes, _) = joe.accept().await;
    joes.send(None, Message::text("Two")).unwrap();
    settle(&[&joe, &jane]).await;
    let recovery_key = joe.caseline().recovery_key().await.unwrap().unwrap();

    let second = cast.device("joe").await;
    let wrong = second.caseline().recover("EsTx A wrong key").await.unwrap_err();
    assert_eq!(wrong.code(), "wrong-recovery-key");
    assert!(!second.caseline().verified().await.unwrap());
    assert!(second.caseline().cases().unwrap().is_empty(), "without the key it reads nothing");
    // The first device is off: what the second shows, it shows by the key alone.
    drop(joes);
    joe.off().await;
    second.caseline().recover(&recovery_key).await.unwrap();
    assert!(second.caseline().verified().await.unwrap());
    let seconds = second
        .until("case", || second.caseline().case(case.id()).ok().filter(|case| !texts(case).is_empty()))
        .await;
    second.until_reads(&seconds, &["One", "Two"]).await;
    settle(&[&second, &jane]).await;
    until_alike(&[(&second, &seconds), (&jane, &case)]).await;

    seconds.send(None, Message::text("Three, from the other device")).unwrap();
    settle(&[&second, &jane]).await;
    let all = ["One", "Two", "Three, from the other device"];
    jane.until_reads(&case, &all).await;
    joe.back().await;
    joe.until_reads(&case, &all).await;
    let back = joe.caseline().case(case.id()).unwrap();
    until_alike(&[(&joe, &back), (&jane, &case), (&second, &seconds)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_device_without_the_key_cannot_send() {
    let cast = Cast::new();
    let jane = cast.start("jane").await;
    let second = cast.start("jane").await;
    assert!(!second.caseline().verified().await.unwrap());
    let mut notices = second.caseline().notices();
    let case = second.caseline().open(cast.proposal(&second, &["jane", "joe"]).await).unwrap();
    case.send(None, Message::text("From nowhere")).unwrap();
    assert_eq!(held(&mut notices).await, ["device-unverified"]);
    let recovery_key = jane.caseline().recovery_key().await.unwrap().unwrap();
    second.caseline().recover(&recovery_key).await.unwrap();
    settle(&[&second]).await;
    assert_eq!(texts(&case), ["From nowhere"]);
    // The first device finds what the second has made.
    let firsts = jane.until("case", || jane.caseline().case(case.id()).ok()).await;
    jane.until_reads(&firsts, &["From nowhere"]).await;
}
