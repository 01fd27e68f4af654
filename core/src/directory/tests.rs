#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::organization::OrganizationKind;

// Synthetic.
fn organization(value: &str) -> Organization {
    Organization {
        id: format!("urn:example:org|{value}").parse().unwrap(),
        name: value.to_owned(),
        kind: OrganizationKind::AccountableCareOrganization,
        role_account: Some(format!("@keeper:{value}.example").parse().unwrap()),
        phone: None,
    }
}

fn contact(who: &str, of: &str, role: Role, topics: &[Topic], reach: &str) -> Contact {
    Contact {
        id: format!("urn:example:staff|{who}").parse().unwrap(),
        name: who.to_owned(),
        role,
        organization: format!("urn:example:org|{of}").parse().unwrap(),
        user: reach.contains('m').then(|| format!("@{who}:{of}.example").parse().unwrap()),
        phone: reach.contains('p').then(|| "+1 617 555 0100".to_owned()),
        topics: topics.to_vec(),
    }
}

fn directory() -> Directory {
    let plan = &[Topic::CarePlan][..];
    Directory {
        organizations: vec![organization("aco"), organization("cp")],
        contacts: vec![
            contact("keeper", "aco", Role::Keeper, plan, "m"),
            contact("nobody", "aco", Role::Nurse, plan, ""),
            contact("joe", "aco", Role::AcoCareManager, plan, "m"),
            contact("ann", "aco", Role::Nurse, &[Topic::Admission], "mp"),
            contact("lee", "aco", Role::Supervisor, plan, "p"),
            contact("jane", "cp", Role::CpCareCoordinator, plan, "mp"),
        ],
    }
}

#[test]
fn one_calls_a_person_who_is_designated_and_can_be_reached() {
    let aco = organization("aco").id;
    let names = |topic| {
        directory().who_to_call(&aco, topic).map(|who| {
            let backups: Vec<String> = who.backups.into_iter().map(|contact| contact.name).collect();
            (who.primary.name, backups)
        })
    };
    assert_eq!(names(Topic::CarePlan).unwrap(), ("joe".to_owned(), vec!["lee".to_owned()]));
    assert_eq!(names(Topic::Admission).unwrap(), ("ann".to_owned(), vec![]));
}

#[test]
fn a_gap_is_named() {
    for (of, topic, missing) in
        [("aco", Topic::Consent, "contact"), ("hospital", Topic::CarePlan, "organization")]
    {
        let error = directory().who_to_call(&organization(of).id, topic).unwrap_err();
        assert!(matches!(error, Error::NotFound { what } if what == missing), "{of}");
    }
}

#[test]
fn an_account_belongs_to_an_organisation() {
    let directory = directory();
    for (user, expected) in [
        ("@keeper:cp.example", Some("cp")),
        ("@jane:cp.example", Some("cp")),
        ("@joe:aco.example", Some("aco")),
        ("@joe:cp.example", None),
        ("@eve:aco.example", None),
    ] {
        let found = directory.organization_of_user(&user.parse().unwrap());
        assert_eq!(found.map(|organization| organization.name.as_str()), expected, "{user}");
    }
    let joe = directory.contact_of_user(&"@joe:aco.example".parse().unwrap()).unwrap();
    assert_eq!(joe.name, "joe");
}

#[test]
fn a_merge_replaces_in_place_and_appends() {
    let mut merged = directory();
    let newer = Organization { name: "renamed".into(), ..organization("aco") };
    let joe = contact("joe", "aco", Role::AcoCareManager, &[], "p");
    // The same person at another organisation is another contact.
    let joe_too = contact("joe", "cp", Role::Nurse, &[Topic::Technical], "p");
    merged.merge(Directory {
        organizations: vec![newer.clone(), organization("practice")],
        contacts: vec![joe.clone(), joe_too.clone()],
    });
    assert_eq!(merged.organizations, [newer, organization("cp"), organization("practice")]);
    let mut expected = directory().contacts;
    expected[2] = joe;
    expected.push(joe_too);
    assert_eq!(merged.contacts, expected);
    let before = merged.clone();
    merged.merge(before.clone());
    assert_eq!(merged, before);
}

#[test]
fn who_works_for_several_organisations_is_found_by_one_of_them() {
    let mut directory = directory();
    let found = |directory: &Directory, who: &str, of: Option<&str>| {
        let of = of.map(|of| format!("urn:example:org|{of}").parse().unwrap());
        match directory.contact(&format!("urn:example:staff|{who}").parse().unwrap(), of.as_ref()) {
            Ok(contact) => contact.organization.value().to_owned(),
            Err(Error::InvalidInput(invalid)) => invalid.code.to_owned(),
            Err(Error::NotFound { what }) => what.to_owned(),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(found(&directory, "joe", None), "aco");
    assert_eq!(found(&directory, "joe", Some("cp")), "contact");
    directory.contacts.push(contact("joe", "cp", Role::Nurse, &[], "p"));
    assert_eq!(found(&directory, "joe", None), "ambiguous-contact");
    assert_eq!(found(&directory, "joe", Some("cp")), "cp");
    assert_eq!(found(&directory, "nora", None), "contact");
}
