//! What a record says of an approval that does not count. All data is synthetic.

use super::*;
use crate::care_plan::{PlanReturned, PlanSigned, Scan, SignedHow, Signer};

/// A plan that Rao approves while Joe returns it, neither knowing of the other's: of both the return comes first. Then somebody
/// approves who never could, and Rao another document.
fn crossed_approvals() -> (Fold, [Held; 2]) {
    let mut fold = folded(&story()[..7]);
    let plan = id(6);
    let before = fold.clone();
    let approved = PlanApproved { plan, sha256: Sha256::of(PLAN) };
    let other = PlanApproved { plan, sha256: Sha256::of("another") };
    fold.insert(next(60, "jane", before.state(), approved.clone()));
    fold.insert(next(61, "rao", before.state(), other));
    let approval = next(20, "rao", fold.state(), approved);
    let returned = (30..50)
        .map(|n| next(n, "joe", fold.state(), PlanReturned { plan, changes: "synthetic".into() }))
        .find(|returned| returned.key().id < approval.key().id);
    (fold, [approval, returned.unwrap()])
}

fn provenances(written: &[(String, String)]) -> Vec<serde_json::Value> {
    let ours = written.iter().filter(|(kind, _)| kind == "Provenance");
    ours.map(|(_, json)| serde_json::from_str(json).unwrap()).collect()
}

#[tokio::test]
async fn an_approval_that_counts_no_longer_is_contradicted() {
    let (mut fold, [approval, returned]) = crossed_approvals();
    let (before, never) = (PlainRecord::new(), PlainRecord::new());
    fold.insert(approval.clone());
    assert_eq!(fold.state().entry(&approval.key()).unwrap().standing, Standing::Counted);
    drain(&before, &fold).await;
    let early = provenances(&all(&before).await);
    assert_eq!(early.len(), 1);
    assert_eq!(early[0]["activity"]["coding"][0]["code"], "LA");

    fold.insert(returned);
    let standing = &fold.state().entry(&approval.key()).unwrap().standing;
    assert_eq!(standing.reason().unwrap().code, "plan-not-open");
    for record in [&before, &never] {
        drain(record, &fold).await;
        let again = drain(record, &fold).await;
        assert!(again.iter().all(|one| matches!(one, Applied::Unchanged(_))), "once");
    }
    let late = provenances(&all(&before).await);
    let [stays, contradicts] = &late[..] else { panic!("{late:?}") };
    assert_eq!(stays, &early[0], "a Provenance is never changed");
    assert_eq!(contradicts["activity"]["coding"][0]["code"], "NULLIFY");
    assert_eq!(contradicts["target"], stays["target"]);
    assert_eq!(contradicts["entity"][0]["what"]["identifier"]["value"], stays["meta"]["tag"][0]["code"]);
    assert_ne!(contradicts["meta"]["tag"][0], stays["meta"]["tag"][0]);
    // Where it never stood, it is not written only to be taken back; and only of what could have counted anything is said.
    assert_eq!(provenances(&all(&never).await), std::slice::from_ref(contradicts));
    for (kind, json) in &all(&before).await {
        check(kind, json).unwrap();
        assert_eq!(crate::fhir::check(json).unwrap(), []);
    }
}

#[test]
fn the_approval_of_a_plan_that_itself_counts_no_longer_is_contradicted_too() {
    let events = story();
    let mut fold = folded(&events[..2]);
    // The case is closed before the plan is sent, as it turns out.
    let closed = next(70, "joe", fold.state(), CaseClosed { reason: CloseReason::Moved, continued_in: None });
    fold.extend(events[2..8].iter().cloned());
    fold.insert(closed);
    let writes = project(fold.state(), &own(), &inline);
    let [one] = of(&writes, "Provenance")[..] else { panic!("{writes:?}") };
    assert!(one.json.contains("NULLIFY"));
    let plan = of(&writes, "CarePlan")[0];
    assert!(plan.json.contains("entered-in-error"));
    let plan: serde_json::Value = serde_json::from_str(&plan.json).unwrap();
    let said: serde_json::Value = serde_json::from_str(&one.json).unwrap();
    let identifiers = plan["identifier"].as_array().unwrap();
    assert!(identifiers.contains(&said["target"][0]["identifier"]));
}

