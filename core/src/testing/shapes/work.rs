//! Tasks, requests, stays and meetings.

use crate::Result;
use crate::communication::Priority;
use crate::fhir::workflow::{
    Answer, Appointment, AppointmentStatus, Attendee, Coding, Encounter, EncounterLocation,
    EncounterParticipant, EncounterStatus, EpisodeOfCare, EpisodeOfCareStatus, Hospitalization, Intent,
    Output, Period, Reference, Restriction, ServiceRequest, ServiceRequestStatus, Task, TaskStatus,
};

use super::{at, cp, jane, joe, marty, name, note, words};

pub(super) fn work() -> Result<Vec<(&'static str, String)>> {
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

pub(super) fn visits() -> Result<Vec<(&'static str, String)>> {
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
