//! What each operation costs in requests, as `docs/requests.md` says it: counted before HAPI.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use caseline::fhir::{FixedToken, RestRecord, SigningKeys};
use caseline::ports::CareRecord;
use caseline::{Message, Record};
use caseline_backend::FhirOptions;
use caseline_record_tests::{Fault, Proxy, ec_key, key_set};

use crate::case::{ACO_DATA, CP_DATA, PLAN, World, accept};
use crate::{alone, hapi, system, unique};

const DOCUMENT: &str = include_str!("../../../../docs/requests.md");

/// The rows of a table: what, and how many requests.
fn table(heading: &str) -> BTreeMap<String, usize> {
    let part = DOCUMENT.split("\n## ").find(|part| part.starts_with(heading)).unwrap();
    let rows = part.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0].to_owned(), cells[1].parse().unwrap())
    })
    .collect()
}

/// Counts what a line sees, row by row.
struct Count<'p> {
    line: &'p Proxy,
    before: usize,
    rows: BTreeMap<String, usize>,
}

impl<'p> Count<'p> {
    fn new(line: &'p Proxy) -> Self {
        Self { line, before: line.seen().len(), rows: BTreeMap::new() }
    }

    fn forget(&mut self) {
        self.before = self.line.seen().len();
    }

    /// What came since the last row.
    fn row(&mut self, what: &str) {
        let seen = self.line.seen();
        println!("{what}: {:?}", &seen[self.before..]);
        self.rows.insert(what.to_owned(), seen.len() - self.before);
        self.before = seen.len();
    }
}

fn communication(value: &str) -> String {
    format!(
        r#"{{"resourceType":"Communication","identifier":[{{"system":"urn:caseline:test","value":"{value}"}}],"status":"in-progress"}}"#
    )
}

fn transaction(entries: &[String]) -> String {
    format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","))
}

