//! Teams, plans with their goals and signatures, and messages.

use jiff::civil::Date;

use crate::Result;
use crate::communication::Priority;
use crate::fhir::codes;
use crate::fhir::workflow::{
    Activity, Agent, Attachment, CarePlan, CarePlanStatus, CareTeam, CareTeamStatus, Coding, Communication,
    CommunicationStatus, Goal, GoalStatus, Identifier, Intent, Label, Participant, Payload, Period,
    Provenance, Reference, SignatureType, Succession, Target,
};
use crate::id::Sha256;

use super::{aco, at, cp, day, jane, joe, marty, name, note, words};

fn participant(role: &str, member: Reference, of: Option<Reference>, since: &str) -> Result<Participant> {
    Ok(Participant {
        role: vec![Coding::new(codes::ROLE, role).into()],
        member: Some(member),
        on_behalf_of: of,
        period: Some(Period::since(at(since)?)),
    })
}

pub(super) fn teams() -> Result<Vec<(&'static str, String)>> {
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

pub(super) fn plans() -> Result<Vec<(&'static str, String)>> {
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

pub(super) fn messages() -> Result<Vec<(&'static str, String)>> {
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
