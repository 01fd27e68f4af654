//! Who approved or signed a plan: Provenance. R4 gives it no identifier: it is found by its tag, and never changed.

use super::super::codes;
use super::super::write::{
    Object, coding, concept, contact_ref, event_value, identifier, kind_of, literal, logical,
    organization_ref,
};
use super::{View, write};
use crate::care_plan::{Document, InHouseApproval, PlanApproved, PlanState, Signature, Signer, StepTaken};
use crate::case::event::EventKey;
use crate::contact::Role;
use crate::id::OrganizationId;
use crate::ports::RecordWrite;

impl View<'_> {
    /// Who approved a plan.
    pub(super) fn approval(&self, plan: &PlanState, by: &StepTaken) -> RecordWrite {
        let agent = self.who_took(by, ATTESTER);
        let made = Made { at: by.at.to_string(), activity: legally_authenticated() };
        provenance(codes::EVENT, &plan.sent, by, &made, &[agent], &[approved(&plan.document)])
    }

    /// Which clinician of the side that sent a plan approved it, and who attests it, where that is somebody else.
    pub(super) fn in_house(&self, plan: &PlanState, approval: &InHouseApproval) -> RecordWrite {
        let (clinician, by) = (&approval.by, &approval.attested);
        let role = concept(codes::ROLE, clinician.role.code(), &clinician.role.to_string());
        let signer = self.agent(Some(&clinician.organization), ATTESTER, &[role], &contact_ref(clinician));
        let other = (!by.is_by(clinician)).then(|| self.who_took(by, VERIFIER));
        // Who is legally responsible for the plan is its provider: a clinician of the side that wrote it says that it is theirs.
        let activity = concept(COMPLETION, "AU", "authenticated");
        let at = approval.on.map_or_else(|| by.at.to_string(), |day| day.to_string());
        let document = source(&plan.document, "The document that was approved in-house, by its SHA-256");
        let agents: Vec<String> = std::iter::once(signer).chain(other).collect();
        provenance(codes::EVENT, &plan.sent, by, &Made { at, activity }, &agents, &[document])
    }

    /// Who signed a plan elsewhere, and who attests it.
    pub(super) fn signature(&self, plan: &PlanState, signature: &Signature) -> RecordWrite {
        let by = &signature.attested;
        let signer = self.signer(signature);
        let made = Made { at: signature.on.to_string(), activity: legally_authenticated() };
        let document = source(
            &plan.document,
            &format!("The document that was signed {}, by its SHA-256", signature.how),
        );
        let agents = [signer, self.who_took(by, VERIFIER)];
        let scan = signature.scan.as_ref().map(|_| {
            let what = logical(
                "DocumentReference",
                codes::SCAN,
                &event_value(&by.event),
                "The scan of the signature",
            );
            Object::new().text("role", "source").raw("what", &what).done()
        });
        let entities: Vec<String> = std::iter::once(document).chain(scan).collect();
        provenance(codes::EVENT, &plan.sent, by, &made, &agents, &entities)
    }

    fn signer(&self, signature: &Signature) -> String {
        let known = signature.known.as_ref();
        match &signature.signer {
            Signer::Member => {
                let role = concept(codes::ROLE, Role::Member.code(), &Role::Member.to_string());
                self.agent(None, ATTESTER, &[role], &literal(&self.own.patient))
            }
            Signer::Representative => {
                let role = Role::MemberRepresentative;
                let unknown = || {
                    Object::new()
                        .text("type", "RelatedPerson")
                        .text("display", "The member's representative")
                        .done()
                };
                let who = known.map_or_else(unknown, contact_ref);
                self.agent(None, ATTESTER, &[concept(codes::ROLE, role.code(), &role.to_string())], &who)
            }
            Signer::Contact { contact, organization } => {
                let role =
                    known.map(|named| concept(codes::ROLE, named.role.code(), &named.role.to_string()));
                let who = known.map_or_else(
                    || logical("Practitioner", contact.system(), contact.value(), ""),
                    contact_ref,
                );
                self.agent(Some(organization), ATTESTER, &role.into_iter().collect::<Vec<_>>(), &who)
            }
        }
    }

    /// Whoever took a step, in this part.
    fn who_took(&self, by: &StepTaken, part: (&str, &str)) -> String {
        let contacts = self.state.roster().all().iter().map(|place| &place.seat.contact);
        let name = contacts.into_iter().find(|contact| by.is_by(contact)).map_or("", |contact| &contact.name);
        let who = logical(kind_of(&by.role), by.contact.system(), by.contact.value(), name);
        let role = concept(codes::ROLE, by.role.code(), &by.role.to_string());
        self.agent(Some(&by.organization), part, &[role], &who)
    }

    /// That the superseded approvals of this document do not count. Each may have been written while it did, and a Provenance is
    /// never changed: so another one says it of the same plan. It holds nothing but what the approval itself says, the time
    /// too: every device writes it alike, whatever superseded the approval.
    pub(super) fn no_approvals(&self, sent: &EventKey, document: &Document) -> Vec<RecordWrite> {
        let of = |approval: &PlanApproved| approval.plan == sent.id && approval.sha256 == document.sha256;
        let these = self.state.superseded_approvals.iter().filter(|(approval, _)| of(approval));
        these.map(|(_, by)| self.no_approval(sent, document, by)).collect()
    }

    fn no_approval(&self, sent: &EventKey, document: &Document, by: &StepTaken) -> RecordWrite {
        // Nobody took it back: it follows from the events of the case.
        let who = logical("Device", codes::CASE, &self.opening.case.to_string(), "The events of the case");
        let agent = self.agent(Some(&by.organization), ("assembler", "Assembler"), &[], &who);
        let activity =
            concept("http://terminology.hl7.org/CodeSystem/v3-DataOperation", "NULLIFY", "nullify");
        let made = Made { at: by.at.to_string(), activity };
        let taken_back =
            logical("Provenance", codes::EVENT, &event_value(&by.event), "The approval that does not count");
        let taken_back = Object::new().text("role", "removal").raw("what", &taken_back).done();
        provenance(codes::NULLIFIED, sent, by, &made, &[agent], &[taken_back, approved(document)])
    }

    /// Somebody who acted, and for which organisation.
    fn agent(
        &self,
        organization: Option<&OrganizationId>,
        (code, display): (&str, &str),
        role: &[String],
        who: &str,
    ) -> String {
        let kind =
            concept("http://terminology.hl7.org/CodeSystem/provenance-participant-type", code, display);
        let behalf = organization.map_or(String::new(), |organization| {
            let known = self.opening.organizations().find(|one| one.id == *organization);
            organization_ref(organization, known.map_or("", |one| &one.name))
        });
        Object::new().raw("type", &kind).list("role", role).raw("who", who).raw("onBehalfOf", &behalf).done()
    }
}

