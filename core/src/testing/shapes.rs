//! A synthetic resource of every type that the workflow writes, with every element that it can set, and what their lives make
//! of them.

use jiff::civil::Date;

use crate::Result;
use crate::communication::Priority;
use crate::fhir::codes;
use crate::fhir::workflow::*;
use crate::id::Sha256;

/// Resources by a name that says what they are, each as text that was just written. All of it is synthetic.
///
/// # Errors
/// What breaks a rule: then something here is wrong.
pub fn shapes() -> Result<Vec<(&'static str, String)>> {
    let mut all = Vec::new();
    all.extend(people()?);
    all.extend(teams()?);
    all.extend(plans()?);
    all.extend(messages()?);
    all.extend(work()?);
    all.extend(visits()?);
    all.extend(papers()?);
    Ok(all)
}

fn name(value: &str) -> Identifier {
    Identifier::new("urn:synthetic:names", value)
}

fn at(text: &str) -> Result<Time> {
    text.parse()
}

fn day(year: i16, month: i8, day: i8) -> Option<Date> {
    Date::new(year, month, day).ok()
}

fn marty() -> Reference {
    Reference::to("Patient/synthetic-marty").display("Marty Specimen")
}

fn jane() -> Reference {
    Reference::identified("Practitioner", name("jane")).display("Jane Sample")
}

fn joe() -> Reference {
    Reference::identified("Practitioner", name("joe")).display("Joe Sample")
}

fn cp() -> Reference {
    Reference::identified("Organization", name("cp")).display("Example Community Partner")
}

fn aco() -> Reference {
    Reference::identified("Organization", name("aco")).display("Example ACO")
}

fn words(text: &str) -> Concept {
    Concept::text(text)
}

fn note(text: &str) -> Result<Note> {
    Ok(Note { author: Some(jane()), time: Some(at("2019-03-01T10:00:00-05:00")?), text: text.into() })
}

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