/// What a record says of signatures that somebody attested: who signed, who attests it, when each was, and under what.
#[test]
fn a_signature_given_elsewhere_is_written_as_attested() {
    let events = story();
    let mut fold = folded(&events[..7]);
    let plan = id(6);
    let signed = |signer| PlanSigned {
        plan,
        sha256: Sha256::of(PLAN),
        signer,
        how: SignedHow::Paper,
        on: "2019-02-28".parse().unwrap(),
        scan: None,
    };
    let state = fold.state();
    let rao = state.roster().seat_of(&"@rao:aco.example".parse().unwrap()).unwrap().contact.clone();
    let designee = Signer::Contact { contact: rao.id, organization: rao.organization };
    for (n, signer) in [(80, Signer::Member), (81, Signer::Representative), (82, designee)] {
        fold.insert(next(n, "joe", fold.state(), signed(signer)));
    }
    let writes = project(fold.state(), &own(), &inline);
    let written = of(&writes, "Provenance");
    let said: Vec<serde_json::Value> =
        written.iter().map(|write| serde_json::from_str(&write.json).unwrap()).collect();
    let [member, representative, designee] = &said[..] else { panic!("{said:?}") };
    for one in [member, representative, designee] {
        assert_eq!(one["occurredDateTime"], "2019-02-28");
        assert_eq!(one["activity"]["coding"][0]["code"], "LA");
        assert_eq!(
            one["entity"][0]["what"]["display"],
            "The document that was signed on paper, by its SHA-256"
        );
        assert_eq!(one["agent"][1]["type"]["coding"][0]["code"], "verifier");
        assert_eq!(one["entity"][0]["what"]["identifier"]["value"], Sha256::of(PLAN).to_string());
    }
    assert_eq!(member["agent"][0]["who"]["reference"], own().patient);
    assert_eq!(designee["agent"][0]["role"][0]["coding"][0]["code"], "pcp-designee");
    for write in written {
        check("Provenance", &write.json).unwrap();
        assert_eq!(crate::fhir::check(&write.json).unwrap(), []);
    }
}

#[test]
fn who_cannot_attest_an_approval_takes_none_back() {
    let events = story();
    let mut fold = folded(&events[..8]);
    let rao = seat("rao").contact;
    let signed = |sha256: &str| PlanSigned {
        plan: id(6),
        sha256: Sha256::of(sha256),
        signer: Signer::Contact { contact: rao.id.clone(), organization: rao.organization.clone() },
        how: SignedHow::Paper,
        on: "2019-02-28".parse().unwrap(),
        scan: None,
    };
    // The community side does not answer for the plan side; the plan is approved; no such document was sent.
    for (n, who, text) in [(80, "jane", PLAN), (81, "aco-bot", PLAN), (82, "joe", "another")] {
        fold.insert(next(n, who, fold.state(), signed(text)));
    }
    let writes = project(fold.state(), &own(), &inline);
    let [one] = of(&writes, "Provenance")[..] else { panic!("{writes:?}") };
    assert!(!one.json.contains("NULLIFY"));
}

/// Whoever is named later, or called otherwise, is not who signed.
#[test]
fn a_signature_keeps_who_signed_by_the_roster_of_that_time() {
    let mut fold = folded(&story()[..7]);
    let mut ann = seat("kim");
    ann.contact.id = "urn:example:staff|ann".parse().unwrap();
    ann.contact.user = None;
    ann.contact.role = Role::MemberRepresentative;
    let mut bob = ann.clone();
    bob.contact.id = "urn:example:staff|bob".parse().unwrap();
    bob.contact.name = "bob".into();
    let signed = PlanSigned {
        plan: id(6),
        sha256: Sha256::of(PLAN),
        signer: Signer::Representative,
        how: SignedHow::Paper,
        on: "2019-02-28".parse().unwrap(),
        scan: None,
    };
    let who = |fold: &Fold| {
        let writes = project(fold.state(), &own(), &inline);
        let said: serde_json::Value = serde_json::from_str(&of(&writes, "Provenance")[0].json).unwrap();
        said["agent"][0]["who"].clone()
    };
    let mut nobody = fold.clone();
    nobody.insert(next(80, "jane", nobody.state(), signed.clone()));
    let before = who(&nobody);
    nobody.insert(next(81, "jane", nobody.state(), SeatAdded { seat: ann.clone() }));
    assert_eq!(who(&nobody), before, "Ann came later");
    fold.insert(next(82, "jane", fold.state(), SeatAdded { seat: ann }));
    let mut both = fold.clone();
    fold.insert(next(83, "jane", fold.state(), signed.clone()));
    fold.insert(next(84, "jane", fold.state(), SeatAdded { seat: bob.clone() }));
    assert_eq!(who(&fold)["identifier"]["value"], "ann");
    both.insert(next(83, "jane", both.state(), SeatAdded { seat: bob }));
    both.insert(next(84, "jane", both.state(), signed));
    assert_eq!(who(&both), before, "which of the two, nobody says");
}

