//! What somebody says of what the member allows.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Case, Line};
use crate::demo::fault::{Fault, no_case};
use crate::story::{Deed, MarksSaid};

/// What was said of the member, in words.
pub(super) fn said(deed: &Deed) -> Vec<String> {
    let consent = deed.record_consent.as_ref();
    let consent = consent.into_iter().flat_map(|said| [said.explanation.clone(), said.source.clone()]);
    let revoked = deed.revoke_consent.as_ref();
    let revoked = revoked.into_iter().flat_map(|said| [said.source.clone(), said.reason.clone()]);
    let finding = deed.review_override.as_ref().map(|review| review.finding.clone());
    let marks = deed.marks.as_ref();
    let marks = marks.into_iter().flat_map(|marks| [marks.unlabelled.clone(), marks.emergency.clone()]);
    let all = consent.chain(revoked).chain(finding).chain(marks.flatten());
    all.filter(|text| !text.is_empty()).collect()
}

/// The marks as the verb takes them.
pub(super) fn marks(said: &MarksSaid) -> Value {
    let mut fields = Map::new();
    fields.insert("labels".into(), json!(said.labels));
    fields.extend(said.unlabelled.as_ref().map(|why| ("unlabelled".to_owned(), json!(why))));
    fields.extend(said.emergency.as_ref().map(|why| ("emergency".to_owned(), json!(why))));
    Value::Object(fields)
}

impl Line<'_, '_> {
    /// What to ask for, and how to tell it.
    pub(super) fn consent(
        &mut self,
        who: &str,
        deed: &Deed,
        case: &Case,
        within: Duration,
    ) -> Result<(Value, String), Fault> {
        let name = self.stage.story.name_of(who);
        let mut fields = Map::new();
        fields.insert("case".into(), json!(case.id));
        if let Some(said) = &deed.may_tell {
            self.until_there(who, case, None, within)?;
            fields.insert("marks".into(), marks(said));
            return Ok((Value::Object(fields), format!("{name} looks whether they may tell it.")));
        }
        fields.insert("key".into(), json!(Uuid::now_v7().to_string()));
        let mut waits_for = None;
        let says = if let Some(said) = &deed.record_consent {
            let organizations = |keys: &[String]| -> Vec<String> {
                let known = &self.stage.story.organizations;
                let id = |key: &String| known.get(key).map_or_else(|| key.clone(), |of| of.id.to_string());
                keys.iter().map(id).collect()
            };
            let renews = said.renews.as_ref().and_then(|name| self.label(name)).map(|sent| &sent.id);
            let more = json!({
                "categories": said.categories, "disclosers": organizations(&said.disclosers),
                "recipients": organizations(&said.recipients), "covered": said.covered,
                "purposes": said.purposes, "tpo": said.tpo, "explanation": said.explanation,
                "fields": said.fields, "from": said.from, "signed_on": said.signed_on, "how": said.how, "source": said.source,
            });
            fields.extend(more.as_object().cloned().unwrap_or_default());
            fields.extend(said.until.map(|until| ("until".to_owned(), json!(until))));
            fields.extend(renews.map(|renews| ("renews".to_owned(), json!(renews))));
            format!("{name} records a consent: “{}”", said.explanation)
        } else if let Some(said) = &deed.revoke_consent {
            let consent = self.label(&said.consent).map_or(String::new(), |sent| sent.id.clone());
            fields.insert("consent".into(), json!(consent));
            fields.insert("on".into(), json!(said.on));
            fields.insert("source".into(), json!(said.source));
            fields.insert("reason".into(), json!(said.reason));
            waits_for = Some(("consents", "consent", consent));
            format!("{name} records that the consent was taken back.")
        } else {
            let said = deed.review_override.as_ref().ok_or_else(no_case)?;
            let told = self.label(&said.event).cloned().ok_or_else(no_case)?;
            fields.insert("event".into(), json!({ "sender": told.sender, "id": told.id }));
            fields.insert("justified".into(), json!(said.justified));
            fields.insert("finding".into(), json!(said.finding));
            waits_for = Some(("overrides", "id", told.id));
            let found = if said.justified { "justified" } else { "not justified" };
            format!("{name} looks at what was told in the emergency: {found}. “{}”", said.finding)
        };
        let one = waits_for.as_ref().map(|(of, field, id)| (*of, *field, id.as_str()));
        self.until_there(who, case, one, within)?;
        Ok((Value::Object(fields), says))
    }
}
