//! Stories, played by the demo as it is run: real processes between two real homeservers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use caseline_backend::{Backend, BackendOptions, Reviewed, Validator};
use tempfile::TempDir;

/// One demo at a time: each starts two homeservers and six clients.
static STAGE: Mutex<()> = Mutex::new(());

/// The drivers and keepers are taken from beside the demo.
fn demo(arguments: &[&str]) -> Output {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let (driver, keeper) = (env!("CARGO_BIN_EXE_driver"), env!("CARGO_BIN_EXE_keeper"));
    let demo = Path::new(env!("CARGO_BIN_EXE_demo"));
    assert!([driver, keeper].iter().all(|program| Path::new(program).parent() == demo.parent()));
    Command::new(demo).args(arguments).output().unwrap()
}

fn marty() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/marty.yaml")
}

/// The line of Marty's story that begins like this, counted from 1.
fn line_of(begins: &str) -> usize {
    let text = std::fs::read_to_string(marty()).unwrap();
    1 + text.lines().position(|line| line.trim_start().starts_with(begins)).unwrap()
}

fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// The files in which the cases of a demo wrote, of both organizations.
fn written(folder: &Path) -> Vec<PathBuf> {
    let files = |organization: &str| {
        let entries = std::fs::read_dir(folder.join(organization)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    [files("cp"), files("aco")].concat()
}

/// The resource type that a file's name begins with.
fn kind(file: &Path) -> String {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    name.split('-').next().unwrap().to_owned()
}

#[test]
fn it_comes_true_of_marty_and_of_somebody_else_and_all_that_is_written_of_them_is_valid_fhir() {
    let folder = TempDir::new().unwrap();
    let mut files = Vec::new();
    for (name, people) in [("marty", &[][..]), ("another", &["--people", "1"])] {
        let records = folder.path().join(name);
        let output = demo(&[&["--records", records.to_str().unwrap()], people].concat());
        let said = said(&output);
        assert!(output.status.success(), "{said}");
        assert_eq!(said.contains("Marty"), people.is_empty(), "{said}");
        let written = written(&records);
        for wanted in ["CareTeam", "CarePlan", "Communication", "Provenance", "AuditEvent"] {
            assert!(written.iter().filter(|file| kind(file) == wanted).count() >= 2, "{wanted}: {written:?}");
        }
        files.extend(written);
    }
    files.extend(lets_be_told(&folder.path().join("consent")));
    files.extend(is_referred(&folder.path().join("referral")));
    // What is on the list of warnings for these two alone.
    for (story, kinds) in [("complete.yaml", &["Provenance"][..]), ("outreach.yaml", &["Flag", "Task"])] {
        let (story, records) = (marty().with_file_name(story), folder.path().join(story));
        let output = demo(&["--story", story.to_str().unwrap(), "--records", records.to_str().unwrap()]);
        assert!(output.status.success(), "{}", said(&output));
        let written = written(&records);
        for wanted in kinds {
            assert_eq!(
                written.iter().filter(|file| kind(file) == *wanted).count() % 2,
                0,
                "{wanted}: {written:?}"
            );
            assert!(written.iter().any(|file| kind(file) == *wanted), "{wanted}: {written:?}");
        }
        files.extend(written);
    }
    let results = Validator::install().unwrap().run(&files).unwrap();
    let judged = Reviewed::list().unwrap().judge(&results, |result| kind(&result.file));
    assert!(judged.errors.is_empty(), "{:#?}", judged.errors);
    assert!(judged.unlisted.is_empty(), "not on the reviewed list: {:#?}", judged.unlisted);
    assert!(judged.unused.is_empty(), "on the list, and not needed any more: {:#?}", judged.unused);
}

/// Plays what Marty lets be told, which has resources that no other story has, and returns what it wrote.
fn lets_be_told(records: &Path) -> Vec<PathBuf> {
    let consent = marty().with_file_name("consent.yaml");
    let output = demo(&["--story", consent.to_str().unwrap(), "--records", records.to_str().unwrap()]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Jane is told that it was not sent"), "{said}");
    let files = written(records);
    for wanted in ["Consent", "Task"] {
        let many = if wanted == "Consent" { 4 } else { 2 };
        assert_eq!(files.iter().filter(|file| kind(file) == wanted).count(), many, "{wanted}: {files:?}");
    }
    files
}

/// Plays the referrals, which have resources that no other story has, and returns what was written of them.
fn is_referred(records: &Path) -> Vec<PathBuf> {
    let referral = marty().with_file_name("referral.yaml");
    let output = demo(&["--story", referral.to_str().unwrap(), "--records", records.to_str().unwrap()]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Jane tries to refer the member, and is refused."), "{said}");
    assert!(
        said.contains("Pat sees: the referral is asked; of the member there is address, name."),
        "{said}"
    );
    assert!(said.contains("Pat sees: the referral is cancelled (accepted, cancelled)"), "{said}");
    let of = |organization: &str| {
        let entries = std::fs::read_dir(records.join(organization)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let files = [written(records), of("agency")].concat();
    // Four in each record of the case; of the two that reached it in the agency's.
    for wanted in ["ServiceRequest", "Task"] {
        assert_eq!(files.iter().filter(|file| kind(file) == wanted).count(), 10, "{wanted}: {files:?}");
    }
    files
}

/// Plays a story whose records hold by the validator, and returns what it says.
fn plays(story: &str) -> String {
    let records = TempDir::new().unwrap();
    let story = marty().with_file_name(story);
    let output = demo(&["--story", story.to_str().unwrap(), "--records", records.path().to_str().unwrap()]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    let results = Validator::install().unwrap().run(&written(records.path())).unwrap();
    let judged = Reviewed::list().unwrap().judge(&results, |result| kind(&result.file));
    assert!(judged.errors.is_empty(), "{:#?}", judged.errors);
    assert!(judged.unlisted.is_empty(), "not on the reviewed list: {:#?}", judged.unlisted);
    said
}

#[test]
fn what_others_change_in_a_record_is_a_proposal_that_a_lead_decides_about() {
    let said = plays("nora.yaml");
    assert!(said.contains("Joe takes up what the record proposes."), "{said}");
}

#[test]
fn what_a_contact_had_who_left_is_somebody_else_s_and_is_called_about() {
    let said = plays("left.yaml");
    assert!(said.contains("Lee ends Joe's part in the case."), "{said}");
}

#[test]
fn two_admissions_of_one_visit_are_one_stay_with_one_clock() {
    let said = plays("twice.yaml");
    assert!(said.contains("Jane tries to tell of the stay, and is refused."), "{said}");
}

#[test]
fn a_deadline_counts_from_its_day_however_late_and_odd_that_is() {
    let dates = marty().with_file_name("dates.yaml");
    let output = demo(&["--story", dates.to_str().unwrap()]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Jane tries to attest a signature, and is refused."), "{said}");
}

/// A short one; the nightly has longer ones, from another seed each night.
#[test]
fn clients_that_are_driven_against_each_other_at_random_come_to_one_state() {
    let output = demo(&["--random", "4", "--steps", "60", "--for", "20"]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("of one state each"), "{said}");
}

#[test]
fn a_concern_without_member_data_is_answered_late_and_found_again_by_others() {
    let said = plays("concern.yaml");
    assert!(said.contains("Jane tries to raise a concern, and is refused."), "{said}");
    assert!(said.contains("Joe looks for “assignment lists”, and finds"), "{said}");
}

#[test]
fn two_organizations_settle_a_concern_and_an_agreement() {
    let said = plays("between.yaml");
    assert!(said.contains("Jane tries to propose or answer an agreement, and is refused."), "{said}");
    assert!(said.contains("the agreement, version 2019-2, is accepted."), "{said}");
}

#[test]
fn a_plan_that_comes_back_with_changes_is_signed_elsewhere() {
    let said = plays("returned.yaml");
    assert!(said.contains("Joe attests that Dr. Rao signed the care plan by fax on 2019-03-07."), "{said}");
    assert!(
        said.contains("Jane attests that the member was given a copy of the care plan in person"),
        "{said}"
    );
}

#[test]
fn a_plan_is_complete_by_the_rule_of_its_own_day() {
    let said = plays("complete.yaml");
    assert!(
        said.contains("Jane says that the care plan has the in-house clinical approval of Kim."),
        "{said}"
    );
    assert!(said.contains("complete since 2023-04-05"), "{said}");
}

#[test]
fn a_meeting_looks_at_the_shared_cases_and_what_it_decides_is_in_them() {
    let pages = TempDir::new().unwrap();
    let meeting = marty().with_file_name("meeting.yaml");
    let folder = pages.path().to_str().unwrap();
    let output = demo(&["--story", meeting.to_str().unwrap(), "--pages", folder, "--records", folder]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("Jane sees: the meeting is recorded, cases on its agenda: 1, decisions: 2."),
        "{said}"
    );
    let page = |name: &str| std::fs::read_to_string(pages.path().join(name)).unwrap();
    assert!(page("agenda-2019-03-21.md").contains("Marty") && page("panel.html").contains("Marty"));
    let calendar = page("agenda-2019-03-21.ics");
    assert!(calendar.contains("BEGIN:VEVENT") && !calendar.contains("Marty"), "{calendar}");
    let results = Validator::install().unwrap().run(&written(pages.path())).unwrap();
    let judged = Reviewed::list().unwrap().judge(&results, |result| kind(&result.file));
    assert!(judged.errors.is_empty(), "{:#?}", judged.errors);
    assert!(judged.unlisted.is_empty(), "not on the reviewed list: {:#?}", judged.unlisted);
}

#[test]
fn an_admission_is_one_stay_and_is_followed_up_from_the_date_of_the_discharge() {
    let records = TempDir::new().unwrap();
    let admission = marty().with_file_name("admission.yaml");
    let folder = records.path().to_str().unwrap();
    let output = demo(&["--story", admission.to_str().unwrap(), "--records", folder]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    let written = written(records.path());
    // In each record one of each, and beside the stay the meeting that followed it.
    for (wanted, many) in [("Encounter", 4), ("Appointment", 2)] {
        assert_eq!(written.iter().filter(|file| kind(file) == wanted).count(), many, "{wanted}");
    }
    let results = Validator::install().unwrap().run(&written).unwrap();
    let judged = Reviewed::list().unwrap().judge(&results, |result| kind(&result.file));
    assert!(judged.errors.is_empty(), "{:#?}", judged.errors);
    assert!(judged.unlisted.is_empty(), "not on the reviewed list: {:#?}", judged.unlisted);
}

#[test]
fn who_does_what_is_told_and_written_and_nothing_is_left_lying() {
    let records = TempDir::new().unwrap();
    let tasks = marty().with_file_name("tasks.yaml");
    let output = demo(&["--story", tasks.to_str().unwrap(), "--records", records.path().to_str().unwrap()]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Jane hands the task over to Dr. Rao"), "{said}");
    let written = written(records.path());
    assert!(written.iter().filter(|file| kind(file) == "Task").count() >= 6, "{written:?}");
    let results = Validator::install().unwrap().run(&written).unwrap();
    let judged = Reviewed::list().unwrap().judge(&results, |result| kind(&result.file));
    assert!(judged.errors.is_empty(), "{:#?}", judged.errors);
    assert!(judged.unlisted.is_empty(), "not on the reviewed list: {:#?}", judged.unlisted);
}

#[test]
fn whether_one_may_reach_out_is_shown_and_what_was_tried_is_counted() {
    let records = TempDir::new().unwrap();
    let outreach = marty().with_file_name("outreach.yaml");
    let output =
        demo(&["--story", outreach.to_str().unwrap(), "--records", records.path().to_str().unwrap()]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Jane tries to close the case, and is refused."), "{said}");
    let files = written(records.path());
    for wanted in ["EpisodeOfCare", "Encounter"] {
        assert_eq!(files.iter().filter(|file| kind(file) == wanted).count(), 2, "{wanted}: {files:?}");
    }
    let results = Validator::install().unwrap().run(&files).unwrap();
    let judged = Reviewed::list().unwrap().judge(&results, |result| kind(&result.file));
    assert!(judged.errors.is_empty(), "{:#?}", judged.errors);
    assert!(judged.unlisted.is_empty(), "not on the reviewed list: {:#?}", judged.unlisted);
}

#[test]
fn what_is_said_to_a_side_without_matrix_is_taken_there_until_it_joins() {
    let records = TempDir::new().unwrap();
    let fax = marty().with_file_name("fax.yaml");
    let output = demo(&["--story", fax.to_str().unwrap(), "--records", records.path().to_str().unwrap()]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Jane tries, and does not reach anybody"), "{said}");
    let files = written(records.path());
    assert!(files.iter().any(|file| kind(file) == "Task"), "{files:?}");
    let results = Validator::install().unwrap().run(&files).unwrap();
    let judged = Reviewed::list().unwrap().judge(&results, |result| kind(&result.file));
    assert!(judged.errors.is_empty(), "{:#?}", judged.errors);
    assert!(judged.unlisted.is_empty(), "not on the reviewed list: {:#?}", judged.unlisted);
}

#[test]
fn it_comes_true_though_who_opens_the_case_is_killed() {
    let line = line_of("- jane: {open:").to_string();
    let output = demo(&["--kill-after", &line]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn it_comes_true_on_servers_that_somebody_else_started_though_who_approves_is_killed() {
    let backend = Backend::start(&BackendOptions::sample("a sample password")).unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("backend.json");
    std::fs::write(&file, serde_json::to_string(&backend.describe()).unwrap()).unwrap();
    let line = line_of("- rao: {approve_plan: plan}").to_string();
    let output = demo(&["--backend", file.to_str().unwrap(), "--kill-after", &line]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!said(&output).contains("Starting two homeservers"), "it starts none of its own");
    for homeserver in [&backend.cp, &backend.aco] {
        homeserver.api("GET", "/_matrix/client/versions", None, None).unwrap();
    }
}

/// The example's files in a folder of their own, with other steps in the story.
fn with_steps(steps: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let data = marty().parent().unwrap().to_owned();
    let bundles = ["cp.json", "aco.json", "office.json", "agency.json"];
    let papers = ["agreement-referral.yaml", "agreement-office.yaml", "agreement-agency.yaml", "rules.yaml"];
    for name in bundles.into_iter().chain(papers) {
        std::fs::copy(data.join(name), folder.path().join(name)).unwrap();
    }
    let text = std::fs::read_to_string(marty()).unwrap();
    let (head, _) = text.split_once("\nsteps:\n").unwrap();
    let story = folder.path().join("other.yaml");
    std::fs::write(&story, format!("{head}\nsteps:\n{steps}")).unwrap();
    (folder, story)
}

#[test]
fn a_line_that_does_not_come_true_is_named_with_what_was_seen() {
    let wrong = "  - jane: {who_to_call: {organization: aco, topic: care-plan}, sees: {contact: {who: lee}}, within: 1}";
    let (_folder, story) = with_steps(&format!(
        "  - jane: {{open: {{case: marty, care_team: \"https://caseline.example/care-team|marty\"}}}}\n{wrong}\n"
    ));
    let line = std::fs::read_to_string(&story).unwrap().lines().count();
    let output = demo(&["--story", story.to_str().unwrap()]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("line {line}")), "{said}");
    assert!(said.contains("did not come true") && said.contains("seen instead"), "{said}");
}

#[test]
fn a_mistake_is_named_before_anything_starts() {
    let (_folder, story) = with_steps("  - jane: {sned: \"Hello\"}\n");
    let output = demo(&["--story", story.to_str().unwrap()]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("sned") && said.contains("line"), "{said}");
    assert!(output.stdout.is_empty(), "{said}");
}