#[tokio::test]
async fn the_scan_of_a_signature_is_kept_and_the_signature_names_it() {
    let scan = Scan::new("application/pdf", b"%PDF-1.4 synthetic".to_vec()).unwrap().to_fhir_json();
    let signed = |sha256: &str| PlanSigned {
        plan: id(6),
        sha256: Sha256::of(sha256),
        signer: Signer::Member,
        how: SignedHow::Paper,
        on: "2019-02-28".parse().unwrap(),
        scan: Some(Document {
            sha256: Sha256::of(&scan),
            size: scan.len() as u64,
            carriage: Carriage::Inline(scan.clone()),
        }),
    };
    let before = folded(&story()[..7]);
    let mut fold = before.clone();
    let first = next(80, "joe", fold.state(), signed(PLAN));
    fold.insert(first.clone());
    // One that crossed with it does not count, and one of another document never could.
    let second = next(81, "jane", before.state(), signed(PLAN));
    fold.insert(second);
    fold.insert(next(82, "jane", fold.state(), signed("another")));
    let record = PlainRecord::new();
    drain(&record, &fold).await;
    let all = all(&record).await;
    let said = |kind: &str| -> Vec<serde_json::Value> {
        let of = all.iter().filter(|(of, _)| of == kind);
        of.map(|(_, json)| serde_json::from_str(json).unwrap()).collect()
    };
    let documents = said("DocumentReference");
    let mut status: Vec<&str> = documents.iter().map(|one| one["status"].as_str().unwrap()).collect();
    status.sort_unstable();
    assert_eq!(status, ["current", "entered-in-error"]);
    let current = documents.iter().find(|one| one["status"] == "current").unwrap();
    let attachment = &current["content"][0]["attachment"];
    assert_eq!(attachment["contentType"], "application/pdf");
    assert_eq!(current["identifier"][1]["value"], Sha256::of(&scan).to_string());
    assert_eq!(current["extension"][0]["url"].as_str().unwrap(), crate::fhir::codes::HEADS);
    let provenances = said("Provenance");
    let named = provenances.iter().find_map(|one| one["entity"][1]["what"]["identifier"]["value"].as_str());
    assert_eq!(named, current["identifier"][0]["value"].as_str());
    for (kind, json) in &all {
        check(kind, json).unwrap();
        assert_eq!(crate::fhir::check(json).unwrap(), [], "{json}");
    }
    // Before it counted it was written, and follows.
    let late = PlainRecord::new();
    let mut one = before.clone();
    one.insert(next(81, "jane", before.state(), signed(PLAN)));
    drain(&late, &one).await;
    drain(&late, &fold).await;
    let written = |found: &[(String, String)]| {
        let mut found: Vec<String> = found
            .iter()
            .filter(|(kind, _)| kind == "DocumentReference")
            .map(|(_, json)| json.clone())
            .collect();
        found.sort();
        found
    };
    assert_eq!(written(&self::all(&late).await), written(&all));
}

