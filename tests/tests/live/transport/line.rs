//! A line that is down for a moment.

use std::sync::Arc;

use caseline::matrix::MatrixTransport;
use caseline::ports::{CaseTransport, Hint};
use caseline::store::Db;
use caseline_examples::proxy::Proxy;
use caseline_tests::{account, backend};
use tempfile::TempDir;

use super::person::{PATIENCE, Person, key, make, person};

impl Person {
    /// Waits until the sync says that it is, or is not, in touch with the homeserver.
    async fn until_online(&self, wanted: bool) {
        let told =
            async { while self.transport.next_hint().await.expect("hints") != Hint::Online(wanted) {} };
        tokio::time::timeout(PATIENCE, told).await.expect("the line is noticed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_waits_while_the_line_is_down() {
    let jane = person(&backend().cp, "jane").await;
    let homeserver = &backend().aco;
    let account = account(homeserver, "joe");
    let proxy = Proxy::start(homeserver.url().trim_start_matches("http://")).unwrap();
    let url = format!("http://127.0.0.1:{}", proxy.port());
    let folder = TempDir::new().unwrap();
    let db = Db::open(folder.path(), &key()).unwrap();
    let transport =
        MatrixTransport::sign_in(Arc::clone(&db), &key(), &url, &account.user_id, &account.password)
            .await
            .unwrap();
    let joe = Person { transport, account, homeserver, folder };
    let room = jane.transport.create_room(&make(&[&jane], &[])).await.unwrap();
    jane.transport.invite(&room, &joe.user()).await.unwrap();
    joe.until_invited(&room).await;
    let waits = async || joe.transport.invitations().await.unwrap().iter().any(|one| one.room == room);
    proxy.cut();
    joe.until_online(false).await;
    assert!(waits().await, "it waits while nobody can be asked");
    proxy.restore();
    joe.until_online(true).await;
    assert!(waits().await, "the server does not tell it a second time");
    joe.transport.join(&room).await.unwrap();
    assert!(!waits().await);
}