const ATTESTER: (&str, &str) = ("attester", "Attester");
const VERIFIER: (&str, &str) = ("verifier", "Verifier");

const COMPLETION: &str = "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion";

fn legally_authenticated() -> String {
    concept(COMPLETION, "LA", "legally authenticated")
}

/// What was done, and when.
struct Made {
    at: String,
    activity: String,
}

/// What a step made of a plan. R4's Provenance has no identifier, so it is found by its tag: the event's, in this system.
fn provenance(
    system: &str,
    sent: &EventKey,
    by: &StepTaken,
    made: &Made,
    agents: &[String],
    entities: &[String],
) -> RecordWrite {
    let tag = event_value(&by.event);
    let json = Object::resource("Provenance")
        .raw("meta", &Object::new().list("tag", &[coding(system, &tag, "")]).done())
        .list("target", &[plan_ref(sent)])
        .text("occurredDateTime", &made.at)
        .text("recorded", &by.at.to_string())
        .raw("activity", &made.activity)
        .list("agent", agents)
        .list("entity", entities)
        .done();
    write("Provenance", ("_tag", format!("{system}|{tag}")), json)
}

fn plan_ref(sent: &EventKey) -> String {
    logical("CarePlan", codes::PLAN, &event_value(sent), "")
}

/// The document that an approval is of.
fn approved(document: &Document) -> String {
    source(document, "The document that was approved, by its SHA-256")
}

/// A document by its hash, and what was done with it.
fn source(document: &Document, display: &str) -> String {
    let source = Object::new()
        .raw("identifier", &identifier(codes::SHA256, &document.sha256.to_string()))
        .text("display", display)
        .done();
    Object::new().text("role", "source").raw("what", &source).done()
}