#[tokio::test]
async fn a_copy_that_was_given_is_a_communication_and_follows_what_counts() {
    use crate::care_plan::{CopiedHow, CopyTo, PlanCopied};
    let fold = folded(&story()[..7]);
    let approved = PlanApproved { plan: id(6), sha256: Sha256::of(PLAN) };
    let mut before = fold.clone();
    before.insert(next(80, "rao", fold.state(), approved));
    let rao = seat("rao").contact;
    let copied = |to| PlanCopied { plan: id(6), to, how: CopiedHow::Fax, on: "2026-01-05".parse().unwrap() };
    let mut fold = before.clone();
    fold.insert(next(81, "jane", fold.state(), copied(CopyTo::Member)));
    fold.insert(next(82, "joe", fold.state(), copied(CopyTo::Representative)));
    let to = CopyTo::Contact { contact: rao.id, organization: rao.organization };
    fold.insert(next(83, "joe", fold.state(), copied(to)));
    // It crossed with the first, and says the same.
    let crossed = next(84, "joe", before.state(), copied(CopyTo::Member));
    let (early, late) = (PlainRecord::new(), PlainRecord::new());
    let mut one = before.clone();
    one.insert(crossed.clone());
    drain(&early, &one).await;
    fold.insert(crossed);
    drain(&early, &fold).await;
    drain(&late, &fold).await;
    assert_eq!(all(&early).await, all(&late).await);
    let written = all(&late).await;
    let said = written
        .iter()
        .filter(|(kind, json)| kind == "Communication" && json.contains("Copy of the care plan"));
    let said: Vec<serde_json::Value> = said.map(|(_, json)| serde_json::from_str(json).unwrap()).collect();
    let status = |of: &str| said.iter().filter(|one| one["status"] == of).count();
    assert_eq!((status("completed"), status("entered-in-error")), (3, 1));
    for one in &said {
        assert_eq!(one["sent"], "2026-01-05");
        assert_eq!(one["medium"][0]["coding"][0]["code"], "FAXWRIT");
        assert!(one["about"][0]["identifier"]["value"].as_str().unwrap().starts_with(&id(6).to_string()));
    }
    for (kind, json) in &written {
        check(kind, json).unwrap();
        assert_eq!(crate::fhir::check(json).unwrap(), [], "{json}");
    }
}

/// What a record says of an in-house approval: which clinician, who attests it where that is another, and what does not count.
#[tokio::test]
async fn an_in_house_approval_is_written_and_taken_back() {
    use crate::care_plan::PlanApprovedInHouse;

    let mut fold = folded(&story()[..7]);
    fold.insert(next(80, "jane", fold.state(), SeatAdded { seat: seat("kim") }));
    let before = fold.clone();
    let kim = seat("kim").contact;
    let approved = PlanApprovedInHouse {
        plan: id(6),
        sha256: Sha256::of(PLAN),
        by: Some(kim.id.clone()),
        on: Some("2019-02-28".parse().unwrap()),
    };
    let first = next(81, "jane", fold.state(), approved.clone());
    // It crossed with the first, and comes after it.
    let crossed = (82..120)
        .map(|n| {
            next(n, "kim", before.state(), PlanApprovedInHouse { by: None, on: None, ..approved.clone() })
        })
        .find(|crossed| crossed.key().id > first.key().id)
        .unwrap();
    fold.insert(first);
    let early = PlainRecord::new();
    let mut one = before.clone();
    one.insert(crossed.clone());
    drain(&early, &one).await;
    let [own_word] = &provenances(&all(&early).await)[..] else { panic!("one") };
    assert_eq!(own_word["activity"]["coding"][0]["code"], "AU");
    assert_eq!(own_word["agent"].as_array().unwrap().len(), 1);
    assert_eq!(own_word["agent"][0]["who"]["identifier"]["value"], "kim");

    fold.insert(crossed);
    let record = PlainRecord::new();
    drain(&record, &fold).await;
    drain(&early, &fold).await;
    let written = provenances(&all(&record).await);
    let of = |code: &str| written.iter().find(|one| one["activity"]["coding"][0]["code"] == code).unwrap();
    let attested = of("AU");
    assert_eq!(attested["occurredDateTime"], "2019-02-28");
    assert_eq!(attested["agent"][0]["role"][0]["coding"][0]["code"], "nurse");
    assert_eq!(attested["agent"][1]["type"]["coding"][0]["code"], "verifier");
    assert_eq!(attested["agent"][1]["who"]["identifier"]["value"], "jane");
    assert_eq!(of("NULLIFY")["entity"][0]["what"]["identifier"]["value"], own_word["meta"]["tag"][0]["code"]);
    assert_eq!(written.len(), 2);
    for (kind, json) in &all(&early).await {
        check(kind, json).unwrap();
        assert_eq!(crate::fhir::check(json).unwrap(), [], "{json}");
    }
}
