//! Who there is: people, organisations, and how one reaches them.

use crate::Result;
use crate::fhir::codes;
use crate::fhir::workflow::{
    Address, Coding, ContactPoint, ContactSystem, Endpoint, EndpointStatus, Gender, HealthcareService,
    HumanName, Location, LocationStatus, Organization, Patient, Period, Practitioner, PractitionerRole,
    Reference, RelatedPerson,
};

use super::{at, cp, day, jane, joe, marty, name, words};

fn phone(number: &str) -> ContactPoint {
    ContactPoint {
        system: Some(ContactSystem::Phone),
        value: Some(number.into()),
        usage: Some("work".into()),
    }
}

fn address() -> Address {
    Address {
        line: vec!["1 Example Street".into()],
        city: Some("Springfield".into()),
        state: Some("MA".into()),
        postal_code: Some("01101".into()),
        text: None,
    }
}

fn human(given: &str, family: &str) -> HumanName {
    HumanName {
        text: Some(format!("{given} {family}")),
        family: Some(family.into()),
        given: vec![given.into()],
    }
}

pub(super) fn people() -> Result<Vec<(&'static str, String)>> {
    let patient = Patient {
        identifier: vec![Patient::medicaid("urn:synthetic:medicaid", "100000000001")],
        active: Some(true),
        name: vec![human("Marty", "Specimen")],
        telecom: vec![phone("555-0100")],
        gender: Some(Gender::Male),
        birth_date: day(1961, 3, 17),
        deceased: Some(at("2031-01-05")?),
        address: vec![address()],
        general_practitioner: vec![joe()],
        managing_organization: Some(cp()),
        ..Patient::default()
    };
    let patient = patient.to_fhir_json()?;
    let identified =
        Patient::identify(&patient, &Patient::medicaid("urn:synthetic:medicaid", "100000000002"))?;
    let related = RelatedPerson {
        identifier: vec![name("ann")],
        active: Some(true),
        patient: marty(),
        relationship: vec![Coding::new("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "SIS").into()],
        name: vec![human("Ann", "Specimen")],
        telecom: vec![phone("555-0101")],
        period: Some(Period::since(at("2018")?)),
        ..RelatedPerson::default()
    };
    let practitioner = Practitioner {
        identifier: vec![name("jane")],
        active: Some(true),
        name: vec![human("Jane", "Sample")],
        telecom: vec![phone("555-0102")],
        gender: Some(Gender::Unknown),
        ..Practitioner::default()
    };
    let role = PractitionerRole {
        identifier: vec![name("jane-at-cp")],
        active: Some(true),
        period: Some(Period::since(at("2018-06")?)),
        practitioner: Some(jane()),
        organization: Some(cp()),
        code: vec![Coding::new(codes::ROLE, "cp-care-coordinator").display("CP care coordinator").into()],
        specialty: vec![Coding::new(codes::TOPIC, "care-plan").into()],
        location: vec![Reference::identified("Location", name("office"))],
        healthcare_service: vec![Reference::identified("HealthcareService", name("meals"))],
        telecom: vec![phone("555-0103")],
        endpoint: vec![Reference::identified("Endpoint", name("jane-matrix"))],
        ..PractitionerRole::default()
    };
    let role = role.to_fhir_json()?;
    let organization = Organization {
        identifier: vec![name("cp")],
        active: Some(true),
        kind: vec![Coding::new(codes::ORGANIZATION_KIND, "bh-cp").into()],
        name: Some("Example Community Partner".into()),
        telecom: vec![phone("555-0104")],
        address: vec![address()],
        part_of: Some(Reference::identified("Organization", name("parent"))),
        endpoint: vec![Reference::identified("Endpoint", name("cp-keeper"))],
        ..Organization::default()
    };
    let endpoint = Endpoint {
        identifier: vec![name("jane-matrix")],
        name: Some("Matrix".into()),
        managing_organization: Some(cp()),
        period: Some(Period::since(at("2018-06-01")?)),
        ..Endpoint::matrix(&"@jane:cp.example".parse()?)
    };
    let endpoint = endpoint.to_fhir_json()?;
    let service = HealthcareService {
        identifier: vec![name("meals")],
        active: Some(true),
        provided_by: Some(Reference::identified("Organization", name("kitchen"))),
        category: vec![words("Food")],
        kind: vec![words("Home-delivered meals")],
        location: vec![Reference::identified("Location", name("office"))],
        name: Some("Example Kitchen".into()),
        comment: Some("Synthetic".into()),
        telecom: vec![phone("555-0105")],
        program: vec![words("Flexible Services")],
        endpoint: vec![Reference::identified("Endpoint", name("kitchen-matrix"))],
        ..HealthcareService::default()
    };
    let location = Location {
        identifier: vec![name("office")],
        status: Some(LocationStatus::Active),
        name: Some("Example Office".into()),
        kind: vec![Coding::new("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "HOSP").into()],
        telecom: vec![phone("555-0106")],
        address: Some(address()),
        managing_organization: Some(cp()),
        ..Location::default()
    };
    let location = location.to_fhir_json()?;
    Ok(vec![
        ("patient", patient),
        ("patient-identified", identified),
        ("related-person", related.to_fhir_json()?),
        ("practitioner", practitioner.to_fhir_json()?),
        ("role-ended", PractitionerRole::end(&role, &at("2019-06-30")?)?),
        ("role", role),
        ("organization-closed", Organization::set_active(&organization.to_fhir_json()?, false)?),
        ("organization", organization.to_fhir_json()?),
        ("endpoint-off", Endpoint::step(&endpoint, EndpointStatus::Off)?),
        ("endpoint", endpoint),
        ("healthcare-service", service.to_fhir_json()?),
        ("location-suspended", Location::step(&location, LocationStatus::Suspended)?),
        ("location", location),
    ])
}
