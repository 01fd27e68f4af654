//! What others changed, asked for by `_lastUpdated` (FHIR R4, 3.1.1.4.3).

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;

use super::{RestRecord, encoded, named, parse};
use crate::fhir::rest::http::Ask;
use crate::ports::{Changes, PortError, Stored};

/// How far a call looks back behind where the last one stood. What a server commits late bears an earlier time: HAPI stamps
/// a transaction when it begins.
const OVERLAP: SignedDuration = SignedDuration::from_secs(60);

impl RestRecord {
    pub(super) async fn changes_of(&self, kind: &str, since: Option<&str>) -> Result<Changes, PortError> {
        let since: Option<Timestamp> = match since.filter(|cursor| !cursor.is_empty()) {
            Some(cursor) => Some(cursor.parse().map_err(|_| PortError::Refused { code: "invalid-cursor" })?),
            None => None,
        };
        let from = since.map(|since| {
            let from = since.checked_sub(OVERLAP).unwrap_or(Timestamp::MIN);
            format!("ge{from:.3}")
        });
        let mut params = vec![("_sort", "_lastUpdated"), ("_count", "200")];
        params.extend(from.as_deref().map(|from| ("_lastUpdated", from)));
        let url = self.http.at(&[named(kind)?, "_search"])?;
        let ask = Ask::new(Method::POST, url).body("application/x-www-form-urlencoded", encoded(&params));
        let answer = self.http.exchange(ask).await?.expect_success()?;
        let resources = self.pages(answer, kind).await?;
        let mut last = since;
        for stored in &resources {
            last = last.max(Some(updated(stored)?));
        }
        let cursor = last.map(|last| format!("{last:.3}")).unwrap_or_default();
        Ok(Changes { resources, cursor })
    }
}

/// When the server wrote a resource, by its own clock.
fn updated(stored: &Stored) -> Result<Timestamp, PortError> {
    let resource = parse(&stored.json)?;
    let at = resource.get("meta").and_then(|meta| meta.str("lastUpdated"));
    at.and_then(|at| at.parse().ok()).ok_or(PortError::NotUnderstood { code: "no-last-updated" })
}
