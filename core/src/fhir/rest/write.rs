//! Writing: nothing is made twice, nobody is written over, and what the server did not keep is noticed.

use std::borrow::Cow;

use reqwest::Method;

use super::http::{After, Answer, Ask, Call, Failure};
use super::{RestRecord, encoded, identified, named, stored};
use crate::fhir::check::is_id;
use crate::fhir::dropped::says_the_same;
use crate::fhir::json::{self, Node};
use crate::ports::{Created, Param, PortError, Stored};

/// How often a conditional create that lost a race looks again. Each look is a search, which changes nothing.
pub(super) const LOOKS: u32 = 5;

pub(super) const FHIR: &str = "application/fhir+json";

/// A server says neither what was created nor where.
const NO_LOCATION: PortError = PortError::NotUnderstood { code: "no-location" };

/// Another one was first, or is at it.
pub(super) fn taken() -> Failure {
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
            return self.created(call, answer, kind, json, &[]).await;
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
                Ok(answer) => return self.created(call, answer, kind, json, if_none_exist).await,
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
        condition: &[Param<'_>],
    ) -> Result<Created, PortError> {
        let created = match answer.status {
            201 => true,
            200 => false,
            _ => {
                answer.expect_success()?;
                return Err(PortError::NotUnderstood { code: "create-status" });
            }
        };
        let stored = match self.answered(call, &answer, kind, None).await {
            // It says neither what it is nor where: what it was to be found by finds it.
            Err(error @ NO_LOCATION) if !condition.is_empty() => {
                self.only_in(call, kind, condition).await?.ok_or(error)?
            }
            answered => answered?,
        };
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
        let mut said = None;
        if let Ok(node) = json::parse(&answer.body)
            && node.str("resourceType").as_deref() == Some(kind)
        {
            match stored(&node, kind, answer.version.as_deref()) {
                Ok(stored) if id.is_none_or(|id| stored.id == id) => return Ok(stored),
                Ok(_) => return Err(other),
                // Perhaps it says more when it is read.
                Err(_) => said = node.str("id").filter(|id| is_id(id)).map(Cow::into_owned),
            }
        }
        let there = answer.location.as_deref().and_then(|location| located(location, kind));
        match id.or(there).or(said.as_deref()) {
            Some(id) => self.read_in(call, kind, id).await,
            None => Err(NO_LOCATION),
        }
    }
}

/// The id in an address that a server gave to a resource. Which host it names is not believed: what stands before a server
/// can hide its own name from it.
pub(super) fn located<'l>(location: &'l str, kind: &str) -> Option<&'l str> {
    let path = location.split("/_history/").next().unwrap_or(location);
    let mut parts = path.rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(id), Some(of)) if of == kind && is_id(id) => Some(id),
        _ => None,
    }
}

/// What we were given is our caller's.
pub(super) fn invalid(text: &str) -> Result<Node<'_>, PortError> {
    json::parse(text).map_err(|_| PortError::Refused { code: "invalid-json" })
}
