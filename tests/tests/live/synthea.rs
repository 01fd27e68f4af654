//! Records that another system made: Synthea's people, imported, and cases opened from their care teams. Nobody here exists.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use caseline::fhir::{CarePlanFound, FixedToken, Import, Resource, RestRecord, member};
use caseline::id::{ContactId, Sha256, UserId};
use caseline::member::Member;
use caseline::store::StoreKey;
use caseline::testing::{LoopbackHomeserver, ManualClock};
use caseline::{Caseline, Error, Missing, Named, ProposedCase, Record};
use caseline_backend::{FhirOptions, FhirServer, Population};
use tempfile::TempDir;

const CP: &str = include_str!("../../../examples/data/cp.json");
const ACO: &str = include_str!("../../../examples/data/aco.json");
const AGREEMENT: &str = include_str!("../../../examples/data/agreement.yaml");
const RULES: &str = include_str!("../../../examples/data/rules.yaml");
const PATIENCE: Duration = Duration::from_secs(90);

async fn start(server: &LoopbackHomeserver, clock: &ManualClock, folder: &TempDir, name: &str) -> Caseline {
    start_with(server, clock, folder, name, Record::Embedded).await
}

async fn start_with(
    server: &LoopbackHomeserver,
    clock: &ManualClock,
    folder: &TempDir,
    name: &str,
    record: Record,
) -> Caseline {
    let caseline = Caseline::builder()
        .store(folder.path().join(name), StoreKey::new([7; 32]))
        .record(record)
        .clock(Arc::new(clock.clone()))
        .with_transport(Arc::new(server.transport(&user(name))))
        .await
        .unwrap();
    caseline.add_agreement(AGREEMENT).unwrap();
    caseline.add_rules(RULES).unwrap();
    caseline
}

fn user(name: &str) -> UserId {
    let server = if name == "jane" { "cp" } else { "aco" };
    format!("@{name}:{server}.example").parse().unwrap()
}

fn staff(name: &str) -> ContactId {
    format!("https://caseline.example/staff|{name}").parse().unwrap()
}

/// The only person of a Bundle.
fn member_of(bundle: &str) -> Member {
    let import = Import::parse(bundle).unwrap();
    let patient = import.patients().next().unwrap();
    assert_eq!(import.patients().count(), 1);
    member(patient).unwrap()
}

/// The most memory that this process has had so far, in MB, where the system tells.
fn peak() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
}

/// How many people: `CASELINE_PEOPLE=20` measures more of them than the tests need.
fn wanted() -> u32 {
    std::env::var("CASELINE_PEOPLE").ok().and_then(|people| people.parse().ok()).unwrap_or(6)
}