fn people() -> Result<Vec<(&'static str, String)>> {
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

fn participant(role: &str, member: Reference, of: Option<Reference>, since: &str) -> Result<Participant> {
    Ok(Participant {
        role: vec![Coding::new(codes::ROLE, role).into()],
        member: Some(member),
        on_behalf_of: of,
        period: Some(Period::since(at(since)?)),
    })
}

fn teams() -> Result<Vec<(&'static str, String)>> {
    let team = CareTeam {
        identifier: vec![name("team")],
        status: Some(CareTeamStatus::Proposed),
        category: vec![
            Coding::new(codes::LOINC, "LA28865-6").into(),
            Coding::new(codes::LOINC, "LA28866-4").into(),
        ],
        name: Some("Marty's team".into()),
        subject: Some(marty()),
        period: Some(Period::since(at("2019-03-01T10:00:00-05:00")?)),
        participant: vec![participant("cp-care-coordinator", jane(), Some(cp()), "2019-03-01")?],
        managing_organization: vec![aco(), cp()],
        ..CareTeam::default()
    };
    let proposed = team.to_fhir_json()?;
    let active = CareTeam::step(&proposed, CareTeamStatus::Active)?;
    let keeper = participant("keeper", aco(), None, "2019-03-01")?;
    let grown = CareTeam::add(&active, &keeper)?;
    let grown = CareTeam::add(&grown, &participant("member", marty(), None, "2019-03-01")?)?;
    let by = participant("aco-care-manager", joe(), Some(aco()), "2019-04-01")?;
    let replaced = CareTeam::replace(&grown, &jane(), &at("2019-03-31")?, &by)?;
    let ended = CareTeam::end(&replaced, &joe(), &at("2019-12-31T12:00:00Z")?)?;
    let closed =
        CareTeam::step(&CareTeam::step(&ended, CareTeamStatus::Suspended)?, CareTeamStatus::Inactive)?;
    Ok(vec![
        ("team-proposed", proposed),
        ("team-grown", grown),
        ("team-replaced", replaced),
        ("team-closed", closed),
    ])
}

fn plans() -> Result<Vec<(&'static str, String)>> {
    let plan = CarePlan {
        identifier: vec![name("plan")],
        based_on: vec![Reference::identified("CarePlan", name("assessment"))],
        part_of: vec![Reference::identified("CarePlan", name("whole"))],
        status: CarePlanStatus::Draft,
        intent: Intent::Plan,
        category: vec![CarePlan::assess_plan()],
        title: Some("Treatment plan".into()),
        description: Some("Synthetic".into()),
        subject: marty(),
        period: Some(Period::between(at("2019-03-01")?, at("2020-02-29")?)),
        created: Some(at("2019-03-01T10:00:00-05:00")?),
        author: Some(jane()),
        contributor: vec![joe()],
        care_team: vec![Reference::identified("CareTeam", name("team"))],
        addresses: vec![Reference::identified("Condition", name("condition")).display("Synthetic condition")],
        supporting_info: vec![Reference::identified("DocumentReference", name("assessment"))],
        goal: vec![Reference::identified("Goal", name("housing"))],
        activity: vec![Activity::of(Reference::identified("Task", name("visit")))],
        note: vec![note("Synthetic")?],
        ..CarePlan::default()
    };
    let draft = plan.to_fhir_json()?;
    let active = CarePlan::step(&draft, CarePlanStatus::Active)?;
    let grown = CarePlan::add_goal(&active, &Reference::to("Goal/synthetic-food"))?;
    let grown = CarePlan::add_activity(&grown, &Reference::to("ServiceRequest/synthetic-meals"))?;
    let grown = CarePlan::support(&grown, &Reference::to("DocumentReference/synthetic-form"))?;
    let grown = CarePlan::add_contributor(&grown, &aco())?;
    // As a server gives it back.
    let stored = grown.replacen(
        '{',
        r#"{"id":"synthetic-plan","meta":{"versionId":"3","lastUpdated":"2019-03-02T08:00:00Z"},"#,
        1,
    );
    let old = Reference::to("CarePlan/synthetic-plan");
    let renewed = CarePlan::new_version(&stored, Succession::Replaces, &old, &at("2020-03-01")?)?;
    let derived = CarePlan::new_version(&stored, Succession::BasedOn, &old, &at("2020-03-01")?)?;
    let mut signed = Provenance::signature(
        Reference::to("CarePlan/synthetic-plan/_history/3"),
        &Sha256::of(&stored),
        SignatureType::Verification,
        Agent {
            role: vec![Coding::new(codes::ROLE, "pcp").into()],
            who: joe(),
            on_behalf_of: Some(aco()),
            ..Agent::default()
        },
        &at("2019-03-05T15:30:00-05:00")?,
    );
    signed.meta.tag.push(Coding::new(codes::EVENT, "synthetic-signature"));
    signed.reason.push(Coding::new("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT").into());
    let goal = Goal {
        identifier: vec![name("housing")],
        status: GoalStatus::Proposed,
        achievement_status: Some(Goal::achievement("in-progress")),
        category: vec![words("Social")],
        description: words("A home of one's own"),
        subject: marty(),
        start: day(2019, 3, 1),
        target: vec![Target { measure: Some(words("Lease signed")), due: day(2019, 12, 1) }],
        status_date: day(2019, 3, 1),
        status_reason: Some("Synthetic".into()),
        expressed_by: Some(marty()),
        addresses: vec![Reference::identified("Condition", name("condition"))],
        note: vec![note("Synthetic")?],
        ..Goal::default()
    };
    let goal = goal.to_fhir_json()?;
    let reached = Goal::step(
        &Goal::step(&goal, GoalStatus::Active, Date::constant(2019, 3, 2))?,
        GoalStatus::Completed,
        Date::constant(2019, 11, 1),
    )?;
    Ok(vec![
        ("plan-revoked", CarePlan::step(&active, CarePlanStatus::Revoked)?),
        ("plan-draft", draft),
        ("plan-grown", grown),
        ("plan-renewed", renewed),
        ("plan-derived", derived),
        ("plan-signature", signed.to_fhir_json()?),
        ("goal", goal),
        ("goal-reached", reached),
    ])
}

fn messages() -> Result<Vec<(&'static str, String)>> {
    let thread = Identifier::new(codes::THREAD, "synthetic-case");
    let header = Communication {
        identifier: vec![thread.clone()],
        status: CommunicationStatus::InProgress,
        subject: Some(marty()),
        ..Communication::default()
    };
    let header = header.to_fhir_json()?;
    let message = Communication {
        identifier: vec![Identifier::new(codes::EVENT, "synthetic-1")],
        based_on: vec![Reference::identified("ServiceRequest", name("meals"))],
        part_of: vec![Reference::identified("Communication", thread)],
        in_response_to: vec![Reference::identified(
            "Communication",
            Identifier::new(codes::EVENT, "synthetic-0"),
        )],
        status: CommunicationStatus::Completed,
        category: vec![Coding::new(codes::KIND, "message.sent").into()],
        priority: Some(Priority::Urgent),
        subject: Some(marty()),
        topic: Some(words("Discharge")),
        about: vec![Reference::identified("Encounter", name("stay"))],
        encounter: Some(Reference::identified("Encounter", name("stay"))),
        sent: Some(at("2019-03-01T10:00:00-05:00")?),
        recipient: vec![joe(), aco()],
        sender: Some(jane()),
        payload: vec![
            Payload::Text("Marty is in the hospital again.".into()),
            Payload::Attachment(Attachment {
                content_type: Some("application/pdf".into()),
                url: Some("mxc://cp.example/synthetic".into()),
                size: Some(12),
                title: Some("Form".into()),
                creation: Some(at("2019-03-01")?),
                ..Attachment::default()
            }),
            Payload::Attachment(Attachment {
                content_type: Some("text/plain".into()),
                data: Some("c3ludGhldGlj".into()),
                ..Attachment::default()
            }),
            Payload::Reference(Reference::identified("DocumentReference", name("form"))),
        ],
        note: vec![note("Synthetic")?],
        ..Communication::default()
    };
    let message = message.labelled(&Label::ALL);
    let text = Communication::receive(&message.to_fhir_json()?, &at("2019-03-01T15:00:01Z")?)?;
    let right = Communication {
        identifier: vec![Identifier::new(codes::EVENT, "synthetic-2")],
        in_response_to: Vec::new(),
        sent: Some(at("2019-03-01T10:05:00-05:00")?),
        ..message.clone()
    };
    let (wrong, right) = Communication::correct(&text, right)?;
    let unsent = Communication {
        status: CommunicationStatus::NotDone,
        status_reason: Some(words("The member must not be contacted")),
        sent: None,
        ..message
    };
    Ok(vec![
        ("thread-over", Communication::step(&header, CommunicationStatus::Completed)?),
        ("thread", header),
        ("message", text),
        ("message-wrong", wrong),
        ("message-right", right),
        ("message-not-sent", unsent.to_fhir_json()?),
    ])
}

fn work() -> Result<Vec<(&'static str, String)>> {
    let now = at("2019-03-02T09:00:00-05:00")?;
    let task = Task {
        identifier: vec![name("visit")],
        based_on: vec![Reference::identified("CarePlan", name("plan"))],
        part_of: vec![Reference::identified("Task", name("whole"))],
        status: TaskStatus::Requested,
        business_status: Some(words("Waiting for a bed")),
        intent: Intent::Order,
        priority: Some(Priority::Asap),
        code: Some(words("Visit")),
        description: Some("Meet Marty before discharge".into()),
        focus: Some(Reference::identified("Encounter", name("stay"))),
        patient: Some(marty()),
        encounter: Some(Reference::identified("Encounter", name("stay"))),
        execution: Some(Period::since(at("2019-03-02")?)),
        authored_on: Some(at("2019-03-01T10:00:00-05:00")?),
        last_modified: Some(at("2019-03-01T10:00:00-05:00")?),
        requester: Some(joe()),
        owner: Some(jane()),
        reason: Some(words("Discharge")),
        note: vec![note("Synthetic")?],
        restriction: Some(Restriction {
            period: Some(Period { start: None, end: Some(at("2019-03-04")?) }),
            recipient: vec![jane()],
        }),
        ..Task::default()
    };
    let task = task.to_fhir_json()?;
    let moving = Task::step(&Task::assign(&task, &joe(), &now)?, TaskStatus::Accepted, None, &now)?;
    let resting = Task::step(&moving, TaskStatus::OnHold, Some("Marty is asleep"), &now)?;
    let moving = Task::step(&resting, TaskStatus::InProgress, None, &now)?;
    let output = Output {
        kind: words("Visit"),
        value: Some(Reference::identified("Encounter", name("visit"))),
        ..Output::default()
    };
    let done = Task::step(&Task::add_output(&moving, &output, &now)?, TaskStatus::Completed, None, &now)?;
    let referral = Task {
        identifier: vec![name("meals-task")],
        patient: Some(marty()),
        authored_on: Some(at("2019-03-01T10:00:00-05:00")?),
        owner: Some(Reference::identified("Organization", name("kitchen"))),
        ..Task::referral(Reference::identified("ServiceRequest", name("meals")), cp())
    };
    let referral = referral.to_fhir_json()?;
    let refused = Task::step(&referral, TaskStatus::Rejected, Some("No place before May"), &now)?;
    let request = ServiceRequest {
        identifier: vec![name("meals")],
        based_on: vec![Reference::identified("CarePlan", name("plan"))],
        status: ServiceRequestStatus::Draft,
        intent: Intent::Order,
        category: vec![words("Food")],
        priority: Some(Priority::Routine),
        code: Some(words("Home-delivered meals")),
        subject: marty(),
        occurrence: Some(Period::since(at("2019-03-10")?)),
        authored_on: Some(at("2019-03-01")?),
        requester: Some(jane()),
        performer: vec![Reference::identified("Organization", name("kitchen"))],
        reason: vec![words("Food insecurity")],
        supporting_info: vec![Reference::identified("Consent", name("consent"))],
        note: vec![note("Synthetic")?],
        ..ServiceRequest::default()
    };
    let request = request.to_fhir_json()?;
    Ok(vec![
        ("task", task),
        ("task-resting", resting),
        ("task-done", done),
        ("referral-task", referral),
        ("referral-refused", refused),
        ("request-active", ServiceRequest::step(&request, ServiceRequestStatus::Active)?),
        ("request", request),
    ])
}

fn visits() -> Result<Vec<(&'static str, String)>> {
    let planned = at("2019-03-01T08:00:00-05:00")?;
    let stay = Encounter {
        identifier: vec![name("stay")],
        status: EncounterStatus::Arrived,
        class: Encounter::class_of("EMER").display("emergency"),
        kind: vec![words("Emergency department visit")],
        subject: Some(marty()),
        episode_of_care: vec![Reference::identified("EpisodeOfCare", name("enrolment"))],
        participant: vec![EncounterParticipant {
            role: vec![
                Coding::new("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "ATND")
                    .display("attender")
                    .into(),
            ],
            individual: Some(joe()),
        }],
        appointment: vec![Reference::identified("Appointment", name("visit"))],
        period: Some(Period::since(planned)),
        reason: vec![words("Synthetic")],
        hospitalization: Some(Hospitalization {
            admit_source: Some(words("From home")),
            destination: Some(Reference::identified("Location", name("office"))),
            ..Hospitalization::default()
        }),
        location: vec![EncounterLocation {
            location: Reference::identified("Location", name("ward")),
            period: Some(Period::since(at("2019-03-01T08:00:00-05:00")?)),
        }],
        service_provider: Some(Reference::identified("Organization", name("hospital"))),
        ..Encounter::default()
    };
    let stay = stay.to_fhir_json()?;
    let inside = Encounter::step(&stay, EncounterStatus::InProgress, &at("2019-03-01T09:00:00-05:00")?)?;
    let home =
        Coding::new("http://terminology.hl7.org/CodeSystem/discharge-disposition", "home").display("Home");
    let left = Encounter::discharge(&inside, &at("2019-03-03T12:00:00-05:00")?, Some(&home.into()))?;
    let back = Encounter::step(&left, EncounterStatus::InProgress, &at("2019-03-03T13:00:00-05:00")?)?;
    let visit = Appointment {
        identifier: vec![name("visit")],
        status: AppointmentStatus::Proposed,
        service_type: vec![words("Joint visit")],
        reason: vec![words("Discharge")],
        description: Some("Visit together".into()),
        supporting_information: vec![Reference::identified("Encounter", name("stay"))],
        created: Some(at("2019-03-01T10:00:00-05:00")?),
        comment: Some("Synthetic".into()),
        based_on: vec![Reference::identified("ServiceRequest", name("meals"))],
        participant: vec![
            Attendee { kind: vec![], actor: Some(jane()), status: Answer::Accepted },
            Attendee { kind: vec![words("Guest")], actor: Some(joe()), status: Answer::NeedsAction },
        ],
        ..Appointment::default()
    };
    let visit = visit.to_fhir_json()?;
    let answered = Appointment::answer(&visit, &joe(), Answer::Tentative)?;
    let booked =
        Appointment::book(&answered, &at("2019-03-02T14:00:00-05:00")?, &at("2019-03-02T15:00:00-05:00")?)?;
    let episode = EpisodeOfCare {
        identifier: vec![name("enrolment")],
        status: EpisodeOfCareStatus::Planned,
        kind: vec![words("Community Partner")],
        patient: marty(),
        managing_organization: Some(cp()),
        period: Some(Period::since(at("2019-02-01")?)),
        referral_request: vec![Reference::identified("ServiceRequest", name("assignment"))],
        care_manager: Some(jane()),
        team: vec![Reference::identified("CareTeam", name("team"))],
        ..EpisodeOfCare::default()
    };
    let episode = episode.to_fhir_json()?;
    let enrolled = EpisodeOfCare::step(&episode, EpisodeOfCareStatus::Active, &at("2019-03-01")?)?;
    let over = EpisodeOfCare::step(&enrolled, EpisodeOfCareStatus::Finished, &at("2020-03-01")?)?;
    Ok(vec![
        ("stay", stay),
        ("stay-inside", inside),
        ("stay-left", left),
        ("stay-back", back),
        ("visit", visit),
        ("visit-missed", Appointment::step(&booked, AppointmentStatus::NoShow)?),
        ("visit-cancelled", Appointment::cancel(&booked, Some(&words("Marty is home")))?),
        ("visit-booked", booked),
        ("episode", episode),
        ("episode-over", over),
    ])
}

fn papers() -> Result<Vec<(&'static str, String)>> {
    let consent = Consent {
        identifier: vec![name("consent")],
        status: ConsentStatus::Draft,
        scope: Consent::privacy(),
        category: vec![Coding::new(codes::LOINC, "59284-0").into()],
        patient: Some(marty()),
        date_time: Some(at("2019-03-01")?),
        performer: vec![marty()],
        organization: vec![cp()],
        source: Some(Reference::identified("DocumentReference", name("form"))),
        policy: vec![Policy {
            authority: Some("https://www.example.org/authority".into()),
            uri: Some("https://www.ecfr.gov/current/title-42/chapter-I/subchapter-A/part-2".into()),
        }],
        policy_rule: Some(words("42 CFR Part 2")),
        verification: vec![Verification {
            verified: true,
            verified_with: Some(marty()),
            date: Some(at("2019-03-01")?),
        }],
        provision: Some(Provision {
            kind: Some(ProvisionKind::Permit),
            period: Some(Period::between(at("2019-03-01")?, at("2021-02-28")?)),
            actor: vec![Actor {
                role: Coding::new("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
                    .into(),
                reference: aco(),
            }],
            action: vec![
                Coding::new("http://terminology.hl7.org/CodeSystem/consentaction", "disclose").into(),
            ],
            security_label: vec![Label::Part2.coding()],
            purpose: vec![Coding::new("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT")],
            class: vec![Coding::new("http://hl7.org/fhir/resource-types", "CarePlan")],
            provision: vec![Provision {
                kind: Some(ProvisionKind::Deny),
                security_label: vec![Label::Psychiatry.coding()],
                ..Provision::default()
            }],
        }),
        ..Consent::default()
    };
    let consent = consent.to_fhir_json()?;
    let given = Consent::step(&consent, ConsentStatus::Active)?;
    let document = DocumentReference {
        identifier: vec![name("form"), digest(&Sha256::of("synthetic"))],
        status: DocumentReferenceStatus::Current,
        kind: Some(Coding::new(codes::LOINC, "18776-5").display("Plan of care note").into()),
        category: vec![DocumentReference::clinical_note()],
        subject: Some(marty()),
        date: Some(at("2019-03-01T10:00:00-05:00")?),
        author: vec![jane()],
        custodian: Some(cp()),
        relates_to: vec![RelatesTo {
            code: Relation::Replaces,
            target: Reference::identified("DocumentReference", name("old-form")),
        }],
        description: Some("Transition of care".into()),
        security_label: vec![Label::Restricted.coding().into()],
        content: vec![Content {
            attachment: Attachment {
                content_type: Some("application/pdf".into()),
                data: Some("c3ludGhldGlj".into()),
                size: Some(9),
                title: Some("Transition of care".into()),
                ..Attachment::default()
            },
            format: Some(Coding::new(
                "http://ihe.net/fhir/ValueSet/IHE.FormatCode.codesystem",
                "urn:ihe:iti:xds:2017:mimeTypeSufficient",
            )),
        }],
        context: Some(DocumentContext {
            encounter: vec![Reference::identified("Encounter", name("stay"))],
            period: Some(Period::since(at("2019-03-01")?)),
            related: vec![Reference::identified("CarePlan", name("plan"))],
        }),
        ..DocumentReference::default()
    };
    let document = document.to_fhir_json()?;
    let mut audit = AuditEvent {
        kind: Coding::new("http://dicom.nema.org/resources/ontology/DCM", "110106").display("Export"),
        subtype: vec![Coding::new("http://hl7.org/fhir/restful-interaction", "read").display("read")],
        action: Some(AuditAction::Read),
        recorded: at("2019-03-01T10:00:00-05:00")?,
        outcome: Some(AuditOutcome::Success),
        purpose: vec![Coding::new("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT").into()],
        agent: vec![AuditAgent {
            kind: Some(Coding::new("http://dicom.nema.org/resources/ontology/DCM", "110153").into()),
            who: Some(jane()),
            requestor: true,
            policy: vec!["urn:synthetic:agreement".into()],
            purpose: vec![
                Coding::new("http://terminology.hl7.org/CodeSystem/v3-ActReason", "CAREMGT").into(),
            ],
        }],
        source: AuditSource { observer: cp() },
        entity: vec![AuditEntity {
            what: Some(Reference::identified("CarePlan", name("plan"))),
            security_label: vec![Label::Normal.coding()],
        }],
        ..AuditEvent::default()
    };
    audit.meta.tag.push(Coding::new(codes::AUDIT, "synthetic-1"));
    Ok(vec![
        ("consent-revoked", Consent::revoke(&given, &at("2019-09-01")?)?),
        ("consent", consent),
        ("consent-given", given),
        ("document-superseded", DocumentReference::step(&document, DocumentReferenceStatus::Superseded)?),
        ("document", document),
        ("audit", audit.to_fhir_json()?),
    ])
}
