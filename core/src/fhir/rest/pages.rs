//! Reading and searching: an answer is believed only where it is what was asked for.

use std::collections::HashSet;

use reqwest::Method;

use super::http::{Ask, Call, LIMIT};
use super::{RestRecord, encoded, identified, named, parse, stored, version_of};
use crate::ports::{Param, PortError, Stored};

/// How many pages of one answer are read, and how many bytes of resources are kept of them: what one answer may be, and
/// 64 MiB more.
const PAGES: usize = 500;
const KEPT: usize = LIMIT + 64 * 1024 * 1024;

/// What a list of pages brought so far.
#[derive(Default)]
pub(super) struct Pages {
    pub(super) found: Vec<Stored>,
    /// Where the rest is, if there is any.
    next: Option<Ask>,
    seen: HashSet<String>,
    /// How many bytes they are.
    pub(super) kept: usize,
}

impl Pages {
    /// Whether there is more.
    pub(super) fn more(&self) -> bool {
        self.next.is_some()
    }
}

impl RestRecord {
    pub(super) async fn read_in(
        &self,
        call: &mut Call<'_>,
        kind: &str,
        id: &str,
    ) -> Result<Stored, PortError> {
        let ask = Ask::new(Method::GET, self.http.at(&[named(kind)?, identified(id)?])?);
        let answer = call.again(&ask).await?.expect_success()?;
        let stored = stored(&parse(&answer.body)?, kind, answer.version.as_deref())?;
        if stored.id == id { Ok(stored) } else { Err(PortError::NotUnderstood { code: "other-resource" }) }
    }

    pub(super) async fn search_in(
        &self,
        call: &mut Call<'_>,
        kind: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Stored>, PortError> {
        let mut found = self.pages(call, self.search_for(kind, params)?, kind).await?;
        found.sort_by(|one, two| one.id.cmp(&two.id));
        // A resource that moved from page to page while we read is one resource.
        found.dedup_by(|one, two| one.id == two.id);
        Ok(found)
    }

    /// The only one that is found, or none.
    pub(super) async fn only_in(
        &self,
        call: &mut Call<'_>,
        kind: &str,
        params: &[Param<'_>],
    ) -> Result<Option<Stored>, PortError> {
        let mut found = self.search_in(call, kind, params).await?;
        if found.len() > 1 { Err(PortError::Conflict) } else { Ok(found.pop()) }
    }

    /// A search, as one form.
    pub(super) fn search_for(&self, kind: &str, params: &[Param<'_>]) -> Result<Ask, PortError> {
        let url = self.http.at(&[named(kind)?, "_search"])?;
        let mut form = encoded(params);
        form.push_str(if form.is_empty() { "_count=200" } else { "&_count=200" });
        Ok(Ask::new(Method::POST, url).body("application/x-www-form-urlencoded", form))
    }

    /// The resources of a Bundle that were asked for, over all its pages.
    pub(super) async fn pages(
        &self,
        call: &mut Call<'_>,
        first: Ask,
        kind: &str,
    ) -> Result<Vec<Stored>, PortError> {
        let mut pages = Pages { next: Some(first), ..Pages::default() };
        for _ in 0..PAGES {
            self.page(call, &mut pages, kind).await?;
            if !pages.more() {
                return Ok(pages.found);
            }
        }
        Err(PortError::NotUnderstood { code: "too-many-pages" })
    }

    /// Begins to read pages.
    pub(super) fn begin(first: Ask) -> Pages {
        Pages { next: Some(first), ..Pages::default() }
    }

    /// Reads the next page.
    pub(super) async fn page(
        &self,
        call: &mut Call<'_>,
        pages: &mut Pages,
        kind: &str,
    ) -> Result<(), PortError> {
        let Some(ask) = pages.next.take() else { return Ok(()) };
        let answer = call.again(&ask).await?.expect_success()?;
        let bundle = parse(&answer.body)?;
        if bundle.str("resourceType").as_deref() != Some("Bundle") {
            return Err(PortError::NotUnderstood { code: "not-a-bundle" });
        }
        for entry in bundle.list("entry") {
            // A version that tells of a deletion has none.
            let Some(resource) = entry.get("resource") else { continue };
            let mode = entry.get("search").and_then(|search| search.str("mode"));
            let beside = mode.is_some_and(|mode| mode == "include" || mode == "outcome")
                || resource.str("resourceType").as_deref() == Some("OperationOutcome");
            if beside {
                continue;
            }
            let etag = entry.get("response").and_then(|response| response.str("etag"));
            let one = stored(resource, kind, etag.as_deref().and_then(version_of))?;
            pages.kept += one.json.len() + one.id.len() + one.version.len();
            if pages.kept > KEPT {
                return Err(PortError::NotUnderstood { code: "too-much" });
            }
            pages.found.push(one);
        }
        let mut links = bundle.list("link").iter();
        let next = links.find(|link| link.str("relation").as_deref() == Some("next"));
        let Some(url) = next.and_then(|link| link.str("url")) else { return Ok(()) };
        let url = self.http.own(&url).ok_or(PortError::NotUnderstood { code: "next-link" })?;
        if !pages.seen.insert(url.as_str().to_owned()) {
            return Err(PortError::NotUnderstood { code: "paging-loop" });
        }
        pages.next = Some(Ask::new(Method::GET, url));
        Ok(())
    }
}
