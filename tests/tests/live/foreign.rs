//! A Matrix client that is not ours, beside ours on one account: matrix-sdk as any chat program uses it.

use std::time::{Duration, Instant};

use caseline::id::RoomId;
use caseline::{Caseline, Message};
use matrix_sdk::Client;
use matrix_sdk::Room;
use matrix_sdk::config::SyncSettings;
use matrix_sdk::encryption::{BackupDownloadStrategy, EncryptionSettings};
use matrix_sdk::room::MessagesOptions;
use matrix_sdk::ruma::events::room::message::RoomMessageEventContent;

use crate::cast::{Cast, PATIENCE, Player, settle, until_alike};

/// A chat program, signed in on a device of its own.
struct Chat {
    client: Client,
}

impl Chat {
    async fn sign_in(player: &Player) -> Self {
        let client = Client::builder()
            .homeserver_url(player.homeserver.url())
            .with_encryption_settings(EncryptionSettings {
                backup_download_strategy: BackupDownloadStrategy::AfterDecryptionFailure,
                ..EncryptionSettings::default()
            })
            .build()
            .await
            .unwrap();
        let auth = client.matrix_auth();
        auth.login_username(&player.account.user_id, &player.account.password).send().await.unwrap();
        let chat = Self { client };
        chat.sync().await;
        chat
    }

    async fn sync(&self) {
        let settings = SyncSettings::default().timeout(Duration::from_millis(500));
        self.client.sync_once(settings).await.unwrap();
    }

    async fn verify(&self, recovery_key: &str) {
        self.client.encryption().recovery().recover(recovery_key).await.unwrap();
        self.sync().await;
    }

    fn room(&self, room: &RoomId) -> Room {
        let id = matrix_sdk::ruma::RoomId::parse(room.as_str()).unwrap();
        self.client.get_room(&id).expect("joined")
    }

    /// The texts that it shows, oldest first.
    async fn shows(&self, room: &RoomId) -> Vec<String> {
        let mut options = MessagesOptions::backward();
        options.limit = 100_u32.into();
        let messages = self.room(room).messages(options).await.unwrap();
        let texts = messages.chunk.iter().rev().filter_map(|event| {
            let event: serde_json::Value = serde_json::from_str(event.raw().json().get()).unwrap();
            let is_message = event["type"] == "m.room.message";
            is_message.then(|| event["content"]["body"].as_str().map(str::to_owned))?
        });
        texts.collect()
    }

    /// Waits until it shows all of these.
    async fn until_shows(&self, room: &RoomId, expected: &[&str]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.sync().await;
            let shown = self.shows(room).await;
            if expected.iter().all(|text| shown.iter().any(|have| have == text)) {
                return;
            }
            assert!(Instant::now() < deadline, "{shown:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_client_reads_a_case_as_text_and_answers_into_it() {
    let cast = Cast::new();
    let (jane, joe) = (cast.start("jane").await, cast.start("joe").await);
    let case = jane.caseline().open(cast.proposal(&jane, &["jane", "joe"]).await).unwrap();
    case.send(None, Message::text("Marty has moved")).unwrap();
    settle(&[&jane]).await;
    let (joes, room) = joe.accept().await;
    joes.send(None, Message::text("Thank you")).unwrap();
    settle(&[&joe, &jane]).await;

    let chat = Chat::sign_in(&joe).await;
    let recovery_key = joe.caseline().recovery_key().await.unwrap().unwrap();
    chat.verify(&recovery_key).await;
    // What was said before it came, from the backup: ours, and what others sent us.
    chat.until_shows(&room, &["Marty has moved", "Thank you"]).await;
    // And what is said from now on.
    case.send(None, Message::text("Call me at four")).unwrap();
    settle(&[&jane]).await;
    chat.until_shows(&room, &["Call me at four"]).await;

    chat.room(&room).send(RoomMessageEventContent::text_plain("I shall")).await.unwrap();
    let all = ["Marty has moved", "Thank you", "Call me at four", "I shall"];
    for (player, case) in [(&jane, &case), (&joe, &joes)] {
        player.until_reads(case, &all).await;
        assert_answer(player.caseline(), case.id(), &joe);
    }
    settle(&[&jane, &joe]).await;
    until_alike(&[(&jane, &case), (&joe, &joes)]).await;
    // The case goes on after it.
    case.send(None, Message::text("Good")).unwrap();
    settle(&[&jane, &joe]).await;
    joe.until_reads(&joes, &[all[0], all[1], all[2], all[3], "Good"]).await;
    chat.until_shows(&room, &["Good"]).await;
}

fn assert_answer(caseline: &Caseline, case: caseline::id::CaseId, joe: &Player) {
    let state = caseline.case(case).unwrap().state().unwrap();
    let answer = state.messages.iter().find(|message| message.text.as_deref() == Some("I shall")).unwrap();
    assert!(answer.foreign);
    assert_eq!(answer.key.sender, joe.user());
    assert_eq!(answer.from.user.as_ref(), Some(&joe.user()), "by his seat");
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_of_another_kind_are_left_alone() {
    let cast = Cast::new();
    let mut joe = cast.start("joe").await;
    let chat = Chat::sign_in(&joe).await;
    let recovery_key = joe.caseline().recovery_key().await.unwrap().unwrap();
    chat.verify(&recovery_key).await;
    let request = matrix_sdk::ruma::api::client::room::create_room::v3::Request::new();
    let family = chat.client.create_room(request).await.unwrap();
    family.enable_encryption().await.unwrap();
    family.send(RoomMessageEventContent::text_plain("Who cooks tonight?")).await.unwrap();
    let room: RoomId = family.room_id().as_str().parse().unwrap();
    settle(&[&joe]).await;
    joe.off().await;
    joe.back().await;
    settle(&[&joe]).await;
    assert!(joe.caseline().cases().unwrap().is_empty());
    chat.until_shows(&room, &["Who cooks tonight?"]).await;
    assert_eq!(
        chat.room(&room).state(),
        matrix_sdk::RoomState::Joined,
        "his own rooms are not ours to leave"
    );
}
