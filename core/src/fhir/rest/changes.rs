//! What others changed, asked for by `_lastUpdated` (FHIR R4, 3.1.1.4.3).

use jiff::{SignedDuration, Timestamp};

use super::http::{Call, LIMIT};
use super::{RestRecord, parse};
use crate::ports::{Changes, PortError, Stored};

/// How far a call looks back behind where the last one stood. What a server commits late bears an earlier time: HAPI stamps
/// a transaction when it begins.
const OVERLAP: SignedDuration = SignedDuration::from_secs(60);

/// The end of a cursor behind which there was more: the next call goes on exactly there, or it would tell of the same again.
const PART: &str = "+";

/// How many pages one call tells of, at most: who asks comes again for the rest.
const PAGES: usize = 50;

/// How many bytes of resources, before the last page: with one more answer it is still less than is kept at all.
const PART_KEPT: usize = LIMIT;

impl RestRecord {
    pub(super) async fn changes_in(
        &self,
        call: &mut Call<'_>,
        kind: &str,
        patient: Option<&str>,
        since: Option<&str>,
    ) -> Result<Changes, PortError> {
        let cursor = since.filter(|cursor| !cursor.is_empty());
        let (since, overlap) = match cursor.map(|cursor| (cursor, cursor.strip_suffix(PART))) {
            Some((_, Some(part))) => (Some(part), SignedDuration::ZERO),
            Some((whole, None)) => (Some(whole), OVERLAP),
            None => (None, OVERLAP),
        };
        let invalid = |_| PortError::Refused { code: "invalid-cursor" };
        let since: Option<Timestamp> = since.map(str::parse).transpose().map_err(invalid)?;
        let from = since.map(|since| {
            let from = since.checked_sub(overlap).unwrap_or(Timestamp::MIN);
            format!("ge{from:.3}")
        });
        let mut params = vec![("_sort", "_lastUpdated")];
        params.extend(patient.map(|patient| ("patient", patient)));
        params.extend(from.as_deref().map(|from| ("_lastUpdated", from)));
        let mut pages = Self::begin(self.search_for(kind, &params)?);
        let mut read = 0;
        while pages.more() && read < PAGES && pages.kept < PART_KEPT {
            self.page(call, &mut pages, kind).await?;
            read += 1;
        }
        let more = pages.more();
        let times = pages.found.iter().map(updated).collect::<Result<Vec<Timestamp>, _>>()?;
        let found = times.iter().copied().max();
        // A part is enough where the rest is younger; without the order that was asked for, nobody knows that. And a part
        // that ends where the part before it ended would be the same for ever.
        let stands_still = found.is_none() || (overlap.is_zero() && found == since);
        if more && (!times.is_sorted() || stands_still) {
            return Err(PortError::NotUnderstood { code: "too-many-pages" });
        }
        // A part can end within the overlap: the rest of that is still to come.
        let last = if more { found } else { found.max(since) };
        let part = if more { PART } else { "" };
        let cursor = last.map(|last| format!("{last:.3}{part}")).unwrap_or_default();
        Ok(Changes { resources: pages.found, cursor })
    }
}

/// When the server wrote a resource, by its own clock.
fn updated(stored: &Stored) -> Result<Timestamp, PortError> {
    let resource = parse(&stored.json)?;
    let at = resource.get("meta").and_then(|meta| meta.str("lastUpdated"));
    at.and_then(|at| at.parse().ok()).ok_or(PortError::NotUnderstood { code: "no-last-updated" })
}