/// Which people: `CASELINE_SEED=7`.
fn seed() -> i64 {
    std::env::var("CASELINE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// The digest of a resource's text, but for what a record sets or rewrites: id, version, where references go, our tag.
fn digest(resource: &Resource) -> String {
    let plain = ["id", "meta.versionId", "meta.tag"].iter().fold(resource.clone(), |resource, path| {
        // Not every one has each of them.
        resource.without(path).unwrap_or(resource)
    });
    let mut parts = plain.json().split("\"reference\":\"");
    let first = parts.next().unwrap_or_default().to_owned();
    Sha256::of(parts.fold(first, |text, part| text + part.split_once('"').unwrap().1)).to_string()
}

/// All that a population's Bundles hold, by type.
fn sent(population: &Population) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for path in population.bundles() {
        let import = Import::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        all.extend(import.resources().iter().map(|one| (one.kind().to_owned(), digest(one))));
    }
    all.sort();
    all
}

/// All that a record holds of the types of a population, but for the directory of our own story.
async fn held(jane: &Caseline, population: &Population) -> Vec<(String, String)> {
    let kinds: BTreeSet<String> = sent(population).into_iter().map(|(kind, _)| kind).collect();
    let mut all = Vec::new();
    for kind in kinds {
        for stored in jane.resources(&kind).await.unwrap() {
            let resource = Resource::parse(&stored.json).unwrap();
            // What is test data of ours says so.
            if !stored.json.contains("HTEST") {
                all.push((kind.clone(), digest(&resource)));
            }
        }
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_are_opened_from_the_care_teams_of_another_systems_people() {
    let population =
        tokio::task::spawn_blocking(|| Population::make(wanted(), seed())).await.unwrap().unwrap();
    let clock = ManualClock::new("2024-01-02T14:00:00Z".parse().unwrap());
    let (server, folder) = (LoopbackHomeserver::new(clock.clone()), TempDir::new().unwrap());
    let jane = start(&server, &clock, &folder, "jane").await;
    let joe = start(&server, &clock, &folder, "joe").await;
    jane.import(CP).await.unwrap();
    joe.import(ACO).await.unwrap();

    let (begun, mut bytes, mut resources) = (Instant::now(), 0, 0);
    let mut members = Vec::new();
    for path in population.bundles() {
        let text = std::fs::read_to_string(path).unwrap();
        bytes += text.len();
        resources += jane.import(&text).await.unwrap();
        if population.people.iter().any(|person| person == path) {
            members.push(member_of(&text));
        }
    }
    let (imported, most) = (begun.elapsed(), peak());

    // Nothing of it is lost, and the same again doubles nothing.
    let there = held(&jane, &population).await;
    assert!(there == sent(&population), "what the record holds is what was sent");
    let begun = Instant::now();
    for path in population.bundles() {
        assert_eq!(
            jane.import(&std::fs::read_to_string(path).unwrap()).await.unwrap(),
            0,
            "{}",
            path.display()
        );
    }
    eprintln!("the same again in {:.1?}", begun.elapsed());

    let (begun, mut teams, mut plans, mut opened) = (Instant::now(), 0, 0, Vec::new());
    for member in &members {
        assert!(member.id.system() != "http://hl7.org/fhir/sid/us-ssn", "never a social security number");
        let proposed = jane.care_teams(&member.id).await.unwrap();
        let found = jane.care_plans(&member.id).await.unwrap();
        teams += proposed.len();
        plans += found.len();
        // Not everybody was ever so ill that there is one.
        if proposed.is_empty() || found.is_empty() {
            continue;
        }
        assert!(found.iter().all(|plan| plan.title.is_some()), "{found:?}");
        // What is over is offered last, and no team of theirs knows of our two sides.
        let over = |team: &ProposedCase| team.missing.contains(&Missing::Ended);
        assert!(proposed.is_sorted_by_key(over));
        assert!(proposed.iter().all(|team| team.missing.contains(&Missing::Sides) && &team.member == member));
        let first = proposed.into_iter().next().unwrap();
        assert_eq!(
            jane.propose(&first.care_team).await.unwrap_err().to_string(),
            "not found: agreement in force between the two sides: add it first"
        );
        // The team's own people stay named on it, without an account; only the member is no seat.
        assert!(!first.seats.is_empty() && first.seats.iter().all(|seat| seat.contact.user.is_none()));
        let theirs = first.seats.len();
        let named = [Named::lead(staff("jane")), Named::lead(staff("joe")), Named::contact(staff("rao"))];
        let mut open = jane.complete(first.clone(), &named).unwrap();
        assert_eq!(open.roster.len(), theirs + 3 + 2, "both keepers too, as the agreement allows");
        assert_eq!(open.others.len(), first.organizations.len());
        // Nobody plays the keepers here: who has no device cannot be waited for.
        open.roster.retain(|seat| !seat.is_keeper() && seat.contact.id != staff("rao"));
        let case = jane.open(open).unwrap();
        opened.push((case, found.into_iter().next().unwrap()));
        let unknown = jane.complete(first, &[Named::lead(staff("nobody"))]).unwrap_err();
        assert!(matches!(unknown, Error::NotFound { what: "contact" }));
    }
    let proposed = begun.elapsed();
    eprintln!(
        "{} people, {} MB, {resources} resources imported in {imported:.1?}; {teams} care teams and {plans} care plans \
         found, {} cases opened in {proposed:.1?}; at most {} MB of memory",
        members.len(),
        bytes / 1_000_000,
        opened.len(),
        most.map_or("unknown".into(), |megabytes| megabytes.to_string()),
    );
    assert!(!opened.is_empty());
    let stranger = "https://caseline.example/member|nobody".parse().unwrap();
    assert!(matches!(jane.care_teams(&stranger).await, Err(Error::NotFound { what: "member" })));

    // One of them goes to the other side, with the plan that Synthea wrote.
    assert!(jane.settle(PATIENCE).await.unwrap(), "{:?}", jane.outbox().unwrap());
    let with_activities = |(_, plan): &&(_, CarePlanFound)| !plan.activities.is_empty();
    let (case, plan) = opened.iter().find(with_activities).unwrap();
    let (sent, _) = case.send_care_plan(None, &plan.care_plan).await.unwrap();
    for invitation in joe.invitations().await.unwrap() {
        joe.accept(&invitation.room, false).await.unwrap();
    }
    for one in [&jane, &joe] {
        assert!(one.settle(PATIENCE).await.unwrap(), "{:?}", one.outbox().unwrap());
    }
    assert_eq!(joe.cases().unwrap().len(), opened.len());
    let theirs = joe.case(case.id()).unwrap();
    assert_eq!(theirs.state().unwrap().digest(), case.state().unwrap().digest());
    let text = theirs.plan_text(sent.id).unwrap().unwrap();
    let document = Import::parse(&text).unwrap();
    let sent = document.care_plans().next().unwrap();
    assert!(sent.json().contains("\"detail\""), "what others wrote of their activities is kept");
    jane.shutdown().await;
    joe.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fhir_server_holds_imported_people_once() {
    let make = || {
        let server = FhirServer::start_with("imported", &FhirOptions::default());
        (Population::make(wanted(), seed()).unwrap(), server.unwrap())
    };
    let (population, hapi) = tokio::task::spawn_blocking(make).await.unwrap();
    let clock = ManualClock::new("2024-01-02T14:00:00Z".parse().unwrap());
    let (server, folder) = (LoopbackHomeserver::new(clock.clone()), TempDir::new().unwrap());
    let record = || Record::Other(Arc::new(RestRecord::new(hapi.url(), FixedToken::none()).unwrap()));
    let jane = start_with(&server, &clock, &folder, "jane", record()).await;
    // Whoever has a care team, and the shortest record: each request to a server is one more to wait for.
    let has_team =
        |path: &&std::path::PathBuf| std::fs::read_to_string(path).unwrap().contains("\"CareTeam\"");
    let size = |path: &&std::path::PathBuf| std::fs::metadata(path).unwrap().len();
    let person = population.people.iter().filter(has_team).min_by_key(size).unwrap();
    let bundles = [&population.hospitals, &population.practitioners, person];
    let mut created = Vec::new();
    for path in bundles {
        created.push(jane.import(&std::fs::read_to_string(path).unwrap()).await.unwrap());
    }
    let entries = |path| Import::parse(&std::fs::read_to_string(path).unwrap()).unwrap().resources().len();
    assert_eq!(created, bundles.map(entries));
    // Another device imports the same.
    let joe = start_with(&server, &clock, &folder, "joe", record()).await;
    for path in bundles {
        assert_eq!(
            joe.import(&std::fs::read_to_string(path).unwrap()).await.unwrap(),
            0,
            "{}",
            path.display()
        );
    }
    let import = Import::parse(&std::fs::read_to_string(person).unwrap()).unwrap();
    for kind in ["Patient", "CareTeam", "CarePlan"] {
        assert_eq!(joe.resources(kind).await.unwrap().len(), import.of_kind(kind).count(), "{kind}");
    }
    jane.shutdown().await;
    joe.shutdown().await;
}
