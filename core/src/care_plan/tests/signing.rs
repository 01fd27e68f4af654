//! Signatures that were given elsewhere. All data is synthetic.

use super::*;

fn signed(plan: EventId, signer: Signer) -> PlanSigned {
    let sha256 = Sha256::of("plan");
    PlanSigned { plan, sha256, signer, how: SignedHow::Fax, on: "2019-02-28".parse().unwrap(), scan: None }
}

fn contact(who: &str, of: &str) -> Signer {
    Signer::Contact {
        contact: format!("urn:example:staff|{who}").parse().unwrap(),
        organization: format!("urn:example:org|{of}").parse().unwrap(),
    }
}

#[test]
fn who_may_attest_which_signature() {
    let (open, id) = sent("plan");
    let by = |who: &str, event: &PlanSigned| code(take(&open, who, EventId::new(), PlanEvent::Signed(event)));
    let of = |signer: Signer| signed(id, signer);
    for (who, event, expected) in [
        ("joe", of(contact("rao", "aco")), "approved"),
        ("lee", of(contact("pcp", "aco")), "approved"),
        ("rao", of(contact("rao", "aco")), "approved"),
        ("jane", of(contact("rao", "aco")), "plan-not-plan-side"),
        ("joe", of(contact("lee", "aco")), "plan-approver"),
        ("joe", of(contact("jane", "cp")), "plan-signer"),
        ("joe", of(contact("nobody", "aco")), "plan-signer"),
        ("jane", of(Signer::Member), "sent"),
        ("joe", of(Signer::Representative), "sent"),
        ("bot", of(Signer::Member), "plan-by-keeper"),
        ("jane", PlanSigned { sha256: Sha256::of("another"), ..of(Signer::Member) }, "plan-other-document"),
        ("jane", PlanSigned { plan: EventId::new(), ..of(Signer::Member) }, "plan-unknown"),
        ("jane", PlanSigned { on: "2019-03-02".parse().unwrap(), ..of(Signer::Member) }, "sent"),
        (
            "jane",
            PlanSigned { on: "2019-03-03".parse().unwrap(), ..of(Signer::Member) },
            "plan-signature-date",
        ),
    ] {
        assert_eq!(by(who, &event), expected, "{who} {event:?}");
    }
}

#[test]
fn one_signature_is_attested_once_and_a_plan_that_is_gone_is_not_signed() {
    let (open, id) = sent("plan");
    let member = signed(id, Signer::Member);
    let provider = signed(id, contact("rao", "aco"));
    let sign =
        |plans: &CarePlans, event: &PlanSigned| take(plans, "joe", EventId::new(), PlanEvent::Signed(event));
    let both = sign(&sign(&open, &member).unwrap(), &provider).unwrap();
    let plan = both.get(id).unwrap();
    let (PlanStatus::Approved(by), [first, second]) = (&plan.status, &plan.signatures[..]) else {
        panic!("{plan:?}")
    };
    assert_eq!((first.signer.clone(), first.attested.contact.value()), (Signer::Member, "joe"));
    assert_eq!((by.contact.value(), &by.role), ("rao", &Role::PcpDesignee));
    assert_eq!(plan.attested_approval(), Some(second));
    assert_eq!((second.attested.contact.value(), second.how), ("joe", SignedHow::Fax));
    assert_eq!(code(sign(&both, &member)), "plan-signed-already");
    assert_eq!(code(sign(&both, &provider)), "plan-not-open");
    // The member may sign after the provider did.
    assert_eq!(code(sign(&sign(&open, &provider).unwrap(), &member)), "approved");
    let changes = PlanReturned { plan: id, changes: "more".into() };
    let returned = take(&open, "joe", EventId::new(), PlanEvent::Returned(&changes)).unwrap();
    assert_eq!(code(sign(&returned, &member)), "plan-not-open");
    // A new version is not signed by the signature under the one before.
    let next = take(&both, "jane", EventId::new(), PlanEvent::Sent(&plan_that_replaces(id))).unwrap();
    assert_eq!(next.all()[1].signatures, []);
}

fn plan_that_replaces(id: EventId) -> PlanSent {
    plan("plan 2", Some(id))
}

#[test]
fn a_signature_is_told_as_attested() {
    let everybody = roster(&["jane", "joe", "rao"]);
    for (signer, expected) in [
        (
            Signer::Member,
            "Joe Alvarez (ACO care manager) attests: the member signed the care plan by fax on 2019-02-28. There is no scan of it.",
        ),
        (
            contact("rao", "aco"),
            "Joe Alvarez (ACO care manager) attests: Dr Rao (PCP designee) signed the care plan by fax on 2019-02-28. There is no scan of it.",
        ),
        (
            contact("gone", "aco"),
            "Joe Alvarez (ACO care manager) attests: the primary care provider or the designee signed the care plan by fax on 2019-02-28. There is no scan of it.",
        ),
    ] {
        let event = signed(EventId::new(), signer);
        assert_eq!(tell(PlanEvent::Signed(&event), &seat("joe"), &everybody), expected);
    }
}

#[test]
fn a_new_version_undoes_what_was_signed_until_it_is_signed_again() {
    let (open, id) = sent("plan");
    let sign = |plans: &CarePlans, event: &PlanSigned| {
        take(plans, "joe", EventId::new(), PlanEvent::Signed(event)).unwrap()
    };
    let first = sign(&sign(&open, &signed(id, Signer::Member)), &signed(id, contact("rao", "aco")));
    let new = EventId::new();
    let next = take(&first, "jane", new, PlanEvent::Sent(&plan_that_replaces(id))).unwrap();
    let undone = |plans: &CarePlans| -> (Vec<Signer>, bool) {
        let (was, is) = (plans.get(id).unwrap(), plans.get(new).unwrap());
        let signers = was.signatures_undone_by(is).iter().map(|signature| signature.signer.clone()).collect();
        (signers, was.approval_undone_by(is).is_some())
    };
    assert_eq!(undone(&next), (vec![Signer::Member, contact("rao", "aco")], true));
    let again = PlanSigned { plan: new, sha256: Sha256::of("plan 2"), ..signed(new, Signer::Member) };
    let next = sign(&next, &again);
    assert_eq!(undone(&next), (vec![contact("rao", "aco")], true));
    let again = PlanSigned { signer: contact("rao", "aco"), ..again };
    assert_eq!(undone(&sign(&next, &again)), (vec![], false));
    assert_eq!(next.with_document(&Sha256::of("plan 2")).unwrap().sent.id, new);
    assert!(
        first.get(id).unwrap().signatures_undone_by(open.get(id).unwrap()).is_empty(),
        "it is the same text"
    );
}
