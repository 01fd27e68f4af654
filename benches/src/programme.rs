//! A device's store with a whole programme in it: synthetic cases, each folded from its own events.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use caseline::panel::PanelQuery;
use caseline::store::StoreKey;
use caseline::testing::{LoopbackHomeserver, ManualClock, Programme, RULES, Received};
use caseline::{Caseline, Record};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The programme's own size.
pub const PLAN_SIDES: usize = 17;
/// The programme's own size.
pub const COMMUNITY_SIDES: usize = 27;
/// With how many of the plan sides each community side shares cases.
pub const EACH: usize = 8;
/// How many cases are kept in one transaction.
const AT_ONCE: usize = 500;

/// A device, and the programme in its store.
#[derive(Debug)]
pub struct Device {
    /// The device.
    pub caseline: Caseline,
    /// What is in its store.
    pub programme: Programme,
}

/// Makes a device with so many cases in the store of this folder; where `record`, their Patients and CareTeams in the embedded
/// record, too. `told` hears how many are kept.
///
/// # Errors
/// What the store says.
pub async fn device(
    folder: &Path,
    cases: usize,
    record: bool,
    mut told: impl FnMut(usize),
) -> Result<Device, Box<dyn Error>> {
    let now: Timestamp = "2026-11-01T12:00:00Z".parse()?;
    let me: caseline::id::UserId = "@me:aco.example".parse()?;
    let clock = ManualClock::new(now);
    let server = LoopbackHomeserver::new(clock.clone());
    let caseline = Caseline::builder()
        .store(folder, StoreKey::new([7; 32]))
        .record(if record { Record::Embedded } else { Record::None })
        .clock(Arc::new(clock))
        .with_transport(Arc::new(server.transport(&me)))
        .await?;
    // Nothing is to be measured but what is asked for.
    caseline.suspend().await;
    let programme = Programme::new(PLAN_SIDES, COMMUNITY_SIDES, EACH, me, now)?;
    caseline.add_rules(RULES)?;
    for agreement in programme.agreements() {
        caseline.add_agreement(agreement)?;
    }
    if record {
        caseline.import(&bundle(programme.organizations().iter().map(organization))).await?;
    }
    let mut kept = 0;
    while kept < cases {
        let until = (kept + AT_ONCE).min(cases);
        let received: Vec<Received> =
            (kept..until).map(|n| programme.case(n)).collect::<Result<_, caseline::Error>>()?;
        caseline.keep_received(&received)?;
        if record {
            caseline.import(&bundle(received.iter().flat_map(resources))).await?;
        }
        kept = until;
        // What has come is folded as it comes, as a device does.
        caseline.panel(&PanelQuery { most: Some(0), ..PanelQuery::default() })?;
        told(kept);
    }
    Ok(Device { caseline, programme })
}

fn bundle(entries: impl Iterator<Item = Value>) -> String {
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries.collect::<Vec<_>>() })
        .to_string()
}

/// A resource that is created once: its first identifier says which.
fn entry(full_url: String, resource: Value) -> Value {
    let text = |at: &str| resource.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, system, value) =
        (text("/resourceType"), text("/identifier/0/system"), text("/identifier/0/value"));
    let request =
        json!({ "method": "POST", "url": kind, "ifNoneExist": format!("identifier={system}|{value}") });
    json!({ "fullUrl": full_url, "resource": resource, "request": request })
}

fn urn(of: &str) -> String {
    format!("urn:uuid:{}", uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, of.as_bytes()))
}

fn organization(of: &caseline::organization::Organization) -> Value {
    entry(
        urn(of.id.as_str()),
        json!({
            "resourceType": "Organization", "active": true, "name": of.name,
            "identifier": [{ "system": of.id.system(), "value": of.id.value() }],
        }),
    )
}

fn resources(case: &Received) -> [Value; 2] {
    let (member, team) = (&case.member, case.case.to_string());
    let patient = urn(member.id.as_str());
    let participants: Vec<Value> = case
        .roster
        .iter()
        .map(|seat| {
            let contact = &seat.contact;
            json!({
                "role": [{ "text": contact.role.code() }],
                "member": { "type": "Practitioner", "display": contact.name,
                    "identifier": { "system": contact.id.system(), "value": contact.id.value() } },
                "onBehalfOf": { "type": "Organization",
                    "identifier": { "system": contact.organization.system(), "value": contact.organization.value() } },
            })
        })
        .collect();
    let name = json!([{ "use": "official", "family": member.name, "given": ["Synthetic"] }]);
    [
        entry(
            patient.clone(),
            json!({
                "resourceType": "Patient", "active": true, "name": name, "gender": "unknown",
                "birthDate": member.birth_date,
                "identifier": [{ "system": member.id.system(), "value": member.id.value() }],
            }),
        ),
        entry(
            urn(&team),
            json!({
                "resourceType": "CareTeam", "status": "active", "subject": { "reference": patient },
                "identifier": [{ "system": "urn:example:synthetic-care-team", "value": team }],
                "participant": participants,
            }),
        ),
    ]
}