fn conditional(value: &str) -> String {
    format!(
        r#"{{"resource":{},"request":{{"method":"POST","url":"Communication","ifNoneExist":"identifier=urn:caseline:test|{value}"}}}}"#,
        communication(value)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_cost_what_the_table_says() {
    let server = hapi().await;
    // The next request has this fault.
    let next = Arc::new(Mutex::new(None));
    let fault = next.clone();
    let line = Proxy::start(server.url(), move |_| fault.lock().unwrap().take()).unwrap();
    let meet = |fault: Fault| *next.lock().unwrap() = Some(fault);
    let record = RestRecord::new(&line.url(), FixedToken::none()).unwrap();
    let mut count = Count::new(&line);

    record.capabilities().await.unwrap();
    count.row("capabilities, at the start and after six hours");
    record.capabilities().await.unwrap();
    count.row("capabilities, in between");

    let value = unique("count");
    let token = format!("urn:caseline:test|{value}");
    let condition = [("identifier", token.as_str())];
    let made = record.create("Communication", &communication(&value), &condition).await.unwrap().stored;
    count.row("conditional create of something new");
    record.create("Communication", &communication(&value), &condition).await.unwrap();
    count.row("conditional create of what is there");
    meet(Fault::Refuse(409, None));
    record.create("Communication", &communication(&value), &condition).await.unwrap();
    count.row("conditional create that lost a race (409, 412)");
    let lost = unique("count");
    let token = format!("urn:caseline:test|{lost}");
    meet(Fault::LoseAnswer);
    record.create("Communication", &communication(&lost), &[("identifier", &token)]).await.unwrap();
    count.row("conditional create, its answer lost");
    record
        .create("Communication", r#"{"resourceType":"Communication","status":"completed"}"#, &[])
        .await
        .unwrap();
    count.row("create without a condition");

    record.read("Communication", &made.id).await.unwrap();
    count.row("read");
    let changed = made.json.replace("in-progress", "completed");
    let second = record.update("Communication", &made.id, &made.version, &changed).await.unwrap();
    count.row("update");
    let wrong = changed.replace("completed", "entered-in-error");
    meet(Fault::LoseAnswer);
    let third = record.update("Communication", &made.id, &second.version, &wrong).await.unwrap();
    count.row("update, its answer lost");
    record.update("Communication", &made.id, &second.version, &changed).await.unwrap_err();
    count.row("update of what another has changed");
    assert_eq!(record.history("Communication", &made.id).await.unwrap().len(), 3);
    count.row("history, a page");

    let values: Vec<String> = (0..210).map(|_| unique("many")).collect();
    let tag = unique("tag");
    let tagged = |value: &String| {
        let meta = format!(
            r#"Communication","meta":{{"tag":[{{"system":"urn:caseline:test","code":"{tag}"}}]}},"identifier""#
        );
        conditional(value).replacen(r#"Communication","identifier""#, &meta, 1)
    };
    let many: Vec<String> = values.iter().map(tagged).collect();
    assert_eq!(record.transaction(&transaction(&many)).await.unwrap(), 210);
    count.row("transaction of 210");
    assert_eq!(record.search("Communication", &condition).await.unwrap().len(), 1);
    count.row("search, one page (up to 200 resources)");
    let tag = format!("urn:caseline:test|{tag}");
    assert_eq!(record.search("Communication", &[("_tag", &tag)]).await.unwrap().len(), 210);
    count.row("search that finds 210, by 50 a page");
    meet(Fault::LoseAnswer);
    assert_eq!(record.transaction(&transaction(&[conditional(&unique("a"))])).await.unwrap(), 0);
    count.row("transaction of creates, its answer lost");
    let put = format!(
        r#"{{"resource":{changed},"request":{{"method":"PUT","url":"Communication/{}","ifMatch":"W/\"{}\""}}}}"#,
        made.id, third.version
    );
    meet(Fault::LoseAnswer);
    record.transaction(&transaction(&[conditional(&unique("b")), put])).await.unwrap();
    count.row("transaction of a create and an update, its answer lost");

    let none = record.changes("Appointment", None).await.unwrap();
    count.row("first look at the changes of a type");
    let none = record.changes("Appointment", Some(&none.cursor)).await.unwrap();
    assert_eq!(none.resources, []);
    count.row("look at changes: nothing new");
    for _ in 0..3 {
        record
            .create("Appointment", r#"{"resourceType":"Appointment","status":"proposed"}"#, &[])
            .await
            .unwrap();
    }
    count.forget();
    assert_eq!(record.changes("Appointment", Some(&none.cursor)).await.unwrap().resources.len(), 3);
    count.row("look at changes: three are new");
    assert_eq!(count.rows, table("Operations"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_cost_what_the_table_says() {
    let key = ec_key("e");
    let world = system::world(std::slice::from_ref(&key), hapi().await.url());
    let record =
        RestRecord::new(&world.gate.url(), world.system(SigningKeys::text(key_set(&[key])))).unwrap();
    let before = AtomicUsize::new(0);
    let mut rows = BTreeMap::new();
    let mut row = |what: &str| {
        let now = world.gate.seen().len() + world.server.said().len();
        rows.insert(what.to_owned(), now - before.swap(now, Ordering::SeqCst));
    };
    let none = [("_id", "none")];
    record.search("CareTeam", &none).await.unwrap();
    row("first search: discovery, token, search");
    record.search("CareTeam", &none).await.unwrap();
    row("search while the token is good");
    world.clock.pass(241);
    record.search("CareTeam", &none).await.unwrap();
    row("search a minute before the token's end");
    world.server.revoke();
    record.search("CareTeam", &none).await.unwrap();
    row("search with a token that was taken back (401)");
    assert_eq!(rows, table("Tokens"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cases_steps_cost_what_the_table_says() {
    let server = alone(FhirOptions::default()).await;
    let line = Proxy::start(server.url(), |_| None).unwrap();
    let record = Arc::new(RestRecord::new(&line.url(), FixedToken::none()).unwrap());
    // They have not asked yet what the server takes.
    let [over, again] =
        [(), ()].map(|()| RestRecord::new(&line.url(), FixedToken::none()).unwrap()).map(Arc::new);
    let world = World::new();
    let mut count = Count::new(&line);
    let kim = world.start("kim", Record::Embedded).await;
    assert_eq!(kim.import(CP_DATA).await.unwrap(), 27);
    kim.shutdown().await;
    drop(kim);
    let kim = world.start("kim", Record::Other(over)).await;
    world.settle(&[&kim]).await;
    count.row("move: an embedded record of 27 resources");
    kim.shutdown().await;
    let jane = world.start("jane", Record::Other(record)).await;
    let joe = world.start("joe", Record::None).await;
    let rao = world.start("rao", Record::None).await;
    world.settle(&[&jane]).await;
    count.row("start");
    jane.import(CP_DATA).await.unwrap();
    count.row("import of a Bundle");
    for one in [&joe, &rao] {
        one.import(ACO_DATA).await.unwrap();
    }
    let case = world.open(&jane).await;
    accept(&joe).await;
    accept(&rao).await;
    world.settle(&[&joe, &rao, &jane]).await;
    count.forget();
    let message = case.send(None, Message::text("Marty is in the hospital again")).unwrap();
    world.settle(&[&jane, &joe, &jane]).await;
    count.row("message of this device");
    let corrected = case.correct(None, message.id, "Marty is at home again").unwrap();
    world.settle(&[&jane, &joe, &jane]).await;
    count.row("message: corrected by its author");
    case.retract(None, corrected.id).unwrap();
    world.settle(&[&jane, &joe, &jane]).await;
    count.row("message: taken back by its author");
    let joes = joe.case(case.id()).unwrap();
    joes.send(None, Message::text("I am there")).unwrap();
    world.settle(&[&joe, &jane]).await;
    count.row("message of somebody else");
    let (plan, _) = case.send_care_plan(None, PLAN).await.unwrap();
    count.row("plan: gathered from the record");
    world.settle(&[&jane, &joe, &jane]).await;
    count.row("plan: sent and written");
    world.settle(&[&rao]).await;
    rao.case(case.id()).unwrap().approve_plan(None, plan.id, None).unwrap();
    world.settle(&[&rao, &jane]).await;
    count.row("plan: approved by somebody else");
    jane.shutdown().await;
    for one in [joe, rao] {
        one.shutdown().await;
    }

    // What a case wrote of the plan carries the plan's identifier too, and is not taken for it.
    let lee = world.start("lee", Record::Embedded).await;
    lee.import(CP_DATA).await.unwrap();
    lee.shutdown().await;
    drop(lee);
    let lee = world.start("lee", Record::Other(again)).await;
    world.settle(&[&lee]).await;
    assert_eq!(lee.kept().unwrap(), []);
    lee.shutdown().await;
    assert_eq!(count.rows, table("Steps of a case"));
}
