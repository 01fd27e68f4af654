//! A Part 2 program refers: what an agency was told of it is labelled, and that it is over is told without a consent.

use super::*;

/// A referral of a Part 2 program.
async fn of_a_program(world: &World) -> ([Caseline; 3], Case, Case, (EventKey, EventId)) {
    let (jane, joe, pat) = (start(world, "jane").await, start(world, "joe").await, start(world, "pat").await);
    let of_a_program =
        AGREEMENT.replace("outreach] }", MORE).replace("id: harbor-bay\n", "id: harbor-bay-3\n")
            + "part2: { programs: [{ organization: urn:example:org|cp }], covered: [urn:example:org|aco] }\n";
    for one in [&jane, &joe] {
        one.add_agreement(&of_a_program).unwrap();
    }
    let mut open = opening(&["jane", "joe"]);
    open.agreement = Some("harbor-bay-3".parse().unwrap());
    let case = jane.open(open).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    let mut given = consent();
    given.scope.recipients.insert(organization_id("aco"));
    let given = case.record_consent(None, given).unwrap().id;
    settle(&[&joe, &jane]).await;
    let key = case.refer(None, refer(given).field(Field::Name)).await.unwrap().key;
    settle(&[&jane]).await;
    let theirs = accept(&pat).await;
    settle(&[&pat, &jane, &joe]).await;
    ([jane, joe, pat], case, theirs, (key, given))
}

#[tokio::test]
async fn the_audit_says_how_what_an_agency_was_told_is_labelled() {
    let world = World::new();
    let ([jane, _, pat], case, theirs, (key, given)) = of_a_program(&world).await;
    assert_eq!(status(&case, &key), "sent");
    let opened = theirs.state().unwrap().opening().unwrap().event.clone();
    let audited = jane.engine.db.audit().unwrap().2;
    let entry = audited.iter().find(|entry| entry.what.event.as_ref() == Some(&opened)).unwrap();
    assert!(entry.what.labels.contains(&"42CFRPart2".to_owned()), "{:?}", entry.what.labels);
    assert_eq!(entry.what.consents, [given]);
    // And the agency's record says so of what it holds.
    for kind in ["ServiceRequest", "Task"] {
        let stored = pat.resources(kind).await.unwrap();
        assert!(stored[0].json.contains("42CFRPart2"), "{}", stored[0].json);
    }
}

#[tokio::test]
async fn that_a_part_2_programs_referral_is_over_is_told_by_itself_without_a_consent() {
    let world = World::new();
    let ([jane, joe, pat], case, theirs, (key, given)) = of_a_program(&world).await;
    theirs.accept_referral(None).unwrap();
    settle(&[&pat, &jane, &joe]).await;
    case.revoke_consent(None, given, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    settle(&[&jane, &pat]).await;
    assert!(theirs.referral().unwrap().unwrap().status.is_over());
    settle(&[&jane, &joe]).await;
    let joes = joe.case(case.id()).unwrap();
    assert_eq!((status(&joes, &key), told(&joes, &key).last()), ("withdrawn", Some(&Told::Cancelled)));
    let sent = world.server.messages(&super::super::room(&case)).unwrap();
    let (.., last) = sent.iter().rfind(|(.., content)| content.get().contains("referral.told")).unwrap();
    for secret in ["Pantry", "meals", "42CFRPart2"] {
        assert!(!last.get().contains(secret), "{}", last.get());
    }
    assert!(last.get().contains("A referral in this case is over."), "{}", last.get());
}
