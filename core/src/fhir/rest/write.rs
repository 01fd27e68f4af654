//! Writing: nothing is made twice, nobody is written over, and what the server did not keep is noticed.

use reqwest::Method;

use super::http::{After, Answer, Ask, Call, Failure};
use super::{RestRecord, encoded, identified, named, parse, stored};
use crate::fhir::check::is_id;
use crate::fhir::dropped::says_the_same;
use crate::fhir::json::{self, Node};
use crate::ports::{Created, Param, PortError, Stored};

/// How often a conditional create that lost a race looks again. Each look is a search, which changes nothing.
const LOOKS: u32 = 5;

const FHIR: &str = "application/fhir+json";

/// Another one was first, or is at it.
fn taken() -> Failure {
    Failure { error: PortError::Conflict, after: After::Nothing }
}

impl RestRecord {
    pub(super) async fn create_in(
        &self,
        call: &mut Call<'_>,
        kind: &str,
        json: &str,
        if_none_exist: &[Param<'_>],
    ) -> Result<Created, PortError> {
        let mut ask = Ask::new(Method::POST, self.http.at(&[named(kind)?])?).body(FHIR, json.to_owned());
        if if_none_exist.is_empty() {
            let answer = call.once(&ask).await?;
            return self.created(call, answer, kind, json).await;
        }
        ask = ask.header("if-none-exist", &encoded(if_none_exist))?;
        for _ in 0..LOOKS {
            match call.attempt(&ask).await {
                // Somebody was first, or is at it: what they made is what we want. HAPI says 409 and rolls ours back.
                Ok(answer) if matches!(answer.status, 409 | 412) => {
                    if let Some(stored) = self.only_in(call, kind, if_none_exist).await? {
                        return Ok(Created { stored, created: false });
                    }
                    call.pause(taken()).await?;
                }
                Ok(answer) => return self.created(call, answer, kind, json).await,
                Err(failure) if failure.after == After::Unknown => {
                    call.pause(failure).await?;
                    // Ours, whose answer was lost. Looked for, since not every server knows the condition.
                    if let Some(stored) = self.only_in(call, kind, if_none_exist).await? {
                        return Ok(Created { stored, created: false });
                    }
                }
                Err(failure) => call.pause(failure).await?,
            }
        }
        Err(PortError::Conflict)
    }

    async fn created(
        &self,
        call: &mut Call<'_>,
        answer: Answer,
        kind: &str,
        sent: &str,
    ) -> Result<Created, PortError> {
        let created = match answer.status {
            201 => true,
            200 => false,
            _ => {
                answer.expect_success()?;
                return Err(PortError::NotUnderstood { code: "create-status" });
            }
        };
        let stored = self.answered(call, &answer, kind, None).await?;
        if created {
            self.compare(sent, &stored);
        }
        Ok(Created { stored, created })
    }

    pub(super) async fn update_in(
        &self,
        call: &mut Call<'_>,
        kind: &str,
        id: &str,
        version: &str,
        json: &str,
    ) -> Result<Stored, PortError> {
        let url = self.http.at(&[named(kind)?, identified(id)?])?;
        let text = invalid(json)?.with(&[("id", json::quote(id))]);
        // It names the version that it replaces, so that sent twice it is done once.
        let ask = Ask::new(Method::PUT, url)
            .header("if-match", &format!("W/\"{version}\""))?
            .body(FHIR, text.clone());
        let answer = call.again(&ask).await?;
        if matches!(answer.status, 409 | 412) {
            // Perhaps it was done, and the answer was lost.
            let now = self.read_in(call, kind, id).await?;
            let done = says_the_same(&text, &now.json).unwrap_or(false);
            return if done { Ok(now) } else { Err(PortError::Conflict) };
        }
        let stored = self.answered(call, &answer.expect_success()?, kind, Some(id)).await?;
        self.compare(&text, &stored);
        Ok(stored)
    }

    /// The resource that an answer holds, or that it points at where the server keeps its answers short.
    async fn answered(
        &self,
        call: &mut Call<'_>,
        answer: &Answer,
        kind: &str,
        id: Option<&str>,
    ) -> Result<Stored, PortError> {
        let other = PortError::NotUnderstood { code: "other-resource" };
        if let Ok(node) = json::parse(&answer.body)
            && node.str("resourceType").as_deref() == Some(kind)
        {
            let stored = stored(&node, kind)?;
            return if id.is_none_or(|id| stored.id == id) { Ok(stored) } else { Err(other) };
        }
        if let Some(id) = id {
            return self.read_in(call, kind, id).await;
        }
        let no_location = PortError::NotUnderstood { code: "no-location" };
        let Some(location) = answer.location.as_deref() else { return Err(no_location) };
        let path = location.split("/_history/").next().unwrap_or(location);
        let mut parts = path.rsplit('/');
        match (parts.next(), parts.next()) {
            (Some(id), Some(of)) if of == kind && is_id(id) => self.read_in(call, kind, id).await,
            _ => Err(no_location),
        }
    }

    pub(super) async fn transaction_in(&self, call: &mut Call<'_>, bundle: &str) -> Result<usize, PortError> {
        let sent = invalid(bundle)?;
        let ask = Ask::new(Method::POST, self.http.at(&[])?).body(FHIR, bundle.to_owned());
        let answer = if sent.list("entry").iter().all(can_be_repeated) {
            let mut tries = 0;
            loop {
                tries += 1;
                match call.again(&ask).await? {
                    // Another writer created one of these meanwhile: the next attempt finds it.
                    answer if matches!(answer.status, 409 | 412) && tries < LOOKS => {
                        call.pause(taken()).await?;
                    }
                    answer => break answer,
                }
            }
        } else {
            call.once(&ask).await?
        };
        let answer = answer.expect_success()?;
        let done = parse(&answer.body)?;
        if done.str("resourceType").as_deref() != Some("Bundle") {
            return Err(PortError::NotUnderstood { code: "not-a-bundle" });
        }
        let mut created = 0;
        // An answer has an entry for each that was sent, in the same order (3.1.0.11.2).
        for (sent, done) in sent.list("entry").iter().zip(done.list("entry")) {
            let status = done.get("response").and_then(|response| response.str("status")).unwrap_or_default();
            let new = status.starts_with("201");
            created += usize::from(new);
            let is_put = sent
                .get("request")
                .and_then(|request| request.str("method"))
                .is_some_and(|method| method == "PUT");
            let (Some(text), Some(resource)) = (sent.get("resource"), done.get("resource")) else { continue };
            let kind = text.str("resourceType").unwrap_or_default();
            if let (true, Ok(stored)) = (new || is_put, stored(resource, &kind)) {
                self.compare(text.raw(), &stored);
            }
        }
        Ok(created)
    }
}

/// What we were given is our caller's.
fn invalid(text: &str) -> Result<Node<'_>, PortError> {
    json::parse(text).map_err(|_| PortError::Refused { code: "invalid-json" })
}

/// Whether an entry of a transaction does the same when it is sent twice: what is created on a condition, and what replaces
/// a version that it names.
fn can_be_repeated(entry: &Node<'_>) -> bool {
    let Some(request) = entry.get("request") else { return false };
    match request.str("method").as_deref() {
        Some("POST") => request.str("ifNoneExist").is_some_and(|query| !query.is_empty()),
        Some("PUT") => request.str("ifMatch").is_some(),
        Some("GET" | "HEAD") => true,
        _ => false,
    }
}
